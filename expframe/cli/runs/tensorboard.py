"""`expframe tensorboard ID DIR`: stored runs as the files that TensorBoard reads."""

from __future__ import annotations

from pathlib import Path

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.table import clean
from expframe.errors import StoreUnusableError
from expframe.store.tensorboard_copy import Sent, send

USAGE = f"""\
Write stored runs for TensorBoard, a folder each, with their steps and times; all runs where none is named. A sweep
takes its trials along. Done again, it adds what is new. See them by: tensorboard --logdir DIR

Usage:
  expframe tensorboard [options] DIR
  expframe tensorboard [options] ID DIR

Options:
  -w FILTER --where=FILTER   Those that it is true of: "'paper' in tags".

{select.HELP}"""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Write runs for TensorBoard."""
    words = {**asked.words, "ID": [asked["ID"]] if asked["ID"] else []}
    runs = select.select_all(Asked(words, asked.store), expand=lambda run: [run, *select.trials_of(run)])
    target = Path(asked["DIR"]).expanduser()
    try:
        sent = [send(run, target) for run in runs]
    except OSError as problem:
        text = f"cannot be written ({problem.strerror}). Choose another folder."
        raise StoreUnusableError(f"TensorBoard's folder {target}", text) from problem
    left_out = [found for one in sent for found in one.left_out]
    data = {
        "dir": str(target.absolute()),
        "runs": [{"id": one.id, "folder": str(one.folder.absolute()), "events": one.events} for one in sent],
        "left_out": [{"name": name, "reason": reason} for name, reason in left_out],
    }
    lines = [*map(_line, sent), *(f"Left out: {name}: {reason}." for name, reason in left_out)]
    lines += [f"See them by: tensorboard --logdir {target}"] if sent else ["No runs."]
    return Answer(data, lambda style: map(clean, lines), int(bool(left_out)))


def _line(sent: Sent) -> str:
    if sent.is_live:
        return f"Run {sent.id}: {sent.folder}, written by the run itself."
    return f"Run {sent.id}: {sent.folder}, {f'{sent.events:,}' if sent.events else 'no'} new events."
