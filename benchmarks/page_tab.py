"""Debian's Chromium, and what a person who looks at a page in it waits for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CHROMIUM = "/usr/bin/chromium"
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_CLOCK = """
globalThis.bench = {
  limit: 90000,
  tasks: [],
  frame: () => new Promise(requestAnimationFrame),
  pause: () => new Promise((done) => setTimeout(done, 5)),
  painted: () => new Promise((done) => requestAnimationFrame(() => setTimeout(done))),
  async until(seen) {
    const start = performance.now();
    while (!seen()) {
      if (performance.now() > start + bench.limit) throw new Error(`not seen: ${seen}`);
      await bench.pause(); // a frame for each look would take a processor of its own
    }
    await bench.painted();
    return performance.now();
  },
  async after(act, seen) {
    const start = performance.now();
    await act();
    return (await bench.until(seen)) - start;
  },
};
new PerformanceObserver((list) => bench.tasks.push(...list.getEntries().map((one) => one.duration)))
  .observe({ type: "longtask" });
"""


class Tab:
    """
    A tab of a browser that has looked at nothing before.

    Attributes:
        page: Playwright's.
    """

    def __init__(self, page: Any) -> None:
        self.page = page
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")

    def open(self, address: str, seen: str) -> float:
        """Open a page, and return the seconds until what an expression is true of has been painted."""
        self.page.goto(address, wait_until="commit")
        return self.wait(seen)

    def wait(self, seen: str) -> float:
        """Return when what an expression is true of has been painted, in seconds since the page was opened."""
        return float(self.page.evaluate(f"() => bench.until(() => {seen})")) / 1000

    def act(self, act: str, seen: str) -> float:
        """Do something, and return the seconds until what an expression is true of has been painted."""
        return float(self.page.evaluate(f"() => bench.after(() => {act}, () => {seen})")) / 1000

    def ask(self, script: str) -> Any:
        """Return what an expression is."""
        return self.page.evaluate(f"() => ({script})")

    def longest_task(self) -> float:
        """Return the seconds of the longest task since this was last asked; the browser tells from 50 ms on."""
        found = float(self.page.evaluate("() => Math.max(50, ...bench.tasks.splice(0))"))
        return found / 1000

    def heap(self) -> float:
        """Return the bytes of its scripts' objects that are still needed."""
        self._session.send("HeapProfiler.collectGarbage")
        found = {one["name"]: one["value"] for one in self._session.send("Performance.getMetrics")["metrics"]}
        return float(found["JSHeapUsedSize"])

    def count_received(self) -> list[float]:
        """Return a list to which the bytes of each piece that comes over the network from now on are added."""
        sizes: list[float] = []
        self._session.on("Network.dataReceived", lambda event: sizes.append(event["dataLength"]))
        self._session.send("Network.enable")
        return sizes


class Browser:
    """A browser; see `browser`."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium

    @contextmanager
    def tab(self, height: int = 800) -> Iterator[Tab]:
        """Yield a tab of a new profile, 1280 pixels wide."""
        context = self._chromium.new_context(viewport={"width": 1280, "height": height})
        context.add_init_script(_CLOCK)
        context.set_default_timeout(180_000)
        try:
            yield Tab(context.new_page())
        finally:
            context.close()


@contextmanager
def browser() -> Iterator[Browser]:
    """Yield a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        try:
            yield Browser(chromium)
        finally:
            chromium.close()
