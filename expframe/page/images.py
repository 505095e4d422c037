"""Images of several runs at one step, to be seen side by side."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path
from typing import Any

from expframe.page.board import Board
from expframe.page.compare import runs_of
from expframe.page.question import Question
from expframe.record.events import Media
from expframe.store.reader import StoredRun

_MOST = 500
"""Of more names or steps some are left out."""


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return for each run its image at a step: the one logged then, or the last one before it.

    Words are `run` (again and again), `name` and `step`; by default the first name and the last step.

    Raises:
        RunNotFoundError: There is no such run.
        QuestionError: There are too few or too many.
    """
    found = {run: [media for media in run.media() if media.kind == "image"] for run in runs_of(board, question)}
    names = list(dict.fromkeys(media.name for several in found.values() for media in several))
    name = question.text("name") or next(iter(names), "")
    own = {run: _by_step([media for media in several if media.name == name]) for run, several in found.items()}
    steps = sorted({media.step for several in own.values() for media in several})
    wanted = question.number("step")
    step = wanted if wanted is not None else (steps[-1] if steps else None)
    return {
        "names": names[:_MOST],
        "total": len(names),
        "name": name,
        "steps": steps[:: len(steps) // _MOST + 1] if steps else [],
        "step": step,
        "images": [_image(run, several, step) for run, several in own.items()],
    }


def _by_step(several: list[Media]) -> list[Media]:
    return sorted(several, key=lambda media: media.step)


def _image(run: StoredRun, several: list[Media], step: float | None) -> dict[str, Any]:
    """Return the image of a run at a step; none where it had logged none by then."""
    place = 0 if step is None else bisect_right([media.step for media in several], step)
    media = several[place - 1] if place else None
    file = None
    if media is not None and isinstance(media.content, Path) and media.content.is_relative_to(run.folder):
        file = media.content.relative_to(run.folder).as_posix()
    return {"run": run.id, "step": media.step if media is not None else None, "file": file}
