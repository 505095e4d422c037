"""Ingredient: where the decorators of a part of an experiment write."""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from expframe.compat.sacred._own.exceptions import CircularDependencyError
from expframe.compat.sacred.config import ConfigDict, ConfigScope, create_captured_function, load_config_file
from expframe.compat.sacred.dependencies import (
    PEP440_VERSION_PATTERN,
    PackageDependency,
    Source,
    collect_repositories,
    gather_sources_and_dependencies,
)
from expframe.compat.sacred.utils import optional_kwargs_decorator
from expframe.config.signatures import signature_of
from expframe.facts.packages import PACKAGE_FOLDERS, STDLIB

_PACKAGE = __name__.rpartition(".")[0]
_HOOK_PARAMETERS = ["config", "command_name", "logger"]


class Ingredient:
    """
    Config, captured functions and commands that experiments share.

    Args:
        path: The dotted name of its entries in a config.
        ingredients: The ingredients that it uses.
        interactive: Whether it may be defined where there is no file, so that its source cannot be kept.
        _caller_globals: The globals of the module that it is of; by default of the one that calls.
        base_dir: The folder whose modules count as source; by default that of the module's file.
        save_git_info: Whether repositories are asked.

    Attributes:
        configurations: Its configs, in order; anything that can be called as a `ConfigScope` is one.
        named_configs: Those that take part when they are named.
        captured_functions: In order of definition, from which their seeds follow.
        commands: By name.
        logger: The logger that its functions' loggers are below; None for the root logger.
        doc: The docstring of its module.
        mainfile: The file of its module; None where there is none.
        sources: The source files that it is made of.
        dependencies: The packages that it uses.

    Raises:
        RuntimeError: There is no file, and it is not said to be interactive.
        ValueError: The file is not there, or its repository cannot be asked.
    """

    def __init__(
        self,
        path: Any,
        ingredients: Sequence[Ingredient] = (),
        interactive: bool = False,
        _caller_globals: Mapping[str, Any] | None = None,
        base_dir: Any = None,
        save_git_info: bool = True,
    ) -> None:
        caller = _caller(self).f_globals if _caller_globals is None else _caller_globals
        self.path = path
        self.config_hooks: list[Callable[..., Any]] = []
        self.configurations: list[Any] = []
        self.named_configs: dict[str, Any] = {}
        self.ingredients: list[Ingredient] = list(ingredients)
        self.logger: Any = None
        self.captured_functions: list[Any] = []
        self.post_run_hooks: list[Any] = []
        self.pre_run_hooks: list[Any] = []
        self.commands: OrderedDict[str, Any] = OrderedDict()
        self.save_git_info = save_git_info
        self.doc: str | None = caller.get("__doc__")
        found = gather_sources_and_dependencies(caller, save_git_info, os.fsdecode(base_dir) if base_dir else None)
        self.mainfile: Source | None
        self.sources: set[Source]
        self.dependencies: set[PackageDependency]
        self.mainfile, self.sources, self.dependencies = found
        if self.mainfile is None and not interactive:
            raise RuntimeError(
                "Defining an experiment in interactive mode! The sourcecode cannot be stored and the experiment "
                "won't be reproducible. If you still want to run it pass interactive=True"
            )
        own = os.path.dirname(self.mainfile.filename) if self.mainfile else os.getcwd()
        self.base_dir: str = os.path.abspath(os.fsdecode(base_dir) if base_dir else own)

    def __copy__(self) -> Ingredient:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Ingredient:
        return self

    # ---------------------------------------------------------------------------------------------------- functions

    @optional_kwargs_decorator
    def capture(self, function: Any = None, prefix: str | None = None) -> Any:
        """
        Fill the free parameters of a function from the config. A function that is captured already stays as it is.

        Args:
            function: The function.
            prefix: The path in the config below which its values are.
        """
        known = next((captured for captured in self.captured_functions if captured == function), None)
        if known is not None:
            return known
        captured = create_captured_function(function, prefix=prefix)
        self.captured_functions.append(captured)
        return captured

    @optional_kwargs_decorator
    def pre_run_hook(self, func: Any, prefix: str | None = None) -> Any:
        """Add a captured function that is called before each command."""
        captured = self.capture(func, prefix=prefix)
        self.pre_run_hooks.append(captured)
        return captured

    @optional_kwargs_decorator
    def post_run_hook(self, func: Any, prefix: str | None = None) -> Any:
        """Add a captured function that is called after each command that did not fail."""
        captured = self.capture(func, prefix=prefix)
        self.post_run_hooks.append(captured)
        return captured

    @optional_kwargs_decorator
    def command(self, function: Any = None, prefix: str | None = None, unobserved: bool = False) -> Any:
        """
        Add a command: a captured function that can be run by its name.

        Args:
            function: The function.
            prefix: The path in the config below which its values are.
            unobserved: Whether observers are not told of its runs.
        """
        captured = self.capture(function, prefix=prefix)
        captured.unobserved = unobserved
        self.commands[function.__name__] = captured
        return captured

    # ------------------------------------------------------------------------------------------------ configuration

    def config(self, function: Callable[..., Any]) -> ConfigScope:
        """Add a function whose variables are entries, and return the scope that it becomes."""
        scope = ConfigScope(function)
        self.configurations.append(scope)
        return scope

    def named_config(self, func: Callable[..., Any]) -> ConfigScope:
        """
        Add a config that takes part when it is named, and return the scope that it becomes.

        Raises:
            KeyError: There is one of this name.
        """
        scope = ConfigScope(func)
        self._add_named_config(func.__name__, scope)
        return scope

    def config_hook(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """
        Add a function `(config, command_name, logger)` that returns changes of the config.

        Raises:
            ValueError: Its parameters are others.
        """
        parameters = signature_of(func).parameters.values()
        is_plain = all(p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty for p in parameters)
        if not is_plain or [p.name for p in parameters] != _HOOK_PARAMETERS:
            raise ValueError("Wrong signature for config_hook. Expected: (config, command_name, logger)")
        self.config_hooks.append(func)
        return func

    def add_config(self, cfg_or_file: Any = None, **kw_conf: Any) -> None:
        """
        Add entries: a dict, the name of a file, or keywords.

        Raises:
            ValueError: Nothing was given, or keywords and something else.
            OSError: There is no such file.
            TypeError: It is neither a dict nor a name.
        """
        self.configurations.append(_config_dict(cfg_or_file, kw_conf))

    def add_named_config(self, name: str, cfg_or_file: Any = None, **kw_conf: Any) -> None:
        """
        Add entries that take part when they are named; as `add_config`.

        Raises:
            KeyError: There is a named config of this name.
        """
        self._add_named_config(name, _config_dict(cfg_or_file, kw_conf))

    def _add_named_config(self, name: str, config: Any) -> None:
        if name in self.named_configs:
            raise KeyError(f'Configuration name "{name}" already in use!')
        self.named_configs[name] = config

    # ------------------------------------------------------------------------------------------------------- source

    def add_source_file(self, filename: str | os.PathLike[str]) -> None:
        """
        Keep one more file with the sources.

        Raises:
            ValueError: There is no such file.
        """
        self.sources.add(Source.create(filename, self.save_git_info))

    def add_package_dependency(self, package_name: str, version: str) -> None:
        """
        Add a package that is used.

        Raises:
            ValueError: The version is none.
        """
        if not PEP440_VERSION_PATTERN.match(version):
            raise ValueError(f'Invalid Version: "{version}"')
        self.dependencies.add(PackageDependency(package_name, version))

    # ------------------------------------------------------------------------------------------------------ looking

    def post_process_name(self, name: str, ingredient: Ingredient) -> str:
        """Return the name under which something of an ingredient is known here."""
        return name

    def gather_commands(self) -> Iterator[tuple[str, Any]]:
        """Yield the dotted names and functions of all commands, this ingredient's first."""
        yield from self._gather("commands")

    def gather_named_configs(self) -> Iterator[tuple[str, Any]]:
        """Yield the dotted names of all named configs, this ingredient's first."""
        yield from self._gather("named_configs")

    def _gather(self, kind: str) -> Iterator[tuple[str, Any]]:
        for ingredient, _ in self.traverse_ingredients():
            for name, found in getattr(ingredient, kind).items():
                yield self.post_process_name(f"{ingredient.path}.{name}", ingredient), found

    def traverse_ingredients(self) -> Iterator[tuple[Ingredient, int]]:
        """
        Yield this ingredient and all below it, each with its depth and before those that it uses.

        Raises:
            CircularDependencyError: One contains itself.
        """
        yield from self._traverse(())

    def _traverse(self, chain: tuple[Ingredient, ...]) -> Iterator[tuple[Ingredient, int]]:
        if any(self is above for above in chain):
            start = next(place for place, above in enumerate(chain) if above is self)
            raise CircularDependencyError(ingredients=[self, *reversed(chain[start:])])
        yield self, len(chain)
        for ingredient in self.ingredients:
            yield from ingredient._traverse((*chain, self))

    def get_experiment_info(self) -> dict[str, Any]:
        """Return the facts of the code of this ingredient and all below it."""
        sources: set[Source] = set()
        dependencies: set[PackageDependency] = set()
        for ingredient, _ in self.traverse_ingredients():
            dependencies |= ingredient.dependencies
            sources |= ingredient.sources
        for dependency in dependencies:
            dependency.fill_missing_version()
        return {
            "name": self.path,
            "base_dir": self.base_dir,
            "sources": [source.to_json(self.base_dir) for source in sorted(sources)],
            "dependencies": sorted((dependency.to_json() for dependency in dependencies), key=str.lower),
            "repositories": collect_repositories(sorted(sources)),
            "mainfile": self.mainfile.to_json(self.base_dir)[0] if self.mainfile else None,
        }


def _config_dict(cfg_or_file: Any, kw_conf: Mapping[str, Any]) -> ConfigDict:
    if cfg_or_file is not None and kw_conf:
        raise ValueError("cannot combine keyword config with positional argument")
    if cfg_or_file is None:
        if not kw_conf:
            raise ValueError("attempted to add empty config")
        return ConfigDict(kw_conf)
    if isinstance(cfg_or_file, dict):
        return ConfigDict(cfg_or_file)
    if not isinstance(cfg_or_file, str):
        raise TypeError(f"Invalid argument type {type(cfg_or_file)}")
    if not os.path.exists(cfg_or_file):
        raise OSError(f"File not found {cfg_or_file}")
    return ConfigDict(load_config_file(os.path.abspath(cfg_or_file)))


def _caller(instance: Any, package: str | None = None) -> FrameType:
    """
    Return the frame that makes an ingredient: outside of this package, and of a subclass's own methods.

    Args:
        instance: The ingredient.
        package: The package of a subclass. What calls its functions makes it, not they; so does a statement in a module
            of the package. Where no file of a user does, as in a notebook, it is the first of the functions.
    """
    frame: FrameType | None = sys._getframe(1)
    first = None
    while frame is not None:
        name, code, last = str(frame.f_globals.get("__name__", "")), frame.f_code, frame
        is_method = code.co_argcount > 0 and frame.f_locals.get(code.co_varnames[0]) is instance
        if not is_method and not name.startswith((f"{_PACKAGE}.", "importlib.")):
            first = first or frame
            if name.partition(".")[0] != package or code.co_name == "<module>":
                return frame if _is_users(frame.f_globals.get("__file__")) else first
        frame = frame.f_back
    return first or last


def _is_users(file: str | None) -> bool:
    """Return whether a file is neither of an installed package nor of Python."""
    if file is None or file.startswith(STDLIB + os.sep):
        return False
    return set(PACKAGE_FOLDERS).isdisjoint(Path(file).parts)
