"""Where workers run: by name, and what is refused before anything is started."""

import socket
import sys
from types import SimpleNamespace

import pytest

from expframe.cli.sweeps.start import start_sweep
from expframe.errors import MissingLibraryError, UsageError
from expframe.store.reader import StoredRun
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.trials import TrialAttempt, TrialState
from expframe.sweep import slurm
from expframe.sweep.executors import work_task
from expframe.sweep.settings import SweepAsked


def refusal(ex, kind, plan=Plan(), **asked):  # noqa: B008  frozen
    """Return what is said of a sweep that is refused; no run is made for it."""
    with pytest.raises(kind) as caught:
        start_sweep(ex, plan, SweepAsked(**asked))
    assert not ex.store.exists()
    return str(caught.value)


@pytest.mark.parametrize(
    ("on", "library", "extra"),
    [("dask", "distributed", "dask"), ("ray:auto", "ray", "ray"), ("slurm", "submitit", "slurm")],
)
def test_a_missing_library_is_said_with_how_it_is_installed(ex, monkeypatch, on, library, extra):
    """Where the library of a place for workers is not installed, the error says what installs it."""
    monkeypatch.setitem(sys.modules, library, None)
    text = refusal(ex, MissingLibraryError, on=on)

    assert f"--on={extra} needs {library}. Install it with: pip install 'expframe[{extra}]'" == text


def test_an_unknown_place_is_refused(ex):
    """A name that no package brings is refused, with those that there are."""
    text = refusal(ex, UsageError, on="slrum")

    assert "--on=slrum: is unknown. Did you mean slurm? Workers run on: dask, local, ray, slurm." == text


def test_a_machine_without_slurm_is_refused(ex, monkeypatch):
    """Where Slurm's programs are not found nothing is started."""
    monkeypatch.setitem(sys.modules, "submitit", SimpleNamespace())
    monkeypatch.setenv("PATH", "")

    assert "sbatch and srun are not found here" in refusal(ex, UsageError, on="slurm")


def test_a_part_of_a_gpu_is_refused_for_slurm(ex, monkeypatch):
    """Slurm gives whole GPUs to a worker."""
    monkeypatch.setitem(sys.modules, "submitit", SimpleNamespace())
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")

    assert "--gpus=0.5: cannot be with --on=slurm" in refusal(ex, UsageError, Plan(gpus=0.5), on="slurm")


def test_what_is_for_slurm_is_refused_elsewhere(ex):
    """Words for Slurm, and the size of its arrays, are for workers on Slurm."""
    assert "--slurm: is for --on=slurm." == refusal(ex, UsageError, slurm=("partition=gpu",))
    assert "--array: is for --on=slurm." == refusal(ex, UsageError, array=4)


def test_workers_of_an_executor_cannot_be_left_alone(ex):
    """Tasks of Dask's and Ray's end with whoever starts them, so that they cannot be detached."""
    assert "--detach: cannot be with --on=dask" in refusal(ex, UsageError, on="dask", detach=True)


def test_words_for_slurm_are_handed_on():
    """Each word is an option of sbatch, with or without its dashes; one without a value is a switch."""
    found = slurm.parameters(["partition=gpu", "--cpus-per-task=4", "exclusive", "time=1-00:00:00"])

    assert {"partition": "gpu", "cpus_per_task": "4", "exclusive": True, "time": "1-00:00:00"} == found
    with pytest.raises(UsageError, match="is no option of sbatch"):
        slurm.parameters(["=3"])


def install(folder, content, *names):
    """Let a package be installed in a folder that has executors of these names."""
    metadata = folder / "clusters-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: clusters\nVersion: 1.0\n")
    points = "".join(f"{name} = clusters:{name}\n" for name in names)
    (metadata / "entry_points.txt").write_text(f"[expframe.executors]\n{points}")
    (folder / "clusters.py").write_text(content)


@pytest.mark.once
def test_another_package_brings_an_executor(sweeps):
    """An entry point of `expframe.executors` is called with the address behind the name, and starts the workers."""
    content = "from concurrent.futures import ThreadPoolExecutor\n\n"
    content += "def threads(most):\n    return ThreadPoolExecutor(int(most))\n\ndef none():\n    return 3\n"
    install(sweeps.folder, content, "threads", "none")
    code, text = sweeps.sweep("0.1,0.2,0.3", "1", on="threads:2")

    assert 0 == code, text
    assert [(number, 1, "COMPLETED") for number in range(3)] == sweeps.ended()

    code, text = sweeps.sweep("0.1", "1", on="none")

    assert 1 == code
    assert "--on=none: gives an int, and no concurrent.futures.Executor." in text


def test_a_ray_that_nobody_answers_for_is_refused(ex, monkeypatch):
    """Nobody waits for Ray's own patience, which is many minutes."""
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert "cannot be had: ConnectionRefusedError: " in refusal(ex, UsageError, on=f"ray:127.0.0.1:{port}")


UNREACHABLE = "expframe.errors.UsageError: --on=far:node7: cannot be had: ConnectionError: nobody answers at node7"


@pytest.mark.once
@pytest.mark.parametrize("is_broken", [False, True])
def test_where_workers_cannot_be_reached_nothing_is_stored_or_changed(sweeps, is_broken):
    """What cannot be reached, or not even be imported, is said in one line; a sweep that was to go on is as it was."""
    problem = "raise ConnectionError('nobody answers at node7')"
    install(sweeps.folder, problem if is_broken else f"def far(address):\n    {problem}\n", "far")
    refused = sweeps.sweep("0.1", "1", on="far:node7")

    assert (1, UNREACHABLE) == (refused[0], refused[1].splitlines()[-1])
    assert not sweeps.store.exists()

    code, text = sweeps.sweep("0.1,0.2", "1", fixed="fail=raise")
    before = everything_in(sweeps.store)
    refused = sweeps.sweep("0.1,0.2", "1", on="far:node7", resume="1", retry=("failed",))

    assert 1 == code, text
    assert (1, UNREACHABLE) == (refused[0], refused[1].splitlines()[-1])
    assert before == everything_in(sweeps.store)


GONE = """
from concurrent.futures import Executor, Future

class Gone(Executor):
    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future
"""


@pytest.mark.once
def test_a_cluster_that_has_gone_is_said(sweeps):
    """Workers that their executor cancels are told of as that, and the sweep can go on elsewhere."""
    install(sweeps.folder, GONE, "Gone")
    code, text = sweeps.sweep("0.1", "1", on="Gone")

    assert 1 == code
    assert "A worker was cancelled by its executor, as where the cluster has gone." in text.splitlines()
    assert 0 == sweeps.sweep("0.1", "1", resume="1")[0]


GOING = """
from concurrent.futures import Executor, Future

class Going(Executor):
    left = 1

    def submit(self, fn, store, sweep, words):
        if not self.left:
            raise ConnectionError("the cluster has closed")
        self.left -= 1
        future = Future()
        fn(store, sweep, (*words, "--once"))
        future.set_exception(ConnectionError("the cluster is gone"))
        return future
"""


@pytest.mark.once
def test_a_sweep_whose_workers_have_gone_has_failed(sweeps):
    """A sweep is COMPLETED when its trials have ended; where its workers end before, it is FAILED, and says why."""
    install(sweeps.folder, GOING, "Going")
    code, text = sweeps.sweep("0.1,0.2", "1", on="Going")
    failed = StoredRun(sweeps.store / "1").record

    assert (1, "FAILED") == (code, failed.status), text
    assert (
        "have ended before every trial was done. The last one said:\nConnectionError: the cluster is gone"
        in failed.failure.message
    )
    assert "2 trials: 1 completed, 1 waiting" in text
    assert 0 == sweeps.sweep("0.1", "1", resume="1")[0]
    assert "COMPLETED" == StoredRun(sweeps.store / "1").status


@pytest.mark.once
def test_an_executor_that_takes_nothing_more_is_said(sweeps):
    """What an executor raises when it is to start a worker is told as what a worker says, and the sweep has failed."""
    install(sweeps.folder, GOING.replace("left = 1", "left = 0"), "Going")
    code, text = sweeps.sweep("0.1", "1", on="Going")

    assert 1 == code
    assert "ConnectionError: the cluster has closed" in text.splitlines()
    assert "have ended before any trial was done." in StoredRun(sweeps.store / "1").record.failure.message


def everything_in(folder):
    """Return what each file of a folder says."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_worker_that_does_not_see_the_store_says_so(tmp_path):
    """Where a task does not find the sweep in the store, it says on which machine, and what helps."""
    code, text = work_task(str(tmp_path), "7", ())

    assert 2 == code
    assert f"store {tmp_path}: sweep 7 is not there on " in text
    assert "Workers need a folder that all machines see: give it by -F DIR." in text


def attempts(*yielded):
    """Return a trial whose attempts were cut off, with or without a checkpoint; None for one that stopped by itself."""
    found = TrialState(0)
    for number, made in enumerate(yielded, 1):
        facts = {} if made is None else {"yielded": made}
        found.attempts[number] = TrialAttempt("INTERRUPTED", ended=10.0, facts=facts)
    return found


def test_what_a_cluster_cuts_off_is_free_at_once():
    """
    A trial whose worker was taken away is begun again at once; after three times in a row without a checkpoint, and
    where somebody stopped it, only when workers start again.
    """
    tried = [attempts(True), attempts(False, False), attempts(False, False, True), attempts(False, True, False, False)]
    again = [state.next_attempt(0.0, 0) for state in tried]
    waits = [state.next_attempt(0.0, 0) for state in (attempts(False, False, False), attempts(True, None))]

    assert [2, 3, 4, 5] == again
    assert [None, None] == waits
    assert 4 == attempts(False, False, False).next_attempt(11.0, 0)
