"""Objects that hold entries are taken as groups of entries."""

from argparse import Namespace
from dataclasses import dataclass, field
from types import MappingProxyType, SimpleNamespace

import pytest

from expframe import Experiment, start
from expframe.errors import DefinitionError


@dataclass
class Optimizer:
    """Some part of a config."""

    name: str = "adam"
    betas: tuple[float, ...] = (0.9, 0.99)


@dataclass
class Settings:
    """Some config."""

    lr: float = 0.1
    optimizer: Optimizer = field(default_factory=Optimizer)


EXPECTED = {"lr": 0.1, "optimizer": {"name": "adam", "betas": (0.9, 0.99)}}
HOLDERS = {
    "namespace": Namespace(lr=0.1, optimizer=Namespace(name="adam", betas=(0.9, 0.99))),
    "simple namespace": SimpleNamespace(lr=0.1, optimizer=SimpleNamespace(name="adam", betas=(0.9, 0.99))),
    "dataclass": Settings(),
    "mapping": MappingProxyType({"lr": 0.1, "optimizer": MappingProxyType(EXPECTED["optimizer"])}),
    "namespace in a dict": {"lr": 0.1, "optimizer": Namespace(**EXPECTED["optimizer"])},
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_adders_take_them(holder):
    """`add_config`, `add_named_config` and `start` make entries of an object's fields, set one by one."""
    ex = Experiment("test", ghost=True)
    ex.add_config(HOLDERS[holder])
    named = Experiment("test", ghost=True)
    named.add_named_config("all", HOLDERS[holder])
    with start("test", HOLDERS[holder], ghost=True) as run:
        started = dict(run.config)

    for found in (dict(ex.resolve()), dict(named.resolve(named=["all"])), started):
        assert EXPECTED == {name: found[name] for name in EXPECTED}
    assert "sgd" == ex.resolve("optimizer.name=sgd")["optimizer"]["name"]


@pytest.mark.parametrize("holder", HOLDERS)
def test_updates_take_them(holder):
    """So do `config_updates`."""
    ex = Experiment("test", ghost=True)
    ex.add_config(lr=1.0, optimizer={"name": "sgd", "betas": (1.0,), "eps": 3})
    ex.main(lambda lr, optimizer: (lr, dict(optimizer)))

    assert (0.1, {**EXPECTED["optimizer"], "eps": 3}) == ex.run(config_updates=HOLDERS[holder]).result
    assert 0.1 == ex.resolve(config_updates=HOLDERS[holder])["lr"]


def test_their_holder_is_not_kept():
    """What is done to the object later changes no entry."""
    holder = Namespace(sizes=[1], net=Namespace(depth=1))
    ex = Experiment("test", ghost=True)
    ex.add_config(holder)
    holder.lr = 3
    holder.net.depth = 5

    assert {"sizes", "net", "seed"} == set(ex.resolve())
    assert 1 == ex.resolve()["net"]["depth"]


@pytest.mark.parametrize("value", [3, [1], object(), Settings])
def test_what_holds_none(value):
    """Anything else is refused, with what can be given."""
    with pytest.raises(DefinitionError, match=r"was given a \w+\. Give a dict, a file name, keywords, a namespace"):
        Experiment("test").add_config(value)
