"""
The filter language: `status == 'COMPLETED' and config.lr < 0.1 and metrics.acc.max > 0.9`.

A filter is read by the parser below and never evaluated as Python. A comparison with something that a run does not have
is neither true nor false, and so is its opposite; only `== None` is true of it.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from expframe.config.dotted import MISSING
from expframe.errors import QueryError
from expframe.record.record import now
from expframe.store.search.fields import PATH, Field, unquoted
from expframe.store.search.kinds import ORDERS, fits
from expframe.store.search.logic import OPERATIONS, Verdict, all_of, any_of, as_number, opposite, searched, truth
from expframe.store.search.pattern import Pattern
from expframe.store.search.terms import Relation, StatusName, Term, Values, literal

_TOKEN = re.compile(
    rf"""
    (?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?P<unit>ms|[smhdw])?(?![\w.])|[-+]inf\b)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<name>{PATH.pattern})
    |(?P<sign>==|!=|<=|>=|[<>~()\[\],])
    """,
    re.VERBOSE | re.DOTALL,
)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_CONSTANTS = {"true": True, "false": False, "none": None, "null": None, "nan": math.nan, "inf": math.inf}
_KEYWORDS = {"and", "or", "not", "in", "contains"}
_COMPARISONS = {"==", "!=", "<", "<=", ">", ">=", "~", "in", "contains"}
_DEEPEST = 100


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


class Query:
    """
    A filter that was understood.

    Args:
        text: How it was written.

    Attributes:
        fields: What it asks of a run.
        words: Those of them that are written as a single word, which may have been meant as a text.

    Raises:
        QueryError: It is malformed, or names what no run can have.

    Example:
        >>> query = Query("status in ['FAILED', 'DIED'] and not config.debug")
        >>> [field.name for field in query.fields]
        ['status', 'config.debug']
    """

    def __init__(self, text: str) -> None:
        self.text = text
        parser = _Parser(text)
        self._verdict = parser.whole()
        self._comparisons = tuple(parser.comparisons)
        self.fields: tuple[Field, ...] = tuple(parser.fields)
        self.words: frozenset[Field] = frozenset(parser.words)

    def matches(self, values: Values) -> bool:
        """Return whether a run matches that has these values of the fields."""
        return self._verdict(values) is True

    def misfit(self, everything: Callable[[], Iterable[Values]], *, decides: bool = False) -> str | None:
        """
        Return what is wrong with a comparison whose values are of other kinds in all runs; None where nothing is.

        Args:
            everything: Gives the values of the fields in each run; asked for each comparison, and read up to the
                first run that it fits.
            decides: Whether only comparisons are looked at without which no run is found: not those beside an `or`, and
                none that say what is not so.
        """
        asked = (one for one, is_needed in self._comparisons if is_needed or not decides)
        return next((told for one in asked if (told := one.misfit(everything())) is not None), None)

    def refuse_misfits(self, everything: Callable[[], Iterable[Values]]) -> None:
        """
        Refuse a comparison whose values are of other kinds in all runs, so that none is found.

        Raises:
            QueryError: There is one.
        """
        if told := self.misfit(everything, decides=True):
            raise QueryError(f"filter {self.text!r}", told)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Query) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Query({self.text!r})"


class _Parser:
    """Reads one filter: `or` binds loosest, then `and`, `not`, comparisons."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split())
        self._next = 0
        self._depth = 0
        self.fields: dict[Field, None] = {}
        self.words: set[Field] = set()
        self.comparisons: list[tuple[Relation | StatusName, bool]] = []

    def whole(self) -> Callable[[Values], Verdict]:
        """Return what judges a run, after reading everything."""
        verdict = self._either()
        if self._peek().kind != "end":
            raise self._wrong("and, or, or the end")
        return verdict

    def _split(self) -> Iterator[_Token]:
        if not isinstance(self._text, str):
            raise QueryError(f"filter {self._text!r}", "is no text. Write \"status == 'FAILED'\".")
        position = 0
        while True:
            while self._text[position : position + 1].isspace():
                position += 1
            if position == len(self._text):
                break
            found = _TOKEN.match(self._text, position)
            if found is None:
                raise self._unreadable(position)
            kind = next(name for name in ("number", "text", "name", "sign") if found[name] is not None)
            if kind == "name" and found[0].lower() in _KEYWORDS:
                kind = "sign"
            yield _Token(kind, found[0].lower() if kind == "sign" else found[0], position)
            position = found.end()
        yield _Token("end", "", position)

    def _unreadable(self, position: int) -> QueryError:
        rest = self._text[position:]
        hints = {"=": "Write == to compare.", "!": "Write != or not.", "&": "Write and.", "|": "Write or."}
        hint = "It has no end." if rest[0] in "\"'" else hints.get(rest[0], "Texts stand in quotes.")
        return QueryError(f"filter {self._text!r}", f"cannot be read from {rest[:20]!r} on. {hint}")

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, *signs: str) -> str:
        """Take the next token if it is one of these signs, else nothing."""
        token = self._peek()
        if token.kind == "sign" and token.text in signs:
            self._next += 1
            return token.text
        return ""

    def _wrong(self, wanted: str) -> QueryError:
        token = self._peek()
        where = f"at {self._text[token.position :][:20]!r}" if token.text else "at the end"
        return QueryError(f"filter {self._text!r}", f"needs {wanted} {where}.")

    def _either(self) -> Callable[[Values], Verdict]:
        start = len(self.comparisons)
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        if len(parts) > 1:
            self._need_none(start)
        return parts[0] if len(parts) == 1 else lambda values: any_of(part(values) for part in parts)

    def _both(self) -> Callable[[Values], Verdict]:
        parts = [self._negation()]
        while self._take("and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else lambda values: all_of(part(values) for part in parts)

    def _negation(self) -> Callable[[Values], Verdict]:
        is_negated = False
        while self._take("not"):
            is_negated = not is_negated
        start = len(self.comparisons)
        verdict = self._comparison()
        if not is_negated:
            return verdict
        self._need_none(start)
        return lambda values: opposite(verdict(values))

    def _need_none(self, start: int) -> None:
        """Note that runs may be found without the comparisons from a place on; names of statuses are held anyway."""
        self.comparisons[start:] = [(one, isinstance(one, StatusName)) for one, _ in self.comparisons[start:]]

    def _comparison(self) -> Callable[[Values], Verdict]:
        if self._take("("):
            self._go_deeper()
            verdict = self._either()
            if not self._take(")"):
                raise self._wrong("a closing parenthesis")
            self._depth -= 1
            return verdict
        first = self._term()
        parts = []
        while operator := self._operator():
            second = self._term()
            parts.append(self._compared(first, operator, second))
            first = second
        if not parts:
            return lambda values: truth(first.of(values))
        return parts[0] if len(parts) == 1 else lambda values: all_of(part(values) for part in parts)

    def _go_deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise QueryError(f"filter {self._text[:60]!r}...", "has too many parentheses.")

    def _operator(self) -> str:
        token, following = self._peek(), self._tokens[min(self._next + 1, len(self._tokens) - 1)]
        if token.text == "not" and token.kind == "sign" and following.text in ("in", "contains"):
            self._next += 2
            return f"not {following.text}"
        return self._take(*_COMPARISONS)

    def _term(self) -> Term:
        token = self._peek()
        if self._take("[", "("):
            return self._list("]" if token.text == "[" else ")")
        if token.kind not in ("number", "text", "name"):
            raise self._wrong("a field or a value")
        self._next += 1
        if token.kind == "number":
            return self._number(token.text)
        if token.kind == "text":
            return literal(unquoted(token.text), "text")
        if token.text.lower() in _CONSTANTS:
            return literal(_CONSTANTS[token.text.lower()], "constant")
        field = Field.parse(token.text)
        self.fields[field] = None
        if token.text.isidentifier():
            self.words.add(field)
        return Term(lambda values: values[field], field.kind, name=field.name)

    def _number(self, text: str) -> Term:
        unit = re.search(r"(ms|[smhdw])$", text)
        if unit is not None:
            return literal(float(text[: unit.start()]) * _UNITS[unit[0]], "duration")
        try:
            return literal(int(text) if text.lstrip("-+").isdigit() else float(text), "number")
        except ValueError as problem:  # Python reads no number of thousands of digits
            raise QueryError(f"filter {self._text!r:.200}", "has a number of too many digits.") from problem

    def _list(self, end: str) -> Term:
        items = []
        self._go_deeper()
        while not self._take(end):
            term = self._term()
            if term.literal is MISSING:
                raise QueryError(f"filter {self._text!r}", "has a list with a field in it. Lists hold values only.")
            items.append(term.literal)
            if not self._take(",") and self._peek().text != end:
                raise self._wrong(f"a comma or {end}")
        self._depth -= 1
        return literal(items, "list")

    def _compared(self, first: Term, operator: str, second: Term) -> Callable[[Values], Verdict]:
        """Return what compares two terms, after reading texts as times beside a time, and so on."""
        if operator.startswith("not "):
            start = len(self.comparisons)
            verdict = self._compared(first, operator[4:], second)
            self._need_none(start)
            return lambda values: opposite(verdict(values))
        if operator == "contains":
            first, operator, second = second, "in", first
        if operator == "~":
            pattern = self._pattern(second)
            self._see_to(first, operator, second)
            return lambda values: searched(pattern, first.of(values))
        if operator == "in" and second.kind in ("number", "constant", "duration"):
            raise QueryError(
                f"filter {self._text!r}", f"looks into {second.literal!r}. Write [1, 2], a text or a field."
            )
        first, second = self._beside(first, second), self._beside(second, first)
        self._see_to(first, operator, second)
        compare = OPERATIONS[operator]
        return lambda values: compare(first.of(values), second.of(values))

    def _see_to(self, first: Term, operator: str, second: Term) -> None:
        """See to it that two terms can be compared, as far as that does not depend on the run."""
        if operator in ORDERS and (first.literal is None or second.literal is None):
            raise QueryError(f"filter {self._text!r}", f"has None beside {operator}. Only == and != compare with None.")
        for term, other in ((first, second), (second, first)):
            if term.name == "status":
                texts = other.literal if isinstance(other.literal, list) else [other.literal]
                self.comparisons += [(StatusName(term, text), True) for text in texts if isinstance(text, str)]
        comparison = Relation(first, operator, second)
        examples = first.example(), second.example()
        if MISSING in examples:
            self.comparisons.append((comparison, operator != "!="))
        elif fits(operator, *examples) is False:
            raise QueryError(f"filter {self._text!r}", comparison.told(*examples))

    def _pattern(self, term: Term) -> Pattern:
        reason = "it is no text"
        if isinstance(term.literal, str):
            try:
                return Pattern(term.literal)
            except re.error as problem:
                reason = str(problem)
        raise QueryError(f"filter {self._text!r}", f"has no pattern to the right of ~ ({reason}).")

    def _beside(self, term: Term, other: Term) -> Term:
        """Return a term as it is meant beside another one."""
        if other.kind == "id" and term.kind == "number":
            return term
        if term.kind == "id" and other.kind == "number":
            return Term(lambda values: as_number(term.of(values)), "number", name=term.name)
        if other.kind == "id" and term.kind == "list" and term.literal is not MISSING:
            return literal([str(item) if type(item) is int else item for item in term.literal], "list")
        if other.kind == "time" and term.kind == "list" and term.literal is not MISSING:
            items = [("text" if isinstance(item, str) else "number", item) for item in term.literal]
            return literal([self._beside(literal(item, kind), other).literal for kind, item in items], "list")
        if other.kind == "time" and term.literal is not MISSING and term.literal is not None:
            return literal(self._time(term), "time")
        return term

    def _time(self, term: Term) -> datetime.datetime:
        problem = f"compares a time with {term.literal!r}"
        try:
            if term.kind == "duration" and term.literal <= 0:
                return now() + datetime.timedelta(seconds=term.literal)
            if term.kind == "text":
                text: str = term.literal
                return datetime.datetime.fromisoformat(text[:-1] + "+00:00" if text[-1:] == "Z" else text).astimezone()
        except (ValueError, OverflowError, OSError):
            pass
        hint = "Write '2026-11-01', '2026-11-01 12:30' or -2d (s, m, h, d, w) for two days ago."
        raise QueryError(f"filter {self._text!r}", f"{problem}. {hint}")
