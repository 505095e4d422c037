"""Each format of the light libraries, with the real library."""

import datetime
import re
import subprocess
import sys

import matplotlib.figure
import numpy
import pandas
import PIL.Image
import plotly.graph_objects
import polars
import pyarrow
import pytest
from polars.testing import assert_frame_equal as assert_polars_equal

from expframe import Experiment
from expframe.errors import SaveError, StoreError, ValueFormatError

pytestmark = pytest.mark.once  # libraries that each Python has alike


@pytest.fixture
def round_trip(tmp_path):
    """Save a value in a run, and return its name and what the run and the stored run load."""
    from expframe.store.search.collection import runs

    def go(value, name, *, trust=False, method=None):
        ex = Experiment("formats", store=tmp_path / "runs")

        @ex.main
        def main(_run):
            path = _run.save(value, name, method=method)
            return path.name, _run.load(path.name, trust=trust)

        run = ex.run()
        again = runs(tmp_path / "runs")[run.id].load(run.result[0], trust=trust)
        return *run.result, again

    return go


class TestNumpy:
    """Arrays."""

    @pytest.mark.parametrize(
        "array",
        [
            numpy.arange(6).reshape(2, 3),
            numpy.asfortranarray(numpy.ones((2, 3), numpy.float32)),
            numpy.array(3.5),
            numpy.zeros((0, 4)),
            numpy.array(["a", "möwe"]),
            numpy.array(["2020-01-01"], "datetime64[D]"),
            numpy.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
            numpy.array([1 + 2j, numpy.nan]),
        ],
        ids=lambda array: str(array.dtype),
    )
    def test_arrays(self, round_trip, array):
        """An array is an .npy by default and comes back as it was, type and shape included."""
        name, *found = round_trip(array, "array")

        assert "array.npy" == name
        for other in found:
            numpy.testing.assert_array_equal(array, other)
            assert (array.dtype, array.shape) == (other.dtype, other.shape)

    def test_readable_by_numpy(self, round_trip, tmp_path):
        """The files are numpy's own."""
        round_trip(numpy.arange(3), "a.npy")
        round_trip({"a": numpy.arange(3), "file": numpy.eye(2)}, "b.npz")
        folder = tmp_path / "runs"

        assert [0, 1, 2] == numpy.load(folder / "1" / "files" / "a.npy").tolist()
        with numpy.load(folder / "2" / "files" / "b.npz") as archive:
            assert {"a": [0, 1, 2], "file": [[1, 0], [0, 1]]} == {name: archive[name].tolist() for name in archive}

    def test_what_numpy_makes_an_array_of(self, round_trip):
        """A list or number goes into an .npy where the name says so; into an .npz goes a dict of them."""
        assert [1, 2] == round_trip([1, 2], "a.npy")[1].tolist()
        assert 3.5 == round_trip(3.5, "a.npy")[1]
        assert {"a": [1], "b/c": [[2]]} == {
            name: array.tolist() for name, array in round_trip({"a": [1], "b/c": [[2]]}, "a.npz")[1].items()
        }
        assert [0, 1] == round_trip(numpy.arange(2), "a.npz")[1]["arr_0"].tolist()

    def test_objects_need_trust(self, round_trip):
        """An array of objects is pickled inside: it is read with trust only."""
        array = numpy.array([{"a": 1}, None], dtype=object)

        assert array.tolist() == round_trip(array, "a", trust=True)[1].tolist()
        assert array.tolist() == round_trip({"x": array}, "a.npz", trust=True)[1]["x"].tolist()
        for value, name in ((array, "a.npy"), ({"x": array}, "a.npz")):
            with pytest.raises(StoreError, match=r"executes code that it holds. Pass trust=True"):
                round_trip(value, name)

    @pytest.mark.parametrize(
        ("value", "name", "reason"),
        [
            (numpy.ma.array([1, 2], mask=[0, 1]), "a", "would lose its mask"),
            ({"a": numpy.ma.array([1])}, "a.npz", "would lose its mask"),
            ({"a": [1]}, "a.npy", r"a dict of arrays is saved as \.npz"),
            ([[1], [1, 2]], "a.npy", "inhomogeneous"),
        ],
    )
    def test_what_has_no_form(self, round_trip, value, name, reason):
        """What an array cannot hold is an error, never a lesser file."""
        with pytest.raises(SaveError, match=reason):
            round_trip(value, name)

    def test_scalars_are_data(self, round_trip):
        """A scalar of numpy becomes JSON and comes back as one."""
        name, found, _ = round_trip({"loss": numpy.float32(0.5), "best": numpy.int64(3)}, "x")

        assert "x.json" == name
        assert [numpy.float32, numpy.int64] == [type(value) for value in found.values()]


LEVELS = pandas.MultiIndex.from_tuples([("a", 1), ("b", 2)])
FRAME = {"n": [1, 2], "x": [0.5, None], "name": ["a,b", 'möwe "x"\n']}


class TestFrames:
    """Frames of pandas and polars, tables of pyarrow: each comes back as what it was."""

    @pytest.mark.parametrize("suffix", ["", ".csv", ".parquet"])
    def test_pandas(self, round_trip, suffix):
        """A frame of pandas."""
        frame = pandas.DataFrame(FRAME)
        name, *found = round_trip(frame, f"frame{suffix}")

        assert f"frame{suffix or '.parquet'}" == name
        for other in found:
            pandas.testing.assert_frame_equal(frame, other)

    def test_the_index_of_pandas(self, round_trip):
        """In .csv an index that says something becomes a column; a .parquet keeps it, and types."""
        frame = pandas.DataFrame({"x": [1, 2], "t": pandas.to_datetime(["2020-01-01", None])}, index=["a", "b"])
        frame.index.name = "key"

        assert ["key", "x", "t"] == list(round_trip(frame, "f.csv")[1].columns)
        pandas.testing.assert_frame_equal(frame, round_trip(frame, "f.parquet")[1])

    def test_an_index_with_gaps_is_no_mere_count(self, round_trip):
        """In .csv an index that does not count the rows from 0 is a column too."""
        every_second = pandas.DataFrame({"x": [1, 2, 3]})[::2]

        assert [0, 2] == list(round_trip(every_second, "f.csv")[1]["Unnamed: 0"])

    @pytest.mark.parametrize(
        ("frame", "lost"),
        [
            (pandas.DataFrame([[1, 2]], columns=LEVELS), "the 2 levels of its columns come back as rows"),
            (pandas.DataFrame({"x": [1, 2]}, index=LEVELS), "the 2 levels of its index come back as columns"),
            (pandas.DataFrame([[1, 2]], columns=["a", "a"]), "of its columns 'a' all but one come back under other"),
            (pandas.DataFrame({"x": [1, 2]}, index=["a", "b"]), None),
            (pandas.Series([1, 2], index=LEVELS), None),
        ],
    )
    def test_what_a_csv_puts_elsewhere_is_said(self, round_trip, frame, lost, caplog):
        """A frame which a .csv cannot give back as it was is written as it asks for, and told of."""
        round_trip(frame, "f.csv")

        assert (lost is not None) == ("f.csv" in caplog.text)
        assert lost is None or f"file 'f.csv': in .csv {lost}" in caplog.text

    @pytest.mark.parametrize(
        "frame",
        [
            pandas.DataFrame({"t": pandas.date_range("2026-01-01", periods=2, tz="Europe/Berlin"), "n": [1, None]}),
            pandas.DataFrame({"c": pandas.Categorical(["b", "a"], ["b", "a", "z"], ordered=True)}),
            pandas.DataFrame({"v": [1, 2]}, pandas.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", "n"])),
            pandas.DataFrame({"d": pandas.to_timedelta([1, 2], unit="s"), "s": ["01", "NA"]}, index=[7, 8]),
            pandas.DataFrame({"i": pandas.array([1, None], "Int64")}, pandas.Index([3, 4], name="run")),
            pandas.DataFrame([[1, 2], [3, 4]]).rename_axis(columns="metric"),
            polars.DataFrame({"t": [datetime.datetime(2026, 1, 1), None], "l": [[1], [2, 3]]}),
            polars.DataFrame({"c": polars.Series(["a", "b"], dtype=polars.Categorical), "s": ["01", ""]}),
        ],
        ids=lambda frame: f"{type(frame).__module__[:6]}-{'-'.join(map(str, frame.columns))}",
    )
    def test_what_is_saved_without_an_extension_comes_back(self, round_trip, frame):
        """Types, categories, time zones and indexes of a frame are there again where no extension asks for less."""
        _, *found = round_trip(frame, "frame")
        same = pandas.testing.assert_frame_equal if isinstance(frame, pandas.DataFrame) else assert_polars_equal
        for other in found:
            same(frame, other)

    def test_without_pyarrow_a_frame_is_a_csv(self, round_trip, monkeypatch, caplog):
        """Where pandas writes no Parquet, a name without extension becomes a .csv, and what that loses is said."""
        from expframe.saving import savers

        monkeypatch.setattr(savers.Saver, "is_installed", property(lambda saver: saver.engine != "pyarrow"))

        assert "f.csv" == round_trip(pandas.DataFrame(FRAME), "f")[0]
        assert "file 'f.csv': .csv keeps no types" in caplog.text and "With pyarrow it would be Parquet" in caplog.text
        caplog.clear()
        round_trip(pandas.DataFrame(FRAME), "g.csv")
        assert "keeps no types" not in caplog.text

    @pytest.mark.parametrize(
        "frame",
        [
            pandas.DataFrame({"a": [1, "x"]}),
            pandas.DataFrame({"a": [1 + 2j]}),
            pandas.DataFrame([[1, 2]], columns=["a", 1]),
            pandas.DataFrame([[1, 2]], columns=[True, False]),
            pandas.DataFrame([[1, 2]], columns=pandas.period_range("2026", periods=2)),
            pandas.DataFrame([[1, 2]], columns=pandas.MultiIndex.from_tuples([("a", 1), ("a", "b")])),
            pandas.crosstab(pandas.Categorical(["x", "y"]), pandas.Categorical(["p", "q"])),
            pandas.Series([1, "x"], name="a"),
        ],
    )
    def test_what_parquet_cannot_hold(self, round_trip, frame, caplog):
        """A frame that would not come back as it is becomes a .csv, which is said; asked for as .parquet it raises."""
        assert "frame.csv" == round_trip(frame, "frame")[0]
        assert re.search(
            r"file 'frame\.csv': \.csv keeps no types.* Parquet cannot hold it: .* in \.pkl all of it", caplog.text
        )
        with pytest.raises(SaveError, match=r"Parquet cannot hold it: .* In \.csv it is text"):
            round_trip(frame, "frame.parquet")

    def test_what_neither_can_hold_is_refused(self, round_trip):
        """What is no table in any form raises."""
        with pytest.raises(SaveError):
            round_trip(polars.DataFrame({"a": polars.Series([object()], dtype=polars.Object)}), "frame")

    @pytest.mark.parametrize("suffix", ["", ".csv", ".parquet"])
    @pytest.mark.parametrize("name", ["x", None])
    @pytest.mark.parametrize("index", [None, ["a", "b"]])
    def test_a_series_of_pandas(self, round_trip, suffix, name, index):
        """A series is a series again, with its name and index."""
        series = pandas.Series([1, 2], index, name=name)
        saved, *found = round_trip(series, f"s{suffix}")

        assert f"s{suffix or '.parquet'}" == saved
        for other in found:
            pandas.testing.assert_series_equal(series, other)

    def test_a_series_that_a_tuple_names(self, round_trip):
        """In .csv the name of a series is one title, also where it is a tuple, as of a column of `agg`."""
        for other in round_trip(pandas.Series([1, 2], name=("acc", "mean")), "s.csv")[1:]:
            assert ("('acc', 'mean')", [1, 2]) == (other.name, list(other))

    @pytest.mark.parametrize("suffix", ["", ".csv", ".parquet"])
    def test_polars(self, round_trip, suffix):
        """A frame of polars."""
        frame = polars.DataFrame(FRAME)
        name, *found = round_trip(frame, f"frame{suffix}")

        assert f"frame{suffix or '.parquet'}" == name
        for other in found:
            assert frame.equals(other)

    def test_a_series_of_polars(self, round_trip):
        """A series is a series again; types stay in .parquet."""
        series = polars.Series("day", [datetime.date(2020, 1, 2)])

        assert series.equals(round_trip(series, "s")[1], check_dtypes=True, check_names=True)

    def test_pyarrow(self, round_trip):
        """A table of pyarrow."""
        table = pyarrow.table(FRAME)
        name, *found = round_trip(table, "table")

        assert ("table.parquet", [table, table]) == (name, found)

    def test_all_in_one_run(self, tmp_path):
        """In one run each file comes back as what it was saved from, also by method, also where nothing is kept."""
        for ghost in (False, True):
            ex = Experiment("x", store=tmp_path / "runs", ghost=ghost)

            @ex.main
            def main(_run):
                for frame in (polars.DataFrame(FRAME), pandas.DataFrame(FRAME), pyarrow.table(FRAME)):
                    _run.save(frame, "f.parquet")
                _run.save("n\n1\n", "f.csv")
                names = ["f.parquet", "f (1).parquet", "f (2).parquet", "f.csv"]
                found = [type(_run.load(name)).__module__.partition(".")[0] for name in names]
                return [*found, type(_run.load("f.parquet", method="pandas")).__module__.partition(".")[0]]

            assert ["polars", "pandas", "pyarrow", "builtins", "pandas"] == ex.run().result

    def test_replaced_by_another(self, tmp_path):
        """A file that was replaced comes back as what it is now."""
        ex = Experiment("x", store=tmp_path)

        @ex.main
        def main(_run):
            found = []
            for frame in (polars.DataFrame(FRAME), pandas.DataFrame(FRAME), polars.DataFrame(FRAME)):
                _run.save(frame, "f.csv", overwrite=True)
                found.append(type(_run.load("f.csv")) is type(frame))
            return found

        assert [True] * 3 == ex.run().result

    @pytest.mark.parametrize("frame", [pandas.DataFrame(FRAME), polars.DataFrame(FRAME)])
    def test_never_as_an_empty_shell(self, round_trip, frame):
        """A frame in JSON would hold nothing of it: an error, alone or inside other data."""
        with pytest.raises(
            SaveError, match=r"no saver writes DataFrame as \.json\. For DataFrame there are: \.parquet, \.csv"
        ):
            round_trip(frame, "f.json")
        for value in ({"frame": frame}, polars.LazyFrame(FRAME)):
            with pytest.raises(SaveError, match="Frame has no form in JSON"):
                round_trip(value, "f")

    def test_a_missing_library(self, round_trip, tmp_path, monkeypatch):
        """Without the library that wrote a file, it is read by another one, or the error names it."""
        from expframe.store.search.collection import runs

        round_trip(pandas.DataFrame(FRAME), "f.csv")
        round_trip(numpy.arange(2), "a")
        monkeypatch.setitem(sys.modules, "numpy", None)

        with pytest.raises(StoreError, match=r"file 'a\.npy': 'numpy' cannot read it here \(ModuleNotFoundError: "):
            runs(tmp_path / "runs")[2].load("a.npy")

        from expframe.saving import savers

        monkeypatch.setattr(savers.Saver, "is_installed", property(lambda saver: saver.name != "pandas"))

        assert "polars" == type(runs(tmp_path / "runs")[1].load("f.csv")).__module__.partition(".")[0]


class TestPictures:
    """Figures and images."""

    @pytest.fixture
    def figure(self):
        """A figure with one line."""
        figure = matplotlib.figure.Figure()
        figure.add_subplot().plot([1, 2])
        return figure

    @pytest.mark.parametrize(
        ("name", "start"),
        [("f", b"\x89PNG"), ("f.png", b"\x89PNG"), ("f.pdf", b"%PDF"), ("f.svg", b"<?xml"), ("f.jpg", b"\xff\xd8\xff")],
    )
    def test_matplotlib(self, tmp_path, figure, name, start):
        """A figure is drawn in the format of the name, .png by default; a drawing does not come back as a figure."""
        ex = Experiment("x", store=tmp_path)

        @ex.main
        def main(_run):
            path = _run.save(figure, name)
            if path.suffix in (".png", ".jpg"):
                assert isinstance(_run.load(name), PIL.Image.Image)
            else:
                with pytest.raises(StoreError, match=rf"no saver reads {path.suffix} files. Open it at its path"):
                    _run.load(name)
            assert path.read_bytes() == _run.load(name, method="bytes")
            return path.read_bytes()[: len(start)]

        assert start == ex.run().result

    def test_plotly(self, round_trip, tmp_path):
        """A figure of plotly is a page that needs no network, or JSON that comes back as the figure."""
        figure = plotly.graph_objects.Figure(plotly.graph_objects.Scatter(y=[1, 2]))
        name, *found = round_trip(figure, "figure.json")

        assert ("figure.json", [figure, figure]) == (name, found)

        with pytest.raises(StoreError, match=r"no saver reads \.html files"):
            round_trip(figure, "figure")
        page = next((tmp_path / "runs").glob("*/files/figure.html")).read_text("utf-8")

        assert "Plotly.newPlot" in page
        assert 'src="http' not in page

    def test_plotly_and_data(self, round_trip):
        """Data that look like a figure stay data."""
        value = {"data": [], "layout": {}}

        assert (value, value) == round_trip(value, "x.json")[1:]

    @pytest.mark.parametrize(
        ("mode", "name"),
        [("RGB", "i"), ("RGBA", "i.png"), ("L", "i.tiff"), ("1", "i.bmp"), ("P", "i.gif")],
    )
    def test_images(self, round_trip, mode, name):
        """An image comes back pixel by pixel, .png by default."""
        image = PIL.Image.new(mode, (3, 2), 1)
        image.putpixel((1, 1), 0)
        saved, *found = round_trip(image, name)

        assert (name if "." in name else "i.png") == saved
        for other in found:
            assert image.convert("RGBA").tobytes() == other.convert("RGBA").tobytes()

    @pytest.mark.parametrize("name", ["i.jpg", "i.jpeg", "i.webp", "i.JPG"])
    def test_lossy_images(self, round_trip, name):
        """An image goes into formats that lose a little, too."""
        saved, image, _ = round_trip(PIL.Image.new("RGB", (3, 2)), name)

        assert (name, (3, 2)) == (saved, image.size)

    def test_what_the_format_cannot_hold(self, round_trip, tmp_path):
        """Transparency has no form in .jpg: an error that says so, and nothing is left."""
        with pytest.raises(SaveError, match=r"file 'i\.jpg': cannot be stored \(.*cannot write mode RGBA as JPEG\)"):
            round_trip(PIL.Image.new("RGBA", (2, 2)), "i.jpg")

        assert [] == list((tmp_path / "runs" / "1" / "files").iterdir())


class TestModels:
    """Estimators of scikit-learn."""

    def test_scikit_learn(self, round_trip):
        """An estimator is a .joblib by default, or pickled; it comes back with trust only, since that runs code."""
        import sklearn.linear_model

        model = sklearn.linear_model.LinearRegression().fit([[1], [2]], [2, 4])
        for name, saved in (("model", "model.joblib"), ("model.pkl", "model.pkl")):
            found = round_trip(model, name, trust=True)

            assert saved == found[0]
            assert [6.0] == pytest.approx(found[1].predict([[3]])) == found[2].predict([[3]])
        with pytest.raises(StoreError, match=r"'model\.joblib': reading it with 'joblib' executes code that it holds"):
            round_trip(model, "model")
        with pytest.raises(SaveError, match=r"no saver writes LinearRegression as \.json"):
            round_trip(model, "model.json")

    def test_damaged(self, tmp_path):
        """A damaged file is an error that names it."""
        ex = Experiment("x", store=tmp_path)

        @ex.main
        def main(_run):
            _run.save(b"garbage", "m.joblib")
            _run.load("m.joblib", trust=True, method="joblib")

        with pytest.raises(ValueFormatError, match=r"file 'm\.joblib': cannot be read by 'joblib'"):
            ex.run()


def test_nothing_is_imported_for_plain_values(tmp_path, environment, script):
    """Saving and loading plain values imports none of the libraries, and a library none of the others."""
    path = script("""
        import sys
        from expframe import Experiment
        ex = Experiment("x", ghost=True)

        @ex.main
        def main(_run):
            _run.save({"a": 1}, "a"), _run.save("t", "t"), _run.save(b"b", "b"), _run.save(object(), "o")
            _run.load("a"), _run.load("t"), _run.load("b")
            with_numpy = set(sys.modules)
            import numpy
            _run.save(numpy.zeros(2), "n")
            _run.load("n")
            names = {"numpy", "pandas", "polars", "pyarrow", "PIL", "matplotlib", "plotly", "torch", "keras", "joblib"}
            print(sorted(names & with_numpy), sorted(names & set(sys.modules)))

        ex.run()
    """)
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, env=environment, check=False)

    assert ("[] ['numpy']\n", "") == (done.stdout, done.stderr)
