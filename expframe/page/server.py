"""The server of the page: what is asked for at which address, and who is let in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from expframe.config import json_values
from expframe.errors import ExpframeError, RunNotFoundError, UsageError
from expframe.page import columns, runs
from expframe.page.board import Board
from expframe.page.question import Question

STATIC = Path(__file__).parent / "static"

ANSWERS: Mapping[str, Callable[[Board, Question], Any]] = {
    "runs": runs.answer,
    "ids": runs.ids,
    "fields": columns.answer,
    "field_values": columns.values,
}
"""What can be asked of a store: plain data, or bytes."""


def application(boards: Sequence[Board]) -> Starlette:
    """Return the page of some stores."""

    async def index(request: Request) -> Response:
        return Response((STATIC / "index.html").read_bytes(), media_type="text/html")

    async def stores(request: Request) -> Response:
        found = [{"name": board.name, "folder": str(board.store)} for board in boards]
        return JSONResponse({"stores": found})

    async def answer(request: Request) -> Response:
        board = boards[int(request.path_params["store"])]
        make = ANSWERS[request.path_params["name"]]
        question = Question(request.query_params.multi_items())
        try:
            found = await run_in_threadpool(make, board, question)
        except ExpframeError as problem:
            return _refusal(problem)
        if isinstance(found, bytes):
            return Response(found, media_type="application/octet-stream")
        return Response(json_values.dump_plain(found, indent=None), media_type="application/json")

    return Starlette(
        routes=[
            Route("/", index),
            Route("/api/stores", stores),
            Route("/api/{store:int}/{name}", answer),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
    )


def _refusal(problem: ExpframeError) -> Response:
    status = 404 if isinstance(problem, RunNotFoundError) else 400 if isinstance(problem, UsageError) else 500
    content = {"error": type(problem).__name__, "message": str(problem)}
    return Response(json.dumps(content), status, media_type="application/json")
