"""What a search is told: the samples that there are, and what came of them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from expframe.config.numbers import is_finite
from expframe.record.record import Status
from expframe.store.sweeps.plan import Plan, Point
from expframe.store.sweeps.trials import KEPT, SKIPPED, TrialState

_NOTHING: Mapping[Any, Any] = MappingProxyType({})


class Proposal(NamedTuple):
    """
    What a search proposes for a sample.

    Attributes:
        point: Where on the axes that are searched.
        trial: What the search is to be told of this sample later, beside its point: plain JSON data.
        study: The same of the whole search.
    """

    point: Point
    trial: Mapping[str, Any] = _NOTHING
    study: Mapping[str, Any] = _NOTHING

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {"point": [*self.point], "trial": dict(self.trial), "study": dict(self.study)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Proposal:
        """Return the proposal of plain JSON data."""
        return cls(tuple(data["point"]), data.get("trial") or {}, data.get("study") or {})


class SearchSample(NamedTuple):
    """
    A sample that was proposed.

    Attributes:
        number: Its number; below 0 for what earlier runs say.
        proposal: What was proposed.
        status: RUNNING until all its trials have ended, then COMPLETED, PRUNED or FAILED.
        values: What it came to, a number for each goal: the mean of its trials.
        steps: What it was at the steps at which a pruned one was judged.
    """

    number: int
    proposal: Proposal
    status: str = Status.RUNNING
    values: tuple[float, ...] = ()
    steps: Mapping[int, float] = _NOTHING


class Search(Protocol):
    """Something that proposes points."""

    def ask(self, sample: int, history: Iterable[SearchSample]) -> Proposal:
        """Return the point of a sample: the same for the same number, seed and history."""


def seed_of(search_seed: int, sample: int) -> int:
    """Return the seed that a search has for a sample: 31 bits of both numbers."""
    digest = hashlib.blake2b(f"{search_seed}:{sample}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) & 0x7FFFFFFF


def history_of(plan: Plan, trials: Iterable[TrialState]) -> list[SearchSample]:
    """Return the samples that were proposed, in their order, and what came of them; excluded trials say nothing."""
    groups: dict[int, list[TrialState]] = {}
    for state in trials:
        if plan.has(state.number):
            groups.setdefault(plan.place(state.number).sample, []).append(state)
    size = plan.each_count * plan.replicate_count
    return [sample for number in sorted(groups) if (sample := _sample(plan, number, groups[number], size)) is not None]


def _sample(plan: Plan, number: int, states: list[TrialState], size: int) -> SearchSample | None:
    proposed = [state for state in states if state.proposed is not None]
    if not proposed or all(state.is_excluded for state in states):
        return None
    facts = next((state.of_search for state in proposed if state.of_search), {})
    sample = SearchSample(
        number, Proposal(tuple(proposed[0].proposed), facts.get("trial") or {}, facts.get("study") or {})
    )
    begun = [state for state in states if state.attempts]
    if len(begun) < size or any(not _has_ended(state, plan.retry) for state in begun):
        return sample
    values = [found for state in begun if (found := _values(plan, state)) is not None]
    if values:
        means = tuple(math.fsum(column) / len(values) for column in zip(*values, strict=True))
        return sample._replace(status=Status.COMPLETED, values=means)
    steps: dict[int, list[float]] = {}
    for state in begun:
        for step, value in _steps(state):
            steps.setdefault(step, []).append(value)
    if steps:
        by_step = {step: math.fsum(items) / len(items) for step, items in steps.items()}
        return sample._replace(status=Status.PRUNED, steps=by_step)
    return sample._replace(status=Status.FAILED)


def _has_ended(state: TrialState, retry: int) -> bool:
    if state.status in KEPT:
        return True
    return state.status not in (Status.RUNNING, Status.DIED, Status.INTERRUPTED) and state.fails > retry


def _values(plan: Plan, state: TrialState) -> tuple[float, ...] | None:
    """Return what a trial came to; None where a goal is no finite number, or it did not come to its end."""
    newest = state.counted
    if newest is None or newest.status in (SKIPPED, Status.PRUNED) or newest.status not in KEPT:
        return None
    found = [newest.values.get(goal.field) for goal in plan.goals]
    numbers = tuple(float(value) for value in found if is_finite(value))
    return numbers if len(numbers) == len(plan.goals) else None


def _steps(state: TrialState) -> list[tuple[int, float]]:
    newest = state.counted
    if newest is None or newest.status != Status.PRUNED:
        return []
    rung = newest.facts.get("rung")
    return [(int(rung[0]), float(rung[1]))] if isinstance(rung, list | tuple) and len(rung) == 2 else []
