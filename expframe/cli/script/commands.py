"""The commands that every experiment has. None of them leaves a run behind."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from expframe.cli.render import config_text, paint, wants_colour, write_out
from expframe.config import dotted, json_values
from expframe.config.decided import Config
from expframe.config.frozen import thaw
from expframe.disk.files import replace_file
from expframe.errors import ConfigFileError, UsageError


def print_config(_run: Any, group: str = "", changed: bool = False, as_json: bool = False) -> None:
    """
    Print the config with its docs, what differs, and who changed it.

    `print_config GROUP` prints one group or entry, --changed only what differs
    from the defaults, and --json the values as JSON.
    """
    show_config(_run.config, group, changed=changed, as_json=as_json)


def show_config(config: Config, group: str = "", *, changed: bool = False, as_json: bool = False) -> None:
    """
    Print a config.

    Args:
        config: The config.
        group: The path of the group or entry that is shown; all by default.
        changed: Whether only what differs from the defaults is shown.
        as_json: Whether values are printed as JSON.

    Raises:
        UsageError: There is no such group or entry.
    """
    entries = _selected(config.masked(), dotted.split(group), changed=changed)
    if as_json:
        write_out(json.dumps(json_values.to_json(thaw(entries)), indent=2, ensure_ascii=False))
    elif changed and not entries:
        write_out("Nothing differs from the defaults.")
    else:
        write_out(config_text(config, colour=wants_colour(sys.stdout), entries=entries))


def _selected(config: Config, path: dotted.Path, *, changed: bool) -> dict[Any, Any]:
    """Return the tree of the entries at and below a path, or of those of them that differ from their defaults."""
    if dotted.get(config.values, path) is dotted.MISSING:
        known = [
            dotted.join(place[:end]) for place, _ in dotted.walk(config.values) for end in range(1, len(place) + 1)
        ]
        near = dotted.nearest(dotted.join(path), dict.fromkeys(known))
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(map(str, config.values))}."
        raise UsageError(f"print_config {dotted.join(path)!r}", f"there is no such group or entry. {hint}")
    names = tuple(config.changes)
    tree: dict[Any, Any] = {}
    for place, value in dotted.walk(config.values):
        name = dotted.join(place)
        has_changed = name in config.changes or any(other.startswith(f"{name}.") for other in names)
        if _is_below(place, path) and (has_changed or not changed):
            group = tree
            for key in place[:-1]:
                group = group.setdefault(key, {})
            group[place[-1]] = value
    return tree


def _is_below(place: dotted.Path, path: dotted.Path) -> bool:
    """Return whether a place is a path or below it."""
    return tuple(map(str, place[: len(path)])) == tuple(map(str, path))


def print_dependencies(_run: Any) -> None:
    """Print the packages, source files and repository that the code uses."""
    from expframe.facts import git, packages

    scope = _run.scope
    project = scope.find_project()
    lines = ["Dependencies:"]
    lines += [f"  {name:<20} == {version}" for name, version in packages.gather().items()] or ["  none"]
    lines += ["", "Sources:"]
    found = scope.find_sources(project)
    lines += [f"  {name:<43}  {source.digest[:32]}" for name, source in sorted(found.items())] or ["  none"]
    repository, problem = git.gather(project)
    lines += ["", "Version Control:"] if repository or problem else []
    if repository:
        mark = paint("M", "typechanged", wants_colour(sys.stdout)) if repository.get("dirty") else " "
        place = repository.get("remote") or repository.get("root")
        lines.append(f"{mark} {place:<43}  {repository.get('commit') or 'no commit'}")
    if problem:
        lines.append(f"  {problem}")
    write_out("\n".join(lines))


def save_config(_run: Any, config_filename: str = "config.json") -> None:
    """
    Save the config to a file, which `with FILE` reads back.

    It is called config.json; `with config_filename=NAME` is another one, .json
    or .yaml. What such a file may say is written beside it, for editors, into
    NAME.schema.json.
    """
    shown = _run.config.masked().values
    entries = {name: value for name, value in thaw(shown).items() if name != "config_filename"}
    try:
        from expframe.config import files

        files.save(entries, str(config_filename), _save_schema(_run, str(config_filename)))
    except OSError as problem:
        raise ConfigFileError(str(config_filename), f"cannot be written: {problem.strerror or problem}.") from None
    write_out(f"Saved the config to {config_filename}")


def _save_schema(run: Any, file: str) -> str:
    """Write the JSON Schema of the script's config files beside one, and return its name; empty where there is none."""
    from expframe.config import files
    from expframe.config.schema import schema_of

    if not files.is_config_file(file):
        return ""
    try:
        recipe, standing = run.snapshot.anew()
    except Exception:  # it is decided only together with what was given here
        return ""
    place = Path(file).with_suffix(".schema.json")
    schema = schema_of(recipe, standing, run.name, run.snapshot.anew)
    replace_file(place, json_values.dump_plain(schema).decode() + "\n")
    return place.name


def print_named_configs(_run: Any) -> None:
    """Print the named configs with their docs."""
    colour = wants_colour(sys.stdout)
    lines = ["Named Configurations:"]
    for part in reversed(_run.snapshot.recipe.parts):
        for name, layer in part.named.items():
            doc = inspect.cleandoc(getattr(layer, "__doc__", None) or "") if hasattr(layer, "function") else ""
            first, *rest = doc.splitlines() or [""]
            lines.append(f"  {dotted.join(part.path, name)}" + (paint(f"   # {first}", "dim", colour) if first else ""))
            lines += [paint(f"      {line}", "dim", colour) for line in rest]
    write_out("\n".join(lines if len(lines) > 1 else ["No named configs"]))


BUILT_IN: Mapping[Callable[..., None], Mapping[str, Any]] = {
    print_config: {"entries": ()},  # an entry called `group` is none of its own
    print_dependencies: {},
    save_config: {},
    print_named_configs: {},
}
"""The commands that every experiment has, each with how it is captured."""
