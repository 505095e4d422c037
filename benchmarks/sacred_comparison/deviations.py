"""Where expframe answers otherwise on purpose: what is a defect of Sacred is done right."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Deviation:
    """
    An answer that differs on purpose.

    Attributes:
        script: The name of the script.
        step: Which of its commands, counted from 1.
        part: `exit`, `stdout`, `stderr` or `files`.
        why: What expframe does instead.
    """

    script: str
    step: int
    part: str
    why: str


DEVIATIONS = (
    Deviation("config_files", 5, "stdout", "an entry that stays an empty list is not shown as modified"),
    Deviation("config_files", 9, "stderr", "the message stands alone, without the KeyError that led to it"),
    Deviation("errors", 14, "stdout", "help for an unknown command says which there are"),
    Deviation("errors", 14, "stderr", "help for an unknown command is no traceback"),
    Deviation(
        "file_storage",
        4,
        "stderr",
        "an observer that could not begin is not told of the end, and does not fail twice",
    ),
    Deviation(
        "flags", 11, "stderr", "an observer that could not begin is not told of the end, and does not fail twice"
    ),
    Deviation("ingredients", 7, "stderr", "an unused entry of an ingredient is shown with its value"),
    Deviation("ingredients", 8, "stderr", "an unused entry of an ingredient is shown with its value"),
    Deviation("nested_runs", 1, "stdout", "a run inside another does not change what the outer one's functions see"),
    Deviation("nested_runs", 4, "files", "each of two overlapping runs has its own files"),
    Deviation("numpy_values", 2, "stdout", "a list of which one element has changed is modified"),
    Deviation("output", 5, "files", "a run that fails keeps its output"),
    Deviation("output", 6, "files", "a run that fails keeps its output"),
    Deviation("scope_errors", 2, "stderr", "a traceback names the line that failed, and shows it"),
    *(
        Deviation("scope_functions", step, part, "functions inside a config scope see its entries")
        for step in (2, 3)
        for part in ("exit", "stdout", "stderr")
    ),
    Deviation("suspicious", 12, "stderr", "an unused entry of an ingredient is shown with its value"),
    *(
        Deviation("unsafe", 2, part, "a value that is code is refused, and never executed")
        for part in ("exit", "stdout", "stderr")
    ),
)


def deviation_of(script: str, step: int, part: str) -> Deviation | None:
    """Return the deviation that is declared for a part of an answer, or None."""
    asked = (script, step, part)
    return next((found for found in DEVIATIONS if (found.script, found.step, found.part) == asked), None)
