"""A person's path over the page, from the table of runs to an address that is shared."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expframe import Experiment

Serve = Callable[[Path], str]


def _png(width: int, height: int) -> bytes:
    """Return a grey picture."""
    pixels = zlib.compress((b"\0" + b"\x99" * width) * height)
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", pixels), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store of three trained runs, each with a picture; the second is the best."""
    ex = Experiment("digits", store=tmp_path / "runs")

    @ex.main
    def train(_run: Any, rate: float, seed: int) -> float:
        weight = 0.0
        for step in range(1, 21):
            weight += rate * 2 * (3 - weight)
            _run.log_scalars({"loss": (3 - weight) ** 2, "accuracy": 1 / (1 + (3 - weight) ** 2)}, step)
        picture = tmp_path / "weights.png"
        picture.write_bytes(_png(80, 60))
        _run.add_artifact(picture)
        return 1 / (1 + (3 - weight) ** 2)

    for rate in (0.01, 0.2, 0.05):
        ex.run(config_updates={"rate": rate, "seed": 1})
    return tmp_path / "runs"


@pytest.mark.browser
def test_the_best_run_is_found_understood_tagged_and_shared(serve: Serve, tab: Any, store: Path) -> None:
    """The best run is found by one click; why, its picture and command are seen; tagged, it is in a view to share."""
    address = serve(store)
    tab.goto(address)
    tab.get_by_role("button", name="result", exact=True).click()
    tab.locator("th[aria-sort=descending]").wait_for()
    ids = tab.locator("tbody td.first a")
    tab.wait_for_function("document.querySelector('tbody td.first a')?.textContent === '2'")
    best, next_best = ids.nth(0).inner_text(), ids.nth(1).inner_text()
    for id in (best, next_best):
        tab.get_by_role("checkbox", name=f"Choose run {id}").click()
    tab.get_by_role("button", name="Compare").click()
    tab.locator("h1", has_text="Compare 2 runs").wait_for()
    why = tab.locator("section, .view", has_text="What differs in the config").get_by_role("row", name="rate")
    differs = re.findall(r"[\d.]+", why.first.inner_text())
    tab.locator(".card canvas").first.wait_for()

    tab.get_by_role("link", name=best, exact=True).first.click()
    tab.locator(".pictures img").wait_for()
    tab.locator(".pictures a", has_text="weights.png").click()
    tab.locator(".preview img").wait_for()
    tab.get_by_role("link", name="Overview").click()
    tab.get_by_role("button", name=f"Copy expframe rerun {best}", exact=True).click()
    tab.get_by_text("copied").wait_for()
    copied = tab.evaluate("navigator.clipboard.readText()")
    tab.get_by_role("button", name="Tag", exact=True).click()
    tab.keyboard.type("best")
    tab.keyboard.press("Enter")
    tab.locator(".tag a", has_text="best").click()
    tab.locator(".count", has_text="1 of 3 runs").wait_for()
    tab.locator(".menu summary").click()
    tab.get_by_role("button", name="Save this view").click()
    tab.keyboard.type("for you")
    tab.keyboard.press("Enter")
    tab.locator(".menu a", has_text="for you").wait_for()
    shared = tab.locator(".menu a", has_text="for you").get_attribute("href")
    tab.goto("about:blank")
    tab.goto(address + shared)
    tab.locator(".count", has_text="1 of 3 runs").wait_for()

    assert ("2", ["0.2", "0.05"], "expframe rerun 2") == (best, differs, copied)
    assert ["2"] == tab.locator("tbody td.first a").all_inner_texts()
