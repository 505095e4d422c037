# The events of an observer of one's own, their order, beats.
# $ python observer_events.py -C sys -l ERROR with seed=1
# $ python observer_events.py -C sys -l ERROR fail with seed=1
# $ python observer_events.py -C sys -l ERROR interrupt with seed=1
# $ python observer_events.py -C sys -l ERROR -q with seed=1
# $ python observer_events.py -C sys -l ERROR -u with seed=1
# $ python observer_events.py -C sys -l ERROR -i mine with seed=1
# $ python observer_events.py -C sys -l ERROR print_named_configs
"""An observer that says what it hears."""

from sacred import Experiment
from sacred.observers import RunObserver
from sacred.observers.base import td_format

ex = Experiment("events")


class Loud(RunObserver):
    def __init__(self, name, priority):
        self.name = name
        self.priority = priority

    def hear(self, event, **facts):
        print(self.name, event, sorted(facts.items()), file=ex_out)

    def queued_event(self, ex_info, command, host_info, queue_time, config, meta_info, _id):
        self.hear("queued", name=ex_info["name"], command=command, config=config, id=_id)
        return f"{self.name}-queued"

    def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
        self.hear("started", name=ex_info["name"], command=command, config=config, id=_id, meta=sorted(meta_info))
        return f"{self.name}-id"

    def heartbeat_event(self, info, captured_out, beat_time, result):
        self.hear(
            "heartbeat", info=info, out=[line for line in captured_out.splitlines() if "main" in line], result=result
        )

    def log_metrics(self, metrics_by_name, info):
        self.hear("metrics", metrics={name: (m["steps"], m["values"]) for name, m in metrics_by_name.items()})

    def completed_event(self, stop_time, result):
        self.hear("completed", result=result)

    def interrupted_event(self, interrupt_time, status):
        self.hear("interrupted", status=status)

    def failed_event(self, fail_time, fail_trace):
        self.hear("failed", trace=fail_trace[-1].strip())

    def resource_event(self, filename):
        self.hear("resource", filename=filename)

    def artifact_event(self, name, filename, metadata=None, content_type=None):
        self.hear("artifact", name=name, filename=filename, metadata=metadata, type=content_type)

    def join(self):
        self.hear("join")


ex_out = open("heard.txt", "w")
ex.observers.append(Loud("low", 1))
ex.observers.append(Loud("high", 50))
ex.add_config(a=1)


@ex.command
def fail():
    raise ValueError("no")


@ex.command
def interrupt():
    raise KeyboardInterrupt


@ex.automain
def main(_run):
    print("main speaks")
    _run.open_resource("notes.txt").close()
    _run.add_artifact("notes.txt", name="kept.txt", metadata={"k": 1}, content_type="text/plain")
    _run.info["seen"] = 1
    _run.log_scalar("loss", 0.5)
    _run.log_scalar("loss", 0.25, 10)
    _run.log_scalar("loss", 0.125)
    _run.log_scalar("accuracy", 1)
    import datetime

    print(td_format(datetime.timedelta(days=400, seconds=61)), td_format(datetime.timedelta(0)))
    return "done"
