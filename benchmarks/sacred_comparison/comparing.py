"""What was expected of a script against what it answered."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.sacred_comparison.answers import PARTS, Answer
from benchmarks.sacred_comparison.deviations import DEVIATIONS, Deviation, deviation_of
from benchmarks.sacred_comparison.scripts import EXPECTED, Script


@dataclass(frozen=True)
class Finding:
    """A part of an answer that is not what was expected, or that agrees although a deviation is declared."""

    step: int
    part: str
    text: str
    deviation: Deviation | None = None


def compare_sides(script: Script, sacred: Sequence[Answer], expframe: Sequence[Answer]) -> list[Finding]:
    """Return where expframe answers otherwise than Sacred did just now."""
    findings = []
    for step, part, wanted, got in _parts(sacred, expframe):
        deviation = deviation_of(script.name, step, part)
        title = f"## {script.name} {step} {part}: $ {sacred[step - 1]['command']}"
        if wanted != got:
            findings.append(Finding(step, part, f"{title}\n{_difference(wanted, got)}", deviation))
        elif deviation:
            findings.append(Finding(step, part, f"{title}\ndeclared as a deviation, and is none"))
    return findings


def compare_stored(script: Script, expframe: Sequence[Answer]) -> list[Finding]:
    """Return where expframe answers otherwise than is stored: Sacred's answer, but for the parts that are declared."""
    stored = json.loads(script.expected.read_text(encoding="utf-8"))
    wanted = [{**answer, **stored["expframe"].get(str(step), {})} for step, answer in enumerate(stored["sacred"], 1)]
    return [
        Finding(step, part, f"## {script.name} {step} {part}: $ {wanted[step - 1]['command']}\n{_difference(*values)}")
        for step, part, *values in _parts(wanted, expframe)
        if values[0] != values[1]
    ]


def store(script: Script, sacred: list[Answer], expframe: list[Answer]) -> None:
    """Write what Sacred answered, and beside it what expframe answered in the parts that are declared."""
    declared: dict[str, Answer] = {}
    for deviation in DEVIATIONS:
        if deviation.script == script.name:
            answer = declared.setdefault(str(deviation.step), {})
            answer[deviation.part] = expframe[deviation.step - 1][deviation.part]
    EXPECTED.mkdir(exist_ok=True)
    text = json.dumps({"sacred": sacred, "expframe": declared}, indent=1, sort_keys=True, ensure_ascii=False)
    script.expected.write_text(text + "\n", encoding="utf-8")


def _parts(expected: Sequence[Answer], actual: Sequence[Answer]) -> Iterator[tuple[int, str, object, object]]:
    for step, (wanted, got) in enumerate(zip(expected, actual, strict=True), 1):
        for part in PARTS:
            yield step, part, wanted[part], got[part]


def _difference(wanted: object, got: object) -> str:
    lines = difflib.unified_diff(_lines(wanted), _lines(got), "expected", "expframe", lineterm="", n=1)
    return "\n".join(lines)


def _lines(value: object) -> list[str]:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return value
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).splitlines()
