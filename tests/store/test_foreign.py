"""Folders of other formats among the runs of a store."""

import importlib.metadata
from pathlib import Path

import pytest

import expframe
from expframe.record.record import Record
from expframe.store import foreign
from expframe.store.reader import StoredRun


class Note(StoredRun):
    """A run that is one line of text."""

    @property
    def record(self):
        """Its name is the line."""
        return Record(
            uid=f"note-{self.id}", name=(self.folder / "note").read_text(), command="main", status="COMPLETED"
        )


class Notes:
    """Folders with a file `note`."""

    asked = 0

    def is_run(self, folder):
        """It is a run if there is a note."""
        self.asked += 1
        return (folder / "note").exists()

    def open(self, folder):
        """Read the note."""
        return Note(folder)


@pytest.fixture
def notes(monkeypatch):
    """A package that brings a format."""

    class Point:
        name = "notes"

        def load(self):
            return notes

    notes = Notes()
    found = {foreign.GROUP: [Point()]}
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: found.get(group, []))
    foreign.formats.cache_clear()
    yield notes
    foreign.formats.cache_clear()


def test_a_package_brings_a_format(notes, ex, tmp_path):
    """Runs of a format that an entry point names stand among our own; other folders do not."""
    ex.main(lambda: None)
    ex.run()
    for name in ("7", "x"):
        (tmp_path / "runs" / name).mkdir()
    (tmp_path / "runs" / "7" / "note").write_text("seven")
    runs = expframe.runs(tmp_path / "runs")

    assert ["7", "1"] == [run.id for run in runs]
    assert ["seven", "test"] == [run.record.name for run in runs]
    assert isinstance(runs["7"], Note)
    assert "x" not in runs


def test_our_own_runs_ask_nobody(notes, ex):
    """A format is asked only of folders that are no runs of ours."""
    ex.main(lambda: None)
    store = ex.run().folder.parent

    assert ["COMPLETED"] == [run.status for run in expframe.runs(store)]
    assert 0 == notes.asked


def test_what_nobody_reads_is_ours_to_complain(notes, tmp_path):
    """A damaged record of ours is still said to be one."""
    (tmp_path / "runs/1").mkdir(parents=True)
    (tmp_path / "runs/1/run.json").write_text('{"uid": ')
    with pytest.raises(expframe.errors.ValueFormatError, match="run 1"):
        expframe.runs(tmp_path / "runs")[1].record
    assert Path(tmp_path / "runs/1/run.json").exists()
