"""What the points of metrics come to, kept with the run and never wrong."""

import json
import math
import multiprocessing
from statistics import fmean

import pytest
import steps
from hypothesis import example, given
from hypothesis import strategies as st

from expframe.disk.layout import METRICS_HEADER
from expframe.record.curves import read_files
from expframe.record.events import Points, Series
from expframe.record.metric_file import MetricFile
from expframe.record.summaries import Summary, dump, load
from expframe.store.points import summaries_of
from expframe.store.reader import StoredRun
from expframe.store.search.collection import runs

numbers = st.one_of(st.integers(-(2**60), 2**60), st.floats(allow_nan=True, allow_infinity=True))


def expected_of(steps, values):
    """Return what values come to, computed at once."""
    values = [float(value) for value in values]
    counted = [(step, value) for step, value in zip(steps, values, strict=True) if not math.isnan(value)]
    least = min(counted, key=lambda pair: pair[1], default=(None, None))
    most = max(counted, key=lambda pair: pair[1], default=(None, None))
    return [len(values), len(values) - len(counted), values[0], values[-1], *least, *most]


def found_in(summary):
    """Return the same of a Summary."""
    least, most = (summary.min_step, summary.min), (summary.max_step, summary.max)
    return [summary.count, summary.nans, summary.first, summary.last, *least, *most]


def alike(summaries):
    """Return summaries for a comparison: their means differ in the last bits with the order of summing."""
    return {name: [*found_in(summary), pytest.approx(summary.mean)] for name, summary in summaries.items()}


class TestSummary:
    """Points in, what they come to out."""

    @given(st.lists(numbers, min_size=1, max_size=30), st.integers(1, 30))
    @example([2**53, 2**53 + 1], 1)
    def test_is_the_same_however_points_arrive(self, values, size):
        """In batches of any size, count, first, last, extremes and their steps are those of all points at once."""
        steps = list(range(len(values)))
        summary = Summary()
        for start in range(0, len(values), size):
            summary.add(steps[start : start + size], values[start : start + size])

        assert repr(expected_of(steps, values)) == repr(found_in(summary))

    @given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
    def test_mean(self, values):
        """The mean is that of all values."""
        summary = Summary()
        summary.add(range(len(values)), values)

        assert pytest.approx(fmean(values), abs=1e-6) == summary.mean

    def test_nan_counts_and_is_no_extreme(self):
        """NaN is counted, and left out of extremes and mean."""
        summary = Summary()
        summary.add([0, 1, 2], [math.nan, 2.0, math.nan])

        assert (3, 2, 2.0, 2.0, 2.0) == (summary.count, summary.nans, summary.min, summary.max, summary.mean)

    def test_infinities_of_both_signs(self):
        """They are the extremes; only the mean is NaN."""
        summary = Summary()
        summary.add([0, 1], [math.inf, -math.inf])

        assert (-math.inf, math.inf, 0) == (summary.min, summary.max, summary.nans)
        assert math.isnan(summary.mean)

    def test_whole_numbers_beyond_floats(self):
        """A whole number too large for a float, beside a float, breaks nothing."""
        summary = Summary()
        summary.add([0, 1], [2**1024 - 1, 0.5])

        assert (0.5, math.inf) == (summary.min, summary.max)
        assert summary.mean == math.inf

    @given(st.dictionaries(st.text(), st.lists(numbers, min_size=1), max_size=3))
    def test_survives_its_file(self, curves):
        """What is written comes back equal."""
        summaries = {name: Summary() for name in curves}
        for name, values in curves.items():
            summaries[name].add(range(len(values)), values)

        assert (summaries, {"metrics.csv": 7}) == load(dump(summaries, {"metrics.csv": 7}))


class TestOfARun:
    """Summaries of a run are those of its points, whatever was written of them."""

    @pytest.fixture
    def folder(self, ex):
        """Return the folder of a run with two metrics."""

        @ex.main
        def main(_run):
            for step in range(10):
                _run.log_scalars({"loss": 1 / (step + 1), "accuracy": step}, step)

        return ex.run().folder

    def computed(self, folder):
        """Return summaries from the points alone."""
        (folder / "summary.json").unlink(missing_ok=True)
        return summaries_of(folder)

    def test_no_point_is_read(self, folder):
        """The file alone says it: points that changed in place are not looked at."""
        path = folder / "metrics.csv"
        path.write_bytes(b"x" * path.stat().st_size)

        assert (0.1, 10) == (summaries_of(folder)["loss"].min, summaries_of(folder)["loss"].count)

    def test_points_after_the_file_are_added(self, folder):
        """Of a run that died, points that came after the last note count too."""
        with (folder / "metrics.csv").open("a") as file:
            file.write("loss,10,1.0,0.001\nloss,11,1.0,0.0")
        found = summaries_of(folder)

        assert (0.001, 11) == (found["loss"].min, found["loss"].count)
        assert alike(self.computed(folder)) == {n: [*found_in(s), s.mean] for n, s in found.items()}

    @pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"covered": {"metrics.csv": 9}}', b"\xff"])
    def test_a_damaged_file_is_no_file(self, folder, content):
        """What cannot be read is computed from the points."""
        right = alike(summaries_of(folder))
        (folder / "summary.json").write_bytes(content)

        assert right == {n: [*found_in(s), s.mean] for n, s in summaries_of(folder).items()}

    def test_a_file_of_points_that_are_gone(self, folder):
        """Where points were taken away since, those that are there count."""
        (folder / "metrics.csv").write_bytes(METRICS_HEADER + b"loss,0,1.0,5.0\n")

        assert {"loss": 5.0} == {name: summary.last for name, summary in summaries_of(folder).items()}

    def test_while_it_runs(self, ex):
        """The run itself knows them at any moment."""

        @ex.main
        def main(_run):
            _run.log_scalars({"loss": [3.0, 1.0, 2.0]})
            summary = _run.summaries["loss"]
            return summary.count, summary.min, summary.min_step, summary.last

        assert (3, 1.0, 1, 2.0) == ex.run().result
        assert (3, 1.0, 1, 2.0) == ex.run(options={"unobserved": True}).result

    def test_workers_count_too(self, ex):
        """Points of forked workers are in the summaries, also of a run that has ended."""

        def work(number):
            ex_run.log_scalar("loss", number)

        @ex.main
        def main(_run):
            nonlocal ex_run
            ex_run = _run
            _run.log_scalar("loss", 5)
            context = multiprocessing.get_context("fork")
            workers = [context.Process(target=work, args=(number,)) for number in (1, 9)]
            for worker in workers:
                worker.start()
                worker.join()

        ex_run = None
        folder = ex.run().folder
        noted = json.loads((folder / "summary.json").read_text())

        assert 3 == len(noted["covered"])
        found = StoredRun(folder).summaries["loss"]
        assert (3, 1, 9) == (found.count, found.min, found.max)
        assert self.computed(folder)["loss"].count == 3

    def test_are_kept_by_beats(self, ex):
        """A run that goes on has them on disk after a beat."""

        @ex.main
        def main(_run):
            _run.log_scalar("loss", 1.0)
            return steps.wait_until((_run.folder / "summary.json").exists)

        assert ex.run(options={"beat_interval": 0.1}).result

    def test_a_run_without_points_has_no_file(self, ex):
        """Nothing logged, nothing written."""
        ex.main(lambda: None)
        folder = ex.run().folder

        assert not (folder / "summary.json").exists()
        assert {} == StoredRun(folder).summaries


@given(st.lists(st.tuples(st.sampled_from(["a", "b,c", 'd"']), numbers), min_size=1, max_size=40))
def test_a_file_of_points_and_its_summaries_agree(tmp_path_factory, points):
    """What a MetricFile says its points come to is what the points that are read back come to."""
    path = tmp_path_factory.mktemp("points") / "metrics.csv"
    file = MetricFile(path)
    file.write(Points([(name, step, 1.0, value) for step, (name, value) in enumerate(points)]))
    file.write(Series("a", range(2), 2.0, [1.0, 2.0]))
    file.close()
    again = {}
    for name, curve in read_files([path]).items():
        again[name] = Summary()
        again[name].add(curve.steps, curve.values)

    assert repr({name: found_in(summary) for name, summary in again.items()}) == repr(
        {name: found_in(summary) for name, summary in file.summaries.items()}
    )


def test_a_list_of_runs_has_them(ex):
    """`expframe.runs` gives what each run came to."""

    @ex.main
    def main(_run, seed):
        _run.log_scalar("loss", seed)

    for seed in (3, 1, 2):
        ex.run(config_updates={"seed": seed})

    assert [2, 1, 3] == [run.summaries["loss"].last for run in runs(ex.store)]
