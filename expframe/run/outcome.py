"""How the work of a run ended."""

from __future__ import annotations

from typing import NamedTuple

from expframe.config.masking import Masking
from expframe.errors import RunInterrupt, Terminated
from expframe.record.record import Failure, Status


class Outcome(NamedTuple):
    """How work ended: a status, and for FAILED with what."""

    status: str
    failure: Failure | None = None

    @classmethod
    def of(cls, ended: BaseException | None, masking: Masking) -> Outcome:
        """Return what a run ends as, by what its work raised."""
        status = status_of(ended)
        return cls(status, failure_of(ended, masking) if ended is not None and status == Status.FAILED else None)


def status_of(ended: BaseException | None) -> str:
    """Return the status of a run whose work raised this, or nothing."""
    if isinstance(ended, KeyboardInterrupt | Terminated):
        return Status.INTERRUPTED
    if ended is None or (isinstance(ended, SystemExit) and ended.code in (0, None)):
        return Status.COMPLETED
    return str(ended.status) if isinstance(ended, RunInterrupt) else Status.FAILED


def failure_of(ended: BaseException, masking: Masking) -> Failure:
    """Return an exception as it is recorded: whole, its causes included, without secrets."""
    import traceback

    try:
        text = "".join(traceback.format_exception(type(ended), ended, ended.__traceback__))
        message = str(ended)
    except Exception as problem:
        text = message = f"<{type(ended).__name__}, whose text raises {type(problem).__name__}>"
    kind = type(ended)
    return Failure(f"{kind.__module__}.{kind.__qualname__}", masking.text(message), masking.text(text))
