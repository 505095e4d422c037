"""What has changed in a store, told to browsers as it comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

from starlette.concurrency import run_in_threadpool

from expframe.errors import ExpframeError
from expframe.page.board import Board
from expframe.page.changes import since

_PAUSE = 1.0
"""Seconds between two looks for those who are told."""
_BEAT = 15.0
"""Seconds of silence after which a sign of life is sent, which keeps proxies from hanging up."""


class Streams:
    """
    Browsers that are told of changes as they come.

    Args:
        most: So many are told at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0

    @property
    def are_full(self) -> bool:
        """Whether nobody else can be told; one can ask now and then instead."""
        return self._count >= self._most

    async def of(self, board: Board, cursor: str) -> AsyncIterator[bytes]:
        """Yield what one browser is told, as server-sent events, from a cursor on."""
        self._count += 1
        try:
            said, trouble = monotonic(), ""
            yield b"retry: 2000\n\n"
            while True:
                found = await run_in_threadpool(_look, board, cursor)
                if found["cursor"] != cursor or found["error"] != trouble:
                    cursor, trouble, said = found["cursor"], found["error"], monotonic()
                    yield f"id: {cursor}\ndata: {json.dumps(found)}\n\n".encode()
                elif monotonic() > said + _BEAT:
                    said = monotonic()
                    yield b": still here\n\n"
                await asyncio.sleep(_PAUSE)
        finally:
            self._count -= 1


def _look(board: Board, cursor: str) -> dict[str, Any]:
    """Return what has changed, or why that cannot be said now: the store may come back."""
    try:
        return {**since(board, cursor), "error": ""}
    except (ExpframeError, OSError) as problem:
        return {"cursor": cursor, "changed": [], "gone": [], "is_new": False, "error": str(problem)}
