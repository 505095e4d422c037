"""Reads all that can be read of a run and of a store, in each way that people have: Python, commands, the page."""

from __future__ import annotations

import contextlib
import io
import json
import random
from pathlib import Path
from typing import Any

from laws import answered

from expframe.__main__ import main
from expframe.errors import ExpframeError
from expframe.record.record import Record
from expframe.store.checks import check
from expframe.store.reader import StoredRun
from expframe.store.search.collection import Runs

FIELDS = (
    *("id", "uid", "name", "command", "status", "parent", "tags", "started", "ended", "time", "duration", "depth"),
    *("failure", "size", "result", "git.commit", "config.lr", "metrics.loss.max", "host.hostname", "info.sizes"),
    *("sweep.trial", "attempt", "comment", "config.net", "root"),
)
FILTERS = ("parent == 5", "started > -2d", "lr > 0.05 and status ~ 'COM'", "'a tag' in tags", "result == 1")
COMMANDS = (
    *(
        "ls",
        "ls --json",
        "ls --columns id,started,duration,result,config.net,failure,size",
        "show {}",
        "show {} --json",
    ),
    *("logs {}", "diff {} {}", "compare {} {}", "metrics {}", "metrics {} --form csv", "doctor", "du", "path {}"),
    *("compare --groups", "sweep ls", "sweep show {}", "sweep why {}", "sweep best {}", "ls --where lr>0", "gc"),
)
_NAMES = ("seed", "result", "info", "files", "calls", "attempts", "checkpoints", "children", "root", "parent")


def survey_run(run: StoredRun) -> None:
    """Read all that can be read of a run."""
    record = answered(lambda: run.record)
    if record is not None:
        plain = json.dumps(record.to_json(), allow_nan=False)
        assert Record.from_json(json.loads(plain)) is not None
        assert record.duration is None or record.duration >= 0
        assert record.elapsed is None or record.elapsed >= 0
    config = answered(lambda: run.config)
    if config is not None:
        json.dumps(config.to_json(), allow_nan=False)
        repr(config)
    for name in _NAMES:
        shown(answered(lambda name=name: getattr(run, name)))
    for read in (run.last_checkpoint, run.output, run.media, run.system, run._repr_html_):
        shown(answered(read))
    survey_points(run)
    survey_files(run)
    sweep = answered(lambda: run.sweep)
    if sweep is not None:
        for read in (lambda: sweep.plan, lambda: sweep.trials, lambda: sweep.counts, sweep.groups, sweep.best):
            repr(answered(read))
        repr(answered(sweep.frame))
        repr(answered(sweep.importance))
        repr(sweep)


def shown(value: Any) -> None:
    """Show a value as Python does, which refuses the decimal digits of a whole number that has too many."""
    try:
        repr(value)
    except ValueError as problem:
        assert "integer string conversion" in str(problem)


def survey_points(run: StoredRun) -> None:
    """Read its points, and see that they are whole."""
    curves = answered(run.metrics)
    summaries = answered(lambda: run.summaries)
    for name, curve in (curves or {}).items():
        assert len(curve.steps) == len(curve.times) == len(curve.values) == len(curve)
        assert name
        curve.to_numpy()
    for summary in (summaries or {}).values():
        json.dumps(summary.to_json(), allow_nan=False)
        assert summary.mean is None or isinstance(summary.mean, float)
    if curves is not None:
        curves.to_frame()


def survey_files(run: StoredRun) -> None:
    """Load what it has saved."""
    files = run.folder / "files"
    for path in sorted(files.rglob("*")) if files.is_dir() else ():
        if path.is_file():
            answered(lambda path=path: run.load(path.relative_to(files)))
    for checkpoint in answered(lambda: run.checkpoints) or ():
        repr(checkpoint)
        for name in checkpoint.names:
            answered(lambda checkpoint=checkpoint, name=name: checkpoint[name])


def survey_store(store: Path, rng: random.Random, id: str) -> None:
    """Read lists of the store, some of many; a sound run stands in each."""
    runs = Runs(store)
    assert "sound" in runs.ids()
    rows = answered(lambda: [found for found, *_ in runs.rows("id", *FIELDS)])  # a field may be in no run any more
    assert rows is None or "sound" in rows
    for field in rng.sample(FIELDS, 3):
        found = answered(lambda field=field: runs.sort(f"-{field}").ids())
        assert found is None or "sound" in found
    answered(lambda: runs.where(rng.choice(FILTERS)).ids())
    repr(runs.last)
    ways = (runs.frame, runs._repr_html_, runs.children.ids, lambda: [str(finding) for finding in check(store)])
    rng.choice(ways)()
    survey_commands(store, rng, id)
    survey_page(store, rng, id)


def survey_commands(store: Path, rng: random.Random, id: str, other: str = "sound") -> None:
    """Do a command; it says what is wrong, and its exit code is one of those that commands have."""
    words = [word.format(id, other) for word in rng.choice(COMMANDS).split()]
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        assert main([*words, "--store", str(store)]) in (0, 1, 2), words


def survey_page(store: Path, rng: random.Random, id: str) -> None:
    """Ask the page of a run; it answers with what browsers read, or refuses."""
    from expframe.config import json_values
    from expframe.page.answers import ANSWERS
    from expframe.page.board import Board
    from expframe.page.question import Question

    board = Board(store, "runs")
    for name in rng.sample(sorted(ANSWERS), 2):
        words = [*_WORDS, *((word, id) for word in ("run", "id", "sweep"))]
        words.append(("name", rng.choice(("deep/list.json", "rows", "loss"))))
        found: Any = None
        with contextlib.suppress(ExpframeError, FileNotFoundError):
            found = ANSWERS[name](board, Question(words))
        if isinstance(found, dict | list):
            json.loads(json_values.dump_plain(found), parse_constant=_refuse)


_WORDS = (("metric", "loss"), ("runs", "1"), ("field", "config.lr"), ("where", ""), ("part", "config"), ("trial", "0"))


def _refuse(constant: str) -> None:
    raise AssertionError(f"browsers read no {constant}")
