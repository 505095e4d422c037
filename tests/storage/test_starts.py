"""Many runs that start at one moment, on storage of each kind."""

import os

import mounts
import pytest
from interpreter import start_python

import expframe
from expframe.store import ids

START = """
    import os, sys, time
    from pathlib import Path
    from expframe import Experiment

    ex = Experiment("many")

    @ex.main
    def main(_run, n, store):
        _run.log_scalar("n", n)
        _run.save(n, "n.json")
        return n

    ex.run(config_updates={"n": 0, "store": ""}, options={"unobserved": True})  # so that all is loaded once
    stores, go, first = sys.argv[1].split(":"), Path(sys.argv[2]), int(sys.argv[3])
    for n in range(first, first + 16):
        if not os.fork():
            store = stores[n % len(stores)]
            while not go.exists():
                time.sleep(0.001)
            asked = {"capture": "no", "file_storage": store}
            ex.run(config_updates={"n": n, "store": store}, options=asked)
            os._exit(0)
    print("ready", flush=True)
    codes = [os.wait()[1] for _ in range(16)]
    assert not any(codes), codes
"""

pytestmark = [pytest.mark.once, pytest.mark.skipif(not hasattr(os, "fork"), reason="starts its processes by fork")]


@pytest.fixture
def start_64(tmp_path, script, environment):
    """Start 64 runs at one moment, as many in each of the folders."""

    def start(*stores):
        path, go = script(START), tmp_path / "go"
        words = [path, ":".join(map(str, stores)), go]
        processes = [start_python([*words, str(first)], env=environment) for first in range(0, 64, 16)]
        for process in processes:
            assert "ready\n" == process.stdout.readline()
        go.touch()
        for process in processes:
            _, said = process.communicate(timeout=120)
            assert (0, "") == (process.returncode, said)

    return start


def check_64(store):
    """See to it that all 64 are there, each whole and with a number of its own, and that the next number is 65."""
    runs = expframe.runs(store)

    assert [str(number) for number in range(64, 0, -1)] == [run.id for run in runs]
    assert {"COMPLETED"} == {run.status for run in runs}
    assert list(range(64)) == sorted(run.result for run in runs)
    assert [(run.result, [run.result]) for run in runs] == [(run.load("n"), run.metrics("n").values) for run in runs]
    assert "65" == ids.make_folder(store, None).name


def test_64_starts_in_one_store_by_any_path(tmp_path, start_64, mounting):
    """Whatever paths lead to a store, runs that start in it at one moment have a number each, from 1 on."""
    store = tmp_path / "runs"
    store.mkdir()
    (tmp_path / "link").symlink_to(store)
    (tmp_path / "again").symlink_to("link")
    bound = mounting.enter_context(mounts.bound(tmp_path / "bound", store))
    start_64(store, tmp_path / "link", tmp_path / "again", bound)

    check_64(store)


@pytest.mark.parametrize("disk", ["in memory", "layered"])
def test_64_starts_on_disks_of_containers(tmp_path, start_64, mounting, disk):
    """In memory and over layers 64 runs that start at one moment have a number each."""
    at = tmp_path / "disk"
    mounting.enter_context(mounts.layered(at) if disk == "layered" else mounts.in_memory(at, "64m"))
    start_64(at / "runs")

    check_64(at / "runs")


def test_64_starts_from_two_machines(tmp_path, start_64, passing):
    """Of two machines, to which the storage they share tells late what the other does, none takes another's number."""
    below = tmp_path / "below"
    below.mkdir()
    machines = [passing.enter_context(mounts.passed_through(tmp_path / name, below, "--late", "3")) for name in "ab"]
    start_64(*(machine / "runs" for machine in machines))

    check_64(below / "runs")
