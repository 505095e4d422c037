"""Workers of torch's DataLoader and the ranks of torchrun belong to a run as the page on many runs says."""

import re
import subprocess
import sys
import textwrap

import pytest
from steps import ROOT

import expframe

LOADING = """
    from torch.utils.data import DataLoader

    from expframe import Experiment

    ex = Experiment("loading")
    ex.add_config(scale=1)


    class Data:
        def __len__(self):
            return 6

        @ex.capture
        def __getitem__(self, index, scale, _run, _rnd):
            _run.log_scalar("seen", index, step=index)
            return index * scale, _rnd.integers(2**50)


    class Usual(Data):
        @ex.capture
        def __getitem__(self, index, scale=1):
            return index * scale, 0


    def load(way, **how):
        return DataLoader(Data(), batch_size=None, num_workers=2, multiprocessing_context=way, **how)


    @ex.command
    def bare():
        return [int(item) for item, _ in load("spawn")]


    @ex.command
    def forgotten():
        loader = DataLoader(Usual(), batch_size=None, num_workers=2, multiprocessing_context="spawn")
        return [int(item) for item, _ in loader]


    @ex.automain
    def main(_run, way):
        loader = load(way, worker_init_fn=_run.bind_worker())
        return [[(int(item), int(drawn)) for item, drawn in loader] for _ in range(2)]
"""
RANKED = """
    import os
    from expframe import Experiment

    ex = Experiment("ranked")


    @ex.automain
    def main(_run, seed):
        _run.log_scalar("rank", int(os.environ["RANK"]))
        with open(f"{os.environ['OUT']}-{os.environ['RANK']}", "w") as file:
            file.write(str(seed))
"""


@pytest.fixture
def do(script, environment):
    """Start a script with words of a command line and return a function that waits for its end."""

    def start(text, *words, launcher=(), **variables):
        command = [sys.executable, *launcher, script(text), *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        process = subprocess.Popen(command, env={**environment, **variables}, **pipes)
        return lambda: (process.communicate(timeout=300)[0], process.returncode)

    return start


@pytest.mark.parametrize("way", ["fork", "spawn", "forkserver"])
def test_workers_of_a_loader_are_of_the_run(do, way):
    """`__getitem__` has the run's config there, logs into it, and draws other numbers in each worker and epoch."""
    told, code = do(LOADING, "with", "scale=3", "seed=1", f"+way={way}")()
    assert 0 == code, told
    (run,) = expframe.runs("runs")
    drawn = [number for epoch in run.result for _, number in epoch]

    assert [[0, 3, 6, 9, 12, 15]] * 2 == [[item for item, _ in epoch] for epoch in run.result]
    assert 12 == len(set(drawn))
    assert sorted(2 * list(range(6))) == sorted(run.metrics("seen").values)


def test_a_worker_that_belongs_to_no_run_says_what_makes_it(do):
    """Without `worker_init_fn` the error names it, as torch shows it."""
    told, code = do(LOADING, "bare", "with", "scale=3")()

    assert 1 == code
    assert re.search(
        r"MissingArgumentError: \w+\.__getitem__\(\) \(script\.py:\d+\) needs 'scale'.* run\.bind_worker\(\)", told
    )


def test_a_worker_that_belongs_to_no_run_says_which_defaults_it_uses(do):
    """Where the dataset has a default for what its run would have filled, each worker says so once."""
    told, code = do(LOADING, "forgotten", "with", "scale=3")()

    assert 0 == code, told
    assert 2 == told.count("uses its defaults for scale in this process, where no run is active.")


def test_ranks_of_torchrun_share_a_seed_and_other_jobs_do_not(do, tmp_path):
    """Two jobs side by side: each keeps one run, of rank 0, and draws a seed that its ranks share."""
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    jobs = [do(RANKED, launcher=launcher, OUT=str(tmp_path / name)) for name in ("first", "second")]
    told = [job() for job in jobs]
    seeds = {name: {(tmp_path / f"{name}-{rank}").read_text() for rank in (0, 1)} for name in ("first", "second")}
    runs = list(expframe.runs("runs"))

    assert [0, 0] == [code for _, code in told], told
    assert [1, 1] == [len(found) for found in seeds.values()]
    assert seeds["first"] | seeds["second"] == {str(run.seed) for run in runs}
    assert 2 == len(runs)
    assert [[0.0]] * 2 == [run.metrics("rank").values for run in runs]
    for text, _ in told:
        assert 1 == len(
            re.findall(r"This is rank 1 of 2 \(TORCHELASTIC_RUN_ID=[^)]*\): it keeps nothing, rank 0 does", text)
        )


def test_the_loader_of_the_page_works(do):
    """The example of `docs/many-runs.md` for workers of a DataLoader runs as it stands there."""
    page = (ROOT / "docs" / "many-runs.md").read_text()
    found = re.search(r"^## Workers of a DataLoader\n.*?\n\n((?:    [^\n]*\n|\n)+)", page, re.DOTALL | re.MULTILINE)
    told, code = do(textwrap.dedent(found[1]), "with", "seed=1")()
    assert 0 == code, told
    (run,) = expframe.runs("runs")

    assert abs(run.result - sum(range(64))) < 5
