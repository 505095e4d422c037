"""torch, jax and yaml take read-only dicts and lists for plain ones."""

import subprocess
import sys

import jax
import pytest
import torch
import yaml


@pytest.fixture
def checkpoint(ex, tmp_path):
    """A checkpoint of torch that holds `_config`, parts of it and what else can be read-only."""
    ex.add_config({"net": {"sizes": [2, 3], "names": {"a", "b"}, "raw": bytearray(b"x")}, "pair": (1, [2])})

    @ex.main
    def main(_config):
        torch.save({"w": torch.ones(1), "config": _config, "sizes": _config["net"]["sizes"]}, tmp_path / "own.pt")

    ex.run()
    return tmp_path / "own.pt"


READ = "print(repr(torch.load({path!r})['config']['net']['sizes']), type(torch.load({path!r})['config']).__name__)"


@pytest.mark.parametrize(
    "imports",
    [
        "import torch, expframe",
        "import expframe; import torch",
        "from expframe import Experiment; from torch import nn",
    ],
)
def test_a_checkpoint_with_the_config_loads_where_expframe_is_imported(checkpoint, imports):
    """`torch.load` with its defaults gives plain dicts and lists, whichever was imported first."""
    code = f"{imports}; import torch; {READ.format(path=str(checkpoint))}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "[2, 3] dict\n" == done.stdout, done.stderr


def test_a_checkpoint_has_every_kind_of_value(checkpoint):
    """Sets, bytearrays, tuples and lists in them come back plain."""
    found = torch.load(checkpoint)["config"]

    assert {"sizes": [2, 3], "names": {"a", "b"}, "raw": bytearray(b"x")} == found["net"]
    assert [set, bytearray, tuple] == [type(found["net"]["names"]), type(found["net"]["raw"]), type(found["pair"])]
    assert list is type(found["pair"][1])


def test_trees_of_jax_go_into_the_config(ex):
    """`jax.tree.map` goes into dicts, lists and tuples of `_config` in the order of plain ones and makes plain ones."""
    ex.add_config({"net": {"z": [2, 3], "a": 1}, "pair": (4, [5]), "seed": 6})

    @ex.main
    def main(_config):
        mapped = jax.tree.map(lambda number: 10 * number, _config)
        paths = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(_config)]
        plain = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(mapped)]
        mapped["net"]["z"].append(0)
        return mapped, paths == plain, jax.jit(lambda config: config["net"]["z"][1] + 1)(_config).item()

    assert ({"net": {"a": 10, "z": [20, 30, 0]}, "pair": (40, [50]), "seed": 60}, True, 4) == ex.run().result


def test_jax_may_be_imported_when_the_config_is_there_already():
    """A function that imports jax itself sees trees too."""
    code = (
        "from expframe import Experiment\n"
        "ex = Experiment('late', ghost=True)\n"
        "ex.add_config(a=1, b=[2, {'c': 3}])\n"
        "@ex.main\n"
        "def main(_config, b):\n"
        "    import jax\n"
        "    return jax.tree.leaves(b), len(jax.tree.leaves(_config))\n"
        "print(ex.run().result)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.stdout.endswith("([2, 3], 4)\n"), done.stderr


@pytest.mark.parametrize("dump", [yaml.safe_dump, yaml.dump], ids=["safe_dump", "dump"])
def test_yaml_writes_the_config(ex, dump):
    """PyYAML writes `_config` as it writes the plain values."""
    values = {"net": {"sizes": [2, 3], "names": {"a"}, "raw": bytearray(b"x")}, "seed": 6}
    ex.add_config(values)

    @ex.main
    def main(_config):
        return dump({"config": _config, "sizes": _config["net"]["sizes"]})

    plain = {"net": {**values["net"], "raw": b"x"}, "seed": 6}

    assert dump({"config": plain, "sizes": plain["net"]["sizes"]}) == ex.run().result


def test_a_child_changes_nothing_that_torch_gives_its_parent(ex):
    """Torch's global generator goes on after a run inside as if that had not been."""

    @ex.command
    def one():
        return torch.rand(3).tolist()

    @ex.main
    def main():
        before = torch.rand(1)
        ex.run("one")
        return before.item(), torch.rand(1).item(), torch.initial_seed()

    found = ex.run(config_updates={"seed": 7}).result
    torch.manual_seed(7)

    assert (torch.rand(1).item(), torch.rand(1).item(), 7) == found
