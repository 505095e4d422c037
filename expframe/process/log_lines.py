"""Log lines: a level for what sticks out, the run in each line, no secrets, and local variables as text."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from expframe.config.json_values import short_repr, short_text
from expframe.config.secrets import MASK, is_masked, mask, mask_text, secrets_in
from expframe.errors import UnrelatedRunsError
from expframe.process import context

NOTICE = 25
"""A log level between INFO and WARNING, for what should stick out: start and end of a command."""

_FORMAT = "%(levelname)s - %(name)s%(expframe_run)s - %(message)s"


def name_level() -> None:
    """Let log lines and `-l` call the level NOTICE, unless somebody has given 25 a name of their own."""
    if logging.getLevelName(NOTICE) == f"Level {NOTICE}":
        logging.addLevelName(NOTICE, "NOTICE")


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
        text = mask_text(super().format(record))
        for run in context.active():
            text = run.masked(text)
        return text


def _run_mark() -> str:
    try:
        run = context.current()
    except UnrelatedRunsError:  # a thread of nobody's while several runs are active
        return ""
    return f"[{run.id}]" if run is not None and run.id is not None else ""


def locals_text(variables: Mapping[str, Any], masked: Callable[[str], str]) -> str:
    """
    Return variables as text, one a line with a short repr, secrets masked. Never fails, whatever their reprs do.

    Args:
        variables: Values by name.
        masked: Takes the secrets of the run out of a text.
    """
    hidden: set[str] = set()
    for name, value in variables.items():
        with suppress(Exception):  # a dict that holds itself
            hidden |= secrets_in(value, name)
    lines = [
        f"  {name} = {_shown(name, value, lambda text: masked(mask_text(text, hidden)))}"
        for name, value in variables.items()
    ]
    return "\n".join(lines) or "  none"


def _shown(name: str, value: Any, masked: Callable[[str], str]) -> str:
    if is_masked(name, value):
        return repr(MASK)
    if isinstance(value, dict | list | tuple):
        with suppress(Exception):
            value = mask(value, name)
    text = masked(short_repr(value, sys.maxsize))  # masked whole: half a secret would not be found
    return short_text(" ".join(text.split()))
