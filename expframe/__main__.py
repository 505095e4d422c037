"""`python -m expframe COMMAND ...`: each command is a module with a function `main(words)`."""

from __future__ import annotations

import importlib
import sys

_COMMANDS = {
    "import": ("expframe.runs_cli.import_", "bring in runs that another tool has stored"),
    "sacred": ("expframe.compat.sacred.script", "run a script that says `import sacred`"),
}


def main(argv: list[str]) -> int:
    """Do what the words after `python -m expframe` say, and return the exit code."""
    if argv and argv[0] in _COMMANDS:
        module = importlib.import_module(_COMMANDS[argv[0]][0])
        return int(module.main(argv[1:]) or 0)
    lines = [f"  {name:<10}  {what}" for name, (_, what) in _COMMANDS.items()]
    text = "\n".join(["Usage: python -m expframe COMMAND ...", "", "Commands:", *lines])
    if argv and argv[0] in ("-h", "--help", "help"):
        print(text)
        return 0
    print(f"No such command: {argv[0]}\n{text}" if argv else text, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
