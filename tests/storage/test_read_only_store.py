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


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        (("stop", "1"), "No trial was asked to stop."),
        (("stop", "1", "0"), "Trial 0 was not asked to stop."),
        (("retry", "1", "0"), "Trial 0 is not done again."),
        (("exclude", "1", "1"), "Trial 1 counts as before."),
        (("exclude", "1", "--include", "0"), "Trial 0 counts as before."),
    ],
    ids=" ".join,
)
def test_what_would_be_asked_of_a_sweep_says_what_was_not(ex, cli, mounting, words, outcome):
    """Each command that asks something of a sweep's trials says what has not come of it, and the sweep is as it was."""
    ex.add_config(lr=0.1)
    ex.main(lambda lr: lr)
    sweep = ex.sweep("lr=0.1,0.2")
    while (trial := sweep.ask()) is not None:
        sweep.tell(trial, 1.0)
    cli("sweep", "exclude", "1", "0")
    before = cli.json("sweep", "show", "1")

    with mounts.read_only(ex.store):
        cli("sweep", *words)

    assert f"StoreUnusableError: store {ex.store}: cannot be written (Read-only file system). {outcome}" in cli.err
    assert 1 == cli.code
    assert before == cli.json("sweep", "show", "1")
