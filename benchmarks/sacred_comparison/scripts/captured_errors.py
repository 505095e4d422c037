# Wrong calls, how they are shown.
# $ python captured_errors.py -l ERROR with seed=1
# $ python captured_errors.py missing with seed=1
# $ python captured_errors.py too_many with seed=1
# $ python captured_errors.py indirectly with seed=1
# $ python captured_errors.py missing -d with seed=1
"""Calls that cannot be filled."""

from sacred import Experiment
from sacred.config.signature import Signature
from sacred.utils import MissingConfigError, SignatureError

ex = Experiment("captured_errors")
ex.add_config(a=1)


@ex.capture
def two(a, b):
    return a, b


@ex.command
def missing(a, b, c):
    print("never")


@ex.command
def too_many():
    two(1, 2, 3)


@ex.command
def indirectly():
    """Call what lacks a value."""
    return two()


@ex.automain
def main():
    for what, call in {
        "too many": lambda: two(1, 2, 3),
        "unknown": lambda: two(1, 2, foo=3),
        "twice": lambda: two(1, 2, a=3),
        "missing": lambda: two(1),
    }.items():
        try:
            call()
        except (SignatureError, MissingConfigError) as error:
            print(what, type(error).__name__, isinstance(error, TypeError), error)

    def function(a, b, *args, c=3, d, **kw):
        pass

    signature = Signature(function)
    print(signature.name, signature.arguments, signature.vararg_name, signature.kw_wildcard_name)
    print(signature.positional_args, dict(signature.kwargs), str(signature))
    print(signature.get_free_parameters([1], {"d": 5}), signature.get_free_parameters([], {}, bound=True))
    print(signature.construct_arguments([1], {"d": 2}, {"b": 9, "c": 8, "zzz": 0}))
