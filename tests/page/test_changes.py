"""What changes in a store, as browsers are told of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asking import TOKEN, ask, tell
from conftest import Late, served, until
from steps import wait_until

from expframe import Experiment
from expframe.page import live_rows
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


def _told_since(address: str, cursor: str) -> Any:
    return wait_until(lambda: ask(address, f"api/0/changes?since={cursor}").data["changed"])


@pytest.mark.parametrize("is_empty", [False, True])
def test_what_changes_after_the_page_was_opened_is_told(
    serve: Serve, store: Path, tmp_path: Path, is_empty: bool
) -> None:
    """Whoever has opened the page is told what changes from then on, also if nobody has looked at the store before."""
    if is_empty:
        (store / "1").rename(tmp_path / "1")
    address = serve(store)
    cursor = ask(address, "api/stores").data["stores"][0]["cursor"]
    if is_empty:
        (tmp_path / "1").rename(store / "1")
    else:
        tell(address, "tag", {"runs": ["1"], "add": ["one"]})

    assert ["1"] == _told_since(address, cursor)


def test_a_second_change_within_one_tick_of_a_clock_is_told(
    serve: Serve, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that changes again while the times of its folder still say when it changed before is told of."""
    monkeypatch.setattr(live_rows, "_SETTLED", 600.0)
    address = serve(store)
    before = (store / "1").stat()
    ask(address, "api/0/runs")
    cursor = ask(address, "api/stores").data["stores"][0]["cursor"]
    tell(address, "note", {"run": "1", "text": "good"})
    os.utime(store / "1", ns=(before.st_atime_ns, before.st_mtime_ns))

    assert ["1"] == _told_since(address, cursor)


@pytest.mark.browser
def test_a_late_answer_takes_nothing_back(serve: Serve, store: Path, tab: Any) -> None:
    """What a run was is not shown again where the answer to an earlier question comes after that to a later one."""
    address = serve(store)
    tab.goto(f"{address}#/run/1")
    tab.get_by_role("button", name="Tag", exact=True).wait_for()
    late = Late(tab, "**/api/0/run?*")
    tell(address, "tag", {"runs": ["1"], "add": ["one"]})
    late.wait()
    tell(address, "tag", {"runs": ["1"], "add": ["two"]})
    tab.get_by_role("button", name="Take away the tag two").wait_for()
    late.give()

    assert tab.get_by_role("button", name="Take away the tag two").is_visible()


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
