"""Workers of a sweep as tasks of Dask and Ray on this machine, of which one is killed."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress

import pytest

SCRIPT = textwrap.dedent("""
    import sys
    import time
    from pathlib import Path

    from expframe import Experiment
    from expframe.cli.sweeps.start import start_sweep
    from expframe.store.sweeps.axes import Choices
    from expframe.store.sweeps.plan import Plan
    from expframe.sweep.settings import SweepAsked

    ex = Experiment("toy")
    ex.add_config(lr=0.1)


    @ex.main
    def train(lr):
        time.sleep(0.15)
        while lr > 2 and not Path(__file__).with_name("go").exists():
            time.sleep(0.02)
        return lr * 10


    if __name__ == "__main__":
        if sys.argv[1:2] == ["sweep"]:
            plan = Plan(axes=(Choices(("lr",), tuple((str(number / 10),) for number in range(1, 41))),))
            sys.exit(start_sweep(ex, plan, SweepAsked(jobs=3, on=sys.argv[2])))
        ex.run_commandline()
""")

DASK = textwrap.dedent("""
    import json
    import sys

    from distributed import LocalCluster

    if __name__ == "__main__":
        cluster = LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None)
        print(json.dumps([cluster.scheduler_address, [worker.pid for worker in cluster.workers.values()]]), flush=True)
        sys.stdin.read()
        cluster.close()
""")


@pytest.fixture
def start(tmp_path, environment):
    """Return what starts a script in a folder; with its end each process ends that it has left."""
    mark = str(tmp_path)
    started = []

    def do(name, content, *words):
        (tmp_path / name).write_text(content)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        variables = {**environment, "MARK_OF_TEST": mark}
        command = [sys.executable, str(tmp_path / name), *words]
        process = subprocess.Popen(command, cwd=tmp_path, env=variables, text=True, start_new_session=True, **pipes)
        started.append(process)
        return process

    yield do
    wait_for(lambda: not killed(marked(mark)))
    for process in started:
        process.wait()
        process.stdin.close()
        process.stdout.close()


def marked(mark, name=""):
    """Return the processes of a test, those whose command line begins with a name."""
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                is_ours = f"MARK_OF_TEST={mark}\0".encode() in file.read()
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                is_named = file.read().startswith(name.encode())
        except OSError:
            continue
        if is_ours and is_named:
            found.append(int(pid))
    return found


def killed(pids):
    """Kill processes, and return them."""
    for pid in pids:
        with suppress(ProcessLookupError):  # it has just ended by itself
            os.kill(pid, signal.SIGKILL)
    return pids


def entries(store, event):
    """Return what the journal says of one kind of event: trials, their attempts and statuses."""
    files = (store / "1" / "trials").glob("*.jsonl")
    lines = [line for path in files for line in path.read_text().splitlines(keepends=True)]
    found = [json.loads(line) for line in lines if line.endswith("\n")]  # one may just be written
    return sorted((entry["trial"], entry["attempt"], entry.get("status")) for entry in found if entry["event"] == event)


def wait_for(condition):
    """Wait until something holds."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it has never come"
        time.sleep(0.05)


def test_dask_does_each_trial_once_though_a_worker_is_killed(tmp_path, start):
    """Tasks of a worker that is killed are done by another one; each of forty trials is done once."""
    address, pids = json.loads(start("dask_here.py", DASK).stdout.readline())
    sweep = start("toy.py", SCRIPT, "sweep", f"dask:{address}")
    wait_for(lambda: len(entries(tmp_path / "runs", "ended")) > 4)
    os.kill(pids[0], signal.SIGKILL)
    (tmp_path / "go").touch()
    out, _ = sweep.communicate(timeout=120)

    assert 0 == sweep.returncode, out
    assert [(number, 1, "COMPLETED") for number in range(40)] == entries(tmp_path / "runs", "ended")


def test_dask_on_this_machine_tells_no_step_of_its_own(tmp_path, start):
    """Without an address Dask starts here, and what its scheduler does step by step is not shown."""
    (tmp_path / "go").touch()
    out, _ = start("toy.py", SCRIPT, "sweep", "dask").communicate(timeout=120)

    assert "40 trials: 40 completed" in out
    assert "INFO - distributed" not in out


def test_ray_does_each_trial_once_though_a_worker_is_killed(tmp_path, start):
    """Where a process of Ray's is killed its task starts again; each of forty trials is done once."""
    sweep = start("toy.py", SCRIPT, "sweep", "ray")
    wait_for(lambda: len(entries(tmp_path / "runs", "ended")) > 4)
    os.kill(marked(str(tmp_path), "ray::work_task")[0], signal.SIGKILL)
    (tmp_path / "go").touch()
    out, _ = sweep.communicate(timeout=120)

    assert 0 == sweep.returncode, out
    assert [(number, 1, "COMPLETED") for number in range(40)] == entries(tmp_path / "runs", "ended")
