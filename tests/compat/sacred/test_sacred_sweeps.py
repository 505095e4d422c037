"""Sweeps of scripts that were written for Sacred."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from steps import wait_until

import expframe

once = pytest.mark.once  # they are many processes, and the same on all Pythons

SCRIPT = """
import os
import time

from sacred import Experiment, Ingredient, cli_option
from sacred.observers import FileStorageObserver
from sacred.utils import TimeoutInterrupt

data = Ingredient("data")


@data.config
def data_config():
    size = 10


@cli_option("-x", "--extra")
def extra(value, run):
    "Something else."


ex = Experiment("old", ingredients=[data], additional_cli_options=[extra])
if not os.environ.get("BARE"):
    ex.observers.append(FileStorageObserver("mine"))
if os.environ.get("NATIVE"):
    from pathlib import Path

    from expframe.store.writer import LocalStore

    ex.observers.append(LocalStore(Path("native")))


@ex.config
def config():
    lr = 0.1  # how far to go
    half = lr / 2
    name = "text"
    nothing = None
    steps = 3
    pause = 0.0
    wait = ""
    fail = ""


@ex.named_config
def wide():
    steps = 5


@ex.named_config
def narrow():
    steps = 2


@ex.capture
def improve(loss, half, unset=0):
    return loss * (1 - half) + unset


@ex.command
def evaluate(lr):
    return -lr


@ex.automain
def main(lr, steps, pause, wait, fail, name, data, seed, _run, _rnd):
    print("training with", lr, "as", _run.meta_info.get("comment"))
    if lr == 0.2 and fail == "raise":
        raise ValueError("too high")
    if lr == 0.2 and fail == "timeout":
        raise TimeoutInterrupt()
    if fail == "once" and not os.path.exists("tried"):
        open("tried", "w").close()
        raise ValueError("once")
    loss = 1.0
    for step in range(1, steps + 1):
        loss = improve(loss)
        _run.log_scalar("loss", loss, step)
        _run.log_scalar("word", "no number", step)
        time.sleep(pause)
        while wait and not os.path.exists(wait):
            time.sleep(0.01)
    _run.info["lr"] = lr
    if os.environ.get("NATIVE"):
        import expframe

        _run.info["points"] = len(expframe.current_run().metrics("loss"))
    with open(f"model-{lr}.txt", "w") as file:
        file.write("weights")
    _run.add_artifact(f"model-{lr}.txt", name="model.txt")
    return {"size": data["size"], "seed": seed, "drawn": int(_rnd.integers(10**6))} if name == "dict" else loss
"""


class Old:
    """A script that says `import sacred`, in a folder of its own."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.environment = {**environment, "COLUMNS": "200"}
        (folder / "old.py").write_text(SCRIPT)

    def start(self, *words):
        """Start a command line of `python -m expframe` in a session of its own."""
        line = [sys.executable, "-m", "expframe", *words]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen(line, cwd=self.folder, env=self.environment, text=True, start_new_session=True, **pipes)

    def do(self, *words, code=0):
        """Do one, and return what it printed."""
        process = self.start(*words)
        out, _ = process.communicate(timeout=300)

        assert code == process.returncode, out
        return out

    def sweep(self, *words, code=0):
        """Do a sweep of the script."""
        return self.do("sacred", "old.py", "sweep", *words, code=code)

    def trials(self, id="1"):
        """Return the runs of a sweep's trials in their order."""
        found = expframe.runs(self.folder / "runs").where(f"parent == '{id}'")
        return sorted(found, key=lambda run: (run.record.sweep["trial"], run.record.sweep["attempt"]))

    def stored(self):
        """Return what the script's own observer has stored, by the lr of each run."""
        found = {}
        for folder in (self.folder / "mine").glob("[0-9]*"):
            files = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
            found[files["config"]["lr"]] = files
        return found


@pytest.fixture
def old(tmp_path, environment):
    """A script of Sacred's."""
    return Old(tmp_path, environment)


@pytest.mark.once
def test_a_script_of_sacreds_is_swept_as_it_is(old):
    """Trials are known to the sweep, and recorded by the observers of the script as its runs are, also native ones."""
    old.environment["NATIVE"] = "1"
    out = old.sweep("with", "lr=0.1,0.2", "seed=7", "--metric", "loss.min", "-j", "2", "-c", "mine")
    first, second = old.trials()
    stored = old.stored()

    assert "2 trials: 2 completed" in out
    assert [(0, 0, 0.05), (1, 1, 0.1)] == [
        (run.record.sweep["trial"], run.record.sweep["configuration"], run.config["half"]) for run in (first, second)
    ]
    assert ("old", "main", 7, "COMPLETED") == (first.name, first.command, first.seed, first.status)
    assert pytest.approx([0.95, 0.95**2, 0.95**3]) == list(first.metrics("loss").values)
    assert (pytest.approx(0.95**3), {"lr": 0.1, "points": 3}, ["model.txt"]) == (
        first.result,
        first.info,
        [file.name for file in first.files],
    )
    assert "training with 0.1 as mine" in first.output()
    assert {0.1: "COMPLETED", 0.2: "COMPLETED"} == {lr: one["run"]["status"] for lr, one in stored.items()}
    assert (first.result, [1, 2, 3]) == (stored[0.1]["run"]["result"], stored[0.1]["metrics"]["loss"]["steps"])
    assert ["no number"] * 3 == stored[0.2]["metrics"]["word"]["values"]
    for run in expframe.runs(old.folder / "native"):
        trial = {0.1: first, 0.2: second}[run.config["lr"]]
        assert [*trial.metrics("loss").values] == [*run.metrics("loss").values]
        assert [trial.uid, ["model.txt"]] == [run.record.parent, [file.name for file in run.files]]


@once
@pytest.mark.parametrize("how", [[], ["--fresh"]], ids=["forked", "fresh"])
def test_a_trial_is_what_the_script_does_by_itself(old, how):
    """A trial draws the numbers, and has the config, that the script has with the trial's words alone."""
    old.sweep("with", "data.size=3,4", "name=dict", "--seeds", "2", "--search-seed", "1", *how)
    trials = old.trials()
    seeds = [run.seed for run in trials]
    old.do("sacred", "old.py", "with", "data.size=4", "name=dict", f"seed={seeds[3]}", "-F", "alone")
    (folder,) = (old.folder / "alone").glob("[0-9]*")
    alone = json.loads((folder / "run.json").read_text())

    assert (seeds[0], seeds[1]) == (seeds[2], seeds[3])
    assert [3, 3, 4, 4] == [run.result["size"] for run in trials]
    assert alone["result"] == trials[3].result
    assert json.loads((folder / "config.json").read_text()) == trials[3].config.values


@once
def test_a_script_without_observers_is_swept_from_outside(old):
    """`expframe sweep old.py` does what the word `sweep` does; the sweep's own folder is enough to keep trials."""
    old.environment["BARE"] = "1"
    out = old.do("sweep", "old.py", "evaluate", "with", "wide,narrow", "lr=0.1,0.2", "nothing=3", "-F", "runs")
    trials = old.trials()
    best = old.do("sweep", "best", "1")

    assert "4 trials: 4 completed" in out
    assert [(-0.1, 5, 3), (-0.2, 5, 3), (-0.1, 2, 3), (-0.2, 2, 3)] == [
        (run.result, run.config["steps"], run.config["nothing"]) for run in trials
    ]
    assert "python -m expframe sacred old.py evaluate with nothing=3 wide lr=0.1" in best
    assert not (old.folder / "mine").exists()


@once
def test_what_sacred_refuses_is_refused_before_anything_starts(old):
    """Words are judged by Sacred's rules: what nothing uses is an error, what a function takes is not, nor with -f."""
    refused = old.sweep("with", "lr=0.1,0.2", "lrr=3", code=2)
    unnamed = old.sweep("with", "lr=0.1,0.2", "nope", code=2)
    no_command = old.sweep("nope", "with", "lr=0.1,0.2", code=2)
    old.sweep("with", "lr=0.1", "unset=0,1")
    forced = old.sweep("with", "lr=0.1,0.2", "lrr=3", "-f", "--dry-run")

    assert "ConfigError: Added new config entry that is not used anywhere" in refused and "lrr=3" in refused
    assert 'Named config not found: "nope"' in unnamed
    assert "No command 'nope'" in no_command
    assert [0, 1] == [run.config["unset"] for run in old.trials()]
    assert "2 trials; nothing is started" in forced


@once
def test_words_are_read_by_sacreds_rules(old):
    """A value is a literal in JSON's form or a text, whatever stands there; a warning is said once."""
    out = old.sweep("with", "name=123_456,abc,(1,2)", "nothing=1,None", "half=1", "-l", "WARNING")
    names = [run.config["name"] for run in old.trials()]

    assert [123456, 123456, "abc", "abc", [1, 2], [1, 2]] == names
    assert 1 == out.count('Changed type of config entry "name" from str to int')


@once
def test_options_that_trials_are_not_given_are_refused_with_the_way_out(old):
    """A flag of an observer, or one of the script's own, says what to do in its place; so do commands without runs."""
    for words in (["-m", "db"], ["--extra=3"], ["-x", "3"]):
        out = old.sweep("with", "lr=0.1,0.2", *words, code=2)
        assert f"{words[0]}: is an option of single runs of this script" in out

    before = old.do("sacred", "old.py", "-m", "db", "sweep", "with", "lr=0.1,0.2", code=2)
    unobserved = old.sweep("print_config", "with", "lr=0.1,0.2", code=2)
    assert "-m: is an option of single runs of this script" in before
    assert "Commands that can be swept: evaluate, main" in unobserved


@once
def test_failures_and_endings_of_sacreds_are_known_to_the_sweep(old):
    """What a script raises is the trial's failure, its interrupts are statuses, and --retry tries again."""
    failed = old.sweep("with", "lr=0.1,0.2", "fail=raise", code=1)
    timeout = old.sweep("with", "lr=0.1,0.2", "fail=timeout", code=1)
    once = old.sweep("with", "lr=0.1,0.3", "fail=once", "--retry", "1")

    assert "lr=0.2 FAILED" in failed and "ValueError: too high (trial 1)" in failed
    assert ["COMPLETED", "FAILED"] == [run.status for run in old.trials("1")]
    assert "lr=0.2 TIMEOUT" in timeout
    assert {"FAILED", "COMPLETED"} == {run.status for run in old.trials("7")} and "2 completed" in once


@once
def test_a_sweep_of_sacreds_goes_on_where_it_was_stopped(old):
    """After Ctrl-C twice the trials that were interrupted are done anew, and with --more there are others."""
    words = ["with", "lr=0.1..0.9", "wait=go", "--search", "random", "--trials", "3", "--search-seed", "1"]
    process = old.start("sacred", "old.py", "sweep", *words)
    wait_until((old.folder / "runs" / "2" / "metrics.csv").exists)
    said = old.folder / "runs" / "1" / "output.txt"
    process.send_signal(signal.SIGINT)
    wait_until(lambda: said.exists() and "No new trials" in said.read_text())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=300)
    (old.folder / "go").touch()
    out = old.sweep("--resume", "1", "--more", "1", "-j", "2")
    statuses = [(run.record.sweep["trial"], run.record.sweep["attempt"], run.status) for run in old.trials()]

    assert 130 == process.returncode
    assert "4 trials: 4 completed" in out
    assert [(0, 1, "INTERRUPTED"), (0, 2, "COMPLETED")] == statuses[:2]
    stored = (json.loads(path.read_text()) for path in (old.folder / "mine").glob("[0-9]*/run.json"))
    assert {"INTERRUPTED", "COMPLETED"} == {run["status"] for run in stored}


@once
def test_a_trial_of_sacreds_is_pruned_by_what_it_logs(old):
    """A trial that is not among the best ends early: PRUNED for the sweep, INTERRUPTED for Sacred's observers."""
    words = ["with", "lr=0.9,0.1,0.05", "steps=27", "pause=0.01", "seed=1"]
    old.sweep(*words, "--metric", "loss.last:min", "--prune", "asha:steps")

    assert ["COMPLETED", "PRUNED", "PRUNED"] == [run.status for run in old.trials()]
    assert {0.9: "COMPLETED", 0.1: "INTERRUPTED", 0.05: "INTERRUPTED"} == {
        lr: one["run"]["status"] for lr, one in old.stored().items()
    }


@once
def test_a_module_of_sacreds_is_swept(old):
    """`sacred -m` and `sweep -m` do a module of a package, and its workers import it as that."""
    (old.folder / "pack").mkdir()
    (old.folder / "pack" / "__init__.py").touch()
    (old.folder / "pack" / "train.py").write_text(SCRIPT)
    old.do("sacred", "-m", "pack.train", "sweep", "evaluate", "with", "lr=0.1,0.2")
    old.do("sweep", "-m", "pack.train", "evaluate", "with", "lr=0.1,0.2", "--fresh")

    assert [-0.1, -0.2] == [run.result for run in old.trials("1")] == [run.result for run in old.trials("4")]
    assert "python -m expframe sacred -m pack.train evaluate with lr=0.1" in old.do("sweep", "best", "4")


@once
def test_a_command_called_sweep_stays_sacreds(old):
    """A script with a command of that name does it; `expframe sweep` is the sweep of any."""
    (old.folder / "old.py").write_text(SCRIPT.replace("def evaluate(lr)", "def sweep(lr)"))
    out = old.do("sacred", "old.py", "sweep", "with", "lr=0.3")
    swept = old.do("sweep", "old.py", "sweep", "with", "lr=0.1,0.2")

    assert "Result: -0.3" in out
    assert "2 trials: 2 completed" in swept


@once
def test_what_a_sweep_of_ours_can_do_one_of_sacreds_can(old):
    """A sweep takes completed runs, leaves configs out, becomes wider, and runs from a copy of its sources."""
    old.sweep("with", "lr=0.1,0.2", "--stash")
    needed = old.sweep("with", "lr=0.1,0.2", "--needed", "--skip", "config.lr == 0.2")
    wider = old.sweep("--resume", "1", "with", "lr=0.1,0.2,0.3")

    assert "1 completed, 1 skipped" in needed and [] == old.trials("4")
    assert "3 trials: 3 completed" in wider and [0.1, 0.2, 0.3] == [run.config["lr"] for run in old.trials("1")]


@once
def test_a_trial_of_sacreds_is_done_again_in_its_sweep(old):
    """`rerun` does no run of Sacred's, and says how the trial is done again."""
    old.sweep("evaluate", "with", "lr=0.1,0.2")
    refused = old.do("rerun", "3", code=1)
    old.do("sweep", "retry", "1", "1")
    old.do("work", "1")

    assert "Do the trial again: expframe sweep retry 1 1, and expframe work 1." in refused
    assert [(0, 1), (1, 1), (1, 2)] == [
        (run.record.sweep["trial"], run.record.sweep["attempt"]) for run in old.trials()
    ]


TWO = """
from sacred import Experiment
from sacred.observers import FileStorageObserver

first, second = Experiment("first"), Experiment("second")
for ex in (first, second):
    ex.observers.append(FileStorageObserver("runs"))


@first.main
def square(seed):
    return seed * seed


@second.main
def negate(seed):
    return -seed


if __name__ == "__main__":
    first.run_commandline()
    second.run_commandline()
"""


@once
def test_two_experiments_of_sacreds_are_swept_each_with_its_own_trials(old):
    """Both take the command line, and an observer may store into the folder that the sweeps are in."""
    (old.folder / "old.py").write_text(TWO)
    old.sweep("with", "seed=2,3")
    sweeps = sorted(expframe.runs(old.folder / "runs").where("command == 'sweep'"), key=lambda run: int(run.id))

    assert ["first", "second"] == [run.name for run in sweeps]
    assert [[4, 9], [-2, -3]] == [[trial.result for trial in old.trials(run.id)] for run in sweeps]
    assert 2 + 4 + 4 == len(expframe.runs(old.folder / "runs"))


@once
def test_of_a_trial_of_several_processes_observers_are_told_once(old):
    """With `--launch` the first rank tells the script's observers, and keeps the trial."""
    launcher = Path(__file__).parents[2] / "sweep" / "launcher.py"
    old.sweep("with", "lr=0.1,0.2", "--launch", f"{sys.executable} {launcher} 2")

    assert [0.1, 0.2] == [run.config["lr"] for run in old.trials()]
    assert ["1", "2"] == sorted(path.parent.name for path in (old.folder / "mine").glob("*/run.json"))
