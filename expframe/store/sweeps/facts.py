"""What is said of a sweep as plain data, by commands and by the page."""

from __future__ import annotations

from typing import Any

from expframe.config.json_values import to_json
from expframe.record.record import Status
from expframe.store.sweeps.configurations import (
    Configuration,
    goal_of,
    goals_of,
    without_number,
    words_of,
)
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.trials import KEPT, Trials, TrialState


def facts_of(plan: Plan, trials: Trials, name: str) -> dict[str, Any]:
    """
    Return what is known of a sweep as a whole.

    Args:
        plan: What it does.
        trials: How its trials are.
        name: What it is called.
    """
    goal = goal_of(plan)
    return {
        "id": trials.folder.name,
        "name": name,
        "size": plan.size,
        "counts": {status.lower(): count for status, count in trials.counts(plan.size).items()},
        "excluded": trials.excluded,
        "goal": {"field": goal.field, "direction": goal.direction},
        "goals": [one._asdict() for one in goals_of(plan)],
        "without_number": without_number(plan, trials),
    }


def configuration_data(one: Configuration) -> dict[str, Any]:
    """Return a configuration as JSON data."""
    runs = [state.run for state in one.trials if state.run]
    facts = {"configuration": one.number, "words": one.words, **to_json(one.value._asdict())}
    others = [to_json(sample._asdict()) for sample in one.values[1:]]
    return {**facts, "others": others, "runs": runs, "excluded": one.excluded}


def trial_data(plan: Plan, state: TrialState) -> dict[str, Any]:
    """Return a trial as JSON data."""
    newest = state.newest
    return {
        "trial": state.number,
        "attempt": state.attempt,
        "status": state.status,
        "run": state.run or None,
        "words": words_of(plan, state, replicate=True),
        "values": to_json(dict(newest.values)) if newest is not None else {},
        "error": (newest.error or None) if newest is not None else None,
        "excluded": state.is_excluded,
    }


def failures_of(trials: Trials) -> dict[str, list[int]]:
    """Return which trials did not come to a good end by what they failed with, each distinct error once."""
    found: dict[str, list[int]] = {}
    for state in trials:
        if state.status not in (*KEPT, Status.RUNNING) and state.newest is not None:
            found.setdefault(state.newest.error or state.status, []).append(state.number)
    return found
