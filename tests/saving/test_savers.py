"""Who writes what: by type, by the name's extension, by name; the user's own savers and those of packages."""

import collections.abc
import dataclasses
import importlib.metadata
import json
import logging
import types
from pathlib import Path

import pytest
from interpreter import run_python

from expframe import saver
from expframe.errors import DefinitionError, SaveError, StoreError
from expframe.saving import savers
from expframe.saving.files import Notes, load, save


class Point:
    """A type that JSON could only hold through jsonpickle."""

    def __init__(self, x=1):
        self.x = x

    def __eq__(self, other):
        return isinstance(other, Point) and self.x == other.x

    __hash__ = None


class Pixel(Point):
    """A subclass."""


@dataclasses.dataclass(frozen=True)
class Size:
    """A dataclass."""

    width: int
    height: int


@pytest.fixture(autouse=True)
def table(monkeypatch):
    """Each test has the table of savers as it is at the start of a process."""
    table = savers.Savers()
    monkeypatch.setattr(savers, "SAVERS", table)
    return table


@pytest.fixture
def folder(tmp_path):
    """The folder of a run."""
    folder = tmp_path / "runs" / "1"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def round_trip(folder):
    """Save a value and return its name and what comes back."""

    def go(value, name, *, trust=False, method=None):
        file = save(folder, value, name, overwrite=False, method=method)
        line = {"kind": file.kind, "name": file.name, "metadata": file.metadata}
        with (folder / "files.jsonl").open("a") as notes:
            notes.write(json.dumps(line) + "\n")
        return file.name, load(folder, file.name, Notes(), trust=trust, method=None)

    return go


def point_saver(kind=Point, *suffixes, **how):
    """Define a saver that writes a point's number, and reads it."""

    @saver(kind, *(suffixes or (".point",)), **how)
    def write(point, file):
        file.write(str(point.x).encode())

    @write.reader
    def read(file):
        return Point(int(file.read()))

    return write


class TestPlain:
    """Python's own values."""

    @pytest.mark.parametrize(
        "value",
        [
            {"a": 1, "b": [1.5, None, True]},
            (1, "two"),
            {1, 2},
            {1: "a", (2, 3): "b"},
            {"nan": float("inf"), "bytes": b"\0", "path": Path("a/b")},
            3,
            None,
            1 + 2j,
            [],
            "text",
        ],
    )
    def test_data(self, round_trip, value):
        """Data become JSON and come back as they were, types included."""
        name, found = round_trip(value, "data.json")

        assert "data.json" == name
        assert value == found
        assert type(value) is type(found)

    def test_the_file_is_readable(self, folder):
        """What JSON can say stands in the file as a person would write it."""
        save(folder, {"loss": 0.5, "name": "möwe"}, "result", overwrite=False, method=None)

        assert '{\n "loss": 0.5,\n "name": "möwe"\n}' == (folder / "files" / "result.json").read_text("utf-8")

    @pytest.mark.parametrize("value", ["", "line\nline\r\n", "möwe 🐦", "\ud800"])
    def test_text(self, folder, round_trip, value):
        """Text is UTF-8, to the byte."""
        name, found = round_trip(value, "note")

        assert ("note.txt", value) == (name, found)
        assert value.encode("utf-8", "surrogatepass") == (folder / "files" / name).read_bytes()

    @pytest.mark.parametrize("name", ["page.html", "table.csv", "README.md", "figure.svg", "main.py"])
    def test_text_of_any_kind(self, round_trip, name):
        """Text goes under whatever extension, and comes back as text."""
        assert (name, "<p>") == round_trip("<p>", name)

    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
    @pytest.mark.parametrize("name", ["raw", "raw.bin", "raw.onnx", "raw.json", "raw.png"])
    def test_bytes(self, folder, kind, name):
        """Bytes are written as they are under whatever extension."""
        file = save(folder, kind(b"\0\xff{"), name, overwrite=False, method=None)

        assert (name if "." in name else "raw.bin") == file.name
        assert b"\0\xff{" == (folder / "files" / file.name).read_bytes()
        assert b"\0\xff{" == load(folder, file.name, Notes(), trust=False, method="bytes")

    def test_streams(self, folder, round_trip, tmp_path):
        """Generators and iterators of bytes, and open files, are written piece by piece."""
        path = tmp_path / "source"
        path.write_bytes(b"abc" * 1000)
        with path.open("rb") as file:
            assert ("file.bin", b"abc" * 1000) == round_trip(file, "file")
        assert ("gen.bin", b"012") == round_trip((str(n).encode() for n in range(3)), "gen")
        assert ("it.bin", b"ab") == round_trip(iter([b"a", bytearray(b""), memoryview(b"b")]), "it")
        assert ("it.dat", b"") == round_trip(iter([]), "it.dat")

    @pytest.mark.parametrize("pieces", [["text"], [b"a", None], [b"a", 3]])
    def test_streams_of_other_things(self, folder, pieces):
        """Pieces that are no bytes are an error, and nothing is left."""
        with pytest.raises(SaveError, match="bytes-like object is required"):
            save(folder, iter(pieces), "x", overwrite=False, method=None)

        assert [] == list((folder / "files").iterdir())

    def test_objects(self, round_trip):
        """Other objects go through jsonpickle: inert when they come back, themselves with trust."""
        name, found = round_trip({"p": Point(3), "s": Size(1, 2), "f": Point}, "thing")

        assert "thing.json" == name
        assert ["jsonpickle", "dataclass", "reference"] == [item.tagged["__type__"] for item in found.values()]

        _, found = round_trip({"p": Point(3), "s": Size(1, 2), "f": Point}, "thing", trust=True)

        assert {"p": Point(3), "s": Size(1, 2), "f": Point} == found

    def test_a_dataclass(self, round_trip):
        """A dataclass needs no jsonpickle."""
        assert ("size.json", Size(1, 2)) == round_trip(Size(1, 2), "size", trust=True)

    def test_pickle(self, round_trip):
        """Any object is pickled where the name says so, and unpickled with trust only."""
        assert ("p.pkl", Point(3)) == round_trip(Point(3), "p.pkl", trust=True)
        assert ("q.pkl", Point(3)) == round_trip(Point(3), "q", trust=True, method="pickle")
        with pytest.raises(StoreError, match=r"'p \(1\).pkl': reading it with 'pickle' executes code that it holds"):
            round_trip(Point(3), "p.pkl")

    def test_what_the_caller_made_is_not_masked(self, round_trip):
        """A key that sounds secret, or a URL with credentials, is the caller's own data."""
        mine = {"eos_token": "</s>", "nested": [{"password": "x"}], "url": "https://a:b@host/"}

        assert mine == round_trip(mine, "mine")[1]

    def test_secrets_of_a_config_are_masked(self, folder, round_trip):
        """The config's own entries and Secrets are masked in JSON, also inside of what the caller made."""
        from expframe import Secret
        from expframe.config.frozen import freeze

        config = freeze({"api_key": "hunter22", "net": {"tokens": 3, "access_key": "k123"}})
        round_trip({"config": config, "kept": Secret("s123")}, "config")
        text = (folder / "files" / "config.json").read_text()

        assert not [word for word in ("hunter22", "k123", "s123") if word in text]
        assert '"tokens": 3' in text


class TestChoice:
    """The extension decides, then the type."""

    def test_an_extension_that_says_nothing(self, round_trip):
        """A name whose end is no known extension gets the one of the type."""
        assert "epoch.3.json" == round_trip({}, "epoch.3")[0]
        assert "model.v2.json" == round_trip({}, "model.v2")[0]
        assert ".hidden.json" == round_trip({}, ".hidden")[0]

    def test_case(self, round_trip):
        """Extensions are the same in capitals."""
        assert ("A.JSON", {"a": 1}) == round_trip({"a": 1}, "A.JSON")

    def test_an_extension_of_another_type(self, folder):
        """An extension that does not go with the object is an error that says which do."""
        with pytest.raises(SaveError) as caught:
            save(folder, {"a": 1}, "sub/a.png", overwrite=False, method=None)

        assert "file 'sub/a.png': no saver writes dict as .png. For dict there are: .json." == str(caught.value)
        assert not (folder / "files").exists()

    def test_a_method(self, round_trip):
        """`method` names the saver; its extension is appended where the name has another."""
        assert ("a.txt.json", "x") == round_trip("x", "a.txt", method="json")
        assert ("a.dat", "x") == round_trip("x", "a.dat", method="text")

    def test_an_unknown_method(self, folder):
        """An unknown method is an error that lists the known ones, for saving and for loading."""
        point_saver(name="points")
        with pytest.raises(SaveError, match=r"no saver is called 'jsn'\. There are: json, text, bytes, .*, points"):
            save(folder, {}, "a", overwrite=False, method="jsn")
        save(folder, {}, "a", overwrite=False, method=None)
        with pytest.raises(StoreError, match=r"no saver is called 'jsn'\. There are: json"):
            load(folder, "a", Notes(), trust=False, method="jsn")

    def test_a_method_that_cannot(self, folder):
        """A saver that was asked for and cannot write the object is an error that says why."""
        with pytest.raises(SaveError, match=r"file 'a': cannot be stored \(AttributeError: 'dict' object has no"):
            save(folder, {}, "a", overwrite=False, method="text")

    def test_a_file_nobody_reads(self, folder):
        """A file of an unknown kind is an error that says how to get at it."""
        (folder / "files").mkdir()
        (folder / "files" / "a.xyz").write_bytes(b"x")
        with pytest.raises(StoreError) as caught:
            load(folder, "a.xyz", Notes(), trust=False, method=None)

        advice = "Open it at its path (run.path(...)), or read it with method='bytes'."
        assert f"file 'a.xyz': no saver reads .xyz files. {advice}" == str(caught.value)
        assert b"x" == load(folder, "a.xyz", Notes(), trust=False, method="bytes")

    @pytest.mark.parametrize("name", ["a.json", "a.npy", "a.npz", "a.csv", "a.png", "a.parquet", "a.pkl", "a.txt"])
    def test_damaged_files(self, folder, name):
        """A file that does not hold what its extension says is an error that names it."""
        from expframe.errors import ValueFormatError

        (folder / "files").mkdir()
        (folder / "files" / name).write_bytes(b"\xff" if name != "a.csv" else b"")
        with pytest.raises(ValueFormatError, match=rf"file '{name}': cannot be read by '\w+' \(\w+"):
            load(folder, name, Notes(), trust=True, method=None)


class TestOwn:
    """Savers that users define."""

    def test_both_ways(self, folder, round_trip):
        """The decorated functions write and read, by type, by extension and by name."""
        write = point_saver(Point, ".point", ".pt2", name="points")

        assert ("p.point", Point(3)) == round_trip(Point(3), "p")
        assert ("p.pt2", Point(3)) == round_trip(Point(3), "p.pt2")
        assert ("p (1).point", Point(3)) == round_trip(Point(3), "p", method="points")
        assert b"3" == (folder / "files" / "p.point").read_bytes()
        assert isinstance(write, savers.Saver)

    def test_the_writer_stays_a_function(self, tmp_path):
        """What is decorated can still be called."""
        with (tmp_path / "x").open("wb") as file:
            point_saver()(Point(7), file)

        assert "7" == (tmp_path / "x").read_text()

    def test_subclasses(self, round_trip):
        """Subclasses are written too; the saver nearest to the type prevails, then the later one."""
        point_saver(Point, ".point")

        assert "p.point" == round_trip(Pixel(3), "p")[0]

        point_saver(Pixel, ".pixel")
        point_saver(Point, ".later")

        assert "p.pixel" == round_trip(Pixel(3), "p")[0]
        assert "p.later" == round_trip(Point(3), "p")[0]
        assert "q.point" == round_trip(Pixel(3), "q.point")[0]

    def test_abstract_types(self, round_trip):
        """A type that claims others as its own takes them."""

        class Sized(collections.abc.Sized):
            x = 5

            def __len__(self):
                return 1

        class Duck:
            x = 4

            def __len__(self):
                return 1

        point_saver(collections.abc.Sized, ".sized")

        assert "a.sized" == round_trip(Sized(), "a")[0]
        assert "b.sized" == round_trip(Duck(), "b")[0]
        assert "c.json" == round_trip({}, "c.json")[0]

    def test_types_by_name(self, round_trip):
        """A type may be named, so that its library need not be imported."""
        point_saver(f"{__name__.partition('.')[0]}.Point", ".point")

        assert "p.point" == round_trip(Pixel(3), "p")[0]

    def test_over_a_built_in_one(self, folder, round_trip):
        """A user's saver for an extension of ours writes its type, and others' files are read as ever."""
        point_saver(Point, ".json", name="points")

        assert ("p.json", Point(3)) == round_trip(Point(3), "p")
        assert ("d.json", {"x": 1}) == round_trip({"x": 1}, "d")

    def test_without_a_reader(self, round_trip):
        """A saver that only writes gives a clear error when its file is loaded."""

        @saver(Point, ".plot")
        def draw(point, file):
            file.write(b"*")

        with pytest.raises(StoreError, match=r"file 'p\.plot': no saver reads \.plot files"):
            round_trip(Point(), "p")

    def test_executing_code(self, round_trip):
        """Formats that execute code are read with trust only."""
        point_saver(executes=True)

        assert ("p.point", Point(3)) == round_trip(Point(3), "p", trust=True)
        with pytest.raises(StoreError, match=r"executes code that it holds. Pass trust=True if you know who wrote it"):
            round_trip(Point(3), "p")

    def test_config_values_are_plain(self, folder):
        """A saver is given plain dicts and lists in place of read-only ones."""
        from expframe.config.frozen import freeze

        seen = []

        @saver(dict, ".own")
        def write(value, file):
            seen.extend([type(value), type(value["a"]), type(value["a"][0])])

        save(folder, {"a": freeze([{"b": 1}])}, "x.own", overwrite=False, method=None)

        assert [dict, list, dict] == seen

    def test_the_path(self, folder):
        """The file's name is a path with the extension, and a library may write there by itself."""

        @saver(Point, ".own")
        def write(point, file):
            assert ".own" == Path(file.name).suffix
            Path(file.name).write_text("by path")

        save(folder, Point(), "x", overwrite=False, method=None)

        assert "by path" == (folder / "files" / "x.own").read_text()
        assert ["x.own"] == [path.name for path in (folder / "files").iterdir()]

    @pytest.mark.parametrize("suffixes", [(), ("my",), (".",), (".a.b",), (".a/b",), (3,), (".ok", "")])
    def test_bad_extensions(self, suffixes):
        """Extensions begin with a dot and have one part."""
        with pytest.raises(DefinitionError, match=r"saver\(.*Point, \.\.\.\): needs one or more extensions"):
            saver(Point, *suffixes)

    def test_a_bad_type(self):
        """The decorator needs a type."""
        with pytest.raises(DefinitionError, match="needs a type"):
            saver(Point(), ".x")


class TestPackages:
    """Savers that installed packages offer through the entry-point group `expframe.savers`."""

    @pytest.fixture
    def offered(self, monkeypatch):
        """Install entry points, and count how often they are asked for."""
        asked = []

        def install(*loads):
            def entry_points(group):
                asked.append(group)
                return [types.SimpleNamespace(value=f"package{n}", load=load) for n, load in enumerate(loads)]

            monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
            return asked

        return install

    def test_where_none_fits(self, round_trip, offered):
        """They are asked for once, when an object has no saver of its own."""
        asked = offered(lambda: point_saver(Point, ".point"))
        round_trip({"a": [1]}, "plain")
        round_trip(b"x", "plain.xyz")

        assert [] == asked
        assert ("p.point", Point(3)) == round_trip(Point(3), "p")

        round_trip(Size(1, 2), "size")

        assert ["expframe.savers"] == asked

    def test_for_reading(self, folder, offered):
        """They are asked for when nobody reads an extension, or the saver that wrote a file is not known."""
        offered(lambda: point_saver(Point, ".point"))
        (folder / "files").mkdir()
        (folder / "files" / "p.point").write_text("3")

        assert Point(3) == load(folder, "p.point", Notes(), trust=False, method=None)

    def test_for_a_note(self, folder, offered, table):
        """They are asked for when a note names a saver that is not known."""
        point_saver(Point, ".json", name="points")
        file = save(folder, Point(3), "p", overwrite=False, method=None)
        (folder / "files.jsonl").write_text(
            json.dumps({"kind": "file", "name": file.name, "metadata": file.metadata}) + "\n"
        )
        table.own.clear()
        offered(lambda: point_saver(Point, ".json", name="points"))

        assert Point(3) == load(folder, "p.json", Notes(), trust=False, method=None)

    def test_for_a_method(self, round_trip, offered):
        """They are asked for when a method is not known."""
        offered(lambda: point_saver(Point, ".point", name="points"))

        assert "p.point" == round_trip(Point(3), "p", method="points")[0]

    def test_a_broken_one(self, round_trip, offered, caplog):
        """One that cannot be imported is said once and stops nothing."""

        def fail():
            raise ImportError("no such thing")

        offered(fail, lambda: point_saver(Point, ".point"))
        with caplog.at_level(logging.WARNING):
            assert "p.point" == round_trip(Point(3), "p")[0]
            round_trip(Size(1, 2), "q")

        expected = ["the savers of package0 cannot be used (ImportError: no such thing)"]
        assert expected == [record.getMessage() for record in caplog.records]

    def test_a_real_package(self, tmp_path, environment, script):
        """An installed distribution needs an entry point and a module with decorated functions, no more."""
        site = tmp_path / "site"
        (site / "mine-1.0.dist-info").mkdir(parents=True)
        (site / "mine-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
        (site / "mine-1.0.dist-info" / "entry_points.txt").write_text("[expframe.savers]\npoints = mine_savers\n")
        (site / "mine.py").write_text("class Point:\n    x = 3\n")
        (site / "mine_savers.py").write_text(
            "import expframe\n@expframe.saver('mine.Point', '.point')\ndef write(p, f): f.write(b'3')\n"
            "@write.reader\ndef read(f): return int(f.read())\n"
        )
        path = script("""
            import sys
            import mine
            from expframe import Experiment
            ex = Experiment("x", ghost=True)

            @ex.main
            def main(_run):
                _run.save({"plain": 1}, "plain")
                print("mine_savers" in sys.modules)
                print(_run.save(mine.Point(), "p").name, _run.load("p"))

            ex.run()
        """)
        env = {**environment, "PYTHONPATH": f"{environment['PYTHONPATH']}:{site}"}
        done = run_python([path], env=env)

        assert ("False\np.point 3\n", "") == (done.stdout, done.stderr)
