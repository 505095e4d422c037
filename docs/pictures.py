"""
Draws the pictures of the page anew: it trains examples/digits.py, and a browser looks at the runs.

It needs the extras `ui` and `examples`, playwright, and Chromium at /usr/bin/chromium or where CHROMIUM says.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from expframe.page.board import Board
from expframe.page.entrance import Entrance, new_token
from expframe.page.service import serve_beside

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
SEEDS = (1, 2)
COMPONENTS = (50, 200)
SWEEP = (
    *("sweep", "with", "components=50,100,200", "gamma=0.01,0.1", "epochs=8"),
    *("--seeds", "2", "--search-seed", "1", "--metric", "accuracy.last:max"),
)
VIEWS = {
    "runs": ("#/runs", "tbody td"),
    "charts": ("#/charts", "canvas"),
    "compare": ("#/compare?run=1&run=4", "main table"),
    "run": ("#/run/4", "main h1"),
    "sweep": ("#/sweep/5", "main canvas"),
}
"""For each picture the address of its view, and what is there once it is drawn."""


def main() -> None:
    """Train, and draw each view."""
    with tempfile.TemporaryDirectory(prefix="digits-") as folder:
        shutil.copy(ROOT / "examples" / "digits.py", folder)
        store = Path(folder) / "runs"
        for components in COMPONENTS:
            for seed in SEEDS:
                train(store, "with", f"components={components}", f"seed={seed}")
        train(store, *SWEEP)
        with contextlib.chdir(folder):  # commands are shown as they are typed there
            service = serve_beside([Board(store, "runs")], Entrance(new_token(), port=0))
            draw(service.address)
            service.end()


def train(store: Path, *words: str) -> None:
    """Give the example's command line some words."""
    subprocess.run([sys.executable, "digits.py", *words, "-l", "ERROR"], check=True, cwd=store.parent)


def draw(address: str) -> None:
    """Have a browser draw each view of a page."""
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page(viewport={"width": 1280, "height": 640}, color_scheme="light")
        tab.goto(address)
        for name, (view, drawn) in VIEWS.items():
            tab.evaluate("view => { location.hash = view }", view)
            tab.locator(drawn).first.wait_for()
            tab.wait_for_timeout(1000)
            tab.screenshot(path=PICTURES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
