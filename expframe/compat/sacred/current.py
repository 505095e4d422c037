"""The runs that this code belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_runs: ContextVar[tuple[Any, ...]] = ContextVar("expframe_sacred_runs", default=())


@contextmanager
def entered(run: Any) -> Iterator[None]:
    """Let code in this block belong to a run, and after it to the one around it again."""
    around = _runs.get()
    token = _runs.set((run, *around))
    try:
        yield
    finally:
        _runs.reset(token)
        for function, wiring in around[0].wirings.values() if around else ():
            function.wire(wiring)


def wiring_of(function: Any) -> Any:
    """Return what a captured function is given here: by the deepest run that knows it; None outside of all."""
    for run in _runs.get():
        found = run.wirings.get(id(function))
        if found is not None:
            return found[1]
    return None
