"""Trials of a sweep that torchrun starts."""

import subprocess
import sys
import textwrap

import pytest

import expframe

SCRIPT = """
    import torch
    import torch.distributed as dist

    from expframe import Experiment

    ex = Experiment("ranked")
    ex.add_config(lr=1, fails=0)


    @ex.automain
    def main(lr, fails, seed):
        dist.init_process_group("gloo")
        if dist.get_rank() == 1 and fails == lr:
            raise ValueError("rank 1 cannot")
        found = torch.tensor([lr * (dist.get_rank() + 1), seed % 1000])
        dist.all_reduce(found)
        dist.destroy_process_group()
        return [int(found[0]), int(found[1]) == 2 * (seed % 1000)]
"""


@pytest.fixture
def sweep(tmp_path, environment):
    """Do a sweep by torchrun, and return its run and what was printed."""
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))

    def do(*words):
        launcher = f"{sys.executable} -m torch.distributed.run --standalone --nproc-per-node 2"
        line = [sys.executable, "script.py", "sweep", "with", *words, "--launch", launcher]
        done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
        return expframe.runs(tmp_path / "runs")[1], done.stdout + done.stderr

    return do


def test_torchrun_starts_each_trial(sweep):
    """Two trials side by side have two ranks each, which share a seed; rank 0 keeps the run."""
    run, said = sweep("lr=1,2", "-j", "2")

    assert {"COMPLETED": 2} == run.sweep.counts, said
    assert [[3, True], [6, True]] == sorted(child.result for child in run.children)


def test_the_rank_that_failed_first_is_named(sweep):
    """Where a rank fails and takes the others along, the trial says which one, and with what."""
    run, said = sweep("lr=1,2", "fails=1")

    assert ["FAILED", "COMPLETED"] == [state.status for state in run.sweep.trials], said
    assert "rank 1: ValueError: rank 1 cannot" == run.sweep.trials[0].newest.error
