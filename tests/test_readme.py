"""
Every block of the README does what it shows, in the order of reading, in one folder that is empty at first.

`python tests/test_readme.py` writes what is really printed into the README; read the diff before you keep it.
"""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from blocks import check_page, find_unused, read_blocks, rewrite_page
from steps import ROOT, environment
from test_architecture import FOLDERS

README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"


def test_tour_does_what_it_shows(tmp_path: Path) -> None:
    """Files are saved, scripts run, and what they print is what stands in the README."""
    check_page(README, tmp_path)


def test_no_file_of_the_tour_is_left_unused() -> None:
    """Every file that a block makes is used by a command or by another file."""
    assert [] == find_unused(README)


def test_every_command_of_the_tour_shows_its_output() -> None:
    """A reader sees below each command of the tour what it prints."""
    steps = [step for block in read_blocks(README, "console") for step in block.steps]

    assert steps
    assert all(step.expected for step in steps)


def test_links_lead_somewhere() -> None:
    """Every relative link of the README and of CONTRIBUTING is a file or folder here."""
    for page in (README, CONTRIBUTING):
        targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8"))

        assert targets
        assert all((ROOT / target).exists() for target in targets), targets


def test_contributing_lists_the_folders_in_order() -> None:
    """CONTRIBUTING names every folder of the package once, in the order in which they may import each other."""
    listed = re.findall(r"^ {4}([\w/]+)(?:/|[.]py) ", CONTRIBUTING.read_text(encoding="utf-8"), re.MULTILINE)

    assert [folder for folder in FOLDERS if not folder.startswith(".")] == [
        name for name in listed if name.islower() and name not in ("errors", "testing")
    ]


def test_two_commands_do_everything() -> None:
    """The README opens with one command that trains digits.py and one that tests, each making its own environment."""
    train, test = (block.text.strip() for block in read_blocks(README, "sh"))
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")

    for command in (train, test):
        extra = re.search(r'pip install -q -e "[.]\[(\w+)\]"', command)
        assert command.startswith("python3 -m venv .venv && ")
        assert extra is not None
        assert extra[1] in setup["options.extras_require"]
    assert train.endswith(".venv/bin/python examples/digits.py")
    assert test.endswith(".venv/bin/python -m pytest -n auto")


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1], ids=["train", "test"])
def test_command_works_in_a_fresh_clone(number: int, tmp_path: Path) -> None:
    """The command as it is written does its work in a copy of the project that has no environment yet."""
    usual = shutil.ignore_patterns(".git", ".venv*", ".*_cache", "*.egg-info", "__pycache__", "node_modules")

    def unwanted(folder: str, names: list[str]) -> set[str]:
        return {*usual(folder, names), *(["runs"] if Path(folder) == ROOT else [])}

    clone = shutil.copytree(ROOT, tmp_path / "clone", ignore=unwanted)
    command = read_blocks(README, "sh")[number].text.strip() + (" --collect-only -q" if number else "")
    plain = {name: value for name, value in environment().items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, shell=True, cwd=clone, env=plain, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert number or (clone / "runs" / "1" / "files" / "confusion.png").exists()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as empty:
        rewrite_page(README, Path(empty))
