"""Who is let in: each question passes here before anything is looked at, and each answer on its way out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from expframe.page.entrance import Entrance, Passes, host_name, is_equal
from expframe.page.refusals import Headers, Refusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""What the page itself may do: no script and no style but its own files, nothing from elsewhere."""

POLICY_OF_DATA = "default-src 'none'; sandbox; frame-ancestors 'self'"
"""What answers may do, which are data even where a browser is led to show them."""

TOKEN_HEADER = b"x-expframe-token"
"""By which a proxy, or a script, gives the token with each question."""

_ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"SAMEORIGIN",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
}
_LOCKED = (
    "This page needs its token. Open the address that `expframe ui` has printed, with all that stands after the "
    "question mark; a browser that has opened it once keeps the token until the server ends."
)
_WRONG = (
    "The token in this address is not that of this server: it is another one at each start. "
    "Open the address that `expframe ui` has printed last."
)


class Guard:
    """
    An application behind an entrance.

    Args:
        application: What answers to those who are let in.
        entrance: Who that is.
        passes: What else opens the page, once.
    """

    def __init__(self, application: Application, entrance: Entrance, passes: Passes | None = None) -> None:
        self._application = application
        self._entrance = entrance
        self._passes = passes or Passes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a question, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._application(scope, receive, send)
            return
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, []).append(value)
        path = self._path(scope)
        send = _with_headers(send, is_page=_is_open(path))
        refusal = self._refusal(scope, path, headers)
        if refusal is None:
            await self._application({**scope, "path": path, "raw_path": path.encode(), "root_path": ""}, receive, send)
            return
        head, body = refusal.content(is_page=b"text/html" in b"".join(headers.get(b"accept", ())))
        await send({"type": "http.response.start", "status": refusal.status, "headers": head})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _path(self, scope: Scope) -> str:
        path, root = str(scope["path"]), self._entrance.root_path.rstrip("/")
        return path[len(root) :] if root and (path == root or path.startswith(f"{root}/")) else path

    def _refusal(self, scope: Scope, path: str, headers: Mapping[bytes, list[bytes]]) -> Refusal | None:
        """Return why a question is not answered; None where it is."""
        return (
            self._of_size(scope)
            or self._of_host(headers)
            or self._of_origin(headers)
            or self._of_address(scope, path)
            or self._of_token(path, headers)
            or self._of_change(scope, path, headers)
        )

    def _of_size(self, scope: Scope) -> Refusal | None:
        limits = self._entrance.limits
        if len(scope["raw_path"]) + len(scope["query_string"]) > limits.address:
            return _end(414, "AddressTooLong", f"The address has more than {limits.address} characters.")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > limits.headers:
            return _end(431, "HeadersTooLarge", f"The headers of the question have more than {limits.headers} bytes.")
        return None

    def _of_host(self, headers: Mapping[bytes, list[bytes]]) -> Refusal | None:
        given = headers.get(b"host", [])
        host = given[0].decode("latin-1") if len(given) == 1 else ""
        if self._entrance.takes_host(host) or self._has_header(headers):
            return None
        name = host_name(host)
        hint = f" Where that is right, start it with --allow-host {name}." if name else ""
        return Refusal(403, "WrongHost", f"This server is not asked for as {host[:200]!r}.{hint}")

    def _of_origin(self, headers: Mapping[bytes, list[bytes]]) -> Refusal | None:
        """Refuse what another page asks for."""
        host = headers.get(b"host", [b""])[0].decode("latin-1").lower()
        for origin in headers.get(b"origin", []):
            if not self._is_own(origin.decode("latin-1").lower(), host):
                text = f"Another page ({origin.decode('latin-1')[:200]}) asks, and this server is {host[:200]}."
                hint = "A proxy between them has to pass `Host` on, or start the server with --allow-host NAME."
                return Refusal(403, "WrongOrigin", f"{text} {hint}")
        site, goal = (b"".join(headers.get(name, ())) for name in (b"sec-fetch-site", b"sec-fetch-dest"))
        if site in (b"cross-site", b"same-site") and goal != b"document":
            return Refusal(403, "WrongOrigin", "Another page asks for what is of this one.")
        return None

    def _is_own(self, origin: str, host: str) -> bool:
        """Return whether an origin is that of the page, as it is asked for or as a proxy has it."""
        try:
            theirs = urlsplit(origin)
        except ValueError:
            return False
        return theirs.netloc == host or theirs.hostname in [name.lower() for name in self._entrance.allowed_hosts]

    def _of_address(self, scope: Scope, path: str) -> Refusal | None:
        """Turn a token in an address into a cookie, and see to it that relative addresses lead where they should."""
        if not path:
            name = self._entrance.root_path.rstrip("/").rpartition("/")[2]
            return Refusal(307, "Elsewhere", "With a slash at its end.", [(b"location", f"{name}/".encode())])
        words = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in words if name == "token"]
        if path != "/" or not given or not self._entrance.token:
            return None
        if not is_equal(given[-1], self._entrance.token) and not self._passes.take(given[-1]):
            return Refusal(403, "WrongToken", _WRONG)
        rest = urlencode([(name, value) for name, value in words if name != "token"])
        # no path: the browser takes the folder that it asked for, whatever a proxy has put before it
        cookie = f"{self._entrance.cookie}={self._entrance.token}; HttpOnly; SameSite=Strict"
        there = f"./?{rest}" if rest else "./"
        return Refusal(
            303, "Elsewhere", "It is open.", [(b"location", there.encode()), (b"set-cookie", cookie.encode())]
        )

    def _of_token(self, path: str, headers: Mapping[bytes, list[bytes]]) -> Refusal | None:
        if not self._entrance.token or _is_open(path) or self._has_header(headers) or self._has_cookie(headers):
            return None
        return Refusal(401, "Locked", _LOCKED)

    def _has_header(self, headers: Mapping[bytes, list[bytes]]) -> bool:
        given = [value.decode("latin-1") for value in headers.get(TOKEN_HEADER, ())]
        return bool(self._entrance.token) and any(is_equal(value, self._entrance.token) for value in given)

    def _has_cookie(self, headers: Mapping[bytes, list[bytes]]) -> bool:
        parts = [part.strip() for line in headers.get(b"cookie", ()) for part in line.decode("latin-1").split(";")]
        values = [value for name, _, value in (part.partition("=") for part in parts) if name == self._entrance.cookie]
        return any(is_equal(value, self._entrance.token) for value in values)

    def _of_change(self, scope: Scope, path: str, headers: Mapping[bytes, list[bytes]]) -> Refusal | None:
        """Refuse a change that the page itself does not ask for."""
        if scope["method"] in ("GET", "HEAD"):
            return None
        if scope["method"] != "POST" or _is_open(path):
            return _end(405, "WrongMethod", f"{scope['method'][:20]} is none of GET, HEAD and POST, or not here.")
        if self._entrance.is_read_only:
            return _end(403, "ReadOnly", "This server was started with --read-only: nothing is changed here.")
        if headers.get(b"x-expframe") != [b"1"]:
            return _end(403, "NoHeader", "A change has the header `X-Expframe: 1`, which other pages cannot send.")
        if b"".join(headers.get(b"content-type", ())).partition(b";")[0].strip().lower() != b"application/json":
            return _end(415, "NoJson", "A change is JSON: `Content-Type: application/json`.")
        size = b"".join(headers.get(b"content-length", ()))
        if size.isdigit() and int(size[:20]) > self._entrance.limits.body:
            return _end(413, "BodyTooLarge", f"What is sent has more than {self._entrance.limits.body} bytes.")
        return None


def _end(status: int, kind: str, message: str) -> Refusal:
    """Return a refusal after which nothing else is read."""
    return Refusal(status, kind, message, [(b"connection", b"close")])


def _is_open(path: str) -> bool:
    """Return whether something is of the page itself, which says nothing of any run."""
    return path == "/" or path.startswith("/static/")


def _with_headers(send: Send, *, is_page: bool) -> Send:
    """Return what sends an answer with the headers that each has, unless it says them itself."""
    usual = {
        **_ALWAYS,
        b"content-security-policy": (POLICY if is_page else POLICY_OF_DATA).encode(),
        b"cache-control": b"no-cache" if is_page else b"no-store",
    }

    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            own: Headers = message.get("headers", ())
            there = {name.lower() for name, _ in own}
            message["headers"] = [*own, *((name, value) for name, value in usual.items() if name not in there)]
        await send(message)

    return send_with
