"""What a page asks for, and what it changes, by name: each in a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from expframe.page import (
    actions,
    changes,
    charts,
    children,
    code,
    compare,
    config,
    configurations,
    environment,
    failure,
    figures,
    files,
    history,
    images,
    media,
    output,
    output_search,
    previews,
    results,
    run,
    run_files,
    runs,
    sweep,
    table_columns,
    views,
)
from expframe.page.board import Board
from expframe.page.question import Question
from expframe.page.request_body import RequestBody

ANSWERS: Mapping[str, Callable[[Board, Question], Any]] = {
    "runs": runs.answer,
    "ids": runs.ids,
    "fields": table_columns.answer,
    "field_values": table_columns.values,
    "curves": charts.curves,
    "values": charts.values,
    "points": charts.points,
    "metrics": charts.metrics,
    "run": run.answer,
    "children": children.answer,
    "config": config.answer,
    "results": results.answer,
    "failure": failure.answer,
    "output": output.answer,
    "output_search": output_search.answer,
    "media": media.answer,
    "medium": media.medium,
    "histograms": media.histograms,
    "files": run_files.answer,
    "preview": previews.answer,
    "code": code.answer,
    "source": code.source,
    "diff": code.diff,
    "environment": environment.answer,
    "history": history.answer,
    "changes": changes.answer,
    "views": views.answer,
    "file": files.answer,
    "download": files.download,
    "figure": figures.answer,
    "compare": compare.answer,
    "differences": compare.parts,
    "sources": compare.sources,
    "tails": compare.tails,
    "images": images.answer,
    "sweep": sweep.answer,
    "sweeps": sweep.sweeps,
    "goals": sweep.goals,
    "configurations": configurations.answer,
    "configuration": configurations.one,
    "importance": configurations.importance,
}
"""What can be asked of a store: plain data, bytes, or a file."""

CHANGES: Mapping[str, Callable[[Board, RequestBody], Mapping[str, Any]]] = {
    "tag": actions.tag,
    "note": actions.note,
    "rename": actions.rename,
    "trash": actions.trash,
    "restore": actions.restore,
    "stop": actions.stop,
    "retry": actions.retry,
    "save_view": views.save,
    "delete_view": views.delete,
}
"""What can be changed in a store; each says what has become of it."""
