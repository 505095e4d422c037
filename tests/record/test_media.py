"""Tables, histograms, texts, images and figures of a step."""

import importlib
import json
import math
import multiprocessing

import matplotlib.figure
import numpy
import PIL.Image
import plotly.graph_objects
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expframe import Experiment
from expframe.errors import MetricError
from expframe.record.events import Histogram, Table
from expframe.record.media import histogram_of, table_of
from expframe.store.reader import StoredRun
from expframe.testing import recording


@pytest.fixture
def logged(ex):
    """Run a function as the main function and return the stored run."""

    def log(function):
        ex.main(lambda _run: function(_run))
        return StoredRun(ex.run().folder)

    return log


def one(run, name):
    """Return the only thing logged under a name."""
    (found,) = run.media(name)
    return found


def test_numbers_that_are_masked_are_none(logged):
    """A metric that numpy has masked, alone or in an array, is NaN, not what the mask covers."""

    def log(run):
        run.log_scalar("loss", numpy.ma.array([1.0, 2.0], mask=True).mean())
        run.log_scalar("loss", numpy.ma.array(3, mask=True))
        run.log_scalar("loss", numpy.ma.array(4))
        run.log_scalars({"all": numpy.ma.array([1, 2, 3], mask=[False, True, False])})

    run = logged(log)

    assert "[nan, nan, 4.0]" == repr(run.metrics("loss").values)
    assert "[1.0, nan, 3.0]" == repr(run.metrics("all").values)


class TestTables:
    """Rows of several columns under one name."""

    ROWS = Table(("class", "share"), (("cat", 0.5), ("dog", 0.25)))

    @pytest.mark.parametrize(
        ("rows", "header"),
        [
            ([["cat", 0.5], ["dog", 0.25]], ["class", "share"]),
            ([{"class": "cat", "share": 0.5}, {"share": 0.25, "class": "dog"}], None),
            ({"class": ["cat", "dog"], "share": numpy.array([0.5, 0.25])}, None),
            ([("cat", numpy.float64(0.5)), ("dog", numpy.float32(0.25))], ("class", "share")),
        ],
        ids=["rows", "dicts", "columns", "numpy scalars"],
    )
    def test_forms(self, logged, rows, header):
        """Rows, dicts and columns come back as one Table."""
        found = one(logged(lambda run: run.log_table("classes", rows, header)), "classes")

        assert (self.ROWS, "table", 0) == (found.content, found.kind, found.step)

    @pytest.mark.parametrize("library", ["pandas", "polars"])
    def test_frames(self, logged, library):
        """A frame is a table, and a table a frame."""
        frame = importlib.import_module(library).DataFrame({"class": ["cat", "dog"], "share": [0.5, 0.25]})
        found = one(logged(lambda run: run.log_table("classes", frame)), "classes").content

        assert found == self.ROWS
        assert ["class", "share"] == list(found.to_frame().columns)

    @pytest.mark.parametrize(
        ("rows", "header", "words"),
        [
            ([[1, 2]], None, "no header"),
            ([[1, 2], [3]], ["a", "b"], "2 columns and 1 values in row 1"),
            ({"a": [1], "b": [1, 2]}, None, "different lengths"),
            ([{"a": 1}, {"z": 1}], ["a"], "no column 'z'"),
            (["ab"], ["a", "b"], "a row that is a str"),
            ([[1]], "a", "list of names"),
        ],
        ids=["no header", "short row", "lengths", "unknown column", "text", "header"],
    )
    def test_what_does_not_fit(self, rows, header, words):
        """Names and values that do not fit are refused at the call."""
        with pytest.raises(MetricError, match=words):
            table_of("t", rows, header)


class TestHistograms:
    """How values are distributed."""

    @given(
        st.lists(st.floats(-1e12, 1e12) | st.just(math.nan), max_size=50),
        st.integers(1, 20) | st.just([-1.0, 0.0, 2.5, 1e13]),
    )
    def test_with_and_without_numpy(self, values, bins):
        """Lists and arrays give the same counts, edges and number of skipped values."""
        assert histogram_of("h", values, bins) == histogram_of("h", numpy.array(values, dtype=float), bins)

    @given(st.lists(st.floats(-1e100, 1e100), min_size=1, max_size=50), st.integers(1, 20))
    def test_nothing_is_lost(self, values, bins):
        """With bins by number every finite value is in one."""
        found = histogram_of("h", values, bins)

        assert len(values) == sum(found.counts)
        assert bins + 1 == len(found.edges)

    def test_of_truths(self):
        """An array of bools counts as one of zeros and ones, without a warning."""
        assert (1, 2) == histogram_of("h", numpy.array([True, False, True]), [0, 0.5, 1]).counts

    def test_what_is_masked_is_skipped(self):
        """An item that numpy has masked is skipped, as NaN is."""
        values = numpy.ma.array([1, 2, 3], mask=[False, True, False])

        assert histogram_of("h", [1, math.nan, 3], 2) == histogram_of("h", values, 2)

    def test_comes_back(self, logged):
        """Edges, counts and what was skipped are read back as logged."""
        found = one(logged(lambda run: run.log_histogram("w", [[1, 2], [2, math.inf]], bins=[0, 1.5, 3])), "w")

        assert Histogram((0.0, 1.5, 3.0), (1, 2), 1) == found.content

    @pytest.mark.parametrize(
        ("values", "bins", "words"),
        [(["x"], 3, "real numbers"), ([1], 0, "1 or more"), ([1], [2, 1], "ascend"), (5, 3, "real numbers")],
        ids=["text", "no bins", "descending", "no list"],
    )
    def test_what_does_not_fit(self, values, bins, words):
        """Values and bins that are none are refused."""
        with pytest.raises(MetricError, match=words):
            histogram_of("h", values, bins)


class TestImages:
    """Images and figures are files of the run."""

    def test_an_array(self, logged):
        """An array of floats up to 1 becomes a PNG with the same pixels."""
        pixels = numpy.array([[0.0, 0.5, 1.0], [2.0, -1.0, math.nan]])
        run = logged(lambda run: run.log_image("layer 1/weights", pixels))
        found = one(run, "layer 1/weights")

        assert run.path("media", "layer_1_weights-0.png") == found.content
        with PIL.Image.open(found.content) as image:
            assert [[0, 128, 255], [255, 0, 0]] == numpy.asarray(image).tolist()

    @pytest.mark.parametrize("shape", [(2, 3, 3), (2, 3, 4), (2, 3, 1), (2, 3)])
    def test_shapes(self, logged, shape):
        """Rows and columns with no, one, three or four channels are images."""
        found = one(logged(lambda run: run.log_image("i", numpy.zeros(shape, dtype="uint8"))), "i")

        with PIL.Image.open(found.content) as image:
            assert (3, 2) == image.size

    @pytest.mark.parametrize("image", [numpy.zeros(3), numpy.zeros((2, 2, 5)), numpy.array([["a"]]), "no", None])
    def test_what_is_no_image(self, ex, image):
        """Other shapes and types are refused at the call, and nothing is logged."""

        @ex.main
        def main(_run):
            with pytest.raises(MetricError):
                _run.log_image("i", image)

        assert [] == StoredRun(ex.run().folder).media()

    def test_figures(self, logged):
        """Figures of matplotlib become PNG files, those of plotly pages."""
        figure, chart = matplotlib.figure.Figure(), plotly.graph_objects.Figure()
        run = logged(lambda run: [run.log_figure("f", figure), run.log_figure("f", chart)])

        assert [(0, "f-0.png"), (1, "f-1.html")] == [(found.step, found.content.name) for found in run.media("f")]

    def test_names_that_meet(self, logged):
        """Two names that give one file name have a file each."""
        run = logged(lambda run: [run.log_image(name, numpy.zeros((1, 1))) for name in ("a b", "a/b")])

        assert 2 == len({found.content for found in run.media()})


class TestReading:
    """What was logged is there, while the run goes on and afterwards."""

    def test_steps(self, logged):
        """Steps count by themselves for each name, also after one that was given."""
        run = logged(lambda run: [run.log_text("a", "x"), run.log_text("a", "y", 7), run.log_text("a", "z")])

        assert [0, 7, 8] == [found.step for found in run.media("a")]

    @settings(max_examples=5)
    @given(texts=st.lists(st.text(), min_size=5, max_size=20))
    def test_any_text(self, tmp_path_factory, texts):
        """Texts come back as they were."""
        folder = tmp_path_factory.mktemp("text")
        ex = Experiment("texts", store=folder, project_dir=folder)
        ex.main(lambda _run: [_run.log_text("t", text) for text in texts])
        run = StoredRun(ex.run(options={"capture": "no"}).folder)

        assert texts == [found.content for found in run.media("t")]

    @pytest.mark.parametrize("ghost", [False, True])
    def test_while_it_runs(self, ex, ghost):
        """The run reads back what it logged, also where nothing is kept."""

        @ex.main
        def main(_run):
            _run.log_text("t", "first")
            _run.log_scalar("loss", 0.5)
            return one(_run, "t").content, _run.metrics("loss").values

        assert ("first", [0.5]) == ex.run(options={"unobserved": ghost}).result

    def test_damaged_lines_are_left_out(self, logged):
        """Cut at any byte, what is whole is read."""
        run = logged(lambda run: [run.log_text("a", "x"), run.log_histogram("h", [1, 2])])
        path = run.folder / "media.jsonl"
        whole = path.read_bytes()
        for size in range(len(whole)):
            path.write_bytes(whole[:size])

            assert whole[:size].count(b"\n") == len(run.media())
        path.write_bytes(b'{"kind": "movie", "name": "m", "step": 0, "time": 1.0}\n[1]\n\n' + whole)

        assert ["a", "h"] == [found.name for found in run.media()]

    def test_lines_are_plain(self, logged):
        """A line is JSON that needs no knowledge of Python."""
        run = logged(lambda run: run.log_table("t", [[1, "x"]], ["n", "s"]))
        data = json.loads((run.folder / "media.jsonl").read_text())

        assert (["n", "s"], [[1, "x"]]) == (data["header"], data["rows"])

    def test_workers(self, ex):
        """What a forked worker logs is the run's."""

        @ex.main
        def main(_run):
            worker = multiprocessing.get_context("fork").Process(target=_run.log_text, args=("t", "from afar"))
            worker.start()
            worker.join()

        assert "from afar" == one(StoredRun(ex.run().folder), "t").content

    def test_counts_and_memory(self, ex):
        """The record counts what was logged; an observer in memory has it."""
        ex.main(lambda _run: _run.log_text("t", "x"))
        with recording() as sinks:
            run = ex.run()

        assert {"media": 1} == run.record.counts
        assert ["x"] == [found.content for found in sinks[0].media]

    def test_a_storage_fault_stops_nothing(self, ex, caplog):
        """Where an image cannot be stored, that is said and the run goes on."""

        @ex.main
        def main(_run):
            (_run.path("media")).write_text("in the way")
            _run.log_image("i", numpy.zeros((1, 1)))
            return "done"

        assert "done" == ex.run().result
        assert "image 'i' was not stored" in caplog.text

    @pytest.mark.parametrize("name", ["", "a\nb", 5])
    def test_names_that_are_none(self, ex, name):
        """Names are checked as those of metrics."""

        @ex.main
        def main(_run):
            with pytest.raises(MetricError, match="name"):
                _run.log_text(name, "x")

        ex.run()


def test_curves_as_arrays_and_frames(ex):
    """Curves become arrays of numpy and frames, one by one and all together."""

    @ex.main
    def main(_run):
        _run.log_scalars({"a": [1.0, 2.0], "b": [3.0]})

    run = StoredRun(ex.run().folder)
    steps, _, values = run.metrics("a").to_numpy()
    frame = run.metrics().to_frame()

    assert ([0, 1], [1.0, 2.0]) == (steps.tolist(), values.tolist())
    assert ["step", "time", "value"] == list(run.metrics("a").to_frame().columns)
    assert (["metric", "step", "time", "value"], 3) == (list(frame.columns), len(frame))
