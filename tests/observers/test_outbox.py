"""Storage that fails for a while, or for good: real limits of the system, and sinks that refuse."""

import json
import os
import resource
import signal
import tempfile
import threading
from contextlib import contextmanager

import pytest
from steps import wait_until

import expframe
from expframe import Status
from expframe.__main__ import main
from expframe.errors import SaveError
from expframe.observers import outbox
from expframe.observers.base import Observer, Sink
from expframe.record.events import Points


def run_of(run):
    """Return a run read back."""
    return expframe.runs(run.store)[run.id]


@contextmanager
def full(size):
    """Let no file of this process become larger than `size` bytes, as on a full disk; some of a write may succeed."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


class Refusing(Observer):
    """Refuses with an error as long as there is one; keeps what it took."""

    def __init__(self, problem=None):
        self.problem = problem
        self.asked = []
        self.taken = []
        self.closed = 0

    def open(self, _record, _config):
        observer = self

        class RefusingSink(Sink):
            def write(self, event):
                if isinstance(event, Points):
                    observer.asked.append(event)
                    if observer.problem is not None:
                        raise observer.problem
                    observer.taken += [point[3] for point in event.points]

            def close(self, _record):
                observer.closed += 1
                if observer.problem is not None:
                    raise observer.problem

        return RefusingSink()


@pytest.fixture
def impatient(monkeypatch):
    """Storage that fails for good is not waited for."""
    monkeypatch.setattr(outbox, "_PATIENCE", 0.2)


class TestPoints:
    """Points, while storage refuses them."""

    @pytest.mark.parametrize("room", [0, 1, 7, 100])
    def test_what_could_not_be_written_is_written_once_and_in_order(self, ex, room):
        """Points that meet a full disk are all there in the end, each once, in the order in which they were logged."""

        @ex.main
        def main(_run):
            for n in range(100):
                _run.log_scalar("loss", n)
            with full(_run.summaries["loss"].count and (_run.dir / "metrics.csv").stat().st_size + room):
                for n in range(100, 200):
                    _run.log_scalar("loss", n)
                    _run.log_scalar("a,b", n)
                    _run.summaries  # each is tried at once
            for n in range(200, 300):
                _run.log_scalar("loss", n)
            _run.summaries

        run = run_of(ex.run())
        lines = (run.dir / "metrics.csv").read_text().splitlines()
        assert [float(n) for n in range(300)] == run.metrics("loss").values
        assert [float(n) for n in range(100, 200)] == run.metrics("a,b").values
        assert 1 + 400 == len(lines)
        assert all(line.count(",") in (3, 4) for line in lines)
        assert (300, 0, 299) == (run.summaries["loss"].count, run.summaries["loss"].min, run.summaries["loss"].max)

    def test_a_large_series_is_written_whole(self, ex):
        """A series of which a part was written when the disk was full is written once."""

        @ex.main
        def main(_run):
            _run.log_scalar("x", -1)
            _run.summaries
            with full(1_500_000):
                _run.log_scalars({"x": list(range(100_000))})
                _run.summaries
            _run.log_scalar("x", 100_000)

        run = run_of(ex.run())
        assert [float(n) for n in range(-1, 100_001)] == run.metrics("x").values
        assert list(range(100_002)) == run.metrics("x").steps

    def test_a_header_that_could_not_be_written_is_there_later(self, ex):
        """A disk that is full from the first point on leaves a file that begins as every other."""

        @ex.main
        def main(_run):
            with full(5):
                _run.log_scalar("x", 0)
                _run.summaries
            _run.log_scalar("x", 1)

        run = run_of(ex.run())
        assert "metric,step,time,value" == (run.dir / "metrics.csv").read_text().splitlines()[0]
        assert [0.0, 1.0] == run.metrics("x").values

    def test_a_worker_keeps_them_too(self, ex):
        """A forked child that meets a full disk writes its points with its next ones."""

        @ex.main
        def main(_run):
            pid = os.fork()
            if pid == 0:
                with full(0):
                    _run.log_scalar("x", 0)
                _run.log_scalar("x", 1)
                os._exit(0)
            os.waitpid(pid, 0)

        assert [0.0, 1.0] == run_of(ex.run()).metrics("x").values

    def test_they_are_tried_again_though_nothing_more_is_logged(self, ex):
        """What met a short fault is written soon after it, and not with the next points or beat."""

        @ex.main
        def main(_run):
            (_run.dir / "metrics.csv").mkdir()
            _run.log_scalar("x", 1)
            (_run.dir / "metrics.csv").rmdir()
            return wait_until((_run.dir / "metrics.csv").exists)

        assert ex.run(options={"beat_interval": 1000}).result

    def test_a_checkpoint_does_not_pass_them_over(self, ex):
        """A checkpoint is refused while points that were logged before it are not written: a resume would drop them."""

        @ex.main
        def main(_run):
            (_run.dir / "metrics.csv").mkdir()
            _run.log_scalar("x", 1)
            with pytest.raises(SaveError, match="what was logged before it could not be written"):
                _run.checkpoint(1)
            refused = _run.last_checkpoint()
            (_run.dir / "metrics.csv").rmdir()
            return refused, _run.checkpoint(2).position.sizes["metrics.csv"] == (
                _run.dir / "metrics.csv"
            ).stat().st_size

        assert (None, True) == ex.run().result

    def test_memory_is_bounded(self, ex, impatient, caplog, monkeypatch):
        """Only so many points wait; then it is said that more are lost, and those that wait are stored first."""
        monkeypatch.setattr(outbox, "_ROOM", 10)
        ex.observers.append(slow := Refusing(OSError(5, "Input/output error")))

        @ex.main
        def main(_run):
            for n in range(30):
                _run.log_scalar("x", n)
                _run.summaries

        ex.run()
        assert {id(slow.asked[0])} == {id(event) for event in slow.asked if event.points[0][3] == 0}
        said = [record.getMessage() for record in caplog.records]
        assert 1 == sum("too much waits for RefusingSink: what comes now is lost" in text for text in said)
        assert 1 == sum("could not be written to the end; lost are: points (10 times)" in text for text in said)

    def test_what_is_no_fault_of_storage_is_not_asked_again(self, ex):
        """An event that a sink can make nothing of is said, and holds up no other."""
        ex.observers.append(odd := Refusing(ValueError("odd")))

        @ex.main
        def main(_run):
            for n in range(3):
                _run.log_scalar("x", n)
                _run.summaries

        ex.run()
        assert [0, 1, 2] == [point[3] for event in odd.asked for point in event.points]
        assert 1 == odd.closed


class TestOthers:
    """What else is told of a run."""

    def test_media_files_info_and_calls_are_kept_too(self, ex):
        """Texts, notes of files, info and calls that meet a full disk are stored later, in order, once."""

        @ex.command
        def step(x, _run):
            (_run.dir / "files").mkdir(exist_ok=True)
            (_run.dir / "files" / f"{x}.txt").write_text("made")
            with full(500 if x in (1, 2) else 1 << 30):
                _run.log_text("said", f"{x} " * 40)
                _run.add_artifact(_run.dir / "files" / f"{x}.txt")
                _run.info["x"] = list(range(300 * x))

        run = ex.create("step")
        for x in range(4):
            with full(600 if x in (1, 2) else 1 << 30):
                run(x)
        run.close()
        back = run_of(run)
        assert [f"{x} " * 40 for x in range(4)] == [media.content for media in back.media()]
        assert [f"{x}.txt" for x in range(4)] == [file.name for file in back.files]
        assert [1, 2, 3, 4] == [call.number for call in back.calls]
        assert {"x": list(range(900))} == back.info
        for name in ("media.jsonl", "files.jsonl", "calls.jsonl"):
            assert 4 == len((back.dir / name).read_text().splitlines()), name


class TestEnd:
    """The final record, while storage refuses it."""

    def test_a_short_fault_is_survived(self, ex, caplog):
        """A run whose disk is full for a moment at its end is COMPLETED for readers, and nothing is left over."""
        with full(1 << 30) as relieve:

            def relieve_once_it_is_said():
                wait_until(lambda: "it is tried for 5 s more" in caplog.text)
                relieve()

            thread = threading.Thread(target=relieve_once_it_is_said)

            @ex.main
            def main(_run):
                _run.log_scalar("x", 1)
                thread.start()
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
                return 7

            run = run_of(ex.run())
            thread.join()

        assert (Status.COMPLETED, 7, [1.0]) == (run.status, run.result, run.metrics("x").values)
        assert not {"run.json.retry", "lease"} & set(os.listdir(run.dir))
        assert "it is tried for 5 s more" in caplog.text

    def test_points_are_counted_once_however_often_the_end_is_tried(self, ex):
        """What points come to is the same where the record could not be replaced at first, for those of workers too."""

        @ex.main
        def main(_run):
            _run.log_scalar("x", 1)
            if (pid := os.fork()) == 0:
                _run.log_scalar("y", 2)
                os._exit(0)
            os.waitpid(pid, 0)
            _run.summaries
            (_run.dir / "run.json").unlink()
            (_run.dir / "run.json").mkdir()
            threading.Timer(0.3, (_run.dir / "run.json").rmdir).start()

        run = run_of(ex.run())
        assert Status.COMPLETED == run.status
        assert {"x": 1, "y": 1} == {name: summary.count for name, summary in run.summaries.items()}
        assert {"x": 1, "y": 1} == {name: len(curve) for name, curve in run.metrics().items()}

    @pytest.mark.usefixtures("impatient")
    def test_a_record_that_cannot_be_replaced_is_left_beside(self, ex, monkeypatch, caplog):
        """Where run.json cannot be replaced, readers find the final record beside it, and an edit puts it in place."""
        replace = os.replace

        def refuse(source, target):
            if os.path.basename(target) == "run.json":
                raise OSError(5, "Input/output error")
            replace(source, target)

        @ex.main
        def end(_run):
            monkeypatch.setattr(os, "replace", refuse)
            return {"loss": 0.5}

        live = ex.run()
        monkeypatch.undo()
        run = run_of(live)
        assert (Status.COMPLETED, {"loss": 0.5}) == (run.status, run.result)
        assert [run.id] == [found.id for found in expframe.runs(live.store).where("status == 'COMPLETED'")]
        assert "the final record is beside it, where readers find it" in caplog.text

        main(["tag", run.id, "kept", "-F", str(live.store)])
        record = json.loads((run.dir / "run.json").read_text())
        assert (Status.COMPLETED, ["kept"]) == (record["status"], record["tags"])

    @pytest.mark.usefixtures("impatient")
    def test_at_worst_it_is_in_the_temporary_folder(self, ex, tmp_path, monkeypatch, caplog):
        """Where the store cannot be written any more, the final record is in the temporary folder, and said to be."""
        (tmp_path / "tmp").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))

        @ex.main
        def main(_run):
            for name in ("run.json", "run.json.retry"):  # a folder is not replaced by a file
                (_run.dir / name).unlink(missing_ok=True)
                (_run.dir / name).mkdir()
            return 7

        run = ex.run()
        (found,) = (tmp_path / "tmp").glob("expframe-*.json")
        record = json.loads(found.read_text())
        assert (run.uid, Status.COMPLETED, 7) == (record["uid"], record["status"], record["result"])
        assert f"the final record is {found}. Copy it to {run.dir / 'run.json'}, or the run is DIED." in caplog.text

    def test_the_end_is_asked_of_other_sinks_again(self, ex, monkeypatch):
        """A sink without a folder that refuses the end for a moment is asked until it takes it."""
        ex.observers.append(slow := Refusing(OSError(5, "Input/output error")))

        @ex.main
        def main(_run):
            _run.log_scalar("x", 1)
            threading.Timer(0.3, lambda: setattr(slow, "problem", None)).start()

        ex.run()
        assert [1] == slow.taken
        assert slow.closed >= 1


def test_what_waits_at_the_end_is_tried_again_without_long_pauses(ex, monkeypatch):
    """However long storage has failed, what it is well again for is there within 100 ms: a kill takes no more."""
    observer = Refusing(OSError(28, "full"))
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        observer.problem = observer.problem if len(pauses) < 8 else None

    @ex.main
    def main(_run):
        _run.log_scalar("loss", 0.5)

    ex.observers.append(observer)
    monkeypatch.setattr(outbox.time, "sleep", pause)
    ex.run(options={"beat_interval": 0})

    assert len(pauses) >= 8
    assert max(pauses) <= 0.1
    assert [0.5] == observer.taken
