# Several runs in one process, runs inside runs.
# $ python nested_runs.py -l ERROR with seed=1
# $ python nested_runs.py -l ERROR outer with seed=1
# $ python nested_runs.py -C sys -F stored outer with seed=1
# $ python nested_runs.py -C sys -l ERROR overlapping with seed=1
"""Runs after runs and runs in runs."""

from sacred import Experiment
from sacred.observers import FileStorageObserver

inner_ex = Experiment("inner")
inner_ex.observers.append(FileStorageObserver("inner_runs"))
ex = Experiment("outer")


@inner_ex.config
def inner_config():
    x = 1


@inner_ex.main
def inner_main(x, _run):
    print("inner", x, _run._id)
    return x * 2


@ex.config
def own():
    a = 1


@ex.capture
def get_a(a):
    return a


@ex.command
def leaf(a):
    return a, get_a()


@ex.command
def outer(_run):
    results = [inner_ex.run(config_updates={"x": x, "seed": 5}, options={"--capture": "no"}).result for x in (1, 2, 3)]
    print(results, ex.current_run is _run, inner_ex.current_run.status)
    return sum(results)


@ex.command
def overlapping():
    ex.observers.append(FileStorageObserver("shared_runs"))
    first = ex.run("around", {"seed": 2}, options={"--loglevel": "ERROR", "--capture": "no"})
    print(first.result)


@ex.command
def around(_run):
    _run.log_scalar("curve", 1)
    inside = ex.run("leaf", {"seed": 3}, options={"--loglevel": "ERROR", "--capture": "no"})
    _run.log_scalar("curve", 2)
    return inside._id, _run._id


@ex.automain
def main(a):
    first = ex.run("leaf", {"a": 99}, options={"--loglevel": "ERROR"})
    print(first.result, a, get_a())
