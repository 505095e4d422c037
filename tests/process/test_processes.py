"""Real processes: signals, kills, forks, spawned workers, many at once."""

import json
import multiprocessing
import os
import queue
import signal
import subprocess
import threading
import time
from contextlib import suppress

import pytest
from interpreter import run_python, start_python
from steps import REACHING, last_line, wait_until, wait_until_kept

import expframe
from expframe import Status


def start(path, *words, environment, **options):
    """Start a script in its own folder."""
    return start_python([path, *words], cwd=path.parent, env=environment, **options)


def only_run(folder):
    """Return the one run of a folder as soon as it is there."""
    return wait_until(lambda: next(iter(expframe.runs(folder / "runs")), None))


LOOP = """
    import time
    from expframe import Experiment

    ex = Experiment("loop")

    @ex.automain
    def main(_run):
        step = 0
        while True:
            _run.log_scalar("clock", time.time(), step)
            print("line", step, time.time(), flush=True)
            step += 1
            {pause}
"""


AT_FULL_SPEED = """
    import time
    from expframe import Experiment

    ex = Experiment("fast")

    @ex.automain
    def main(_run):
        step = 0
        while True:
            now = time.time()
            _run.log_scalar("clock", now, step)
            print("line", step, now, flush=True)
            reach(now)
            step += 1
            PAUSE
"""


AT_THE_END = """
    import os, signal, sys
    from expframe import Experiment

    ex = Experiment("end")
    left, number = int(sys.argv.pop()), int(sys.argv.pop())


    def count(*event):
        global left
        left -= 1
        if left in (0, -3):
            os.kill(os.getpid(), number)


    @ex.automain
    def main():
        sys.setprofile(count)
        os.kill(os.getpid(), signal.SIGINT)
"""
"""Sends itself Ctrl-C, and twice a signal when so many calls were made and left since."""


class TestSignals:
    """What ends a run from outside."""

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
    def test_interrupted(self, script, environment, tmp_path, number, code):
        """Ctrl-C, SIGTERM and SIGHUP end a run as INTERRUPTED, with their exit codes, and keep everything."""
        process = start(script(LOOP.format(pause="time.sleep(0.01)")), environment=environment)
        run = only_run(tmp_path)
        wait_until(lambda: run.metrics())
        process.send_signal(number)
        _, err = process.communicate(timeout=120)

        assert code == process.returncode, err
        assert Status.INTERRUPTED == run.status
        steps = run.metrics("clock").steps
        assert list(range(len(steps))) == steps
        assert "INTERRUPTED" in err

    def test_no_point_is_lost(self, script, environment, tmp_path):
        """Every point whose call has come back is kept, at whatever moment a signal interrupts."""
        path = script("""
            import json, os, random, signal, time
            from expframe import Experiment, current_run

            ex = Experiment("often")
            asking = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
            taken = []

            def ask(*_):
                if current_run() is not None:  # outside of a run they end the process
                    os.kill(os.getpid(), random.choice(asking))

            signal.signal(signal.SIGALRM, ask)

            @ex.main
            def main(_run):
                taken.append([])
                signal.setitimer(signal.ITIMER_REAL, random.uniform(0.04, 0.09), 0.2)  # points are written every 50 ms
                while True:
                    _run.log_scalar("x", len(taken[-1]))
                    taken[-1].append(_run.id)

            for _ in range(40):
                try:
                    ex.run(options={"loglevel": "CRITICAL", "capture": "no"})
                except BaseException as problem:
                    assert type(problem).__name__ in ("KeyboardInterrupt", "Terminated"), problem
            signal.setitimer(signal.ITIMER_REAL, 0)  # at the end of Python nobody takes it any more
            with open("taken.json", "w") as file:
                json.dump([[ids[0], len(ids)] for ids in taken if ids], file)
        """)
        done = start(path, environment=environment)
        _, err = done.communicate(timeout=120)
        assert 0 == done.returncode, err
        taken = json.loads((tmp_path / "taken.json").read_text())
        kept = [len(expframe.runs(tmp_path / "runs")[id].metrics("x").values) for id, _ in taken]

        assert [0] * len(kept) == [max(0, count - found) for (_, count), found in zip(taken, kept, strict=True)]

    def test_lost_terminal(self, script, environment, tmp_path):
        """A run whose terminal is gone ends as INTERRUPTED with 129, though nothing can be shown any more."""
        ours, its = os.openpty()
        path = script(f"""
            import os
            import time
            from expframe import Experiment

            os.setsid()
            os.close(os.open({os.ttyname(its)!r}, os.O_RDWR))  # this makes it the terminal of the session
            ex = Experiment("far")

            @ex.automain
            def main(_run):
                _run.log_scalar("clock", time.time())
                time.sleep(60)
        """)
        process = start(path, environment=environment, stdin=its, stdout=its, stderr=its)
        os.close(its)
        run = only_run(tmp_path)
        wait_until(lambda: run.metrics())
        os.close(ours)
        process.wait(timeout=120)

        assert 129 == process.returncode
        assert Status.INTERRUPTED == run.status

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_time_to_stop(self, script, environment, tmp_path, number):
        """Code that reads should_stop ends by itself; its result is kept, and its run is INTERRUPTED all the same."""
        path = script("""
            import time
            from expframe import Experiment

            ex = Experiment("patient")

            @ex.automain
            def main(_run):
                print("ready", _run.should_stop, flush=True)
                while not _run.should_stop:
                    time.sleep(0.01)
                time.sleep(0.2)
                return "saved"
        """)
        process = start(path, environment=environment)
        run = only_run(tmp_path)
        wait_until(lambda: "ready" in run.output())
        process.send_signal(number)
        process.communicate(timeout=120)

        assert 128 + number == process.returncode
        assert (Status.INTERRUPTED, "saved") == (run.status, run.result)

    @pytest.mark.once
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_no_moment_of_the_end_is_a_wrong_one(self, script, environment, number):
        """Whenever another signal comes while a run ends, the end is recorded."""
        path = script(AT_THE_END)
        moments = [*range(1, 40, 3), *range(40, 400, 30), *range(400, 3000, 300)]
        for left in moments:
            run_python([path, str(int(number)), str(left)], cwd=path.parent, env=environment)
        found = [run.status for run in expframe.runs(path.parent / "runs")]

        assert [Status.INTERRUPTED] * len(moments) == found

    def test_many_interrupts(self, script, environment, tmp_path):
        """However often Ctrl-C is pressed, the run ends as INTERRUPTED."""
        process = start(script(LOOP.format(pause="time.sleep(0.01)")), environment=environment)
        run = only_run(tmp_path)
        wait_until(lambda: run.metrics())
        for _ in range(8):
            process.send_signal(signal.SIGINT)
            time.sleep(0.003)
        process.communicate(timeout=120)

        assert Status.INTERRUPTED == run.status

    def test_a_child_run_does_not_end_the_grace(self, script, environment, tmp_path):
        """The time to stop runs out though child runs end meanwhile."""
        path = script("""
            import time
            from expframe import Experiment

            ex = Experiment("long", grace=1)

            @ex.command
            def child():
                pass

            @ex.automain
            def main(_run):
                while not _run.should_stop:
                    print("ready", flush=True)
                    time.sleep(0.01)
                for _ in range(1000):
                    ex.run("child")
                    time.sleep(0.01)
        """)
        process = start(path, environment=environment)
        run = wait_until(lambda: "1" in expframe.runs(tmp_path / "runs") and expframe.runs(tmp_path / "runs")["1"])
        wait_until(lambda: "ready" in run.output())
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)

        assert 143 == process.returncode
        assert Status.INTERRUPTED == run.status

    def test_forked_children_keep_the_default(self, script, environment, tmp_path):
        """A forked child that is terminated ends by SIGTERM, as it does without a run."""
        path = script("""
            import multiprocessing, time
            from expframe import Experiment

            ex = Experiment("pool")

            def work(told):
                told.send("begun")
                time.sleep(60)

            @ex.automain
            def main(_run):
                context = multiprocessing.get_context("fork")
                ours, theirs = context.Pipe()
                process = context.Process(target=work, args=(theirs,))
                process.start()
                ours.recv()
                process.terminate()
                process.join()
                return process.exitcode
        """)
        process = start(path, environment=environment)
        _, err = process.communicate(timeout=120)

        assert -signal.SIGTERM == only_run(tmp_path).result
        assert "Traceback" not in err

    def test_runs_of_a_forked_child_give_the_default_back(self, ex):
        """A forked child ends by SIGTERM also after it has done runs of its own, as a pool's worker has to."""

        @ex.command
        def one():
            return signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

        @ex.main
        def main():
            pid = os.fork()
            if pid == 0:
                is_taken = not ex.run("one").result
                os._exit(0 if is_taken and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL else 1)
            return os.waitpid(pid, 0)[1]

        assert 0 == ex.run(options={"capture": "no"}).result

    def test_second_sigterm_does_not_wait(self, script, environment, tmp_path):
        """A second SIGTERM interrupts at once."""
        path = script("""
            import time
            from expframe import Experiment

            ex = Experiment("stubborn")

            @ex.automain
            def main(_run):
                print("ready", _run.should_stop, flush=True)
                while not _run.should_stop:
                    time.sleep(0.01)
                print("told", flush=True)
                time.sleep(60)
        """)
        process = start(path, "--grace", "1000", environment=environment)
        run = only_run(tmp_path)
        for said in ("ready", "told"):
            wait_until(lambda said=said: said in run.output())
            time.sleep(0.3)  # what comes sooner is the same signal, sent twice
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=50)

        assert 143 == process.returncode
        assert Status.INTERRUPTED == run.status

    def test_the_users_own_handler_stays(self, script, environment, tmp_path):
        """A handler that the script has set before is not replaced."""
        path = script("""
            import signal, sys, time
            from expframe import Experiment

            signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
            ex = Experiment("own")

            @ex.automain
            def main(_run):
                print("ready", flush=True)
                time.sleep(60)
        """)
        process = start(path, environment=environment)
        run = only_run(tmp_path)
        wait_until(lambda: "ready" in run.output())
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)

        assert 7 == process.returncode

    @pytest.mark.parametrize("pause", ["pass", "time.sleep(0.001)"])
    def test_sigkill(self, script, environment, tmp_path, pause):
        """SIGKILL at full speed loses at most 100 ms of points and output, and the run reads as DIED."""
        path = script(AT_FULL_SPEED)
        path.write_text(f"{REACHING}{path.read_text()}".replace("PAUSE", pause))
        process = start(path, environment=environment, stdout=subprocess.DEVNULL)
        points, lines = (
            lambda: float(last_line(run.folder / "metrics.csv", "clock,").rpartition(",")[2]),
            lambda: float(last_line(run.folder / "output.txt", "line ").rpartition(" ")[2]),
        )
        try:
            run = only_run(tmp_path)
            wait_until(lambda: run.metrics() and "line 3 " in run.output())
            assert Status.RUNNING == run.status
            last = wait_until_kept(tmp_path, lambda: min(points(), lines()))
        finally:  # it never ends by itself
            process.kill()
            process.wait()
            process.stderr.close()

        clock = run.metrics("clock")
        assert last <= min(clock.values[-1], lines())
        assert list(range(len(clock))) == clock.steps
        assert Status.DIED == run.status


def test_eight_processes_make_eight_runs(script, environment, tmp_path):
    """Processes started at once never share an id."""
    path = script("""
        from expframe import Experiment

        ex = Experiment("many")

        @ex.config
        def config():
            n = 0

        @ex.automain
        def main(_run, n):
            _run.log_scalar("n", n)
            return n
    """)
    processes = [start(path, "with", f"n={n}", environment=environment) for n in range(8)]
    for process in processes:
        _, err = process.communicate(timeout=120)
        assert 0 == process.returncode, err

    runs = list(expframe.runs(tmp_path / "runs"))
    assert 8 == len(runs)
    assert set(range(8)) == {run.result for run in runs}
    assert {str(n) for n in range(1, 9)} == {run.id for run in runs}
    assert all(run.metrics("n").values == [run.result] for run in runs)


class Watched(str):
    """A name at whose every look-up in another thread that thread stands still until told, or for half a second."""

    def __init__(self, _text):
        self.looked_up = queue.SimpleQueue()

    def __hash__(self):
        if threading.current_thread().name == "busy":
            at = threading.Event()
            self.looked_up.put(at)
            at.wait(0.5)
        return super().__hash__()


def time_something(run, name):
    """Time a block."""
    with run.timer(name):
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("use", [time_something, lambda run, name: run.log_text(name, "x")], ids=["timers", "media"])
def test_a_fork_while_a_thread_is_busy_leaves_a_child_that_works(ex, use):
    """Wherever in a timer or a logged text another thread is at the moment of a fork, the child can do the same."""

    @ex.main
    def main(_run):
        name = Watched("busy")
        thread = threading.Thread(target=use, args=(_run, name), name="busy")
        thread.start()
        codes = []
        while thread.is_alive() or not name.looked_up.empty():
            with suppress(queue.Empty):
                at = name.looked_up.get(timeout=0.05)
                child = multiprocessing.get_context("fork").Process(target=use, args=(_run, "of the child"))
                child.start()
                at.set()
                child.join(20)
                codes.append(child.exitcode)
                child.kill()
        return codes

    assert {0} == set(ex.run().result)


WORKERS = """
    import multiprocessing, os, sys, warnings
    from concurrent.futures import ProcessPoolExecutor
    from expframe import Experiment, current_run

    ex = Experiment("workers")

    @ex.config
    def config():
        lr = 0.5
        net = {{"sizes": [1, 2]}}

    @ex.capture
    def train(n, lr=0.1, net=None):
        run = current_run()
        if run is not None:
            run.log_scalar("of_worker", n)
        return n * lr, net and list(net["sizes"]), os.getpid()

    @ex.command
    def bound(_run):
        with ProcessPoolExecutor(2, multiprocessing.get_context("{method}")) as pool:
            return list(pool.map(_run.bind(train), range(4)))

    @ex.command
    def bare(_run):
        with ProcessPoolExecutor(2, multiprocessing.get_context("{method}")) as pool:
            return list(pool.map(train, range(4)))

    if __name__ == "__main__":
        ex.run_commandline()
"""


class TestWorkers:
    """Processes that work for a run."""

    @pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
    def test_bound_functions(self, script, environment, tmp_path, method):
        """`run.bind` takes the config along, and what workers log is the run's."""
        process = start(script(WORKERS.format(method=method)), "bound", environment=environment)
        _, err = process.communicate(timeout=120)
        run = only_run(tmp_path)

        assert 0 == process.returncode, err
        assert [0, 0.5, 1, 1.5] == [value for value, _, _ in run.result]
        assert all(sizes == [1, 2] for _, sizes, _ in run.result)
        assert [0, 1, 2, 3] == sorted(run.metrics("of_worker").values)
        assert len(list(run.folder.glob("metrics-*.csv"))) >= 1

    def test_bare_function_in_a_forked_worker(self, script, environment, tmp_path):
        """A forked worker keeps config and run."""
        process = start(script(WORKERS.format(method="fork")), "bare", environment=environment)
        _, err = process.communicate(timeout=120)
        run = only_run(tmp_path)

        assert 0 == process.returncode, err
        assert [0, 0.5, 1, 1.5] == [value for value, _, _ in run.result]
        assert [0, 1, 2, 3] == sorted(run.metrics("of_worker").values)

    def test_bare_function_in_a_spawned_worker(self, script, environment, tmp_path):
        """A spawned worker is outside of any run, and says once that it uses defaults."""
        process = start(script(WORKERS.format(method="spawn")), "bare", environment=environment)
        _, err = process.communicate(timeout=120)
        run = only_run(tmp_path)

        assert 0 == process.returncode, err
        assert [0, 0.1, 0.2, 0.3] == pytest.approx([value for value, _, _ in run.result])
        pids = {pid for _, _, pid in run.result}
        assert 1 <= err.count("run.bind(train)") <= len(pids)
        assert "lr, net" in err

    def test_forked_child_that_falls_through(self, script, environment, tmp_path):
        """A forked child that leaves the command does not end the run."""
        path = script("""
            import os, sys, time
            from expframe import Experiment

            ex = Experiment("forks")

            @ex.automain
            def main(_run):
                _run.log_scalar("x", 1)
                pid = os.fork()
                if pid == 0:
                    _run.log_scalar("x", 2)
                    print("child speaks")
                    return "child"
                os.waitpid(pid, 0)
                time.sleep(0.2)
                assert _run.status == "RUNNING"
                _run.log_scalar("x", 3)
                return "parent"
        """)
        process = start(path, environment=environment)
        _, err = process.communicate(timeout=120)
        run = only_run(tmp_path)

        assert 0 == process.returncode, err
        assert (Status.COMPLETED, "parent") == (run.status, run.result)
        assert [1, 2, 3] == sorted(run.metrics("x").values)
        assert 1 == run.output().count("child speaks")


class TestOutput:
    """What is printed is kept."""

    @pytest.mark.parametrize("mode", ["fd", "sys"])
    def test_complete_on_failure(self, script, environment, tmp_path, mode):
        """The last byte before an exception is in the record, and the terminal saw the same."""
        path = script("""
            import os, subprocess, sys
            from expframe import Experiment

            ex = Experiment("prints")

            @ex.automain
            def main(_run):
                for n in range(20000):
                    print("line", n)
                sys.stderr.write("to stderr\\n")
                raise RuntimeError("end")
        """)
        process = start(path, "-C", mode, environment=environment)
        out, err = process.communicate(timeout=120)
        run = only_run(tmp_path)

        assert 1 == process.returncode
        assert [f"line {n}" for n in range(20000)] == out.splitlines()
        assert "to stderr\n" in err
        kept = run.output()
        assert "to stderr\n" in kept
        for line in err.splitlines(keepends=True):  # text of one stream may fall into a line of the other's
            kept = kept.replace(line, "", 1)
        assert out == kept

    def test_children_and_c_code(self, script, environment, tmp_path):
        """In fd mode child processes and C code are recorded, also while it holds the GIL."""
        path = script("""
            import ctypes, os, subprocess, sys
            from expframe import Experiment

            ex = Experiment("prints")

            @ex.automain
            def main(_run):
                subprocess.run(["echo", "from a child"], check=True)
                write = ctypes.PyDLL(None).write
                block = b"x" * 65535 + b"\\n"
                for _ in range(50):
                    assert write(1, block, len(block)) == len(block)
                os.write(2, b"raw\\n")
        """)
        process = start(path, environment=environment)
        out, err = process.communicate(timeout=120)
        run = only_run(tmp_path)

        assert 0 == process.returncode, err
        assert 50 * 65536 <= len(out)
        kept = run.output(raw=True)
        assert "from a child\n" in kept
        assert "raw\n" in kept
        assert 50 * 65535 == kept.count("x")


def test_progress_bars_are_collapsed_in_the_record(script, environment, tmp_path):
    """A bar that is redrawn a hundred times is one line of the record."""
    path = script("""
        import sys
        from expframe import Experiment

        ex = Experiment("bars")

        @ex.automain
        def main(_run):
            for n in range(101):
                sys.stdout.write(f"\\r{n}%")
            print(" done")
    """)
    process = start(path, environment=environment, text=False)
    out, _ = process.communicate(timeout=120)
    run = only_run(tmp_path)

    assert b"\r50%" in out
    assert "100% done" in (run.folder / "output.txt").read_text().splitlines()
    assert "\r" not in (run.folder / "output.txt").read_text()


def test_running_script_by_another_process_is_seen_alive(script, environment, tmp_path):
    """A reader sees RUNNING while the process lives, and what it ended as afterwards."""
    process = start(script(LOOP.format(pause="time.sleep(0.01)")), environment=environment)
    run = only_run(tmp_path)
    seen = {run.status for _ in range(20)}
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=120)

    assert {Status.RUNNING} == seen
    assert Status.INTERRUPTED == run.status


def test_many_forks_while_much_is_printed(script, environment, tmp_path):
    """Forking from one thread while others print and log neither deadlocks nor doubles anything."""
    path = script("""
        import os, threading
        from expframe import Experiment

        ex = Experiment("forks")

        @ex.automain
        def main(_run):
            stop = threading.Event()

            def work(name):
                n = 0
                while not stop.is_set():
                    print(name, n)
                    _run.log_scalar(name, n)
                    n += 1
                return n

            threads = [threading.Thread(target=work, args=(f"thread{n}",)) for n in range(3)]
            for thread in threads:
                thread.start()
            for _ in range(20):
                pid = os.fork()
                if pid == 0:
                    print("child", flush=True)
                    _run.log_scalar("child", 1)
                    os._exit(0)
                assert os.waitpid(pid, 0)[1] == 0
            stop.set()
            for thread in threads:
                thread.join()
    """)
    process = start(path, environment=environment, stdout=subprocess.DEVNULL)
    _, err = process.communicate(timeout=120)
    run = only_run(tmp_path)

    assert 0 == process.returncode, err
    metrics = run.metrics()
    assert 20 == len(metrics.pop("child"))
    assert all(curve.steps == list(range(len(curve))) for curve in metrics.values())
    printed = run.output()  # a line of a thread may stand in the same row, and Python 3.12 warns of "the child"
    assert printed.count("child") - printed.count("the child") == 20
