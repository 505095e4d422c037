"""Charts: curves of runs and groups of them on one grid, exact values at a crosshair, and which metrics there are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy

from expframe.errors import QuestionError
from expframe.page.board import Board
from expframe.page.curves import Trace, Window, chart, frames, point_at
from expframe.page.lines import LineWish, columns_of, find, problem, runs_of, traces
from expframe.page.names import natural_order
from expframe.page.question import Question
from expframe.store.search.columns import Array, Column, joined

_PIXELS = (64, 4096)
_MOST_POINTS = 1_000_000


def curves(board: Board, question: Question) -> bytes:
    """
    Return charts as columns of numbers, see `frames`.

    Words are `run`, `metric` and `group` (again and again), `x`, `from`, `to`, `pixels`, `smooth`, `log_x`, `band` and
    `system`.

    Raises:
        QuestionError: A word is none of those possible.
        RunNotFoundError: None of the runs is there.
    """
    wish = LineWish.of(question)
    low, high = question.number("from"), question.number("to")
    if low is not None and high is not None and low >= high:
        raise QuestionError(f"from={low}&to={high}", "is no window: it ends before it begins.")
    pixels = question.whole("pixels", 800, least=_PIXELS[0], most=_PIXELS[1])
    window = Window(low, high, pixels, question.is_set("log_x"))
    found = find(board, wish)
    charts = []
    for metric in wish.metrics:
        lines, unit = traces(board, wish, found, metric)
        made = chart(metric, wish.across, lines, window)
        made.header["smoothing"] = {"weight": wish.weight, "steps": unit} if wish.weight else None
        if text := problem(metric, wish, found):
            made.header["problem"] = text
        charts.append(made)
    return frames(charts, {"gone": found.gone})


def values(board: Board, question: Question) -> dict[str, Any]:
    """
    Return the exact values of a metric at an x, or at the last one before: words as of `curves`, and `at`.

    Raises:
        QuestionError: A word is none of those possible, or there is no `at`.
        RunNotFoundError: None of the runs is there.
    """
    wish = LineWish.of(question)
    at = question.number("at")
    if at is None:
        raise QuestionError("at=", "is missing: where?")
    found = find(board, wish)
    lines = []
    for metric in wish.metrics:
        for trace in traces(board, wish, found, metric)[0]:
            index = point_at(trace, at)
            if index is not None:
                lines.append({"metric": metric, **trace.told(index)})
    return {"at": at, "lines": lines, "gone": found.gone}


def points(board: Board, question: Question) -> bytes:
    """
    Return the points of runs as CSV, each as it was recorded: words as of `curves` but for what is made of points.

    Raises:
        QuestionError: A word is none of those possible, or there are too many points.
        RunNotFoundError: None of the runs is there.
    """
    wish = LineWish.of(question)._replace(by=[], weight=0.0)
    low, high = question.number("from"), question.number("to")
    found = find(board, wish)
    lines = [(metric, trace) for metric in wish.metrics for trace in traces(board, wish, found, metric)[0]]
    chosen = [_inside(trace, low, high) for _, trace in lines]
    count = sum(map(len, chosen))
    if count > _MOST_POINTS:
        hint = f"are too many for one file: at most {_MOST_POINTS}. Zoom in, or use `expframe metrics ID NAME --csv`."
        raise QuestionError(f"{count} points", hint)
    rows = ["run,metric,step,time,value"]
    for (metric, trace), index in zip(lines, chosen, strict=True):
        rows += _rows(f"{trace.label},{_quoted(metric)}", found.columns[trace.label].columns[metric], index)
    return "".join(f"{row}\n" for row in rows).encode("utf-8", "surrogatepass")


def _inside(trace: Trace, low: float | None, high: float | None) -> Array:
    x = joined([part.x for part in trace.parts]) - trace.start
    if low is None and high is None:
        return numpy.arange(trace.size)
    return numpy.flatnonzero((x >= (-math.inf if low is None else low)) & (x <= (math.inf if high is None else high)))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(mark in name for mark in ',"') else name


def _rows(start: str, column: Column, index: Array) -> Iterator[str]:
    columns = (numbers[index].tolist() for numbers in (column.steps, column.times, column.values))
    for step, time, value in zip(*columns, strict=True):
        yield f"{start},{int(step) if step.is_integer() else step},{time:.6f},{value!r}"


def metrics(board: Board, question: Question) -> dict[str, Any]:
    """
    Return which metrics runs have, in the order in which people look for them.

    Raises:
        RunNotFoundError: None of the runs is there.
    """
    sampled, gone = columns_of(board, runs_of(question), (), of_system=True)
    counts: dict[str, list[int]] = {}
    for own in _counts(board, list(sampled)):
        for name, count in own.items():
            counts.setdefault(name, []).append(count)
    names = sorted(counts, key=natural_order)
    system = {name for columns in sampled.values() for name in columns.counts}
    return {
        "metrics": [{"name": name, "runs": len(counts[name]), "count": sum(counts[name])} for name in names],
        "system": sorted(system, key=natural_order),
        "gone": gone,
    }


def _counts(board: Board, runs: Sequence[str]) -> Iterator[Mapping[str, int]]:
    """Yield how many points each metric of runs has: what was noted of that, and what was not is read."""
    rows = {row.id: row for row in board.rows.of(runs)}
    for id in runs:
        noted = board.rows.with_metrics(rows[id]).metrics if id in rows else None
        if noted is not None:
            yield {name: int(values[0] or 0) for name, values in noted.items()}
        else:
            yield board.curves.read(id).counts
