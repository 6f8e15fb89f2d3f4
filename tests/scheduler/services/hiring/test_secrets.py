"""The secrets of connections: sealed, changed without a gap, told once."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.errors import Invalid
from connectors.hiring.signatures import Forged
from scheduler.domain.errors import BadInput, Missing
from scheduler.services.hiring import connecting
from scheduler.services.systems import Vault
from tests.scheduler.services.hiring.kit import SECRET, Hiring

NEW = "the-next-secret-of-the-system-2"


def test_no_secret_lies_in_the_database(hiring: Hiring) -> None:
    connecting.change(hiring.kit.app, "main", "test", credentials={"api_key": "an-api-key-of-ours"})
    connecting.rotate(hiring.kit.app, "main", "test", timedelta(hours=1), NEW)
    files = b"".join(f.read_bytes() for f in hiring.kit.folder.parent.glob("loopwright.sqlite3*"))
    assert files
    for secret in (SECRET, NEW, "an-api-key-of-ours"):
        assert secret.encode() not in files


def test_both_secrets_sign_for_the_overlap_and_then_the_new_one_alone(each: Hiring) -> None:
    applied = each.apply()
    connecting.rotate(each.kit.app, "main", "test", timedelta(hours=2), NEW)
    each.move(applied, "Talks")
    assert each.hook(applied, SECRET) == each.hook(applied, SECRET)
    assert each.hook(applied, NEW)
    each.kit.clock.forward(hours=3)
    with pytest.raises(Forged):
        each.hook(applied, SECRET)
    assert each.hook(applied, NEW)


def test_without_an_overlap_the_old_one_ends_at_once(hiring: Hiring) -> None:
    connecting.rotate(hiring.kit.app, "main", "test", timedelta(), NEW)
    with pytest.raises(Forged):
        hiring.hook(hiring.apply(), SECRET)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("system", {"system": "bamboo"}),
        ("secret", {"secret": "short"}),
        ("credentials", {"system": "workable", "credentials": {"api_key": "x"}}),
        ("id", {"id": "main"}),
    ],
)
def test_what_cannot_be_connected_is_named(hiring: Hiring, field: str, more: dict[str, object]) -> None:
    asked = {"id": "other", "system": "greenhouse", "name": "", **more}
    with pytest.raises(BadInput) as refused:
        connecting.add(hiring.kit.app, actor="test", **asked)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_one_that_is_removed_is_heard_no_more(hiring: Hiring) -> None:
    connecting.remove(hiring.kit.app, "main", "test")
    with pytest.raises(Missing):
        hiring.hook(hiring.apply())
    with pytest.raises(Missing):
        connecting.remove(hiring.kit.app, "main", "test")


def test_a_key_is_made_once_and_for_this_user_alone(tmp_path: Path) -> None:
    path, sealed = tmp_path / "keys" / "hiring.key", list[str]()
    threads = [threading.Thread(target=lambda: sealed.append(Vault(path).seal("a"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [Vault(path).open(text) for text in sealed] == ["a"] * 8
    assert path.stat().st_mode & 0o777 == 0o600
    assert [f.name for f in path.parent.iterdir()] == ["hiring.key"]


def test_a_key_that_others_can_read_or_that_is_another_one_opens_nothing(tmp_path: Path) -> None:
    path = tmp_path / "hiring.key"
    sealed = Vault(path).seal("a")
    with pytest.raises(Invalid, match="another key"):
        Vault(tmp_path / "other.key").open(sealed)
    path.chmod(0o644)
    with pytest.raises(Invalid, match="chmod 600"):
        Vault(path).open(sealed)
