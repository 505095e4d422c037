"""Whatever is asked, and whatever becomes of the store meanwhile: an answer, never a fault."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from asking import ask, tell
from conftest import served
from hypothesis import given
from hypothesis import strategies as st
from steps import wait_until

from expframe import Experiment
from expframe.page.answers import ANSWERS, CHANGES

Serve = Callable[[Path], str]

WORDS = [
    *(
        "run",
        "runs",
        "metric",
        "x",
        "from",
        "to",
        "at",
        "pixels",
        "smooth",
        "log_x",
        "group",
        "band",
        "system",
        "where",
    ),
    *("sort", "column", "offset", "limit", "name", "since", "id", "base", "search", "part", "kind", "sweep", "trial"),
]
VALUES = st.one_of(
    st.sampled_from(
        ["1", "2", "9", "loss", "config.lr", "-config.lr", "step", "metric:loss", "nan", "-1", "1e400", "0"]
    ),
    st.sampled_from(
        ["lr > 0", "lr >", "configuration", "tags", "interval", "../..", "last", "_views", "\u202e", "%00"]
    ),
    st.text(max_size=30),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.sampled_from(["9", "x y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
BODIES = st.dictionaries(
    st.sampled_from(
        ["runs", "run", "add", "remove", "text", "name", "names", "sweep", "trials", "address", "children"]
    ),
    JSON | st.sampled_from([["9"], [1], "#/runs"]),
    max_size=4,
)


def _store(folder: Path) -> Path:
    """Make a store of two runs whose texts are full of what could be taken for something else."""
    ex = Experiment("<script>alert(1)</script>", store=folder)

    @ex.main
    def train(_run: Any, lr: float = 0.1, note: str = "\x1b[31m</script>\x00\u202e") -> float:
        for step in range(20):
            _run.log_scalars({"loss": 1 / (step + 1), "<img src=x onerror=alert(1)>": float("nan")}, step)
        print("\x1b[31m<b>red</b>\x1b[0m")
        return lr

    ex.run()
    ex.run(config_updates={"lr": 0.2})
    return folder


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return where a store of hostile texts is served for all tests of this file."""
    with served(_store(tmp_path_factory.mktemp("hostile") / "runs")) as found:
        yield found


@given(st.sampled_from(sorted(ANSWERS)), st.lists(st.tuples(st.sampled_from(WORDS), VALUES), max_size=6))
def test_no_question_is_a_fault(address: str, name: str, words: list[tuple[str, str]]) -> None:
    """Any words get an answer, or are refused with what is wrong with them."""
    query = urlencode([(word, value.encode("utf-8", "replace")) for word, value in words])

    said = ask(address, f"api/0/{name}?{query}")

    assert said.status < 500 or said.status == 501, (said, query)
    if said.status >= 400:
        assert said.data["message"]


@given(st.sampled_from(sorted(CHANGES)), BODIES)
def test_no_change_is_a_fault(address: str, name: str, body: dict[str, Any]) -> None:
    """Any body is done, or refused with what is wrong with it."""
    data = json.dumps(body).encode("utf-8", "replace")
    if {"1", "2"} & set(json.dumps(body).split('"')):  # the runs are for the other tests
        return

    said = tell(address, name, data)

    assert said.status < 500, (said, body)


@given(st.text(max_size=40))
def test_no_address_is_a_fault(address: str, path: str) -> None:
    """Any path has an answer below 500."""
    from urllib.parse import quote

    assert ask(address, quote(path.encode("utf-8", "replace"))).status < 500


@pytest.mark.parametrize("store", ["1", "9" * 5000, "00", "-1", "x"])
def test_a_store_that_there_is_not(address: str, store: str) -> None:
    """A store by a number that there is not is refused."""
    assert 404 == ask(address, f"api/{store}/runs").status


def test_every_answer_is_of_json_that_browsers_read(address: str) -> None:
    """No NaN and no lone surrogate stands in an answer."""
    for name in ("runs", "metrics?run=1", "values?run=1&metric=loss&x=step&at=3", "changes", "views"):
        said = ask(address, f"api/0/{name}")

        assert 200 == said.status
        assert b"NaN" not in said.body and b"Infinity" not in said.body


def test_a_store_that_changes_is_followed(serve: Serve, tmp_path: Path) -> None:
    """Runs that come, change and go are told of since a cursor."""
    store = _store(tmp_path / "runs")
    address = serve(store)
    first = ask(address, "api/0/changes").data
    tell(address, "tag", {"runs": ["1"], "add": ["x"]})
    tell(address, "trash", {"runs": ["2"]})

    def both() -> Any:
        found = ask(address, f"api/0/changes?since={first['cursor']}").data
        return found["changed"] and found["gone"] and found

    found = wait_until(both)

    assert ([], [], False) == (first["changed"], first["gone"], first["is_new"])
    assert (["1"], ["2"]) == (found["changed"], found["gone"])
    assert ask(address, "api/0/changes?since=0123-5").data["is_new"]


@pytest.mark.parametrize("fate", ["gone", "a file", "empty records", "garbage"])
def test_a_store_that_is_lost_is_no_fault(serve: Serve, tmp_path: Path, fate: str) -> None:
    """A store that is deleted, replaced or damaged while it is looked at has answers all the same, and may return."""
    store = _store(tmp_path / "runs")
    shutil.copytree(store, tmp_path / "copy")
    address = serve(store)
    assert 2 == ask(address, "api/0/runs").data["all"]

    if fate in ("gone", "a file"):
        shutil.rmtree(store)
    if fate == "a file":
        store.write_text("")
    for path in store.rglob("*.*") if store.is_dir() else ():
        if path.is_file() and fate in ("empty records", "garbage"):
            path.write_bytes(b"" if fate == "empty records" else b"\xff\x00{" * 50)
    words = "run=1&run=2&metric=loss&name=run.json&id=1"
    statuses = {name: ask(address, f"api/0/{name}?{words}").status for name in ANSWERS}
    changed = tell(address, "tag", {"runs": ["1"], "add": ["x"]})

    assert {} == {name: status for name, status in statuses.items() if status >= 500 and status not in (501, 503)}
    assert 200 == changed.status

    shutil.rmtree(store) if store.is_dir() else store.unlink(missing_ok=True)
    shutil.copytree(tmp_path / "copy", store)
    assert 200 == ask(address, "api/0/runs").status


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, 5) for name in ("options", "host", "git", "packages", "counts", "sweep", "extra", "module", "tags")),
        *(("sources", [["s.py", value]]) for value in (5, None, ["x"], "../../s.py")),
        *(("counts", {"points": "x"}), ("problems", [5]), ("argv", [5]), ("parent", ["x"]), ("result", 10**400)),
    ],
)
def test_a_record_that_somebody_has_changed_is_no_fault(
    serve: Serve, tmp_path: Path, field: str, value: object
) -> None:
    """A record of which a field is what it cannot be is said to be damaged, or shown without it."""
    store = _store(tmp_path / "runs")
    path = store / "2" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    address = serve(store)

    words = ("run=2&name=s.py", "run=1&run=2&metric=loss&part=git&part=packages")
    statuses = {(name, own): ask(address, f"api/0/{name}?{own}").status for name in ANSWERS for own in words}

    assert {} == {asked: status for asked, status in statuses.items() if status >= 500 and status != 501}


@pytest.mark.parametrize("file", ["2/output.txt", "2/evil.txt", "_sources/evil"])
def test_a_link_in_a_store_leads_nowhere(serve: Serve, tmp_path: Path, file: str) -> None:
    """A link that leads out of a run's folder, or of the sources, is followed by no answer."""
    store = _store(tmp_path / "runs")
    (tmp_path / "outside").write_text("OUT" * 5)
    (store / file).unlink(missing_ok=True)
    (store / file).symlink_to(tmp_path / "outside")
    record = store / "2" / "run.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "sources": [["s.py", "evil"]]}))
    address = serve(store)

    words = ("run=2&name=evil.txt&find=OUT", "run=2&name=output.txt", "run=2&name=s.py", "run=1&run=2&name=s.py")
    said = {(name, own): ask(address, f"api/0/{name}?{own}").body for name in ANSWERS for own in words}

    assert [] == [asked for asked, body in said.items() if b"OUT" * 5 in body]


def test_parents_in_a_circle_hide_no_run(serve: Serve, tmp_path: Path) -> None:
    """Runs whose records say that each was started in the other stand in the table all the same."""
    store = _store(tmp_path / "runs")
    records = [json.loads((store / id / "run.json").read_text()) for id in ("1", "2")]
    for id, own, other in (("1", *records), ("2", *reversed(records))):
        (store / id / "run.json").write_text(json.dumps({**own, "parent": other["uid"]}))

    found = ask(serve(store), "api/0/runs?open=1&open=2").data

    assert ["2", "1"] == [row["id"] for row in found["rows"]]


def test_a_filter_with_a_number_of_thousands_of_digits_is_refused(address: str) -> None:
    """A number that Python does not read is said to be too long."""
    said = ask(address, f"api/0/runs?where=lr%3E{'9' * 5000}")

    assert (400, "QueryError") == (said.status, said.data["error"])
