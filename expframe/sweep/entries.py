"""What a sweep's word needs to know of the entry that it is about: which kinds of values it takes."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from expframe.config import conversion, dotted, hints, parsing
from expframe.config.bounds import Bounds, bounds_of
from expframe.config.dotted import CHOICE, MISSING, Path
from expframe.config.equality import same
from expframe.config.instances import Apart, default_of
from expframe.config.json_values import Reference
from expframe.config.layers import Slot
from expframe.config.request import Override
from expframe.config.standing import Standing
from expframe.errors import SweepWordError
from expframe.sweep.pieces import split

TEXT, SWITCH, WHOLE, NUMBER, GROUP, ANY = "text", "switch", "whole", "number", "group", "any"
"""Kinds of entries: a text and what is read from one, a truth, a whole number, a number, what holds others, and any."""

_MOST_COMPARED = 1000
"""So many choices are compared with each other."""


class UnsweptEntry(NamedTuple):
    """
    An entry as it is without the sweep.

    Attributes:
        value: Its value; MISSING where there is none, as for a parameter that a sweep fills.
        annotation: What it is annotated with; MISSING where it is not.
    """

    value: Any = MISSING
    annotation: Any = MISSING

    @property
    def kind(self) -> str:
        """Which values it takes: by its annotation, else by its value; `any` where neither says."""
        if hints.alternatives(self.annotation):
            return TEXT
        options = [option for option in hints.options(hints.plain(self.annotation)) if option is not type(None)]
        kinds = {_kind_of(option) for option in options} if not hints.says_nothing(self.annotation) else {ANY}
        if kinds == {ANY} and self.value not in (None, MISSING) and not isinstance(self.value, Reference):
            kinds = {_kind_of(parsing.kind_of(self.value))}
        if kinds == {WHOLE, NUMBER}:
            return NUMBER
        return kinds.pop() if len(kinds) == 1 else ANY

    @property
    def shown(self) -> str:
        """Its type, for messages."""
        if not hints.says_nothing(self.annotation):
            return hints.shown(hints.plain(self.annotation))
        return parsing.kind_of(self.value).__name__

    def read(self, text: str) -> Any:
        """Return what a text means for it, as in a run; of what is chosen by a word, the word."""
        if hints.alternatives(self.annotation):
            return conversion.literal(text)
        return parsing.read(text, self.value, self.annotation)

    def choices(self) -> tuple[str, ...]:
        """Return the values that its type names one by one, as texts; none where it does not."""
        if names := tuple(hints.alternatives(self.annotation)):
            is_optional = types.NoneType in hints.options(hints.plain(self.annotation))
            return (*names, "None") if is_optional else names
        is_open = hints.says_nothing(self.annotation)
        options = (type(self.value),) if is_open else hints.options(hints.plain(self.annotation))
        found = [_choices_of(option) for option in options if option is not type(None)]
        if not found or not all(found):
            return ()
        none = ("None",) if len(found) < len(options) else ()
        return tuple(dict.fromkeys(choice for choices in (*found, none) for choice in choices))

    def field(self, part: dotted.Part) -> UnsweptEntry:
        """Return what is known of a field of the group that it is; nothing where it has none."""
        return UnsweptEntry(dotted.get(self.value, (part,)), hints.below(self.annotation, self.value, part))

    @property
    def is_choice(self) -> bool:
        """Whether one of several groups is chosen for it by name."""
        return bool(hints.alternatives(self.annotation))

    def alternatives(self) -> Iterator[UnsweptEntry]:
        """Yield the groups of defaults of all that can be chosen for it; those that are to be imported come last."""
        known = hints.known(self.annotation)
        for name in sorted(known, key=lambda name: isinstance(known[name], str)):
            yield UnsweptEntry(self.group(name), self.annotation)

    def group(self, name: str) -> Any:
        """Return the group of an alternative: what stands there, or its defaults; MISSING where it is none."""
        found = hints.alternatives(self.annotation)
        if name not in found:
            return MISSING
        is_there = isinstance(self.value, dict) and hints.class_of(self.value, self.annotation) is found[name]
        return self.value if is_there else default_of(found[name], self.annotation, name)

    def chosen(self, value: Any, is_text: bool) -> UnsweptEntry:
        """Return the group that an axis's value makes of it; one without fields where it makes none."""
        override = Override((), value, is_text=is_text)
        entries = override.entries
        name = override.word if entries is None else entries.get(CHOICE)
        if entries is not None and name is None:
            return self
        return self.of_choice(name)

    def of_choice(self, name: Any) -> UnsweptEntry:
        """Return the group of an alternative; one without fields where it is none."""
        return UnsweptEntry(self.group(name) if isinstance(name, str) else MISSING, self.annotation)

    def plain(self, value: Any) -> Any:
        """Return a value as plain data, as a sweep's plan is stored: an instance of a config class as its group."""
        return Apart().group(value, self.annotation, ())

    def bounds(self) -> Bounds:
        """
        Return the bounds that its annotation declares.

        Raises:
            BoundError: They contradict each other, or are none.
        """
        return bounds_of(self.annotation)


class SlotEntry(UnsweptEntry):
    """
    A slot in which one of several ingredients is chosen.

    Attributes:
        slot: The slot.
        standing_of: Returns what stands in the config where an alternative is chosen for it.
    """

    slot: Slot
    standing_of: Callable[[str], Standing]

    @classmethod
    def of(cls, slot: Slot, value: Any, standing_of: Callable[[str], Standing]) -> SlotEntry:
        """Return a slot in which some group stands."""
        found = cls(value, slot.annotation)
        found.slot, found.standing_of = slot, standing_of
        return found

    @property
    def is_choice(self) -> bool:
        """Whether one of several groups is chosen for it by name."""
        return True

    def alternatives(self) -> Iterator[UnsweptEntry]:
        """Yield the groups of all that can be chosen for it without an import."""
        yield from (_SlotGroup.of(self, name) for name in self.slot.choice.imported())

    def of_choice(self, name: Any) -> UnsweptEntry:
        """Return the group of an alternative, whose entries may be such as have no value yet."""
        return _SlotGroup.of(self, name) if name in self.slot.available else UnsweptEntry()

    def group(self, name: str) -> Any:
        """Return the group of an alternative; MISSING where it is none."""
        if name not in self.slot.available:
            return MISSING
        return dotted.get(self.standing_of(name).tree, self.slot.path)


class _SlotGroup(UnsweptEntry):
    """The group of an ingredient that may be chosen for a slot."""

    slot: SlotEntry
    name: str

    @classmethod
    def of(cls, slot: SlotEntry, name: str) -> _SlotGroup:
        found = cls(slot.group(name))
        found.slot, found.name = slot, name
        return found

    def field(self, part: dotted.Part) -> UnsweptEntry:
        """Return what is known of an entry of it; nothing where it has none."""
        path = (*self.slot.slot.path, part)
        return UnsweptEntry(dotted.get(self.value, (part,)), self.slot.standing_of(self.name).type_of(path))


class Unswept:
    """
    What is there before a sweep's words are read.

    Args:
        value_of: Returns the value at a path; MISSING for none.
        type_of: Returns what a path is annotated with; MISSING where it is not.
        slots: The slots in which one of several ingredients is chosen.
        standing_of: Returns what stands in the config where an alternative is chosen for the slot at a path.
    """

    def __init__(
        self,
        value_of: Callable[[Path], Any],
        type_of: Callable[[Path], Any] = lambda path: MISSING,
        slots: Iterable[Slot] = (),
        standing_of: Callable[[Path, str], Standing] | None = None,
    ) -> None:
        self._value_of = value_of
        self._type_of = type_of
        self._slots = {slot.path: slot for slot in slots}
        self._standing_of = standing_of

    def entry(self, name: str) -> UnsweptEntry:
        """
        Return what is known of an entry; nothing of one that is not there, which is refused later.

        Of a field of an alternative that is not chosen it is what that one's class says.
        """
        path = dotted.split(name)
        if path in self._slots and self._standing_of is not None:
            return SlotEntry.of(self._slots[path], self._value_of(path), partial(self._standing_of, path))
        found = UnsweptEntry(self._value_of(path), self._type_of(path))
        if found != UnsweptEntry() or len(path) < 2:
            return found
        groups = self._groups(path[:-1])
        return next((entry for one in groups if (entry := one.field(path[-1])) != UnsweptEntry()), found)

    def _groups(self, path: Path) -> Iterator[UnsweptEntry]:
        """Yield the groups that may stand at a path: what stands there, and each alternative with its defaults."""
        own = self.entry(dotted.join(path))
        yield own
        yield from own.alternatives()


def _choices_of(option: Any) -> tuple[str, ...]:
    """Return the values of a Literal, an enum or a bool, as texts; none of a type that does not name its values."""
    if typing.get_origin(option) is typing.Literal:
        return tuple(value if _is_word(value) else repr(value) for value in typing.get_args(option))
    if isinstance(option, type) and issubclass(option, enum.Enum):
        return tuple(option.__members__)
    return ("False", "True") if option is bool else ()


def _is_word(value: Any) -> bool:
    """Return whether a value is a text that means itself where it is written."""
    return isinstance(value, str) and bool(value) and split(value) == [value] and conversion.literal(value) is value


def _kind_of(option: Any) -> str:
    origin = typing.get_origin(option) or option
    if origin is typing.Literal:
        return TEXT
    if not isinstance(origin, type) or origin is object:
        return ANY
    if issubclass(origin, enum.Enum):
        return TEXT
    for kind, kinds in ((SWITCH, (bool,)), (WHOLE, (int,)), (NUMBER, (float, complex))):
        if issubclass(origin, kinds):
            return kind
    is_group = issubclass(origin, list | tuple | set | frozenset | dict | Mapping) or origin in conversion.ABSTRACT
    if is_group or hasattr(origin, "__dataclass_fields__") or typing.is_typeddict(origin) or hasattr(origin, "astype"):
        return GROUP
    return TEXT


def refuse_same(word: str, shown: Sequence[str], values: Sequence[Any]) -> None:
    """
    Refuse choices of which two are the same value.

    Args:
        word: What says them.
        shown: The choices as they are written.
        values: What they are.

    Raises:
        SweepWordError: Two are the same.
    """
    for number, value in enumerate(values[:_MOST_COMPARED]):
        earlier = next((n for n in range(number) if same(values[n], value) and type(values[n]) is type(value)), None)
        if earlier is not None:
            pair = shown[number] if shown[number] == shown[earlier] else f"{shown[earlier]} and {shown[number]}"
            raise SweepWordError(word, f"has a value twice: {pair}. Use --seeds to repeat a configuration.")
