# Observers that fail.
# $ python observer_errors.py with seed=1
# $ python observer_errors.py with seed=1 where=heartbeat_event
# $ python observer_errors.py with seed=1 where=log_metrics
# $ python observer_errors.py with seed=1 where=artifact_event
# $ python observer_errors.py -l CRITICAL with seed=1 where=completed_event
# $ python observer_errors.py -l CRITICAL with seed=1 where=started_event
# $ python observer_errors.py -l CRITICAL -q with seed=1 where=queued_event
# $ python observer_errors.py with seed=1 where=join
"""Observers whose storage is gone."""

from sacred import Experiment
from sacred.observers import RunObserver

ex = Experiment("observer_errors")
ex.add_config(where="nowhere")
heard = []


class Counting(RunObserver):
    def __getattribute__(self, name):
        if name.endswith("_event") or name == "log_metrics":
            heard.append(name)
        return super().__getattribute__(name)


class Failing(RunObserver):
    priority = 10

    def __repr__(self):
        return "<failing>"


@ex.config_hook
def break_it(config, command_name, logger):
    def fail(*args, **kwargs):
        raise OSError("storage is gone")

    observer = Failing()
    if hasattr(observer, config["where"]):
        setattr(observer, config["where"], fail)
    ex.observers[:] = [observer, Counting()]
    return {}


@ex.automain
def main(_run):
    _run.log_scalar("loss", 1)
    _run.add_artifact("notes.txt")
    _run.add_artifact("base.json")
    print(sorted(set(heard)))
    return 1
