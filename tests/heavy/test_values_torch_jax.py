"""Numbers of torch and jax are numbers wherever runs are compared."""

import jax.numpy
import pytest
import torch

import expframe


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
