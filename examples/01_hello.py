"""
Hello: the smallest experiment.

A function decorated with `@ex.automain` becomes the script's main command. Running the script is a run: it gets a
number, and a folder in `runs/` with its config, its output and what the function returned.

Usage:
    $ python 01_hello.py
    NOTICE - hello[1] - Started 'greet' in runs/1
    Hello world!
    INFO - hello[1] - Result: 1
    NOTICE - hello[1] - Completed 'greet' after 0:00:00

    $ python 01_hello.py with name=you times=2
    NOTICE - hello[2] - Started 'greet' in runs/2
    Hello you!
    Hello you!
    INFO - hello[2] - Result: 2
    NOTICE - hello[2] - Completed 'greet' after 0:00:00
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
