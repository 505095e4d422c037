"""Settings: what is chosen once for all runs of an experiment."""

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from expframe.errors import DefinitionError

if TYPE_CHECKING:
    from expframe.observers.base import Observer

T = TypeVar("T")

_SAMPLE = 10.0
"""Seconds between two samples of the machine, where nothing is said."""


class Settings(NamedTuple):
    """
    All that `Experiment(...)` takes, but for its ingredients. `checked` brings it into one form.

    Attributes:
        name: What the runs are called.
        store: The folder that runs are kept in; None for that of the environment, else `./runs`.
        observers: Where else the facts of the runs go.
        main_file: The script; None where there is none.
        project_dir: The folder whose files count as source; None to find it.
        load_dir: The folder that `load_path` looks in.
        ghost: Whether everything is run and nothing is kept.
        max_depth: How many levels are searched for a parameter's name where a function does not say.
        read_only: Whether values are handed out read-only where a function does not say.
        include: Patterns of files below the project that count as sources though they are not loaded.
        exclude: Patterns of sources that are not kept.
        environment: Environment variables to keep, by name or pattern.
        ranks: `all` to keep the runs of all processes of a distributed job, `first` for those of rank 0 only.
        grace: Seconds that code which asks whether to stop has to do so.
        devices: The GPUs that runs may see; None for whatever the process sees.
        memory_growth: Whether libraries are to take GPU memory as they need it.
        sample: Seconds between two samples of the machine; 0 for none.
        keep_checkpoints: How many checkpoints stay when a run is COMPLETED; None for those that it had kept.
        secret: Names and patterns of entries that are secret, whatever they are called.
        public: Names and patterns of entries that are not.
    """

    name: str
    store: str | os.PathLike[str] | None = None
    observers: Iterable["Observer"] = ()
    main_file: str | None = None
    project_dir: str | os.PathLike[str] | None = None
    load_dir: str | os.PathLike[str] | None = None
    ghost: bool = False
    max_depth: int = 1
    read_only: bool = True
    include: Iterable[str] = ()
    exclude: Iterable[str] = ()
    environment: Iterable[str] = ()
    ranks: str = "first"
    grace: float = 30.0
    devices: Any = None
    memory_growth: bool = False
    sample: float = _SAMPLE
    keep_checkpoints: int | None = None
    secret: Iterable[str] = ()
    public: Iterable[str] = ()

    def checked(self) -> "Settings":
        """
        Return the settings in one form: absolute folders, tuples, numbers. Checking twice is checking once.

        Raises:
            DefinitionError: One of them cannot be so.
            OptionError: A device is neither a number nor a UUID.
        """
        for name, is_one, takes in _KINDS:
            if not is_one(getattr(self, name)):
                raise DefinitionError(f"{name}={getattr(self, name)!r:.80}", f"must be {takes}.")
        return self._replace(
            observers=tuple(self.observers),
            main_file=_absolute(self.main_file),
            project_dir=_absolute(self.project_dir),
            load_dir=_absolute(self.load_dir),
            include=_below_project(_texts("include", self.include)),
            exclude=_texts("exclude", self.exclude),
            environment=_texts("environment", self.environment),
            devices=devices_of(self.devices),
            secret=_texts("secret", self.secret),
            public=_texts("public", self.public),
            sample=_SAMPLE if self.sample is True else float(self.sample),
        )


class Setting(Generic[T]):
    """An attribute of an experiment that reads one of its settings, and changes it for the runs to come."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, _owner: type) -> T:
        if instance is None:
            return self  # type: ignore[return-value]
        found: T = getattr(instance.settings, self._name)
        return found

    def __set__(self, instance: Any, value: T) -> None:
        instance.settings = instance.settings._replace(**{self._name: value}).checked()


def devices_of(given: Any) -> tuple[str, ...] | None:
    """
    Return the GPUs that are given as a number, a text or several of them; None for whatever the process sees.

    Raises:
        OptionError: One is neither a number nor a UUID, or is given twice.
    """
    if given is None:
        return None
    from expframe.process.devices import parse

    return parse(given)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and 0 <= value < float("inf")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_folder(value: Any) -> bool:
    return value is None or isinstance(value, str | os.PathLike)


def _is_truth(value: Any) -> bool:
    return value is None or (isinstance(value, int) and value in (0, 1)) or type(value).__name__ in ("bool", "bool_")


_TRUTH = "True or False"
_FOLDER = "a folder, as a text or a Path"
_KINDS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("name", lambda value: isinstance(value, str), "a text"),
    ("store", _is_folder, _FOLDER),
    ("project_dir", _is_folder, _FOLDER),
    ("load_dir", _is_folder, _FOLDER),
    ("ghost", _is_truth, _TRUTH),
    ("max_depth", lambda value: _is_count(value) and value > 0, "a number of levels, from 1 on"),
    ("read_only", _is_truth, _TRUTH),
    ("ranks", lambda value: value in ("first", "all"), "'first' or 'all'"),
    ("grace", _is_number, "seconds, from 0 on"),
    ("memory_growth", _is_truth, _TRUTH),
    ("sample", _is_number, "seconds between two samples, or False for none"),
    (
        "keep_checkpoints",
        lambda value: value is None or _is_count(value),
        "how many stay when a run is COMPLETED, or None for those that it had kept",
    ),
)
"""What a setting may be, and how that is said."""


def _absolute(folder: Any) -> str | None:
    return os.path.abspath(folder) if folder else None


def _texts(name: str, given: Any) -> tuple[str, ...]:
    found = () if isinstance(given, str) else tuple(given)
    if isinstance(given, str) or not all(isinstance(text, str) for text in found):
        raise DefinitionError(f"{name}={given!r:.80}", "must be a list of texts.")
    return found


def _below_project(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in patterns:
        if os.path.isabs(pattern) or ".." in pattern.split("/"):
            raise DefinitionError(f"include {pattern!r}", "leads out of the project. Give a pattern of paths below it.")
    return patterns
