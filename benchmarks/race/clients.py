"""Many clients at once with as little of the machine as possible: one coroutine and one connection each."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Race:
    """What came of it: ``answers`` per status, and the ``seconds`` of each client, in the order they began."""

    answers: Counter[int]
    seconds: tuple[float, ...]
    wall: float

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.wall

    def percentile(self, share: float) -> float:
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


def race(port: int, paths: Sequence[str], headers: Mapping[str, str] | None = None) -> Race:
    """POST to every path at the same moment, each from a client of its own."""
    return asyncio.run(_race(port, paths, headers or {}))


async def _race(port: int, paths: Sequence[str], headers: Mapping[str, str]) -> Race:
    began = time.perf_counter()
    done = await asyncio.gather(*(_post(port, path, headers) for path in paths))
    wall = time.perf_counter() - began
    return Race(Counter(status for status, _ in done), tuple(seconds for _, seconds in done), wall)


async def _post(port: int, path: str, headers: Mapping[str, str]) -> tuple[int, float]:
    """The status (0 where there was none) and how long it took."""
    began = time.perf_counter()
    lines = [f"POST {path} HTTP/1.1", f"host: 127.0.0.1:{port}", "content-length: 0", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write("\r\n".join([*lines, "", ""]).encode())
            answer = await reader.read()
            writer.close()
    except (OSError, TimeoutError):
        return 0, time.perf_counter() - began
    head = answer.split(b"\r\n", 1)[0].split()
    return int(head[1]) if len(head) > 1 else 0, time.perf_counter() - began
