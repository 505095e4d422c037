"""The space of a sweep as it is written in Python: `{"lr": Uniform(1e-5, 1e-1, log=True), "seed": Seeds(5)}`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from expframe.config import json_values
from expframe.config.request import Origin, Override
from expframe.errors import SweepWordError, with_article
from expframe.store.sweeps.axes import Axis, Choices, Interval, Range
from expframe.sweep import declared
from expframe.sweep.entries import NUMBER, SWITCH, TEXT, WHOLE, Unswept, UnsweptEntry, refuse_same


@dataclass(frozen=True)
class Uniform:
    """
    All numbers from one to another, both included.

    Args:
        low: The least.
        high: The greatest.
        log: Whether equal ratios, not equal differences, are equally likely.
        count: So many values of it, equally far from each other, for a grid.
    """

    low: float
    high: float
    log: bool = False
    count: int | None = None


@dataclass(frozen=True)
class Seeds:
    """
    So many seeds, drawn once, with which each configuration is tried.

    Args:
        count: How many.
    """

    count: int


class OneOf:
    """
    Values one by one, of any kind; exported as `Options`.

    Args:
        values: The values; for coupled entries tuples of theirs.
    """

    def __init__(self, *values: Any) -> None:
        self.values = values

    def __repr__(self) -> str:
        return f"Options({', '.join(map(repr, self.values))})"


Options = OneOf


class PythonSpace(NamedTuple):
    """
    What a dict says.

    Attributes:
        axes: What changes.
        fixed: What is the same in all trials.
        seeds: How many seeds each configuration is tried with; None where that is not said.
    """

    axes: tuple[Axis, ...]
    fixed: tuple[Override, ...]
    seeds: int | None = None


def read(space: Mapping[Any, Any], known: Unswept) -> PythonSpace:
    """
    Return what a dict says: `Options`, `Uniform`, `Seeds` and `...` are axes, and any other value is fixed.

    `...` is what the type of the entry declares.

    Args:
        space: The entries by dotted names; by tuples of names where they are coupled.
        known: What is there without the sweep.

    Raises:
        SweepWordError: A value cannot be what it says.
    """
    axes: list[Axis] = []
    fixed: list[Override] = []
    seeds = None
    for key, value in space.items():
        names = key if isinstance(key, tuple) else (key,)
        if not names or not all(isinstance(name, str) and name for name in names):
            raise SweepWordError(
                f"{key!r}", "is no entry. Write names: 'lr', 'net.depth', or ('lr', 'wd') for coupled ones."
            )
        if isinstance(value, Seeds):
            if names != ("seed",):
                raise SweepWordError(f"{key!r}: {value}", "is for the entry 'seed'.")
            if isinstance(value.count, bool) or not isinstance(value.count, int) or value.count < 1:
                raise SweepWordError(f"seed: {value}", "takes a whole number from 1 on.")
            seeds = value.count
        elif isinstance(value, OneOf):
            axes.append(_choices(names, value, known))
        elif value is ... and len(names) == 1:
            axes.append(declared.axis(names[0], known.entry(names[0])))
        elif len(names) > 1:
            raise SweepWordError(f"{key!r}", "are coupled entries: give them Options((a, b), (c, d)).")
        elif isinstance(value, Uniform):
            axes.append(_interval(names[0], value, known.entry(names[0]).kind == WHOLE))
        else:
            _refuse_several(names[0], value, known.entry(names[0]))
            fixed += Override.from_updates({names[0]: value}, Origin("config_updates", names[0]))
    return PythonSpace(tuple(axes), tuple(fixed), seeds)


def _refuse_several(name: str, value: Any, entry: UnsweptEntry) -> None:
    """Refuse a list, or what is like one, for an entry that holds none: several values were meant."""
    if isinstance(value, list | tuple | set | frozenset | range) and entry.kind in (TEXT, SWITCH, WHOLE, NUMBER):
        listed = ", ".join(json_values.short_repr(one, 20) for one in list(value)[:3])
        more = ", ..." if len(value) > 3 else ""
        problem = f"is one value, and {name!r} holds {with_article(entry.shown)}. Values one by one are"
        raise SweepWordError(f"{name}: {json_values.short_repr(value, 60)}", f"{problem} Options({listed}{more}).")


def _choices(names: tuple[str, ...], options: OneOf, known: Unswept) -> Choices:
    if not options.values:
        raise SweepWordError(f"{', '.join(names)}: Options()", "has no values.")
    rows = options.values if len(names) > 1 else [(value,) for value in options.values]
    for row in rows:
        if not isinstance(row, tuple | list) or len(row) != len(names):
            shown = json_values.short_repr(row, 60)
            raise SweepWordError(f"{names!r}", f"are {len(names)} coupled entries, and {shown} has no value for each.")
    entries = [known.entry(name) for name in names]
    plain = tuple(tuple(entry.plain(value) for entry, value in zip(entries, row, strict=True)) for row in rows)
    written = [json_values.short_repr(value, 60) for value in options.values]
    refuse_same(f"{', '.join(names)}: {json_values.short_repr(options, 60)}", written, plain)
    return Choices(names, plain, is_text=False)


def _interval(name: str, uniform: Uniform, is_whole: bool) -> Axis:
    shown = f"{name}: {uniform}"
    ends = (uniform.low, uniform.high)
    if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends) or not ends[0] < ends[1]:
        raise SweepWordError(shown, "goes from a number to a greater one.")
    if uniform.log and uniform.low <= 0:
        raise SweepWordError(shown, "begins at 0 or below, where there are no ratios. Begin above 0.")
    if is_whole and not all(float(end).is_integer() for end in ends):
        raise SweepWordError(shown, f"{name!r} is a whole number. Give whole numbers.")
    if uniform.count is not None and uniform.count < 2:
        raise SweepWordError(shown, "has two values or more.")
    if is_whole and not uniform.log and uniform.count is None:
        return Range(name, int(uniform.low), int(uniform.high))
    return Interval(name, uniform.low, uniform.high, uniform.log, is_whole, uniform.count)
