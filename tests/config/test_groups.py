"""Objects that hold entries are taken as groups of entries."""

from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import pytest

from expframe import Experiment, start
from expframe.errors import DefinitionError, EntryTypeError, UnknownEntryError


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
    with pytest.raises(DefinitionError, match=r"was given an? \w+\. Give a dict, a file name, keywords, a namespace"):
        Experiment("test").add_config(value)


@pytest.mark.parametrize("kind", [Namespace, SimpleNamespace])
def test_as_entries_of_dicts(kind):
    """A namespace among entries that are added is a group, set by fields or by another one; functions get it again."""
    ex = Experiment("test", ghost=True)
    ex.add_config(net=kind(depth=3, opt=kind(lr=0.1)))
    ex.main(lambda net: net)
    before, after = ex.run().result, ex.run(config_updates={"net": kind(depth=7), "net.opt.lr": 1}).result

    assert (kind(depth=3, opt=kind(lr=0.1)), kind(depth=7, opt=kind(lr=1.0))) == (before, after)
    assert {"depth": 9, "opt": {"lr": 0.1}} == ex.resolve(config_updates={"net": {"depth": 9}})["net"]
    assert {"a": {"b": 1}} == ex.resolve(config_updates={"+new": kind(a=kind(b=1))})["new"]


@pytest.mark.parametrize("kind", [Namespace, SimpleNamespace])
@pytest.mark.parametrize("is_file", [True, False])
def test_what_an_entry_of_a_namespace_cannot_be_is_refused(kind, is_file):
    """Entries of a namespace in a config function are judged as those of a dict there."""
    ex = Experiment("test", ghost=True)

    @ex.config
    def config():
        net = kind(depth=3, opt=kind(lr=0.1))

    Path("more.json").write_text('{"net": {"opt": {"lr": "high"}}}')
    with pytest.raises(EntryTypeError, match=r"'net\.opt\.lr' .* takes float, not 'high'"):
        ex.resolve(named=["more.json"]) if is_file else ex.resolve(config_updates={"net.opt.lr": "high"})
    assert ["Entry 'net.depth'"] == [warning[:17] for warning in ex.resolve("net.depth=2.5").warnings]


@pytest.mark.parametrize("kind", [Namespace, SimpleNamespace])
def test_namespaces_in_config_functions(kind):
    """A namespace in a config function is a group that is set one by one; code and functions are given a namespace."""
    ex = Experiment("test", ghost=True)

    @ex.config
    def config():
        net = kind(depth=3, opt=kind(lr=0.1), sizes=[1, 2])
        double = net.depth * 2
        fast = net.opt.lr * 10

    @ex.config
    def more(net):
        again = net.opt.lr

    @ex.capture(prefix="net")
    def inner(depth, opt):
        return depth, opt.lr

    @ex.main
    def main(net, double, fast, again):
        return net, net.opt.lr, double, fast, again, inner()

    net, *others = ex.run(config_updates={"net.depth": 5, "net.opt.lr": 0.5}).result

    assert (kind, kind) == (type(net), type(net.opt))
    assert [0.5, 10, 5.0, 0.5, (5, 0.5)] == others
    assert {"depth": 3, "opt": {"lr": 0.1}, "sizes": [1, 2]} == ex.resolve()["net"]
    with pytest.raises(UnknownEntryError):
        ex.resolve("net.dept=3")
