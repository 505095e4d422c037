"""Runs that are opened: without a command, and with a command that is called many times."""

import asyncio
import logging
import re
import signal
import sys
import threading

import pytest
from interpreter import run_python

import expframe
from expframe import MemoryObserver, Status, current_run
from expframe.errors import MissingArgumentError, OptionError, RunError, UnknownEntryError
from expframe.process import context
from expframe.testing import recording


@pytest.fixture(autouse=True)
def _all_closed():
    """Each test closes what it opens, and leaves the hooks of the process as they were."""
    hooks = sys.excepthook, sys.exit
    yield
    still_open = context.opened()
    for run in reversed(still_open):
        run.close()
    assert () == still_open
    assert hooks == (sys.excepthook, sys.exit)


def stored(run):
    """Return a run read back."""
    return expframe.runs(run.folder.parent)[run.id]


def run_script(path, environment, *, code=0):
    """Run a script to its end, check its exit code, and return it with its only run."""
    done = run_python([path], cwd=path.parent, env=environment)

    assert code == done.returncode, done.stderr
    (run,) = expframe.runs(path.parent / "runs")
    return done, run


@pytest.mark.parametrize(
    ("last", "code", "says"),
    [
        ("", 0, "Completed script.py after 0:00:00: run 1 in runs/1"),
        ("raise ValueError('x')", 1, "Failed script.py after 0:00:00: run 1 in runs/1"),
        ("raise KeyboardInterrupt", 130, "Ended script.py as INTERRUPTED after 0:00:00: run 1 in runs/1"),
    ],
)
def test_a_script_ends_with_where_its_run_is(tmp_path, environment, last, code, says):
    """The last line of a script without a command line names script, run and folder, however it ends."""
    path = tmp_path / "script.py"
    path.write_text(f"import expframe\nexpframe.start('plain')\n{last}\n")
    done = run_python([path], env=environment)

    assert (code, says) == (
        done.returncode % 256 if done.returncode >= 0 else 128 - done.returncode,
        re.sub(r"after \d+:\d\d:\d\d:", "after 0:00:00:", done.stderr.splitlines()[-1]),
    )


@pytest.mark.parametrize("quiet", ["expframe.start(ghost=True)", "with expframe.start(): expframe.start().close()"])
def test_a_script_says_nothing_of_what_is_not_kept_or_not_whole(tmp_path, environment, quiet):
    """Nothing is said of a run that is not kept, nor of one inside another one."""
    path = tmp_path / "script.py"
    path.write_text(f"import expframe\n{quiet}\n")
    done = run_python([path], env=environment)

    assert "run 2" not in done.stderr and (not done.stderr or "with" in quiet)


class TestStart:
    """A run without a command: what happens outside of any command belongs to it."""

    def test_is_a_whole_run(self, tmp_path):
        """It has a name, config, seed, folder, metrics, files, info and output, and ends as COMPLETED."""
        with expframe.start("plain", {"lr": 0.1}, store=tmp_path / "runs", tags=["first"]) as run:
            print("hello")
            run.log_scalar("loss", run.config["lr"])
            run.save({"a": 1}, "kept")
            run.info["note"] = "text"
            assert Status.RUNNING == stored(run).status
        kept = stored(run)

        assert ("plain", "start", Status.COMPLETED, ("first",)) == (
            kept.record.name,
            kept.record.command,
            kept.status,
            kept.record.tags,
        )
        assert 0.1 == kept.config["lr"]
        assert run.config.origins["lr"].file == __file__
        assert [0.1] == list(kept.metrics("loss").values)
        assert {"a": 1} == kept.load("kept")
        assert {"note": "text"} == kept.info
        assert "hello\n" in kept.output()
        assert kept.record.sources
        assert [] == kept.calls

    def test_is_named_like_the_script(self):
        """Without a name it has that of the file."""
        with expframe.start(ghost=True) as run:
            assert "test_open_runs" == run.name

    def test_takes_a_file_of_entries(self, tmp_path):
        """The config may be a file."""
        (tmp_path / "config.yaml").write_text("lr: 0.5")
        with expframe.start("plain", "config.yaml", ghost=True) as run:
            assert 0.5 == run.config["lr"]

    def test_is_the_current_run_until_it_is_closed(self, ex):
        """It is the current run, functions are filled from it, and after `close` there is none."""
        ex.add_config(lr=0.1)
        rate = ex.capture(lambda lr: lr)
        run = ex.start({"lr": 0.2})

        assert run is current_run()
        assert 0.2 == rate()
        run.close()
        assert current_run() is None
        assert Status.COMPLETED == stored(run).status

    def test_closing_again_does_nothing(self, ex):
        """The first close counts."""
        run = ex.start()
        run.close()
        ended = run.record.ended
        run.close()

        assert ended == run.record.ended
        with pytest.raises(RunError, match="has ended"), run:
            pass

    def test_commands_inside_are_children(self, ex):
        """A command that is run inside is a child, and afterwards the started run is current again."""
        ex.main(lambda _run: _run.depth)
        with ex.start() as run:
            child = ex.run()

            assert run is current_run()
            assert run is child.parent
            assert 1 == child.result
        assert [child.id] == [found.id for found in stored(run).children]
        assert ex.run().parent is None

    def test_config_is_decided_as_ever(self, ex):
        """Named configs and overrides hold, and a mistyped entry is refused before anything is opened."""
        ex.add_config(lr=0.1, depth=2)
        ex.add_named_config("deep", depth=9)
        with pytest.raises(UnknownEntryError, match="'lr'"):
            ex.start({"lrr": 1})
        assert 0 == len(expframe.runs("runs"))
        with ex.start({"lr": 0.3}, ["deep"], run_name="mine", options={"comment": "again"}) as run:
            assert {"lr": 0.3, "depth": 9} == {name: run.config[name] for name in ("lr", "depth")}
        assert ("mine", "again") == (run.id, stored(run).record.comment)

    def test_failure_in_the_block(self, ex):
        """What a `with` block raises is the run's failure, and goes on its way."""
        with pytest.raises(ValueError, match="no"), ex.start() as run:
            raise ValueError("no")
        assert Status.FAILED == stored(run).status
        assert "ValueError: no" in stored(run).record.failure.traceback

    def test_close_in_finally_sees_the_failure(self, ex):
        """Closed while an exception passes, the run has failed."""
        run = ex.start()
        with pytest.raises(ZeroDivisionError):
            try:
                1 / 0
            finally:
                run.close()
        assert Status.FAILED == stored(run).status

    def test_same_name_closes_the_earlier(self, ex, caplog):
        """As when a cell of a notebook is run again: the earlier one is closed, which the log says."""
        caplog.set_level(logging.INFO)
        first = ex.start()
        second = ex.start()

        assert Status.COMPLETED == stored(first).status
        assert second.parent is None
        assert any("run 1 is closed" in message for message in caplog.messages)
        second.close()

    def test_same_name_closes_the_earlier_with_what_is_inside(self, ex, tmp_path):
        """A run of another name that was opened inside ends with it."""
        first = ex.start()
        inner = expframe.start("inner", store=tmp_path / "runs")

        assert first is inner.parent
        second = ex.start()
        assert [Status.COMPLETED, Status.COMPLETED] == [first.status, inner.status]
        assert second.parent is None
        second.close()

    def test_blocks_of_one_name_nest(self, ex):
        """A block is nobody's to close: one of the same name inside is its child."""
        with ex.start() as outer, ex.start() as inner:
            assert outer is inner.parent

    def test_a_run_closes_what_was_opened_inside(self, ex):
        """What a command opens and leaves open ends with it."""
        opened = []

        @ex.main
        def main():
            opened.append(ex.start())
            opened.append(ex.create("main"))

        run = ex.run()
        assert [Status.COMPLETED, Status.COMPLETED] == [inner.status for inner in opened]
        assert [run, run] == [opened[0].parent, opened[1].parent.parent]

    def test_ghost_keeps_nothing(self, tmp_path):
        """A ghost has no folder and works all the same."""
        with expframe.start("plain", ghost=True) as run:
            run.log_scalar("loss", 1)
            path = run.save("text", "note.txt")
            assert path.read_text() == "text"
        assert run.id is None
        assert not path.exists()
        assert [] == list(tmp_path.iterdir())

    def test_is_not_queued(self, ex):
        """What is opened now is not for later."""
        with pytest.raises(OptionError, match="--queue"):
            ex.start(options={"queue": True})

    def test_observers_see_it(self):
        """Every observer takes it like any other run."""
        observer = MemoryObserver()
        with expframe.start("plain", observers=[observer], options={"unobserved": False}) as run:
            run.log_scalar("loss", 1)
        (sink,) = observer.runs
        assert (Status.COMPLETED, [1.0]) == (sink.record.status, sink.metrics()["loss"].values)

    def test_another_context_belongs_to_it(self, ex):
        """Cells of a notebook have a context each: there it is current too, and a command is its child."""
        import contextvars

        ex.main(lambda: None)
        run = contextvars.Context().run(ex.start)

        assert run is contextvars.Context().run(current_run)
        assert run is contextvars.Context().run(ex.run).parent
        again = contextvars.Context().run(ex.start)
        assert Status.COMPLETED == run.status
        contextvars.Context().run(again.close)
        assert current_run() is None

    def test_threads_belong_to_it(self, ex):
        """A thread without a run of its own logs to it, and what it runs are children."""
        ex.main(lambda: None)
        found = []

        def work():
            run.log_scalar("loss", 1)
            found.append(ex.run().parent)

        with ex.start() as run:
            alone = threading.Thread(target=lambda: found.append(current_run()))
            alone.start()
            alone.join()
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert [run] * 5 == found
        assert 4 == len(stored(run).metrics("loss").values)

    def test_tasks_have_one_each(self, ex):
        """Blocks in tasks side by side are no relatives."""
        together = asyncio.Event()

        async def work(number):
            with ex.start() as run:
                if number:
                    together.set()
                await together.wait()
                assert run is current_run()
                assert run.parent is None
            return run

        async def main():
            return await asyncio.gather(work(0), work(1))

        runs = asyncio.run(main())
        assert [Status.COMPLETED] * 2 == [stored(run).status for run in runs]


class TestEndOfTheProcess:
    """What is still open is closed when the process ends, as how it ended."""

    @pytest.mark.parametrize(
        ("last", "code", "status"),
        [
            ("", 0, Status.COMPLETED),
            ("raise ValueError('no')", 1, Status.FAILED),
            ("raise KeyboardInterrupt", -signal.SIGINT, Status.INTERRUPTED),
            ("os.kill(os.getpid(), signal.SIGINT); time.sleep(9)", -signal.SIGINT, Status.INTERRUPTED),
            ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)", 143, Status.INTERRUPTED),
            ("sys.exit()", 0, Status.COMPLETED),
            ("sys.exit(3)", 3, Status.FAILED),
            ("exit(3)", 3, Status.FAILED),
            ("quit(3)", 3, Status.FAILED),
            ("exit()", 0, Status.COMPLETED),
            ("os.kill(os.getpid(), signal.SIGHUP); time.sleep(9)", 129, Status.INTERRUPTED),
            ("try: sys.exit(3)\n            except SystemExit: pass", 0, Status.COMPLETED),
            ("raise expframe.errors.RunTimeout", 1, Status.TIMEOUT),
        ],
    )
    @pytest.mark.parametrize("opening", ["expframe.start('plain')", "expframe.Experiment('plain').create('nothing')"])
    def test_status(self, script, environment, opening, last, code, status):
        """COMPLETED, or what an exception, Ctrl-C, SIGTERM or an exit code say."""
        opening = opening.replace("expframe.Experiment('plain').create('nothing')", "ex.create('nothing')")
        path = script(f"""
            import os, signal, sys, time
            import expframe

            ex = expframe.Experiment("plain")

            @ex.command
            def nothing():
                pass

            run = {opening}
            run.log_scalar("loss", 1)
            {last}
        """)
        done, run = run_script(path, environment, code=code)

        assert status == run.status, done.stderr
        assert [1.0] == list(run.metrics("loss").values)
        assert run.record.host
        if status == Status.FAILED:
            assert run.record.failure

    @pytest.mark.parametrize(("code", "status"), [(0, Status.COMPLETED), (3, Status.FAILED)])
    def test_raised_exit(self, script, environment, code, status):
        """What `raise SystemExit` says, on a Python that shows it; elsewhere in a `with` block."""
        can_be_seen = sys.version_info >= (3, 12)
        work = "run.log_scalar('loss', 1); raise SystemExit(CODE)".replace("CODE", str(code))
        opening = "run = expframe.start('plain')"
        path = script(f"""
            import expframe

            def work(run):
                {work}

            {opening if can_be_seen else "with expframe.start('plain') as run:"}
            {"" if can_be_seen else "    "}work(run)
        """)
        done, run = run_script(path, environment, code=code)

        assert status == run.status, done.stderr

    def test_traceback_is_in_the_output(self, script, environment):
        """The hook that was there is called, and what it prints is captured."""
        path = script("""
            import sys
            import expframe

            before = sys.excepthook

            def hook(*problem):
                print("in my hook", file=sys.stderr)
                before(*problem)

            sys.excepthook = hook
            expframe.start()
            raise ValueError("no")
        """)
        done, run = run_script(path, environment, code=1)

        assert "in my hook" in done.stderr
        assert "ValueError: no" in done.stderr
        assert "ValueError: no" in run.output()

    def test_code_that_asks_is_given_time(self, script, environment):
        """Code that reads should_stop ends by itself after SIGTERM."""
        path = script("""
            import os, signal, time
            import expframe

            run = expframe.start()
            assert not run.should_stop
            os.kill(os.getpid(), signal.SIGTERM)
            while not run.should_stop:
                time.sleep(0.01)
            run.log_scalar("last", 1)
        """)
        _, run = run_script(path, environment)

        assert (Status.INTERRUPTED, [1.0]) == (run.status, list(run.metrics("last").values))

    def test_all_that_is_open_is_closed(self, script, environment):
        """Also runs side by side, after the first of them has given up its signal handler."""
        path = script("""
            import os, signal, time
            import expframe

            ex = expframe.Experiment("plain")

            @ex.main
            def main(_run):
                return _run.id

            first, second, third = (ex.create() for _ in range(3))
            first(), second()
            first.close()
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(9)
        """)
        done = run_python([path], env=environment)

        assert 143 == done.returncode
        runs = expframe.runs(path.parent / "runs")
        statuses = {run.id: run.status for run in runs}
        assert {"1": Status.COMPLETED, "2": Status.INTERRUPTED, "3": Status.INTERRUPTED} == statuses
        assert all(run.record.parent is None for run in runs)

    def test_a_forked_child_leaves_the_end_to_its_parent(self, script, environment):
        """The child exits in the ordinary way, and the run goes on."""
        path = script("""
            import os, sys
            import expframe

            run = expframe.start()
            if os.fork() == 0:
                run.log_scalar("child", 1)
                run.close()
                sys.exit(1)
            os.wait()
            run.log_scalar("parent", 1)
        """)
        environment["PYTHONWARNINGS"] = "ignore"
        _, run = run_script(path, environment)

        assert Status.COMPLETED == run.status
        assert {"child", "parent"} == set(run.metrics())


class TestCalls:
    """One run, many calls."""

    def test_each_call_is_recorded(self, ex):
        """Number, times and result of each call are kept; metrics, files and output go to the one run."""
        ex.add_config(rate=2)

        @ex.command
        def scale(x, rate, _run):
            print("scaling", x)
            _run.log_scalar("x", x)
            _run.save(x, "x.json")
            return {"scaled": (x * rate,)}

        run = ex.create("scale", {"rate": 3}, run_name="scaling")
        assert [] == stored(run).calls
        assert {"scaled": (3,)} == run(1)
        assert {"scaled": (20,)} == run(x=2, rate=10)
        assert 2 == len(stored(run).calls)
        print("between")
        run.close()
        kept = stored(run)

        assert [1, 2] == [call.number for call in kept.calls]
        assert [{"scaled": (3,)}, {"scaled": (20,)}] == [call.result for call in kept.calls]
        assert all(call.started <= call.ended and call.duration >= 0 and not call.failure for call in kept.calls)
        assert {"scaled": (20,)} == kept.result == run.result
        assert [1.0, 2.0] == list(kept.metrics("x").values)
        assert ["x.json", "x (1).json"] == [file.name for file in kept.files]
        assert ["scaling 1", "scaling 2"] == [line for line in kept.output().splitlines() if "scaling " in line]
        assert "between" not in kept.output()
        assert ("scaling", "scale", Status.COMPLETED, 2) == (
            kept.id,
            kept.record.command,
            kept.status,
            kept.record.counts["calls"],
        )

    @pytest.mark.parametrize(
        ("calls", "status"),
        [([], Status.COMPLETED), ([0, 1], Status.COMPLETED), ([1, 0], Status.FAILED), ([1], Status.COMPLETED)],
    )
    def test_last_call_decides(self, ex, calls, status):
        """A call that raises is recorded and raises; the run fails if its last call did."""

        @ex.main
        def divide(x):
            return 1 / x

        run = ex.create()
        for x in calls:
            if x:
                run(x)
            else:
                with pytest.raises(ZeroDivisionError):
                    run(x)
        run.close()
        kept = stored(run)

        assert status == kept.status
        assert calls == [int(call.failure is None) for call in kept.calls]
        assert (status == Status.FAILED) == (kept.record.failure is not None)
        for call in kept.calls:
            if call.failure:
                assert "builtins.ZeroDivisionError" == call.failure.type
                assert "divide" in call.failure.traceback

    def test_secrets_are_masked(self, ex):
        """Neither results nor failures show a secret of the config."""
        ex.add_config(token="hunter2-secret")

        @ex.main
        def main(token, fails=False):
            if fails:
                raise ValueError(token)
            return token

        with pytest.raises(ValueError, match="hunter2"), ex.create() as run:
            assert "hunter2-secret" == run()
            run(fails=True)
        assert b"hunter2" not in (run.folder / "calls.jsonl").read_bytes()

    def test_damaged_lines_are_left_out(self, ex):
        """A line that is no call hides no other one."""
        ex.main(lambda: None)
        with ex.create() as run:
            run()
            with (run.folder / "calls.jsonl").open("a") as file:
                file.write('{"number": 7}\nnonsense\n[1]\n{"numb')
            run()
        assert [1, 2] == [call.number for call in stored(run).calls]

    def test_nothing_is_refused_that_a_call_may_bring(self, ex):
        """A parameter that nothing fills is refused by the call without it."""
        main = ex.main(lambda x: x)
        assert main is not None
        with ex.create() as run:
            assert 1 == run(1)
            with pytest.raises(MissingArgumentError, match="'x'"):
                run()
            assert 2 == run(x=2)
        assert [False, True, False] == [call.failure is not None for call in stored(run).calls]

    def test_is_current_only_during_its_calls(self, ex):
        """Two such runs stand side by side; a run started in a call is a child."""

        @ex.command
        def outer():
            return ex.run("inner").parent

        @ex.command
        def inner():
            pass

        with ex.create("outer") as first, ex.create("outer") as second:
            assert current_run() is None
            assert (first, second) == (first(), second())
            assert second.parent is None

    def test_after_the_end(self, ex):
        """A closed run takes no call."""
        ex.main(lambda: None)
        run = ex.create()
        run.close()
        with pytest.raises(RunError, match="has ended"):
            run()

    def test_hooks_are_called_with_each_call(self, ex):
        """Hooks stand around each call of the command."""
        seen = []
        ex.pre_run_hook(lambda: seen.append("before"))
        ex.post_run_hook(lambda: seen.append("after"))
        ex.main(lambda: seen.append("call"))
        with ex.create() as run:
            run()
            run()
        assert ["before", "call", "after"] * 2 == seen

    def test_coroutines_and_generators(self, ex):
        """Commands of all kinds are called to their end."""

        @ex.command
        async def wait(_run):
            await asyncio.sleep(0)
            return _run

        @ex.command
        def count():
            yield 1
            return 2

        async def inside_a_loop():
            return run()

        with ex.create("wait") as run:
            assert run is run()
            assert run is asyncio.run(inside_a_loop())
        with ex.create("count") as run:
            assert 2 == run()

    def test_calls_in_threads(self, ex):
        """Calls at the same time have numbers and lines of their own, and the output once."""
        ready = threading.Barrier(8)

        @ex.main
        def main(x):
            ready.wait()
            print(f"line {x}\n", end="")  # in one piece: threads may take turns between two
            return x

        with ex.create() as run:
            threads = [threading.Thread(target=run, args=(x,)) for x in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        kept = stored(run)
        assert set(range(1, 9)) == {call.number for call in kept.calls}
        assert set(range(8)) == {call.result for call in kept.calls}
        assert sorted(f"line {x}" for x in range(8)) == sorted(
            line for line in kept.output().splitlines() if line.startswith("line")
        )

    def test_seeds_of_calls_differ(self, ex):
        """Each call draws a seed of its own, the same ones in each run."""
        ex.main(lambda _seed: _seed)
        found = []
        for _ in range(2):
            with ex.create(config_updates={"seed": 7}) as run:
                found.append([run(), run()])
        assert found[0] == found[1]
        assert 2 == len(set(found[0]))

    def test_observers_take_calls(self, ex):
        """A MemorySink has them."""
        ex.main(lambda x: x)
        with recording() as runs, ex.create() as run:
            run(4)
        assert [4] == [call.result for call in runs[0].calls]

    def test_an_ordinary_run_has_none(self, ex):
        """`ex.run` writes no file of calls."""
        ex.main(lambda: 1)
        run = ex.run()
        assert not (run.folder / "calls.jsonl").exists()
        assert "calls" not in stored(run).record.counts


class TestArguments:
    """What `ex.run` gives to a command, and the id it gives to the run."""

    def test_arguments_prevail(self, ex):
        """Explicit arguments win over the config, and fill what the config does not have."""
        ex.add_config(b=2)

        @ex.main
        def main(a, b, *, c):
            return a, b, c

        run = ex.run(args=[1], kwargs={"c": 3}, run_name="mine")
        assert ((1, 2, 3), "mine") == (run.result, run.id)
        assert (1, 5, 3) == ex.run(args=[1, 5], kwargs={"c": 3}).result

    def test_arguments_that_do_not_fit_are_refused(self, ex):
        """Nothing is started for too many arguments, unknown ones, or without one."""
        ex.main(lambda a: a)
        for args, kwargs in ([(1, 2), {}], [(1,), {"a": 2}], [(), {"b": 1}], [(), {}]):
            with pytest.raises(TypeError):
                ex.run(args=args, kwargs=kwargs)
        assert 0 == len(expframe.runs("runs"))


class TestChild:
    """`run.child` does another command inside a run."""

    def test_has_the_config_of_the_run(self, ex):
        """The run's overrides and named configs hold, the child's own prevail."""
        ex.add_config(lr=0.1, depth=2)
        ex.add_named_config("deep", depth=9)

        @ex.command
        def evaluate(lr, depth, x=0):
            return lr, depth, x

        @ex.main
        def main(_run):
            first = _run.child("evaluate", kwargs={"x": 1})
            second = _run.child("evaluate", {"lr": 0.5}, run_name="second")
            return first.result, second.result, first.parent is second.parent is _run

        run = ex.run(config_updates={"lr": 0.3}, named_configs=["deep"])
        assert ((0.3, 9, 1), (0.5, 9, 0), True) == run.result
        assert ["2", "second"] == [child.id for child in run.children]

    def test_from_anywhere(self, ex):
        """It is a child of this run in any thread, and of a run that is not the current one."""
        ex.main(lambda: None)
        found = []
        with ex.create() as first, ex.create() as second:
            thread = threading.Thread(target=lambda: found.append(first.child()))
            thread.start()
            thread.join()
            assert [first, second] == [found[0].parent, second.child().parent]

    def test_not_after_the_end(self, ex):
        """A run that has ended has no more children."""
        ex.main(lambda: None)
        run = ex.run()
        with pytest.raises(RunError, match="not open"):
            run.child()


def test_later_runs_have_not_asked_for_time(ex):
    """That one open run asked whether it should stop says nothing of those that are opened after it."""
    with ex.start() as first:
        assert not first.should_stop
    with ex.start() as second:
        assert first._stopping is not second._stopping
