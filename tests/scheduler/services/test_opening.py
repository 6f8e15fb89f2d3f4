"""Links: 128 bits that are kept nowhere, and one answer for every address that opens nothing."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.guests.links import CANDIDATE, Purpose
from scheduler.domain.loops import BookMode
from scheduler.services import opening
from tests.scheduler.kit import Kit, make
from tests.stories.kit import ask

ATTEND = frozenset({Purpose.ATTEND})


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make(tmp_path)


def token_of(path: str) -> str:
    return path.rpartition("/")[2]


def test_an_address_is_random_and_only_its_digest_is_kept(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    with kit.app.db.write() as tx:
        made = [opening.make(kit.app, tx, Purpose.CHOOSE, "person:rolf", loop=loop.id) for _ in range(20)]
    tokens = {token_of(path) for _, path in made}
    assert len(tokens) == 20
    assert all(len(base64.urlsafe_b64decode(t + "==")) == 16 for t in tokens)
    with kit.app.db.read() as tx:
        kept = "".join(tx.connection.connection.iterdump())  # type: ignore[attr-defined]
        assert all(opening.opened(kit.app, tx, t, CANDIDATE) for t in tokens)
    assert made[0][0].id in kept
    assert not [t for t in tokens if t in kept]


def test_what_has_ended_was_revoked_or_never_was_opens_nothing_alike(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    with kit.app.db.write() as tx:
        short, short_path = opening.make(kit.app, tx, Purpose.FOLLOW, "person:rolf", loop=loop.id, days=1)
        gone, gone_path = opening.make(kit.app, tx, Purpose.FOLLOW, "person:rolf", loop=loop.id)
        _, own_path = opening.make(kit.app, tx, Purpose.ATTEND, "person:rolf", person="anna")
        opening.revoke(kit.app, tx, gone.id, "person:rolf")
        again = opening.revoke(kit.app, tx, gone.id, "person:rolf")
        assert again.revoked_at == kit.clock.now
    with kit.app.db.read() as tx:
        found = opening.opened(kit.app, tx, token_of(short_path), CANDIDATE)
        assert found is not None and found.id == short.id
        assert opening.opened(kit.app, tx, token_of(own_path), ATTEND) is not None
    kit.clock.forward(days=1)
    with kit.app.db.read() as tx:
        for nothing in (
            token_of(short_path),
            token_of(gone_path),
            token_of(own_path),  # another kind of page
            "A" * 22,
            token_of(own_path)[:-1],
            short.id,
            "",
            "../" * 7 + "x",
            "é" * 22,
        ):
            assert opening.opened(kit.app, tx, nothing, CANDIDATE) is None
        facts = [f.what for f in tx.facts.of(f"loop:{loop.id}") if f.what.startswith("link_")]
    assert facts == ["link_made", "link_made", "link_revoked"]


def test_what_a_link_cannot_be_bound_to(kit: Kit) -> None:
    with kit.app.db.write() as tx:
        for purpose, bound, field in (
            (Purpose.CHOOSE, {"person": "anna"}, "loop"),
            (Purpose.ATTEND, {}, "person"),
            (Purpose.ATTEND, {"person": "anna", "loop": "lp_1"}, "loop"),
            (Purpose.ATTEND, {"person": "nobody"}, "person"),
            (Purpose.ATTEND, {"person": "anna", "days": 366}, "days"),
        ):
            with pytest.raises(BadInput) as refused:
                opening.make(kit.app, tx, purpose, "person:rolf", **bound)  # type: ignore[arg-type]
            assert refused.value.field == field
        with pytest.raises(Missing):
            opening.make(kit.app, tx, Purpose.FOLLOW, "person:rolf", loop="lp_1")
        with pytest.raises(Missing):
            opening.revoke(kit.app, tx, "ln_1", "person:rolf")


def test_what_ended_long_ago_is_let_go_of(kit: Kit) -> None:
    with kit.app.db.write() as tx:
        opening.make(kit.app, tx, Purpose.ATTEND, "person:rolf", person="anna", days=1)
        opening.make(kit.app, tx, Purpose.ATTEND, "person:rolf", person="anna", days=200)
    kit.clock.forward(days=92)
    assert opening.forget(kit.app) == 1
    with kit.app.db.read() as tx:
        assert len(opening.listed(tx, "", "anna")) == 1
