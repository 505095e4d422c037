"""Bounds beside types: what they say of values, and how entries are held to them."""

import datetime
import math
import re
from decimal import Decimal
from fractions import Fraction
from types import GenericAlias, SimpleNamespace
from typing import Annotated, Final, Literal, NewType, TypedDict, TypeVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe import Experiment, Ge, Gt, Ingredient, Le, Length, Log, Lt, MultipleOf, errors
from expframe.config.bounds import Bounds, bounds_of
from expframe.errors import BoundError, EntryBoundsError
from expframe.testing import run_cli

NUMBERS = st.one_of(st.integers(-9, 9), st.floats(-9, 9), st.sampled_from([math.inf, -math.inf, math.nan]))
LIMITS = st.one_of(st.integers(-5, 5), st.floats(-5, 5))
Share = NewType("Share", Annotated[float, Ge(0), Le(1)])


T = TypeVar("T")


class TypeAliasType:
    """What `type Positive[T] = ...` makes in Python 3.12."""

    def __init__(self, value):
        self.__value__ = value

    def __getitem__(self, args):
        return GenericAlias(self, args)


Positive = TypeAliasType(Annotated[T, Gt(0)])


def mark(**names):
    """Return what another library may put beside a type."""
    return SimpleNamespace(**names)


# ----------------------------------------------------------------------------------------------------------- values


@given(value=NUMBERS, limit=LIMITS)
def test_a_number_is_refused_just_where_it_compares_so(value, limit):
    """Each mark refuses the numbers for which its comparison does not hold, NaN among them."""
    holds = {Ge: value >= limit, Gt: value > limit, Le: value <= limit, Lt: value < limit}
    refused = {kind: bounds_of(Annotated[float, kind(limit)]).refusal(value) is not None for kind in holds}

    assert {kind: not held for kind, held in holds.items()} == refused


@given(value=st.integers(-10_000, 10_000), digits=st.integers(0, 6), step=st.integers(1, 50))
def test_a_float_is_a_multiple_of_what_is_written(value, digits, step):
    """Floats are multiples as they are written: 0.3 is one of 0.1."""
    written, step_written = f"{value * step}e-{digits}", f"{step}e-{digits}"
    bounds = bounds_of(Annotated[float, MultipleOf(float(step_written))])

    assert bounds.refusal(float(written)) is None


@given(text=st.text(max_size=6), low=st.integers(0, 4), more=st.integers(0, 4))
def test_a_length_is_refused_just_where_it_is_not_between(text, low, more):
    """A text or a list is refused where it has fewer or more than Length says."""
    bounds = bounds_of(Annotated[str, Length(low, low + more)])

    assert (low <= len(text) <= low + more) == (bounds.refusal(text) is None) == (bounds.refusal([*text]) is None)


@pytest.mark.parametrize(
    ("marks", "value", "words"),
    [
        ((Ge(1), Le(3)), 4, "must be at most 3"),
        ((Ge(1), Le(3)), 0.5, "must be at least 1"),
        ((Gt(0), Lt(1)), 0, "must be above 0"),
        ((Gt(0), Lt(1)), 1, "must be below 1"),
        ((Gt(0), Lt(1)), math.nan, "must be above 0"),
        ((Le(1),), Decimal("nan"), "must be at most 1"),
        ((MultipleOf(64),), 65, "must be a multiple of 64"),
        ((MultipleOf(0.1),), math.inf, "must be a multiple of 0.1"),
        ((MultipleOf(0.3),), 10**400, "must be a multiple of 0.3"),
        ((Ge(0),), True, "must be a number"),
        ((Ge(0),), np.True_, "must be a number"),
        ((Ge(0),), "1", "must be a number"),
        ((Ge(0),), 1j, "must be a number"),
        ((Ge(0),), np.float32(-1), "must be at least 0"),
        ((Ge(0),), np.array(-1), "must be at least 0"),
        ((Ge(0),), Fraction(-1, 3), "must be at least 0"),
        ((Ge(datetime.date(2026, 1, 1)),), datetime.date(2025, 1, 1), "must be at least 2026-01-01"),
        ((Ge(datetime.date(2026, 1, 1)),), "x", "must be at least 2026-01-01"),
        ((Length(1),), "", "must have at least 1 character"),
        ((Length(2),), [1], "must have at least 2 items"),
        ((Length(0, 1),), (1, 2), "must have at most 1 item"),
        ((Length(2, 3),), 5, "must have 2 to 3 items"),
    ],
)
def test_a_refusal_says_what_a_value_must_be(marks, value, words):
    """The words are those of the bound that is not kept; neither a truth nor a text is a number."""
    assert words == bounds_of(Annotated[(object, *marks)]).refusal(value)


@pytest.mark.parametrize(
    ("annotation", "shown"),
    [
        (Annotated[float, Ge(1e-5), Le(1.0), Log], "in [1e-05, 1.0], log"),
        (Annotated[float, Gt(0), Lt(1)], "in (0, 1)"),
        (Annotated[float, Gt(0), Log()], "above 0, log"),
        (Annotated[int, Le(8)], "at most 8"),
        (Annotated[int, Ge(64), MultipleOf(64)], "at least 64, a multiple of 64"),
        (Annotated[str, Length(3)], "at least 3 items"),
        (Annotated[str, Length(3, 3)], "3 items"),
        (Annotated[str, "a remark"], ""),
        (int, ""),
    ],
)
def test_bounds_are_shown_as_they_are_said(annotation, shown):
    """What stands behind a type says both ends, the step, the length and ratios."""
    assert shown == bounds_of(annotation).shown


# ----------------------------------------------------------------------------------------------------- annotations


@pytest.mark.parametrize(
    ("annotation", "bounds"),
    [
        (Annotated[float, mark(ge=0, le=1)], Bounds(0, 1)),
        (Annotated[float, mark(gt=0, ge=None, lt=1, le=None)], Bounds(0, 1, True, True)),
        (Annotated[float, mark(metadata=[Ge(0), Le(1)])], Bounds(0, 1)),
        (Annotated[str, mark(min_length=2, max_length=3)], Bounds(min_length=2, max_length=3)),
        (Annotated[int, mark(multiple_of=8)], Bounds(multiple_of=8)),
        (Annotated[int, mark(ge=lambda other: True), SimpleNamespace, "ge", 3], Bounds()),
        (Annotated[int, np.int64(3), Ge(np.int64(3))], Bounds(3)),
        (Annotated[int, [], Ge(1)], Bounds(1)),
        (Annotated[float, Le(math.inf), Ge(0), MultipleOf(2)], Bounds(0, math.inf, multiple_of=2)),
        (Share, Bounds(0, 1)),
        (Annotated[Share, Gt(0), Le(2)], Bounds(0, 1, True)),
        (Final[Share], Bounds(0, 1)),
        (TypeAliasType(Share), Bounds(0, 1)),
        (Positive[int] | None, Bounds(0, excludes_low=True)),
        (Share | None, Bounds(0, 1)),
        (Annotated[Share | None, Gt(0)], Bounds(0, 1, True)),
        (Share | str, Bounds()),
        ("Share", Bounds()),
        (None, Bounds()),
    ],
)
def test_bounds_are_read_by_names_wherever_they_stand(annotation, bounds):
    """Marks of any library, in groups, aliases, NewType and beside None come together as the tightest of each kind."""
    assert bounds == bounds_of(annotation)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (lambda: Ge("x"), "Ge('x'): takes a number, or a date or time."),
        (lambda: Gt(True), "Gt(True): takes a number, or a date or time."),
        (lambda: Le(math.nan), "Le(nan): takes a number that others can be compared with"),
        (lambda: MultipleOf(0), "MultipleOf(0): takes a number above 0."),
        (lambda: Length(3, 1), "Length(3, 1): takes whole numbers from 0 on, the smaller one first"),
        (lambda: Length(1.5), "Length(1.5): takes whole numbers"),
        (lambda: bounds_of(Annotated[int, Ge(3), Le(1)]), "Ge(3), Le(1): leave no number over."),
        (lambda: bounds_of(Annotated[int, Ge(3), Lt(3)]), "Ge(3), Lt(3): leave no number over."),
        (lambda: bounds_of(Annotated[int, Ge(1), Le(3), MultipleOf(5)]), "leave no multiple of 5. Widen them."),
        (lambda: bounds_of(Annotated[int, MultipleOf(2), MultipleOf(3)]), "say two steps."),
        (lambda: bounds_of(Annotated[str, Length(3), mark(max_length=2)]), "leave no length over."),
        (lambda: bounds_of(Annotated[int, Ge(0), Log]), "Ge(0), Log: has ratios, and there are none at 0 or below."),
        (lambda: bounds_of(Annotated[int, mark(ge="a"), Ge(3)]), "cannot be compared"),
        (lambda: bounds_of(Annotated[float, mark(ge=math.nan)]), "bounds are no NaN"),
        (lambda: bounds_of(Annotated[int, Ge]), "Ge: says no number. Write it, as in Ge(1)."),
    ],
)
def test_wrong_bounds_are_refused_where_they_are_made_or_read(wrong, problem):
    """A mark that says no bound is refused where it is made, marks that contradict each other where they are read."""
    with pytest.raises(BoundError, match=re.escape(problem)):
        wrong()


# --------------------------------------------------------------------------------------------------------- entries


class Row(TypedDict):
    """A typed dict."""

    width: Annotated[int, Ge(1)]
    name: str


@pytest.fixture
def ex():
    """An experiment with entries that have bounds."""
    ex = Experiment("bounded", ghost=True)

    @ex.config
    def config():
        scale = 1
        lr: Annotated[float, Ge(1e-5), Le(1.0), Log] = 0.1 * scale
        depth: Annotated[int, Ge(1)] | None = None
        sizes: Annotated[list[Annotated[int, Ge(1)]], Length(1)] = [8]
        share: Share = 0.5
        row: Row = {"width": 3, "name": "a"}
        warm: Annotated[float | Literal["auto"], Gt(0)] = "auto"
        plain: int = 3

    @ex.named_config
    def far():
        lr = 5.0

    @ex.main
    def main(lr):
        return lr

    return ex


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("lr=2.0", "'lr=2.0': 'lr' must be at most 1.0 (test_bounds.py:LINE), not 2.0. --force takes it as it is."),
        ("lr=nan", "'lr=nan': 'lr' must be at least 1e-05 (test_bounds.py:LINE), not nan."),
        ("depth=0", "'depth=0': 'depth' must be at least 1 (test_bounds.py:LINE), not 0."),
        ("sizes=[1,0]", "'sizes=[1,0]': 'sizes.1' must be at least 1 (test_bounds.py:LINE), not 0."),
        ("sizes.0=0", "'sizes.0=0': 'sizes.0' must be at least 1 (test_bounds.py:LINE), not 0."),
        ("sizes+=[-3]", "'sizes+=[-3]': 'sizes.1' must be at least 1 (test_bounds.py:LINE), not -3."),
        ("sizes=[]", "'sizes=[]': 'sizes' must have at least 1 item (test_bounds.py:LINE), not [] (list)."),
        ("share=2", "'share=2': 'share' must be at most 1 (test_bounds.py:LINE), not 2.0."),
        ("row.width=0", "'row.width=0': 'row.width' must be at least 1 (test_bounds.py:LINE), not 0."),
        ("warm=-1", "'warm=-1': 'warm' must be above 0 (test_bounds.py:LINE), not -1.0."),
        (
            "scale=20",
            "config function config (test_bounds.py:LINE): 'lr' must be at most 1.0 (test_bounds.py:LINE), not 2.0. "
            "Change it or its bounds, or say another: with lr=... --force takes it as it is.",
        ),
        ("far", "named config far (test_bounds.py:LINE): 'lr' must be at most 1.0 (test_bounds.py:LINE), not 5.0."),
    ],
)
def test_a_value_out_of_bounds_is_refused_whoever_set_it(ex, words, said):
    """The refusal names who set the value, the entry, its bound, where that is annotated, and what can be done."""
    refused = run_cli(ex, f"with {words}")

    assert 2 == refused.exit_code
    assert f"EntryBoundsError: {said}" in re.sub(r"py:\d+", "py:LINE", refused.stderr)


def test_the_place_of_a_bound_is_that_of_the_annotation(ex):
    """Where the value comes from another line, both places are said."""
    first = ex.resolve().origins["lr"].line

    @ex.config
    def later():
        lr = 7.0

    with pytest.raises(EntryBoundsError) as refused:
        ex.resolve()

    assert f"test_bounds.py:{first}" == refused.value.where
    assert refused.value.said_by.startswith("config function later (test_bounds.py:")
    assert f"test_bounds.py:{first}" not in refused.value.said_by


@pytest.mark.parametrize(
    "words", ["lr=1", "lr=1e-5", "depth=null", "depth=1", "warm=auto", "warm=0.1", "share=0", "row.width=1", "far lr=1"]
)
def test_a_value_within_bounds_is_taken(ex, words):
    """The bounds themselves are within, so is None where the type takes it, and a text that a union has."""
    assert 0 == run_cli(ex, f"with {words}").exit_code


def test_a_bound_may_be_larger_than_any_float():
    """Whole numbers have no end: a bound that no float can be holds as any other."""
    ex = Experiment("large")

    @ex.config
    def config():
        x: Annotated[int, Ge(0), Le(10**400)] = 1

    assert 10**399 == ex.resolve(config_updates={"x": 10**399})["x"]
    with pytest.raises(EntryBoundsError):
        ex.resolve(config_updates={"x": 10**400 + 1})


def test_force_takes_a_value_as_it_is(ex):
    """With --force bounds are not held, whoever set the value."""
    assert 2.0 == run_cli(ex, "with lr=2.0 --force").run.result
    assert 5.0 == run_cli(ex, "with far --force").run.result


def test_what_an_earlier_run_decided_is_taken_as_it_is(tmp_path):
    """A run that was forced is resumed and done again with its values; what is newly asked for is held to bounds."""
    ex = Experiment("forced", store=tmp_path / "runs")

    @ex.config
    def config():
        lr: Annotated[float, Le(1.0)] = 0.1
        depth: Annotated[int, Ge(1)] = 3
        fails = True

    @ex.main
    def main(lr, fails):
        if fails:
            raise RuntimeError("at first")
        return lr

    forced = {"config_updates": {"lr": 2.0}, "options": {"--force": True}}
    for asked in (forced, {"options": {"--resume": "1"}}):
        with pytest.raises(RuntimeError, match="at first"):
            ex.run(**asked)

    assert 2.0 == ex.run(config_updates={"fails": False}, options={"--again": "1"}).result
    with pytest.raises(EntryBoundsError, match="'depth' must be at least 1"):
        ex.run(config_updates={"depth": 0}, options={"--again": "1"})


def test_what_the_code_says_by_default_is_held_too():
    """A default out of its bounds is refused before a run begins; another value for it is taken."""
    ex = Experiment("wrong", ghost=True)

    @ex.config
    def config():
        depth: Annotated[int, Ge(1)] = 0

    with pytest.raises(EntryBoundsError, match=r"'depth' must be at least 1 \(test_bounds.py:\d+\), not 0\. Change it"):
        ex.resolve()
    assert 3 == ex.resolve("depth=3")["depth"]


def test_none_is_told_how_it_may_be():
    """A None that the type leaves out is refused with how to allow it."""
    ex = Experiment("open", ghost=True)

    @ex.config
    def config():
        depth: Annotated[int, Ge(1)] = None

    with pytest.raises(EntryBoundsError, match=r"not None\. Annotate it with `\.\.\. \| None` where"):
        ex.resolve()


def test_bounds_that_cannot_be_evaluated_are_said():
    """A bound whose name is misspelt is warned of, as it holds nothing; a type that is not there says no bound."""
    ex = Experiment("misspelt", ghost=True)

    @ex.config
    def config():
        depth: Annotated[int, Gee(1)] = 3  # noqa: F821
        width: Elsewhere = 3  # noqa: F821

    [warning] = ex.resolve().warnings

    assert re.fullmatch(
        r"Entry 'depth' \(test_bounds.py:\d+\) is held to no type and no bounds: its annotation raises "
        r"NameError: name 'Gee' is not defined\.",
        warning,
    )


def test_entries_of_ingredients_and_of_files_are_held_too(tmp_path):
    """Whatever gives an ingredient's entry its value, its bounds are those of the ingredient."""
    data = Ingredient("data")
    ex = Experiment("parts", ingredients=[data], ghost=True)
    (tmp_path / "small.json").write_text('{"data": {"size": 0}}')

    @data.config
    def config():
        size: Annotated[int, Ge(1)] = 10
        weights: dict[str, Annotated[float, Ge(0)]] = {"a": 1.0}

    with pytest.raises(EntryBoundsError, match=r"'data.size=0': 'data.size' must be at least 1 \(test_bounds.py:\d+\)"):
        ex.resolve("data.size=0")
    with pytest.raises(EntryBoundsError, match=r"'data.weights.a=-1': 'data.weights.a' must be at least 0"):
        ex.resolve("data.weights.a=-1")
    with pytest.raises(EntryBoundsError, match=r"'data.size in .*small.json': 'data.size' must be at least 1"):
        ex.resolve(named=[str(tmp_path / "small.json")])
    ex.add_config(data={"size": -3})
    with pytest.raises(EntryBoundsError, match=r"add_config .*: 'data.size' must be at least 1 .*, not -3\."):
        ex.resolve()


def test_a_masked_value_is_not_shown():
    """What is refused of a secret shows no secret."""
    ex = Experiment("secret", ghost=True)

    @ex.config
    def config():
        password: Annotated[str, Length(8)] = "correct horse"

    with pytest.raises(EntryBoundsError) as refused:
        ex.resolve("password=hunter2")

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("bound", ["Ge('x')", "Ge(2), Le(1)"])
def test_wrong_bounds_name_their_entry(tmp_path, bound):
    """What is wrong with bounds in code is said with the entry and its line."""
    script = tmp_path / "script.py"
    script.write_text(
        "from typing import Annotated\nfrom expframe import Experiment, Ge, Le\nex = Experiment('wrong')\n"
        f"@ex.config\ndef config():\n    lr: Annotated[float, {bound}] = 0.1\n"
    )
    scope = {"__file__": str(script), "__name__": "wrong_bounds"}
    exec(compile(script.read_text(), script, "exec"), scope)

    with pytest.raises(BoundError, match=re.escape(f"{bound} of 'lr' (script.py:6): ")):
        scope["ex"].resolve()


def test_the_errors_of_bounds_are_of_their_kinds():
    """A wrong bound is a mistake in a definition, a value out of bounds one of the config."""
    assert issubclass(BoundError, errors.DefinitionError)
    assert issubclass(EntryBoundsError, errors.ConfigError)
