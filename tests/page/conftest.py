"""A page that is served and, for tests marked `browser`, a real browser that looks at it."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from steps import wait_until

CHROMIUM = "/usr/bin/chromium"
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@contextmanager
def served(store: Path, entrance: Any = None) -> Iterator[str]:
    """Serve a store from this process, and yield the address that opens it; without an entrance everybody is let in."""
    from expframe.page.board import Board
    from expframe.page.entrance import Entrance
    from expframe.page.service import serve_beside

    service = serve_beside([Board(store, store.name)], entrance or Entrance(token="", port=0))
    try:
        yield service.address
    finally:
        service.end()


@pytest.fixture
def serve() -> Iterator[Callable[[Path], str]]:
    """Return a function that serves a store, without a token, until the end of the test and returns its address."""
    with ExitStack() as stack:
        yield lambda store: stack.enter_context(served(store))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a folder of runs without any."""
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Return a browser of Playwright's."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Any) -> Iterator[Any]:
    """Return a tab of 1280 x 800 pixels; the test fails where the page reports an error."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.set_default_timeout(15_000)
    tab.wait_for_function = partial(until, tab)
    problems: list[str] = []
    tab.on("pageerror", lambda problem: problems.append(str(problem)))
    tab.on("console", lambda message: problems.append(message.text) if _is_problem(message) else None)
    yield tab
    context.close()
    assert [] == problems


def until(tab: Any, expression: str, *, arg: Any = None, timeout: float = 15_000) -> None:
    """
    Wait until an expression, or what a function returns, is true in a tab.

    Playwright's own way has the page evaluate texts, which the policy of the page forbids.
    """
    end = time.monotonic() + timeout / 1000
    while not tab.evaluate(expression, arg):
        assert time.monotonic() < end, f"never true: {expression}"
        tab.wait_for_timeout(20)


class Late:
    """
    The answer to the next question that a tab asks at an address: it comes when the test lets it.

    Args:
        tab: The tab.
        address: A pattern of Playwright's.
    """

    def __init__(self, tab: Any, address: str) -> None:
        self._tab = tab
        self._held: list[tuple[Any, Any]] = []
        tab.route(address, lambda route: self._held.append((route, route.fetch())), times=1)

    def wait(self) -> None:
        """Wait until the question is asked and answered."""
        wait_until(lambda: self._tab.wait_for_timeout(20) or self._held)

    def give(self) -> None:
        """Let the answer come, and the page take it."""
        [(route, answer)] = self._held
        with self._tab.expect_event("requestfinished", lambda request: request == route.request):
            route.fulfill(response=answer)
        self._tab.evaluate("() => new Promise((done) => setTimeout(done, 100))")


def _is_problem(message: Any) -> bool:
    """Return whether a message of the console tells of a fault; a refusal, which the page shows, is none."""
    return message.type == "error" and re.search(r"status of 4\d\d", message.text) is None
