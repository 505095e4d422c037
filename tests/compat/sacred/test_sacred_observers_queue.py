"""Events that wait: their order, their faults, and their end."""

import threading

import pytest
import sacred_events as events
import sacred_servers
from steps import wait_until

from expframe.compat.sacred.observers import FileStorageObserver, QueueObserver, RunObserver


class Told(RunObserver):
    """Keeps what it is told; fails at first if it is to."""

    priority = 17

    def __init__(self, problem=None, times=0):
        self.calls, self.threads = [], set()
        self.problem, self.times = problem, times

    def _take(self, name, *args, **kwargs):
        self.threads.add(threading.current_thread())
        if self.times and name != "started":
            self.times -= 1
            raise self.problem
        self.calls.append(name)
        return "the id"

    def started_event(self, **kwargs):
        return self._take("started")

    def queued_event(self, **kwargs):
        return self._take("queued")

    def heartbeat_event(self, info, captured_out, beat_time, result):
        self._take(f"beat {captured_out}")

    def log_metrics(self, metrics_by_name, info):
        self._take(f"metrics {len(metrics_by_name)}")

    def resource_event(self, filename):
        self._take("resource")

    def artifact_event(self, **kwargs):
        self._take("artifact")

    def completed_event(self, stop_time, result):
        self._take("completed")

    def interrupted_event(self, interrupt_time, status):
        self._take("interrupted")

    def failed_event(self, fail_time, fail_trace):
        self._take("failed")

    def join(self):
        self._take("join")


def _beat(observer, text):
    observer.heartbeat_event(info={}, captured_out=text, beat_time=events.T1, result=None)


def test_events_keep_their_order():
    """All events arrive in order, those after the start in one other thread; the end waits for them."""
    covered = Told()
    observer = QueueObserver(covered, interval=60)
    assert "the id" == events.start(observer)
    for number in range(50):
        _beat(observer, str(number))
    observer.log_metrics(events.metrics(0, 1), {})
    observer.resource_event("file")
    observer.artifact_event(name="a", filename="b")
    observer.failed_event(events.T2, [])

    beats = [f"beat {number}" for number in range(50)]
    assert ["started", *beats, "metrics 2", "resource", "artifact", "failed", "join"] == covered.calls
    assert 2 == len(covered.threads)
    assert not any(thread.is_alive() for thread in covered.threads - {threading.main_thread()})


def test_the_queue_is_emptied_now_and_then():
    """Events do not wait for the end of the run."""
    covered = Told()
    observer = QueueObserver(covered, interval=0.01)
    _beat(observer, "early")
    wait_until(lambda: "beat early" in covered.calls)
    observer.interrupted_event(events.T2, "INTERRUPTED")
    _beat(observer, "of the next run")
    observer.completed_event(events.T2, None)

    assert ["beat early", "interrupted", "join", "beat of the next run", "completed", "join"] == covered.calls


def test_a_run_can_be_queued_before_any_starts():
    """Queuing a run needs no thread."""
    covered = Told()

    assert "the id" == events.queue(QueueObserver(covered))
    assert ["queued"] == covered.calls


def test_what_may_heal_is_tried_until_it_does():
    """A lost connection is tried again, in place."""
    covered = Told(ConnectionError("gone"), times=20)
    observer = QueueObserver(covered, interval=0.01, retry_interval=0.001)
    _beat(observer, "1")
    _beat(observer, "2")
    observer.completed_event(events.T2, None)

    assert ["beat 1", "beat 2", "completed", "join"] == covered.calls


def test_what_does_not_heal_is_given_up(caplog):
    """A mistake in an event is said and left behind after three tries; the others arrive."""
    covered = Told(TypeError("never"), times=3)
    observer = QueueObserver(covered, interval=0.01, retry_interval=0.001)
    _beat(observer, "1")
    _beat(observer, "2")
    observer.completed_event(events.T2, None)

    assert ["beat 2", "completed", "join"] == covered.calls
    assert "heartbeat_event was given up after 3 tries: TypeError('never')" in caplog.text


def test_any_observer_can_be_covered(tmp_path):
    """Metrics reach observers that take them all at once, such as file storage."""
    events.lay_out(tmp_path)
    observer = QueueObserver(FileStorageObserver("stored"), interval=0.01)
    events.run_through(observer)

    assert (tmp_path / "stored/1/metrics.json").stat().st_size > 100
    assert "stored/1" == observer.dir
    assert observer == FileStorageObserver("stored")


class TakesNamesOfItsOwn(Told):
    """Takes a metric by parameters with other names than Sacred's."""

    def log_metrics(self, name, values, info):
        self._take((name, values, info))


class TakesAnything(Told):
    """Takes whatever it is given by place."""

    def log_metrics(self, *args):
        self._take(args)


@pytest.mark.parametrize("kind", [TakesNamesOfItsOwn, TakesAnything])
def test_one_metric_is_handed_on_at_a_time_where_it_fits(kind):
    """An observer that takes a name, values and info by place is told of each metric, whatever it calls them."""
    covered = kind()
    observer = QueueObserver(covered, interval=0.01)
    observer.log_metrics({"a": [1], "b": [2]}, {"c": 3})
    observer.join()

    assert [("a", [1], {"c": 3}), ("b", [2], {"c": 3}), "join"] == covered.calls


def test_all_metrics_are_handed_on_whatever_they_are_called():
    """An observer that takes the metrics of a beat is told of them at once, by place."""

    class TakesAll(Told):
        def log_metrics(self, metrics, facts):
            self._take((metrics, facts))

    covered = TakesAll()
    observer = QueueObserver(covered, interval=0.01)
    observer.log_metrics({"a": [1], "b": [2]}, {"c": 3})
    observer.join()

    assert [({"a": [1], "b": [2]}, {"c": 3}), "join"] == covered.calls


def test_the_thread_lives_from_the_start_to_the_end():
    """There is a thread once a run has begun; it has ended when the run has, and another run has another."""
    observer = QueueObserver(Told(), interval=60)
    for _ in range(2):
        events.start(observer)
        worker = observer._worker
        assert worker.is_alive()
        observer.completed_event(events.T2, None)
        assert not worker.is_alive()

    assert worker is observer._worker


def test_it_stands_for_the_one_it_covers():
    """Priority, attributes and equality are those of the covered observer."""
    covered = Told()
    observer = QueueObserver(covered)

    assert 17 == observer.priority
    assert observer.calls is covered.calls
    assert observer == covered
    assert observer != Told()
    with pytest.raises(AttributeError):
        observer.nothing
