"""A store that expframe 0.1.0 has written, and that every later version reads whole."""

import datetime
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import expframe
from expframe.config.secrets import Masked

GOLDEN = Path(__file__).parent.parent / "golden" / "store-0.1.0"
LONG_AGO = 1_767_225_600.0


@pytest.fixture
def store(tmp_path):
    """A copy of the store; the process that wrote into it last is long gone."""
    copy = shutil.copytree(GOLDEN, tmp_path / "runs")
    for path in copy.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return expframe.runs(copy)


def test_all_runs_are_there(store):
    """Each kind of run that 0.1.0 wrote is found: done, inside another, failed, resumed, died, queued, named."""
    rows = store.sort("started", "id").rows("id", "name", "command", "status", "attempt", "parent")

    assert {
        ("1", "golden", "main", "COMPLETED", 1, None),
        ("2", "golden", "evaluate", "COMPLETED", 1, "1"),
        ("3", "golden", "main", "FAILED", 1, None),
        ("4", "golden", "long", "COMPLETED", 2, None),
        ("5", "golden", "dies", "DIED", 1, None),
        ("6", "golden", "main", "QUEUED", 1, None),
        ("7", "golden", "count", "FAILED", 1, None),
        ("named", "golden", "evaluate", "COMPLETED", 1, None),
    } == set(rows)


def test_a_record_is_read_whole(store):
    """Facts, config, result and info are those that were stored, with their types."""
    run = store["1"]
    record = run.record

    assert (("first", "good"), "the first one", 7) == (record.tags, record.comment, record.seed)
    assert (("fast",), "main", "train.py", ()) == (record.named_configs, record.git["branch"], record.main, ())
    assert datetime.UTC == record.started.tzinfo
    assert record.ended > record.started
    assert {"numpy", "expframe"} <= set(record.packages)
    assert {"score": np.float64(0.25), "best": 3, "names": ("a", "b")} == run.result
    assert np.float64 is type(run.result["score"])
    assert {"note": {"sizes": (1, 2)}} == run.info
    config = run.config
    assert (0.5, (1, 2), datetime.date(2026, 1, 2)) == (config["lr"], config["sizes"], config["day"])
    assert np.float32 is type(config["net"]["scale"])
    assert (Masked, "********") == (type(config["api_key"]), str(config["api_key"]))
    assert ("named config", "fast") == config.origins["lr"][:2]
    assert "how fast" == config.docs["lr"]


def test_points_media_and_samples_are_read(store):
    """Metrics of the run and of its workers, tables, histograms, texts and samples of the machine are there."""
    run = store["1"]

    assert ["accuracy", "in_worker", "loss", "odd, name", "time/epoch"] == sorted(run.metrics())
    assert ([0, 1, 2], [1.0, 0.5, 0.25]) == (run.metrics("loss").steps, run.metrics("loss").values)
    assert (3, 0.25, 1.5) == (run.summaries["loss"].count, run.summaries["loss"].min, run.summaries["in_worker"].last)
    assert ["confusion", "weights", "sample"] == [media.name for media in run.media()]
    assert ((1, 2), (3, 4)) == run.media("confusion")[0].content.rows
    assert "hello" == run.media("sample")[0].content
    assert "cpu" in run.system()


def test_files_and_output_are_read(store):
    """Saved files, artifacts, resources, sources and what was printed are there."""
    run = store["1"]

    assert {"lr": 0.5} == run.load("lr.json")
    assert [0, 1, 2] == run.load("numbers").tolist()
    assert "notes" == run.path("notes.txt").read_text()
    kinds = {file.name: (file.kind, file.metadata) for file in run.files if file.kind != "resource"}
    assert {"lr.json": ("file", {}), "numbers.npy": ("file", {}), "notes.txt": ("artifact", {"of": "today"})} == kinds
    assert ["notes"] == [Path(file.path).read_text() for file in run.files if file.kind == "resource"]
    assert "learning\n" in run.output()
    assert "Experiment" in (run.folder.parent / "_sources" / run.record.sources[0][1]).read_text()


def test_children_and_failures_are_read(store):
    """A run knows those inside it, and a failed one why it failed."""
    assert ["2"] == [child.id for child in store["1"].children]
    failure = store["3"].record.failure
    assert ("builtins.ValueError", "fails") == (failure.type, failure.message)
    assert 'raise ValueError("fails")' in failure.traceback


def test_attempts_and_checkpoints_are_read(store):
    """A resumed run has its attempts and checkpoint, and counts no point that was superseded."""
    run = store["4"]

    assert [(2, 1, 1)] == [(attempt.number, attempt.checkpoint, attempt.step) for attempt in run.attempts]
    assert [0, 1, 2, 3] == run.metrics("loss").steps
    assert 4 == run.summaries["loss"].count
    checkpoint = run.checkpoints[-1]
    assert (1, 1, [0.0, 1.0, 2.0]) == (checkpoint.step, checkpoint["epoch"], checkpoint["weights"].tolist())


def test_calls_are_read(store):
    """A run that was called many times has its calls, with results and failures."""
    calls = store["7"].calls

    assert [(1, 2), (2, 4), (3, None)] == [(call.number, call.result) for call in calls]
    assert "builtins.TypeError" == calls[2].failure.type


def test_every_command_reads_it(store, cli):
    """Each command that reads runs answers for each of them, and nothing is wrong with the store."""
    for id in store.ids():
        for words in (("show", id), ("logs", id), ("path", id), ("metrics", id)):
            cli(*words)
            assert 0 == cli.code, (words, cli.err)
    for words in (("ls",), ("ls", "--tree"), ("compare",), ("compare", "--groups"), ("diff", "1", "3"), ("doctor",)):
        cli(*words)
        assert 0 == cli.code, (words, cli.out, cli.err)


def test_it_travels(store, cli, tmp_path):
    """Exported and taken in elsewhere, the runs are the same ones."""
    cli("export", "all.zip", *store.ids())
    cli("import", "all.zip", "--to", "other")
    other = expframe.runs(tmp_path / "other")

    fields = ("id", "uid", "command", "result", "metrics.loss.min", "info.note")
    assert list(store.rows(*fields)) == list(other.rows(*fields))
