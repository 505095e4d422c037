# What config scopes refuse, and how errors in them look.
# $ python scope_errors.py
# $ python scope_errors.py with broken seed=1
# $ python scope_errors.py with asking seed=1
"""Config functions that cannot work."""

from sacred import Experiment
from sacred.config import ConfigScope

ex = Experiment("scope_errors")


def attempt(what, function, *args, **kwargs):
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        print(f"{what}: {type(error).__name__}: {error}")
    else:
        print(f"{what}: {dict(result)}")


def with_args(*args):
    a = 1


def with_keywords(**kwargs):
    a = 1


def with_default(a=1):
    b = a


def parameters(a, b):
    c = a + b


def one_liner(a): b = 2 * a  # fmt: skip


def undefined():
    a = not_there  # noqa: F821


attempt("args", ConfigScope, with_args)
attempt("keywords", ConfigScope, with_keywords)
attempt("default", ConfigScope, with_default)
attempt("undefined", ConfigScope(undefined))
attempt("missing parameter", ConfigScope(parameters), preset={"a": 1})
attempt("preset", ConfigScope(parameters), preset={"a": 1, "b": 2, "more": 3})
attempt("fallback", ConfigScope(parameters), preset={"a": 1}, fallback={"b": 2})
attempt("fixed", ConfigScope(parameters), {"c": 7, "a": 3}, preset={"a": 1, "b": 2})
attempt("one line", ConfigScope(one_liner), preset={"a": 4})
summary = ConfigScope(parameters)({"c": 7.5, "new": 1}, {"a": 1, "b": 2})
print(sorted(summary), summary.added, summary.modified, summary.typechanged, summary.docs)


@ex.config
def fine():
    a = 1


@ex.named_config
def broken():
    a = 1 / 0


@ex.named_config
def asking(a):
    b = a


@ex.automain
def main(a):
    print(a)
