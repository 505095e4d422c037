"""Which trials of a sweep are left out by a filter of their decided configs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from expframe.config import dotted
from expframe.config.decided import Config
from expframe.errors import OptionError
from expframe.store.search.fields import Field
from expframe.store.search.query import Query
from expframe.store.sweeps.plan import Plan


def is_skipped(plan: Plan, config: Config) -> bool:
    """Return whether a plan leaves a decided config out."""
    return bool(plan.skip) and _query(plan.skip).matches(_Values(config))


def check(text: str) -> tuple[Field, ...]:
    """
    Return the entries that a filter of configs asks for.

    Raises:
        QueryError: It is malformed.
        OptionError: It asks for something that is not there before a run: its status, its metrics.
    """
    fields = _query(text).fields
    other = next((field for field in fields if field.group != "config"), None)
    if other is not None:
        raise OptionError(f"--skip {text!r}", f"asks for {other.name!r}; before a run there is its config alone.")
    return fields


def refuse_misfits(text: str, configs: Sequence[Config]) -> None:
    """
    Refuse a filter that compares entries with what is of another kind in all configs.

    Raises:
        OptionError: It does.
    """
    if told := _query(text).misfit(lambda: map(_Values, configs)):
        raise OptionError(f"--skip {text!r}", told)


class _Values(Mapping[Field, Any]):
    """The values that fields have in a config."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def __getitem__(self, field: Field) -> Any:
        return dotted.get_named(self._config.values, field.path)

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


@lru_cache(maxsize=8)
def _query(text: str) -> Query:
    return Query(text)
