"""The lines of charts: which runs and groups of runs are asked for, their points, and what is made of these."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy

from expframe.config import dotted
from expframe.errors import ExpframeError, QuestionError, RunNotFoundError, listed
from expframe.page import groups
from expframe.page.bands import Mean, Member, mean_of
from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.curves import Across, Smoothed, Trace
from expframe.page.groups import RunGroup
from expframe.page.pixels import Piece
from expframe.page.question import Question
from expframe.page.smoothing import smooth, unit_of
from expframe.store.search.columns import extent_of, joined
from expframe.store.search.curve_cache import RunColumns

_MOST_RUNS = 2000
_MOST_METRICS = 100


class LineWish(NamedTuple):
    """
    What is asked of curves.

    Attributes:
        runs: The ids.
        metrics: The names.
        across: What they are drawn over.
        weight: Of smoothing; 0 for none.
        by: The fields that make groups.
        band: What is around a group's mean.
        of_system: Whether curves of the machine are meant.
        is_log: Whether x is on a logarithmic scale.
    """

    runs: list[str]
    metrics: list[str]
    across: Across
    weight: float
    by: list[str]
    band: str
    of_system: bool
    is_log: bool

    @classmethod
    def of(cls, question: Question) -> LineWish:
        """
        Return what a page asks for.

        Raises:
            QuestionError: It is nothing that can be.
        """
        names = question.texts("metric")
        if not names:
            raise QuestionError("metric=", "is missing: which metrics?")
        if len(names) > _MOST_METRICS:
            raise QuestionError(f"{len(names)} metrics", f"are too many for one answer: at most {_MOST_METRICS}.")
        x = question.text("x")
        metric = x.removeprefix("metric:") if x.startswith("metric:") else ""
        across = (
            Across(x, metric) if metric else Across(question.one_of("x", "step", "time", "relative", "metric:NAME"))
        )
        weight = question.number("smooth") or 0.0
        if not 0 <= weight < 1:
            raise QuestionError(f"smooth={weight}", "is no number from 0 up to 0.999.")
        band = question.one_of("band", "interval", "std", "minmax")
        is_system = question.is_set("system")
        by, is_log = question.texts("group"), question.is_set("log_x")
        return cls(runs_of(question), names, across, weight, by, band, is_system, is_log)


class LineFacts(NamedTuple):
    """
    What lines are made of.

    Attributes:
        columns: The points of the runs that are there.
        gone: The runs that are not.
        began: When they began, where that is asked.
        groups: The groups that they make.
    """

    columns: Mapping[str, RunColumns]
    gone: list[str]
    began: Mapping[str, float]
    groups: list[RunGroup]


def runs_of(question: Question) -> list[str]:
    """
    Return the runs that are asked for.

    Raises:
        QuestionError: There are none, or too many.
    """
    runs = question.texts("run")
    if not runs:
        raise QuestionError("run=", "is missing: which runs?")
    if len(runs) > _MOST_RUNS:
        raise QuestionError(f"{len(runs)} runs", f"are too many for one chart: at most {_MOST_RUNS}.")
    return runs


# ------------------------------------------------------------------------------------------------------------ runs


def find(board: Board, wish: LineWish) -> LineFacts:
    """
    Return what the lines that are asked for are made of.

    Raises:
        RunNotFoundError: None of the runs is there.
    """
    names = wish.metrics + ([wish.across.metric] if wish.across.metric else [])
    found, gone = columns_of(board, wish.runs, names, of_system=wish.of_system)
    began = {id: _began(board, id) for id in found} if wish.across.kind == "relative" else {}
    if not wish.by:
        return LineFacts(found, gone, began, [])
    return LineFacts(found, gone, began, groups.grouped(board, board.rows.of(list(found)), wish.by, ()))


def columns_of(
    board: Board, runs: Sequence[str], names: Sequence[str], *, of_system: bool
) -> tuple[dict[str, RunColumns], list[str]]:
    """
    Return the points of runs, and which of these are not there, or not any more.

    Raises:
        RunNotFoundError: None of them is.
    """
    found, gone = {}, []
    for id in runs:
        try:
            folder = board.run(id).id
            found[id] = board.curves.read(folder, names, of_system=of_system)
        except (RunNotFoundError, OSError):
            gone.append(id)
    if not found:
        board.run(gone[0])
        raise RunNotFoundError(gone[0], str(board.store), ())
    return found, gone


def _began(board: Board, id: str) -> float:
    """Return when a run began; NaN where nobody knows."""
    try:
        started = board.run(id).record.started
    except (ExpframeError, OSError):
        return numpy.nan
    return numpy.nan if started is None else started.timestamp()


def problem(metric: str, wish: LineWish, found: LineFacts) -> str | None:
    """Return what is to be said of a metric, or of one that is x, which no run has."""
    known = list(dict.fromkeys(name for columns in found.columns.values() for name in columns.counts))
    for name in (metric, wish.across.metric):
        if name and name not in known:
            near = dotted.nearest(name, known)
            hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"There are: {listed(known) or 'none'}."
            return f"{name!r:.80} is in none of these runs. {hint}"
    return None


# ----------------------------------------------------------------------------------------------------------- lines


def traces(board: Board, wish: LineWish, found: LineFacts, metric: str) -> tuple[list[Trace], float]:
    """Return the lines of a metric, and how many steps are 1 for its smoothing."""
    own = {id: columns for id, columns in found.columns.items() if metric in columns.columns}
    unit = 1.0
    if wish.weight:
        key = ("unit", metric, wish.of_system, *((id, columns.version) for id, columns in own.items()))
        steps = [columns.columns[metric].steps for columns in own.values()]
        unit = board.kept.get(key, lambda: unit_of(steps), lambda _: 64)
    if not wish.by:
        return [_of_run(board, wish, found, metric, id, unit) for id in own], unit
    return list(_of_groups(board, wish, found, metric, unit)), unit


def _of_run(board: Board, wish: LineWish, found: LineFacts, metric: str, id: str, unit: float) -> Trace:
    columns = found.columns[id]
    column = columns.columns[metric]
    key = ("smooth", id, metric, wish.of_system, columns.version, wish.weight, unit)

    def made() -> Smoothed:
        return Smoothed.of(smooth(column.steps, column.values, wish.weight, unit))

    def smoothed() -> Smoothed:
        return board.kept.get(key, made, lambda result: result.offsets.nbytes)

    def told(index: int) -> dict[str, Any]:
        step, time, value = column.point(index)
        cells = {"step": cell_of(int(step) if step.is_integer() else step), "time": time, "value": cell_of(value)}
        return {"run": id, "label": id, **cells, "smooth": _smooth_cell(smoothed, wish, index)}

    began = _start(wish, found, metric, id)
    is_copied = wish.is_log  # whose pixels cannot be moved
    parts = _parts(board, wish, found, metric, id, began if is_copied else 0.0)
    start = 0.0 if is_copied else began
    return Trace(id, None, id, [id], parts, column.size, told, start, smoothed if wish.weight else None)


def _smooth_cell(smoothed: Callable[[], Smoothed], wish: LineWish, index: int) -> Any:
    return cell_of(float(smoothed().at(numpy.array([index]))[0])) if wish.weight else None


def _start(wish: LineWish, found: LineFacts, metric: str, id: str) -> float:
    """Return what times count from: 0, or where they are relative, when the run began or else its first point."""
    began = found.began.get(id, 0.0)
    if not math.isnan(began):
        return began
    return min((stretch.of_times.low for stretch in found.columns[id].columns[metric].stretches), default=0.0)


def _parts(board: Board, wish: LineWish, found: LineFacts, metric: str, id: str, began: float) -> list[Piece]:
    columns = found.columns[id]
    column = columns.columns[metric]
    if not wish.across.metric:
        return wish.across.parts(column, began)
    key = ("joined", id, metric, wish.across, wish.of_system, columns.version)
    other = columns.columns.get(wish.across.metric)
    make = functools.partial(wish.across.parts, column, 0.0, other)
    return board.kept.get(key, make, lambda parts: sum(part.x.nbytes for part in parts))


def _of_groups(board: Board, wish: LineWish, found: LineFacts, metric: str, unit: float) -> Iterator[Trace]:
    for group in found.groups:
        runs = [id for id in wish.runs if id in group.counted and metric in found.columns[id].columns]
        if runs:
            versions = tuple((id, found.columns[id].version) for id in runs)
            key = ("mean", metric, wish.of_system, wish.across, wish.band, versions)
            make = functools.partial(_mean, board, wish, found, metric, runs)
            mean = board.kept.get(key, make, lambda result: sum(numbers.nbytes for numbers in result))
            yield _of_mean(board, wish, group, runs, mean, ("smooth", key, wish.weight, unit))


def _of_mean(board: Board, wish: LineWish, group: RunGroup, runs: list[str], mean: Mean, key: tuple[Any, ...]) -> Trace:
    def made() -> Smoothed:
        return Smoothed.of(smooth(mean.steps, mean.mean, wish.weight, key[-1]))

    def smoothed() -> Smoothed:
        return board.kept.get(key, made, lambda result: result.offsets.nbytes)

    def told(index: int) -> dict[str, Any]:
        step, value, low, high = (float(mean[column][index]) for column in (0, 2, 3, 4))
        cells = {"step": cell_of(int(step) if step.is_integer() else step), "time": None, "value": cell_of(value)}
        cells |= {"mean": cell_of(value), "low": cell_of(low), "high": cell_of(high), "n": int(mean.n[index])}
        return {"run": None, "label": label, **cells, "smooth": _smooth_cell(smoothed, wish, index)}

    label = ", ".join(f"{name}={_text(cell)}" for name, cell in group.entries.items()) or "all"
    is_band_odd = not bool(numpy.isfinite(mean.low).all())
    part = Piece(mean.x, mean.mean, mean.low, mean.high, extent_of(mean.x).is_sorted, int(is_band_odd))
    parts, count = [part], len(mean.x)
    return Trace(None, dict(group.entries), label, runs, parts, count, told, 0.0, smoothed if wish.weight else None)


def _text(cell: Any) -> str:
    """Return a cell as it stands in a label."""
    if isinstance(cell, dict):
        return str(next(iter(cell.values())))
    return json.dumps(cell) if cell is None or isinstance(cell, bool) else str(cell)


def _mean(board: Board, wish: LineWish, found: LineFacts, metric: str, runs: Sequence[str]) -> Mean:
    members = []
    for id in runs:
        column = found.columns[id].columns[metric]
        parts = _parts(board, wish, found, metric, id, _start(wish, found, metric, id))
        x = joined([part.x for part in parts]) if parts else numpy.full(column.size, numpy.nan)
        members.append(Member.of(column.steps, x, column.values))
    return mean_of(members, wish.band)
