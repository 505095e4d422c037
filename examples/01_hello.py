"""
Hello: the smallest experiment.

A function decorated with `@ex.automain` becomes the script's main command. Running the script is a run: it gets a
number, and a folder in `runs/` with its config, its output and what the function returned.

Usage:
    $ python 01_hello.py
    INFO - hello - Started run 1 of 'greet' in runs/1
    Hello world!
    INFO - hello - Result: 1
    INFO - hello - Completed run 1 after 0:00:00

    $ python 01_hello.py with name=you times=2
    INFO - hello - Started run 2 of 'greet' in runs/2
    Hello you!
    Hello you!
    INFO - hello - Result: 2
    INFO - hello - Completed run 2 after 0:00:00
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
