"""`loopwright login` prints a link for one account, as people reach the deployment."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scheduler import config, wiring
from scheduler.cli.accounts.doing import Roles, put_user
from scheduler.cli.address import login
from scheduler.domain.errors import BadInput, Missing
from scheduler.services.access import signing_in


@pytest.fixture
def data(tmp_path: Path) -> Path:
    about = {"name": "Ida", "email": "ida@example.com", "person": None, "assists": []}
    put_user(tmp_path, "ida", {**about, "active": True}, Roles(["recruiter"], [], []))
    put_user(tmp_path, "gone", {**about, "active": False}, Roles(["recruiter"], [], []))
    return tmp_path


def test_the_link_signs_that_account_in(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    capsys.readouterr()
    login(data, "ida", None, 8123)
    said = capsys.readouterr().out
    (ticket,) = re.findall(r"^http://127\.0\.0\.1:8123/\?token=(\S+)$", said, re.M)
    runtime = wiring.build(config.load(data=data))
    with runtime.app.db.write() as tx:
        found = signing_in.redeem(runtime.app, tx, ticket)
    runtime.close()
    assert found is not None and found[0] == "ida"
    monkeypatch.setenv("LOOPWRIGHT_BASE_URL", "https://hire.example.com")
    login(data, "ida", None, None)
    assert "https://hire.example.com/?token=lws_" in capsys.readouterr().out


def test_who_may_nothing_gets_none(data: Path) -> None:
    with pytest.raises(Missing):
        login(data, "nobody", None, None)
    with pytest.raises(BadInput, match="not active"):
        login(data, "gone", None, None)
