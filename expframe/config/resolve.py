"""
Layers and a request in, a Config out: the only place that knows precedence.

Low to high: ingredients' config functions and dicts in order of definition, inner ones first; the experiment's; config
hooks; then what is pinned: an experiment's dicts where they address ingredients, named configs and files in the order
given, overrides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from logging import Logger
from typing import Any

from expframe.config import dotted, files, reading, values
from expframe.config.dotted import MISSING, Path
from expframe.config.frozen import thaw
from expframe.config.model import Change, Config, Entries, Layer, Origin, Override, Part, Recipe, Request
from expframe.config.pins import Branch, Pin, Pins, insert, leaves
from expframe.errors import (
    AppendError,
    EntryGroupError,
    EntryIndexError,
    EntryNameError,
    EntryTypeError,
    IngredientEntryError,
    MaskedEntryError,
    UnknownEntryError,
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
    if not appends:
        return _Resolution(recipe, request, logger).decide()
    plain = replace(request, overrides=tuple(o for o in request.overrides if o.operator != "+="))
    before = _Resolution(recipe, plain, logger).decide(known_later=tuple(override.path for override in appends))
    values_so_far = thaw(before.values)
    overrides = list(plain.overrides)
    for append in appends:
        total = _appended(append, dotted.get(values_so_far, append.path), before)
        if total is not MISSING:
            dotted.put(values_so_far, append.path, total)
            overrides.append(replace(append, value=total, operator="=", is_text=False))
        else:
            overrides.append(replace(append, operator="="))
    return _Resolution(recipe, replace(request, overrides=tuple(overrides)), logger).decide()


def _appended(append: Override, default: Any, config: Config) -> Any:
    """Return default + value; MISSING where there is no default, which is then refused as unknown."""
    if default is MISSING:
        return MISSING
    value = reading.literal(append.value) if append.is_text else append.value
    if isinstance(default, str) and append.is_text and not isinstance(value, str):
        value = append.value
    if isinstance(default, list | tuple) and isinstance(value, list | tuple):
        return type(default)(value) if not default else default + type(default)(value)
    if isinstance(default, set | frozenset) and isinstance(value, set | frozenset | list | tuple):
        return default | set(value)
    numbers = (int, float, complex)
    both = (default, value)
    if all(isinstance(x, str) for x in both) or all(isinstance(x, numbers) and not isinstance(x, bool) for x in both):
        return default + value
    where = config.origins[dotted.join(append.path)].where if dotted.join(append.path) in config.origins else ""
    shown = f"{values.short_repr(value, 40)} ({type(value).__name__})"
    kind = "a group of entries" if isinstance(default, dict) else f"a {type(default).__name__}"
    raise AppendError(append.written, dotted.join(append.path), where, kind, shown)


@dataclass
class _Resolution:
    """One decision: the state that its steps share."""

    recipe: Recipe
    request: Request
    logger: Logger | None
    tree: dict[Any, Any] = field(default_factory=dict)
    origins: dict[Path, Origin] = field(default_factory=dict)
    docs: dict[Path, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    changes: dict[str, Change] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ingredients = {part.path for part in self.recipe.parts if part.path}

    def decide(self, known_later: tuple[Path, ...] = ()) -> Config:
        """Run the layers under the pins and judge what was asked."""
        pins = Pins(self._pin_everything())
        for part in self.recipe.parts:
            self._decide_part(part, pins.below(part.path))
        self._judge(pins, known_later)
        self._check_names()
        for path, pin in leaves(pins.tree):
            if (found := self._real_path(path)) is not None:
                self._note_origin(found, pin)
        origins = {dotted.join(path): self._origin_of(path) for path, _ in dotted.walk(self.tree)}
        docs = {dotted.join(path): text for path, text in self.docs.items()}
        return Config(self.tree, origins, docs, self.changes, tuple(self.warnings))

    # ------------------------------------------------------------------------------------------------- pinning

    def _pin_everything(self) -> Branch:
        pinned = Branch()
        for layer in self.recipe.root.layers:
            for path, entries in self._addressed(layer):
                for below, value in dotted.walk(entries):
                    insert(pinned, (*path, *below), Pin(value, layer.origin, adds=True))
        overrides = Branch()
        self._pin_overrides(overrides)
        named: dict[Any, Any] = {}
        for name in self.request.named:
            for path, pin in self._named_config(name, overrides, named):
                insert(pinned, path, pin)
        self._pin_overrides(pinned)
        return pinned

    def _pin_overrides(self, tree: Branch) -> None:
        for override in self.request.overrides:
            adds = override.operator == "+" or self.request.options.force
            pin = Pin(override.value, override.origin, override.is_text, adds, True, override.written)
            insert(tree, override.path, pin)

    def _addressed(self, layer: Layer) -> Iterator[tuple[Path, Mapping[Any, Any]]]:
        """Yield what an experiment's dict says of ingredients."""
        if isinstance(layer, Entries):
            for path in self._ingredients:
                entries = dotted.get(layer.values, path)
                if isinstance(entries, dict):
                    yield path, entries

    def _named_config(self, name: str, overrides: Branch, named: dict[Any, Any]) -> Iterator[tuple[Path, Pin]]:
        found = self._find_named(name)
        if found is None:
            yield from self._file(name)
            return
        part, layer = found
        own = Pins(overrides).below(part.path)
        earlier = dotted.get(named, part.path)
        available = {**(earlier if isinstance(earlier, dict) else {}), **own.values()}
        decided = layer.decide(own, available, {})
        tree = decided.values
        for key in reversed(part.path):
            tree = {key: tree}
        dotted.merge(named, tree)
        for path, text in decided.docs.items():
            self.docs.setdefault((*part.path, *path), text)
        for path, value in dotted.walk(decided.values):
            origin = decided.origins.get(path) or decided.origins.get(path[:1], layer.origin)
            yield (*part.path, *path), Pin(value, origin, adds=True)

    def _file(self, name: str) -> Iterator[tuple[Path, Pin]]:
        if not files.is_config_file(name):
            places = {
                dotted.join(part.path, known): layer.origin.where
                for part in self.recipe.parts
                for known, layer in part.named.items()
            }
            near = tuple((n, places[n]) for n in dotted.nearest(name, places))
            raise UnknownNamedConfigError(name, near, tuple(sorted(places)))
        origin = Origin("file", name, name)
        for path, value in dotted.walk(files.load(name)):
            yield path, Pin(value, origin, False, self.request.options.force, True, f"{dotted.join(path)} in {name}")

    def _find_named(self, name: str) -> tuple[Part, Layer] | None:
        path = dotted.split(name)
        for part in self.recipe.parts:
            if path[:-1] == part.path and path and path[-1] in part.named:
                return part, part.named[str(path[-1])]
        return None

    # ---------------------------------------------------------------------------------------------- the layers

    def _decide_part(self, part: Part, pins: Pins) -> None:
        own: dict[Any, Any] = {}
        if not part.path:
            own["seed"] = pins.fix(self.request.seed, "seed")
            self.origins["seed",] = Origin("drawn")
            self.docs["seed",] = SEED_DOC
        ingredients = {part.name_of(path): dotted.get(self.tree, path) for path in part.below}
        ingredients = {name: {} if config is MISSING else config for name, config in ingredients.items()}
        for layer in part.layers:
            self._decide_layer(part, pins, layer, own, ingredients)
        for hook in part.hooks:
            self._call_hook(part, pins, hook.function, hook.origin, own)
        if not part.path and own["seed"] is None:
            own["seed"] = self.request.seed
        placed = own
        for key in reversed(part.path):
            placed = {key: placed} if placed else {}
        dotted.merge(self.tree, placed)
        here = self.tree if not part.path else dotted.get(self.tree, part.path)
        for name, value in pins.missing({} if here is MISSING else here).items():
            dotted.put(self.tree, (*part.path, name), value)

    def _decide_layer(
        self, part: Part, pins: Pins, layer: Layer, own: dict[Any, Any], ingredients: dict[str, Any]
    ) -> None:
        available = {**own, **pins.missing(own)}
        decided = layer.decide(pins, available, ingredients)
        for path, origin in decided.origins.items():
            self.origins[(*part.path, *path)] = origin
        for path, text in decided.docs.items():
            self.docs.setdefault((*part.path, *path), text)
        mine = self._without_ingredients(part, layer, decided.values)
        dotted.merge(own, mine)
        for name in mine:
            own[name] = pins.fix(own[name], name)

    def _without_ingredients(self, part: Part, layer: Layer, entries: dict[Any, Any]) -> dict[Any, Any]:
        """Return entries without what they say of ingredients; only dicts may say anything."""
        entries = dotted.fresh(entries)
        for path in part.below:
            inside = path[len(part.path) :] if path[: len(part.path)] == part.path else path
            if dotted.get(entries, inside) is MISSING:
                continue
            if not isinstance(layer, Entries):
                raise IngredientEntryError(layer.origin.name, layer.origin.where, part.name_of(path))
            holder = dotted.get(entries, inside[:-1])
            del holder[inside[-1]]
        return entries

    def _call_hook(self, part: Part, pins: Pins, function: Any, origin: Origin, own: dict[Any, Any]) -> None:
        so_far = thaw(self.tree)
        placed = own
        for key in reversed(part.path):
            placed = {key: placed}
        dotted.merge(so_far, thaw(placed))
        returned = function(so_far, self.request.command, self.logger)
        if not returned:
            return
        for path, value in dotted.walk(returned):
            if not values.same(dotted.get(own, path), value):
                self.origins[(*part.path, *path)] = origin
        ingredients = {}
        for path in part.below:
            inside = path[len(part.path) :] if path[: len(part.path)] == part.path else path
            if isinstance(changed := dotted.get(returned, inside), dict):
                ingredients[path] = changed
        for path, changed in ingredients.items():
            dotted.merge(dotted.get(self.tree, path), changed)
        mine = self._without_ingredients(part, Entries({}, origin), dotted.fresh(returned))
        dotted.merge(own, mine)
        for name in mine:
            own[name] = pins.fix(own[name], name)

    # ------------------------------------------------------------------------------------------------- judging

    def _judge(self, pins: Pins, known_later: tuple[Path, ...]) -> None:
        """Refuse what was asked for and cannot be, note what differs, and add what captured functions alone know."""
        for path, pin in leaves(pins.tree):
            if pin.value == values.MASKED:
                raise MaskedEntryError(dotted.join(path))
            real = self._real_path(path)
            if pin.asked and real is None:
                self._refuse_unless_known(path, pin, known_later)
                value = pin.read()
                dotted.put(self.tree, path, value)
                real = path
            if pin.asked or pin.adds:
                self._compare(real or path, pin, pins)

    def _refuse_unless_known(self, path: Path, pin: Pin, known_later: tuple[Path, ...]) -> None:
        """Raise what is wrong with a path that no layer defines, unless a captured function has it as a parameter."""
        if pin.adds:
            return
        texts = tuple(map(str, path))
        for part in self.recipe.parts:
            if any(texts[: len(known)] == tuple(map(str, known)) for known in part.parameters):
                return
        for end in range(len(path) - 1, 0, -1):
            holder = dotted.get(self.tree, path[:end])
            if holder is MISSING:
                continue
            name = dotted.join(path[:end])
            if isinstance(holder, list | tuple) and dotted.is_whole_number(path[end]):
                raise EntryIndexError(pin.written, name, self._where(path[:end]), str(path[end]), len(holder))
            if not isinstance(holder, dict):
                raise EntryGroupError(pin.written, name, self._where(path[:end]), ())
            break
        raise self._unknown(path, pin)

    def _unknown(self, path: Path, pin: Pin) -> UnknownEntryError:
        places = {dotted.join(known): self._where(known) for known, _ in dotted.walk_all(self.tree)}
        for part in self.recipe.parts:
            places.update({dotted.join(known): "" for known in part.parameters if dotted.join(known) not in places})
        name = dotted.join(path)
        near = tuple((candidate, places[candidate]) for candidate in dotted.nearest(name, places))
        return UnknownEntryError(pin.written or name, name, near, tuple(places))

    def _compare(self, path: Path, pin: Pin, pins: Pins) -> None:
        """Note how a pinned value differs from the default; refuse groups for values and the wrong annotated type."""
        name = dotted.join(path)
        value = dotted.get(self.tree, path)
        default = pins.defaults.get(path, MISSING)
        for end in range(len(path) - 1, 0, -1):  # a dict that replaced a None stands in its place
            default = pins.defaults.get(path[:end], MISSING) if default is MISSING else default
        if default is MISSING:
            if pin.origin.kind != "add_config":
                self.changes[name] = Change("added", MISSING, "")
            return
        where = self._where(path)
        if pin.asked and isinstance(default, dict) and default:
            given = pin.read()
            if given is not None and not isinstance(given, dict):
                raise EntryGroupError(pin.written, name, where, tuple(map(str, default)))
        annotation = pins.annotations[path]() if path in pins.annotations else MISSING
        if pin.asked and not reading.fits(value, annotation):
            got = f"{values.short_repr(value, 60)} ({type(value).__name__})"
            raise EntryTypeError(pin.written, name, reading.shown_type(annotation), where, got)
        if pin.origin.kind == "add_config":
            return
        if reading.type_differs(value, default):
            self.changes[name] = Change("typechanged", default, where)
            if annotation is MISSING:
                self._warn_type(name, value, default, where, pin)
        elif not values.same(value, default):
            self.changes[name] = Change("modified", default, where)

    def _warn_type(self, name: str, value: Any, default: Any, where: str, pin: Pin) -> None:
        kinds = f"{type(default).__name__} to {type(value).__name__}"
        place = f" ({where})" if where else ""
        said = f" by {pin.written!r}" if pin.written else f" by {pin.origin.name} ({pin.origin.where})"
        self.warnings.append(f"Entry {name!r}{place} changed from {kinds}{said}.")

    def _check_names(self) -> None:
        for path, _ in dotted.walk_all(self.tree):
            key = path[-1]
            problem = ""
            if isinstance(key, bool) or not isinstance(key, str | int):
                problem = f"is a {type(key).__name__}"
            elif key == "":
                problem = "is empty"
            elif isinstance(key, str) and ("." in key or "=" in key or key.startswith("+")):
                problem = "cannot be written in a path"
            if problem:
                raise EntryNameError(repr(key), self._where(path) or dotted.join(path[:-1]) or "top level", problem)

    def _real_path(self, path: Path) -> Path | None:
        """Return a path with the keys and indexes by which the tree holds it; None where it does not."""
        found: list[dotted.Part] = []
        tree: Any = self.tree
        for part in path:
            key = dotted.find_key(tree, part)
            if key is MISSING:
                return None
            found.append(key % len(tree) if isinstance(tree, list | tuple) else key)
            tree = tree[key]
        return tuple(found)

    def _note_origin(self, path: Path, pin: Pin) -> None:
        self.origins[path] = pin.origin
        for end in range(len(path) - 1, 0, -1):
            if isinstance(dotted.get(self.tree, path[:end]), list | tuple):
                self.origins[path[:end]] = pin.origin

    def _origin_of(self, path: Path) -> Origin:
        for end in range(len(path), 0, -1):
            if path[:end] in self.origins:
                return self.origins[path[:end]]
        return Origin("drawn")

    def _where(self, path: Path) -> str:
        for end in range(len(path), 0, -1):
            if path[:end] in self.origins:
                return self.origins[path[:end]].where
        for known, origin in self.origins.items():  # a group stands where its first entry stands
            if known[: len(path)] == path:
                return origin.where
        return ""
