"""
Layers and a request in, a Config out: the only place that knows precedence.

Low to high: ingredients' config functions and dicts in order of definition, inner ones first; the experiment's; config
hooks; then what is pinned: dicts where they address ingredients, named configs and files in the order given, overrides.
By that order, and before all else, `choose` finds out which ingredients stand in slots.
"""

from collections.abc import Iterable, Iterator, Mapping
from logging import Logger
from typing import Any

from expframe.config import conversion, dotted
from expframe.config.built import Whole
from expframe.config.chosen import words_first
from expframe.config.decided import Config
from expframe.config.decision import ComputedDefault, Decision, take_out_ingredients
from expframe.config.dotted import EVERYWHERE, MISSING, Path
from expframe.config.layers import Chosen, Entries, Layer, Part, Recipe
from expframe.config.masking import Masking
from expframe.config.named import find_named, said_by_file
from expframe.config.pins import Pins, add
from expframe.config.request import Origin, Override, Request
from expframe.config.slots import SlotWords
from expframe.config.standing import Standing, ends_in
from expframe.config.typed import ConfigClass
from expframe.config.validation import Verdict, masked_in, real_path, shown, where_of
from expframe.errors import AppendError, DefinitionError, ExpframeError, MaskedEntryError, located, one_of_type

SEED_DOC = "the seed of all randomness in this run"


def resolve(recipe: Recipe, request: Request, logger: Logger | None = None) -> Config:
    """
    Decide every value once; anew, without the value of `+=` and with it, only where that adds to what is computed on.

    Args:
        recipe: The parts of the experiment.
        request: What was asked.
        logger: What config hooks are given.

    Raises:
        ConfigError: Something that was asked for cannot be decided; nothing has been started.
    """
    request, notices = _spread(recipe, _masked(recipe, request), logger)
    appends = [override for override in request.overrides if override.operator == "+="]
    if not appends:
        return _Resolution(recipe, request, logger, notices).conclude()
    appended = {append.path for append in appends}
    others = [override for override in request.overrides if override.operator != "+="]
    elements = [o for o in others if any(o.path[:end] in appended for end in range(1, len(o.path)))]
    try:
        appending = request._replace(overrides=(*others, *appends, *elements))
        return _Resolution(recipe, appending, logger, notices).conclude()
    except ComputedDefault:
        before = _Resolution(recipe, request._replace(overrides=tuple(others)), logger)
        before.decide()
        overrides = (*others, *_totals(appends, before), *elements)
        return _Resolution(recipe, request._replace(overrides=overrides), logger, notices).conclude()


def choose(recipe: Recipe, request: Request) -> Mapping[Path, Chosen]:
    """
    Return what a request chooses in the slots of a recipe that are open.

    Args:
        recipe: The parts of the experiment, without what is to be chosen.
        request: What was asked.

    Raises:
        ChoiceError: A slot has no such choice.
        ConfigError: A named config cannot be decided.
    """
    asked = _masked(recipe, request)
    overrides = tuple(one for override in asked.overrides for one in _of_slots(recipe, override))
    return _Resolution(recipe, asked._replace(overrides=overrides), None).choose()


def _of_slots(recipe: Recipe, override: Override) -> Iterator[Override]:
    """Yield an override, or for `...name=value` those of the slots of that name."""
    if override.operator != EVERYWHERE:
        yield override
    for slot in recipe.slots if override.operator == EVERYWHERE else ():
        if ends_in(slot.path, override.path):
            yield override._replace(path=slot.path, operator="=")


def _masked(recipe: Recipe, request: Request) -> Request:
    """Return a request whose words may be shown."""
    masking = Masking(names=recipe.names)
    shown = (masking.words([override.written]) for override in request.overrides)
    pairs = zip(request.overrides, shown, strict=True)
    return request._replace(overrides=tuple(override._replace(written=text) for override, (text,) in pairs))


def look_up(recipe: Recipe, request: Request, logger: Logger | None = None) -> Standing:
    """
    Return what stands in the config of a request, without judging what was asked.

    Args:
        recipe: The parts of the experiment.
        request: What was asked.
        logger: What config hooks are given.

    Raises:
        ConfigError: A layer cannot be decided.
    """
    return _Resolution(recipe, _spread(recipe, request, logger)[0], logger).standing()


def _spread(recipe: Recipe, request: Request, logger: Logger | None) -> tuple[Request, tuple[str, ...]]:
    """Return a request in which `...name=value` fixes each entry of that name, and what is said of that."""
    if all(override.operator != EVERYWHERE for override in request.overrides):
        return request, ()
    overrides = [one for override in request.overrides for one in _of_slots(recipe, override)]
    standing = _Resolution(recipe, request._replace(overrides=tuple(overrides)), logger).standing()
    overrides = [*standing.spread(request.overrides)]
    if any(standing.is_choice(one.path) for one in overrides):  # then there may be other entries
        standing = _Resolution(recipe, request._replace(overrides=tuple(overrides)), logger).standing()
        overrides = [*standing.spread(request.overrides)]
    notices = map(standing.notice, (one for one in request.overrides if one.operator == EVERYWHERE))
    return request._replace(overrides=tuple(overrides)), tuple(notices)


def _totals(appends: Iterable[Override], before: "_Resolution") -> Iterator[Override]:
    """Yield overrides that set default + value; what has no default is left to be refused as unknown."""
    totals: dict[Path, Any] = {}
    for append in appends:
        path = real_path(before.tree, append.path) or append.path
        default = totals.get(path, dotted.get(before.tree, path))
        if default is MISSING:
            yield append._replace(operator="=")
            continue
        totals[path] = before.sum(append, default)
        yield append._replace(value=totals[path], operator="=", is_text=False)


class _Resolution:
    """One decision: the state that its steps share."""

    def __init__(self, recipe: Recipe, request: Request, logger: Logger | None, notices: tuple[str, ...] = ()) -> None:
        self.recipe = recipe
        self.request = request
        self.notices = notices
        self._decision = Decision(recipe, request, logger)
        self.tree: dict[Any, Any] = self._decision.tree
        force = request.options.force
        said = words_first(request.overrides)
        self._slots = SlotWords(recipe.slots)
        self._overrides = self._slots.of_overrides(
            o._replace(operator="+") if force and o.operator == "=" else o for o in said
        )
        self._named: list[Override] = []
        self._kept: list[Override] = []
        self._named_docs: dict[Path, str] = {}

    def conclude(self) -> Config:
        """Decide, and judge what was asked."""
        self.decide()
        overrides = [*self._named, *self._settled()]
        verdict = self._verdict()
        verdict.judge(overrides)
        verdict.check_values()
        self._forget_origins(path[:-1] for path in verdict.switched)
        if self._decision.pins.annotations and not self.request.options.force:
            self._check_bounds(verdict)
        whole = Whole(self.recipe, self.tree, self._decision.pins, lambda path: self._origin_of(path, verdict))
        whole.build()
        origins = {dotted.join(path): self._origin_of(path, verdict, whole) for path, _ in dotted.walk(self.tree)}
        docs = {**whole.docs, **self._all_docs()}
        present = {dotted.join(path): text for path, text in docs.items() if dotted.get(self.tree, path) is not MISSING}
        warnings = (*verdict.warnings, *whole.warnings)
        return Config(
            self.tree,
            origins,
            present,
            verdict.changes,
            warnings,
            self.recipe.names,
            whole.objects,
            tuple(whole.instances),
            self.notices,
        )

    def _verdict(self) -> Verdict:
        return Verdict(
            self.recipe,
            self.tree,
            self._decision.origins,
            self._decision.pins,
            self._decision.replaced,
            self.request.options.force,
        )

    def _check_bounds(self, verdict: Verdict) -> None:
        from expframe.config.bounds_check import BoundsCheck  # most configs have no annotation

        bounds = BoundsCheck(
            self.recipe, self.tree, self._decision.pins, self._decision.origins, verdict.fixed_by, self._kept
        )
        bounds.check()
        verdict.warnings += bounds.warnings

    def standing(self) -> Standing:
        """Decide, and return what stands where."""
        self.decide()
        return Standing(
            self.tree,
            self._decision.replaced,
            self._type_of,
            self._decision.origins,
            self._all_docs(),
            tuple((p.path, layer) for p in self.recipe.parts for layer in p.layers if isinstance(layer, ConfigClass)),
        )

    def _type_of(self, path: Path) -> Any:
        slot = next((slot for slot in self.recipe.slots if slot.path == path), None)
        return self._decision.pins.annotations.of(path, self.tree) if slot is None else slot.annotation

    def _all_docs(self) -> dict[Path, str]:
        """Return what layers say of entries."""
        return {("seed",): SEED_DOC, **self._named_docs, **self._decision.docs}

    def decide(self) -> None:
        """Run the layers of all parts under what is pinned; where code fails, what it was not meant for is refused."""
        try:
            self._decide()
        except (ExpframeError, ComputedDefault):
            raise
        except Exception:
            self._verdict().refuse_types([*self._named, *self._overrides])
            raise

    def _decide(self) -> None:
        self._ask(self.request.named)
        settled = Pins([*self._addressed(), *self._named, *self._overrides])
        self._decision.pins = settled.annotated(self._decision.pins.annotations).summed(self._decision.pins.sums)
        self._refuse_masked()
        for slot in self.recipe.slots:
            dotted.put(self.tree, (*slot.path, dotted.CHOICE), slot.chosen)
        for part in self.recipe.parts:
            self._decision.decide_part(part)
        self._refuse_other_choices()

    def choose(self) -> Mapping[Path, Chosen]:
        """Find out what is chosen in slots that are open; named configs of what is not chosen yet have no say."""
        inside = tuple(f"{dotted.join(slot.path)}." for slot in self.recipe.slots if not slot.chosen)
        self._ask(
            [
                name
                for name in self.request.named
                if not inside or find_named(self.recipe, name) or not name.startswith(inside)
            ]
        )
        return self._slots.chosen(self._addressed(), [*self._named, *self._overrides])

    def _ask(self, named: Iterable[str]) -> None:
        """Learn what the run that is done again, and named configs and files, say under the overrides."""
        self._kept = self._slots.of_source(kept._replace(is_code=True) for kept in self.request.base)
        self._named += self._kept
        self._decision.pins = Pins(self._slots.without_words(self._overrides))
        for name in named:
            self._decision.fixed = (*self._named, *self._overrides)
            self._named += self._overrides_of(name)
        self._decision.fixed = (*self._named, *self._overrides)

    def _refuse_other_choices(self) -> None:
        """Refuse code that says of a slot what is chosen, after it has been."""
        for slot in self.recipe.slots:
            path = (*slot.path, dotted.CHOICE)
            if slot.chosen and dotted.get(self.tree, path) != slot.chosen:
                who = self._decision.origins.get(path, slot.origin)
                problem = f"is changed by {located(who.name, who.where)} when {slot.chosen} is chosen already."
                way = "Choose it where configs are given: add_config, a named config, a file or the command line."
                raise DefinitionError(f"the choice for {dotted.join(slot.path)!r}", f"{problem} {way}")

    # ---------------------------------------------------------------------------------------------- appending

    def sum(self, append: Override, default: Any) -> Any:
        """Return the default and the value of a `+=` together."""
        total = add(append, default, self._decision.pins.annotations.of(append.path))
        if total is MISSING:
            kind = "a group of entries" if isinstance(default, dict) else one_of_type(default)
            where = where_of(real_path(self.tree, append.path) or append.path, self._decision.origins)
            value = conversion.literal(append.value) if append.is_text else append.value
            raise AppendError(
                append.written, dotted.join(append.path), where, kind, shown(value, append.path, self.recipe.names)
            )
        return total

    def _settled(self) -> Iterator[Override]:
        """Yield the overrides; those of `+=` set what they came to."""
        for override in self._overrides:
            if override.operator != "+=":
                yield override
            elif override.path in self._decision.pins.sums:
                yield override._replace(
                    operator="=", value=self._decision.pins.sums[override.path].total, is_text=False
                )
            else:
                default = dotted.get(self.tree, override.path)
                if default is not MISSING:
                    self.sum(override, default)  # refuses what nothing can be added to
                    raise ComputedDefault
                yield override._replace(operator="=")

    # ------------------------------------------------------------------------------------------------- pinning

    def _addressed(self) -> Iterator[Override]:
        """Yield what dicts say of the ingredients of the part that they were added to."""
        for part in self.recipe.parts:
            for layer in part.layers:
                said = dotted.fresh(layer.values) if isinstance(layer, Entries) else {}
                yield from self._slots.of_dict(_addressed_by(layer, take_out_ingredients(part, said)), part.path)

    def _overrides_of(self, name: str) -> list[Override]:
        """Return what a named config or a file says, under the overrides."""
        found = find_named(self.recipe, name)
        if found is None:
            return self._slots.of_source(said_by_file(self.recipe, name, may_add=self.request.options.force))
        return self._slots.of_source(self._overrides_of_named(*found), found[0].path)

    def _overrides_of_named(self, part: Part, layer: Layer) -> Iterator[Override]:
        available = Pins([*self._named, *self._overrides]).below(part.path).values()
        decided = self._decision.decided(layer, self._decision.pins.below(part.path), available)
        self._decision.learn(decided._replace(replaced={}))
        for path, text in decided.docs.items():
            self._named_docs.setdefault((*part.path, *path), text)
        whole = (((key,), value) for key, value in decided.values.items())
        for path, value in whole if isinstance(layer, Entries) else dotted.walk(decided.values):
            origin = decided.origins.get(path, layer.origin)
            yield Override.of_leaf((*part.path, *path), value, origin=origin, is_code=True)

    def _refuse_masked(self) -> None:
        """Refuse secrets that were not stored, before code is given them, unless something later supplies them."""
        masked: list[Path] = []
        for override in (*self._named, *self._overrides):
            for path, value in override.leaves():
                texts = tuple(map(str, path))
                masked = [known for known in masked if known[: len(path)] != texts]
                masked += (tuple(map(str, known)) for known in masked_in(value, path))
        for path in masked:
            raise MaskedEntryError(dotted.join(path))

    def _origin_of(self, path: Path, verdict: Verdict, whole: Whole | None = None) -> Origin:
        """Return who set a value: what is said of it itself, else its field in a class, else what is said around it."""
        for end in range(len(path), 0, -1):
            said = verdict.origins.get(path[:end]) or self._decision.origins.get(path[:end])
            if origin := (whole.computed.get(path[:end]) if whole is not None else None) or said:
                return origin
            if whole is not None and (origin := whole.field_of(path[:end])) is not None:
                return origin
        return Origin("drawn")

    def _forget_origins(self, groups: Iterable[Path]) -> None:
        """Forget who set the fields of what stood where something else was chosen."""
        for group in groups:
            self._decision.origins = {
                path: origin for path, origin in self._decision.origins.items() if path[: len(group)] != group
            }


def _addressed_by(layer: Layer, said: Iterable[tuple[Path, Any]]) -> Iterator[Override]:
    for path, entries in said:
        is_word = isinstance(entries, str)
        for below, value in dotted.walk(entries) if isinstance(entries, dict) else [((), entries)] if is_word else ():
            yield Override.of_leaf((*path, *below), value, origin=layer.origin, is_code=True)
