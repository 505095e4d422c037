"""Runs beside each other in a browser: what differs, what is better, and how sure that is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expframe import Experiment
from expframe.disk import layout
from expframe.errors import QuestionError
from expframe.page import compare, images
from expframe.page.board import Board
from expframe.page.question import Question

ALL = ("1", "2", "3", "4", "5", "6")


def ask(store: Path, answer: Callable[..., Any], *runs: str, **words: str) -> Any:
    """Return what a page is answered of some runs."""
    return answer(Board(store, "runs"), Question([*(("run", run) for run in runs), *words.items()]))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Runs of two learning rates with three seeds each, whose results hardly scatter."""
    ex = Experiment("digits", store=tmp_path / "runs")
    ex.add_config(lr=0.1, net={"depth": 3}, api_key="hunter22hunter22")

    @ex.main
    def train(lr: float, seed: int, _run: Any) -> dict[str, float]:
        for step in range(3):
            _run.log_scalar("loss", lr / (1 + step) + seed / 1000, step)
        print(f"the end of {lr}")
        return {"acc": 0.9 - lr + seed / 1000}

    for lr in (0.1, 0.4):
        for seed in (1, 2, 3):
            ex.run(config_updates={"lr": lr, "seed": seed})
    return tmp_path / "runs"


def change_source(store: Path, id: str, old: str, new: str) -> None:
    """Let a run have had another source than it had."""
    name = "elsewhere.py"
    record = store / id / layout.RECORD
    source = dict(Board(store, "runs").run(id).record.sources).popitem()[1]
    text = (store / layout.SOURCES_FOLDER / source).read_text(encoding="utf-8")
    (store / layout.SOURCES_FOLDER / name).write_text(text.replace(old, new), encoding="utf-8")
    record.write_text(record.read_text(encoding="utf-8").replace(source, name), encoding="utf-8")


def test_what_differs_is_that_of_the_command(store: Path, cli: Any) -> None:
    """Entries and metrics have the keys and the numbers of `expframe compare --json`."""
    said = cli.json("compare", *ALL)
    found = ask(store, compare.answer, *ALL)

    assert [said[key] for key in ("runs", "unknown", "left_out", "excluded")] == [
        found[key] for key in ("runs", "unknown", "left_out", "excluded")
    ]


def test_groups_and_their_test_are_those_of_the_command(store: Path, cli: Any) -> None:
    """Groups of seeds, their intervals and the test have the numbers of `expframe compare --groups --json`."""
    said = cli.json("compare", *ALL, "--groups")
    found = ask(store, compare.answer, *ALL)["by_groups"]

    assert {key: said[key] for key in found} == found
    assert found["tests"]["loss.last"]["p"] < 0.001


def test_groups_can_be_made_by_other_fields(store: Path, cli: Any) -> None:
    """Runs that are equal in chosen fields are one group, as with `--by`."""
    said = cli.json("compare", *ALL, "--by", "seed")
    found = ask(store, compare.answer, *ALL, by="seed")["by_groups"]

    assert {key: said[key] for key in found} == found
    assert 3 == len(found["groups"])


def test_what_is_better_follows_from_the_name(store: Path) -> None:
    """The least loss and the greatest accuracy are the best."""
    better = ask(store, compare.answer, "1", "4")["better"]

    assert {"result.acc": "max", "loss.last": "min"} == better


def test_what_is_better_is_what_a_sweep_sought(tmp_path: Path) -> None:
    """Of trials of a sweep that has a goal the goal says which is the best."""
    ex = Experiment("digits", store=tmp_path / "runs")
    ex.add_config(lr=0.1)

    @ex.main
    def train(lr: float, _run: Any) -> float:
        _run.log_scalar("size", lr, 1)
        return lr

    sweep = ex.sweep("lr=0.1,0.2", metric="size", goal="min")
    while (trial := sweep.ask()) is not None:
        sweep.tell(trial, trial.config["lr"])
    for number, lr in enumerate((0.1, 0.2)):
        ex.run(config_updates={"lr": lr})
        record = tmp_path / "runs" / str(number + 2) / layout.RECORD
        trial_of = {"parent_id": "1", "sweep": {"trial": number, "configuration": number, "replicate": 0}}
        record.write_text(json.dumps(json.loads(record.read_bytes()) | trial_of), encoding="utf-8")
    better = ask(tmp_path / "runs", compare.answer, "2", "3")["better"]

    assert {"result": None, "size.last": "min"} == better


def test_secrets_that_nobody_can_compare_say_so(store: Path, tmp_path: Path) -> None:
    """A secret of runs without a common salt is named among what is unknown, and never shown."""
    ex = Experiment("digits", store=tmp_path / "other")
    ex.add_config(lr=0.1, net={"depth": 3}, api_key="swordfish77swordfish")
    ex.main(lambda lr: None)
    ex.run(config_updates={"lr": 0.2, "seed": 4})
    (tmp_path / "other" / "1").rename(store / "7")
    found = ask(store, compare.answer, "1", "7")

    assert ["api_key"] == found["unknown"]
    assert "swordfish" not in str(found)


def test_differences_of_packages_are_those_of_the_command(store: Path, cli: Any) -> None:
    """What differs in packages, machine and git has the keys of `expframe diff --json`."""
    said = cli.json("diff", "1", "4", "--only", "packages,host,git")
    found = ask(store, compare.parts, "1", "4")

    assert {key: said[key] for key in ("runs", "differences", "not_recorded", "unknown")} == {
        key: found[key] for key in ("runs", "differences", "not_recorded", "unknown")
    }


def test_sources_differ_line_by_line(store: Path, cli: Any) -> None:
    """How sources differ is a unified diff, as of `expframe diff --only code --json`."""
    change_source(store, "4", "0.9 - lr", "0.8 - lr")
    said = cli.json("diff", "1", "4", "--only", "code")["code"]
    found = ask(store, compare.sources, "1", "4")["code"]

    assert said == [{key: one[key] for key in ("file", "runs", "change", "diff")} for one in found]
    assert 1 == len(found)


def test_the_end_of_the_output_is_sent(store: Path) -> None:
    """Of what a run printed only the end is sent, from the start of a line on, and how much was left out is said."""
    (store / "2" / layout.OUTPUT).write_bytes(b"a long line\n" * 10_000 + b"the last one\n")
    first, second = ask(store, compare.tails, "1", "2")["tails"]

    assert ("the end of 0.1", 0) == (first["text"].strip().splitlines()[-1], first["cut"])
    assert second["text"].endswith("a long line\nthe last one\n")
    assert second["text"].startswith("a long line\n")
    assert 120_013 == second["bytes"]


def test_images_are_those_of_one_step(tmp_path: Path) -> None:
    """Each run has its image of the step that is asked for, or its last one before."""
    import numpy

    ex = Experiment("digits", store=tmp_path / "runs")
    ex.add_config(every=1)

    @ex.main
    def train(every: int, _run: Any) -> None:
        for step in range(0, 5, every):
            _run.log_image("digit", numpy.zeros((2, 2)), step)

    ex.run()
    ex.run(config_updates={"every": 2})
    found = ask(tmp_path / "runs", images.answer, "1", "2", step="3")

    assert (["digit"], [0, 1, 2, 3, 4]) == (found["names"], found["steps"])
    assert [3, 2] == [one["step"] for one in found["images"]]
    assert all((tmp_path / "runs" / one["run"] / one["file"]).is_file() for one in found["images"])


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (["1"], "1 runs: cannot be put beside each other here. Choose 2 to 50 runs."),
        (list(map(str, range(51))), "51 runs: cannot be put beside each other here. Choose 2 to 50 runs."),
    ],
)
def test_too_few_and_too_many_runs_are_refused(store: Path, runs: list[str], message: str) -> None:
    """From 2 to 50 runs are compared."""
    with pytest.raises(QuestionError) as raised:
        ask(store, compare.answer, *runs)

    assert message == str(raised.value)


@pytest.mark.browser
def test_two_runs_are_compared_by_what_differs(store: Path, serve: Callable[[Path], str], tab: Any) -> None:
    """Somebody puts two runs beside each other, sees what differs, and which one is better in what."""
    change_source(store, "4", "0.9 - lr", "0.8 - lr")
    tab.goto(f"{serve(store)}#/compare?run=1&run=4")
    tab.wait_for_selector(".compare-results td.best")
    best = tab.locator(".compare-results td.best").all_inner_texts()
    differing = tab.locator(".compare-entries th[scope=row]").all_inner_texts()
    tab.locator(".compare-sources").scroll_into_view_if_needed()
    tab.wait_for_selector(".diff .added")

    assert (["0.801 ★", "0.0343333 ★"], ["lr"]) == (best, differing)
    assert tab.locator(".diff .added").count() == tab.locator(".diff .removed").count()


@pytest.mark.browser
def test_how_sure_a_difference_is_stands_beside_it(store: Path, serve: Callable[[Path], str], tab: Any) -> None:
    """Somebody compares two groups of seeds, reads the test, and takes a run away."""
    tab.goto(f"{serve(store)}#/compare?{'&'.join(f'run={run}' for run in ALL)}")
    tab.wait_for_selector(".compare-groups td.best")
    verdicts = tab.locator(".compare-groups .wide").last.locator("tbody tr td:last-child").all_inner_texts()
    tab.get_by_role("button", name="Take run 6 away").click()
    tab.get_by_role("heading", name="Compare 5 runs").wait_for()

    assert ["they differ", "they differ"] == verdicts


@pytest.mark.browser
@pytest.mark.parametrize("view", ["charts", "compare"])
def test_lines_say_what_tells_their_runs_apart(store: Path, serve: Callable[[Path], str], tab: Any, view: str) -> None:
    """Beside the id of a line stands in which entries its run differs from the others."""
    tab.goto(f"{serve(store)}#/{view}?run=1&run=4")
    tab.locator(".lines").scroll_into_view_if_needed()
    tab.locator(".lines li", has_text="lr=0.4").wait_for()

    assert ["1 lr=0.1", "4 lr=0.4"] == [
        text.split("\n")[0].strip() for text in tab.locator(".lines label").all_inner_texts()
    ]
