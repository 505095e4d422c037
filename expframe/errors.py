"""
Every exception of expframe. Fields hold the data; the text is made when it is shown.

    ExpframeError
    ├── DefinitionError             a decorator or adder was given something it cannot use
    │   ├── ConfigFunctionError         a config function that cannot be run with pinned values
    │   ├── CaptureError                capture options that contradict each other or the function
    │   ├── NameTakenError              two named configs or options with one name
    │   ├── DuplicatePathError          two ingredients with one path
    │   ├── CircularIngredientsError    an ingredient that contains itself
    │   ├── ExperimentFileError         a file that describes an experiment as it cannot be
    │   └── HookSignatureError          a hook whose parameters are not the agreed ones
    ├── UsageError                  a command line or call that asks for what is not there
    │   ├── CommandLineError            words that fit no usage line
    │   ├── UnknownCommandError
    │   ├── MissingMainError
    │   ├── OptionError                 an option with a value it cannot take
    │   └── QueryError                  (also ValueError) a filter or field of runs that nobody understands
    ├── ConfigError                 a value that cannot be decided
    │   ├── UnknownEntryError
    │   ├── UnknownNamedConfigError
    │   ├── EntryTypeError
    │   ├── EntryGroupError             a scalar over a group of entries, or the reverse
    │   ├── EntryIndexError
    │   ├── AppendError
    │   ├── EntryNameError              a key that no path can name
    │   ├── ConfigFileError
    │   ├── ConfigParameterError        a config function asks for an entry that is not there yet
    │   ├── IngredientEntryError        a config function that assigns into an ingredient
    │   ├── MaskedEntryError
    │   └── ConfigChangedError          a run that is resumed with another config
    ├── ReadOnlyError               (also TypeError) writing into a decided config
    ├── InjectionError
    │   ├── MissingArgumentError        (also TypeError)
    │   ├── AmbiguousEntryError
    │   └── UnrelatedRunsError
    ├── RunError
    │   ├── NotCleanError               `--enforce_clean` and uncommitted changes
    │   ├── ResumeError                 a run that cannot be resumed
    │   ├── RerunError                  a run that cannot be done again from what is stored
    │   ├── BindError                   a function that cannot be found again in another process
    │   └── MetricError                 (also ValueError) a metric that cannot be logged
    ├── QueueError                  tasks of a queue that failed
    ├── StoreError
    │   ├── StoreUnusableError
    │   ├── RunExistsError
    │   ├── RunNotFoundError            (also KeyError)
    │   ├── EscapingPathError           (also ValueError) a name that leads out of its folder
    │   └── SaveError
    ├── MissingLibraryError         (also ImportError) an optional library that is not installed
    ├── ValueFormatError            (also ValueError) stored data that is not what it should be
    └── RunInterrupt                raised by user code to end a run early; `status` says as what
        └── RunTimeout

    Terminated (SystemExit)         SIGTERM arrived; like KeyboardInterrupt, it ends the process: with 143
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Callable[[T], T]:
        """Stand in for the typing-only decorator."""
        return lambda cls: cls


def _rebuild(cls: type[ExpframeError], fields: dict[str, Any]) -> ExpframeError:
    return cls(**fields)


def listed(names: Sequence[str], *, most: int = 12, none: str = "none") -> str:
    """Return names as 'a, b, c', cut with a count of the rest."""
    if not names:
        return none
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def located(name: str, where: str) -> str:
    """Return 'name (where)', or the name alone where its place is unknown."""
    return f"{name} ({where})" if where else name


@dataclass_transform(eq_default=False)
class ExpframeError(Exception):
    """The base of all errors; the annotated names of a subclass are its fields."""

    _names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = cls.__dict__.get("__annotations__", {})  # noqa: RUF063  without the import of inspect
        cls._names = tuple(dict.fromkeys([*cls._names, *own]))

    def __init__(self, *values: Any, **fields: Any) -> None:
        super().__init__(*values)
        fields.update(zip(self._names, values, strict=False))
        for name in self._names:
            if name in fields:
                setattr(self, name, fields.pop(name))
            elif not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} needs {name!r}")
        if fields:
            raise TypeError(f"{type(self).__name__} has no fields {sorted(fields)}")

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), {name: getattr(self, name) for name in self._names})


class _Explained(ExpframeError):
    """An error whose text was best known where it was found: `subject` and what is wrong with it."""

    subject: str
    problem: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.problem}"


# ---------------------------------------------------------------------------------------------------- definitions


class DefinitionError(_Explained):
    """A decorator or adder was given something it cannot use."""


class ConfigFunctionError(DefinitionError):
    """A config function cannot be run with pinned values."""


class CaptureError(DefinitionError):
    """The options of a capture contradict each other or the function."""


class ExperimentFileError(DefinitionError):
    """A file describes an experiment as it cannot be."""


class HookSignatureError(DefinitionError):
    """A hook's parameters are not the agreed ones."""


class NameTakenError(DefinitionError):
    """A named config or option of this name is there already."""


class DuplicatePathError(ExpframeError):
    """Two different ingredients have one path."""

    path: str
    first: str
    second: str

    def __str__(self) -> str:
        return (
            f"Two ingredients have the path {self.path!r} ({self.first} and {self.second}). "
            "Give one of them another path: it is the name of its entries."
        )


class CircularIngredientsError(ExpframeError):
    """An ingredient contains itself."""

    chain: tuple[str, ...]

    def __str__(self) -> str:
        return f"Ingredients contain each other in a circle: {'->'.join(self.chain)}. Take one of them out."


# ---------------------------------------------------------------------------------------------------------- usage


class UsageError(_Explained):
    """A command line or a call asks for what is not there."""


class CommandLineError(UsageError):
    """Words of a command line fit no usage line."""

    usage: str = ""

    def __str__(self) -> str:
        text = f"{self.subject}: {self.problem}"
        return f"{text}\n{self.usage}" if self.usage else text


class UnknownCommandError(ExpframeError):
    """No command has this name."""

    command: str
    nearest: tuple[str, ...]
    available: tuple[str, ...]

    def __str__(self) -> str:
        hint = f" Did you mean {' or '.join(map(repr, self.nearest))}?" if self.nearest else ""
        return f"No command {self.command!r}.{hint} Available commands: {listed(self.available)}."


class MissingMainError(ExpframeError):
    """No command was named and there is no main function."""

    experiment: str
    available: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.experiment!r} has no main function and no command was named. "
            f"Decorate one function with @ex.main or @ex.automain, or name a command: {listed(self.available)}."
        )


class OptionError(UsageError):
    """An option has a value it cannot take."""


class QueryError(UsageError, ValueError):
    """A filter of runs is malformed, or a field that it names is not there."""


# --------------------------------------------------------------------------------------------------------- config


class ConfigError(ExpframeError):
    """A value cannot be decided. Nothing has been started."""


class UnknownEntryError(ConfigError):
    """An override names an entry that no config defines and no captured function uses."""

    written: str
    path: str
    nearest: tuple[tuple[str, str], ...]
    available: tuple[str, ...]

    def __str__(self) -> str:
        if self.nearest:
            hint = "Did you mean " + " or ".join(located(repr(n), where) for n, where in self.nearest) + "?"
        else:
            hint = f"Entries: {listed(self.available)}."
        left, _, value = self.written.partition("=")
        value = value if left.strip() == self.path else "..."
        return (
            f"{self.written!r}: no config entry {self.path!r}. {hint} "
            f"Add it on purpose with +{self.path}={value} (--force lets every new entry pass)."
        )


class UnknownNamedConfigError(ConfigError):
    """A word on the command line is neither a named config nor a config file."""

    name: str
    nearest: tuple[tuple[str, str], ...]
    available: tuple[str, ...]

    def __str__(self) -> str:
        hint = ""
        if self.nearest:
            hint = " Did you mean " + " or ".join(located(repr(n), where) for n, where in self.nearest) + "?"
        return (
            f"{self.name!r}: no such named config.{hint} Named configs: {listed(self.available)}. "
            "Config files end in .json, .yaml, .yml or .toml; values are written name=value."
        )


class EntryTypeError(ConfigError):
    """An annotated entry was given a value of another type."""

    written: str
    path: str
    expected: str
    where: str
    got: str

    def __str__(self) -> str:
        return f"{self.written!r}: {located(repr(self.path), self.where)} takes {self.expected}, not {self.got}."


class EntryGroupError(ConfigError):
    """A single value was given for a group of entries, or a group for a single value."""

    written: str
    path: str
    where: str
    entries: tuple[str, ...]

    def __str__(self) -> str:
        place = located(repr(self.path), self.where)
        if self.entries:
            return (
                f"{self.written!r}: {place} is a group of entries. "
                f"Set them one by one ({self.path}.{self.entries[0]}=...): {listed(self.entries)}."
            )
        return f"{self.written!r}: {place} is a single value and has no entries below it. Set it as {self.path}=..."


class EntryIndexError(ConfigError):
    """An override names an element that a list does not have."""

    written: str
    path: str
    where: str
    index: str
    length: int

    def __str__(self) -> str:
        possible = f"0 to {self.length - 1}" if self.length else "none"
        return (
            f"{self.written!r}: no element {self.index} in {located(repr(self.path), self.where)}, which has "
            f"{self.length} (indices: {possible}). Append with {self.path}+=[...]."
        )


class AppendError(ConfigError):
    """`+=` was used where nothing can be appended."""

    written: str
    path: str
    where: str
    default: str
    value: str

    def __str__(self) -> str:
        return (
            f"{self.written!r}: cannot add {self.value} to {located(repr(self.path), self.where)}, "
            f"which is {self.default}. Lists take {self.path}+=[...]; set it with {self.path}=..."
        )


class EntryNameError(ConfigError):
    """A key cannot be named by any path."""

    key: str
    where: str
    problem: str

    def __str__(self) -> str:
        return (
            f"Entry name {self.key} ({self.where}): {self.problem}. "
            "Names are text without '.', '=' or a leading '+', or whole numbers."
        )


class ConfigFileError(ConfigError):
    """A config file is missing, malformed or of an unknown kind."""

    file: str
    problem: str

    def __str__(self) -> str:
        return f"Config file {self.file!r}: {self.problem}"


class ConfigParameterError(ConfigError):
    """A config function asks for an entry that nothing before it defines."""

    function: str
    where: str
    parameter: str
    available: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{located(self.function + '()', self.where)} asks for {self.parameter!r}, "
            f"which nothing before it defines. Entries so far: {listed(self.available)}."
        )


class IngredientEntryError(ConfigError):
    """A config function assigns into the config of an ingredient."""

    function: str
    where: str
    ingredient: str

    def __str__(self) -> str:
        return (
            f"{located(self.function + '()', self.where)} assigns into the config of the ingredient "
            f"{self.ingredient!r}, which is decided before. Use add_config({{{self.ingredient!r}: {{...}}}}) instead."
        )


class MaskedEntryError(ConfigError):
    """A stored value was masked, so it cannot be used again."""

    path: str

    def __str__(self) -> str:
        return f"{self.path!r} is a secret and was not stored. Supply it: with {self.path}=..."


class ConfigChangedError(ConfigError):
    """A run would be resumed with another config than it has."""

    id: str
    differences: tuple[str, ...]

    def __str__(self) -> str:
        lines = "".join(f"\n  {difference}" for difference in self.differences)
        return (
            f"Run {self.id} was started with another config:{lines}\n"
            "Leave these out to resume it as it was, start a new run, or resume it with the new values by --force."
        )


class ReadOnlyError(ExpframeError, TypeError):
    """A decided config cannot be changed."""

    path: str

    def __str__(self) -> str:
        name = self.path.rpartition(".")[2] or "config"
        at = f" ({self.path!r})" if self.path else ""
        return f"Config is read-only{at}. Use expframe.thaw({name}) for a copy you may change."


# ------------------------------------------------------------------------------------------------------ injection


class InjectionError(ExpframeError):
    """A captured function cannot be given its arguments."""


class MissingArgumentError(InjectionError, TypeError):
    """A parameter has no argument, no config entry and no default."""

    function: str
    where: str
    names: tuple[str, ...]
    group: str = ""
    available: tuple[str, ...] = ()
    in_run: bool = True

    def __str__(self) -> str:
        needs = f"{located(self.function + '()', self.where)} needs {', '.join(map(repr, self.names))}"
        if not self.in_run:
            return f"{needs} and no run is active. Call it from a command, or pass {self.names[0]}=."
        under = f"Entries under {self.group!r}" if self.group else "Entries"
        return f"{needs}: no config entry, no default. {under}: {listed(self.available)}."


class AmbiguousEntryError(InjectionError):
    """Two entries at the same depth have the name of a parameter."""

    function: str
    where: str
    name: str
    paths: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{located(self.function + '()', self.where)} needs {self.name!r}, "
            f"and {' and '.join(map(repr, self.paths))} are equally near. "
            f"Pass {self.name}=, or choose one with prefix= or entries= in @capture."
        )


class UnrelatedRunsError(InjectionError):
    """A thread without a run of its own cannot tell which of several runs it belongs to."""

    runs: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"This thread belongs to no run, and {listed(self.runs)} are active. "
            "Give the thread run.bind(function) in place of function."
        )


# ----------------------------------------------------------------------------------------------------------- runs


class RunError(_Explained):
    """A run cannot do what it was asked."""


class NotCleanError(RunError):
    """The repository has uncommitted changes, or there is none, and a clean one was asked for."""


class ResumeError(RunError):
    """A run cannot be resumed."""


class RerunError(RunError):
    """A run cannot be done again from what is stored of it."""


class BindError(RunError):
    """A function cannot be found again by module and name in another process."""


class MetricError(RunError, ValueError):
    """A metric's name, value or step cannot be logged."""


class MissingLibraryError(ExpframeError, ImportError):
    """What was asked for needs an optional library that is not installed."""

    what: str
    library: str
    extra: str

    def __str__(self) -> str:
        return f"{self.what} needs {self.library}. Install it with: pip install 'expframe[{self.extra}]'"


class QueueError(ExpframeError):
    """Tasks of a queue failed. `results` holds what came of each."""

    run: int
    waiting: int
    failed: tuple[str, ...]
    results: tuple[Any, ...] = ()

    def __str__(self) -> str:
        rest = f" Still queued: {self.waiting}." if self.waiting else ""
        return f"{len(self.failed)} of {self.run} tasks failed: {'; '.join(self.failed)}.{rest}"


class StoreError(_Explained):
    """A folder of runs cannot do what it was asked."""


class StoreUnusableError(StoreError):
    """Runs cannot be written here."""


class RunExistsError(ExpframeError):
    """A run of this id exists already."""

    id: str
    store: str

    def __str__(self) -> str:
        return f"Run {self.id!r} exists already in {self.store}. Choose another --id, or leave it out for a new number."


class RunNotFoundError(ExpframeError, KeyError):
    """No run has this id."""

    id: str
    store: str
    available: tuple[str, ...]

    def __str__(self) -> str:
        return f"No run {self.id!r} in {self.store}. Newest runs: {listed(self.available)}."


class EscapingPathError(ExpframeError, ValueError):
    """A name would lead out of the folder it belongs to."""

    name: str
    folder: str

    def __str__(self) -> str:
        return (
            f"The name {self.name!r} leads out of {self.folder}. "
            "Use a relative name without '..', and no link that leaves the folder."
        )


class SaveError(StoreError):
    """Something the caller asked to have stored could not be stored; nothing half-written is left."""


class ValueFormatError(_Explained, ValueError):
    """Stored data is not what it should be."""


# ---------------------------------------------------------------------------------------------------- interrupts


class RunInterrupt(Exception):
    """
    Raise it in a command to end the run early; a subclass may set another `status`.

    Attributes:
        status: The status that the run ends with.
    """

    status = "INTERRUPTED"


class RunTimeout(RunInterrupt):
    """Raise it in a command to end the run as TIMEOUT."""

    status = "TIMEOUT"


class Terminated(SystemExit):
    """SIGTERM arrived. Like KeyboardInterrupt it is no Exception; uncaught, it ends the process with exit code 143."""

    def __init__(self) -> None:
        super().__init__(143)
