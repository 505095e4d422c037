"""
Hello: the smallest experiment.

A function decorated with `@ex.automain` becomes the script's main command. Running the script is a run: it gets a
number, and a folder in `runs/` with its config, its output and what the function returned.

Usage:
"""

from expframe import Experiment

ex = Experiment("hello")


@ex.config
def config():
    name = "world"  # who is greeted
    times = 1


@ex.automain
def greet(name, times):
    for _ in range(times):
        print(f"Hello {name}!")
    return times
