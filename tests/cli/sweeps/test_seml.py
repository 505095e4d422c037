"""seml's experiment files as sweeps."""

import math
import re

import pytest

from expframe import Experiment
from expframe.cli.sweeps import seml
from expframe.errors import ConfigFileError
from expframe.testing import run_cli

FILE = """
seml:
  executable: examples/train.py
  name: example
slurm:
  experiments_per_job: 4
fixed:
  max_epochs: 500
  path: some/data
grid:
  learning_rate:
    type: loguniform
    min: 1e-5
    max: 1e-1
    num: 5
  depth:
    type: range
    min: 2
    max: 9
    step: 2
  model:
    type: parameter_collection
    params:
      name: {type: choice, options: [gcn, "gat,v2", "1"]}
      flag: {type: choice, options: [true, null]}
"""
ZIPPED = """
seml: {executable: train.py}
grid:
  depth: {type: choice, options: [2, 4], zip_id: z}
  max_epochs: {type: choice, options: [10, 20], zip_id: z}
  learning_rate: {type: uniform, min: 0.0, max: 0.5, num: 3}
"""
PARTS = """
seml: {executable: train.py}
fixed: {max_epochs: 3}
random:
  samples: 4
  seed: 821
  learning_rate: {type: loguniform, min: 1e-5, max: 1e-1}
small:
  grid:
    depth: {type: choice, options: [2, 4]}
large:
  fixed: {max_epochs: 9}
  random:
    samples: 2
    depth: {type: randint, min: 2, max: 8}
"""


@pytest.fixture
def lines(tmp_path):
    """Return a function that writes a file, and returns the words of its sweeps by name."""

    def of(text):
        (tmp_path / "seml.yaml").write_text(text)
        return {sweep.name: sweep for sweep in seml.read(str(tmp_path / "seml.yaml"))}

    return of


def script():
    """Return an experiment that has the entries of the files."""
    ex = Experiment("train")
    ex.add_config(max_epochs=1, path="", learning_rate=0.1, depth=2, model={"name": "gcn", "flag": False})
    ex.main(lambda seed: seed)
    return ex


def test_a_grid_is_a_sweep_of_as_many_trials(lines):
    """Fixed values, grids and collections are words that mean the same values, of the same types."""
    sweep = lines(FILE)[""]
    shown = run_cli(script(), ["sweep", "with", *sweep.words, "--dry-run"])
    plan = script().sweep(*sweep.words).plan
    names = {tuple(o.written for o in plan.trial(n).overrides if o.path == ("model", "name")) for n in range(plan.size)}

    assert f"{5 * 4 * 3 * 2} trials" in shown.stdout
    assert {("model.name=gcn",), ("model.name='gat,v2'",), ("model.name='1'",)} == names
    assert "expframe sweep train.py with max_epochs=500 path=some/data learning_rate=log:1e-05..0.1:5" in sweep.line
    assert "depth=2..8/2" in sweep.words


def test_parameters_that_are_zipped_are_coupled(lines):
    """What has one zip_id goes pair by pair."""
    sweep = lines(ZIPPED)[""]
    plan = script().sweep(*sweep.words).plan

    assert "depth:max_epochs=2:10,4:20" in sweep.words
    assert 6 == plan.size


def test_each_sub_configuration_is_a_sweep_of_its_own(lines):
    """What is said around a sub-configuration holds in it where it says nothing; grids are crossed with samples."""
    found = lines(PARTS)
    plans = {name: script().sweep(*sweep.words, **_options(sweep.options)).plan for name, sweep in found.items()}

    assert {"small": 8, "large": 2} == {name: plan.size for name, plan in plans.items()}
    assert [("max_epochs", "3"), ("max_epochs", "9")] == [
        (plan.overrides[0].path[0], plan.overrides[0].value) for plan in plans.values()
    ]
    assert "depth=2..7" in found["large"].words
    points = [plans["small"].trial(number).point[0] for number in range(8)]
    assert 4 == len(set(points))
    assert all(-5 <= math.log10(point) <= -1 for point in points)


def _options(words):
    named = dict(zip(words[::2], words[1::2], strict=True))
    return {name.removeprefix("--").replace("-", "_"): value for name, value in named.items()}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("grid: {lr: {type: magic}}", "parameter 'lr' is of type 'magic'"),
        ("grid: {lr: 3}", "parameter 'lr' has no type"),
        ("grid: {lr: {type: choice}}", "parameter 'lr' lacks 'options'"),
        ("other: 3", "'other' is neither fixed, grid nor random, nor a sub-configuration"),
    ],
)
def test_what_is_no_file_of_semls_is_refused(lines, text, problem):
    """A parameter that says nothing to seml says nothing here."""
    with pytest.raises(ConfigFileError, match=re.escape(problem)):
        lines(text)
