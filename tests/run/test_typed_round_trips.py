"""Configs of classes that are stored, saved and taken again are the same."""

import datetime
import enum
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import expframe
from expframe import Experiment

texts = st.text("ab'\"\\: #é\n", max_size=4) | st.sampled_from(["None", "1", "vit", "true", "{}", "~", "1e3", "no"])
numbers = st.floats(allow_nan=False) | st.integers(-3, 3).map(float)


class Mode(enum.Enum):
    """Some kinds."""

    FAST = 1
    SLOW = "s"


@dataclass(frozen=True)
class Resnet:
    """Some model."""

    depth: int = 34
    weights: Path = Path("w")
    name: str = "n"


@dataclass(frozen=True)
class Vit:
    """Some other model, with another in it."""

    depth: int = 6
    mode: Mode = Mode.FAST
    sizes: tuple[int, ...] = (1, 2)
    since: datetime.date | None = None
    scale: float = 1.0
    inner: Resnet | Mode | None = None


resnets = st.builds(Resnet, st.integers(), texts.map(lambda text: Path(f"a{text!r}")), texts)
vits = st.builds(
    Vit,
    st.integers(),
    st.sampled_from(Mode),
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
    st.none() | st.dates(),
    numbers,
    st.none() | resnets | st.sampled_from(Mode),
)
models = resnets | vits
configs = st.fixed_dictionaries(
    {},
    optional={
        "model": models,
        "many": st.lists(models, max_size=3),
        "named": st.fixed_dictionaries({"a": vits}),
        "maybe": st.none() | vits,
        "free": vits,
        "tags": st.frozensets(st.integers(0, 3), max_size=2).map(set),
    },
)


def experiment(store):
    """Return an experiment with choices of all kinds."""
    ex = Experiment("test", store=store)

    @ex.config
    class Config:
        model: Resnet | Vit = Resnet()
        many: list[Resnet | Vit] = [Resnet(1), Vit(2)]
        named: dict[str, Vit] = {"a": Vit(3), "b": Vit(4)}
        maybe: Vit | None = None
        tags: set[int] = {1}

    @ex.config
    def config(model):
        free = Vit(9)
        twice = model.depth * 2

    @ex.main
    def main(model, many, named, maybe, free, twice):
        return repr((model, list(many), dict(named), maybe, free))

    return ex


def without_seed(values):
    """Return values but the seed, as plain data."""
    return {name: value for name, value in expframe.thaw(values).items() if name != "seed"}


@pytest.mark.once
@given(configs, st.sampled_from(["json", "yaml"]))
def test_a_saved_config_is_the_same_when_it_is_taken(tmp_path, updates, form):
    """Values and instances of a config that is saved, as JSON or YAML, are those of the config that takes the file."""
    ex = experiment(tmp_path / "runs")
    file = str(tmp_path / f"saved.{form}")
    first = ex.resolve(config_updates=updates)
    ex.run("save_config", config_updates={**updates, "config_filename": file})
    again = ex.resolve(named=[file])

    assert without_seed(first.values) == {
        name: value for name, value in without_seed(again.values).items() if name != "config_filename"
    }
    for name in updates:
        assert first.objects[name] == again.objects[name]


@pytest.mark.once
@given(configs)
def test_a_run_that_is_done_again_has_the_same(tmp_path, updates):
    """`--again`, and a stored config.json as a file, give the values and instances of the run that was stored."""
    ex = experiment(tmp_path / "runs")
    first = ex.run(config_updates=updates)
    again = ex.run_commandline(["test", "--again", first.id])
    taken = ex.run_commandline(["test", "with", str(first.folder / "config.json")])

    assert first.result == again.result == taken.result
    assert first.config == again.config == taken.config


def test_another_choice_is_laid_over_an_earlier_run(tmp_path):
    """What is asked for besides prevails over what an earlier run chose; its fields go with it."""
    ex = experiment(tmp_path / "runs")
    first = ex.run(config_updates={"model": Vit(3, sizes=(7,)), "free.mode": "SLOW"})
    words = [["--again", first.id], ["with", str(first.folder / "config.json")]]
    ways = [[*some, *([] if "with" in some else ["with"])] for some in words]

    for way in ways:
        kept = ex.run_commandline(["test", *way, "model.depth=5"])
        other = ex.run_commandline(["test", *way, "model=resnet"])
        assert {"_choice": "vit", "depth": 5, "sizes": (7,)}.items() <= kept.config["model"].items()
        assert {"_choice": "resnet", "depth": 34} == {key: other.config["model"][key] for key in ("_choice", "depth")}
        assert "SLOW" == other.config["free"]["mode"].name
