"""Curves in a browser: what a person sees, zooms into, reads off, hides and takes along."""

import csv
import math
import random
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Late

from expframe import Experiment, runs

_POINTS = 500
_FIRST = "figure[data-metric=loss]"
_DONE = """() => {
  const canvases = [...document.querySelectorAll(".plot canvas:first-child")];
  const isDrawn = (canvas) => canvas.height !== 150;  // which is what a canvas has on which nothing was drawn yet
  return canvases.length > 0 && canvases.every(isDrawn) && !document.querySelector("[aria-busy]");
}"""
_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store of three runs, two of them of one configuration."""
    ex = Experiment("digits", store=tmp_path / "runs")

    @ex.config
    def config() -> None:
        lr = 0.1

    @ex.main
    def train(lr: float, _run: Any, _seed: int) -> None:
        draw = random.Random(_seed)
        for step in range(_POINTS):
            _run.log_scalar("loss", math.exp(-step * lr / 20) + draw.random() / 10, step)
            if step % 10 == 0:
                _run.log_scalar("val/accuracy", 1 - math.exp(-step / 100), step)

    for lr in (0.1, 0.1, 0.3):
        ex.run(config_updates={"lr": lr})
    return tmp_path / "runs"


def _open(tab: Any, address: str) -> None:
    tab.goto(address)
    tab.wait_for_function(_DONE)


def _told(tab: Any, metric: str = "loss") -> str:
    """Return what a chart says of how much it shows."""
    text: str = tab.locator(f"figure[data-metric='{metric}'] summary").last.inner_text()
    return text


def _table(tab: Any) -> dict[str, list[str]]:
    """Return the values of the first chart by run or group."""
    if not tab.locator(f"{_FIRST} .values details[open]").count():
        tab.locator(f"{_FIRST} .values summary").click()
    tab.wait_for_selector(f"{_FIRST} .values tbody tr")
    rows: list[list[str]] = tab.locator(f"{_FIRST} .values tbody").evaluate(
        "body => [...body.rows].map(row => [...row.cells].map(cell => cell.innerText))"
    )
    return {name: values for name, *values in rows}


def _drag(tab: Any, start: float, end: float) -> None:
    """Draw a box over the first chart, from one share of its width to another."""
    box = tab.locator(f"{_FIRST} .over").bounding_box()
    y = box["y"] + box["height"] / 2
    tab.mouse.move(box["x"] + box["width"] * start, y)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] * end, y + 3, steps=4)
    tab.mouse.up()


@pytest.mark.browser
def test_each_run_is_a_line_in_its_colour(serve: Callable[[Path], str], tab: Any, store: Path) -> None:
    """Every metric has a chart, every run its line there and its colour beside its name."""
    _open(tab, f"{serve(store)}#/charts")
    colours = tab.locator(".lines .swatch").evaluate_all("marks => marks.map(mark => getComputedStyle(mark).color)")
    drawn = tab.locator(f"{_FIRST} .plot canvas").first.evaluate(
        """canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const found = new Set();
            for (let n = 0; n < data.length; n += 4) found.add(`rgb(${data[n]}, ${data[n + 1]}, ${data[n + 2]})`);
            return [...found];
        }"""
    )

    assert ["loss", "val/accuracy"] == tab.locator("figure figcaption h2").all_inner_texts()
    assert 3 == len(set(colours) & set(drawn))
    assert ["3", "2", "1"] == list(_table(tab))


@pytest.mark.browser
def test_each_axis_has_a_tick(serve: Callable[[Path], str], tab: Any, store: Path) -> None:
    """Also where the step that fits is near the whole axis, and no multiple of it lies there."""
    _open(tab, f"{serve(store)}#/charts")
    none = tab.evaluate("""async () => {
      const { ticks } = await import(new URL("static/axes.js", document.baseURI).href);
      const places = Array.from({ length: 40 }, (_, n) => 1.07 ** n);
      const axes = places.flatMap((low) => places.map((high) => [low, high])).filter(([low, high]) => low < high);
      return axes.filter(([low, high]) => ticks("number", low, high, 2).length === 0);
    }""")

    assert [] == none


@pytest.mark.browser
def test_a_box_zooms_all_charts_and_a_double_click_shows_all(
    serve: Callable[[Path], str], tab: Any, store: Path
) -> None:
    """A box that is drawn in one chart is what all charts show, the address too, until a double click."""
    _open(tab, f"{serve(store)}#/charts")
    before = _told(tab), _told(tab, "val/accuracy")
    _drag(tab, 0.4, 0.6)
    tab.wait_for_url(re.compile("zoom="))
    tab.wait_for_function(
        f"told => document.querySelector('{_FIRST} .values summary').innerText !== told", arg=before[0]
    )
    tab.wait_for_function(_DONE)
    zoomed = _told(tab), _told(tab, "val/accuracy")
    tab.locator(f"{_FIRST} .over").dblclick()
    tab.wait_for_function(
        f"told => document.querySelector('{_FIRST} .values summary').innerText === told", arg=before[0]
    )

    assert 1500 == _count(before[0])
    assert all(_count(part) < _count(whole) / 3 for part, whole in zip(zoomed, before, strict=True))
    assert "zoom=" not in tab.url


def _count(told: str) -> int:
    return int(told.split(" ", maxsplit=1)[0].replace(",", ""))


@pytest.mark.browser
def test_the_crosshair_tells_logged_values(serve: Callable[[Path], str], tab: Any, store: Path) -> None:
    """Values at the crosshair are those that were logged at its step, with all their digits."""
    _open(tab, f"{serve(store)}#/charts?run=1&run=3")
    box = tab.locator(f"{_FIRST} .over").bounding_box()
    tab.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 50)
    tab.wait_for_selector(f"{_FIRST} .tip tr:not(.faint)")
    step = int(tab.locator(f"{_FIRST} .tip p").inner_text().removeprefix("step "))
    shown = {name: float(value) for name, value in _rows(tab)}
    logged = {id: dict(runs(store)[id].metrics("loss"))[step] for id in ("1", "3")}

    assert {id: float(f"{value:.6g}") for id, value in logged.items()} == shown


def _rows(tab: Any) -> list[list[str]]:
    rows: list[list[str]] = tab.locator(f"{_FIRST} .tip tbody").evaluate(
        "body => [...body.rows].map(row => [...row.cells].slice(0, 2).map(cell => cell.innerText))"
    )
    return rows


@pytest.mark.browser
def test_a_hidden_run_changes_no_mean(serve: Callable[[Path], str], tab: Any, store: Path) -> None:
    """What is hidden is not drawn, and is counted in the mean of its group all the same."""
    address = f"{serve(store)}#/charts"
    _open(tab, f"{address}?group=config.lr")
    tab.wait_for_selector(".lines li >> nth=1")
    means = _table(tab)
    _open(tab, f"{address}?run=1&run=2&run=3")
    tab.locator("input[name='show 1']").uncheck()
    alone = _table(tab)
    tab.locator("input[name=group]").fill("config.lr")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(f"{_FIRST} .values tbody th:has-text('lr=0.1')")

    assert ["2", "3"] == sorted(alone)
    assert "hide=1" in tab.url
    assert ["lr=0.1", "lr=0.3"] == sorted(name.removeprefix("config.") for name in means)
    assert means == _table(tab)


@pytest.mark.browser
def test_the_address_is_what_is_seen(serve: Callable[[Path], str], tab: Any, store: Path) -> None:
    """Who opens the address of a view sees the same: axes, smoothing, search, pins, what is hidden, the zoom."""
    _open(tab, f"{serve(store)}#/charts?run=1&run=2")
    tab.locator("input[name='log y']").check()
    tab.locator("input[name=smooth]").fill("60")
    tab.wait_for_url(re.compile("smooth="))
    tab.locator("input[name=metric]").fill("^(loss|val)")
    tab.locator("figure[data-metric='val/accuracy'] button", has_text="Pin").click()
    tab.locator("select[name=x]").select_option("relative")
    tab.wait_for_function(_DONE)
    tab.evaluate(_FRAMES)  # until what has come is drawn
    _drag(tab, 0.3, 0.7)
    tab.wait_for_url(re.compile("zoom="))
    tab.mouse.move(0, 0)
    tab.wait_for_function(_DONE)
    before = _seen(tab)
    other = tab.context.new_page()
    _open(other, tab.url)

    assert ["val/accuracy", "loss"] == before["charts"]
    assert before == _seen(other)


def _seen(tab: Any) -> dict[str, Any]:
    return {
        "tools": tab.locator(".curve-panel input, .curve-panel select").evaluate_all(
            "controls => controls.map(control => [control.name, control.value, control.checked])"
        ),
        "charts": tab.locator("figure figcaption h2").all_inner_texts(),
        "values": _table(tab),
    }


@pytest.mark.browser
def test_a_saved_chart_has_the_logged_points(serve: Callable[[Path], str], tab: Any, store: Path) -> None:
    """The CSV of a chart has each point of each run that is shown, as it was logged; SVG and PNG are pictures."""
    _open(tab, f"{serve(store)}#/charts?hide=2")
    saved = {kind: _save(tab, kind) for kind in ("CSV", "SVG", "PNG")}
    found = [
        (row["run"], int(row["step"]), float(row["value"]))
        for row in csv.DictReader(saved["CSV"].decode().splitlines())
    ]
    stored = [(id, step, value) for id in ("3", "1") for step, value in runs(store)[id].metrics("loss")]

    assert stored == found
    assert saved["SVG"].startswith(b"<svg ") and saved["PNG"].startswith(b"\x89PNG")


def _save(tab: Any, kind: str) -> bytes:
    tab.locator(f"{_FIRST} .menu summary").click()
    with tab.expect_download() as download:
        tab.locator(f"{_FIRST} .menu button", has_text=kind).click()
    return Path(download.value.path()).read_bytes()


@pytest.mark.browser
def test_charts_are_drawn_where_they_are_seen(serve: Callable[[Path], str], tab: Any, tmp_path: Path) -> None:
    """Of a thousand metrics those in sight are drawn and go when others come; a search finds those that are meant."""
    ex = Experiment("wide", store=tmp_path / "runs")

    @ex.main
    def train(_run: Any) -> None:
        for step in range(3):
            for number in range(1000):
                _run.log_scalar(f"layer{number // 100}/w{number}", step * number, step)

    ex.run()
    _open(tab, f"{serve(tmp_path / 'runs')}#/charts")
    first = tab.locator(".plot").count()
    tab.evaluate("scrollTo(0, document.body.scrollHeight)")
    tab.wait_for_selector("figure[data-metric='layer9/w999'] .plot")
    tab.wait_for_selector("figure[data-metric='layer0/w0'] .plot", state="detached")
    last = tab.locator(".plot").count()
    tab.locator("input[name=metric]").fill("w77[12]$")
    tab.wait_for_selector("figure[data-metric='layer7/w772'] .plot")

    assert first < 40
    assert last < 40
    assert ["layer7/w771", "layer7/w772"] == tab.locator("figure figcaption h2").all_inner_texts()


@pytest.mark.browser
def test_curves_grow_while_a_run_trains(serve: Callable[[Path], str], tab: Any, tmp_path: Path) -> None:
    """What a run logs while it is looked at is drawn without a click; a run that begins is shown with the others."""
    ex = Experiment("live", store=tmp_path / "runs")
    is_seen, is_over = threading.Event(), threading.Event()

    @ex.main
    def train(_run: Any) -> None:
        for step in range(10):
            _run.log_scalar("loss", 1 / (step + 1), step)
        is_seen.wait(60)
        for step in range(10, 25):
            _run.log_scalar("loss", 1 / (step + 1), step)
        is_over.wait(60)

    training = threading.Thread(target=ex.run)
    training.start()
    try:
        _open(tab, f"{serve(tmp_path / 'runs')}#/charts")
        tab.wait_for_selector(f"{_FIRST} summary:has-text('10 points, all of them')")
        is_seen.set()
        tab.wait_for_selector(f"{_FIRST} summary:has-text('25 points, all of them')")
        other = threading.Thread(target=ex.run)
        other.start()
        tab.wait_for_selector(f"{_FIRST} summary:has-text('50 points, all of them')")
    finally:
        is_seen.set()
        is_over.set()
        training.join()
    other.join()

    assert ["2", "1"] == list(_table(tab))


@pytest.mark.browser
def test_a_late_answer_to_an_earlier_filter_changes_nothing(
    serve: Callable[[Path], str], tab: Any, store: Path
) -> None:
    """The runs of the last filter are drawn, and what is wrong with it is said, in whatever order answers come."""
    _open(tab, f"{serve(store)}#/charts")
    box, title = tab.locator(".filter"), tab.locator(".charts-head h1")
    for earlier, later in (("id == 2", "id == 1"), ("nowhere == 1", "id in [1]")):
        late = Late(tab, "**/api/0/runs?*")
        box.fill(earlier)
        tab.keyboard.press("Enter")
        late.wait()
        box.fill(later)
        tab.keyboard.press("Enter")
        title.get_by_text("Curves of run 1", exact=True).wait_for()
        late.give()

        assert ("Curves of run 1", "") == (title.inner_text(), tab.locator(".problem").inner_text())


@pytest.mark.browser
@pytest.mark.parametrize("words", ["", "&logy=1"])
def test_values_of_any_size_are_told(serve: Callable[[Path], str], tab: Any, tmp_path: Path, words: str) -> None:
    """The least and the greatest value beside a chart, and what its crosshair tells, are those that were logged."""
    ex = Experiment("sizes", store=tmp_path)

    @ex.main
    def train(_run: Any) -> None:
        _run.log_scalars({"loss": [1e-300, 1e300]}, step=[0, 1])

    ex.run()
    tab.goto(f"{serve(tmp_path)}#/charts?run=1{words}")
    tab.wait_for_selector(f"{_FIRST} canvas")
    tab.locator(f"{_FIRST} .values summary").click()
    tab.locator(f"{_FIRST} .values td", has_text="1e+300").first.wait_for()

    assert {"1e-300", "1e+300"} <= set(tab.locator(f"{_FIRST} .values td").all_inner_texts())


@pytest.mark.browser
def test_what_a_logarithmic_axis_leaves_out_is_said(serve: Callable[[Path], str], tab: Any, tmp_path: Path) -> None:
    """A curve with values at 0 or below says on a logarithmic axis that these are not drawn."""
    ex = Experiment("signs", store=tmp_path)
    ex.main(lambda _run: _run.log_scalars({"loss": [-1.0, 0.0, 1.0], "acc": [1.0, 2.0, 3.0]}, step=[0, 1, 2]))
    ex.run()
    address = f"{serve(tmp_path)}#/charts?run=1"
    said = tab.locator(f"{_FIRST} .values summary")
    tab.goto(address)
    said.filter(has_text="3 points, all of them").wait_for()
    before = said.inner_text()
    tab.get_by_label("log y").check()
    said.filter(has_text="3 points, all of them; 0 and below are not on this axis").wait_for()

    assert "3 points, all of them" == before
    assert "3 points, all of them" == tab.locator("figure[data-metric=acc] .values summary").inner_text()
