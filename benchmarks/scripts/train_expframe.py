"""The trivial experiment, for expframe."""

# ruff: noqa: F841  config functions only assign

from expframe import Experiment

ex = Experiment("trivial")


@ex.config
def config():
    lr = 0.1
    epochs = 3


@ex.automain
def main(lr, epochs):
    return lr * epochs
