"""A sweep with its workers: what it does, what it says, and how it goes on."""

import errno
import json
import os
import re
import shlex
import shutil
import signal
from contextlib import suppress

import pytest

from expframe import runs
from expframe.__main__ import main
from expframe.cli.sweeps.watcher import LinesWatcher
from expframe.cli.table import Style
from expframe.config.options import Options
from expframe.errors import WorkError
from expframe.experiment.sweep import Sweep
from expframe.record.record import Status
from expframe.store.sweeps.axes import Choices
from expframe.store.sweeps.journal import Journal
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.trials import NEW, ask_stop
from expframe.sweep.settings import SweepAsked
from expframe.sweep.supervisor import Supervisor
from expframe.sweep.sweep_run import SweepRun

once = pytest.mark.once  # they are many processes, and the same on all Pythons


def statuses(sweeps):
    """Return the status of each trial's run by what it was asked."""
    found = runs(sweeps.store).where("command == 'train'").rows("config.lr", "config.seed", "status")
    return sorted(found)


class Interrupted:
    """A worker in whose first turn Ctrl-C is pressed once or twice, and which ends in its second one."""

    def __init__(self, presses):
        self.done = []
        self._presses = presses
        self._running = []

    def __len__(self):
        return len(self._running)

    def start(self, place):
        self._running.append(place)

    def events(self, seconds):
        if not self.done:
            for _ in range(self._presses):
                os.kill(os.getpid(), signal.SIGINT)
        else:
            self._running.clear()
        self.done.append("looked")
        yield from ()

    def ended(self):
        return []

    def slacken(self):
        self.done.append("slacken")

    def interrupt(self):
        self.done.append("interrupt")


class Unreachable(Interrupted):
    """A worker elsewhere, which is asked to stop by a file that a full disk does not take."""

    def slacken(self):
        raise OSError(errno.ENOSPC, "No space left on device")

    interrupt = slacken


class Late:
    """A worker that tells what has happened in three turns, and whose trial has ended by the end of the first one."""

    def __init__(self, folder, first, second):
        place = {"trial": 0, "attempt": 1}
        ended = {"status": "COMPLETED", "values": {"result": 1.0}}
        told = [{"event": event, **place} for event in ("claimed", "started", "ended")]
        told[2] |= ended
        self._journal = Journal(folder, "late")
        self._turns = [told[:first], told[first:second], told[second:]]
        self._ended = ended

    def __len__(self):
        return len(self._turns)

    def start(self, place):
        self._journal.note("started", 0, 1, run="2")
        self._journal.note("ended", 0, 1, run="2", **self._ended)

    def events(self, seconds):
        yield from self._turns.pop(0)

    def ended(self):
        return []

    def slacken(self):
        pass


class Told:
    """Takes what a sweep tells."""

    def __init__(self, told):
        self._told = told

    def tell(self, event):
        self._told.append(event["event"])

    def look(self, trials):
        pass


class TestStraightLine:
    """From words to a table."""

    def test_each_trial_is_a_run_of_the_sweep(self, sweeps):
        """All trials are done, as runs inside the sweep's run, which know which trial they are; a table follows."""
        code, text = sweeps.sweep(jobs=2)

        assert 0 == code, text

        sweep = runs(sweeps.store)[1]
        trial = next(run for run in sweep.children if run.record.sweep["trial"] == 3)

        assert 6 == len(statuses(sweeps))
        assert ("sweep", Status.COMPLETED, {"completed": 6}) == (sweep.command, sweep.status, dict(sweep.result))
        assert {"trial": 3, "configuration": 1, "replicate": 1, "attempt": 1} == dict(trial.record.sweep)
        assert (0.2, 2) == (trial.config["lr"], trial.config["seed"])
        assert (sweep.uid, "1", 1) == (trial.record.parent, trial.record.parent_id, trial.depth)
        assert ["toy.py", "with", "lr=0.2", "seed=2"] == [trial.record.argv[0].split("/")[-1], *trial.record.argv[1:]]
        assert "training with 0.2" in trial.output()
        assert "1  0.3       3  3 .. 3         2  2 of 2" in text
        assert "6 trials: 6 completed" in text
        assert "training with" not in text

    @pytest.mark.once
    def test_seeds_that_nobody_gave_follow_from_the_sweep(self, sweeps, environment):
        """A trial's seed is a function of the sweep's seed and of what is asked: the same in each order and attempt."""
        sweeps.sweep("0.1,0.2", "1", fixed="seed=7")
        first = {run.config["lr"]: run.seed for run in runs(sweeps.store)[1].children}

        assert {0.1: 1, 0.2: 1} == first

    @once
    def test_a_fresh_interpreter_does_the_same(self, sweeps):
        """Where each trial has a new interpreter the same comes out."""
        code, text = sweeps.sweep("0.1,0.2", "1", fresh=True, jobs=2)

        assert 0 == code, text
        assert [(0, 1, "COMPLETED"), (1, 1, "COMPLETED")] == sweeps.ended()
        assert {0: "training with 0.1", 1: "training with 0.2"} == {
            run.record.sweep["trial"]: " ".join(re.findall("training with [0-9.]+", run.output()))
            for run in runs(sweeps.store)[1].children
        }
        assert [""] * 2 == [path.read_text() for path in (sweeps.store / "1" / "workers").iterdir()]

    @pytest.mark.once
    def test_what_happens_is_told_as_json(self, sweeps):
        """With JSON each line is what has happened, as soon as it has."""
        _, text = sweeps.sweep("0.1", "1", json=True)
        events = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        events = [event for event in events if event["event"] != "said"]

        assert ["sweep", "claimed", "started", "ended", "over"] == [event["event"] for event in events]
        assert {"result": 1.0} == events[3]["values"]
        assert {"completed": 1} == events[4]["counts"]

    @pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 3), (3, 3)])
    def test_steps_of_a_trial_are_told_once_and_in_order(self, tmp_path, first, second):
        """However late a worker tells of its trial, which has ended meanwhile, that is told as it has happened."""
        told = []
        sweep = SweepRun(tmp_path, Plan(axes=(Choices(("lr",), (("1",),)),)), None)
        Supervisor(sweep, Late(tmp_path, first, second), SweepAsked(), 0.0, Told(told)).follow()

        assert ["claimed", "started", "ended"] == told

    @once
    def test_a_run_that_is_taken_for_a_trial_counts_with_its_value(self, sweeps):
        """With `needed` a completed run of the same config and code is the trial, and has its value in the table."""
        sweeps.sweep("0.1,0.2", "1")
        code, text = sweeps.sweep("0.1,0.2,0.3", "1", needed=True)
        trials = runs(sweeps.store)["4"].sweep.trials

        assert 0 == code, text
        assert [{"result": value} for value in (1.0, 2.0, 3.0)] == [
            pytest.approx(dict(trial.newest.values)) for trial in trials
        ]
        assert {"2", "3"} == {trial.run for trial in trials[:2]}
        assert "3 trials: 3 completed" in text

    @once
    def test_a_goal_that_a_trial_has_no_value_of_is_said_once(self, sweeps):
        """After the first trial it is said that a metric was not logged, with the nearest ones that were."""
        goals = ("metrics.stp.min", "metrics.loss.last", "config.fail", "metrics.step.min")
        code, text = sweeps.sweep("0.1,0.2", "1", goals=goals)
        said = [line for line in text.splitlines() if line.startswith("No ")]

        assert 0 == code, text
        assert [
            "No metrics.stp.min in trial 0: Did you mean step?",
            "No metrics.loss.last in trial 0: It has logged: step.",
            "No config.fail in trial 0: It ranks trials where it is a number.",
        ] == said
        assert text.index("No metrics.stp.min") < text.index("lr=0.2 seed=1 COMPLETED")


class TestTerminal:
    """A block that lives while the sweep goes on."""

    @pytest.mark.once
    def test_the_block_makes_way_for_the_table(self, sweeps):
        """While it goes on trials that run are shown; in the end the table stands alone, and failures above it."""
        shows = (" 2 running", "best so far: lr=0.1, result 1\r\n")
        shown, written = sweeps.on_terminal("0.1,0.3", "1,2", fixed="held=0.3", jobs=2, until=shows)

        assert [True, True] == [text in written for text in shows]
        assert "running" not in shown
        assert "4 trials: 4 completed" in shown
        assert "1  0.3       3" in shown


class TestMachine:
    """Workers share the machine."""

    @once
    def test_gpus_are_shared_out(self, sweeps, monkeypatch):
        """Each trial sees its part of the GPUs; there are no more workers than that allows."""
        sweeps.environment["CUDA_VISIBLE_DEVICES"] = "3,5"
        process = sweeps.start("0.1,0.2", "1,2", fixed="held=0", gpus=1, jobs=4)
        sweeps.wait_for(lambda: sweeps.started() == 2)  # one of each worker
        sweeps.go()
        code, text = sweeps.end_of(process)
        seen = {line.split()[-1] for run in runs(sweeps.store)[1].children for line in [run.output().splitlines()[1]]}

        assert 0 == code, text
        assert "2 workers in place of 4: each has 1 of 2 GPUs." in text
        assert {"3", "5"} == seen

    @pytest.mark.parametrize(("visible", "seen"), [("0", "1 GPU"), ("-1", "0 GPUs")])
    def test_gpus_that_are_not_there_are_refused(self, sweeps, visible, seen):
        """More GPUs than are seen are refused, before any trial; the variable hides them as it does from CUDA."""
        sweeps.environment["CUDA_VISIBLE_DEVICES"] = visible
        code, text = sweeps.sweep("0.1", "1", gpus=2)

        assert code
        assert f"--gpus=2: is more than there is: {seen} seen, by" in text
        assert [] == sweeps.ended()

    def test_detached_workers_go_on(self, sweeps):
        """With `--detach` the command ends at once, and workers go on by themselves."""
        code, text = sweeps.sweep("0.1,0.2", "1", fixed="pause=0.5", detach=True, jobs=2)
        sweeps.wait_for(lambda: len(sweeps.ended()) == 2)

        assert 0 == code, text
        assert "2 workers go on by themselves: expframe sweep watch 1" in text
        assert [(0, 1, "COMPLETED"), (1, 1, "COMPLETED")] == sweeps.ended()


class TestFailures:
    """What goes wrong in a trial costs that trial."""

    @pytest.mark.once
    def test_a_failure_is_said_with_its_words(self, sweeps, capsys):
        """Others go on; the failure is said with the trial's words and its first line, and the exit code is 1."""
        code, text = sweeps.sweep(fixed="fail=raise", jobs=2)

        assert 1 == code
        assert "lr=0.2 seed=1 FAILED" in text
        assert "ValueError: too high" in text
        assert "\nValueError: too high (trials 2..3)\n6 trials: 4 completed, 2 failed" in text
        assert 0 == main(["sweep", "show", "last", "-F", str(sweeps.store)])
        assert "trials 2..3: ValueError: too high" in capsys.readouterr().out

    @pytest.mark.once
    def test_a_trial_that_dies_is_written_down_by_its_worker(self, sweeps):
        """A trial that is killed is DIED, with the signal, and its worker goes on."""
        code, text = sweeps.sweep("0.2,0.1", "1", fixed="fail=kill")

        assert 1 == code
        assert [(0, 1, "DIED"), (1, 1, "COMPLETED")] == sweeps.ended()
        assert "run 2: lr=0.2 seed=1 DIED the process was ended by SIGKILL" in text

    @once
    @pytest.mark.parametrize("fresh", [False, True])
    def test_a_trial_whose_end_only_its_run_says_has_what_that_says(self, sweeps, fresh):
        """Where a process ends between the ends of its run and its trial, its worker writes down what the run said."""
        silent = "import expframe.sweep.sink as s, os\ns.TrialObserver.note_end = lambda *_, **__: os._exit(3)\n"
        sweeps.script.write_text(silent + sweeps.script.read_text())
        _, text = sweeps.sweep("0.1,0.2", "1", fixed="fail=raise", fresh=fresh)

        assert [(0, 1, "COMPLETED"), (1, 1, "FAILED")] == sweeps.ended()
        assert re.search(r"trial 0 run 2: lr=0.1 seed=1 COMPLETED 1 in [\d.]+ s\n", text)
        assert re.search(r"trial 1 run 3: lr=0.2 seed=1 FAILED in [\d.]+ s ValueError: too high\n", text)

    @pytest.mark.once
    def test_a_trial_that_ends_its_process_is_told_with_the_exit_code(self, sweeps):
        """A trial whose process ends in its midst DIED, with the exit code."""
        sweeps.script.write_text(sweeps.script.read_text().replace('raise ValueError("once")', "os._exit(3)"))
        sweeps.sweep("0.1", "1", fixed="fail=once")
        (found,) = runs(sweeps.store)["1"].sweep.trials

        assert ("DIED", "the process ended by itself, with exit code 3") == (found.status, found.newest.error)

    @once
    def test_retry_does_it_again(self, sweeps):
        """With `--retry` a trial that failed is tried again, as another attempt and another run, and counts once."""
        code, text = sweeps.sweep("0.1", "1", fixed="fail=once", retry=1)

        assert 0 == code, text
        assert "[1/1] trial 0 (attempt 2)" in text
        assert [(0, 1, "FAILED"), (0, 2, "COMPLETED")] == sweeps.ended()
        assert [2, 1] == [run.record.sweep["attempt"] for run in runs(sweeps.store).where("command == 'train'")]

    @once
    def test_the_next_step_can_be_typed_as_it_is_shown(self, sweeps):
        """What is said to go on, to be done by a worker, or to ask why is a command line that does so."""
        _, text = sweeps.sweep("0.1,0.2", "1", fixed="fail=once")
        words = [shlex.split(line) for line in re.findall(r"^Go on with: expframe (.*)", text, re.MULTILINE)]
        code, text = sweeps.end_of(sweeps.do(*words[0]))
        done = sweeps.end_of(sweeps.do("sweep", "retry", "1", "0"))[1]
        worked = sweeps.end_of(sweeps.do(*shlex.split(done.partition("expframe ")[2])))
        idle = sweeps.end_of(sweeps.do("work", "1"))[1]
        why = sweeps.end_of(sweeps.do(*shlex.split(idle.partition("expframe ")[2])))

        assert [["sweep", "toy.py", "--resume", "1", "--retry", "failed"]] == words
        assert 0 == code and "2 trials: 2 completed" in text
        assert 0 == worked[0] and "trial 0 (attempt 3)" in worked[1]
        assert (0, "2 trials: 2 completed\n") == why

    @pytest.mark.once
    def test_max_fails_ends_it(self, sweeps):
        """After so many failures no trial is begun."""
        code, text = sweeps.sweep("0.2,0.1,0.3,0.4", "1", fixed="fail=raise", max_fails=1)

        assert 1 == code
        assert [(0, 1, "FAILED")] == sweeps.ended()
        assert "1 failed, 3 waiting" in text

    @once
    def test_after_max_fails_it_goes_on(self, sweeps):
        """Resumed, the sweep counts failures anew: those of before, and those that were mended, end nothing."""
        sweeps.sweep("0.1,0.2,0.3", "1", fixed="fail=once", max_fails=1)
        code, text = sweeps.sweep(resume="1", retry=("failed",))
        sweeps.sweep(resume="1", retry=("failed",))

        assert 1 == code
        assert [(0, 1, "FAILED"), (0, 2, "COMPLETED"), (1, 1, "FAILED"), (1, 2, "COMPLETED")] == sweeps.ended()[:4], (
            text
        )

    @once
    def test_failed_trials_are_done_again_when_asked(self, sweeps):
        """Resumed it keeps what failed, unless failures are to be done again."""
        sweeps.sweep("0.1,0.2", "1", fixed="fail=once")
        kept, _ = sweeps.sweep(resume="1")
        again, text = sweeps.sweep(resume="1", retry=("failed",))

        assert (1, 0) == (kept, again), text
        assert [(0, 1, "FAILED"), (0, 2, "COMPLETED"), (1, 1, "FAILED"), (1, 2, "COMPLETED")] == sweeps.ended()


class TestResume:
    """Nothing is lost, nothing is done twice."""

    def test_killed_and_resumed_it_ends_with_the_same(self, sweeps):
        """Everything is killed in the middle; resumed, what was done is kept and the rest is done."""
        process = sweeps.start(fixed="held=0.2", jobs=2)
        sweeps.wait_for(lambda: sweeps.started() == 4)
        before = sweeps.ended()
        sweeps.kill_all()
        process.communicate()
        sweeps.go()
        code, text = sweeps.sweep(resume="1", jobs=2)
        done = [(trial, status) for trial, _, status in sweeps.ended() if status == "COMPLETED"]

        assert 0 == code, text
        assert 2 == len(before)
        assert set(before) <= set(sweeps.ended())
        assert [(number, "COMPLETED") for number in range(6)] == done
        assert "6 trials: 6 completed" in text
        assert 2 == runs(sweeps.store)[1].attempt

    @pytest.mark.once
    def test_a_checkpoint_is_taken_up(self, sweeps):
        """A trial that was killed goes on from its checkpoint, as the same run and the next attempt."""
        process = sweeps.start("0.1", "1", fixed="steps=6 held=0")
        sweeps.wait_for(lambda: (sweeps.store / "2" / "checkpoints").is_dir() and runs(sweeps.store)[2].checkpoints)
        sweeps.kill_all()
        process.communicate()
        sweeps.go()
        code, text = sweeps.sweep(resume="1")
        run = runs(sweeps.store)[2]

        assert 0 == code, text
        assert ["2", "1"] == runs(sweeps.store).ids()
        assert (Status.COMPLETED, 2, 2) == (run.status, run.attempt, run.record.sweep["attempt"])
        assert list(range(1, 7)) == run.metrics("step").steps

    @once
    def test_a_checkpoint_is_taken_up_after_a_death_before_the_run(self, sweeps):
        """A trial goes on from its checkpoint also where another attempt in between died before it had a run."""
        process = sweeps.start("0.1", "1", fixed="steps=6 held=0")
        sweeps.wait_for(lambda: (sweeps.store / "2" / "checkpoints").is_dir() and runs(sweeps.store)[2].checkpoints)
        sweeps.kill_all()
        process.communicate()
        sweeps.go()
        claims = sweeps.store / "1" / "claims"
        (claims / "000000.2").mkdir()
        shutil.copy(claims / "000000.1" / "owner", claims / "000000.2")
        code, text = sweeps.sweep(resume="1")
        run = runs(sweeps.store)[2]

        assert 0 == code, text
        assert ["2", "1"] == runs(sweeps.store).ids()
        assert (Status.COMPLETED, 3) == (run.status, run.record.sweep["attempt"])

    @once
    def test_changed_code_is_refused(self, sweeps):
        """Code that has changed is refused with its files, and the sweep stays as it was; any code goes on if told."""
        sweeps.sweep("0.2,0.1", "1", fixed="fail=kill")
        sweeps.script.write_text(sweeps.script.read_text().replace("SIGKILL", "SIGCONT"))
        record = (sweeps.store / "1" / "run.json").read_bytes()
        refused, said = sweeps.sweep(resume="1")
        left = (sweeps.store / "1" / "run.json").read_bytes()
        worker = sweeps.work("1", "-F", str(sweeps.store))
        of_worker, said_by_worker = sweeps.end_of(worker)
        went_on, text = sweeps.sweep(resume="1", any_code=True)

        assert refused != 0
        assert "has other code than when it was started: toy.py. --any-code goes on all the same." in said
        assert record == left
        assert 1 == of_worker
        assert "has other code" in said_by_worker
        assert 0 == went_on, text
        assert runs(sweeps.store)[1].children[-1].record.sweep["any_code"]


class TestSignals:
    """Ctrl-C once and twice."""

    def test_once_lets_trials_end(self, sweeps):
        """After one Ctrl-C no trial is begun, and those that run come to their end."""
        process = sweeps.start(fixed="held=0")
        sweeps.wait_for(lambda: sweeps.started() == 1)
        sweeps.interrupt(process)
        sweeps.go()
        code, text = sweeps.end_of(process)

        assert 130 == code, text
        assert [(0, 1, "COMPLETED")] == sweeps.ended()
        assert "No new trials; those that run end." in text
        assert Status.INTERRUPTED == runs(sweeps.store)[1].status

    @pytest.mark.parametrize("fresh", [False, True])
    @once
    def test_below_nohup_it_goes_on_without_its_terminal(self, sweeps, fresh):
        """What `nohup` lets its command ignore, workers and trials ignore too: a lost connection ends nothing."""
        process = sweeps.start_below_nohup("0.1,0.2,0.3", "1", fixed="held=0", jobs=2, fresh=fresh)
        sweeps.wait_for(lambda: sweeps.started() == 2)
        for each in sweeps.processes():
            with suppress(ProcessLookupError):  # it has just come to its end
                os.kill(each, signal.SIGHUP)
        sweeps.go()
        code, text = sweeps.end_of(process)

        assert 0 == code, text
        assert [(number, 1, "COMPLETED") for number in range(3)] == sweeps.ended()

    @once
    def test_it_goes_on_where_nobody_reads_what_it_says(self, sweeps):
        """A reader that is gone, such as a `tee` which had the same Ctrl-C, ends no sweep."""
        process = sweeps.start(fixed="pause=0.1")
        while "COMPLETED" not in (line := process.stdout.readline()):
            assert line
        process.stdout.close()
        process.wait(60)

        assert 6 == len(sweeps.ended())
        assert Status.COMPLETED == runs(sweeps.store)[1].status

    def test_twice_interrupts_them(self, sweeps):
        """After a second Ctrl-C those that run are interrupted; resumed they are done."""
        process = sweeps.start("0.1,0.2", "1", fixed="pause=60", jobs=2)
        sweeps.wait_for(lambda: sweeps.started() == 2)
        code, text = sweeps.interrupt_twice(process)

        assert 130 == code, text
        assert [(0, 1, "INTERRUPTED"), (1, 1, "INTERRUPTED")] == sweeps.ended()
        assert [] == sweeps.processes()

    @pytest.mark.parametrize(
        ("presses", "done"), [(1, ["slacken", "said"]), (2, ["slacken", "interrupt"])], ids=["once", "twice"]
    )
    def test_a_signal_waits_until_workers_are_not_being_looked_at(self, tmp_path, presses, done):
        """Ctrl-C slackens and interrupts workers in the next turn, not amid their events, and it is said afterwards."""
        workers = Interrupted(presses)
        axes = (Choices(("lr",), (("1",), ("2",))),)
        sweep = SweepRun(tmp_path, Plan(axes=axes), None)
        found = Supervisor(sweep, workers, SweepAsked(), 0.0, Told(workers.done)).follow()

        assert (130, ["looked", *done, "looked", "slacken"]) == (found.code, workers.done)

    def test_workers_that_cannot_be_asked_to_stop_are_waited_for(self, tmp_path, capsys):
        """Where the store takes no file by which workers elsewhere are asked, that is said, and their ends are seen."""
        workers = Unreachable(2)
        axes = (Choices(("lr",), (("1",), ("2",))),)
        sweep = SweepRun(tmp_path, Plan(axes=axes), None)
        found = Supervisor(sweep, workers, SweepAsked(), 0.0, LinesWatcher(sweep.plan, Style())).follow()

        assert (130, ["looked", "looked"]) == (found.code, workers.done)
        assert "Workers were not asked to stop: No space left on device. They go on" in capsys.readouterr().out

    def test_workers_stop_when_their_starter_is_gone(self, sweeps):
        """Where only the starter is killed, trials that run come to their end, and workers begin no other."""
        process = sweeps.start(fixed="held=0")
        sweeps.wait_for(lambda: sweeps.started() == 1)
        process.kill()
        process.communicate()
        sweeps.go()
        sweeps.wait_for(lambda: not sweeps.processes())

        assert [(0, 1, "COMPLETED")] == sweeps.ended()


class TestRefusals:
    """What cannot be is refused before anything is started."""

    def test_a_sweep_inside_a_run_is_refused(self, ex):
        """A sweep that is started inside a run is refused: trials of trials are nobody's."""

        @ex.main
        def main():
            Sweep(ex, Plan(), Options()).run()

        with pytest.raises(WorkError, match=r"cannot be started inside run 1\. Start it outside of any run\."):
            ex.run()

    @once
    def test_a_status_that_there_is_not_is_refused(self, sweeps):
        """What is to be done again is said by statuses that trials can have; their own ones too."""
        sweeps.sweep("0.1", "1")
        code, text = sweeps.sweep(resume="1", retry=("failed", "faild"))
        known = "completed, died, failed, interrupted, pruned, skipped, timeout"

        assert code
        assert f"--retry=faild: is no status. Did you mean failed? There are: {known}." in text
        assert Status.COMPLETED == runs(sweeps.store)[1].status
        assert 0 == sweeps.sweep(resume="1", retry=("failed",))[0]

    @once
    def test_more_of_a_whole_space_is_refused(self, sweeps):
        """A grid has no more than its cells."""
        sweeps.sweep("0.1", "1")
        code, text = sweeps.sweep(resume="1", more=5)

        assert code
        assert "--more=5: sweep 1 has all of its space already." in text


class TestOthers:
    """Workers that come from elsewhere."""

    @pytest.mark.once
    def test_a_worker_by_hand_goes_on(self, sweeps):
        """`expframe work` does what is left of a sweep whose starter is gone, from any folder."""
        process = sweeps.start("0.1,0.2", "1", fixed="held=0")
        sweeps.wait_for(lambda: sweeps.started() == 1)
        sweeps.kill_all()
        process.communicate()
        sweeps.go()
        code, text = sweeps.end_of(sweeps.work("1", "-F", str(sweeps.store)))

        assert 0 == code, text
        assert {0, 1} == {trial for trial, _, status in sweeps.ended() if status == "COMPLETED"}
        assert "COMPLETED" in text

    @once
    def test_a_worker_that_cannot_import_says_why(self, sweeps):
        """Where the script cannot be imported the sweep ends and says what its worker said."""
        sweeps.sweep("0.2", "1", fixed="fail=kill")
        sweeps.script.rename(sweeps.folder / "other.py")
        code, text = sweeps.end_of(sweeps.work("1", "-F", str(sweeps.store)))

        assert 1 == code
        assert "is not there. A worker needs it where the sweep was started." in text

    @once
    def test_what_the_script_raises_in_its_workers_is_said_once(self, sweeps):
        """Of a script that workers cannot import its own frames are shown, once for all workers that say the same."""
        problem = "import sys\nif sys.argv[1:2] != ['sweep']:\n    raise RuntimeError('not here')\n"
        sweeps.script.write_text(problem + sweeps.script.read_text())
        code, text = sweeps.sweep("0.1,0.2", "1", jobs=2)
        by_hand = sweeps.end_of(sweeps.do("sweep", "toy.py", "with", "lr=0.1,0.2"))
        said = text[: text.index("2 trials: 2 waiting")]

        assert (1, 1) == (code, by_hand[0])
        assert 1 == said.count("RuntimeError: not here\n") == by_hand[1].count("RuntimeError: not here\n")
        for shown in (said, by_hand[1]):
            assert [str(sweeps.script)] == re.findall(r'  File "(.*?)", line', shown)

    @once
    def test_a_worker_that_finds_nothing_to_do_says_so(self, sweeps):
        """Who starts a worker by hand is told where no trial waits for one."""
        sweeps.sweep("0.1", "1")
        code, text = sweeps.end_of(sweeps.work("1", "-F", str(sweeps.store)))

        assert 0 == code
        assert "No trial waits for a worker: expframe sweep why 1" in text

    @once
    def test_a_worker_of_a_stopped_sweep_says_so(self, sweeps, capsys):
        """Where a signal has stopped a sweep, a worker says that it begins nothing, and `why` what helps."""
        sweeps.sweep("0.2,0.1", "1", fixed="fail=kill", max_fails=1)
        ask_stop(sweeps.store / "1", NEW)
        code, text = sweeps.end_of(sweeps.work("1", "-F", str(sweeps.store)))

        assert 0 == code
        assert "Sweep 1 is stopped: no trial is begun until expframe sweep toy.py --resume 1\n" in text
        assert 0 == main(["sweep", "why", "1", "-F", str(sweeps.store)])
        assert "0..1: stopped by a signal, until expframe sweep" in capsys.readouterr().out

    @once
    @pytest.mark.parametrize("words", [(), ("--fresh",)])
    def test_a_worker_that_can_claim_nothing_says_why(self, sweeps, words):
        """Where a trial cannot be claimed its worker says why and ends, however its trials are begun."""
        sweeps.sweep("0.2", "1", fixed="fail=kill")
        claims = sweeps.store / "1" / "claims"
        shutil.rmtree(claims)
        claims.symlink_to("nowhere")
        code, text = sweeps.end_of(sweeps.work("1", "-F", str(sweeps.store), *words))

        assert 1 == code
        assert (
            "sweep 1: has a worker that gets no trial: a process ended before the claim of one: FileExistsError: "
            in text
        )

    @once
    def test_workers_that_are_killed_are_said(self, sweeps):
        """Where one is killed after the other before a trial is done, the sweep ends and says by which signal."""
        deadly = "import os, sys\nif sys.argv[1:2] != ['sweep']: os.kill(os.getpid(), 9)\n"
        sweeps.script.write_text(deadly + sweeps.script.read_text())
        code, text = sweeps.sweep("0.2", "1")

        assert 1 == code
        assert "have ended before any trial was done. The last one said:\nA worker was ended by SIGKILL." in text

    @once
    def test_a_worker_whose_processes_are_killed_ends(self, sweeps):
        """Where processes are killed one after the other before they claim a trial, their worker ends and says so."""
        sweeps.sweep("0.2", "1", fixed="fail=kill")
        sweeps.script.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
        code, text = sweeps.end_of(sweeps.work("1", "-F", str(sweeps.store), "--fresh"))

        assert 1 == code
        assert "gets no trial: 3 processes were ended by SIGKILL before the claim of one." in text

    @pytest.mark.once
    def test_stop_ends_workers_and_trials(self, sweeps, capsys):
        """A sweep that is stopped interrupts its trials, begins no other, and says why; resumed it goes on."""
        process = sweeps.start("0.1,0.2", "1", fixed="pause=0.6 steps=100")
        sweeps.wait_for(lambda: sweeps.started() == 1)
        assert 0 == main(["sweep", "stop", "1", "-F", str(sweeps.store)])
        code, _ = sweeps.end_of(process)
        capsys.readouterr()

        assert code
        assert [(0, 1, "INTERRUPTED")] == sweeps.ended()
        assert "INTERRUPTED" == runs(sweeps.store)["1"].status
        assert 0 == main(["sweep", "why", "1", "-F", str(sweeps.store)])
        assert "0..1: stopped by expframe sweep stop, until expframe sweep" in capsys.readouterr().out
        assert 0 == main(["sweep", "retry", "1", "0", "-F", str(sweeps.store)])
        begun_by = shlex.split(capsys.readouterr().out.partition("Workers do them: ")[2])
        assert ["expframe", "sweep", "toy.py", "--resume", "1"] == begun_by

    @pytest.mark.once
    def test_a_sweep_needs_the_runs_of_its_trials_no_more(self, sweeps, capsys):
        """Runs of trials that are done may be exported and deleted: the sweep is shown, and goes on, as before."""
        sweeps.sweep("0.1,0.2,0.3", "1", goals=["result"])
        store, done = str(sweeps.store), "parent == '1' and status == 'COMPLETED'"
        main(["sweep", "show", "1", "-F", store])
        before = capsys.readouterr().out
        packed = str(sweeps.folder / "trials.zip")
        codes = [main(["export", packed, "-F", store, "--where", done]), main(["rm", "-F", store, "--where", done])]
        codes += [main(["rm", "-F", store, "--empty"])]
        capsys.readouterr()
        codes += [main(["sweep", "show", "1", "-F", store])]
        after = capsys.readouterr().out
        _, text = sweeps.sweep(resume="1")
        codes += [main(["import", packed, "-F", store])]
        found = sorted(runs(sweeps.store)[1].children, key=lambda run: run.record.sweep["trial"])

        assert [0] * 5 == codes
        assert before == after
        assert "started" not in text and 3 == sweeps.started(), text
        assert [1.0, 2.0, 3.0] == [run.result for run in found]
        assert [[1.0]] * 3 == [run.metrics("step").values for run in found]

    @pytest.mark.once
    def test_a_silent_trial_is_stopped_between_two_beats(self, sweeps):
        """A trial that logs and prints nothing is told to stop at once, not at its next beat."""
        process = sweeps.start("0.1", "1", fixed="pause=3000", options={"beat_interval": 3000.0})
        sweeps.wait_for(lambda: sweeps.started() == 1 and (sweeps.store / "2" / "metrics.csv").exists())
        main(["sweep", "stop", "1", "-F", str(sweeps.store)])
        sweeps.wait_for(sweeps.ended)
        sweeps.end_of(process)

        assert [(0, 1, "INTERRUPTED")] == sweeps.ended()


@pytest.mark.parametrize("words", [["show", "2"], ["best", "2"], ["why", "2"], ["stop", "2"], ["retry", "2"]])
def test_a_run_that_is_no_sweep_is_refused(ex, words, capsys):
    """What is asked of a run that is no sweep is refused, and said."""
    ex.main(lambda: 1)
    ex.run()
    ex.run()

    assert 1 == main(["sweep", *words, "-F", str(ex.store)])
    assert "run 2: is no sweep. expframe sweep ls shows" in capsys.readouterr().err
