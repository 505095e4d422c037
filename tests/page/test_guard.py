"""Who is let in: each line of the list of what the page's server promises."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from asking import TOKEN, ask, rest, send, tell
from conftest import served
from steps import wait_until

from expframe.page.entrance import Entrance, Limits, Passes
from expframe.page.service import serve_beside

Open = Callable[..., str]


@pytest.fixture
def guarded(store: Path) -> Iterator[Open]:
    """Return a function that serves a store behind a token and returns its address, without the token."""
    with ExitStack() as stack:

        def serve(**how: Any) -> str:
            entrance = Entrance(TOKEN, port=0)._replace(**how)
            return stack.enter_context(served(store, entrance)).partition("?")[0]

        yield serve


def test_the_token_becomes_a_cookie_that_scripts_and_other_pages_cannot_use(guarded: Open) -> None:
    """The token in the address is taken out of it, and kept as a cookie named by the port, HttpOnly and SameSite."""
    address = guarded()

    said = ask(address, f"?token={TOKEN}&a=b")

    port = re.findall(r":(\d+)/", address)[0]
    assert (303, "./?a=b") == (said.status, said.headers["location"])
    assert f"expframe-{port}={TOKEN}; HttpOnly; SameSite=Strict" == said.headers["set-cookie"]
    assert 200 == ask(address, "api/stores", cookie=f"x=y; expframe-{port}={TOKEN}").status


def test_no_page_is_told_where_one_came_from(guarded: Open) -> None:
    """No answer lets a browser send its address on, the token in it least of all."""
    address = guarded()

    found = {ask(address, path).headers["referrer-policy"] for path in ("", f"?token={TOKEN}", "api/stores")}

    assert {"no-referrer"} == found


def test_a_wrong_token_is_told_apart(guarded: Open) -> None:
    """A token of another server is refused with what to do, and makes no cookie."""
    said = ask(guarded(), "?token=wrong", accept="text/html")

    assert (403, True) == (said.status, b"it is another one at each start" in said.body)
    assert "set-cookie" not in said.headers


@pytest.mark.parametrize("path", ["api/stores", "api/0/runs", "api/0/stream", "api/0/file?run=1&name=run.json", "x"])
def test_nothing_is_answered_without_the_token(guarded: Open, path: str) -> None:
    """What says something of runs is refused to who has no token, and a person reads how to open the page."""
    address = guarded()

    plain, page = ask(address, path, cookie="expframe-1=x"), ask(address, path, accept="text/html")

    assert (401, "Locked") == (plain.status, plain.data["error"])
    assert (401, True) == (page.status, b"Open the address that `expframe ui` has printed" in page.body)


def test_the_page_itself_is_no_secret(guarded: Open) -> None:
    """Files of the page are sent to anybody: a link from elsewhere comes without the cookie, and still leads there."""
    address = guarded()

    assert [200, 200] == [ask(address, path).status for path in ("", "static/main.js")]


def test_a_static_address_does_not_lead_out(guarded: Open) -> None:
    """No address of the page's files leads to others."""
    address = guarded()

    paths = ("static/../server.py", "static/%2e%2e/server.py", "static/..%2fserver.py", "static//etc/passwd")
    assert {404, 401} >= {ask(address, path).status for path in paths}


def test_tokens_are_compared_in_constant_time(guarded: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each token that comes is compared by what takes as long wherever it differs."""
    seen = []
    compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: seen.append(one) or compare(one, other))
    address = guarded()

    ask(address, "?token=one")
    ask(address, "api/stores", x_token="two")
    ask(address, "api/stores", cookie=f"expframe-{re.findall(r':([0-9]+)/', address)[0]}=three")

    assert [b"one", b"two", b"three"] == [one for one in seen if one in (b"one", b"two", b"three")]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8123", "localhost.evil.example", "", "1.2.3.4.evil.example"]
)
def test_a_name_from_elsewhere_is_refused(guarded: Open, host: str) -> None:
    """A page whose name was made to lead here (DNS rebinding) gets nothing, not even the page."""
    address = guarded()
    line = f"Host: {host}\r\n".encode()

    found = rest(send(address, b"GET / HTTP/1.1\r\n" + line + b"Connection: close\r\n\r\n"))

    assert found.split(b" ")[1] in (b"403", b"400")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:99", "[::1]:8123", "runs.localhost"])
def test_names_of_this_machine_are_taken(guarded: Open, host: str) -> None:
    """Ports may differ, as ssh makes them."""
    assert 200 == ask(guarded(), "api/stores", host=host, x_token=TOKEN).status


def test_a_host_is_allowed_by_name(guarded: Open) -> None:
    """--allow-host takes a name as of this machine."""
    address = guarded(allowed_hosts=("runs.example",))

    assert [200, 403] == [ask(address, host=host).status for host in ("runs.example:80", "other.example")]


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://127.0.0.1:1", "null", "http://localhost", "http://["]
)
def test_another_page_gets_nothing(guarded: Open, origin: str) -> None:
    """What another origin asks for is refused, a token or not, and no answer is shared with other pages."""
    address = guarded()

    changed = tell(address, "note", {"run": "1", "text": "x"}, origin=origin, x_token=TOKEN)
    asked = ask(address, "api/stores", origin=origin, x_token=TOKEN)
    before = ask(address, "api/0/note", "OPTIONS", origin=origin, access_control_request_method="POST")

    assert (403, "WrongOrigin") == (changed.status, changed.data["error"])
    assert [403, 403] == [asked.status, before.status]
    assert not [name for said in (changed, asked, before) for name in said.headers if name.startswith("access-control")]


def test_the_pages_own_origin_is_taken(guarded: Open) -> None:
    """The origin that equals the host is the page itself."""
    address = guarded()

    assert 200 == ask(address, "api/stores", origin=address.rstrip("/"), x_token=TOKEN).status


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_pages_embed_nothing(guarded: Open, site: str) -> None:
    """A picture of a run is no picture in another page, one of another port of this machine included."""
    said = ask(guarded(), "api/0/file?run=1&name=x.png", sec_fetch_site=site, sec_fetch_dest="image", x_token=TOKEN)

    assert (403, "same-origin") == (said.status, said.headers["cross-origin-resource-policy"])


@pytest.mark.parametrize(
    ("status", "method", "headers"),
    [
        (401, "POST", {"x_token": "wrong"}),
        (403, "POST", {"x_expframe": ""}),
        (403, "POST", {"x_expframe": "2"}),
        (415, "POST", {"content_type": "text/plain"}),
        (415, "POST", {"content_type": "application/x-www-form-urlencoded"}),
        (404, "GET", {}),
        (405, "PUT", {}),
        (405, "DELETE", {}),
        (405, "TRACE", {}),
    ],
)
def test_a_change_needs_token_post_header_and_json(
    guarded: Open, status: int, method: str, headers: dict[str, str]
) -> None:
    """Nothing is changed but by POST, with the token, the page's own header, and JSON."""
    usual = {"content_type": "application/json", "x_expframe": "1", "x_token": TOKEN, **headers}
    sent = {name: value for name, value in usual.items() if value}

    assert status == ask(guarded(), "api/0/note", method, {"run": "1", "text": "x"}, **sent).status


def test_read_only_takes_changes_away(guarded: Open) -> None:
    """With --read-only no change is made, and the page knows it."""
    address = guarded(is_read_only=True)

    said = tell(address, "trash", {"runs": ["1"]}, x_token=TOKEN)

    assert (403, "ReadOnly") == (said.status, said.data["error"])
    assert ask(address, "api/stores", x_token=TOKEN).data["read_only"]


def test_the_page_has_no_inline_script_and_nothing_from_elsewhere(guarded: Open) -> None:
    """The policy of the page takes scripts and styles from its own files alone, and lets no other page frame it."""
    policy = ask(guarded()).headers["content-security-policy"]

    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert "frame-ancestors 'self'" in policy and "base-uri 'none'" in policy


def test_answers_are_data(guarded: Open) -> None:
    """An answer that a browser is led to show can do nothing, is not guessed at, framed elsewhere or kept."""
    headers = ask(guarded(), "api/stores", x_token=TOKEN).headers

    assert "default-src 'none'; sandbox; frame-ancestors 'self'" == headers["content-security-policy"]
    assert ("nosniff", "SAMEORIGIN") == (headers["x-content-type-options"], headers["x-frame-options"])
    assert "no-store" == headers["cache-control"]
    assert "server" not in headers


def test_a_long_address_is_refused(guarded: Open) -> None:
    """An address has an end."""
    address = guarded(limits=Limits(address=2000))

    said = ask(address, f"api/0/runs?where={'x' * 2000}", x_token=TOKEN)

    assert (414, "close") == (said.status, said.headers["connection"])


@pytest.mark.parametrize("step", [1000, 1_000_000])
def test_large_headers_are_refused(guarded: Open, step: int) -> None:
    """Headers have an end, in one piece or many."""
    address = guarded()
    connection = send(address, b"GET / HTTP/1.1\r\nHost: localhost\r\n")
    line = b"X-A: " + b"a" * 995 + b"\r\n"
    data = line * 200 + b"\r\n"
    try:
        for start in range(0, len(data), step):
            connection.sendall(data[start : start + step])
    except ConnectionError:  # it has had enough
        pass

    assert rest(connection)[9:12] in (b"400", b"431", b"")


@pytest.mark.parametrize("is_said", [True, False])
def test_a_large_body_is_refused(guarded: Open, is_said: bool) -> None:
    """A body has an end, whether its length is said or not."""
    address = guarded(limits=Limits(body=1000))
    head = f"POST /api/0/note HTTP/1.1\r\nHost: localhost\r\nX-Expframe: 1\r\nX-Expframe-Token: {TOKEN}\r\n"
    head += "Content-Type: application/json\r\n"
    length = "Content-Length: 5000\r\n\r\n" if is_said else "Transfer-Encoding: chunked\r\n\r\n1388\r\n"
    connection = send(address, (head + length).encode() + b"x" * 5000)

    assert b"413" == rest(connection)[9:12]


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /stat",
        b"POST /api/0/note HTTP/1.1\r\nHost: localhost\r\nX-Expframe: 1\r\nX-Expframe-Token: a-token-of-the-tests\r\n"
        b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    ],
)
def test_a_question_that_does_not_end_is_hung_up_on(guarded: Open, begun: bytes) -> None:
    """Who begins to ask, and does not come to the end, is hung up on."""
    address = guarded(limits=Limits(header_seconds=0.2, body_seconds=0.2))

    assert b"408" in rest(send(address, begun))[-200:]


def test_who_takes_nothing_is_hung_up_on(guarded: Open, store: Path) -> None:
    """Who asks for a large file and does not take it holds no connection for ever."""
    run = store / "1"
    run.mkdir()
    (run / "run.json").write_text("{}")
    with (run / "big.bin").open("wb") as file:
        file.truncate(1 << 30)
    address = guarded(limits=Limits(stalled_seconds=0.2, connections=1))
    question = (
        f"GET /api/0/download?run=1&name=big.bin HTTP/1.1\r\nHost: localhost\r\nX-Expframe-Token: {TOKEN}\r\n\r\n"
    )
    connection = send(address, question.encode())
    first = connection.recv(100)
    wait_until(lambda: 503 != ask(address).status)  # nothing is taken, and there is room for somebody else again

    assert b"200" in first
    assert len(rest(connection)) < 1 << 28


def test_connections_have_an_end(guarded: Open) -> None:
    """One more connection than there may be is told so and closed; those that are there go on."""
    address = guarded(limits=Limits(connections=5))
    held = [send(address, b"GET / HTTP/1.1\r\nHost: localhost\r\n") for _ in range(5)]

    refused = rest(send(address, b""))
    held[0].sendall(b"Connection: close\r\n\r\n")

    assert (b"503", b"200") == (refused[9:12], rest(held[0])[9:12])
    for connection in held[1:]:
        connection.close()


def test_streams_have_an_end_and_end(guarded: Open) -> None:
    """So many browsers are told of changes; one more is refused, until one of them goes away."""
    address = guarded(limits=Limits(streams=1))
    question = f"GET /api/0/stream HTTP/1.1\r\nHost: localhost\r\nX-Expframe-Token: {TOKEN}\r\n\r\n".encode()
    first = send(address, question)
    while b"data:" not in first.recv(65_536):
        pass

    second = ask(address, "api/0/stream", x_token=TOKEN)
    first.close()

    assert (503, "60") == (second.status, second.headers["retry-after"])

    def is_free() -> bool:
        with send(address, question) as third:
            return b"200" in third.recv(20)

    wait_until(is_free)


def test_a_pass_opens_once(store: Path) -> None:
    """What a browser is started with, which others on this machine can read, opens the page once."""
    from expframe.page.board import Board

    service = serve_beside([Board(store, "runs")], Entrance(TOKEN, port=0))
    try:
        once = service.address_once()
        assert [303, 403] == [ask(once.partition("?")[0], f"?{once.partition('?')[2]}").status for _ in range(2)]
    finally:
        service.end()


def test_a_pass_is_nobody_elses(store: Path) -> None:
    """A pass is none of another server, and an empty one is none."""
    passes = Passes()
    new = passes.new()

    assert [False, False, True, False] == [passes.take(one) for one in ("", "x", new, new)]


def test_a_proxy_gives_the_token_with_each_question(guarded: Open) -> None:
    """Who gives the token in a header may ask by any name, since no other page can know it."""
    assert 200 == ask(guarded(), "api/stores", host="hub.example", x_token=TOKEN).status


@pytest.mark.parametrize("path", ["lab/runs/api/stores", "api/stores"])
def test_a_root_path_is_there_or_taken_away(guarded: Open, path: str) -> None:
    """A proxy may leave its path in addresses or take it out."""
    address = guarded(root_path="/lab/runs").replace("/lab/runs/", "/")

    assert 200 == ask(address, path, x_token=TOKEN).status
    assert "runs/" == ask(address, "lab/runs").headers["location"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET  / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"\x00" * 100,
    ],
)
def test_nonsense_is_refused(guarded: Open, data: bytes) -> None:
    """What is no question gets a 4xx, and the server goes on."""
    address = guarded(limits=Limits(header_seconds=0.3))

    assert b"4" == rest(send(address, data))[9:10]
    wait_until(lambda: 200 == ask(address).status)  # who is slow to ask is hung up on here, too
