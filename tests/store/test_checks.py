"""`expframe gc` and `doctor`: what nobody uses, and what is wrong in a store."""

import json
import os
import shutil
from pathlib import Path

import pytest

from expframe import runs


@pytest.fixture
def some(ex, tmp_path):
    """A run with a child, points, a file and a resource."""
    (tmp_path / "data.txt").write_text("data")

    @ex.command
    def inner(_run):
        _run.log_scalars({"x": [1, 2, 3]})

    @ex.main
    def main(_run):
        _run.save([1, 2], "list.json")
        _run.add_resource("data.txt")
        ex.run("inner")

    ex.run()
    return runs("runs")


def _age(path):
    """Make a file or folder look as if nobody had touched it for long."""
    os.utime(path, (0, 0))


def test_a_sound_store_has_no_findings(some, cli):
    """Nothing is said of runs as they were written."""
    assert ("Nothing is wrong.\n", 0) == (cli("doctor"), cli.code)
    assert [] == cli.json("doctor")["findings"]


def _tear_record(folder):
    (folder / "run.json").write_text('{"uid": ')


def _tear_config(folder):
    (folder / "config.json").write_text("{")


def _tear_plan(folder):
    (folder / "sweep.json").write_text("{")


def _tear_metrics(folder):
    with (folder / "metrics.csv").open("ab") as file:
        file.write(b"x,3,170000")


def _tear_summary(folder):
    (folder / "summary.json").write_text("{")


def _empty_metrics(folder):
    (folder / "metrics.csv").write_text("")


def _leave_file(folder):
    (folder / ".run.json.123.0a1b2c3d").write_text("half")
    _age(folder / ".run.json.123.0a1b2c3d")


def _forget_id(folder):
    data = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**data, "id": "other"}))


def _lose_record(folder):
    (folder / "run.json").unlink()
    _age(folder)


@pytest.mark.parametrize(
    ("damage", "kind", "problem", "is_mended"),
    [
        (_tear_record, "broken", "the record cannot be read", False),
        (_tear_config, "broken", "the config cannot be read", False),
        (_tear_plan, "broken", "the plan of the sweep cannot be read", False),
        (_tear_metrics, "half-written", "the last line of metrics.csv was never finished (10 bytes)", True),
        (_tear_summary, "half-written", "summary.json cannot be read", True),
        (_empty_metrics, "half-written", "summary.json counts points that are not there", True),
        (_leave_file, "half-written", "the file was never finished", True),
        (_forget_id, "half-written", "its record calls it other", True),
        (_lose_record, "half-written", "the folder holds no record: the run never began", True),
    ],
)
def test_damage_is_said_and_mended_when_told(some, cli, damage, kind, problem, is_mended):
    """Each kind of damage is found; nothing changes without --repair, and what can be mended is gone after it."""
    damage(Path("runs/2"))
    before = {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")}
    (found,) = cli.json("doctor")["findings"]

    assert (kind, 1) == (found["kind"], cli.code)
    assert found["place"].startswith("2") and found["problem"].startswith(problem)
    assert is_mended == (found["remedy"] is not None)
    assert before == {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")}
    cli("doctor", "--repair")
    assert (0 if is_mended else 1) == cli.code
    assert is_mended == (cli("doctor") == "Nothing is wrong.\n")


def test_what_is_lost_is_said(some, cli):
    """A source, resource or file that is gone or damaged is said of the run that needs it."""
    (source,) = Path("runs/_resources").glob("*")
    source.write_text("other")
    (some["1"].path("list.json")).unlink()
    problems = [finding["problem"] for finding in cli.json("doctor")["findings"]]

    assert 3 == len(problems)
    assert "the content is not what the name, a digest, says" in problems
    assert f"_resources/{source.name} is not there, or damaged" in problems
    assert "the file list.json is not there" in problems


def test_copies_and_orphans_are_said(some, cli):
    """Two folders of one uid, and a child without its parent, are found; an orphan alone is no failure."""
    shutil.copytree("runs/2", "runs/copy")
    assert "has the uid of run 2: one of them is a copy" in cli("doctor")
    cli("rm", "copy")
    cli("rm", "1")
    (found,) = cli.json("doctor")["findings"]

    assert ("orphaned", "2", 0) == (found["kind"], found["place"], cli.code)


def test_gc_deletes_what_no_run_uses(some, cli):
    """Sources and resources stay as long as a run uses them, one in the trash too."""
    Path("runs/_sources").mkdir(exist_ok=True)
    unused = Path("runs/_sources") / f"{'0' * 64}.py"
    unused.write_text("x = 1")
    assert [f"_sources/{unused.name}"] == [file["file"] for file in cli.json("gc", "--dry-run")["unused"]]
    assert unused.exists()
    assert "1 unused file, 5 B, are deleted.\n" == cli("gc")
    assert not unused.exists()
    cli("rm", "1-2")
    assert "Nothing.\n" == cli("gc")
    cli("rm", "--empty")
    assert any(file["file"].startswith("_resources/") for file in cli.json("gc")["unused"])
    assert [] == list(Path("runs/_resources").iterdir())


def test_gc_deletes_nothing_where_it_cannot_know(some, cli):
    """Where a record cannot be read nobody knows what that run uses."""
    _tear_record(Path("runs/2"))
    cli("gc")

    assert cli.code == 1 and "run 2" in cli.err
    assert list(Path("runs/_resources").iterdir())


def test_what_earlier_attempts_left_is_kept(some, cli):
    """Sources of earlier attempts are in use, and bytes that an attempt has superseded are not cut off."""
    folder = Path("runs/2")
    _tear_metrics(folder)
    old = Path("runs/_sources") / f"{'0' * 64}.py"
    old.parent.mkdir(exist_ok=True)
    old.write_text("x = 1")
    size = (folder / "metrics.csv").stat().st_size
    before = {**json.loads((folder / "run.json").read_text()), "sources": [["script.py", old.name]]}
    attempt = {"number": 2, "started": "", "checkpoint": None, "step": None, "before": before}
    (folder / "attempts").mkdir()
    (folder / "attempts" / "2.json").write_text(json.dumps({**attempt, "superseded": {"metrics.csv": [23, size]}}))
    (folder / "summary.json").unlink()

    assert "Nothing.\n" == cli("gc")
    assert not [found for found in cli.json("doctor")["findings"] if "metrics.csv" in found["problem"]]


@pytest.mark.parametrize("file", ["mine.ipynb", "1/run.json", "output.txt"])
def test_folders_of_others_stay(some, cli, file):
    """A folder in the store that holds what no run begins with is nobody's half-written run."""
    path = Path("runs", "notebooks", file)
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    _age(Path("runs", "notebooks"))

    assert [] == cli.json("doctor", "--repair")["findings"]
    assert "mine" == path.read_text()
