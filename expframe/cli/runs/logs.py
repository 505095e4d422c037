"""`expframe logs ID`: what a run printed, and what it goes on to print."""

from __future__ import annotations

import codecs
import time
from collections.abc import Iterator

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.table import Style, clean
from expframe.disk import layout
from expframe.process.terminal import collapse
from expframe.process.tracebacks import without_own_frames
from expframe.record.record import Status
from expframe.store.reader import StoredRun

USAGE = f"""\
Print what a run printed, as a terminal shows it in the end, and where it failed why.

Usage:
  expframe logs [options] ID

Options:
  -f --follow               Go on until the run ends.
  -n COUNT --lines=COUNT    Only the last so many lines.
  -r --raw                  With colours and whatever else was printed for a terminal.

{select.HELP}"""

_WAIT = 0.2
"""Seconds between two looks at a run that goes on."""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Print what a run printed."""
    run = select.select_one(asked.runs, asked["ID"])
    count = asked.number("--lines")
    if asked["--follow"]:
        return _live(run, count, is_raw=asked["--raw"])
    output = run.output(raw=asked["--raw"])
    failure = _failure(run)
    begun = "\n" if output and failure and not output.endswith("\n") else ""
    text = _last_lines(output, count)
    whole = _last_lines(f"{output}{begun}{failure}", count)
    if not asked["--raw"]:
        text, whole = clean(text), clean(whole)
    data = {"id": run.id, "text": text, "failure": failure or None}
    return Answer(data, lambda style: [whole.removesuffix("\n")] if whole else [])


def _live(run: StoredRun, count: int | None, *, is_raw: bool) -> Answer:
    """Answer with what a run prints as it comes, and in the end why it failed."""
    pieces = _follow(run, count)
    data = ({"id": run.id, "text": text} for text in pieces)

    def shown(style: Style) -> Iterator[str]:
        yield from pieces if is_raw or style.width else _plain_lines(pieces)
        if failure := _failure(run):
            yield clean(failure)

    return Answer(data, shown, is_live=True)


def _failure(run: StoredRun) -> str:
    """Return why a run failed, as a terminal shows it; empty where it did not."""
    record = run.record
    if record.failure is None or run.status == Status.RUNNING:
        return ""
    return without_own_frames(record.failure.traceback, record.cwd) + "\n"


def _last_lines(text: str, count: int | None) -> str:
    if count is None:
        return text
    lines = text.splitlines(keepends=True)
    return "".join(lines[len(lines) - min(count, len(lines)) :])


def _follow(run: StoredRun, count: int | None) -> Iterator[str]:
    """Yield what a run has printed and goes on to print, raw, until it ends."""
    path = run.folder / layout.OUTPUT
    while not path.exists():
        if run.status != Status.RUNNING:
            return
        time.sleep(_WAIT)
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    with path.open("rb") as file:  # stays what it is, should the run put a tidied file in its place when it ends
        yield from filter(None, [_last_lines(decode(file.read()), count)])
        while True:
            has_ended = run.status != Status.RUNNING
            if text := decode(file.read()):
                yield text
            elif has_ended:
                return
            else:
                time.sleep(_WAIT)


def _plain_lines(pieces: Iterator[str]) -> Iterator[str]:
    """Yield whole lines as a terminal shows them in the end."""
    begun = ""
    for piece in pieces:
        lines, newline, begun = (begun + piece).rpartition("\n")
        if newline:
            yield clean(collapse(lines)) + newline
    if begun:
        yield clean(collapse(begun))
