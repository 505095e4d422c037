"""The tree of errors in `errors.py` is drawn from the classes; `python tests/test_errors.py` draws it again."""

import inspect
import pickle
import re
import textwrap
import uuid
from pathlib import Path

import numpy
import pytest

import expframe
from expframe import errors
from expframe.errors import ExpframeError
from expframe.testing import run_cli

SOURCE = Path(errors.__file__)
CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, BaseException)]
PUBLIC = [kind for kind in CLASSES if kind.__module__ == errors.__name__ and not kind.__name__.startswith("_")]
TREE = re.compile(r"(?<=\n\n)    ExpframeError .*?(?=\n\"\"\")", re.DOTALL)


def parents(kind):
    """Return the nearest public classes that a class is a kind of, those of this module first."""
    found = []
    for base in kind.__bases__:
        found += parents(base) if base.__name__.startswith("_") else [base]
    found = [base for base in found if not any(other is not base and issubclass(other, base) for other in found)]
    return sorted(dict.fromkeys(found), key=lambda base: base not in PUBLIC)


def first_sentence(kind):
    """Return the first sentence of a class's docstring without its full stop."""
    return inspect.getdoc(kind).split("\n\n")[0].replace("\n", " ").partition(". ")[0].rstrip(".")


def branch(kind, before="", tail=""):
    """Yield the label and the sentence of a class, and of those below it."""
    first, *others = parents(kind)
    others = others if first in PUBLIC else [first, *others]
    also = f" (also {', '.join(base.__name__ for base in others)})" if others and others != [Exception] else ""
    yield before + kind.__name__ + also, first_sentence(kind)
    below = [other for other in PUBLIC if parents(other)[0] is kind]
    for other in below:
        is_last = other is below[-1]
        yield from branch(other, tail + ("└── " if is_last else "├── "), tail + ("    " if is_last else "│   "))


def tree():
    """Return the tree of the classes as text."""
    roots = [kind for kind in PUBLIC if parents(kind)[0] not in PUBLIC]
    blocks = [list(branch(root)) for root in roots]
    width = max(len(label) for block in blocks for label, _ in block) + 2
    texts = ["\n".join(f"{label:{width}}{sentence}" for label, sentence in block) for block in blocks]
    return textwrap.indent("\n\n".join(texts), "    ")


def test_the_tree_is_that_of_the_classes():
    """The tree that the module's docstring shows is the one that the classes make."""
    expected = tree()

    assert expected == TREE.search(SOURCE.read_text())[0]
    assert max(map(len, expected.splitlines())) <= 120


def made(kind):
    """Return an error of a class, each of its fields holding its own name."""
    if not issubclass(kind, ExpframeError):
        return kind()
    texts = {"runs", "paths", "available", "nearest", "differences", "entries", "names", "chain", "failed"}
    return kind(**{name: (name,) if name in texts else name for name in kind._names})


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_an_error_is_caught_as_what_the_tree_says(kind):
    """An error is raised, pickled and caught as each class above it, whatever fields it has."""
    with pytest.raises(parents(kind)[0]) as caught:
        raise pickle.loads(pickle.dumps(made(kind)))

    assert kind is type(caught.value)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("trian", "UnknownCommandError"),
        ("", "MissingMainError"),
        ("train --resume 7", "RunNotFoundError"),
        ("train --grace never", "OptionError"),
        ("train --nothing", "CommandLineError"),
    ],
)
def test_a_command_line_that_asks_for_what_is_not_there_ends_with_2(tmp_path, monkeypatch, words, kind):
    """A command line that asks for what is not there is told so, and exits with code 2."""
    monkeypatch.chdir(tmp_path)
    ex = expframe.Experiment("asked")
    ex.command(train)
    cli = run_cli(ex, words)

    assert (2, kind) == (cli.exit_code, cli.stderr.partition(":")[0])


def train():
    """Do nothing."""


def test_documented_clauses_catch():
    """`except UsageError` and `except StoreError` catch what is documented of them."""
    ex = expframe.Experiment("asked", ghost=True)
    with pytest.raises(errors.UsageError, match="No command 'trian'"):
        ex.run("trian")
    with pytest.raises(errors.UsageError, match="has no main function"):
        ex.run()
    with pytest.raises(errors.StoreError, match="No run '7'"):
        expframe.runs("nowhere")[7]


class _Net:
    pass


class LSTM:
    """Something that is spelled."""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (3, "an int"),
        (numpy.int64(3), "an int64"),
        (numpy.uint8(3), "a uint8"),
        (numpy.zeros(2), "an ndarray"),
        ("x", "a str"),
        (OSError("x"), "an OSError"),
        (uuid.UUID(int=1), "a UUID"),
        (LSTM(), "an LSTM"),
        (_Net(), "a _Net"),
        (LSTM, "a class"),
        (print, "a function"),
        (None, "None"),
        (Path("x"), "a Path"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_types_are_named_as_they_are_spoken(value, said):
    """Messages name a type with the article that fits, in the words of Python's users."""
    with expframe.Experiment("named", ghost=True).start() as run, pytest.raises(errors.MetricError) as caught:
        run.log_figure("x", value)

    assert caught.value.problem == f"is {said}. Give one of matplotlib or plotly."


def test_what_is_read_from_a_config_is_named_as_it_was_written():
    """Messages call a read-only dict or list of a config a dict and a list."""
    ex = expframe.Experiment("named", ghost=True)
    ex.add_config(sizes=[1, 2])
    with ex.start() as run, pytest.raises(errors.MetricError, match=r"is a list\. Give"):
        run.log_figure("x", run.config["sizes"])


def test_no_message_puts_an_article_before_a_name_by_hand():
    """`one_of_type` and `with_article` alone know which article fits a name that is filled in."""
    by_hand = re.compile(r"\b[aA]n? \{[^}]*(__name__|kind|shown)[^}]*\}")
    found = [
        f"{path.name}: {line}" for path in SOURCE.parent.rglob("*.py") for line in by_hand.findall(path.read_text())
    ]

    assert found == []


def draw():
    """Write the tree of the classes into the module's docstring."""
    text = SOURCE.read_text()
    SOURCE.write_text(TREE.sub(lambda _: tree(), text))


if __name__ == "__main__":
    draw()
