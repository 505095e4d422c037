"""A store that is moved, removed or replaced while a run in it goes on."""

import json
import shutil
import sys
import tempfile

import pytest
from interpreter import run_python
from steps import wait_until

import expframe
from expframe.errors import SaveError

follows = pytest.mark.skipif(not sys.platform.startswith(("linux", "darwin")), reason="asks where an open folder is")


@pytest.fixture
def start_other(tmp_path, script, environment):
    """Do the first run of a new store of the same name, in another process."""
    path = script("""
        from expframe import Experiment

        other = Experiment("other")

        @other.automain
        def main(_run):
            _run.log_scalar("m", 1)
            _run.info["whose"] = "the other's"
            _run.save([1], "kept.json")
    """)
    return lambda: run_python([path], env=environment)


def say_all(run):
    """Say something of each kind."""
    run.log_scalar("n", 2)
    run.log_text("text", "said")
    run.info["after"] = True
    run.save([2], "after.json")
    run.checkpoint(1, n=2)
    print("after")


def is_removed(folder):
    """Remove a folder, and return whether nobody has put something into it meanwhile, as the sources of a run are."""
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def written(folder):
    """Return the bytes of all files of a folder."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@follows
@pytest.mark.parametrize("is_new", [False, True], ids=["gone", "made anew"])
def test_a_run_goes_on_where_its_store_was_moved_to(tmp_path, ex, start_other, is_new):
    """What a run says after its store was moved is in the moved one, whoever has made a new one in its place."""

    @ex.main
    def main(_run):
        _run.log_scalar("n", 1)
        print("before")
        (tmp_path / "runs").rename(tmp_path / "elsewhere")
        if is_new:
            start_other()
        say_all(_run)
        return str(_run.dir)

    run = ex.run(options={"capture": "sys"})
    stored = expframe.runs(tmp_path / "elsewhere")[run.id]

    assert str(tmp_path / "elsewhere" / "1") == run.result == stored.result
    assert ("COMPLETED", [1, 2], {"after": True}) == (stored.status, stored.metrics("n").values, stored.info)
    assert ([2], ["said"]) == (stored.load("after"), [text.content for text in stored.media("text")])
    assert 2 == stored.last_checkpoint()["n"]
    assert "before\nafter\n" == stored.output()
    assert () == stored.record.problems
    assert is_new == (tmp_path / "runs").exists()
    if is_new:
        new = expframe.runs(tmp_path / "runs")[1]
        assert ("other", "COMPLETED", [1]) == (new.name, new.status, new.load("kept"))
        assert ({"whose": "the other's"}, {"m"}) == (new.info, set(new.metrics()))


@pytest.mark.parametrize("is_new", [False, True], ids=["gone", "made anew"])
def test_a_run_never_writes_into_another_that_has_its_place(tmp_path, ex, start_other, caplog, monkeypatch, is_new):
    """A run whose store was removed has its result and tells where its record is; a new run of its id is left alone."""
    monkeypatch.setattr("expframe.observers.outbox._PATIENCE", 0.1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = {}

    @ex.main
    def main(_run):
        _run.log_scalar("n", 1)
        wait_until(lambda: is_removed(tmp_path / "runs"))
        if is_new:
            start_other()
            before.update(written(tmp_path / "runs" / "1"))
        with pytest.raises(SaveError, match=r"runs/1: takes nothing more \(its folder was moved or removed"):
            _run.save([2], "after.json")
        _run.log_scalar("n", 2)
        _run.log_text("text", "said")
        _run.info["after"] = True
        return 7

    run = ex.run(options={"capture": "no"})
    (left,) = tmp_path.glob("expframe-*.json")

    assert ("COMPLETED", 7) == (run.status, run.result)
    assert ("COMPLETED", 7) == tuple(json.loads(left.read_bytes())[name] for name in ("status", "result"))
    assert f"runs/1 was moved or removed while the run went on: the final record is {left}." in caplog.text
    assert before == written(tmp_path / "runs" / "1")
    assert is_new == (tmp_path / "runs").exists()


def test_a_copy_in_the_place_of_a_run_is_taken_for_it(tmp_path, ex):
    """A run goes on in a copy of its folder that has its place, as after a store was restored from a backup."""

    @ex.main
    def main(_run):
        shutil.copytree(_run.dir, tmp_path / "copy")
        shutil.rmtree(_run.dir)
        (tmp_path / "copy").rename(tmp_path / "runs" / "1")
        _run.save([2], "after.json")

    run = ex.run(options={"capture": "no"})
    stored = expframe.runs(tmp_path / "runs")[run.id]

    assert ("COMPLETED", [2]) == (stored.status, stored.load("after"))
