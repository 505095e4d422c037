# Numpy in configs.
# $ python numpy_values.py -l ERROR with seed=1
# $ python numpy_values.py print_config with seed=1 "l=[1, 2, 4]"
# $ python numpy_values.py print_config with seed=1 "l=[4, 5, 6]" x=2
# $ python numpy_values.py -C no -F stored with seed=1
"""Arrays and numbers of numpy among the entries."""

import numpy as np

from sacred import Experiment

ex = Experiment("numpy_values")


@ex.config
def own():
    x = np.float32(0.5)
    n = np.int64(3)
    total = int(np.sum([1, 2, n]))
    array = np.linspace(0, 1, 5)
    l = [1, 2, 3]
    nested = {"scalar": np.float64(1.5), "list": [np.int8(1)]}


@ex.automain
def main(x, n, array, nested, total, _rnd):
    print(type(x).__name__, type(n).__name__, array.tolist(), nested, total, type(nested["list"][0]).__name__)
    print(_rnd.integers(0, 100, 3).tolist(), _rnd.normal() > -10)
    return np.float64(0.25)
