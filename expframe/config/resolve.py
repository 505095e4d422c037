"""
Layers and a request in, a Config out: the only place that knows precedence.

Low to high: ingredients' config functions and dicts in order of definition, inner ones first; the experiment's; config
hooks; then what is pinned: dicts where they address ingredients, named configs and files in the order given, overrides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from logging import Logger
from typing import Any

from expframe.config import dotted, equality, files, parsing
from expframe.config.decided import Config
from expframe.config.dotted import MISSING, Path
from expframe.config.frozen import thaw
from expframe.config.layers import Entries, Hook, Layer, Part, Recipe
from expframe.config.pins import Pin, Pins
from expframe.config.request import Origin, Override, Request
from expframe.config.validation import Verdict, masked_in, real_path, shown, where_of
from expframe.errors import (
    AppendError,
    DefinitionError,
    EntryGroupError,
    IngredientEntryError,
    MaskedEntryError,
    UnknownNamedConfigError,
)

SEED_DOC = "the seed of all randomness in this run"


def resolve(recipe: Recipe, request: Request, logger: Logger | None = None) -> Config:
    """
    Decide every value once.

    Args:
        recipe: The parts of the experiment.
        request: What was asked.
        logger: What config hooks are given.

    Raises:
        ConfigError: Something that was asked for cannot be decided; nothing has been started.
    """
    appends = [override for override in request.overrides if override.operator == "+="]
    if appends:
        others = tuple(override for override in request.overrides if override.operator != "+=")
        before = _Resolution(recipe, request._replace(overrides=others), logger)
        before.decide()
        appended = {append.path for append in appends}
        elements = (o for o in others if any(o.path[:end] in appended for end in range(1, len(o.path))))
        request = request._replace(overrides=(*others, *_totals(appends, before), *elements))
    return _Resolution(recipe, request, logger).conclude()


def _totals(appends: list[Override], before: _Resolution) -> Iterator[Override]:
    """Yield overrides that set default + value; what has no default is left to be refused as unknown."""
    totals: dict[Path, Any] = {}
    for append in appends:
        path = real_path(before.tree, append.path) or append.path
        default = totals.get(path, dotted.get(before.tree, path))
        if default is MISSING:
            yield append._replace(operator="=")
            continue
        totals[path] = _sum(append, default, where_of(path, before.origins))
        yield append._replace(value=totals[path], operator="=", is_text=False)


def _sum(append: Override, default: Any, where: str) -> Any:
    value = parsing.literal(append.value)
    if isinstance(default, str) and not isinstance(value, str):
        value = append.value
    if type(default) in (list, tuple) and isinstance(value, list | tuple):
        return default + type(default)(value)
    if isinstance(default, set | frozenset) and isinstance(value, set | frozenset | list | tuple):
        return default | set(value)
    both = (default, value)
    are_numbers = all(isinstance(item, int | float | complex) and not isinstance(item, bool) for item in both)
    if are_numbers or all(isinstance(item, str) for item in both):
        return default + value
    kind = "None" if default is None else f"a {type(default).__name__}"
    kind = "a group of entries" if isinstance(default, dict) else kind
    raise AppendError(append.written, dotted.join(append.path), where, kind, shown(value, append.path[-1]))


class _Resolution:
    """One decision: the state that its steps share."""

    def __init__(self, recipe: Recipe, request: Request, logger: Logger | None) -> None:
        self.recipe = recipe
        self.request = request
        self.logger = logger
        self.tree: dict[Any, Any] = {}
        self.origins: dict[Path, Origin] = {}
        self.docs: dict[Path, str] = {}
        self._overrides = [Pin.of(override, request.options.force) for override in request.overrides]
        self._named: list[Pin] = []
        self._named_docs: dict[Path, str] = {}
        self._annotations: dict[Path, Callable[[], Any]] = {}
        self._pins = Pins()

    def conclude(self) -> Config:
        """Decide, and judge what was asked."""
        self.decide()
        verdict = Verdict(self.recipe, self.tree, self.origins, self._pins)
        verdict.judge([*self._named, *self._overrides])
        verdict.check_values()
        origins = {dotted.join(path): self._origin_of(path, verdict) for path, _ in dotted.walk(self.tree)}
        docs = {**self._named_docs, **self.docs}
        docs.setdefault(("seed",), SEED_DOC)
        present = {dotted.join(path): text for path, text in docs.items() if dotted.get(self.tree, path) is not MISSING}
        return Config(self.tree, origins, present, verdict.changes, tuple(verdict.warnings))

    def decide(self) -> None:
        """Run the layers of all parts under what is pinned."""
        self._named += [Pin(kept.path, kept.value, kept.origin, adds=True) for kept in self.request.base]
        for name in self.request.named:
            self._named += self._pins_of(name)
        self._pins = Pins([*self._addressed(), *self._named, *self._overrides])
        self._pins.annotations.update(self._annotations)
        self._refuse_masked()
        for part in self.recipe.parts:
            self._decide_part(part, self._pins.below(part.path))

    # ------------------------------------------------------------------------------------------------- pinning

    def _addressed(self) -> Iterator[Pin]:
        """Yield what dicts say of the ingredients of the part that they were added to."""
        for part in self.recipe.parts:
            for layer in part.layers:
                said = dotted.fresh(layer.values) if isinstance(layer, Entries) else {}
                for path, entries in _take_out_ingredients(part, said):
                    for below, value in dotted.walk(entries) if isinstance(entries, dict) else ():
                        yield Pin((*path, *below), value, layer.origin, adds=True)

    def _pins_of(self, name: str) -> Iterator[Pin]:
        """Yield what a named config or a file says, under the overrides."""
        found = self._find_named(name)
        if found is None:
            yield from self._pins_of_file(name)
            return
        part, layer = found
        available = Pins([*self._named, *self._overrides]).below(part.path).values()
        own = Pins(self._overrides).below(part.path)
        decided = layer.decide(own, available)
        self._annotations.update(own.annotations)
        for path, text in decided.docs.items():
            self._named_docs.setdefault((*part.path, *path), text)
        for path, value in dotted.walk(decided.values):
            yield Pin((*part.path, *path), value, decided.origins.get(path, layer.origin), adds=True)

    def _find_named(self, name: str) -> tuple[Part, Layer] | None:
        named = ((part, known, layer) for part in self.recipe.parts for known, layer in part.named.items())
        return next(((part, layer) for part, known, layer in named if dotted.join(part.path, known) == name), None)

    def _pins_of_file(self, name: str) -> Iterator[Pin]:
        if not files.is_config_file(name):
            places = {
                dotted.join(part.path, known): layer.origin.where
                for part in self.recipe.parts
                for known, layer in part.named.items()
            }
            near = tuple((n, places[n]) for n in dotted.nearest(name, places))
            raise UnknownNamedConfigError(name, near, tuple(sorted(places)))
        origin = Origin("file", name, name)
        for key, value in dotted.nest(files.load(name)).items():
            yield Pin((key,), value, origin, False, self.request.options.force, True)

    def _refuse_masked(self) -> None:
        """Refuse secrets that were not stored, before code is given them, unless something later supplies them."""
        masked: list[Path] = []
        for pin in (*self._named, *self._overrides):
            for path, value in pin.leaves():
                texts = tuple(map(str, path))
                masked = [known for known in masked if known[: len(path)] != texts]
                masked += (tuple(map(str, known)) for known in masked_in(value, path))
        for path in masked:
            raise MaskedEntryError(dotted.join(path))

    # ---------------------------------------------------------------------------------------------- the layers

    def _decide_part(self, part: Part, pins: Pins) -> None:
        own: dict[Any, Any] = {}
        if not part.path:
            own["seed"] = pins.fix(self.request.seed, "seed")
        pinned = pins.values() if part.layers else {}
        for layer in part.layers:
            decided = layer.decide(pins, {**pinned, **self._visible(part, own)})
            self.origins.update((part.place_of(path), origin) for path, origin in decided.origins.items())
            for path, text in decided.docs.items():
                self.docs.setdefault(part.place_of(path), text)
            entries = dotted.fresh(decided.values)
            for path, said in _take_out_ingredients(part, entries):
                if isinstance(layer, Entries):
                    self._refuse_single(path, said)
                elif not equality.same(said, self._config_of(path)):
                    name = dotted.join(part.own_path(path))
                    raise IngredientEntryError(layer.origin.name, self._where(path, layer.origin), name)
            self._merge(own, entries, pins)
        for hook in part.hooks:
            self._call_hook(part, pins, hook, own)
        if not part.path and own["seed"] is None:
            own["seed"] = self.request.seed
        dotted.merge(self.tree, _nested(part.path, own) if own else {})
        for name, value in pins.missing(self._config_of(part.path)).items():
            dotted.put(self.tree, (*part.path, name), value)

    def _visible(self, part: Part, own: dict[Any, Any]) -> dict[Any, Any]:
        """Return what a part's config functions may name: its own entries so far, and its ingredients."""
        ingredients: dict[Any, Any] = {}
        for path in part.below:
            dotted.put(ingredients, part.own_path(path), dotted.fresh(self._config_of(path)))
        visible = {**own, **ingredients}
        for name in ingredients.keys() & own.keys():  # an entry `model` beside an ingredient `model.encoder`
            visible[name] = dotted.fresh({name: own[name]})[name]
            dotted.merge(visible, {name: ingredients[name]})
        return visible

    def _config_of(self, path: Path) -> dict[Any, Any]:
        found = dotted.get(self.tree, path)
        return found if isinstance(found, dict) else {}

    def _refuse_single(self, path: Path, said: Any) -> None:
        """Refuse a single value for an ingredient."""
        if not isinstance(said, dict):
            name = dotted.join(path)
            raise EntryGroupError(f"{name}={shown(said, path[-1])}", name, "", tuple(map(str, self._config_of(path))))

    def _where(self, path: Path, otherwise: Origin) -> str:
        found = (origin for known, origin in self.origins.items() if known[: len(path)] == path)
        return next((origin for origin in found if origin.name == otherwise.name), otherwise).where

    def _call_hook(self, part: Part, pins: Pins, hook: Hook, own: dict[Any, Any]) -> None:
        so_far = dotted.fresh(self.tree)
        dotted.merge(so_far, _nested(part.path, own))
        given = thaw(so_far)
        returned = hook.function(given, self.request.command, self.logger)
        if returned is given:
            returned = dotted.get(given, part.path)
        if not isinstance(returned, dict | None):
            subject = f"config hook {hook.origin.name}() ({hook.origin.where})"
            problem = f"must return a dict of what it changes, or None, not a {type(returned).__name__}."
            raise DefinitionError(subject, problem)
        entries = dotted.fresh(returned or {})
        for path, changed in [*_take_out_ingredients(part, entries), (part.path, entries)]:
            self._refuse_single(path, changed)
            for below, value in dotted.walk(changed):
                if not equality.same(dotted.get(so_far, (*path, *below)), value):
                    self.origins[(*path, *below)] = hook.origin
            if path != part.path:
                dotted.merge(self.tree, _nested(path, changed))
                self.tree[path[0]] = self._pins.fix(self.tree[path[0]], path[0])
        self._merge(own, entries, pins)

    @staticmethod
    def _merge(own: dict[Any, Any], entries: dict[Any, Any], pins: Pins) -> None:
        dotted.merge(own, entries)
        for name in entries:
            own[name] = pins.fix(own[name], name)

    def _origin_of(self, path: Path, verdict: Verdict) -> Origin:
        while path:
            if origin := verdict.origins.get(path) or self.origins.get(path):
                return origin
            path = path[:-1]
        return Origin("drawn")


def _nested(path: Path, tree: dict[Any, Any]) -> dict[Any, Any]:
    for key in reversed(path):
        tree = {key: tree}
    return tree


def _take_out_ingredients(part: Part, entries: dict[Any, Any]) -> list[tuple[Path, Any]]:
    """Take what entries say of a part's ingredients out of them, and return it by the ingredients' paths."""
    taken = []
    for path in part.below:
        *groups, last = part.own_path(path)
        holder = dotted.get(entries, groups)
        if isinstance(holder, dict) and last in holder:
            taken.append((path, holder.pop(last)))
    return taken
