"""Sweeps as pages see them: how far they are, the best configuration, and what failed."""

import math
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import Late

from expframe import Experiment, Options
from expframe.errors import UsageError
from expframe.page import configurations, sweep
from expframe.page.board import Board
from expframe.page.question import Question
from expframe.page.report import page_of
from expframe.store import exclusions
from expframe.store.sweeps.journal import Journal

WRITER = "gpu3-4711-0123abcd"


def ask(store: Path, answer: Callable[..., Any], **words: str) -> Any:
    """Return what a page is answered."""
    return answer(Board(store, "runs"), Question(words.items()))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A sweep of six configurations with two seeds each, of which one failed and one was not begun; and a run."""
    ex = Experiment("digits", store=tmp_path / "runs")
    ex.add_config(lr=0.1, opt="sgd")

    @ex.main
    def train(lr: float, opt: str, seed: int) -> float:
        return 0.0

    found = ex.sweep("lr=0.01,0.1,0.9", "opt=sgd,adam", seeds=2, metric="result", goal="min")
    for number in range(8):
        trial = found.ask()
        assert trial is not None
        found.tell(trial, trial.config["lr"] + (trial.config["opt"] == "sgd") + number % 2 / 1000)
    for number in (8, 9):
        note_failure(tmp_path / "runs" / "1", number)
    ex.run()
    return tmp_path / "runs"


def note_failure(folder: Path, number: int) -> None:
    """Let a trial have failed at a worker elsewhere."""
    Journal(folder, WRITER).note("started", number, 1)
    Journal(folder, WRITER).note("ended", number, 1, status="FAILED", error="ValueError: loss is nan", seconds=0.1)


def test_the_best_configuration_says_how_it_is_run_again(store: Path) -> None:
    """The best configuration has its mean, its number of values, and a command line."""
    best = ask(store, sweep.answer, run="1")["best"]

    assert ("lr=0.01 opt=adam", 2, True) == (best["words"], best["n"], best["command"].endswith("lr=0.01 opt=adam"))


def test_where_there_is_no_best_one_other_numbers_are_named(store: Path) -> None:
    """A sweep whose trials came to no number that is sought says which numbers their runs have."""
    ex = Experiment("dicts", store=store)
    ex.add_config(x=0)

    @ex.main
    def main(x: int, _run: Any) -> dict[str, Any]:
        _run.log_scalar("loss", 0.5)
        return {"acc": x, "names": ["a"]}

    run, found = ex.run(), ex.sweep("x=1,2")
    trial = found.ask()
    assert trial is not None and found.id is not None
    Journal(store / found.id, WRITER).note("started", 0, 1, run=run.id)
    found.tell(trial, math.nan)
    offered = ask(store, sweep.goals, run=found.id)

    assert ask(store, sweep.answer, run=found.id)["best"] is None
    assert (["result.acc"], ["loss"]) == (offered["results"], offered["metrics"])


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """A sweep whose trials return several numbers and log metrics, so that it has no best as it was started."""
    ex = Experiment("scored", store=tmp_path / "runs")
    ex.add_config(x=0, kind="a")

    @ex.main
    def main(x: int, kind: str, seed: int, _run: Any) -> dict[str, Any]:
        for step in range(3):
            _run.log_scalar("val/loss", (x - 4) ** 2 + step * (seed % 7) - (kind == "b"), step)
            _run.log_scalar("my acc", x * (kind == "a") - step, step)
        return {"acc": {"top one": 10 - x + seed % 3}, "loss": math.nan if x == 3 else x % 4}

    swept = ex.sweep("x=0..5", "kind=a,b", seeds=2)
    while (trial := swept.ask()) is not None:
        run = ex.run(config_updates=trial.config)
        Journal(tmp_path / "runs" / str(swept.id), WRITER).note("started", trial.number, 1, run=run.id)
        swept.tell(trial, math.nan)
    return tmp_path / "runs"


def _offered(store: Path, id: str) -> list[str]:
    """Return every goal that the page offers for a sweep, as `--metric` has it."""
    found = ask(store, sweep.goals, run=id)
    metrics = [f"{name}.{statistic}" for name in found["metrics"] for statistic in found["statistics"]]
    return [f"{field}:{direction}" for field in [*found["results"], *metrics] for direction in ("min", "max")]


def test_each_goal_that_is_offered_ranks_as_the_command_does(scored: Path, cli: Any) -> None:
    """The best, the configurations in their order and what mattered are those of the command, whatever is sought."""
    board = Board(scored, "runs")
    keys = ("configuration", "words", "n", "mean", "sd", "low", "high", "runs")
    offered = _offered(scored, "1")
    for metric in offered:
        question = Question([("run", "1"), ("metric", metric)])
        shown, best = (cli.json("sweep", name, "1", "--metric", metric) for name in ("show", "best"))
        found = configurations.answer(board, question)["configurations"]

        assert [{key: one[key] for key in keys} for one in shown["configurations"]] == [
            {key: one[key] for key in keys} for one in found
        ]
        assert best["best"]["configuration"] == sweep.answer(board, question)["best"]["configuration"]
        assert shown["importance"] == configurations.importance(board, question)["importance"]
    assert 20 == len(offered)


def test_of_several_goals_the_best_are_those_of_the_command(scored: Path, cli: Any) -> None:
    """Where several goals are sought, the page has the configurations of which none is better than another in all."""
    metrics = ['result.acc["top one"]:max', "val/loss.last:min"]
    question = Question([("run", "1"), *(("metric", metric) for metric in metrics)])
    front = cli.json("sweep", "best", "1", "--metric", ",".join(metrics))["front"]
    board = Board(scored, "runs")
    best = sweep.answer(board, question)["best"]

    assert 1 < len(front)
    assert [one["configuration"] for one in front] == [one["configuration"] for one in best["front"]]
    assert [one["configuration"] for one in front] == configurations.answer(board, question)["front"]


def test_a_trial_that_is_excluded_counts_for_no_other_goal(scored: Path, cli: Any) -> None:
    """Ranked by another goal, a page that stays open leaves out what is excluded meanwhile, as the command does."""
    board, question = Board(scored, "runs"), Question([("run", "1"), ("metric", "val/loss.last:min")])
    before = sweep.answer(board, question)
    for state in (0, 1, 8, 9):
        exclusions.exclude(scored / "1", state)
    after = sweep.answer(board, question)
    best = cli.json("sweep", "best", "1", "--metric", "val/loss.last:min")["best"]

    assert before["moment"] < after["moment"]
    assert (best["words"], best["mean"]) == (after["best"]["words"], after["best"]["mean"])


def test_how_sure_the_best_is_comes_of_welchs_test(store: Path) -> None:
    """The best is tested against the next one, as groups are that are compared."""
    next = ask(store, sweep.answer, run="1")["best"]["next"]

    assert ("lr=0.1 opt=adam", -0.09) == (next["words"], pytest.approx(next["test"]["difference"]))
    assert next["test"]["p"] < 0.05


def test_failures_are_grouped_by_what_they_say(store: Path) -> None:
    """Trials that failed with the same first line are one failure, with their numbers as ranges."""
    failures = ask(store, sweep.answer, run="1")["failures"]

    assert [("ValueError: loss is nan", 2, "8, 9")] == [
        (one["error"], one["count"], one["text"].replace("..", ", ")) for one in failures["listed"]
    ]


def test_workers_are_known_by_what_they_have_written(store: Path) -> None:
    """Each worker has its machine, its process, and how many trials it has done."""
    workers = ask(store, sweep.answer, run="1")["workers"]

    assert ("gpu3", 4711, 2, None) in [(one["host"], one["pid"], one["done"], one["trial"]) for one in workers]


def test_counts_are_those_of_the_command(store: Path, cli: Any) -> None:
    """What is known of a sweep as a whole has the keys and numbers of `expframe sweep show --json`."""
    said = cli.json("sweep", "show", "1")
    found = ask(store, sweep.answer, run="1")
    keys = ("id", "name", "size", "counts", "excluded", "goal")

    assert {key: said[key] for key in keys} == {key: found[key] for key in keys}


def test_configurations_are_those_of_the_command(store: Path, cli: Any) -> None:
    """Configurations have the numbers of `expframe sweep show --json`, in its order."""
    said = cli.json("sweep", "show", "1")["configurations"]
    found = ask(store, configurations.answer, run="1")["configurations"]
    keys = ("configuration", "words", "n", "mean", "sd", "low", "high", "runs", "excluded")

    assert [{key: one[key] for key in keys} for one in said] == [{key: one[key] for key in keys} for one in found]


def test_parameters_are_axes(store: Path) -> None:
    """Numbers that differ by ratios lie on an axis of ratios, from the least to the greatest of the sweep."""
    found = ask(store, configurations.answer, run="1")["parameters"]

    assert [
        {"name": "lr", "scale": "log", "low": 0.01, "high": 0.9, "whole": False},
        {"name": "opt", "scale": "choices", "choices": ["sgd", "adam"]},
    ] == found


def test_a_limit_leaves_the_axes_as_they_are(store: Path) -> None:
    """Of many configurations the best are sent; how many there are is said, and axes are those of all."""
    found = ask(store, configurations.answer, run="1", limit="1")

    assert (5, 1, 0.9) == (found["total"], len(found["configurations"]), found["parameters"][0]["high"])


def test_the_best_so_far_never_gets_worse(store: Path) -> None:
    """Values of trials stand in the order of their ends, each with the best by then."""
    points = ask(store, sweep.answer, run="1")["history"]["points"]
    best = [point[4] for point in points]

    assert (8, sorted(best, reverse=True)) == (len(points), best)


def test_an_excluded_trial_counts_nowhere(store: Path) -> None:
    """A trial that is excluded while the page is open counts in no mean, and is said."""
    board = Board(store, "runs")
    before = sweep.answer(board, Question({"run": "1"}.items()))
    exclusions.exclude(store / "1", before["history"]["points"][2][1])
    after = sweep.answer(board, Question({"run": "1"}.items()))

    assert ([], [2]) == (before["excluded"], after["excluded"])
    assert (2, 1) == (before["best"]["n"], after["best"]["n"])
    assert before["moment"] < after["moment"]


def test_a_configuration_has_its_trials(store: Path) -> None:
    """One configuration is shown with each of its trials."""
    found = ask(store, configurations.one, run="1", configuration="4")

    assert [("FAILED", "ValueError: loss is nan")] * 2 == [(one["status"], one["error"]) for one in found["trials"]]


@pytest.mark.parametrize(
    ("answer", "words", "message"),
    [
        (sweep.answer, {"run": "2"}, "run 2: is no sweep. The list of sweeps shows those that there are."),
        (
            sweep.answer,
            {"run": "1", "metric": "acc"},
            "--metric=acc: does not say whether the least or the greatest is sought. Write acc:min or acc:max.",
        ),
        (
            configurations.one,
            {"run": "1", "configuration": "77"},
            "configuration=77: is none of which a trial has begun.",
        ),
    ],
)
def test_what_is_no_sweep_is_said(
    store: Path, answer: Callable[..., Any], words: Mapping[str, str], message: str
) -> None:
    """A run that is no sweep, and a configuration that is not there, are said in words."""
    with pytest.raises(UsageError) as raised:
        ask(store, answer, **words)

    assert message == str(raised.value)


def test_sweeps_are_listed_with_their_best(store: Path) -> None:
    """Each sweep of the store is listed with how far it is and the best of it."""
    found = ask(store, sweep.sweeps)

    assert (1, "lr=0.01 opt=adam") == (found["total"], found["sweeps"][0]["best"]["words"])


def test_a_best_value_of_zero_is_a_value(tmp_path: Path) -> None:
    """Sweeps whose best came to 0 are listed with it, and one in which nothing came to a number without."""
    ex = Experiment("zero", store=tmp_path)
    ex.add_config(x=0)
    ex.main(lambda x: x)
    for values in ([0.0, 1.0], [float("nan")]):
        swept = ex.sweep({"x": Options(*range(len(values)))}, metric="result:min")
        for value in values:
            trial = swept.ask()
            assert trial is not None
            swept.tell(trial, value)

    assert [None, {"words": "x=0", "mean": 0.0}] == [one["best"] for one in ask(tmp_path, sweep.sweeps)["sweeps"]]


def test_commands_of_a_sweep_name_the_store(store: Path, cli: Any) -> None:
    """The commands that a sweep's page shows find it where the page was started, whichever store it is of."""
    store = store.rename(store.with_name("elsewhere"))
    exclusions.exclude(store / "1", 2)
    found = ask(store, sweep.answer, run="1", metric="result:max")

    for line in (found["ranked"], found["include"]):
        assert ["expframe", "sweep"] == shlex.split(line)[:2]
        assert ["-F", str(store)] == shlex.split(line)[-2:]
        cli(*shlex.split(line)[1:])
        assert 0 == cli.code
    assert ["expframe", "work", "1", "-F", str(store)] == shlex.split(found["work"])
    assert [] == ask(store, sweep.answer, run="1")["excluded"]


@pytest.mark.browser
def test_the_best_configuration_is_found_and_its_command_copied(
    store: Path, serve: Callable[[Path], str], tab: Any
) -> None:
    """Somebody opens a sweep, sees what is best and how sure that is, copies its command, and sees what failed."""
    tab.goto(f"{serve(store)}#/sweeps")
    tab.get_by_role("link", name="1", exact=True).click()
    tab.wait_for_selector("tr.best")
    best = tab.locator(".sweep-best")
    best.get_by_role("button", name="Copy").click()
    best.get_by_text("copied").wait_for()
    copied = tab.evaluate("navigator.clipboard.readText()")

    assert copied.endswith("with lr=0.01 opt=adam")
    assert "the two differ (Welch's t-test" in best.inner_text()
    assert "ValueError: loss is nan" in tab.locator("section", has=tab.get_by_text("Failures")).last.inner_text()


@pytest.mark.browser
def test_a_goal_is_chosen_by_keys_and_stands_in_the_address(
    scored: Path, serve: Callable[[Path], str], tab: Any, cli: Any
) -> None:
    """Whatever goal is chosen, by keys alone, the page's best is the command's; a link to it shows the same."""
    tab.goto(f"{serve(scored)}#/sweep/1")
    tab.get_by_text("No trial has a number as result yet.").wait_for()
    field, statistic, direction = (
        tab.get_by_label(name) for name in ("Rank by", "Which number of the metric", "Which is better")
    )

    def shown() -> None:
        metric = tab.evaluate("new URLSearchParams(location.hash.split('?')[1]).get('metric')")
        best = cli.json("sweep", "best", "1", "--metric", metric)["best"]
        tab.wait_for_function(
            "([words, mean]) => document.querySelector('.sweep-value')?.textContent.includes(`${words} `)"
            " && document.querySelector('tr.best')?.textContent.includes(mean)",
            arg=[best["words"], f"{best['mean']:.6g}"],
        )
        seen.append(metric)

    seen: list[str] = []
    for number in range(4):
        field.focus()
        tab.keyboard.press("ArrowDown")
        for _ in range(4 if number >= 2 else 1):
            for key in ("ArrowDown", "ArrowUp"):
                direction.focus()
                tab.keyboard.press(key)
                shown()
            if number >= 2:
                statistic.focus()
                tab.keyboard.press("ArrowDown")
    tab.reload()
    shown()

    assert {*_offered(scored, "1")} == {*seen}


@pytest.mark.browser
def test_a_ranking_that_was_left_before_it_came_is_there_when_it_is_chosen_again(
    scored: Path, serve: Callable[[Path], str], tab: Any
) -> None:
    """Who goes to another goal and back before its answer is there, and to it again, sees the table of it."""
    tab.goto(f"{serve(scored)}#/sweep/1?metric=val/loss.last:min")
    best, direction = tab.locator("table.configurations tr.best"), tab.get_by_label("Which is better")
    best.wait_for()
    least, value = best.inner_text(), tab.locator(".sweep-value").inner_text()
    late = Late(tab, "**/api/0/configurations?*")
    direction.select_option("max")
    late.wait()
    direction.select_option("min")
    tab.wait_for_function("(value) => document.querySelector('.sweep-value').innerText === value", arg=value)
    late.give()
    direction.select_option("max")
    tab.wait_for_function(
        "(least) => document.querySelector('table.configurations tr.best').innerText !== least", arg=least
    )


@pytest.mark.browser
def test_a_report_is_ranked_as_the_page_that_it_is_of(scored: Path, tab: Any, tmp_path: Path, cli: Any) -> None:
    """A report of a sweep by another goal shows its best, and its trials, without a server."""
    metric = "val/loss.min:min"
    best = cli.json("sweep", "best", "1", "--metric", metric)["best"]
    (tmp_path / "report.html").write_text(page_of(scored, ["1"], f"#/sweep/1?metric={metric}"), encoding="utf-8")
    tab.goto(f"file://{tmp_path}/report.html")
    tab.locator("tr.best .pick").click()
    tab.wait_for_selector(".sweep-detail tbody tr")

    assert "Ranked by metrics.val/loss.min, less is better" in tab.locator(".sweep-goal").inner_text()
    assert best["words"] in tab.locator(".sweep-value").inner_text()
    assert 0 == tab.locator("select").count()


@pytest.mark.browser
def test_a_brush_filters_and_stands_in_the_address(store: Path, serve: Callable[[Path], str], tab: Any) -> None:
    """Dragging along an axis leaves the configurations within; the address brings them back."""
    tab.goto(f"{serve(store)}#/sweep/1")
    tab.wait_for_selector("tr.best")
    canvas = tab.locator("canvas").first
    canvas.hover(position={"x": 56, "y": 45})  # waits until it stands still
    box = canvas.bounding_box()
    tab.mouse.down()
    tab.mouse.move(box["x"] + 56, box["y"] + 90, steps=4)
    tab.mouse.up()
    tab.get_by_text("1 of 5 configurations").wait_for()
    tab.wait_for_url("**/*brush=*")
    tab.reload()
    tab.get_by_text("1 of 5 configurations").wait_for()

    assert ["0.9"] == tab.locator("table.configurations tbody tr td:nth-child(2)").all_inner_texts()


@pytest.mark.browser
def test_configurations_are_chosen_by_keys(store: Path, serve: Callable[[Path], str], tab: Any) -> None:
    """Arrow keys go to an axis and move the ends of what is chosen on it, and Delete takes that back."""
    tab.goto(f"{serve(store)}#/sweep/1")
    tab.wait_for_selector("tr.best")
    axes = tab.get_by_role("application")
    axes.focus()
    tab.keyboard.press("ArrowDown")
    tab.get_by_text("4 of 5 configurations").wait_for()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Shift+ArrowUp")
    tab.get_by_text("2 of 5 configurations").wait_for()
    tab.get_by_role("button", name="opt adam").wait_for()
    tab.keyboard.press("Delete")
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("Delete")
    tab.get_by_text("5 of 5 configurations").wait_for()

    assert "lr: all" in axes.get_attribute("aria-label")


@pytest.mark.browser
def test_a_table_of_configurations_is_sorted(store: Path, serve: Callable[[Path], str], tab: Any) -> None:
    """A click on a column sorts by it, and a click on a place shows the trials of a configuration."""
    tab.goto(f"{serve(store)}#/sweep/1")
    tab.locator("table.configurations").get_by_role("button", name="opt").click()
    tab.wait_for_selector("[aria-sort=ascending]")
    first = tab.locator("table.configurations tbody tr").first
    first.get_by_role("button").click()
    tab.wait_for_selector(".sweep-detail tbody tr")

    assert "adam" in first.inner_text()
    assert 2 == tab.locator(".sweep-detail tbody tr").count()


@pytest.mark.browser
def test_a_sweep_is_stopped_from_its_page(store: Path, serve: Callable[[Path], str], tab: Any) -> None:
    """Somebody stops a sweep that has trials to do; where no worker is, the page says how one is started."""
    tab.goto(f"{serve(store)}#/sweep/1")
    idle = tab.locator(".sweep-idle").inner_text()
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_text("Told to stop; 0 running.").wait_for()

    assert "expframe work 1" in idle
    assert ["all"] == [file.name for file in (store / "1" / "stop").iterdir()]
