"""The sampler: what the machine does over time, kept beside the metrics; short runs pay nothing for it."""

import itertools
import sys
import threading
import time
import types

import pytest

import expframe
from expframe import Experiment
from expframe.errors import DefinitionError
from expframe.run import sampler
from expframe.run.sampler import Sampler


@pytest.fixture
def folder(tmp_path):
    """The folder of a run."""
    folder = tmp_path / "runs" / "1"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    return folder


def sampled(folder, count=3, **changes):
    """Sample into a folder until there are so many samples, and return the curves."""
    own = Sampler(changes.pop("interval", 0.02))
    try:
        deadline = time.monotonic() + 120
        while len(expframe.StoredRun(folder).system().get("cpu", ())) < count:
            assert time.monotonic() < deadline
            own.wake(folder)
            time.sleep(0.01)
    finally:
        own.stop()
    return expframe.StoredRun(folder).system()


@pytest.fixture
def nvml(tmp_path, monkeypatch):
    """A module that stands in for NVML: two GPUs, the second of which tells no power."""
    path = tmp_path / "library"
    path.mkdir()
    (path / "pynvml.py").write_text(
        "from types import SimpleNamespace as Space\n"
        "closed = []\n"
        "class NVMLError(Exception): pass\n"
        "def nvmlInit(): pass\n"
        "def nvmlShutdown(): closed.append(True)\n"
        "def nvmlDeviceGetCount(): return 2\n"
        "def nvmlDeviceGetHandleByIndex(number): return number\n"
        "def nvmlDeviceGetUtilizationRates(handle): return Space(gpu=50 + handle, memory=1)\n"
        "def nvmlDeviceGetMemoryInfo(handle): return Space(total=100, used=10 + handle)\n"
        "def nvmlDeviceGetPowerUsage(handle):\n"
        "    if handle: raise NVMLError('not supported')\n"
        "    return 250_000\n"
    )
    monkeypatch.syspath_prepend(str(path))
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    yield
    sys.modules.pop("pynvml", None)


@pytest.fixture
def no_nvml(monkeypatch):
    """NVML is not installed."""
    monkeypatch.setitem(sys.modules, "pynvml", None)


class TestSamples:
    """What is measured."""

    def test_curves(self, folder, no_nvml):
        """CPU, memory and this process are told, with steps that count and plausible values."""
        curves = sampled(folder)

        assert {"cpu", "memory/used", "memory/percent", "process/cpu", "process/memory"} <= set(curves)
        assert [0, 1, 2] == curves["cpu"].steps[:3]
        assert all(0 <= value <= 100 for value in curves["cpu"].values + curves["memory/percent"].values)
        assert 1e6 < curves["process/memory"].values[0] < curves["memory/used"].values[0]
        assert sorted(curves["cpu"].times) == curves["cpu"].times
        assert curves["cpu"].times[0] == pytest.approx(time.time(), abs=60)

    def test_rates(self, folder, no_nvml, monkeypatch):
        """Disk and network are told as bytes per second, from the first sample on."""
        import psutil

        told = itertools.count(1)
        now = [0.0]

        def counters(**each):
            def read():
                now[0] = next(told) / 10
                return types.SimpleNamespace(**{name: int(now[0] * rate) for name, rate in each.items()})

            return read

        def clock():
            return now[0] if threading.current_thread().name == "expframe-sampler" else time.monotonic()

        monkeypatch.setattr(sampler, "time", types.SimpleNamespace(monotonic=clock, time=time.time))
        monkeypatch.setattr(psutil, "disk_io_counters", counters(read_bytes=1e9, write_bytes=2e9))
        monkeypatch.setattr(psutil, "net_io_counters", counters(bytes_recv=3e9, bytes_sent=4e9))
        curves = sampled(folder)

        for number, name in enumerate(("disk/read", "disk/written", "network/received", "network/sent"), 1):
            assert 0 == curves[name].steps[0]
            assert curves[name].values[0] == pytest.approx(number * 1e9, rel=0.01)

    def test_gpus(self, folder, nvml):
        """Each GPU tells what it can; the driver is let go at the end."""
        curves = sampled(folder)
        gpus = {name: curve.values[0] for name, curve in curves.items() if name.startswith("gpu")}

        expected = {"gpu/0/use": 50, "gpu/0/memory": 10, "gpu/0/power": 250, "gpu/1/use": 51, "gpu/1/memory": 11}
        assert expected == gpus
        assert [True] == sys.modules["pynvml"].closed

    def test_a_driver_that_is_missing(self, folder, nvml):
        """NVML without a driver costs no other sample."""
        import pynvml

        def fail():
            raise pynvml.NVMLError("no driver")

        pynvml.nvmlInit = fail

        assert not [name for name in sampled(folder) if name.startswith("gpu")]

    @pytest.mark.parametrize("name", ["cpu_percent", "virtual_memory", "disk_io_counters", "net_io_counters"])
    def test_a_fault_is_a_missing_sample(self, folder, no_nvml, monkeypatch, name):
        """What cannot be told is left out; the rest goes on."""
        import psutil

        def fail(*_):
            raise OSError("not here")

        if name != "cpu_percent":
            monkeypatch.setattr(psutil, name, fail)
            assert "cpu" in sampled(folder)
            return
        monkeypatch.setattr(psutil, name, fail)
        machine = sampler._Machine()
        assert "memory/used" in {found for found, _, _ in machine.read()}

    def test_a_folder_that_is_gone(self, tmp_path, no_nvml):
        """Where nothing can be written nothing is raised, and the thread ends when it is told to."""
        own = Sampler(0.01)
        for _ in range(10):
            own.wake(tmp_path / "gone")
            time.sleep(0.02)
        own.stop()

        assert not (tmp_path / "gone").exists()


class TestRun:
    """When a run is sampled."""

    def run(self, tmp_path, seconds=0.0, until="system.csv", **how):
        """Run a command that waits for its file of samples, or so long, and return the run read back."""
        ex = Experiment("sampled", store=tmp_path / "runs", **how)

        @ex.main
        def main(_run):
            deadline = time.monotonic() + 120
            while until and not expframe.StoredRun(_run.folder).system():
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(seconds)

        ex.run()
        return expframe.runs(tmp_path / "runs")[1]

    def test_kept_beside_the_metrics(self, tmp_path):
        """Samples are in a file of their own, in the format of metrics, and no metrics of the run."""
        run = self.run(tmp_path, sample=0.1)

        assert "metric,step,time,value" == (run.folder / "system.csv").read_text().splitlines()[0]
        assert run.system("cpu").values == run.system()["cpu"].values
        assert {} == run.metrics()
        with pytest.raises(KeyError, match=r"no sample 'gpu/9/use'. It has: cpu"):
            run.system("gpu/9/use")

    @pytest.mark.parametrize("sample", [0, False, 0.0])
    def test_off(self, tmp_path, sample):
        """0 or False is no interval at all, and nothing is sampled."""
        sampler = Sampler(Experiment("off", sample=sample).settings.sample)
        for _ in range(3):
            sampler.wake(tmp_path)

        assert sampler._due is None
        assert [] == list(tmp_path.iterdir())

    def test_without_psutil(self, tmp_path, monkeypatch):
        """Where psutil is not installed there is nothing and no word of it."""
        monkeypatch.setitem(sys.modules, "psutil", None)
        run = self.run(tmp_path, 0.3, until="", sample=0.05)

        assert ({}, ()) == (run.system(), run.record.problems)

    def test_not_where_nothing_is_kept(self, tmp_path, monkeypatch):
        """A ghost is not sampled."""
        monkeypatch.setattr(sampler, "_Machine", None)
        ex = Experiment("ghost", ghost=True, sample=0.01)
        ex.main(lambda: time.sleep(0.2))
        ex.run()

        assert not list(tmp_path.iterdir())

    def test_short_runs_do_not_import_psutil(self, script, environment):
        """A run that is over before its first interval neither imports psutil nor starts a thread."""
        import subprocess

        path = script("""
            import sys, threading, time
            from expframe import Experiment

            ex = Experiment("short")

            @ex.automain
            def main():
                time.sleep(0.2)
                print("psutil" in sys.modules, [t.name for t in threading.enumerate() if "sampler" in t.name])
        """)
        done = subprocess.run(
            [sys.executable, str(path)], cwd=path.parent, env=environment, capture_output=True, text=True, check=True
        )

        assert "False []\n" == done.stdout

    def test_a_sampler_goes_on_counting(self, folder, no_nvml):
        """A run that goes on after it had ended is sampled again, and steps do not begin again."""
        for _ in range(2):
            own = Sampler(0.02)
            deadline = time.monotonic() + 120
            before = len(expframe.StoredRun(folder).system().get("cpu", ()))
            while len(expframe.StoredRun(folder).system().get("cpu", ())) <= before:
                assert time.monotonic() < deadline
                own.wake(folder)
                time.sleep(0.01)
            own.stop()
        steps = expframe.StoredRun(folder).system("cpu").steps

        assert list(range(len(steps))) == steps

    @pytest.mark.parametrize("sample", [-1, float("nan"), float("inf"), "10", None])
    def test_intervals_are_checked(self, sample):
        """What is no time in seconds is refused."""
        with pytest.raises(DefinitionError):
            Experiment("x", sample=sample)
