"""What is stored about a candidate is given to them as one document."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from scheduler.domain.errors import Missing
from scheduler.domain.loops import Accommodation
from scheduler.services.privacy import exporting
from scheduler.storage.repositories.privacy.held import HELD
from tests.scheduler.kit import make
from tests.stories.kit import MARA, ask


def test_everything_is_in_it_but_what_opens_something(tmp_path: Path) -> None:
    kit = make(tmp_path)
    mara = replace(MARA, accommodation=Accommodation(extra_time=25))
    other = replace(
        MARA, id="app-9", candidate=replace(MARA.candidate, name="Ada Ruiz", email="ada@example.net")
    )
    loop, foreign = ask(kit, "short", application=mara), ask(kit, "short", application=other)
    found = exporting.export(kit.app, email="MARA@example.org", needs=True)
    text = json.dumps(found)
    assert set(found["stored"]) <= {h.table.name.removeprefix("lw_") for h in HELD} | {"facts"}
    for table in ("applications", "loops", "interviews", "seats", "reservations", "ledger", "facts"):
        assert found["stored"][table], table
    assert found["stored"]["applications"][0]["accommodation"]["extra_time"] == 25
    assert loop.id in text and "Dear Mara Lind" in text
    assert foreign.id not in text and "ada@example.net" not in text and "Ada Ruiz" not in text
    assert found["outside"] and found["candidate"] == "mara@example.org"
    less = exporting.export(kit.app, application=mara.id, needs=False)
    assert less["stored"]["applications"][0]["accommodation"] == exporting.NEEDS_KEPT_BACK
    with pytest.raises(Missing):
        exporting.export(kit.app, email="nobody@example.org", needs=True)
