"""The configurations of a sweep: trials that differ in the replicate alone, and what their values come to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from expframe.config.numbers import is_finite
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
        values: For each goal what the values of its trials come to, over all that are COMPLETED and not excluded.
    """

    number: int
    words: str
    trials: Sequence[TrialState]
    values: tuple[Sample, ...]

    @property
    def value(self) -> Sample:
        """What its trials come to in the first goal, by which configurations are ranked."""
        return self.values[0]

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


def goals_of(plan: Plan) -> tuple[Goal, ...]:
    """Return what is sought."""
    return plan.goals or (DEFAULT,)


def goal_of(plan: Plan) -> Goal:
    """Return what trials are ranked by."""
    return goals_of(plan)[0]


def configurations(plan: Plan, trials: Trials) -> list[Configuration]:
    """Return the configurations of which a trial has begun, in the order of their numbers."""
    groups: dict[int, list[TrialState]] = {}
    for state in trials:
        if state.attempts and state.status != SKIPPED and plan.has(state.number):
            groups.setdefault(plan.place(state.number).configuration, []).append(state)
    return [
        Configuration(number, words_of(plan, states[0]), states, tuple(_samples(plan, states)))
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


def front_of(plan: Plan, found: Sequence[Configuration]) -> list[Configuration]:
    """Return the configurations to which no other is equal or better in all goals, in their order: the Pareto front."""
    signs = [1.0 if goal.direction == "max" else -1.0 for goal in goals_of(plan)]
    valued = {one.number: score for one in found if (score := _score(one, signs)) is not None}
    front: dict[int, tuple[float, ...]] = {}
    for number, score in sorted(valued.items(), key=itemgetter(1), reverse=True):  # whatever is above comes before
        if not any(_is_above(other, score) for other in front.values()):
            front[number] = score
    return [one for one in found if one.number in front]


def best_of(plan: Plan, found: Sequence[Configuration]) -> list[Configuration]:
    """
    Return the best configuration, or where several goals are sought the Pareto front; nothing where none has a value.

    Args:
        plan: The plan of the sweep.
        found: Its configurations, the best first.
    """
    if not found or found[0].value.mean is None:
        return []
    return (front_of(plan, found) if len(plan.goals) > 1 else []) or [found[0]]


def _score(one: Configuration, signs: Sequence[float]) -> tuple[float, ...] | None:
    """Return the means of a configuration, of which greater ones are better; None where one is missing."""
    means = [sample.mean for sample in one.values]
    found = [sign * mean for mean, sign in zip(means, signs, strict=True) if mean is not None and not math.isnan(mean)]
    return tuple(found) if len(found) == len(means) else None


def _is_above(score: Sequence[float], other: Sequence[float]) -> bool:
    return score != other and all(own >= others for own, others in zip(score, other, strict=True))


def without_number(plan: Plan, trials: Trials) -> dict[str, list[int]]:
    """Return for each goal which trials are COMPLETED and came to no number in it, so that they are in no mean."""
    done = [state for state in trials if state.status == Status.COMPLETED and plan.has(state.number)]
    counted = [(state.number, attempt) for state in done if (attempt := state.counted) is not None]
    found = {
        goal.field: [number for number, attempt in counted if _number(attempt.values.get(goal.field)) is None]
        for goal in goals_of(plan)
    }
    return {field: numbers for field, numbers in found.items() if numbers}


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


def _samples(plan: Plan, states: Sequence[TrialState]) -> Iterator[Sample]:
    done = [one for state in states if state.status == Status.COMPLETED and (one := state.counted) is not None]
    for goal in goals_of(plan):
        numbers = (_number(one.values.get(goal.field)) for one in done)
        yield describe([number for number in numbers if number is not None])


def _number(value: Any) -> float | None:
    """Return a value as a number; None where it is none, as NaN."""
    is_one = isinstance(value, float) or is_finite(value)  # of whole numbers there are some that no float can be
    return float(value) if is_one and not math.isnan(value) else None
