# Statuses, the sequence of a run, what is stored of it.
# $ python statuses.py -F stored -C sys with seed=1
# $ python statuses.py -F stored -C sys fail with seed=1
# $ python statuses.py -F stored -C sys interrupt with seed=1
# $ python statuses.py -F stored -C sys sacred_interrupt with seed=1
# $ python statuses.py -F stored -C sys timeout with seed=1
# $ python statuses.py -F stored -C sys custom with seed=1
# $ python statuses.py -F stored -C sys leave with seed=1
# $ python statuses.py -F stored -C sys leave_well with seed=1
# $ python statuses.py -F stored -C sys interim with seed=1
"""Every way in which a run ends."""

from sacred import Experiment
from sacred.utils import SacredInterrupt, TimeoutInterrupt

ex = Experiment("statuses")


class Diverged(SacredInterrupt):
    STATUS = "DIVERGED"


@ex.command
def fail():
    raise ValueError("no")


@ex.command
def interrupt():
    raise KeyboardInterrupt


@ex.command
def sacred_interrupt():
    raise SacredInterrupt


@ex.command
def timeout():
    raise TimeoutInterrupt("too long")


@ex.command
def custom():
    raise Diverged("nan")


@ex.command
def leave():
    raise SystemExit(3)


@ex.command
def leave_well():
    raise SystemExit(0)


@ex.command
def interim(_run):
    _run.result = 1
    return 2


@ex.post_run_hook
def after(_run):
    print("after", _run.status, _run.result)


@ex.automain
def main(_run):
    print(_run.status)
    return {"accuracy": 0.5, "name": "x"}
