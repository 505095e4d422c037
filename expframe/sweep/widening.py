"""
What a sweep that goes on has otherwise than it was planned: more samples, wider choices, more seeds.

What was there stays, under its numbers. A plan that is narrower, or another one, is refused with the difference.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from expframe.config import dotted, json_values
from expframe.config.numbers import is_nan
from expframe.config.options import Options
from expframe.config.request import Override
from expframe.errors import OptionError, SweepWordError, UsageError, listed
from expframe.store.sweeps.axes import Axis, Choices, Interval, Range, Widened, value_text, written
from expframe.store.sweeps.plan import Plan
from expframe.sweep import branches, skips, words
from expframe.sweep import space as python_space
from expframe.sweep.crossed_axes import drawn_seeds
from expframe.sweep.entries import Unswept
from expframe.sweep.judge import Judge, judge_trials, refuse_secrets
from expframe.sweep.request import SweepRequest
from expframe.sweep.typical_trials import corner

_MOST_SHOWN = 200
"""So long an axis is shown as it is in messages."""


def widened(plan: Plan, request: SweepRequest, by: Judge, sweep: str) -> dict[str, Any]:
    """
    Return what a plan has otherwise from now on, by field; nothing where what is asked for is in it already.

    Args:
        plan: The plan as it was by now.
        request: Words, each for what it is as a whole: values that were there and new ones; and how many seeds.
        by: What knows the script.
        sweep: The id of the sweep, for messages.

    Raises:
        UsageError: The plan cannot be that, or it would be narrower or another one.
        ConfigError: A value cannot be decided.
    """
    if not request.words and not request.space and request.seeds is None:
        return {}
    known = _known(plan, by)
    said, of_space = words.read(request.words, known), python_space.read(request.space, known)
    axes, fixed = [*said.axes, *of_space.axes], (*said.overrides, *of_space.fixed)
    words.refuse_twice(axes, fixed, known)
    refuse_secrets(fixed, axes, by.names)
    by_place = _Places(plan, known, sweep)
    for name in said.named:
        by_place.check_named(name)
    for override in fixed:
        by_place.check_fixed(override)
    for axis in axes:
        by_place.widen(axis)
    seeds = of_space.seeds if of_space.seeds is not None else request.seeds
    if seeds is not None:
        by_place.take_seeds(seeds)
    found = by_place.changes()
    if "axes" in found:
        conditions = branches.conditions_of(found["axes"], known)
        found["conditions"] = branches.wider(found["axes"], conditions, plan.axes, plan.conditions)
    wider = plan.changed(**found)
    for _ in judge_trials(wider, by, skips.check(plan.skip) if plan.skip else ()):
        pass  # what looks like a mistake was said when it began
    return found


def refuse_in_vain(plan: Plan, changes: Mapping[str, Any], begun: int, sweep: str) -> None:
    """
    Refuse a space that is wider where no sample is left to be taken of it.

    Args:
        plan: The plan as it was by now.
        changes: What it has otherwise.
        begun: How many of its trials have begun.
        sweep: The id of the sweep, for messages.

    Raises:
        UsageError: None is left.
    """
    if "axes" in changes and plan.changed(**changes).size == plan.size and (plan.is_function or begun == plan.size):
        problem = f"has taken its {plan.samples} samples already. Take more, of the wider space: --more 10."
        raise UsageError(f"sweep {sweep}", problem)


def options_of(plan: Plan, given: Options) -> Options:
    """Return the options that trials of a plan have, in the store of those that were given now."""
    return Options.from_mapping(plan.options)._replace(file_storage=given.file_storage)


def with_more(plan: Plan, more: int, sweep: str) -> dict[str, Any]:
    """
    Return what a plan has otherwise when so many samples are added.

    Raises:
        UsageError: It has all of its space.
    """
    if plan.samples is None:
        problem = "has all of its space already. More is for a search that was given --trials."
        raise UsageError(f"--more={more}", f"sweep {sweep} {problem}")
    return {"samples": plan.samples + more}


def _known(plan: Plan, by: Judge) -> Unswept:
    """Return what stands without what changes; where that cannot be decided, with the first value of each."""
    try:
        return by.known(plan.named, plan.overrides)
    except Exception:
        first = plan.trial(0, corner(plan.axes, 0))
        return by.known(first.named, first.overrides)


class _Places:
    """
    The axes of a plan, each where it stands in it.

    Args:
        plan: The plan.
        known: What stands without them.
        sweep: The id of the sweep, for messages.
    """

    def __init__(self, plan: Plan, known: Unswept, sweep: str) -> None:
        self._plan = plan
        self._known = known
        self._sweep = f"sweep {sweep}"
        self._axes: dict[tuple[str, int], Axis] = {("axes", at): axis for at, axis in enumerate(plan.axes)}
        self._axes |= {("each", at): axis for at, axis in enumerate(plan.each)}
        if plan.replicates is not None:
            self._axes["replicates", 0] = plan.replicates

    def check_named(self, name: str) -> None:
        """Refuse a named config that is not one of all trials."""
        if name in self._plan.named:
            return
        if place := next((place for place in self._unnamed() if (name,) in _rows(self._axes[place])), None):
            raise self._narrower(name, self._axes[place], Choices((), ((name,),)))
        raise self._unknown(name)

    def check_fixed(self, override: Override) -> None:
        """Refuse a word that fixes something, unless it is fixed so."""
        name = dotted.join(override.path)
        mine = Choices((name,), ((override.value,),), override.is_text)
        if axis := next((axis for axis in self._axes.values() if name in axis.names), None):
            if axis.names == (name,) and set(self._values(axis)) == set(self._values(mine)):
                return  # one value, and this is it
            raise self._narrower(override.written, axis, mine)
        found = next((one for one in self._plan.overrides if one.path == override.path), None)
        if found is None:
            raise self._unknown(override.written)
        planned = Choices((name,), ((found.value,),), found.is_text)
        if found.operator != override.operator or self._values(planned) != self._values(mine):
            problem = f"is {found.written} in all trials of {self._sweep}. Start another sweep for another value."
            raise SweepWordError(repr(override.written), problem)

    def widen(self, axis: Axis) -> None:
        """Put an axis in the place of the one whose values are among its own."""
        place = self._place_of(axis)
        before = self._axes[place]
        wider = _joined(before, axis, *(self._values(one) for one in (before, axis)))
        if wider is None:
            raise self._narrower(written(axis), before, axis)
        self._axes[place] = wider

    def take_seeds(self, count: int) -> None:
        """Give each configuration so many seeds: those that it had, and others that are drawn after them."""
        plan, shown = self._plan, f"--seeds={count}"
        if plan.replicates is None:
            problem = "has one run of each configuration, with a seed of its own. Start another sweep for several."
            raise OptionError(shown, f"{self._sweep} {problem}")
        if plan.replicates != drawn_seeds(plan.replicate_count, plan.search_seed):
            problem = f"has {_short(plan.replicates)}, which --seeds has not drawn. Write these and more."
            raise OptionError(shown, f"{self._sweep} {problem}")
        if count < plan.replicate_count:
            raise OptionError(shown, f"{self._sweep} has {plan.replicate_count} seeds already, and keeps them.")
        self._axes["replicates", 0] = drawn_seeds(count, plan.search_seed)

    def changes(self) -> dict[str, Any]:
        """Return what of the plan has become another one, by field."""
        found: dict[str, Any] = {"replicates": self._axes.get(("replicates", 0))}
        for field in ("axes", "each"):
            found[field] = tuple(axis for (where, _), axis in self._axes.items() if where == field)
        return {name: value for name, value in found.items() if value != getattr(self._plan, name)}

    def _place_of(self, axis: Axis) -> tuple[str, int]:
        if axis.names:
            found = next((place for place, one in self._axes.items() if one.names == axis.names), None)
        else:
            found = next((place for place in self._unnamed() if set(_rows(self._axes[place])) & set(_rows(axis))), None)
        if found is None:
            if fixed := next((one for one in self._plan.overrides if dotted.join(one.path) in axis.names), None):
                problem = f"is {fixed.written} in all trials of {self._sweep}. Start another sweep for other values."
                raise SweepWordError(repr(written(axis)), problem)
            raise self._unknown(written(axis))
        return found

    def _unnamed(self) -> Iterator[tuple[str, int]]:
        return (place for place, axis in self._axes.items() if not axis.names)

    def _values(self, axis: Axis) -> list[Hashable]:
        """Return the values of an axis, such that equal ones are the same; none where it has no end."""
        return [_key(value) for value in _values(axis, self._known)] if axis.size is not None else []

    def _narrower(self, word: str, before: Axis, axis: Axis) -> SweepWordError:
        is_interval = axis.size is None
        if is_interval or before.size is None:
            kept = "a wider one keeps its ends inside, and its kind" if before.size is None else "these are kept"
            return SweepWordError(repr(word), f"{self._sweep} has {_short(before)}: {kept}.")
        left = Counter(self._values(before)) - Counter(self._values(axis))
        gone = [value_text(before, at) for at, value in enumerate(self._values(before)) if value in left]
        problem = f"leaves out {listed(gone)} of {_short(before)}, which {self._sweep} has. It keeps what it has: "
        return SweepWordError(repr(word), f"{problem}write that, and more.")

    def _unknown(self, word: str) -> SweepWordError:
        names = [":".join(axis.names) or written(axis) for axis in self._axes.values()]
        problem = f"is not in the plan of {self._sweep}, which can be wider in {listed(names) if names else 'nothing'}."
        return SweepWordError(repr(word), f"{problem} Start another sweep for it.")


def _rows(axis: Axis) -> Sequence[tuple[Any, ...]]:
    return axis.rows if isinstance(axis, Choices) else ()


def _values(axis: Axis, known: Unswept) -> Iterator[Any]:
    """Yield the values of an axis with an end: texts as their entries read them."""
    if isinstance(axis, Widened):
        for part in axis.parts:
            yield from _values(part, known)
    elif isinstance(axis, Choices):
        entries = [known.entry(name) for name in axis.names]
        for row in axis.rows:
            yield (
                [entry.read(item) if axis.is_text else item for entry, item in zip(entries, row, strict=True)]
                if entries
                else list(row)
            )
    else:
        yield from ([axis.value(number)] for number in range(axis.size or 0))


def _key(values: Sequence[Any]) -> Hashable:
    """Return what is the same for rows of equal values: a number is one, however it is written."""
    return tuple(
        value
        if isinstance(value, int | float) and not isinstance(value, bool) and not is_nan(value)
        else json.dumps(json_values.to_json(value), sort_keys=True)
        for value in values
    )


def _joined(before: Axis, axis: Axis, old: Sequence[Hashable], new: Sequence[Hashable]) -> Axis | None:
    """
    Return an axis with the values of both, those of the first one in their places; None where it is not wider.

    Args:
        before: The axis that there was.
        axis: The one that is asked for.
        old: The values of the first one.
        new: Those of the second one.
    """
    if before.size is None or axis.size is None:
        is_wider = (
            isinstance(before, Interval)
            and isinstance(axis, Interval)
            and (before.is_log, before.is_whole, before.count) == (axis.is_log, axis.is_whole, axis.count)
            and axis.low <= before.low < before.high <= axis.high
        )
        return axis if is_wider else None
    if Counter(old) - Counter(new):
        return None
    there, added = Counter(old), []
    for number, value in enumerate(new):
        if there[value]:
            there[value] -= 1
        else:
            added.append(number)
    if not added:
        return before
    if isinstance(before, Choices) and isinstance(axis, Choices) and before.is_text == axis.is_text:
        return Choices(before.names, before.rows + tuple(axis.rows[number] for number in added), before.is_text)
    if isinstance(before, Range) and isinstance(axis, Range) and (before.low, before.step) == (axis.low, axis.step):
        return axis
    is_text = isinstance(axis, Choices) and axis.is_text
    rows = tuple(axis.rows[n] if isinstance(axis, Choices) else (_number(axis, n),) for n in added)
    parts = before.parts if isinstance(before, Widened) else (before,)
    return Widened((*parts, Choices(before.names, rows, is_text)))


def _number(axis: Axis, position: int) -> Any:
    assert not isinstance(axis, Choices)
    return axis.value(position)


def _short(axis: Axis) -> str:
    text = written(axis)
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}..."
