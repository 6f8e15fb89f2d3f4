"""Solving processes that wait for questions: started and imported once, one question at a time, killed where an
answer is waited for in vain.

A process is used again only after an answer that came whole, as long as its memory has not grown; whatever goes wrong ends
it, so a question meets the same limits in every process. A copy of this process (fork) has none of them.

Told by `tests/scheduler/services/test_warm.py`.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

log = logging.getLogger("loopwright.solving")

Work = Callable[[Connection, str, tuple[Any, ...]], None]
"""Answers one question through the pipe; named by its module, so that a process can import it."""

MOST_QUESTIONS = 200
"""Questions after which a process is renewed."""
GROWN = 8
"""A process whose address space has grown by more than the limit divided by this is renewed."""
_REST = 5.0
"""Seconds in which a process says whether it takes a further question."""


class Ended(Exception):
    """The process ended before it took the question."""


@dataclass(slots=True)
class Process:
    """A solving process and our end of its pipe."""

    child: BaseProcess
    pipe: Connection
    memory_mb: int

    def begin(self, question: str, args: tuple[Any, ...], seconds: float) -> None:
        """Hand it a question and wait, so long at most, for the word that it has begun. Raises `Ended`."""
        try:
            self.pipe.send((question, args))
            if not self.pipe.poll(seconds):
                raise Ended("it did not begin")
            begun, told = self.pipe.recv()
        except (BrokenPipeError, ConnectionResetError, EOFError):
            raise Ended("it was gone") from None
        if not begun:
            raise Ended(told)

    def rests(self) -> bool:
        """Whether it takes a further question, asked after the last word of an answer."""
        try:
            return self.pipe.poll(_REST) and self.pipe.recv() is True
        except (EOFError, OSError):
            return False

    def end(self) -> None:
        self.pipe.close()
        if self.child.is_alive():
            self.child.kill()
        self.child.join()


@dataclass
class Processes:
    """Those that wait; as many as there are processors, of one limit of memory each."""

    preload: Sequence[str]
    work: Work
    most: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    _idle: list[Process] = field(default_factory=list, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _pid: int = field(default_factory=os.getpid, repr=False)

    def take(self, memory_mb: int) -> tuple[Process, bool]:
        """One that waits, or a new one; and whether it is new."""
        with self._lock:
            self._forget_if_copied()
            mine = [p for p in self._idle if p.memory_mb == memory_mb]
            for process in reversed(mine):
                self._idle.remove(process)
                if process.child.is_alive() and not process.pipe.poll(0):
                    return process, False
                process.end()
        return self.start(memory_mb), True

    def give_back(self, process: Process) -> None:
        """It has answered."""
        if process.rests():
            with self._lock:
                self._forget_if_copied()
                if len(self._idle) < self.most:
                    self._idle.append(process)
                    return
        process.end()

    def start(self, memory_mb: int) -> Process:
        """A new process; the first one waits until what all of them need is imported."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([*self.preload, __name__])
        ours, theirs = context.Pipe()
        child = context.Process(target=_wait, args=(theirs, memory_mb, self.work), daemon=True)
        child.start()
        theirs.close()
        return Process(child, ours, memory_mb)

    def warm(self, memory_mb: int) -> None:
        """Have one wait for the first question."""
        with self._lock:
            if self._idle:
                return
        process = self.start(memory_mb)
        with self._lock:
            self._idle.append(process)

    def close(self) -> None:
        """End those that wait."""
        with self._lock:
            self._forget_if_copied()
            idle, self._idle = self._idle, []
        for process in idle:
            process.end()

    def _forget_if_copied(self) -> None:
        """Those of the process that this one is a copy of are not ours to ask, nor to end."""
        if self._pid != os.getpid():
            self._idle, self._pid = [], os.getpid()


def _wait(pipe: Connection, memory_mb: int, work: Work) -> None:
    """Runs in the child: questions one after the other, within its memory, for as long as its parent lives."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which decides when this ends
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    began = _size()
    for number in range(MOST_QUESTIONS):
        try:
            question, args = pipe.recv()
        except EOFError:
            return
        except Exception as error:
            pipe.send((False, f"{type(error).__name__}: {error}"))
            return
        if not _answered(pipe, work, question, args):
            return
        del args
        again = number + 1 < MOST_QUESTIONS and _size() - began <= limit // GROWN
        pipe.send(again)
        if not again:
            return


def _answered(pipe: Connection, work: Work, question: str, args: tuple[Any, ...]) -> bool:
    """Whether it was answered and not only told what went wrong."""
    try:
        pipe.send((True, "started"))
        work(pipe, question, args)
    except Exception as error:
        with contextlib.suppress(OSError):
            pipe.send((False, f"{type(error).__name__}: {error}"))
        return False
    return True


def _size() -> int:
    """Bytes of address space."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def _end_with_parent() -> None:
    """An answer that nobody waits for any more is not worked out: the service may have been killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
