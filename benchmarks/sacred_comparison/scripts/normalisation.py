# Normalisation and keys.
# $ python normalisation.py
# $ python normalisation.py -l ERROR show with seed=1 "d={'k': (1, 2)}"
# $ python normalisation.py -l ERROR show with seed=1 "d={'a.b': 1}"
# $ python normalisation.py -l ERROR show with seed=1 "d={'$x': 1}"
"""What values and keys become on their way into the config."""

import numpy as np

from sacred import SETTINGS, Experiment
from sacred.config.utils import assert_is_valid_key, normalize_numpy, normalize_or_die

ex = Experiment("normalisation")


@ex.config
def values():
    t = (1, (2, 3), [4, (5,)])
    d = {"t": (1, 2), 3: "three"}
    f = np.float64(0.5)
    i = np.int32(3)
    b = np.bool_(True)
    array = np.arange(3)
    s = {1}
    nothing = None


def attempt(key):
    try:
        assert_is_valid_key(key)
    except KeyError as error:
        print(repr(key), str(error).split("{")[0])
    else:
        print(repr(key), "fine")


@ex.command
def show(d):
    print(d, type(d).__name__)


@ex.main
def main(t, d, f, i, b, array, s, nothing):
    print(t, d, s, nothing)
    print(type(t).__name__, type(d["t"]).__name__)
    print([type(value).__name__ for value in (f, i, b, array, s)], f, i, b, array)


if __name__ == "__main__":
    import sys

    if sys.argv[1:]:
        ex.run_commandline()
        raise SystemExit
    for key in ["fine", "dotted.key", "$dollar", "py/tuple", "json://1", "a=b", "with space", 5, (1, 2)]:
        attempt(key)
    SETTINGS.CONFIG.ENFORCE_STRING_KEYS = True
    attempt(5)
    SETTINGS.CONFIG.ENFORCE_VALID_PYTHON_IDENTIFIER_KEYS = True
    attempt("with space")
    SETTINGS.CONFIG.ENFORCE_STRING_KEYS = False
    SETTINGS.CONFIG.ENFORCE_KEYS_MONGO_COMPATIBLE = False
    SETTINGS.CONFIG.ENFORCE_VALID_PYTHON_IDENTIFIER_KEYS = False
    attempt("dotted.key")
    SETTINGS.CONFIG.ENFORCE_KEYS_MONGO_COMPATIBLE = True
    print(normalize_or_die({"a": (1, (2,))}), normalize_numpy(np.float32(0.5)))
    ex.run(config_updates={"seed": 1}, options={"--loglevel": "ERROR"})
