"""
From what was asked to a Run: the config of each ingredient in turn, then seeds, then the wiring of its functions.

What an ingredient has become on the way is its Scaffold. They go by path, that of the experiment being empty; an
ingredient comes after those that it uses.
"""

from __future__ import annotations

import copy
import logging
import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from expframe.compat.sacred._own.dotted import (
    convert_to_nested_dict,
    graft,
    iterate_flattened,
    join_paths,
    recursive_update,
    set_by_dotted_path,
)
from expframe.compat.sacred._own.scaffold import Scaffold
from expframe.compat.sacred.config.captured_function import CapturedFunction
from expframe.compat.sacred.config.config_summary import ConfigSummary
from expframe.compat.sacred.host_info import get_host_info
from expframe.compat.sacred.run import Run

Scaffolding = Mapping[str, Scaffold]


def create_run(
    experiment: Any,
    command_name: str,
    config_updates: Mapping[Any, Any] | None = None,
    named_configs: Sequence[str] = (),
    force: bool = False,
    log_level: Any = None,
    seed: int | None = None,
) -> Run:
    """
    Return a run that is decided and not started.

    Args:
        experiment: The experiment.
        command_name: The command, `ingredient.path.name` for one of an ingredient.
        config_updates: The values that prevail; keys may be dotted.
        named_configs: The named configs and files that take part; later ones prevail.
        force: Whether updates are taken that nothing uses.
        log_level: A level of logging, by number or name.
        seed: Its seed where no config gives one; by default one is drawn.

    Raises:
        KeyError: There is no such command, ingredient or parameter.
        SacredError: The config cannot be decided.
    """
    ingredients = gather_ingredients_topological(experiment)
    scaffolding = create_scaffolding(experiment, ingredients)
    prefixes = sorted((path.split(".") for path in scaffolding if path), key=len, reverse=True)
    updates = convert_to_nested_dict(config_updates or {})
    root_logger, run_logger = initialize_logging(experiment, scaffolding, log_level)
    distribute_config_updates(prefixes, scaffolding, updates)
    for name in named_configs:
        apply_named_config(name, prefixes, scaffolding, updates)
    distribute_config_updates(prefixes, scaffolding, updates)
    for scaffold in scaffolding.values():
        scaffold.set_up_config()
        hooked = scaffold.run_config_hooks(get_configuration(scaffolding), command_name, run_logger)
        recursive_update(scaffold.config, hooked)
    if scaffolding[""].config.get("seed") is None and seed is not None:
        scaffolding[""].config["seed"] = seed
    for scaffold in reversed(list(scaffolding.values())):
        scaffold.set_up_seed(fallback=scaffolding[""])
    config = get_configuration(scaffolding)
    run = Run(
        config,
        get_config_modifications(scaffolding),
        get_command(scaffolding, command_name),
        copy.copy(experiment.observers),
        root_logger,
        run_logger,
        experiment.get_experiment_info(),
        get_host_info(experiment.additional_host_info),
        [hook for ingredient in ingredients for hook in ingredient.pre_run_hooks],
        [hook for ingredient in ingredients for hook in ingredient.post_run_hooks],
        experiment.captured_out_filter,
    )
    run.unobserved = getattr(run.main_function, "unobserved", False)
    run.force = force
    for scaffold in scaffolding.values():
        scaffold.finalize_initialization(run)
    return run


# -------------------------------------------------------------------------------------------------------- ingredients


def gather_ingredients_topological(ingredient: Any) -> list[Any]:
    """Return an ingredient and all below it, the deepest first, else as they are found."""
    depths: dict[Any, int] = {}
    for found, depth in ingredient.traverse_ingredients():
        depths[found] = max(depths.get(found, 0), depth)
    return sorted(depths, key=lambda found: -depths[found])


def create_scaffolding(experiment: Any, sorted_ingredients: Sequence[Any]) -> OrderedDict[str, Scaffold]:
    """
    Return the scaffolds of an experiment, which comes last, and its ingredients.

    Raises:
        ValueError: Two ingredients have one path.
    """
    scaffolding: OrderedDict[str, Scaffold] = OrderedDict()
    paths = [ingredient.path for ingredient in sorted_ingredients]
    if len(set(paths)) < len(paths):
        raise ValueError(f"The pathes of the ingredients are not unique. {paths}")
    for ingredient in sorted_ingredients:
        path = "" if ingredient is experiment else ingredient.path
        below = OrderedDict((used.path, scaffolding[used.path]) for used in ingredient.ingredients)
        scaffolding[path] = Scaffold(ingredient, path, below)
    return scaffolding


def initialize_logging(
    experiment: Any, scaffolding: Scaffolding, log_level: Any = None
) -> tuple[logging.Logger, logging.Logger]:
    """
    Give each ingredient its logger, and return that of them all and that of the run.

    Raises:
        ValueError: There is no such level.
    """
    if experiment.logger is None:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s - %(name)s - %(message)s")
        root = logging.getLogger("")
    else:
        root = experiment.logger
    for path, scaffold in scaffolding.items():
        scaffold.logger = root.getChild(path) if path else root
    if log_level:
        with suppress(ValueError):  # it may be a name
            log_level = int(log_level)
        root.setLevel(log_level)
    return root, root.getChild(experiment.path)


# ------------------------------------------------------------------------------------------------------------ updates


def _owner_of(path: str, prefixes: Sequence[Sequence[str]]) -> tuple[str, str]:
    """Return the longest of the prefixes that a path is at or below, and the rest of the path."""
    parts = path.split(".")
    for prefix in prefixes:
        if parts[: len(prefix)] == list(prefix):
            return ".".join(prefix), ".".join(parts[len(prefix) :])
    return "", path


def distribute_config_updates(
    prefixes: Sequence[Sequence[str]], scaffolding: Scaffolding, config_updates: Mapping[str, Any]
) -> None:
    """Give each ingredient the updates that are below its path; a value for the path itself is one without a name."""
    for path, value in iterate_flattened(config_updates):
        owner, rest = _owner_of(path, prefixes)
        if rest or value != {}:
            set_by_dotted_path(scaffolding[owner].config_updates, rest, value)


def distribute_presets(
    sc_path: str, prefixes: Sequence[Sequence[str]], scaffolding: Scaffolding, config_updates: Mapping[str, Any]
) -> None:
    """Give each ingredient what a named config of the one at `sc_path` says of it, for later named configs."""
    for path, value in iterate_flattened(config_updates):
        owner, rest = _owner_of(join_paths(sc_path, path), prefixes)
        if rest:
            set_by_dotted_path(scaffolding[owner].presets, rest, value)


def apply_named_config(
    name: str, prefixes: Sequence[Sequence[str]], scaffolding: Scaffolding, updates: dict[str, Any]
) -> None:
    """
    Put what a named config says among the updates.

    Raises:
        KeyError: It names an ingredient that is not there.
        NamedConfigNotFoundError: It is none.
    """
    scaffold, name = get_scaffolding_and_config_name(name, scaffolding)
    found = scaffold.run_named_config(name)
    distribute_presets(scaffold.path, prefixes, scaffolding, found)
    for path, value in iterate_flattened(found):
        set_by_dotted_path(updates, join_paths(scaffold.path, path), value)


def get_scaffolding_and_config_name(named_config: str, scaffolding: Scaffolding) -> tuple[Scaffold, str]:
    """
    Return the scaffold that a named config belongs to, and its name there.

    Raises:
        KeyError: There is no such ingredient.
    """
    if os.path.exists(named_config):
        return scaffolding[""], named_config
    path, _, name = named_config.rpartition(".")
    if path not in scaffolding:
        raise KeyError(f'Ingredient for named config "{named_config}" not found')
    return scaffolding[path], name


# ------------------------------------------------------------------------------------------------------------ results


def get_configuration(scaffolding: Scaffolding) -> dict[str, Any]:
    """Return the whole config as far as it is decided: each ingredient's at its path, the experiment's on top."""
    config: dict[str, Any] = {}
    for path, scaffold in reversed(list(scaffolding.items())):
        if not path:
            config.update(scaffold.config)
        elif scaffold.config:
            graft(config, path, scaffold.config)
    return config


def get_config_modifications(scaffolding: Scaffolding) -> ConfigSummary:
    """Return what became of the updates of all ingredients."""
    modifications = ConfigSummary()
    for path, scaffold in scaffolding.items():
        modifications.update_add(scaffold.config_mods, path=path)
    return modifications


def get_command(scaffolding: Scaffolding, command_path: str) -> CapturedFunction:
    """
    Return the function of a command.

    Raises:
        KeyError: There is no such command or ingredient.
    """
    path, _, name = command_path.rpartition(".")
    if path not in scaffolding:
        raise KeyError(f'Ingredient for command "{command_path}" not found.')
    commands: Mapping[str, CapturedFunction] = scaffolding[path].ingredient.commands
    if name in commands:
        return commands[name]
    where = f' in ingredient "{path}"' if path else ""
    raise KeyError(f'Command "{name}" not found{where}')
