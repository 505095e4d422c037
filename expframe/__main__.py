"""`expframe COMMAND ...`, or `python -m expframe COMMAND ...`: a command is a module with a function `main(words)`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from expframe._version import VERSION
from expframe.cli.runs.commands import COMMANDS
from expframe.cli.standard_streams import open_closed, put, shown
from expframe.config import dotted
from expframe.errors import UnknownCommandError


def main(words: Sequence[str]) -> int:
    """Do what words ask for, and return the exit code."""
    name, *rest = _with_command_first(words) or ["--help"]
    if name in COMMANDS:
        module = importlib.import_module(COMMANDS[name][0])
        return int(module.main(rest) or 0)
    if name in ("-h", "--help", "help"):
        if rest:
            return main([rest[0], "--help"])
        if not words:
            print(usage(), file=sys.stderr)
            return 2
        put(f"{usage()}\n")
        return 0
    if name == "--version":
        put(f"expframe {VERSION}\n")
        return 0
    print(UnknownCommandError(name, dotted.nearest(name, COMMANDS), tuple(COMMANDS)), file=sys.stderr)
    return 2


def _with_command_first(words: Sequence[str]) -> list[str]:
    """Return words in which what every command takes stands after the command: `-F DIR ls` is `ls -F DIR`."""
    before: list[str] = []
    rest = list(words)
    while rest and (rest[0].startswith(("-F", "--store")) or rest[0] == "--json"):
        takes = 2 if rest[0] in ("-F", "--store") else 1
        before += rest[:takes]
        rest = rest[takes:]
    return [rest[0], *before, *rest[1:]] if rest else before


def usage() -> str:
    """Return what commands there are."""
    lines = [f"  {name:<10}  {what}" for name, (_, what) in COMMANDS.items()]
    ends = ["expframe COMMAND --help says more; expframe --version says which one this is."]
    return "\n".join(["Usage: expframe COMMAND ...", "", "Commands:", *lines, "", *ends])


def run() -> None:
    """Do what the command line of this process asks for; this is the console script."""
    open_closed()
    # What scripts that are started here find as `sacred`; a module of that name beside them goes before it.
    sys.path.insert(1, str(Path(__file__).with_name("compat") / "sacred" / "_own" / "spawned"))
    sys.exit(shown(lambda: main(sys.argv[1:])))


if __name__ == "__main__":
    run()
