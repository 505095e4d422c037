"""The commands that every experiment has. None of them leaves a run behind."""

from __future__ import annotations

import inspect
import sys
from typing import Any

from expframe.cli.render import config_text, paint, wants_colour, write
from expframe.config import dotted, files
from expframe.config.decided import Config
from expframe.config.frozen import thaw


def print_config(_run: Any) -> None:
    """Print the config with its docs, what differs from the defaults, and who changed it."""
    show_config(_run.config)


def show_config(config: Config) -> None:
    """Print a config."""
    write(config_text(config, colour=wants_colour(sys.stdout)))


def print_dependencies(_run: Any) -> None:
    """Print the installed packages, the source files and the repository that the code uses."""
    from expframe.facts import git, packages, sources

    scope = _run.scope
    project = scope.project or sources.find_project(scope.main_file)
    lines = ["Dependencies:"]
    lines += [f"  {name:<20} == {version}" for name, version in packages.gather().items()] or ["  none"]
    lines += ["", "Sources:"]
    found = sources.gather(
        project, main_file=scope.main_file, extra=scope.extra, exclude=scope.exclude, patterns=scope.patterns
    )
    lines += [f"  {name:<43}  {source.digest[:32]}" for name, source in sorted(found.items())] or ["  none"]
    repository, problem = git.gather(project)
    lines += ["", "Version Control:"] if repository or problem else []
    if repository:
        mark = paint("M", "typechanged", wants_colour(sys.stdout)) if repository.get("dirty") else " "
        place = repository.get("remote") or repository.get("root")
        lines.append(f"{mark} {place:<43}  {repository.get('commit') or 'no commit'}")
    if problem:
        lines.append(f"  {problem}")
    write("\n".join(lines))


def save_config(_run: Any, config_filename: str = "config.json") -> None:
    """Save the config to a file (with config_filename=NAME.json or .yaml), which `with NAME` reads back."""
    shown = _run.config.masked().values
    files.save({name: value for name, value in thaw(shown).items() if name != "config_filename"}, config_filename)
    write(f"Saved the config to {config_filename}")


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
    write("\n".join(lines if len(lines) > 1 else ["No named configs"]))


BUILT_IN = (print_config, print_dependencies, save_config, print_named_configs)
