# Queueing runs, QueueObserver.
# $ python queued.py -q -C sys -F stored with seed=1 a=2
# $ python queued.py -q with seed=1
# $ python queued.py -l ERROR covered with seed=1
"""Runs that wait, and observers that need time."""

from sacred import Experiment
from sacred.observers import QueueObserver, RunObserver

ex = Experiment("queue")
ex.add_config(a=1)
heard = []


class Slow(RunObserver):
    marker = "covered"

    def started_event(self, **kwargs):
        heard.append(("started", kwargs["command"]))
        return 5

    def heartbeat_event(self, **kwargs):
        heard.append(("beat", kwargs["result"]))

    def completed_event(self, **kwargs):
        heard.append(("completed", kwargs["result"]))


@ex.command
def inner():
    return 3


@ex.command(unobserved=True)
def covered():
    observer = QueueObserver(Slow(), interval=0.1, retry_interval=0.1)
    print(observer.marker)
    ex.observers.append(observer)
    run = ex.run("inner", options={"--loglevel": "ERROR"})
    print(run._id, heard[0], heard[-1])


@ex.automain
def main(a):
    print("never when queued")
