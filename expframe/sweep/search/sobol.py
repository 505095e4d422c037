"""Points that fill a space evenly, by SciPy: a function of the seed and the sample's number."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from expframe.errors import MissingLibraryError
from expframe.store.sweeps.plan import Plan
from expframe.sweep.search.samples import Proposal, SearchSample


class SobolSearch:
    """
    Proposes points of a scrambled Sobol sequence.

    Args:
        plan: The plan of the sweep.

    Raises:
        MissingLibraryError: SciPy is not installed.
    """

    def __init__(self, plan: Plan) -> None:
        try:
            from scipy.stats import qmc
        except ImportError as problem:
            raise MissingLibraryError("--search=sobol", "scipy", "search") from problem
        self._plan = plan
        self._make = qmc.Sobol

    def ask(self, sample: int, history: Iterable[SearchSample] = ()) -> Proposal:
        """Return the point of a sample, whatever the others came to."""
        axes = self._plan.axes
        if not axes:
            return Proposal(())
        with warnings.catch_warnings():  # it says that single points are not balanced
            warnings.simplefilter("ignore", UserWarning)
            sequence = self._make(d=len(axes), scramble=True, rng=self._plan.search_seed)
            if sample:
                sequence.fast_forward(sample)
            fractions = sequence.random(1)[0]
        largest = 1 - 2**-53
        return Proposal(tuple(axis.position(min(float(f), largest)) for axis, f in zip(axes, fractions, strict=True)))
