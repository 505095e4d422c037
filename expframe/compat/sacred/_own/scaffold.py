"""What becomes of one ingredient on the way to a run."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from logging import Logger
from typing import Any

from expframe.compat.sacred._own.dotted import (
    get_by_dotted_path,
    graft,
    is_prefix,
    iter_prefixes,
    iterate_flattened,
    join_paths,
    recursive_update,
    rel_path,
    set_by_dotted_path,
)
from expframe.compat.sacred._own.exceptions import ConfigAddedError, NamedConfigNotFoundError
from expframe.compat.sacred.config.captured_function import Wiring
from expframe.compat.sacred.config.config_dict import ConfigDict
from expframe.compat.sacred.config.config_files import load_config_file
from expframe.compat.sacred.config.config_summary import ConfigSummary
from expframe.compat.sacred.config.custom_containers import (
    ReadOnlyDict,
    dogmatize,
    make_read_only,
    undogmatize,
)
from expframe.compat.sacred.config.utils import chain_evaluate_config_scopes
from expframe.compat.sacred.randomness import SEEDRANGE, SeedsInTurn, create_rnd, get_seed
from expframe.compat.sacred.settings import SETTINGS
from expframe.process.seeds import child_seed

Scope = Callable[..., ConfigSummary]


class Scaffold:
    """
    One ingredient, or the experiment, on the way to a run.

    Args:
        ingredient: The ingredient.
        path: Its path; empty for the experiment, whose seed is an entry.
        subrunners: The scaffolds of the ingredients it uses, by path.

    Attributes:
        config_updates: The values that prevail in its config.
        presets: What named configs have said so far.
        named_configs_to_use: Those that a driver of its own notes down.
        config: Its decided entries; empty until then.
        fallback: What its scopes can name and not change.
        fixture: All that its functions see.
        summaries: What each of its scopes has said.
        config_mods: What became of its updates.
        logger: Its logger.
        seed: What its functions' seeds are drawn by.
    """

    def __init__(self, ingredient: Any, path: str, subrunners: Mapping[str, Scaffold]) -> None:
        self.ingredient = ingredient
        self.path = path
        self.subrunners = subrunners
        self.config_scopes: Sequence[Scope] = ingredient.configurations
        self.named_configs: Mapping[str, Scope] = ingredient.named_configs
        self.config_updates: dict[str, Any] = {}
        self.presets: dict[str, Any] = {}
        self.named_configs_to_use: list[str] = []
        self.config: dict[str, Any] = {}
        self.fallback: dict[str, Any] | None = None
        self.fixture: dict[str, Any] | None = None
        self.summaries: list[ConfigSummary] = []
        self.config_mods: ConfigSummary = ConfigSummary()
        self.logger: Logger | None = None
        self.seed: int | None = None
        self.rnd: Any = None

    # ------------------------------------------------------------------------------------------------------- config

    def gather_fallbacks(self) -> dict[str, Any]:
        """Return, and keep, what its scopes can name and not change: `_log`, and the configs of its ingredients."""
        fallback: dict[str, Any] = {"_log": self.logger}
        for path, below in self.subrunners.items():
            config = dogmatize(below._gather_inner())
            config.revelation()
            set_by_dotted_path(fallback, self._seen(path), config)
        self.fallback = fallback
        return fallback

    def _gather_inner(self) -> dict[str, Any]:
        """Return its own config with those of the ingredients whose paths are inside its own."""
        inner = copy.copy(self.config)
        for path, below in self._all_below():
            if below.config and is_prefix(self.path, path):
                graft(inner, rel_path(self.path, path), below.config)
        return inner

    def _seen(self, path: str) -> str:
        """Return a path as its functions see it: from its own one on, where it is below that."""
        return rel_path(self.path, path) if self.path and is_prefix(self.path, path) else path

    def run_named_config(self, config_name: str) -> ConfigSummary:
        """
        Return what a named config, or a config file, says.

        Raises:
            NamedConfigNotFoundError: There is none of this name.
        """
        scope: Scope
        if os.path.isfile(config_name):
            scope = ConfigDict(load_config_file(config_name))
        elif config_name in self.named_configs:
            scope = self.named_configs[config_name]
        else:
            raise NamedConfigNotFoundError(config_name, available_named_configs=tuple(self.named_configs))
        fixed = self.get_config_updates_recursive()
        return scope(fixed=fixed, preset=self.presets, fallback=self.gather_fallbacks())

    def get_config_updates_recursive(self) -> dict[str, Any]:
        """Return the values that prevail in its config and, below their paths, in those of ingredients inside it."""
        updates: dict[str, Any] = undogmatize(self.config_updates)
        for path, below in self.subrunners.items():
            if is_prefix(self.path, path):
                nested = below.get_config_updates_recursive()
                if nested:
                    set_by_dotted_path(updates, rel_path(self.path, path), nested)
        return updates

    def set_up_config(self) -> None:
        """Decide its config: each scope sees what the ones before it have said, and all see the fixed values."""
        self.config, self.summaries = chain_evaluate_config_scopes(
            self.config_scopes, self.config_updates, self.config, self.gather_fallbacks()
        )
        self.config_mods = ConfigSummary(added={key for key, _ in iterate_flattened(self.config_updates)})
        for summary in self.summaries:
            self.config_mods.update_from(summary)

    def run_config_hooks(self, config: Mapping[str, Any], command_name: str, logger: Logger) -> dict[str, Any]:
        """
        Return what its hooks change, under what is fixed.

        Args:
            config: All of the config that is decided so far.
            command_name: The command.
            logger: That of the run.
        """
        changes: dict[str, Any] = {}
        for hook in self.ingredient.config_hooks:
            recursive_update(changes, hook(copy.deepcopy(dict(config)), command_name, logger) or {})
        return recursive_update(changes, self.config_updates) if self.ingredient.config_hooks else changes

    # -------------------------------------------------------------------------------------------------------- seeds

    def set_up_seed(self, rnd: Any = None, fallback: Scaffold | None = None) -> None:
        """
        Take the seed in its config, or draw one, and draw those of the ingredients it uses.

        Args:
            rnd: What it is drawn from.
            fallback: The scaffold by whose seed one is derived that nothing draws.
        """
        if self.seed is not None:
            return
        given = self.config.get("seed")
        if given is not None:
            self.seed = given
        elif rnd is None and fallback is not None and fallback.seed is not None:
            self.seed = child_seed(fallback.seed, self.path) % SEEDRANGE[1] or 1
        else:
            self.seed = get_seed(rnd)
        self.rnd = create_rnd(self.seed)
        if not self.path:
            self.config["seed"] = self.seed
        if "seed" in self.config_mods.added:  # it may be set where no config says so
            self.config_mods.modified.add("seed")
            self.config_mods.added.remove("seed")
        for path, below in reversed(list(self.subrunners.items())):
            if is_prefix(self.path, path):
                below.set_up_seed(self.rnd)

    # ------------------------------------------------------------------------------------------------------- wiring

    def _gather_fixture(self) -> dict[str, Any]:
        """Return, and keep, all that its functions see: its own config, and those of the ingredients below it."""
        self.fixture = fixture = copy.copy(self.config)
        for path, below in dict(self._all_below()).items():
            graft(fixture, self._seen(path), below.config)
        return fixture

    def _all_below(self) -> Iterator[tuple[str, Scaffold]]:
        """Yield the ingredients below it, each before those that it uses."""
        for path, below in self.subrunners.items():
            yield path, below
            yield from below._all_below()

    def finalize_initialization(self, run: Any) -> None:
        """
        Give each of its functions what it is given in a run.

        Raises:
            ConfigAddedError: An update added an entry that no function uses.
        """
        self.rnd = create_rnd(self.seed)  # type: ignore[arg-type]
        fixture, views = self._gather_fixture(), dict[str | None, Any]()
        for function in self.ingredient.captured_functions:
            prefix = function.prefix
            if prefix not in views:
                view = get_by_dotted_path(fixture, prefix or "", {})
                views[prefix] = make_read_only(view) if SETTINGS.CONFIG.READ_ONLY_CONFIG else view
            logger = self.logger.getChild(function.__name__) if self.logger is not None else None
            fills: Any = {} if isinstance(views[prefix], ReadOnlyDict) else None
            rnd = create_rnd(get_seed(self.rnd))
            wiring = Wiring(views[prefix], logger, rnd, run, SeedsInTurn(rnd), fills)
            run.wirings[id(function)] = (function, wiring)
            function.wire(wiring)
        if not run.force:
            self._warn_about_suspicious_changes()

    def _as_asked(self, name: str) -> dict[str, Any]:
        """Return one of the updates at its full path."""
        asked: dict[str, Any] = {}
        value = get_by_dotted_path(self.config_updates, name) if name else self.config_updates[""]
        set_by_dotted_path(asked, join_paths(self.path, name), value)
        return asked

    def _warn_about_suspicious_changes(self) -> None:
        """Refuse updates that nothing uses, and warn of others by the names that the ingredient has for them."""
        used = {"__doc__"}
        for function in self.ingredient.captured_functions:
            used |= {join_paths(function.prefix, name) for name in function.signature.arguments}
        assert self.logger is not None
        for name in sorted(self.config_mods.added):
            if not used & set(iter_prefixes(name)):
                raise ConfigAddedError(join_paths(self.path, name), config=self._as_asked(name))
            self.logger.warning('Added new config entry: "%s"', name)
        for name, (before, after) in self.config_mods.typechanged.items():
            if {before, after} != {int, float}:
                text = 'Changed type of config entry "%s" from %s to %s'
                self.logger.warning(text, name, before.__name__, after.__name__)
        for name in self.config_mods.ignored_fallbacks:
            text = 'Ignored attempt to set value of "%s", because it is an ingredient.'
            self.logger.warning(text, name)
