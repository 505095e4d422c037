"""The table of runs: what it answers, and what a person does with it in a browser."""

import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import Late
from many import multiply
from steps import wait_until

import expframe
from expframe import Experiment
from expframe.errors import QueryError
from expframe.page import live_rows, runs, table_columns
from expframe.page.board import Board
from expframe.page.entrance import Entrance
from expframe.page.question import Question
from expframe.page.service import serve_beside
from expframe.store import editing, index
from expframe.store.rows import Row

Serve = Callable[[Path], str]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store of runs with two learning rates and three seeds each, a failed one, and one with a run inside."""
    ex = Experiment("digits", store=tmp_path / "runs")
    inner = Experiment("inner", store=tmp_path / "runs")

    @ex.config
    def config() -> None:
        lr = 0.1
        layers = {"width": 8, "depth": 2}
        text = "<b>bold</b>"

    @ex.main
    def train(lr: float, seed: int, _run: Any) -> float:
        for step in range(5):
            _run.log_scalar("loss", lr / (step + 1))
        if lr > 1:
            raise ValueError("too fast")
        return lr + seed % 100 / 1000

    @inner.main
    def child() -> None:
        pass

    @ex.command
    def outer() -> None:
        inner.run()

    for lr in (0.1, 0.2):
        for seed in (1, 2, 3):
            ex.run(config_updates={"lr": lr, "seed": seed})
    with pytest.raises(ValueError, match="too fast"):
        ex.run(config_updates={"lr": 2.0, "seed": 4})
    ex.run("outer", config_updates={"seed": 5})
    return tmp_path / "runs"


def asked(store: Path, *words: tuple[str, str]) -> dict[str, Any]:
    """Return what is answered to words."""
    return runs.answer(Board(store, "runs"), Question(words))


def ids(found: dict[str, Any]) -> list[str]:
    """Return the ids of lines."""
    return [row["id"] for row in found["rows"]]


def test_runs_come_as_the_command_line_has_them(store: Path) -> None:
    """A filter and an order find the same runs in the same order as `runs().where().sort()`."""
    where, sort = "status == 'COMPLETED' and metrics.loss.last < 0.03", "-result"
    expected = expframe.runs(store).where(where).sort(sort).ids()

    assert expected == ids(asked(store, ("where", where), ("sort", sort)))


def test_what_has_no_order_stands_last_in_either_direction(tmp_path: Path) -> None:
    """Where some results are numbers and others are dicts, as those of sweeps, the best number stands first."""
    ex = Experiment("mixed", store=tmp_path / "runs")

    @ex.main
    def train(kind: int) -> Any:
        return [0.5, {"completed": 8}, None, 2][kind]

    for kind in range(4):
        ex.run(config_updates={"kind": kind})

    assert ["4", "1", "2", "3"] == ids(asked(tmp_path / "runs", ("sort", "-result")))
    assert ["1", "4", "2", "3"] == ids(asked(tmp_path / "runs", ("sort", "result")))
    assert ["4", "1", "2", "3"] == expframe.runs(tmp_path / "runs").sort("-result").ids()


def test_a_wrong_filter_says_what_the_command_line_says(store: Path) -> None:
    """What is wrong with a filter is said in the words of the filter language."""
    for where in ("lrr < 1", "status = 'FAILED'", "status == COMPLETED"):
        with pytest.raises(expframe.errors.QueryError) as expected:
            list(expframe.runs(store).where(where))
        with pytest.raises(expframe.errors.QueryError) as actual:
            asked(store, ("where", where))

        assert str(expected.value) == str(actual.value)


def test_pages_come_together_to_the_whole(store: Path) -> None:
    """Page after page gives every run once, in order."""
    whole = ids(asked(store, ("flat", "1")))
    pages = [ids(asked(store, ("flat", "1"), ("offset", str(start)), ("limit", "4"))) for start in (0, 4, 8)]

    assert whole == [id for page in pages for id in page]
    assert expframe.runs(store).ids() == whole


def test_runs_inside_of_others_are_folded(store: Path) -> None:
    """A run that was started inside another one is shown below it, when that one is open."""
    folded = asked(store)
    outer = folded["rows"][0]
    opened = asked(store, ("open", outer["id"]))

    assert 1 == outer["inside"]
    assert ["8", "7"] == ids(folded)[:2]
    assert [("8", 0), ("9", 1), ("7", 0)] == [(row["id"], row["depth"]) for row in opened["rows"][:3]]


def test_a_group_is_what_compare_says_it_is(store: Path) -> None:
    """The mean and interval of a group are those of `compare --groups`, of runs that count."""
    from expframe.store.search import comparison

    found = asked(store, ("group", "configuration"), ("column", "result"), ("where", "status == 'COMPLETED'"))
    ids = expframe.runs(store).where("status == 'COMPLETED'").ids()
    groups = comparison.groups(comparison.compare(store, ids, ["result"]))
    expected = [(group.metrics["result"].mean, group.metrics["result"].low, len(group.runs)) for group in groups]

    assert expected == [(cell["mean"], cell.get("low"), row["n"]) for row in found["rows"] for cell in row["cells"]]


def test_a_repetition_counts_once(store: Path) -> None:
    """A run that repeats another one, seed and all, makes no group more certain."""
    again = Experiment("again", store=store)

    @again.main
    def same() -> int:
        return 1

    for _ in range(3):
        again.run(config_updates={"seed": 1})
    found = asked(store, ("where", "name == 'again'"), ("group", "name"), ("column", "result"))

    assert [(1, 3)] == [(row["n"], row["inside"]) for row in found["rows"]]


def test_only_what_differs_is_shown(store: Path) -> None:
    """Columns in which all runs are the same are left out, and entries that differ are there."""
    found = asked(store, ("differing", "1"), ("column", "name"), ("column", "status"), ("where", "command == 'train'"))

    assert {"config.lr", "config.seed", "status"} == {column["name"] for column in found["columns"]}


def test_what_is_changed_is_seen(store: Path) -> None:
    """A tag, a new run and one that went away are in the next answer, and are told as changes."""
    board = Board(store, "runs")
    cursor = board.rows.since(0).cursor
    editing.change(expframe.runs(store)["1"], {"tags": ["good"]})
    editing.put_away(expframe.runs(store)["2"])

    def is_seen() -> bool:
        found = board.rows.since(cursor)
        return found.changed == ["1"] and found.gone == ["2"]

    wait_until(is_seen)
    found = runs.answer(board, Question([("where", "tags contains 'good'"), ("column", "tags")]))
    assert [["good"]] == [row["cells"] for row in found["rows"]]


def test_fields_are_those_that_filters_know(store: Path) -> None:
    """Whatever is offered as a field can be asked for."""
    board = Board(store, "runs")
    offered = table_columns.answer(board, Question())
    names = [*offered["facts"], *(entry["name"] for entry in offered["entries"]), *offered["results"]]
    names += [f"metrics.{name}.last" for name in offered["metrics"]]

    assert {"config.lr", "config.layers.width", "metrics.loss.last", "status"} <= set(names)
    for name in names:
        assert 1 == len(asked(store, ("column", name), ("limit", "1"))["columns"])


@pytest.mark.parametrize("name", ["a b", 'say "hi"', "loss.last", "<b>bold</b>", "max"])
def test_a_metric_of_any_name_is_a_column(tmp_path: Path, name: str) -> None:
    """What is shown of a metric is asked for again in every form of the table, however the metric is called."""
    ex = Experiment("named", store=tmp_path)

    @ex.main
    def train(seed: int, _run: Any) -> None:
        _run.log_scalar(name, float(seed))

    for seed in (1, 3):
        ex.run(config_updates={"seed": seed})
    (column,) = (one["name"] for one in asked(tmp_path)["columns"] if one["kind"] == "number")
    again = asked(tmp_path, ("column", column), ("sort", f"-{column}"))
    apart = asked(tmp_path, ("column", column), ("differing", "1"))
    group = asked(tmp_path, ("column", column), ("group", "configuration"))

    assert [[3.0], [1.0]] == [row["cells"] for row in again["rows"]]
    assert column in {one["name"] for one in apart["columns"]}
    assert [[2.0]] == [[cell["mean"] for cell in row["cells"]] for row in group["rows"]]


def test_a_secret_of_which_nobody_can_tell_makes_no_column(tmp_path: Path) -> None:
    """Only columns are said to differ whose values are known to: not secrets of stores without a common salt."""
    for number, key in enumerate(("hunter22hunter22", "hunter22hunter22"), start=1):
        ex = Experiment("secret", store=tmp_path / str(number))
        ex.add_config(api_key=key, lr=0.1 * number)
        ex.main(lambda lr: lr)
        ex.run(config_updates={"seed": 1})
    (tmp_path / "1" / "1").rename(tmp_path / "2" / "2")
    found = asked(tmp_path / "2", ("differing", "1"))

    assert {"config.lr", "result"} <= {one["name"] for one in found["columns"]}
    assert "config.api_key" not in {one["name"] for one in found["columns"]}


def test_many_runs_are_read_in_the_background(tmp_path: Path) -> None:
    """The newest of very many runs are there at once, and all of them a moment later."""
    ex = Experiment("many", store=tmp_path)

    @ex.main
    def nothing() -> None:
        pass

    for _ in range(3):
        ex.run()
    multiply(tmp_path, 303)
    board = Board(tmp_path, "many")
    first = runs.answer(board, Question([("flat", "1")]))

    assert "303" == first["rows"][0]["id"]
    wait_until(lambda: runs.answer(board, Question([("flat", "1")]))["all"] == 303)


def test_a_field_is_not_refused_before_all_runs_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a store is being read a filter, order or group may name what only a run has that is to come."""
    for entry in ("rare", "usual"):
        ex = Experiment("many", store=tmp_path)
        ex.add_config({entry: 1})
        ex.main(lambda: None)
        ex.run()
    (tmp_path / "1").rename(tmp_path / "0")
    (tmp_path / "2").rename(tmp_path / "1")
    multiply(tmp_path, 303)
    may_go_on = threading.Event()

    def slowly(store: Path, ids: Sequence[str], groups: Sequence[str]) -> Iterator[Row]:
        if "0" in ids:
            assert may_go_on.wait(60)
        yield from index.rows(store, ids, groups)

    monkeypatch.setattr(live_rows, "rows", slowly)
    board = Board(tmp_path, "many")
    asks = [("where", "rare == 1"), ("sort", "rare"), ("group", "config.rare")]
    before = [runs.answer(board, Question([("flat", "1"), ask])) for ask in asks]
    unread = runs.answer(board, Question([("flat", "1"), ("where", "nowhere == 1")]))
    may_go_on.set()
    after = [ids(runs.answer(board, Question([("where", "rare == 1")]))) for _ in [board.rows.whole()]]

    assert [True] * 4 == [found["loading"] is not None for found in (*before, unread)]
    assert [["0"]] == after
    with pytest.raises(QueryError, match=r"'config\.nowhere': is in no run"):
        runs.answer(board, Question([("flat", "1"), ("where", "nowhere == 1")]))


def test_groups_stay_where_a_filter_leaves_none_that_has_the_entry(store: Path) -> None:
    """Runs are grouped by an entry that some run has, also those that have it not."""
    found = asked(store, ("group", "config.lr"), ("where", "name == 'inner'"), ("flat", "1"))

    assert [({}, 1)] == [(row["entries"], row["inside"]) for row in found["rows"]]


def stop_clock(tab: Any) -> None:
    """Let no time pass for a page that is opened from now on, but what the test lets pass."""
    tab.clock.install(time=0)
    tab.clock.pause_at(1000)


@pytest.mark.browser
def test_a_filter_that_is_refused_late_says_so(serve: Serve, tab: Any, store: Path) -> None:
    """A filter that was taken while runs were being read, and is wrong when all are read, is said to be."""
    stop_clock(tab)
    reading = {"rows": [], "total": 0, "runs": 0, "all": 1, "loading": [1, 9], "columns": [], "offset": 0}
    tab.route("**/api/0/runs*", lambda route: route.fulfill(json=reading), times=1)
    tab.goto(f"{serve(store)}#/runs?where=nowhere")
    tab.get_by_text("Reading 9 runs: 1 so far").wait_for()
    tab.clock.run_for(2000)
    tab.locator(".problem", has_text="is in no run").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("view", ["runs", "charts"])
def test_a_completed_field_of_any_name_is_one(serve: Serve, tab: Any, tmp_path: Path, view: str) -> None:
    """What completes a filter is taken by it, however a metric or an entry is called."""
    ex = Experiment("odd", store=tmp_path)
    ex.add_config({"my rate": 0.5})

    @ex.main
    def train(_run: Any) -> None:
        _run.log_scalar("my loss", 1.0)

    ex.run()
    tab.goto(f"{serve(tmp_path)}#/{view}")
    box = tab.locator(".filter")
    for begun, field in (("metr", 'metrics["my loss"].last'), ("config", 'config["my rate"]')):
        box.fill(begun)
        tab.get_by_role("option", name=field, exact=True).click()
        tab.keyboard.type("< 0")
        tab.keyboard.press("Enter")
        tab.get_by_text("The filter finds no run." if view == "runs" else "no run matches this filter").wait_for()
        box.fill("")
        tab.keyboard.press("Enter")
        tab.wait_for_function("!location.hash.includes('where=')")

        assert "" == tab.locator(".problem").inner_text()


ENTER = """
(box, text) => {
  box.focus();
  box.value = text;
  box.dispatchEvent(new InputEvent("input", { bubbles: true }));
  box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
}
"""
"""Writes a text and presses Enter at once: whoever is slower than the pause of the box asks twice."""


@pytest.mark.browser
def test_a_late_answer_closes_no_completions(serve: Serve, tab: Any, store: Path) -> None:
    """What completes a filter that somebody goes on to write stays while the one before is still being asked for."""
    tab.goto(serve(store))
    tab.wait_for_selector("tbody td")
    box = tab.locator(".filter")
    late = Late(tab, "**/api/0/runs?*")
    box.evaluate(ENTER, "lr < 1")
    late.wait()
    box.fill("stat")
    tab.get_by_role("option", name="status", exact=True).wait_for()
    late.give()

    assert tab.get_by_role("option", name="status", exact=True).is_visible()


@pytest.mark.browser
def test_long_names_leave_room_for_others(serve: Serve, tab: Any, tmp_path: Path) -> None:
    """In a narrow window a very long name leaves room for those of columns, and groups have their names whole."""
    ex = Experiment("long", store=tmp_path)
    ex.add_config(model={"name": "resnet"}, lr=0.1)

    @ex.main
    def train(_run: Any) -> None:
        _run.log_scalar("x" * 150, 1.0)

    for lr in (0.1, 0.2, 0.3):
        for name in ("resnet", "vit"):
            ex.run(config_updates={"lr": lr, "model": {"name": name}})
    tab.set_viewport_size({"width": 700, "height": 900})
    tab.goto(f"{serve(tmp_path)}#/runs?group=config.model.name&group=config.lr&column=name")
    tab.locator("td.first", has_text="model.name=resnet, lr=0.1").wait_for()
    cut = tab.locator("td.first").evaluate_all("all => all.filter((one) => one.scrollWidth > one.clientWidth).length")
    tab.get_by_role("button", name="Columns").click()
    name = tab.get_by_role("list", name="Shown columns").get_by_text("name", exact=True)

    assert 0 == cut
    assert name.bounding_box()["height"] < 30


@pytest.mark.browser
def test_a_column_is_made_wider_by_keys(serve: Serve, tab: Any, store: Path) -> None:
    """The column whose title has the focus becomes wider and narrower by keys, keeps the focus, and stays so."""
    tab.goto(serve(store))
    tab.wait_for_selector("tbody td")
    title = tab.get_by_role("button", name="loss.last")
    title.focus()
    before = title.evaluate("one => one.closest('th').offsetWidth")
    tab.keyboard.press(">")
    tab.keyboard.press(">")
    tab.wait_for_function(f"document.activeElement.closest('th').offsetWidth === {before + 48}")
    tab.keyboard.press("<")
    tab.wait_for_function(f"document.activeElement.closest('th').offsetWidth === {before + 24}")
    tab.reload()
    tab.wait_for_selector("tbody td")

    assert before + 24 == title.evaluate("one => one.closest('th').offsetWidth")


@pytest.mark.browser
def test_the_best_run_is_found(serve: Serve, tab: Any, store: Path) -> None:
    """A person filters, sorts by a click, chooses two runs, and compares them."""
    tab.goto(serve(store))
    tab.wait_for_selector("tbody td")
    tab.keyboard.press("/")
    tab.keyboard.type("comma")
    tab.locator("#completions li", has_text="command").first.wait_for()
    tab.keyboard.press("Enter")
    tab.locator(".filter").fill("command == 'train' and status == 'COMPLETED'")
    tab.locator(".count", has_text="6 of 9 runs").wait_for()
    tab.get_by_role("button", name="loss.last").click()
    tab.locator("th[aria-sort=descending]").wait_for()
    best = tab.locator("tbody td.first").first.inner_text()
    tab.locator(".grid").focus()
    for key in ("j", "x", "j", "x"):
        tab.keyboard.press(key)
    tab.locator(".selection", has_text="2 chosen").wait_for()
    tab.keyboard.press("c")
    tab.wait_for_url("**/#/compare?run=*")

    assert best in {"4", "5", "6"}


@pytest.mark.browser
def test_the_keys_are_those_that_the_documentation_tells(serve: Serve, tab: Any, store: Path) -> None:
    """`?` tells every key of the table, and so does its page in docs/."""
    page = (Path(__file__).parents[2] / "docs" / "the-page.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    documented = {key for line in lines for key in re.findall("`(.+?)`", line)}
    tab.goto(serve(store))
    tab.wait_for_selector("tbody td")
    tab.keyboard.press("?")
    tab.locator("dialog.keys").wait_for()

    assert documented == set(tab.locator("dialog.keys dt").all_inner_texts())


@pytest.mark.browser
def test_a_wrong_filter_is_said_where_it_is_written(serve: Serve, tab: Any, store: Path) -> None:
    """A filter that is wrong says so below its box, where no completion covers it, and the runs of before stay."""
    tab.goto(serve(store))
    tab.wait_for_selector("tbody td")
    tab.locator(".filter").fill("lr <")
    tab.locator(".problem", has_text="filter 'lr <'").wait_for()
    tab.locator(".filter").fill("stat")
    tab.locator(".problem", has_text="Did you mean 'status'").wait_for()
    said, offered = (tab.locator(one).bounding_box() for one in (".problem", "#completions"))

    assert tab.locator("tbody td.first").count() > 0
    assert said["y"] + said["height"] <= offered["y"]


@pytest.mark.browser
def test_a_store_without_runs_says_which_it_is(tab: Any, store: Path, tmp_path: Path) -> None:
    """Of several stores the one that is shown is named where it has no runs."""
    (tmp_path / "empty").mkdir()
    boards = [Board(store, "runs"), Board(tmp_path / "empty", "empty")]
    service = serve_beside(boards, Entrance(token="", port=0))
    try:
        tab.goto(f"{service.address}#/runs?store=1")
        said = tab.locator(".nothing").inner_text()
        tab.goto("about:blank")
    finally:
        service.end()

    assert f"Runs of {tmp_path / 'empty'} are shown here" in said


@pytest.mark.browser
def test_only_cells_that_are_seen_are_drawn(serve: Serve, tab: Any, tmp_path: Path) -> None:
    """Of very many columns those are drawn that are in sight; the others are there when one goes to them."""
    ex = Experiment(store=tmp_path)
    ex.add_config({f"entry{number:02}": 1000 + number for number in range(60)})

    @ex.main
    def nothing() -> None:
        pass

    ex.run()
    columns = "&".join(f"column=config.entry{number:02}" for number in range(60))
    tab.goto(f"{serve(tmp_path)}#/runs?{columns}")
    tab.wait_for_selector("tbody td[aria-colindex='4']")
    before = tab.locator("tbody td[aria-colindex]").all_inner_texts()
    tab.evaluate("document.querySelector('.grid').scrollLeft = 1e6")
    tab.wait_for_selector("tbody td[aria-colindex='63']")
    after = tab.locator("tbody td[aria-colindex]").all_inner_texts()
    places = tab.evaluate(
        "['thead th:last-child', 'tbody tr[data-place] td:last-child']"
        ".map((one) => document.querySelector(one).getBoundingClientRect().right)"
    )

    assert (["1000", "1059"], True) == ([before[0], after[-1]], len(before) < 30 and len(after) < 30)
    assert ("1", "63") == (
        tab.locator("tbody td.first").inner_text(),
        tab.locator("table").get_attribute("aria-colcount"),
    )
    assert places[0] == places[1]


@pytest.mark.browser
def test_a_sort_by_keyboard_keeps_the_focus(serve: Serve, tab: Any, store: Path) -> None:
    """A title that was pressed has the focus still when the table is sorted by it."""
    tab.goto(serve(store))
    tab.wait_for_selector("tbody td")
    title = tab.get_by_role("button", name="loss.last")
    title.focus()
    for direction in ("descending", "ascending"):
        tab.keyboard.press("Enter")
        tab.locator(f"th[aria-sort={direction}]").wait_for()

    assert tab.evaluate("document.activeElement.name").startswith("metrics.loss")


@pytest.mark.browser
def test_a_new_run_takes_no_focus_away(serve: Serve, tab: Any, store: Path) -> None:
    """The link, the box and the line of a run have the focus still when lines are drawn anew, wherever it stands."""
    tab.goto(f"{serve(store)}#/runs?flat=1")
    tab.wait_for_selector("tbody td")
    for number, control in enumerate(("a", "input"), 10):
        tab.locator("tr[data-place]", has=tab.get_by_role("link", name="3", exact=True)).locator(control).focus()
        shutil.copytree(store / "2", store / str(number))
        tab.get_by_role("link", name=str(number), exact=True).wait_for()

        assert "3" == tab.evaluate("document.activeElement.closest('tr').querySelector('a').textContent")
        assert control == tab.evaluate("document.activeElement.localName")
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    tab.locator("tr.focused", has=tab.get_by_role("link", name="10", exact=True)).wait_for()
    shutil.copytree(store / "2", store / "12")
    tab.get_by_role("link", name="12", exact=True).wait_for()

    assert "10" == tab.locator("tr.focused a").inner_text()


@pytest.mark.browser
def test_a_sorted_row_is_wholly_that_of_its_run(serve: Serve, tab: Any, store: Path) -> None:
    """After a sort each row links to its own run, shows its values, and is chosen where that is."""
    lines = """[...document.querySelectorAll("tbody tr[data-place]")].map((row) => [
      row.querySelector("a").textContent, row.querySelector("a").hash, row.querySelector("input").checked,
      row.className, row.querySelector("input").ariaLabel,
      ...[...row.querySelectorAll("td")].map((one) => one.innerText)
    ])"""
    tab.goto(f"{serve(store)}#/runs?column=config.lr&column=metrics.loss.last&flat=1")
    tab.wait_for_selector("tbody td")
    tab.get_by_label("Choose run 2", exact=True).click()
    tab.locator("tr.chosen").wait_for()
    before = tab.evaluate(lines)
    tab.get_by_role("button", name="id", exact=True).click()
    tab.locator("th[aria-sort]:not([aria-sort=none])").wait_for()
    tab.wait_for_function("document.querySelector('tbody td.first a').textContent === '1'")
    after = tab.evaluate(lines)
    tab.get_by_label("Choose run 2", exact=True).click()
    tab.locator("tr.chosen").wait_for(state="detached")

    assert [*reversed(before)] == after
    assert (["2"], 0) == ([line[0] for line in after if line[2]], tab.locator("tr.chosen").count())


@pytest.mark.browser
def test_a_box_says_whether_all_or_some_are_chosen(serve: Serve, tab: Any, store: Path) -> None:
    """The box of all runs, and that of a group, are ticked where all are chosen, half where some are."""
    head = tab.locator("thead input")

    def shows(box: Any, state: str) -> None:  # rows are drawn with the next picture of the screen, the bar at once
        now = "box => box.indeterminate ? 'some' : box.checked ? 'all' : 'none'"
        wait_until(lambda: box.evaluate(now) == state)

    def says(count: str, state: str) -> None:
        tab.locator(".selection", has_text=count).wait_for()
        shows(head, state)

    tab.goto(f"{serve(store)}#/runs?flat=1")
    tab.wait_for_selector("tbody td")
    shows(head, "none")
    tab.get_by_label("Choose run 2", exact=True).click()
    says("1 chosen", "some")
    head.focus()
    tab.keyboard.press("Space")
    says("9 chosen", "all")
    assert "Choose none" == head.get_attribute("aria-label")
    assert tab.evaluate("document.activeElement.name") == "choose all"
    tab.get_by_label("Choose run 2", exact=True).click()
    says("8 chosen", "some")
    tab.get_by_label("Choose run 2", exact=True).click()
    shutil.copytree(store / "2", store / "10")
    tab.get_by_label("Choose run 10", exact=True).wait_for()
    says("9 chosen", "some")
    shutil.rmtree(store / "10")
    shutil.rmtree(store / "2")
    says("8 chosen", "all")
    tab.locator(".filter").fill("command == 'train'")
    tab.locator(".count", has_text="of 8 runs").wait_for()
    shows(head, "all")
    tab.keyboard.press("Escape")
    tab.locator(".filter").fill("")
    tab.get_by_role("button", name="None", exact=True).click()
    tab.get_by_label("Choose run 3", exact=True).click()
    says("1 chosen", "some")
    tab.goto(f"{tab.url.partition('#')[0]}#/runs?group=command&open=")
    tab.wait_for_selector(".toggle")
    shows(head, "none")
    tab.get_by_role("button", name=re.compile("runs of .*train")).click()
    group, run = tab.get_by_label(re.compile("Choose .*train")), tab.get_by_label("Choose run 3", exact=True)
    run.click()
    tab.locator(".selection", has_text="1 chosen").wait_for()
    shows(group, "some")
    shows(run, "all")
    group.click()
    tab.locator(".selection", has_text="6 chosen").wait_for()
    shows(group, "all")


@pytest.mark.browser
def test_chosen_runs_that_a_filter_hides_are_told_of(serve: Serve, tab: Any, store: Path) -> None:
    """What is done with the chosen runs is done with those outside of the filter, too, so the bar counts them."""

    def says(text: str) -> None:
        tab.locator(".selection > span", has_text=re.compile(f"^{text}$")).wait_for()

    def filters(text: str) -> None:
        tab.locator(".filter").fill(text)
        tab.keyboard.press("Enter")

    tab.goto(f"{serve(store)}#/runs?flat=1")
    tab.wait_for_selector("tbody td")
    for run in ("2", "3", "5"):
        tab.get_by_label(f"Choose run {run}", exact=True).click()
    filters("id == 3")
    says("3 chosen, 2 of them outside of the filter")
    tab.get_by_label("Choose run 3", exact=True).click()
    says("2 chosen, 2 of them outside of the filter")
    filters("id <= 3")
    says("2 chosen, 1 of them outside of the filter")
    filters("")
    says("2 chosen")


@pytest.mark.browser
def test_a_store_that_is_being_read_is_asked_for_once_in_a_while(serve: Serve, tab: Any, tmp_path: Path) -> None:
    """However many pages of lines are shown, they are asked for again once, and nothing else by that."""
    ex = Experiment(store=tmp_path)

    @ex.main
    def nothing() -> None:
        pass

    ex.run()
    multiply(tmp_path, 190)
    asked: list[str] = []

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "loading": [1, 190]})

    tab.route("**/api/0/runs*", answer)
    stop_clock(tab)
    tab.goto(serve(tmp_path))
    counts = []
    for _ in range(4):
        tab.locator(".grid[aria-busy=false]").wait_for()
        counts.append(sum("offset=0&" in url for url in asked))
        tab.clock.run_for(700)
    tab.unroute_all(behavior="ignoreErrors")

    assert [1, 2, 3, 4] == counts
