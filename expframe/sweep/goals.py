"""What a sweep seeks, as `--metric` says it: `val.acc.max:max`."""

from __future__ import annotations

from expframe.errors import OptionError
from expframe.store.points import STATISTICS
from expframe.store.search.fields import GROUPS, PATH, Field
from expframe.store.sweeps.plan import Goal


def goal(text: str) -> Goal:
    """
    Return what a text seeks: `val.acc.max:max`, `result:min`; a metric's greatest or least value says so itself.

    Raises:
        QueryError: It names no field.
        OptionError: It does not say whether the least or the greatest is sought.

    Example:
        >>> goal("val.loss:min"), goal("val/acc.max")
        (Goal(field='metrics.val.loss.last', direction='min'), Goal(field='metrics.val/acc.max', direction='max'))
    """
    name, _, direction = text.rpartition(":") if text.endswith((":min", ":max")) else (text, "", "")
    field = _field(name)
    if not direction and field.group == "metrics" and field.path[1] in ("min", "max"):
        direction = field.path[1]
    if not direction:
        problem = f"does not say whether the least or the greatest is sought. Write {text}:min or {text}:max."
        raise OptionError(f"--metric={text}", problem)
    return Goal(field.name if PATH.fullmatch(field.name) else field.written, direction)


def _field(name: str) -> Field:
    """Return the field that is meant: a fact, a result, an entry after `config.`, and by any other name a metric."""
    if name and PATH.fullmatch(name) is None and not _is_written_as_field(name):  # as libraries call them: `val/loss`
        stem, _, statistic = name.removeprefix("metrics.").rpartition(".")
        if stem and statistic in STATISTICS:
            return Field.of_metric(stem, statistic)
        return Field.of_metric(name.removeprefix("metrics."), "last")
    field = Field.parse(name)
    is_of_metric = field.group == "config" and not name.startswith("config.")
    return Field.parse(f"metrics.{name}") if is_of_metric else field


def _is_written_as_field(name: str) -> bool:
    """Return whether a name has quotes or brackets, as fields have, or begins with a group that is not `metrics`."""
    groups = tuple(f"{group}." for group in GROUPS if group != "metrics")
    return name.startswith(groups) or any(mark in name for mark in "[]'\"")
