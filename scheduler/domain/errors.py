"""What can be wrong with a request, said in one line that names the field and the fix.

DomainError
├── BadInput      a field holds something unusable
├── BadInputs     several of those, found in one reading
├── Missing       no such thing
├── WrongState    the thing is past that, or not there yet
├── Stale         the thing is no longer as the client has it
├── Overtaken     what was agreed on does not fit any more
├── NotAllowed    a rule stands against it
└── Taken         somebody else has that time
    └── Full      their time is free, but they have as many interviews as their cap allows
"""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.domain.subjects import Subject, Whose


class DomainError(Exception):
    """Base of all. ``code`` is stable and snake_case; ``str()`` is the whole line."""

    code = "error"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class BadInput(DomainError):
    """``field`` is a path (``windows[0].end``), ``fault`` what is wrong, ``fix`` what to do."""

    code = "bad_input"

    def __init__(self, field: str, fault: str, fix: str = "") -> None:
        super().__init__(f"{field}: {fault}" + (f"; {fix}" if fix else ""))
        self.field, self.fault, self.fix = field, fault, fix


class BadInputs(DomainError):
    """Several faults found in one reading, so that a file is mended in one go."""

    code = "bad_input"

    def __init__(self, faults: Sequence[BadInput]) -> None:
        super().__init__("\n".join(f.text for f in faults))
        self.faults = tuple(faults)


class Missing(DomainError):
    code = "not_found"

    def __init__(self, noun: str, id: str) -> None:
        super().__init__(f"no {noun} {id!r}")
        self.noun, self.id = noun, id


class WrongState(DomainError):
    """``state`` is where the thing is now."""

    code = "wrong_state"

    def __init__(self, noun: str, id: str, state: str, wanted: str) -> None:
        super().__init__(f"{noun} {id} is {state}: {wanted}")
        self.noun, self.id, self.state = noun, id, state


class Stale(DomainError):
    """``changes`` name the fields that are another now, and what has happened since; ``tag`` is the entity tag of
    the thing as it is, empty where there is none."""

    code = "stale"

    def __init__(self, noun: str, id: str, changes: Sequence[BadInput], tag: str) -> None:
        lines = "\n".join(f"{c.field}: {c.fault}" for c in changes)
        super().__init__(f"{noun} {id} is not as it was got: read it again and decide again\n{lines}")
        self.changes, self.tag = tuple(changes), tag


class Overtaken(DomainError):
    """Something was tried, and things have changed since: ``changes`` say what is another now, and why it does not
    fit any more."""

    code = "overtaken"

    def __init__(self, noun: str, id: str, changes: Sequence[BadInput]) -> None:
        lines = "\n".join(f"{c.field}: {c.fault}" for c in changes)
        super().__init__(f"{noun} {id} has changed since this was tried: try it again\n{lines}")
        self.changes = tuple(changes)


class NotAllowed(DomainError):
    """``rule`` is the name of the rule that stands against it; the line says whom it protects."""

    code = "not_allowed"

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(text)
        self.rule = rule


def _said(subject: Subject) -> str:
    """A candidate is kept under a digest, which tells nobody anything."""
    return "the candidate" if subject.kind is Whose.CANDIDATE else str(subject)


class Taken(DomainError):
    """``subjects`` are those who are no longer free."""

    code = "taken"

    def __init__(self, subjects: Sequence[Subject]) -> None:
        super().__init__("no longer free: " + ", ".join(map(_said, subjects)))
        self.subjects = tuple(subjects)


class Full(Taken):
    """``subjects`` are those whose cap for the day or the week is reached."""

    code = "full"

    def __init__(self, subjects: Sequence[Subject]) -> None:
        DomainError.__init__(self, "no more interviews that day or week: " + ", ".join(map(str, subjects)))
        self.subjects = tuple(subjects)
