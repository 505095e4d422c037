"""What `--dry-run` shows: the config, whence each value comes, and what is new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from expframe.cli.render import entry_texts
from expframe.config.decided import Config
from expframe.run.resume import LAST, differences, last_of, untold
from expframe.store.reader import StoredRun
from expframe.store.search.collection import runs


def preview_text(run: Any) -> str:
    """
    Return what a run that is decided and not started would be: its config, and how that differs from other runs'.

    Compared are the newest run of the same command, and the one that `--against` names.

    Raises:
        RunNotFoundError: There is no run of that id.
    """
    run.check_arguments()
    lines = [f"Config of {run.command!r}, whose runs are kept in {run.store}; nothing is started:"]
    lines += [f"  {text}" for text in entry_texts(run.config)]
    last = last_of(run.store, run.name, run.command)
    others = [("the last run", last)] if last is not None else []
    if run.request.options.against not in (None, LAST):
        others.append(("the run named", runs(run.store)[run.request.options.against]))
    for what, other in others:
        lines += ["", *_compared(what, other, run.config)]
    return "\n".join(lines)


def _compared(what: str, other: StoredRun, config: Config) -> Iterator[str]:
    is_drawn = config.origins["seed"].kind == "drawn"
    found = [text for text in differences(other, config) if not (is_drawn and text.startswith("seed: "))]
    name = f"{what}, {other.id} ({other.status})"
    found += [f"{path}: unknown whether another secret" for path in untold(other, config)]
    yield f"Differences from {name}:" if found else f"No differences from {name}."
    yield from (f"  {difference}" for difference in found)
