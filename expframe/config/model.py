"""What was asked and what was decided: Origin, Override, Options, Request, Layer, Recipe, Config."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from expframe.config import dotted, reading, values
from expframe.config.frozen import FrozenDict, freeze
from expframe.errors import OptionError, UsageError
from expframe.masking import mask

if TYPE_CHECKING:
    from expframe.config.pins import Pins


class Origin(NamedTuple):
    """
    Who set a value.

    Attributes:
        kind: `config function`, `add_config`, `named config`, `config hook`, `file`, `command line`, `config_updates`
            or `drawn` (a seed nobody chose).
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

    def at(self, line: int) -> Origin:
        """Return the same origin at another line."""
        return self._replace(line=line)

    def to_json(self) -> list[Any]:
        """Return plain JSON data."""
        return [self.kind, self.name, self.file, self.line]


class Override(NamedTuple):
    """
    One value that was asked for.

    Attributes:
        path: Where it goes.
        value: The value, or the text it is read from when `is_text`.
        operator: `=`, `+=` (append to the default) or `+` (add a new entry on purpose).
        is_text: Whether `value` is text to be read towards the default.
        written: The words of the user, for messages.
        origin: Where it was asked.
    """

    path: dotted.Path
    value: Any
    operator: str = "="
    is_text: bool = False
    written: str = ""
    origin: Origin = Origin("command line")

    @classmethod
    def parse(cls, text: str) -> Override:
        """
        Return the override that a command line's `lr=0.1`, `tags+=["x"]` or `+new.key=1` asks for.

        Raises:
            UsageError: There is no `=`, or a part of the path is empty.
        """
        left, equals, value = text.partition("=")
        name, value = left.strip(), value.strip()
        operator = "+=" if name.endswith("+") else "+" if name.startswith("+") else "="
        written = name.removesuffix("+") if operator == "+=" else name.removeprefix("+")
        path = tuple(part.strip() for part in written.split("."))
        if not equals or not all(path) or path[0].startswith("+"):
            raise UsageError(
                repr(text), "is no override. Write name=value, net.depth=3, layers.0=9, tags+=['x'] or +new=1."
            )
        return cls(path, value, operator, True, f"{name}={_shown(value, path)}", Origin("command line", name))

    @classmethod
    def from_updates(cls, updates: Mapping[Any, Any], origin: Origin) -> tuple[Override, ...]:
        """
        Return the overrides of a dict whose keys may be dotted, nested, or begin with `+` to add an entry.

        Raises:
            UsageError: A key is neither text nor a whole number, or a part of it is empty.
        """
        overrides = []
        for key, value in updates.items():
            operator = "+" if isinstance(key, str) and key.startswith("+") else "="
            path: dotted.Path = dotted.split(key.removeprefix("+")) if isinstance(key, str) else (key,)
            if not isinstance(key, str | int) or not path or "" in path:
                raise UsageError(
                    f"config_updates {key!r}", "is no name. Write {'net.depth': 3} or {'net': {'depth': 3}}."
                )
            shown = values.short_repr(mask(value, path[-1]), 60)
            overrides.append(cls(path, value, operator, False, f"{key}={shown}", origin))
        return tuple(overrides)


def _shown(text: str, path: dotted.Path) -> str:
    """Return the text of a value as it may be printed."""
    if text[:1] in {"{", "[", "("}:
        found = reading.literal(text)
        return text if mask(found, path[-1]) == found else repr(mask(found, path[-1]))
    return str(mask(text, path[-1]))


class Flag(NamedTuple):
    """One option of the command line: its spellings, its field in `Options`, its help, and what its value may be."""

    short: str
    long: str
    field: str
    help: str
    value: bool = False
    convert: Callable[[str], Any] = str
    takes: str = "a number"


def _capture_mode(text: str) -> str:
    if text not in ("no", "sys", "fd"):
        raise ValueError("no mode")
    return text


def _seconds(text: str) -> float:
    value = float(text)
    if not value >= 0:
        raise ValueError("not a time")
    return value


FLAGS = (
    Flag("", "--again", "again", "Do this run again with the code as it is now: its id, or last.", True),
    Flag("", "--against", "against", "With --dry-run: compare with this run too, by its id.", True),
    Flag("", "--any-code", "any_code", "With --needed: whatever the code of the completed run was."),
    Flag("-b", "--beat-interval", "beat_interval", "Seconds between two heart beats of the run.", True, _seconds),
    Flag("-C", "--capture", "capture", "How output is captured: no, sys or fd.", True, _capture_mode, "no, sys or fd"),
    Flag("-c", "--comment", "comment", "A comment that is stored with the run.", True),
    Flag("-d", "--debug", "debug", "Show whole tracebacks, expframe's own frames included."),
    Flag("", "--devices", "devices", "The GPUs that the run may see, by number: 0,3; empty for none.", True),
    Flag("", "--dry-run", "dry_run", "Show the config, whence each value comes and what is new; start nothing."),
    Flag("-e", "--enforce_clean", "enforce_clean", "Fail if the git repository has uncommitted changes."),
    Flag("-F", "--file_storage", "file_storage", "Store the run in this folder instead of ./runs.", True),
    Flag("-f", "--force", "force", "Let overrides add entries that nothing defines."),
    Flag("", "--grace", "grace", "Seconds to end by itself after SIGTERM, for code that asks.", True, _seconds),
    Flag("-h", "--help", "help", "Show this text, or with COMMAND the text of the command."),
    Flag("-i", "--id", "id", "Name the run instead of numbering it.", True),
    Flag("-l", "--loglevel", "loglevel", "DEBUG, INFO, NOTICE, WARNING, ERROR, CRITICAL or a number.", True),
    Flag("-n", "--name", "name", "Store the run under this experiment name.", True),
    Flag("", "--needed", "needed", "Do nothing if a completed run has the same command, config and code."),
    Flag("-D", "--pdb", "pdb", "Enter the debugger where the command fails."),
    Flag("-p", "--print-config", "print_config", "Print the config before the run."),
    Flag("-P", "--priority", "priority", "A priority that is stored with a queued run.", True, float),
    Flag("-q", "--queue", "queue", "Only store the run as QUEUED; do not start it."),
    Flag("", "--resume", "resume", "Go on with a run that did not come to its end: its id, or last.", True),
    Flag("-T", "--tag", "tag", "A tag that is stored with the run; several with commas.", True),
    Flag("-u", "--unobserved", "unobserved", "Run everything and keep nothing."),
)
"""The options of the command line."""


class Options(NamedTuple):
    """How a run is to be done: the flags of the command line, by their names."""

    again: str | None = None
    against: str | None = None
    any_code: bool = False
    beat_interval: float = 10.0
    capture: str | None = None
    comment: str | None = None
    debug: bool = False
    devices: Any = None
    dry_run: bool = False
    enforce_clean: bool = False
    file_storage: str | None = None
    force: bool = False
    grace: float | None = None
    help: bool = False
    id: str | None = None
    loglevel: str | int | None = None
    name: str | None = None
    needed: bool = False
    pdb: bool = False
    print_config: bool = False
    priority: float | None = None
    queue: bool = False
    resume: str | None = None
    tag: tuple[str, ...] = ()
    unobserved: bool = False
    extra: Mapping[str, Any] = MappingProxyType({})

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Options:
        """
        Return the options that a dict names, by field (`loglevel`) or flag (`--loglevel`); None means not given.

        Raises:
            OptionError: A name is unknown, or a value does not fit.
        """
        by_name = {flag.long: flag for flag in FLAGS} | {flag.field: flag for flag in FLAGS}
        chosen: dict[str, Any] = {}
        for name, value in given.items():
            flag = by_name.get(name)
            if name == "extra":
                chosen["extra"] = dict(value)
            elif flag is None:
                hint = dotted.nearest(name, by_name)
                raise OptionError(
                    f"option {name!r}", f"is unknown. Did you mean {hint[0]!r}?" if hint else "is unknown."
                )
            elif value is not None:
                chosen[flag.field] = cls._converted(flag, value)
        return cls(**chosen)

    @staticmethod
    def _converted(flag: Flag, value: Any) -> Any:
        if flag.field == "tag":
            texts = [value] if isinstance(value, str) else list(value)
            return tuple(tag.strip() for text in texts for tag in text.split(",") if tag.strip())
        if not isinstance(value, str):
            return value
        try:
            return flag.convert(value)
        except ValueError:
            raise OptionError(f"{flag.long}={value}", f"takes {flag.takes}.") from None

    def to_mapping(self) -> dict[str, Any]:
        """Return every option by its field's name."""
        return {**self._asdict(), "extra": dict(self.extra)}

    def given(self) -> dict[str, Any]:
        """Return the options that differ from their defaults."""
        default = Options()
        return {name: value for name, value in self.to_mapping().items() if value != getattr(default, name)}


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


class Decided:
    """
    What one layer decides.

    Attributes:
        values: Its entries.
        origins: Where each of them stands.
        docs: Their comments.
        annotations: For each annotated one what says its type.
    """

    def __init__(self, values: dict[Any, Any], origins: dict[dotted.Path, Origin] | None = None) -> None:
        self.values = values
        self.origins = origins or {}
        self.docs: dict[dotted.Path, str] = {}
        self.annotations: dict[dotted.Path, Callable[[], Any]] = {}


class Layer(Protocol):
    """Something that decides values: a config function or a dict."""

    @property
    def origin(self) -> Origin:
        """Where the layer stands."""

    def decide(self, pins: Pins, available: Mapping[str, Any]) -> Decided:
        """Return this layer's entries, under fixed values and given what was decided before."""


class Entries(NamedTuple):
    """The layer of `add_config`: values that are written down."""

    values: Mapping[Any, Any]
    origin: Origin

    def decide(self, pins: Pins, available: Mapping[str, Any]) -> Decided:
        """Return the entries with fixed values in place."""
        origins = {path: self.origin for path, _ in dotted.walk(self.values)}
        return Decided({key: pins.fix(value, key) for key, value in self.values.items()}, origins)


class Hook(NamedTuple):
    """A function that is called with the config so far and returns what to change."""

    function: Callable[..., Any]
    origin: Origin


class Part(NamedTuple):
    """The recipes of one ingredient, or of the experiment, whose path is empty."""

    path: dotted.Path
    layers: tuple[Layer, ...] = ()
    named: Mapping[str, Layer] = MappingProxyType({})
    hooks: tuple[Hook, ...] = ()
    below: tuple[dotted.Path, ...] = ()
    parameters: tuple[dotted.Path, ...] = ()

    def own_path(self, path: dotted.Path) -> dotted.Path:
        """Return where this part finds an ingredient: at its path, without this part's own where that leads to it."""
        return path[len(self.path) :] if path[: len(self.path)] == self.path else path

    def place_of(self, entry: dotted.Path) -> dotted.Path:
        """Return where an entry stands that this part knows by a path: below its own path, or in an ingredient."""
        for path in self.below:
            own = self.own_path(path)
            if entry[: len(own)] == own:
                return (*path, *entry[len(own) :])
        return (*self.path, *entry)


class Recipe(NamedTuple):
    """All parts of an experiment as they stand when a run starts: deepest ingredients first, the experiment last."""

    parts: tuple[Part, ...]

    @property
    def root(self) -> Part:
        """The experiment's own part."""
        return self.parts[-1]


class Change(NamedTuple):
    """
    How a value differs from its default.

    Attributes:
        kind: `added`, `modified` or `typechanged`.
        default: The value it would have had; MISSING for an added one.
        where: Where the default stands.
    """

    kind: str
    default: Any
    where: str


class Config(Mapping[str, Any]):
    """
    The decided values, read-only: what functions read is what is stored.

    Attributes:
        values: All entries; an ingredient's are below its path.
        origins: For each leaf, by dotted path, who set it.
        docs: The comments of entries, by dotted path.
        changes: How values differ from their defaults, by dotted path.
        warnings: What was taken but looks like a mistake.
    """

    __slots__ = ("changes", "docs", "origins", "values", "warnings")

    values: FrozenDict  # type: ignore[assignment]
    origins: Mapping[str, Origin]
    docs: Mapping[str, str]
    changes: Mapping[str, Change]
    warnings: tuple[str, ...]

    def __init__(
        self,
        tree: Mapping[Any, Any],
        origins: Mapping[str, Origin] | None = None,
        docs: Mapping[str, str] | None = None,
        changes: Mapping[str, Change] | None = None,
        warnings: tuple[str, ...] = (),
    ) -> None:
        for name, value in (
            ("values", freeze(dict(tree))),
            ("origins", origins or {}),
            ("docs", docs or {}),
            ("changes", changes or {}),
            ("warnings", warnings),
        ):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"Config is read-only ({name!r})")

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Config):
            return values.same(self.values, other.values)
        return values.same(self.values, freeze(other)) if isinstance(other, dict) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Config({mask(dict(self.values))!r})"

    def __reduce__(self) -> Any:
        return Config, (dict(self.values), self.origins, self.docs, self.changes, self.warnings)

    @property
    def seed(self) -> Any:
        """The seed of all randomness of the run."""
        return self.values["seed"]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data: values, origins, docs. Secrets are masked."""
        return {
            values.STORED: 1,
            "values": values.to_json(self.values),
            "origins": {path: origin.to_json() for path, origin in self.origins.items()},
            "docs": dict(self.docs),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, trust: bool = False) -> Config:
        """Return the Config that `to_json` wrote; masked values come back as `values.MASKED`."""
        origins = {path: Origin(*origin) for path, origin in data.get("origins", {}).items()}
        return cls(values.from_json(data["values"], trust=trust), origins, data.get("docs", {}))
