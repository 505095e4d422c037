"""`expframe tag`, `note`, `rename` and `rm`: runs that are changed and put away."""

import errno
import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from interpreter import start_python
from steps import wait_until

from expframe import runs
from expframe.disk.files import replace_file
from expframe.errors import RunNotFoundError
from expframe.store import editing


@pytest.fixture
def some(ex):
    """Three runs, the second of which was started in the first."""

    @ex.command
    def inner():
        return None

    @ex.main
    def main(nested):
        if nested:
            ex.run("inner")

    ex.add_config(nested=False)
    ex.run(config_updates={"nested": True}, options={"tag": "first"})
    ex.run()
    return runs("runs")


@pytest.fixture
def running(script, environment):
    """A run that goes on until the test ends; its folder."""
    path = script("""
        import sys
        from expframe import Experiment
        ex = Experiment("slow")
        @ex.automain
        def main():
            sys.stdin.readline()
    """)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with start_python([path, "-C", "no", "-i", "slow"], env=environment, **pipes) as process:
        folder = path.parent / "runs" / "slow"
        wait_until((folder / "run.json").exists)
        yield folder
        process.communicate("\n")


def test_tags_are_added_once_and_taken_away(some, cli):
    """`tag` adds what is not there, for several runs at once, and `--remove` takes away."""
    assert "Run 1: first, good, best\nRun 3: good, best, first\n" == cli("tag", "1,3", "good,best", "first")
    assert [{"id": "1", "tags": ["good"]}] == cli.json("tag", "1", "first", "best", "--remove")["runs"]
    assert ("good",) == some["1"].record.tags
    assert ["1"] == some.where("'good' in tags and not 'best' in tags").ids()


def test_a_note_is_given_shown_and_taken_away(some, cli):
    """`note` with a text sets the comment, without one prints it, with an empty one removes it."""
    cli("note", "1", "the best so far")
    assert "the best so far\n" == cli("note", "1")
    cli("note", "1", "")
    assert None is cli.json("note", "1")["comment"]


def test_a_changed_record_keeps_everything_else(some, cli):
    """Only the fact that is changed differs, facts of other versions included; the form is the writer's."""
    path = some["1"].folder / "run.json"
    before = json.loads(path.read_bytes())
    path.write_text(json.dumps({**before, "of_a_later_version": [1]}))
    cli("note", "1", "x")

    assert {**before, "of_a_later_version": [1], "comment": "x"} == json.loads(path.read_bytes())
    assert '{\n "format": 1,\n "uid": ' == path.read_text()[:24]


def test_a_note_hides_credentials(some, cli):
    """A password in a URL is masked, as in everything that is stored."""
    cli("note", "1", "data from https://me:hunter22@example.org/x")

    assert "hunter22" not in (some["1"].folder / "run.json").read_text()


def test_a_renamed_run_is_its_childrens_parent(some, cli):
    """Folder, record and the children's records have the new id."""
    assert "Run 1 is baseline now.\n" == cli("rename", "1", "baseline")

    assert "baseline" == some["baseline"].record.id
    assert ("baseline", ["2"]) == (some["2"].record.parent_id, [run.id for run in some["baseline"].children])
    assert not Path("runs/1").exists()


def test_a_run_that_is_renamed_meanwhile_keeps_its_new_id(some, cli):
    """Who changes a run while another renames it writes the id of the folder, not the one that he has read."""
    some["1"].folder.rename("runs/moved")  # so far the other one has come
    cli("tag", "moved", "good")

    assert ("moved", ("first", "good")) == (some["moved"].record.id, some["moved"].record.tags)


@pytest.mark.parametrize("uid", ["../../outside", "{there}/outside", "", "x" * 300])
def test_a_uid_is_no_path(some, cli, tmp_path, uid):
    """Whatever the record of a run from elsewhere says it is called by, changing it touches nothing outside."""
    (tmp_path / "outside").write_text("mine")
    cli("tag", "3", "good")  # the folder of claims is there from now on
    path = some["1"].folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "uid": uid.format(there=tmp_path)}))

    assert "Run 1: first, good\n" == cli("tag", "1", "good")
    assert "mine" == (tmp_path / "outside").read_text()


def of_uid(uid):
    """Return the run that has a uid, whatever its id is at this moment."""
    while True:
        for run in runs("runs"):
            with suppress(FileNotFoundError):
                if run.record.uid == uid:
                    return run


def test_what_is_changed_at_the_same_moment_is_all_kept(some):
    """Tags that several give a run while another renames it are all there, and its id is that of its folder."""
    uid = some["3"].record.uid
    tags = [f"tag-{number}" for number in range(30)]

    def add(tag):
        while True:
            with suppress(RunNotFoundError):  # it had another name before anything was done
                return editing.tag(of_uid(uid), [tag], [])

    with ThreadPoolExecutor(4) as pool:
        added = [pool.submit(add, tag) for tag in tags]
        for number in range(20):
            editing.rename(of_uid(uid), f"name-{number}")
        for done in added:
            done.result()

    assert set(tags) == set(of_uid(uid).record.tags)
    assert "name-19" == of_uid(uid).record.id == of_uid(uid).id


def test_a_run_that_is_gone_is_told_with_the_newest_ones(some, ex):
    """As wherever no run has the id that was asked for, the newest one is the first."""
    gone = some["3"]
    for _ in range(8):
        ex.run()
    shutil.rmtree(gone.folder)
    with pytest.raises(RunNotFoundError) as problem:
        editing.tag(gone, ["x"], [])

    assert tuple(some.ids()) == problem.value.available


@pytest.mark.parametrize(
    ("fails", "said", "ids"),
    [
        (1, "What stands there is as it was.", {"1", "2", "3"}),
        (2, "Run 1 is called x now, but not in all runs that were started in it.", {"x", "2", "3"}),
    ],
)
def test_a_rename_that_a_full_disk_ends_says_what_stands_there(some, cli, monkeypatch, fails, said, ids):
    """Where the record cannot be written the folder has its name again; where a child's cannot, that is said."""
    written = []

    def write(path, content):
        written.append(path)
        if len(written) == fails:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace_file(path, content)

    monkeypatch.setattr(editing, "replace_file", write)
    cli("rename", "1", "x")

    assert 1 == cli.code and said in cli.err, cli.err
    assert (ids, ids) == (set(some.ids()), {run.record.id for run in some})


def test_a_run_is_not_renamed_to_what_is_taken_or_no_name(some, cli):
    """A name that a run has, or that cannot be one, is refused, and nothing is changed."""
    cli("rename", "1", "3")
    assert cli.code == 1 and cli.err.startswith("RunExistsError: Run '3' exists already")
    cli("rename", "1", "_x")
    assert cli.code == 2 and cli.err.startswith("OptionError")
    assert {"1", "2", "3"} == set(some.ids())


def test_a_running_run_is_left_alone(running, cli):
    """A run whose process writes its record is neither changed nor renamed nor removed."""
    for words in (["tag", "slow", "x"], ["note", "slow", "x"], ["rename", "slow", "y"], ["rm", "slow"]):
        cli(*words)
        assert cli.code == 1 and cli.err.startswith("StoreError: run slow: is running.")
    assert running.is_dir()


def test_rm_puts_runs_into_the_trash_and_back(some, cli):
    """A removed run is in the trash with its size, and can be taken out."""
    size = cli.json("rm", "3")["size"]

    assert size > 0
    assert {"1", "2"} == set(some.ids())
    assert [{"id": "3", "size": size}] == cli.json("rm", "--list")["trash"]
    cli("rm", "--restore", "3")
    assert {"1", "2", "3"} == set(some.ids())
    assert "No run in the trash.\n" == cli("rm", "--list")


def test_rm_takes_a_filter_and_children(some, cli):
    """Runs are removed by filter, and with those that were started in them."""
    assert {"1", "2"} == {run["id"] for run in cli.json("rm", "-w", "config.nested", "--children", "1-3")["removed"]}
    assert ["3"] == some.ids()
    cli("rm")
    assert cli.code == 2 and "no runs: are named" in cli.err


def test_an_emptied_trash_is_gone_for_good(some, cli):
    """`rm --empty` deletes what is in the trash, and no number is given twice."""
    cli("rm", "1-3")
    assert ["1", "2", "3"] == [run["id"] for run in cli.json("rm", "--empty")["deleted"]]
    assert [] == cli.json("rm", "--list")["trash"] == some.ids()


def test_runs_of_one_id_have_room_in_the_trash(some, ex, cli):
    """A name that is removed twice is there twice, and each can be taken out when its id is free."""
    cli("rename", "1", "a")
    cli("rm", "a")
    cli("rename", "2", "a")
    cli("rm", "a")

    assert ["a", "a~2"] == [run["id"] for run in cli.json("rm", "--list")["trash"]]
    cli("rm", "--restore", "a~2")
    assert "inner" == some["a"].record.command
    cli("rm", "--restore", "a")
    assert cli.code == 1 and cli.err.startswith("RunExistsError")
    cli("rm", "--restore", "b")
    assert cli.code == 2 and "No run 'b' in" in cli.err
