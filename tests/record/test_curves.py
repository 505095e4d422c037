"""Points read back from metric files: every way of reading gives the same."""

import math
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from expframe.disk.layout import METRICS_HEADER
from expframe.record import curves
from expframe.record.curves import Curve, Curves, read_files, summarize
from expframe.record.events import Points, Series
from expframe.record.metric_file import MetricFile

numbers = st.one_of(
    st.floats().map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(
        ["nan", "-nan", "inf", "Infinity", "1_0", " 1", "1 ", "\t1", "+1", ".5", "5.", "1e400", "0x10", "", "\u0661"]
    ),
    st.sampled_from(["nan(1)", "1e-400", "-0", "--1", "1-1", "007", "true", "None", "1,2", "\x00", "1\r", "²", "1.5"]),
)
names = st.one_of(
    st.sampled_from(
        ["loss", "train/acc", "a b", " x", "x ", "1", "nan", "größe", '"a,b"', '"', 'a"b', "", "\ufeffa", "(x)"]
    ),
    st.text(max_size=4).filter(lambda text: text.isprintable()),
)
odd_lines = st.one_of(st.builds("{},{},{},{}".format, names, numbers, numbers, numbers), st.text(max_size=12))
plain_lines = st.builds(
    "{},{},{:.6f},{!r}".format,
    st.sampled_from(["loss", "acc", "train/f1"]),
    st.integers(0, 10**19),
    st.floats(0, 2e9),
    st.floats(),
)
files = st.one_of(st.lists(plain_lines), st.lists(st.one_of(plain_lines, odd_lines)), st.lists(odd_lines))


def parsed_one_by_one(content):
    """Return what a file holds, by the rule: a line counts if it ends in a newline and is a point."""
    found = {}
    for line in content.split(b"\n")[:-1]:
        point = curves._parse(line)
        if point is not None:
            found.setdefault(point[0], []).append(point[1:])
    return shown(found)


def shown(points):
    """Return points so that types and NaN compare too."""
    return {name: [tuple(map(repr, point)) for point in points] for name, points in points.items()}


def read(path):
    """Return what the reader gives for a file."""
    return shown(
        {
            name: list(zip(curve.steps, curve.times, curve.values, strict=True))
            for name, curve in read_files([path]).items()
        }
    )


class TestReading:
    """Bulk readers see what a reader of single lines sees."""

    @given(files, st.booleans(), st.binary(max_size=5))
    @example(["a,1,2", "7,x,1,2,3"], True, b"")
    @example(["a,1,2.0,3", "a,1,2.0,3", "nan,5,6,7"], False, b"\n")
    @example(["x,1_0,1,1"], False, b"")
    def test_in_blocks_and_by_pyarrow(self, tmp_path_factory, lines, has_header, tail):
        """Whatever is in the file, points, their order and their types are the same."""
        content = (
            METRICS_HEADER * has_header + "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass") + tail
        )
        path = tmp_path_factory.getbasetemp() / "metrics.csv"
        path.write_bytes(content)
        expected = parsed_one_by_one(content)
        with pytest.MonkeyPatch.context() as patch:
            assert expected == read(path)
            patch.setattr(curves, "_BLOCK", 7)
            assert expected == read(path)
            patch.setattr(curves, "_LARGE", -1)
            assert expected == read(path)

    def test_pyarrow_is_used_for_what_is_plain(self, tmp_path, monkeypatch):
        """A large file of plain lines is read by pyarrow, whatever the metrics' order."""
        points = [(name, step, 0.5 * step, value) for step in range(9) for name, value in (("a", 0.1), ("b", math.nan))]
        file = MetricFile(tmp_path / "metrics.csv")
        file.write(Points([*points, ("b", 9, 4.5, math.inf), ("a", 2**53 + 1, 5.0, 5)]))
        file.close()
        monkeypatch.setattr(curves, "_LARGE", 0)
        monkeypatch.setattr(curves, "_BLOCK", None)
        content = (tmp_path / "metrics.csv").read_bytes()

        assert parsed_one_by_one(content) == read(tmp_path / "metrics.csv")

    def test_without_pyarrow(self, tmp_path, monkeypatch):
        """Where pyarrow is not installed, a large file is read all the same."""
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        monkeypatch.setattr(curves, "_LARGE", 0)
        path = tmp_path / "metrics.csv"
        path.write_bytes(METRICS_HEADER + b"loss,0,1.0,0.5\nloss,1,2.0,0.25\n")

        assert [0.5, 0.25] == read_files([path])["loss"].values

    def test_a_summary_ends_with_the_last_whole_line(self, tmp_path):
        """What is counted ends where the next reader goes on, by whichever way."""
        path = tmp_path / "metrics.csv"
        whole = METRICS_HEADER + b"loss,0,1.0,0.5\nodd\n\nloss,1,2.0,0.25\n"
        path.write_bytes(whole + b"loss,2,2.0")
        for large in (curves._LARGE, -1):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(curves, "_LARGE", large)
                summaries = {}

                assert len(whole) == summarize(path, 0, summaries)
                assert (2, 0.25) == (summaries["loss"].count, summaries["loss"].last)


class TestCurve:
    """Points of one metric, as lists, arrays and frames."""

    def test_steps_are_ints_where_all_are(self):
        """Whole steps stay ints of any size; beside others each keeps its kind."""
        curve = Curve()
        curve.add([0, 1], [0.0, 0.0], [1.0, 2.0])

        assert [0, 1] == curve.steps and {int} == set(map(type, curve.steps))
        curve.add([2**70, 1.5], [0.0, 0.0], [3.0, 4.0])
        assert [0, 1, 2**70, 1.5] == curve.steps and [1.0, 2.0, 3.0, 4.0] == curve.values
        assert [(0, 1.0), (1, 2.0), (2**70, 3.0), (1.5, 4.0)] == list(curve)

    def test_arrays(self):
        """Arrays hold the same numbers, whole steps as whole numbers."""
        curve = Curve()
        curve.add([0, 1], [5.0, 6.0], [1.0, 2.0])
        steps, times, values = curve.to_numpy()

        assert "int64" == steps.dtype
        assert ([0, 1], [5.0, 6.0], [1.0, 2.0]) == (steps.tolist(), times.tolist(), values.tolist())

    @given(st.lists(st.sampled_from("abc"), max_size=12))
    def test_points_of_several_metrics_in_any_order(self, order):
        """Each curve has its own points in the order of logging, however they are mixed."""
        found = Curves()
        if order:
            found.add(order, list(range(len(order))), [0.0] * len(order), [float(n) for n in range(len(order))])

        assert {name: [n for n, other in enumerate(order) if other == name] for name in dict.fromkeys(order)} == {
            name: curve.steps for name, curve in found.items()
        }

    def test_a_block_of_one_metric(self, tmp_path):
        """What was logged as an array comes back as it was."""
        file = MetricFile(tmp_path / "metrics.csv")
        file.write(Series("loss", range(100_000), 1.5, [1 / (1 + n) for n in range(100_000)]))
        file.close()
        curve = read_files([tmp_path / "metrics.csv"])["loss"]

        assert list(range(100_000)) == curve.steps
        assert [1 / (1 + n) for n in range(100_000)] == curve.values
