"""Sweeps as tables."""

from __future__ import annotations

from collections.abc import Iterator

from expframe.cli.table import Cell, Style, cell, clean, table_lines
from expframe.record.record import Status
from expframe.store.sweeps.configurations import Configuration, configurations, goal_of, parts_of, ranked
from expframe.store.sweeps.importance import Importance
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.reasons import ranges_text
from expframe.store.sweeps.trials import KEPT, WAITING, Trials

_ORDER = (
    Status.COMPLETED, Status.PRUNED, "SKIPPED", Status.RUNNING, Status.FAILED, Status.DIED, Status.INTERRUPTED, WAITING,
)  # fmt: skip


def counts_text(plan: Plan, trials: Trials) -> str:
    """
    Return how many trials there are of each status, in words.

    Args:
        plan: What the sweep does.
        trials: How its trials are.
    """
    counts = trials.counts(plan.size)
    known = [status for status in _ORDER if counts.get(status)] + [s for s in sorted(counts) if s not in _ORDER]
    total = f"{plan.size} trials" if plan.size is not None else f"{len(trials)} trials so far"
    said = f"{total}: {', '.join(f'{counts[status]} {status.lower()}' for status in known)}"
    return f"{said}; {len(trials.excluded)} excluded" if trials.excluded else said


def excluded_lines(sweep: str, trials: Trials) -> Iterator[str]:
    """Yield which trials count in no statistics, and how they would; nothing where all count."""
    if numbers := trials.excluded:
        what = f"trial{'s' if len(numbers) > 1 else ''} {ranges_text([(number, number + 1) for number in numbers])}"
        yield f"Excluded, and counted nowhere: {what}. They count again by: sweep exclude {sweep} --include TRIAL..."


def configuration_lines(plan: Plan, trials: Trials, style: Style, most: int | None = None) -> Iterator[str]:
    """Yield a table of the configurations of a sweep, the best first: mean, interval and number of values."""
    found = ranked(plan, configurations(plan, trials))
    shown = found if most is None else found[:most]
    goal = goal_of(plan)
    parted = [parts_of(plan, one) for one in shown]
    columns = list(dict.fromkeys(name for parts in parted for name in parts))
    titles = ["", *columns, goal.field, "95 % interval", "n", *(["trials"] if plan.replicate_count > 1 else [])]
    rows = []
    for place, (one, parts) in enumerate(zip(shown, parted, strict=True), 1):
        sample = one.value
        interval = "" if sample.low is None else f"{_short(sample.low)} .. {_short(sample.high)}"
        row = [cell(place), *(Cell(clean(parts.get(name, ""))) for name in columns)]
        row += [Cell(_short(sample.mean), is_right=True), Cell(interval, is_whole=True), cell(sample.n)]
        rows.append(row + ([Cell(_counts(one, plan))] if plan.replicate_count > 1 else []))
    yield from table_lines(titles, rows, style, keys=1 + len(columns))
    if len(shown) < len(found):
        yield f"... and {len(found) - len(shown)} more"


def importance_text(found: Importance) -> str:
    """Return in a line what mattered, and how that was computed."""
    shares = ", ".join(f"{clean(name)} {share:.2f}" for name, share in found.shares.items())
    return f"What mattered: {shares} (by {found.by}, over {found.configurations} configurations)"


def _counts(one: Configuration, plan: Plan) -> str:
    others = {status: count for status, count in one.counts.items() if status not in KEPT}
    done = sum(count for status, count in one.counts.items() if status in KEPT)
    said = [f"{done} of {plan.replicate_count}", *(f"{count} {status.lower()}" for status, count in others.items())]
    return ", ".join([*said, f"{len(one.excluded)} excluded"] if one.excluded else said)


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
