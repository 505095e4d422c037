"""Configurations that are clearly worse than another after their first replicates are not given the others."""

from __future__ import annotations

from collections.abc import Mapping

from expframe.config.numbers import is_finite
from expframe.record.significance import wilcoxon_greater
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.trials import KEPT, Trials, TrialState

FEWEST_PAIRS = 5
"""With fewer pairs the test cannot say so at `LEVEL`."""

LEVEL = 0.05


def is_cut(plan: Plan, trials: Trials, number: int) -> bool:
    """
    Return whether a trial is not needed: its configuration is clearly worse than another one, by Wilcoxon's test of the
    replicates that both have. Only under a rule of pruning, and never for a trial that was begun.

    Args:
        plan: The plan of the sweep.
        trials: What is known of its trials.
        number: The number of the trial.
    """
    place = plan.place(number)
    if not plan.prune or not plan.goals or place.replicate < FEWEST_PAIRS or trials[number].attempts:
        return False
    found = _losses(plan, trials)
    own = found.get(place.configuration, {})
    others = (losses for configuration, losses in found.items() if configuration != place.configuration)
    return any(_is_clearly_worse(own, losses) for losses in others)


def _is_clearly_worse(own: Mapping[int, float], other: Mapping[int, float]) -> bool:
    differences = [own[replicate] - other[replicate] for replicate in own.keys() & other.keys()]
    return len(differences) >= FEWEST_PAIRS and wilcoxon_greater(differences) <= LEVEL


def _losses(plan: Plan, trials: Trials) -> dict[int, dict[int, float]]:
    """Return for each configuration what its replicates came to, the least the best."""
    sign = 1.0 if plan.goals[0].direction == "min" else -1.0
    found: dict[int, dict[int, float]] = {}
    for state in trials:
        value = _value(plan, state)
        if value is not None and plan.has(state.number):
            place = plan.place(state.number)
            found.setdefault(place.configuration, {})[place.replicate] = sign * value
    return found


def _value(plan: Plan, state: TrialState) -> float | None:
    newest = state.counted
    if newest is None or newest.status not in KEPT:
        return None
    value = newest.values.get(plan.goals[0].field)
    return float(value) if is_finite(value) else None
