"""Questions to a server as anybody may send them, well-formed or not."""

from __future__ import annotations

import json
import socket
from http.client import HTTPConnection, HTTPResponse
from typing import Any, NamedTuple
from urllib.parse import urlsplit

TOKEN = "a-token-of-the-tests"


class Said(NamedTuple):
    """An answer: its status, headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


def ask(address: str, path: str = "", method: str = "GET", body: Any = None, **headers: str) -> Said:
    """Ask, and return the answer; headers are written with `_`, and `x_token` gives the token."""
    place = urlsplit(address)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=20)
    if "x_token" in headers:
        headers["x_expframe_token"] = headers.pop("x_token")
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, place.path + path, data, sent)
    response: HTTPResponse = connection.getresponse()
    try:
        found = {name.lower(): value for name, value in response.getheaders()}
        return Said(response.status, found, response.read())
    finally:
        connection.close()


def tell(address: str, name: str, body: Any, **headers: str) -> Said:
    """Have something changed, as the page does."""
    usual = {"content_type": "application/json", "x_expframe": "1", **headers}
    return ask(address, f"api/0/{name}", "POST", body, **{name: value for name, value in usual.items() if value})


def send(address: str, data: bytes) -> socket.socket:
    """Send bytes as they are, and return the connection."""
    place = urlsplit(address)
    connection = socket.create_connection((place.hostname or "", place.port or 0), timeout=20)
    connection.sendall(data)
    return connection


def rest(connection: socket.socket) -> bytes:
    """Return what comes until the server hangs up."""
    found = b""
    with connection:
        while True:
            try:
                part = connection.recv(65_536)
            except ConnectionResetError:
                return found
            if not part:
                return found
            found += part
