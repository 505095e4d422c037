"""`expframe completion`: what a shell completes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from interpreter import run_python

from expframe.cli.runs import candidates
from expframe.store.search import fields


@pytest.fixture
def some(script, environment):
    """A run of a script that does nothing when it is looked at: importing it a second time would fail."""
    path = script("""
        from expframe import Experiment
        ex = Experiment("train")
        @ex.config
        def config():
            lr = 0.1
            net = {"depth": 3}
            note = "two words"
            api_key = "hunter22"
        @ex.named_config
        def fast():
            lr = 1.0
        @ex.command
        def evaluate(_run):
            _run.log_scalar("acc", 1)
        @ex.automain
        def main(lr, _run):
            _run.log_scalar("loss", lr)
    """)
    for words in (["with", "fast"], ["evaluate"]):
        run_python([path, *words], env=environment).check_returncode()
    path.write_text("raise SystemExit('completion imports no script')")
    return path


@pytest.fixture
def completed(cli):
    """What the last word of a command line may become."""

    def answer(*words):
        lines = cli("completion", "--answer", "fish", *words).splitlines()
        return [line.partition("\t")[0] for line in lines]

    return answer


def test_commands_are_completed_with_what_they_do(cli):
    """The first word is a command; shells that can show what it does."""
    assert "show\tshow all that is known of a run\n" == cli("completion", "--answer", "zsh", "expframe", "sh")
    assert "diff" in cli("completion", "--answer", "zsh", "python", "-m", "expframe", "di")
    assert "bash\nzsh\nfish\n" == cli("completion", "--answer", "zsh", "expframe", "completion", "")


def test_runs_are_completed_newest_first(some, completed, cli):
    """Where a run is named there are ids, `last` and `best:`; in lists too, and of the store that is given."""
    assert ["last", "best:", "2", "1"] == completed("expframe", "show", "")
    assert ["1,2", "1,1"] == completed("expframe", "diff", "1,")
    assert ["best:acc"] == completed("expframe", "show", "best:a")
    assert ["last", "best:"] == completed("expframe", "show", "-F", "nowhere", "")
    assert "2\ttrain evaluate COMPLETED\n" == cli("completion", "--answer", "zsh", "expframe", "show", "2")


def test_entries_and_metrics_are_completed(some, completed):
    """Columns are entries of stored configs, metrics those of stored summaries."""
    assert ["id,config.net.depth"] == completed("expframe", "ls", "-c", "id,config.net")
    assert ["--by=net.depth"] == completed("expframe", "compare", "--by=ne")
    assert ["loss.last", "loss.max", "loss.min"] == completed("expframe", "compare", "-m", "lo")
    assert ["loss"] == completed("expframe", "metrics", "1", "")


def test_scripts_are_completed_from_their_earlier_runs(some, completed):
    """After a script come its commands, and after `with` its entries, their values and named configs."""
    assert "evaluate" in completed("python", "script.py", "ev")
    assert ["with"] == completed("python", "script.py", "main", "")
    assert {"lr=", "net.depth=", "note=", "api_key=", "seed=", "fast"} == set(
        completed("python", "script.py", "with", "")
    )
    assert {"lr=0.1", "lr=1.0"} == set(completed("./script.py", "with", "lr="))
    assert ["note='two words'"] == completed("python", "script.py", "with", "note=")
    assert [] == completed("python", "other.py", "with", "l")


def test_words_after_a_first_one_are_completed(script, completed):
    """`sweep` takes one of the script's commands, and `print_config` a group of its entries."""
    script("""
        from expframe import Experiment
        ex = Experiment("train")
        @ex.config
        class Config:
            net: Net
        class Net:
            depth: int = 3
            inner: "Inner"
        class Inner:
            size: int = 1
        @ex.command
        def evaluate(): ...
        @ex.automain
        def main(net): ...
    """)

    assert ["sweep"] == completed("python", "script.py", "sw")
    assert ["evaluate"] == completed("python", "script.py", "sweep", "e")
    assert ["with"] == completed("python", "script.py", "sweep", "evaluate", "")
    assert ["net", "net.inner"] == completed("python", "script.py", "print_config", "n")


def test_flags_are_completed(some, completed):
    """A word that begins with a dash becomes a flag of the command, or of scripts; one that takes a value ends so."""
    assert {"--where", "--sort", "--columns", "--json", "--store"} <= set(completed("expframe", "ls", "-"))
    assert ["--json"] == completed("expframe", "show", "--js")
    assert ["--tag="] == completed("python", "script.py", "--ta")
    assert ["--print-config"] == completed("python", "script.py", "main", "with", "lr=1", "--print")
    assert ["--changed"] == completed("python", "script.py", "print_config", "--ch")
    assert [] == completed("python", "script.py", "--ch")


def test_flags_of_a_scripts_sweep_are_completed(completed):
    """Behind the word `sweep` a script's flags are those of a sweep, however it is started."""
    assert ["--launch="] == completed("python", "train.py", "sweep", "--lau")
    assert ["--stash"] == completed("python", "train.py", "sweep", "with", "lr=1,2", "--sta")
    assert ["--stash"] == completed("expframe", "sweep", "train.py", "--sta")
    assert [] == completed("python", "train.py", "--sta")


def test_sweeps_are_completed(some, completed, tmp_path):
    """Commands about sweeps, the sweeps of a store where one may be named, and flags, also for workers."""
    (tmp_path / "runs/2/sweep.json").touch()

    assert {"show", "stop"} == set(completed("expframe", "sweep", "s"))
    assert ["2", "last"] == completed("expframe", "sweep", "show", "")
    assert ["2", "last"] == completed("expframe", "work", "")
    assert [] == completed("expframe", "sweep", "exclude", "2", "")
    assert ["--include"] == completed("expframe", "sweep", "exclude", "2", "--i")
    assert ["--once"] == completed("expframe", "work", "--on")


def test_secrets_are_no_values(some, completed):
    """A masked entry is completed by its name, never by a value."""
    assert ["api_key="] == completed("python", "script.py", "with", "api_")
    assert ["api_key="] == completed("python", "script.py", "with", "api_key=")


def test_a_damaged_store_completes_what_is_left(some, completed):
    """Files that cannot be read have no candidates, and nothing fails."""
    Path("runs/2/run.json").write_text("{")
    Path("runs/2/config.json").write_text("[]")
    Path("runs/2/summary.json").write_bytes(b"\xff")

    assert ["last", "best:", "2", "1"] == completed("expframe", "show", "")
    assert {"lr=1.0"} == set(completed("python", "script.py", "with", "lr="))


def test_bash_completes(some, environment, cli, tmp_path):
    """What is printed for bash completes in it, behind `=` and `:` at which it breaks words."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "expframe").write_text(f'#!/bin/sh\nexec {sys.executable} -m expframe "$@"\n')
    (folder / "expframe").chmod(0o755)
    program = 'COMP_LINE="$1"; COMP_POINT=${#1}; COMPREPLY=(); _expframe 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
    completion = cli("completion", "bash", "--python")

    def answer(line):
        words = ["bash", "-c", f"{completion}\n{program}", "bash", line]
        path = f"{folder}{os.pathsep}{environment['PATH']}"
        done = subprocess.run(words, env=environment | {"PATH": path}, capture_output=True, text=True, check=True)
        return done.stdout.split()

    assert ["show"] == answer("expframe sh")
    assert ["acc"] == answer("expframe show best:a")
    assert {"0.1", "1.0"} == set(answer("python script.py with lr="))
    assert ["net.depth="] == answer("python script.py with 'net.d")


def test_answering_loads_little(some, environment, tmp_path):
    """Neither docopt nor the index nor an experiment is loaded for an answer, which keeps it fast."""
    code = (
        "import sys; from expframe.__main__ import main\n"
        "main(['completion', '--answer', 'zsh', 'expframe', 'show', ''])\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())

    assert "last\t" in done.stdout
    assert set() == loaded & {
        "docopt",
        "sqlite3",
        "wrapt",
        "ruamel.yaml",
        "expframe.store.search.collection",
        "expframe.record.metrics",
    }


def test_a_shell_that_is_unknown_is_said(cli):
    """One of the three shells is to be named."""
    cli("completion", "tcsh")
    assert (2, "CommandLineError: tcsh: is no shell that is known. Name one: bash, zsh, fish.\n") == (cli.code, cli.err)
    cli("completion")
    assert (2, "CommandLineError: SHELL: is missing. Name one: bash, zsh, fish.\n") == (cli.code, cli.err)
    for shell, mark in (("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete -c")):
        assert f"{mark} " in cli("completion", shell) and "python3" in cli("completion", shell, "--python")


def test_the_facts_that_are_completed_are_those_of_the_fields():
    """Completion offers the facts that fields know, without their imports."""
    assert sorted(fields.FACTS) == sorted(candidates.FACTS)
