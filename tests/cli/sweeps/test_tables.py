"""Sweeps as tables, and the best of one as a command line."""

import json
import math
import re
import shlex
from dataclasses import replace

import pytest
from interpreter import run_python

from expframe import Options as Values
from expframe.config.options import Options
from expframe.config.request import Override
from expframe.experiment.sweep import Sweep
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.axes import Choices
from expframe.store.sweeps.plan import Plan, Start
from expframe.testing import run_cli


def swept(ex, script="my train.py"):
    """Do a sweep of a tuple whose text has a blank, from a script whose name has one, too."""
    ex.add_config(betas=(0.1, 0.2), name="a b")
    ex.main(lambda betas: betas[0])
    axis = Choices(("betas",), (("(0.9, 0.99)",), ("(0.5, 0.8)",)))
    plan = Plan(axes=(axis,), overrides=(Override.parse("name='c d'"),), start=Start(script=script))
    sweep = Sweep(ex, plan, Options(file_storage=str(ex.store)))
    while (trial := sweep.ask()) is not None:
        sweep.tell(trial, trial.config["betas"][0])


def test_the_best_is_run_again_as_a_shell_reads_it(ex, cli):
    """The command line of the best configuration can be pasted: a shell makes its words of it, whatever is in them."""
    swept(ex)
    line = cli("sweep", "best", "1", "-F", ex.store).splitlines()[-1]
    words = shlex.split(line)

    assert "'betas=(0.9, 0.99)'" in line
    assert ["with", "name='c d'", "betas=(0.9, 0.99)"] == words[2:]
    assert "my train.py" == words[1].split("/")[-1]


def test_the_best_of_trials_that_were_asked_for_names_no_script(ex, cli):
    """Where no script is known, as of trials that were asked for one by one, the best is shown all the same."""
    swept(ex)
    folder = ex.store / "1"
    plan_file.write(folder, replace(plan_file.read(folder), start=Start()))

    assert "python SCRIPT with " in cli("sweep", "best", "1", "-F", ex.store)


def test_a_value_with_blanks_stands_in_one_column(ex, cli):
    """A word is one cell under its entry's name, blanks or not."""
    swept(ex)
    head, first, second, *_ = cli("sweep", "show", "1", "-F", ex.store).splitlines()

    assert ["betas", "result"] == head.split()[:2]
    assert "1  (0.9, 0.99)" == first[:14]
    assert "2  (0.5, 0.8)" == second[:13]


@pytest.mark.parametrize("command", [["show", "--trials"], ["watch", "--once"]])
def test_a_value_of_several_lines_stands_in_one(ex, cli, command):
    """A trial is one line of a table, whatever its values have in them; the command to copy has them as they are."""
    ex.add_config(note="")
    ex.main(lambda note: 1.0)
    sweep = ex.sweep("note=a\nb,c\td")
    sweep.tell(sweep.ask(), 2.0)
    running = sweep.ask()
    lines = cli("sweep", *command, "1", "-F", ex.store).splitlines()
    sweep.tell(running, 1.0)

    assert any("c d" in line for line in lines)
    assert not any("\t" in line or line.startswith("b") for line in lines)
    assert "note=a\nb" in shlex.split(cli("sweep", "best", "1", "-F", ex.store).split("python", 1)[1])


def told(ex, values, **asked):
    """Do a sweep whose trials are told these values."""
    ex.add_config(x=0)
    ex.main(lambda x: x)
    sweep = ex.sweep({"x": Values(*range(len(values)))}, **asked)
    for value in values:
        sweep.tell(sweep.ask(), value)


def test_completed_trials_that_are_in_no_mean_are_named(ex, cli):
    """What came to no number, or none that a float can be, stands in no mean, and each table of means says so."""
    told(ex, [math.nan, 0.5, 10**400, 0.25], metric="result:min")
    line = "result is no number in trials 0, 2, which are in no mean."

    assert line in cli("sweep", "show", "1", "-F", ex.store).splitlines()
    assert {"result": [0, 2]} == json.loads(cli("sweep", "show", "1", "--json", "-F", ex.store))["without_number"]
    assert "x=3" in cli("sweep", "best", "1", "-F", ex.store)


def test_each_goal_is_shown_and_the_front_is_marked(ex, cli):
    """With several goals each has its columns, and the best are all to which no other is better in every goal."""
    pairs = [(0.9, 5), (0.8, 3), (0.7, 4), (math.nan, 1)]
    values = [{"metrics.acc.max": acc, "metrics.cost.last": size} for acc, size in pairs]
    told(ex, values, metric=["acc.max:max", "cost:min"])
    head, *lines = cli("sweep", "show", "1", "-F", ex.store).splitlines()
    best = json.loads(cli("sweep", "best", "1", "--json", "-F", ex.store))

    assert "x metrics.acc.max 95 % interval n metrics.cost.last 95 % interval n front" == " ".join(head.split())
    assert ["1", "0", "0.9", "1", "5", "1", "yes"] == lines[0].split()
    assert [True, True, False, False] == [line.endswith("yes") for line in lines[:4]]
    assert "metrics.acc.max is no number in trial 3, which is in no mean." in lines
    assert ["x=0", "x=1"] == [one["words"] for one in best["front"]]


OF_DICTS = """
from expframe import Experiment

ex = Experiment("dicts")
ex.add_config(x=0)


@ex.automain
def main(x, _run):
    _run.log_scalar("loss", 1 / (x + 1))
    return {"acc": x / 10, "by": {"class": [x]}}
"""


def test_another_goal_is_sought_where_the_one_of_the_sweep_is_no_number(tmp_path, cli, environment):
    """A sweep whose result holds several numbers says which, and ranks by one of them when it is over."""
    (tmp_path / "dicts.py").write_text(OF_DICTS)
    done = run_python(["dicts.py", "sweep", "-j", "1", "with", "x=1,2,3"], cwd=tmp_path, env=environment)
    hint = "Runs have result.acc, loss.last: expframe sweep best 1 --metric result.acc:max"

    assert f"result is no number in trials 0..2, which are in no mean. {hint}" in done.stdout
    cli("sweep", "best", "1", "-F", tmp_path / "runs")
    assert hint in cli.err
    for metric, best, value in (
        ("result.acc:max", "x=3", 0.3),
        ("loss:min", "x=3", 0.25),
        ("loss.last:max", "x=1", 0.5),
    ):
        found = json.loads(cli("sweep", "best", "1", "--json", "--metric", metric, "-F", tmp_path / "runs"))["best"]
        assert (best, value) == (found["words"], found["mean"])
    head = cli("sweep", "show", "1", "--metric", "result.acc:max, loss:min", "-F", tmp_path / "runs").splitlines()[0]
    assert "x result.acc 95 % interval n metrics.loss.last 95 % interval n front" == " ".join(head.split())


def test_configurations_that_came_to_the_same_as_the_best_are_named(ex, cli):
    """Where several are equally good the one that is shown is not called the only best."""
    told(ex, [0.5, 0.25, 0.5], metric="result:max")

    assert "Another configuration came to the same: x=2" in cli("sweep", "best", "1", "-F", ex.store)


def test_the_best_says_what_it_is_the_best_by(ex, cli):
    """Where nobody said whether less or more is better, the greatest value is called the greatest, and not more."""
    told(ex, [0.5, 0.25])

    assert "result 0.5, n = 1, the greatest, as no --metric says which is better" in cli(
        "sweep", "best", "1", "-F", ex.store
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["shwo", "1"], "No command 'shwo'. Did you mean 'show'?"),
        (["show"], "ID: is missing (the id of a run, or last)."),
        (["exclude", "1"], "TRIAL: is missing."),
        (["show", "1", "2"], "2: is one word too many."),
    ],
)
def test_what_is_wrong_with_a_command_about_sweeps_is_said(ex, cli, words, said):
    """A word that is wrong, missing or one too many is named as itself, whichever command it is for."""
    cli("sweep", *words, "-F", ex.store)

    assert said in cli.err
    assert 2 == cli.code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x=0..3"], "config.x > 1 (2 of 4)"),
        (["x=0..999", "--search", "random", "--trials", "2", "--skip", "config.x >= 0"], "config.x >= 0 (2 of 2)"),
        (["x=0..999"], "config.x > 1"),
    ],
)
def test_a_preview_says_which_trials_are_left_out(ex, words, said):
    """What would be skipped is marked where it is shown, and counted where there are few trials."""
    ex.add_config(x=0)
    ex.main(lambda x: x)
    ex.run()
    skip = [] if "--skip" in words else ["--skip", "config.x > 1"]
    lines = run_cli(ex, ["sweep", "with", *words, *skip, "--dry-run"]).stdout.splitlines()
    shown = [line for line in lines if re.match(r"  \d+  x=", line)]

    assert f"Left out are those of which this is true: {said}" in lines
    assert [int(line.split("x=")[1].split()[0]) > 1 or "2 of 2" in said for line in shown] == [
        line.endswith(" skipped") for line in shown
    ]
