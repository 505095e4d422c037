"""Scalars, arrays, histograms and images of torch and jax are logged as those of numpy are."""

import math

import jax.numpy
import numpy
import pytest
import torch

from expframe.errors import MetricError
from expframe.store.reader import StoredRun


@pytest.fixture
def logged(ex):
    """Run a function as the main function and return the stored run."""

    def log(function):
        ex.main(lambda _run: function(_run))
        return StoredRun(ex.run().folder)

    return log


SCALARS = {
    "tensor": torch.tensor(0.5),
    "tensor with gradient": torch.tensor(0.5, requires_grad=True),
    "tensor of one": torch.tensor([0.5]),
    "bfloat16": torch.tensor(0.5, dtype=torch.bfloat16),
    "jax": jax.numpy.float32(0.5),
    "jax bfloat16": jax.numpy.asarray(0.5, dtype=jax.numpy.bfloat16),
    "numpy": numpy.float16(0.5),
}


@pytest.mark.parametrize("value", SCALARS.values(), ids=SCALARS)
def test_scalars(logged, value):
    """Each scalar is the number it holds, as a value and, where it is whole, as a step."""
    assert [0.5] == logged(lambda run: run.log_scalar("loss", value)).metrics("loss").values


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("make", [torch.tensor, jax.numpy.asarray], ids=["torch", "jax"])
def test_what_is_not_finite(logged, make, number):
    """NaN and infinities survive."""
    assert repr([number]) == repr(logged(lambda run: run.log_scalar("loss", make(number))).metrics("loss").values)


@pytest.mark.parametrize("make", [torch.tensor, jax.numpy.asarray], ids=["torch", "jax"])
def test_steps_and_arrays(logged, make):
    """Steps and whole arrays may be tensors."""

    def log(run):
        run.log_scalar("a", 1.0, step=make(7))
        run.log_scalars({"b": make([1.0, 2.0])}, step=make([3, 5]))

    run = logged(log)

    assert ([7], [3, 5], [1.0, 2.0]) == (run.metrics("a").steps, run.metrics("b").steps, run.metrics("b").values)


def test_a_tensor_of_many_is_no_scalar(ex):
    """More than one number is refused as a single value."""

    @ex.main
    def main(_run):
        with pytest.raises(MetricError, match="single real number"):
            _run.log_scalar("loss", torch.ones(2))

    ex.run()


@pytest.mark.parametrize(
    "values",
    [
        torch.arange(10.0, requires_grad=True),
        torch.arange(10).reshape(2, 5),
        torch.arange(10, dtype=torch.bfloat16),
        jax.numpy.arange(10.0),
        jax.numpy.arange(10, dtype=jax.numpy.bfloat16),
    ],
    ids=["with gradient", "whole numbers", "bfloat16", "jax", "jax bfloat16"],
)
def test_histograms(logged, values):
    """A tensor of any shape has the histogram of its numbers."""
    (found,) = logged(lambda run: run.log_histogram("weights", values, bins=[0, 5, 10])).media("weights")

    assert (5, 5) == found.content.counts


@pytest.mark.parametrize("image", [torch.zeros(3, 4, 5), torch.zeros(4, 5, 3), jax.numpy.zeros((4, 5, 3))])
def test_images(logged, image):
    """Channels of a tensor may come first or last."""
    import PIL.Image

    (found,) = logged(lambda run: run.log_image("sample", image)).media("sample")
    with PIL.Image.open(found.content) as picture:
        assert (5, 4) == picture.size
