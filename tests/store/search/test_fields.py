"""One way to name what runs have, wherever they are listed, sorted, filtered, compared and framed."""

import math

import numpy as np
import pandas
import polars
import pytest

import expframe
from expframe.config import json_values
from expframe.errors import QueryError


@pytest.fixture
def some(ex):
    """Two runs with entries, info and results, the first with a child."""

    @ex.config
    def config():
        lr = 0.1
        model = {"hidden": 8}
        name = "resnet"

    @ex.command
    def inner():
        pass

    @ex.main
    def main(lr, _run):
        _run.info["note"] = {"best": lr * 2}
        _run.log_scalar("acc", lr)
        if lr == 0.1:
            ex.run("inner")
        return {"score": lr}

    ex.run(config_updates={"lr": 0.1, "model.hidden": 8}, options={"tag": "first"})
    ex.run(config_updates={"lr": 0.2, "model.hidden": 16})
    return expframe.runs("runs")


def test_a_name_that_nothing_else_has_is_an_entry(some, cli):
    """`lr` and `model.hidden` are entries in filters, columns, order and comparisons, as with `config.` before them."""
    ofs = [
        cli.json("ls", "-w", f"{prefix}lr > 0.15 and {prefix}model.hidden == 16", "-c", "id", "-s", f"-{prefix}lr")
        for prefix in ("", "config.")
    ]

    assert [{"id": "3"}] == ofs[0]["runs"] == ofs[1]["runs"]
    assert [("3", 16), ("2", 8), ("1", 8)] == list(some.sort("-id").rows("id", "model.hidden"))
    for prefix in ("", "config."):
        lines = cli("compare", "-e", f"{prefix}lr,{prefix}model.hidden", "-m", "acc").splitlines()
        assert ["id", "lr", "model.hidden", "acc.last"] == lines[0].split()


def test_what_runs_have_prevails_over_an_entry_of_that_name(some, cli):
    """`name` is the experiment's, and `config.name` the entry; a comparison says so."""
    assert {("test", "resnet")} == set(some.rows("name", "config.name"))
    out = cli("compare", "-e", "name,config.name")

    assert ["id", "name", "config.name"] == out.splitlines()[0].split()[:3]
    assert "name is a fact of runs; the entry is config.name." in out


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("lr", [{"lr": 0.1}, {"lr": 0.2}]),
        ("model.hidden", [{"model.hidden": 8}, {"model.hidden": 16}]),
        ("config.lr", [{"lr": 0.1}, {"lr": 0.2}]),
        ("command", [{"command": "main"}, {"command": "inner"}]),
        ("tags", [{"tags": ["first"]}, {"tags": []}]),
        ("name", [{"name": "test"}]),
        ("git.commit", [{}]),
        ("info.note.best", [{"info.note.best": 0.2}, {}, {"info.note.best": 0.4}]),
    ],
)
def test_groups_are_made_by_any_field(some, cli, by, groups):
    """`compare --by` takes entries, tags, names, commits and whatever else runs have."""
    found = cli.json("compare", "--by", by)

    assert 0 == cli.code, cli.err
    assert groups == [group["entries"] for group in found["groups"]]


@pytest.mark.parametrize("words", [("ls", "-c"), ("ls", "-s"), ("compare", "--by"), ("compare", "-e")])
def test_an_unknown_name_is_said_everywhere(some, cli, words):
    """A name that no run has is one message with the nearest one and exit code 2."""
    cli(*words, "model.hiden")

    assert 2 == cli.code
    assert "QueryError: field 'config.model.hiden': is in no run. Did you mean 'config.model.hidden'" in cli.err


def test_what_else_a_run_has_is_a_field(some, cli):
    """The parent's id, info, repository, size and attempt are fields."""
    rows = list(some.rows("id", "parent", "info.note.best", "git.branch", "attempt"))

    assert [("3", None, 0.4, None, 1), ("2", "1", None, None, 1), ("1", None, 0.2, None, 1)] == rows
    assert ["2"] == some.where("parent == 1").ids()
    assert ["2"] == some.where("parent == '1'").ids()
    sizes = dict(some.rows("id", "size"))
    of_files = sum(path.stat().st_size for path in (some.store / "1").rglob("*") if path.is_file())
    assert of_files == sizes["1"]
    assert ["1", "2", "3"] == sorted(some.where("size > 100").ids())
    assert "kB" in cli("ls", "-c", "id,size,parent")


def test_an_empty_result_is_no_error(ex, cli):
    """A column of results is empty where no run has one."""
    ex.main(lambda: None)
    ex.run()

    assert ["id", "result"] == cli("ls", "-c", "id,result").split()[:2]
    assert 0 == cli.code


def test_git_has_only_its_fields(some):
    """A fact that no repository has is refused where it is written."""
    with pytest.raises(QueryError, match=r"There are: git\.commit"):
        some.sort("git.comit")


NUMBERS = {
    "float64": (np.float64(0.5), 0.5),
    "float32": (np.float32(0.5), 0.5),
    "float16": (np.float16(0.5), 0.5),
    "longdouble": (np.longdouble(0.5), 0.5),
    "int64": (np.int64(3), 3),
    "uint8": (np.uint8(3), 3),
    "a 0-d array": (np.array(0.5), 0.5),
    "a 0-d array of ints": (np.array(3), 3),
    "inf": (np.float32("inf"), math.inf),
}


class Tensor:
    """A number as torch has it, as far as one can tell from outside."""

    __module__ = "torch"
    shape = ()
    dtype = "torch.float32"

    def __init__(self, value):
        self._value = value

    def item(self):
        return self._value


@pytest.fixture
def with_number(ex):
    """Make a run that has a number as an entry, a result, an entry of one, and in its info."""

    def make(number, in_dict=True):
        @ex.command(unobserved=False)
        def give(_run):
            _run.info["x"] = number
            return {"acc": number} if in_dict else number

        ex.run("give", config_updates={"x": number}, options={"force": True})

    return make


@pytest.mark.parametrize(("number", "plain"), [pytest.param(*pair, id=name) for name, pair in NUMBERS.items()])
def test_numbers_of_numpy_are_found_as_numbers(with_number, cli, number, plain):
    """A scalar or 0-d array is a number in filters, order, frames and comparisons; its type is kept."""
    with_number(number)
    with_number(plain)
    with_number(number, in_dict=False)
    runs = expframe.runs("runs")

    assert [plain] * 2 == [row[0] for row in runs[1:].rows("result.acc")]
    assert {type(plain)} == {type(value) for row in runs[1:].rows("result.acc", "x", "info.x") for value in row}
    assert ["2", "1"] == runs.where(f"result.acc == {plain!r} and x == {plain!r}").ids()
    assert [("3", plain)] == list(runs.where("result > 0").rows("id", "result"))
    for library, frame in (("pandas", runs.frame("pandas")), ("polars", runs.frame("polars"))):
        assert ("int64" if type(plain) is int else "float64") == str(frame["config.x"].dtype).lower(), library
    compared = cli.json("compare", "1,2", "-m", "result.acc")["runs"]
    assert [plain] * 2 == [json_values.from_json(run["metrics"]["result.acc"]) for run in compared]
    stored = runs["1"]
    assert type(number) is type(stored.result["acc"]) is type(stored.config["x"])


def test_a_number_of_torch_is_found_as_a_number(with_number, cli):
    """What answers to `item`, `shape` and `dtype` as one number is one, and its type is in the files."""
    with_number(Tensor(0.5))
    runs = expframe.runs("runs")

    assert [(0.5, 0.5, 0.5)] == list(runs.rows("result.acc", "x", "info.x"))
    assert ({"acc": 0.5}, 0.5) == (runs["1"].result, runs["1"].config["x"])
    text = (runs["1"].folder / "config.json").read_text()
    assert '"__type__": "scalar", "name": "torch:Tensor", "dtype": "torch.float32", "value": 0.5' in text
    assert ["0.5"] == cli("ls", "-c", "result.acc").split()[1:]


def test_mixed_numbers_make_one_column_of_numbers(with_number):
    """One run with a number of another kind does not turn a column into texts."""
    for number in (0.5, np.float32(0.25), np.float64(1.5), 2, np.int16(3), Tensor(4.0)):
        with_number(number)
    runs = expframe.runs("runs").sort("id")

    expected = [0.5, 0.25, 1.5, 2.0, 3.0, 4.0]
    frame = runs.frame("pandas")
    assert pandas.api.types.is_float_dtype(frame["result.acc"])
    assert expected == frame["result.acc"].tolist() == frame["config.x"].tolist()
    assert polars.Float64 == runs.frame("polars")["result.acc"].dtype
    assert ["2", "1", "3", "4", "5", "6"] == runs.sort("result.acc").ids()
