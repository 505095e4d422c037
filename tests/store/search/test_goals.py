"""What a sweep may seek, by what runs of its trials have."""

import math
import re
from pathlib import Path
from typing import Any

import pytest

from expframe import Experiment
from expframe.errors import OptionError
from expframe.store.search.fields import Field
from expframe.store.search.goals import goal, seekable
from expframe.store.sweeps.journal import Journal
from expframe.store.sweeps.trials import Trials

ODD = (
    "loss", "a b", "val/loss", "lr.max", "last", "result.x", "git", "git.branch", "status", "size", "sweep.trial",
    "info.x", "config.z", "metrics.y", "metrics", 'q"uote', "it's", "[0]", "ünï", "3d", "x:min", "-", "a.b.c", "a..b",
    "min", "a['b']",
)  # fmt: skip


def test_whatever_a_number_is_called_it_can_be_sought(tmp_path: Path) -> None:
    """Each metric and each number of a result is named so that it is read as itself; what has a comma is left out."""
    ex = Experiment("odd", store=tmp_path)
    ex.add_config(x=0)

    @ex.main
    def main(_run: Any) -> dict[str, Any]:
        for name in (*ODD, "a,b"):
            _run.log_scalar(name, 1.0)
        return {**{name: 1.0 for name in ODD}, "deep": {"er one": 2}, "nan": math.nan, "text": "one", "a,b": 1.0}

    run, swept = ex.run(), ex.sweep("x=1,2")
    trial = swept.ask()
    assert trial is not None
    Journal(tmp_path / str(swept.id), "host-1-0").note("started", 0, 1, run=run.id)
    swept.tell(trial, math.nan)
    trials = Trials(tmp_path / str(swept.id))
    trials.refresh()
    found = seekable(trials)
    metrics = [Field.parse(goal(f"{text}.min:max").field) for text in found.metrics]
    results = [Field.parse(goal(f"{text}:max").field) for text in found.results]

    assert {Field.of_metric(name, "min") for name in ODD} == {*metrics}
    assert {*((name,) for name in ODD), ("deep", "er one")} == {field.path for field in results}


@pytest.mark.parametrize("name", ["loss", "val/loss", "result.acc", 'result["macro avg"]', "config.lr", "duration"])
@pytest.mark.parametrize("direction", ["maximize", "Maximise", "maximum", "MAX"])
def test_a_direction_that_is_spelt_out_is_answered_by_its_short_form(name: str, direction: str) -> None:
    """Whatever is sought, `NAME:maximize` is told of with `NAME:max`."""
    with pytest.raises(OptionError, match=f"Write {re.escape(name)}:max[.]"):
        goal(f"{name}:{direction}")
