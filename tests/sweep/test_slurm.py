"""Workers in jobs of a real Slurm, which `.ci/slurm start FOLDER` starts, and to which SLURM_CONF leads."""

import os
import signal
import subprocess

import pytest

from expframe import runs

pytestmark = pytest.mark.cluster

TEN = ",".join(str(number / 10) for number in range(1, 11))


def slurm(*words):
    """Do a command of Slurm's, and return what it says."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@pytest.fixture(autouse=True)
def no_jobs(sweeps):
    """Tell of Slurm to what the test starts, and leave none of its jobs behind."""
    assert "SLURM_CONF" in os.environ, "export SLURM_CONF=$(.ci/slurm start FOLDER)"
    assert "\nClusterName             = tests\n" in slurm("scontrol", "show", "config"), "this Slurm is somebody's"
    sweeps.environment = {**sweeps.environment, "SLURM_CONF": os.environ["SLURM_CONF"]}
    yield
    slurm("scancel", "--me", "--name=toy-1,forty")


def states():
    """Return the state of each job by its number."""
    lines = slurm("squeue", "--noheader", "--me", "--array", "--format=%i %T").splitlines()
    return dict(line.split() for line in lines)


def scripts(sweeps):
    """Return what sbatch was told, per array."""
    return [path.read_text() for path in sorted((sweeps.store / "1" / "workers").glob("*_submission.sh"))]


def wait_for_checkpoints(sweeps, count):
    """Wait until so many runs have made a checkpoint."""
    sweeps.wait_for(lambda: len({path.parent for path in sweeps.store.glob("*/checkpoints/*")}) >= count)


def started(sweeps):
    """Return how many attempts have begun."""
    return sweeps.started() if (sweeps.store / "1" / "trials").is_dir() else 0


def start_again(sweeps, job):
    """Let a job that was put back into the queue begin at once: Slurm would wait for two minutes."""
    sweeps.wait_for(lambda: states().get(job) == "PENDING")
    slurm("scontrol", "update", f"JobId={job}", "StartTime=now")


def steps(run):
    """Return the steps that a run has logged."""
    return list(run.metrics("step").steps)


def test_arrays_are_as_large_as_slurm_takes_them(sweeps):
    """Forty trials are done once each by the workers of two arrays, of which none is larger than Slurm's greatest."""
    code, text = sweeps.sweep(TEN, "1,2,3,4", on="slurm", jobs=14, slurm=("time=10", "--job-name=forty"))

    assert 0 == code, text
    assert [(number, 1, "COMPLETED") for number in range(40)] == sweeps.ended()
    assert ["0-10%11", "0-2%3"] == sorted(_line(script, "--array") for script in scripts(sweeps))
    assert ["10", "forty"] == [_line(scripts(sweeps)[0], word) for word in ("--time", "--job-name")]
    assert "40 trials: 40 completed" in text


def test_what_slurm_takes_away_goes_on(sweeps):
    """
    A job that is cancelled and one that is put back leave their trials to others, which go on from their checkpoints,
    though the process that started all is killed.
    """
    starter = sweeps.start("0.1,0.2,0.3,0.4", "1", fixed="steps=16 held=0", on="slurm", jobs=3)
    wait_for_checkpoints(sweeps, 3)
    first = next(iter(states())).partition("_")[0]
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    slurm("scancel", f"{first}_0")
    slurm("scontrol", "requeue", f"{first}_1")
    sweeps.wait_for(lambda: len(sweeps.ended()) == 2)
    sweeps.go()
    start_again(sweeps, f"{first}_1")
    sweeps.wait_for(lambda: not states())

    ended = sweeps.ended()
    trials = [run for run in runs(sweeps.store)["1"].children]

    assert {0, 1, 2, 3} == {trial for trial, _, status in ended if status == "COMPLETED"}
    assert 2 == sum(status == "INTERRUPTED" for _, _, status in ended)
    assert 4 == len(trials)
    assert [list(range(1, 17))] * 4 == [steps(run) for run in trials]


def test_before_its_time_is_up_a_job_is_put_back(sweeps):
    """
    Detached workers go on by themselves: before the end of a job's time its trial makes its checkpoint, and the job
    goes on with it when it starts again.
    """
    code, text = sweeps.sweep("0.1", "1", fixed="steps=16 held=0", on="slurm", jobs=1, detach=True)

    assert 0 == code, text
    assert "A worker goes on by itself in Slurm's jobs " in text

    wait_for_checkpoints(sweeps, 1)
    job = next(iter(states()))
    slurm("scancel", "--signal=USR2", job)  # as Slurm does it
    sweeps.wait_for(sweeps.ended)
    sweeps.go()
    start_again(sweeps, job)
    sweeps.wait_for(lambda: not states())

    assert [(0, 1, "INTERRUPTED"), (0, 2, "COMPLETED")] == sweeps.ended()
    assert list(range(1, 17)) == steps(runs(sweeps.store)["1"].children[0])


def test_ctrl_c_takes_jobs_out_of_the_queue(sweeps):
    """After Ctrl-C trials that run come to their end, and jobs that wait are taken out of the queue."""
    process = sweeps.start(TEN, "1", fixed="held=0", on="slurm", jobs=10, slurm=("time=10", "cpus-per-task=4"))
    sweeps.wait_for(lambda: started(sweeps) == 2)
    sweeps.interrupt(process)
    sweeps.go()
    code, text = sweeps.end_of(process)

    assert 130 == code, text
    assert [(0, 1, "COMPLETED"), (1, 1, "COMPLETED")] == sweeps.ended()
    sweeps.wait_for(lambda: not states())


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("partition=nowhere", "invalid partition specified: nowhere."),
        ("tiem=3", "unrecognized option '--tiem=3'."),
        ("gpus_per_node=1", "Invalid generic resource (gres) specification."),
    ],
)
def test_what_slurm_refuses_is_said_before_anything_is_stored(sweeps, option, said):
    """What sbatch says of a job that it would not take is the error."""
    code, text = sweeps.sweep("0.1", "1", on="slurm", slurm=(option,))

    assert 1 == code
    assert f"UsageError: --on=slurm: sbatch refuses such a job: {said}" in text
    assert not sweeps.store.exists()


def test_a_job_that_waits_for_a_machine_is_sent(sweeps):
    """While no machine can take jobs Slurm tells so of one that is only tried; sent, it waits, and is done then."""
    slurm("scontrol", "update", "PartitionName=debug", "State=DOWN")
    try:
        process = sweeps.start("0.1", "1", on="slurm")
        sweeps.wait_for(lambda: "PENDING" in states().values())
    finally:
        slurm("scontrol", "update", "PartitionName=debug", "State=UP")
    code, text = sweeps.end_of(process)

    assert 0 == code, text


def _line(script, word):
    return next(line.split("=", 1)[1] for line in script.splitlines() if line.startswith(f"#SBATCH {word}="))
