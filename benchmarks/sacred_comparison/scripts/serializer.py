# What values become in JSON, and back.
# $ python serializer.py
# $ python serializer.py -C no -F stored
"""Values that JSON does not know."""

import collections
import datetime
import decimal
import enum
import json
import pathlib

import numpy as np

from sacred import Experiment
from sacred.serializer import flatten, restore

ex = Experiment("serializer")
ex.add_config(seed=1)


class Colour(enum.Enum):
    RED = 1


class Point:
    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return self.x == other.x

    __hash__ = None


VALUES = {
    "plain": {"a": [1, 2.5, None, True, "x"]},
    "tuple": (1, (2, 3)),
    "set": {1},
    "bytes": b"\x00\xff",
    "int keys": {1: "one", 2: {3: 4}},
    "nan": float("inf"),
    "datetime": datetime.datetime(2020, 1, 2, 3, 4, 5),
    "timedelta": datetime.timedelta(seconds=61),
    "decimal": decimal.Decimal("1.5"),
    "ordered": collections.OrderedDict(a=1),
    "complex": 1 + 2j,
    "small array": np.arange(3),
    "scalar": np.float64(0.5),
    "enum": Colour.RED,
    "class": Point,
    "instance": Point(3),
    "function": json.loads,
    "lambda": lambda: 1,
}


@ex.automain
def main(_run):
    for name, value in VALUES.items():
        print(name, json.dumps(flatten(value), sort_keys=True))
    for name in ["plain", "tuple", "set", "bytes", "int keys", "nan", "datetime", "timedelta", "decimal", "complex"]:
        print(name, restore(json.loads(json.dumps(flatten(VALUES[name])))) == VALUES[name])
    array = restore(flatten(np.arange(40).reshape(4, 10)))
    print(array.shape, array.dtype == np.arange(1).dtype, array.sum())
    same = [1]
    print(flatten({"a": same, "b": same}), list(flatten(pathlib.PurePosixPath("/x"))))
    _run.info.update({name: VALUES[name] for name in ["tuple", "set", "int keys", "datetime", "small array", "scalar"]})
    return (1, 2)
