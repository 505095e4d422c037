"""`expframe metrics ID NAME...`: curves as a plot in the terminal, or as CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.runs.forms import csv_line
from expframe.cli.runs.plot import Line, plot_lines
from expframe.cli.table import Style, table_lines, text_of
from expframe.config import dotted, json_values
from expframe.errors import ExpframeError, MissingLibraryError, RunNotFoundError, UsageError, listed
from expframe.record.curves import Curve
from expframe.store.reader import StoredRun
from expframe.store.search.differences import differing, leaves, told

USAGE = f"""\
Plot metrics in the terminal, or print their points; without a name, say which metrics there are, or print all points.

Usage:
  expframe metrics [options] ID [NAME...]

Options:
  -c --csv          Print points as CSV: run,metric,step,time,value.
  -w --wide         Print points as CSV with a line for each step and a column for each metric and run.
  -x AXIS --x=AXIS  What points are plotted over: step, or time in seconds since the first one [default: step].
  -l --log          Plot on a logarithmic scale.
  -s W --smooth=W   Smooth what is plotted, by the distance of steps: 0.6 a little, 0.99 strongly [default: 0].

{select.HELP}"""

_MOST_ENTRIES = 3
"""More entries in which runs differ are not named in a legend."""
_POINTS = 2000
"""Of more points than this the least and the greatest of each stretch are drawn: a terminal has no room for them."""

Curves = dict[tuple[str, str], Curve]
"""The curves that are asked for, by id and metric."""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Plot or print metrics."""
    runs = _select(asked)
    if not (asked["NAME"] or asked["--wide"] or asked["--csv"]):
        return _overview(runs)
    if asked["--x"] not in ("step", "time"):
        raise UsageError(f"--x={asked['--x']}", "takes step or time.")
    curves = _find(runs, asked["NAME"])
    data = {"curves": [_plain(id, name, curve) for (id, name), curve in curves.items()]}
    if asked["--wide"]:
        return Answer(data, lambda style: _wide(curves))
    if asked["--csv"]:
        return Answer(data, lambda style: _long(curves))
    drawn = smoothed(curves, weight_of(asked["--smooth"]))
    return Answer(
        data, lambda style: _plot(drawn, runs, style, is_over_time=asked["--x"] == "time", is_log=asked["--log"])
    )


def weight_of(text: str) -> float:
    """
    Return how strongly curves are to be smoothed.

    Raises:
        UsageError: It is no such number.
    """
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0.0 <= weight < 1.0:
        raise UsageError(f"--smooth={text}", "takes a number from 0 up to 0.999, such as 0.6.")
    return weight


def smoothed(curves: Curves, weight: float) -> Curves:
    """
    Return curves as the page smooths them: those of one metric alike, however often each run logs.

    Raises:
        MissingLibraryError: numpy is not installed.
    """
    if not weight or not curves:
        return curves
    try:
        import numpy

        from expframe.page.smoothing import smooth, unit_of
    except ImportError:
        raise MissingLibraryError("smoothing", "numpy", "ui") from None
    found = {}
    steps = {key: numpy.array(curve.steps, float) for key, curve in curves.items()}
    for name in dict.fromkeys(name for _, name in curves):
        unit = unit_of([own for key, own in steps.items() if key[1] == name])
        for key, curve in curves.items():
            if key[1] == name:
                found[key] = Curve()
                values = smooth(steps[key], numpy.array(curve.values), weight, unit)
                found[key].add(curve.steps, curve.times, values.tolist())
    return {key: found[key] for key in curves}


def _select(asked: Asked) -> list[StoredRun]:
    """Return the runs that are named; what is a metric in their place is said to be one."""
    try:
        return select.select(asked.runs, [asked["ID"]])
    except RunNotFoundError as problem:
        newest = next(iter(asked.runs), None)
        name = problem.id.removeprefix("metrics.")
        if newest is None or name not in newest.summaries:
            raise
        given = [name, *asked["NAME"]]
        run = next((word for word in given if word in asked.runs.ids()), newest.id)
        words = " ".join(word for word in given if word != run)
        hint = f"is a metric of run {newest.id}; runs come first. Write: expframe metrics {run} {words}"
        raise UsageError(repr(problem.id), hint) from None


def _overview(runs: Sequence[StoredRun]) -> Answer:
    found = [(run.id, name, summary) for run in runs for name, summary in run.summaries.items()]
    data = {"metrics": [{"run": id, "name": name, **summary.to_json()} for id, name, summary in found]}
    rows = [(id, name, s.count, s.last, s.min, s.max, s.mean) for id, name, s in found]
    titles = ("run", "metric", "count", "last", "min", "max", "mean")
    return Answer(data, lambda style: table_lines(titles, rows, style) if rows else ["No metrics."])


def _find(runs: Sequence[StoredRun], names: Sequence[str]) -> Curves:
    """Return the curves of metrics, each of which is in some run; without names those of all."""
    of_runs: dict[str, Mapping[str, Curve]] = {run.id: run.metrics() for run in runs}
    known = list(dict.fromkeys(name for curves in of_runs.values() for name in curves))
    names = [name if name in known else name.removeprefix("metrics.") for name in names]
    for name in names:
        if name not in known:
            near = dotted.nearest(name, known)
            hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"There are: {listed(known)}."
            raise UsageError(f"metric {name!r}", f"is in none of these runs. {hint}")
    return {(id, name): curves[name] for name in names or known for id, curves in of_runs.items() if name in curves}


def _plain(id: str, name: str, curve: Curve) -> dict[str, Any]:
    points = {"steps": curve.steps, "times": curve.times, "values": curve.values}
    return {"run": id, "metric": name, **json_values.to_json(points)}


# ------------------------------------------------------------------------------------------------------------- CSV


def _long(curves: Curves) -> Iterator[str]:
    yield "run,metric,step,time,value"
    for (id, name), curve in curves.items():
        for step, when, value in zip(curve.steps, curve.times, curve.values, strict=True):
            yield csv_line([id, name, step, f"{when:.6f}", repr(value)])


def _wide(curves: Curves) -> Iterator[str]:
    """Yield a line for each step; of several points at one step the last one counts."""
    by_step = [dict(zip(curve.steps, curve.values, strict=True)) for curve in curves.values()]
    are_many = len({id for id, _ in curves}) > 1
    yield csv_line(["step", *(f"{name} (run {id})" if are_many else name for id, name in curves)])
    for step in sorted({step for column in by_step for step in column}):
        yield csv_line([step, *(repr(column[step]) if step in column else "" for column in by_step)])


# ------------------------------------------------------------------------------------------------------------ plot


def _plot(
    curves: Curves, runs: Sequence[StoredRun], style: Style, *, is_over_time: bool, is_log: bool
) -> Iterator[str]:
    labels = _labels(curves, runs)
    lines = [Line(labels[key], *_points(curve, is_over_time, is_log)) for key, curve in curves.items()]
    lines = [line for line in lines if line.xs]
    if not lines:
        yield "No points that can be plotted."
        return
    names = list(dict.fromkeys(name for _, name in curves))
    title = names[0] if len(names) == 1 else "value"
    yield from plot_lines(lines, style, "seconds" if is_over_time else "step", title, is_log=is_log)


def _labels(curves: Curves, runs: Sequence[StoredRun]) -> dict[tuple[str, str], str]:
    """Return for each curve what tells it from the others: the metric, the run, and what differs in its config."""
    are_many_names = len({name for _, name in curves}) > 1
    are_many_runs = len({id for id, _ in curves}) > 1
    entries = {id: "" for id, _ in curves}
    if are_many_runs:
        found = differing({run.id: leaves(_config_of(run)) for run in runs if run.id in entries})
        names = sorted(found, key=lambda name: name.rpartition(".")[2] == "seed")[:_MOST_ENTRIES]
        for id in entries:
            own = [f"{name}={text_of(told(found[name][id]))}" for name in names if id in found[name]]
            entries[id] = f" ({', '.join(own)})" if own else ""
    labels = {}
    for id, name in curves:
        parts = [name] if are_many_names else []
        parts += [f"run {id}{entries[id]}"] if are_many_runs else []
        labels[id, name] = ", ".join(parts)
    return labels


def _config_of(run: StoredRun) -> Mapping[str, Any]:
    try:
        return run.config.values
    except (ExpframeError, OSError):  # its curves can be seen all the same
        return {}


def _points(curve: Curve, is_over_time: bool, is_log: bool) -> tuple[list[float], list[float]]:
    """Return what is to be plotted: finite points, and not more than there is room for."""
    start = curve.times[0] if curve.times else 0.0
    xs = [when - start for when in curve.times] if is_over_time else curve.steps
    pairs = [
        (float(x), math.log10(value) if is_log else value)
        for x, value in zip(xs, curve.values, strict=True)
        if math.isfinite(value) and math.isfinite(x) and (value > 0 or not is_log)
    ]
    kept = pairs if len(pairs) <= _POINTS else list(_extremes(pairs, math.ceil(2 * len(pairs) / _POINTS)))
    return [x for x, _ in kept], [y for _, y in kept]


def _extremes(pairs: list[tuple[float, float]], size: int) -> Iterator[tuple[float, float]]:
    """Yield the least and the greatest point of each stretch of so many, in their order, and the ends."""
    yield pairs[0]
    for start in range(0, len(pairs), size):
        values = [y for _, y in pairs[start : start + size]]
        for place in sorted({values.index(min(values)), values.index(max(values))}):
            yield pairs[start + place]
    yield pairs[-1]
