"""What was asked: Origin, Override, Request."""

import os
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from expframe.config import dotted
from expframe.config.dotted import EVERYWHERE
from expframe.config.options import Options
from expframe.errors import UsageError, one_of_type

_OF_CODE = {"config function", "config class", "add_config", "config hook"}


class Origin(NamedTuple):
    """
    Who set a value.

    Attributes:
        kind: `config function`, `config class`, `add_config`, `named config`, `config hook`, `file`, `command line`,
            `config_updates`, `ingredients` (what stands in a slot where nobody chose) or `drawn` (a seed nobody chose).
        name: The function, file or words that did it.
        file: Where it stands in code; empty where it does not.
        line: The line in `file`, from 1; 0 where unknown.
    """

    kind: str
    name: str = ""
    file: str = ""
    line: int = 0

    @property
    def where(self) -> str:
        """The place in short: `train.py:12`, or the kind where there is no file."""
        if not self.file:
            return self.kind if self.kind != "drawn" else ""
        name = os.path.basename(self.file)  # also right for <stdin> and notebook cells
        return f"{name}:{self.line}" if self.line else name

    @property
    def is_of_code(self) -> bool:
        """Whether the code says it where nobody asks for anything else."""
        return self.kind in _OF_CODE

    def at(self, line: int) -> "Origin":
        """Return the same origin at another line."""
        return self._replace(line=line)

    def to_json(self) -> list[Any]:
        """Return plain JSON data."""
        return [self.kind, self.name, self.file, self.line]

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> "Origin":
        """
        Return the origin that `to_json` wrote.

        Raises:
            TypeError: It is none.
        """
        found = cls(*data)
        if not all(map(isinstance, found, (str, str, str, int))):
            raise TypeError("no origin")
        return found


class Override(NamedTuple):
    """
    One fixed value: asked for, or said by a named config, by a dict about an ingredient, or by an earlier run.

    Attributes:
        path: Where it goes.
        value: The value, of which a dict is merged leaf by leaf; the text it is read from when `is_text`.
        operator: `=`, `+=` (append to the default), `+` (add a new entry on purpose) or `...` (every entry whose path
            ends so; it is taken apart before values are decided).
        is_text: Whether `value` is text, as on a command line.
        written: The words of the user, for messages; empty for a file.
        origin: Who said it.
        is_code: Whether the code says it: then it may make an entry, and make a group of a value or the reverse.
    """

    path: dotted.Path
    value: Any
    operator: str = "="
    is_text: bool = False
    written: str = ""
    origin: Origin = Origin("command line")
    is_code: bool = False

    @property
    def may_add(self) -> bool:
        """Whether it may make an entry that nothing else defines."""
        return self.is_code or self.operator == "+"

    @property
    def entries(self) -> dict[Any, Any] | None:
        """The dict that it merges leaf by leaf, and an instance of a config class as one; None for a single value."""
        if not self.is_text:
            if not isinstance(self.value, dict) and type(self.value).__module__ == "builtins":
                return None
            from expframe.config.instances import entries_in

            return entries_in(self.value)
        if self.value.lstrip()[:1] != "{":
            return None
        from expframe.config.conversion import literal

        found = literal(self.value)
        return dotted.nest(found) if isinstance(found, dict) else None

    @property
    def word(self) -> str | None:
        """The word by which it may choose; None for any other value."""
        if not self.is_text:
            return self.value if isinstance(self.value, str) else None
        from expframe.config.conversion import literal

        found = literal(self.value)
        return found.strip() if isinstance(found, str) else None

    def choices(self) -> Iterator["Override"]:
        """Yield all in it that may choose by name: itself, and words in its dict."""
        entries = self.entries
        if entries is not None:
            yield from self._choices_in(entries, self.path)
        elif self.word is not None:
            yield self

    def _choices_in(self, entries: Mapping[Any, Any], path: dotted.Path) -> Iterator["Override"]:
        for key, item in entries.items():
            below = path if key == dotted.CHOICE else (*path, key)
            if isinstance(item, dict):
                yield from self._choices_in(item, below)
            elif isinstance(item, str):
                yield self._replace(path=below, value=item, is_text=False)

    def said(self, path: dotted.Path) -> str:
        """Return the user's words for what it fixes at a path."""
        return self.written or f"{dotted.name(path)} in {self.origin.name}"

    def leaves(self, found: Any = dotted.MISSING) -> Iterator[tuple[dotted.Path, Any]]:
        """
        Yield the path and the value, or text, of all that it fixes.

        Args:
            found: What stands at its path. For a text what reads like a dict is a text; of a dict for another choice
                than that which stands there it is the choice alone.
        """
        entries = self.entries
        if (self.is_text and isinstance(found, str)) or entries is None:
            is_choice = isinstance(found, dict) and self.word is not None and dotted.CHOICE in found
            yield ((*self.path, dotted.CHOICE), self.word) if is_choice else (self.path, self.value)
        elif entries:
            yield from _walk_beside(entries, found, self.path)
        else:
            yield self.path, entries

    def inside(self, path: dotted.Path) -> Iterator["Override"]:
        """Yield what it says of entries below a path."""
        depth = len(path)
        if len(self.path) > depth:
            if self.path[:depth] == path:
                yield self
        elif path[: len(self.path)] == self.path:
            group = dotted.get(self.entries, path[len(self.path) :])
            for key, item in group.items() if isinstance(group, dict) else ():
                yield self._replace(path=(*path, key), value=item, is_text=False)

    @classmethod
    def of_leaf(
        cls, path: dotted.Path, value: Any, *, origin: Origin, written: str = "", is_code: bool = False
    ) -> "Override":
        """Return the override that fixes a leaf of a config; of what is chosen there it chooses."""
        return cls(dotted.without_choice(path), value, written=written, origin=origin, is_code=is_code)

    @classmethod
    def parse(cls, text: Any) -> "Override":
        """
        Return the override that a command line's `lr=0.1`, `tags+=["x"]`, `+new.key=1` or `...lr=0.1` asks for.

        Raises:
            UsageError: It is no text, there is no `=`, a part of the path is empty, or there are too many of them.
        """
        from expframe.config.masking import MASKING

        if not isinstance(text, str):
            problem = f"is {one_of_type(text)}. Write it as text, 'lr=0.1', or give a dict as config_updates."
            raise UsageError(f"override {text!r:.80}", problem)
        left, equals, value = text.partition("=")
        name, value = left.strip(), value.strip()
        operator, written = ("+=", name.removesuffix("+")) if name.endswith("+") else _operator_of(name)
        path = tuple(part.strip() for part in written.split("."))
        if not equals or not all(path) or path[0].startswith("+"):
            forms = "name=value, net.depth=3, layers.0=9, tags+=['x'], +new=1 or ...name=value"
            raise UsageError(repr(text), f"is no override. Write {forms}, with no blanks around =.")
        if len(path) > dotted.DEEPEST:
            problem = f"has {len(path)} parts. A config has at most {dotted.DEEPEST} levels."
            raise UsageError(f"{text[:60]!r}...", problem)
        written = f"{name}={MASKING.written(value, path)}"
        return cls(dotted.without_choice(path), value, operator, True, written, Origin("command line", name))

    @classmethod
    def from_updates(cls, updates: Mapping[Any, Any], origin: Origin) -> tuple["Override", ...]:
        """
        Return the overrides of a dict whose keys may be dotted, nested, or begin with `+` or `...`.

        Raises:
            UsageError: A key is neither text nor a whole number, or a part of it is empty.
        """
        from expframe.config.groups import entries_of
        from expframe.config.holders import is_holder
        from expframe.config.instances import group_of
        from expframe.config.json_values import short_repr
        from expframe.config.masking import MASKING

        overrides = []
        for key, said in (entries_of(updates) or {}).items():
            operator, name = _operator_of(key) if isinstance(key, str) else ("=", key)
            path: dotted.Path = dotted.split(name) if isinstance(name, str) else (name,)
            if not isinstance(key, str | int) or not path or "" in path:
                raise UsageError(
                    f"config_updates {key!r}", "is no name. Write {'net.depth': 3} or {'net': {'depth': 3}}."
                )
            value = group_of(said) if isinstance(said, dict) or is_holder(said) else said  # these are set leaf by leaf
            given = dotted.nest(value) if isinstance(value, dict) else value
            shown = short_repr(MASKING.value(given, path), 60)
            overrides.append(cls(dotted.without_choice(path), given, operator, False, f"{key}={shown}", origin))
        return tuple(overrides)


def _operator_of(name: str) -> tuple[str, str]:
    """Return what stands before a name, `+` or `...`, else `=`; and the name."""
    operator = next((sign for sign in (EVERYWHERE, "+") if name.startswith(sign)), "=")
    return operator, name.removeprefix(operator)


def _walk_beside(entries: Mapping[Any, Any], found: Any, path: dotted.Path) -> Iterator[tuple[dotted.Path, Any]]:
    is_chosen = isinstance(found, dict) and dotted.CHOICE in found and dotted.CHOICE in entries
    if is_chosen and entries[dotted.CHOICE] != found[dotted.CHOICE]:
        entries = {dotted.CHOICE: entries[dotted.CHOICE]}
    for key, item in entries.items():
        beside = dotted.get(found, (key,))
        if isinstance(item, dict) and item:
            yield from _walk_beside(item, beside, (*path, key))
        elif isinstance(item, str) and isinstance(beside, dict) and dotted.CHOICE in beside:
            yield (*path, key, dotted.CHOICE), item
        else:
            yield (*path, key), item


class TrialOf(NamedTuple):
    """
    The sweep that a run is a trial of.

    Attributes:
        uid: The uid of the sweep's run.
        id: That run's id.
        root: The uid of the outermost run around it.
        depth: How many runs are around the sweep.
        facts: Which trial it is: `trial`, `configuration`, `replicate`, `attempt`.
    """

    uid: str
    id: str
    root: str
    depth: int
    facts: Mapping[str, Any]


class Request(NamedTuple):
    """What was asked: one for each run, and for each config that is decided without one."""

    command: str | None = None
    overrides: tuple[Override, ...] = ()
    named: tuple[str, ...] = ()
    options: Options = Options()
    info: Mapping[str, Any] = MappingProxyType({})
    tags: tuple[str, ...] = ()
    seed: int = 1
    """What `seed` is if nobody chooses one."""
    args: tuple[Any, ...] = ()
    """Positional arguments of the command, which prevail over the config."""
    kwargs: Mapping[str, Any] = MappingProxyType({})
    """Keyword arguments of the command."""
    base: tuple[Override, ...] = ()
    """The values of the run that is resumed or done again, below all that is asked for."""
    rerun_of: Mapping[str, str] = MappingProxyType({})
    """Id and uid of the run that is done again."""
    trial_of: TrialOf | None = None
    """The sweep that it is a trial of, which may be a run of another process or of one that is gone."""
