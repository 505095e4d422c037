# Captured functions.
# $ python captured.py with seed=1
# $ python captured.py with seed=1 a=10 group.a=20
# $ python captured.py -l DEBUG -u with seed=1
"""Functions whose free parameters the config fills."""

import inspect

from sacred import Experiment

ex = Experiment("captured")


@ex.config
def own():
    a = 1
    b = 2
    group = {"a": 10, "deep": {"z": 5}}
    scalar = 3


@ex.capture
def add(a, b, c=30):
    """Add."""
    return a, b, c


@ex.capture
def keyword_only(first, *, a, b=7):
    return first, a, b


@ex.capture
def variadic(a, *args, **kwargs):
    return a, args, kwargs


@ex.capture(prefix="group")
def prefixed(a, deep, b="default"):
    return a, deep, b


@ex.capture(prefix="group.deep")
def deeper(z):
    return z


@ex.capture(prefix="nowhere")
def lost(a="fallback"):
    return a


@ex.capture
def special(_config, _log, _run, _seed, _rnd):
    return sorted(_config), _log.name, _run._id, type(_seed).__name__, type(_rnd).__module__.split(".")[0]


@ex.capture
def warn(_log):
    _log.warning("careful")


print("outside:", add(1, 2), add(1, b=3, c=4), add.__name__, add.__doc__, inspect.signature(add), lost())


@ex.automain
def main(a, _log):
    print(add(), add(5), add(5, 6), add(b=7), add(c=8), add(1, 2, 3))
    print(keyword_only(0), keyword_only(0, a=9), keyword_only(first=1, b=1))
    print(variadic(), variadic(1, 2, x=3), prefixed(), deeper(), lost())
    print(special())
    updates = {"a": 50}
    print(add(**updates), updates)
    warn()
    _log.info("named %s", _log.name)
