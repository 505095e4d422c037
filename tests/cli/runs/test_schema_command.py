"""`expframe schema`: what config files of a script may say."""

import json

import jsonschema
import pytest

TWO = """
    from expframe import Experiment
    print("imported")
    first, second = Experiment("first"), Experiment("second")
    first.add_config(lr=0.1)
    second.add_config(depth=3)
    @first.automain
    def main(lr):
        raise SystemExit("it ran")
"""
ONE = """
    from __future__ import annotations
    from dataclasses import dataclass
    from expframe import Experiment
    ex = Experiment("train")
    @ex.config
    @dataclass(frozen=True)
    class Config:
        lr: float = 0.1  # how far to go
    @ex.main
    def main(lr):
        raise SystemExit("it ran")
    ex.run_commandline()
    raise SystemExit("it went on")
"""


def properties(found):
    """Return what a schema says of entries."""
    return found["$defs"]["config"]["properties"]


def test_a_schema_is_printed_or_written(cli, script, tmp_path):
    """The schema goes to standard output or into a file; the script is imported and no command is run."""
    path = script(ONE)
    found = json.loads(cli("schema", path))

    jsonschema.Draft202012Validator.check_schema(found)
    assert {"description": "how far to go", "default": 0.1} == {
        key: said for key, said in properties(found)["lr"].items() if key in ("description", "default")
    }
    assert "train" == found["title"]
    assert found == cli.json("schema", path)["schema"]
    assert "Wrote some.json\n" == cli("schema", path, "-o", "some.json")
    assert found == json.loads((tmp_path / "some.json").read_text())


def test_of_several_experiments_one_is_named(cli, script):
    """Where a script has several experiments `--experiment` says which; what it prints goes to standard error."""
    path = script(TWO)
    found = json.loads(cli("schema", path, "--experiment", "second"))

    assert "depth" in properties(found)
    assert "imported\n" == cli.err
    assert "" == cli("schema", path)
    assert (2, f"UsageError: script {path}: has several experiments: first, second. Say which: --experiment=first") == (
        cli.code,
        cli.err.splitlines()[-1],
    )
    cli("schema", path, "--experiment", "secnd")
    assert "has no such experiment. Did you mean 'second'? It has: first, second." in cli.err


def test_a_module_is_imported_by_its_name(cli, script):
    """With `-m` the script is a module, as python -m finds it."""
    script(ONE, "some_module_of_ours.py")

    assert "lr" in properties(json.loads(cli("schema", "-m", "some_module_of_ours")))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "has no experiment among its names. Make one: ex = Experiment()."),
        ("import nowhere", "cannot be imported: ModuleNotFoundError: No module named 'nowhere' (script.py:1)"),
        ("raise SystemExit('no')", "cannot be imported: SystemExit: no (script.py:1)"),
        ("x = = 1", "cannot be imported: SyntaxError: invalid syntax"),
    ],
)
def test_what_is_no_script_is_explained(cli, script, text, said):
    """A script without an experiment, or that cannot be imported, is an error that says why and where."""
    path = script(text)
    cli("schema", path)

    assert 2 == cli.code
    assert cli.err.startswith(f"UsageError: script {path}: {said}")


def test_a_script_that_is_not_there_is_explained(cli, script):
    """A file that is not there, or is no Python, and a module that is not there, are errors."""
    cli("schema", "missing.py")
    assert "UsageError: script missing.py: is not there. Give the file of a script, or -m and a module.\n" == cli.err
    cli("schema", script("", "some.txt"))
    assert "is no Python script: its name does not end in .py." in cli.err
    cli("schema", "-m", "no_such_module")
    assert "UsageError: module no_such_module: is not found, or is a package without code.\n" == cli.err


def test_help_says_that_it_imports(cli):
    """The help says that this command imports the script."""
    assert "It imports the script" in " ".join(cli("schema", "--help").split())
