"""
Scripts for Sacred answer under expframe as they did under Sacred 0.8.7.

`python -m benchmarks.sacred_comparison --write` asks Sacred again, in an environment of its own.
"""

import json
import re
import subprocess
import sys

import pytest
from interpreter import prepare, start_python

from benchmarks.sacred_comparison.answers import answers_of, environment, execute
from benchmarks.sacred_comparison.comparing import compare_stored
from benchmarks.sacred_comparison.deviations import DEVIATIONS
from benchmarks.sacred_comparison.scripts import EXPECTED, all_scripts

SCRIPTS = all_scripts()

TYPICAL = """
from expframe.compat.sacred import Experiment
from expframe.compat.sacred.observers import FileStorageObserver
ex = Experiment("typical")
ex.observers.append(FileStorageObserver("observed"))

@ex.config
def config():
    lr = 0.1

@ex.automain
def main(lr, _log):
    _log.info(lr)
"""


@pytest.fixture(scope="module")
def _interpreter():
    """An interpreter that has imported what a script for Sacred does."""
    prepare(environment(), TYPICAL)


def do(words, folder):
    """Execute a command in a folder, a script in a fork."""
    if words[0] != sys.executable:
        return execute(words, folder)
    process = start_python(words[1:], cwd=folder, env=environment(), stdin=subprocess.DEVNULL, text=False)
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_script_answers_as_under_sacred(script, _interpreter):
    """Exit code, output and files of each command are Sacred's, but for the deviations that are declared."""
    findings = compare_stored(script, answers_of(script, [sys.executable, "-m", "expframe", "sacred"], do))

    assert not findings, "\n".join(finding.text for finding in findings)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_stored_answers_are_those_of_the_commands(script):
    """A script says what it is about, and Sacred's answers to exactly its commands are stored."""
    stored = json.loads(script.expected.read_text(encoding="utf-8"))

    assert re.fullmatch(r"[A-Za-z].+\.", script.about)
    assert list(script.commands) == [answer["command"] for answer in stored["sacred"]]


def test_scripts_are_as_many_as_the_page_says():
    """There are more than fifty scripts with some three hundred command lines, and nothing is stored for others."""
    assert 50 < len(SCRIPTS)
    assert 290 < sum(len(script.commands) for script in SCRIPTS) < 350
    assert {script.name for script in SCRIPTS} == {path.stem for path in EXPECTED.iterdir()}


def test_declared_deviations_are_stored():
    """What is declared to differ on purpose is stored as what expframe answers, and nothing else is."""
    declared = {(deviation.script, str(deviation.step), deviation.part) for deviation in DEVIATIONS}
    stored = {
        (script.name, step, part)
        for script in SCRIPTS
        for step, parts in json.loads(script.expected.read_text(encoding="utf-8"))["expframe"].items()
        for part in parts
    }

    assert declared == stored
