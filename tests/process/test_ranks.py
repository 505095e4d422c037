"""Which processes are of one distributed job, and what they do alike."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from steps import environment as clean_environment
from steps import wait_until

import expframe
from expframe import Experiment
from expframe.errors import UsageError
from expframe.process import context
from expframe.process.ranks import rank_of


def torchrun(rank, size=2, *, id="none", local=None, restart=0):
    """Return the variables that torchrun gives to a process."""
    return {
        "TORCHELASTIC_RUN_ID": id,
        "TORCHELASTIC_RESTART_COUNT": str(restart),
        "RANK": str(rank),
        "WORLD_SIZE": str(size),
        "LOCAL_WORLD_SIZE": str(local or size),
        "MASTER_PORT": "29500",
    }


def srun(rank, size=4, *, job=4711, step=0):
    """Return the variables that srun gives to a task."""
    return {
        "SLURM_JOB_ID": str(job),
        "SLURM_STEP_ID": str(step),
        "SLURM_PROCID": str(rank),
        "SLURM_STEP_NUM_TASKS": str(size),
        "SLURM_NTASKS": str(size),
    }


def mpirun(rank, size=2, *, id="1234"):
    """Return the variables that Open MPI gives to a process."""
    return {
        "OMPI_COMM_WORLD_RANK": str(rank),
        "OMPI_COMM_WORLD_SIZE": str(size),
        "OMPI_COMM_WORLD_LOCAL_SIZE": str(size),
        "OMPI_MCA_ess_base_jobid": id,
    }


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (torchrun(1, 4), "rank 1 of 4 (TORCHELASTIC_RUN_ID=none, RANK=1, WORLD_SIZE=4)"),
        (srun(2), "rank 2 of 4 (SLURM_STEP_ID=0, SLURM_PROCID=2, SLURM_STEP_NUM_TASKS=4)"),
        (mpirun(0), "rank 0 of 2 (OMPI_COMM_WORLD_SIZE=2, OMPI_COMM_WORLD_RANK=0)"),
        ({**srun(3), **torchrun(1)}, "rank 1 of 2 (TORCHELASTIC_RUN_ID=none, RANK=1, WORLD_SIZE=2)"),
        ({**srun(3), **torchrun(0, 1)}, "None"),
        ({"RANK": "0", "WORLD_SIZE": "1"}, "None"),
        ({"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost"}, "None"),
        ({"SLURM_JOB_ID": "4711", "SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, "None"),
        ({"SLURM_JOB_ID": "4711", "SLURM_PROCID": "0", "SLURM_NTASKS": "8"}, "None"),
        (srun(0, 1), "None"),
        (srun(0, 8, step=0xFFFFFFFB), "None"),
        (mpirun(0, 1), "None"),
        *(({**torchrun(0), "RANK": odd}, "None") for odd in ("first", "", " 1", "-1", "²", "1" * 5000, "2", "1.0")),
        *(({**srun(0), "SLURM_STEP_NUM_TASKS": odd}, "None") for odd in ("", "-2", "9" * 5000)),
        ({**srun(0), "SLURM_STEP_ID": "9" * 5000}, "None"),
        ({}, "None"),
    ],
)
def test_only_a_launchers_own_mark_makes_a_rank(variables, expected):
    """A process is rank r of n where the innermost launcher's own mark says so and n > 1; all else is nothing."""
    assert expected == str(rank_of(variables))


@pytest.mark.parametrize("odd", ["", "extern", "-1", "9" * 5000])
def test_a_step_that_is_no_number_is_passed_over_at_once(odd):
    """What stands where srun puts the number of its step is not looked for among all that it could be."""
    began = time.process_time()

    assert rank_of({**srun(0), "SLURM_STEP_ID": odd}) is None
    assert time.process_time() - began < 1


@pytest.fixture
def seeds(tmp_path, monkeypatch):
    """Return the seeds of runs that are done one after the other in a process with some variables."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def run(variables, runs=1, **settings):
        for name in [*torchrun(0), *srun(0), *mpirun(0)]:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        ex = Experiment("ranked", **{"ranks": "all", "ghost": True, **settings})
        ex.main(lambda seed: seed)
        return [ex.run().result for _ in range(runs)]

    return run


@pytest.mark.parametrize("launcher", [torchrun, srun, mpirun])
class TestSeeds:
    """What a job's processes draw."""

    def test_the_processes_of_a_job_draw_alike_and_each_of_its_runs_anew(self, seeds, launcher):
        """The k-th run has one seed in all processes, and no other run of the job has it."""
        first, second = seeds(launcher(0), 3), seeds(launcher(1), 3)

        assert first == second
        assert 3 == len(set(first))

    def test_what_one_process_does_alone_shifts_no_seed(self, seeds, launcher):
        """Rank 0 may do runs of another command, or of another experiment, in between."""
        first = seeds(launcher(0))
        ex = Experiment("another", ghost=True)
        ex.main(lambda: None)
        ex.run()

        assert [*first, *seeds(launcher(0))] == seeds(launcher(1), 2)

    def test_other_jobs_draw_other_seeds(self, seeds, launcher):
        """Two jobs share no seed, nor do two that are no jobs."""
        other = {torchrun: {"id": "other"}, srun: {"job": 4712}, mpirun: {"id": "5"}}[launcher]

        assert seeds(launcher(0)) != seeds(launcher(0, **other))
        assert 5 == len(set(seeds(launcher(0, 1), 5)))

    def test_without_a_place_for_claims_the_process_counts(self, seeds, launcher, tmp_path, monkeypatch):
        """Where nothing can be written, the runs of a process still have a seed each."""
        (tmp_path / "file").touch()
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))

        assert 3 == len(set(seeds(launcher(0), 3)))


@pytest.mark.once
def test_runs_of_several_processes_of_one_rank_have_seeds_of_their_own(tmp_path, script):
    """A loop of a shell inside a task does each run with another seed, and all tasks the same ones."""
    file = script("from expframe import Experiment\nex = Experiment('x', ghost=True, ranks='all')\n"
                  "ex.main(lambda seed: print(seed))\nex.run()\n")  # fmt: skip

    def loop(rank):
        variables = {**clean_environment(), **srun(rank), "TMPDIR": str(tmp_path)}
        loop = 'for i in 1 2; do "$0" "$1"; done'
        command = ["sh", "-c", loop, sys.executable, str(file)]
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout.split()

    first, second = loop(0), loop(1)

    assert first == second
    assert 2 == len(set(first))


@pytest.mark.once
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="what launched a job is found by /proc")
def test_what_a_job_counts_its_runs_by_is_removed_once_its_launcher_is_gone(tmp_path, script):
    """By the next job, though several ranks have made it; a job that goes on keeps its own, and counts on."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    file = script("from expframe import Experiment\nex = Experiment('x', ghost=True, ranks='all')\n"
                  "ex.main(lambda seed: print(seed, flush=True))\nex.run()\n")  # fmt: skip
    ranks = [" ".join(f"{name}={value}" for name, value in torchrun(rank).items()) for rank in range(2)]
    both = "; ".join(f'env {variables} "$0" "$1"' for variables in ranks)
    command = ["sh", "-c", f"while read line; do {both}; done", sys.executable, str(file)]
    variables = {**clean_environment(), "TMPDIR": str(temporary)}

    def start_job():
        return subprocess.Popen(command, env=variables, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def do_run(job):
        job.stdin.write("\n")
        job.stdin.flush()
        return [job.stdout.readline() for _ in range(2)]

    with start_job() as going_on:
        first = do_run(going_on)
        kept = set(temporary.iterdir())
        with start_job() as ended:
            do_run(ended)
        left = set(temporary.iterdir()) - kept
        with start_job() as following:
            wait_until(lambda: do_run(following) and not any(path.exists() for path in left))
        second = do_run(going_on)

    assert [2, 2] == [len(kept), len(left)]
    assert [1, 1, 2] == [len({*first}), len({*second}), len({*first, *second})]


def test_a_seed_must_be_given_where_nothing_tells_the_job(seeds):
    """Over several machines torchrun's default run id is no mark: without a seed nothing is started."""
    over_two = torchrun(1, 4, local=2)

    with pytest.raises(UsageError, match=r"seed: must be given \(seed=1\): this is rank 1 of 4 \(TORCHELASTIC"):
        seeds(over_two)
    with pytest.raises(UsageError, match="must be given"):
        seeds({**over_two, "RANK": "0"})
    assert seeds(torchrun(0, 4, local=2, id="job7")) == seeds(torchrun(3, 4, local=2, id="job7"))
    ex = Experiment("ranked", ghost=True)
    ex.main(lambda seed: seed)
    assert 7 == ex.run(config_updates={"seed": 7}).result


@pytest.mark.parametrize("ranks", ["first", "all"])
def test_a_rank_that_keeps_nothing_says_so_once(seeds, caplog, tmp_path, monkeypatch, ranks):
    """One warning names the variables and the way to keep each; rank 0, and each with ranks="all", is told nothing."""
    monkeypatch.setattr(context, "_counts", {})
    kept = seeds(srun(2), 2, ranks=ranks, ghost=False, store=tmp_path / "runs")
    seeds(srun(0), 1, ghost=False, store=tmp_path / "runs")
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]

    assert 2 == len(kept)
    assert (3 if ranks == "all" else 1) == len(list(expframe.runs(tmp_path / "runs")))
    assert told == [] if ranks == "all" else told == [
        "This is rank 2 of 4 (SLURM_STEP_ID=0, SLURM_PROCID=2, SLURM_STEP_NUM_TASKS=4): it keeps nothing, rank 0 does. "
        'Experiment(ranks="all") keeps the runs of each.'
    ]  # fmt: skip


def test_a_shell_with_variables_of_no_launcher_changes_nothing(seeds, tmp_path):
    """Runs in an sbatch script, or with a stray RANK, are kept, with seeds of their own."""
    stray = {"RANK": "1", "WORLD_SIZE": "1", "SLURM_JOB_ID": "4711", "SLURM_PROCID": "0", "SLURM_NTASKS": "4"}
    found = seeds(stray, 5, ranks="first", ghost=False, store=tmp_path / "runs")

    assert 5 == len(set(found)) == len(list(expframe.runs(tmp_path / "runs")))
