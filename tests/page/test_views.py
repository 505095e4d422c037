"""What holds for every view: screen readers, contrast, narrow screens, and texts that are never markup."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expframe import Experiment

pytestmark = pytest.mark.browser

Serve = Callable[[Path], str]

VIEWS = {
    "runs": ("#/runs", ".view.runs tbody td"),
    "runs in groups": ("#/runs?group=config.lr", ".view.runs tbody td"),
    "run": ("#/run/1", ".view.run h1"),
    "failed run": ("#/run/3", ".view.run h1"),
    "compare": ("#/compare?run=1&run=2", ".view.compare h1"),
    "sweeps": ("#/sweeps", ".view.sweeps h1"),
    "charts": ("#/charts?run=1&run=2", ".view.charts canvas"),
}
"""For each view its address, and what is there when it is drawn."""

MARKUP = "<img src=x onerror=window.harmed=1>\x1b[31m\x00\u202e</script><script>window.harmed=1</script>"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store of runs that are full of markup, escape codes and control characters."""
    ex = Experiment(f"name {MARKUP}"[:60].replace("\x00", ""), store=tmp_path / "runs")

    @ex.config
    def config() -> None:
        lr = 0.1
        text = MARKUP
        tree = {"<b onclick>": MARKUP}

    @ex.main
    def train(lr: float, _run: Any) -> str:
        print(MARKUP, flush=True)
        for step in range(20):
            _run.log_scalar("loss", lr / (step + 1))
            _run.log_scalar("<b>bold</b>", step)
        _run.log_text("words", MARKUP)
        _run.info["note"] = MARKUP
        (tmp_path / "page.html").write_text(MARKUP)
        _run.add_artifact(tmp_path / "page.html")
        if lr > 1:
            raise ValueError(MARKUP)
        return MARKUP

    for lr in (0.1, 0.2):
        ex.run(config_updates={"lr": lr, "seed": 1})
    with pytest.raises(ValueError, match="onerror"):
        ex.run(config_updates={"lr": 2.0})
    return tmp_path / "runs"


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_for_everybody(serve: Serve, tab: Any, store: Path, view: str) -> None:
    """A view breaks no rule of axe, is readable in the dark, fits 400 pixels, and runs nothing that a run wrote."""
    from axe_playwright_python.sync_playwright import Axe

    address, drawn = VIEWS[view]
    tab.goto(serve(store) + address)
    tab.wait_for_selector(drawn)
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        found = Axe().run(tab, options={"resultTypes": ["violations"]}).response["violations"]

        assert [] == [(one["id"], [node["html"][:300] for node in one["nodes"][:3]]) for one in found], scheme
    tab.set_viewport_size({"width": 400, "height": 800})
    tab.wait_for_function("document.documentElement.scrollWidth <= 400")  # charts are drawn anew

    assert tab.evaluate("window.harmed") is None
