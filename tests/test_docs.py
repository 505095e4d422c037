"""
Every block of the pages in docs/ does what it shows. Each page begins in an empty folder.

`python tests/test_docs.py [PAGE...]` writes what is really printed into the pages; read the diff before you keep it.
"""

from __future__ import annotations

import configparser
import re
import sys
import tempfile
from pathlib import Path

import pytest
from blocks import check_page, find_unused, read_blocks, rewrite_page
from steps import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@each_page
def test_page_does_what_it_shows(page: Path, tmp_path: Path) -> None:
    """Files are saved, scripts, statements and cells run, and what they print is what stands on the page."""
    check_page(page, tmp_path)


@each_page
def test_no_file_is_left_unused(page: Path) -> None:
    """Every file that a block makes is used by a command or by another file of the page."""
    assert [] == find_unused(page)


@each_page
def test_commands_show_their_output(page: Path) -> None:
    """A reader sees below each command what it prints."""
    assert [] == [step.command for block in read_blocks(page, "console") for step in block.steps if not step.expected]


@each_page
def test_page_begins_with_what_it_is_for(page: Path) -> None:
    """A page opens with its title and a paragraph, not with code."""
    title, paragraph = page.read_text(encoding="utf-8").split("\n\n")[:2]

    assert re.fullmatch(r"# [^\n]+", title)
    assert re.match(r"[A-Z`]", paragraph)
    assert len(paragraph) > 80


@each_page
def test_commands_that_are_not_executed_install_what_is_there(page: Path) -> None:
    """What stands in an `sh` block, which no test executes, installs extras that setup.cfg has."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")

    for block in read_blocks(page, "sh"):
        for command in block.text.splitlines():
            found = re.fullmatch(r'pip install "expframe\[([a-z,]+)\]"( +#.*)?', command)
            assert found is not None, command
            assert set(found[1].split(",")) <= set(setup["options.extras_require"])


if __name__ == "__main__":
    for name in sys.argv[1:] or PAGES:
        with tempfile.TemporaryDirectory() as empty:
            rewrite_page(Path(name), Path(empty))
