"""Numbers of torch and jax are numbers wherever runs are compared."""

import jax.numpy
import numpy
import pytest
import torch

import expframe


@pytest.mark.parametrize("make", [torch.tensor, jax.numpy.asarray, numpy.array], ids=["torch", "jax", "numpy"])
def test_single_numbers_are_read_towards_entries_as_numbers_are(ex, make):
    """A 0-d array fills entries of numbers, by default or annotation, and a number one where a 0-d array stands."""

    @ex.config
    def config():
        plain, whole, flag, items = 0.1, 1, False, [0.5]
        own = make(0.5)
        noted: float = 1.0
        either: int | None = None

    @ex.main
    def main(plain, whole, flag, items, own, noted, either):
        return [plain, whole, flag, list(items), float(own), noted, either]

    given = {"plain": make(0.25), "whole": make(2), "flag": make(True), "items": [make(1.5)], "noted": make(3)}
    found = ex.run(config_updates={**given, "own": 0.75, "either": make(4)}).result

    assert [0.25, 2, True, [1.5], 0.75, 3.0, 4] == found
    assert [float, int, bool, float, int] == [type(found[place]) for place in (0, 1, 2, 5, 6)]


def test_another_tensor_stays_one(ex):
    """Where a tensor stands, a tensor that is given is handed over as it is."""
    ex.add_config(own=torch.tensor(0.5))

    @ex.main
    def main(own):
        return isinstance(own, torch.Tensor) and own.item()

    assert 0.75 == ex.run(config_updates={"own": torch.tensor(0.75)}).result


@pytest.mark.parametrize("make", [torch.tensor, jax.numpy.asarray], ids=["torch", "jax"])
def test_results_and_entries_are_numbers_for_frames_sorting_and_comparison(ex, cli, make):
    """A 0-d tensor as result or entry is a number in `frame()`, `ls --sort`, `--where` and `compare --groups`."""
    import pandas

    ex.add_config(lr=make(0.0), group="a")

    @ex.main
    def main(lr, _run):
        _run.log_scalar("loss", make(0.5))
        return {"acc": make(0.5) + lr, "plain": 1.0}

    for lr in (3.0, 1.0, 2.0):
        ex.run(config_updates={"lr": make(lr), "seed": int(lr)})
    frame = expframe.runs("runs").frame()
    sorted_by = [run.id for run in expframe.runs("runs").sort("result.acc")]
    cli("compare", "-F", "runs", "--groups", "--by", "group")

    assert isinstance(frame, pandas.DataFrame)
    assert "float64" == str(frame["result.acc"].dtype) == str(frame["config.lr"].dtype)
    assert [3.5, 1.5, 2.5] == list(frame.sort_values("id")["result.acc"])
    assert ["2", "3", "1"] == sorted_by
    assert ["2", "3"] == [run.id for run in expframe.runs("runs").where("result.acc < 3").sort("lr")]
    assert 0 == cli.code and "2.5" in cli("compare", "-F", "runs", "--groups", "--by", "group"), cli.err
