"""
Sweeps under fire: who does one is killed at a random moment, with its workers or without, and another goes on.

Where storage fails, too, it does so until the last one begins, who also does again what has failed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import expframe
from expframe import Experiment
from tests.torture import journal
from tests.torture.faults import Faults, Struck
from tests.torture.journal import Journal
from tests.torture.oracle import Ended, Evidence, RunJudgement
from tests.torture.programs import Doing, Plan, Program, plan_drawn

ROOT = Path(__file__).parent.parent.parent
_SCRIPT = """\
from pathlib import Path
from expframe import Experiment
from tests.torture.swept import prepare

folder = Path(__file__).parent
ex = Experiment("torture", store=folder / "store", project_dir=folder, sample=0)
prepare(ex, folder)
if __name__ == "__main__":
    ex.run_commandline()
"""
TRIALS = 4
_PATIENCE = 120
"""Seconds after which a sweep hangs."""


def plans_of(number: int) -> list[Plan]:
    """Return what the trials of a sweep do. They make no checkpoint: each attempt is a run of its own."""
    draw, numbers, values = random.Random(f"sweep:{number}"), count(), count()
    plans = []
    for _ in range(TRIALS):
        plan = plan_drawn(draw, numbers, values, depth=2)
        actions = tuple(action for action in plan.actions if action[0] != "checkpoint")
        plans.append(Plan(plan.number, actions, ("return", next(values))))
    return plans


def prepare(ex: Experiment, folder: Path) -> None:
    """Let the experiment of the script in a folder, which is called by the number of its sweep, do what trials do."""
    plans = plans_of(int(folder.name))
    ex.add_config(plan=0)

    @ex.main
    def main(plan: int, _run: Any) -> Any:
        work = folder / "work" / _run.id
        work.mkdir()
        doing = Doing(Program(plans[plan], "sys", 0.1, False), work, Journal(folder / "journal"))
        return doing.act(ex, plans[plan], _run)


class Sweep:
    """
    A sweep under fire.

    Args:
        number: Its seed, and the name of its folder.
        folder: Where that is.
        library: What makes storage fail; None where it does not.
    """

    def __init__(self, number: int, folder: Path, library: Path | None) -> None:
        self.plans = plans_of(number)
        self.folder = folder / str(number)
        self.problems: list[str] = []
        self.counts: Counter[str] = Counter(sweeps=1)
        self._draw = random.Random(f"fire:{number}")
        self._library = library
        (self.folder / "work").mkdir(parents=True)
        (self.folder / "script.py").write_text(_SCRIPT)
        for _ in range(self._draw.choice([1, 2, 3])):
            self._start(self._draw.randrange(40))
        if (code := self._start(None)) != 0:
            self.problems.append(f"it ended with {code}")
        self._judge()

    def _start(self, lines: int | None) -> int:
        """Let somebody do the sweep, or go on with it; kill that one once the journal has so many more lines."""
        words = ["with", f"plan={','.join(map(str, range(TRIALS)))}"]
        for begun in (self.folder / "store").glob("*/sweep.json"):
            words = ["--resume", begun.parent.name, *(["--retry", "failed"] if lines is None else [])]
        command = [sys.executable, self.folder / "script.py", "sweep", *words, "-j", "2"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **(self._failing() if lines is not None else {})}
        with open(self.folder / "said", "ab") as said:
            sweep = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=said, stderr=said)
        if lines is None:
            return sweep.wait(_PATIENCE)
        path = self.folder / "journal"
        wanted = len(journal.read(path)) + lines
        late = time.monotonic() + _PATIENCE
        while sweep.poll() is None and len(journal.read(path)) <= wanted and time.monotonic() < late:
            time.sleep(0.005)
        if time.monotonic() >= late:
            self.problems.append("it goes on without end")
        victims = [sweep.pid, *(_below(sweep.pid) if self._draw.random() < 0.7 else ())]
        for pid in victims if sweep.poll() is None else ():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self.counts["killed"] += 1
        return sweep.wait()

    def _failing(self) -> dict[str, str]:
        """Return the variables by which storage fails in a process and all below it."""
        if self._library is None:
            return {}
        faults = Faults.drawn(self._draw, fails=True, kills=False)._replace(lasting=-1)
        return {"LD_PRELOAD": str(self._library), "FAULTS": faults.told(self.folder / "store", self.folder / "faults")}

    def _judge(self) -> None:
        struck = Struck.read(self.folder / "faults")
        self.counts["faults"] += len(struck)
        entries = journal.read(self.folder / "journal")
        runs = {run.id: run for run in expframe.runs(self.folder / "store") if run.record.sweep}
        attempts: dict[int, list[str]] = {plan.number: [] for plan in self.plans}
        by_run: dict[str, list[journal.Entry]] = {}
        for entry in entries:
            if entry.word == "begun":
                attempts[entry.plan].append(entry.more[0])
            by_run.setdefault(attempts[entry.plan][-1], []).append(entry)
        for plan in self.plans:
            found = [runs.pop(id) for id in attempts[plan.number] if id in runs]
            statuses = [str(run.status) for run in found]
            before = {"DIED", "FAILED"} if struck else {"DIED"}
            if statuses[-1:] != ["COMPLETED"] or not before.issuperset(statuses[:-1]):
                self.problems.append(f"the attempts of plan {plan.number} are {statuses}")
            for run in found:
                killed = None if run.status == "COMPLETED" else time.monotonic()
                ended = Ended(killed, 0, None)
                program = Program(plan, "sys", 0.1, False)
                evidence = Evidence(program, Faults(), by_run[run.id], struck, ended, run.folder.parent, self.folder)
                judgement = RunJudgement(evidence, plan, by_run[run.id], run, 0.0)
                judgement.check()
                self.counts += judgement.counts
                self.problems += judgement.problems
        self.counts["attempts"] += sum(map(len, attempts.values()))
        if any(str(run.status) not in (("DIED", "FAILED") if struck else ("DIED",)) for run in runs.values()):
            self.problems.append(f"runs of trials that never began: {[(run.id, run.status) for run in runs.values()]}")


def _below(pid: int) -> Iterator[int]:
    """Yield the processes that a process has started, and those that these have."""
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from _below(child)


def under_fire(
    numbers: range, folder: Path, library: Path | None = None
) -> Iterator[tuple[int, list[str], Counter[str]]]:
    """
    Do sweeps, and yield for each its number, what does not hold of it, and what its trials did.

    Args:
        numbers: Their seeds.
        folder: Where they are done.
        library: What makes storage fail, see `faults`; None where it does not.
    """
    for number in numbers:
        sweep = Sweep(number, folder, library)
        yield number, sweep.problems, sweep.counts
