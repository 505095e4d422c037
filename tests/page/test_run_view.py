"""The view of one run: what the page is answered, and what a person does with it."""

import datetime
import json
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Late
from interpreter import ROOT, start_python

from expframe import Experiment
from expframe.disk import layout
from expframe.errors import ExpframeError, QuestionError
from expframe.page.answers import ANSWERS
from expframe.page.board import Board
from expframe.page.question import Question
from expframe.record.events import Call

SLOW = """
import time
from pathlib import Path
from expframe import Experiment

ex = Experiment("slow", store="runs")

@ex.automain
def main():
    print("first line", flush=True)
    while not Path("go").exists():
        time.sleep(0.05)
    print("second line", flush=True)
    while not Path("end").exists():
        time.sleep(0.05)
"""
MARKUP = "<script>alert(1)</script>\u202e\x1b[31m"


def _asked(store: Path, view: str, /, **words: Any) -> Any:
    return ANSWERS[view](Board(store, "runs"), Question([(word, str(value)) for word, value in words.items()]))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store of two runs, of which the second one failed."""
    ex = Experiment("digits", store=tmp_path / "runs")

    @ex.config
    def choose() -> None:
        lr = 0.1  # how far a step goes
        title = MARKUP
        api_key = "sk-abcdefgh12345678"

    @ex.main
    def train(lr: float, _run: Any) -> dict[str, float]:
        print("\x1b[32mgreen\x1b[0m and <b>bold</b>")
        for epoch in range(3):
            _run.log_scalar("layer2/loss", 1 / (epoch + 1), epoch)
            _run.log_scalar("layer10/loss", float("nan"), epoch)
            _run.log_text("example", f"epoch {epoch} {MARKUP}", step=epoch)
            _run.log_histogram("weights", [0.0, epoch, 2.0 * epoch], step=epoch)
        _run.save("name,n\na,1\nb,007\n", "table.csv")
        _run.save({"deep": [1, {"er": None}]}, "facts.json")
        _run.checkpoint(3, lr=lr)
        if lr > 0.5:
            try:
                int("x17")
            except ValueError as problem:
                raise RuntimeError("row 17") from problem
        return {"acc": 0.9}

    ex.run()
    with pytest.raises(RuntimeError):
        ex.run(config_updates={"lr": 0.9})
    return tmp_path / "runs"


# --------------------------------------------------------------------------------------------------------- the head


def test_the_head_of_a_run_says_what_it_is_and_how_it_ended(store: Path) -> None:
    """Name, command, status and failure are in the first answer, which reads no points, output or files."""
    found = _asked(store, "run", run=2)

    assert ("digits", "train", "FAILED") == tuple(found["run"][name] for name in ("name", "command", "status"))
    assert {"type": "builtins.RuntimeError", "message": "row 17"} == found["failure"]
    assert ["1"] == found["others"]


def test_every_answer_about_a_run_is_json(store: Path) -> None:
    """No answer holds NaN or anything else that JSON has not."""
    words = {"find": "green", "name": "example", "other": "1"}
    names = ("run", "children", "config", "results", "failure", "output", "output_search", "media", "medium", "files")
    names += ("code", "diff", "environment", "history")
    for name in names:
        json.dumps(_asked(store, name, run=2, **words), allow_nan=False)


def test_a_damaged_record_is_said_and_the_rest_is_shown(store: Path) -> None:
    """The head has the problem, and config, output and files are answered all the same."""
    (store / "1" / layout.RECORD).write_text('{"format": 1, "status"')

    found = _asked(store, "run", run=1)

    assert "cannot be read" in found["problem"]
    assert "lr" in [entry["name"] for entry in _asked(store, "config", run=1)["entries"]]
    assert _asked(store, "output", run=1)["lines"]
    assert 2 == _asked(store, "files", run=1)["total"]
    assert 2 == _asked(store, "results", run=1)["total"]
    assert 0 == _asked(store, "children", run=1)["total"]


def test_a_run_that_is_gone_is_an_error_that_says_so(store: Path) -> None:
    """Each answer about it refuses in the same words."""
    for name in ("run", "config", "output", "files"):
        with pytest.raises(ExpframeError, match="No run '9'"):
            _asked(store, name, run=9)


def test_a_damaged_config_is_the_trouble_of_its_section_alone(store: Path) -> None:
    """Config refuses, naming the file; the head does not, nor what is said of all runs, as reports have it too."""
    (store / "1" / layout.CONFIG).write_text("{")

    assert "config.lr" in [entry["name"] for entry in _asked(store, "fields")["entries"]]
    assert "COMPLETED" == _asked(store, "run", run=1)["run"]["status"]
    with pytest.raises(ExpframeError, match=re.escape(str(store / "1" / layout.CONFIG))):
        _asked(store, "config", run=1)


def test_a_damaged_info_leaves_metrics_and_result(store: Path) -> None:
    """The answer says which file it is."""
    (store / "1" / layout.INFO).write_text("[")

    found = _asked(store, "results", run=1)

    assert (2, [["acc", 0.9]]) == (found["total"], found["result"])
    assert str(store / "1" / layout.INFO) in found["problems"][0]


def test_command_lines_name_the_store_where_it_is_not_the_usual_one(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that is copied means the run that is looked at."""
    here = {line["title"]: line["text"] for line in _asked(store, "run", run=2)["commands"]}
    monkeypatch.chdir("/")
    elsewhere = {line["title"]: line["text"] for line in _asked(store, "run", run=2)["commands"]}

    assert "expframe compare 1 2" == here["put it into a table"]
    assert f"expframe compare 1 2 -F {store}" == elsewhere["put it into a table"]


# ------------------------------------------------------------------------------------------------ config and results


def test_an_entry_of_the_config_has_its_doc_and_who_set_it(store: Path) -> None:
    """Docs, the place in the code, and whether the value is the default are beside each value; secrets are masked."""
    entries = {entry["name"]: entry for entry in _asked(store, "config", run=2, other=1)["entries"]}

    assert ("how far a step goes", "config_updates", False) == (
        entries["lr"]["doc"],
        entries["lr"]["origin"]["kind"],
        entries["lr"]["is_default"],
    )
    assert (0.9, 0.1, True) == tuple(entries["lr"][name] for name in ("value", "other", "is_different"))
    assert Path(__file__).name == entries["title"]["origin"]["where"].partition(":")[0]
    assert (True, False) == (entries["title"]["is_default"], entries["title"]["is_different"])
    assert "sk-" not in json.dumps(entries)


def test_metrics_come_in_the_order_that_people_count_in(store: Path) -> None:
    """Layer 2 is before layer 10; NaN is a text."""
    found = _asked(store, "results", run=1)["metrics"]

    assert ["layer2/loss", "layer10/loss"] == [metric["name"] for metric in found]
    assert (1 / 3, 2, {"text": "nan"}) == (found[0]["min"], found[0]["min_step"], found[1]["last"])
    assert [["result.acc", 0.9]] == [
        [f"result.{name}", value] for name, value in _asked(store, "results", run=1)["result"]
    ]


def test_a_traceback_has_its_causes_and_no_frames_of_ours(store: Path) -> None:
    """Both exceptions are there; the whole one has more lines."""
    short = _asked(store, "failure", run=2)["failure"]["lines"]
    whole = _asked(store, "failure", run=2, whole=1)["failure"]["lines"]

    texts = ["".join(text for _, text in line) for line in short]
    assert ["ValueError: invalid literal for int() with base 10: 'x17'", "RuntimeError: row 17"] == [
        text for text in texts if text.startswith(("ValueError", "RuntimeError"))
    ]
    assert len(short) < len(whole)


def test_history_has_what_each_attempt_took_up_and_came_to(store: Path) -> None:
    """A run that was resumed has its first attempt too, with the words and the end of each."""
    attempts = store / "1" / layout.ATTEMPTS_FOLDER
    attempts.mkdir()
    before = {"status": "FAILED", "started": "2026-01-02T03:04:05+00:00", "argv": ["train.py", "with", "lr=1"]}
    second = {"number": 2, "started": "2026-01-03T03:04:05+00:00", "checkpoint": 1, "step": 3, "superseded": {}}
    (attempts / "2.json").write_text(json.dumps({**second, "before": before}))

    found = _asked(store, "history", run=1)["attempts"]

    assert [(1, None, "FAILED", "train.py with lr=1"), (2, 1, "COMPLETED")] == [
        tuple(found[0][name] for name in ("number", "checkpoint", "status", "words")),
        tuple(found[1][name] for name in ("number", "checkpoint", "status")),
    ]


def test_calls_come_a_page_at_a_time_the_last_ones_first(store: Path) -> None:
    """Each has how long it took, what it returned and what it raised."""
    moment = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    calls = [Call(number, moment, moment + datetime.timedelta(seconds=number), number) for number in range(1, 701)]
    lines = [json.dumps(call.to_json()) for call in calls]
    (store / "1" / layout.CALLS).write_text("".join(f"{line}\n" for line in lines))

    first, second = (_asked(store, "history", run=1, offset=offset) for offset in (0, 500))

    assert (700, 700, 201) == (first["total_calls"], first["calls"][0]["number"], first["calls"][-1]["number"])
    assert list(range(200, 0, -1)) == [call["number"] for call in second["calls"]]
    assert (200.0, 200) == (second["calls"][0]["duration"], second["calls"][0]["result"])


def test_history_has_the_checkpoints(store: Path) -> None:
    """Each has its step and the names of its objects."""
    found = _asked(store, "history", run=1)["checkpoints"]

    assert [(1, 3, ["lr"])] == [(one["number"], one["step"], one["names"]) for one in found]


# ------------------------------------------------------------------------------------------------------------ output


def _printed(tmp_path: Path, content: bytes) -> Path:
    ex = Experiment("printed", store=tmp_path / "runs")
    ex.main(lambda: None)
    found = ex.run()
    (Path(found.dir) / layout.OUTPUT).write_bytes(content)
    return tmp_path / "runs"


def _texts(lines: Any) -> list[str]:
    return ["".join(text for _, text in line) for line in lines]


def test_output_has_its_colours_and_no_escape_codes(tmp_path: Path) -> None:
    """Colours are names of spans, bars are in their last state."""
    store = _printed(tmp_path, b"\x1b[1;31mbad\x1b[0m news\n 10%\r 50%\r100%\nlast\n")

    found = _asked(store, "output", run=1)

    assert [[["bold red", "bad"], ["", " news"]], [["", "100%"]], [["", "last"]]] == found["lines"]


def test_pages_of_output_are_all_of_it_once(tmp_path: Path) -> None:
    """Going back from the end page by page, and on from the beginning, gives each line once and in order."""
    lines = [f"line {number} {'x' * (number % 90)}" for number in range(20_000)]
    store = _printed(tmp_path, "".join(f"{line}\n" for line in lines).encode())

    page = _asked(store, "output", run=1)
    backwards = _texts(page["lines"])
    while page["from"]:
        page = _asked(store, "output", run=1, before=page["from"])
        backwards = _texts(page["lines"]) + backwards
    page = _asked(store, "output", run=1, **{"from": 0})
    onwards = _texts(page["lines"])
    while page["to"] < page["size"]:
        page = _asked(store, "output", run=1, **{"from": page["to"]})
        onwards += _texts(page["lines"])

    assert lines == backwards == onwards


def test_a_page_of_a_gigabyte_of_output_reads_little_of_it(tmp_path: Path) -> None:
    """The last lines of a sparse gigabyte come as those of a small file do."""
    store = _printed(tmp_path, b"")
    with (store / "1" / layout.OUTPUT).open("r+b") as file:
        file.truncate(1 << 30)
        file.seek(1 << 30)
        file.write(b"\nthe end\n")

    began = time.process_time()
    found = _asked(store, "output", run=1)

    assert "the end" == _texts(found["lines"])[-1]
    assert len(json.dumps(found)) < 1 << 20
    assert time.process_time() - began < 5


def test_what_a_running_bar_may_change_is_open(tmp_path: Path) -> None:
    """Lines are settled only where no cursor goes up from; the rest is sent anew."""
    store = _printed(tmp_path, b"start\nepoch 1\nbatch 1\x1b[A\repoch 2")

    found = _asked(store, "output", run=1)
    again = _asked(store, "output", run=1, **{"from": found["to"]})

    assert (["start"], ["epoch 2", "batch 1"]) == (_texts(found["lines"]), [text[:7] for text in _texts(found["open"])])
    assert found["open"] == again["open"]


def test_output_that_another_file_took_the_place_of_is_told_from_it(tmp_path: Path) -> None:
    """A cursor of the file that was there before gives the last lines anew, and says so."""
    store = _printed(tmp_path, b"one\ntwo\n")
    before = _asked(store, "output", run=1)
    path = store / "1" / layout.OUTPUT
    aside = path.with_name("aside")
    aside.write_bytes(b"tidy\n")
    aside.replace(path)

    after = _asked(store, "output", run=1, file=before["file"], **{"from": before["to"]})

    assert (True, ["tidy"]) == (after["is_new"], _texts(after["lines"]))


def test_a_text_is_found_in_the_output_whatever_its_colour_and_case(tmp_path: Path) -> None:
    """Colours inside a word and states of bars that were printed over do not matter; the place leads to the line."""
    store = _printed(tmp_path, b"first\n\x1b[31mWar\x1b[0mning: low\nwarning 1\rdone     \nlast warning\n")

    found = _asked(store, "output_search", run=1, find="warning")
    there = _asked(store, "output", run=1, at=found["found"][-1]["at"])

    assert ["Warning: low", "last warning"] == [line["text"] for line in found["found"]]
    assert ["last warning"] == _texts(there["lines"])


def test_a_search_for_nothing_is_refused(store: Path) -> None:
    """It says what to do."""
    with pytest.raises(QuestionError, match="Give a text"):
        _asked(store, "output_search", run=1)


# -------------------------------------------------------------------------------------------------- media and files


def test_media_are_those_of_a_step_or_last_before_it(store: Path) -> None:
    """A step between two means the earlier one, and one before all means the first."""
    steps = [_asked(store, "medium", run=1, name="example", step=step)["step"] for step in (-5, 1.5, 99)]

    assert [0, 1, 2] == steps


def test_media_that_are_logged_later_are_seen(store: Path) -> None:
    """What was read for one step is not taken for what the run has logged since."""
    board = Board(store, "runs")
    words = Question([("run", "1"), ("name", "example")])
    before = ANSWERS["medium"](board, words)
    with (store / "1" / layout.MEDIA).open("a") as file:
        file.write('{"kind": "text", "name": "example", "step": 7, "time": 1.0, "text": "new"}\n')

    after = ANSWERS["medium"](board, words)

    assert (2, 7, "new") == (before["step"], after["step"], after["text"])


def test_a_letter_that_is_no_ascii_is_found_in_both_cases(tmp_path: Path) -> None:
    """Upper and lower case of any letter are one."""
    store = _printed(tmp_path, "plain\nÉpoque 1\n".encode())

    assert [6] == [line["at"] for line in _asked(store, "output_search", run=1, find="époque")["found"]]


def test_histograms_over_time_share_their_bins(store: Path) -> None:
    """Each column holds all of its values."""
    found = _asked(store, "histograms", run=1, name="weights")

    assert [0, 1, 2] == [column["step"] for column in found["columns"]]
    assert all(abs(sum(column["shares"]) - 1) < 1e-3 for column in found["columns"])


def test_a_table_in_a_file_is_shown_by_its_head(store: Path) -> None:
    """Numbers are numbers where their text says the same."""
    found = _asked(store, "preview", run=1, name="table.csv")

    assert (["name", "n"], [["a", 1], ["b", "007"]], 2) == (found["header"], found["rows"], found["total"])


def test_a_file_of_ten_gigabytes_is_shown_by_its_head(store: Path) -> None:
    """Only the head is read, whatever the file is called."""
    for name in ("big.csv", "big.json", "big.txt", "big.npy", "big.parquet"):
        path = store / "1" / "files" / name
        with path.open("wb") as file:
            file.write(b"a,b\n1,2\n")
            file.truncate(10 << 30)
        found = _asked(store, "preview", run=1, name=f"files/{name}")
        path.unlink()

        assert len(json.dumps(found)) < 1 << 21


def test_a_preview_unpickles_nothing(store: Path) -> None:
    """A pickle, in a file of its own or in an array of numpy, is bytes."""
    import numpy

    class Trap:
        def __reduce__(self) -> Any:
            return Path.touch, (store / "sprung",)

    numpy.save(store / "1" / "files" / "trap.npy", numpy.array([Trap()], dtype=object), allow_pickle=True)

    found = _asked(store, "preview", run=1, name="files/trap.npy")

    assert ("binary", False) == (found["kind"], (store / "sprung").exists())


def test_no_preview_leads_out_of_the_run(store: Path) -> None:
    """A name with dots, and a list of files that somebody has changed, lead nowhere."""
    (store.parent / "secret.txt").write_text("secret")
    with (store / "1" / layout.FILES).open("a") as file:
        file.write('{"kind": "file", "name": "x.txt", "path": "../../secret.txt", "size": 1, "time": 1}\n')

    for name in ("../../secret.txt", "x.txt", "/etc/passwd"):
        with pytest.raises(ExpframeError):
            _asked(store, "preview", run=1, name=name)


def test_sources_are_coloured_by_their_tokens(store: Path) -> None:
    """Keywords, texts and comments are told apart, and the lines together are the source."""
    name = _asked(store, "code", run=1)["sources"][0]
    found = _asked(store, "source", run=1, name=name)

    stored = dict(json.loads((store / "1" / layout.RECORD).read_text())["sources"])[name]
    assert (store / layout.SOURCES_FOLDER / stored).read_text() == "\n".join(_texts(found["lines"]))
    assert {"keyword", "string", "comment", "number", "defined"} <= {
        kind for line in found["lines"] for kind, _ in line
    }


@pytest.mark.once
def test_texts_of_ten_megabytes_are_cut(tmp_path: Path) -> None:
    """Comment, config, result, info, messages and logged texts take no more of an answer than a person reads."""
    ex = Experiment("long", store=tmp_path / "runs")
    long = "x" * 10_000_000
    ex.add_config(title=long)

    @ex.main
    def main(_run: Any) -> None:
        _run.info["notes"] = long
        _run.log_text("story", long)
        print(long)
        raise RuntimeError(long)

    with pytest.raises(RuntimeError):
        ex.run(options={"comment": long})
    words = {"run": 1, "name": "story"}
    sizes = {
        view: len(json.dumps(_asked(tmp_path / "runs", view, **words)))
        for view in ("run", "config", "results", "failure", "medium", "output", "environment")
    }

    assert {} == {view: size for view, size in sizes.items() if size > 1_000_000}


def test_a_run_of_another_tool_shows_what_it_has(tmp_path: Path) -> None:
    """A folder of Sacred's has its config, its output and its metrics, and no command that only runs of ours have."""
    folder = tmp_path / "runs" / "7"
    folder.mkdir(parents=True)
    experiment = {"name": "old", "base_dir": "/", "sources": [], "dependencies": []}
    record = {"experiment": experiment, "command": "main", "status": "COMPLETED", "resources": [], "artifacts": []}
    record |= {"start_time": "2020-01-02T03:04:05", "stop_time": "2020-01-02T03:04:06", "host": {}, "meta": {}}
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "config.json").write_text('{"lr": 0.1}')
    (folder / "cout.txt").write_text("hello\n")
    curve = {"steps": [0, 1], "timestamps": ["2020-01-02T03:04:05"] * 2, "values": [2.0, 1.0]}
    (folder / "metrics.json").write_text(json.dumps({"loss": curve}))
    store = tmp_path / "runs"

    head = _asked(store, "run", run=7)

    assert head["sections"]["metrics"] > 0
    assert (True, "old", "COMPLETED") == (head["is_foreign"], head["run"]["name"], head["run"]["status"])
    assert [("lr", 0.1)] == [(entry["name"], entry["value"]) for entry in _asked(store, "config", run=7)["entries"]]
    assert ["hello"] == _texts(_asked(store, "output", run=7)["lines"])
    assert [("loss", 1.0)] == [
        (metric["name"], metric["last"]) for metric in _asked(store, "results", run=7)["metrics"]
    ]
    assert not any("rerun" in line["text"] for line in head["commands"])
    for view in ("children", "media", "files", "code", "environment", "history", "failure"):
        json.dumps(_asked(store, view, run=7), allow_nan=False)


def test_how_far_a_running_run_is_comes_from_what_it_printed(tmp_path: Path) -> None:
    """The last bar of tqdm or of `track` is the progress; one that has ended has none."""
    ex = Experiment("bars", store=tmp_path / "runs")
    seen = []

    @ex.main
    def main(_run: Any) -> None:
        output = _run.dir / layout.OUTPUT
        for text in ("nothing yet\n", "\repoch:  30%|###  | 3/10 [00:01<00:02]\n", "epoch: 7/10 (70%) in 0:00:07\n"):
            output.write_text(text)
            seen.append((_asked(tmp_path / "runs", "run", run=1)["progress"] or {}).get("part"))

    ex.run(options={"capture": "no"})

    assert [None, 0.3, 0.7] == seen
    assert _asked(tmp_path / "runs", "run", run=1)["progress"] is None


# ------------------------------------------------------------------------------------------------------ in a browser


@pytest.mark.browser
def test_a_person_reads_why_a_run_failed_and_copies_how_to_do_it_again(
    serve: Callable[[Path], str], tab: Any, store: Path
) -> None:
    """The traceback is on the first page, with its cause, and the command line is on the clipboard by one click."""
    tab.goto(f"{serve(store)}#/run/2")
    traceback = tab.get_by_label("Traceback", exact=True)
    traceback.wait_for()
    tab.get_by_role("button", name=re.compile("^Copy expframe compare")).click()
    tab.get_by_role("button", name=re.compile("^Copy expframe compare"), disabled=False).get_by_text(
        "copied"
    ).wait_for()

    assert "ValueError" in traceback.inner_text()
    assert "RuntimeError: row 17" in traceback.inner_text()
    assert "expframe compare 1 2" == tab.evaluate("navigator.clipboard.readText()")


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 400])
def test_no_name_pushes_numbers_out_of_sight(
    serve: Callable[[Path], str], tab: Any, tmp_path: Path, width: int
) -> None:
    """However long the name of a metric is, the numbers of all metrics are in sight beside it, where there is room."""
    ex = Experiment("names", store=tmp_path)
    ex.main(lambda _run: [_run.log_scalar(name, 0.5) for name in ("loss", "m" * 300)] and None)
    ex.run()
    tab.set_viewport_size({"width": width, "height": 800})
    tab.goto(f"{serve(tmp_path)}#/run/1")
    tab.locator(".metric-name").nth(1).wait_for()
    name, last = (
        tab.evaluate(f"document.querySelectorAll('{one}')[0].getBoundingClientRect().right")
        for one in (".metric-name", ".scroll:has(.metric-name) td.number")
    )

    assert 0 < name < last < width


@pytest.mark.browser
def test_a_person_reads_who_set_an_entry_and_what_another_run_had(
    serve: Callable[[Path], str], tab: Any, store: Path
) -> None:
    """Docs and origin stand beside the value, markup is text, and the address says what is compared."""
    tab.goto(f"{serve(store)}#/run/2")
    tab.get_by_role("link", name="Config", exact=True).click()
    tab.get_by_label("Compare with run").fill("1")
    tab.get_by_label("Compare with run").press("Enter")
    tab.locator("tr.different").first.wait_for()
    row = tab.locator("tr", has=tab.get_by_role("rowheader", name="lr", exact=True))

    value, other, origin, doc = row.locator("td").all_inner_texts()

    assert ("0.9", "0.1", "how far a step goes") == (value, other, doc)
    assert re.fullmatch(r"test_run_view\.py:\d+ config_updates", origin)
    assert r"<script>alert(1)</script>\u202e\u001b[31m" in tab.locator("table").inner_text()
    assert "other=1" in tab.url and "tab=config" in tab.url


@pytest.mark.browser
def test_a_package_is_found(serve: Callable[[Path], str], tab: Any, store: Path) -> None:
    """Packages are narrowed down by a part of their names."""
    tab.goto(f"{serve(store)}#/run/1?tab=machine")
    tab.get_by_role("link", name="Machine", exact=True).click()
    tab.get_by_label("Find a package").fill("exPframe")
    names = tab.get_by_role("region", name="Packages").get_by_role("rowheader")
    tab.wait_for_function("document.querySelectorAll('[aria-label=Packages] th').length === 1")

    assert ["expframe"] == names.all_inner_texts()


@pytest.mark.browser
def test_of_two_files_the_one_that_was_opened_last_is_shown(
    serve: Callable[[Path], str], tab: Any, store: Path
) -> None:
    """Whichever answer comes first, what is shown is the file that the address names; so is it with another run."""
    tab.goto(f"{serve(store)}#/run/2?tab=files")
    late = Late(tab, "**/api/0/preview?*")
    tab.get_by_role("button", name="facts.json").click()
    late.wait()
    tab.get_by_role("button", name="table.csv").click()
    tab.locator(".preview").get_by_text("007").wait_for()
    late.give()
    shown = tab.locator(".preview h2").inner_text()
    tab.goto(f"{tab.url.partition('#')[0]}#/run/2?tab=config")
    late = Late(tab, "**/api/0/config?*")
    for other in ("2", "1"):
        tab.get_by_label("Compare with run").fill(other)
        tab.get_by_label("Compare with run").press("Enter")
        late.wait()
    tab.locator("tr.different").first.wait_for()
    late.give()

    assert shown.startswith("table.csv")
    assert tab.locator("tr.different").count() > 0


@pytest.mark.browser
def test_a_dialog_is_of_its_view(serve: Callable[[Path], str], tab: Any, store: Path) -> None:
    """What is asked on a view, or the list of its keys, is gone with it."""
    tab.goto(f"{serve(store)}#/runs")
    tab.wait_for_selector("tbody td")
    tab.keyboard.press("?")
    tab.locator("dialog.keys").wait_for()
    tab.evaluate("location.hash = '#/run/1'")
    tab.locator("h1", has_text="Run 1").wait_for()

    assert 0 == tab.locator("dialog").count()


@pytest.mark.browser
def test_the_output_of_a_run_comes_as_it_is_printed(serve: Callable[[Path], str], tab: Any, tmp_path: Path) -> None:
    """What a process goes on to print appears, and its end is seen; a text is found in it."""
    (tmp_path / "slow.py").write_text(SLOW)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with start_python([tmp_path / "slow.py"], cwd=tmp_path, env=environment) as process:
        while not (tmp_path / "runs" / "1" / layout.OUTPUT).exists():
            time.sleep(0.05)
        tab.goto(f"{serve(tmp_path / 'runs')}#/run/1?tab=output")
        tab.get_by_text("first line").wait_for()
        (tmp_path / "go").touch()
        tab.get_by_text("second line").wait_for()
        (tmp_path / "end").touch()
        tab.locator(".status-COMPLETED").wait_for()
        process.wait(20)
    tab.get_by_label("Find in the output").fill("SECOND")
    tab.get_by_label("Find in the output").press("Enter")
    tab.locator(".found li").wait_for()

    assert ["second line"] == tab.locator(".found li").all_inner_texts()


@pytest.mark.browser
def test_a_person_opens_a_picture_and_what_was_logged_at_a_step(
    serve: Callable[[Path], str], tab: Any, tmp_path: Path
) -> None:
    """The slider changes all that was logged; a picture among the files is drawn."""
    import numpy

    ex = Experiment("pictures", store=tmp_path / "runs")

    @ex.main
    def main(_run: Any) -> None:
        for step in range(3):
            _run.log_image("noise", numpy.full((4, 8), step / 3), step=step)
            _run.log_text("said", f"at {step}", step=step)
        _run.add_artifact(_run.path("media/noise-2.png"), name="last.png")

    ex.run()
    tab.goto(f"{serve(tmp_path / 'runs')}#/run/1?tab=media")
    tab.locator(".card.image img").wait_for()
    tab.get_by_role("button", name="Step before").click()
    tab.get_by_text("at 1", exact=True).wait_for()
    tab.get_by_role("link", name="Files", exact=True).click()
    tab.get_by_role("button", name="last.png").click()
    picture = tab.get_by_role("img", name="last.png")
    picture.wait_for()

    assert 8 == picture.evaluate("image => image.naturalWidth")


@pytest.mark.browser
def test_a_person_tags_and_notes_a_run_and_takes_it_out_of_the_trash(
    serve: Callable[[Path], str], tab: Any, store: Path
) -> None:
    """Each change is seen at once, and is in the store."""
    tab.goto(f"{serve(store)}#/run/1")
    tab.get_by_role("button", name="Tag", exact=True).click()
    tab.get_by_label("Tags, with commas between them").fill("good, <b>")
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Take away the tag good").click()
    tab.get_by_role("button", name="Take away the tag good").wait_for(state="detached")
    tab.get_by_role("button", name="Note", exact=True).click()
    tab.get_by_role("textbox", name="Comment").fill("why\nnot")
    tab.get_by_role("button", name="OK", exact=True).click()
    tab.locator(".comment").wait_for()
    tab.get_by_role("button", name="Trash", exact=True).click()
    tab.wait_for_function("location.hash.startsWith('#/runs')")
    tab.get_by_role("button", name="Undo", exact=True).click()
    tab.wait_for_function("location.hash.startsWith('#/run/1')")

    record = Board(store, "runs").run("1").record
    assert (("<b>",), "why\nnot") == (record.tags, record.comment)


@pytest.mark.browser
def test_a_run_that_goes_while_it_is_looked_at_says_so(
    serve: Callable[[Path], str], chromium: Any, store: Path
) -> None:
    """What was shown stays, under a message."""
    tab = chromium.new_page()  # in its console the browser notes that it was answered 404
    tab.goto(f"{serve(store)}#/run/1")
    tab.get_by_text("layer2/loss").wait_for()
    shutil.rmtree(store / "1")
    tab.get_by_text("No run '1'").wait_for()

    is_there = tab.get_by_text("layer2/loss").is_visible()
    tab.close()

    assert is_there
