# How errors are shown, exit codes.
# $ python errors.py -l CRITICAL with seed=1
# $ python errors.py -l CRITICAL -d with seed=1
# $ python errors.py -l CRITICAL chained with seed=1
# $ python errors.py -l CRITICAL plain_sacred with seed=1
# $ python errors.py -l CRITICAL with_usage with seed=1
# $ python errors.py -l CRITICAL without_traceback with seed=1
# $ python errors.py -l CRITICAL never_filtered with seed=1
# $ python errors.py -l CRITICAL invalid_config with seed=1
# $ python errors.py -l CRITICAL left with seed=1
# $ python errors.py -l CRITICAL left_well with seed=1
# $ python errors.py -l CRITICAL interrupted with seed=1
# $ python errors.py -l CRITICAL sacred_interrupt with seed=1
# $ python errors.py with seed=1
# $ python errors.py help nope
# $ python errors.py -l CRITICAL -D with seed=1
"""Failures of every kind."""

from sacred import Experiment
from sacred.utils import InvalidConfigError, SacredError, SacredInterrupt

ex = Experiment("errors")
ex.add_config(a=1, b={"c": 4})


@ex.capture
def divide(a):
    return a / 0


@ex.command
def chained():
    try:
        divide()
    except ZeroDivisionError as error:
        raise RuntimeError("it went wrong") from error


@ex.command
def plain_sacred():
    raise SacredError("a message")


@ex.command
def with_usage():
    raise SacredError("a message", print_usage=True, print_traceback=False)


@ex.command
def without_traceback():
    raise SacredError("a message", print_traceback=False)


@ex.command
def never_filtered():
    raise SacredError("a message", filter_traceback="never")


@ex.command
def invalid_config():
    raise InvalidConfigError("cannot be", conflicting_configs=("a", "b.c"))


@ex.command
def left():
    raise SystemExit(7)


@ex.command
def left_well():
    raise SystemExit


@ex.command
def interrupted():
    raise KeyboardInterrupt


@ex.command
def sacred_interrupt():
    raise SacredInterrupt("enough")


@ex.automain
def main():
    divide()
