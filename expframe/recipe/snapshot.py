"""The recipes of an experiment and its ingredients at one moment, in their order, each at its place."""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from expframe.config import dotted
from expframe.config.choice import Choice
from expframe.config.dotted import Path
from expframe.config.frozen import FrozenDict, freeze
from expframe.config.layers import Chosen, Part, Recipe, Slot, Takes
from expframe.config.request import Override, Request
from expframe.errors import CircularIngredientsError, DefinitionError, DuplicatePathError, NotChosenError, one_of_type
from expframe.recipe.registry import Captured, CliOption, Command, Registry

if TYPE_CHECKING:
    from logging import Logger

    from expframe.config.decided import Config
    from expframe.config.standing import Standing

_NOTHING: Mapping[Any, Any] = MappingProxyType({})


class Snapshot(NamedTuple):
    """
    The recipes as they stand when a run starts: decorating goes on without touching it.

    Attributes:
        recipe: What its config is decided from.
        commands: What a run can be of, by dotted name.
        pre_run_hooks: What is called before the command.
        post_run_hooks: What is called after it.
        source_files: Returns the files that are to be kept as sources too, those that were added since as well.
        main: The command that is run where none is named.
        option_hooks: What may change the options, before anything else.
        cli_options: The user's own options.
        captured: All captured functions.
        places: Where each ingredient stands, by its key.
        root: What it was taken of; None where nothing is left to be chosen.
        chosen: What is chosen in slots.
    """

    recipe: Recipe
    commands: Mapping[str, Command]
    pre_run_hooks: tuple[Callable[..., Any], ...]
    post_run_hooks: tuple[Callable[..., Any], ...]
    source_files: Callable[[], tuple[str, ...]] = tuple
    main: str | None = None
    option_hooks: tuple[Callable[..., Any], ...] = ()
    cli_options: tuple[CliOption, ...] = ()
    captured: tuple[Captured, ...] = ()
    places: Mapping[str, Path] = _NOTHING
    root: Registry | None = None
    chosen: Mapping[Path, Chosen] = _NOTHING

    @classmethod
    def of(cls, root: Registry, chosen: Mapping[Path, Chosen] = _NOTHING) -> "Snapshot":
        """
        Return everything as it is now.

        Args:
            root: The experiment's.
            chosen: What is chosen in slots; another one is left open.

        Raises:
            CircularIngredientsError: An ingredient contains itself.
            DuplicatePathError: Two have one path.
            DefinitionError: One stands at two places, or an alternative is no ingredient.
        """
        standing = _Standings(root, root.path, chosen)
        ordered = standing.in_order()
        commands = dict[str, Command]()
        for registry, path in reversed(ordered):
            for name, command in registry.commands.items():
                full = dotted.join(path, name)
                commands[full] = command._replace(name=full)
        registries = [registry for registry, _ in ordered]
        slots = {slot.path: slot for slot in standing.slots}
        parts = tuple(_part(registry, path, chosen, slots.get(path)) for registry, path in ordered)
        return cls(
            Recipe(parts, root.names, tuple(standing.slots)),
            commands,
            tuple(hook for r in registries for hook in r.pre_run_hooks),
            tuple(hook for r in registries for hook in r.post_run_hooks),
            lambda: tuple(file for r in registries for file in r.source_files),
            root.main,
            tuple(root.option_hooks),
            tuple(root.cli_options),
            tuple(captured for r in registries for captured in r.captured),
            {registry.key: path for registry, path in ordered},
            root,
            chosen,
        )

    def choosing(self, request: Request) -> "Snapshot":
        """
        Return the same with what a request chooses in its slots, inner ones too.

        Raises:
            ChoiceError: A slot has no such choice.
            ConfigError: A named config cannot be decided.
            DefinitionError: A text cannot be imported, or what is chosen is no ingredient.
        """
        found = self
        while found.root is not None and any(not slot.chosen for slot in found.recipe.slots):
            from expframe.config.resolve import choose

            found = Snapshot.of(found.root, {**found.chosen, **choose(found.recipe, request)})
        return found

    def decide(self, request: Request, logger: "Logger | None" = None) -> "Config":
        """
        Return the config of a request.

        Args:
            request: What was asked.
            logger: What config hooks are given.

        Raises:
            ConfigError: A value cannot be decided.
        """
        from expframe.config.resolve import resolve

        return resolve(self.choosing(request).recipe, request, logger)

    def look_up(self, request: Request, logger: "Logger | None" = None) -> "Standing":
        """
        Return what stands in the config of a request, without judging what was asked.

        Args:
            request: What was asked.
            logger: What config hooks are given.

        Raises:
            ConfigError: A layer cannot be decided.
        """
        from expframe.config.resolve import look_up

        return look_up(self.choosing(request).recipe, request, logger)

    def anew(self, overrides: tuple[Override, ...] = ()) -> tuple[Recipe, "Standing"]:
        """
        Return the recipe, and what stands in the config, where nothing but some overrides is asked for.

        Raises:
            ConfigError: A layer cannot be decided.
        """
        request = Request(self.main, overrides)
        found = (self if self.root is None else Snapshot.of(self.root)).choosing(request)
        return found.recipe, found.look_up(request)

    def here(self, captured: Captured) -> Captured:
        """
        Return how a function is captured where its ingredient stands.

        Raises:
            NotChosenError: Its ingredient is another alternative than the one that is chosen.
        """
        if captured.ingredient in self.places:
            return captured.at(self.places[captured.ingredient])
        for slot in self.recipe.slots if captured.ingredient else ():
            for name, registry in _known(slot):
                if name != slot.chosen and captured.ingredient in _Standings(registry, registry.path, _NOTHING).keys:
                    path = dotted.join(slot.path)
                    raise NotChosenError(captured.shown_name, captured.where, name, path, slot.chosen)
        return captured

    def _elsewhere(self, path: Path) -> list[Path]:
        """Return the paths of the ingredients of one at a path that do not stand below it."""
        part = next((part for part in self.recipe.parts if part.path == path), None)
        return [below for below in part.below if below[: len(path)] != path] if part else []

    def place_of(self, path: Path, below: Path) -> Path:
        """Return where in the whole config an entry stands that functions of an ingredient see below a path."""
        is_elsewhere = any(below[: len(other)] == other for other in self._elsewhere(path))
        return below if is_elsewhere else (*path, *below)

    def visible(self, config: Mapping[Any, Any], path: Path) -> Any:
        """Return the entries that functions of an ingredient see: its own, and those of its ingredients elsewhere."""
        own = dotted.get(config, path)
        elsewhere = self._elsewhere(path)
        if not elsewhere:
            return FrozenDict() if own is dotted.MISSING else own
        tree = dict(own) if isinstance(own, dict) else {}
        for below in elsewhere:
            found = dotted.get(config, below)
            if found is not dotted.MISSING:
                dotted.merge(tree, dotted.fresh({below[0]: dotted.tree_of(below[1:], found)}))
        return freeze(tree, dotted.join(path))


# ------------------------------------------------------------------------------------------------------- the order


class _Standings:
    """
    Where the registries below one stand.

    Args:
        root: That one.
        path: Where it stands itself.
        chosen: What is chosen in slots.

    Attributes:
        slots: The slots with alternatives, outer ones first.
    """

    def __init__(self, root: Registry, path: Path, chosen: Mapping[Path, Chosen]) -> None:
        self._chosen = chosen
        self._found: dict[str, tuple[int, Registry, Path]] = {}
        self._slots: dict[Path, Slot] = {}
        self._visit(root, path, ())

    @property
    def slots(self) -> list[Slot]:
        return sorted(self._slots.values(), key=lambda slot: len(slot.path))

    @property
    def keys(self) -> Collection[str]:
        """The keys of all that stand."""
        return self._found.keys()

    @property
    def below(self) -> tuple[Path, ...]:
        """The paths of all but the one itself, and of slots that are open."""
        found = {path: None for _, path in self.in_order()[:-1]}
        return tuple(sorted({**found, **self._slots}, key=len))

    def in_order(self) -> list[tuple[Registry, Path]]:
        """
        Return them, the deepest first, the one itself last; each once.

        Raises:
            DuplicatePathError: Two have one path.
        """
        ordered = [(registry, path) for _, registry, path in sorted(self._found.values(), key=lambda item: -item[0])]
        seen: dict[Path, Registry] = {}
        for registry, path in ordered:
            if path in seen:
                raise DuplicatePathError(dotted.join(path), seen[path].label, registry.label)
            seen[path] = registry
        return ordered

    def _visit(self, registry: Registry, path: Path, chain: tuple[Registry, ...]) -> None:
        if registry in chain:
            names = (*chain[chain.index(registry) :], registry)
            raise CircularIngredientsError(tuple(r.label or dotted.join(r.path) for r in names))
        depth, _, place = self._found.get(registry.key, (-1, registry, path))
        if place != path:
            problem = (
                f"stands at {dotted.join(place)!r} and at {dotted.join(path)!r}, and its functions could not tell "
                "which of the two they are for. Make two ingredients of it, by a function that makes one."
            )
            raise DefinitionError(f"ingredient {registry.label}", problem)
        if len(chain) > depth:
            self._found[registry.key] = (len(chain), registry, path)
            for below, where in self._below(registry, path):
                self._visit(below, where, (*chain, registry))

    def _below(self, registry: Registry, path: Path) -> Iterator[tuple[Registry, Path]]:
        """Yield the registries right below one that stands at a path, with where they stand."""
        for name, below in registry.below():
            place = (*path, *dotted.split(name))
            if isinstance(below, Choice):
                slot = self._slots[place] = _slot(place, below, registry, self._chosen.get(place))
                if slot.chosen:
                    yield _chosen_in(slot), place
            elif name:
                yield below, place
            else:
                is_inside = below.path[: len(registry.path)] == registry.path
                yield below, ((*path, *below.path[len(registry.path) :]) if is_inside else below.path)


def _part(registry: Registry, path: Path, chosen: Mapping[Path, Chosen], slot: Slot | None) -> Part:
    """Return the recipes of a registry that stands at a path, in a slot where it was chosen."""
    parameters: dict[Path, tuple[Takes, ...]] = {}
    for captured in registry.captured:
        for place, name in captured.at(path).known_paths:
            parameters[place] = (*parameters.get(place, ()), partial(captured.classes_of, name))
    if path:  # an ingredient may be given a seed of its own
        parameters[(*path, "seed")] = ()
    layers = tuple(registry.layers) if slot is None else (slot, *registry.layers)
    below = _Standings(registry, path, chosen).below
    return Part(path, layers, dict(registry.named), tuple(registry.config_hooks), below, parameters)


# -------------------------------------------------------------------------------------------------------- the slots


def _slot(path: Path, choice: Choice, owner: Registry, chosen: Chosen | None) -> Slot:
    """Return a slot of an ingredient: open, where nothing is chosen."""
    chosen = chosen or Chosen("", next(iter(choice)), owner.origin)
    return Slot(path, tuple(choice), *chosen, choice, partial(_owner_of, choice))


def _chosen_in(slot: Slot) -> Registry:
    return _registry_of(slot.choice[slot.chosen], slot.chosen)


def _registry_of(alternative: Any, name: str) -> Registry:
    registry = getattr(alternative, "registry", None)
    if not isinstance(registry, Registry):
        problem = f"is {one_of_type(alternative)}, and a slot takes ingredients: Ingredient({name!r})."
        raise DefinitionError(f"choice {name!r}", problem)
    return registry


def _known(slot: Slot) -> Iterator[tuple[str, Registry]]:
    """Yield the alternatives of a slot that are imported by now, by their names."""
    for name, alternative in slot.choice.imported().items():
        yield name, _registry_of(alternative, name)


def _owner_of(choice: Choice, field: str) -> str:
    """Return the alternative, of those that are imported by now, that has an entry of some name; empty for none."""
    for name, alternative in choice.imported().items():
        registry = _registry_of(alternative, name)
        known = {path[0] for c in registry.captured for path, _ in c.at(()).known_paths if path}
        if field in known or any(field in layer.names for layer in registry.layers):
            return name
    return ""
