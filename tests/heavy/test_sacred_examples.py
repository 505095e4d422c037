"""
Every command shown in the examples for Sacred prints what is shown there, with no Sacred installed.

`python tests/heavy/test_sacred_examples.py` writes what is really printed into them; read the diff before you keep it.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from steps import ROOT, read_steps, write_steps
from test_examples import usage_of

FOLDER = ROOT / "examples" / "sacred"
EXAMPLES = sorted(FOLDER.glob("*.py"))


def folder_with_examples(folder: Path) -> Path:
    """Copy the examples into a folder, as if a user of Sacred stood in theirs."""
    return shutil.copytree(FOLDER, folder / "project", ignore=shutil.ignore_patterns("__pycache__"))


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.name)
def test_usage_prints_what_is_shown(script: Path, tmp_path: Path) -> None:
    """Every command of an example's Usage block prints what stands below it, in the order in which they stand."""
    folder = folder_with_examples(tmp_path)
    steps = read_steps(usage_of(script))

    assert steps[0].command.startswith(f"python -m expframe sacred {script.name}")
    for step in steps:
        step.check(folder)


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.name)
def test_example_says_what_it_shows_and_knows_sacred_alone(script: Path) -> None:
    """An example has a title and a paragraph, and its code says `sacred` and never `expframe`."""
    _, docstring, code = script.read_text(encoding="utf-8").split('"""', 2)
    title, paragraph, *_ = docstring.strip().split("\n\n")

    assert re.fullmatch(r"[A-Z][^\n]{10,80}[.]", title)
    assert 150 < len(paragraph) < 600
    assert "from sacred import" in code
    assert "expframe" not in code


def rewrite_examples() -> None:
    """Write what each command really prints into the examples."""
    for script in EXAMPLES if len(sys.argv) < 2 else [FOLDER / name for name in sys.argv[1:]]:
        usage = usage_of(script)
        with tempfile.TemporaryDirectory() as folder:
            examples = folder_with_examples(Path(folder))
            text = write_steps([(step, step.run(examples)) for step in read_steps(usage)])
        indented = "".join(f"    {line}" if line.strip() else line for line in text.splitlines(keepends=True))
        head, start, rest = script.read_text(encoding="utf-8").partition("\nUsage:\n")
        script.write_text(f'{head}{start}{indented}"""{rest.partition(chr(34) * 3)[2]}', encoding="utf-8")


if __name__ == "__main__":
    rewrite_examples()
