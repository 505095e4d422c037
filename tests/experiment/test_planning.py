"""From what a call asks for to a run that is decided and not started."""

import pytest

from expframe import Experiment
from expframe.errors import UsageError


@pytest.fixture
def ex():
    """Return an experiment with a few entries and a named config."""
    ex = Experiment("x", ghost=True)
    ex.add_config(lr=0.1, net={"depth": 3})
    ex.add_named_config("fast", lr=0.9)

    @ex.main
    def main(lr, factor=1):
        return lr * factor

    return ex


@pytest.mark.parametrize("ask", ["run", "create", "start", "queue", "child"])
@pytest.mark.parametrize(
    ("asked", "takes"),
    [
        ({"config_updates": ["lr=1"]}, r"config_updates=\['lr=1'\]: is a list. It takes a dict: \{'lr'"),
        ({"config_updates": "lr=1"}, "config_updates='lr=1': is a str. It takes a dict"),
        ({"named_configs": "fast"}, r"named_configs='fast': is a str. It takes a list of names: \['fast'\]"),
        ({"named_configs": [1]}, r"named_configs=\[1\]: is a list of something else. It takes a list of names"),
        ({"tags": "first"}, "tags='first': is a str. It takes a list of words"),
        ({"options": ["-f"]}, r"options=\['-f'\]: is a list. It takes a dict of options by name"),
        ({"info": [1]}, r"info=\[1\]: is a list. It takes a dict"),
    ],
)
def test_arguments_of_the_wrong_kind_say_what_they_take(ex, ask, asked, takes):
    """An argument of another kind is refused, whoever is asked, with an example of what it takes."""
    with ex.start() as around, pytest.raises(UsageError, match=takes):
        (around if ask == "child" else ex).__getattribute__(ask)(**asked)


@pytest.mark.parametrize("named", ["fast", [1]])
def test_what_resolve_refuses_is_called_as_it_calls_it(ex, named):
    """`resolve` takes named configs as `named`, and refuses them by that name."""
    with pytest.raises(UsageError, match=r"^named=.*It takes a list of names: \['fast'\]"):
        ex.resolve(named=named)


@pytest.mark.parametrize("ask", ["run", "create", "start", "queue"])
def test_unknown_arguments_are_named(ex, ask):
    """An argument that there is not is refused with the nearest one that there is."""
    with pytest.raises(TypeError, match=r"no argument 'named_config'\. Did you mean 'named_configs'\?"):
        getattr(ex, ask)(named_config=["fast"])


def test_named_configs_may_come_in_any_container(ex):
    """Named configs are taken from a list, a tuple or a set of names."""
    results = [ex.run(named_configs=names).result for names in (["fast"], ("fast",), {"fast"})]

    assert [0.9, 0.9, 0.9] == results


def test_a_start_is_of_no_command(ex, tmp_path):
    """A command that happens to be called `start` or `start()` is none that a started run is taken for."""
    called = []
    ex.command(lambda: called.append("start()"), unobserved=False)
    ex.registry.commands["start"] = ex.registry.commands["<lambda>"]
    with ex.start() as run:
        pass

    assert ("start", []) == (run.command, called)
    ex.run("start")

    assert ["start()"] == called


def test_a_start_takes_no_arguments(ex):
    """Arguments for a command are refused where there is no command."""
    with pytest.raises(UsageError, match="this run has none"):
        ex.start(args=[1])


def test_arguments_of_a_created_run_come_before_those_of_its_calls(ex):
    """What `create` is given holds for each call, and the call's own prevails."""
    with ex.create(kwargs={"factor": 2}) as run:
        results = [run(), run(factor=3)]

    assert [0.2, pytest.approx(0.3)] == results
