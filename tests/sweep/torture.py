"""
Random schedules: workers and trials of sweeps are killed at random moments, and new ones come, until all is done.

    python torture.py FOLDER SCHEDULES TRIALS WORKERS SEED

prints for each schedule how many trials were lost, done twice, begun again, and how many processes were killed.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from expframe import current_run, runs
from expframe.config.options import Options
from expframe.config.request import Request
from expframe.experiment.experiment import Experiment
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.axes import Choices
from expframe.store.sweeps.plan import Plan, Start
from expframe.store.sweeps.trials import Trials
from expframe.sweep.settings import WorkAsked
from expframe.sweep.sweep_run import SweepRun
from expframe.sweep.worker import Worker

SCRIPT = """
import time
from expframe import Experiment

ex = Experiment("torture", sample=False)
ex.add_config(x=0)

@ex.automain
def work(x, seed, _run):
    done = _run.last_checkpoint()
    for step in range(done.step + 1 if done else 1, 4):
        time.sleep((seed % 7) / 100)
        if x % 3 == 0:
            _run.checkpoint(step, state=step)
    return x
"""


def main(folder, schedules, trials, workers, seed):
    """Do all schedules; say what came of each."""
    script = folder / "torture_script.py"
    script.write_text(SCRIPT)
    for number in range(schedules):
        store = folder / f"store{number}"
        found = schedule(script, store, trials, workers, random.Random(f"{seed}:{number}"))
        print(json.dumps(found), flush=True)
        if not found["lost"] and not found["twice"]:
            shutil.rmtree(store, ignore_errors=True)  # a trial whose worker was killed may still be ending


def schedule(script, store, trials, workers, draw):
    """Do one sweep under fire."""
    values = tuple((str(x),) for x in range(trials))
    plan = Plan(axes=(Choices(("x",), values),), start=Start(script=str(script), folder=str(script.parent)))
    asked = Request("sweep", options=Options(file_storage=str(store), capture="no"))
    ex = Experiment("torture", sample=False, project_dir=script.parent)
    ex.prepare_sweep(asked, lambda: plan_file.write(current_run().folder, plan)).do()
    sweep = SweepRun.read(runs(store)[1])
    alive, killed, began = [], 0, time.monotonic()
    while True:
        alive = [pid for pid in alive if os.waitpid(pid, os.WNOHANG) == (0, 0)]
        is_under_fire = killed < workers * 2
        if is_under_fire:
            while len(alive) < workers:
                alive.append(start(sweep))
            time.sleep(draw.random() * 0.2)
            victims = [*alive, *(child for pid in alive for child in children(pid))]
            with suppress(ProcessLookupError):
                os.kill(draw.choice(victims), signal.SIGKILL)
                killed += 1
        elif not alive:
            if is_done(sweep, trials):
                break
            alive.append(start(sweep))
            time.sleep(0.02)
        else:
            time.sleep(0.01)
        assert time.monotonic() - began < 300, "it never ends"
    completed = Counter(
        run.record.sweep["trial"] for run in runs(store).where("command == 'work' and status == 'COMPLETED'")
    )
    lost = [number for number in range(trials) if not completed[number]]
    twice = [number for number in completed if completed[number] > 1]
    again = sum(attempt > 1 for attempt in Trials(sweep.folder).claims.newest().values())
    return {"lost": lost, "twice": twice, "again": again, "killed": killed, "seconds": time.monotonic() - began}


def is_done(sweep, trials):
    """Return whether all trials are COMPLETED, by the sweep's own account."""
    found = Trials(sweep.folder)
    found.refresh()
    return found.counts(trials) == {"COMPLETED": trials}


def start(sweep):
    """Fork a worker."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            nowhere = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1):
                os.dup2(nowhere, fd)
            code = Worker(sweep, WorkAsked(), lambda _event: None).work()
        finally:
            os._exit(code)
    return pid


def children(pid):
    """Return the processes that a process has started."""
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
