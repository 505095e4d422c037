"""
Regular expressions that are searched in a time that grows with the text alone.

`re` goes one way through a pattern after the other: for `(a+)+$` these are 2**n, and nothing else happens meanwhile.
Here all ways are gone at once, one character of the text after the other. `re` says what is well-formed and which
characters each part of a pattern stands for, so that patterns mean what they mean in Python; those that cannot be
searched so are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_LONGEST = 1000
"""Characters of a pattern."""
_MOST = 2000
"""Parts of a pattern whose repeats are written out."""
_DEEPEST = 60
"""Groups inside each other."""
_TOO_DEEP = "it has too many groups inside each other"
_KNOWN = 2000
"""Steps that are remembered."""

_REPEAT = re.compile(r"(?P<sign>[*+?])|\{(?!\})(?P<low>[0-9]*)(?P<comma>,?)(?P<high>[0-9]*)\}")
_SIGNS = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_PART = re.compile(
    r"""
    (?P<class>\[\^?\]?(?:[^\]\\]|\\.)*\])
    |(?P<place>[\^$]|\\[AbBzZ])
    |(?P<again>\\[1-9](?![0-7]{2})[0-9]?)
    |(?P<one>\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|0[0-7]{0,2}|[1-7][0-7]{2}|.)|[^\\])
    """,
    re.VERBOSE | re.DOTALL,
)
_GROUP = re.compile(
    r"\((?:\?(?:(?P<comment>\#)|P<\w+>|(?P<on>[aiLmsux]*)(?:-(?P<off>[imsx]+))?(?P<end>[:)])|(?P<other>.)))?"
)
_SET = re.compile(r"\\.|\[(?P<inside>\^?\]?(?:[^\]\\]|\\.)*)(?:\]|\Z)", re.DOTALL)
_DOUBTFUL = re.compile(r"^\[|--|&&|~~|\|\|")
"""What Python warns of in a set, since it may come to mean something else there."""

_OTHER = {"=": "looks ahead", "!": "looks ahead", "<": "looks back"}


class _Part(NamedTuple):
    """
    A part of a pattern.

    Attributes:
        kind: `one` character, a `place` between two, `all` of several parts, `any` of them, or a part some `times`.
        text: The pattern of a character or a place.
        parts: The parts in it.
        low: How often it comes at least.
        high: How often at most; None where there is no bound.
    """

    kind: str
    text: str = ""
    parts: tuple[_Part, ...] = ()
    low: int = 1
    high: int | None = 1


class _Reader:
    """Reads a pattern that `re` has found well-formed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._flags: frozenset[str] = frozenset()
        self._depth = 0

    def either(self) -> _Part:
        """Return the alternatives up to the end of a group."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise re.error(_TOO_DEEP)
        ways = [self._sequence()]
        while self._text[self._place : self._place + 1] == "|":
            self._place += 1
            ways.append(self._sequence())
        self._place += 1  # the parenthesis
        self._depth -= 1
        return ways[0] if len(ways) == 1 else _Part("any", parts=tuple(ways))

    def _sequence(self) -> _Part:
        parts: list[_Part] = []
        while self._place < len(self._text) and self._text[self._place] not in "|)":
            if repeat := _REPEAT.match(self._text, self._place):
                parts[-1] = self._repeated(parts[-1], repeat)
            elif self._text[self._place] == "(":
                parts += self._group()
            else:
                parts.append(self._single())
        return _Part("all", parts=tuple(parts))

    def _repeated(self, part: _Part, repeat: re.Match[str]) -> _Part:
        self._place = repeat.end()
        if repeat["sign"]:
            low, high = _SIGNS[repeat["sign"]]
        else:
            low = int(repeat["low"] or 0)
            high = (int(repeat["high"]) if repeat["high"] else None) if repeat["comma"] else low
        following = self._text[self._place : self._place + 1]
        if following == "+":
            raise re.error(f"{repeat[0]}+ keeps what it has taken, which is not supported; write {repeat[0]}")
        self._place += following == "?"  # whether it takes few or many is no matter of what is found
        return _Part("times", parts=(part,), low=low, high=high)

    def _group(self) -> Iterator[_Part]:
        found = _GROUP.match(self._text, self._place)
        assert found is not None
        if found["other"] in _OTHER:
            does = _OTHER[found["other"]]
            raise re.error(
                f"{found[0]} {does}, which is not supported; write two comparisons, joined by and, or and not"
            )
        if found["other"]:
            raise re.error(f"{found[0]} is not supported; write the pattern without it")
        self._place = found.end()
        if found["comment"]:
            self._place = self._text.index(")", self._place) + 1
            return
        before = self._flags
        self._flags = (before | {*(found["on"] or "")}) - {*(found["off"] or "")}
        for one, other in ("au", "ua"):
            self._flags -= {other} if one in (found["on"] or "") else set()
        if "x" in self._flags:
            raise re.error("the flag x is not supported; write the pattern without blanks and comments")
        if found["end"] != ")":  # else it was flags of all that follows
            yield self.either()
            self._flags = before

    def _single(self) -> _Part:
        found = _PART.match(self._text, self._place)
        assert found is not None, self._text
        self._place = found.end()
        if found["again"]:
            raise re.error(f"{found[0]} stands for what a group has found, which is not supported; write it again")
        text = re.escape(found[0]) if len(found[0]) == 1 and found[0] not in ".^$" else found[0]
        flags = "".join(sorted(self._flags))
        return _Part("place" if found["place"] else "one", f"(?{flags}:{text})" if flags else text)


class _Step(NamedTuple):
    """Where one may go on: behind `one` character that fits, at a `place` that holds, or to `any` of `then` at once."""

    kind: str
    number: int
    then: tuple[int, ...]


_END = 0
"""The step at which a pattern is found."""


class _Graph:
    """
    The steps of a pattern.

    Args:
        whole: All of it.

    Attributes:
        steps: By their numbers.
        first: The number of the first one.
        characters: Patterns of single characters, each with its number.
        places: Patterns of places, each with its number.
        has_ways: Whether there is more than one way through it.
    """

    def __init__(self, whole: _Part) -> None:
        self.steps = [_Step("end", 0, ())]
        self.characters: dict[str, int] = {}
        self.places: dict[str, int] = {}
        self.has_ways = False
        self._work = 0
        self.first = self._joined(whole, _END)

    def _joined(self, part: _Part, then: int) -> int:
        """Return the first step of a part, behind which comes another step."""
        self._work += 1
        if self._work > _MOST or max(part.low, part.high or 0) > _MOST:
            raise re.error(f"its repeats come to more than {_MOST} parts; write * or +, or smaller numbers")
        if part.kind in ("one", "place"):
            known = self.characters if part.kind == "one" else self.places
            return self._added(part.kind, known.setdefault(part.text, len(known)), then)
        if part.kind == "all":
            for each in reversed(part.parts):
                then = self._joined(each, then)
            return then
        self.has_ways = True
        if part.kind == "any":
            return self._added("any", 0, *[self._joined(each, then) for each in part.parts])
        return self._repeated(part, then)

    def _repeated(self, part: _Part, then: int) -> int:
        (each,), end = part.parts, then
        if part.high is None:
            then = self._added("any", 0)
            self.steps[then] = _Step("any", 0, (self._joined(each, then), end))
        else:
            for _ in range(part.high - part.low):
                then = self._added("any", 0, self._joined(each, then), end)
        for _ in range(part.low):
            then = self._joined(each, then)
        return then

    def _added(self, kind: str, number: int, *then: int) -> int:
        self.steps.append(_Step(kind, number, then))
        return len(self.steps) - 1


class Pattern:
    """
    A regular expression.

    Args:
        text: As Python writes it, without what looks ahead or back, groups that are found again, possessive repeats
            and the flag `x`.

    Raises:
        re.error: It is malformed, or has what is not supported.

    Example:
        >>> pattern = Pattern("(a+)+$")
        >>> pattern.is_found("b" + "a" * 50), pattern.is_found("a" * 50 + "b")
        (True, False)
    """

    def __init__(self, text: str) -> None:
        if len(text) > _LONGEST:
            raise re.error(f"it has {len(text)} characters, and may have {_LONGEST}")
        for found in _SET.finditer(text):
            if doubtful := _DOUBTFUL.search(re.sub(r"\\.", "a", found["inside"] or "", flags=re.DOTALL)):
                sign = doubtful[0][-1]
                raise re.error(
                    f"{found[0]} may come to mean something else in Python; write \\{sign} for a {sign} in it"
                )
        try:
            plain = re.compile(text)
        except RecursionError:
            raise re.error(_TOO_DEEP) from None
        except OverflowError as problem:
            raise re.error(str(problem)) from None
        graph = _Graph(_Reader(text).either())
        self._plain = None if graph.has_ways else plain
        self._steps = graph.steps
        self._first = frozenset((graph.first,))
        self._characters = [re.compile(each) for each in graph.characters]
        self._places = [re.compile(each) for each in graph.places]
        self._known: dict[tuple[frozenset[int], tuple[bool, ...], str], frozenset[int]] = {}

    def is_found(self, text: str) -> bool:
        """Return whether it is found anywhere in a text."""
        if self._plain is not None:
            return self._plain.search(text) is not None
        steps, known = self._first, self._known
        for place, character in enumerate(text):
            key = steps, self._held(text, place), character
            steps = known.get(key) or self._after(*key)
            if _END in steps:
                return True
        return _END in self._reached(steps, self._held(text, len(text)))

    def _held(self, text: str, place: int) -> tuple[bool, ...]:
        return tuple([each.match(text, place) is not None for each in self._places]) if self._places else ()

    def _after(self, steps: frozenset[int], held: tuple[bool, ...], character: str) -> frozenset[int]:
        """Return the steps that follow a character, and the first one again; only the end where that was reached."""
        if len(self._known) >= _KNOWN:
            self._known.clear()
        reached = self._reached(steps, held)
        ones = [step for step in map(self._steps.__getitem__, reached) if step.kind == "one"]
        fitting = {number for number in {step.number for step in ones} if self._characters[number].fullmatch(character)}
        then = self._first.union(step.then[0] for step in ones if step.number in fitting)
        found = frozenset((_END,)) if _END in reached else then
        self._known[steps, held, character] = found
        return found

    def _reached(self, steps: frozenset[int], held: Sequence[bool]) -> set[int]:
        """Return all steps that are reached without another character."""
        reached: set[int] = set()
        waiting = [*steps]
        while waiting:
            number = waiting.pop()
            if number in reached:
                continue
            reached.add(number)
            step = self._steps[number]
            if step.kind == "any" or (step.kind == "place" and held[step.number]):
                waiting += step.then
        return reached
