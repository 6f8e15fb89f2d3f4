"""What solving processes are asked in the tests: each question is a function of its own."""

from __future__ import annotations

import os
import time
from multiprocessing.connection import Connection
from typing import Any

_KEPT: list[bytearray] = []


def work(pipe: Connection, question: str, args: tuple[Any, ...]) -> None:
    pipe.send((True, QUESTIONS[question](*args)))


def _eat(megabytes: int) -> int:
    """As a solve that does not give its memory back."""
    _KEPT.append(bytearray(megabytes * 1_000_000))
    return os.getpid()


def _die() -> None:
    os._exit(9)


def _hang() -> None:
    time.sleep(600)


def _fail() -> None:
    raise ValueError("this question has no answer")


QUESTIONS = {"pid": os.getpid, "eat": _eat, "die": _die, "hang": _hang, "fail": _fail}
