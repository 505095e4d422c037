"""The words of a sweep: what each says, and what none can say."""

import ast
import random
import re
from typing import Annotated, Any, Literal

import pytest

from expframe import Experiment, Ge, Le, Log
from expframe.config.options import Options
from expframe.config.request import Request
from expframe.config.resolve import look_up
from expframe.errors import ConfigFileError, SweepWordError
from expframe.store.sweeps.axes import Choices, Interval, Range
from expframe.store.sweeps.plan import Plan
from expframe.sweep import words
from expframe.sweep.entries import Unswept


def known():
    """Return what is known of the entries of a script that has one of each kind."""
    ex = Experiment("kinds")

    @ex.config
    def config():
        lr = 0.1
        width = 64
        name = "adam"
        nesterov = False
        betas = (0.9, 0.999)
        sizes = [1, 2]
        open = None
        opt: Literal["sgd", "adam"] = "sgd"
        decay: Annotated[float, Ge(1e-5), Le(1.0), Log] = 0.1
        depth: Annotated[int, Ge(1), Le(8)] = 3
        net = {"dropout": 0.5, "layers": 2}

    @ex.main
    def main(seed):
        """Nothing."""

    ex.add_built_in_commands()
    standing = look_up(ex.snapshot().recipe, Request("main", options=Options(), seed=1))
    return Unswept(standing.value, standing.type_of)


KNOWN = known()


def said(*given):
    """Return the axes of words."""
    return words.read(given, KNOWN).axes


def choices(name, *texts):
    """Return the axis of one entry's values."""
    return Choices((name,), tuple((text,) for text in texts))


@pytest.mark.parametrize(
    ("word", "axis"),
    [
        ("lr=0.1,0.01", choices("lr", "0.1", "0.01")),
        ("lr= 0.1 , 1e-2", choices("lr", "0.1", "1e-2")),
        ("seed=0..4", Range("seed", 0, 4)),
        ("seed=-2..1_000", Range("seed", -2, 1000)),
        ("width=64..512/64", Range("width", 64, 512, 64)),
        ("lr=0..1/0.25", Range("lr", 0, 1, 0.25)),
        ("lr=log:1e-5..1e-1", Interval("lr", 1e-5, 1e-1, True)),
        ("lr=log:1e-5..1e-1:5", Interval("lr", 1e-5, 1e-1, True, count=5)),
        ("net.dropout=0..0.5", Interval("net.dropout", 0, 0.5)),
        ("net.dropout=0..1", Interval("net.dropout", 0, 1)),
        ("width=log:16..1024", Interval("width", 16, 1024, True, True)),
        ("width=log:16..1024:4", Interval("width", 16, 1024, True, True, 4)),
        ("open=0..4", Range("open", 0, 4)),
        ("open=0..0.5", Interval("open", 0, 0.5)),
        ("betas=(0.9,0.99),(0.95,0.999)", choices("betas", "(0.9,0.99)", "(0.95,0.999)")),
        ("sizes=[1],[2, 3]", choices("sizes", "[1]", "[2, 3]")),
        ("open=(1,2),3", choices("open", "(1,2)", "3")),
        ("name=adam,sgd", choices("name", "adam", "sgd")),
        ("name='a,b',c", choices("name", "'a,b'", "c")),
        ("name=0..4,5", choices("name", "0..4", "5")),
        ("nesterov=yes,no", choices("nesterov", "yes", "no")),
        ("opt=sgd,adam", choices("opt", "sgd", "adam")),
        ("small,large", Choices((), (("small",), ("large",)))),
        ("a.yaml,small", Choices((), (("a.yaml",), ("small",)))),
        ("lr:width=0.1:64,0.01:128", Choices(("lr", "width"), (("0.1", "64"), ("0.01", "128")))),
        ("lr:betas=0.1:(1,2),0.01:(3,4)", Choices(("lr", "betas"), (("0.1", "(1,2)"), ("0.01", "(3,4)")))),
        ("net={'dropout': 0.1},{'dropout': 0.2}", choices("net", "{'dropout': 0.1}", "{'dropout': 0.2}")),
        ("decay=?", Interval("decay", 1e-5, 1.0, True)),
        ("depth=?", Range("depth", 1, 8)),
        ("opt=?", choices("opt", "sgd", "adam")),
        ("nesterov=?", choices("nesterov", "False", "True")),
    ],
)
def test_a_word_that_says_several_values_is_an_axis(word, axis):
    """Commas, spans, named configs, coupled entries and declared bounds are axes."""
    assert (axis,) == said(word)


@pytest.mark.parametrize(
    "word",
    ["lr=0.1", "betas=(0.9,0.99)", "sizes=[1,2]", "name='a,b'", "name=0..4", "name=a(b,c", "open=(1,2)", "+new=3"],
)
def test_a_word_that_says_one_value_is_fixed(word):
    """One value is what it is in a run."""
    space = words.read([word], KNOWN)

    assert ((), [word]) == (space.axes, [override.written for override in space.overrides])


def test_words_of_one_entry_are_its_choices():
    """What a shell makes of braces, two words of one key, is two choices; one named config alone is fixed."""
    space = words.read(["lr=0.1", "small", "lr=0.01", "width=3"], KNOWN)

    assert (choices("lr", "0.1", "0.01"),) == space.axes
    assert (("small",), ["width=3"]) == (space.named, [override.written for override in space.overrides])


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (["lr=0.1,"], "'lr=0.1,': has an empty value"),
        (["lr="], "'lr=': has no value. Write lr=VALUE, or several with commas."),
        (["small,"], "has an empty value"),
        (["lr=0.1,0.1"], "has a value twice: 0.1. Use --seeds"),
        (["lr=0.1,1e-1"], "has a value twice: 0.1 and 1e-1"),
        (["lr=0.5..0.1"], "goes from 0.5 to 0.1. Write the smaller one first."),
        (["width=0..0.5"], "'width' is a whole number"),
        (["width=0..8/0.5"], "'width' is a whole number"),
        (["lr=log:0..1"], "begins at 0 or below"),
        (["lr=log:0.1..1/0.1"], "Write lr=log:0.1..1:5 for five values."),
        (["lr=0..1/2"], "has steps of 2 from 0 to 1: no second value."),
        (["lr=0..1:1"], "asks for 1 values of the interval. It has 2 or more."),
        (["width=1..3:9"], "It has from 2 to 3."),
        (["width=log:1..100:60"], "has 60 values of which some are the same"),
        (["lr=0.1,0.2..0.5"], "mixes 0.2..0.5 with single values. Write the values one by one."),
        (["lr=0.1", "lr=0.2..0.5"], "mixes 0.2..0.5 with single values"),
        (
            ["betas=0.9,0.99"],
            "'betas' holds a tuple. Write one in brackets, betas=(0.9,0.99), or several, betas=(0.9,0.99),(...).",
        ),
        (["sizes=1,2"], "'sizes' holds a list"),
        (
            ["net=a,b"],
            "'net' holds a dict. Sweep what is in it, as in net.dropout=A,B, or write each in brackets, net={",
        ),
        (["lr={0.1,0.01}"], "is left as it is by this shell. Write lr=0.1,0.01."),
        (["lr:width=0.1:64,0.01"], "couples 2 entries, and '0.01' has values of 1."),
        (["lr:width=0.1:64:3"], "couples 2 entries, and '0.1:64:3' has values of 3."),
        (["lr:=0.1:64"], "of which one is empty or there twice"),
        (["lr:width=0.1:1..3,0.2:4"], "take single values, no intervals"),
        (["lr=?"], "'lr' declares no bounds. Annotate it"),
        (["tags+=[1],[2]"], "cannot be swept: tags+= adds to the config"),
        (["lr=0.1,0.2", "lr:width=0.1:64,0.01:128"], "'lr': is said twice"),
        (["net={'dropout': 0.1},{'dropout': 0.2}", "net.dropout=0.1,0.2"], "'net' and 'net.dropout': is said twice"),
        (["@rows.txt"], "is of an unknown kind. Rows are read from .csv, .jsonl, .json, .yaml, .yml."),
    ],
)
def test_what_a_word_cannot_say_is_refused(given, problem):
    """A word that leaves something to guess is refused, with how to write what may be meant."""
    with pytest.raises(SweepWordError, match=re.escape(problem)):
        said(*given)


# ---------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("file", "text", "axis"),
    [
        ("a.csv", "lr,net.layers\n0.1,2\n0.01,3\n", Choices(("lr", "net.layers"), (("0.1", "2"), ("0.01", "3")))),
        ("a.csv", "\ufefflr, name\n0.1,'a,b'\n".replace("'a,b'", '"a,b"'), Choices(("lr", "name"), (("0.1", "a,b"),))),
        ("a.jsonl", '{"lr": 0.1, "net": {"layers": 2}}\n{"net.layers": 3, "lr": 1}\n', None),
        ("a.json", '[{"lr": 0.1, "net.layers": 2}, {"lr": 1, "net.layers": 3}]', None),
        ("a.yaml", "- lr: 0.1\n  net:\n    layers: 2\n- {lr: 1, net.layers: 3}\n", None),
    ],
)
def test_a_row_of_a_table_is_a_choice(tmp_path, file, text, axis):
    """Each row gives values to the entries that the columns name."""
    (tmp_path / file).write_text(text, encoding="utf-8")

    expected = axis or Choices(("lr", "net.layers"), ((0.1, 2), (1, 3)), is_text=False)

    assert (expected,) == said(f"@{tmp_path / file}")


def test_a_file_of_words_says_what_they_say(tmp_path):
    """A list of texts holds words; in a mapping texts are words, lists are choices, and all else is fixed."""
    (tmp_path / "a.yaml").write_text("- lr=0.1,0.2\n- small\n- width=3\n")
    (tmp_path / "b.yaml").write_text("lr: 0..0.5\nnet: {layers: [2, 3], dropout: 0.1}\nname: a,b\nsizes: [[1, 2]]\n")
    first, second = (words.read([f"@{tmp_path / name}"], KNOWN) for name in ("a.yaml", "b.yaml"))

    assert (words.read(["lr=0.1,0.2", "small", "width=3"], KNOWN)) == first
    assert {
        Choices(("net.layers",), ((2,), (3,)), is_text=False),
        Interval("lr", 0, 0.5),
        choices("name", "a", "b"),
    } == set(second.axes)
    assert [(("net", "dropout"), 0.1), (("sizes",), [1, 2])] == [(o.path, o.value) for o in second.overrides]


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("a.csv", "lr\n", "has no rows"),
        ("a.csv", "", "needs a name for each column, each once"),
        ("a.csv", "lr,lr\n1,2\n", "needs a name for each column, each once"),
        ("a.csv", "lr,width\n1,2\n3\n", "line 3 has 1 values for 2 columns"),
        ("a.jsonl", '{"lr": 1}\n{"width": 1}\n', "has other entries in row 2 than in the first: lr, width."),
        ("a.jsonl", "[1]\n", "has a row that is no mapping"),
        ("a.json", "{", "Expecting property name"),
        ("a.yaml", "3\n", "holds neither rows nor words"),
        ("a.yaml", "lr: []\n", "has no values for 'lr'"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, file, text, problem):
    """What is wrong with a table is said with its name."""
    (tmp_path / file).write_text(text)

    with pytest.raises((SweepWordError, ConfigFileError), match=problem):
        said(f"@{tmp_path / file}")


def test_a_table_that_is_not_there_is_refused():
    """A missing file is said by its name."""
    with pytest.raises(ConfigFileError, match=r"'none.csv': No such file"):
        said("@none.csv")


# --------------------------------------------------------------------------------------------------------- laws


def a_value(rng: random.Random, kind: str) -> Any:
    """Return a value of an entry's kind and how it is written."""
    if kind == "name":
        text = "".join(rng.choice("ab,([{'\"=:.?0 ") for _ in range(rng.randrange(1, 6)))
        return text, repr(text)
    if kind == "lr":
        number = round(rng.uniform(-9, 9), rng.randrange(4))
        return number, rng.choice([str(number), f"{number:e}"]) if number == float(f"{number:e}") else str(number)
    if kind == "width":
        number = rng.randrange(-99, 99)
        return number, str(number)
    if kind == "nesterov":
        truth = rng.random() < 0.5
        return truth, rng.choice(["yes", "True", "on"] if truth else ["no", "False", "off"])
    pair = (a_value(rng, "lr")[0], a_value(rng, "name")[0])
    return (pair, repr(pair)) if kind == "betas" else ([*pair], repr([*pair]))


def test_what_is_written_between_commas_is_what_each_run_reads():
    """Whatever the values, each choice of an axis is read by its entry as the value that was written."""
    rng = random.Random(3)
    for _ in range(400):
        kind = rng.choice(["name", "lr", "width", "nesterov", "betas", "sizes"])
        made = dict([(repr(value), text) for value, text in (a_value(rng, kind) for _ in range(rng.randrange(2, 5)))])
        if len(made) < 2:
            continue
        sign = rng.choice([",", ", ", " ,"])
        space = words.read([f"{kind}={sign.join(made.values())}"], KNOWN)
        plan = Plan(axes=space.axes)
        read = [KNOWN.entry(kind).read(plan.trial(number).overrides[-1].value) for number in range(plan.size)]

        assert [ast.literal_eval(text) for text in made] == read


def test_any_text_is_read_or_refused():
    """No word fails in another way than by a refusal that says what is wrong."""
    rng = random.Random(5)
    letters = "01.,:/()[]{}'\"=?@ log:..e-+ab"
    for _ in range(3000):
        name = rng.choice(["lr", "width", "name", "betas", "open", "net", "lr:width", "+x", "seed"])
        text = "".join(rng.choice(letters) for _ in range(rng.randrange(12)))
        try:
            space = words.read([f"{name}={text}"], KNOWN)
        except SweepWordError:
            continue
        plan = Plan(axes=space.axes, overrides=space.overrides, search="random", samples=1)
        assert plan.trial(0).overrides


@pytest.mark.parametrize("word", ["1..{}", "0..1/{}", "log:1..5:{}", "{}..{}"])
def test_numbers_of_thousands_of_digits_are_no_interval(word):
    """Numbers that Python would not read are plain text, as other words that say no interval."""
    assert not said(f"lr={word.format('9' * 5000, '9' * 5000)}")
