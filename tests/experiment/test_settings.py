"""What is chosen once for all runs of an experiment."""

import pytest

from expframe import Experiment
from expframe.errors import DefinitionError, OptionError


@pytest.mark.parametrize(
    ("chosen", "kind"),
    [
        ({"ranks": "some"}, DefinitionError),
        ({"ranks": ["all"]}, DefinitionError),
        ({"name": 3}, DefinitionError),
        ({"store": 3}, DefinitionError),
        ({"project_dir": ["src"]}, DefinitionError),
        ({"load_dir": b"data"}, DefinitionError),
        ({"ghost": "no"}, DefinitionError),
        ({"max_depth": 0}, DefinitionError),
        ({"max_depth": "2"}, DefinitionError),
        ({"read_only": "no"}, DefinitionError),
        ({"memory_growth": 2}, DefinitionError),
        ({"grace": -1}, DefinitionError),
        ({"grace": "long"}, DefinitionError),
        ({"keep_checkpoints": True}, DefinitionError),
        ({"sample": -1}, DefinitionError),
        ({"sample": float("inf")}, DefinitionError),
        ({"include": ["../other/*.yaml"]}, DefinitionError),
        ({"include": "**/*.yaml"}, DefinitionError),
        ({"exclude": "generated/*"}, DefinitionError),
        ({"environment": "SLURM_*"}, DefinitionError),
        ({"environment": [1]}, DefinitionError),
        ({"devices": "gpu"}, OptionError),
    ],
)
def test_what_cannot_be_is_refused_at_once(chosen, kind):
    """A setting that cannot hold is refused where it is made, and names itself."""
    with pytest.raises(kind, match=next(iter(chosen))):
        Experiment(**{"name": "x", **chosen})


def test_an_attribute_changes_a_setting_for_the_runs_to_come(tmp_path):
    """Setting an attribute of an experiment is as if it had been given at the start, checks included."""
    ex = Experiment("x", ghost=True)
    ex.command(lambda: None)
    ex.store, ex.ghost = tmp_path / "kept", False
    with pytest.raises(OptionError, match="devices"):
        ex.devices = "gpu"
    run = ex.run("<lambda>")

    assert (tmp_path / "kept", "1", None) == (run.store, run.id, ex.devices)


def test_settings_do_not_change_under_a_run(tmp_path):
    """A run keeps the settings and observers that were there when it started."""
    ex = Experiment("x", store=tmp_path / "first", ghost=False)
    with ex.start() as run:
        ex.store = tmp_path / "second"
        ex.name = "other"

    assert ("x", tmp_path / "first") == (run.name, run.folder.parent)
