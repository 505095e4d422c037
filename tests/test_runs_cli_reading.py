"""The commands that show runs: ls, show, path, logs."""

import json
import subprocess
import sys
import threading
import time

import pytest

from expframe import runs


@pytest.fixture
def some(ex):
    """Three runs: one with a child, one that fails, one with a tag; the config holds a secret."""

    @ex.config
    def config():
        lr = 0.1  # how fast
        api_key = "hunter22"
        fails = False

    @ex.command
    def inner(_run):
        _run.log_scalar("x", 1)

    @ex.main
    def main(lr, fails, _run):
        print(f"lr is {lr}")
        _run.log_scalars({"loss": [1.0, 1 - lr]})
        _run.save({"lr": lr}, "lr.json")
        if lr == 0.2:
            ex.run("inner")
        if fails:
            raise ValueError("too fast \x1b[31m")
        return {"score": lr}

    ex.run(config_updates={"lr": 0.1}, options={"tag": "first", "capture": "sys"})
    ex.run(config_updates={"lr": 0.2})
    with pytest.raises(ValueError, match="too fast"):
        ex.run(config_updates={"lr": 0.3, "fails": True})
    return runs("runs")


def test_ls_lists_the_newest_first(some, cli):
    """`ls` has a row for each run; tags have a column where there are any."""
    lines = cli("ls").splitlines()

    assert ["id", "name", "command", "status", "started", "duration", "tags"] == lines[0].split()
    assert ["4", "3", "2", "1"] == [line.split()[0] for line in lines[1:]]
    assert lines[-1].endswith("first")
    assert (0, "") == (cli.code, cli.err)


def test_ls_filters_sorts_and_limits(some, cli):
    """Filter, order and number of rows are said by flags."""
    found = cli.json("ls", "-w", "config.lr < 0.25 and command == 'main'", "-s", "config.lr", "-n", "1", "-c", "id")

    assert [{"id": "1"}] == found["runs"]
    assert "-metrics.loss.last" not in cli("ls", "--sort=-metrics.loss.last", "-c", "id,metrics.loss.last")
    assert ["2", "0.8"] == cli("ls", "-s", "metrics.loss.last", "-c", "id,metrics.loss.last").splitlines()[2].split()


def test_ls_as_a_tree_puts_children_below_their_parent(some, cli):
    """With `--tree` a child stands below the run that it was started in, in JSON too."""
    assert ["4", "2", "- 3", "1"] == [line[:4].strip() for line in cli("ls", "--tree").splitlines()[1:]]
    nested = cli.json("ls", "-t", "-c", "id")["runs"]
    assert [("4", []), ("2", [{"id": "3", "children": []}]), ("1", [])] == [(r["id"], r["children"]) for r in nested]


def test_ls_says_what_is_wrong_with_a_filter(some, cli):
    """A field that no run has, a flag that is none and a number that is none are said with exit code 2."""
    cli("ls", "-w", "config.lrr < 1")
    assert cli.code == 2 and "field 'config.lrr': is in no run. Did you mean 'config.lr' or" in cli.err
    cli("ls", "--jsn")
    assert cli.code == 2 and cli.err.startswith("CommandLineError: --jsn: no such flag. Did you mean --json?\nUsage:")
    cli("ls", "-n", "few")
    assert (2, "UsageError: --limit=few: takes a whole number from 0 up.\n") == (cli.code, cli.err)


def test_a_store_without_runs_is_no_fault(cli):
    """Where no run is, `ls` says so."""
    assert ("No runs.\n", 0) == (cli("ls", "-F", "nowhere"), cli.code)
    assert [] == cli.json("ls", "-F", "nowhere")["runs"]


def test_the_store_is_that_of_the_flag_or_of_the_environment(some, cli, monkeypatch, tmp_path):
    """`-F` goes before EXPFRAME_STORE, and that before ./runs."""
    monkeypatch.setenv("EXPFRAME_STORE", "elsewhere")
    assert "No runs.\n" == cli("ls")
    assert str(tmp_path / "runs") == cli.json("ls", "-F", "runs")["store"]


def test_json_has_a_version_and_the_command(some, cli):
    """Whatever is printed as JSON says by which version of which command."""
    found = cli.json("show", "1")

    assert (1, "show") == (found["version"], found["command"])


def test_show_has_all_facts_and_no_secret(some, cli):
    """`show` prints facts, config, metrics, files, result and children; secrets are masked."""
    text = cli("show", "2")

    for part in ("Run 2", "lr = 0.2", "# how fast", "loss", "lr.json", "Result: score = 0.2", "children  3"):
        assert part in text
    assert "hunter22" not in text + json.dumps(cli.json("show", "2"))
    assert "api_key = ********" in text


def test_show_of_a_failed_run_has_its_traceback_without_control_characters(some, cli):
    """What a run failed with is shown; it cannot steer the terminal."""
    text = cli("show", "last")

    assert "ValueError: too fast \\x1b[31m" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("word", "ids"),
    [
        ("last", ["4"]),
        ("best:loss:min", ["4"]),
        ("best:x", ["3"]),
        ("2-3", ["2", "3"]),
        ("3-2", ["3", "2"]),
        ("1,4,1", ["1", "4"]),
        ("0-99", ["1", "2", "3", "4"]),
    ],
)
def test_runs_are_named_in_several_ways(some, cli, word, ids):
    """Ids, `last`, `best:...`, ranges and lists name runs."""
    from expframe.runs_cli.select import select

    assert ids == [run.id for run in select(some, [word])]


def test_runs_are_named_by_the_beginning_of_their_uid(some, cli):
    """A uid, or enough of its beginning, names its run."""
    assert cli("path", some["2"].record.uid[:12]) == cli("path", "2")


def test_a_run_that_is_not_there_is_said_with_those_that_are(some, cli):
    """An id, a range or a metric that is not there is a wrong command line."""
    cli("show", "17")
    assert cli.code == 2 and "No run '17' in" in cli.err and "Newest runs: 4, 3, 2, 1." in cli.err
    cli("show", "20-30")
    assert cli.code == 2 and "No run '20-30'" in cli.err
    cli("show", "best:los")
    assert cli.code == 2 and "Did you mean 'metrics.loss.max'" in cli.err
    cli("show", "1-2")
    assert (2, "UsageError: id '1-2': names 2 runs, and one is asked for.\n") == (cli.code, cli.err)


def test_path_is_that_of_the_run_or_of_one_of_its_files(some, cli, tmp_path):
    """`path` prints one line that a shell can use; a file that is not there is said."""
    assert f"{tmp_path}/runs/1\n" == cli("path", "1")
    assert f"{tmp_path}/runs/1/files/lr.json\n" == cli("path", "1", "lr.json")
    cli("path", "1", "lr.jsn")
    assert (2, "UsageError: file 'lr.jsn': is not in run 1. There: lr.json.\n") == (cli.code, cli.err)
    cli("path", "1", "../../x")
    assert (1, True) == (cli.code, cli.err.startswith("EscapingPathError"))


def test_logs_print_what_the_run_printed(some, cli):
    """`logs` prints the output, or its last lines."""
    assert "lr is 0.1" in cli("logs", "1").splitlines()
    assert 1 == len(cli("logs", "1", "-n", "1").splitlines())
    assert "lr is 0.1" in cli.json("logs", "1")["text"]


def test_logs_follow_a_run_until_it_ends(script, cli, environment):
    """`logs -f` prints what was printed before and after it began, and ends with the run."""
    path = script("""
        import sys
        from expframe import Experiment
        ex = Experiment("slow")
        @ex.automain
        def main():
            print("first", flush=True)
            sys.stdin.readline()
            print("second", flush=True)
    """)
    running = subprocess.Popen([sys.executable, path], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    output = path.parent / "runs" / "1" / "output.txt"
    while not (output.exists() and b"first" in output.read_bytes()):
        time.sleep(0.01)
    threading.Timer(0.3, lambda: running.communicate(b"\n")).start()
    lines = cli("logs", "1", "-f").splitlines()
    running.wait()

    assert ["first", "second"] == [line for line in lines if line in {"first", "second"}]


def test_a_reader_that_leaves_is_no_fault(some, environment, tmp_path):
    """When the pipe is closed, nothing is said about it."""
    command = f"{sys.executable} -m expframe ls -F {tmp_path}/runs | true"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], env=environment, capture_output=True)

    assert (0, b"") == (done.returncode, done.stderr)


def test_on_a_terminal_there_are_colours_unless_no_color_is_set(some, environment, tmp_path):
    """Titles are bold on a terminal; NO_COLOR and pipes are plain."""
    words = [sys.executable, "-m", "expframe", "ls", "-F", str(tmp_path / "runs")]

    assert b"\x1b[1mid" in _on_terminal(words, environment | {"TERM": "xterm"})
    assert b"\x1b[" not in _on_terminal(words, environment | {"TERM": "xterm", "NO_COLOR": "1"})
    assert b"\x1b[" not in subprocess.run(words, env=environment, capture_output=True, check=True).stdout


def _on_terminal(words, environment):
    """Return what a command prints on a terminal."""
    import os
    import pty

    ours, theirs = pty.openpty()
    running = subprocess.Popen(words, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    found = b""
    try:
        while piece := os.read(ours, 4096):
            found += piece
    except OSError:  # how the end looks on Linux
        pass
    finally:
        running.wait()
        os.close(ours)
    return found


def test_every_command_has_a_usage_that_names_it(cli):
    """`--help` of each command prints its usage; help lists all of them."""
    from expframe.__main__ import COMMANDS

    for name in COMMANDS:
        if not COMMANDS[name][0].startswith("expframe.runs_cli"):
            continue
        assert f"  expframe {name}" in cli(name, "--help")
        assert 0 == cli.code
        assert name in cli("help")


def test_an_unknown_command_gets_the_nearest_one(cli):
    """A mistyped command is said with the nearest, and no command with all of them."""
    cli("shw")
    assert cli.code == 2 and "No command 'shw'. Did you mean 'show'?" in cli.err
    cli()
    assert cli.code == 2 and "Usage: expframe COMMAND" in cli.err
