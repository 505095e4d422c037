"""
The same scripts under Sacred 0.8.7 and under expframe, and every difference: `python -m benchmarks.sacred_comparison`.

Compared are exit code, stdout, stderr and the files that are left, without times, drawn ids, places and versions. What
differs on purpose is declared in `deviations.py`. `--write` stores what Sacred answers in `expected/`, which `--stored`
compares with where there is no Sacred.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.environments import Environments
from benchmarks.sacred_comparison.answers import PARTS, answers_of
from benchmarks.sacred_comparison.comparing import Finding, compare_sides, compare_stored, store
from benchmarks.sacred_comparison.deviations import DEVIATIONS
from benchmarks.sacred_comparison.scripts import Script, scripts_called

_EXPFRAME = [sys.executable, "-m", "expframe", "sacred"]


def main() -> int:
    options = _parse()
    environments = Environments()
    sacred = None if options.stored else environments.python("sacred_scripts")
    if not (sacred or options.stored):
        print(*environments.problems, sep="\n", file=sys.stderr)
        return 1
    scripts = scripts_called(options.names)
    undeclared: list[Finding] = []
    print(f"{'script':<20} {'exit':<7} {'stdout':<7} {'stderr':<7} {'files':<7} about")
    for script in scripts:
        findings = _check(script, sacred, options.write)
        cells = " ".join(f"{_verdict(findings, part):<7}" for part in PARTS)
        print(f"{script.name:<20} {cells} {script.about}", flush=True)
        undeclared += [finding for finding in findings if finding.deviation is None]
    _print_declared(scripts)
    for finding in undeclared:
        print(f"\n{finding.text}")
    return 1 if undeclared else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sacred_comparison", description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of names of scripts; all of them by default")
    side = parser.add_mutually_exclusive_group()
    side.add_argument("--stored", action="store_true", help="compare with what Sacred once answered; needs no Sacred")
    side.add_argument("--write", action="store_true", help="store what Sacred answers now")
    return parser.parse_args()


def _check(script: Script, sacred: str | None, is_written: bool) -> list[Finding]:
    """Execute a script under expframe, and under Sacred if there is an interpreter for it."""
    expframe = answers_of(script, _EXPFRAME)
    if sacred is None:
        return compare_stored(script, expframe)
    answers = answers_of(script, [sacred])
    if is_written:
        store(script, answers, expframe)
    return compare_sides(script, answers, expframe)


def _verdict(findings: list[Finding], part: str) -> str:
    found = [finding for finding in findings if finding.part == part]
    if not found:
        return "agrees"
    return "better" if all(finding.deviation for finding in found) else "DIFFERS"


def _print_declared(scripts: list[Script]) -> None:
    names = {script.name for script in scripts}
    shown = [deviation for deviation in DEVIATIONS if deviation.script in names]
    if shown:
        print("\nOtherwise on purpose:")
    for deviation in shown:
        print(f"  {deviation.script} {deviation.step} {deviation.part}: {deviation.why}")


if __name__ == "__main__":
    sys.exit(main())
