"""
Calls to their end: of plain functions, coroutines and generators.

Frames with a local `__tracebackhide__` are left out of tracebacks by notebooks and pytest.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any


def call(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a command or hook and return its result; a coroutine is awaited, a generator is run to its end."""
    __tracebackhide__ = True
    result = function(*args, **kwargs)
    if hasattr(result, "__await__"):
        return _await(result)
    if hasattr(result, "__anext__"):
        return _await(_exhaust(result))
    if hasattr(result, "send") and hasattr(result, "gi_frame"):
        while True:
            try:
                next(result)
            except StopIteration as stop:
                return stop.value
    return result


async def _exhaust(generator: Any) -> None:
    async for _ in generator:
        pass


def _await(awaitable: Any) -> Any:
    """Await in a loop of its own; where one is running already, as in a notebook, in a thread with a copied context."""
    __tracebackhide__ = True
    import asyncio

    state: dict[str, Any] = {}

    async def wait() -> Any:
        state.update(loop=asyncio.get_running_loop(), task=asyncio.current_task())
        return await awaitable

    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        running = None
    if running is None:  # not in the except block: the error there would look like the cause of what comes
        return asyncio.run(wait())
    from concurrent.futures import ThreadPoolExecutor

    where = contextvars.copy_context()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(where.run, lambda: asyncio.run(wait()))
        try:
            return future.result()
        except BaseException:
            if not future.done():  # Ctrl-C reaches this thread, and not the one with the loop
                state["loop"].call_soon_threadsafe(state["task"].cancel)
            raise
