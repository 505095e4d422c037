"""The parts of a run: each begins and ends whatever the others do, in the run's process and in forked children."""

import logging
import os
import pickle
import signal
import sys
import threading
import time

import pytest
from interpreter import run_python
from steps import wait_until

import expframe
from expframe import Observer, Sink
from expframe.record.record import Record
from expframe.run.heart import Heart
from expframe.run.ledger import Ledger
from expframe.run.life import living


class Noted:
    """A part that notes when it begins and ends, and may raise then."""

    def __init__(self, name, notes, at_begin=None, at_end=None):
        self.name, self.notes, self.at_begin, self.at_end = name, notes, at_begin, at_end

    def begin(self):
        self.notes.append(f"+{self.name}")
        if self.at_begin:
            raise self.at_begin

    def end(self):
        self.notes.append(f"-{self.name}")
        if self.at_end:
            raise self.at_end


class TestParts:
    """`living` is an order and its reverse."""

    def test_parts_end_in_reverse_whatever_the_others_do(self):
        """A part whose end raises keeps no other from ending; what it raises is said."""
        notes, said = [], []
        parts = [Noted("a", notes), Noted("b", notes, at_end=ValueError("no")), Noted("c", notes)]

        with living(parts, said.append, lambda ended: notes.append(ended)):
            notes.append("work")

        assert ["+a", "+b", "+c", "work", None, "-c", "-b", "-a"] == notes
        assert 1 == len(said) and "ValueError: no" in said[0]

    def test_a_part_that_cannot_begin_ends_those_before_it(self):
        """What a beginning raises is raised, after the parts that had begun have ended."""
        notes = []
        parts = [Noted("a", notes), Noted("b", notes, at_begin=OSError("full")), Noted("c", notes)]

        with pytest.raises(OSError, match="full"), living(parts, notes.append):
            notes.append("work")

        assert ["+a", "+b", "-a"] == notes

    def test_an_interrupt_in_an_end_waits_for_the_others(self):
        """Ctrl-C while a part ends is raised when all have ended."""
        notes = []
        parts = [Noted("a", notes), Noted("b", notes, at_end=KeyboardInterrupt())]

        with pytest.raises(KeyboardInterrupt), living(parts, notes.append):
            pass

        assert ["+a", "+b", "-b", "-a"] == notes


class TestEnds:
    """Faults at the end of a run."""

    def test_output_is_given_back_where_a_log_handler_raises(self, ex):
        """A handler of the user's that fails at the end leaves no capture behind: later prints are not the run's."""

        class Failing(logging.Handler):
            def emit(self, record):
                if "Completed" in record.getMessage():
                    raise RuntimeError("handler")

        handler, logger, before = Failing(), logging.getLogger("test"), sys.stdout
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)

        @ex.main
        def main():
            print("inside")

        try:
            run = ex.run(options={"capture": "sys"})
        finally:
            logger.removeHandler(handler)
        print("outside")

        assert before is sys.stdout
        assert "COMPLETED" == expframe.runs(ex.store)[run.id].status
        assert "inside\n" == expframe.runs(ex.store)[run.id].output()
        assert "RuntimeError: handler" in expframe.runs(ex.store)[run.id].record.problems[0]

    def test_after_the_end_nothing_is_taken(self, ex, caplog):
        """What a thread logs while the run ends is stored and counted, or neither; that is said once."""
        logged = [0.0]

        def wait_for_more():
            long_enough = time.monotonic() + 0.1  # points are handed on every 50 ms
            wait_until(lambda: logged[-1] > long_enough)

        class Slow(Observer):
            def open(self, record, config):
                class SlowSink(Sink):
                    def write(self, event):
                        pass

                    def close(self, record):
                        wait_for_more()

                return SlowSink()

        ex.observers.append(Slow())
        stop = threading.Event()

        @ex.main
        def main(_run):
            def work():
                while not stop.wait(0.001):
                    now = time.monotonic()
                    _run.log_scalar("x", 1.0)
                    logged.append(now)

            thread = threading.Thread(target=_run.bind(work))
            thread.start()
            wait_for_more()
            return thread

        try:
            run = ex.run()
        finally:
            stop.set()
        run.result.join()
        stored = expframe.runs(ex.store)[run.id]

        assert stored.record.counts["points"] == stored.summaries["x"].count
        assert 1 == caplog.text.count("it has ended")

    def test_the_beat_survives_a_fault(self, ex, caplog):
        """What fails in a beat is said once, and later beats come all the same."""

        class Info(dict):
            failed = 0

            def keys(self):
                self.failed += 1
                raise ZeroDivisionError("odd")

            __iter__ = keys

        @ex.main
        def main(_run):
            _run.info = info = Info(a=1)
            wait_until(lambda: info.failed > 2)
            _run.info = {"fine": True}
            wait_until(lambda: (_run.folder / "info.json").exists())

        run = ex.run(options={"beat_interval": 0.05})

        assert {"fine": True} == expframe.runs(ex.store)[run.id].info
        assert 1 == caplog.text.count("ZeroDivisionError")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
class TestForks:
    """A forked child finds every lock free."""

    def test_a_forked_child_of_a_worker_saves(self, script, environment):
        """A child that a bound worker forks can save and log though another thread was just saving."""
        path = script("""
            import multiprocessing, os, threading
            from expframe import Experiment

            ex = Experiment("locks")

            def work(n):
                import expframe
                run = expframe.current_run()
                stop = threading.Event()

                def busy():
                    while not stop.is_set():
                        run.save("x", "busy.txt", overwrite=True)
                        run.log_text("t", "x")
                        with run.timer("t"):
                            pass

                thread = threading.Thread(target=run.bind(busy))
                thread.start()
                for _ in range(20):
                    pid = os.fork()
                    if pid == 0:
                        run.save("y", "child.txt")
                        run.log_scalar("child", 1.0)
                        os._exit(0)
                    os.waitpid(pid, 0)
                stop.set()
                thread.join()

            @ex.automain
            def main(_run):
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    pool.map(_run.bind(work), range(1))
        """)

        done = run_python([path], env=environment, timeout=240)

        assert 0 == done.returncode, done.stderr
        assert 20 == expframe.runs("runs")[1].summaries["child"].count

    def test_a_forked_child_imports_what_a_thread_was_importing(self, ex, tmp_path, monkeypatch):
        """A fork waits for an import that a thread does for the package: its lock would never be free in the child."""
        monkeypatch.syspath_prepend(tmp_path)
        (tmp_path / "slow_to_load.py").write_text("import time\ntime.sleep(0.3)\ndef work(): pass\n")

        @ex.main
        def main(_run):
            import slow_to_load

            bound = pickle.dumps(_run.bind(slow_to_load.work))
            del sys.modules["slow_to_load"]
            thread = threading.Thread(target=pickle.loads, args=(bound,))
            thread.start()
            wait_until(lambda: "slow_to_load" in sys.modules)
            pid = os.fork()
            if pid == 0:
                signal.alarm(30)
                pickle.loads(bound)
                os._exit(0)
            thread.join()
            return os.waitpid(pid, 0)[1]

        assert 0 == ex.run(options={"capture": "no"}).result


def test_a_ledger_says_each_problem_once(caplog):
    """The same problem is in the record and in the log once."""
    ledger = Ledger(Record("u", "demo", "main"))
    for _ in range(3):
        ledger.say("disk full")
    ledger.advance()

    assert ("disk full",) == ledger.record.problems
    assert 1 == caplog.text.count("disk full")


def test_a_heart_flushes_when_it_ends():
    """What waits when the heart stops is handed on then, since the other parts of a run may take long to end."""
    done = []
    heart = Heart(lambda: done.append("flush"), lambda: done.append("beat"), 0, done.append)
    heart.begin()
    heart.end()

    assert "flush" == done[-1]
