"""
Runs without a command line: loops, notebooks and other programs.

`ex.run()` takes the command, updates of the config, named configs and options, and returns the run: its config, its
result, its info. Exceptions of the experiment reach the caller as they are.

Usage:
    $ python -m expframe sacred 14_run_from_python.py
    run 1: COMPLETED, 3 steps, {'product': 1.5}
    run 2: COMPLETED, 3 steps, {'product': 0.75}
    run 3: 30 steps
    Command "fly" not found
"""

from sacred import Experiment
from sacred.observers import FileStorageObserver

ex = Experiment("from_python")
ex.observers.append(FileStorageObserver("my_runs"))


@ex.config
def config():
    rate = 0.1
    steps = 3


@ex.named_config
def long():
    steps = 30


@ex.main
def train(rate, steps, _run):
    _run.info["product"] = rate * steps
    return steps


if __name__ == "__main__":
    quiet = {"--loglevel": "ERROR"}
    for rate in (0.5, 0.25):
        run = ex.run(config_updates={"rate": rate}, options=quiet)
        print(f"run {run._id}: {run.status}, {run.result} steps, {run.info}")
    run = ex.run("train", named_configs=["long"], options=quiet)
    print(f"run {run._id}: {run.config['steps']} steps")
    try:
        ex.run("fly", options=quiet)
    except KeyError as error:
        print(error.args[0])
