"""Timers: durations become metrics and a table, whatever threads, tasks and exceptions do."""

import asyncio
import inspect
import multiprocessing
import os
import threading
import time

import pytest

import expframe
from expframe.errors import MetricError
from expframe.run.timers import Timers


@pytest.fixture
def logged():
    """What timers log, by name."""
    return {}


@pytest.fixture
def timers(logged):
    """Timers that log into `logged`."""
    return Timers(lambda name, seconds: logged.setdefault(name, []).append(seconds))


def rows(table):
    """Return the name, with its indentation, and the number of calls of each line of a table."""
    return [
        (line[: line.index(line.split()[0])] + line.split()[0], int(line.split()[1])) for line in table.splitlines()[1:]
    ]


class TestNesting:
    """What runs inside a timer is named after it."""

    def test_block(self, timers, logged):
        """A block's duration is logged in seconds."""
        with timers.timer("load"):
            time.sleep(0.02)

        assert ["time/load"] == list(logged)
        assert logged["time/load"][0] >= 0.02

    def test_nested_blocks(self, timers, logged):
        """An inner timer has the names of the outer ones before its own."""
        for _ in range(2):
            with timers.timer("epoch"):
                for _ in range(3):
                    with timers.timer("batch"), timers.timer("forward"):
                        pass
            with timers.timer("test"):
                pass

        expected = {"time/epoch": 2, "time/epoch/batch": 6, "time/epoch/batch/forward": 6, "time/test": 2}
        assert expected == {name: len(found) for name, found in logged.items()}
        assert [("epoch", 2), ("  batch", 6), ("    forward", 6), ("test", 2)] == rows(timers.table())

    def test_one_timer_may_run_inside_itself(self, timers, logged):
        """A recursive function nests its own timer."""

        @timers.timer("fall")
        def fall(depth):
            return depth and fall(depth - 1)

        fall(2)

        assert ["time/fall/fall/fall", "time/fall/fall", "time/fall"] == list(logged)

    def test_what_raises_is_timed_as_well(self, timers, logged):
        """An exception passes through unchanged, and the time until then counts."""
        with pytest.raises(KeyError), timers.timer("outer"), timers.timer("inner"):
            raise KeyError
        with timers.timer("after"):
            pass

        assert ["time/outer/inner", "time/outer", "time/after"] == list(logged)

    def test_interleaved_generators(self, timers, logged):
        """Blocks of generators that end in another order than they began keep their names and times."""

        def work(name):
            with timers.timer(name):
                yield

        first, second = work("first"), work("second")
        next(first)
        next(second)
        first.close()

        assert ["time/first"] == list(logged)
        second.close()
        with timers.timer("after"):
            pass

        assert {"time/first", "time/first/second", "time/after"} == set(logged)

    def test_timers_of_two_runs_do_not_nest(self, timers):
        """A run inside a timed block of another has names of its own."""
        logged = []
        other = Timers(lambda name, _: logged.append(name))
        with timers.timer("outer"), other.timer("own"):
            pass

        assert ["time/own"] == logged


class TestFunctions:
    """As a decorator."""

    def test_function(self, timers, logged):
        """Each call is timed; name, docs, arguments and result are the function's."""

        @timers.timer("add")
        def add(a, b=1):
            """Add."""
            return a + b

        assert (3, 5) == (add(2), add(2, b=3))
        assert ("add", "Add.") == (add.__name__, add.__doc__)
        assert 2 == len(logged["time/add"])

    def test_coroutine(self, timers, logged):
        """A coroutine is timed until it is done, and stays one."""

        @timers.timer("wait")
        async def wait():
            await asyncio.sleep(0.02)
            return 1

        assert inspect.iscoroutinefunction(wait)
        assert 1 == asyncio.run(wait())
        assert logged["time/wait"][0] >= 0.02

    def test_generator(self, timers, logged):
        """A generator is timed until it is exhausted, and what is sent into it arrives."""

        @timers.timer("numbers")
        def numbers():
            got = yield 1
            yield got

        made = numbers()

        assert 1 == next(made)
        assert {} == logged
        assert [5, None] == [made.send(5), next(made, None)]
        assert 1 == len(logged["time/numbers"])

    def test_asynchronous_generator_is_refused(self, timers):
        """Where a decorator cannot time, it says what can."""

        async def endless():
            yield 1

        with pytest.raises(MetricError, match=r"inside it"):
            timers.timer("endless")(endless)

    @pytest.mark.parametrize("name", ["", None, 3, "a\nb"])
    def test_names_are_checked(self, timers, name):
        """A name that is none raises where it is given."""
        with pytest.raises(MetricError):
            timers.timer(name)


class TestSideBySide:
    """Threads, tasks, processes."""

    def test_threads(self, timers, logged):
        """One timer object serves many threads at once; none is inside another's."""
        timer = timers.timer("batch")

        def work():
            for _ in range(200):
                with timer, timers.timer("part"):
                    pass

        threads = [threading.Thread(target=work) for _ in range(8)]
        with timers.timer("all"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert {"time/batch": 1600, "time/batch/part": 1600, "time/all": 1} == {n: len(v) for n, v in logged.items()}
        assert [("all", 1), ("batch", 1600), ("  part", 1600)] == rows(timers.table())

    def test_tasks(self, timers, logged):
        """Tasks that take turns are inside what started them, and not inside each other."""

        async def work(name):
            with timers.timer(name):
                await asyncio.sleep(0.01)

        async def main():
            with timers.timer("all"):
                await asyncio.gather(*(work(name) for name in "abc"))

        asyncio.run(main())

        assert {"time/all", "time/all/a", "time/all/b", "time/all/c"} == set(logged)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    def test_forked_workers(self, ex):
        """What forked workers time are points of the run."""

        @ex.main
        def main(_run):
            def work():
                with _run.timer("work"):
                    pass

            worker = multiprocessing.get_context("fork").Process(target=work)
            with _run.timer("fork"):
                worker.start()
                worker.join(120)
            return worker.exitcode

        run = ex.run()

        assert 0 == run.result
        assert {"time/fork", "time/fork/work"} == set(expframe.runs(ex.store)[1].metrics())


class TestRun:
    """`run.timer`."""

    def test_durations_are_metrics(self, ex):
        """Steps count by themselves."""

        @ex.main
        def main(_run):
            for _ in range(3):
                with _run.timer("epoch"), _run.timer("batch"):
                    pass

        ex.run()
        metrics = expframe.runs(ex.store)[1].metrics()

        assert [0, 1, 2] == metrics["time/epoch"].steps == metrics["time/epoch/batch"].steps
        assert all(0 < value < 10 for value in metrics["time/epoch"].values)

    def test_table_at_the_end(self, ex, caplog):
        """The table is logged once, as a NOTICE, before the run says that it is done, also when it fails."""

        @ex.main
        def main(_run):
            with _run.timer("load"):
                raise ValueError

        with caplog.at_level(0), pytest.raises(ValueError):
            ex.run()
        levels = {record.getMessage().split()[0]: record.levelname for record in caplog.records}
        table = next(record.getMessage() for record in caplog.records if record.getMessage().startswith("Timers"))

        assert ["Started", "Timers:", "Failed"] == list(levels)
        assert "NOTICE" == levels["Timers:"]
        assert ["timer", "calls", "total", "mean", "min", "max"] == table.splitlines()[1].split()
        assert "load" == table.splitlines()[2].split()[0]

    def test_no_timers_no_table(self, ex, caplog):
        """Without timers there is no table."""
        ex.main(lambda: None)
        with caplog.at_level(0):
            ex.run()

        assert not [record for record in caplog.records if "Timers" in record.getMessage()]
