"""
Capture: functions take what they need from the config.

A captured function may be called with fewer arguments than it has parameters: an argument of the call prevails, then
the entry of the parameter's name, then the default. By default names are looked up at the top of the config; `prefix`
looks in one group, `max_depth` searches groups further down, and `entries` says exactly which entry fills what.

Usage:
"""

from expframe import Experiment

ex = Experiment("capture")


@ex.config
def config():
    batch_size = 32
    model = {
        "activation": "relu",
        "encoder": {"width": 64, "dropout": 0.1},
        "decoder": {"width": 16},
    }


@ex.capture
def load(batch_size, shuffle=True):
    print(f"load: batch_size={batch_size} shuffle={shuffle}")


@ex.capture(prefix="model.encoder")
def encode(width, dropout):
    print(f"encode: width={width} dropout={dropout}")


@ex.capture(max_depth=3)
def activate(activation, dropout):
    """Find `model.activation` on the second level and `model.encoder.dropout` on the third."""
    print(f"activate: activation={activation} dropout={dropout}")


@ex.capture(max_depth=3)
def resize(width):
    """Find two entries called `width` equally near: a call has to say which one it means."""
    print(f"resize: width={width}")


@ex.capture(entries=["batch_size", "model.decoder.width"])
def decode(batch_size, width, dropout=0.5):
    """Take these two from the config, and nothing else."""
    print(f"decode: batch_size={batch_size} width={width} dropout={dropout}")


@ex.command
def ambiguous():
    """Call resize() without saying which width."""
    resize()


@ex.automain
def main():
    load()
    load(8, shuffle=False)
    encode()
    encode(dropout=0.9)
    activate()
    resize(128)
    decode()
