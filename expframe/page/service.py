"""The server of the page, from its listening to its end."""

from __future__ import annotations

import errno
import logging
import os
import socket
import stat
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from expframe.errors import MissingLibraryError, UsageError
from expframe.page.board import Board
from expframe.page.entrance import Entrance, Passes

if TYPE_CHECKING:
    import uvicorn

_PORTS = 64
"""So many ports are tried."""


class Service:
    """
    The server of the page of some stores; it listens from the start, and answers from `run` on.

    Args:
        boards: The stores.
        entrance: Where it is, and who is let in.

    Attributes:
        entrance: The same, with the port that was free.

    Raises:
        MissingLibraryError: The libraries of the page are not installed.
        UsageError: Nobody can listen there.
    """

    def __init__(self, boards: Sequence[Board], entrance: Entrance) -> None:
        try:
            import starlette  # noqa: F401  that they are there is known before anybody listens; `run` uses them
            import uvicorn  # noqa: F401
        except ImportError as problem:
            raise MissingLibraryError("The page", "starlette and uvicorn", "ui") from problem
        self._boards = boards
        self._passes = Passes()
        self._socket = _listen_at_path(Path(entrance.socket)) if entrance.socket else _listen(entrance)
        self.entrance: Entrance = entrance if entrance.socket else entrance._replace(port=self._socket.getsockname()[1])
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """What opens the page in a browser; where it listens at a path, by the port that ssh gives it."""
        return self._address(self.entrance.token)

    def address_once(self) -> str:
        """Return what opens the page once, for a command line that others on this machine can read."""
        return self._address(self._passes.new())

    def _address(self, token: str) -> str:
        host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.entrance.host, self.entrance.host)
        host = f"[{host}]" if ":" in host and not host.startswith("[") else host
        path = f"/{quote(self.entrance.root_path.strip('/'))}/".replace("//", "/")
        return f"http://{host}:{self.entrance.port}{path}{f'?token={token}' if token else ''}"

    def run(self, then: Callable[[], object] | None = None) -> None:
        """
        Answer until the process is told to end.

        Args:
            then: Done as soon as it answers.
        """
        import uvicorn

        from expframe.page.connections import PatientProtocol
        from expframe.page.server import application, load

        # uvicorn takes what makes a protocol as well as its class
        protocol: Any = partial(PatientProtocol, self.entrance.limits)
        config = uvicorn.Config(
            application(self._boards, self.entrance, self._passes),
            http=protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=2,
            h11_max_incomplete_event_size=self.entrance.limits.headers,
        )
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # what goes wrong is in its answer
        self._server = uvicorn.Server(config)
        threading.Thread(target=self._begin, args=(then, load), daemon=True).start()
        try:
            self._server.run([self._socket])
        finally:
            self.close()

    def begin(self) -> None:
        """Answer in a thread of its own, and return as soon as it does."""
        self._thread = threading.Thread(target=self.run, name="expframe page", daemon=True)
        self._thread.start()
        self.wait()

    def _begin(self, then: Callable[[], object] | None, load: Callable[[], object]) -> None:
        self.wait()
        if then is not None:
            then()
        load()

    def wait(self, seconds: float = 30.0) -> None:
        """Wait until it answers."""
        end = monotonic() + seconds
        while monotonic() < end and not (self._server is not None and self._server.started):
            sleep(0.005)

    def end(self) -> None:
        """End what was begun, and wait until its thread is gone."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(10.0)

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()
        if self.entrance.socket:
            Path(self.entrance.socket).unlink(missing_ok=True)


def serve(boards: Sequence[Board], entrance: Entrance) -> None:
    """
    Serve the page of some stores until the process is told to end.

    Raises:
        MissingLibraryError: The libraries of the page are not installed.
        UsageError: Nobody can listen there.
    """
    Service(boards, entrance).run()


def serve_beside(boards: Sequence[Board], entrance: Entrance) -> Service:
    """
    Serve the page of some stores in a thread of this process, and return the server as soon as it answers.

    Raises:
        MissingLibraryError: The libraries of the page are not installed.
        UsageError: Nobody can listen there.
    """
    service = Service(boards, entrance)
    service.begin()
    return service


def _listen(entrance: Entrance) -> socket.socket:
    """Listen at the port of an entrance, or the next one that is free."""
    last: OSError | None = None
    for port in range(entrance.port, min(entrance.port + _PORTS, 65_536)) if entrance.port else (0,):
        try:
            family, kind, protocol, _, place = socket.getaddrinfo(
                entrance.host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
        except (OSError, UnicodeError) as problem:
            raise UsageError(f"--host={entrance.host}", f"is no address of this machine ({problem}).") from problem
        listener = socket.socket(family, kind, protocol)  # asyncio lets answers of TCP go at once if it is named
        if os.name != "nt":  # there it would take the port of somebody else
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(place)
            listener.listen(256)
        except OSError as problem:
            listener.close()
            last = problem
            if isinstance(problem, PermissionError) or problem.errno not in _TAKEN:
                break
        else:
            return listener
    reason = last.strerror if last is not None else "no port"
    raise UsageError(
        f"{entrance.host}:{entrance.port}", f"cannot be listened at ({reason}). Choose another --host or --port."
    )


_TAKEN = (errno.EADDRINUSE, 10048)
"""What the systems say of a port that is taken."""


def _listen_at_path(path: Path) -> socket.socket:
    """Listen at a path, which nobody but its owner can open; what a server that has ended left there is replaced."""
    if not hasattr(socket, "AF_UNIX"):
        raise UsageError(f"--socket={path}", "needs sockets at paths, which this system does not have.")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)  # from its first moment on
    try:
        with suppress(FileNotFoundError):
            if stat.S_ISSOCK(path.lstat().st_mode) and not _is_answered(path):
                path.unlink()
        listener.bind(str(path))
        listener.listen(256)
    except OSError as problem:
        listener.close()
        reason = "is there already" if problem.errno in _TAKEN else f"cannot be made ({problem.strerror or problem})"
        raise UsageError(f"--socket={path}", f"{reason}. Choose another path.") from problem
    finally:
        os.umask(before)
    return listener


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        try:
            asking.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:
            pass
    return True
