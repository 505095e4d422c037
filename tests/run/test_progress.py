"""Progress of loops: a live line on a real terminal, a widget in a notebook, plain lines elsewhere."""

import itertools
import os
import re
import struct
import sys
import threading
import types

import pytest
from interpreter import start_python

import expframe
from expframe import Experiment
from expframe.run import progress
from expframe.run.progress import Progress


@pytest.fixture
def metrics():
    """The last value of each metric."""
    return {}


@pytest.fixture
def shown(metrics):
    """The progress of a run whose metrics are `metrics`."""
    return Progress(lambda: metrics)


@pytest.fixture
def often(monkeypatch):
    """Let ten seconds pass between two looks at the clock."""
    clock = itertools.count(0, 10)
    monkeypatch.setattr(progress, "monotonic", lambda: next(clock))


def lines(capsys):
    """Return what was written to standard error, times and rates left out."""
    text = capsys.readouterr().err
    return re.sub(r" in \d+:\d\d:\d\d(, [\d.e+]+(/s| s each))?(, \d+:\d\d:\d\d left)?", "", text).splitlines()


class TestPlainLines:
    """What a pipe or a file gets."""

    def test_one_line_at_the_end(self, shown, metrics, capsys, monkeypatch):
        """A short loop has one line, with count, time, rate and the last metrics."""
        clock = itertools.count(0, 0.001)
        monkeypatch.setattr(progress, "monotonic", lambda: next(clock))
        for number in shown.track(range(20), "epoch", None):
            metrics["loss"] = 1 / (number + 1)
        text = capsys.readouterr().err

        assert re.fullmatch(r"epoch: 20/20 \(100%\) in 0:00:00, [\d.e+]+/s, loss=0.05\n", text)

    def test_lines_every_few_seconds(self, shown, often, capsys):
        """A long loop has lines on the way, which say how much is left."""
        assert [1, 2, 3] == list(shown.track([1, 2, 3], None, None))
        text = capsys.readouterr().err

        assert text.startswith("1/3 (33%) in 0:00:20, 20 s each, 0:00:40 left\n2/3 (67%) in ")
        assert 3 == text.count("\n")

    @pytest.mark.parametrize(("total", "expected"), [(None, "3"), (3, "3/3 (100%)"), (4, "3/4 (75%)"), (0, "3")])
    def test_total(self, shown, capsys, total, expected):
        """A generator has no length; whoever knows it says it."""
        list(shown.track((n for n in range(3)), "g", total))

        assert [f"g: {expected}"] == lines(capsys)

    def test_nothing_to_do(self, shown, capsys):
        """An empty loop says so."""
        assert [] == list(shown.track([], "none", None))
        assert ["none: 0"] == lines(capsys)

    def test_break(self, shown, capsys):
        """After a break the last line says how far it came."""
        for number in shown.track(range(10), "epoch", None):
            if number == 4:
                break

        assert ["epoch: 4/10 (40%)"] == lines(capsys)

    def test_exception(self, shown, capsys):
        """What the loop raises is raised, after the last line; so is what the iterable raises."""

        def failing():
            yield 1
            raise KeyError

        with pytest.raises(KeyError):
            list(shown.track(failing(), "theirs", None))
        with pytest.raises(ValueError):
            for _ in shown.track(range(3), "ours", None):
                raise ValueError

        assert ["theirs: 1", "ours: 0/3 (0%)"] == lines(capsys)

    def test_inner_loops_have_no_last_line(self, shown, capsys):
        """A loop inside another does not flood the output."""
        for _ in shown.track(range(3), "outer", None):
            for _ in shown.track(range(2), "inner", None):
                pass

        assert ["outer: 3/3 (100%)"] == lines(capsys)

    def test_loops_of_threads_are_not_inside_each_other(self, shown, capsys):
        """Loops side by side have a last line each."""
        for _ in shown.track(range(1), "main", None):
            thread = threading.Thread(target=lambda: list(shown.track(range(2), "other", None)))
            thread.start()
            thread.join()

        assert ["other: 2/2 (100%)", "main: 1/1 (100%)"] == lines(capsys)

    def test_times_of_timers_are_left_out(self, shown, metrics, capsys):
        """Of the metrics the first six are shown, and no durations."""
        metrics.update({"time/epoch": 1.0, **{f"m{n}": n for n in range(8)}})
        list(shown.track(range(1), None, None))

        assert ["1/1 (100%), m0=0, m1=1, m2=2, m3=3, m4=4, m5=5"] == lines(capsys)

    def test_nothing_iterable(self, shown):
        """What cannot be iterated over raises at the call."""
        with pytest.raises(TypeError):
            shown.track(3, None, None)

    @pytest.mark.parametrize("stream", [None, types.SimpleNamespace()])
    def test_nowhere_to_show(self, shown, monkeypatch, stream):
        """Without a usable standard error the loop goes on."""
        monkeypatch.setattr(sys, "stderr", stream)

        assert [0, 1] == list(shown.track(range(2), None, None))

    def test_without_tqdm(self, shown, monkeypatch, capsys):
        """A terminal gets plain lines where tqdm is not installed."""
        monkeypatch.setitem(sys.modules, "tqdm", None)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        list(shown.track(range(2), "plain", None))

        assert ["plain: 2/2 (100%)"] == lines(capsys)


class TestRun:
    """`run.track`."""

    def test_last_metrics(self, ex, capsys, monkeypatch):
        """The last line has what was logged last, also what waits in memory, single or whole arrays."""
        monkeypatch.setattr(progress, "monotonic", lambda: 0.0)

        @ex.main
        def main(_run):
            for number in _run.track(range(100), "step"):
                _run.log_scalar("loss", number / 2)
                _run.log_scalars({"rows": [1.0, float(number)]})

        ex.run()

        assert ["step: 100/100 (100%), loss=49.5, rows=99"] == [
            line for line in lines(capsys) if line.startswith("step")
        ]
        assert "step: 100/100" in expframe.runs(ex.store)[1].output()

    def test_an_iterator_that_is_kept(self, ex, capsys):
        """What is still open when the run ends has its last line by then, and goes on in silence."""
        kept = []

        @ex.main
        def main(_run):
            kept.append(_run.track(range(3), "kept"))
            next(kept[0])

        ex.run()

        assert "kept: 0/3 (0%)" in lines(capsys)
        assert [1, 2] == list(kept[0])
        assert [] == lines(capsys)

    def test_where_nothing_is_kept(self, capsys):
        """Ghosts show progress as well."""
        ex = Experiment("ghost", ghost=True)

        @ex.main
        def main(_run):
            for _ in _run.track(range(3), "step"):
                _run.log_scalar("loss", 0.5)

        ex.run()

        assert ["step: 3/3 (100%), loss=0.5"] == lines(capsys)


SCRIPT = """
    import time
    from expframe import Experiment

    ex = Experiment("live")

    @ex.automain
    def main(_run, _log):
        for epoch in _run.track(range(3), "epoch"):
            for batch in _run.track(iter(range(5)), "batch"):
                time.sleep(0.05)
                _run.log_scalar("loss", 1 / (1 + batch))
            _log.info("after %d", epoch)
"""


def on_terminal(path, environment, *words, columns=70):
    """Run a script on a terminal of its own and return what it wrote there."""
    import fcntl
    import pty
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    terminal = {"stdin": follower, "stdout": follower, "stderr": follower}
    with start_python([path, *words], env=environment, start_new_session=True, **terminal) as process:
        os.close(follower)
        written = b""
        try:
            while data := os.read(leader, 4096):
                written += data
        except OSError:  # Linux says so when the last writer has gone
            pass
        os.close(leader)
    return process.returncode, written.decode()


@pytest.mark.skipif(os.name != "posix", reason="needs terminals of POSIX")
class TestTerminal:
    """What a terminal gets."""

    @pytest.mark.parametrize("mode", ["fd", "sys"])
    def test_live_line(self, script, environment, tmp_path, mode):
        """A line changes in place, as wide as the terminal, with rate, time left and the last metrics."""
        code, written = on_terminal(script(SCRIPT), environment, "-C", mode)
        states = re.findall(r"\repoch[^\r\n]*", written)

        assert 0 == code
        assert len(states) > 3
        assert all(len(state.rstrip()) <= 71 for state in states)
        assert re.search(r"epoch: 100%\|.+\| 3/3 \[\d\d:\d\d<00:00, .*(it/s|s/it), loss=0.2\]", states[-1])
        assert re.search(r"batch: [1-4]it \[\d\d:\d\d, .*loss=", written)

    @pytest.mark.parametrize("mode", ["fd", "sys"])
    def test_stored_output_has_the_last_state(self, script, environment, tmp_path, mode):
        """In output.txt there is one line of each outer loop; log lines stand above it, undisturbed."""
        on_terminal(script(SCRIPT), environment, "-C", mode)
        start, *between, last, end = (tmp_path / "runs" / "1" / "output.txt").read_text().splitlines()

        assert [f"INFO - live.main[1] - after {n}" for n in range(3)] == between
        assert "100%" in last
        assert "3/3" in last
        assert (True, True) == ("Started" in start, "Completed" in end)

    def test_exception(self, script, environment, tmp_path):
        """What a loop raises leaves its last state on a line of its own."""
        text = SCRIPT.replace('_log.info("after %d", epoch)', "raise KeyError('in the loop')")
        code, _ = on_terminal(script(text), environment)
        output = expframe.runs(tmp_path / "runs")[1].output().splitlines()

        assert 1 == code
        assert [line for line in output if line.startswith("epoch:   0%") and "0/3" in line]
        assert [line for line in output if line.startswith("ERROR - live[1] - Failed")]

    def test_ghost(self, script, environment, tmp_path):
        """It lives where nothing is kept."""
        code, written = on_terminal(script(SCRIPT), environment, "-u")

        assert (0, False) == (code, (tmp_path / "runs").exists())
        assert "3/3" in written


class TestNotebook:
    """What Jupyter gets: parts of ipywidgets and IPython stand in for a front end."""

    def test_widget(self, shown, metrics, monkeypatch, tmp_path):
        """In a kernel with ipywidgets the progress is a widget, which shows the last metrics."""
        (tmp_path / "ipywidgets.py").write_text(
            "from types import SimpleNamespace as Space\n"
            "class Widget(Space):\n"
            "    def __init__(self, **given):\n"
            "        super().__init__(layout=Space(), style=Space(), value=0, bar_style='')\n"
            "        vars(self).update(given)\n"
            "    def close(self): self.closed = True\n"
            "HTML = FloatProgress = HBox = Widget\n"
        )
        displayed = []
        kernel = types.ModuleType("IPython")
        kernel.get_ipython = lambda: types.SimpleNamespace(config={"IPKernelApp": {}})
        front = types.ModuleType("IPython.display")
        front.display = displayed.append
        monkeypatch.syspath_prepend(str(tmp_path))
        for name, module in {"IPython": kernel, "IPython.display": front}.items():
            monkeypatch.setitem(sys.modules, name, module)
        for name in ("ipywidgets", "tqdm.notebook"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        for number in shown.track(range(4), "epoch", None):
            metrics["loss"] = number
        monkeypatch.delitem(sys.modules, "tqdm.notebook")

        left, bar, right = displayed[0].children
        assert (4, 4, "success") == (bar.value, bar.max, bar.bar_style)
        assert "epoch" in left.value
        assert "loss=3" in right.value
