"""Tensors, modules and state dicts of torch: saved as .pt, loaded as weights only unless trusted."""

import sys

import pytest
import torch

import expframe
from expframe import Experiment
from expframe.errors import SaveError, StoreError, ValueFormatError


@pytest.fixture
def within(tmp_path):
    """Do something in a run that keeps its files in `runs`, and return what it returns."""

    def go(function):
        ex = Experiment("torch", store=tmp_path / "runs")

        @ex.config
        def config():
            net = {"sizes": [2, 3]}

        @ex.main
        def main(_run):
            return function(_run)

        return ex.run().result

    return go


@pytest.fixture
def module():
    """A small network."""
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))


def same(first, second):
    """Return whether two state dicts hold the same."""
    return list(first) == list(second) and all(torch.equal(first[key], second[key]) for key in first)


class TestSaving:
    """What torch makes."""

    def test_modules(self, within, module, tmp_path):
        """A module is saved as its state dict, which a new one takes; a stored run gives it too."""
        name, found = within(lambda run: (run.save(module, "net").name, run.load("net")))

        assert "net.pt" == name
        assert same(module.state_dict(), found)
        fresh = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
        fresh.load_state_dict(expframe.runs(tmp_path / "runs")[1].load("net"))
        assert same(module.state_dict(), fresh.state_dict())
        assert same(module.state_dict(), torch.load(tmp_path / "runs/1/files/net.pt", weights_only=True))

    def test_state_dicts_and_checkpoints(self, within, module):
        """Dicts that hold tensors, at any depth, are .pt without being told; what holds none is JSON."""

        def save(run):
            optimizer = torch.optim.Adam(module.parameters())
            module(torch.ones(1, 2)).sum().backward()
            optimizer.step()
            checkpoint = {"net": module.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
            names = [run.save(value, "x").name for value in (module.state_dict(), checkpoint, [{"a": [torch.ones(1)]}])]
            names += [run.save(optimizer, "adam").name, run.save({"a": [1]}, "x").name]
            loaded = run.load("x (1).pt")
            assert same(checkpoint["net"], loaded["net"])
            assert loaded["epoch"] == 3
            optimizer.load_state_dict(run.load("adam"))
            return names

        assert ["x.pt", "x (1).pt", "x (2).pt", "adam.pt", "x.json"] == within(save)

    @pytest.mark.parametrize("suffix", ["", ".pt", ".pth"])
    def test_tensors(self, within, suffix):
        """A tensor comes back as it was, type and shape included."""
        tensor = torch.arange(6, dtype=torch.bfloat16).reshape(2, 3)
        found = within(lambda run: (run.save(tensor, f"t{suffix}").name, run.load(f"t{suffix}")))

        assert f"t{suffix or '.pt'}" == found[0]
        assert torch.equal(tensor, found[1])
        assert tensor.dtype == found[1].dtype

    def test_config_values(self, within):
        """Read-only config values are plain in the file, so that it loads without trust."""

        def save(run):
            run.save({"weight": torch.ones(1), "config": run.config["net"]}, "checkpoint")
            found = run.load("checkpoint")["config"]
            return [found, type(found), type(found["sizes"])]

        assert [{"sizes": [2, 3]}, dict, list] == within(save)

    def test_anything_where_the_name_says_so(self, within):
        """A name that ends in .pt takes what torch.save takes."""
        assert [1, 2] == within(lambda run: (run.save([1, 2], "x.pt"), run.load("x.pt"))[1])

    def test_never_as_an_empty_shell(self, within, module):
        """A module or tensor in JSON would hold nothing of it: an error."""

        def save(run):
            for value in (module, torch.ones(2), {"a": torch.ones(2)}):
                with pytest.raises(
                    SaveError, match=r"no saver writes \w+ as \.json\. For \w+ there are: \.pt, \.pth\."
                ):
                    run.save(value, "x.json")

        within(save)

    def test_what_cannot_be_pickled(self, within, tmp_path):
        """What torch cannot write is an error, and nothing is left."""

        def save(run):
            with pytest.raises(SaveError, match="Nothing was left behind"):
                run.save({"a": torch.ones(10_000), "b": lambda: 1}, "x")

        within(save)

        assert [] == list((tmp_path / "runs" / "1" / "files").iterdir())


class TestLoading:
    """Weights only, unless trusted."""

    def test_whole_modules(self, within, module):
        """A file that holds a whole module is refused without trust, clearly."""

        def load(run):
            run.save({"net": module}, "whole")
            with pytest.raises(StoreError, match=r"file 'whole\.pt': .*executes code that it holds. Pass trust=True"):
                run.load("whole")
            return run.load("whole", trust=True)["net"]

        assert same(module.state_dict(), within(load).state_dict())

    def test_code(self, within, tmp_path):
        """A file that would execute code does not, without trust."""
        import os

        class Bomb:
            def __reduce__(self):
                return os.mkdir, (str(tmp_path / "exploded"),)

        def load(run):
            run.save({"tensor": torch.ones(1), "bomb": Bomb()}, "bomb")
            with pytest.raises(StoreError, match="executes code"):
                run.load("bomb")

        within(load)

        assert not (tmp_path / "exploded").exists()

    def test_damaged_files(self, within, module):
        """A damaged file is an error that names it, and no invitation to trust it."""

        def load(run):
            content = run.save(module, "net").read_bytes()
            for number, damaged in enumerate((b"garbage", content[: len(content) // 2], b"")):
                run.save(damaged, f"{number}.pt")
                for trust in (False, True):
                    with pytest.raises(ValueFormatError, match=rf"file '{number}\.pt': cannot be read by 'torch'"):
                        run.load(f"{number}.pt", method="torch", trust=trust)

        within(load)


def test_torch_is_not_imported_for_others(script, environment):
    """A dict of numbers imports no torch."""
    import subprocess

    path = script("""
        import sys
        from expframe import Experiment
        ex = Experiment("x", ghost=True)

        @ex.main
        def main(_run):
            _run.save({"a": [1]}, "a")
            print("torch" in sys.modules)

        ex.run()
    """)
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, env=environment, check=False)

    assert ("False\n", "") == (done.stdout, done.stderr)
