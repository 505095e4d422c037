"""`python -m expframe sacred script.py ...`: runs a script of Sacred's as it is."""

from __future__ import annotations

import builtins
import os
import runpy
import sys
import types
from collections.abc import Callable, Sequence
from types import TracebackType

from expframe.compat.sacred._own.alias import install
from expframe.process.import_path import look_first_in

_USAGE = "Usage: python -m expframe sacred [-m MODULE | SCRIPT] [its words ...]"


def main(words: Sequence[str]) -> int:
    """
    Run a script, or a module by its name, as Python does, with `sacred` meaning this package.

    Args:
        words: The script and its own words.
    """
    if not words or words[0] in ("-h", "--help") or words[:1] == ["-m"] == list(words):
        print(_USAGE, file=sys.stdout if words and words[0] != "-m" else sys.stderr)
        return 0 if words and words[0] != "-m" else 2
    install()
    if words[0] == "-m":
        look_first_in(os.getcwd())
        sys.argv[:] = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        return 0
    if not os.path.isfile(words[0]):
        print(f"No such script: {words[0]}\n{_USAGE}", file=sys.stderr)
        return 2
    sys.argv[:] = words
    look_first_in(os.path.dirname(os.path.abspath(words[0])))
    _execute(words[0])
    return 0


def _execute(path: str) -> None:
    """Execute a script as the main module, and leave it there: exit functions and pickles look for it."""
    path = os.path.abspath(path)
    main = types.ModuleType("__main__")
    main.__file__ = path
    main.__builtins__ = builtins  # type: ignore[attr-defined]
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    sys.modules["__main__"] = main
    sys.excepthook = _say_from(path)
    exec(code, main.__dict__)


def _say_from(path: str) -> Callable[..., None]:
    """Return what shows an exception that nobody handles from the script's own frame on, as if Python had run it."""

    def say(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
        start = trace
        while start is not None and start.tb_frame.f_code.co_filename != path:
            start = start.tb_next
        sys.__excepthook__(kind, problem.with_traceback(start or trace), start or trace)

    return say
