"""What every test may ask for."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgres_server import PostgresServer, running_postgres

_numbers = itertools.count(1)

# Nothing is timed in a test, and the same commit gives the same answer on every machine. To look for
# what nobody has seen yet: HYPOTHESIS_PROFILE=search ./dev test tests/solver
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test process alone (each xdist worker starts its own, in about a second)."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """The address of one database that lives as long as the test run; empty at its start."""
    return postgres_server.create_database("shared")


@pytest.fixture
def fresh_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of an empty database that only this test sees."""
    name = f"fresh_{next(_numbers)}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)
