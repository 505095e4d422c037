"""The page in a browser: how soon it is there, with many runs, many metrics, long curves, and runs that go on."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.environments import clean_environment
from benchmarks.measuring import Bench, Row, Sample, Target, answer
from benchmarks.page_server import serve_expframe
from benchmarks.page_shapes import CHARTS, Sizes, make_shapes
from benchmarks.page_tab import Browser, Tab, browser

ROWS = "document.querySelectorAll('.grid tbody tr[data-place] .first').length > 0"
_CANVASES = "document.querySelectorAll('.card:not([aria-busy]) .plot > canvas:first-child')"
DRAWN = f"[...{_CANVASES}].filter((one) => one.width !== 300)"
_COUNT = "(document.querySelector('.count')?.textContent ?? '')"
_STILL = "document.querySelector('.grid').getAttribute('aria-busy') === 'false'"


def measure(bench: Bench) -> list[Row]:
    """Return the rows of the page."""
    sizes = Sizes.of(bench.rounds)
    folder = bench.new_folder("shapes")
    make = bench.side("page", make_shapes, str(folder), list(sizes))
    if make is None:
        return []
    make()
    where = [str(folder), list(sizes)]
    looks = (look_at_table, look_at_table_cold, look_at_metrics, look_at_curves, look_at_charts, look_at_running)
    found = bench.compare({look.__name__: bench.side("page", look, *where) for look in looks})

    def row(what: str, unit: str, look: str, key: str, *targets: float) -> Row:
        value = found(f"look_at_{look}", key)
        scale = {"kB/s": 1000.0, "%": 0.01}.get(unit, 1.0)
        shown = what if scale == 1.0 else f"{what}, {unit}"
        targets_of = tuple(Target(target) for target in targets)
        return Row(shown, unit if scale == 1.0 else "", value / scale if value else value, targets=targets_of)

    lines = f"{sizes.lines} runs x {sizes.points:,} points"
    return [
        row("expframe ui answers after", "s", "table", "start", 0.6),
        row(f"table of {sizes.runs:,} runs x {sizes.columns} columns: first rows", "s", "table", "rows", 1.0),
        row("... first rows, by a server that has just started", "s", "table", "first", 1.0),
        row("... sort", "s", "table", "sort", 0.1),
        row("... filter", "s", "table", "filter", 0.1),
        row("... scroll to where nothing was", "s", "table", "scroll", 0.1),
        row("... longest task while scrolling (from 50 ms on)", "s", "table", "task", 0.1),
        row("... memory of the server", "B", "table", "memory", 200e6),
        row("... index cold: progress is shown", "s", "table_cold", "progress"),
        row("... index cold: all runs", "s", "table_cold", "whole", 5.0),
        row("... index cold: memory of the server", "B", "table_cold", "memory", 200e6),
        row(f"{sizes.metrics:,} metrics in a run: first paint", "s", "metrics", "paint", 1.0),
        row("... first chart", "s", "metrics", "chart"),
        row("... charts that are mounted", "", "metrics", "mounted", 40),
        row("... the same, after all were scrolled past", "", "metrics", "mounted_later", 40),
        row("... longest task while scrolling (from 50 ms on)", "s", "metrics", "task", 0.1),
        row("... heap of the page", "B", "metrics", "heap", 150e6),
        row("... memory of the server", "B", "metrics", "memory", 200e6),
        row(f"chart of {lines}: first time, a run", "s", "curves", "first", 3.0),
        row("... again", "s", "curves", "again", 0.3),
        row("... again, the whole page", "s", "curves", "page"),
        row("... zoom", "s", "curves", "zoom", 0.15),
        row("... zoom, the server's part", "s", "curves", "server", 0.05),
        row("... memory of the server", "B", "curves", "memory", 200e6),
        row(f"{CHARTS} charts of 4 runs", "s", "charts", "charts", 1.5),
        row("... memory of the server", "B", "charts", "memory", 200e6),
        row(f"{sizes.running} runs go on: the table receives", "kB/s", "running", "received", 20),
        row("... of a core", "%", "running", "cpu", 2),
        row("... memory of the server", "B", "running", "memory", 200e6),
    ]


# ---------------------------------------------------------------------------------------------------------- table


def look_at_table(folder: str, sizes: list[int]) -> Sample:
    """Return what a table takes whose index is there."""
    store, cache = f"{folder}/table", f"{folder}/cache"
    columns = Sizes(*sizes).columns
    with browser() as chromium:
        if not Path(cache).exists():
            _index(chromium, store, cache)
        with serve_expframe(sys.executable, store, cache) as server:
            found = {"start": server.answers_after}
            address = f"{server.address}#/runs?{_columns(columns)}"
            for key in ("first", "rows"):
                with chromium.tab() as tab:
                    found[key] = tab.open(address, ROWS)
                    if key == "rows":
                        found.update(_used(tab))
            return {**found, "memory": server.memory(cache)}


def _index(chromium: Browser, store: str, cache: str) -> None:
    with serve_expframe(sys.executable, store, cache) as server, chromium.tab() as tab:
        tab.open(f"{server.address}#/runs", _whole())


def _whole() -> str:
    return f"{ROWS} && /^[0-9]/.test({_COUNT})"


def _columns(count: int) -> str:
    entries = ["lr", "epochs", "seed", "optimizer.name", "optimizer.momentum", "net.depth", "net.width", "data.path"]
    entries += [f"more.entry{number}" for number in range(16)]
    names = ["result", "tags", *(f"config.{name}" for name in entries)]
    names += [f"metrics.metric{number}.last" for number in range(5)]
    return "&".join(f"column={name}" for name in names[:count])


def _used(tab: Tab) -> dict[str, float]:
    """Return what sort, filter and scroll take in a table that is there."""
    tab.ask("bench.painted()")
    title = "document.querySelectorAll('.grid thead th')[3]"
    found = {
        "sort": tab.act(f"{title}.querySelector('button').click()", f"{title}.ariaSort !== 'none' && {_STILL}"),
        "scroll": tab.act(
            "{ document.querySelector('.grid').scrollTop = document.querySelector('.grid').scrollHeight / 2; }",
            "document.querySelectorAll('.grid tbody tr[data-place]').length > 5"
            " && document.querySelectorAll('.grid tbody .awaited').length === 0",
        ),
    }
    tab.longest_task()
    tab.ask(
        "(async () => { const grid = document.querySelector('.grid'); grid.scrollTop = 0;"
        " for (let n = 0; n < 120; n += 1) { grid.scrollTop += n < 60 ? 120 : 2500; await bench.frame(); } })()"
    )
    found["task"] = tab.longest_task()
    tab.wait("document.querySelectorAll('.grid tbody .awaited').length === 0")
    found["filter"] = tab.act(
        "{ const box = document.querySelector('input.filter'); box.value = 'config.lr < 0.01';"
        " box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })); }",
        f"/ of /.test({_COUNT}) && {_STILL}",
    )
    return found


def look_at_table_cold(folder: str, sizes: list[int]) -> Sample:
    """Return what a table takes whose index has to be made."""
    cache = str(Path.cwd() / "cache")
    with (
        browser() as chromium,
        serve_expframe(sys.executable, f"{folder}/table", cache) as server,
        chromium.tab() as tab,
    ):
        tab.page.goto(f"{server.address}#/runs?{_columns(Sizes(*sizes).columns)}", wait_until="commit")
        progress = tab.wait(f"{_COUNT} !== ''")
        return {"progress": progress, "whole": tab.wait(_whole()), "memory": server.memory(cache)}


# --------------------------------------------------------------------------------------------------------- charts


def look_at_metrics(folder: str, sizes: list[int]) -> Sample:
    """Return what the curves of a run with many metrics take."""
    cache = f"{folder}/cache-metrics"
    with (
        browser() as chromium,
        serve_expframe(sys.executable, f"{folder}/metrics", cache) as server,
        chromium.tab() as tab,
    ):
        found = {"paint": tab.open(f"{server.address}#/charts?run=1", "document.querySelector('.card')")}
        found["chart"] = tab.wait(f"{DRAWN}.length > 0")
        tab.wait("document.querySelectorAll('.card[aria-busy]').length === 0")
        found["mounted"] = tab.ask("document.querySelectorAll('.plot').length")
        tab.longest_task()
        tab.ask(
            "(async () => { const whole = document.scrollingElement; for (let n = 0; n < 300; n += 1)"
            " { whole.scrollTop = whole.scrollHeight * n / 300; await bench.frame(); } })()"
        )
        found["task"] = tab.longest_task()
        tab.wait(f"{DRAWN}.length > 0 && document.querySelectorAll('.card[aria-busy]').length === 0")
        found["mounted_later"] = tab.ask("document.querySelectorAll('.plot').length")
        return {**found, "heap": tab.heap(), "memory": server.memory(cache)}


def look_at_curves(folder: str, sizes: list[int]) -> Sample:
    """Return what a chart of long curves takes: first of all, again, and zoomed."""
    cache, lines = str(Path.cwd() / "cache"), Sizes(*sizes).lines
    runs = "&".join(f"run={number}" for number in range(1, lines + 1))
    long = "document.querySelector('.card[data-metric=loss]')"
    drawn = f"{long} && !{long}.hasAttribute('aria-busy') && {long}.querySelector('canvas')?.width > 300"
    with browser() as chromium, serve_expframe(sys.executable, f"{folder}/curves", cache) as server:
        address = f"{server.address}#/charts?{runs}"
        with chromium.tab() as tab:
            found = {"first": tab.open(address, drawn) / lines}
        with chromium.tab() as tab:
            found["page"] = tab.open(address, drawn)
            tab.act("{ location.hash = '#/runs'; }", ROWS)
            found["again"] = tab.act(f"{{ location.hash = '#/charts?{runs}'; }}", drawn)
            found.update(_zoomed(tab, long))
        memory = server.memory(cache)
    shutil.rmtree(cache, ignore_errors=True)
    return {**found, "memory": memory}


def _zoomed(tab: Tab, long: str) -> dict[str, float]:
    """Return what a zoom by mouse takes, from the release of the button on, and the server's part of it."""
    tab.ask(f"{long}.scrollIntoView({{ block: 'center' }})")
    tab.ask("bench.painted()")
    left, top, width, height = tab.ask(
        f"[{long}.querySelector('canvas').getBoundingClientRect()]"
        ".flatMap((box) => [box.x, box.y, box.width, box.height])"
    )
    tab.ask(
        "void (bench.zoomed = new Promise((done) => addEventListener('pointerup', () => {"
        " performance.clearResourceTimings(); const start = performance.now();"
        f" const busy = () => {long}.hasAttribute('aria-busy'); let was = false;"
        " bench.until(() => ((was ||= busy()), was && !busy())).then((end) => done(end - start));"
        " }, { capture: true })))"
    )
    mouse = tab.page.mouse
    mouse.move(left + width * 0.4, top + height * 0.3)
    mouse.down()
    mouse.move(left + width * 0.6, top + height * 0.32, steps=4)
    mouse.up()
    zoom = tab.ask("bench.zoomed")
    server = tab.ask(
        "Math.max(...performance.getEntriesByType('resource').filter((one) => /curves/.test(one.name))"
        ".map((one) => one.responseStart - one.requestStart))"
    )
    return {"zoom": zoom / 1000, "server": server / 1000}


def look_at_charts(folder: str, sizes: list[int]) -> Sample:
    """Return what many charts take that are all seen."""
    cache = f"{folder}/cache-charts"
    with (
        browser() as chromium,
        serve_expframe(sys.executable, f"{folder}/charts", cache) as server,
        chromium.tab(height=4000) as tab,
    ):
        seconds = tab.open(f"{server.address}#/charts", f"{DRAWN}.length === {CHARTS}")
        return {"charts": seconds, "memory": server.memory(cache)}


# ------------------------------------------------------------------------------------------------------------ live


def look_at_running(folder: str, sizes: list[int]) -> Sample:
    """Return what a table takes whose runs go on."""
    store, cache = Path.cwd() / "running" / "runs", str(Path.cwd() / "cache")
    store.mkdir(parents=True)
    words = [sys.executable, "-m", "benchmarks.page_shapes", "done.json", "run_for_long", f'"{store}"']
    shown = Sizes(*sizes)
    training = subprocess.Popen([*words, str(shown.running)], env=clean_environment())
    try:
        while not (store.parent / "begun").exists():
            time.sleep(0.05)
        with browser() as chromium, serve_expframe(sys.executable, str(store), cache) as server, chromium.tab() as tab:
            received = tab.count_received()
            tab.open(f"{server.address}#/runs?column=config.lr&column=metrics.loss.last", ROWS)
            tab.page.wait_for_timeout(3000)
            received.clear()
            cpu, start = server.cpu(), time.monotonic()
            tab.page.wait_for_timeout(1000 * shown.seconds)
            seconds = time.monotonic() - start
            found = {"received": sum(received) / seconds, "cpu": (server.cpu() - cpu) / seconds}
            return {**found, "memory": server.memory(cache)}
    finally:
        training.kill()
        training.wait()


if __name__ == "__main__":
    answer(look_at_table, look_at_table_cold, look_at_metrics, look_at_curves, look_at_charts, look_at_running)
