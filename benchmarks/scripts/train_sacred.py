"""The trivial experiment, for Sacred."""

# ruff: noqa: F841  config functions only assign

from sacred import Experiment

ex = Experiment("trivial")


@ex.config
def config():
    lr = 0.1
    epochs = 3


@ex.automain
def main(lr, epochs):
    return lr * epochs
