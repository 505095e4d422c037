"""Work inside a stored run, of expframe and of Sacred."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def in_expframe(work: Callable[[Any], None], observers: Sequence[Any] = ()) -> float:
    """Do work in a stored run of expframe, and return when the run began its command."""
    from expframe import Experiment

    folder = Path.cwd()
    ex = Experiment("stored", store=folder / "runs", project_dir=folder, observers=observers)
    began = []

    @ex.main
    def main(_run: Any) -> None:
        began.append(time.perf_counter())
        work(_run)

    ex.run()
    return began[0]


def in_sacred(work: Callable[[Any], None]) -> float:
    """Do work in a stored run of Sacred, and return when the run began its command."""
    from sacred import Experiment
    from sacred.observers import FileStorageObserver

    ex = Experiment("stored", save_git_info=False)
    ex.observers.append(FileStorageObserver(Path.cwd() / "runs"))
    began = []

    @ex.main
    def main(_run: Any) -> None:
        began.append(time.perf_counter())
        work(_run)

    ex.run(options={"--capture": "sys"})
    return began[0]
