"""The configurations of a sweep: trials that differ in the replicate alone, and what their values come to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from expframe.record.record import Status
from expframe.record.significance import Sample, describe
from expframe.store.sweeps.plan import Goal, Plan
from expframe.store.sweeps.trials import SKIPPED, Trials, TrialState

DEFAULT = Goal("result", "max")
"""What is shown where the sweep has no goal."""


class Configuration(NamedTuple):
    """
    Trials that differ in the replicate alone.

    Attributes:
        number: Its number, from 0.
        words: What it is, as it would be typed.
        trials: Those of its trials that have begun.
        value: What the values of its trials come to, over all that are COMPLETED and not excluded.
    """

    number: int
    words: str
    trials: Sequence[TrialState]
    value: Sample

    @property
    def counts(self) -> dict[str, int]:
        """How many of its trials there are of each status."""
        found: dict[str, int] = {}
        for state in self.trials:
            found[state.status] = found.get(state.status, 0) + 1
        return found

    @property
    def excluded(self) -> list[int]:
        """The numbers of its trials that do not count."""
        return [state.number for state in self.trials if state.is_excluded]


def goal_of(plan: Plan) -> Goal:
    """Return what trials are ranked by."""
    return plan.goals[0] if plan.goals else DEFAULT


def configurations(plan: Plan, trials: Trials) -> list[Configuration]:
    """Return the configurations of which a trial has begun, in the order of their numbers."""
    groups: dict[int, list[TrialState]] = {}
    for state in trials:
        if state.attempts and state.status != SKIPPED and plan.has(state.number):
            groups.setdefault(plan.place(state.number).configuration, []).append(state)
    field = goal_of(plan).field
    return [
        Configuration(number, words_of(plan, states[0]), states, describe(_values(states, field)))
        for number, states in sorted(groups.items())
    ]


def ranked(plan: Plan, found: Sequence[Configuration]) -> list[Configuration]:
    """Return configurations, the best first by their mean; those without a value last."""
    sign = -1.0 if goal_of(plan).direction == "max" else 1.0

    def key(one: Configuration) -> tuple[bool, float, int]:
        mean = one.value.mean
        is_missing = mean is None or math.isnan(mean)
        return is_missing, 0.0 if is_missing or mean is None else sign * mean, one.number

    return sorted(found, key=key)


def words_of(plan: Plan, state: TrialState, *, replicate: bool = False) -> str:
    """
    Return what a trial is, as it would be typed: without what all trials have.

    Args:
        plan: The plan of its sweep.
        state: The trial.
        replicate: Whether to say which replicate it is, too.
    """
    return " ".join(own_words(plan, state, replicate=replicate))


def own_words(plan: Plan, state: TrialState, *, replicate: bool = False) -> tuple[str, ...]:
    """
    Return the words that a trial does not share with all others; there may be blanks in one.

    Args:
        plan: The plan of its sweep.
        state: The trial.
        replicate: Whether to say which replicate it is, too.
    """
    if not plan.is_function and state.proposed is None:
        return ()
    trial = plan.trial(state.number, None if state.proposed is None else tuple(state.proposed))
    names = {tuple(name.split(".")) for name in plan.replicates.names} if plan.replicates and not replicate else set()
    overrides = [one for one in trial.overrides[len(plan.overrides) :] if tuple(map(str, one.path)) not in names]
    return (*trial.named[len(plan.named) :], *(one.written for one in overrides))


def parts_of(plan: Plan, one: Configuration) -> dict[str, str]:
    """Return the words of a configuration by the entry that they set; named configs stand together, below `with`."""
    parts: dict[str, str] = {}
    for word in own_words(plan, one.trials[0]):
        name, equals, value = word.partition("=")
        if equals:
            parts[name] = value
        else:
            parts["with"] = f"{parts['with']} {word}" if "with" in parts else word
    return parts


def _values(states: Sequence[TrialState], field: str) -> list[float]:
    done = (state.counted for state in states if state.status == Status.COMPLETED)
    found = (one.values.get(field) for one in done if one is not None)
    return [float(value) for value in found if isinstance(value, int | float)]
