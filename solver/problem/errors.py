"""What this package raises: a problem or plan that cannot be read as one, and inside, time that ran out."""

from __future__ import annotations


class ProblemError(ValueError):
    """A problem that contradicts itself, or a document that is not one.

    ``path`` names the field (``loops[0].sessions[2].seats[0].n``), ``fix`` says what to change.
    """

    def __init__(self, path: str, fault: str, fix: str = "") -> None:
        self.path, self.fault, self.fix = path, fault, fix
        super().__init__(f"{path}: {fault}" + (f"; {fix}" if fix else ""))


class OutOfTime(Exception):
    """Ends a long computation whose clock, or memory, has run out. `solver.one.placer.Placer` makes an answer of it."""
