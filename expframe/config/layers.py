"""What decides values: Layer, Decided, Recipe."""

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from expframe.config import dotted
from expframe.config.choice import Choice
from expframe.config.dotted import CHOICE, MISSING
from expframe.config.request import Origin
from expframe.config.secrets import USUAL, Names

if TYPE_CHECKING:  # a script that only defines needs nothing of what decides
    from expframe.config.annotations import Annotation
    from expframe.config.pins import Pins, Sum

_NOTHING: Mapping[Any, Any] = MappingProxyType({})


class Decided(NamedTuple):
    """
    What one layer decides.

    Attributes:
        values: Its entries.
        origins: Where each of them stands.
        docs: Their comments.
        annotations: For each annotated entry of the whole config what says its type.
        replaced: For each fixed path of the whole config the value that was found there instead.
        sums: What each `+=` came to whose default it decides; None where that was computed from the sum.
    """

    values: dict[Any, Any]
    origins: Mapping[dotted.Path, Origin] = _NOTHING
    docs: Mapping[dotted.Path, str] = _NOTHING
    annotations: Mapping[dotted.Path, "Annotation"] = _NOTHING
    replaced: Mapping[dotted.Path, Any] = _NOTHING
    sums: Mapping[dotted.Path, "Sum | None"] = _NOTHING


class Layer(Protocol):
    """Something that decides values: a config function or a dict."""

    @property
    def origin(self) -> Origin:
        """Where the layer stands."""

    @property
    def names(self) -> Collection[Any]:
        """The entries that it may decide."""

    def decide(self, pins: "Pins", available: Mapping[str, Any]) -> Decided:
        """Return this layer's entries, under fixed values and given what was decided before."""


class Entries(NamedTuple):
    """The layer of `add_config`: values that are written down."""

    values: Mapping[Any, Any]
    origin: Origin

    @property
    def names(self) -> Collection[Any]:
        """The entries that it decides."""
        return self.values.keys()

    def decide(self, pins: "Pins", available: Mapping[str, Any]) -> Decided:
        """Return the entries with fixed values in place, instances of config classes as groups."""
        from expframe.config.instances import Apart
        from expframe.config.overlay import Overlay

        apart = Apart()
        groups = {
            key: apart.group(value, pins.annotations.of((*pins.path, key)), (key,))
            for key, value in self.values.items()
        }
        origins = {path: self.origin for path, _ in dotted.walk(groups)}
        overlay = Overlay(pins)
        overlay.find(apart.found)
        values = {key: overlay.fix(value, key) for key, value in groups.items()}
        return Decided(values, origins, annotations=overlay.annotations, replaced=overlay.replaced, sums=overlay.sums)

    def towards(self, earlier: Mapping[Any, Any], pins: "Pins") -> "Entries":
        """Return the same with values read towards the annotations and earlier values of their entries."""
        read = {
            key: value_towards(value, earlier.get(key, MISSING), (*pins.path, key), pins)
            for key, value in self.values.items()
            if key in earlier or pins.annotations
        }
        return self._replace(values={**self.values, **read}) if read else self


def value_towards(value: Any, earlier: Any, path: dotted.Path, pins: "Pins", *, of_classes: bool = False) -> Any:
    """
    Return a value of a dict of code, read towards what stands at its place.

    Args:
        value: The value.
        earlier: What stands there; MISSING for nothing.
        path: The place in the whole config.
        pins: What is fixed, with the annotations of entries.
        of_classes: Whether only what chooses among classes is read.
    """
    return _towards(value, earlier, path, pins.annotations.of(path), pins, of_classes)


def _towards(value: Any, earlier: Any, path: dotted.Path, annotation: Any, pins: "Pins", of_classes: bool) -> Any:
    are_groups = isinstance(value, dict) and isinstance(earlier, dict)
    if are_groups and value.get(CHOICE, earlier.get(CHOICE)) == earlier.get(CHOICE):
        said = {key: pins.annotations.below(annotation, earlier, (*path, key)) for key in value}
        return {
            key: _towards(item, dotted.get(earlier, (key,)), (*path, key), said[key], pins, of_classes)
            for key, item in value.items()
        }
    from expframe.config import hints
    from expframe.config.parsing import convert

    if of_classes and not hints.alternatives(annotation):
        return value

    return convert(value, earlier, annotation)


class Hook(NamedTuple):
    """A function that is called with the config so far and returns what to change."""

    function: Callable[..., Any]
    origin: Origin


class Chosen(NamedTuple):
    """
    What is chosen in a slot.

    Attributes:
        name: The alternative.
        default: The one that stands without anything that is asked for.
        origin: Who says that one.
    """

    name: str
    default: str
    origin: Origin


class Slot(NamedTuple):
    """
    A slot of which one of several ingredients is chosen, and the layer that says which.

    Attributes:
        path: Where it is.
        available: The names of the alternatives, the one first that stands where nobody says another.
        chosen: The name of the one that is chosen; empty as long as that is open.
        default: The one that stands without anything that is asked for.
        origin: Who says that one.
        choice: The alternatives.
        owner_of: Returns the alternative that has an entry of some name; empty for none that is known.
    """

    path: dotted.Path
    available: tuple[str, ...]
    chosen: str
    default: str
    origin: Origin
    choice: Choice
    owner_of: Callable[[str], str]

    @property
    def names(self) -> Collection[Any]:
        """The entries that it decides."""
        return (CHOICE,)

    @property
    def annotation(self) -> Any:
        """The type of the words that choose in it."""
        return Literal.__getitem__(self.available)

    def decide(self, pins: "Pins", available: Mapping[str, Any]) -> Decided:
        """Return the entry that says what is chosen."""
        from expframe.config.overlay import Overlay

        overlay = Overlay(pins)
        overlay.annotate({CHOICE: lambda: self.annotation})
        values = {CHOICE: overlay.fix(self.default, CHOICE)}
        return Decided(values, {(CHOICE,): self.origin}, annotations=overlay.annotations, replaced=overlay.replaced)


class Unfinished(Exception):
    """
    The code of a layer has raised something.

    Attributes:
        problem: What it raised.
        decided: What was known by then: of what is fixed the defaults, types and origins.
        fixed: For each of those defaults the value that is fixed in its place.
    """

    def __init__(self, problem: Exception, decided: Decided, fixed: Mapping[dotted.Path, Any]) -> None:
        super().__init__(problem)
        self.problem = problem
        self.decided = decided
        self.fixed = fixed


Takes = Callable[[Iterable[type]], tuple[type, ...]]
"""Returns the classes of configs that a parameter takes, given those that there are."""


class Part(NamedTuple):
    """
    The recipes of one ingredient, or of the experiment, whose path is empty.

    Attributes:
        path: Where it stands.
        layers: What decides its entries.
        named: Its named configs.
        hooks: Its config hooks.
        below: Where the ingredients right below it stand.
        parameters: Where the parameters of captured functions find their entries, with what else may fill them.
    """

    path: dotted.Path
    layers: tuple[Layer, ...] = ()
    named: Mapping[str, Layer] = MappingProxyType({})
    hooks: tuple[Hook, ...] = ()
    below: tuple[dotted.Path, ...] = ()
    parameters: Mapping[dotted.Path, tuple[Takes, ...]] = MappingProxyType({})

    def own_path(self, path: dotted.Path) -> dotted.Path:
        """Return where this part finds an ingredient: at its path, without this part's own where that leads to it."""
        return path[len(self.path) :] if path[: len(self.path)] == self.path else path

    def place_of(self, entry: dotted.Path) -> dotted.Path:
        """Return where an entry stands that this part knows by a path: below its own path, or in an ingredient."""
        for path in self.below:
            own = self.own_path(path)
            if entry[: len(own)] == own:
                return (*path, *entry[len(own) :])
        return (*self.path, *entry)


class Recipe(NamedTuple):
    """All parts of an experiment as they stand when a run starts: deepest ingredients first, the experiment last."""

    parts: tuple[Part, ...]
    names: Names = USUAL
    """Which entries are secret."""
    slots: tuple[Slot, ...] = ()
    """The slots in which one of several ingredients is chosen, outer ones first."""

    @property
    def root(self) -> Part:
        """The experiment's own part."""
        return self.parts[-1]
