"""Ingredient: where decorators write. Each of them is a line or two onto the registry."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, Unpack, cast

from expframe.config import dotted
from expframe.config.choice import Choice
from expframe.config.functions import ConfigFunction
from expframe.config.layers import Entries
from expframe.config.request import Origin
from expframe.errors import DefinitionError, one_of_type
from expframe.recipe import injection
from expframe.recipe.decorators import ConfigMethod, DecoratorMethod, FunctionMethod
from expframe.recipe.references import Name, is_made_by_init, name_in
from expframe.recipe.registry import Captured, Command, Registry

if TYPE_CHECKING:
    from expframe.config.typed import ConfigClass

_OWN_LOGGER = "expframe"
_HOOK_PARAMETERS = ("config", "command_name", "logger")
_BETWEEN = (__name__, "expframe.experiment.experiment", "expframe.run.run", "expframe.run.open_runs")
"""Modules that may stand between the user and us."""


class CaptureArguments(TypedDict, total=False):
    """How a function is captured: see `Ingredient.capture`."""

    prefix: str | None
    max_depth: int | None
    entries: Sequence[str] | None
    fill_kwargs: bool
    read_only: bool | None


class CommandArguments(CaptureArguments, total=False):
    """How a command is captured, and whether its runs are kept."""

    unobserved: bool


Slots: TypeAlias = "Mapping[str, Ingredient | Choice]"
Ingredients: TypeAlias = "Iterable[Ingredient] | Slots"


class Ingredient:
    """
    Configuration, captured functions and commands that experiments share.

    Args:
        path: The name of its entries in a config, dotted for deeper ones: `dataset`, `model.encoder`.
        ingredients: The ingredients it uses itself: a list; or a dict of slots, in each of which is an ingredient, or a
            Choice among several. What is in a slot has its entries below this one's, by the name of the slot.

    Attributes:
        ingredients: Those that are in no slot.
        slots: Those that are, by the names of the slots.

    Raises:
        DefinitionError: It has no path, or what is in a slot is no ingredient.
    """

    def __init__(self, path: str, ingredients: Ingredients = ()) -> None:
        caller = caller_of(self)
        parts = dotted.split(path)
        if not parts or not all(parts):
            raise DefinitionError(f"ingredient {path!r}", "needs a path: the name of its entries in the config.")
        self._set_up(parts, path, ingredients, caller)

    def _set_up(self, path: dotted.Path, label: str, ingredients: Ingredients, caller: FrameType) -> None:
        self.path = label
        self._module: str = caller.f_globals.get("__name__", "__main__")
        origin = _origin("ingredients", caller)
        self.registry: Registry = Registry(path, f"{label!r} in {origin.where}", origin, self._module, self._below)
        in_slots = isinstance(ingredients, Mapping) and not isinstance(ingredients, Choice)
        self.ingredients: list[Ingredient] = [] if in_slots else list(cast(Iterable[Ingredient], ingredients))
        self.slots: dict[str, Ingredient | Choice] = dict(cast(Slots, ingredients)) if in_slots else {}
        self._check_slots()
        self.doc: str | None = caller.f_globals.get("__doc__")

    def _check_slots(self) -> None:
        """Refuse what can be in no slot, and let each Choice find the functions of what is chosen."""
        subject = f"ingredients of {self.registry.label}"
        given: list[object] = [*self.ingredients]
        for one in given:
            if isinstance(one, Choice):
                problem = "hold a Choice without a slot. Name its slot: ingredients={'model': Choice(resnet, vit)}."
                raise DefinitionError(subject, problem)
            if not isinstance(one, Ingredient):
                raise DefinitionError(subject, f"hold {one!r:.80}, which is no Ingredient.")
        for name, found in self.slots.items():
            if not isinstance(name, str) or not all(dotted.split(name)) or not name:
                raise DefinitionError(subject, f"have a slot {name!r}. A slot is called as its entries are to be.")
            alternatives = list(found.imported().values()) if isinstance(found, Choice) else [found]
            if any(not isinstance(one, Ingredient) for one in alternatives):
                raise DefinitionError(subject, f"have in {name!r} what is no Ingredient and no Choice among some.")
            if isinstance(found, Choice):
                from expframe.recipe.slot_functions import put_in_slot

                put_in_slot(found, self.registry, name)

    def _below(self) -> Iterator[tuple[str, Any]]:
        """Yield the registries of its ingredients, each with the name of its slot."""
        for ingredient in self.ingredients:
            yield "", ingredient.registry
        for name, found in self.slots.items():
            yield name, found if isinstance(found, Choice) else found.registry

    @property
    def loggers(self) -> set[str]:
        """The names of the loggers that are its own: those of the modules that define it and its ingredients."""
        found: list[Ingredient] = [self]
        modules = {_OWN_LOGGER}
        for ingredient in found:
            modules.add(ingredient._module)
            below = [*ingredient.ingredients]
            for one in ingredient.slots.values():
                below += [one] if isinstance(one, Ingredient) else one.imported().values()
                modules |= set(one.modules) if isinstance(one, Choice) else set()
            found += [one for one in below if one not in found]
        return modules

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path!r}>"

    def __copy__(self) -> Ingredient:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Ingredient:
        return self

    def name_of_itself(self) -> Name | None:
        """Return where another process finds it; None where it is no top-level name of its module."""
        return name_in(self._module, "", self)

    def __reduce__(self) -> Any:
        name = self.name_of_itself()
        if name is None:
            problem = f"is no top-level name of its module {self._module!r}, so another process cannot find it."
            raise DefinitionError(repr(self), problem)
        return _found_again, (name, repr(self))

    # ------------------------------------------------------------------------------------------- configuration

    @ConfigMethod
    def config(self, function: Any) -> Any:
        """
        Add a config function, whose local variables are entries, or a class or an instance, whose fields are.

        A bare class becomes a frozen dataclass. Classes of dataclasses, attrs, pydantic and msgspec are taken as they
        are, and of an instance the values are the defaults.

        Raises:
            ConfigFunctionError: The function cannot be run with pinned values.
            DefinitionError: Instances of the class are not made of their fields alone.
        """
        if isinstance(function, type):
            from expframe.config.configclass import configclass
            from expframe.config.typed import ConfigClass

            made = configclass(function)
            self.registry.add_config_function(ConfigClass(made))
            return made
        self.registry.add_config_function(_layer_of(function) or ConfigFunction(function))
        return function

    @FunctionMethod
    def named_config(self, function: Any) -> Any:
        """
        Add a config function that takes part only when it is named: `with NAME`.

        Raises:
            ConfigFunctionError: The function cannot be run with pinned values.
            NameTakenError: There is a named config of this name.
        """
        layer = ConfigFunction(function, "named config")
        self.registry.add_named(layer.__name__, layer)
        return function

    def add_config(self, config: object = None, **entries: Any) -> None:
        """
        Add entries: a dict, a .json, .yaml, .yml or .toml file, keywords, or an object that holds entries.

        Such are a namespace (`argparse.Namespace`, `SimpleNamespace`), an instance of a class of dataclasses, attrs,
        pydantic or msgspec, and a config of OmegaConf, which is resolved at once.

        An experiment's dict may address its ingredients: `ex.add_config(dataset={"size": 10})`.

        Raises:
            DefinitionError: Nothing, or both a dict and keywords, or what holds no entries was given.
            ConfigFileError: The file is missing, malformed or of an unknown kind.
        """
        layer = None if entries else _layer_of(config)
        caller = caller_of(self)
        self.registry.layers.append(layer or _entries("add_config", "add_config", config, entries, caller))

    def add_named_config(self, name: str, config: object = None, **entries: Any) -> None:
        """
        Add entries that take part only when they are named: `with NAME`; `config` as for `add_config`.

        Raises:
            DefinitionError: Nothing, or both a dict and keywords, or what holds no entries was given.
            ConfigFileError: The file is missing, malformed or of an unknown kind.
            NameTakenError: There is a named config of this name.
        """
        self.registry.add_named(name, _entries("named config", name, config, entries, caller_of(self)))

    @DecoratorMethod
    def config_hook(self, function: Any) -> Any:
        """
        Add a function `(config, command_name, logger)` that is called after the config functions and returns changes.

        Raises:
            HookSignatureError: Its parameters are others.
        """
        self.registry.add_config_hook(self.registry.make_hook(function, _HOOK_PARAMETERS))
        return function

    # ----------------------------------------------------------------------------------------------- functions

    @DecoratorMethod
    def capture(self, function: Any, **how: Unpack[CaptureArguments]) -> Any:
        """
        Fill the free parameters of a function from the config of the current run.

        Above a class it is as above its `__init__`.

        Args:
            function: A function or method, plain, `async` or generator; or a class.
            how: `prefix`: look for entries below this path only.
                `max_depth`: how many levels below are searched for a parameter's name; the shallowest wins.
                `entries`: dotted paths, each of which fills the parameter of its last part; no others are filled.
                `fill_kwargs`: give all other entries to `**kwargs`.
                `read_only`: False for plain copies of dicts and lists at each call.

        Raises:
            CaptureError: The options contradict each other or the function.
        """
        if is_made_by_init(function):
            # not as it is looked up in the class, where one that is captured already is another object
            function.__init__ = self._captured(inspect.getattr_static(function, "__init__"), **how)
            self.registry.add_function(function, function)
            return function
        return self._captured(function, **how)

    def _captured(self, function: Any, **how: Unpack[CaptureArguments]) -> Any:
        if isinstance(function, injection.CapturedFunction):
            function = function.__wrapped__
        captured = Captured.of(function, self.registry.path, ingredient=self.registry.key, **how)
        self.registry.add_captured(captured)
        wrapped = injection.capture(captured)
        self.registry.add_function(captured.raw, wrapped)
        return wrapped

    @DecoratorMethod
    def command(self, function: Any, *, unobserved: bool = False, **how: Unpack[CaptureArguments]) -> Any:
        """
        Add a command: a captured function that can be run by name.

        Args:
            function: The function.
            unobserved: Keep nothing of its runs.
            how: As for `capture`.
        """
        wrapped = self._captured(function, **how)
        captured = wrapped._self_captured
        self.registry.commands[captured.name] = Command(captured.name, wrapped, captured, unobserved)
        return wrapped

    @DecoratorMethod
    def pre_run_hook(self, function: Any, **how: Unpack[CaptureArguments]) -> Any:
        """Add a captured function that is called before the command of each run; `how` as for `capture`."""
        wrapped = self._captured(function, **how)
        self.registry.add_run_hook(self.registry.pre_run_hooks, wrapped)
        return wrapped

    @DecoratorMethod
    def post_run_hook(self, function: Any, **how: Unpack[CaptureArguments]) -> Any:
        """Add a captured function that is called after each command that did not fail; `how` as for `capture`."""
        wrapped = self._captured(function, **how)
        self.registry.add_run_hook(self.registry.post_run_hooks, wrapped)
        return wrapped

    def add_source_file(self, filename: str | os.PathLike[str]) -> None:
        """
        Keep one more file with the sources of each run that starts from then on, and of those that go on.

        A run that goes on keeps it when it ends, as it keeps modules that are imported meanwhile.

        Raises:
            DefinitionError: There is no such file.
        """
        if not os.path.isfile(filename):  # pathlib waits until a run starts
            raise DefinitionError(f"source file {os.fspath(filename)!r}", "does not exist.")
        file = os.path.abspath(filename)
        if file not in self.registry.source_files:
            self.registry.source_files.append(file)


def _layer_of(instance: Any) -> ConfigClass | None:
    """Return the layer of an instance of a class with fields; None of anything else."""
    if type(instance).__module__ == "builtins":
        return None
    from expframe.config.classes import has_fields
    from expframe.config.typed import ConfigClass  # scripts without classes load neither

    return ConfigClass(type(instance), instance) if has_fields(instance) else None


def _entries(kind: str, name: str, config: Any, entries: Mapping[str, Any], caller: FrameType) -> Entries:
    """Return the layer of `add_config(config, **entries)`."""
    subject = f"{kind} ({_place(caller)})"
    if config is None and not entries:
        raise DefinitionError(subject, "was given nothing. Give a dict, a file or keywords.")
    if config is not None and entries:
        raise DefinitionError(subject, "was given both a dict or file and keywords. Give one of them.")
    if isinstance(config, str | os.PathLike):
        from expframe.config import files

        return Entries(files.load(config), Origin("file", os.fspath(config), os.fspath(config)))
    from expframe.config.groups import entries_of

    if dotted.is_too_deep(entries if config is None else config):
        raise DefinitionError(subject, dotted.TOO_DEEP)
    try:
        found = entries_of(entries if config is None else config)
    except Exception as problem:
        raise DefinitionError(subject, f"cannot be resolved: {' '.join(str(problem).split())}") from problem
    if found is None:
        takes = (
            "Give a dict, a file name, keywords, a namespace, an instance of a dataclass (or of a class of attrs, "
            "pydantic or msgspec) or a config of OmegaConf."
        )
        raise DefinitionError(subject, f"was given {one_of_type(config)}. {takes}")
    return Entries(found, _origin(kind, caller)._replace(name=name))


def _origin(kind: str, caller: FrameType) -> Origin:
    return Origin(kind, kind, caller.f_code.co_filename, caller.f_lineno)


def _place(caller: FrameType) -> str:
    return _origin("", caller).where


def called_from(instance: Ingredient, kind: str) -> Origin:
    """Return where the user asked an ingredient or experiment for something, as an Origin of a kind."""
    return _origin(kind, caller_of(instance))


def caller_of(instance: Ingredient) -> FrameType:
    """Return the frame outside of expframe, and outside of a subclass's own methods, that called us."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        is_own = frame.f_globals.get("__name__") in _BETWEEN
        is_method = frame.f_code.co_argcount > 0 and frame.f_locals.get(frame.f_code.co_varnames[0]) is instance
        if not is_own and not is_method:
            break
        frame = frame.f_back
    return frame


def _found_again(name: Name, label: str) -> Any:
    try:
        return name.find()
    except AttributeError:
        problem = "is defined where no other process can load it, such as in a notebook. Put it into a module."
        raise DefinitionError(label, problem) from None
