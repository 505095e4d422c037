"""Where a page is served, and whom it lets in: what the command line of the server says."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import threading
from typing import NamedTuple

PORT = 8123
TOKEN_VARIABLE = "EXPFRAME_UI_TOKEN"
"""The environment variable of a token that somebody has chosen, such as a proxy that starts the server."""


class Limits(NamedTuple):
    """
    What one browser, or many of them, may take.

    Attributes:
        address: The longest address, in bytes.
        headers: All headers of a question, in bytes.
        body: The longest body, in bytes.
        header_seconds: In this time a question has come.
        body_seconds: In this time its body has.
        stalled_seconds: A browser that takes nothing of an answer for so long is gone.
        connections: So many are open at once.
        streams: So many of them may be told of changes.
    """

    address: int = 32_768
    headers: int = 65_536
    body: int = 1 << 20
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    stalled_seconds: float = 120.0
    connections: int = 256
    streams: int = 48


class Entrance(NamedTuple):
    """
    Where a page is served, and whom it lets in.

    Attributes:
        token: What lets in; empty lets everybody in, which is for tests only.
        host: The address that is listened at.
        port: Its port; 0 for any that is free.
        socket: The path of a Unix socket to listen at, in place of host and port.
        is_read_only: Whether nothing can be changed.
        allowed_hosts: Names by which the page may be asked for, beside those of this machine.
        root_path: What addresses begin with, where a proxy leaves it in.
        limits: What browsers may take.
    """

    token: str
    host: str = "127.0.0.1"
    port: int = PORT
    socket: str = ""
    is_read_only: bool = False
    allowed_hosts: tuple[str, ...] = ()
    root_path: str = ""
    limits: Limits = Limits()

    @property
    def cookie(self) -> str:
        """The name of the cookie that the token becomes: of one server, since browsers share cookies between ports."""
        import zlib

        return f"expframe-{zlib.crc32(self.socket.encode('utf-8', 'surrogatepass')) if self.socket else self.port}"

    @property
    def is_open(self) -> bool:
        """Whether other machines can ask."""
        return not self.socket and not is_loopback(self.host)

    def takes_host(self, host: str) -> bool:
        """
        Return whether the page may be asked for by what stands in `Host`.

        A page from elsewhere whose name was made to lead here (DNS rebinding) is asked for by that name, never by
        an address of numbers.
        """
        name = host_name(host)
        known = ("localhost", self.host.lower(), *(allowed.lower() for allowed in self.allowed_hosts))
        if name in known or name.endswith(".localhost") or _is_address(name):
            return True
        return self.is_open and name == socket.gethostname().lower()


class Passes:
    """Tokens that open the page once: what a browser is started with can be seen by others on the machine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._passes: set[str] = set()

    def new(self) -> str:
        """Return one that opens the page once."""
        found = secrets.token_urlsafe(24)
        with self._lock:
            self._passes.add(found)
        return found

    def take(self, given: str) -> bool:
        """Return whether something is one of them; it is none from then on."""
        with self._lock:
            found = [one for one in self._passes if is_equal(one, given)]
            self._passes.difference_update(found)
        return bool(found)


def new_token() -> str:
    """Return a token that nobody guesses."""
    return secrets.token_urlsafe(24)


def is_equal(one: str, other: str) -> bool:
    """Return whether two texts are the same, in a time that does not tell where they differ."""
    import hmac

    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def host_name(host: str) -> str:
    """
    Return the name in a `Host`, without its port.

    Example:
        >>> host_name("LocalHost:8123"), host_name("[::1]:8123")
        ('localhost', '::1')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def is_loopback(host: str) -> bool:
    """Return whether only this machine can ask at an address."""
    return host.lower() == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
