"""
Metrics, info, artifacts and resources: what a run keeps besides its output.

`log_scalar` appends a point to a curve, `info` is a dict for whatever is found out, an artifact is a file that the run
made, a resource one that it read. Where they go is the observer's business; here they are files in a folder.

Usage:
    $ python -m expframe sacred 12_metrics.py -F my_runs
    INFO - metrics - Running command 'main'
    INFO - metrics - Started run with ID "1"
    INFO - metrics - Result: 0.0625
    INFO - metrics - Completed after 0:00:00

    $ python -c "import json; print(json.load(open('my_runs/1/metrics.json'))['loss']['values'])"
    [0.5, 0.25, 0.125, 0.0625]

    $ cat my_runs/1/weights.txt my_runs/1/info.json
    0.25 0.75
    {
      "opened": "12_metrics.py"
    }

    $ python -m expframe sacred 12_metrics.py -l ERROR with steps=2
"""

from pathlib import Path

from sacred import Experiment

ex = Experiment("metrics")


@ex.config
def config():
    steps = 4
    rate = 0.5


@ex.automain
def main(steps, rate, _run):
    with ex.open_resource(__file__) as file:
        _run.info["opened"] = Path(file.name).name
    loss = 1.0
    for step in range(steps):
        loss *= 1 - rate
        _run.log_scalar("loss", loss, step)
    Path("weights.txt").write_text("0.25 0.75\n")
    _run.add_artifact("weights.txt")
    return loss
