"""What is asked for by name: named configs and config files."""

from __future__ import annotations

from collections.abc import Iterator

from expframe.config import dotted
from expframe.config.layers import Layer, Part, Recipe
from expframe.config.request import Origin, Override
from expframe.errors import UnknownNamedConfigError


def find_named(recipe: Recipe, name: str) -> tuple[Part, Layer] | None:
    """Return the named config of a name, with the part that has it; None where there is none."""
    named = ((part, known, layer) for part in recipe.parts for known, layer in part.named.items())
    return next(((part, layer) for part, known, layer in named if dotted.join(part.path, known) == name), None)


def said_by_file(recipe: Recipe, name: str, *, may_add: bool) -> Iterator[Override]:
    """
    Yield what a config file says.

    Args:
        recipe: The parts of the experiment.
        name: The name of the file.
        may_add: Whether it may say entries that are not there.

    Raises:
        UnknownNamedConfigError: It is the name of no config file, and of no named config.
        ConfigFileError: The file is missing or malformed.
    """
    from expframe.config import files

    if not files.is_config_file(name):
        places = {
            dotted.join(part.path, known): layer.origin.where
            for part in recipe.parts
            for known, layer in part.named.items()
        }
        near = tuple((n, places[n]) for n in dotted.nearest(name, places))
        raise UnknownNamedConfigError(name, near, tuple(sorted(places)), _is_entry(recipe, name))
    origin = Origin("file", name, name)
    operator = "+" if may_add else "="
    for key, value in dotted.nest(files.load(name)).items():
        yield Override((key,), value, operator, origin=origin)


def _is_entry(recipe: Recipe, name: str) -> bool:
    """Return whether a name is that of an entry, or of something in one, as far as is known before any is decided."""
    path = dotted.split(name)
    known = {(*part.path, key) for part in recipe.parts for layer in part.layers for key in layer.names} | {("seed",)}
    return any(path[: len(entry)] == entry for entry in known)
