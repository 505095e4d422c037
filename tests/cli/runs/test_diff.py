"""`expframe diff`: what differs between runs."""

import json
import shutil
from pathlib import Path

import pytest
from interpreter import run_python

import expframe


@pytest.fixture
def two_versions(script, environment, tmp_path):
    """Two runs of a script that was changed between them."""
    text = """
        from expframe import Experiment
        ex = Experiment("train")
        @ex.config
        def config():
            lr = 0.1
            token = "hunter22"
            net = {"depth": 3}
        @ex.automain
        def main(lr, _run):
            _run.log_scalar("loss", lr)
            return %s
    """
    for result, words in (("lr * 2", ["lr=0.1"]), ("lr * 3", ["lr=0.2", "net.depth=4", "token=another1"])):
        path = script(text % result)
        run_python([path, "with", "seed=1", *words], env=environment).check_returncode()


def test_diff_shows_entries_sources_and_results_that_differ(two_versions, cli):
    """Only what differs is shown: config, code as a unified diff, results; secrets are masked."""
    lines = cli("diff", "1", "2").splitlines()

    assert ["net.depth", "3", "4"] in [line.split() for line in lines]
    assert ["lr", "0.1", "0.2"] in [line.split() for line in lines]
    assert "-    return lr * 2" in lines and "+    return lr * 3" in lines
    assert "--- script.py (run 1)" in lines
    assert "packages: same" in lines
    assert any(line.startswith("metrics.loss.last") for line in lines)
    assert "hunter22" not in "".join(lines) and "another1" not in "".join(lines)


def test_diff_as_json_names_the_value_of_each_run(two_versions, cli):
    """In JSON each entry has its value by run, and code is a unified diff."""
    found = cli.json("diff", "1-2")

    assert ["1", "2"] == found["runs"]
    assert {"1": 0.1, "2": 0.2} == found["differences"]["config"]["lr"]
    assert {"1": 3, "2": 4} == found["differences"]["config"]["net.depth"]
    assert [("script.py", "changed")] == [(change["file"], change["change"]) for change in found["code"]]
    assert "+    return lr * 3\n" in found["code"][0]["diff"]


def test_diff_of_parts_compares_nothing_else(two_versions, cli):
    """`--only` narrows the comparison; a part that is none is said."""
    found = cli.json("diff", "1", "2", "--only=code")
    assert ({}, {}, 1) == (found["differences"], found["not_recorded"], len(found["code"]))
    cli("diff", "1", "2", "--only=cofig")
    assert (2, "UsageError: --only=cofig: is none of what is compared. There are: config.\n") == (cli.code, cli.err)


def test_diff_needs_two_runs(two_versions, cli):
    """One run has nothing to be compared with."""
    cli("diff", "1", "1")
    assert (2, "UsageError: run 1: is one, and there is nothing to compare it with.\n") == (cli.code, cli.err)


def test_values_that_look_the_same_in_short_are_shown_in_full(ex, cli):
    """Two floats that differ in the tenth digit are shown with it."""

    @ex.main
    def main(_config):
        return None

    ex.add_config(x=0.1)
    ex.run(config_updates={"x": 0.1234567891})
    ex.run(config_updates={"x": 0.1234567892})

    assert "0.1234567891  0.1234567892" in cli("diff", "1", "2", "--only=config")


def test_an_entry_that_a_run_lacks_is_no_none(ex, cli):
    """An entry that is not there stands as a dash, and None as None; in JSON it is left out."""

    @ex.main
    def main():
        return None

    ex.add_config(x=None)
    ex.run(config_updates={"+y": None, "seed": 1})
    ex.run(config_updates={"x": 1, "seed": 1})

    assert ["y", "None", "-"] in [line.split() for line in cli("diff", "1", "2").splitlines()]
    assert {"x": {"1": None, "2": 1}, "y": {"1": None}} == cli.json("diff", "1", "2")["differences"]["config"]


def test_diff_says_what_a_run_ended_too_early_to_know(two_versions, cli):
    """A run that died before its facts were found out differs in none of them: that they are unknown is said."""
    path = expframe.runs("runs")["2"].folder / "run.json"
    data = json.loads(path.read_bytes())
    data.update(status="DIED", packages={}, host={}, git=None, sources=[], sources_at_end=[])
    path.write_text(json.dumps(data))
    out = cli("diff", "1", "2")

    for part in ("packages", "host", "git", "code"):
        assert f"{part}: not recorded of run 2" in out.splitlines()
        assert f"{part}: same" not in out
    assert "numpy" not in out and "---" not in out
    found = cli.json("diff", "1", "2", "--only=packages,code")
    assert ({"packages": {}}, []) == (found["differences"], found["code"])
    assert {"packages": ["2"], "code": ["2"]} == found["not_recorded"]


def test_diff_compares_the_runs_of_which_facts_are_known(two_versions, cli):
    """Beside a run without facts, the others are compared."""
    for id, packages in (("2", {"numpy": "1"}), ("1", {"numpy": "2"})):
        path = expframe.runs("runs")[id].folder / "run.json"
        path.write_text(json.dumps({**json.loads(path.read_bytes()), "packages": packages}))
    other = Path(shutil.copytree("runs/1", "runs/3"), "run.json")
    other.write_text(json.dumps({**json.loads(other.read_bytes()), "packages": {}, "id": "3"}))
    lines = cli("diff", "1", "2", "3", "--only=packages").splitlines()

    assert "packages: not recorded of run 3" == lines[0]
    assert ["numpy", "2", "1", "-"] == lines[-1].split()


@pytest.fixture
def two_stores(ex, cli, tmp_path):
    """Runs with one secret and with another in one store (1, 2), and one with the first from a second store (3)."""

    @ex.main
    def main(_config):
        return 0.5

    ex.add_config(api_key="hunter22-first", keys=[{"password": "in a list"}], lr=0.1, seed=1)
    ex.run()
    ex.run(config_updates={"api_key": "hunter22-second"})
    ex.run(options={"file_storage": "elsewhere", "name": "test"})
    shutil.copytree("elsewhere/1", "runs/3")


def test_secrets_are_told_apart_where_that_is_known(two_stores, cli):
    """A secret that is another one stands with its fingerprint; one that is the same is no difference."""
    line = next(line for line in cli("diff", "1", "2", "--only=config").splitlines() if line.startswith("api_key"))
    first, second = (part for part in line.split("  ") if "(" in part)

    assert first != second and "hunter22" not in line
    assert {"api_key"} == cli.json("diff", "1", "2", "--only=config")["differences"]["config"].keys()
    assert {} == cli.json("diff", "1", "2")["unknown"]


def test_of_secrets_without_a_common_salt_diff_says_that_nobody_knows(two_stores, cli):
    """Secrets of two stores, in lists too, are neither the same nor different: unknown."""
    out = cli("diff", "1", "3", "--only=config")
    found = cli.json("diff", "1", "3")

    assert "config: api_key, keys: unknown whether the same (secrets of stores that have no salt" in out
    assert "config: same" not in out
    assert ({"config": ["api_key", "keys"]}, {}) == (found["unknown"], found["differences"]["config"])
    found = cli.json("diff", "1", "2", "3")
    assert ({"api_key"}, ["api_key", "keys"]) == (found["differences"]["config"].keys(), found["unknown"]["config"])


def test_of_secrets_without_a_common_salt_compare_says_that_nobody_knows(two_stores, cli):
    """They have no column of their own, make no group and no sample; asked for, each store's are a group."""
    assert ["api_key", "keys"] == cli.json("compare", "1", "3")["unknown"]
    assert "api_key, keys: unknown whether the same" in " ".join(cli("compare", "1", "3").split())
    assert [{}] == [row["entries"] for row in cli.json("compare", "1", "3")["runs"]][:1]
    (group,) = cli.json("compare", "1", "3", "--groups")["groups"]
    assert (["3"], ["1"]) == (group["runs"], group["repetitions"])
    asked = cli.json("compare", "1-3", "--by", "api_key")
    assert ([["1"], ["2"], ["3"]], ["api_key"]) == ([group["runs"] for group in asked["groups"]], asked["unknown"])
    assert [] == cli.json("compare", "1", "2", "--by", "api_key")["unknown"]


def test_a_filter_takes_no_secret_for_what_it_may_not_be(two_stores, cli):
    """A comparison with a secret that nobody can tell holds for no run, and neither does its opposite."""
    for text in ("api_key == 'hunter22-first'", "api_key != 'x'", "api_key in ['x']", "api_key not in ['x']"):
        assert [] == expframe.runs("runs").where(text).ids()
    assert ["3", "2", "1"] == expframe.runs("runs").where("api_key != None and api_key != ''").ids()
    assert ["3", "2", "1"] == expframe.runs("runs").where("api_key == api_key").ids()
