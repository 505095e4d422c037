"""Runs that overlap in time: in one another, and in threads."""

import json
import logging
import threading

import pytest

from expframe.compat.sacred import Experiment
from expframe.compat.sacred.observers import FileStorageObserver, QueueObserver

QUIET = {"--loglevel": "CRITICAL", "--capture": "no"}


@pytest.fixture
def ex(tmp_path):
    """An experiment with one file storage, whose command `outer` runs `inner`."""
    ex = Experiment("overlapping")
    ex.logger = logging.getLogger("overlapping")  # its level is set, and not that of other tests
    ex.observers.append(FileStorageObserver(tmp_path / "stored"))
    ex.add_config(seed=1, x=1)

    @ex.command
    def inner(x, _run):
        _run.log_scalar("curve", x)
        return [x, _run.observers[0].dir]

    @ex.command
    def outer(x, _run):
        before = _run.observers[0].dir
        _run.log_scalar("curve", 10)
        ex.run("inner", {"x": 5}, options=QUIET)
        _run.log_scalar("curve", 20)
        return [x, before == _run.observers[0].dir]

    return ex


def read(folder, name):
    """Return what a file of a run's folder says."""
    return json.loads((folder / name).read_text())


def test_each_of_two_nested_runs_has_its_files(ex, tmp_path):
    """One observer keeps a run and a run inside it apart, metrics, result and status."""
    ex.run("outer", options=QUIET)
    first, second = (tmp_path / "stored" / number for number in "12")

    assert ["COMPLETED", [1, True]] == [read(first, "run.json")[key] for key in ("status", "result")]
    assert ["COMPLETED", [5, str(second)]] == [read(second, "run.json")[key] for key in ("status", "result")]
    assert [10, 20] == read(first, "metrics.json")["curve"]["values"]
    assert [5] == read(second, "metrics.json")["curve"]["values"]


def test_runs_in_threads_have_their_files(ex, tmp_path):
    """One observer keeps runs apart that go on at the same time."""
    barrier = threading.Barrier(4)

    @ex.command
    def meet(x, _run):
        barrier.wait(120)
        _run.log_scalar("curve", x)
        barrier.wait(120)
        return x

    threads = [
        threading.Thread(target=ex.run, args=("meet", {"x": number}), kwargs={"options": QUIET}) for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    folders = [tmp_path / "stored" / number for number in "1234"]

    assert {0, 1, 2, 3} == {read(folder, "run.json")["result"] for folder in folders}
    for folder in folders:
        assert [read(folder, "config.json")["x"]] == read(folder, "metrics.json")["curve"]["values"]


def test_one_observer_serves_runs_one_after_the_other(ex, tmp_path):
    """Where runs do not overlap, the observer that was added is the one that is told of each, even after a failure."""

    @ex.command
    def fail():
        raise ValueError

    with pytest.raises(ValueError):
        ex.run("fail", options=QUIET)
    run = ex.run("inner", options=QUIET)

    assert run.observers == ex.observers
    assert run.observers[0] is ex.observers[0]
    assert str(tmp_path / "stored" / "2") == ex.observers[0].dir


def test_run_that_could_not_begin_leaves_the_others_alone(ex, tmp_path, monkeypatch):
    """Where the folder of a run is taken, its failure is written nowhere: not here, and not into the run before."""
    monkeypatch.chdir(tmp_path)
    ex.run("inner", options={**QUIET, "--id": "mine"})
    with pytest.raises(FileExistsError):
        ex.run("inner", options={**QUIET, "--id": "mine"})

    assert "COMPLETED" == read(tmp_path / "stored" / "mine", "run.json")["status"]
    assert ["stored"] == [path.name for path in tmp_path.iterdir()]


def test_queue_keeps_nested_runs_apart(ex, tmp_path):
    """A queue in front of an observer hands each of two nested runs on by itself."""
    ex.observers[:] = [QueueObserver(FileStorageObserver(tmp_path / "stored"), interval=0.01)]
    ex.run("outer", options=QUIET)

    assert [10, 20] == read(tmp_path / "stored" / "1", "metrics.json")["curve"]["values"]
    assert [5] == read(tmp_path / "stored" / "2", "metrics.json")["curve"]["values"]
