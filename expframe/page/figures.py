"""Figures of plotly that a run has logged or saved, drawn in a frame of their own that can do nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from functools import cache
from typing import Any, NamedTuple

from expframe.config import json_values
from expframe.errors import MissingLibraryError, QuestionError
from expframe.page import files
from expframe.page.board import Board
from expframe.page.question import Question

_LARGEST = 1 << 25
"""Figures of more bytes are not drawn."""
_DRAWN = re.compile(r"Plotly\.newPlot\(\s*")
_BETWEEN = re.compile(r"\s*,\s*")
_DRAW = (
    'const figure = JSON.parse(document.getElementById("figure").textContent);'
    'Plotly.newPlot("plot", figure.data, figure.layout, { responsive: true, displaylogo: false });'
)
_STYLE = "html, body, #plot { margin: 0; height: 100%; background: white; }"


class Frame(NamedTuple):
    """
    A page to be shown in a frame.

    Attributes:
        content: It.
        policy: What it may do, as a content security policy says it.
    """

    content: bytes
    policy: str


def answer(board: Board, question: Question) -> Frame:
    """
    Return a figure of plotly as a page: its data out of the run's file, drawn by the library that is installed here.

    Nothing of the file is done: of a page that plotly has written only the data are taken, as JSON. Words are those of
    `files.answer`.

    Raises:
        QuestionError: There is no such file, it is no figure of plotly, or too large.
        EscapingPathError: It is in no folder of the run.
        MissingLibraryError: plotly is not installed.
    """
    path = files.find(board, question)
    if path.stat().st_size > _LARGEST:
        raise QuestionError(f"figure {path.name[:200]!r}", f"has more than {_LARGEST >> 20} MB. Download it.")
    figure = _figure(path.read_bytes().decode("utf-8", "replace"))
    if figure is None:
        raise QuestionError(f"figure {path.name[:200]!r}", "is none of plotly. Download it.")
    library = _library()
    data = json_values.dump_plain(figure, indent=None).decode().replace("</", "<\\/").replace("<!--", "<\\u0021--")
    scripts = f"<script>{library}</script>\n<script>{_DRAW}</script>"
    page = (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{html.escape(path.name)}</title>\n'
        f'<style>{_STYLE}</style>\n<div id="plot"></div>\n'
        f'<script type="application/json" id="figure">{data}</script>\n{scripts}\n</html>\n'
    )
    policy = (
        f"default-src 'none'; script-src {_hash(library)} {_hash(_DRAW)}; style-src 'unsafe-inline'; "
        "img-src data: blob:; sandbox allow-scripts allow-downloads; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    )
    return Frame(page.encode(), policy)


def _figure(text: str) -> dict[str, Any] | None:
    """Return the data and layout of a figure out of plotly's JSON, or out of a page that plotly has written."""
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else _of_page(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("data"), list):
        return None
    layout = found.get("layout")
    return {"data": found["data"], "layout": layout if isinstance(layout, dict) else {}}


def _of_page(text: str) -> dict[str, Any] | None:
    """Return the arguments with which a page draws its last figure: the element's name, data and layout."""
    found = list(_DRAWN.finditer(text))
    if not found:
        return None
    decoder, position, arguments = json.JSONDecoder(), found[-1].end(), []
    for _ in range(3):
        value, position = decoder.raw_decode(text, position)
        arguments.append(value)
        between = _BETWEEN.match(text, position)
        position = between.end() if between else position
    return {"data": arguments[1], "layout": arguments[2]}


@cache
def _library() -> str:
    """Return plotly's script, as its package has it."""
    try:
        from plotly.offline import get_plotlyjs
    except ImportError:
        raise MissingLibraryError("A figure of plotly", "plotly", "ui") from None
    script: str = get_plotlyjs()
    return script.replace("</script", "<\\/script")


@cache
def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
