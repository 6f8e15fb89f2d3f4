"""A candidate is erased: nothing of them is left in any byte that is kept, and the chain of facts holds."""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors import mail
from connectors.local import store
from connectors.local.calendar import LocalCalendar
from connectors.mail import LocalMessenger
from scheduler.domain.errors import BadInput, Missing
from scheduler.domain.facts import Fact
from scheduler.domain.loops import Accommodation, Application, BookMode, Candidate, LoopState
from scheduler.domain.privacy.erasure import Erasure, ErasureState, Words, digest_of, unescaped
from scheduler.services import archiving
from scheduler.services.again import Again
from scheduler.services.asking import intake
from scheduler.services.booking import reconcile
from scheduler.services.checking import events
from scheduler.services.privacy import erasing
from scheduler.storage import invariants
from scheduler.storage.database import Database
from scheduler.storage.repositories.facts import lost_words
from tests.scheduler.kit import Kit, ListJobs, make
from tests.stories.kit import MARA, ask, look

ADA = Application(
    "ada.lovelace-77",
    Candidate("Ada Kanarien", "Ada.Kanarien@canary.example", "Europe/Lisbon"),
    "Backend Engineer",
    "hana",
    "rolf",
    accommodation=Accommodation(extra_time=37),
)
PHONE = "+49 170 5551234"
NEED = "Gebärdensprache"
CANARIES = ("kanarien", "lovelace", "canary.example", "5551234", NEED.lower(), 'extra_time": 37')


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    kit = make(tmp_path)
    outbox = tmp_path / "outbox"
    forgetting = {"mails": lambda words: mail.forget(outbox, words.in_text)}
    return replace(kit, app=replace(kit.app, forgetting=forgetting))


def lived(kit: Kit) -> str:
    """A candidate's loop from the first message to months after it, with everybody's words about them."""
    body = {
        "id": "evt-9",
        "type": "application.closed",
        "data": {
            "application": {
                "id": "unrelated-1",
                "job": ADA.job,
                "candidate": {
                    "name": ADA.candidate.name,
                    "email": ADA.candidate.email,
                    "zone": "UTC",
                    "phone": PHONE,
                },
                "hiring_manager": "hana",
                "recruiter": "rolf",
            },
            "note": NEED,
        },
    }
    intake.receive(kit.app, "evt-9", json.dumps(body, ensure_ascii=True).encode())
    over = ask(kit, "short", application=ADA, mode=BookMode.BOOK)
    assert over.state is LoopState.CONFIRMED
    with kit.app.db.write() as tx:
        for said in (f"call {PHONE}", NEED):
            fact = Fact(
                kit.clock(),
                "person:rolf",
                "reason_given",
                f"loop:{over.id}",
                "cancel",
                "other",
                "",
                {"text": said},
            )
            tx.facts.add(fact)
        elsewhere = {"text": "as with KANARIEN, Ada", "reason": "x"}
        tx.facts.add(Fact(kit.clock(), "person:rolf", "noted", "person:rolf", "", "", "", elsewhere))
        tx.connection.execute(
            sa.text("INSERT INTO lw_views VALUES ('v1', 'rolf', 'mine', 'text=Ada+Kanarien', :at)"),
            {"at": "2026-03-09T07:00:00.000000Z"},
        )
        body_text = json.dumps({"candidate": ADA.candidate.email})
        answer = (
            "INSERT INTO lw_answers VALUES ('k', 'PUT /x', 'd', 200, :body, '2026-03-09T07:00:00.000000Z')"
        )
        tx.connection.execute(sa.text(answer), {"body": body_text})
    kit.run()
    return over.id


def later(kit: Kit) -> None:
    kit.clock.forward(days=90)
    reconcile.sweep(kit.app)
    archiving.archive(kit.app, 60)


def upcoming(kit: Kit) -> str:
    """A second application of the same person, whose interviews are still to come."""
    second = replace(ADA, id="ada.lovelace-78", job="Data Engineer")
    day = f"{kit.clock() + timedelta(days=3):%Y-%m-%d}"
    loop = ask(kit, "short", application=second, windows=((f"{day}T08:00", f"{day}T17:00"),))
    assert loop.state is LoopState.CONFIRMED
    return loop.id


def erased(kit: Kit, asked: Erasure) -> Erasure:
    """Go on until it is done, as workers do."""
    for _ in range(20):
        kit.run()
        with suppress(Again):
            return erasing.work(kit.app, asked.id)
    raise AssertionError("it never ends")


def bytes_of(kit: Kit) -> Iterator[tuple[Path, str]]:
    """Every byte that is kept, free pages of the database included, and what stands in encoded parts of it."""
    root = kit.folder.parent
    for path in root.rglob("*"):
        if path.is_file():
            text = path.read_bytes().decode("utf-8", "replace").replace("\n ", "").replace("\r", "")
            yield path, f"{path.name} {text} {unescaped(text)}".lower()
            if path.suffix == ".eml":
                yield path, mail._all_of(path).lower()


def left(kit: Kit) -> list[str]:
    return [
        f"{p.relative_to(kit.folder.parent)}: {c}" for p, text in bytes_of(kit) for c in CANARIES if c in text
    ]


def promises(kit: Kit) -> list[str]:
    with kit.app.db.read() as tx:
        return invariants.check(tx, kit.clock())


def test_nothing_of_an_erased_candidate_is_found_in_any_byte(
    kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    over = lived(kit)
    later(kit)
    mara = ask(kit, "short", windows=((f"{kit.clock():%Y-%m-%d}T08:00", f"{kit.clock():%Y-%m-%d}T17:00"),))
    coming = upcoming(kit)
    found = " ".join(left(kit))
    for where in ("loopwright.sqlite3", "calendars/", "archive", "outbox"):
        assert where in found, "the search finds what is there"
    for canary in CANARIES:
        assert canary in found

    done = erased(kit, erasing.ask(kit.app, "person:rolf", email="ADA.kanarien@canary.example "))

    assert done.state is ErasureState.DONE and done.waits == "" and done.applications == ()
    assert done.counts["events"] and done.counts["mails"] and done.counts["lw_facts"]
    assert left(kit) == []
    assert not [c for c in CANARIES if c in caplog.text.lower()]
    assert promises(kit) == [] and events.look(kit.app).faults == []
    assert look(kit, over).application == done.pseudonym
    assert look(kit, coming).state is LoopState.CANCELLED
    assert look(kit, mara.id).state is mara.state
    with kit.app.db.read() as tx:
        known = tx.applications.get(done.pseudonym)
        history = [f.what for f in tx.facts.of(f"loop:{over}")]
        asked = tx.facts.of(f"erasure:{done.id}")
    assert known is not None and known.candidate.name == done.pseudonym and known.job == ADA.job
    assert "loop_requested" in history and "reason_given" in history, "what happened stays told"
    assert [f.what for f in asked] == ["erasure_asked", "words_erased", "candidate_erased"]


class Killed(BaseException):
    """The process ends here."""


def opened(kit: Kit, folder: Path) -> Kit:
    """The same world once more, from a copy of everything that was kept."""
    shutil.copytree(kit.folder.parent, folder)
    db = Database(f"sqlite:///{folder / 'loopwright.sqlite3'}")
    local = LocalCalendar(folder / "calendars", clock=kit.clock)
    calendars = dict.fromkeys(kit.app.calendars, local)
    jobs = ListJobs()
    outbox = folder / "outbox"
    messenger = LocalMessenger(outbox, sender=kit.company.organizer.address, sender_name=kit.company.name)
    forgetting = {"mails": lambda words: mail.forget(outbox, words.in_text)}
    app = replace(kit.app, db=db, calendars=calendars, messenger=messenger, jobs=jobs, forgetting=forgetting)
    return replace(kit, app=app, jobs=jobs, folder=folder / "calendars", calendar=local)


def killed_at(number: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """End the process at the write of this number: files are replaced and removed, transactions kept, room given back."""
    seen: list[str] = []

    def counting(name: str, real: Callable[..., Any], after: bool) -> Callable[..., Any]:
        def write(*args: Any, **more: Any) -> Any:
            seen.append(name)
            if len(seen) == number and not after:
                raise Killed
            done = real(*args, **more)
            if len(seen) == number and after:
                raise Killed
            return done

        return write

    monkeypatch.setattr(store, "replace", counting("replace", store.replace, after=bool(number % 2)))
    monkeypatch.setattr(Path, "unlink", counting("unlink", Path.unlink, after=False))
    real = Database.write

    @contextmanager
    def kept(database: Database, *args: float) -> Iterator[Any]:
        with real(database, *args) as tx:
            yield tx
        seen.append("commit")
        if len(seen) == number:
            raise Killed

    monkeypatch.setattr(Database, "write", kept)
    monkeypatch.setattr(Database, "compact", counting("compact", Database.compact, after=bool(number % 2)))
    return seen


def test_an_erasure_that_is_killed_at_any_write_is_gone_on_with(
    kit: Kit, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(kit)
    later(kit)
    asked = erasing.ask(kit.app, "person:rolf", email=ADA.candidate.email)
    kit.app.db.dispose()
    number, kinds = 0, set[str]()
    while True:
        number += 1
        world = opened(kit, tmp_path_factory.mktemp("killed") / "data")
        with monkeypatch.context() as patch:
            seen = killed_at(number, patch)
            with suppress(Killed):
                erasing.work(world.app, asked.id)
                break
        kinds.add(seen[number - 1])
        done = erasing.work(world.app, asked.id)
        assert done.state is ErasureState.DONE, (number, seen)
        assert left(world) == [] and promises(world) == [], (number, seen)
        world.app.db.dispose()
    assert kinds == {"replace", "unlink", "commit", "compact"} and number > 8


def test_who_has_the_same_name_keeps_theirs(kit: Kit) -> None:
    lived(kit)
    twin = replace(MARA, candidate=Candidate(ADA.candidate.name, "other@example.org", "UTC"))
    theirs = ask(kit, "short", application=twin)
    later(kit)
    done = erased(kit, erasing.ask(kit.app, "person:rolf", application=ADA.id))
    with kit.app.db.read() as tx:
        kept = tx.applications.get(twin.id)
        mails = [r for r in tx.ledger.of_loop(theirs.id) if "message" in r.payload]
    assert kept == twin and mails
    assert any("same name" in line for line in done.outside)
    assert "canary.example" not in " ".join(left(kit)), "an address is nobody else's"


def test_who_was_erased_does_not_come_back_by_a_message(kit: Kit) -> None:
    lived(kit)
    erased(kit, erasing.ask(kit.app, "person:rolf", application=ADA.id))
    with pytest.raises(BadInput, match="was erased"):
        ask(kit, "short", application=ADA)
    told = {
        "id": ADA.id,
        "job": ADA.job,
        "candidate": {"name": ADA.candidate.name, "email": ADA.candidate.email, "zone": "UTC"},
        "hiring_manager": "hana",
        "recruiter": "rolf",
    }
    body = {
        "id": "evt-10",
        "type": "application.stage_changed",
        "data": {"application": told, "stage": "Onsite"},
    }
    id, _ = intake.receive(kit.app, "evt-10", json.dumps(body).encode())
    kit.run()
    with kit.app.db.read() as tx:
        delivery = tx.inbox.get(id)
    assert delivery is not None and delivery.outcome == intake.ERASED and delivery.body == b""
    with pytest.raises(Missing):
        erasing.ask(kit.app, "person:rolf", email=ADA.candidate.email)


def test_it_is_asked_for_once_and_whom_nobody_knows_is_missing(kit: Kit) -> None:
    lived(kit)
    first = erasing.ask(kit.app, "person:rolf", email=ADA.candidate.email)
    assert erasing.ask(kit.app, "person:hana", application=ADA.id).id == first.id
    with pytest.raises(BadInput, match="both are missing"):
        erasing.ask(kit.app, "x")
    kit.jobs.waiting.clear()
    erasing.take_up(kit.app)
    assert [(name, p["erasure"]) for name, p, _ in kit.jobs.waiting] == [("erase", first.id)]


def test_a_row_changed_by_hand_is_found_also_among_those_that_lost_words(kit: Kit) -> None:
    lived(kit)
    later(kit)
    done = erased(kit, erasing.ask(kit.app, "person:rolf", application=ADA.id))
    with kit.app.db.read() as tx:
        lost = sorted(lost_words(tx.connection))
    assert len(lost) == done.counts["lw_facts"] > 3

    def tried(*statements: str) -> list[str]:
        with suppress(ZeroDivisionError), kit.app.db.write() as tx:
            for statement in statements:
                tx.connection.exec_driver_sql(statement)
            found = invariants.check(tx, kit.clock())
            raise ZeroDivisionError
        return found

    said = [f"fact {lost[1]} is not as it was written, or missing"]
    assert tried() == []
    assert tried(f"UPDATE lw_facts SET actor = 'person:hana' WHERE seq = {lost[1]}") == said
    assert tried(f"UPDATE lw_redactions SET digest = 'x' WHERE seq = {lost[1]}")[0].startswith("fact ")
    assert tried(f"DELETE FROM lw_redactions WHERE seq = {lost[1]}") != []
    whole = next(n for n in range(1, 99) if n not in lost)
    with pytest.raises(sa.exc.IntegrityError, match="facts are only added"):
        tried(f"UPDATE lw_facts SET actor = 'person:hana' WHERE seq = {whole}")
    for column, value in (("hash", "'x'"), ("at", "'2020-03-09T07:00:00.000000Z'"), ("what", "'x'")):
        with pytest.raises(sa.exc.IntegrityError, match="facts are only added"):
            tried(f"UPDATE lw_facts SET {column} = {value} WHERE seq = {lost[1]}")
    forged = (
        f"INSERT INTO lw_redactions SELECT {whole}, '{done.id}', 'x'",
        f"UPDATE lw_facts SET actor = 'person:hana' WHERE seq = {whole}",
    )
    assert tried(*forged)[0].startswith("fact ")


@pytest.mark.parametrize(
    "text",
    [
        "ada kanarien",
        "KANARIEN, ADA",
        "q=Ada+Kanarien&x",
        "Ada%20Kanarien",
        "Kanarien Ada",
        "ADA.KANARIEN@canary.example",
    ],
)
def test_words_are_found_however_they_are_written(text: str) -> None:
    words = Words(
        "erased-1", (ADA.candidate.name,), (ADA.candidate.email,), {ADA.id: "erased-1", "101": "erased-1"}
    )
    assert words.in_text(text) and "anarien" not in words.out_of({text: [text, 5]}).__repr__().lower()
    assert words.out_of("application ada.lovelace-77, not ada.lovelace-770") == (
        "application erased-1, not ada.lovelace-770"
    )
    assert words.out_of("in 101 minutes") == "in 101 minutes", "a short id is a number"
    assert not words.in_text("Ada and Kanarienvogel")
    assert digest_of("x") != digest_of("y")


@pytest.mark.parametrize(
    "text",
    [
        "confirmed by Ed",
        "Joann Lee and Ann Leeds",
        "jann.lee@mail.example, ann.lee@mail.example.au, x-ann.lee@mail.example",
        "planning",
    ],
)
def test_what_is_a_part_of_another_word_is_somebody_elses(text: str) -> None:
    words = Words("erased-1", ("Ann Lee", "Ed"), ("ann.lee@mail.example",), {"planning": "erased-1"})
    assert not words.in_text(text) and words.out_of({text: text}) == {text: text}
    assert re.search(words.regex(), text, re.IGNORECASE) is None


@pytest.mark.parametrize(
    "text", ["Dear\\nAnn Lee,", "to=%3Cann.lee@mail.example%3E", "(Ann Lee)", "ann.lee@mail.example."]
)
def test_a_word_begins_and_ends_where_a_sign_does(text: str) -> None:
    words = Words("erased-1", ("Ann Lee",), ("ann.lee@mail.example",))
    assert words.in_text(text) and re.search(words.regex(), text, re.IGNORECASE) is not None
