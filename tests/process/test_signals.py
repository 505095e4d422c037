"""Signals that ask the process to end: whoever handles them, and what has begun."""

import os
import signal
import threading

import pytest
from interpreter import run_python

from expframe import Observer, Sink, runs
from expframe.process.signals import DeferredSignals
from expframe.record.record import Status


class Quiet(Sink):
    """Takes everything, and does nothing."""

    def write(self, event):
        """Do nothing."""

    def close(self, record):
        """Do nothing."""


class Opening(Observer):
    """Does something when it is opened."""

    def __init__(self, do, sink=Quiet):
        self.do, self.sink = do, sink

    def open(self, record, config):
        """Do it."""
        self.do()
        return self.sink()


@pytest.fixture
def handlers():
    """Signals that ask the process to end; their handlers are put back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield list(before)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("handler", [lambda _number, _frame: None, signal.SIG_IGN])
def test_handlers_that_are_installed_while_a_run_begins_stay(ex, handlers, handler):
    """What an observer installs when it is opened, as libraries do, handles signals during the run and after it."""
    ex.observers.append(Opening(lambda: [signal.signal(number, handler) for number in handlers]))
    found = []
    ex.main(lambda: found.extend(signal.getsignal(number) for number in handlers))
    ex.run()

    assert {handler} == {*found, *(signal.getsignal(number) for number in handlers)}


def test_what_was_found_as_a_handler_while_signals_waited_can_be_put_back(handlers):
    """As libraries do that have a handler of their own for a while: signals come at once then, and wait for nobody."""
    with DeferredSignals():
        found = [signal.getsignal(number) for number in handlers]
    for number, handler in zip(handlers, found, strict=True):
        signal.signal(number, handler)

    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    done = []
    with pytest.raises(KeyboardInterrupt), DeferredSignals():
        signal.raise_signal(signal.SIGINT)
        done.append("the rest of the block")

    assert done


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_is_interrupted_while_its_parents_signals_wait(ex):
    """Signals that wait for the end of what the parent does come at once in a child, which ends nothing."""
    codes = []

    def fork():
        pid = os.fork()
        if pid == 0:
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                os._exit(7)
            finally:
                os._exit(1)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    observer = Opening(fork)
    observer.is_interruptible = False
    ex.observers.append(observer)
    ex.main(lambda: None)
    ex.run(options={"capture": "no"})

    assert [7] == codes


STRUCK_AT_ONCE = """
    import os, signal, sys

    def strike():
        os.kill(os.getpid(), int(sys.argv[1]))

    os.register_at_fork(after_in_child=strike)  # before expframe, which then comes after it

    from expframe import Experiment
    from expframe.process.signals import handling

    def end_of_child():
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    ex = Experiment("forks", ghost=True)

    @ex.main
    def main(_run):
        found = [end_of_child()]
        _run.should_stop  # from now on a signal gives the run time
        return [*found, end_of_child()]

    with handling(lambda *_: None):
        found = end_of_child()
    print(*ex.run().result, found)
"""


@pytest.mark.once
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_child_that_is_asked_to_end_while_it_is_forked_ends(script, environment, number):
    """As where a pool is closed while a worker of it just begins: the signal waits for no handler of the parent's."""
    done = run_python([script(STRUCK_AT_ONCE), str(int(number))], env=environment)

    assert [str(-number)] * 3 == done.stdout.split(), done.stdout + done.stderr


STRUCK_WHILE_IT_FORKS = """
    import os, signal, sys, time

    moment, number = sys.argv[1], int(sys.argv[2])

    def strike():
        os.kill(os.getpid(), number)

    os.register_at_fork(**{moment: strike})

    from expframe import Experiment

    ex = Experiment("forks")

    @ex.main
    def main():
        if os.fork() == 0:
            os._exit(0)
        time.sleep(60)

    ex.run_commandline(["forks.py"])
"""


@pytest.mark.once
@pytest.mark.parametrize("moment", ["before", "after_in_parent"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_asked_to_end_while_it_forks_ends(script, environment, tmp_path, moment, number):
    """A signal waits that comes among the functions which Python calls around a fork: what they raise is dropped."""
    done = run_python([script(STRUCK_WHILE_IT_FORKS), moment, str(int(number))], cwd=tmp_path, env=environment)

    assert 128 + number == done.returncode, done.stderr
    assert Status.INTERRUPTED == runs(tmp_path / "runs")[1].status
    assert "ignored" not in done.stderr


STRUCK_CHILD = """
    import os, signal, time

    os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGINT))

    from expframe import Experiment

    ex = Experiment("forks", ghost=True)

    @ex.main
    def main():
        pid = os.fork()
        if pid == 0:
            try:
                time.sleep(10)
            except KeyboardInterrupt:
                os._exit(7)
            finally:
                os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    print(ex.run().result)
"""


@pytest.mark.once
def test_ctrl_c_in_a_child_that_is_just_forked_interrupts_it(script, environment):
    """It waits there too for the functions that Python calls after a fork: one of them would be broken off by it."""
    done = run_python([script(STRUCK_CHILD)], env=environment)

    assert "7" == done.stdout.strip(), done.stdout + done.stderr
    assert "ignored" not in done.stderr


STRUCK_IN_A_LOOP = """
    import asyncio, os, signal

    os.register_at_fork(before=lambda: os.kill(os.getpid(), signal.SIGTERM))

    from expframe import Experiment

    ex = Experiment("forks", ghost=True)

    async def forking():
        came = []
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, came.append, "came")
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        await asyncio.sleep(0.5)
        return came

    ex.main(lambda: asyncio.run(forking()))
    print(*ex.run().result)
"""


@pytest.mark.once
def test_an_event_loop_is_told_of_a_signal_once_that_comes_while_a_run_forks(script, environment):
    """A script that ends in order after one signal may break off after a second."""
    done = run_python([script(STRUCK_IN_A_LOOP)], env=environment)

    assert "came" == done.stdout.strip(), done.stdout + done.stderr


def test_an_observer_is_told_beside_the_run_that_another_one_could_not_be_opened(ex):
    """An end that hangs in a sink without a folder holds up no run that has failed to begin."""
    told = []

    class Noted(Quiet):
        def close(self, record):
            told.append((record.status, threading.current_thread() is threading.main_thread()))

    def fail():
        raise OSError("no such host")

    ex.observers += [Opening(lambda: None, Noted), Opening(fail)]
    ex.main(lambda: None)
    with pytest.raises(OSError, match="no such host"):
        ex.run()

    assert [("FAILED", False)] == told


ONE_AFTER_ANOTHER = """
    import signal, sys
    from expframe import Experiment

    ex = Experiment("often")
    ex.main(lambda: None)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    class Struck(BaseException):
        pass

    def take(_number, _frame):
        raise Struck

    for number in numbers[1:]:
        signal.signal(number, take)
    before = [signal.getsignal(number) for number in numbers]

    def do(number, moment):  # strike once so many handlers have been changed
        changed = 0

        def strike(_frame, event, what):
            nonlocal changed
            if event == "c_return" and what.__name__ == "signal":
                changed += 1
                if changed == moment:
                    signal.raise_signal(number)

        sys.setprofile(strike)
        try:
            ex.run(options={"loglevel": "CRITICAL", "capture": "no"})
        except (Struck, KeyboardInterrupt):
            pass
        finally:
            sys.setprofile(None)
        return changed

    whole = do(signal.SIGINT, 0)
    assert whole > 6
    for moment in range(1, whole + 1):
        for number in numbers:
            do(number, moment)
            found = [signal.getsignal(number) for number in numbers]
            assert before == found, (moment, number, found)
"""


@pytest.mark.once
def test_no_signal_waits_for_ever_whenever_another_one_comes(script, environment):
    """One that comes between two that are made to wait, or are given back, leaves the handlers as they were."""
    done = run_python([script(ONE_AFTER_ANOTHER)], env=environment)

    assert 0 == done.returncode, done.stderr
