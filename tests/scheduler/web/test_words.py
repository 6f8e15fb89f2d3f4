"""Every text of the pages is marked for the catalogues, and the product's own words have one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from scheduler.domain.bookings import SeatState
from scheduler.domain.loops import BookMode, LoopState
from scheduler.domain.templates import SeatKind
from scheduler.web.frame import terms
from scheduler.web.frame.facts import FACTS
from scheduler.web.frame.words import FOLDER, LANGUAGES, NAME, SOURCE, Words
from solver import Weights
from tests.scheduler.kit import Kit
from tests.scheduler.web.catalogue import marked, translated, written
from tests.scheduler.web.plain import Plain
from tests.stories.kit import ask

_FILLED = re.compile(r"%\((\w+)\)s")


def test_the_texts_are_found() -> None:
    assert len(marked()) > 150


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != SOURCE])
def test_a_catalogue_is_complete(language: str) -> None:
    """Nothing is missing, nothing left over, and what is filled in is named alike. English is what is marked."""
    kept, texts = translated(language), marked()
    assert {_id(m) for m in kept} == {_id(m) for m in texts}, "run: python -m tests.scheduler.web.catalogue"
    for message in kept:
        if not message.id:
            continue
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(forms) and not message.fuzzy, message.id
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        assert len(forms) == len(ids)
        wanted = set(_FILLED.findall(ids[-1]))
        assert set(_FILLED.findall(forms[-1])) == wanted, message.id
    assert (FOLDER / language / "LC_MESSAGES" / NAME).read_text(encoding="utf-8") == written(kept)


def _id(message: Message) -> object:
    return message.id


def test_german_pages_are_german(kit: Kit) -> None:
    loop, site = ask(kit, "short", BookMode.PROPOSE), Plain(kit, cookies={"console-language": "de"})
    assert "Montag, 9. März" in site.get("/today").text
    queue, page = site.get("/loops").text, site.get(f"/loops/{loop.id}").text
    assert "1 Loop<" in queue and "Pläne zur Wahl" in queue
    assert "Diesen Plan buchen" in page and "bewiesen: besser geht es nicht" in page
    for english in ("Book this plan", "History", "Owner", "proven"):
        assert english not in page


def test_every_state_and_every_kind_of_seat_has_a_word() -> None:
    assert set(terms.STATES) == set(LoopState)
    assert set(terms.SEATS) == set(SeatState) and set(terms.KINDS) == set(SeatKind)


def test_every_priced_rule_has_its_words() -> None:
    assert set(Weights.__slots__) - set(terms.RULES) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_that_is_not_known_is_shown_as_it_is(language: str) -> None:
    known = terms.Terms(Words.of(language))
    assert known.rule("new_rule") == "new rule" and known.fact("new_fact") == "new fact"
    assert known.state("confirmed") and known.tone("confirmed") == "green" and known.tone("held") == "grey"


def test_every_fact_that_is_written_anywhere_has_its_words() -> None:
    """Read off the sources: what is handed to a fact, and to the helpers that write one."""
    written = {
        what
        for path in Path("scheduler").rglob("*.py")
        for what in _noted(ast.parse(path.read_text("utf-8")))
    }
    assert len(written) > 40 and written - set(FACTS) == set()


_WRITERS = {"Fact": 2, "change": 4, "_note": 2, "note": 3, "_said": 4}
"""Who writes a fact, and from which argument on its kind stands."""
_PAST = re.compile(
    r"[a-z]+(_[a-z]+)*_([a-z]+ed|sent|made|put_back|given|lost|back|found|gone|by_hand|kept|seen)"
)


def _noted(tree: ast.Module) -> Iterator[str]:
    known = {
        name.id: value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        for name, value in _pairs(target, node.value)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        for part in node.args[_WRITERS[name] :] if name in _WRITERS else ():
            for one in ast.walk(part):
                text = one.value if isinstance(one, ast.Constant) else known.get(getattr(one, "id", ""))
                if isinstance(text, str) and _PAST.fullmatch(text):
                    yield text


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.Name, ast.Constant]]:
    both = (
        zip(target.elts, value.elts, strict=False)
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        else [(target, value)]
    )
    for one, what in both:
        if isinstance(one, ast.Name) and isinstance(what, ast.Constant):
            yield one, what
