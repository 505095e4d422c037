"""Storage that two machines share, with the manners of NFS: no locks, no links, attributes that come late."""

import os
import threading
import time

import mounts
import pytest
from interpreter import run_python
from steps import wait_until

import expframe
from expframe import Experiment
from expframe.store.lease import Lease, is_alive
from expframe.store.sweeps.claims import Claims

pytestmark = pytest.mark.once


@pytest.fixture
def machines(tmp_path, passing):
    """The folder that two machines share, as each has it."""
    (tmp_path / "below").mkdir()
    manners = ["--late", "1", "--no-links"]
    return [
        passing.enter_context(mounts.passed_through(tmp_path / name, tmp_path / "below", *manners)) for name in "ab"
    ]


def test_a_run_is_read_and_resumed_from_another_machine(machines):
    """What a run of one machine keeps is all there for another, which resumes it, and the first one sees that."""
    here, there = (Experiment("shared", store=machine / "runs") for machine in machines)
    fails = [True, False]

    def main(_run):
        last = _run.last_checkpoint()
        for step in range(last.step + 1 if last else 0, 4):
            _run.log_scalar("loss", step)
            _run.log_text("text", f"step {step}")
            _run.info["step"] = step
            _run.save([step], f"{step}.json")
            _run.checkpoint(step, n=step)
            if step == 1 and fails.pop(0):
                raise RuntimeError("gone")
        return "done"

    here.main(main)
    there.main(main)
    with pytest.raises(RuntimeError):
        here.run()
    (failed,) = expframe.runs(machines[1] / "runs")

    assert ("FAILED", [0, 1], [1]) == (failed.status, failed.metrics("loss").values, failed.load("1"))
    there.run(options={"resume": "1"})
    stored = expframe.runs(machines[0] / "runs")[1]
    wait_until(lambda: stored.status == "COMPLETED" and len(stored.metrics("loss")) > 2)
    wait_until(lambda: len(stored.media("text")) > 2 and len(stored.files) > 2)  # each file's attributes come by itself
    assert ("done", 2, [0, 1, 2, 3]) == (stored.result, stored.record.attempt, stored.metrics("loss").values)
    assert [f"step {step}" for step in range(4)] == [text.content for text in stored.media("text")]
    assert {f"{step}.json" for step in range(4)} == {file.name for file in stored.files}


def test_of_two_machines_just_one_has_each_trial(machines):
    """Of two machines that claim the trials of a sweep at once just one has each."""
    (machines[0] / "1").mkdir()
    claims = [Claims(machine / "1") for machine in machines]
    for one in claims:
        one.folder.mkdir(parents=True, exist_ok=True)
    taken = [[], []]

    def take(number):
        taken[number] += [trial for trial in range(60) if claims[number].take(trial, 1, f"writer-{number}")]

    threads = [threading.Thread(target=take, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(range(60)) == sorted(taken[0] + taken[1])


def test_a_run_elsewhere_is_alive_by_the_clock_of_its_storage(machines, monkeypatch):
    """A run of another machine is judged by the clock of the storage, however wrong those of the machines are."""
    folder = machines[0] / "runs" / "1"
    folder.mkdir(parents=True)
    Lease("another boot 1", 1, "1", 10.0).write(folder / "lease")
    for wrong in (-86400.0, 86400.0):
        monkeypatch.setattr(time, "time", lambda wrong=wrong: 1.8e9 + wrong)

        assert is_alive(machines[1] / "runs" / "1")
    old = os.stat(folder / "lease").st_mtime - 120
    os.utime(folder / "lease", (old, old))
    wait_until(lambda: not is_alive(machines[1] / "runs" / "1"))
    assert ["1"] == os.listdir(machines[0] / "runs")


def test_a_clock_that_jumps_spoils_no_run(tmp_path, script, environment, cli):
    """While the clock jumps back and forth by days a run beats, logs and ends; it is listed and shown."""
    path = script("""
        import time
        from expframe import Experiment

        clock, jumps = time.time, [0.0]
        time.time = lambda: clock() + jumps[0]
        ex = Experiment("jumps")

        @ex.main
        def main(_run):
            for step in range(40):
                jumps[0] = (0.0, -86400.0, 86400.0, -3600.0)[step % 4]
                _run.log_scalar("n", step)
                with _run.timer("step"):
                    time.sleep(0.005)

        ex.run(options={"beat_interval": 0.02})
    """)
    done = run_python([path], env=environment)
    (run,) = expframe.runs(tmp_path / "runs")

    assert (0, "COMPLETED") == (done.returncode, run.status)
    assert list(range(40)) == run.metrics("n").values
    assert list(range(40)) == run.metrics("n").steps
    assert () == run.record.problems
    assert "1 " in cli("ls") and 0 == cli.code
    assert "COMPLETED" in cli("show", "1") and 0 == cli.code
