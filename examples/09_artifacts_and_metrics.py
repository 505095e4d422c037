"""
Artifacts and metrics: what a run measures, makes and reads.

`log_scalar` and `log_scalars` append points to `metrics.csv`, which can be read at any moment. `add_artifact` keeps a
file that was made, `open_resource` one that is read, and `_run.info` is a dict for whatever else is worth knowing. All
of it is plain files, and `expframe.runs()` reads them back.

Usage:
    $ python 09_artifacts_and_metrics.py
    NOTICE - artifacts_and_metrics[1] - Started 'main' in runs/1
    INFO - artifacts_and_metrics[1] - Result: 0.25
    NOTICE - artifacts_and_metrics[1] - Completed 'main' after 0:00:00

    $ python 09_artifacts_and_metrics.py show
    run 1: COMPLETED, result 0.25
    loss: [0, 1, 2, 3] [1.0, 0.5, 0.3333333333333333, 0.25]
    all metrics: {'loss': 4, 'train.accuracy': 4, 'test.accuracy': 4, 'curve': 3}
    info: {'lines': 62}
    resource: 09_artifacts_and_metrics.py, 2327 bytes
    artifact: report.txt, 13 bytes
    notes.txt: Files may also be written where they belong.
"""

from pathlib import Path

import expframe
from expframe import Experiment

ex = Experiment("artifacts_and_metrics")


@ex.config
def config():
    epochs = 4


@ex.command(unobserved=True)
def show():
    """Read the newest run back."""
    run = expframe.runs().last
    print(f"run {run.id}: {run.status}, result {run.result}")
    loss = run.metrics("loss")
    print("loss:", loss.steps, loss.values)
    print("all metrics:", {name: len(curve) for name, curve in run.metrics().items()})
    print("info:", run.info)
    for file in run.files:
        print(f"{file.kind}: {Path(file.name).name}, {file.size} bytes")
    print("notes.txt:", run.path("notes.txt").read_text())


@ex.automain
def main(epochs, _run):
    with _run.open_resource(__file__) as file:
        _run.info["lines"] = len(file.readlines())
    for epoch in range(epochs):
        _run.log_scalar("loss", 1 / (epoch + 1))
        _run.log_scalars({"train.accuracy": 0.5 + epoch / 10, "test.accuracy": 0.4 + epoch / 10}, step=epoch)
    _run.log_scalars({"curve": [0.1, 0.2, 0.3]}, step=[0, 10, 20])  # whole arrays at once
    Path("report.txt").write_text("It went well.")
    _run.add_artifact("report.txt", metadata={"for": "the boss"})
    _run.path("notes.txt").write_text("Files may also be written where they belong.")
    return 1 / epochs
