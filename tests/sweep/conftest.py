"""A script that sweeps, and ways to start, kill and look at it."""

import json
import os
import pty
import signal
import subprocess
import sys
import termios
import textwrap
import time
from contextlib import suppress

import pytest
from interpreter import start_python

from expframe.process.terminal import collapse

SCRIPT = textwrap.dedent("""
    import os
    import signal
    import sys
    import time
    from pathlib import Path

    from expframe import Experiment
    from expframe.cli.script.command_line import set_up_logging
    from expframe.cli.sweeps.start import start_sweep
    from expframe.config.request import Override
    from expframe.store.sweeps.axes import Choices
    from expframe.store.sweeps.plan import Goal, Plan
    from expframe.sweep.settings import SweepAsked

    ex = Experiment("toy")


    @ex.config
    def config():
        lr = 0.1
        pause = 0.0
        steps = 1
        fail = ""
        held = 99.0  # trials from this rate on wait for the file `go` before their last step


    @ex.main
    def train(lr, pause, steps, fail, held, seed, _run):
        print("training with", lr, "on", os.environ.get("CUDA_VISIBLE_DEVICES"))
        done = _run.last_checkpoint().step if _run.last_checkpoint() else 0
        if fail == "raise" and lr == 0.2:
            raise ValueError("too high\\nby far")
        if fail == "kill" and lr == 0.2:
            os.kill(os.getpid(), signal.SIGKILL)
        if fail == "once" and _run.record.sweep["attempt"] == 1:
            raise ValueError("once")
        for step in range(done + 1, steps + 1):
            while lr >= held and step == steps and not Path(__file__).with_name("go").exists():
                time.sleep(0.02)
            _run.log_scalar("step", step, step)
            time.sleep(pause)
            if steps > 1:
                _run.checkpoint(step, state={"step": step})
                if _run.should_stop:
                    return None
        return lr * 10


    def sweep(lrs, seeds, fixed="", jobs=1, goals=(), **how):
        set_up_logging(None, ())
        planned = ("retry", "max_fails", "gpus", "needed", "options")
        plan_words = {word: how.pop(word) for word in planned if isinstance(how.get(word), int | float | dict)}
        plan = Plan(
            axes=(Choices(("lr",), tuple((value,) for value in lrs.split(","))),),
            replicates=Choices(("seed",), tuple((value,) for value in seeds.split(","))),
            overrides=tuple(map(Override.parse, fixed.split())),
            goals=tuple(Goal(field, "min") for field in goals),
            **plan_words,
        )
        sys.exit(start_sweep(ex, plan, SweepAsked(jobs=jobs, **how)))


    if __name__ == "__main__":
        if sys.argv[1:2] == ["sweep"]:
            sweep(**eval(sys.argv[2]))
        ex.run_commandline()
""")


class Sweeps:
    """Sweeps of one script in one folder."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.store = folder / "runs"
        self.environment = environment
        self._sessions = []
        self.script = folder / "toy.py"
        self.script.write_text(SCRIPT)

    def on_terminal(self, *args, until, **how):
        """
        Do a sweep on a terminal of 100 columns, and return its screen in the end, and what was written.

        Trials that are held go on when some texts have been shown.
        """
        main, other = pty.openpty()
        termios.tcsetwinsize(other, (40, 100))
        process = self.start(*args, stdout=other, **how)
        os.close(other)
        written = b""
        patience = time.monotonic() + 60
        with suppress(OSError):  # so a terminal says that nobody writes to it any more
            while piece := os.read(main, 65536):
                written += piece
                if all(text.encode() in written for text in until) or time.monotonic() > patience:
                    self.go()
        os.close(main)
        assert 0 == process.wait(60)
        return collapse(written.decode()), written.decode()

    def start(self, lrs="0.1,0.2,0.3", seeds="1,2", stdout=subprocess.PIPE, **how):
        """Start a sweep in a session of its own, and return its process."""
        return self._start(self._words(lrs=lrs, seeds=seeds, **how), stdout)

    def start_below_nohup(self, lrs, seeds, **how):
        """Start a sweep as for a connection that may be lost."""
        command = ["nohup", sys.executable, *self._words(lrs=lrs, seeds=seeds, **how)]
        return self._started(subprocess.Popen(command, **self._surroundings(subprocess.PIPE), text=True))

    def sweep(self, *args, **how):
        """Do a sweep to its end, and return exit code and what was printed."""
        return self._end_of(self.start(*args, **how))

    def work(self, *words):
        """Start a worker that belongs to nobody."""
        return self.do("work", *words)

    def do(self, *words):
        """Start a command of `expframe` in the folder of the script, and return its process."""
        return self._start(["-m", "expframe", *words])

    def _start(self, words, stdout=subprocess.PIPE):
        return self._started(start_python(words, **self._surroundings(stdout)))

    def _words(self, **asked):
        return [str(self.script), "sweep", repr(asked)]

    def _surroundings(self, stdout):
        pipes = {"stdout": stdout, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
        environment = {**self.environment, "COLUMNS": "200"}
        return {**pipes, "cwd": self.folder, "env": environment, "start_new_session": True}

    def _started(self, process):
        self._sessions.append(process.pid)
        return process

    def _end_of(self, process, seconds=120):
        out, _ = process.communicate(timeout=seconds)
        return process.returncode, out

    end_of = _end_of

    def go(self):
        """Let trials go on that are held."""
        (self.folder / "go").touch()

    def wait_for(self, condition, seconds=60):
        """Wait until something holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it has never come"
            time.sleep(0.02)

    def interrupt(self, process, id="1"):
        """Press Ctrl-C, and wait until it was heard."""
        said = self.store / id / "output.txt"
        process.send_signal(signal.SIGINT)
        self.wait_for(lambda: "No new trials" in said.read_text())

    def interrupt_twice(self, process, id="1"):
        """Press Ctrl-C, and again when the first one was heard: two that come at once are one to a process."""
        self.interrupt(process, id)
        process.send_signal(signal.SIGINT)
        return self.end_of(process)

    def ended(self, id="1"):
        """Return how often each trial has ended as what."""
        lines = self._lines(id)
        return sorted((line["trial"], line["attempt"], line["status"]) for line in lines if line["event"] == "ended")

    def started(self, id="1"):
        """Return how many attempts have a run."""
        return sum(line["event"] == "started" for line in self._lines(id))

    def _lines(self, id):
        """Return what the journal of a sweep says by now; a line that is being written is none yet."""
        texts = [path.read_text() for path in sorted((self.store / id / "trials").glob("*.jsonl"))]
        return [json.loads(line) for text in texts for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def kill_all(self, id="1"):
        """Kill every process that works on a sweep, those too that one starts meanwhile."""

        def are_gone():
            found = self.processes(id)
            for process in found:
                with suppress(ProcessLookupError):  # it has just ended by itself
                    os.kill(process, signal.SIGKILL)
            return not found

        self.wait_for(are_gone)

    def processes(self, id="1"):
        """Return the processes of a sweep: its starter, its workers, their trials."""
        found = []
        for name in filter(str.isdecimal, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/cmdline", errors="replace") as file:  # of whoever else is there, too
                    words = file.read().split("\0")
                with open(f"/proc/{name}/stat", errors="replace") as file:
                    state, _, _, session, *_ = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            is_worker = words[2:5] == ["expframe", "work", id] and str(self.store) in words
            if state not in "ZX" and (is_worker or int(session) in self._sessions):
                found.append(int(name))
        return found


@pytest.fixture
def sweeps(tmp_path, environment):
    """Sweeps in a folder of their own; none of their processes outlives the test."""
    found = Sweeps(tmp_path, environment)
    yield found
    found.kill_all()
