"""Experiments described by a file, and the folder they load from."""

import json
import sys
from importlib import metadata
from pathlib import Path

import pytest

import expframe
from expframe import Experiment, MemoryObserver
from expframe.errors import (
    ConfigFileError,
    DefinitionError,
    EscapingPathError,
    ExperimentFileError,
    QueueError,
    UnknownCommandError,
)

DESCRIPTION = {
    "name": "described",
    "store": "kept",
    "project_dir": ".",
    "load_dir": "data",
    "ghost": False,
    "observers": ["memory"],
    "devices": [0, 3],
    "config": {"lr": 0.5, "net": {"depth": 2}},
    "queue": ["train", {"command": "train", "config_updates": {"lr": 0.25}, "run_name": "second", "tags": ["slow"]}],
}


def written(kind, folder):
    """Write the description as a file of a kind."""
    path = folder / f"experiment.{kind}"
    if kind == "toml":
        path.write_text("""
            name = "described"
            store = "kept"
            project_dir = "."
            load_dir = "data"
            ghost = false
            observers = ["memory"]
            devices = [0, 3]
            config = {lr = 0.5, net = {depth = 2}}
            queue = ["train", {command = "train", config_updates = {lr = 0.25}, run_name = "second", tags = ["slow"]}]
        """)
    else:
        path.write_text(json.dumps(DESCRIPTION))  # which is YAML, too
    return path


@pytest.mark.parametrize("kind", ["json", "yaml", "yml", "toml"])
def test_describes_a_whole_experiment(tmp_path, kind):
    """Every entry takes effect; folders are relative to the file; commands come afterwards."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    path = written(kind, folder)
    ex = Experiment.from_file(path)

    @ex.command
    def train(lr, net):
        return lr * net["depth"]

    assert ("described", ("0", "3"), False) == (ex.name, ex.devices, ex.ghost)
    assert folder / "data" / "x.csv" == ex.load_path("x.csv")
    assert [MemoryObserver] == [type(observer) for observer in ex.observers]
    assert [1.0, 0.5] == [result.result for result in ex.run_queue()]
    runs = expframe.runs(folder / "kept")
    assert ("second", ("slow",)) == (runs["second"].id, runs["second"].record.tags)
    assert f"experiment.{kind}" == runs["1"].config.origins["lr"].where
    assert 2 == len(ex.observers[0].runs)


def test_empty_file_describes_the_default(tmp_path):
    """Everything may be left out; the name is then the script's."""
    (tmp_path / "experiment.yaml").write_text("")
    ex = Experiment.from_file("experiment.yaml")

    assert ("test_from_file", [], None) == (ex.name, ex.observers, ex.devices)


def test_subclasses_are_described_too(tmp_path):
    """The result is of the class that was asked."""

    class Mine(Experiment):
        pass

    (tmp_path / "experiment.json").write_text('{"name": "mine"}')
    assert isinstance(Mine.from_file("experiment.json"), Mine)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sotre: runs", "'sotre' is unknown. Did you mean 'store'?"),
        ("1: runs", "'1' is unknown"),
        ("name: 3", "'name' is 3. It takes a text."),
        ("store: [runs]", "'store' is ['runs']"),
        ("ghost: 'yes'", "It takes true or false."),
        ("devices: 3", "It takes a list of numbers or names."),
        ("devices: [true]", "It takes a list of numbers or names."),
        ("config: [1]", "It takes entries (name: value)."),
        ("queue: train", "It takes a list of tasks."),
        ("queue: [1]", "It takes a list of tasks."),
        ("queue: [train, {comand: train}]", "'queue.2.comand' is unknown. Did you mean 'command'?"),
        ("queue: [{tags: [1]}]", "'queue.1.tags' is [1]. It takes a list of texts."),
        ("observers: 1", "It takes a list of observers."),
        ("observers: [1]", "Write a name, or name: {argument: value}."),
        ("observers: {memory: 1}", "Write a name, or name: {argument: value}."),
        ("observers: [memoro]", "Did you mean 'memory'?"),
        ("observers: {memory: {size: 1}}", "It takes: no arguments."),
        ("observers: ['os:system']", "observer 'os:system': is unknown."),
    ],
)
def test_wrong_entries_are_refused(tmp_path, text, problem):
    """Unknown keys are refused with the nearest name, values with what the entry takes."""
    (tmp_path / "experiment.yaml").write_text(text)
    with pytest.raises(ExperimentFileError) as caught:
        Experiment.from_file("experiment.yaml")

    assert problem in str(caught.value)
    assert str(caught.value).startswith("experiment file 'experiment.yaml': ")


@pytest.mark.parametrize("text", ["name: !!python/object/apply:os.system ['touch hacked']", "[1]", "{", "name: \x00"])
def test_files_that_are_none(tmp_path, text):
    """Nothing in a file executes code, and what cannot be read is said."""
    (tmp_path / "experiment.yaml").write_text(text)
    with pytest.raises((ConfigFileError, ExperimentFileError)):
        Experiment.from_file("experiment.yaml")
    assert ["experiment.yaml"] == [path.name for path in tmp_path.iterdir()]
    with pytest.raises(ConfigFileError, match="not found"):
        Experiment.from_file("missing.yaml")


def test_tasks_are_checked_before_the_first_is_run(tmp_path):
    """A task of a file that cannot be run stops the queue before anything is started."""
    (tmp_path / "experiment.yaml").write_text("queue: [train, tset]")
    ex = Experiment.from_file("experiment.yaml")
    ex.command(lambda: None)

    @ex.command
    def train():
        pass

    with pytest.raises(UnknownCommandError, match="'tset'"):
        ex.run_queue()
    assert 0 == len(expframe.runs())

    @ex.command
    def tset():
        raise ValueError("no")

    with pytest.raises(QueueError, match="1 of 2"):
        ex.run_queue()


def test_packages_add_observers(tmp_path, monkeypatch):
    """An entry point of `expframe.observers` is found by its name, and given its arguments."""
    (tmp_path / "added_observers.py").write_text("""
from expframe import MemoryObserver

class Mine(MemoryObserver):
    def __init__(self, size):
        super().__init__()
        self.size = size

def no_observer():
    return 3
""")
    info = tmp_path / "added-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: added\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[expframe.observers]\nmine = added_observers:Mine\nnone = added_observers:no_observer\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "added_observers", raising=False)
    assert list(metadata.entry_points(group="expframe.observers"))
    (tmp_path / "experiment.yaml").write_text("observers: [mine: {size: 3}]")

    assert 3 == Experiment.from_file("experiment.yaml").observers[0].size
    (tmp_path / "experiment.yaml").write_text("observers: [none]")
    with pytest.raises(ExperimentFileError, match=r"no expframe\.Observer"):
        Experiment.from_file("experiment.yaml")


class TestLoadPath:
    """Paths in the folder that an experiment loads from."""

    def test_joins(self, tmp_path):
        """Parts are joined below the folder, which need not be there yet and is found from anywhere."""
        ex = Experiment("loading", load_dir="data")

        assert tmp_path / "data" == ex.load_path()
        assert tmp_path / "data" / "a" / "b.csv" == ex.load_path("a", Path("b.csv"))

    @pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b", "link/secret", ""])
    def test_does_not_lead_out(self, tmp_path, name):
        """`..`, absolute names and links that lead out are refused."""
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "link").symlink_to(tmp_path)
        with pytest.raises(EscapingPathError):
            Experiment("loading", load_dir="data").load_path(name)

    def test_without_a_folder(self):
        """An experiment without load_dir says how to give one."""
        with pytest.raises(DefinitionError, match="load_dir="):
            Experiment("bare").load_path("x")
