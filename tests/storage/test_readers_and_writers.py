"""What reads and changes a store while runs begin, go on and end in it."""

import json
import os
import threading
import zipfile

import mounts
import pytest
from interpreter import start_python
from steps import wait_until

import expframe
from expframe import Experiment
from expframe.disk.files import replace_file
from expframe.store import checks, editing, shared
from expframe.store.reader import StoredRun

WRITE = """
    import time
    from pathlib import Path
    from expframe import Experiment

    ex = Experiment("writer")

    @ex.main
    def main(_run, n):
        for step in range(n % 20):
            _run.log_scalar("loss", step)
            _run.info["step"] = step
        _run.save([n], "n.json")
        _run.save([n, n], "n.json", overwrite=True)
        _run.checkpoint(n, n=n)
        return n

    n = 0
    while not Path("stop").exists():
        n += 1
        time.sleep(0.03)
        ex.run(config_updates={"n": n}, options={"capture": "no", "beat_interval": 0.01})
        print("a run", flush=True)
"""


@pytest.fixture
def store(tmp_path, ex):
    """A store of three runs."""
    ex.main(lambda: None)
    for _ in range(3):
        ex.run()
    return tmp_path / "runs"


def two_that_ended():
    """Return the numbers of the runs that have ended, the newest first, once there are two."""
    ended = [id for id in expframe.runs().where("status == 'COMPLETED'").ids() if id.isdigit()]
    return ended if len(ended) > 1 else []


@pytest.mark.once
def test_commands_hold_against_runs_that_go_on(tmp_path, script, environment, cli):
    """Whatever is asked of a store in which runs begin, go on and end, the answer is right, and no run has a fault."""
    path = script(WRITE)
    writers = [start_python([path], env=environment) for _ in range(2)]
    said = set()
    for writer in writers:
        assert "a run\n" == writer.stdout.readline()
    for turn in range(2):
        newest, *_, oldest = wait_until(two_that_ended)
        for words in (
            ["ls", "--all", "--columns", "id,status,size"], ["doctor"], ["du"], ["gc"], ["gc", "--checkpoints"],
            ["export", f"{turn}.zip", newest, "last"],
            ["rename", oldest, f"kept-{turn}"], ["tag", newest, "seen"], ["rm", newest],
            ["compare"], ["show", "last"], ["import", f"{turn}.zip", "-F", "other"],
        ):  # fmt: skip
            cli(*words)
            if cli.code:
                said.add((words[0], cli.err or cli.out))
    (tmp_path / "stop").touch()
    for writer in writers:
        _, problems = writer.communicate(timeout=120)
        assert (0, "") == (writer.returncode, problems)
    cli("doctor")

    assert "Nothing is wrong.\n" == cli.out
    assert {"COMPLETED"} == {run.status for run in expframe.runs()}
    assert [] == [run.id for run in expframe.runs() if run.load("n") != [run.result] * 2 or run.record.problems]
    assert {f"kept-{turn}" for turn in range(2)} <= {run.id for run in expframe.runs()}
    allowed = ("gc", "import", "export", "show")  # which say of a run that goes on that it does, or is gone
    assert set() == {one for one in said if one[0] not in allowed or "Error: [" in one[1] or "Traceback" in one[1]}


def test_a_run_that_is_removed_while_it_is_read_is_named(store, cli, monkeypatch):
    """A command that was about to read a run which somebody has removed says so, and names the run."""
    read = StoredRun._read_record

    def removed(run):
        editing.move_to_trash(run.folder)
        return read(run)

    monkeypatch.setattr(StoredRun, "_read_record", removed)
    cli("show", "2")

    assert 1 == cli.code
    assert "StoreError: run 2: was removed, renamed or moved just now. Look for it with ls.\n" == cli.err


def test_a_store_is_examined_without_what_is_removed_meanwhile(store):
    """A run that is removed while a store is examined is no finding, whenever that is."""
    (store / "1" / "run.json").write_text("broken")
    findings = checks.check(store)
    broken = next(findings)
    editing.move_to_trash(store / "2")

    assert ("1", []) == (broken.place, list(findings))


def test_what_somebody_else_has_removed_stops_no_removal(store, cli, monkeypatch):
    """Of two who remove the same runs at once each goes on to the end, and each run is in the trash once."""
    put_away = editing.put_away

    def slow(run):
        if run.id == "3":
            for other in ("2", "3"):
                editing.move_to_trash(store / other)
        return put_away(run)

    monkeypatch.setattr(editing, "put_away", slow)
    cli("rm", "3", "2", "1")

    assert 0 == cli.code and "1 run" in cli.out
    assert ["1", "2", "3"] == sorted(os.listdir(store / "_trash"))


def test_the_trash_takes_two_of_one_name_at_once(store, monkeypatch):
    """Where a run of the same name came into the trash just now, the second one has a number."""
    editing.move_to_trash(store / "1")
    (store / "2").rename(store / "1")
    lexists = os.path.lexists
    monkeypatch.setattr(os.path, "lexists", lambda path: lexists(path) and not str(path).endswith("_trash/1"))

    assert "1~2" == editing.move_to_trash(store / "1")


def test_what_begins_while_unused_files_are_looked_for_keeps_its_own(store, tmp_path, monkeypatch):
    """A resource of a run that begins and ends while gc looks for unused ones is not taken for one."""
    ex = Experiment("late", store=store)
    (tmp_path / "data.txt").write_text("data")
    files_in = shared.files_in

    @ex.main
    def main(_run):
        _run.add_resource(tmp_path / "data.txt")

    def late(folder):
        ex.run()
        return files_in(folder)

    monkeypatch.setattr(shared, "files_in", late)

    assert [] == checks.unused(store)


def test_an_exported_run_never_says_more_than_it_holds(store, cli):
    """The record of a run goes into a file before its points: of a run that goes on there may be more, never less."""
    cli("export", "out.zip", "1")
    with zipfile.ZipFile("out.zip") as archive:
        names = [name.removeprefix("runs/1/") for name in archive.namelist() if name.startswith("runs/1/")]

    assert "run.json" == names[0]


@pytest.mark.once
def test_what_another_machine_replaces_is_read_again(tmp_path, passing):
    """A reader elsewhere has the old content of a file or the new, while a run there replaces it again and again."""
    below = tmp_path / "below"
    (below / "1").mkdir(parents=True)
    here, there = (passing.enter_context(mounts.passed_through(tmp_path / name, below)) for name in "ab")
    replace_file(here / "1" / "info.json", '{"n": 0}')
    over = threading.Event()

    def write():
        n = 0
        while not over.is_set():
            n += 1
            replace_file(here / "1" / "info.json", json.dumps({"n": n}))

    writer = threading.Thread(target=write)
    writer.start()
    run = StoredRun(there / "1")
    try:
        seen = [run.info["n"] for _ in range(300)]
        wait_until(lambda: run.info["n"] > seen[0])  # whichever of both was slow
        seen.append(run.info["n"])
    finally:
        over.set()
        writer.join()

    assert sorted(seen) == seen
