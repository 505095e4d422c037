"""Log lines: a level for what sticks out, the run in each line, no secrets, and local variables as text."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any, NoReturn

from expframe.config.json_values import short_repr, short_text
from expframe.config.masking import Masking
from expframe.config.secrets import mask_urls
from expframe.errors import MetricError, UnrelatedRunsError
from expframe.process import context

NOTICE = 25
"""A log level between INFO and WARNING, for what should stick out: start and end of a command."""

_FORMAT = "%(levelname)s - %(name)s%(expframe_run)s - %(message)s"


def name_level() -> None:
    """Let log lines and `-l` call the level NOTICE, unless somebody has given 25 a name of their own."""
    if logging.getLevelName(NOTICE) == f"Level {NOTICE}":
        logging.addLevelName(NOTICE, "NOTICE")


class RunLogger(logging.Logger):
    """
    The logger of a run: all that the given one is. Called like a function, it says how metrics are logged.

    Example:
        >>> logger = RunLogger(logging.getLogger("train"))
        >>> logger({"loss": 0.3})
        Traceback (most recent call last):
        expframe.errors.MetricError: run.log(...): is the logger, as in run.log.info("ready"). ...
    """

    def __init__(self, logger: logging.Logger) -> None:
        self.__dict__ = logger.__dict__

    def __call__(self, *_given: Any, **_named: Any) -> NoReturn:
        """
        Refuse.

        Raises:
            MetricError: Always.
        """
        way = 'Metrics are logged by run.log_scalars({"loss": 0.3}).'
        raise MetricError("run.log(...)", f'is the logger, as in run.log.info("ready"). {way}')

    def __eq__(self, other: object) -> bool:
        return isinstance(other, logging.Logger) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> tuple[Any, ...]:
        return logging.getLogger, (self.name,)


class RunFormatter(logging.Formatter):
    """
    Formats as `LEVEL - logger[run] - message`; where no run is kept, without `[run]`. Secrets of runs are masked.

    Example:
        >>> record = logging.LogRecord("train", logging.INFO, "", 0, "ready", (), None)
        >>> RunFormatter().format(record)
        'INFO - train - ready'
    """

    def __init__(self) -> None:
        super().__init__(_FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        """Return a message as a line of text, with its traceback if it has one."""
        record.expframe_run = _run_mark()
        text = mask_urls(super().format(record))
        for run in context.active():
            text = run.masked(text)
        return text


def _run_mark() -> str:
    try:
        run = context.current()
    except UnrelatedRunsError:  # a thread of nobody's while several runs are active
        return ""
    return f"[{run.id}]" if run is not None and run.id is not None else ""


def log_locals(log: logging.Logger, frame: FrameType, masking: Masking) -> None:
    """Write the local variables of a frame into a debug log: short reprs, secrets masked."""
    if log.isEnabledFor(logging.DEBUG):
        code = frame.f_code
        where = f"{code.co_name}() ({os.path.basename(code.co_filename)}:{frame.f_lineno})"
        log.debug("Locals of %s:\n%s", where, _locals_text(frame.f_locals, masking))


def _locals_text(variables: Mapping[str, Any], masking: Masking) -> str:
    """
    Return variables as text, one a line with a short repr, secrets masked. Never fails, whatever their reprs do.

    Args:
        variables: Values by name.
        masking: The secrets of the run.
    """
    own = Masking(variables, masking.names)
    plain = (str, bytes, dict, list, tuple, set, frozenset)  # of others the repr is masked, as text
    masked = {
        name: own.value(value, (name,)) if isinstance(value, plain) else value for name, value in variables.items()
    }
    lines = [f"  {name} = {_shown(value, own, masking)}" for name, value in masked.items()]
    return "\n".join(lines) or "  none"


def _shown(value: Any, *maskings: Masking) -> str:
    text = short_repr(value, sys.maxsize)
    for masking in maskings:  # masked whole: half a secret would not be found
        text = masking.text(text)
    return short_text(" ".join(text.split()))
