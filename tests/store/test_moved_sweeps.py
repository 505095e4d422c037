"""Sweeps whose runs were exported, imported, renamed or put away."""

import textwrap

import pytest
from interpreter import run_python

from expframe import runs
from expframe.store.sweeps.trials import Trials

once = pytest.mark.once  # they are many processes, and the same on all Pythons

SCRIPT = textwrap.dedent("""
    from expframe import Experiment

    ex = Experiment("moved")
    ex.add_config(lr=1.0, broken=False)


    @ex.automain
    def main(lr, seed, broken, _run):
        if lr == 0.2 and seed == 2 and not _run.record.sweep["attempt"] > 1:
            raise ValueError("once")
        return lr * 10 + seed
    """)


@pytest.fixture
def moved(tmp_path, environment, monkeypatch):
    """A function that sweeps in a store; the sweep has two configurations with two seeds, of which one trial fails."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "moved.py").write_text(SCRIPT)

    def sweep(*words, folder=tmp_path):
        done = run_python(["moved.py", "sweep", *words, "-l", "ERROR"], cwd=folder, env=environment)
        return done.returncode, done.stdout + done.stderr

    assert 1 == sweep("with", "lr=0.1,0.2", "seed=1,2", "-F", "one")[0]
    return sweep


def facts(store, id):
    """Return of each trial of a sweep its status, and what its run says that it is."""
    found = []
    for state in runs(store)[id].sweep.trials:
        record = runs(store)[state.run].record
        found.append((state.number, state.status, record.sweep["trial"], runs(store)[record.parent].id == id))
    return found


@once
def test_an_imported_sweep_knows_its_trials_by_their_new_ids(moved, cli):
    """Whatever ids runs are given where a sweep comes to, `show`, `best` and readers name the runs of its trials."""
    moved("with", "lr=0.3,0.4", "seed=1", "-F", "two")
    exported = cli.json("export", "all.zip", "1", "-F", "one")["runs"]
    imported = {run["from"]: run["id"] for run in cli.json("import", "all.zip", "-F", "two")["runs"]}

    assert {"1", "2", "3", "4", "5"} == set(exported)
    assert set("45678") == set(imported.values())

    id = imported["1"]
    best = cli.json("sweep", "best", id, "-F", "two")["best"]

    assert facts("one", "1") == facts("two", id)
    assert [imported[run] for run in cli.json("sweep", "best", "1", "-F", "one")["best"]["runs"]] == best["runs"]
    assert {"COMPLETED": 3, "FAILED": 1} == dict(runs("two")[id].sweep.counts)


@pytest.mark.once
def test_an_imported_sweep_goes_on(moved, cli, tmp_path):
    """A sweep that came from where its script was elsewhere goes on with the one that is here, under new ids."""
    moved("with", "lr=0.3,0.4", "seed=1", "-F", "two")
    cli("export", "all.zip", "1", "-F", "one")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "moved.py").rename(elsewhere / "moved.py")
    [id] = [run["id"] for run in cli.json("import", "all.zip", "-F", "two")["runs"] if run["from"] == "1"]
    code, text = moved(f"--resume={id}", "--retry=failed", "-F", "../two", folder=elsewhere)

    assert 0 == code, text
    assert "4 trials: 4 completed" in text
    assert [(number, "COMPLETED", number, True) for number in range(4)] == facts("two", id)
    assert 2 == runs("two")[id].sweep.trials[3].attempt


@once
def test_a_sweep_that_goes_on_where_it_was_is_as_it_was(moved, tmp_path, environment):
    """Where its script is still there, by its file or as a module, going on changes nothing of the plan."""
    assert 0 == moved("--resume=1", "--retry=failed", "-F", "one")[0]
    for words in (["with", "lr=0.3,0.4", "seed=1"], ["--resume=1"]):
        line = ["-m", "expframe", "sweep", "-m", "moved", *words, "-l", "ERROR", "-F", "two"]
        done = run_python(line, cwd=tmp_path, env=environment)
        assert 0 == done.returncode, done.stdout + done.stderr

    assert not (tmp_path / "one/1/changes").exists()
    assert not (tmp_path / "two/1/changes").exists()


@once
def test_a_run_that_did_not_come_along_is_none_of_the_others(moved, cli):
    """Where a trial's run was left behind, no run that has its id by chance is taken for it."""
    moved("with", "lr=0.3,0.4,0.5,0.6", "seed=1", "-F", "two")
    cli("rm", "3", "-F", "one")
    cli("export", "all.zip", "1", "-F", "one")
    [id] = [run["id"] for run in cli.json("import", "all.zip", "-F", "two")["runs"] if run["from"] == "1"]
    trials = Trials(runs("two")[id].folder)
    trials.refresh()
    missing = [state.number for state in trials if not state.run]

    assert 1 == len(missing)
    assert {runs("two")[state.run].record.parent_id for state in trials if state.run} == {id}


@pytest.mark.once
def test_a_trial_whose_run_is_renamed_is_known_by_its_new_name(moved, cli):
    """When the run of a trial is given another id, its sweep says that one; the other way round nothing changes."""
    cli("rename", "2", "good", "-F", "one")
    cli("rename", "1", "lr", "-F", "one")

    assert "good" in [state.run for state in runs("one")["lr"].sweep.trials]
    assert 4 == len(facts("one", "lr"))


@pytest.mark.once
def test_a_sweep_is_put_away_and_taken_back_with_its_trials(moved, cli):
    """A sweep that goes into the trash with its trials is whole when it is taken out again."""
    before = facts("one", "1")
    removed = [run["id"] for run in cli.json("rm", "1", "--children", "-F", "one")["removed"]]

    assert set("12345") == set(removed)

    cli("rm", "--restore", *removed, "-F", "one")

    assert before == facts("one", "1")


@pytest.mark.once
def test_comparing_a_sweep_groups_its_configurations(moved, cli):
    """A sweep that is named stands for its trials by configuration, of which those count that came to their end."""
    text = cli("compare", "1", "-F", "one")
    groups = cli.json("compare", "1", "-F", "one")["groups"]
    singles = cli.json("compare", "1", "--runs", "-F", "one")["runs"]

    assert [({"lr": 0.1}, 2), ({"lr": 0.2}, 1)] == [(group["entries"], len(group["runs"])) for group in groups]
    assert [2.5, 3.0] == [group["metrics"]["result"]["mean"] for group in groups]
    assert "Not completed, and counted in no group:" in text
    assert 4 == len(singles)
    assert cli.json("compare", "1", "-w", "lr < 0.15", "-F", "one")["groups"][0]["runs"] == groups[0]["runs"]


@once
def test_replicates_in_another_entry_are_no_groups(moved, cli):
    """A sweep whose replicates differ in another entry than the seed is grouped without that."""
    moved("with", "lr=0.3,0.4", "broken=False,True", "seed=1", "--replicate=broken", "-F", "two")

    assert [{"lr": 0.3}, {"lr": 0.4}] == [group["entries"] for group in cli.json("compare", "1", "-F", "two")["groups"]]


@pytest.mark.once
def test_a_tree_says_which_trials_runs_are(moved, cli):
    """Below a sweep each run has its trial and configuration, and whether it is excluded; elsewhere there are none."""
    cli("sweep", "exclude", "1", "3", "-F", "one")
    [top] = cli.json("ls", "--tree", "-F", "one")["runs"]

    assert [(0, 0, False), (1, 0, False), (2, 1, False), (3, 1, True)] == sorted(
        (run["sweep.trial"], run["sweep.configuration"], run["sweep.excluded"]) for run in top["children"]
    )
    assert "sweep.trial" in cli("ls", "--tree", "-F", "one").splitlines()[0]
    assert "sweep.trial" not in cli("ls", "-F", "one")
