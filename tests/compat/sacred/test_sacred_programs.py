"""What published programs do with Sacred beyond its documented interface."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from interpreter import ROOT, run_python
from steps import wait_until

import expframe
from expframe.compat.sacred import Experiment, host_info
from expframe.compat.sacred._own.exceptions import InvalidConfigError
from expframe.compat.sacred.host_info import host_info_getter
from expframe.compat.sacred.metrics_logger import MetricsLogger, ScalarMetricLogEntry, opt
from expframe.compat.sacred.observers import FileStorageObserver, RunObserver
from expframe.compat.sacred.observers.tinydb_hashfs.hashed_files import HashedFiles

LIBRARY = {
    "library/__init__.py": """
from library.inner.experiment import LibraryExperiment

def make(**options):
    return LibraryExperiment(**options)

class Proxy:
    def __getattr__(self, name):
        return getattr(make(), name)

def __getattr__(name):
    if name == "lazy":
        return make()
    raise AttributeError(name)

proxy = Proxy()
""",
    "library/inner/__init__.py": "",
    "library/inner/experiment.py": """
from expframe.compat.sacred import Experiment

class LibraryExperiment(Experiment):
    def __init__(self, name=None, **options):
        super().__init__(name, **options)

    @classmethod
    def of_class(cls):
        return cls()
""",
    "library/ready.py": "from library.inner.experiment import LibraryExperiment\nex = LibraryExperiment()\n",
}


@pytest.mark.once
@pytest.mark.parametrize(
    ("statement", "made_in"),
    [
        ("from library import make; ex = make()", "training.py"),
        ("from library import lazy as ex", "training.py"),
        ("import library; ex = library.lazy", "training.py"),
        ("from library import proxy as ex", "training.py"),
        ("from library.inner.experiment import LibraryExperiment as E; ex = E.of_class()", "training.py"),
        ("from library.inner.experiment import LibraryExperiment as E; ex = E()", "training.py"),
        ("from library.ready import ex", "library/ready.py"),
        ("import library; ex = eval('make()', {'make': library.make, '__name__': 'cell'})", "library/__init__.py"),
    ],
)
def test_an_experiment_of_a_library_is_its_users(tmp_path, statement, made_in):
    """Name, main file and base folder are those of the file that has a library make it, in whatever way it does."""
    script = f"{statement}\nprint(ex.path, ex.mainfile, ex.base_dir, sep='|', end='')\n"
    for name, text in {**LIBRARY, "training.py": script}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    done = run_python(["training.py"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    file = Path(os.path.realpath(tmp_path), made_in)

    assert ["", file.stem, f"<Source: {file}>", str(file.parent)] == [done.stderr, *done.stdout.split("|")]


def test_an_experiment_made_by_a_function_of_its_own_file_is_of_that_file():
    """Who runs the file, such as a tool that is installed, makes nothing."""

    class Mine(Experiment):
        pass

    def make():
        return Mine()

    assert Path(__file__).stem == make().path


class TestRunOfASubclass:
    """A subclass may have a `run` of its own that returns what it likes: a command line returns that too."""

    @pytest.mark.parametrize("returned", [None, 0.5, "run"])
    def test_what_it_returns_is_what_a_command_line_returns(self, returned):
        """Nothing, as of an experiment of seml's, is no failure."""

        class Mine(Experiment):
            def run(self, *args, **options):
                run = super().run(*args, **options)
                return run if returned == "run" else returned

        ex = Mine("mine")
        ex.main(lambda: 3)
        done = ex.run_commandline("mine -l ERROR")

        assert (3, ex.current_run if returned == "run" else returned) == (ex.current_run.result, done)

    def test_a_run_that_was_asked_to_end_leaves_with_the_signals_number(self):
        """Whatever `run` returns, code that reads `should_stop` ends by itself, and the exit code is the signal's."""

        class Mine(Experiment):
            def run(self, *args, **options):
                super().run(*args, **options)

        ex = Mine("mine")

        @ex.main
        def main():
            run = expframe.current_run()
            assert not run.should_stop
            os.kill(os.getpid(), signal.SIGTERM)
            wait_until(lambda: run.should_stop)

        with pytest.raises(SystemExit) as left:
            ex.run_commandline("mine -l ERROR")

        assert 128 + signal.SIGTERM == left.value.code


@pytest.mark.parametrize(
    "old", [lambda: FileStorageObserver.create("stored"), lambda: host_info_getter(lambda: 1, "mine")]
)
def test_old_names_add_no_line_to_what_a_script_prints(old, monkeypatch):
    """Their warning is of the library's module, which Python shows to tests and not to users."""
    monkeypatch.setattr(host_info, "host_info_gatherers", {})
    with pytest.warns(DeprecationWarning) as found:
        old()

    assert [str(ROOT / "expframe")] == [warning.filename[: len(str(ROOT / "expframe"))] for warning in found]


class TestMetricsLogger:
    """A program may have a metrics logger of its own kind."""

    def test_entries_that_a_subclass_puts_in_are_handed_out(self):
        """Entries in `_logged_metrics` are handed out in order, and `_metric_step_counter` holds the last steps."""

        class Mine(MetricsLogger):
            def log_scalar_metric(self, metric_name, value, step=None):
                if opt.has_numpy and isinstance(value, opt.np.generic):
                    value = value.item()
                step = self._metric_step_counter.get(metric_name, -1) + 1
                self._metric_step_counter[metric_name] = step
                self._logged_metrics.put(ScalarMetricLogEntry(metric_name, step, None, value))

        logger = Mine()
        for value in (1, 2.5):
            logger.log_scalar_metric("loss", opt.np.float64(value))
        MetricsLogger.log_scalar_metric(logger, "loss", 3)

        assert ({}, 3) == (logger.metrics, logger._logged_metrics.qsize())
        assert [(0, 1.0), (1, 2.5), (2, 3)] == [(entry.step, entry.value) for entry in logger.get_last_metrics()]
        assert logger.get_last_metrics() == [] and logger._logged_metrics.empty()


class Told(RunObserver):
    """Keeps what it is told of the end of runs."""

    def __init__(self):
        self.ends = []

    def completed_event(self, stop_time, result):
        """Keep the result."""
        self.ends.append(result)

    def failed_event(self, fail_time, fail_trace):
        """Keep the last line of the traceback."""
        self.ends.append(fail_trace[-1])


def test_the_end_of_a_run_can_be_told_by_hand():
    """`_emit_completed(result)` and `_emit_failed(type, value, traceback)` tell the observers so."""
    ex = Experiment("told", save_git_info=False)
    ex.main(lambda: None)
    run = ex.run()
    told = Told()
    run.observers = [told]
    run._emit_completed(7)
    try:
        raise ValueError("no")
    except ValueError:
        run._emit_failed(*sys.exc_info())

    assert [7, "ValueError: no\n"] == told.ends
    assert ("FAILED", "ValueError: no\n") == (run.status, run.fail_trace[-1])


HYPERPARAMETERS = {
    "optimizer": {"py/type": "parts.Outer.Adam"},
    "activation": {"py/function": "parts.relu"},
    "schedule": {
        "py/object": "parts.Schedule",
        "steps": {"py/tuple": [10, 20]},
        "kind": {"py/type": "parts.Outer.Adam"},
        "inner": {"py/object": "parts.Schedule", "steps": []},
    },
    "sizes": [{"py/tuple": [1, 2]}, {"py/type": "builtins.int"}],
    "lr": 0.1,
}

PARTS = """
class Outer:
    class Adam:
        pass

def relu(x):
    return max(x, 0)

class Schedule:
    def __init__(self):
        raise RuntimeError("is not called")
"""


class TestNamedObjects:
    """A JSON file of the user's own may name classes, functions and plain objects."""

    @pytest.fixture(autouse=True)
    def _parts(self, tmp_path, monkeypatch):
        (tmp_path / "parts.py").write_text(PARTS)
        (tmp_path / "hp.json").write_text(json.dumps(HYPERPARAMETERS))
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "parts", raising=False)

    @pytest.fixture
    def ex(self):
        """Return an experiment whose command takes what the file says."""
        ex = Experiment("tuned", save_git_info=False)

        @ex.main
        def main(optimizer, activation, schedule, sizes, lr):
            return optimizer, activation, schedule, sizes, lr

        return ex

    @pytest.mark.parametrize("way", ["added", "named", "file"])
    def test_a_file_of_the_users_own_gives_what_it_names(self, ex, way):
        """Added by the script, added by name, or named after `with`: classes and functions are handed over."""
        if way == "added":
            ex.add_config("hp.json")
        elif way == "named":
            ex.add_named_config("tuned", "hp.json")
        run = ex.run_commandline(
            ["tuned", *{"added": [], "named": ["with", "tuned"], "file": ["with", "hp.json"]}[way]]
        )
        import parts

        optimizer, activation, schedule, sizes, lr = run.result
        assert (parts.Outer.Adam, parts.relu, [[1, 2], int], 0.1) == (optimizer, activation, list(sizes), lr)
        assert type(schedule) is type(schedule.inner) is parts.Schedule
        assert ((10, 20), parts.Outer.Adam, []) == (schedule.steps, schedule.kind, schedule.inner.steps)

    @pytest.mark.parametrize(
        ("value", "problem"),
        [
            ({"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["touch hit"]}]}, "'py/reduce'"),
            ({"py/repr": "os.system('touch hit')"}, "'py/repr'"),
            ({"py/object": "parts.Schedule", "py/newargs": {"py/tuple": [1]}}, "'py/newargs'"),
            ({"py/object": "parts.Schedule", "py/state": {"a": 1}}, "'py/state'"),
            ({"py/object": "parts.Schedule", "a": {"py/reduce": []}}, "'py/reduce'"),
            ({"py/type": "parts.Nothing"}, r"entry 'deep\.0': 'parts\.Nothing' cannot be imported \(AttributeError"),
            ({"py/type": "nowhere.Thing"}, r"entry 'deep\.0': 'nowhere\.Thing' cannot be imported \(ModuleNotFound"),
            ({"py/type": "parts.relu"}, "'parts.relu' is no class"),
            ({"py/function": "parts.__name__"}, "'parts.__name__' is no function"),
            ({"py/object": "builtins.int", "real": 2}, r"entry 'deep\.0': is no plain builtins\.int"),
            ({"py/type": 3}, "cannot be imported"),
        ],
    )
    def test_nothing_else_is_done_and_a_failure_names_file_and_entry(self, ex, tmp_path, value, problem):
        """What would call something is refused, and what cannot be imported is an error with its place."""
        Path("bad.json").write_text(json.dumps({"deep": [value]}))

        with pytest.raises(InvalidConfigError, match=rf'Configuration file ".*bad\.json": .*{problem}'):
            ex.add_config("bad.json")
        assert not (tmp_path / "hit").exists()

    def test_a_file_in_a_runs_folder_names_nothing(self, ex):
        """What lies in the folder of a run, or is a link into it, is data: it stays inert."""
        folder = Path("runs", "1", "files")
        folder.mkdir(parents=True)
        for name in ("run.json", "config.json"):
            (folder.parent / name).write_text("{}")
        (folder / "hp.json").write_text(json.dumps(HYPERPARAMETERS))
        Path("link.json").symlink_to(folder / "hp.json")

        for name in (folder / "hp.json", "link.json"):
            with pytest.raises(InvalidConfigError, match="'py/type': code, which is never executed"):
                ex.add_config(str(name))
        assert "parts" not in sys.modules

    def test_words_of_a_command_line_stay_inert(self, ex):
        """An update is no file of the user's."""
        ex.add_config("hp.json")

        with pytest.raises(SystemExit):
            ex.run_commandline(["tuned", "with", "lr={'py/type': 'parts.Outer.Adam'}"])


def test_a_file_of_the_working_directory_exists_for_hashed_files(tmp_path, monkeypatch):
    """`fs.exists` of a TinyDB observer answers to a path, as hashfs does, beside digests."""
    monkeypatch.chdir(tmp_path)
    files = HashedFiles(tmp_path / "hashfs")
    Path("notes.txt").write_text("notes")
    kept = files.put("notes.txt")

    assert all(map(files.exists, ("notes.txt", str(tmp_path / "notes.txt"), kept.id, kept.relpath, kept.abspath)))
    assert not any(map(files.exists, ("other.txt", "0" * 32, str(tmp_path))))
    assert files.get("notes.txt") is None


@pytest.mark.parametrize(
    ("folder", "id", "kind", "named"),
    [
        (Path("file"), None, FileExistsError, "file"),
        ("file/inside", None, NotADirectoryError, "file/inside"),
        (Path("runs"), "1", FileExistsError, "runs/1"),
    ],
)
def test_what_a_file_storage_cannot_make_is_named_as_a_text(tmp_path, monkeypatch, folder, id, kind, named):
    """The errors of a folder that cannot be made have its path as a text, as Sacred's do."""
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("runs", "1").mkdir(parents=True)
    ex = Experiment("stored", save_git_info=False)
    ex.main(lambda: None)
    ex.observers.append(FileStorageObserver(folder))

    with pytest.raises(kind) as caught:
        ex.run(options={"--id": id})
    assert (str, named, True) == (type(caught.value.filename), caught.value.filename, repr(named) in str(caught.value))
