# Capturing output, progress bars.
# $ python output.py -F stored -C sys with seed=1
# $ python output.py -l ERROR -F stored -C fd with seed=1
# $ python output.py -F stored -C no with seed=1
# $ python output.py -F stored -C sys filtered with seed=1
# $ python output.py -F stored -C sys fail with seed=1
# $ python output.py -l CRITICAL -F stored -C fd fail with seed=1
# $ python output.py -l ERROR direct with seed=1
"""What is printed is kept."""

import os
import sys
import time

from sacred import SETTINGS, Experiment
from sacred.stdout_capturing import get_stdcapturer
from sacred.utils import apply_backspaces_and_linefeeds

ex = Experiment("output")


@ex.command
def filtered(_run):
    _run.captured_out_filter = apply_backspaces_and_linefeeds
    for step in range(5):
        print(f"\rprogress {step}", end="")
    print()
    print("abc\b\bX")


@ex.command
def fail():
    print("before the failure")
    raise RuntimeError("failed")


@ex.command(unobserved=True)
def direct():
    print(SETTINGS.CAPTURE_MODE)
    for mode in ["no", "sys", "fd"]:
        sys.stdout.flush()
        name, capturer = get_stdcapturer(mode)
        with capturer() as out:
            print("captured", mode)
            print("to stderr", file=sys.stderr)
            sys.stdout.flush()
            sys.stderr.flush()
        print(name, sorted(out.get().splitlines()))
    try:
        get_stdcapturer("nonsense")
    except KeyError as error:
        print(error)


@ex.automain
def main(_run):
    print("printed")
    print("progress\rdone", end="\n")
    sys.stdout.flush()
    os.system("echo from a child")
    print("to stderr", file=sys.stderr)
    print("ümlaut ✓")
    print(_run.capture_mode)
    sys.stdout.flush()
    time.sleep(0.3)  # what the helper processes of `fd` need to write
