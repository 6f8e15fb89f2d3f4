"""What is looked for among loops, interviews and facts, and the words by which people look.

Told by `tests/scheduler/domain/test_finding.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.access.policy import Sight
from scheduler.domain.errors import BadInput
from scheduler.domain.facts import Fact
from scheduler.domain.loops import Application, LoopState
from scheduler.domain.subjects import Subject, Whose
from scheduler.domain.time import Span

MOST_WORDS = 8
"""Words of a text that is looked for."""
_WITHOUT_SPACES = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class LoopsWanted:
    """Which loops; ``None`` and an empty text ask for nothing. ``window`` holds the start of one of a loop's live
    interviews; it was asked for after ``asked_after`` and not after ``asked_until``; ``person`` has a seat in one; ``text`` is words of the
    candidate, the job and the application's id, each from its beginning on, or a loop's id; ``sight`` holds those that whoever asks may see."""

    states: frozenset[LoopState] | None = None
    owner: str | None = None
    job: str | None = None
    stage: str | None = None
    template: str | None = None
    application: str | None = None
    person: str | None = None
    window: Span | None = None
    asked_after: datetime | None = None
    asked_until: datetime | None = None
    text: str = ""
    sight: Sight = None


@dataclass(frozen=True, slots=True)
class InterviewsWanted:
    """Which live interviews: those that touch ``window``; ``person`` has a seat there still; ``sight`` holds the loops
    that whoever asks may see."""

    window: Span
    person: str | None = None
    loop: str | None = None
    room: str | None = None
    owner: str | None = None
    sight: Sight = None


@dataclass(frozen=True, slots=True)
class FactsWanted:
    """Which facts: by whom (``actor``), ``what`` in the past tense, about whose loop or whom, and when it happened;
    ``end`` is exclusive."""

    actor: str | None = None
    what: str | None = None
    subject: str | None = None
    person: str | None = None
    start: datetime | None = None
    end: datetime | None = None


def words_of(*texts: str) -> list[str]:
    """The words of some texts as they are compared: without accents and case, parted by whatever is no letter
    or digit, each once, sorted."""
    found = set()
    for text in texts:
        plain = unicodedata.normalize("NFKD", text.casefold())
        plain = "".join(c for c in plain if not unicodedata.combining(c))
        found |= {word[:_LONGEST] for word in re.findall(r"[^\W_]+", plain)}
    return sorted(found)


def looked_for(text: str) -> list[str]:
    """The words of a text that is looked for. Raises `BadInput` for one without any, and for too many."""
    found = words_of(text)
    if not found:
        raise BadInput("text", "holds no letter and no digit", "give a name, a job or an id")
    if len(found) > MOST_WORDS:
        raise BadInput("text", f"holds {len(found)} words", f"give at most {MOST_WORDS}")
    return found


def words_of_application(application: Application) -> list[str]:
    """What an application is found by. A name that is written without spaces is found by each of its endings too."""
    candidate = application.candidate
    words = words_of(candidate.name, candidate.email, application.job, application.id)
    endings = {w[n:] for w in words if _WITHOUT_SPACES.search(w) for n in range(1, len(w))}
    return sorted({*words, *endings})


def people_of(fact: Fact) -> list[str]:
    """The ids of those whom a fact is about: who did it, who sits there, whom its reasons name."""
    found = {*_persons([fact.actor, fact.subject])}
    for part in (fact.data, *_dicts(fact.data.get("reasons"))):
        named = part.get("people")
        found |= {p for p in named if isinstance(p, str)} if isinstance(named, list | tuple) else set()
        if isinstance(part.get("person"), str):
            found.add(part["person"])
    return sorted(found)


def _persons(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        kind, _, id = text.partition(":")
        if kind == Whose.PERSON.value and id:
            yield Subject.parse(text).id


def _dicts(value: object) -> list[dict[str, object]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list | tuple) else []


@dataclass(frozen=True, slots=True)
class SavedView:
    """What ``person`` looks for, by the ``name`` they gave it; ``query`` is the part of the queue's address behind the
    question mark."""

    id: str
    person: str
    name: str
    query: str
    created_at: datetime
