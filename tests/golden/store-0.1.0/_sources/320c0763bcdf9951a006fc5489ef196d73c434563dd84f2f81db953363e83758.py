"""What made this store, under expframe 0.1.0: runs of every kind, with everything in them that a run can have."""

import datetime
import os
import signal
import time
from pathlib import Path

import numpy as np

import expframe
from expframe import Experiment, Ingredient

data = Ingredient("data")
ex = Experiment("golden", ingredients=[data], sample=0.1)


@data.config
def data_config():
    size = 4


@ex.config
def config():
    lr = 0.1  # how fast
    sizes = (1, 2)
    day = datetime.date(2026, 1, 2)
    net = {"depth": 2, "scale": np.float32(0.5)}
    api_key = "hunter22"
    seed = 7
    fails = False


@ex.named_config
def fast():
    lr = 0.5


@ex.command
def evaluate(lr, _run):
    """Evaluate."""
    _run.log_scalar("accuracy", 0.75)
    return {"accuracy": 0.75}


@ex.command
def count(n):
    """Count."""
    return n * 2


@ex.command
def long(_run):
    """Take several attempts."""
    last = _run.last_checkpoint()
    first = last["epoch"] + 1 if last else 0
    for epoch in range(first, 4):
        _run.log_scalar("loss", 1 / (epoch + 1), epoch)
        if epoch == 1:
            _run.checkpoint(epoch, epoch=epoch, weights=np.arange(3.0))
        if epoch == 2 and not last:
            raise ValueError("too long")
    return first


@ex.command
def dies(_run):
    """End without an end."""
    _run.log_scalar("loss", 0.5)
    print("about to die", flush=True)
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGKILL)


@ex.automain
def main(lr, fails, _run, _log):
    print("learning")
    _run.info["note"] = {"sizes": (1, 2)}
    _run.log_scalars({"loss": [1.0, 0.5, 0.25], "accuracy": np.array([0.1, 0.2, 0.3])})
    _run.log_scalar("odd, name", float("nan"), 5)
    _run.log_table("confusion", [[1, 2], [3, 4]], ["a", "b"])
    _run.log_histogram("weights", [1.0, 2.0, 2.5])
    _run.log_text("sample", "hello")
    _run.save({"lr": lr}, "lr.json")
    _run.save(np.arange(3), "numbers.npy")
    Path("notes.txt").write_text("notes")
    _run.add_artifact("notes.txt", metadata={"of": "today"})
    _run.add_resource("notes.txt")
    with _run.timer("epoch"):
        time.sleep(0.3)
    child = os.fork()
    if child == 0:
        _run.log_scalar("in_worker", 1.5)
        os._exit(0)
    os.waitpid(child, 0)
    if fails:
        raise ValueError("fails")
    ex.run("evaluate")
    return {"score": np.float64(0.25), "best": 3, "names": ("a", "b")}
