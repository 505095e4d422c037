"""The configurations of a sweep: their places in its parameters, what they came to, and what mattered."""

from __future__ import annotations

import ast
from contextlib import AbstractContextManager
from typing import Any

from expframe.errors import QuestionError
from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.live_sweeps import LiveSweep
from expframe.page.question import Question
from expframe.store.search.goals import goal
from expframe.store.sweeps.axes import Axis, Interval, Range, Widened, value_text
from expframe.store.sweeps.command_lines import best_line
from expframe.store.sweeps.configurations import Configuration, goal_of, goals_of
from expframe.store.sweeps.facts import configuration_data, trial_data
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.trials import TrialState

_MOST = 2000
_TRIALS = 200
_CHOICES = 500
_RUNS = 20
_RATIO = 10.0
"""Numbers of which the greatest is at least so many times the least are shown by ratios."""


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return the configurations of a sweep, the best first, each with what it has in each parameter.

    Words are those of `looked_at`, and `limit`.

    Raises:
        RunNotFoundError: There is no such run.
        QuestionError: It is no sweep.
        QueryError: What it is to be ranked by is no field.
        OptionError: It is not said whether the least or the greatest is sought.
    """
    most = question.whole("limit", _MOST, least=1, most=20_000)
    with looked_at(board, question) as sweep:
        found = sweep.ranked()
        shown = [(one, sweep.parts(one)) for one in found[:most]]
        names = list(dict.fromkeys([*_names(sweep), *(name for _, parts in shown for name in parts)]))
        return {
            "moment": sweep.moment,
            "goal": goal_of(sweep.plan)._asdict(),
            "others": [goal.field for goal in goals_of(sweep.plan)[1:]],
            "front": [one.number for one in sweep.best()] if len(sweep.plan.goals) > 1 else [],
            "replicates": sweep.plan.replicate_count,
            "parameters": [_parameter(sweep, name, [parts.get(name) for _, parts in shown]) for name in names],
            "total": len(found),
            "configurations": [
                {
                    **configuration_cells(one),
                    "counts": {status.lower(): count for status, count in one.counts.items()},
                    "values": [_value(parts.get(name)) for name in names],
                }
                for one, parts in shown
            ],
        }


def importance(board: Board, question: Question) -> dict[str, Any]:
    """
    Return what mattered in a sweep, as `expframe sweep show` has it; it may take a while.

    Words and errors are those of `answer`.
    """
    with looked_at(board, question) as found_sweep:
        sweep = found_sweep
    found = sweep.importance()
    return {"importance": None if found is None else {**found._asdict(), "shares": dict(found.shares)}}


def one(board: Board, question: Question) -> dict[str, Any]:
    """
    Return a configuration of a sweep with its trials, and how it is run again.

    Words are those of `looked_at`, and `configuration`, its number.

    Raises:
        RunNotFoundError: There is no such run.
        QuestionError: It is no sweep, or there is no such configuration.
        QueryError: What it is to be ranked by is no field.
        OptionError: It is not said whether the least or the greatest is sought.
    """
    number = question.whole("configuration", 0)
    with looked_at(board, question) as sweep:
        found = next((one for one in sweep.ranked() if one.number == number), None)
        if found is None:
            raise QuestionError(f"configuration={number}", "is none of which a trial has begun.")
        return {
            **configuration_cells(found),
            "command": best_line(sweep.plan, found, sweep.plan.start.script or "SCRIPT"),
            "trials": [trial_cells(sweep.plan, state) for state in found.trials[:_TRIALS]],
        }


def looked_at(board: Board, question: Question) -> AbstractContextManager[LiveSweep]:
    """
    Return the sweep that is asked for as it is now.

    Words are `run`, the id of its run, and `metric`, again and again: what it is ranked by, as `--metric` has it.
    """
    goals = tuple(map(goal, question.texts("metric")))
    return board.sweeps.looked_at(board.run(question.text("run")).id, goals)


def configuration_cells(one: Configuration) -> dict[str, Any]:
    """Return a configuration as a page takes it, with some of its runs."""
    data = {name: cell_of(value, 400) for name, value in configuration_data(one).items() if not isinstance(value, list)}
    data |= {name: cell_of(number) for name, number in one.value._asdict().items()}
    runs = [state.run for state in one.trials if state.run]
    others = [cell_of(sample.mean) for sample in one.values[1:]]
    return {**data, "others": others, "runs": runs[:_RUNS], "excluded": one.excluded}


def trial_cells(plan: Plan, state: TrialState) -> dict[str, Any]:
    """Return a trial as a page takes it."""
    data = trial_data(plan, state)
    values = {name: cell_of(value) for name, value in data["values"].items()}
    return {**data, "words": cell_of(data["words"], 400), "values": values, "error": cell_of(data["error"], 500)}


def _names(sweep: LiveSweep) -> list[str]:
    """Return the parameters of a sweep in the order in which they were written."""
    axes = (*sweep.plan.axes, *sweep.plan.each)
    return [name for axis in axes for name in (axis.names or ("with",))]


def _parameter(sweep: LiveSweep, name: str, texts: list[str | None]) -> dict[str, Any]:
    """Return how a parameter is drawn: by differences, by ratios, or value by value."""
    axes = (*sweep.plan.axes, *sweep.plan.each)
    axis = next((axis for axis in axes if name in (axis.names or ("with",))), None)
    first = axis.parts[0] if isinstance(axis, Widened) else axis
    known = _choices(axis) if axis is not None else []
    values = [_value(text) for text in dict.fromkeys([*known, *texts]) if text is not None]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if not numbers or len(numbers) < len(values):
        return {"name": name, "scale": "choices", "choices": list(dict.fromkeys(map(_label, values)))[:_CHOICES]}
    if isinstance(first, Interval) and first.count is None:
        bounds = {"low": first.low, "high": first.high, "whole": first.is_whole}
        return {"name": name, "scale": "log" if first.is_log else "linear", **bounds}
    is_log = not isinstance(first, Range) and min(numbers) > 0 and max(numbers) >= _RATIO * min(numbers)
    bounds = {"low": min(numbers), "high": max(numbers), "whole": all(isinstance(number, int) for number in numbers)}
    return {"name": name, "scale": "log" if is_log else "linear", **bounds}


def _choices(axis: Axis) -> list[str]:
    """Return the values of an axis in the order in which they were written, where it sets one entry, or none."""
    is_single = len(axis.names) < 2 and axis.size is not None
    return [value_text(axis, number) for number in range(min(axis.size or 0, _CHOICES))] if is_single else []


def _value(text: str | None) -> Any:
    """Return a value of a configuration, which is written as a text, as a number where it is one."""
    if text is None:
        return None
    if text[:1] in ("'", '"') and (plain := _unquoted(text)) is not None:
        return cell_of(plain)
    for read in (int, float):
        try:
            return cell_of(read(text))
        except ValueError:
            continue
    return cell_of(text)


def _unquoted(text: str) -> str | None:
    """Return the text of a literal of Python's; None where it is none."""
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None
    return found if isinstance(found, str) else None


def _label(value: Any) -> str:
    return str(value["text"] if isinstance(value, dict) else value)
