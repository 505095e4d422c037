"""What layers decide, one part after another, under what is fixed."""

from __future__ import annotations

from collections.abc import Mapping
from logging import Logger
from typing import Any

from expframe.config import dotted, equality
from expframe.config.built import explained
from expframe.config.dotted import MISSING, Path
from expframe.config.frozen import thaw
from expframe.config.instances import RefusedFields, group_of
from expframe.config.layers import Decided, Entries, Hook, Layer, Part, Recipe, Unfinished, value_towards
from expframe.config.overlay import Overlay
from expframe.config.pins import Pins
from expframe.config.request import Origin, Override, Request
from expframe.config.validation import shown
from expframe.errors import DefinitionError, EntryGroupError, IngredientEntryError, one_of_type


class ComputedDefault(Exception):
    """What `+=` adds to was computed from the sum itself, or after it."""


class Decision:
    """
    What the layers of a recipe decide.

    Args:
        recipe: The parts of the experiment.
        request: What was asked.
        logger: What config hooks are given.

    Attributes:
        tree: The entries so far.
        origins: Who set them, of those that layers set.
        docs: What is said of them.
        pins: What is fixed, with what is known by now of types and sums.
        fixed: The overrides that are fixed, the lower ones first.
        replaced: For each fixed path the value that was found there instead.
    """

    def __init__(self, recipe: Recipe, request: Request, logger: Logger | None) -> None:
        self._recipe = recipe
        self._request = request
        self._logger = logger
        self.tree: dict[Any, Any] = {}
        self.origins: dict[Path, Origin] = {}
        self.docs: dict[Path, str] = {}
        self.pins: Pins = Pins()
        self.fixed: tuple[Override, ...] = ()
        self.replaced: dict[Path, Any] = {}

    def learn(self, learnt: Decided | Overlay) -> None:
        """Take over what a layer says of annotations, defaults and sums."""
        self.replaced.update(learnt.replaced)
        if learnt.annotations:
            self.pins = self.pins.annotated(learnt.annotations)
        if learnt.sums:
            known = {path: sum for path, sum in learnt.sums.items() if sum is not None}
            if len(known) < len(learnt.sums):
                raise ComputedDefault
            self.pins = self.pins.summed(known)

    def decide_part(self, part: Part) -> None:
        """
        Run the layers and hooks of a part.

        Raises:
            ConfigError: One of them cannot decide.
            ComputedDefault: What `+=` adds to is computed from the sum.
        """
        own: dict[Any, Any] = {}
        if not part.path:
            seed = Overlay(self._pins_of(part))
            own["seed"] = seed.fix(self._request.seed, "seed")
            self.learn(seed)
        has_code = any(not isinstance(layer, Entries) for layer in part.layers)
        pinned = self._pins_of(part).values() if has_code else {}
        for layer in part.layers:
            self._decide_layer(part, layer, own, pinned)
        for hook in part.hooks:
            self._call_hook(part, hook, own)
        if not part.path and own["seed"] is None:
            own["seed"] = self._request.seed
        dotted.merge(self.tree, dotted.tree_of(part.path, own) if own else {})
        overlay = Overlay(self._pins_of(part))
        for name in overlay.pins.missing(self._config_of(part.path)):
            value = overlay.fix(MISSING, name)
            if value is not MISSING:
                dotted.put(self.tree, (*part.path, name), value)
        self.learn(overlay)

    def _decide_layer(self, part: Part, layer: Layer, own: dict[Any, Any], pinned: dict[Any, Any]) -> None:
        if isinstance(layer, Entries):
            layer = layer.towards(own, self._pins_of(part))
        decided = self.decided(layer, self._pins_of(part), {**pinned, **self._visible(part, own)})
        self.learn(decided)
        self.origins.update((part.place_of(path), origin) for path, origin in decided.origins.items())
        for path, text in decided.docs.items():
            self.docs.setdefault(part.place_of(path), text)
        entries = dotted.fresh(decided.values)
        for path, said in take_out_ingredients(part, entries):
            if isinstance(layer, Entries):
                self._refuse_single(path, said)
            elif not equality.same(said, self._config_of(path)):
                name = dotted.join(part.own_path(path))
                raise IngredientEntryError(layer.origin.name, self._where(path, layer.origin), name)
        dotted.merge(own, entries)
        pins = self._pins_of(part)
        merged = [name for name in entries if name in pins.names and isinstance(own[name], dict)]
        own.update((name, pins.fix(own[name], name)) for name in merged)

    def decided(self, layer: Layer, pins: Pins, available: Mapping[str, Any]) -> Decided:
        """
        Return what one layer decides.

        Raises:
            ConfigError: It cannot.
            Exception: What its code raises.
        """
        try:
            return layer.decide(pins, available)
        except RefusedFields as refused:
            tree = dotted.fresh(self.tree)
            dotted.merge(tree, dotted.tree_of(pins.path, dict(available)))
            raise explained(refused, tree, self._setter_of, self._recipe.names) from refused.__cause__
        except Unfinished as unfinished:
            self._note(unfinished, pins)
            problem = unfinished.problem
        raise problem

    def _note(self, unfinished: Unfinished, pins: Pins) -> None:
        """Take over what a layer knew of what is fixed when its code failed."""
        self.learn(unfinished.decided)
        self.origins.update(((*pins.path, *path), one) for path, one in unfinished.decided.origins.items())
        for path, value in unfinished.fixed.items():
            if isinstance(dotted.get(self.tree, path[:-1]), dict | type(MISSING)):
                dotted.put(self.tree, path, value)

    def _pins_of(self, part: Part) -> Pins:
        """Return what is fixed below a part, without what only its own name for an ingredient would lead to."""
        pins = self.pins.below(part.path)
        elsewhere = [path for path in part.below if path[: len(part.path)] != part.path]
        return pins.without(part.own_path(path) for path in elsewhere) if elsewhere else pins

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
        is_choice = isinstance(said, str) and any(slot.path == path for slot in self._recipe.slots)
        if not isinstance(said, dict) and not is_choice:
            name = dotted.join(path)
            raise EntryGroupError(f"{name}={shown(said, path)}", name, "", tuple(map(str, self._config_of(path))))

    def _where(self, path: Path, otherwise: Origin) -> str:
        found = (origin for known, origin in self.origins.items() if known[: len(path)] == path)
        return next((origin for origin in found if origin.name == otherwise.name), otherwise).where

    def _call_hook(self, part: Part, hook: Hook, own: dict[Any, Any]) -> None:
        so_far = dotted.fresh(self.tree)
        dotted.merge(so_far, dotted.tree_of(part.path, own))
        given = thaw(so_far)
        returned = hook.function(given, self._request.command, self._logger)
        if returned is given:
            returned = dotted.get(given, part.path)
        if not isinstance(returned, dict | None):
            subject = f"config hook {hook.origin.name}() ({hook.origin.where})"
            problem = f"must return a dict of what it changes, or None, not {one_of_type(returned)}."
            raise DefinitionError(subject, problem)
        entries = dotted.fresh(group_of(returned or {}))
        for path, said in [*take_out_ingredients(part, entries), (part.path, entries)]:
            self._refuse_single(path, said)
            changed = {dotted.CHOICE: said} if isinstance(said, str) else said
            for below, value in dotted.walk(changed):
                if not equality.same(dotted.get(so_far, (*path, *below)), value):
                    self.origins[(*path, *below)] = hook.origin
            if path != part.path:
                self._merge_fixed(self.tree, dotted.tree_of(path, changed), self.pins)
        self._merge_fixed(own, entries, self._pins_of(part))

    def _merge_fixed(self, tree: dict[Any, Any], entries: dict[Any, Any], pins: Pins) -> None:
        """Merge what a hook says, under what is fixed."""
        overlay = Overlay(pins)
        overlay.know(tree)
        for name, value in entries.items():
            earlier = tree.get(name, MISSING)
            read = (
                value_towards(value, earlier, (*pins.path, name), pins, of_classes=True) if pins.annotations else value
            )
            dotted.merge(tree, {name: read})
            tree[name] = overlay.fix(tree[name], name)
        self.learn(overlay)

    def _setter_of(self, path: Path) -> Origin:
        """Return who set a value that is being decided."""
        for override in self.fixed[::-1]:
            if override.path == path[: len(override.path)]:
                return override.origin
        ends = (path[:end] for end in range(len(path), 0, -1))
        return next((self.origins[one] for one in ends if one in self.origins), Origin("drawn"))


def take_out_ingredients(part: Part, entries: dict[Any, Any]) -> list[tuple[Path, Any]]:
    """Take what entries say of a part's ingredients out of them, and return it by the ingredients' paths."""
    taken = []
    for path in part.below:
        *groups, last = part.own_path(path)
        holder = dotted.get(entries, groups)
        if isinstance(holder, dict) and last in holder:
            taken.append((path, holder.pop(last)))
    return taken
