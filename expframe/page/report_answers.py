"""What a report answers: the questions that views ask of its runs, as far as a file has room for the answers."""

from __future__ import annotations

import base64
import itertools
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from expframe.config import json_values
from expframe.errors import ExpframeError
from expframe.page.answers import ANSWERS
from expframe.page.board import Board
from expframe.page.files import Content
from expframe.page.question import Question
from expframe.store.search.fields import Field
from expframe.store.sweeps.plan_file import is_sweep

OF_STORE: Mapping[str, str] = {
    "ids": "sort",
    "fields": "",
    "metrics": "run",
    "sweeps": "offset",
}
"""What is asked once of all runs, and the words that may be asked besides, since the answer holds what they choose."""

OF_RUN: Mapping[str, str] = {
    "run": "other",
    "config": "",
    "results": "",
    "failure": "",
    "children": "",
    "output": "file",
    "media": "",
    "files": "",
    "code": "",
    "environment": "",
    "history": "offset",
}
"""The same of what is asked of each run."""

OF_SWEEP = ("sweep", "configurations", "importance")
"""What is asked of the run of a sweep besides."""

OF_RUNS: Mapping[str, str] = {
    "compare": "",
    "differences": "part",
    "sources": "",
    "tails": "",
}
"""The same of what is asked of several runs together: of all, and of those of the view that is shown first."""

OF_DETAILS = ("configuration", "images", "medium", "histograms", "source", "diff", "preview", "file")
"""What is asked of a run and may be large."""

LEFT_OUT = {"changes", "download", "field_values", "figure", "goals", "output_search", "points", "views"}
"""What a report does not answer: it does not change, and has no filter but those of its views."""

MOST_TOGETHER = 50
_FEW = 6
OF_TABLE = "sort column offset limit flat open"
OF_CURVES = "run from to pixels smooth log_x band"
PIXELS = (1200, 800, 560, 400, 280, 200, 140, 100, 64)
"""How many columns a chart is stored with; the most for which all charts take no more than their room."""
ROOM_OF_CURVES = 800_000
"""Bytes, compressed."""
ROOM_OF_DETAILS = 2_000_000
"""Bytes for what is large and seldom looked at, compressed: pictures, sources, heads of files."""

_MOST_COLUMNS = 200
_MOST_FILES = 100
_MOST_STEPS = 12
_LARGEST_FILE = 1 << 20
_TOO_LARGE = "This was left out of the report, to keep it small. `expframe ui` shows it, where the runs are."

Pairs = Sequence[tuple[str, str]]


class Answered(NamedTuple):
    """
    An answer in a report.

    Attributes:
        name: What was asked.
        words: With which words.
        free: Words that may be asked besides.
        plain: The answer, as JSON.
        packed: The answer, where it is bytes: compressed, in base64.
        refused: Why there is none.
    """

    name: str
    words: Pairs
    free: str = ""
    plain: Any = None
    packed: str | None = None
    refused: str | None = None

    @property
    def size(self) -> int:
        """How many bytes it takes in the file, roughly."""
        if self.packed is not None:
            return len(self.packed)
        return len(zlib.compress(json_values.dump_plain(self.plain, indent=None))) * 4 // 3

    def to_json(self) -> dict[str, Any]:
        """Return what stands in the file."""
        return {key: value for key, value in self._asdict().items() if value is not None}


def answer(board: Board, name: str, words: Pairs = (), free: str = "") -> Answered:
    """Return the answer to a question, a refusal too."""
    try:
        found = ANSWERS[name](board, Question(words))
    except ExpframeError as problem:
        return Answered(name, words, free, refused=str(problem))
    if isinstance(found, Content):
        if not found.is_inline or found.path.stat().st_size > _LARGEST_FILE:
            return Answered(name, words, free, refused=_TOO_LARGE)
        found = found.path.read_bytes()
    if isinstance(found, bytes):
        return Answered(name, words, free, packed=pack(found))
    return Answered(name, words, free, found)


def pack(data: bytes) -> str:
    """Return bytes compressed, as text."""
    return base64.b64encode(zlib.compress(data, 9)).decode()


def answers(board: Board, ids: Sequence[str], view: str) -> Iterator[Answered]:
    """Yield the answers that a report of some runs has; `view` is what it shows first."""
    yield from _table(board)
    for name, free in OF_STORE.items():
        yield answer(board, name, [("run", id) for id in ids], free)._replace(words=[])
    for id in ids:
        yield from _run(board, id)
        for other in ids if len(ids) <= _FEW else ():
            yield answer(board, "config", [("run", id), ("other", other)])
    words = parse_qsl(view.partition("?")[2])
    sweep, metrics = _ranked(view, words)
    if metrics and sweep in ids:
        yield from (answer(board, name, [("run", sweep), *metrics]) for name in OF_SWEEP)
    chosen = [value for name, value in words if name == "run"]
    for together in _together(ids, chosen):
        for name, free in OF_RUNS.items():
            yield answer(board, name, [("run", id) for id in together], free)
    if view.startswith("#/compare"):
        yield answer(board, "compare", [pair for pair in words if pair[0] in ("run", "metric", "entry", "by")])
    yield from _curves(board, ids, words)
    room = ROOM_OF_DETAILS
    details = (found for id in ids for found in _details(board, id, metrics if id == sweep else ()))
    for found in itertools.chain(details, _images(board, ids), _images(board, chosen)):
        room -= found.size
        yield found if room >= 0 else found._replace(plain=None, packed=None, refused=_TOO_LARGE)


def _ranked(view: str, words: Pairs) -> tuple[str, Pairs]:
    """Return the sweep that a view shows, and what it is ranked by there."""
    path = view.partition("?")[0]
    is_sweep = path.startswith("#/sweep/")
    return unquote(path.removeprefix("#/sweep/")), [pair for pair in words if pair[0] == "metric" and is_sweep]


def _run(board: Board, id: str) -> Iterator[Answered]:
    """Yield the answers about a run that are never large."""
    run = ("run", id)
    for name, free in OF_RUN.items():
        yield answer(board, name, [run], free)
    yield answer(board, "failure", [run, ("whole", "1")])
    if is_sweep(board.store / id):
        for name in OF_SWEEP:
            yield answer(board, name, [run])


def _together(ids: Sequence[str], chosen: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the runs that can be compared: all, those of a view, and any two where they are few."""
    several = [tuple(ids), tuple(chosen), *(itertools.combinations(ids, 2) if len(ids) <= _FEW else ())]
    for one in dict.fromkeys(several):
        if 2 <= len(one) <= MOST_TOGETHER:
            yield one


def _table(board: Board) -> Iterator[Answered]:
    """Yield the table of all runs, none inside another: as nobody has changed it, what differs, and all columns."""
    whole = [("flat", "1"), ("limit", "1000")]
    for words in ([], [("differing", "1")]):
        found = answer(board, "runs", [*whole, *words])
        yield found._replace(words=words, free=OF_TABLE)
    fields = ANSWERS["fields"](board, Question())
    names = [*fields["facts"], *(field["name"] for field in fields["entries"]), *fields["results"]]
    names += [Field.of_metric(name, "last").written for name in fields["metrics"]]
    found = answer(board, "runs", [*whole, *(("column", name) for name in names[:_MOST_COLUMNS])])
    yield found._replace(words=[("columns", "all")], free=OF_TABLE)


# --------------------------------------------------------------------------------------------------------- curves


def _curves(board: Board, ids: Sequence[str], view: Pairs) -> Iterator[Answered]:
    """Yield the curves of all runs, a chart each, and as the view that is shown first has them."""
    known = ANSWERS["metrics"](board, Question([("run", id) for id in ids]))
    names = [found["name"] for found in known["metrics"]]
    for pixels in PIXELS:
        charts = list(_charts(board, ids, names, [], pixels))
        room = ROOM_OF_CURVES - sum(chart.size for chart in charts)
        if room >= 0:
            break
    yield from charts
    asked = [(name, value) for name, value in view if name in ("x", "group", "band")]
    others = [[("system", "1")], *([asked] if asked else []), [("x", "relative")], [("x", "time")]]
    for words in others:
        metrics = known["system"] if words == [("system", "1")] else names
        charts = list(_charts(board, ids, metrics, words, pixels))
        size = sum(chart.size for chart in charts)
        if words is asked or size <= room:
            room -= size
            yield from charts


def _charts(board: Board, ids: Sequence[str], metrics: Sequence[str], words: Pairs, pixels: int) -> Iterator[Answered]:
    runs = [("run", id) for id in ids]
    for metric in metrics:
        own = [("metric", metric), *words]
        yield answer(board, "curves", [*runs, *own, ("pixels", str(pixels))])._replace(words=own, free=OF_CURVES)


# -------------------------------------------------------------------------------------------------------- details


def _details(board: Board, id: str, ranked: Pairs) -> Iterator[Answered]:
    """Yield the answers about a run that may be large, the likeliest first."""
    run = ("run", id)
    for one in _list(board, "configurations", id, "configurations") if is_sweep(board.store / id) else ():
        number = ("configuration", str(one["configuration"]))
        yield answer(board, "configuration", [run, number])
        if ranked:
            yield answer(board, "configuration", [run, number, *ranked])
    yield from _media(board, id)
    for source in _list(board, "code", id, "sources"):
        yield answer(board, "source", [run, ("name", source)])
    yield answer(board, "diff", [run])
    for file in _list(board, "files", id, "files")[:_MOST_FILES]:
        found = answer(board, "preview", [run, ("name", file["name"])])
        yield found
        if (found.plain or {}).get("kind") == "picture":
            yield answer(board, "file", [run, ("name", file["name"])])


def _media(board: Board, id: str) -> Iterator[Answered]:
    """Yield what a run logged at steps, of each name at some of them, the last one first."""
    run = ("run", id)
    steps: dict[str, list[int | float]] = {}
    for media in board.run(id).media():
        steps.setdefault(media.name, []).append(media.step)
    for one in _list(board, "media", id, "media"):
        name = ("name", one["name"])
        if one["kind"] == "histogram":
            yield answer(board, "histograms", [run, name])
        own = sorted(steps[one["name"]], reverse=True)
        for step in own[:: -(-len(own) // _MOST_STEPS)]:
            found = answer(board, "medium", [run, name, ("step", str(step))])
            yield found._replace(words=[run, name], free="step")
            if "file" in (found.plain or {}):
                yield answer(board, "file", [run, ("name", found.plain["file"])])


def _images(board: Board, ids: Sequence[str]) -> Iterator[Answered]:
    """Yield the images of runs beside each other, of each name at some steps, the last one first."""
    if not 2 <= len(ids) <= MOST_TOGETHER:
        return
    runs = [("run", id) for id in ids]
    first = answer(board, "images", runs, "step")
    yield first
    for name in (first.plain or {}).get("names", []):
        own = [*runs, ("name", name)]
        steps = (answer(board, "images", own).plain or {}).get("steps", [])[::-1]
        for step in steps[:: -(-len(steps) // _MOST_STEPS) or 1]:
            yield answer(board, "images", [*own, ("step", str(step))])._replace(words=own, free="step")


def _list(board: Board, name: str, id: str, key: str) -> list[Any]:
    found: list[Any] = (answer(board, name, [("run", id)]).plain or {}).get(key, [])
    return found
