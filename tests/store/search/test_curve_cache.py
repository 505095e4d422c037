"""Columns of runs' points, beside the points as they are read from their files."""

import json
import math
import os
import shutil
import threading
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe.disk import layout
from expframe.store import cache
from expframe.store.points import curves_of
from expframe.store.search import curve_cache
from expframe.store.search.curve_cache import CurveCache

ODD = b'"a,b",1,2.0,nan\nloss,-3,2.0,inf\nno line\nloss,1,2\nloss,1e3,2.0,0.1\n'


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a run without points, of which columns are kept whatever their number."""
    monkeypatch.setenv("EXPFRAME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(curve_cache, "_LEAST", 1)
    folder = tmp_path / "runs" / "1"
    folder.mkdir(parents=True)
    (folder / layout.RECORD).write_text('{"format": 1}')
    return folder


def lines(first: int, count: int, name: str = "loss") -> bytes:
    """Return so many points, from a step on."""
    return b"".join(b"%s,%d,%d.5,%d.25\n" % (name.encode(), step, step, step) for step in range(first, first + count))


def kept(run: Path) -> list[Path]:
    """Return the files of columns that are in the cache."""
    return sorted((Path(os.environ["EXPFRAME_CACHE"]) / "curves").glob("*.columns"))


def check(store: CurveCache, run: Path) -> None:
    """See to it that columns are what is in the files."""
    expected = curves_of(run, "")
    found = store.read(run.name, list(expected))

    assert {name: len(curve) for name, curve in expected.items()} == found.counts
    for name, curve in expected.items():
        column = found.columns[name]
        for numbers, own in ((curve.steps, column.steps), (curve.times, column.times), (curve.values, column.values)):
            numpy.testing.assert_array_equal(numpy.array(numbers, float), own)


@given(st.lists(st.integers(0, 1500), max_size=5), st.booleans())
def test_columns_read_in_pieces_are_those_read_whole(run: Path, cuts: list[int], is_new: bool) -> None:
    """Wherever a file ended when it was read, also within a line, what is read on is what is there."""
    content = layout.METRICS_HEADER + lines(0, 20) + ODD + lines(20, 20, "acc") + ODD + lines(40, 10)
    path = run / layout.METRICS
    path.unlink(missing_ok=True)
    store = CurveCache(run.parent)
    for cut in sorted({min(cut, len(content)) for cut in cuts} | {len(content)}):
        with path.open("ab") as file:
            file.write(content[file.tell() : cut])
        check(CurveCache(run.parent) if is_new else store, run)


def test_another_process_takes_what_is_kept(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read once is not read again."""
    (run / layout.METRICS).write_bytes(lines(0, 5000))
    check(CurveCache(run.parent), run)
    monkeypatch.setattr(curve_cache, "read_some", lambda *given: pytest.fail("is read") if not given[1] else given[1])

    assert 5000 == CurveCache(run.parent).read("1", ["loss"]).columns["loss"].size


def test_few_points_are_kept_nowhere(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file is read as fast as columns of it."""
    monkeypatch.undo()
    monkeypatch.setenv("EXPFRAME_CACHE", str(run.parent.parent / "cache"))
    (run / layout.METRICS).write_bytes(lines(0, 5))
    check(CurveCache(run.parent), run)

    assert [] == kept(run)


def test_many_metrics_are_one_file(run: Path) -> None:
    """A thousand metrics of a run are in one file."""
    (run / layout.METRICS).write_bytes(b"".join(lines(0, 2, f"m{number}") for number in range(1000)))
    check(CurveCache(run.parent), run)

    assert 1 == len(kept(run))


def test_points_of_other_processes_come_after(run: Path) -> None:
    """What other processes of a run logged is part of its curves."""
    (run / layout.METRICS).write_bytes(lines(0, 100))
    (run / layout.of_process(layout.METRICS, "7")).write_bytes(lines(50, 100) + lines(0, 3, "acc"))
    store = CurveCache(run.parent)
    check(store, run)
    with (run / layout.of_process(layout.METRICS, "7")).open("ab") as file:
        file.write(lines(150, 10))
    check(store, run)


def test_points_that_were_taken_up_anew_do_not_count(run: Path) -> None:
    """When a run is resumed, what it logged after its checkpoint is left out, of what was read before, too."""
    content = lines(0, 100)
    path = run / layout.METRICS
    path.write_bytes(content)
    store = CurveCache(run.parent)
    check(store, run)
    (run / layout.ATTEMPTS_FOLDER).mkdir()
    attempt = {"number": 2, "started": "", "checkpoint": None, "step": None, "before": {}}
    attempt["superseded"] = {layout.METRICS: [len(lines(0, 50)), len(content)]}
    (run / layout.ATTEMPTS_FOLDER / "2.json").write_text(json.dumps(attempt))
    with path.open("ab") as file:
        file.write(lines(50, 20))
    check(store, run)
    check(CurveCache(run.parent), run)

    assert 70 == store.read("1", ["loss"]).columns["loss"].size


@pytest.mark.parametrize("change", ["shrunk", "replaced", "rewritten", "gone"])
def test_a_file_that_is_another_one_is_read_anew(run: Path, change: str) -> None:
    """A file that shrank, was replaced, rewritten or removed has the points that it has now."""
    path = run / layout.METRICS
    path.write_bytes(lines(0, 100))
    store = CurveCache(run.parent)
    check(store, run)
    if change == "shrunk":
        os.truncate(path, 500)
    elif change == "replaced":
        other = path.with_name("other")
        other.write_bytes(lines(7, 200))
        other.replace(path)
    elif change == "rewritten":
        path.write_bytes(lines(1000, 300))
    else:
        path.unlink()
    check(store, run)
    check(CurveCache(run.parent), run)


@pytest.mark.parametrize("place", [0, 20, 30, 70, 1000, -3])
@pytest.mark.parametrize("content", [b"", b"x", b"\xff" * 9])
def test_damaged_columns_are_made_anew(run: Path, place: int, content: bytes) -> None:
    """A file of columns that is cut off, overwritten or of something else is left aside and made again."""
    (run / layout.METRICS).write_bytes(lines(0, 500))
    check(CurveCache(run.parent), run)
    (path,) = kept(run)
    whole = path.read_bytes()
    place %= len(whole)
    path.write_bytes(whole[:place] + content + (whole[place + len(content) :] if content else b""))
    check(CurveCache(run.parent), run)
    check(CurveCache(run.parent), run)

    assert whole == kept(run)[0].read_bytes()


def test_columns_that_shrink_while_they_are_open_kill_nobody(run: Path) -> None:
    """A file of columns that somebody cuts off while it is mapped is left aside."""
    (run / layout.METRICS).write_bytes(lines(0, 5000))
    store = CurveCache(run.parent)
    check(store, run)
    os.truncate(kept(run)[0], 10)
    check(store, run)


def test_nothing_is_lost_where_nothing_can_be_kept(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder for columns they are in memory."""
    place = run.parent.parent / "file"
    place.write_text("")
    monkeypatch.setenv("EXPFRAME_CACHE", str(place / "cache"))
    (run / layout.METRICS).write_bytes(lines(0, 500))
    store = CurveCache(run.parent)
    check(store, run)
    with (run / layout.METRICS).open("ab") as file:
        file.write(lines(500, 500))
    check(store, run)


def test_columns_take_no_more_room_than_there_is(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns that were asked for longest ago make room for new ones, and those forgotten for two months go."""
    monkeypatch.setattr(cache, "_MOST", 50_000)
    for number, age in ((2, 90.0), (3, 2.0), (4, 1.0), (5, 0.0)):
        folder = run.parent / str(number)
        shutil.copytree(run, folder, dirs_exist_ok=True)
        (folder / layout.METRICS).write_bytes(lines(0, 800))
        before = set(kept(run))
        check(CurveCache(run.parent), folder)
        for path in set(kept(run)) - before:
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age * 86400))

    assert 2 == len(kept(run))
    check(CurveCache(run.parent), run)


def test_many_threads_see_whole_curves(run: Path) -> None:
    """Whoever asks while a file grows gets as many steps as values, of points that are there."""
    path = run / layout.METRICS
    path.write_bytes(layout.METRICS_HEADER)
    store = CurveCache(run.parent)
    problems: list[object] = []

    def look() -> None:
        seen = 0
        while seen < 2000:
            column = store.read("1", ["loss"]).columns.get("loss")
            if column is not None:
                seen = column.size
                if column.values.tolist() != [step + 0.25 for step in range(seen)]:
                    problems.append(column.values)
                    return

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    with path.open("ab", buffering=0) as file:
        for start in range(0, 2000, 10):
            file.write(lines(start, 10))
    for thread in threads:
        thread.join(60)

    assert [] == problems


def test_runs_of_other_formats_have_columns(tmp_path: Path) -> None:
    """A run that Sacred wrote has the curves that it has elsewhere."""
    folder = tmp_path / "runs" / "5"
    folder.mkdir(parents=True)
    files = {
        "run.json": {"experiment": {"name": "old"}, "status": "COMPLETED", "meta": {}, "command": "main"},
        "config.json": {"seed": 1},
        "cout.txt": None,
        "metrics.json": {"loss": {"steps": [1, 2], "timestamps": ["2020-01-01T00:00:00.0"] * 2, "values": [3.0, 4.0]}},
    }
    for name, content in files.items():
        (folder / name).write_text("" if content is None else json.dumps(content))
    column = CurveCache(tmp_path / "runs").read("5", ["loss"]).columns["loss"]

    assert ([1.0, 2.0], [3.0, 4.0]) == (column.steps.tolist(), column.values.tolist())


def test_a_run_that_is_not_there_is_an_error(run: Path) -> None:
    """A folder that is gone is no run without points, whatever is asked of it."""
    store = CurveCache(run.parent)
    store.read("1", of_system=True)
    shutil.rmtree(run)

    for of_system in (False, True):
        with pytest.raises(FileNotFoundError):
            store.read("1", of_system=of_system)


def test_steps_beyond_a_float_are_infinite(run: Path) -> None:
    """A step that is greater than any float is no place on an axis."""
    (run / layout.METRICS).write_bytes(b"loss,1%s,1.0,2.0\n" % (b"0" * 400))
    column = CurveCache(run.parent).read("1", ["loss"]).columns["loss"]

    assert [math.inf] == column.steps.tolist()
    assert not column.stretches[0].of_steps.is_sorted
