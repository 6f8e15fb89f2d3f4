"""Connections that nothing comes from: closed after a time, and never more than so many of them.

uvicorn ends a connection that is idle between two requests, but waits for ever for a request that was begun, or
for the first one (https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9 is what is told to who was too slow).

Told by `tests/scheduler/cli/test_connections.py`.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 256
"""Connections that wait for a request at the same time; for one more the longest waiting is closed."""
GRACE = 1.0
"""Seconds for which none is closed for another's sake: of many honest clients that come at once, each needs a moment."""
_DRAINED = 16_000_000
"""Bytes of a refused body that are thrown away, so that the refusal can be read, before the line is cut."""


class Patient(H11Protocol):
    """uvicorn's own, with an end to its patience. `patient` sets how long."""

    seconds: ClassVar[float]
    waiting: ClassVar[dict[Patient, float]]
    _end: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _drained = 0
    _heard = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        self._heard = True
        super().data_received(data)
        if not self._unfinished():
            self._stop()
            return
        self._wait()
        if self._refused():
            self._drained += len(data)
            if self._drained > _DRAINED:
                self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        self._read_on()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Nobody reads the answer: they have as long for each part of it that fits into the buffer."""
        super().pause_writing()
        self._unread = self.loop.call_later(3 * self.seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._read_on()
        super().resume_writing()

    def _read_on(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _unfinished(self) -> bool:
        """Whether a request is to come or to go on that nothing here works on."""
        return self.conn.their_state is h11.IDLE or self._refused()

    def _refused(self) -> bool:
        """Whether the body still comes of a request that has its answer."""
        return self.conn.their_state is h11.SEND_BODY and self.conn.our_state is h11.DONE

    def _wait(self) -> None:
        if self._end is not None or self.transport.is_closing():
            return
        self._end = self.loop.call_later(self.seconds, self._give_up)
        now = self.loop.time()
        self.waiting[self] = now
        while len(self.waiting) > MOST:
            oldest, since = next(iter(self.waiting.items()))
            if now - since < GRACE:
                break
            oldest._give_up()

    def _stop(self) -> None:
        self.waiting.pop(self, None)
        if self._end is not None:
            self._end.cancel()
            self._end = None
        self._heard, self._drained = False, 0

    def _give_up(self) -> None:
        begun = self._heard and self.conn.our_state is h11.IDLE
        self._stop()
        if self.transport.is_closing():
            return
        if begun:
            self._say_too_slow()
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def _say_too_slow(self) -> None:
        text = b"the request did not arrive in time; send it at once\n"
        head = [("content-type", "text/plain; charset=utf-8"), ("connection", "close")]
        head.append(("content-length", str(len(text))))
        for event in (h11.Response(status_code=408, headers=head), h11.Data(data=text), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")


def patient(seconds: float) -> type[Patient]:
    """A protocol for one server: a request's head has to be there within that time."""
    return type("Patient", (Patient,), {"seconds": seconds, "waiting": {}})
