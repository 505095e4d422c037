"""What published programs do with Sacred beyond its documented interface."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import expframe
from expframe.compat.sacred import Experiment
from expframe.compat.sacred.metrics_logger import MetricsLogger, ScalarMetricLogEntry, opt
from expframe.compat.sacred.observers import RunObserver

LIBRARY = {
    "library/__init__.py": """
from library.inner.experiment import LibraryExperiment

def make(**options):
    return LibraryExperiment(**options)

class Proxy:
    def __getattr__(self, name):
        return getattr(make(), name)

def __getattr__(name):
    if name == "lazy":
        return make()
    raise AttributeError(name)

proxy = Proxy()
""",
    "library/inner/__init__.py": "",
    "library/inner/experiment.py": """
from expframe.compat.sacred import Experiment

class LibraryExperiment(Experiment):
    def __init__(self, name=None, **options):
        super().__init__(name, **options)

    @classmethod
    def of_class(cls):
        return cls()
""",
    "library/ready.py": "from library.inner.experiment import LibraryExperiment\nex = LibraryExperiment()\n",
}


@pytest.mark.parametrize(
    ("statement", "made_in"),
    [
        ("from library import make; ex = make()", "training.py"),
        ("from library import lazy as ex", "training.py"),
        ("import library; ex = library.lazy", "training.py"),
        ("from library import proxy as ex", "training.py"),
        ("from library.inner.experiment import LibraryExperiment as E; ex = E.of_class()", "training.py"),
        ("from library.inner.experiment import LibraryExperiment as E; ex = E()", "training.py"),
        ("from library.ready import ex", "library/ready.py"),
        ("import library; ex = eval('make()', {'make': library.make, '__name__': 'cell'})", "library/__init__.py"),
    ],
)
def test_an_experiment_of_a_library_is_its_users(tmp_path, statement, made_in):
    """Name, main file and base folder are those of the file that has a library make it, in whatever way it does."""
    script = f"{statement}\nprint(ex.path, ex.mainfile, ex.base_dir, sep='|', end='')\n"
    for name, text in {**LIBRARY, "training.py": script}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    root = str(Path(expframe.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "training.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
    )
    file = Path(os.path.realpath(tmp_path), made_in)

    assert ["", file.stem, f"<Source: {file}>", str(file.parent)] == [done.stderr, *done.stdout.split("|")]


def test_an_experiment_made_by_a_function_of_its_own_file_is_of_that_file():
    """Who runs the file, such as a tool that is installed, makes nothing."""

    class Mine(Experiment):
        pass

    def make():
        return Mine()

    assert Path(__file__).stem == make().path


class TestMetricsLogger:
    """A program may have a metrics logger of its own kind."""

    def test_entries_that_a_subclass_puts_in_are_handed_out(self):
        """Entries in `_logged_metrics` are handed out in order, and `_metric_step_counter` holds the last steps."""

        class Mine(MetricsLogger):
            def log_scalar_metric(self, metric_name, value, step=None):
                if opt.has_numpy and isinstance(value, opt.np.generic):
                    value = value.item()
                step = self._metric_step_counter.get(metric_name, -1) + 1
                self._metric_step_counter[metric_name] = step
                self._logged_metrics.put(ScalarMetricLogEntry(metric_name, step, None, value))

        logger = Mine()
        for value in (1, 2.5):
            logger.log_scalar_metric("loss", opt.np.float64(value))
        MetricsLogger.log_scalar_metric(logger, "loss", 3)

        assert ({}, 3) == (logger.metrics, logger._logged_metrics.qsize())
        assert [(0, 1.0), (1, 2.5), (2, 3)] == [(entry.step, entry.value) for entry in logger.get_last_metrics()]
        assert logger.get_last_metrics() == [] and logger._logged_metrics.empty()


class Told(RunObserver):
    """Keeps what it is told of the end of runs."""

    def __init__(self):
        self.ends = []

    def completed_event(self, stop_time, result):
        """Keep the result."""
        self.ends.append(result)

    def failed_event(self, fail_time, fail_trace):
        """Keep the last line of the traceback."""
        self.ends.append(fail_trace[-1])


def test_the_end_of_a_run_can_be_told_by_hand():
    """`_emit_completed(result)` and `_emit_failed(type, value, traceback)` tell the observers so."""
    ex = Experiment("told", save_git_info=False)
    ex.main(lambda: None)
    run = ex.run()
    told = Told()
    run.observers = [told]
    run._emit_completed(7)
    try:
        raise ValueError("no")
    except ValueError:
        run._emit_failed(*sys.exc_info())

    assert [7, "ValueError: no\n"] == told.ends
    assert ("FAILED", "ValueError: no\n") == (run.status, run.fail_trace[-1])
