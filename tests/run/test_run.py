"""A run from start to end: status, record, children, ghost, hooks, files."""

import asyncio
import json
import logging
import sys
from collections import Counter, OrderedDict, defaultdict
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from steps import wait_until

import expframe
from expframe import Experiment, MemoryObserver, Observer, Sink, Status, current_run
from expframe.errors import (
    DefinitionError,
    EscapingPathError,
    MetricError,
    MissingArgumentError,
    OptionError,
    RunError,
    RunInterrupt,
    RunTimeout,
    SaveError,
    StoreUnusableError,
    Terminated,
)
from expframe.record.events import Beat
from expframe.store.writer import LocalStore
from expframe.testing import ObserverContract, recording


def stored(run):
    """Return a run read back."""
    return expframe.runs(run.folder.parent)[run.id]


class TestStatus:
    """How a run ends is what its status says, and the exception is the caller's."""

    @pytest.mark.parametrize(
        ("problem", "status"),
        [
            (ValueError("no"), Status.FAILED),
            (KeyboardInterrupt(), Status.INTERRUPTED),
            (Terminated(), Status.INTERRUPTED),
            (SystemExit(), Status.COMPLETED),
            (SystemExit(0), Status.COMPLETED),
            (SystemExit(3), Status.FAILED),
            (SystemExit("text"), Status.FAILED),
            (RunTimeout("late"), Status.TIMEOUT),
            (RunInterrupt(), Status.INTERRUPTED),
            (GeneratorExit(), Status.FAILED),
        ],
    )
    def test_exceptions(self, ex, problem, status):
        """The exception is raised unchanged, and the record has the status."""

        @ex.main
        def main():
            raise problem

        with pytest.raises(type(problem)) as caught:
            ex.run()

        assert caught.value is problem
        assert status == next(iter(expframe.runs("runs"))).status

    def test_custom_status(self, ex):
        """A RunInterrupt may bring a status of its own."""

        class Diverged(RunInterrupt):
            status = "DIVERGED"

        @ex.main
        def main():
            raise Diverged

        with pytest.raises(Diverged):
            ex.run()
        assert "DIVERGED" == expframe.runs("runs")["1"].status

    def test_failure_is_kept_whole(self, ex):
        """The record holds the exception with its causes, secrets masked."""
        ex.add_config(api_key="hunter2-secret")

        @ex.main
        def main(api_key):
            try:
                1 / 0
            except ZeroDivisionError as cause:
                raise RuntimeError(f"with {api_key}") from cause

        with pytest.raises(RuntimeError):
            ex.run()
        failure = expframe.runs("runs")["1"].record.failure
        assert "builtins.RuntimeError" == failure.type
        assert "ZeroDivisionError" in failure.traceback
        assert "direct cause" in failure.traceback
        assert "hunter2" not in failure.traceback + failure.message

    def test_object_whose_text_raises(self, ex):
        """An exception that cannot be shown is recorded all the same."""

        class Mute(Exception):
            def __str__(self):
                raise RuntimeError

        @ex.main
        def main():
            raise Mute

        with pytest.raises(Mute):
            ex.run()
        assert Status.FAILED == expframe.runs("runs")["1"].status


class Scores(NamedTuple):
    """What a command may return."""

    acc: int


@dataclass
class Measured:
    """It may too."""

    acc: int = 1


class OwnDict(dict):
    """A dict of a class of one's own."""


HOLDERS = {
    "ordered": OrderedDict(acc=1),
    "default": defaultdict(int, acc=1),
    "counter": Counter(acc=1),
    "own": OwnDict(acc=1),
    "named tuple": Scores(1),
    "dataclass": Measured(),
    "namespace": SimpleNamespace(acc=1),
}


class TestCommands:
    """What can be a command."""

    def test_result(self, ex):
        """What a command returns is the result, read back as it was."""
        ex.main(lambda: {"sizes": (1, 2), 3: {4}})
        run = ex.run()

        assert {"sizes": (1, 2), 3: {4}} == run.result
        assert {"sizes": (1, 2), 3: {4}} == stored(run).result

    @pytest.mark.parametrize("kind", HOLDERS)
    def test_what_holds_values_by_name_is_found_by_them(self, ex, kind):
        """In results, calls and info it is stored as a dict, which filters and other readers look into."""
        scores = HOLDERS[kind]

        @ex.main
        def main(_run):
            _run.info["scores"] = scores
            return scores

        run = ex.run()
        with ex.create() as called:
            called()
        kept = expframe.runs("runs").where("result.acc == 1 and info.scores.acc == 1")

        assert scores is run.result is called.result
        assert [{"acc": 1}, {"acc": 1}] == [one.result for one in kept]
        assert [{"acc": 1}] == [call.result for call in stored(called).calls]
        assert {"scores": {"acc": 1}} == stored(run).info

    def test_what_holds_itself_is_a_result(self, ex):
        """Also in another class of dict, and where a class of fields fails."""

        class Broken:
            __dataclass_fields__ = {"acc": None}

        scores = defaultdict(dict, broken=Broken())
        scores["self"] = scores
        ex.main(lambda: scores)
        ex.run()

        assert {"broken", "self"} == stored(ex.run()).result.keys()

    def test_coroutine_is_awaited(self, ex):
        """An `async def` command is awaited."""

        @ex.main
        async def main():
            await asyncio.sleep(0)
            return 5

        assert 5 == ex.run().result

    def test_coroutine_inside_a_running_loop(self, ex):
        """Inside a running loop, as in a notebook, too; the run is the current one there."""

        @ex.main
        async def main(_run):
            await asyncio.sleep(0)
            return current_run() is _run

        async def notebook():
            return ex.run().result

        assert asyncio.run(notebook()) is True

    def test_generator_is_run_to_its_end(self, ex):
        """A generator command is exhausted; its return value is the result."""
        seen = []

        @ex.main
        def main():
            for n in range(3):
                seen.append(n)
                yield n
            return "done"

        assert "done" == ex.run().result
        assert [0, 1, 2] == seen

    def test_missing_argument_is_refused_before_the_start(self, ex):
        """A command with a parameter that nothing fills does not start."""

        @ex.main
        def main(lr, epochs):
            raise AssertionError

        with pytest.raises(MissingArgumentError, match="needs 'lr', 'epochs': no config entry, no default"):
            ex.run()
        assert [] == list(expframe.runs("runs"))

    def test_hooks(self, ex):
        """Pre-run hooks run before, post-run hooks after the command, and not after a failure."""
        called = []
        ex.pre_run_hook(lambda _run: called.append(("pre", _run.command)))
        ex.post_run_hook(lambda: called.append("post"))

        @ex.main
        def main():
            called.append("main")

        @ex.command
        def fails():
            raise ValueError

        ex.run()
        with pytest.raises(ValueError):
            ex.run("fails")
        assert [("pre", "main"), "main", "post", ("pre", "fails")] == called

    def test_a_result_outlives_a_hook_that_fails(self, ex):
        """A result that was returned is stored, though a post-run hook fails after it; that of a call too."""

        @ex.post_run_hook
        def hook():
            raise ValueError("after")

        ex.main(lambda: {"loss": 0.5})
        with pytest.raises(ValueError, match="after"):
            ex.run()
        with ex.create() as called, pytest.raises(ValueError, match="after"):
            called()
        stored = [(run.status, run.result) for run in expframe.runs("runs")]

        assert [("FAILED", {"loss": 0.5})] * 2 == stored
        assert {"loss": 0.5} == expframe.runs("runs")["2"].calls[0].result

    def test_options_and_their_hooks(self, ex):
        """Options are given by flag or name, and an option hook may change them; unknown ones are refused."""

        @ex.option_hook
        def hook(options):
            options["comment"] = "from hook"

        ex.main(lambda: None)
        assert "from hook" == ex.run(options={"--comment": "mine"}).record.comment
        with pytest.raises(OptionError, match="Did you mean"):
            ex.run(options={"coment": "x"})
        with pytest.raises(OptionError, match="takes a number"):
            ex.run(options={"priority": "x"})

    def test_cli_options(self, ex):
        """The user's own options are called with value and run before the command."""

        @ex.cli_option("-x", "--extra")
        def extra(value, run):
            """Something extra."""
            run.info["extra"] = value

        ex.main(lambda _run: _run.info["extra"])
        run = ex.run_commandline("script --extra=5")
        assert "5" == run.result
        assert {"extra": "5"} == stored(run).info

    def test_queue_only_stores(self, ex):
        """A queued run is stored and not started."""

        @ex.main
        def main():
            raise AssertionError

        run = ex.run(options={"queue": True})
        assert Status.QUEUED == run.status == stored(run).status
        assert stored(run).record.queued is not None
        assert stored(run).record.started is None


class TestNesting:
    """Runs in runs."""

    def test_child_is_a_full_run(self, ex):
        """A child has its own id, folder, config and seed, and knows its family."""
        ex.add_config(depth=0, seed=5)

        @ex.command
        def child(_run, depth):
            _run.log_scalar("of_child", depth)
            return ex.run("grandchild", {"depth": 2})

        @ex.command
        def grandchild(_run, depth):
            assert current_run() is _run
            return _run.depth, _run.root.id, _run.parent.id, depth

        @ex.main
        def main(_run):
            inner = ex.run("child", {"depth": 1})
            assert current_run() is _run
            _run.log_scalar("of_main", 0)
            return inner

        run = ex.run()
        inner = run.result
        assert ["1", "2", "3"] == [run.id, inner.id, inner.result.id]
        assert (2, "1", "2", 2) == inner.result.result
        assert [inner] == run.children
        assert (0, 1, 2) == (run.depth, inner.depth, inner.result.depth)
        back = stored(run)
        assert ["2"] == [child.id for child in back.children]
        assert ["3"] == [child.id for child in back.children[0].children]
        assert back.children[0].record.parent_id == "1"
        assert back.children[0].children[0].record.root == run.uid
        assert {"of_main"} == set(back.metrics())
        assert {"of_child"} == set(back.children[0].metrics())

    def test_seeds_of_children(self, ex):
        """Children without a seed of their own get one that follows from the parent's."""

        @ex.command
        def child(_seed):
            return _seed

        @ex.main
        def main():
            return [ex.run("child").result for _ in range(3)]

        first, second = ex.run(config_updates={"seed": 1}).result, ex.run(config_updates={"seed": 1}).result
        assert first == second
        assert 3 == len(set(first))

    def test_failing_child_leaves_the_parent_current(self, ex):
        """When a child fails, the outer run is current again."""

        @ex.command
        def child():
            raise ValueError

        @ex.main
        def main(_run):
            with pytest.raises(ValueError):
                ex.run("child")
            return current_run() is _run

        run = ex.run()
        assert run.result is True
        assert [Status.FAILED] == [child.status for child in run.children]


class TestWhere:
    """Where a child is kept."""

    def test_children_are_beside_their_parent(self, tmp_path, monkeypatch):
        """A child goes to its parent's store, also after a change of directory or with -F; -u holds for it too."""
        ex = Experiment("test", project_dir=tmp_path)
        (tmp_path / "elsewhere").mkdir()
        ex.command(lambda: None)

        @ex.command
        def child(_run):
            return _run.folder

        @ex.main
        def main():
            monkeypatch.chdir(tmp_path / "elsewhere")
            return ex.run("child").result

        assert tmp_path / "runs" / "2" == ex.run().result
        monkeypatch.chdir(tmp_path)
        assert tmp_path / "here" / "2" == ex.run(options={"file_storage": "here"}).result
        monkeypatch.chdir(tmp_path)
        assert ex.run(options={"unobserved": True}).result is None


class TestGhost:
    """A ghost runs everything and keeps nothing."""

    @pytest.mark.parametrize("way", ["argument", "option", "variable", "rank"])
    def test_nothing_is_kept(self, tmp_path, monkeypatch, way):
        """No store, no folder; files go to a temporary folder that is gone at the end."""
        ex = Experiment("test", store=tmp_path / "runs", ghost=way == "argument")
        if way == "variable":
            monkeypatch.setenv("EXPFRAME_GHOST", "1")
        if way == "rank":
            monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "1")
            monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "2")
            monkeypatch.setenv("OMPI_COMM_WORLD_LOCAL_SIZE", "2")

        @ex.main
        def main(_run):
            _run.log_scalar("loss", 1)
            path = _run.path("deep", "file.txt")
            path.write_text("x")
            assert path.exists()
            kept = _run.add_artifact(path)
            return path, kept, _run.id, _run.folder, _run.uid

        run = ex.run(options={"unobserved": way == "option"})
        path, kept, id, folder, uid = run.result
        assert (None, None, True) == (id, folder, bool(uid))
        assert not path.exists()
        assert not kept.exists()
        assert not (tmp_path / "runs").exists()
        assert Status.COMPLETED == run.status


class TestFiles:
    """Paths, artifacts, resources."""

    def test_artifacts(self, ex, tmp_path):
        """An artifact is copied whole; an existing name is never overwritten; one in place is only noted."""
        file = tmp_path / "model.bin"
        file.write_bytes(b"one")

        @ex.main
        def main(_run):
            _run.add_artifact(file, metadata={"epoch": 1})
            file.write_bytes(b"two")
            second = _run.add_artifact(str(file), name="model.bin")
            own = _run.path("plots", "a b.txt")
            own.write_text("plot")
            assert own == _run.add_artifact(own)
            return second.name

        run = ex.run()
        back = stored(run)
        assert "model (1).bin" == run.result
        assert b"one" == back.path("model.bin").read_bytes()
        assert ["model.bin", "model (1).bin", "plots/a b.txt"] == [f.name for f in back.files]
        assert {"epoch": 1} == back.files[0].metadata
        assert 3 == back.record.counts["artifacts"]

    def test_resources(self, ex, tmp_path):
        """A resource is kept once for all runs, by its content."""
        file = tmp_path / "data.csv"
        file.write_text("1,2")

        @ex.main
        def main(_run):
            with _run.open_resource(file) as opened:
                return opened.read()

        assert "1,2" == ex.run().result
        back = stored(ex.run())
        assert "1,2" == Path(back.files[0].path).read_text()
        assert {} == back.files[0].metadata
        assert 1 == len(list((tmp_path / "runs" / "_resources").iterdir()))

    def test_what_cannot_be_stored_raises(self, ex, tmp_path):
        """A missing file and a name that leads out of the run raise in the caller and leave nothing."""

        @ex.main
        def main(_run):
            with pytest.raises(SaveError, match="cannot be stored"):
                _run.add_artifact(tmp_path / "missing")
            with pytest.raises(SaveError, match="cannot be stored"):
                _run.open_resource(tmp_path / "missing")
            (tmp_path / "x").write_text("x")
            for name in ("../x", "/x", "a/../../x", "", "a\0b"):
                with pytest.raises(EscapingPathError, match=r"leads out|No file can be called"):
                    _run.add_artifact(tmp_path / "x", name=name)
            with pytest.raises(EscapingPathError):
                _run.path("..", "run.json")
            return [p.name for p in _run.path().iterdir()]

        assert [] == ex.run().result


class TestMetrics:
    """Points in, points out."""

    def test_steps_count_by_themselves(self, ex):
        """Without a step it is the last one + 1, also after explicit ones."""

        @ex.main
        def main(_run):
            for value in (1, 2):
                _run.log_scalar("a", value)
            _run.log_scalar("a", 3, step=10)
            _run.log_scalar("a", 4)
            _run.log_scalars({"b": 0.5, "a": 5})
            _run.log_scalars({"c": [1.0, 2.0], "d": (3, 4)}, step=[5, 6])
            _run.log_scalars({"c": [7]})

        curves = stored(ex.run()).metrics()
        assert [0, 1, 10, 11, 12] == curves["a"].steps
        assert [1, 2, 3, 4, 5] == curves["a"].values
        assert [5, 6, 7] == curves["c"].steps
        assert [3, 4] == curves["d"].values

    def test_numbers_of_libraries(self, ex):
        """Numpy scalars and arrays, nan and infinities survive."""
        import numpy

        @ex.main
        def main(_run):
            for value in (numpy.float32(0.5), numpy.int64(2), numpy.array(3.0), float("nan"), float("-inf"), True):
                _run.log_scalar("x", value)
            _run.log_scalars({"y": numpy.arange(5) / 2, "z": numpy.ones(3, dtype=numpy.float16)})

        back = stored(ex.run())
        values = back.metrics("x").values
        assert [0.5, 2.0, 3.0] == values[:3]
        assert values[3] != values[3]
        assert [float("-inf"), 1.0] == values[4:]
        assert [0, 0.5, 1, 1.5, 2] == back.metrics("y").values
        assert {"points": 14} == back.record.counts

    @pytest.mark.parametrize("value", ["1.0", None, 1j, [1], object(), b"1"])
    def test_wrong_kinds_raise_at_the_call(self, ex, value):
        """What is no single real number raises in the caller."""

        @ex.main
        def main(_run):
            with pytest.raises(MetricError, match="real number"):
                _run.log_scalar("x", value)

        ex.run()

    @pytest.mark.parametrize("name", ["", "a\nb", "a\rb", "\x00", 5, None, "a\u2028b", "\ud800"])
    def test_wrong_names_raise_at_the_call(self, ex, name):
        """A name must fit one line of text."""

        @ex.main
        def main(_run):
            with pytest.raises(MetricError):
                _run.log_scalar(name, 1)

        ex.run()

    def test_order_is_kept(self, ex):
        """Points read back in the order in which they were logged, single ones and arrays mixed."""

        @ex.main
        def main(_run):
            _run.log_scalar("a", 0)
            _run.log_scalars({"a": [1, 2, 3]})
            _run.log_scalar("a", 4)

        assert [0, 1, 2, 3, 4] == stored(ex.run()).metrics("a").steps

    def test_scalars_are_all_or_nothing(self, ex):
        """If one value of a call is wrong, none is logged."""

        @ex.main
        def main(_run):
            with pytest.raises(MetricError):
                _run.log_scalars({"a": 1, "b": "x"})
            with pytest.raises(MetricError):
                _run.log_scalars({"a": [1, 2]}, step=[1])
            with pytest.raises(MetricError):
                _run.log_scalars({"a": [1, 2], "b": ["x"]})
            with pytest.raises(MetricError):
                _run.log_scalars({"a": [1, 2], "b": 1}, step=[0, 1])
            with pytest.raises(MetricError):
                _run.log_scalars({"a": 1, "b": 10**400})
            with pytest.raises(MetricError):
                _run.log_scalars([1, 2])

        assert {} == stored(ex.run()).metrics()

    def test_sixteen_threads(self, ex):
        """Points of many threads all arrive, each step once."""
        from concurrent.futures import ThreadPoolExecutor

        @ex.main
        def main(_run):
            with ThreadPoolExecutor(16) as pool:
                list(pool.map(lambda n: [_run.log_scalar("x", n) for _ in range(1000)], range(16)))

        assert list(range(16000)) == sorted(stored(ex.run()).metrics("x").steps)


class TestRecord:
    """What is kept without being asked."""

    def test_facts(self, ex, tmp_path):
        """Host, packages and sources are in the record; JSON and back loses nothing."""
        ex.main(lambda: None)
        run = ex.run(
            info={"note": 1}, tags=["a", "b"], options={"comment": "c", "tag": "b,d"}, config_updates={"seed": 3}
        )
        record = stored(run).record
        assert run.record == record
        assert expframe.Record.from_json(json.loads(json.dumps(record.to_json()))) == record
        assert sys.version.split()[0] == record.host["python"]["version"]
        assert "wrapt" in record.packages
        assert ("a", "b", "d") == record.tags == run.tags
        assert ("c", 3) == (record.comment, record.seed)
        assert {"note": 1} == stored(run).info
        assert record.duration >= 0

    def test_info_must_be_a_dict(self, ex):
        """Info may be set to another dict, and to nothing else."""

        @ex.main
        def main(_run):
            _run.info = {"a": 1}
            with pytest.raises(RunError, match="must be a dict"):
                _run.info = None

        assert {"a": 1} == stored(ex.run()).info

    def test_what_comes_too_late_is_said(self, ex, caplog):
        """What is logged to a run that has ended is lost, and that is said once."""
        ex.main(lambda: None)
        run = ex.run()
        for _ in range(3):
            run.log_scalar("x", 1)
            run.summaries
        assert 1 == sum("it has ended" in record.getMessage() for record in caplog.records)

    @pytest.mark.parametrize("seed", [1.5, "abc"])
    def test_seeds_that_are_no_integers(self, ex, seed):
        """Any seed seeds the global generators."""
        import random

        ex.main(lambda: random.random())
        how = {"config_updates": {"seed": seed}, "options": {"force": True}}
        first, second = (ex.run(**how).result for _ in range(2))
        assert first == second

    def test_info_is_stored_as_it_changes(self, ex):
        """A change of info shows in the store with the next beat."""

        @ex.main
        def main(_run):
            _run.info["deep"] = {"list": [1, (2, 3)]}
            return wait_until(lambda: stored(_run).info)

        assert {"deep": {"list": [1, (2, 3)]}} == ex.run(options={"beat_interval": 0.1}).result

    def test_info_is_stored_only_as_it_changes(self, ex):
        """However many beats there are, info is written when it says something new."""
        events = []

        class Telling(Sink):
            def write(self, event):
                events.append(event)

            def close(self, record):
                pass

        class Teller(Observer):
            def open(self, record, config):
                return Telling()

        def count(kind):
            return [type(event).__name__ for event in events].count(kind)

        ex.observers.append(Teller())

        @ex.main
        def main(_run):
            for number, text in enumerate(("first", "second"), 1):
                _run.info["told"] = text
                wait_until(lambda number=number: count("Info") == number)
                beats = count("Beat")
                wait_until(lambda beats=beats: count("Beat") > beats + 3)

        ex.run(options={"beat_interval": 0.02})

        assert 2 == count("Info")

    def test_the_end_is_told_last(self, ex):
        """Nobody hears that a run has ended before all that it said was told, however short it was."""
        told = []

        class Telling(Sink):
            def write(self, event):
                told.append(event.record.status if isinstance(event, Beat) else type(event).__name__)

            def close(self, record):
                told.append(record.status)

        class Teller(Observer):
            def open(self, record, config):
                return Telling()

        ex.observers.append(Teller())
        ex.main(lambda _run: _run.info.update(told=True))
        for _ in range(3):
            ex.run()
        said = [what for what in told if what in ("Info", "COMPLETED")]

        assert ["Info", "COMPLETED"] * 3 == said

    def test_config_is_what_functions_read(self, ex):
        """The stored config is the decided one, with origins and docs."""

        @ex.config
        def config():
            lr = 0.5  # learning rate
            net = {"sizes": (1, 2)}

        seen = []
        ex.main(lambda _config: seen.append(_config))
        run = ex.run(config_updates={"net.sizes": (3, 4)})
        back = stored(run)
        assert run.config == back.config
        assert seen[0] is run.config.values
        assert (3, 4) == back.config["net"]["sizes"]
        assert "learning rate" == back.config.docs["lr"]
        assert "config_updates" == back.config.origins["net.sizes"].kind
        assert back.config.origins["lr"].where.startswith("test_run.py:")


class TestObservers:
    """Where else the facts go."""

    def test_memory_observer_gets_everything(self, ex):
        """An observer without a folder is sent points, info, files, output and the final record."""
        memory = MemoryObserver()
        ex.observers.append(memory)

        @ex.main
        def main(_run):
            print("hello")
            _run.log_scalar("x", 1)
            _run.log_scalars({"y": [1, 2]})
            _run.info["a"] = 1
            _run.path("f").write_text("f")
            _run.add_artifact(_run.path("f"))
            return 5

        run = ex.run()
        kept = memory.runs[0]
        assert run.record == kept.record
        assert "hello\n" in kept.output
        assert {"x", "y"} == set(kept.metrics())
        assert ({"a": 1}, "f", True) == (kept.info, kept.files[0].name, kept.closed)

    def test_faults_stop_nothing(self, ex, caplog, monkeypatch):
        """An observer that raises is said once, and everything else goes on."""
        monkeypatch.setattr("expframe.observers.outbox._PATIENCE", 0.1)

        class Broken(Observer):
            def open(self, record, config):
                class BrokenSink(Sink):
                    def write(self, event):
                        raise OSError(28, "No space left on device")

                    def close(self, record):
                        raise RuntimeError("x")

                return BrokenSink()

        ex.observers += [Broken(), memory := MemoryObserver()]

        @ex.main
        def main(_run):
            for n in range(10):
                _run.log_scalar("x", n)
                _run.summaries

        run = ex.run()
        assert Status.COMPLETED == stored(run).status
        assert 10 == len(memory.runs[0].metrics()["x"]) == len(stored(run).metrics("x"))
        said = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING and "points" in r.getMessage()]
        assert 2 == len(said)
        assert "storing points in BrokenSink failed (No space left on device)" in said[0]
        assert "BrokenSink could not be written to the end; lost are: points (10 times)" in said[1]
        assert any("points" in problem for problem in stored(run).record.problems)

    def test_faults_on_opening_stop_the_run(self, ex):
        """What cannot be opened stops the run before its command."""

        class Closed(Observer):
            def open(self, record, config):
                raise StoreUnusableError("bucket", "is closed")

        ex.observers.append(Closed())
        ex.main(lambda: pytest.fail("started"))
        with pytest.raises(StoreUnusableError):
            ex.run()

    def test_a_slow_one_does_not_slow_the_user(self, ex, monkeypatch, caplog):
        """An observer that hangs costs the command nothing, and the end of the run only so much."""
        import threading
        import time

        from expframe.observers import fanout

        monkeypatch.setattr(fanout, "_PATIENCE", 0.3)
        go_on = threading.Event()

        class Slow(Observer):
            def open(self, record, config):
                class SlowSink(Sink):
                    def write(self, event):
                        go_on.wait(120)

                    def close(self, record):
                        pass

                return SlowSink()

        ex.observers.append(Slow())

        @ex.main
        def main(_run):
            began = time.monotonic()
            for _ in range(5):
                _run.log_scalar("x", 1)
                time.sleep(0.06)
            return time.monotonic() - began

        began = time.monotonic()
        run = ex.run()
        assert run.result < 60
        assert time.monotonic() - began < 100
        assert "was not done" in caplog.text
        go_on.set()
        for thread in threading.enumerate():
            if thread.name == "expframe-sink":
                thread.join()

    def test_what_is_no_observer(self, ex):
        """What is no Observer, or opens no Sink, is refused with its name."""

        class Empty(Observer):
            def open(self, record, config):
                return None

        ex.main(lambda: None)
        for wrong in (object(), Empty()):
            ex.observers[:] = [wrong]
            with pytest.raises(DefinitionError, match="is no"):
                ex.run()

    def test_recording_keeps_runs_in_memory(self, ex, tmp_path):
        """Inside `recording` nothing reaches the disk."""

        @ex.main
        def main(_run):
            print("hello")

        with recording() as runs:
            ex.run()
        assert "hello\n" in runs[0].output
        assert not (tmp_path / "runs").exists()


class TestLocalStoreContract(ObserverContract):
    """The local store is an Observer."""

    def make_observer(self, folder):
        return LocalStore(folder / "runs")


class TestMemoryContract(ObserverContract):
    """The memory observer is an Observer."""

    def make_observer(self, folder):
        return MemoryObserver()
