"""Connections that end: who sends too slowly, takes too slowly, or comes when too many are here."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from expframe.page.entrance import Limits

_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\nretry-after: 5\r\n\r\n"
_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class PatientProtocol(H11Protocol):
    """
    One connection, which waits for a question, its body, and an answer to be taken for as long as limits say.

    Args:
        limits: How long that is, and how many connections there may be.
        how: What uvicorn gives each.
    """

    def __init__(self, limits: Limits, **how: Any) -> None:
        super().__init__(**how)
        self._limits = limits
        self._awaited: Any = None
        self._end: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            transport.write(_BUSY)
            transport.close()
            return
        self._look()

    def data_received(self, data: bytes) -> None:
        """Take a part of a question."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Wait for the next question, where it has begun already."""
        super().on_response_complete()
        if self.conn.trailing_data[0] and not self.transport.is_closing():
            self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        for timer in (self._end, self._stall):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait until the browser has taken what was sent, and not for ever."""
        super().pause_writing()
        self._stall = self.loop.call_later(self._limits.stalled_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()

    def shutdown(self) -> None:
        """End at once: streams of changes have no end of their own."""
        super().shutdown()
        self.transport.close()

    def _look(self) -> None:
        """Wait for what is still to come: the question, or its body."""
        state = self.conn.their_state
        awaited = state if state in (h11.IDLE, h11.SEND_BODY) else None
        if awaited is self._awaited:
            return
        self._awaited = awaited
        if self._end is not None:
            self._end.cancel()
        if awaited is not None:
            seconds = self._limits.header_seconds if awaited is h11.IDLE else self._limits.body_seconds
            self._end = self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        if self.conn.our_state is h11.IDLE or (self.cycle is not None and not self.cycle.response_started):
            self.transport.write(_SLOW)
        self.transport.close()
