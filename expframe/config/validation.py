"""What was asked, against what was decided: refuse what cannot be, and note what differs from its default."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from expframe.config import conversion, dotted, equality, hints, json_values, parsing
from expframe.config.choice_check import ChoiceCheck, refuse_below_nothing
from expframe.config.chosen import GroupChoices
from expframe.config.classes import fields_of, takes_more
from expframe.config.decided import Change
from expframe.config.dotted import CHOICE, MISSING, Path
from expframe.config.frozen import thaw
from expframe.config.holders import holder_in
from expframe.config.layers import Recipe
from expframe.config.parameters import Parameters
from expframe.config.pins import Pins
from expframe.config.request import Origin, Override
from expframe.config.secrets import MASK, USUAL, Names, Secret
from expframe.config.typed import description_of
from expframe.errors import (
    ChoiceError,
    EntryGroupError,
    EntryIndexError,
    EntryNameError,
    EntryTypeError,
    MaskedEntryError,
    UnknownEntryError,
    listed,
    located,
    one_of_type,
    type_of,
)


class _Misfit(NamedTuple):
    """An entry whose value is not of its type: the type as such and as it is shown, and the value."""

    path: Path
    kind: Any
    expected: str
    value: Any


class Verdict:
    """
    What is found out by holding the fixed values against the decided ones.

    Args:
        recipe: The parts of the experiment.
        tree: The decided values; what captured functions alone know is added.
        origins: Who decided them, without the fixed values.
        pins: The fixed values, with the annotations of entries.
        replaced: For each fixed path the value that it took the place of.
        force: Whether a value of the wrong type is taken as it is.

    Attributes:
        origins: Who set each fixed value.
        fixed_by: What fixed it.
        changes: How values differ from their defaults.
        warnings: What was taken but looks like a mistake.
        switched: Where something else was chosen than stood there.
    """

    def __init__(
        self,
        recipe: Recipe,
        tree: dict[Any, Any],
        origins: Mapping[Path, Origin],
        pins: Pins,
        replaced: Mapping[Path, Any],
        force: bool,
    ) -> None:
        self._recipe = recipe
        self._tree = tree
        self._decided = origins
        self._pins = pins
        self._replaced = replaced
        self._force = force
        self.origins: dict[Path, Origin] = {}
        self.fixed_by: dict[Path, Override] = {}
        self.changes: dict[str, Change] = {}
        self.warnings: list[str] = []
        self.switched: list[Path] = []
        self._fitting: set[Path] = set()

    def judge(self, fixed: Sequence[Override]) -> None:
        """
        Hold fixed values, the lower ones first, against the decided ones.

        Raises:
            ConfigError: One of them is unknown, or is not what the entry can be.
        """
        last: dict[Path, tuple[Path, Override, Any]] = {}
        unknown: list[tuple[Path, Any]] = []
        types = self._pins.annotations
        check = None
        if types:
            check = ChoiceCheck(self._tree, types, GroupChoices(fixed, self._pins.standing), self._where)
        for number, override in enumerate(fixed):
            for path, given in override.leaves(dotted.get(self._tree, override.path)):
                if check and check.is_of_another(path, given, override, number):
                    continue
                real = real_path(self._tree, path)
                if real is not None:
                    last[real] = path, override, given
                elif not override.is_code:
                    self._refuse_unless_known(path, override)
                    unknown.append((path, _value(override, given)))
                    last[path] = path, override, given
        for path, value in unknown:
            dotted.put(self._tree, path, value)
        self._fitting.clear()  # the tree is another now
        self.switched = [real for real, (path, _, _) in last.items() if self._switches(real, path)]
        for real, (path, override, given) in last.items():
            value = dotted.get(self._tree, real)
            if isinstance(given, dict) and isinstance(value, dict) and value:
                continue  # an empty dict merges nothing
            self.fixed_by[real] = override
            self._note_origin(real, override)
            self._compare(real, self._default(path), override, given)

    def refuse_types(self, fixed: Sequence[Override]) -> None:
        """
        Refuse a fixed value of another type than its entry, where no more is known than that: code has failed with it.

        Raises:
            EntryTypeError: There is one.
        """
        for override in fixed:
            for path, _ in override.leaves(dotted.get(self._tree, override.path)) if not override.is_code else ():
                real = real_path(self._tree, path)
                if real is not None and not self._force:
                    default = self._replaced.get(real, MISSING)
                    _, misfit = self._misfit(real, dotted.get(self._tree, real), default)
                    if misfit is not None:
                        raise self._wrong_type(misfit, path, override)

    def check_values(self) -> None:
        """
        Check that every entry can be named, and that none is a secret that was not stored.

        Raises:
            EntryNameError: A key is no name.
            MaskedEntryError: A value is a masked one.
        """
        for path, value in dotted.walk_all(self._tree):
            _refuse_odd_name(path[-1], self._where(path) or dotted.join(path[:-1]) or "top level")
            origin = self._decided.get(path)
            for masked in masked_in(value, path) if origin is not None and origin.kind == "file" else ():
                raise MaskedEntryError(dotted.join(masked))

    def _refuse_unless_known(self, path: Path, override: Override) -> None:
        """Raise what is wrong with a path that is not there, unless it may be added or is a captured parameter."""
        end = next(end for end in range(len(path) - 1, -1, -1) if dotted.get(self._tree, path[:end]) is not MISSING)
        holder = dotted.get(self._tree, path[:end])
        name = dotted.join(path[:end])
        if isinstance(holder, list | tuple) and dotted.is_whole_number(path[end]):
            raise EntryIndexError(override.said(path), name, self._where(path[:end]), str(path[end]), len(holder))
        if not isinstance(holder, dict):
            refuse_below_nothing(self._pins.annotations.of(path[:end], self._tree), path, end, override, self._where)
            raise EntryGroupError(override.said(path), name, self._where(path[:end]), dotted.fields_of_tuple(holder))
        for key in path[end:]:
            _refuse_odd_name(key, override.said(path))
        if not override.may_add and not self._is_parameter(path):
            self._refuse_field_of_another(path, override)
            raise self._unknown(path, override, holder, name)

    def _switches(self, real: Path, path: Path) -> bool:
        """Return whether what is said at a path, as it stands and as it was written, chooses another class."""
        is_other = real[-1] == CHOICE and dotted.get(self._tree, real) != self._default(path)
        return is_other and not self._is_slot(real[:-1])

    def _is_slot(self, path: Path) -> bool:
        return any(slot.path == path for slot in self._recipe.slots)

    def _refuse_field_of_another(self, path: Path, override: Override) -> None:
        """Raise what is wrong with an entry that another alternative of a slot has."""
        for slot in reversed(self._recipe.slots):
            end = len(slot.path)
            owner = slot.owner_of(str(path[end])) if path[:end] == slot.path and len(path) > end else ""
            if owner not in ("", slot.chosen):
                name, where = dotted.join(slot.path), slot.origin.where
                raise ChoiceError(override.said(path), name, where, slot.chosen, slot.available, (), owner)

    def _is_parameter(self, path: Path) -> bool:
        """Return whether a captured function has a parameter, and no config an entry, at a path or above it."""
        texts = tuple(map(str, path))
        known = self._parameters().by_name()
        return any(
            texts[: len(parameter)] == tuple(map(str, parameter)) and dotted.get(self._tree, parameter) is MISSING
            for parameter in known
        )

    def _parameters(self) -> Parameters:
        return Parameters(self._recipe, self._tree, lambda path: self._pins.annotations.of(path, self._tree))

    def _unknown(self, path: Path, override: Override, holder: dict[Any, Any], group: str) -> UnknownEntryError:
        name = dotted.join(path)
        parameters = self._parameters()
        meant = [dotted.join(known) for known in parameters.meant(path) if known]
        places = {dotted.join(known): known for known, _ in dotted.walk_all(self._tree)}
        inside = [dotted.join(group, str(key)) for key in holder]  # also where the group is an element of a list
        kind = self._class_around(path) if self._pins.annotations else None
        lacking = {dotted.join(group, field): (*path[:-1], field) for field in fields_of(kind)} if kind else {}
        near = meant or dotted.nearest(name, [*places, *map(dotted.join, parameters.by_name()), *inside, *lacking])
        found = tuple((one, self._where(places.get(one, lacking.get(one, ())))) for one in near)
        leaves = tuple(dotted.join(dotted.without_choice(known)) for known, _ in dotted.walk(self._tree))
        return UnknownEntryError(override.said(path), name, found, leaves)

    def _default(self, path: Path) -> Any:
        """Return the value that a fixed one replaced: above it where a dict replaced a None."""
        found = self._replaced.get(path, MISSING)
        is_below_none = any(self._replaced.get(path[:end], MISSING) is None for end in range(1, len(path)))
        return None if found is MISSING and is_below_none else found

    def _compare(self, path: Path, default: Any, override: Override, given: Any) -> None:
        """Note how a fixed value differs from the default; refuse groups for values, and what the entry cannot be."""
        name = dotted.join(path)
        where = self._where(path)
        value = dotted.get(self._tree, path)
        if not override.is_code:
            self._refuse_group(path, value, override, given)
        is_annotated, misfit = self._misfit(path, value, default)
        if misfit is not None and not override.is_code and not self._force:
            raise self._wrong_type(misfit, path, override)
        if default is MISSING:
            self.changes[name] = Change("added", MISSING, "")
            kind = self._class_around(path) if self._pins.annotations else None
            if kind is not None and path[-1] != CHOICE and path[-1] not in fields_of(kind) and not takes_more(kind):
                self.warnings.append(f"{name} is no field of {kind.__name__}: functions get an instance without it.")
        elif parsing.type_differs(value, default):
            self.changes[name] = Change("typechanged", default, where)
            if misfit is not None or not is_annotated:
                self._warn_of_type(path, value, default, override)
        elif not equality.same(value, default):
            self.changes[name] = Change("modified", default, where)

    def _refuse_group(self, path: Path, value: Any, override: Override, given: Any) -> None:
        name, where = dotted.join(path), self._where(path)
        is_group = isinstance(value, dict)
        if is_group and value and not isinstance(given, dict) and _value(override, given) is not None:
            if found := hints.alternatives(self._pins.annotations.of(path, self._tree) if CHOICE in value else MISSING):
                raise ChoiceError(override.said(path), name, where, "", tuple(found))
            raise EntryGroupError(override.said(path), name, where, tuple(map(str, value)))
        if isinstance(given, dict) and not is_group:
            raise EntryGroupError(override.said(path), name, where, dotted.fields_of_tuple(value))

    def _misfit(self, path: Path, value: Any, default: Any) -> tuple[bool, _Misfit | None]:
        """Return whether the entry at a path, or one around it, is annotated, and what is wrong with its type."""
        is_annotated = False
        for end in range(1, len(path) + 1) if self._pins.annotations else ():
            annotation = self._pins.annotations.of(path[:end], self._tree)
            if annotation is not MISSING and holder_in(annotation) is None:
                is_annotated = True
                if path[:end] in self._fitting:
                    continue
                whole = dotted.get(self._tree, path[:end])
                if end < len(path) and hints.class_of(whole, annotation) is not None:
                    continue  # its fields are judged one by one
                if hints.fits(whole, annotation):
                    self._fitting.add(path[:end])
                else:
                    place, annotation, wrong = conversion.first_wrong(whole, annotation, path[:end])
                    return True, _Misfit(place, hints.plain(annotation), hints.shown(annotation), wrong)
        if is_annotated or not parsing.type_differs(value, default) or parsing.can_replace(value, default):
            return is_annotated, None
        kind = parsing.kind_of(default)
        return False, _Misfit(path, kind, hints.shown(kind), value)

    def _wrong_type(self, misfit: _Misfit, path: Path, override: Override) -> EntryTypeError:
        """Return the refusal of a value, with how to mean it."""
        name, hint = dotted.join(misfit.path), ""
        if misfit.kind is str:
            hint = "Write it in quotes to mean a text."
        elif odd := _odd_fields(misfit.value, misfit.kind):
            hint = odd
        elif isinstance(misfit.value, dict) and len(found := [*hints.alternatives(misfit.kind)]) > 1:
            is_inside = len(misfit.path) > len(path)  # of a list that is given whole: there is no such entry yet
            choosing = f"in it: {{'_choice': {found[0]!r}, ...}}" if is_inside else f"by name: {name}={found[0]}"
            hint = f"Choose one of them {choosing}."
        elif isinstance(misfit.value, str) and override.is_text and hints.is_of_items(misfit.kind):
            hint = f"Write items in brackets and texts in quotes: {name}=['a', 'b']."
        elif form := conversion.form_of(misfit.kind):
            hint = form
        elif override.is_text and _are_several(misfit.value, override.value):
            hint = f"Several values are tried by a sweep: sweep with {name}={override.value}."
        got = shown(misfit.value, misfit.path, self._recipe.names)
        return EntryTypeError(override.said(path), name, misfit.expected, self._where(misfit.path), got, hint)

    def _warn_of_type(self, path: Path, value: Any, default: Any, override: Override) -> None:
        kinds = f"{type_of(default)} to {type_of(value)}"
        entry = located(repr(dotted.join(path)), self._where(path))
        said = (
            repr(override.said(path)) if not override.is_code else f"{override.origin.name} ({override.origin.where})"
        )
        self.warnings.append(f"Entry {entry} changed from {kinds} by {said}.")

    def _note_origin(self, path: Path, override: Override) -> None:
        self.origins[path] = override.origin
        for end in range(1, len(path)):
            if isinstance(dotted.get(self._tree, path[:end]), list | tuple):
                self.origins[path[:end]] = override.origin

    def _where(self, path: Path) -> str:
        """Return where an entry stands; a field that the code gave no value, in its class."""
        kind = self._class_around(path) if self._pins.annotations else None
        if kind is not None and (not self._is_decided(path) or self._is_switched(path[:-1])):
            field = description_of(kind).origins.get(str(path[-1]))
            if field is not None:
                return field.where
        return where_of(path, self._decided)

    def _is_decided(self, path: Path) -> bool:
        """Return whether the code gave an entry a value: by itself, or in a list or tuple."""
        ends = (end for end in range(1, len(path)) if isinstance(dotted.get(self._tree, path[:end]), list | tuple))
        return path in self._decided or path[: next(ends, 0)] in self._decided

    def _class_around(self, path: Path) -> Any:
        """Return the class that the group around an entry is of; None where it is of none."""
        group = dotted.get(self._tree, path[:-1])
        return hints.class_of(group, self._pins.annotations.of(path[:-1], self._tree))

    def _is_switched(self, group: Path) -> bool:
        """Return whether something else is chosen for a group than stood there."""
        choice = (*group, CHOICE)
        stood = self._default(choice)
        return choice in self.switched or (stood is not MISSING and stood != dotted.get(self._tree, choice))


def _odd_fields(value: Any, annotation: Any) -> str:
    """Return in a sentence which key of a dict is no field of its class, and what it may mean; empty where all are."""
    kind = hints.class_of(value, annotation)
    fields = list(fields_of(kind)) if kind is not None and not takes_more(kind) else []
    odd = next((key for key in value if key not in (*fields, CHOICE)), None) if fields else None
    if odd is None:
        return ""
    near = dotted.nearest(str(odd), fields)
    meant = f"Did you mean {near[0]!r}?" if near else f"Its fields: {listed(fields)}."
    return f"{kind.__name__} has no field {odd!r}. {meant}"


def _are_several(value: Any, text: str) -> bool:
    """Return whether a text is values with commas between them, without brackets around them."""
    return isinstance(value, tuple) and len(value) > 1 and not text.lstrip().startswith(("(", "["))


def _value(override: Override, given: Any) -> Any:
    """Return what an override gives where there is no default: a copy of the caller's."""
    is_text = override.is_text and given is override.value
    return conversion.literal(given) if is_text else thaw(given)


def where_of(path: Path, origins: Mapping[Path, Origin]) -> str:
    """Return where an entry stands; of a group, where its first entry does."""
    for end in range(len(path), 0, -1):
        if path[:end] in origins:
            return origins[path[:end]].where
    inside = (origin for known, origin in origins.items() if path and known[: len(path)] == path)
    return next((origin.where for origin in inside), "")


def real_path(tree: Any, path: Path) -> Path | None:
    """Return a path with the keys and indexes by which the tree holds it; None where it does not."""
    found: list[dotted.Part] = []
    for part in path:
        key = dotted.find_key(tree, part)
        if key is MISSING:
            return None
        found.append(key % len(tree) if isinstance(tree, list | tuple) else key)
        tree = tree[key]
    return tuple(found)


def masked_in(value: Any, path: Path) -> Iterator[Path]:
    """Yield the paths of all in a value that is a secret which was not stored."""
    if isinstance(value, dict | list | tuple):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from masked_in(item, (*path, key))
    elif isinstance(value, str):
        if MASK in value:
            yield path
    elif type(value).__module__ != "builtins" and _holds_masked(json_values.to_json(value)):
        yield path


def _holds_masked(data: Any) -> bool:
    """Return whether plain JSON data holds a secret which was not stored."""
    if isinstance(data, list):
        return any(map(_holds_masked, data))
    if not isinstance(data, dict):
        return isinstance(data, str) and MASK in data
    return data.get(json_values.TAG) == "secret" or any(map(_holds_masked, data.values()))


def shown(value: Any, path: Path, names: Names = USUAL) -> str:
    """Return a value and its type for messages; secrets are masked."""
    text = brief(value, path, names)
    return text if value is None else f"{text} ({type_of(value)})"


def brief(value: Any, path: Path, names: Names = USUAL) -> str:
    """Return a value for messages; secrets are masked."""
    is_secret = isinstance(value, Secret) or names.covers(path, value)
    return MASK if is_secret else json_values.short_repr(value, 60)


def _refuse_odd_name(key: object, where: str) -> None:
    """Raise what is wrong with a key as the name of an entry, if anything is."""
    if type(key) is str and key.isidentifier():
        return
    if isinstance(key, bool) or not isinstance(key, str | int):
        problem = f"is {one_of_type(key)}"
    elif key == "":
        problem = "is empty"
    elif isinstance(key, str) and ("." in key or "=" in key or key.startswith("+")):
        problem = "cannot be written in a path"
    else:
        return
    raise EntryNameError(repr(key), where, problem)
