"""
Capture: functions take what they need from the config.

A captured function may be called with fewer arguments than it has parameters: an argument of the call prevails, then
the entry of the parameter's name, then the default. By default names are looked up at the top of the config; `prefix`
looks in one group, `max_depth` searches groups further down, and `entries` says exactly which entry fills what.

Usage:
    $ python 03_capture.py
    NOTICE - capture[1] - Started 'main' in runs/1
    load: batch_size=32 shuffle=True
    load: batch_size=8 shuffle=False
    encode: width=64 dropout=0.1
    encode: width=64 dropout=0.9
    activate: activation=relu dropout=0.1
    resize: width=128
    decode: batch_size=32 width=16 dropout=0.5
    NOTICE - capture[1] - Completed 'main' after 0:00:00

    $ python 03_capture.py with batch_size=64 model.encoder.dropout=0
    NOTICE - capture[2] - Started 'main' in runs/2
    load: batch_size=64 shuffle=True
    load: batch_size=8 shuffle=False
    encode: width=64 dropout=0.0
    encode: width=64 dropout=0.9
    activate: activation=relu dropout=0.0
    resize: width=128
    decode: batch_size=64 width=16 dropout=0.5
    NOTICE - capture[2] - Completed 'main' after 0:00:00

    $ python 03_capture.py ambiguous
    NOTICE - capture[3] - Started 'ambiguous' in runs/3
    ERROR - capture[3] - Failed 'ambiguous' after 0:00:00
    Traceback (most recent call last) (frames of expframe left out, -d shows them):
      File "...03_capture.py", line ..., in ambiguous
        resize()
    expframe.errors.AmbiguousEntryError: resize() (03_capture.py:71) needs 'width', and ...
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
