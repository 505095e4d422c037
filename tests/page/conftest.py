"""A page that is served and, for tests marked `browser`, a real browser that looks at it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = "/usr/bin/chromium"
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@contextmanager
def served(store: Path) -> Iterator[str]:
    """Serve a store from this process, and yield the address that opens it."""
    import uvicorn

    from expframe.page.board import Board
    from expframe.page.server import application

    server = uvicorn.Server(uvicorn.Config(application([Board(store, store.name)]), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def serve() -> Iterator[Callable[[Path], str]]:
    """Return a function that serves a store until the end of the test and returns its address."""
    with ExitStack() as stack:
        yield lambda store: stack.enter_context(served(store))


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
    problems: list[str] = []
    tab.on("pageerror", lambda problem: problems.append(str(problem)))
    tab.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield tab
    context.close()
    assert [] == problems
