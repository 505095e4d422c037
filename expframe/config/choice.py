"""Alternatives of which one is chosen by name."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from expframe.errors import DefinitionError


class Choice(Mapping[str, Any]):
    """
    Alternatives of which one is chosen by name: in a class as `Annotated[object, Choice(...)]`, or as an ingredient.

    Among ingredients the first stands where nobody chooses: `Experiment(ingredients={"model": Choice(resnet, vit)})`.
    Inside a run the captured functions of the one that is chosen are its attributes: `model.build()` for
    `model = Choice(...)`, but for names that every mapping has, such as `items`.

    Args:
        alternatives: Classes, called as they are in snake case, or ingredients, called by their paths. A text
            `package.module:Name` is imported only when it is chosen.
        named: More of them, by the names that they are to have.

    Attributes:
        attribute: Returns what any other attribute is; None where it has no others.

    Raises:
        DefinitionError: There is none, two have one name, or something is none.

    Example:
        >>> class BigNet: ...
        >>> list(Choice(BigNet, tiny="package.nets:TinyNet"))
        ['big_net', 'tiny']
    """

    def __init__(self, *alternatives: Any, **named: Any) -> None:
        found: dict[str, Any] = {}
        for name, alternative in [*((name_of(one), one) for one in alternatives), *named.items()]:
            if name in found:
                raise DefinitionError(f"Choice(...) of {name!r}", "has two of this name. Name one: other_name=...")
            if isinstance(alternative, str) and not re.fullmatch(r"[\w.]+:[\w.]+", alternative):
                raise DefinitionError(f"Choice({alternative!r})", "takes texts such as 'package.module:Name'.")
            found[name] = alternative
        if not found:
            raise DefinitionError("Choice()", "needs alternatives: Choice(Resnet, Vit, big='package.nets:BigVit').")
        self._alternatives = found
        self.attribute: Callable[[str], Any] | None = None

    def __getattr__(self, name: str) -> Any:
        attribute = vars(self).get("attribute")
        if attribute is None or name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return attribute(name)

    def __getitem__(self, name: str) -> Any:
        if isinstance(found := self._alternatives[name], str):
            self._alternatives[name] = _imported(name, found)
        return self._alternatives[name]

    def said(self, name: str) -> Any:
        """Return an alternative as it is known by now: a text is not imported."""
        return self._alternatives[name]

    def __contains__(self, name: object) -> bool:
        return name in self._alternatives

    def imported(self) -> dict[str, Any]:
        """Return the alternatives for which nothing is to be imported, by their names."""
        found = {
            name: _imported_by_now(one) if isinstance(one, str) else one for name, one in self._alternatives.items()
        }
        return {name: one for name, one in found.items() if one is not None}

    @property
    def modules(self) -> set[str]:
        """The modules that are imported for alternatives."""
        return {one.partition(":")[0] for one in self._alternatives.values() if isinstance(one, str)}

    def __iter__(self) -> Iterator[str]:
        return iter(self._alternatives)

    def __len__(self) -> int:
        return len(self._alternatives)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __copy__(self) -> Choice:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Choice:
        return self  # as an ingredient does: it is known by the slots that it is in

    def __repr__(self) -> str:
        return f"Choice({', '.join(self)})"


def name_of(alternative: Any) -> str:
    """
    Return what an alternative is called: an ingredient by its path, a class or what a text names in snake case.

    Example:
        >>> name_of("package.nets:ResNet50"), name_of("package.nets:HTTPClient")
        ('res_net50', 'http_client')
    """
    name: Any
    if isinstance(alternative, str):
        name = alternative.rpartition(":")[2].rpartition(".")[2]
    elif isinstance(alternative, type):  # whose attributes are defaults of its fields
        name = alternative.__name__
    else:
        name = getattr(alternative, "path", None) or getattr(alternative, "__name__", "")
    if not isinstance(name, str) or not name:
        raise DefinitionError(f"Choice({alternative!r})", "takes classes, ingredients and texts 'package.module:Name'.")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _imported_by_now(text: str) -> Any:
    """Return what a text names, where its module is imported; else None."""
    module, _, attribute = text.partition(":")
    found: Any = sys.modules.get(module)
    for part in attribute.split("."):
        found = getattr(found, part, None)
    return found


def _imported(name: str, text: str) -> Any:
    """Return what a text `package.module:Name` names."""
    import importlib

    module, _, attribute = text.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as problem:
        raise DefinitionError(f"choice {name!r} ({text})", f"cannot be imported: {problem}") from problem
    return found
