"""
Search by CMA-ES, rebuilt generation by generation from what the samples came to: nothing is kept but numbers.

Choices, which have no order, are drawn at random.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from typing import Any

from expframe.errors import MissingLibraryError
from expframe.record.record import Status
from expframe.store.sweeps.axes import Axis, Interval, Position, is_ordered, of_rank, rank_of
from expframe.store.sweeps.plan import Plan
from expframe.sweep.search.samples import Proposal, SearchSample, seed_of

_GENERATION = "generation"
_Told = tuple[int, tuple[float, ...]]


class CmaSearch:
    """
    Proposes points by CMA-ES. The first sample is drawn at random, as Optuna does it.

    Args:
        plan: The plan of the sweep.
        told: What earlier runs say; the search begins where they were best.

    Raises:
        MissingLibraryError: cmaes is not installed.
    """

    def __init__(self, plan: Plan, told: Sequence[SearchSample] = ()) -> None:
        try:
            import cmaes
        except ImportError as problem:
            raise MissingLibraryError("--search=cma", "cmaes", "search") from problem
        self._cmaes = cmaes
        self._plan = plan
        self._told = [sample for sample in told if sample.status == Status.COMPLETED]
        self._scales = {
            number: Scale(axis) for number, axis in enumerate(plan.axes) if is_ordered(axis) and axis.size != 1
        }
        self._known: tuple[tuple[_Told, ...], Any] = ((), None)

    def ask(self, sample: int, history: Iterable[SearchSample]) -> Proposal:
        """Return the point of a sample: the same for the same number, seed and history."""
        import numpy

        seed = seed_of(self._plan.search_seed, sample)
        drawn = random.Random(f"{self._plan.search_seed}:{sample}")
        point: list[Position] = [axis.position(drawn.random()) for axis in self._plan.axes]
        completed = [item for item in history if item.status == Status.COMPLETED and item.number != sample]
        if not self._scales or not (completed or self._told):
            return Proposal(tuple(point))
        optimizer = self._rebuilt(completed)
        drawing = numpy.random.RandomState(seed)
        if not any(item.proposal.trial.get(_GENERATION) for item in completed):
            drawing.randint(1, 2**31 - 2)  # Optuna draws a seed for the optimizer, until it has kept one
        optimizer.reseed_rng(drawing.randint(1, 2**16) + sample)
        for number, coordinate in zip(self._scales, optimizer.ask(), strict=True):
            point[number] = self._scales[number].position(float(coordinate))
        return Proposal(tuple(point), {_GENERATION: optimizer.generation})

    def _rebuilt(self, completed: Sequence[SearchSample]) -> Any:
        """Return the optimizer after all whole generations: the first samples of each to the size of a population."""
        by_generation: dict[int, list[SearchSample]] = {}
        for sample in completed:
            if _GENERATION in sample.proposal.trial:
                by_generation.setdefault(sample.proposal.trial[_GENERATION], []).append(sample)
        numbers, optimizer = self._known
        if optimizer is None:
            optimizer = self._new()
        size = optimizer.population_size
        path = [_told(sample) for g in range(optimizer.generation) for sample in by_generation.get(g, ())[:size]]
        if tuple(path) != numbers:  # a generation has become another one
            optimizer, numbers = self._new(), ()
        while len(told := by_generation.get(optimizer.generation, [])[:size]) == size:
            numbers += tuple(map(_told, told))
            optimizer.tell([(self._coordinates(sample), self._loss(sample)) for sample in told])
        self._known = (numbers, optimizer)
        return optimizer

    def _new(self) -> Any:
        import numpy

        size = len(self._scales)
        mean, sigma, covariance = numpy.full(size, 0.5), 1 / 6, None
        if self._told:
            found = [(self._coordinates(sample), self._loss(sample)) for sample in self._told]
            mean, sigma, covariance = self._cmaes.get_warm_start_mgd(found)
        bounds = numpy.array([[0.0, 1.0]] * size)
        return self._cmaes.CMA(
            mean=mean,
            sigma=max(sigma, 1e-10),
            cov=covariance,
            bounds=bounds,
            seed=seed_of(self._plan.search_seed, 0),
            n_max_resampling=10 * size,
        )

    def _coordinates(self, sample: SearchSample) -> Any:
        import numpy

        return numpy.array([scale.coordinate(sample.proposal.point[n]) for n, scale in self._scales.items()])

    def _loss(self, sample: SearchSample) -> float:
        return sample.values[0] if self._plan.goals[0].direction == "min" else -sample.values[0]


def _told(sample: SearchSample) -> _Told:
    return sample.number, sample.values


class Scale:
    """
    An axis as the numbers from 0 to 1.

    Args:
        axis: An axis whose values have an order.
    """

    def __init__(self, axis: Axis) -> None:
        self._axis = axis
        self._is_log = isinstance(axis, Interval) and axis.is_log and axis.count is None
        self._is_whole = not isinstance(axis, Interval) or axis.is_whole or axis.count is not None
        self._low: Position = 0
        self._high: Position = (axis.size or 1) - 1
        if isinstance(axis, Interval) and axis.count is None:
            self._low, self._high = axis.low, axis.high
        margin = 0.5 if self._is_whole else 0.0
        self._start = self._into(self._low - margin)
        self._length = self._into(self._high + margin) - self._start

    def coordinate(self, position: Position) -> float:
        """Return the number from 0 to 1 that a position is."""
        return (self._into(rank_of(self._axis, position)) - self._start) / self._length

    def position(self, coordinate: float) -> Position:
        """Return the position that a number from 0 to 1 is."""
        place = self._start + coordinate * self._length
        found: Position = math.exp(place) if self._is_log else place
        found = round(found) if self._is_whole else found
        return of_rank(self._axis, min(max(found, self._low), self._high))

    def _into(self, position: Position) -> float:
        return math.log(position) if self._is_log else position
