"""`expframe compare`: runs and groups of seeds beside each other."""

import contextlib
import csv
import datetime
import io
import json
import random

import numpy as np
import pytest
from interpreter import run_python

import expframe

SCORES = {("adam", 1): 0.8, ("adam", 2): 0.9, ("adam", 3): 0.85, ("sgd", 1): 0.6, ("sgd", 2): 0.7, ("sgd", 3): 0.5}


@pytest.fixture
def seeds(ex):
    """Two optimizers with three seeds each; a score each, and a metric."""

    @ex.config
    def config():
        optimizer = "adam"
        depth = 3

    @ex.main
    def main(optimizer, seed, _run):
        _run.log_scalars({"acc": [0.1, SCORES[optimizer, seed], 0.2], "same": [1.0], "time/step": [seed]})
        return {"score": SCORES[optimizer, seed], "kept": True}

    for optimizer, seed in SCORES:
        ex.run(config_updates={"optimizer": optimizer, "seed": seed})


def test_only_what_differs_has_a_column(seeds, cli):
    """Entries and metrics that are the same in all runs have none, nor have timers."""
    lines = cli("compare").splitlines()

    assert {"id", "optimizer", "seed", "result.score"} == set(lines[0].split())
    assert ["1", "1", "adam", "0.8"] == sorted(lines[1].split(), key=["1", "adam", "0.8"].index)
    assert "depth" not in lines[0] and "same" not in lines[0] and "time" not in lines[0]


def test_metrics_and_entries_can_be_chosen(seeds, cli):
    """`-m` and `-e` name the columns; a metric that no run has gets the nearest."""
    lines = cli("compare", "1,4", "-m", "acc.max,acc,result.score,duration", "-e", "config.depth").splitlines()

    assert ["id", "config.depth", "acc.max", "acc.last", "result.score", "duration"] == lines[0].split()
    assert ["1", "3", "0.8", "0.2", "0.8"] == lines[1].split()[:-1]
    cli("compare", "-m", "accc.max")
    assert cli.code == 2 and "'metrics.accc.max': is in no run. Did you mean 'metrics.acc.max'" in cli.err
    cli("compare", "-e", "deth")
    assert cli.code == 2 and "Did you mean 'config.depth'" in cli.err


def test_a_number_of_a_result_may_be_called_anything(ex, cli):
    """Numbers of results are compared whatever they are called, and asked for as they are shown."""
    report = {"macro avg": {"f1-score": 0.5}, "0": 1.0, "a.b": 2.0, "ünï": 3.0, "['x']": 4.0}

    @ex.main
    def main(seed):
        return {"macro avg": {"f1-score": 0.5 + seed}, **{name: seed for name in report if name != "macro avg"}}

    for seed in (1, 2):
        ex.run(config_updates={"seed": seed})
    found = cli.json("compare")
    names = {name for run in found["runs"] for name in run["metrics"]}

    assert len(report) == len(names)
    for name in names:
        again = cli.json("compare", "--metrics", name)
        assert [run["metrics"][name] for run in found["runs"]] == [run["metrics"][name] for run in again["runs"]]


def test_groups_of_seeds_have_mean_deviation_interval_and_count(seeds, cli):
    """Runs equal but for the seed are a group, with what their numbers come to."""
    found = cli.json("compare", "1-6", "--groups", "-m", "acc.max")

    assert [{"optimizer": "adam"}, {"optimizer": "sgd"}] == [group["entries"] for group in found["groups"]]
    assert ["4", "5", "6"] == found["groups"][1]["runs"]
    sample = found["groups"][0]["metrics"]["acc.max"]
    assert pytest.approx({"n": 3, "mean": 0.85, "sd": 0.05, "low": 0.7257931, "high": 0.9742069}) == sample


@pytest.mark.once
def test_two_groups_are_tested(seeds, cli):
    """The difference of two groups comes with its interval and the p of Welch's test; three groups have none."""
    from scipy import stats

    test = cli.json("compare", "1-6", "-g", "-m", "acc.max")["tests"]["acc.max"]
    expected = stats.ttest_ind([0.6, 0.7, 0.5], [0.8, 0.9, 0.85], equal_var=False)
    text = cli("compare", "1-6", "-g", "-m", "acc.max")

    assert pytest.approx((expected.statistic, expected.pvalue)) == (test["t"], test["p"])
    assert "optimizer=sgd less optimizer=adam" in text and f"{expected.pvalue:.2g}" in text
    assert {} == cli.json("compare", "--by", "seed")["tests"]


def test_an_entry_that_is_called_as_the_count_is_told_from_it(ex, cli):
    """Each column of groups has a title of its own."""
    ex.add_config(n=1)

    @ex.main
    def main(n, seed):
        return {"score": n + seed % 2}

    for n in (1, 2):
        for seed in (1, 2, 3):
            ex.run(config_updates={"n": n, "seed": seed})
    lines = cli("compare", "--groups", "-m", "result.score", "--form", "csv").splitlines()

    assert ["config.n", "n"] == lines[0].split(",")[:2]
    assert ["1,3,", "2,3,"] == [line[:4] for line in lines[1:3]]


def test_groups_can_be_chosen(seeds, cli):
    """`--by` groups by entries, whatever else differs."""
    found = cli.json("compare", "1-6", "--by", "seed", "-m", "acc.max")["groups"]

    assert [{"seed": 1}, {"seed": 2}, {"seed": 3}] == [group["entries"] for group in found]
    assert ["1", "4"] == found[0]["runs"]


def test_tables_come_as_csv_markdown_and_latex(seeds, cli):
    """Each form is what its readers take; CSV has numbers in full."""
    words = ["compare", "1,4", "-m", "acc.max", "-e", "optimizer"]

    assert [["id", "optimizer", "acc.max"], ["1", "adam", "0.8"], ["4", "sgd", "0.6"]] == list(
        csv.reader(io.StringIO(cli(*words, "-o", "csv")))
    )
    assert "| id | optimizer | acc.max |\n| --- | --- | ---: |\n| 1 | adam | 0.8 |" in cli(*words, "-o", "markdown")
    assert "id & optimizer & acc.max \\\\\n\\midrule\n1 & adam & 0.8 \\\\" in cli(*words, "-o", "latex")
    assert "mean $\\pm$ sd (95\\% CI)" in cli("compare", "-g", "-o", "latex")
    assert "acc.max sd" in cli("compare", "-g", "-m", "acc.max", "-o", "csv").splitlines()[0]
    cli(*words, "-o", "markdwn")
    assert (2, "UsageError: --form=markdwn: is none. There are: markdown.\n") == (cli.code, cli.err)


def test_confidence_is_a_part_of_one(seeds, cli):
    """A greater confidence has a wider interval; one that is none is said."""
    narrow, wide = (
        cli.json("compare", "1-3", "-g", "-m", "acc.max", f"--confidence={part}")["groups"][0]["metrics"]["acc.max"]
        for part in (0.5, 0.99)
    )
    assert wide["low"] < narrow["low"] < narrow["high"] < wide["high"]
    cli("compare", "-g", "--confidence=95")
    assert (2, "UsageError: --confidence=95: takes a part of 1, such as 0.95.\n") == (cli.code, cli.err)


def test_runs_without_a_metric_leave_a_gap(seeds, ex, cli):
    """A run that lacks a metric has an empty cell, and is not counted in its group."""

    @ex.command
    def other():
        return None

    ex.run("other", config_updates={"seed": 1})
    found = cli.json("compare", "1,7", "--by", "depth", "-m", "acc.max")["groups"][0]

    assert (["1", "7"], 1) == (found["runs"], found["metrics"]["acc.max"]["n"])
    assert "n = 1" in cli("compare", "1,7", "--by", "depth", "-m", "acc.max")


def test_an_empty_store_has_an_empty_comparison(cli):
    """Without runs there is nothing but the title."""
    assert ("id\n", 0) == (cli("compare"), cli.code)
    assert [] == cli.json("compare", "-g")["groups"]


# ------------------------------------------------------------------------------------------- what a group's numbers are


@pytest.fixture
def generated(ex):
    """
    Make runs of two optimizers from a seed: repeated, failed, resumed with superseded points, numbers of all kinds.

    Returns for each optimizer what counts of each of its seeds.
    """
    kinds = (float, np.float64, np.float32, lambda value: np.array(value), np.float16)

    @ex.config
    def config():
        optimizer = "adam"

    @ex.main
    def main(optimizer, seed, _run):
        plan = plans[optimizer, seed]
        last = _run.last_checkpoint()
        if last is None and plan["resumes"]:
            _run.log_scalar("loss", 1.0, 0)
            _run.checkpoint(0, epoch=0)
            _run.log_scalar("loss", 99.0, 1)  # superseded
            raise expframe.RunInterrupt
        _run.log_scalar("loss", plan["value"], 1)
        if plan["fails"] > 0:
            plan["fails"] -= 1
            raise ValueError
        return {"score": plan["kind"](plan["value"])}

    plans = {}

    def make(draw):
        plans.clear()
        for optimizer in ("adam", "sgd"):
            for seed in range(draw.randint(2, 5)):
                value = float(np.float16(draw.gauss(1, 0.5)))
                plans[optimizer, seed] = {
                    "value": value,
                    "kind": draw.choice(kinds),
                    "fails": draw.choice((0, 0, 1)),
                    "resumes": draw.random() < 0.3,
                    "times": draw.choice((1, 1, 2, 3)),
                }
        for (optimizer, seed), plan in plans.items():
            for _ in range(plan["times"]):
                do(ex, {"optimizer": optimizer, "seed": seed}, plan["resumes"])
        return plans

    return make


def do(ex, updates, resumes):
    """Do a run, which may fail, and resume it where that is planned."""
    for options in ({}, {"resume": "last"}) if resumes else ({},):
        with contextlib.suppress(ValueError, expframe.RunInterrupt):
            ex.run(config_updates=updates if not options else {}, options=options)


@pytest.mark.once
@pytest.mark.parametrize("seed", range(6))
def test_groups_are_what_scipy_and_pandas_say(generated, cli, seed):
    """Mean, deviation, interval and test of groups are SciPy's of one number for each seed, as `frame` has them."""
    from scipy import stats

    plans = generated(random.Random(seed))
    found = cli.json("compare", "--by", "optimizer", "-m", "result.score,loss.min")

    frame = expframe.runs("runs").frame("pandas").sort_values("id", key=lambda ids: ids.astype(int))
    done = frame[frame["status"] == "COMPLETED"].drop_duplicates(["config.optimizer", "config.seed"], keep="last")
    samples = {}
    for group in found["groups"]:
        optimizer = group["entries"]["optimizer"]
        of_frame = done.loc[done["config.optimizer"] == optimizer, "result.score"]
        counted = {run.config["seed"]: run for run in map(expframe.runs("runs").__getitem__, group["runs"])}
        expected = [float(run.result["score"]) for run in counted.values() if run.result]
        assert {seed for name, seed in plans if name == optimizer} == counted.keys()
        assert len(counted) == len(group["runs"])
        assert sorted(expected) == sorted(of_frame)
        samples[optimizer] = expected
        sample = group["metrics"]["result.score"]
        assert (len(expected), pytest.approx(of_frame.mean())) == (sample["n"], sample["mean"])
        if len(expected) > 1 and of_frame.std() > 0:
            low, high = stats.t.interval(0.95, len(expected) - 1, np.mean(expected), stats.sem(expected))
            assert pytest.approx([of_frame.std(), low, high]) == [sample["sd"], sample["low"], sample["high"]]
    if "result.score" in found["tests"]:
        test = stats.ttest_ind(samples["sgd"], samples["adam"], equal_var=False)
        its = found["tests"]["result.score"]
        assert pytest.approx([test.statistic, test.df, test.pvalue]) == [its["t"], its["freedom"], its["p"]]


@pytest.mark.parametrize("seed", range(3))
def test_superseded_points_count_nowhere(generated, cli, seed):
    """What a resumed run logged after its checkpoint is in no statistic."""
    generated(random.Random(seed))

    assert 99.0 not in {value for (value,) in expframe.runs("runs").rows("metrics.loss.max")}


def test_repetitions_count_once(ex, cli):
    """Runs with one seed, config, code and command are one observation, the newest that was completed; it is said."""
    scores = iter([0.1, 0.2, 0.3, 0.4, 0.5])

    @ex.main
    def main(seed):
        score = next(scores)
        if score == 0.5:
            raise ValueError
        return {"score": score}

    for seed in (1, 1, 2, 2):
        ex.run(config_updates={"seed": seed})
    with pytest.raises(ValueError):
        ex.run(config_updates={"seed": 2})
    found = cli.json("compare", "--groups", "-m", "result.score")

    (group,) = found["groups"]
    assert (["2", "4"], ["1", "3", "5"]) == (group["runs"], group["repetitions"])
    assert (2, pytest.approx(0.3)) == (group["metrics"]["result.score"]["n"], group["metrics"]["result.score"]["mean"])
    out = cli("compare", "--groups", "-m", "result.score")
    assert "Not counted: 3 runs (1, 3, 5), which are repetitions of another with its seed, config, command" in out


def test_runs_of_other_code_are_no_repetitions(script, environment, cli, tmp_path):
    """A run of changed code counts beside the one before."""
    for factor in (1, 2, 2):
        path = script(f"""
            from expframe import Experiment
            ex = Experiment("coded")
            @ex.automain
            def main(seed):
                return {{"score": {factor}}}
            """)
        run_python([path, "with", "seed=1"], env=environment).check_returncode()

    (group,) = cli.json("compare", "--groups", "-m", "result.score")["groups"]
    assert (["1", "3"], ["2"]) == (group["runs"], group["repetitions"])


@pytest.mark.parametrize(
    "text", ["two\nlines", "tab\there", "carriage\rreturn\r\n", ' "quoted", ', "", "ünï", "a" * 200]
)
def test_texts_in_csv_are_whole(ex, cli, text):
    """CSV has every text as it is, line ends and tabs among it, quoted so that a reader gives it back."""

    @ex.config
    def config():
        prompt = "x"

    @ex.main
    def main():
        return 1.5

    ex.run(config_updates={"prompt": text})
    ex.run(config_updates={"prompt": "other"})

    for words in (("compare", "-e", "prompt"), ("ls", "-c", "id,prompt"), ("compare", "--by", "prompt")):
        rows = list(csv.DictReader(io.StringIO(cli(*words, "--form", "csv"), newline="")))
        assert {text, "other"} == {row["prompt"] for row in rows}, words


def test_values_in_csv_are_in_full(ex, cli):
    """CSV has numbers with all their digits, and lists whole."""

    @ex.config
    def config():
        lr = 0.1
        sizes = list(range(100))

    ex.main(lambda: 1 / 3)
    ex.run()
    (row,) = csv.DictReader(io.StringIO(cli("ls", "-c", "id,lr,sizes,result,started", "--form", "csv")))

    assert ("1", 0.1, 1 / 3) == (row["id"], float(row["lr"]), float(row["result"]))
    assert list(range(100)) == json.loads(row["sizes"])
    assert expframe.runs("runs")["1"].record.started == datetime.datetime.fromisoformat(row["started"])
