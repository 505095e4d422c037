"""The server of the page: what is asked for at which address."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from expframe._version import VERSION
from expframe.config import json_values
from expframe.errors import ExpframeError
from expframe.page.assets import Assets
from expframe.page.board import Board
from expframe.page.entrance import Entrance, Passes
from expframe.page.figures import Frame
from expframe.page.files import Content
from expframe.page.guard import Guard
from expframe.page.question import Question
from expframe.page.refusals import Refusal
from expframe.page.request_body import RequestBody
from expframe.page.streams import Streams

STATIC = Path(__file__).parent / "static"


def application(boards: Sequence[Board], entrance: Entrance, passes: Passes | None = None) -> Guard:
    """
    Return the page of some stores.

    Args:
        boards: The stores.
        entrance: Who is let in.
        passes: What else lets in, once.
    """
    streams = Streams(entrance.limits.streams)
    assets = Assets(STATIC)

    async def asset(request: Request) -> Response:
        found = assets.get(request.path_params.get("name", "index.html"))
        if found is None:
            raise HTTPException(404)
        tag = {"etag": found.tag}
        if request.headers.get("if-none-match") == found.tag:
            return Response(status_code=304, headers=tag)
        return Response(found.content, media_type=found.kind, headers=tag)

    async def stores(request: Request) -> Response:
        for board in boards:  # what changes from now on is told, whatever the page asks for first
            await run_in_threadpool(board.rows.look)
        found = [{"name": one.name, "folder": str(one.store), "cursor": one.cursor} for one in boards]
        return JSONResponse({"stores": found, "read_only": entrance.is_read_only, "version": VERSION})

    async def answer(request: Request) -> Response:
        make = _known((await run_in_threadpool(load)).ANSWERS, request.path_params["name"])
        question = Question(request.query_params.multi_items())
        return _response(await run_in_threadpool(make, _board(boards, request), question))

    async def change(request: Request) -> Response:
        do = _known((await run_in_threadpool(load)).CHANGES, request.path_params["name"])
        told = RequestBody.read(await _body(request, entrance.limits.body))
        return _response(await run_in_threadpool(do, _board(boards, request), told))

    async def stream(request: Request) -> Response:
        board = _board(boards, request)
        if streams.are_full:
            raise HTTPException(503, "Enough browsers are told of changes: ask now and then.", {"retry-after": "60"})
        cursor = request.headers.get("last-event-id") or request.query_params.get("since", "")
        unbuffered = {"x-accel-buffering": "no"}
        return StreamingResponse(streams.of(board, cursor), media_type="text/event-stream", headers=unbuffered)

    routes = [
        Route("/", asset),
        Route("/api/stores", _guarded(stores), methods=["GET"]),
        Route("/api/{store}/stream", _guarded(stream), methods=["GET"]),
        Route("/api/{store}/{name}", _guarded(answer), methods=["GET"]),
        Route("/api/{store}/{name}", _guarded(change), methods=["POST"]),
        Route("/static/{name}", asset, methods=["GET"]),
    ]
    handlers: Any = {HTTPException: _http_problem}
    page = Starlette(routes=routes, exception_handlers=handlers)
    page.router.redirect_slashes = False  # each address has one form
    return Guard(page, entrance, passes)


def load() -> Any:
    """Return what can be asked and changed: with numpy and all else, which the first answer does not wait for."""
    from expframe.page import answers

    return answers


def _known(table: Mapping[str, Any], name: str) -> Any:
    if name not in table:
        raise HTTPException(404, f"There is no {name[:80]!r} here. There are: {', '.join(table)}.")
    return table[name]


def _board(boards: Sequence[Board], request: Request) -> Board:
    known = {str(number): board for number, board in enumerate(boards)}
    if request.path_params["store"] not in known:
        raise HTTPException(404, f"There is no such store: they are numbered from 0 to {len(boards) - 1}.")
    return known[request.path_params["store"]]


async def _body(request: Request, most: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise HTTPException(413, f"What is sent has more than {most} bytes.", {"connection": "close"})
        parts.append(part)
    return b"".join(parts)


def _response(found: Any) -> Response:
    if isinstance(found, Content):
        return FileResponse(
            found.path,
            headers=dict(found.headers),
            media_type=found.kind,
            filename=found.name,
            content_disposition_type="inline" if found.is_inline else "attachment",
        )
    if isinstance(found, Frame):
        policy = {"content-security-policy": found.policy}
        return Response(found.content, media_type="text/html", headers=policy)
    if isinstance(found, bytes):
        return Response(found, media_type="application/octet-stream")
    return Response(json_values.dump_plain(found, indent=None), media_type="application/json")


def _guarded(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers with a refusal where something goes wrong."""

    async def guarded(request: Request) -> Response:
        try:
            return await answer(request)
        except (HTTPException, ClientDisconnect):
            raise
        except Exception as problem:
            refusal = Refusal.of(problem)
            if not isinstance(problem, ExpframeError | OSError):
                traceback.print_exception(problem, file=sys.stderr)
            return _refused(request, refusal)

    return guarded


async def _http_problem(request: Request, problem: HTTPException) -> Response:
    text = {404: "There is no such address.", 405: "This cannot be done here."}.get(problem.status_code)
    message = problem.detail if " " in problem.detail and problem.detail != "Not Found" else text or problem.detail
    headers = [(name.encode(), value.encode()) for name, value in (problem.headers or {}).items()]
    return _refused(request, Refusal(problem.status_code, "HTTPError", message, headers))


def _refused(request: Request, refusal: Refusal) -> Response:
    headers, body = refusal.content(is_page="text/html" in request.headers.get("accept", ""))
    return Response(body, refusal.status, {name.decode(): value.decode() for name, value in headers})
