"""The table of runs in a browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expframe import Experiment


@pytest.mark.browser
def test_runs_are_listed_newest_first(serve: Callable[[Path], str], tab: Any, tmp_path: Path) -> None:
    """Every run of the store is a row, the newest one at the top."""
    ex = Experiment("digits", store=tmp_path / "runs")

    @ex.main
    def train() -> None:
        pass

    for _ in range(3):
        ex.run()

    tab.goto(serve(tmp_path / "runs"))
    tab.wait_for_selector("tbody tr")

    assert ["3", "2", "1"] == tab.locator("tbody tr td:first-child").all_inner_texts()
