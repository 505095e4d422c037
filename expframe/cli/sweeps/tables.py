"""Sweeps as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from expframe.cli.sweeps.preview import counted
from expframe.cli.table import Cell, Style, cell, one_line, table_lines
from expframe.errors import listed
from expframe.record.record import Status
from expframe.store.search.goals import seekable
from expframe.store.sweeps.command_lines import include_line, sweep_line
from expframe.store.sweeps.configurations import (
    Configuration,
    configurations,
    front_of,
    goal_of,
    goals_of,
    parts_of,
    ranked,
    without_number,
)
from expframe.store.sweeps.importance import Importance
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.reasons import ranges_text
from expframe.store.sweeps.trials import KEPT, WAITING, Trials

_FEW = 4
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
    total = counted(plan.size, "trial") if plan.size is not None else f"{counted(len(trials), 'trial')} so far"
    said = f"{total}: {', '.join(f'{counts[status]} {status.lower()}' for status in known)}"
    return f"{said}; {len(trials.excluded)} excluded" if trials.excluded else said


def excluded_lines(trials: Trials) -> Iterator[str]:
    """Yield which trials count in no statistics, and how they would; nothing where all count."""
    if numbers := trials.excluded:
        again = f"They count again by: {include_line(trials.folder, numbers)}"
        yield f"Excluded, and counted nowhere: {trials_text(numbers)}. {again}"


def without_number_lines(plan: Plan, trials: Trials) -> Iterator[str]:
    """Yield which completed trials came to no number that is sought; nothing where all did."""
    for field, numbers in without_number(plan, trials).items():
        is_in_none = len(numbers) == trials.counts().get(Status.COMPLETED)
        others = others_text(trials) if is_in_none else ""
        yield f"{field} is no number in {trials_text(numbers)}, which {is_or_are(numbers)} in no mean.{others}"


def others_text(trials: Trials) -> str:
    """Return which other numbers trials have, and how one of them is sought; empty where they have none."""
    found = seekable(trials).fields[:_FEW]
    if not found:
        return ""
    best = sweep_line(trials.folder, "best", "--metric", f"{found[0]}:max")
    return f" Runs have {listed(found)}: {best}"


def is_or_are(numbers: Sequence[int]) -> str:
    """Return the verb for so many."""
    return "is" if len(numbers) == 1 else "are"


def trials_text(numbers: Sequence[int]) -> str:
    """Return trials as a text, neighbours as ranges: `trials 3, 5..11`."""
    ranges = ranges_text([(number, number + 1) for number in sorted(numbers)])
    return f"trial{'s' if len(numbers) > 1 else ''} {ranges}"


def configuration_lines(plan: Plan, trials: Trials, style: Style, most: int | None = None) -> Iterator[str]:
    """
    Yield a table of the configurations of a sweep, the best first: mean, interval and number of values.

    Where several goals are sought each has its columns, and those are marked to which no other one is better in all.
    """
    found = ranked(plan, configurations(plan, trials))
    if not found:
        return
    shown = found if most is None else found[:most]
    goals = goals_of(plan)
    front = {one.number for one in front_of(plan, found)} if len(goals) > 1 else set()
    parted = [parts_of(plan, one) for one in shown]
    columns = list(dict.fromkeys(name for parts in parted for name in parts))
    of_goals = [title for goal in goals for title in (goal.field, "95 % interval", "n")]
    many = ["trials"] if plan.replicate_count > 1 else []
    titles = ["", *columns, *of_goals, *many, *(["front"] if len(goals) > 1 else [])]
    rows = []
    for place, (one, parts) in enumerate(zip(shown, parted, strict=True), 1):
        row = [cell(place), *(Cell(one_line(parts.get(name, ""))) for name in columns)]
        for sample in one.values:
            interval = "" if sample.low is None else f"{_short(sample.low)} .. {_short(sample.high)}"
            row += [Cell(_short(sample.mean), is_right=True), Cell(interval, is_whole=True), cell(sample.n)]
        row += [Cell(_counts(one, plan))] if many else []
        rows.append(row + ([Cell("yes" if one.number in front else "")] if len(goals) > 1 else []))
    yield from table_lines(titles, rows, style, keys=1 + len(columns))
    if len(shown) < len(found):
        yield f"... and {len(found) - len(shown)} more"


def value_lines(plan: Plan, one: Configuration) -> Iterator[str]:
    """Yield what a configuration came to, a line for each goal."""
    for goal, sample in zip(goals_of(plan), one.values, strict=True):
        spread = "" if sample.low is None else f" ({_short(sample.low)} .. {_short(sample.high)})"
        asked = "" if plan.goals else ", the greatest, as no --metric says which is better"
        yield f"{goal.field} {_short(sample.mean)}{spread}, n = {sample.n}{asked}"


def importance_text(plan: Plan, found: Importance) -> str:
    """Return in a line what mattered, of several goals for the first, and how that was computed."""
    about = f" for {goal_of(plan).field}" if len(plan.goals) > 1 else ""
    shares = ", ".join(f"{one_line(name)} {share:.2f}" for name, share in found.shares.items())
    return f"What mattered{about}: {shares} (by {found.by}, over {found.configurations} configurations)"


def _counts(one: Configuration, plan: Plan) -> str:
    others = {status: count for status, count in one.counts.items() if status not in KEPT}
    done = sum(count for status, count in one.counts.items() if status in KEPT)
    said = [f"{done} of {plan.replicate_count}", *(f"{count} {status.lower()}" for status, count in others.items())]
    return ", ".join([*said, f"{len(one.excluded)} excluded"] if one.excluded else said)


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
