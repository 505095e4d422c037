"""Where expframe answers otherwise on purpose: what the specification marks as a defect of Sacred is done right."""

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
        section: The section of the specification that calls Sacred's answer a defect.
        why: What expframe does instead.
    """

    script: str
    step: int
    part: str
    section: str
    why: str


DEVIATIONS: tuple[Deviation, ...] = ()


def deviation_of(script: str, step: int, part: str) -> Deviation | None:
    """Return the deviation that is declared for a part of an answer, or None."""
    asked = (script, step, part)
    return next((found for found in DEVIATIONS if (found.script, found.step, found.part) == asked), None)
