"""What the planner says, in German: sentences that are data, put together from their codes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import solver
from scheduler.domain.fixes.fix import BUFFER, HOLIDAY, HORIZON, LOCK, NOTICE, Change, Fix, How
from scheduler.domain.fixes.saying import Said, said
from scheduler.domain.loops import BookMode, Reason
from scheduler.domain.time import Span
from scheduler.services.changing import words
from scheduler.services.planning.fixes import saying
from scheduler.services.planning.fixes.saying import Names, of_fix, of_gap
from scheduler.web.frame.clock import Clock
from scheduler.web.frame.saying import PRICES, SENTENCES, Sayer, Sentence
from scheduler.web.frame.words import Words
from solver import Kind
from tests.scheduler.kit import Kit
from tests.scheduler.web.plain import Plain
from tests.stories.kit import ask, look

NOW = datetime(2026, 3, 9, 8, tzinfo=UTC)
SPANS = (
    Span(NOW, NOW + timedelta(minutes=45)),
    Span(NOW + timedelta(minutes=45), NOW + timedelta(minutes=75)),
)
NAMES = Names(str.title, str.upper, lambda id: "Berlin", "Mara Lind", "Europe/Berlin")
FAR = (("2026-03-11T22:00", "2026-03-11T23:00"),)


def german(thing: Any) -> str:
    found = Words.of("de")
    return Sayer(found, Clock(found.locale, "UTC", NOW))(thing)


def told(one: Said) -> str:
    """In German; a code that nobody knows would come out as this text."""
    text = german(Sentence("UNKNOWN", one))
    assert "UNKNOWN" not in text and "%(" not in text
    return text


@pytest.mark.parametrize("lack", solver.Lack)
def test_every_gap_is_said(lack: solver.Lack) -> None:
    group = solver.Group(Kind.PERSON, "ann")
    for people in (("ann",), ("ann", "ben"), tuple(f"p{n}" for n in range(9))):
        gap = solver.AvailabilityGap(
            lack, "lp", "talk", people, 90, "here", frozenset({group}), ("talk", "code")
        )
        assert told(of_gap(gap, str.title, "Mara Lind"))


def test_a_gap_reads_as_a_sentence() -> None:
    gap = solver.AvailabilityGap(solver.Lack.PEOPLE, "lp", "talk", ("ann",), 1)
    assert told(of_gap(gap, str.title, "Mara Lind")) == "Ann ist nie frei für Talk, wenn Mara Lind kann."
    groups = frozenset(solver.Group(kind, "ann", "ben") for kind in Kind)
    whole = solver.AvailabilityGap(solver.Lack.TOGETHER, "lp", helps=groups)
    assert "der Kalender von Ann" in told(of_gap(whole, str.title, "Mara Lind"))


@pytest.mark.parametrize(
    "kind",
    [*(k.value for k in Kind if k not in (Kind.CAPS, Kind.LOOP)), HORIZON, NOTICE, HOLIDAY, LOCK, BUFFER],
)
@pytest.mark.parametrize("spans", [(), SPANS])
def test_every_kind_of_change_is_said(kind: str, spans: tuple[Span, ...]) -> None:
    for number in (0, 1, 3):
        change = Change(kind, ("talk", "code"), ("ann",), spans, "here", (("people", number),))
        assert told(of_fix(Fix("fx", "", 1, How.APPLY, (change, change)), NAMES)).startswith(
            "Es würde passen, wenn "
        )


def test_a_stretch_that_touches_another_is_one() -> None:
    fix = Fix("fx", "", 1, How.ASK_PEOPLE, (Change("person", people=("ann",), spans=SPANS),))
    assert told(of_fix(fix, NAMES)) == (
        "Es würde passen, wenn bei Ann Zeit frei würde: Mo., 9. März, 09:00–10:15 (Europe/Berlin)."
    )


@pytest.mark.parametrize("caps", ["max_day", "max_week", "max_day_minutes", "max_week_minutes"])
def test_caps_are_said(caps: str) -> None:
    fix = Fix("fx", "", 1, How.APPLY, (Change("caps", people=("ann",), limits=((caps, 90),)),))
    assert "Interviews" in told(of_fix(fix, NAMES))


def test_every_rule_and_every_price_is_said() -> None:
    assert {f"rule.{rule}" for rule in solver.RULES} - SENTENCES.keys() == set()
    assert {f"over.{rule}" for rule in words.SOFT} - SENTENCES.keys() == set()
    assert PRICES == words.DEARER


def test_every_code_that_is_written_is_known_and_every_known_one_is_written() -> None:
    """Read off the sources: what `said` is called with."""
    written = {
        code
        for path in Path("scheduler").rglob("*.py")
        for code in _codes(ast.parse(path.read_text("utf-8")))
    }
    plain = {code for code in written if "*" not in code}
    assert plain - SENTENCES.keys() == set()
    patterns = [re.compile(re.escape(code).replace(r"\*", r"\w+(\.\w+)?")) for code in written]
    assert [code for code in SENTENCES if not any(p.fullmatch(code) for p in patterns)] == []


def _codes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        name = node.func if isinstance(node, ast.Call) else None
        if (name.id if isinstance(name, ast.Name) else getattr(name, "attr", "")) != "said":
            continue
        assert isinstance(node, ast.Call)
        for one in ast.walk(node.args[0]) if node.args else ():
            if (
                isinstance(one, ast.Constant)
                and isinstance(one.value, str)
                and not _inside(node.args[0], one)
            ):
                yield one.value
        for one in ast.walk(node.args[0]) if node.args else ():
            if isinstance(one, ast.JoinedStr):
                yield "".join(str(p.value) if isinstance(p, ast.Constant) else "*" for p in one.values)


def _inside(whole: ast.expr, one: ast.expr) -> bool:
    """Whether it is a piece of a text with holes."""
    return any(one in ast.walk(part) for part in ast.walk(whole) if isinstance(part, ast.JoinedStr))


def test_what_is_not_known_is_told_as_it_was_written() -> None:
    assert german(Sentence("as it was", said("nobody.knows"))) == "as it was"
    assert german(Sentence("as it was", said("refused", where=said("odd"), what="x"))) == "as it was"
    assert german(Reason("old", "of an earlier release")) == "of an earlier release"


def test_a_page_without_a_plan_is_german(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE, FAR)
    here, there = (Plain(kit, cookies={"console-language": language}) for language in ("en", "de"))
    english, text = (site.get(f"/loops/{loop.id}/why").text for site in (here, there))
    reasons = look(kit, loop.id).reasons
    with kit.app.db.read() as tx:
        fixes = tx.fixes.of_loop(loop.id)
    assert reasons and all(r.said for r in reasons) and fixes
    for sentence in (*(r.text for r in reasons), *(f.text for f in fixes)):
        assert _shown(sentence) in english and _shown(sentence) not in text
    assert "Es würde passen, wenn " in text


def _shown(text: str) -> str:
    return text.replace("'", "&#39;")


def test_a_change_that_is_refused_is_german(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    address = f"/loops/{loop.id}/change?interview=talk&c=move~talk~2026-03-11T22:00:00%2B00:00"
    text = Plain(kit, cookies={"console-language": "de"}).get(address).text
    assert "der Kandidat bietet diese Zeit nicht an" in text
    for english in (
        "does not offer",
        "is busy then",
        "It would fit",
        "does not work",
        "is not among",
        "moves from",
    ):
        assert english not in text, english


def test_what_a_change_leads_to_is_german(kit: Kit) -> None:
    loop = ask(kit, "short", BookMode.PROPOSE)
    address = f"/loops/{loop.id}/change?interview=talk&c=move~talk~2026-03-11T13:00:00%2B00:00"
    text = Plain(kit, cookies={"console-language": "de"}).get(address).text
    assert "wechselt von" in text and "moves from" not in text


def test_the_values_are_plain() -> None:
    gap = solver.AvailabilityGap(solver.Lack.POOL, "lp", "talk", ("ann",), 1)
    made: Mapping[str, Any] = of_gap(gap, str.title, "Mara").values
    assert {type(value) for value in made.values()} <= {str, int, dict} and saying.MANY == 4
