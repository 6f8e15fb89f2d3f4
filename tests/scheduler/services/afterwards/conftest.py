"""Worlds in which the organizer's calendar sends notices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scheduler.mixed import BASE_URL, Mixed, mixed
from tests.scheduler.services.afterwards.push_kit import validated


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Mixed]:
    with mixed(tmp_path, base_url=BASE_URL) as world:
        yield world


@pytest.fixture
def outlook(tmp_path: Path) -> Iterator[Mixed]:
    """The organizer is on Outlook; Microsoft tries our address through the API itself."""
    with mixed(tmp_path, organizer_on="outlook", base_url=BASE_URL) as world:
        world.graph.routes.handshake = lambda url, token: validated(world, url, token)
        yield world
