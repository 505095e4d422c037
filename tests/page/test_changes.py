"""What changes in a store, as browsers are told of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asking import TOKEN, tell
from conftest import served, until

from expframe import Experiment
from expframe.page.entrance import Entrance

Serve = Callable[[Path], str]

LISTEN = """async () => {
  const { onChanges } = await import(new URL("static/changes.js", document.baseURI).href);
  globalThis.told = [];
  globalThis.quiet = new AbortController();
  onChanges((changes) => told.push(...changes.changed), globalThis.quiet.signal);
}"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store of one run."""
    ex = Experiment("digits", store=tmp_path / "runs")

    @ex.main
    def train() -> None:
        pass

    ex.run()
    return tmp_path / "runs"


@pytest.mark.browser
def test_tabs_share_one_stream(serve: Serve, store: Path, tab: Any) -> None:
    """All tabs are told of a change, by a stream that one of them has; when that one goes, another one takes over."""
    address = serve(store)
    other = tab.context.new_page()
    streams: list[str] = []
    for page in (tab, other):
        page.on("request", lambda request: streams.append(request.url) if "/stream" in request.url else None)
        page.goto(f"{address}#/nothing")
        page.wait_for_selector("main h1")
        page.evaluate(LISTEN)
    until(tab, "async () => (await navigator.locks.query()).held.length === 1")
    tab.wait_for_timeout(300)

    tell(address, "tag", {"runs": ["1"], "add": ["one"]})
    for page in (tab, other):
        until(page, "told.length > 0")
    shared = len(streams)
    tab.goto("about:blank")
    other.evaluate("told.length = 0")
    tell(address, "tag", {"runs": ["1"], "add": ["two"]})
    until(other, "told.length > 0")

    assert (1, 2) == (shared, len(streams))


@pytest.mark.browser
def test_a_browser_without_locks_asks_now_and_then(serve: Serve, store: Path, tab: Any) -> None:
    """Where the browser has no locks, as at an address of another machine without https, changes come all the same."""
    tab.add_init_script("delete Navigator.prototype.locks")
    address = serve(store)
    tab.goto(f"{address}#/nothing")
    tab.wait_for_selector("main h1")
    tab.evaluate(LISTEN)
    tab.wait_for_timeout(300)

    tell(address, "note", {"run": "1", "text": "good"})

    until(tab, "told.includes('1')")


@pytest.mark.browser
def test_the_page_opens_by_its_token_alone(store: Path, chromium: Any) -> None:
    """A browser without the token reads how to open the page; with it, it opens, and keeps it in no address."""
    with served(store, Entrance(TOKEN, port=0)) as opened:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(opened.partition("?")[0])
        page.wait_for_selector("[role=alert]")
        locked = page.inner_text("main")
        page.goto(f"{opened}#/runs?where=status+%3D%3D+%27COMPLETED%27")
        page.wait_for_selector("tbody td")
        found = (page.url, page.evaluate("document.cookie"))
        context.close()

    assert "Open the address that `expframe ui` has printed" in locked
    assert (f"{opened.partition('?')[0]}#/runs?where=status+%3D%3D+%27COMPLETED%27", "") == found
