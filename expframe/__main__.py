"""`expframe COMMAND ...`, or `python -m expframe COMMAND ...`: a command is a module with a function `main(words)`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from expframe.config import dotted
from expframe.errors import UnknownCommandError

COMMANDS = {
    "ls": ("expframe.runs_cli.ls", "list runs"),
    "show": ("expframe.runs_cli.show", "show all that is known of a run"),
    "path": ("expframe.runs_cli.path", "print the folder of a run"),
    "logs": ("expframe.runs_cli.logs", "print what a run printed"),
    "diff": ("expframe.runs_cli.diff", "show what differs between runs"),
    "rerun": ("expframe.runs_cli.rerun", "do a run again from its stored sources and config"),
    "metrics": ("expframe.runs_cli.metrics", "plot metrics, or print their points"),
    "compare": ("expframe.runs_cli.compare", "compare runs and groups of seeds, for the eye and for a paper"),
    "tag": ("expframe.runs_cli.tag", "add tags to runs, or take them away"),
    "note": ("expframe.runs_cli.note", "give a run a comment"),
    "rename": ("expframe.runs_cli.rename", "give a run another id"),
    "rm": ("expframe.runs_cli.rm", "put runs into the trash, or take them out"),
    "export": ("expframe.runs_cli.export_runs", "write runs into a file that another store takes in"),
    "import": ("expframe.runs_cli.import_runs", "take in the runs of such a file"),
    "gc": ("expframe.runs_cli.gc", "delete sources and resources that no run uses"),
    "doctor": ("expframe.runs_cli.doctor", "say what is wrong in a store, and mend it when told"),
}
"""For each command its module and what it does."""


def main(words: Sequence[str]) -> int:
    """Do what words ask for, and return the exit code."""
    name, *rest = words or ["--help"]
    if name in COMMANDS:
        module = importlib.import_module(COMMANDS[name][0])
        return int(module.main(rest) or 0)
    if name in ("-h", "--help", "help"):
        if rest:
            return main([rest[0], "--help"])
        print(usage(), file=sys.stdout if words else sys.stderr)
        return 0 if words else 2
    print(UnknownCommandError(name, dotted.nearest(name, COMMANDS), tuple(COMMANDS)), file=sys.stderr)
    return 2


def usage() -> str:
    """Return what commands there are."""
    lines = [f"  {name:<10}  {what}" for name, (_, what) in COMMANDS.items()]
    return "\n".join(["Usage: expframe COMMAND ...", "", "Commands:", *lines, "", "expframe COMMAND --help says more."])


def run() -> None:
    """Do what the command line of this process asks for; this is the console script."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
