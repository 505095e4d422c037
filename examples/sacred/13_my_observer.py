"""
An observer of one's own: hears what happens to a run.

A subclass of `RunObserver` overrides the events that it cares about. The order of several observers is that of their
`priority`; the first one that returns an id at the start names the run.

Usage:
    $ python -m expframe sacred 13_my_observer.py -l ERROR
    to home: holiday has begun with main
    this is run postcard-1
    to home: it is over, and the result is 42

    $ python -m expframe sacred 13_my_observer.py -l CRITICAL with fail=True
    to home: holiday has begun with main
    this is run postcard-1
    to home: it went wrong: ValueError: rain
    Traceback (most recent calls WITHOUT Sacred internals):
      File ".../13_my_observer.py", line ..., in main
        raise ValueError("rain")
    ValueError: rain
"""

from sacred import Experiment
from sacred.observers import RunObserver


class Postcards(RunObserver):
    """Writes home."""

    priority = 10

    def __init__(self, address):
        self.address = address

    def write(self, text):
        print(f"to {self.address}: {text}")

    def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
        self.write(f"{ex_info['name']} has begun with {command}")
        return "postcard-1"

    def completed_event(self, stop_time, result):
        self.write(f"it is over, and the result is {result}")

    def failed_event(self, fail_time, fail_trace):
        self.write(f"it went wrong: {fail_trace[-1].strip()}")


ex = Experiment("holiday")
ex.observers.append(Postcards("home"))


@ex.config
def config():
    fail = False


@ex.automain
def main(fail, _run):
    print("this is run", _run._id)
    if fail:
        raise ValueError("rain")
    return 42
