"""
Nested runs: a run inside a run.

`ex.run()` in a command starts a child: a whole run with its own number, folder, config and seed, whose record says which
run it belongs to. What is logged goes to the innermost run. Here a search tries several learning rates.

Usage:
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


@ex.command
def tree():
    """Print all runs of the store that have children."""
    for run in expframe.runs():
        if run.children:
            print(f"run {run.id}: {run.result}")
        for child in run.children:
            print(f"  run {child.id}: lr={child.config['lr']} -> {child.result:.2g}, {len(child.metrics('x'))} points")


@ex.automain
def search(rates):
    """Try each learning rate in a run of its own and return the best."""
    children = [ex.run("descend", {"lr": lr}) for lr in rates]
    best = min(children, key=lambda child: child.result)
    return best.config["lr"]
