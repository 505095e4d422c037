"""Terms of a filter, and two of them that are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from expframe.config.dotted import MISSING
from expframe.record.record import Status, now
from expframe.store.search.fields import Field
from expframe.store.search.kinds import fits, kind_of, shown

Values = Mapping[Field, Any]

_EXAMPLES: dict[str, Any] = {"text": "", "number": 0.0, "duration": 0.0, "list": ["a"], "time": now()}
"""A value of each kind of field."""
_STATUSES = {text for name, text in vars(Status).items() if not name.startswith("_")}


class Term(NamedTuple):
    """
    What stands on one side of a comparison.

    Attributes:
        of: Gives its value in a run.
        kind: What its values are: that of a field, or `list`, `constant`.
        literal: Its value where that does not depend on the run, else MISSING.
        name: That of its field; empty where it is a literal.
    """

    of: Callable[[Values], Any]
    kind: str
    literal: Any = MISSING
    name: str = ""

    def example(self) -> Any:
        """Return a value of the kind that it always is; MISSING where that depends on the run."""
        return _EXAMPLES.get(self.kind, MISSING) if self.literal is MISSING else self.literal

    def told(self, value: Any) -> str:
        """Return what it is, given a value of it."""
        if not self.name:
            return f"{value!r}, {kind_of(value)}"
        return f"{self.name}, {shown(value) if self.example() is MISSING else kind_of(value)}"


def literal(value: Any, kind: str) -> Term:
    """Return the term of a value."""
    return Term(lambda values: value, kind, value)


class Relation(NamedTuple):
    """
    Two terms that are compared, and by which sign.

    Attributes:
        first: What stands to the left.
        operator: The sign.
        second: What stands to the right.
    """

    first: Term
    operator: str
    second: Term

    def misfit(self, everything: Iterable[Values]) -> str | None:
        """Return what is wrong where no values can be compared; None where some can, or nobody can tell."""
        unfit = None
        for values in everything:
            pair = self.first.of(values), self.second.of(values)
            fit = fits(self.operator, *pair)
            if fit:
                return None
            if fit is False and unfit is None:
                unfit = pair
        return None if unfit is None else self.told(*unfit)

    def told(self, first: Any, second: Any) -> str:
        """Return that two values cannot be compared, and what to write."""
        one, other = self.first.told(first), self.second.told(second)
        if self.operator == "~":
            return f"looks for a pattern in {one}, which is never there. Compare with ==, < or >."
        if self.operator == "in":
            return f"looks for {one}, in {other}, which is never true.{self._hint(first, second)}"
        verdict = "always true" if self.operator == "!=" else "never true"
        return f"compares {one}, with {other}, which is {verdict}.{self._hint(first, second)}"

    def _hint(self, first: Any, second: Any) -> str:
        if self.operator == "in" and kind_of(second) == "a number":
            return " Write == to compare."
        return _hint(self.first, first, second) or _hint(self.second, second, first)


class StatusName(NamedTuple):
    """
    A status that is asked for.

    Attributes:
        status: Gives that of a run.
        text: How it is written.
    """

    status: Term
    text: str

    def misfit(self, everything: Iterable[Values]) -> str | None:
        """Return what is wrong where it stands in small letters, and no run has such a status of its own."""
        meant = self.text.upper()
        if self.text == meant or meant not in _STATUSES or any(self.status.of(run) == self.text for run in everything):
            return None
        return f"has no status {self.text!r}. Write {meant!r}."


def _hint(term: Term, value: Any, other: Any) -> str:
    """Return how a term may have been meant beside another one's value."""
    kinds = kind_of(value), kind_of(other)
    if term.name and kinds[0] == "a list":
        return f" Write {other!r} in {term.name}."
    if term.name and kinds[0] == "a time":
        return " Write a time as '2026-11-01' or '2026-11-01 12:30'."
    if term.name and kinds[0] == "a group":
        return f" Name a part of it: {term.name}.{next(iter(value), 'NAME')}."
    if not term.name and kinds == ("a text", "a number"):
        return " A number stands without quotes, and so do true and false."
    if not term.name and kinds == ("a number", "a text"):
        return f" A text stands in quotes: '{value}'."
    return ""
