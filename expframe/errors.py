"""
Every exception of expframe. Fields hold the data; the text is made when it is shown.

    ExpframeError                                  The base of all errors
    ├── DefinitionError                            A decorator or adder was given something it cannot use
    │   ├── ConfigFunctionError                    A config function cannot be run with pinned values
    │   ├── BoundError                             A bound beside a type is none, or contradicts another
    │   ├── CaptureError                           The options of a capture contradict each other or the function
    │   ├── ExperimentFileError                    A file describes an experiment as it cannot be
    │   ├── HookSignatureError                     A hook's parameters are not the agreed ones
    │   ├── NameTakenError                         A named config or option of this name is there already
    │   ├── DuplicatePathError                     Two different ingredients have one path
    │   └── CircularIngredientsError               An ingredient contains itself
    ├── UsageError                                 A command line or a call asks for what is not there
    │   ├── CommandLineError                       Words of a command line fit no usage line
    │   ├── UnknownCommandError                    No command has this name
    │   ├── UnknownTopicError                      Help was asked for what is neither a command nor an entry
    │   ├── MissingMainError                       No command was named and there is no main function
    │   ├── OptionError                            An option has a value it cannot take
    │   ├── QuestionError                          A page was asked for something that it cannot show
    │   ├── SweepWordError                         A word of a sweep cannot be what it says
    │   └── QueryError (also ValueError)           A filter of runs is malformed, or a field that it names is not there
    ├── ConfigError                                A value cannot be decided
    │   ├── UnknownEntryError                      An override names an entry that nothing defines or takes
    │   ├── UnknownNameError                       No entry at any depth has a name
    │   ├── UnknownNamedConfigError                A word of the command line is no named config and no file
    │   ├── EntryTypeError                         An entry was given a value of another type
    │   ├── EntryBoundsError                       An entry has a value outside of its bounds
    │   ├── ChoiceError                            An entry was given a choice, or a field of a choice, that it has not
    │   ├── MissingEntryError                      An entry without a default was given no value
    │   ├── ValidatorError                         A class refuses the values of its fields
    │   ├── EntryGroupError                        A single value was given for a group of entries, or the reverse
    │   ├── EntryIndexError                        An override names an element that a list does not have
    │   ├── AppendError                            `+=` was used where nothing can be appended
    │   ├── EntryNameError                         A key cannot be named by any path
    │   ├── ConfigFileError                        A config file is missing, malformed or of an unknown kind
    │   ├── ConfigParameterError                   A config function asks for an entry that nothing before it defines
    │   ├── IngredientEntryError                   A config function assigns into the config of an ingredient
    │   ├── MaskedEntryError                       A stored value was masked, so it cannot be used again
    │   └── ConfigChangedError                     A run would be resumed with another config than it has
    ├── ReadOnlyError (also TypeError)             A decided config cannot be changed
    ├── InjectionError                             A captured function cannot be given its arguments
    │   ├── MissingArgumentError (also TypeError)  A parameter has no argument, no config entry and no default
    │   ├── AmbiguousEntryError                    Two entries at the same depth have the name of a parameter
    │   ├── NotChosenError                         A function was called of an alternative that the run has not chosen
    │   └── UnrelatedRunsError                     A thread without a run cannot tell which of several it belongs to
    ├── SlotFunctionError (also AttributeError)    A Choice was asked for a function that it has not
    ├── RunError                                   A run cannot do what it was asked
    │   ├── NotCleanError                          A clean repository was asked for, and it is not, or there is none
    │   ├── ResumeError                            A run cannot be resumed
    │   ├── RerunError                             A run cannot be done again from what is stored of it
    │   ├── WorkError                              The trials of a sweep cannot be done
    │   ├── BindError                              A function cannot be found again by its name in another process
    │   └── MetricError (also ValueError)          A metric's name, value or step cannot be logged
    ├── MissingLibraryError (also ImportError)     What was asked for needs an optional library that is not installed
    ├── OutputError                                What is printed cannot be written to standard output
    ├── QueueError                                 Tasks of a queue failed
    ├── StoreError                                 A folder of runs cannot do what it was asked
    │   ├── StoreUnusableError                     Runs cannot be written here
    │   ├── RunExistsError                         A run of this id exists already
    │   ├── RunNotFoundError (also KeyError)       No run has this id
    │   ├── EscapingPathError (also ValueError)    A name would lead out of its folder, or no file can be called so
    │   └── SaveError                              What was to be stored could not be; nothing half-written is left
    └── ValueFormatError (also ValueError)         Stored data is not what it should be

    RunInterrupt                                   Raise it in a command to end the run early
    └── RunTimeout                                 Raise it in a command to end the run as TIMEOUT

    Terminated (also SystemExit)                   SIGTERM or SIGHUP arrived
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, dataclass_transform


def _unasked(*, init: Literal[False] = False) -> Any:
    """Say to type checkers that a field is not asked for where the error is made."""
    return ""


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


_SAID_WITH_AN = (*"aeio", "un", "up", "nd")
_SAID_WITH_A = ("uni", "use", "one", "eu")
_SPELLED_WITH_AN = tuple("AEFHILMNORSX")
_IN_WORDS = {"type": "class", "builtin_function_or_method": "function", "PosixPath": "Path", "WindowsPath": "Path"}


def type_of(value: Any) -> str:
    """Return the type of a value as people call it: 'int64', 'dict' of a read-only one, 'class' of a class, 'None'."""
    kind = type(value)
    if kind.__module__ == "expframe.config.frozen":
        kind = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    name = "type" if isinstance(value, type) else kind.__name__
    return "None" if value is None else _IN_WORDS.get(name, name)


def with_article(name: str) -> str:
    """Return a noun with its article, as it is spoken: 'an int64', 'a uint8', 'an OSError', 'a UUID'."""
    said = name.lstrip("_")
    if said[:2].isupper() or said[1:2].isdigit():  # letter by letter
        takes_an = said.upper().startswith(_SPELLED_WITH_AN)
    else:
        takes_an = said.lower().startswith(_SAID_WITH_AN) and not said.lower().startswith(_SAID_WITH_A)
    return f"{'an' if takes_an else 'a'} {name}"


def one_of_type(value: Any) -> str:
    """Return the type of a value with its article: 'a dict', 'an int64', 'None'."""
    return "None" if value is None else with_article(type_of(value))


@dataclass_transform(eq_default=False, field_specifiers=(_unasked,))
class ExpframeError(Exception):
    """The base of all errors. The annotated names of a subclass and of its bases are its fields."""

    _names: ClassVar[tuple[str, ...]] = ()
    _left_out: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        names = [name for base in reversed(cls.__bases__) for name in getattr(base, "_names", ())]
        names += cls.__dict__.get("__annotations__", {})  # noqa: RUF063  without the import of inspect
        cls._names = tuple(name for name in dict.fromkeys(names) if name not in cls._left_out)

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


class _InOwnWords(_Explained):
    """An error of an explained kind whose text is made of fields of its own."""

    _left_out = ("subject", "problem")
    subject: str = _unasked()
    problem: str = _unasked()


# ---------------------------------------------------------------------------------------------------- definitions


class DefinitionError(_Explained):
    """A decorator or adder was given something it cannot use."""


class ConfigFunctionError(DefinitionError):
    """A config function cannot be run with pinned values."""


class BoundError(DefinitionError):
    """A bound beside a type is none, or contradicts another."""

    def of(self, entry: str, where: str) -> BoundError:
        """Return the same, said of the entry that has the type."""
        return BoundError(f"{self.subject} of {located(repr(entry), where)}", self.problem)


class CaptureError(DefinitionError):
    """The options of a capture contradict each other or the function."""


class ExperimentFileError(DefinitionError):
    """A file describes an experiment as it cannot be."""


class HookSignatureError(DefinitionError):
    """A hook's parameters are not the agreed ones."""


class NameTakenError(DefinitionError):
    """A named config or option of this name is there already."""


class DuplicatePathError(_InOwnWords, DefinitionError):
    """Two different ingredients have one path."""

    path: str
    first: str
    second: str

    def __str__(self) -> str:
        return (
            f"Two ingredients have the path {self.path!r} ({self.first} and {self.second}). "
            "Give one of them another path: it is the name of its entries."
        )


class CircularIngredientsError(_InOwnWords, DefinitionError):
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


class UnknownCommandError(_InOwnWords, UsageError):
    """No command has this name."""

    command: str
    nearest: tuple[str, ...]
    available: tuple[str, ...]
    is_update: bool = False

    def __str__(self) -> str:
        hint = f" Did you mean {' or '.join(map(repr, self.nearest))}?" if self.nearest else ""
        if self.is_update:
            hint = f" Values, named configs and files go after the word `with`: with {self.command}."
        return f"No command {self.command!r}.{hint} Available commands: {listed(self.available)}."


class UnknownTopicError(_InOwnWords, UsageError):
    """Help was asked for what is neither a command nor an entry."""

    topic: str
    nearest: tuple[str, ...]
    available: tuple[str, ...]

    def __str__(self) -> str:
        hint = f" Did you mean {' or '.join(map(repr, self.nearest))}?" if self.nearest else ""
        return (
            f"No command and no config entry {self.topic!r}.{hint} Commands: {listed(self.available)}. "
            "Entries: help config"
        )


class MissingMainError(_InOwnWords, UsageError):
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


class QuestionError(UsageError):
    """A page was asked for something that it cannot show."""


class SweepWordError(UsageError):
    """A word of a sweep cannot be what it says."""


class QueryError(UsageError, ValueError):
    """A filter of runs is malformed, or a field that it names is not there."""


# --------------------------------------------------------------------------------------------------------- config


class ConfigError(ExpframeError):
    """A value cannot be decided. Nothing has been started."""


class UnknownEntryError(ConfigError):
    """An override names an entry that nothing defines or takes."""

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


class UnknownNameError(ConfigError):
    """No entry at any depth has a name."""

    written: str
    name: str
    nearest: tuple[tuple[str, str], ...]
    available: tuple[str, ...]

    def __str__(self) -> str:
        if self.nearest:
            hint = "Did you mean " + " or ".join(f"'...{name}' ({places})" for name, places in self.nearest) + "?"
        else:
            hint = f"Names: {listed(self.available)}."
        return f"{self.written!r}: no config entry ends in {self.name!r}. {hint}"


class UnknownNamedConfigError(ConfigError):
    """A word of the command line is no named config and no file."""

    name: str
    nearest: tuple[tuple[str, str], ...]
    available: tuple[str, ...]
    is_entry: bool = False

    def __str__(self) -> str:
        hint = ""
        if self.is_entry:
            return f"{self.name!r}: is no named config, but an entry, or in one. Write its value: {self.name}=..."
        if self.nearest:
            hint = " Did you mean " + " or ".join(located(repr(n), where) for n, where in self.nearest) + "?"
        return (
            f"{self.name!r}: no such named config.{hint} Named configs: {listed(self.available)}. "
            "Config files end in .json, .yaml, .yml or .toml; values are written name=value."
        )


class EntryTypeError(ConfigError):
    """An entry was given a value of another type."""

    written: str
    path: str
    expected: str
    where: str
    got: str
    hint: str = ""

    def __str__(self) -> str:
        place = located(repr(self.path), self.where)
        hint = f"{self.hint} " if self.hint else ""
        return f"{self.written!r}: {place} takes {self.expected}, not {self.got}. {hint}--force takes it as it is."


class EntryBoundsError(ConfigError):
    """An entry has a value outside of its bounds."""

    said_by: str
    path: str
    refusal: str
    where: str
    got: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f"{self.hint} " if self.hint else ""
        must = located(self.refusal, self.where)
        return f"{self.said_by}: {self.path!r} {must}, not {self.got}. {hint}--force takes it as it is."


class ChoiceError(ConfigError):
    """An entry was given a choice, or a field of a choice, that it has not."""

    written: str
    path: str
    where: str
    chosen: str
    available: tuple[str, ...]
    nearest: tuple[str, ...] = ()
    owner: str = ""
    """The choice whose field it is; empty where the choice itself is wrong."""

    def __str__(self) -> str:
        place = located(repr(self.path), self.where)
        if self.owner and not self.chosen:
            return (
                f"{self.written!r}: nothing that has fields is chosen for {place}. Choose it first, such as "
                f"{self.path}={self.owner}. Choices: {listed(self.available)}."
            )
        if self.owner:
            return (
                f"{self.written!r}: this field belongs to {self.owner}; for {place} {self.chosen} was chosen. "
                f"Choose the other: {self.path}={self.owner}."
            )
        hint = "Did you mean " + " or ".join(map(repr, self.nearest)) + "? " if self.nearest else ""
        return f"{self.written!r}: {place} has no such choice. {hint}Choices: {listed(self.available)}."


class MissingEntryError(ConfigError):
    """An entry without a default was given no value."""

    kind: str
    entries: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        names = listed([located(repr(name), where) for name, where in self.entries])
        words = " ".join(f"{name}=..." for name, _ in self.entries)
        return f"{self.kind} needs a value for {names}, which no default and nobody gives. Give it: with {words}"


class ValidatorError(ConfigError):
    """A class refuses the values of its fields."""

    kind: str
    where: str
    problems: tuple[tuple[tuple[tuple[str, str, str], ...], str], ...]
    """For each of them the entries (name, value, who set it) and what the class says."""

    def __str__(self) -> str:
        place = located(self.kind, self.where)
        lines = []
        for entries, words in self.problems:
            said = ", ".join(located(f"{name}={value}", where) for name, value, where in entries)
            lines.append(f"{place} refuses {said or 'its values'}: {words}")
        return "\n".join(lines)


class EntryGroupError(ConfigError):
    """A single value was given for a group of entries, or the reverse."""

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
    """
    A parameter has no argument, no config entry and no default.

    Attributes:
        deeper: Entries of its name in groups below.
        entries: The paths of the only entries that the function takes, where `entries=` names them.
    """

    function: str
    where: str
    names: tuple[str, ...]
    group: str = ""
    available: tuple[str, ...] = ()
    in_run: bool = True
    deeper: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()

    def __str__(self) -> str:
        needs = f"{located(self.function + '()', self.where)} needs {', '.join(map(repr, self.names))}"
        if not self.in_run:
            call = f"{needs} and no run is active. Call it from a command, or pass {self.names[0]}=."
            way = "is sent there as run.bind(function), or the whole worker is started with run.bind_worker()"
            return f"{call} What another process does for a run {way}."
        under = f"Entries under {self.group!r}" if self.group else "Entries"
        those = f" of those it takes ({', '.join(map(repr, self.entries))})" if self.entries else ""
        return f"{needs}: no config entry{those}, no default. {under}: {listed(self.available)}.{self._how_to_reach()}"

    def _how_to_reach(self) -> str:
        """Return what finds the entries that are deeper."""
        if not self.deeper:
            return ""
        below = f"{self.group}." if self.group else ""
        depth = max(path.removeprefix(below).count(".") for path in self.deeper) + 1
        are = "is" if len(self.deeper) == 1 else "are"
        return f" There {are} {', '.join(map(repr, self.deeper))}, which max_depth={depth} finds, or a prefix."


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


class NotChosenError(InjectionError):
    """A function was called of an alternative that the run has not chosen."""

    function: str
    where: str
    name: str
    slot: str
    chosen: str

    def __str__(self) -> str:
        function = self.function + "()"
        return (
            f"{located(function, self.where)} belongs to {self.name}; for {self.slot!r} {self.chosen} was chosen. "
            f"Choose the other: {self.slot}={self.name}. Or call the function of what is chosen: it is an attribute of "
            f"the Choice."
        )


class SlotFunctionError(_Explained, AttributeError):
    """A Choice was asked for a function that it has not."""


class UnrelatedRunsError(InjectionError):
    """A thread without a run cannot tell which of several it belongs to."""

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
    """A clean repository was asked for, and it is not, or there is none."""


class ResumeError(RunError):
    """A run cannot be resumed."""


class RerunError(RunError):
    """A run cannot be done again from what is stored of it."""


class WorkError(RunError):
    """The trials of a sweep cannot be done."""


class BindError(RunError):
    """A function cannot be found again by its name in another process."""


class MetricError(RunError, ValueError):
    """A metric's name, value or step cannot be logged."""


class MissingLibraryError(ExpframeError, ImportError):
    """What was asked for needs an optional library that is not installed."""

    what: str
    library: str
    extra: str

    def __str__(self) -> str:
        return f"{self.what} needs {self.library}. Install it with: pip install 'expframe[{self.extra}]'"


class OutputError(ExpframeError):
    """What is printed cannot be written to standard output."""

    reason: str
    is_unread: bool = False

    def __str__(self) -> str:
        return f"cannot write to standard output: {self.reason}"


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


class RunExistsError(_InOwnWords, StoreError):
    """A run of this id exists already."""

    id: str
    store: str

    def __str__(self) -> str:
        return f"Run {self.id!r} exists already in {self.store}. Choose another --id, or leave it out for a new number."


class RunNotFoundError(_InOwnWords, StoreError, KeyError):
    """No run has this id."""

    id: str
    store: str
    available: tuple[str, ...]
    hint: str = ""

    def __str__(self) -> str:
        hint = f" {self.hint}" if self.hint else ""
        return f"No run {self.id!r} in {self.store}. Newest runs: {listed(self.available)}.{hint}"


class EscapingPathError(_InOwnWords, StoreError, ValueError):
    """A name would lead out of its folder, or no file can be called so."""

    name: str
    folder: str

    def __str__(self) -> str:
        try:
            is_name = b"\0" not in os.fsencode(self.name)
        except UnicodeEncodeError:
            is_name = False
        if not is_name:
            return f"No file can be called {self.name!r}: names are {sys.getfilesystemencoding()} here, without NUL."
        return (
            f"The name {self.name!r} leads out of {self.folder}. "
            "Use a relative name without '..', and no link that leaves the folder."
        )


class SaveError(StoreError):
    """What was to be stored could not be; nothing half-written is left."""


class ValueFormatError(_Explained, ValueError):
    """Stored data is not what it should be."""


# ---------------------------------------------------------------------------------------------------- interrupts


class RunInterrupt(Exception):
    """
    Raise it in a command to end the run early. A subclass may set another `status`.

    Attributes:
        status: The status that the run ends with.
    """

    status = "INTERRUPTED"


class RunTimeout(RunInterrupt):
    """Raise it in a command to end the run as TIMEOUT."""

    status = "TIMEOUT"


class Terminated(SystemExit):
    """
    SIGTERM or SIGHUP arrived. Like KeyboardInterrupt it is no Exception.

    Uncaught, it ends the process with exit code 143, or 129 for SIGHUP.

    Args:
        number: The signal.
    """

    def __init__(self, number: int = 15) -> None:
        super().__init__(128 + number)
        self.number = number

    def __reduce__(self) -> Any:
        return type(self), (self.number,)
