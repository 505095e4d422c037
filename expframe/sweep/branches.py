"""Axes of fields that only some of the alternatives have which another axis chooses among."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from expframe.config import dotted
from expframe.errors import SweepWordError
from expframe.store.sweeps.axes import Axis, Choices, Widened, written
from expframe.store.sweeps.conditions import Condition
from expframe.sweep.entries import Unswept, UnsweptEntry


def in_order(axes: Sequence[Axis]) -> list[Axis]:
    """Return axes such that what chooses stands before what it chooses the fields of; else as they are."""
    found: list[Axis] = []
    for axis in axes:
        later = [place for place, other in enumerate(found) if is_below(other, axis)]
        found.insert(min(later, default=len(found)), axis)
    return found


def is_below(axis: Axis, other: Axis) -> bool:
    """Return whether an axis is of fields of what another one chooses."""
    return any(name.startswith(f"{group}.") for name in axis.names for group in other.names)


def conditions_of(axes: Sequence[Axis], known: Unswept) -> tuple[Condition, ...]:
    """
    Return which axes exist only at some positions of others.

    Args:
        axes: The axes of a sweep, in order.
        known: What stands without them.

    Raises:
        SweepWordError: Entries are coupled of which one is there without the other.
    """
    found: dict[Condition, None] = {}
    for axis in axes:
        own = [set(_of_entry(name, axis, axes, known)) for name in axis.names]
        if any(one != own[0] for one in own):
            problem = "couples entries of which one is a field of what is chosen, and others are there without it."
            raise SweepWordError(repr(written(axis)), f"{problem} Write them one by one.")
        found.update(dict.fromkeys(one for conditions in own[:1] for one in sorted(conditions)))
    return tuple(found)


def wider(
    axes: Sequence[Axis], conditions: Sequence[Condition], before: Sequence[Axis], found: Sequence[Condition]
) -> tuple[Condition, ...]:
    """
    Return conditions of axes that were made wider: of positions that were there what was said of them.

    Args:
        axes: The axes as they are by now.
        conditions: What would be said of them.
        before: The axes as they were.
        found: What was said of them.
    """
    now = {name: axis.size or 0 for axis in axes for name in axis.names}
    then = {name: axis.size or 0 for axis in before for name in axis.names}
    new, old = ({(one.axis, one.of): one.at for one in some} for some in (conditions, found))
    made = []
    for axis, of in dict.fromkeys((*old, *new)):
        kept = old.get((axis, of), range(then[of]))
        added = (position for position in new.get((axis, of), range(now[of])) if position >= then[of])
        made.append(Condition(axis, of, (*kept, *added)))
    return tuple(one for one in made if len(one.at) < now[one.of])


def _of_entry(name: str, axis: Axis, axes: Sequence[Axis], known: Unswept) -> Iterator[Condition]:
    path = dotted.split(name)
    for end in range(1, len(path)):
        group = dotted.join(path[:end])
        parent = next((one for one in axes if one is not axis and group in one.names), None)
        if parent is None or parent.size is None:
            continue
        at = [
            position
            for position in range(parent.size)
            if _has(known.entry(group).chosen(*_value(parent, position, group)), path[end:], group, axes)
        ]
        if at and len(at) < parent.size:  # what is nowhere is refused where trials are decided
            yield Condition(axis.names[0], group, tuple(at))


def _value(axis: Axis, position: int, name: str) -> tuple[Any, bool]:
    """Return what an axis sets an entry to at a position, and whether it is a text that is yet to be read."""
    if isinstance(axis, Widened):
        part, place = axis.at(position)
        return _value(part, place, name)
    return (
        (axis.rows[position][axis.names.index(name)], axis.is_text)
        if isinstance(axis, Choices)
        else (axis.value(position), False)
    )


def _has(entry: UnsweptEntry, path: dotted.Path, name: str, axes: Sequence[Axis]) -> bool:
    """Return whether a group has an entry below it; of what another axis chooses below it, any alternative may."""
    for number, part in enumerate(path):
        entry = entry.field(part)
        if entry == UnsweptEntry():
            return False
        name = dotted.join(name, (part,))
        if number < len(path) - 1 and any(name in axis.names for axis in axes):
            return any(_has(one, path[number + 1 :], name, axes) for one in entry.alternatives())
    return True
