"""The core's run of a run of Sacred's: one current run for both."""

import json
import logging
import os
import signal
import threading

import pytest
from interpreter import ROOT, run_python
from steps import wait_until

import expframe
from expframe.compat.sacred import Experiment
from expframe.compat.sacred.observers import FileStorageObserver, RunObserver
from expframe.errors import RunError
from expframe.observers.memory import MemoryObserver
from expframe.run.run import Run
from expframe.store.writer import LocalStore

QUIET = {"--loglevel": "CRITICAL", "--capture": "no"}


@pytest.fixture
def ex(tmp_path):
    """An experiment of Sacred's with one file storage."""
    ex = Experiment("core")
    ex.logger = logging.getLogger("core")  # its level is set, and not that of other tests
    ex.observers.append(FileStorageObserver(tmp_path / "stored"))
    ex.add_config(seed=7, lr=0.5)
    return ex


def read(folder, name):
    """Return what a file of a run's folder says."""
    return json.loads((folder / name).read_text())


def test_the_current_run_inside_a_run_of_sacred_is_a_run_of_ours(ex):
    """It has Sacred's name, command, id, config, seed and info, in threads too, and there is none after it."""
    found = []

    @ex.main
    def main(_run):
        _run.info["note"] = 1
        run = expframe.current_run()
        found.extend([isinstance(run, Run), run.name, run.command, run.id, run.config["lr"], run.seed, run.info])
        thread = threading.Thread(target=lambda: found.append(expframe.current_run() is run))
        thread.start()
        thread.join()

    ex.run(options=QUIET)

    assert [True, "core", "main", "1", 0.5, 7, {"note": 1}, True] == found
    assert expframe.current_run() is None


def test_a_run_says_how_it_has_ended(ex):
    """The core's run ends as Sacred's does, and refuses children with what is to be done instead."""
    runs = []

    @ex.main
    def main(fails=False):
        runs.append(expframe.current_run())
        with pytest.raises(RunError, match=r"Call ex.run\(...\)"):
            runs[-1].child("main")
        if fails:
            raise ValueError

    ex.run(options=QUIET)
    with pytest.raises(ValueError):
        ex.run(config_updates={"fails": True}, options=QUIET)

    assert ["COMPLETED", "FAILED"] == [run.status for run in runs]
    assert all(run.record.ended for run in runs)


def test_a_native_run_inside_a_run_of_sacred_has_it_as_parent(ex, tmp_path):
    """Its record names the parent, its seed follows from the parent's, and it is the current run until it ends."""
    native = expframe.Experiment("native", store=tmp_path / "runs")

    @native.main
    def fit():
        return expframe.current_run().name

    @ex.main
    def main():
        outer = expframe.current_run()
        inner = native.run()
        return [inner.result, inner.parent is outer, outer.children == [inner], expframe.current_run() is outer]

    run = ex.run(options=QUIET)
    again = ex.run(options=QUIET)
    first, second = (expframe.runs(tmp_path / "runs")[number].record for number in "12")

    assert ["native", True, True, True] == run.result == again.result
    assert [run.core.uid, run.core.uid, "1", 1] == [first.parent, first.root, first.parent_id, first.depth]
    assert first.seed == second.seed


def test_a_run_of_sacred_inside_a_native_run_has_it_as_parent(ex, tmp_path):
    """The core's run of the inner one names the outer one, which is current again afterwards."""
    native = expframe.Experiment("native", store=tmp_path / "runs")

    @ex.main
    def main():
        return expframe.current_run().parent.name

    @native.main
    def outer(_run):
        inner = ex.run(options=QUIET)
        return [inner.result, inner.core.record.root == _run.uid, expframe.current_run() is _run]

    assert ["native", True, True] == native.run().result


def test_what_is_logged_and_kept_with_it_reaches_observers_of_sacred(ex, tmp_path):
    """Points, whole arrays, objects, artifacts and resources; steps are one count for both ways of logging."""
    note = tmp_path / "note.txt"
    note.write_text("kept")

    @ex.main
    def main(_run):
        run = expframe.current_run()
        _run.log_scalar("loss", 3)
        run.log_scalar("loss", 2)
        run.log_scalars({"loss": [1, 0]})
        _run.log_scalar("loss", -1)
        run.save({"a": 1}, "model.json")
        run.add_artifact(note, "renamed.txt")
        run.add_resource(note)

    ex.run(options=QUIET)
    folder = tmp_path / "stored" / "1"
    entry = read(folder, "run.json")

    assert {"steps": [0, 1, 2, 3, 4], "values": [3, 2, 1, 0, -1]} == {
        key: value for key, value in read(folder, "metrics.json")["loss"].items() if key != "timestamps"
    }
    assert [["model.json", "renamed.txt"], str(note)] == [entry["artifacts"], entry["resources"][0][0]]
    assert [{"a": 1}, "kept"] == [read(folder, "model.json"), (folder / "renamed.txt").read_text()]


@pytest.mark.parametrize("kinds", [(), (FileStorageObserver,), (LocalStore,), (FileStorageObserver, LocalStore)])
def test_its_metrics_are_those_that_are_logged_with_sacred_too(ex, tmp_path, kinds):
    """They have the points of both ways of logging, in order, before the beat that tells observers and after it."""
    ex.observers[:] = [kind(tmp_path / kind.__name__) for kind in kinds]

    def points(run):
        curve = run.metrics("loss")
        return [*map(float, curve.steps)], [*map(float, curve.values)]

    @ex.main
    def main(_run):
        run = expframe.current_run()
        _run.log_scalar("loss", 3)
        run.log_scalar("loss", 2)
        before = points(run)
        _run._emit_heartbeat()
        run.log_scalars({"loss": [1, 0]})
        _run.log_scalar("loss", "no number")
        _run.log_scalar("loss", -1)
        return [before, points(run), run.summaries["loss"].count, [*run.metrics()]]

    run = ex.run(options=QUIET)

    assert [([0, 1], [3, 2]), ([0, 1, 2, 3, 5], [3, 2, 1, 0, -1]), 5, ["loss"]] == run.result
    assert 5 == run.core.record.counts["points"]
    if FileStorageObserver in kinds:
        told = read(tmp_path / "FileStorageObserver" / "1", "metrics.json")["loss"]["values"]
        assert [3, 2, 1, 0, "no number", -1] == told
    if LocalStore in kinds:
        assert [3, 2, 1, 0, -1] == [*expframe.runs(tmp_path / "LocalStore")["1"].metrics("loss").values]


@pytest.mark.parametrize("kind", [FileStorageObserver, LocalStore])
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_its_output_is_what_was_printed_so_far(ex, tmp_path, kind, mode, capfd):
    """Without waiting for a beat; what runs inside it print is its output too."""
    ex.observers[:] = [kind(tmp_path / "stored")]
    inner = Experiment("inner", save_git_info=False)
    inner.main(lambda: print("inside"))

    @ex.main
    def main():
        print("hello")
        inner.run(options={**QUIET, "--unobserved": True})
        run = expframe.current_run()
        wait_until(lambda: "inside" in run.output())
        return run.output()

    run = ex.run(options={"--loglevel": "CRITICAL", "--capture": mode, "--beat-interval": 0})

    assert ["hello", "inside"] == [line for line in run.result.splitlines() if "No observers" not in line]


@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_what_is_logged_and_printed_reaches_a_native_store_at_once(ex, tmp_path, mode, capfd):
    """It does not wait for a beat, so that a kill loses little of it; Sacred's observers are told all with the beat."""
    ex.observers.append(LocalStore(tmp_path / "runs"))

    @ex.main
    def main(_run):
        _run.log_scalar("loss", 3)
        print("hello")
        stored = expframe.runs(tmp_path / "runs")["1"]
        wait_until(lambda: stored.output() == "hello\n" and [*stored.metrics()] == ["loss"])

    ex.run(options={"--loglevel": "CRITICAL", "--capture": mode, "--beat-interval": 0})

    assert [3] == read(tmp_path / "stored" / "1", "metrics.json")["loss"]["values"]
    assert [3] == [*expframe.runs(tmp_path / "runs")["1"].metrics("loss").values]


def test_a_native_store_waits_for_no_observer_of_sacred(ex, tmp_path):
    """While one hangs in a beat, what is logged reaches the store."""
    hangs, goes_on = threading.Event(), threading.Event()

    class Hanging(RunObserver):
        def heartbeat_event(self, **facts):
            hangs.set()
            goes_on.wait()

    ex.observers[:] = [LocalStore(tmp_path / "runs"), Hanging()]

    @ex.main
    def main(_run):
        assert hangs.wait(60)
        _run.log_scalar("loss", 3)
        stored = expframe.runs(tmp_path / "runs")["1"]
        wait_until(lambda: [*stored.metrics()] == ["loss"])
        goes_on.set()

    ex.run(options={**QUIET, "--beat-interval": 0.05})

    assert "COMPLETED" == expframe.runs(tmp_path / "runs")["1"].status


def test_the_last_beat_waits_for_one_that_hangs(ex):
    """What was logged and printed since is told then; meanwhile it is said what the end waits for."""
    hangs, goes_on, told = threading.Event(), threading.Event(), []

    class Hanging(RunObserver):
        def log_metrics(self, metrics_by_name, info):
            told.extend(metrics_by_name)

        def heartbeat_event(self, **facts):
            hangs.set()
            goes_on.wait(60)

        def completed_event(self, **facts):
            told.append("end")

    class Ends(logging.Handler):
        def emit(self, record):
            if record.getMessage().startswith("Waiting up to"):
                goes_on.set()

    ex.observers[:] = [Hanging()]
    beat = []

    @ex.main
    def main(_run):
        _run.run_logger.addHandler(Ends())
        beat.append(threading.Thread(target=_run._emit_heartbeat))
        beat[0].start()
        assert hangs.wait(60)
        _run.log_scalar("loss", 3)

    ex.run(options={"--loglevel": "WARNING", "--capture": "no", "--beat-interval": 0})
    goes_on.set()
    beat[0].join()

    assert ["loss", "end"] == told


def test_what_is_kept_with_it_stands_in_the_folder_of_a_native_store(ex, tmp_path):
    """With a store of ours among the observers its folder is the run's: files are there once, children beside it."""
    ex.observers.append(LocalStore(tmp_path / "runs"))
    native = expframe.Experiment("native", store=tmp_path / "elsewhere")

    @native.main
    def fit():
        pass

    @ex.main
    def main():
        run = expframe.current_run()
        run.save("text", "note.txt")
        run.log_text("said", "hello")
        native.run()
        return str(run.folder)

    run = ex.run(options=QUIET)
    stored, child = (expframe.runs(tmp_path / "runs")[number] for number in "12")

    assert [str(stored.folder), run.core.uid] == [run.result, stored.uid]
    assert ["text", ["note.txt"]] == [stored.load("note.txt"), [file.name for file in stored.files]]
    assert ["hello"] == [text.content for text in stored.media("said")]
    assert [stored.uid, "native"] == [child.record.parent, child.name]
    assert "text" == (tmp_path / "stored" / "1" / "note.txt").read_text()


def test_native_functions_are_filled_from_a_run_of_sacred(ex):
    """A captured function of ours that is called inside it sees its config and its seed."""
    native = expframe.Experiment("native", ghost=True)

    @native.capture
    def step(lr, _run):
        return [lr, _run.name]

    @ex.main
    def main():
        return step()

    assert [0.5, "core"] == ex.run(options=QUIET).result


def test_an_unobserved_run_of_sacred_keeps_nothing_of_those_inside(ex, tmp_path):
    """-u holds for native runs inside it too."""
    native = expframe.Experiment("native", store=tmp_path / "runs")

    @native.main
    def fit():
        pass

    @ex.main
    def main():
        native.run()

    ex.run(options={**QUIET, "--unobserved": True})

    assert [] == list(tmp_path.iterdir())


def test_a_native_observer_is_told_of_the_run_that_is_current(ex):
    """The record that an observer of ours is given is that of the current run."""
    memory = MemoryObserver()
    ex.observers[:] = [memory]

    @ex.main
    def main():
        return expframe.current_run().uid

    run = ex.run(options=QUIET)

    assert [run.result] == [kept.record.uid for kept in memory.runs]


FORKED = """
import os, expframe
from expframe.compat.sacred import Experiment
from expframe.compat.sacred.observers import FileStorageObserver
ex = Experiment("forking", save_git_info=False)
ex.observers.append(FileStorageObserver("stored"))

@ex.automain
def main(_run):
    run = expframe.current_run()
    _run.log_scalar("loss", 2)
    child = os.fork()
    if not child:
        _run.log_scalar("loss", 7)
        os._exit(len(run.metrics()))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    _run.log_scalar("loss", 1)
    return [code, run.metrics("loss").values]
"""


def test_a_forked_child_tells_observers_nothing(tmp_path):
    """It may read the metrics, and what waited in its parent is told by the parent alone."""
    (tmp_path / "forking.py").write_text(FORKED)
    words = ["forking.py", "--beat-interval=0"]
    done = run_python(words, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})

    assert 0 == done.returncode, done.stderr
    assert [0, [2, 1]] == read(tmp_path / "stored" / "1", "run.json")["result"]
    assert [2, 1] == read(tmp_path / "stored" / "1", "metrics.json")["loss"]["values"]


LEFT = """
import os, sys
from expframe.compat.sacred import Experiment
from expframe.compat.sacred.observers import FileStorageObserver
ex = Experiment("leaving", save_git_info=False)
ex.observers.append(FileStorageObserver("stored"))

@ex.automain
def main():
    if not (child := os.fork()):
        sys.exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


def test_a_forked_child_that_leaves_the_command_does_not_end_the_run(tmp_path):
    """Observers are told how the run has ended by its own process alone."""
    (tmp_path / "leaving.py").write_text(LEFT)
    done = run_python(["leaving.py"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    entry = read(tmp_path / "stored" / "1", "run.json")

    assert 0 == done.returncode, done.stderr
    assert ["COMPLETED", 3, None] == [entry["status"], entry["result"], entry.get("fail_trace")]
    assert "Failed" not in done.stderr


def test_a_native_run_that_was_opened_inside_ends_with_it(ex, tmp_path):
    """What a command leaves open is closed, and stored as ended, when the run around it ends."""
    native = expframe.Experiment("native", store=tmp_path / "runs")
    ex.main(lambda: native.start().id)

    run = ex.run(options=QUIET)

    assert "COMPLETED" == expframe.runs(tmp_path / "runs")[run.result].status


STOPPED = """
import os, signal, expframe
from expframe.compat.sacred import Experiment
from expframe.compat.sacred.observers import FileStorageObserver
ex = Experiment("patient", save_git_info=False)
ex.observers.append(FileStorageObserver("stored"))

@ex.automain
def main():
    run = expframe.current_run()
    if not run.should_stop:
        os.kill(os.getpid(), signal.SIGTERM)
    return run.should_stop
"""


def test_code_that_asks_is_given_time_to_stop(tmp_path):
    """After SIGTERM `should_stop` is True; the run that then ends is INTERRUPTED, its exit code the signal's."""
    (tmp_path / "patient.py").write_text(STOPPED)
    done = run_python(["patient.py"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})

    assert [128 + signal.SIGTERM, "INTERRUPTED"] == [
        done.returncode,
        read(tmp_path / "stored" / "1", "run.json")["status"],
    ]
