"""
Rules by which a trial ends early. It is the trial's own decision: at a rung it writes down what it has come to, reads
what the others had come to there, and ends if it is not among the best. Nobody leads, and all of it survives a resume.

Rungs are at steps that the user logs. What counts is the statistic that is sought, as it stands at the first step that
reaches the rung: the greatest value so far for `val.acc.max`.
"""

from __future__ import annotations

import hashlib
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from expframe.config import dotted
from expframe.errors import OptionError, listed
from expframe.record.events import Points, Series
from expframe.store import exclusions
from expframe.store.points import curves_of
from expframe.store.search.fields import Field
from expframe.store.sweeps.plan import Goal, Plan, Trial
from expframe.store.sweeps.rungs import Rung, Rungs

ASHA, MEDIAN, HYPERBAND = "asha", "median", "hyperband"
RULES = (ASHA, HYPERBAND, MEDIAN)
"""The rules."""

_FACTOR = 3
_MOST_RUNGS = 2
_GROWTH = 1.2
_BEFORE_MEDIAN = 5
_LONGEST = 18
"""Digits of a number of steps."""


class Rule(NamedTuple):
    """
    A rule, as `--prune` says it.

    Attributes:
        name: One of `RULES`.
        entry: The entry that says how many steps a trial has; empty where none does.
        steps: How many steps it has; None where that is not said.
    """

    name: str
    entry: str = ""
    steps: int | None = None

    @classmethod
    def parse(cls, text: str) -> Rule:
        """
        Return the rule that a text says: `asha`, `asha:epochs`, `hyperband:81`.

        Raises:
            OptionError: It is none.
        """
        name, _, rest = text.partition(":")
        if name not in RULES:
            near = dotted.nearest(name, RULES)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise OptionError(f"--prune={text}", f"is no rule.{hint} There are: {listed(RULES)}.")
        if name == HYPERBAND and not rest:
            problem = "needs how many steps a trial has: --prune hyperband:epochs, by an entry, or hyperband:81."
            raise OptionError(f"--prune={text}", problem)
        if rest.isdecimal() and len(rest) <= _LONGEST:
            return cls(name, "", max(int(rest), 1))
        return cls(name, rest)

    def most_steps(self, config: Mapping[Any, Any]) -> int | None:
        """
        Return how many steps a trial of a config has; None where that is not said.

        Raises:
            OptionError: The entry that says it is not there, or is no number of steps.
        """
        if not self.entry:
            return self.steps
        found = dotted.get(config, dotted.split(self.entry))
        if isinstance(found, bool) or not isinstance(found, int | float) or not 1 <= found < math.inf:
            shown = "is not in the config" if found is dotted.MISSING else f"is {found!r}: no number of steps"
            raise OptionError(
                f"--prune={self.name}:{self.entry}", f"{self.entry!r} {shown}. Name an entry such as epochs."
            )
        return int(found)


def check(plan: Plan, config: Mapping[Any, Any]) -> None:
    """
    Refuse a rule that a plan cannot have.

    Raises:
        OptionError: It is none, has no goal, or the goal is no metric.
    """
    rule = Rule.parse(plan.prune)
    rule.most_steps(config)
    if not plan.goals or _metric_of(plan.goals[0]) is None:
        problem = "compares a metric while trials run. Say which one is sought: --metric val.acc.max:max."
        raise OptionError(f"--prune={plan.prune}", problem)


class Pruner:
    """
    Decides whether one attempt of a trial goes on.

    Args:
        sweep: The folder of the sweep's run.
        plan: Its plan, which has a rule.
        trial: The trial.
        attempt: The number of its attempt.
        writer: The name of this process as a writer, which nobody else has.
        config: The decided config of the trial.
        resumed: The folder of the run that the attempt goes on with from a checkpoint; None for a new run.

    Attributes:
        rung: The step and the value at which it was last judged; None before that.
    """

    def __init__(
        self,
        sweep: Path,
        plan: Plan,
        trial: Trial,
        attempt: int,
        writer: str,
        config: Mapping[Any, Any],
        resumed: Path | None = None,
    ) -> None:
        self.rung: tuple[int, float] | None = None
        self._rule = Rule.parse(plan.prune)
        self._goal = plan.goals[0]
        self._trial = trial.number
        self._attempt = attempt
        self._sweep = sweep
        self._rungs = Rungs(sweep, writer)
        self._most = self._rule.most_steps(config)
        self._bracket = self._bracket_of(trial)
        self._steps = self._rung_steps()
        self._next = next(self._steps, None)
        metric = _metric_of(self._goal)
        assert metric is not None
        self._name, statistic = metric
        self._statistic = Statistic(statistic)
        self._resumed = resumed

    def report(self, event: Points | Series) -> bool:
        """Return whether the trial is to end, given points that it has logged."""
        for step, value in _points(event, self._name):
            if self._resumed is not None:
                self._go_on(self._resumed, step)
            self._statistic.add(value)
            for rung in self._reached(step):
                if self._is_to_end(rung):
                    self._next = None
                    return True
        return False

    def _go_on(self, run: Path, first: float) -> None:
        """Take in what earlier attempts had logged before the first step of this one; it was judged by that already."""
        self._resumed = None
        logged = curves_of(run, f"Run {run.name}").get(self._name, ())
        for step, value in sorted((point for point in logged if point[0] < first), key=itemgetter(0)):
            self._statistic.add(value)
            for rung in self._reached(step):
                self._rungs.add(Rung(self._trial, self._attempt, rung, self._statistic.value))

    def _reached(self, step: float) -> Iterator[int]:
        """Yield the rungs that are reached by a step, each once."""
        while self._next is not None and step >= self._next:
            rung, self._next = self._next, next(self._steps, None)
            yield rung

    def _is_to_end(self, step: int) -> bool:
        value = self._statistic.value
        self.rung = (step, value)
        self._rungs.add(Rung(self._trial, self._attempt, step, value))
        excluded = exclusions.of(self._sweep)
        others = {trial: found for trial, found in self._rungs.at(step).items() if trial not in excluded}
        others.pop(self._trial, None)
        peers = [found for number, found in others.items() if self._is_peer(number)]
        return is_pruned(self._rule.name, value, peers, self._goal.direction)

    def _rung_steps(self) -> Iterator[int]:
        """Yield the steps of rungs before the last step."""
        most = math.inf if self._most is None else self._most
        if self._rule.name == MEDIAN:
            step = 1.0
            while (found := math.ceil(step)) < most:
                yield found
                step = max(step * _GROWTH, found + 1)
            return
        step = _FACTOR**self._bracket if self._rule.name == HYPERBAND else first_rung(self._most)
        while step < most:
            yield int(step)
            step *= _FACTOR

    def _bracket_of(self, trial: Trial) -> int:
        return 0 if self._rule.name != HYPERBAND or self._most is None else bracket(trial.number, self._most)

    def _is_peer(self, number: int) -> bool:
        """Return whether another trial is in the same bracket."""
        return self._rule.name != HYPERBAND or self._most is None or bracket(number, self._most) == self._bracket


class Statistic:
    """
    What a metric's points have come to so far.

    Args:
        name: `max`, `min`, `mean`, `first`, `last` or `count`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0
        self._numbers = 0
        self._value = math.nan

    def add(self, value: float) -> None:
        """Take a point in; NaN changes the least, the greatest and the mean as little as in what is stored."""
        self._count += 1
        self._numbers += not math.isnan(value)
        if self._name == "last" or (self._name == "first" and self._count == 1) or math.isnan(self._value):
            self._value = value
        elif self._name in ("max", "min") and not math.isnan(value):
            self._value = (max if self._name == "max" else min)(self._value, value)
        elif self._name == "mean" and not math.isnan(value):
            self._value += (value - self._value) / self._numbers

    @property
    def value(self) -> float:
        """What they have come to."""
        return float(self._count) if self._name == "count" else self._value


def is_pruned(rule: str, value: float, others: Sequence[float], direction: str) -> bool:
    """
    Return whether a rule ends a trial at a rung.

    Args:
        rule: One of `RULES`.
        value: What it has come to there.
        others: What others had come to there.
        direction: `min` or `max`.

    Example:
        >>> [is_pruned("asha", value, [0.1, 0.2, 0.3, 0.4, 0.5], "min") for value in (0.15, 0.25)]
        [False, True]
    """
    losses = [found if direction == "min" else -found for found in others if not math.isnan(found)]
    if math.isnan(value):
        return bool(losses)
    loss = value if direction == "min" else -value
    if rule == MEDIAN:
        return len(losses) >= _BEFORE_MEDIAN and loss > statistics.median(losses)
    kept = max((len(losses) + 1) // _FACTOR, 1)
    return sum(other < loss for other in losses) >= kept


def first_rung(most: int | None) -> int:
    """Return the step of ASHA's first rung: 1, or such a part of all steps that there are two rungs before the end."""
    return 1 if most is None else max(math.ceil(most / _FACTOR**_MOST_RUNGS), 1)


def bracket(trial: int, most: int) -> int:
    """
    Return which bracket of Hyperband a trial is in: those that end early have more trials, in proportion to what each
    costs.
    """
    count = int(math.log(most, _FACTOR) + 1e-9) + 1
    weights = [math.ceil(count * _FACTOR**rest / (rest + 1)) for rest in range(count - 1, -1, -1)]
    drawn = int.from_bytes(hashlib.blake2b(f"bracket:{trial}".encode(), digest_size=8).digest()) % sum(weights)
    for number, weight in enumerate(weights):
        if drawn < weight:
            return number
        drawn -= weight
    return count - 1


def _metric_of(goal: Goal) -> tuple[str, str] | None:
    field = Field.parse(goal.field)
    return (field.path[0], field.path[1]) if field.group == "metrics" else None


def _points(event: Points | Series, name: str) -> Iterator[tuple[float, float]]:
    if isinstance(event, Series):
        pairs = zip(event.steps, event.values, strict=True) if event.name == name else ()
        yield from ((float(step), float(value)) for step, value in pairs)
        return
    for point in event.points:
        if point[0] == name:
            yield float(point[1]), float(point[3])
