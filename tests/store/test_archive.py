"""`expframe export` and `import`: runs from one store to another."""

import contextlib
import copy
import json
import os
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from expframe import runs
from expframe.disk import layout


@pytest.fixture
def some(ex, tmp_path):
    """A run with a child, files, a resource and sources; and a run with a name."""
    (tmp_path / "data.txt").write_text("data")

    @ex.command
    def inner(_run):
        _run.log_scalar("x", 1)

    @ex.main
    def main(nested, _run):
        print("hello")
        _run.save([1, 2], "deep/list.json")
        _run.add_resource("data.txt")
        if nested:
            ex.run("inner")

    ex.add_config(nested=False)
    ex.run(config_updates={"nested": True})
    ex.run(options={"id": "named"})
    return runs("runs")


def _facts(run):
    """Return what must be the same of a run wherever it is."""
    record = run.record._replace(id=None, parent_id=None)
    files = {path.relative_to(run.folder): path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    return record, {name: content for name, content in files.items() if str(name) != layout.RECORD}


def test_an_exported_run_is_the_same_in_another_store(some, cli):
    """Whatever a run has comes along: files, output, metrics, sources and resources; ids that are free are kept."""
    cli("export", "all.zip")
    assert "Run named.\nRun 1.\nRun 2.\n" == cli("import", "all.zip", "-F", "other")
    other = runs("other")

    for run in some:
        assert _facts(run) == _facts(other[run.id])
    assert (["2"], [1, 2]) == ([run.id for run in other["1"].children], other["1"].load("deep/list.json"))
    (resource,) = [file for file in other["1"].files if file.kind == "resource"]
    assert ("data", Path("other").absolute()) == (Path(resource.path).read_text(), Path(resource.path).parents[1])
    for folder in ("_sources", "_resources"):
        assert {p.name for p in Path("runs", folder).glob("*")} == {p.name for p in Path("other", folder).glob("*")}


def test_a_file_can_be_imported_again(some, cli):
    """A run whose uid is there already is not doubled, whatever its id."""
    cli("export", "all.zip")
    cli("import", "all.zip", "-F", "other")
    cli("rename", "named", "better", "-F", "other")
    found = cli.json("import", "all.zip", "-F", "other")["runs"]

    assert {("1", "1", False), ("2", "2", False), ("named", "better", False)} == {
        (run["from"], run["id"], run["new"]) for run in found
    }
    assert 3 == len(runs("other"))


def test_taken_ids_are_given_anew(some, ex, cli, tmp_path):
    """A run whose id is taken gets the next number, and its children know their parent by it."""
    cli("export", "all.zip", "1-2")
    for _ in range(2):
        ex.run(options={"file_storage": "other"})
    found = {run["from"]: run["id"] for run in cli.json("import", "all.zip", "-F", "other")["runs"]}
    other = runs("other")

    assert {"3", "4"} == set(found.values())
    assert (found["1"], found["1"]) == (other[found["2"]].record.parent_id, other[found["1"]].record.id)
    assert [found["2"]] == [run.id for run in other[found["1"]].children]


def test_a_number_that_was_removed_is_not_given_again(some, ex, cli):
    """Ids of removed runs stay theirs; later runs are numbered after imported ones."""
    cli("export", "one.zip", "1")
    cli("rm", "1-2")
    assert "Run 3, which was 1.\n" == cli("import", "one.zip")
    cli("import", "one.zip", "-F", "other")
    ex.run(options={"file_storage": "other"})
    assert {"1", "2"} == set(runs("other").ids())


def test_only_chosen_runs_are_exported(some, cli):
    """Ids and filters narrow what is exported; an existing file is kept unless forced."""
    assert ["named"] == cli.json("export", "some.zip", "-w", "config.nested == False and command == 'main'")["runs"]
    cli("export", "some.zip", "1")
    assert cli.code == 1 and "exists already" in cli.err
    assert ["1"] == cli.json("export", "some.zip", "1", "--force")["runs"]


@pytest.mark.parametrize("name", ["out.csv", "out.zip"])
def test_a_file_in_the_place_of_a_run_is_told_its_own(some, cli, name):
    """The file comes first: who names it last is told the words, and nothing is written."""
    cli("export", "1", "2", name)

    assert (2, f"UsageError: {name}: is no run; the file comes first. Write: expframe export out.zip 1 2\n") == (
        cli.code,
        cli.err,
    )
    assert not Path("1").exists()


@pytest.mark.parametrize("name", ["../out.txt", "runs/1/../../../out.txt", "/out.txt", "runs/1//x", "_sources/../../x"])
def test_no_name_leads_out_of_the_store(some, cli, name, tmp_path):
    """A file whose name leads out of its folder is refused and named, and the rest is taken in."""
    cli("export", "all.zip")
    with zipfile.ZipFile("all.zip", "a") as archive:
        archive.writestr(name, "evil")
    before = {path for path in tmp_path.rglob("*")}
    out = cli("import", "all.zip", "-F", "other")

    assert (1, f"Left out: {name}: its name leads out of its folder.") == (cli.code, out.splitlines()[-1])
    assert {"1", "2", "named"} == set(runs("other").ids())
    assert {path for path in tmp_path.rglob("*") if not path.is_relative_to(tmp_path / "other")} == before
    assert "evil" not in {path.read_text(errors="replace") for path in Path("other").rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["runs/1/run.json/x", "runs/1/lease/x"])
@pytest.mark.parametrize("is_first", [True, False])
def test_no_name_makes_a_folder_of_what_is_written_last(some, cli, name, is_first):
    """A file below a record or a lease is refused and named, wherever it stands, and the rest is taken in."""
    cli("export", "all.zip")
    with zipfile.ZipFile("all.zip") as old, zipfile.ZipFile("changed.zip", "w") as new:
        kept = [(one.filename, old.read(one)) for one in old.infolist()]
        for place, content in [(name, b"below"), *kept] if is_first else [*kept, (name, b"below")]:
            new.writestr(place, content)
    out = cli("import", "changed.zip", "-F", "other")

    assert (1, f"Left out: {name}: Not a directory.") == (cli.code, out.splitlines()[-1])
    assert [_facts(run) for run in some] == [_facts(run) for run in runs("other")]


NAMES = [
    r"a\b.png",
    ".settings",
    r"..\up.txt",
    ".hidden/.deeper",
    "ünï cödé 🎉.txt",
    "con",
    "lease",
    "run.json",
    " ",
    "a:b?*",
]


def test_whatever_a_run_stored_travels(ex, cli, tmp_path):
    """Each file that a run kept is exported and taken in, whatever its name is."""
    (tmp_path / "source").write_text("content")

    @ex.main
    def main(_run):
        for name in NAMES:
            _run.add_artifact("source", name)

    ex.run()
    cli("export", "all.zip")
    assert (0, "") == (cli.code, cli.err)
    cli("import", "all.zip", "-F", "other")
    assert (0, "") == (cli.code, cli.err)

    assert NAMES == [file.name for file in runs("other")["1"].files]
    assert {"content"} == {Path(file.path).read_text() for file in runs("other")["1"].files}
    cli("doctor", "-F", "other")
    assert 0 == cli.code


def test_what_cannot_be_exported_is_named(some, cli, tmp_path):
    """Links out of a run and names that are no text are named; everything else is in the file."""
    files = some["1"].path()
    (files / "out").symlink_to(tmp_path / "data.txt")
    (files / "away").symlink_to(tmp_path, target_is_directory=True)
    (files / "gone").symlink_to("nothing")
    names = {"out", "away", "gone"}
    with contextlib.suppress(OSError, UnicodeError):  # a file system that takes texts only
        (files / "caf\udce9").write_text("x")
        names.add("caf\\udce9")
    found = cli.json("export", "all.zip", "1")

    assert 1 == cli.code
    assert {f"runs/1/files/{name}" for name in names} == {left_out["name"] for left_out in found["left_out"]}
    cli("import", "all.zip", "-F", "other")
    assert [1, 2] == runs("other")["1"].load("deep/list.json")


@pytest.mark.parametrize("name", ["out.csv", "runs.JSON", "table.parquet"])
def test_a_table_is_no_export(some, cli, name):
    """A file that is called as a table is refused, with the way to get a table."""
    cli("export", name)

    assert 2 == cli.code
    assert f"For a table: expframe ls --form csv > {name}" in cli.err
    assert not Path(name).exists()


def test_ids_in_a_file_are_names(some, cli):
    """A run that says it is called `..` is refused."""
    with zipfile.ZipFile("evil.zip", "w") as archive:
        archive.writestr("expframe-runs.json", json.dumps({"format": 1, "runs": [{"id": "..", "uid": "x"}]}))
    cli("import", "evil.zip", "-F", "other")

    assert cli.code == 1 and cli.err.startswith("EscapingPathError")


def test_shared_files_are_what_their_names_say(some, cli):
    """A source or resource under a digest that is not its own is refused, and the rest is taken in."""
    cli("export", "all.zip")
    name = f"_sources/{'0' * 64}.py"
    with zipfile.ZipFile("all.zip", "a") as archive:
        archive.writestr(name, "evil")
    out = cli("import", "all.zip", "-F", "other")

    assert (1, f"Left out: {name}: it is not what its name says.") == (cli.code, out.splitlines()[-1])
    assert not Path("other", name).exists()
    assert {"1", "2", "named"} == set(runs("other").ids())


def test_a_file_that_is_none_is_said(cli, tmp_path):
    """What is no zip file, or not of runs, or not there, is refused with its name."""
    (tmp_path / "text.zip").write_text("text")
    cli("import", "text.zip")
    assert cli.code == 1 and cli.err.startswith("ValueFormatError: text.zip: is no zip file")
    with zipfile.ZipFile("other.zip", "w") as archive:
        archive.writestr("x", "y")
    cli("import", "other.zip")
    assert cli.code == 1 and "was not made by `expframe export`" in cli.err
    cli("import", "none.zip")
    assert cli.code == 2 and "none.zip" in cli.err


def test_a_damaged_file_leaves_no_half_of_a_run(some, cli):
    """Where a member is damaged the import stops, and every run that is there is whole."""
    cli("export", "all.zip", "named")
    content = bytearray(Path("all.zip").read_bytes())
    with zipfile.ZipFile("all.zip") as archive:
        member = archive.getinfo("runs/named/config.json")
    start = member.header_offset + 30 + len(member.filename)
    content[start : start + 8] = b"\xff" * 8
    Path("all.zip").write_bytes(content)
    cli("import", "all.zip", "-F", "other")

    assert cli.code == 1 and cli.err.startswith("ValueFormatError: all.zip")
    assert [] == runs("other").ids()
    assert not Path("other/named").exists()


def test_members_that_lie_over_each_other_are_refused(some, cli):
    """A short file in which one member stands under many names, and so would fill any disk, is refused whole."""
    cli("export", "all.zip")
    with zipfile.ZipFile("all.zip", "a") as archive:
        archive.writestr("runs/1/files/large", os.urandom(100_000))
        member = archive.getinfo("runs/1/files/large")
        for number in range(9):
            other = copy.copy(member)
            other.filename = f"runs/1/files/large-{number}"
            archive.filelist.append(other)
    cli("import", "all.zip", "-F", "other")

    assert (1, "ValueFormatError: all.zip: is damaged: its members lie over each other.\n") == (cli.code, cli.err)
    assert [] == runs("other").ids()


def test_what_has_no_room_is_not_begun(some, cli, monkeypatch):
    """A file with more in it than the disk has room for is refused before anything is taken in."""
    cli("export", "all.zip")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000))
    cli("import", "all.zip", "-F", "other")

    assert cli.code != 0 and cli.err.startswith("StoreUnusableError") and "1,000 bytes free" in cli.err
    assert [] == runs("other").ids()


def test_a_record_that_nobody_could_read_is_refused(some, cli):
    """A run in a file whose record has a field of another kind is refused, and leaves nothing."""
    cli("export", "all.zip", "named")
    with zipfile.ZipFile("all.zip") as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    record = json.loads(members[f"runs/named/{layout.RECORD}"])
    members[f"runs/named/{layout.RECORD}"] = json.dumps({**record, "started": "never"}).encode()
    with zipfile.ZipFile("all.zip", "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    cli("import", "all.zip", "-F", "other")

    assert 1 == cli.code and "ValueFormatError" in cli.err
    assert [] == runs("other").ids()
