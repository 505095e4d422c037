"""A store on storage that takes no change: it is read as ever, and what would change it is refused in one line."""

from __future__ import annotations

import mounts
import pytest

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    "words",
    [
        ("tag", "1", "good"),
        ("note", "1", "good"),
        ("rename", "1", "good"),
        ("rm", "1"),
        ("rm", "--restore", "2"),
        ("rm", "--empty"),
        ("import", "archive.zip"),
    ],
    ids=" ".join,
)
def test_what_would_change_it_says_that_nothing_was_changed(ex, cli, mounting, words):
    """Each command that changes runs ends with code 1 or 2, says of the store that it takes nothing, and leaves all."""
    ex.main(lambda: None)
    for _ in range(3):
        ex.run()
    cli("export", "archive.zip", "3")
    cli("rm", "2", "3")
    before = cli.json("ls")

    with mounts.read_only(ex.store):
        cli(*words)

    assert f"StoreUnusableError: store {ex.store}: cannot be written (Read-only file system)." in cli.err
    assert 0 != cli.code
    assert before == cli.json("ls")
