"""`expframe work [ID]`: do trials of a sweep, or runs that wait, until none is left."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from expframe.cli.render import error_text, write
from expframe.cli.runs import select
from expframe.cli.runs.command import VERSION, Answer, Asked, command
from expframe.cli.script.command_line import set_up_logging
from expframe.cli.sweeps.lines import line_of
from expframe.cli.table import Style
from expframe.config import json_values
from expframe.config.dotted import whole_number
from expframe.errors import ExpframeError, UsageError
from expframe.sweep.queued import QueueWorker
from expframe.sweep.request import seconds
from expframe.sweep.settings import RankAsked, WorkAsked
from expframe.sweep.sweep_run import SweepRun
from expframe.sweep.worker import Worker

USAGE = f"""\
Do trials of a sweep, one after the other, until none is left: on any machine that sees the store. Without ID do the
runs of the store that wait, as `-q` left them, those of the highest priority first. Ctrl-C lets what runs come to its
end; a second one interrupts it.

Usage:
  expframe work [options] [ID]

{select.HELP}
Options:
  --fresh                Give each trial a new interpreter.
  --any-code             Go on with other sources than those that the sweep was started with.
  --max-time=TIME        Begin no trial after so long: 90s, 30min, 8h.
  --once                 Do one trial, in this process, and end.
  --since=SECONDS        When workers were started again, in seconds since 1970: what had not come to its end by then is
                         taken up. [default: now]
  --leash                Stop after the trial when standard input is closed.
  --trial=TRIAL          Be one of the processes that a launcher has started for an attempt which is claimed: 17.1.
  --run=RUN              With --trial: go on with this run.
  --yield                Let others go on at once with a trial that is interrupted, as where a cluster takes its place.
"""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Work on a sweep."""
    if asked["ID"] is None:
        return _of_queue(asked)
    run = select.select_sweep(asked.runs, asked["ID"])
    work = WorkAsked(
        fresh=asked["--fresh"],
        once=asked["--once"],
        since=_since(asked["--since"]),
        leash=os.dup(0) if asked["--leash"] else None,
        most_seconds=seconds_of("--max-time", asked["--max-time"]),
        any_code=asked["--any-code"],
        yields=asked["--yield"],
        rank=_rank(asked["--trial"], asked["--run"]),
    )
    tell = _teller(as_json=asked["--json"])
    _let_be()
    set_up_logging(None, ())
    worker = Worker(SweepRun.read(run), work, tell)
    try:
        code = worker.work()
    except ExpframeError:
        raise
    except Exception as problem:  # of the script, which cannot be imported
        write(error_text(problem, whole=False, way=""), sys.stderr)
        code = 1
    return Answer(iter(()), lambda _style: (), code)


def _of_queue(asked: Asked) -> Answer:
    """Do the runs that wait."""
    tell = _teller(as_json=asked["--json"])
    found = QueueWorker(asked.store, tell, seconds_of("--max-time", asked["--max-time"])).work()
    said = f"{found.done} runs done, {found.failed} failed" if found.done or found.failed else "No run waits."
    return Answer(iter([{"done": found.done, "failed": found.failed}]), lambda _style: [said], found.code)


def seconds_of(flag: str, text: str | None) -> float | None:
    """
    Return a time that was given as a text, in seconds; None where none was.

    Raises:
        UsageError: It is none.

    Example:
        >>> seconds_of("--max-time", "90"), seconds_of("--max-time", "1.5h")
        (90.0, 5400.0)
    """
    if text is None:
        return None
    try:
        return seconds(text)
    except ValueError:
        raise UsageError(f"{flag}={text}", "takes a time: 90s, 30min, 8h, 2d.") from None


def _since(text: str) -> float | None:
    if text == "now":
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--since={text}", "takes seconds since 1970.") from None


def _rank(trial: str | None, run: str | None) -> RankAsked | None:
    if trial is None:
        return None
    number, attempt = map(whole_number, (trial.partition(".")[0], trial.partition(".")[2]))
    if number is None or attempt is None or min(number, attempt) < 0:
        raise UsageError(f"--trial={trial}", "takes the number of a trial and of its attempt: 17.1.")
    return RankAsked(number, attempt, run)


def _teller(*, as_json: bool) -> Callable[[Mapping[str, Any]], None]:
    """Return what writes what happens to where standard output goes now, a line each."""
    fd = os.dup(1)
    style = Style.of(sys.stdout)

    def tell(event: Mapping[str, Any]) -> None:
        said = {"version": VERSION, "command": "work", **event}
        line = json_values.dump_plain(said, indent=None).decode() if as_json else line_of(event, style)
        if line:
            with suppress(OSError):  # nobody reads it any more
                os.write(fd, line.encode("utf-8", "replace") + b"\n")

    return tell


def _let_be() -> None:
    """Read from nowhere, and let what the script prints while it is imported go to standard error."""
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    sys.stdout.flush()
    os.dup2(2, 1)
