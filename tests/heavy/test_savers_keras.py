"""Models of Keras, on torch."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy
import pytest

import expframe
from expframe import Experiment
from expframe.errors import StoreError, ValueFormatError

# Keras asks for copies of torch's tensors in a way that numpy is about to give up.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")


@pytest.fixture
def within(tmp_path):
    """Do something in a run that keeps its files in `runs`, and return what it returns."""

    def go(function):
        ex = Experiment("keras", store=tmp_path / "runs")

        @ex.main
        def main(_run):
            return function(_run)

        return ex.run().result

    return go


def test_models(within, tmp_path):
    """A model is a .keras by default and comes back as a model that predicts the same."""
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    names = within(lambda run: [run.save(model, "model").name for _ in range(2)])
    run = expframe.runs(tmp_path / "runs")[1]

    assert ["model.keras", "model (1).keras"] == names
    assert sorted(names) == sorted(path.name for path in run.path().iterdir())
    for name in names:
        found = run.load(name)
        assert isinstance(found, keras.Model)
        for ours, theirs in zip(model.get_weights(), found.get_weights(), strict=True):
            numpy.testing.assert_array_equal(ours, theirs)


def test_functions_need_trust(within):
    """A model that holds a function executes it when it is loaded: with trust only."""
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Lambda(lambda x: x * 2)])

    def load(run):
        run.save(model, "model")
        with pytest.raises(StoreError, match=r"file 'model\.keras': .*executes code that it holds. Pass trust=True"):
            run.load("model")
        return run.load("model", trust=True)

    assert isinstance(within(load), keras.Model)


def test_damaged_files(within):
    """A damaged file is an error that names it."""

    def load(run):
        run.save(b"garbage", "model.keras")
        with pytest.raises(ValueFormatError, match=r"file 'model\.keras': cannot be read by 'keras'"):
            run.load("model", method="keras")

    within(load)
