"""What functions and classes say of names that are not there, or not yet."""

import importlib
import sys

import pytest

from expframe.testing import run_cli

# Since Python 3.14 annotations are evaluated where they are asked for, and need no quotes.
WRITTEN = ["'{}'", *(["{}"] if sys.version_info >= (3, 14) else [])]

SCRIPT = """
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expframe import Experiment

if TYPE_CHECKING:
    from nowhere import Tensor

ex = Experiment("early")


@ex.capture
def scale(data: {Tensor} = 1, factor: float = 1.0) -> {Tensor}:
    return data * factor


@ex.capture
class Net:
    def __init__(self, factor: float, device: {Tensor} = None):
        self.factor = factor


@ex.main
def main(model: {Model}, loader: {Tensor} = None) -> {Tensor}:
    return [type(model).__name__, model.depth, model.inner is None, scale(2), Net().factor]


@ex.command
def other(cfg: {Settings}):
    return cfg.width


@ex.config
class Settings:
    width: int = 3
    later: {Later} = None


@dataclass
class Model:
    depth: int = 2
    inner: {Model} = None
    device: {Tensor} = None


class Later:
    pass


ex.add_config(model=Model(), factor=0.5)
"""


@pytest.mark.parametrize("written", WRITTEN)
def test_they_stop_nothing(written, tmp_path, monkeypatch):
    """What an annotation names may be imported for type checkers only, or be defined below."""
    names = {name: written.format(name) for name in ("Tensor", "Model", "Settings", "Later")}
    name = f"early_{WRITTEN.index(written)}"
    (tmp_path / f"{name}.py").write_text(SCRIPT.format(**names))
    monkeypatch.syspath_prepend(str(tmp_path))
    ex = importlib.import_module(name).ex

    assert ["Model", 7, True, 1.0, 0.5] == ex.run(config_updates={"model.depth": 7}).result
    assert 5 == ex.run("other", config_updates={"width": 5}).result
    assert "takes int, not 'x'" in run_cli(ex, ["with", "model.depth=x"]).stderr
