"""`script sweep ...` as it is typed: judged before anything starts, shown by --dry-run."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import textwrap

import pytest
import steps
from interpreter import run_python

from expframe import Experiment
from expframe.store.search.collection import runs
from expframe.testing import run_cli

SCRIPT = """
from expframe import Experiment
ex = Experiment("swept")
@ex.config
def config():
    lr = 0.1
    width = 64
    dropout = 0.5
    betas = (0.9, 0.999)
    name = "adam"
@ex.named_config
def small():
    width = 8
@ex.named_config
def large():
    width = 512
@ex.automain
def main(lr, width, dropout, betas, name, seed):
    return lr * width
"""
OWN = SCRIPT.replace("@ex.automain", "@ex.command\ndef sweep():\n    print('a command of mine')\n@ex.automain")


@pytest.fixture
def ex():
    """An experiment whose config function is in this file."""
    ex = Experiment("swept")

    @ex.config
    def config():
        lr = 0.1
        width = 64
        dropout = 0.5
        name = "adam"

    @ex.named_config
    def small():
        width = 8

    @ex.named_config
    def large():
        width = 512

    @ex.main
    def main(lr, width, dropout, name, seed):
        """Return a product."""
        return lr * width

    return ex


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            "sweep with lr=0.1,0.01 small,large --dry-run",
            ["4 trials; nothing is started:", "  lr    0.1, 0.01", "  with  small, large", "", "  0  small lr=0.1"],
        ),
        (
            "sweep --dry-run with lr=0.1,0.01 seed=0..2 name=sgd",
            ["6 trials: 2 configurations x 3 seeds; nothing is started:", "  lr    0.1, 0.01", "  seed  0, 1, 2"]
            + ["  all   name=sgd", "", "  0  lr=0.1 seed=0"],
        ),
        (
            "sweep --dry-run with lr=log:1e-5..1e-1 --search random --trials 20 --search-seed 3",
            ["20 trials, by random with --search-seed 3; nothing is started:", "  lr  from 1e-05 to 0.1, by ratios"]
            + ["The first 10:", "  0  lr=0.00206767"],
        ),
        (
            "sweep --dry-run with width=64..1024/64 --skip config.width==64",
            ["16 trials; nothing is started:", "  width  64, 128, 192, 256, 320, ... 1024 (16 values)"]
            + [
                "Left out are those of which this is true: config.width==64 (1 of 16)",
                "The first 10:",
                "  0  width=64",
            ],
        ),
    ],
)
def test_a_dry_run_shows_the_plan(ex, line, shown):
    """--dry-run shows how many trials there are, what changes in them and the first ones, and starts nothing."""
    result = run_cli(ex, line)

    assert (0, None) == (result.exit_code, result.record)
    assert shown[:-1] == result.stdout.splitlines()[: len(shown) - 1]
    assert result.stdout.splitlines()[len(shown) - 1].startswith(shown[-1])


def test_the_printed_plan_is_what_is_tried(ex):
    """Whatever the words, the trials that are printed are the combinations of what was written, in order."""
    rng = random.Random(4)
    for _ in range(25):
        lrs = [f"{value / 1000}" for value in rng.sample(range(1, 1000), rng.randrange(1, 4))]
        widths = [str(value) for value in rng.sample(range(1, 99), rng.randrange(1, 4))]
        named = rng.sample(["small", "large"], rng.randrange(2)) or ["small", "large"]
        result = run_cli(ex, f"sweep --dry-run with lr={','.join(lrs)} {','.join(named)} width={','.join(widths)}")
        head, *lines = result.stdout.splitlines()
        rows = [line.split(None, 1) for line in lines if re.match(r"  \d+  ", line)]
        own = [named if len(named) > 1 else [], lrs if len(lrs) > 1 else [], widths if len(widths) > 1 else []]
        size = len(named) * len(lrs) * len(widths)
        expected = [
            " ".join(
                part for part, values in ((name, own[0]), (f"lr={lr}", own[1]), (f"width={width}", own[2])) if values
            )
            or "as it is"
            for lr in lrs
            for name in named
            for width in widths
        ]

        assert f"{size} trial{'s' if size > 1 else ''}; nothing is started:" == head
        assert expected[:10] == [text for _, text in rows]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("sweep with lrr=0.1,0.2", "UnknownEntryError: 'lrr=0.1': no config entry 'lrr'. Did you mean 'lr'"),
        ("sweep with lr=0..1", "SweepWordError: 'lr=0..1': is an interval, and a grid has single values."),
        ("sweep with lr=", "SweepWordError: 'lr=': has no value."),
        ("sweep lr=0.1", "CommandLineError: lr=0.1: goes after the word `with`."),
        ("sweep tune with lr=1,2", "UnknownCommandError: No command 'tune'."),
        ("sweep with small,huge", "UnknownNamedConfigError: 'huge'"),
        ("sweep with lr=1,fast", "EntryTypeError: 'lr=fast'"),
    ],
)
def test_what_is_wrong_ends_it_with_exit_code_2(ex, line, problem):
    """A command line, a word or a value that cannot be is said, and nothing is started."""
    result = run_cli(ex, line)

    assert (2, None) == (result.exit_code, result.record)
    assert problem in result.stderr


def test_help_is_shown():
    """--help shows what can be written and every option."""
    result = run_cli(Experiment("helped"), "sweep --help")

    assert 0 == result.exit_code
    assert "lr=log:1e-5..1e-1         An interval by ratios" in result.stdout


def run(folder, *words, python=True):
    """Run words in a folder, and return what they printed."""
    if python:
        return run_python(words, cwd=folder, env=steps.environment(), timeout=240)
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=240, check=False)


def test_a_script_that_has_a_command_of_that_name_keeps_it(tmp_path):
    """`script sweep` is the script's own command, and `expframe sweep script` the sweep; a module is named by -m."""
    (tmp_path / "own.py").write_text(OWN)
    own = run(tmp_path, "own.py", "sweep", "-u")
    forced = run(tmp_path, "-m", "expframe", "sweep", "own.py", "with", "lr=1,2", "--dry-run")
    module = run(tmp_path, "-m", "expframe", "sweep", "-m", "own", "with", "lr=1,2", "--dry-run")
    missing = run(tmp_path, "-m", "expframe", "sweep", "none.py", "with", "lr=1,2")

    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").touch()
    lost = [run(tmp_path, "-m", "expframe", "sweep", "-m", name, "with", "lr=1") for name in ("no.one", "package")]

    assert "a command of mine\n" == own.stdout
    assert "2 trials; nothing is started:" == forced.stdout.splitlines()[0]
    assert forced.stdout == module.stdout
    assert (2, "No such script: none.py") == (missing.returncode, missing.stderr.splitlines()[0])
    for name, done in zip(("no.one", "package"), lost, strict=True):
        said = f"WorkError: module {name}: is none that can be run from {tmp_path}."
        assert (2, said) == (done.returncode, done.stderr.splitlines()[0])


def test_the_time_that_it_takes_is_estimated_from_earlier_runs(tmp_path):
    """With runs of the same command there, --dry-run says how long each takes and all of them."""
    (tmp_path / "train.py").write_text(SCRIPT)
    run(tmp_path, "train.py")
    shown = run(tmp_path, "train.py", "sweep", "with", "lr=1,2", "--dry-run").stdout

    assert 1 == len(list(runs(tmp_path / "runs")))
    assert re.search(r"About \S+ s each, as 1 run took, \S+ s for all with --jobs 1\.", shown)


WORDS = [
    "lr=0.1,0.01",
    "seed=0..4",
    "width=64..512/64",
    "lr=log:1e-5..1e-1",
    "dropout=0..0.5:3",
    "lr:dropout=0.1:1e-4,0.01:1e-3",
    "small,large",
    "@trials.csv",
    "name=adam",
]


@pytest.mark.once
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "dash"])
def test_words_arrive_as_they_are_without_quotes(tmp_path, shell):
    """All words but those with brackets and `?` can be typed without quotes, in the shells that are there."""
    if shutil.which(shell) is None:
        assert not os.environ.get("SHELLS"), f"{shell} is not installed"
        return
    (tmp_path / "words.py").write_text("import json, sys; print(json.dumps(sys.argv[1:]))")
    line = f"{sys.executable} words.py {' '.join(WORDS)}"
    found = run(tmp_path, shell, "-c", line, python=False)

    assert WORDS == json.loads(found.stdout), found.stderr


@pytest.mark.once
def test_braces_are_two_words_or_refused(tmp_path):
    """What bash makes of braces is choices; what dash leaves whole is refused with the form that all shells take."""
    (tmp_path / "train.py").write_text(SCRIPT)
    line = f"{sys.executable} train.py sweep --dry-run with lr={{0.1,0.01}}"
    found = {shell: run(tmp_path, shell, "-c", line, python=False) for shell in ("bash", "dash") if shutil.which(shell)}

    assert "  lr  0.1, 0.01" in found["bash"].stdout.splitlines()
    if "dash" in found:
        assert "is left as it is by this shell. Write lr=0.1,0.01." in found["dash"].stderr


def test_the_help_of_a_script_names_the_sweep(ex):
    """Among the commands stands the sweep, unless the script has one of that name."""
    assert "  sweep                Do a run for each of several values" in run_cli(ex, "--help").stdout

    @ex.command
    def sweep():
        """Mine."""

    assert "  sweep                Mine." in run_cli(ex, "--help").stdout


@pytest.mark.once
def test_a_sweep_that_nothing_ranks_says_what_could(tmp_path):
    """Where trials return no number, what they logged and what numbers are in their results is named, once."""
    text = """
        from expframe import Experiment
        ex = Experiment("ranked")

        @ex.automain
        def main(_run, lr=0.1, seed=0):
            _run.log_scalar("loss", lr)
            _run.log_scalar("val/acc", lr)
            return {"acc": lr, "name": "x"}
    """
    (tmp_path / "train.py").write_text(textwrap.dedent(text))
    done = run(tmp_path, "train.py", "sweep", "with", "lr=0.1,0.2", "-l", "ERROR")
    said = "No result in trial 0: Nothing ranks trials; --metric can, by result.acc, loss, val/acc, "

    assert 1 == (done.stdout + done.stderr).count(said)
