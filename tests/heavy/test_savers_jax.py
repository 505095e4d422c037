"""Arrays of jax."""

import jax.numpy
import numpy

from expframe import Experiment


def test_arrays(tmp_path):
    """An array of jax is an .npy and comes back as one of numpy."""
    ex = Experiment("jax", store=tmp_path)

    @ex.main
    def main(_run):
        return _run.save(jax.numpy.arange(3), "a").name, _run.load("a")

    name, found = ex.run().result

    assert ("a.npy", [0, 1, 2]) == (name, found.tolist())
    assert isinstance(found, numpy.ndarray)
