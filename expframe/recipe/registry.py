"""Recipes: layers, named configs, captured functions, commands, hooks, ingredients. As long-lived as the process."""

import copy
import inspect
import os
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from expframe.config import dotted
from expframe.config.dotted import MISSING, Path
from expframe.config.layers import Hook, Layer
from expframe.config.options import FLAGS, Flag
from expframe.config.request import Origin
from expframe.config.secrets import USUAL
from expframe.config.signatures import annotations_of, signature_of
from expframe.errors import (
    CaptureError,
    DefinitionError,
    HookSignatureError,
    NameTakenError,
)
from expframe.process import context, notebook
from expframe.recipe.filled import filled
from expframe.recipe.references import is_main
from expframe.recipe.specials import SPECIALS

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Parameter(NamedTuple):
    """One parameter of a captured function."""

    name: str
    required: bool
    positional: bool
    positional_only: bool
    default: Any


class CaptureOptions(NamedTuple):
    """
    How a function is captured, as another process is told that has the function.

    Attributes:
        mark: The same for all that is made from one captured function, and no other.
        place: Where the function stands.
        kind: Whether it is a staticmethod or a classmethod.
        how: The arguments of `Captured.of`, but for the function.
    """

    mark: str
    place: str
    kind: type | None
    how: tuple[Any, ...]


class Captured:
    """
    How one function is captured. Compared by identity: one function may be captured many times.

    Attributes:
        function: The function as it was given.
        path: The ingredient's path.
        prefix: Where below that path its entries are.
        max_depth: How many levels are searched for a parameter's name; None leaves it to the experiment.
        entries: For each parameter the one path that fills it, where `entries=` was given.
        fill_kwargs: Whether `**kwargs` gets all other entries.
        read_only: Whether values are handed out read-only; None leaves it to the experiment.
        parameters: What may be filled.
        ingredient: The key of the ingredient that it belongs to; empty for none.
        seeded: Which of `_seed` and `_rnd` are among them.
        filled_elsewhere: Parameters that config entries filled in the process that sent this function here.
        has_asked: Whether it was looked up what filled them in the process that started this one.
        has_told: Whether it was said that nothing fills them here.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        path: Path,
        prefix: Path,
        max_depth: int | None,
        entries: Mapping[str, Path] | None,
        fill_kwargs: bool,
        read_only: bool | None,
        parameters: tuple[Parameter, ...],
        ingredient: str,
    ) -> None:
        self.function = function
        self.path = path
        self.prefix = prefix
        self.max_depth = max_depth
        self.entries = entries
        self.fill_kwargs = fill_kwargs
        self.read_only = read_only
        self.parameters = parameters
        self.ingredient = ingredient
        self.seeded: tuple[str, ...] = tuple(p.name for p in parameters if p.name in ("_seed", "_rnd"))
        self.filled_elsewhere: set[str] = set()
        self.has_asked = False
        self.has_told = False
        self._mark = os.urandom(8).hex()
        self._place: str | None = None

    @classmethod
    def of(
        cls,
        function: Callable[..., Any],
        path: Path,
        prefix: str | None = None,
        max_depth: int | None = None,
        entries: Sequence[str] | None = None,
        fill_kwargs: bool = False,
        read_only: bool | None = None,
        ingredient: str = "",
    ) -> "Captured":
        """
        Return how a function is captured.

        Raises:
            CaptureError: The options contradict each other or the function.
        """
        raw = function.__func__ if isinstance(function, staticmethod | classmethod) else function
        subject = f"capture of {getattr(raw, '__name__', raw)}()"
        if not callable(raw):
            raise CaptureError(subject, "is no function.")
        if entries is not None and prefix is not None:
            raise CaptureError(subject, "takes `prefix` or `entries`, not both. Write the prefix into each entry.")
        if max_depth is not None and (not isinstance(max_depth, int) or max_depth < 1):
            raise CaptureError(subject, f"has max_depth={max_depth!r}. It counts levels: 1 or more.")
        try:
            signature = signature_of(raw)
        except ValueError:
            problem = "does not say which parameters it has, as some functions written in C. Wrap it in one that does."
            raise CaptureError(subject, problem) from None
        given = raw.keywords if isinstance(raw, partial) else {}
        parameters = tuple(
            Parameter(
                p.name,
                p.default is p.empty or p.default is filled,
                p.kind in _POSITIONAL,
                p.kind is p.POSITIONAL_ONLY,
                p.default,
            )
            for p in signature.parameters.values()
            if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and p.name not in given
        )
        takes_any = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
        if fill_kwargs and not takes_any:
            raise CaptureError(subject, "has fill_kwargs=True, but the function takes no **kwargs.")
        chosen = cls._chosen(subject, entries, {p.name for p in parameters}, fill_kwargs)
        below = dotted.split(prefix or "")
        return cls(function, path, below, max_depth, chosen, fill_kwargs, read_only, parameters, ingredient)

    def at(self, path: Path) -> "Captured":
        """Return the same where its ingredient stands at another path."""
        if path == self.path:
            return self
        moved = copy.copy(self)
        moved.path = path
        return moved

    @classmethod
    def again(cls, function: Callable[..., Any], options: CaptureOptions) -> "Captured":
        """Return how a function is captured that was captured in another process."""
        captured = cls.of(function, *options.how)
        captured._mark, captured._place = options.mark, options.place
        return captured

    @property
    def options(self) -> CaptureOptions:
        """How the function is captured, for another process."""
        kind = type(self.function) if self.raw is not self.function else None
        entries = None if self.entries is None else [dotted.join(path) for path in self.entries.values()]
        prefix = None if self.entries is not None else dotted.join(self.prefix)
        how = (self.path, prefix, self.max_depth, entries, self.fill_kwargs, self.read_only, self.ingredient)
        return CaptureOptions(self._mark, self.where, kind, how)

    @staticmethod
    def _chosen(subject: str, entries: Sequence[str] | None, names: set[str], any_name: bool) -> dict[str, Path] | None:
        if entries is None:
            return None
        if isinstance(entries, str):
            raise CaptureError(subject, f"has entries={entries!r}. Give a list of dotted paths.")
        chosen: dict[str, Path] = {}
        for entry in entries:
            path = dotted.split(entry)
            name = str(path[-1]) if path else ""
            if name in chosen:
                first = dotted.join(chosen[name])
                raise CaptureError(subject, f"has two entries that would fill {name!r}: {first!r} and {entry!r}.")
            if name not in names and not any_name:
                problem = f"has the entry {entry!r}, but the function has no parameter {name!r}."
                raise CaptureError(subject, problem)
            chosen[name] = path
        return chosen

    @property
    def name(self) -> str:
        """The function's name."""
        return _name_of(self.raw)

    @property
    def name_in_module(self) -> str:
        """The function's name with those of the classes and functions that it stands in, `Net.__init__`."""
        return str(getattr(_whole(self.raw), "__qualname__", self.name))

    @property
    def shown_name(self) -> str:
        """The function's name with those of the classes that it stands in, for messages."""
        return self.name_in_module.rpartition("<locals>.")[2]

    @property
    def full_name(self) -> str:
        """The function's module and its name there, `model:Net.__init__`; a script's module is left out."""
        whole = _whole(self.raw)
        module = getattr(whole, "__module__", None) or ""
        return f"{'' if is_main(module) else module}:{self.name_in_module}"

    @property
    def raw(self) -> Any:
        """The function without staticmethod or classmethod around it."""
        function = self.function
        return function.__func__ if isinstance(function, staticmethod | classmethod) else function

    @property
    def where(self) -> str:
        """The place of the function."""
        return self._place or origin_of("function", self.raw).where

    @property
    def known_paths(self) -> Iterator[tuple[Path, str]]:
        """The paths that overrides may name because this function has a parameter for them, with its name."""
        if self.entries is not None:
            yield from (((*self.path, *path), name) for name, path in self.entries.items())
            return
        for number, parameter in enumerate(self.parameters):
            if parameter.name not in SPECIALS and not (number == 0 and parameter.name in ("self", "cls")):
                yield (*self.path, *self.prefix, parameter.name), parameter.name

    def classes_of(self, name: str, known: Iterable[type]) -> tuple[type, ...]:
        """
        Return the classes of configs that the annotation of a parameter takes; none for any other annotation.

        Args:
            name: The parameter.
            known: The classes that there are, for a text that names some of them where it cannot be evaluated.
        """
        said = annotations_of(_whole(inspect.unwrap(self.raw))).get(name, MISSING)
        if isinstance(said, str):
            names = getattr(_whole(inspect.unwrap(self.raw)), "__globals__", {})
            try:
                said = eval(said, names)  # as typing.get_type_hints does with all of them, of which one may fail
            except Exception:  # it names what stands in the function around it
                names = {one.strip() for one in said.split("|")}
                return tuple(kind for kind in known if kind.__name__ in names)
        from expframe.config import hints  # only where there are instances

        return tuple(typing.get_origin(one) or one for one in hints.alternatives(said).values())

    def find(self, name: str, group: Any, max_depth: int) -> list[Path]:
        """
        Return the paths, from `group`, of the shallowest entries that a parameter's name means.

        Args:
            name: The parameter.
            group: The entries below the function's prefix.
            max_depth: How many levels are searched.
        """
        if self.entries is not None:
            path = self.entries.get(name)
            return [path] if path is not None and dotted.get(group, path) is not MISSING else []
        level: list[tuple[Path, Any]] = [((), group)] if isinstance(group, dict) else []
        for depth in range(1, max_depth + 1):
            found = [(*path, name) for path, tree in level if name in tree]
            if found or depth == max_depth:  # what is below it is not even looked at: a config may be large
                return found
            level = [
                ((*path, key), below) for path, tree in level for key, below in tree.items() if isinstance(below, dict)
            ]
        return []


class Command(NamedTuple):
    """A function that a run can be of."""

    name: str
    function: Callable[..., Any]
    captured: Captured
    unobserved: bool = False

    @property
    def doc(self) -> str:
        """The first line of its docstring."""
        lines = (inspect.getdoc(self.captured.raw) or "").strip().splitlines()
        return lines[0] if lines else ""


class CliOption(NamedTuple):
    """An option that the user adds to the command line; `apply(value, run)` is called before the command."""

    flag: Flag
    apply: Callable[..., Any]


class Registry:
    """
    What decorators write: the recipes of one ingredient, and its ingredients.

    Args:
        path: The ingredient's path; empty for an experiment.
        label: What it is called in messages.
        origin: Where it is made.
        module: The module that makes it.
        below: Returns, as they are now, the registries of its ingredients, each with the name of its slot, which is
            empty for one that has none; in a slot may be a Choice.

    Attributes:
        key: What it is known by in all processes that make it.
        functions: Its captured functions and classes that are in no class, by their names.
    """

    def __init__(
        self, path: Path, label: str, origin: Origin, module: str, below: Callable[[], Iterator[tuple[str, Any]]]
    ) -> None:
        self.path = path
        self.label = label
        self.origin = origin
        self.below = below
        made = f"{dotted.join(path)} in {'' if is_main(module) else module}:{origin.line}"
        self.key: str = f"{made}#{context.count(f'ingredient {made}')}"
        self.functions: dict[str, Callable[..., Any]] = {}
        self.layers: list[Layer] = []
        self.named: dict[str, Layer] = {}
        self._captured: dict[tuple[str, str], dict[tuple[str, int], list[Captured]]] = {}
        self.commands: dict[str, Command] = {}
        self.config_hooks: list[Hook] = []
        self.pre_run_hooks: list[Callable[..., Any]] = []
        self.post_run_hooks: list[Callable[..., Any]] = []
        self.option_hooks: list[Callable[..., Any]] = []
        self.cli_options: list[CliOption] = []
        self.source_files: list[str] = []
        self.main: str | None = None
        self.names = USUAL

    def add_config_function(self, layer: Layer) -> None:
        """Add a config function; one that is defined again, in a later cell of a notebook, replaces the earlier one."""
        _replace_or_add(self.layers, layer, lambda known: known.origin)

    def add_run_hook(self, hooks: list[Callable[..., Any]], hook: Callable[..., Any]) -> None:
        """Add a function to a list of hooks; one that is defined again, in a later cell, replaces the earlier one."""
        _replace_or_add(hooks, hook, lambda known: origin_of("hook", known))

    def add_config_hook(self, hook: Hook) -> None:
        """Add a config hook; one that is defined again, in a later cell, replaces the earlier one."""
        _replace_or_add(self.config_hooks, hook, lambda known: known.origin)

    def add_option_hook(self, hook: Callable[..., Any]) -> None:
        """
        Add a hook that is called with the options before anything else.

        Raises:
            HookSignatureError: It has no parameter `options`.
        """
        if "options" not in signature_of(hook).parameters:
            origin = origin_of("option hook", hook)
            raise HookSignatureError(f"hook {origin.name}() ({origin.where})", "must have a parameter `options`.")
        self.add_run_hook(self.option_hooks, hook)

    def cli_option(self, flags: tuple[str, ...], *, is_flag: bool) -> Callable[[F], F]:
        """
        Return a decorator that adds a function `(value, run)` as an option of the command line.

        Raises:
            NameTakenError: One of the spellings is taken.
            DefinitionError: There is no long spelling.
        """
        long = next((flag for flag in flags if flag.startswith("--")), None)
        short = next((flag for flag in flags if not flag.startswith("--")), "")
        if long is None:
            raise DefinitionError(f"cli_option{flags!r}", "needs a long spelling such as '--extra'.")

        def add(function: F) -> F:
            for flag in [*FLAGS, *(option.flag for option in self.cli_options)]:
                if long == flag.long or (short and short == flag.short):
                    raise NameTakenError(f"cli_option{flags!r}", f"is taken by {flag.short} {flag.long}.")
            help = " ".join((inspect.getdoc(function) or "").split())
            self.cli_options.append(CliOption(Flag(short, long, long, help, not is_flag), function))
            return function

        return add

    def add_named(self, name: str, layer: Layer) -> None:
        """Add a named config; a function that is defined again, as in a notebook, replaces the earlier one."""
        known = self.named.get(name)
        if known is not None and not _is_same_place(known.origin, layer.origin):
            problem = f"is there already ({known.origin.where}). Choose another name."
            raise NameTakenError(f"named config {name!r} ({layer.origin.where})", problem)
        self.named[name] = layer

    @property
    def captured(self) -> Iterator[Captured]:
        """The captured functions, those of one name together."""
        return (captured for places in self._captured.values() for found in places.values() for captured in found)

    def add_captured(self, captured: Captured) -> None:
        """Remember a captured function; one that is defined again, there or in a cell, replaces the earlier one."""
        raw, origin = captured.raw, origin_of("function", captured.raw)
        place = origin.file, origin.line
        places = self._captured.setdefault((raw.__module__, getattr(raw, "__qualname__", captured.name)), {})
        is_typed = notebook.is_cell(origin.file)
        can_be_made_again = hasattr(raw, "__qualname__") and "<lambda>" not in origin.name
        for other, found in [*places.items()] if can_be_made_again else ():
            is_again = is_typed or notebook.is_cell(other[0]) or (other == place and other[0])
            if is_again and found[0].raw is not raw:
                del places[other]
        places.setdefault(place, []).append(captured)

    def add_function(self, raw: Any, function: Callable[..., Any]) -> None:
        """Remember a captured function or class by the name that it was given, where it is none of a class."""
        if "." not in getattr(raw, "__qualname__", "").rpartition("<locals>.")[2]:
            self.functions[_name_of(raw)] = function

    def make_hook(self, function: Callable[..., Any], parameters: tuple[str, ...]) -> Hook:
        """
        Return a hook after checking that it takes exactly `parameters`.

        Raises:
            HookSignatureError: It does not.
        """
        origin = origin_of("config hook", function)
        found = signature_of(function).parameters.values()
        plain = all(p.kind in _POSITIONAL and p.default is p.empty for p in found)
        if not plain or tuple(p.name for p in found) != parameters:
            taken = ", ".join(map(str, found))
            subject = f"hook {origin.name}() ({origin.where})"
            raise HookSignatureError(subject, f"takes ({taken}), but is called with ({', '.join(parameters)}).")
        return Hook(function, origin)


def origin_of(kind: str, function: Any) -> Origin:
    """Return where a function stands."""
    function = _whole(inspect.unwrap(function))
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    name = getattr(function, "__name__", type(function).__name__)
    return Origin(kind, name, code.co_filename, code.co_firstlineno) if code else Origin(kind, name)


def _name_of(function: Any) -> str:
    return str(getattr(_whole(function), "__name__", "function"))


def _whole(function: Any) -> Any:
    """Return what `functools.partial` took; any other function is itself."""
    while isinstance(function, partial):
        function = function.func
    return function


def _replace_or_add(known: list[T], new: T, origin: Callable[[T], Origin]) -> None:
    """Put a definition in the place of that of its name, where both were typed in, else at the end."""
    own = origin(new)
    for number, other in enumerate(known if notebook.is_cell(own.file) and own.name != "<lambda>" else ()):
        at = origin(other)
        if own.kind == at.kind and own.name == at.name and notebook.is_cell(at.file):
            known[number] = new
            return
    known.append(new)


def _is_same_place(first: Origin, second: Origin) -> bool:
    """Return whether a definition is the same one again: a cell that is run again, or a function of its name there."""
    interactive = notebook.is_cell(first.file) or notebook.is_cell(second.file)
    return interactive or (first.file and (first.file, first.line) == (second.file, second.line))  # type: ignore[return-value]
