"""
Nested runs: a run inside a run.

`ex.run()` in a command starts a child: a whole run with its own number, folder, config and seed, whose record says
which run it belongs to. What is logged goes to the innermost run. Here a search tries several learning rates.

Usage:
    $ python 06_nested_runs.py
    NOTICE - nested_runs[1] - Started 'search' in runs/1
    NOTICE - nested_runs[2] - Started 'descend' in runs/2
    INFO - nested_runs[2] - Result: 0.445700403950951
    NOTICE - nested_runs[2] - Completed 'descend' after 0:00:00
    NOTICE - nested_runs[3] - Started 'descend' in runs/3
    INFO - nested_runs[3] - Result: 0.0001329227995784916
    NOTICE - nested_runs[3] - Completed 'descend' after 0:00:00
    NOTICE - nested_runs[4] - Started 'descend' in runs/4
    INFO - nested_runs[4] - Result: 1469.7715679690941
    NOTICE - nested_runs[4] - Completed 'descend' after 0:00:00
    INFO - nested_runs[1] - Result: 0.1
    NOTICE - nested_runs[1] - Completed 'search' after 0:00:00

    $ python 06_nested_runs.py tree
    run 1: 0.1
      run 2: lr=0.01 -> 0.45, 20 points
      run 3: lr=0.1 -> 0.00013, 20 points
      run 4: lr=1.1 -> 1.5e+03, 20 points

    $ python 06_nested_runs.py descend with lr=0.5
    NOTICE - nested_runs[5] - Started 'descend' in runs/5
    INFO - nested_runs[5] - Result: 0.0
    NOTICE - nested_runs[5] - Completed 'descend' after 0:00:00
"""

import expframe
from expframe import Experiment

ex = Experiment("nested_runs")


@ex.config
def config():
    lr = 0.1
    steps = 20
    rates = [0.01, 0.1, 1.1]


@ex.command
def descend(lr, steps, _run):
    """Minimise x squared from x = 1."""
    x = 1.0
    for _ in range(steps):
        x -= lr * 2 * x
        _run.log_scalar("x", x)
    return x * x


@ex.command(unobserved=True)
def tree():
    """Print all runs of the store that have children."""
    for run in expframe.runs():
        if run.children:
            print(f"run {run.id}: {run.result}")
        for child in run.children:
            print(f"  run {child.id}: lr={child.config['lr']} -> {child.result:.2g}, {len(child.metrics('x'))} points")


@ex.automain
def search(rates, steps):
    """Try each learning rate in a run of its own and return the best."""
    children = [ex.run("descend", {"lr": lr, "steps": steps}) for lr in rates]
    best = min(children, key=lambda child: child.result)
    return best.config["lr"]
