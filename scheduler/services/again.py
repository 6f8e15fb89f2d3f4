"""Asks the worker to come back later: what is in the way is expected to pass."""

from __future__ import annotations


class Again(Exception):
    """``seconds`` from now the same job is worth another try; ``text`` says what was in the way."""

    def __init__(self, seconds: float, text: str) -> None:
        super().__init__(text)
        self.seconds = seconds
