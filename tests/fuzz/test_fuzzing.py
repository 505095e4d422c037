"""Whatever stands in what is read: an answer or an error of ours, nothing executed, nothing beside, in bounded time."""

from __future__ import annotations

import random
import re
import zipfile
from pathlib import Path

import blind
import pytest
import targets
from findings import Findings
from mutation import damaged
from targets import Target

once = pytest.mark.once


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store that a real experiment has filled."""
    folder = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPFRAME_CACHE", str(folder / "cache"))
        return targets.filled(folder)


@pytest.fixture(scope="module")
def found(store: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Target]:
    """Return the targets by name, each with a copy of the store."""
    return {one.name: one for one in targets.all_of(store, tmp_path_factory.mktemp("work"))}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Target]:
    """Return the targets by name, each with a copy of a store that is the same each time."""
    folder = tmp_path_factory.mktemp("kept")
    return {one.name: one for one in targets.all_of(targets.kept_store(folder), folder / "work")}


@once
@pytest.mark.parametrize("name", targets.names())
def test_what_was_found_once_is_answered_or_refused(found: dict[str, Target], name: str) -> None:
    """What is right, and what once led to a fault, is read within the laws."""
    target = found[name]
    known = [*target.seeds(), *target.corpus]

    assert [None] * len(known) == [target(data) for data in known]


@once
@pytest.mark.parametrize("name", targets.names())
def test_damage_is_answered_or_refused(kept: dict[str, Target], name: str) -> None:
    """What was damaged in a few ways, the same each time, is read within the laws."""
    target = kept[name]
    known = [*target.seeds(), *target.corpus]

    for number in range(8):
        rng = random.Random(f"{name}:{number}")
        assert target(damaged(rng, rng.choice(known), target.kind, known)) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", targets.names())
def test_damage_of_any_kind_is_answered_or_refused(found: dict[str, Target], name: str, tmp_path: Path) -> None:
    """What was damaged in any way is read within the laws; `python tests/fuzz` goes on for as long as one likes."""
    assert 0 == blind.fuzz(Findings(found[name], tmp_path), 5.0, None)


@once
def test_what_is_kept_does_not_say_where_it_was_made() -> None:
    """The folder of the tests, which is another one on each machine, is called /project in the corpus."""
    with zipfile.ZipFile(targets.CORPUS.with_name("material.zip")) as archive:
        store = [archive.read(name) for name in archive.namelist()]
    kept = [*store, *(path.read_bytes() for path in targets.CORPUS.rglob("*") if path.is_file())]

    assert {b"/project"} == {
        folder for data in kept for folder in re.findall(rb"(?<![\w/.-])[\w/.-]*(?=/tests/fuzz)", data) if folder
    }
