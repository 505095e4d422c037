"""Sacred's runs: the order of events, status, beats, output, metrics; observers across the border."""

import datetime
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import steps
from interpreter import start_python

import expframe
from expframe.compat.sacred import Experiment
from expframe.compat.sacred._own.core_run import CoreRun
from expframe.compat.sacred._own.exceptions import SacredInterrupt, TimeoutInterrupt
from expframe.compat.sacred.config.config_summary import ConfigSummary
from expframe.compat.sacred.metrics_logger import MetricsLogger, ScalarMetricLogEntry, linearize_metrics
from expframe.compat.sacred.observers import FileStorageObserver, RunObserver
from expframe.compat.sacred.observers.base import td_format
from expframe.compat.sacred.run import Run
from expframe.compat.sacred.stdout_capturing import get_stdcapturer
from expframe.compat.sacred.utils import apply_backspaces_and_linefeeds
from expframe.errors import DefinitionError
from expframe.record.events import Info, Output
from expframe.store.search.collection import runs
from expframe.store.writer import LocalStore


class Recorder(RunObserver):
    """Keeps what it is told, in order."""

    def __init__(self, priority=0, id_=None):
        self.priority = priority
        self.id = id_
        self.events = []

    def __getattribute__(self, name):
        if not name.endswith("_event") and name not in ("log_metrics", "join"):
            return super().__getattribute__(name)

        def take(**facts):
            self.events.append((name, {key: _copied(value) for key, value in facts.items()}))
            return self.id if name in ("started_event", "queued_event") else None

        return take

    @property
    def names(self):
        """The names of the events, each row of beats as one."""
        names = [name for name, _ in self.events]
        return [name for place, name in enumerate(names) if names[place - 1 : place] != [name]]

    def __getitem__(self, name):
        """Return the facts of the last event of this name."""
        return [facts for found, facts in self.events if found == name][-1]


def _copied(value):
    return dict(value) if isinstance(value, dict) else value


def make_run(main=lambda: None, observers=(), **more):
    """Return a run made by hand, as users' tests do."""
    function = Mock(side_effect=main, prefix=None)
    function.signature.name = "main"
    config = {"seed": 5}
    return Run(
        config, ConfigSummary(), function, list(observers), Mock(), Mock(), {"name": "n"}, {"host": 1}, [], [], **more
    )


@pytest.fixture
def ex():
    """Return a new experiment with an observer."""
    ex = Experiment("runs")
    ex.observers.append(Recorder(id_="7"))
    return ex


# ------------------------------------------------------------------------------------------------------------ sequence


def test_a_run_tells_its_observers_in_order():
    """Start, metrics and beats, completion, join; the id that the first one gives is the run's."""
    first, second = Recorder(priority=1, id_="12"), Recorder(priority=2)
    run = make_run(lambda: 42, [first, second])

    assert 42 == run()
    assert ["started_event", "log_metrics", "heartbeat_event", "completed_event", "join"] == first.names
    assert [second, first] == run.observers
    assert {"ex_info", "command", "host_info", "start_time", "config", "meta_info", "_id"} == first[
        "started_event"
    ].keys()
    assert ("12", "COMPLETED", 42, "main") == (run._id, run.status, run.result, first["started_event"]["command"])
    assert {"stop_time": run.stop_time, "result": 42} == first["completed_event"]
    assert (None, {"info", "captured_out", "beat_time", "result"}) == (
        run.start_time.tzinfo,
        first["heartbeat_event"].keys(),
    )
    with pytest.raises(RuntimeError, match=r"A run can only be started once. \(Last start was "):
        run()


@pytest.mark.parametrize(
    ("problem", "status", "event"),
    [
        (KeyboardInterrupt, "INTERRUPTED", "interrupted_event"),
        (SacredInterrupt, "INTERRUPTED", "interrupted_event"),
        (TimeoutInterrupt, "TIMEOUT", "interrupted_event"),
        (type("Mine", (SacredInterrupt,), {"STATUS": "MINE"}), "MINE", "interrupted_event"),
        (TypeError, "FAILED", "failed_event"),
        (SystemExit, "FAILED", "failed_event"),
        (GeneratorExit, "FAILED", "failed_event"),
    ],
)
def test_the_way_a_run_ends_is_its_status(problem, status, event):
    """What the command raises goes through unchanged, after a last beat and one final event."""

    def main():
        raise problem

    observer = Recorder()
    run = make_run(main, [observer])
    with pytest.raises(problem):
        run()

    assert status == run.status
    assert ["started_event", "log_metrics", "heartbeat_event", event, "join"] == observer.names
    if event == "interrupted_event":
        assert {"interrupt_time": run.stop_time, "status": status} == observer[event]
    else:
        assert run.fail_trace == observer[event]["fail_trace"]
        assert all("expframe/compat/sacred/run.py" not in line for line in run.fail_trace)


@pytest.mark.parametrize("event", ["heartbeat_event", "completed_event"])
def test_ctrl_c_while_observers_are_told_of_the_end_interrupts_the_run(ex, tmp_path, event):
    """Somebody lost patience with a slow observer: the others are told that the run was interrupted."""
    slow = Mock(priority=100)
    getattr(slow, event).side_effect = KeyboardInterrupt
    slow.started_event.return_value = None
    ex.observers[:] = [slow, LocalStore(tmp_path / "runs"), FileStorageObserver(tmp_path / "stored")]
    ex.main(lambda: 1)
    with pytest.raises(KeyboardInterrupt):
        ex.run(options={"--capture": "no", "--beat-interval": 0})

    entry = json.loads((tmp_path / "stored" / "1" / "run.json").read_text())
    assert 3 * ["INTERRUPTED"] == [ex.current_run.status, entry["status"], runs(tmp_path / "runs")["1"].status]
    assert slow.join.called


class Struck:
    """A block of a run that Ctrl-C strikes when its end is called: before any of that end is done."""

    def __init__(self, block):
        self.block = block

    def __enter__(self):
        return self.block.__enter__()

    def __exit__(self, *how):
        signal.raise_signal(signal.SIGINT)
        return self.block.__exit__(*how)


@pytest.mark.parametrize("block", ["living", "printing"])
def test_ctrl_c_just_after_the_command_breaks_off_no_end_of_the_run(ex, tmp_path, monkeypatch, block):
    """The run is done, and what it has printed is kept; then the script is interrupted."""
    whole = getattr(CoreRun, block)
    monkeypatch.setattr(CoreRun, block, lambda core: Struck(whole(core)))
    ex.observers[:] = [FileStorageObserver(tmp_path)]
    ex.main(lambda: print("all that there is"))
    with pytest.raises(KeyboardInterrupt):
        ex.run(options={"--capture": "sys"})

    assert "COMPLETED" == json.loads((tmp_path / "1" / "run.json").read_text())["status"]
    assert "all that there is" in (tmp_path / "1" / "cout.txt").read_text()


def test_hooks_are_called_around_every_command(ex):
    """Before it in ingredient order, after it if it did not fail."""
    called = []
    ing = expframe.compat.sacred.Ingredient("ing")
    ing.pre_run_hook(lambda: called.append("ing before"))
    ing.post_run_hook(lambda: called.append("ing after"))
    ex.ingredients = [ing]
    ex.pre_run_hook(lambda: called.append("ex before"))
    ex.post_run_hook(lambda _run: called.append("ex after"))
    ex.main(lambda fail=False: 1 / 0 if fail else called.append("main"))

    ex.run()
    assert ["ing before", "ex before", "main", "ing after", "ex after"] == called
    called.clear()
    with pytest.raises(ZeroDivisionError):
        ex.run(config_updates={"fail": True})
    assert ["ing before", "ex before"] == called
    ex.run("print_named_configs")
    assert 6 == len(called)


def test_unobserved_runs_tell_nobody(ex):
    """Neither a command that is unobserved, nor a run that is asked to be."""
    observer = ex.observers[0]
    ex.main(lambda: 1)
    ex.command(unobserved=True)(_quiet)

    ex.run("_quiet")
    ex.run(options={"--unobserved": True})
    assert [] == observer.events


def _quiet():
    return 1


def test_a_queued_run_is_not_made(ex):
    """Observers are told when it was queued; nothing else happens."""
    called = []
    ex.main(lambda: called.append(1))

    run = ex.run(options={"--queue": True, "--priority": "3"})

    assert ["queued_event"] == ex.observers[0].names
    assert ("QUEUED", "7", [], None) == (run.status, run._id, called, run.start_time)
    assert run.meta_info["queue_time"] == ex.observers[0]["queued_event"]["queue_time"]
    assert 3.0 == run.meta_info["priority"]
    with pytest.raises(ValueError, match=r"The PRIORITY argument must be a number! \(but was 'abc'\)"):
        ex.run(options={"--priority": "abc"})


def test_sigterm_interrupts_a_run(tmp_path, environment):
    """The process ends as one that was terminated, and observers are told."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            from expframe.compat.sacred import Experiment
            from expframe.compat.sacred.observers import FileStorageObserver, RunObserver
            import time

            class Told(RunObserver):
                def interrupted_event(self, interrupt_time, status):
                    print("told", status, flush=True)

            ex = Experiment("x")
            ex.observers.append(Told())

            @ex.automain
            def main():
                print("ready", flush=True)
                time.sleep(60)
        """)
    )
    process = start_python([script, "-C", "no"], env=environment, stderr=None)
    assert "ready\n" == process.stdout.readline()
    process.send_signal(signal.SIGTERM)

    assert ("told INTERRUPTED\n", 143) == (process.communicate(timeout=120)[0], process.returncode)


# --------------------------------------------------------------------------------------------------- faulty observers


def test_an_observer_that_fails_at_the_start_stops_the_run():
    """Bad storage is loud; the run counts as failed."""
    observer = Mock(priority=0)
    observer.started_event.side_effect = OSError("full")
    run = make_run(lambda: 1, [observer])

    with pytest.raises(OSError, match="full"):
        run()
    assert "FAILED" == run.status
    assert not observer.heartbeat_event.called
    assert observer.failed_event.called


def test_an_observer_that_fails_later_stops_nothing():
    """It is told no more but the end, and others are told all; each failure is said once."""
    bad, good = Mock(priority=0), Recorder()
    bad.heartbeat_event.side_effect = TypeError("odd")
    bad.completed_event.side_effect = ValueError("also")
    run = make_run(lambda: 1, [bad, good])
    run.beat_interval = 0.01
    run.main_function.side_effect = lambda: time.sleep(0.1)
    run()

    assert 1 == bad.heartbeat_event.call_count
    assert "completed_event" in good.names
    warned = [call.args[0] % call.args[1:] for call in run.run_logger.warning.call_args_list]
    assert [
        f"An error ocurred in the '{bad}' observer: odd",
        f"The observer '{bad}' failed at some point during the run.",
    ] == warned
    assert "ValueError: also" in run.run_logger.error.call_args.args[0]
    assert not bad.join.called


def test_equal_observers_fail_each_for_itself():
    """That one failed says nothing of another that is equal to it."""

    class Equal(Recorder):
        def __eq__(self, other):
            return True

        __hash__ = None

    bad, good = Equal(), Equal()
    bad.__class__ = type("Bad", (Equal,), {"__getattribute__": lambda self, name: _bad(self, name)})
    run = make_run(lambda: 1, [bad, good])
    run()
    assert "heartbeat_event" in good.names


def _bad(self, name):
    if name == "heartbeat_event":
        raise RuntimeError("bad")
    return Recorder.__getattribute__(self, name)


# --------------------------------------------------------------------------------------------------- beats and output


def test_beats_come_at_intervals_and_at_the_end():
    """Each tells of metrics first; info and result are those of the moment."""
    observer = Recorder()
    run = make_run(observers=[observer])
    run.beat_interval = 0.02

    def beats():
        told = [facts for name, facts in observer.events if name == "heartbeat_event"]
        return [(facts["info"], facts["result"]) for facts in told if facts["info"]]

    def main():
        run.info["a"] = [1]
        run.result = "interim"
        run.log_scalar("loss", 0.5)
        steps.wait_until(lambda: len(beats()) > 2)
        run.info["a"].append(2)

    run.main_function.side_effect = main
    run()

    assert [({"a": [1]}, "interim")] * 2 == beats()[1:3]  # the first one may have come between two lines
    assert {"a": [1, 2]} == beats()[-1][0]
    logged = [facts["metrics_by_name"] for name, facts in observer.events if name == "log_metrics"]
    assert 1 == sum("loss" in metrics for metrics in logged)


def test_an_interval_of_zero_leaves_the_last_beat(ex):
    """Output, info and metrics reach the observers at the end."""

    @ex.main
    def main(_run):
        print("hello")
        _run.log_scalar("a", 1)

    ex.run(options={"--beat-interval": "0", "--capture": "sys"})
    assert "hello\n" == ex.observers[0]["heartbeat_event"]["captured_out"]
    assert [1] == ex.observers[0]["log_metrics"]["metrics_by_name"]["a"]["values"]


@pytest.mark.parametrize("mode", ["sys", "fd"])
@pytest.mark.parametrize("fails", [False, True])
def test_all_output_reaches_the_observers(ex, mode, fails, capfd):
    """Whatever way the run ends, the last beat has the last line."""

    @ex.main
    def main():
        for number in range(20_000):
            print("line", number)
        if fails:
            raise ValueError

    if fails:
        with pytest.raises(ValueError):
            ex.run(options={"--capture": mode})
    else:
        ex.run(options={"--capture": mode})
    lines = ex.observers[0]["heartbeat_event"]["captured_out"].splitlines()
    assert [f"line {number}" for number in range(20_000)] == [line for line in lines if line.startswith("line")]


def test_a_filter_is_put_over_the_whole_output(ex):
    """What is kept is what the filter returns."""
    ex.captured_out_filter = str.upper
    ex.main(lambda: print("some text"))

    run = ex.run(options={"--capture": "sys"})
    assert "SOME TEXT\n" == run.captured_out


def test_no_observers_no_capture():
    """Without observers nothing is copied, unless it is asked for; an unknown mode is an error."""
    ex = Experiment("nobody")
    ex.main(lambda: print("x"))

    assert (None, "") == (ex.run().capture_mode, ex.current_run.captured_out)
    assert "x\n" == ex.run(options={"--capture": "sys"}).captured_out
    with pytest.raises(KeyError, match=r"Unknown capture mode 'x'. Available options are \['fd', 'no', 'sys'\]"):
        ex.run(options={"--capture": "x"})


def test_a_capturer_is_read_again_and_again(capfd):
    """`get` returns what is new; what is left is there after the block; C code and processes are heard in `fd` mode."""
    for mode, expected in (("sys", "one\rtwo\n"), ("fd", "one\rtwo\nfrom a process\n")):
        name, capturer = get_stdcapturer(mode)
        with capturer() as out:
            sys.stdout.write("one\r")
            out.flush()
            found = out.get()
            sys.stdout.write("two\n")
            sys.stdout.flush()
            os.system("echo from a process")
        found += out.get()
        out.flush()

        assert (mode, True, "") == (name, out.closed, out.get())
        assert expected == found


def test_a_forked_child_prints_its_own_lines_once(tmp_path):
    """What the parent had in its buffers is not printed again by a child."""
    script = tmp_path / "forking.py"
    script.write_text(
        textwrap.dedent("""
            import os
            from expframe.compat.sacred import Experiment
            from expframe.compat.sacred.observers import FileStorageObserver, RunObserver

            ex = Experiment("x")
            ex.observers.append(RunObserver())
            ex.add_config(seed=1)

            @ex.main
            def main():
                print("parent")
                pid = os.fork()
                if not pid:
                    print("child", flush=True)
                    os._exit(0)
                os.waitpid(pid, 0)

            for mode in ("sys", "fd"):
                print(repr(ex.run(options={"--capture": mode, "--loglevel": "ERROR"}).captured_out), flush=True)
        """)
    )
    words = [sys.executable, "-W", "ignore::DeprecationWarning", script]  # Python 3.12 warns of forks beside threads
    done = subprocess.run(words, capture_output=True, text=True, check=True)

    assert 2 * ["parent", "child", repr("parent\nchild\n")] == done.stdout.splitlines()


# -------------------------------------------------------------------------------------------- metrics, files, helpers


def test_metrics_have_steps_times_and_values():
    """Without a step it is the last one + 1; whatever is logged is taken once."""
    logger = MetricsLogger()
    logger.log_scalar_metric("a", 1)
    logger.log_scalar_metric("a", np.float64(2.0), np.int64(10))
    logger.log_scalar_metric("a", "three")
    logger.log_scalar_metric("b", 4)

    entries = logger.get_last_metrics()
    assert ScalarMetricLogEntry("a", 0, entries[0].timestamp, 1) == entries[0]
    assert [] == logger.get_last_metrics()
    found = linearize_metrics(entries)
    assert ([0, 10, 11], [1, 2.0, "three"], "a") == (found["a"]["steps"], found["a"]["values"], found["a"]["name"])
    assert float is type(found["a"]["values"][1])
    assert datetime.datetime is type(found["b"]["timestamps"][0])


def test_files_are_told_by_absolute_path(ex, tmp_path, monkeypatch):
    """An artifact is called as its file unless it has a name; a resource is opened."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.txt").write_text("content")

    @ex.main
    def main(_run):
        with ex.open_resource("data.txt") as file:
            assert ("content", str(tmp_path / "data.txt")) == (file.read(), file.name)
        ex.add_resource("data.txt")
        ex.add_artifact("data.txt", metadata={"k": 1}, content_type="text/plain")
        _run.add_artifact("data.txt", "renamed")
        ex.info["note"] = 1
        ex.log_scalar("a", 1)

    ex.run()
    path = str(tmp_path / "data.txt")
    artifacts = [facts for name, facts in ex.observers[0].events if name == "artifact_event"]
    assert {"filename": path} == ex.observers[0]["resource_event"]
    assert {"name": "data.txt", "filename": path, "metadata": {"k": 1}, "content_type": "text/plain"} == artifacts[0]
    assert "renamed" == artifacts[1]["name"]
    assert {"note": 1} == ex.current_run.info


def test_lengths_of_time_are_said_in_words():
    """A year has 365 days, a month 30."""
    delta = datetime.timedelta

    assert "less than a second" == td_format(delta(microseconds=5))
    assert "1 minute, 1 second" == td_format(delta(seconds=61))
    assert "1 year, 1 month, 5 days" == td_format(delta(days=400))


# -------------------------------------------------------------------------------------------------- across the border


def test_a_native_store_takes_runs_of_sacred(tmp_path, ex):
    """Config, output, metrics, info, files, result and status are in the store, and it gives the run its id."""
    ex.observers[:] = [LocalStore(tmp_path / "runs")]
    (tmp_path / "made.txt").write_text("content")
    ex.add_config(a=1, d={"x": [1]})

    @ex.main
    def main(a, _run):
        print("printed")
        _run.log_scalar("loss", 0.5)
        _run.log_scalar("text", "no number")
        _run.info["note"] = 1
        _run.add_artifact(tmp_path / "made.txt", "kept.txt")
        _run.add_resource(tmp_path / "made.txt")
        return a

    run = ex.run(config_updates={"seed": 3}, options={"--capture": "sys", "--comment": "why"})
    (stored,) = runs(tmp_path / "runs")

    assert ("1", "COMPLETED", 1, "runs", "why") == (
        run._id,
        stored.record.status,
        stored.record.result,
        stored.record.name,
        stored.record.comment,
    )
    assert {"a": 1, "d": {"x": [1]}, "seed": 3} == dict(stored.config.values)
    assert [0.5] == stored.metrics()["loss"].values
    assert "printed" in stored.output()
    assert b"content" == (stored.path("kept.txt")).read_bytes()


@pytest.mark.parametrize("name", ["../outside.txt", "made.txt"])
def test_a_file_that_a_native_store_does_not_take_stops_nothing(tmp_path, ex, caplog, name):
    """A name that leads out of the run, or a file that is not there, is said, and others are told of it."""
    other = Recorder()
    ex.observers[:] = [LocalStore(tmp_path / "runs"), other]

    @ex.main
    def main(_run):
        _run.add_artifact(tmp_path / "made.txt", name)
        _run.add_resource(tmp_path / "missing.txt")

    if name != "made.txt":
        (tmp_path / "made.txt").write_text("content")
    ex.run(options={"--capture": "no"})

    assert (name, "COMPLETED") == (other["artifact_event"]["name"], runs(tmp_path / "runs")["1"].status)
    assert [] == runs(tmp_path / "runs")["1"].files
    assert name in caplog.text and "missing.txt" in caplog.text


@pytest.mark.parametrize("problem", [ValueError("bad"), KeyboardInterrupt()])
def test_a_native_observer_is_told_of_failures(ex, problem):
    """A failed run has its traceback, an interrupted one its status."""
    memory = expframe.MemoryObserver()
    ex.observers[:] = [memory]

    @ex.main
    def main():
        raise problem

    with pytest.raises(type(problem)):
        ex.run()
    record = memory.runs[0].record
    assert memory.runs[0].closed
    if isinstance(problem, ValueError):
        assert ("FAILED", "builtins.ValueError", "bad") == (record.status, record.failure.type, record.failure.message)
    else:
        assert "INTERRUPTED" == record.status


def test_a_native_observer_is_told_of_the_repository_in_its_own_words(ex):
    """The first of Sacred's repositories is the git facts of the run, as those of a native one are called."""
    memory = expframe.MemoryObserver()
    ex.observers[:] = [memory]

    @ex.main
    def main():
        pass

    facts = {**ex.get_experiment_info(), "repositories": [{"url": "u", "commit": "c", "dirty": True}]}
    ex.get_experiment_info = lambda: facts
    ex.run()

    assert {"remote": "u", "commit": "c", "dirty": True} == memory.runs[0].record.git


@pytest.mark.parametrize("has_folder", [True, False])
def test_a_native_observer_keeps_the_output_as_that_of_a_native_run(ex, tmp_path, has_folder):
    """It is streamed as it was printed, whatever the filter; a store shows a progress bar as it was at last."""
    memory = expframe.MemoryObserver()
    ex.observers[:] = [LocalStore(tmp_path / "runs") if has_folder else memory]
    ex.captured_out_filter = apply_backspaces_and_linefeeds

    @ex.main
    def main(_run):
        for done in ("begin\n", "100 of 200", "\r200 of 200", "\n"):
            print(done, end="", flush=True)
            _run._emit_heartbeat()

    run = ex.run(options={"--capture": "sys", "--loglevel": "CRITICAL"})

    assert run.captured_out.endswith("begin\n200 of 200\n")
    if has_folder:
        assert run.captured_out == runs(tmp_path / "runs")["1"].output()
    else:
        texts = [event.text for event in memory.runs[0].events if isinstance(event, Output)]
        assert "".join(texts).endswith("begin\n100 of 200\r200 of 200\n")


def test_a_native_observer_takes_infos_with_arrays(ex):
    """Arrays in an info are compared by value: one that is told once fails no beat, one that changes is told again."""
    memory = expframe.MemoryObserver()
    ex.observers[:] = [memory]

    @ex.main
    def main(_run):
        _run.info["array"] = np.zeros(3)
        _run._emit_heartbeat()
        _run._emit_heartbeat()
        _run.info["array"][0] = 5
        _run._emit_heartbeat()

    run = ex.run()
    told = [event.info["array"].tolist() for event in memory.runs[0].events if isinstance(event, Info)]

    assert [] == run._failed_observers
    assert [5, 0, 0] == told[-1]
    assert 2 == len(told)


def test_an_observer_of_sacred_keeps_nested_native_runs_apart(tmp_path):
    """One file storage has the result, the metrics and the end of a native run and of one inside it."""
    observer = FileStorageObserver(tmp_path / "stored")
    ex = expframe.Experiment("native", store=tmp_path / "runs", observers=[observer])

    @ex.command
    def inner(_run):
        _run.log_scalar("curve", 5)
        return "inner"

    @ex.main
    def outer(_run):
        _run.log_scalar("curve", 10)
        ex.run("inner")
        _run.log_scalar("curve", 20)
        return "outer"

    ex.run()
    ex.run()
    found = {}
    for folder in (tmp_path / "stored").iterdir():
        if folder.name != "_sources":
            run, metrics = (json.loads((folder / name).read_text()) for name in ("run.json", "metrics.json"))
            found[folder.name] = (run["status"], run["result"], metrics["curve"]["values"])

    around, inside = ("COMPLETED", "outer", [10, 20]), ("COMPLETED", "inner", [5])
    assert sorted([around, around, inside, inside]) == sorted(found.values())
    assert found[Path(observer.dir).name] == around


def test_an_observer_of_sacred_takes_native_runs(tmp_path):
    """It is told of start, metrics, output, info, files and the end; its id is the run's."""
    observer = Recorder(id_="42")
    ex = expframe.Experiment("native", store=tmp_path / "runs", observers=[observer])
    (tmp_path / "made.txt").write_text("content")

    @ex.config
    def config():
        a = 1
        sizes = (1, 2)

    @ex.main
    def main(a, _run):
        print("printed")
        _run.log_scalar("loss", 0.5)
        _run.log_scalars({"curve": [1.0, 2.0]})
        _run.info["note"] = 1
        _run.add_artifact(tmp_path / "made.txt")
        return a

    ex.run(options={"capture": "sys", "comment": "why"})

    started, metrics = observer["started_event"], [f for n, f in observer.events if n == "log_metrics"]
    assert ("native", "main", "1", {"a": 1, "sizes": (1, 2)}) == (
        started["ex_info"]["name"],
        started["command"],
        started["_id"],
        {key: value for key, value in started["config"].items() if key != "seed"},
    )
    assert "why" == started["meta_info"]["comment"]
    assert {"loss": [0.5], "curve": [1.0, 2.0]} == {
        name: m["values"] for facts in metrics for name, m in facts["metrics_by_name"].items()
    }
    assert ("printed\n", {"note": 1}) == (
        observer["heartbeat_event"]["captured_out"],
        observer["heartbeat_event"]["info"],
    )
    assert "made.txt" == observer["artifact_event"]["name"]
    assert 1 == observer["completed_event"]["result"]
    assert "join" == observer.names[-1]


def test_an_observer_of_sacred_is_told_how_native_runs_end(tmp_path):
    """Failed with the lines of the traceback, interrupted with the status, queued without more."""
    observer = Recorder()
    ex = expframe.Experiment("native", store=tmp_path / "runs", observers=[observer])

    @ex.main
    def main(how="fail"):
        raise {"fail": ValueError("bad"), "stop": expframe.RunTimeout()}[how]

    with pytest.raises(ValueError, match="bad"):
        ex.run()
    with pytest.raises(expframe.RunTimeout):
        ex.run(config_updates={"how": "stop"})
    ex.run(options={"queue": True})

    assert "ValueError: bad\n" == observer["failed_event"]["fail_trace"][-1]
    assert "TIMEOUT" == observer["interrupted_event"]["status"]
    assert "queued_event" == observer.names[-1]


def test_what_is_no_observer_is_refused():
    """The error says how it could become one."""
    ex = expframe.Experiment("native", observers=[object()], ghost=False)
    ex.main(lambda: 1)

    with pytest.raises(DefinitionError, match=r"is no expframe.Observer. Subclass it, or give it a method as_observer"):
        ex.run()
