"""What a browser asks a page, and the views that somebody has saved there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

from laws import answered
from targets import Target, target

from expframe.config import json_values
from expframe.disk import layout
from expframe.errors import ExpframeError
from expframe.page import views
from expframe.page.answers import ANSWERS
from expframe.page.board import Board
from expframe.page.entrance import Entrance
from expframe.page.question import Question
from expframe.page.request_body import RequestBody
from expframe.page.server import application

_WORDS = {
    "runs": "where=lr+>+0&sort=-config.lr&column=result&offset=0&limit=5&group=config.lr&open=1&flat=1",
    "fields": "",
    "field_values": "field=config.lr&find=0",
    "curves": "run=1&metric=loss&x=step&pixels=100&from=0&to=9&smooth=0.5&log_x=1&band=sd&by=config.lr",
    "values": "run=1&metric=loss&at=3",
    "points": "run=1&metric=loss&from=0&to=9",
    "output": "run=1&from=0&before=100",
    "output_search": "run=1&find=red&from=0",
    "media": "run=1&name=rows&step=1",
    "medium": "run=1&name=rows&step=1",
    "histograms": "run=1&name=weights",
    "preview": "run=1&name=array.npy",
    "file": "run=1&name=deep/list.json",
    "source": "run=1&name=x.py",
    "differences": "run=1&other=sound&part=config",
    "changes": "since=x-1",
    "configurations": "run=sweep&metric=result&confidence=0.9",
    "configuration": "run=sweep&configuration=0",
    "importance": "run=sweep&metric=result",
    "sweep": "run=sweep",
}
_CHANGES: dict[str, dict[str, Any]] = {
    "tag": {"runs": ["1"], "add": ["x"], "remove": ["y"]},
    "note": {"run": "1", "text": "x"},
    "rename": {"run": "2", "name": "2"},
    "trash": {"runs": ["none"], "children": True},
    "restore": {"names": ["none"]},
    "save_view": {"name": "mine, (of) two", "address": "#/runs?where=lr"},
    "delete_view": {"name": "mine"},
    "stop": {"sweep": "sound"},
    "retry": {"sweep": "sound", "trials": [0]},
}


@target("page")
class Page(Target):
    """What a browser asks: a line of method and address, headers, an empty line, the body."""

    kind = "text"

    def seeds(self) -> list[bytes]:
        host = "host: 127.0.0.1\n"
        change = f"{host}x-expframe: 1\ncontent-type: application/json\ncookie: expframe-8123=token\n\n"
        asked = [f"{name}?{_WORDS.get(name, 'run=1&run=sound')}" for name in ANSWERS]
        questions = [f"GET /api/0/{word}\n{host}x-expframe-token: token\n\n" for word in asked]
        told = [f"POST /api/0/{name}\n{change}{json.dumps(body)}" for name, body in _CHANGES.items()]
        stream = f"GET /api/0/stream?since=x-1\n{host}x-expframe-token: token\nlast-event-id: y-2\n\n"
        pages = (f"GET /?token=token\n{host}\n", f"GET /static/x\n{host}\n", f"GET /api/stores\n{host}\n")
        return [text.encode() for text in (*questions, *told, stream, *pages)]

    def read(self, data: bytes) -> None:
        head, _, body = data.partition(b"\n\n")
        line, *headers = head.split(b"\n")
        method, _, address = line.partition(b" ")
        path, _, query = address.partition(b"?")
        pairs = [
            (name.strip().lower(), value.strip()) for name, _, value in (header.partition(b":") for header in headers)
        ]
        scope = {
            **{"type": "http", "method": method.decode("latin-1"), "scheme": "http", "http_version": "1.1"},
            **{"path": path.decode("utf-8", "replace"), "raw_path": path, "query_string": query, "root_path": ""},
            **{"headers": pairs, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8123), "asgi": {"version": "3.0"}},
        }
        said = asyncio.run(self._ask(scope, body))
        assert said < 500 or said == 501, said
        if not all((self.store / name).is_dir() for name in self.runs):  # one was renamed or thrown away
            shutil.rmtree(self.store)
            del self.store

    async def _ask(self, scope: Any, body: bytes) -> int:
        page = application([Board(self.store, "runs")], Entrance(token="token"))
        statuses = []

        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        with contextlib.suppress(ExpframeError):
            await page(scope, receive, send)
        return int(statuses[0])


@target("view")
class View(Target):
    """A view that was saved beside the runs."""

    kind = "json"
    runs = ("sound",)

    def seeds(self) -> list[bytes]:
        view = {"name": "mine", "address": "#/runs?where=lr > 0", "saved": "2026-01-02T03:04:05+00:00"}
        return [json.dumps(view).encode()]

    def read(self, data: bytes) -> None:
        board = Board(self.store, "runs")
        path: Path = board.store / layout.VIEWS_FOLDER / "mine.json"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        for found in (
            views.answer(board, Question()),
            answered(lambda: views.delete(board, RequestBody({"name": "mine"}))),
        ):
            json.loads(json_values.dump_plain(found))
        answered(lambda: views.save(board, RequestBody.read(data)))
