"""A deployment that is connected to a hiring system, for commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler import wiring
from tests.connectors.servers.hiring.greenhouse import GreenhouseServer
from tests.scheduler.cli.test_batch import Runtime
from tests.scheduler.services.hiring.kit import Hiring, connected


@pytest.fixture
def hiring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hiring]:
    with connected(tmp_path, GreenhouseServer) as found:
        monkeypatch.setattr(wiring, "build", lambda *_, **__: Runtime(found.kit))
        monkeypatch.setattr(wiring, "migrate", lambda *_: None)
        yield found
