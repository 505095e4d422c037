# How updates are read, strict parsing.
# $ python updates.py
# $ python updates.py -l ERROR show with seed=1 "v=(1, 2)"
# $ python updates.py -l ERROR show with seed=1 "v={1: 2}"
# $ python updates.py -l ERROR show with seed=1 v.x=5 v.y=6
# $ python updates.py -l ERROR show with seed=1 v=
# $ python updates.py -l ERROR show with seed=1 "v = 5"
# $ python updates.py -l ERROR show with seed=1 "v=a b c"
# $ python updates.py -l ERROR show with seed=1 v=a=b
# $ python updates.py -l ERROR show with seed=1 v.0=3
"""How the words after `with` become values."""

from sacred import SETTINGS, Experiment
from sacred.arg_parser import _convert_value, get_config_updates

ex = Experiment("updates")
ex.add_config(v=0)

VALUES = [
    "1",
    "-1",
    "1.5",
    "1e3",
    "1_000",
    "0x1F",
    "007",
    "True",
    "true",
    "None",
    "null",
    "nan",
    "1 + 2",
    "[1,2",
    "",
    "'q'",
]
VALUES += ['"a" "b"', "[1, 2]", "(1, 2)", "{'a': 1}", "1e400", "text", "a,b", "[1, [2, (3,)]]", "lambda: 1", "/tmp/x"]


@ex.command
def show(v):
    print(repr(v), type(v).__name__)


@ex.automain
def main(v):
    for value in VALUES:
        print(repr(value), "->", repr(_convert_value(value)))
    for words in [
        None,
        [],
        [""],
        ["a=1", "b.c=2", "named", "b.d=3"],
        ["a.b=1", "a=2"],
        ["a={'x': 1}", "a.y=2"],
        ["a = 1 ", "=5", "c..b=1"],
        ["a=1", "a=2"],
    ]:
        print(words, get_config_updates(words))
    try:
        print(get_config_updates(["a=2", "a.b=1"]))
    except TypeError as error:
        print(type(error).__name__)
    SETTINGS.COMMAND_LINE.STRICT_PARSING = True
    try:
        get_config_updates(["a=text"])
    except (ValueError, SyntaxError) as error:
        print("strict", type(error).__name__)
