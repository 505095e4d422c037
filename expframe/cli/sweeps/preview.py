"""What `sweep --dry-run` shows: how many trials there are, what changes in them, and the first of them."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from expframe.cli.table import one_line, seconds_text
from expframe.config.request import Override
from expframe.errors import ValueFormatError
from expframe.record.record import Status
from expframe.store.search.collection import Runs
from expframe.store.sweeps.axes import Axis, Choices, Interval, value_text
from expframe.store.sweeps.plan import Plan, Trial
from expframe.sweep.typical_trials import ALL_CELLS

_FIRST = 10
_LOOKED_AT = 200
_MEASURED = 20


def preview_lines(
    plan: Plan, durations: Sequence[float], jobs: int, is_skipped: Callable[[Trial], bool] = lambda _: False
) -> Iterator[str]:
    """
    Yield what a plan would do.

    Args:
        plan: The plan.
        durations: Seconds that runs of the same command took.
        jobs: How many trials run at a time.
        is_skipped: Decides a trial, and returns whether its config is left out.
    """
    skipped = _skipped(plan, is_skipped)
    yield f"{count_text(plan)}; nothing is started:"
    rows = [*_rows(plan)]
    width = max((len(name) for name, _ in rows), default=0)
    yield from (f"  {name:<{width}}  {one_line(text)}" for name, text in rows)
    if plan.skip:
        known = f" ({len(skipped):,} of {plan.size:,})" if plan.size is not None and plan.size <= ALL_CELLS else ""
        yield f"Left out are those of which this is true: {plan.skip}{known}"
    if plan.is_function and plan.size:
        yield "" if plan.size <= _FIRST else f"The first {_FIRST}:"
        for number in range(min(plan.size, _FIRST)):
            left_out = " skipped" if number in skipped else ""
            yield f"  {number}  {words_text(plan, plan.trial(number))}{left_out}".rstrip()
    done = (plan.size or 0) - len(skipped)
    if durations and done:
        seconds = statistics.median(durations)
        total = seconds_text(seconds * done / min(jobs, done))
        runs = f"{len(durations)} run{'s' if len(durations) != 1 else ''}"
        yield f"About {seconds_text(seconds)} each, as {runs} took, {total} for all with --jobs {jobs}."


def _skipped(plan: Plan, is_skipped: Callable[[Trial], bool]) -> set[int]:
    """Return which trials are left out: of all where there are few of them, else of those that are shown."""
    if not plan.skip or not plan.is_function or plan.size is None:
        return set()
    judged = plan.size if plan.size <= ALL_CELLS else _FIRST
    return {number for number in range(judged) if is_skipped(plan.trial(number))}


def wider_lines(before: Plan, plan: Plan) -> Iterator[str]:
    """Yield what a sweep that goes on would do beside what there was."""
    if before.size is None or plan.size is None or before.size == plan.size:
        yield f"{count_text(plan)}; none is added, and nothing is started."
        return
    yield f"{count_text(plan)}, {plan.size - before.size} of them new; nothing is started:"
    if plan.is_function:
        for number in range(before.size, min(plan.size, before.size + _FIRST)):
            yield f"  {number}  {words_text(plan, plan.trial(number))}".rstrip()


def count_text(plan: Plan) -> str:
    """Return how many trials a plan has, and how they come about: `12 trials: 6 configurations x 2 seeds`."""
    if plan.size is None:
        return f"Trials without an end, by {plan.search}"
    configurations = plan.size // plan.replicate_count
    text = counted(plan.size, "trial")
    if plan.replicates is not None:
        name = plan.replicates.names[0]
        text += f": {counted(configurations, 'configuration')} x {counted(plan.replicate_count, name)}"
    if not plan.is_function or plan.search != "grid":
        text += f", by {plan.search} with --search-seed {plan.search_seed}"
    return text


def words_text(plan: Plan, trial: Trial) -> str:
    """Return the words of a trial that are its own, not those of all trials."""
    own = [*trial.named[len(plan.named) :], *map(_written, trial.overrides[len(plan.overrides) :])]
    return one_line(" ".join(own)) if own else "as it is"


def past_durations(store: Path, name: str, command: str) -> list[float]:
    """Return how many seconds the newest completed runs of a command took."""
    found: list[float] = []
    for run in itertools.islice(Runs(store), _LOOKED_AT):
        with suppress(ValueFormatError, OSError):  # a damaged run says nothing
            record = run.record
            is_same = (record.name, record.command, record.status) == (name, command, Status.COMPLETED)
            if is_same and record.started and record.ended:
                found.append((record.ended - record.started).total_seconds() + record.worked)
        if len(found) == _MEASURED:
            break
    return found


def _rows(plan: Plan) -> Iterator[tuple[str, str]]:
    for axis in (*plan.axes, *plan.each):
        yield ":".join(axis.names) or "with", _axis_text(axis)
    if plan.replicates is not None:
        is_drawn = isinstance(plan.replicates, Choices) and not plan.replicates.is_text
        drawn = f" (drawn by --search-seed {plan.search_seed})" if is_drawn else ""
        yield plan.replicates.names[0], _axis_text(plan.replicates) + drawn
    fixed = [*plan.named, *map(_written, plan.overrides)]
    if fixed:
        yield "all", " ".join(fixed)


def _axis_text(axis: Axis) -> str:
    if isinstance(axis, Interval) and axis.count is None:
        kind = f"{'whole numbers ' if axis.is_whole else ''}from {axis.low:g} to {axis.high:g}"
        return f"{kind}, by ratios" if axis.is_log else kind
    size = axis.size or 0
    shown = [value_text(axis, number) for number in range(min(size, 6 if size <= 7 else 5))]
    if size > 7:
        return f"{', '.join(shown)}, ... {value_text(axis, size - 1)} ({size} values)"
    return ", ".join([*shown, *(value_text(axis, number) for number in range(len(shown), size))])


def _written(override: Override) -> str:
    return override.written


def counted(count: int, noun: str) -> str:
    """Return how many there are of something: `1 trial`, `1,000 trials`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
