"""The options of a run: the flags of the command line, what each may be, and their values."""

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from expframe.config import dotted
from expframe.errors import OptionError, listed

_SWITCHED = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}


def _switch(given: Any) -> bool:
    if isinstance(given, str):
        return _SWITCHED[given.strip().lower()]
    if given not in (True, False):
        raise ValueError("neither on nor off")
    return bool(given)


def _text(given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, str | int | os.PathLike):
        raise TypeError("no text")
    text = str(given) if isinstance(given, int) else os.fspath(given)
    if not isinstance(text, str):
        raise TypeError("a path of bytes")
    return text


def _capture_mode(given: Any) -> str:
    if given not in ("no", "sys", "fd"):
        raise ValueError("no mode")
    return str(given)


def _number(given: Any) -> float:
    if isinstance(given, bool):
        raise TypeError("no number")
    value = float(given)
    if value != value:  # noqa: PLR0124  NaN
        raise ValueError("no number")
    return value


def _seconds(given: Any) -> float:
    value = _number(given)
    if value < 0:
        raise ValueError("not a time")
    return value


def _level(given: Any) -> str | int:
    return given if isinstance(given, int) and not isinstance(given, bool) else _text(given)


def _devices(given: Any) -> Any:
    return given  # judged where GPUs are known


def _tags(given: Any) -> tuple[str, ...]:
    texts = [given] if isinstance(given, str) else list(given)
    return tuple(tag.strip() for text in texts for tag in text.split(",") if tag.strip())


_TAKES: dict[Callable[[Any], Any], str] = {
    _switch: "True or False",
    _text: "a text",
    _number: "a number",
    _seconds: "a number from 0 on",
    _capture_mode: "no, sys or fd",
    _level: "a level",
    _tags: "texts",
}


class Flag(NamedTuple):
    """
    One option of the command line: its spellings, its field in `Options`, its help, and what its value may be.

    Attributes:
        value: Whether it has a value; a switch is there or not.
        convert: Makes of a text, or of a value in Python, what the option is; by default a text.
        takes: What it may be, for messages; by default what `convert` takes.
        is_list: Whether its value may be several, with commas between them.
    """

    short: str
    long: str
    field: str
    help: str
    value: bool = False
    convert: Callable[[Any], Any] | None = None
    takes: str = ""
    is_list: bool = False

    def converted(self, given: Any) -> Any:
        """
        Return what is given as a text, or as a value in Python, as what the option is.

        Raises:
            OptionError: It cannot be.
        """
        convert = self.convert or (_text if self.value else _switch)
        try:
            return convert(given)
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
            raise OptionError(f"{self.long}={given!s:.80}", f"takes {self.takes or _TAKES[convert]}.") from None


FLAGS = (
    Flag("", "--again", "again", "Do this run again with the code as it is now: its id, or last.", True),
    Flag("", "--against", "against", "With --dry-run: compare with this run too, by its id.", True),
    Flag("", "--any-code", "any_code", "With --needed: whatever the code of the completed run was."),
    Flag("-b", "--beat-interval", "beat_interval", "Seconds between two heart beats of the run.", True, _seconds),
    Flag("-C", "--capture", "capture", "How output is captured: no, sys or fd.", True, _capture_mode),
    Flag("-c", "--comment", "comment", "A comment that is stored with the run.", True),
    Flag("-d", "--debug", "debug", "Show whole tracebacks, expframe's own frames included."),
    Flag("", "--devices", "devices", "The GPUs that the run may see, by number: 0,3; empty for none.", True, _devices),
    Flag("", "--dry-run", "dry_run", "Show the config, whence each value comes and what is new; start nothing."),
    Flag("-e", "--enforce_clean", "enforce_clean", "Fail if the git repository has uncommitted changes."),
    Flag("-F", "--file_storage", "file_storage", "Store the run in this folder instead of ./runs.", True),
    Flag("-f", "--force", "force", "Take overrides as they are: new entries, other types, out of bounds."),
    Flag("", "--grace", "grace", "Seconds to end by itself after SIGTERM, for code that asks.", True, _seconds),
    Flag("-h", "--help", "help", "Show this text, or with COMMAND the text of the command."),
    Flag("-i", "--id", "id", "Name the run instead of numbering it.", True),
    Flag("-l", "--loglevel", "loglevel", "DEBUG, INFO, NOTICE, WARNING, ERROR, CRITICAL or a number.", True, _level),
    Flag("-n", "--name", "name", "Store the run under this experiment name.", True),
    Flag("", "--needed", "needed", "Do nothing if a completed run has the same command, config and code."),
    Flag("-D", "--pdb", "pdb", "Enter the debugger where the command fails."),
    Flag("-p", "--print-config", "print_config", "Print the config before the run."),
    Flag("-P", "--priority", "priority", "A priority that is stored with a queued run.", True, _number),
    Flag("-q", "--queue", "queue", "Only store the run as QUEUED; do not start it."),
    Flag("", "--resume", "resume", "Go on with a run that did not come to its end: its id, or last.", True),
    Flag("", "--resume-or-start", "resume_or_start", "Go on with the run of this id, or start it.", True),
    Flag("-T", "--tag", "tag", "A tag that is stored with the run; several with commas.", True, _tags, is_list=True),
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
    resume_or_start: str | None = None
    tag: tuple[str, ...] = ()
    unobserved: bool = False
    extra: Mapping[str, Any] = MappingProxyType({})

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> "Options":
        """
        Return the options that a dict names, by field (`loglevel`) or flag (`--loglevel`, `-l`); None means not given.

        Raises:
            OptionError: A name is unknown, or a value does not fit.
        """
        by_name = {name: flag for flag in FLAGS for name in (flag.short, flag.long, flag.field) if name}
        chosen: dict[str, Any] = {}
        for name, value in given.items():
            flag = by_name.get(name)
            if name == "extra":
                chosen["extra"] = dict(value)
            elif flag is None:
                near = dotted.nearest(name, by_name)
                hint = f"Did you mean {near[0]!r}?" if near else f"There are: {listed([f.field for f in FLAGS])}."
                raise OptionError(f"option {name!r}", f"is unknown. {hint}")
            elif value is not None:
                chosen[flag.field] = flag.converted(value)
        return cls(**chosen)

    def to_mapping(self) -> dict[str, Any]:
        """Return every option by its field's name."""
        return {**self._asdict(), "extra": dict(self.extra)}

    def given(self) -> dict[str, Any]:
        """Return the options that differ from their defaults."""
        default = Options()
        return {name: value for name, value in self.to_mapping().items() if value != getattr(default, name)}
