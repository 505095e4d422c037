"""The commands that show runs: ls, show, path, logs."""

import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from interpreter import run_python, start_python
from steps import wait_until

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
    assert ["4", "2", "- 3", "1"] == [line[:6].strip() for line in cli("ls", "--tree").splitlines()[1:]]
    nested = cli.json("ls", "-t", "-c", "id")["runs"]
    assert [("4", []), ("2", [{"id": "3", "children": []}]), ("1", [])] == [(r["id"], r["children"]) for r in nested]


def test_ls_says_what_is_wrong_with_a_filter(some, cli):
    """A field that no run has, a flag that is none and a number that is none are said with exit code 2."""
    cli("ls", "-w", "config.lrr < 1")
    assert cli.code == 2 and "field 'config.lrr': is in no run. Did you mean 'config.lr'?" in cli.err
    cli("ls", "--jsn")
    assert cli.code == 2 and cli.err.startswith("CommandLineError: --jsn: no such flag. Did you mean --json?\nUsage:")
    cli("ls", "-n", "few")
    assert (2, "UsageError: --limit=few: takes a whole number from 0 up.\n") == (cli.code, cli.err)


def test_a_store_without_runs_is_no_fault(cli):
    """Where no run is, `ls` says so."""
    assert ("No runs.\n", 0) == (cli("ls"), cli.code)
    assert [] == cli.json("ls")["runs"]


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


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text('{"values": {"l')], ids=["gone", "torn"])
def test_show_of_a_run_without_its_config_has_all_else(some, cli, damage):
    """Facts, metrics and result are shown, and why the config is not, with its file."""
    path = some["1"].folder / "config.json"
    damage(path)
    shown = cli("show", 1)

    assert (0, "") == (cli.code, cli.err)
    assert all(part in shown for part in ("Run 1", "loss", "lr.json", "Result: score = 0.1"))
    assert f"({path}): cannot be read" in " ".join(shown.split())
    assert cli.json("show", 1)["config"] is None


def _link_to_itself(folder):
    shutil.rmtree(folder)
    folder.symlink_to(folder.name)


@pytest.mark.parametrize("damage", [_link_to_itself, lambda folder: (folder / "run.json").write_text("{")])
def test_a_run_that_cannot_be_read_is_listed_all_the_same(some, cli, damage):
    """No run is left out without a word: its status says so, and `doctor` says why."""
    damage(some["1"].folder)
    line = next(line for line in cli("ls").splitlines() if line.startswith("1 "))

    assert ["1", "unreadable"] == line.split()
    assert any(one["place"] == "1" and "cannot be read" in one["problem"] for one in cli.json("doctor")["findings"])


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
    from expframe.cli.runs.select import select

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
    running = start_python([path], env=environment, stdin=subprocess.PIPE, stderr=None)
    output = path.parent / "runs" / "1" / "output.txt"
    wait_until(lambda: output.exists() and b"first" in output.read_bytes())
    threading.Timer(0.3, lambda: running.communicate("\n")).start()
    lines = cli("logs", "1", "-f").splitlines()
    running.wait()

    assert ["first", "second"] == [line for line in lines if line in {"first", "second"}]


def test_watch_shows_what_runs_until_it_ends(script, cli, environment, monkeypatch):
    """`watch` looks at a run again and again until it has ended, and says what it has come to."""
    path = script("""
        import sys
        from expframe import Experiment
        ex = Experiment("slow")
        @ex.automain
        def main(_run):
            _run.log_scalar("loss", 0.5)
            sys.stdin.readline()
            _run.log_scalar("loss", 0.25)
    """)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = start_python([path, "-C", "no"], env=environment, stdin=subprocess.PIPE, **quiet)
    points = path.parent / "runs" / "1" / "metrics.csv"
    wait_until(lambda: points.exists() and b"loss,0" in points.read_bytes())
    assert ["1", "slow", "main", "RUNNING"] == cli("watch", "--once").splitlines()[1].split()[:4]
    sleep = time.sleep

    def end_after_a_look(seconds):
        if threading.current_thread() is threading.main_thread() and not running.stdin.closed:
            running.communicate("\n")
        sleep(seconds)

    monkeypatch.setattr("expframe.cli.runs.watch.time.sleep", end_after_a_look)
    looks = [json.loads(line)["runs"][0] for line in cli("watch", "1", "-i", "0.1", "--json").splitlines()]
    running.wait()

    assert ("RUNNING", {"loss": 0.5}) == (looks[0]["status"], looks[0]["latest"])
    assert ("COMPLETED", 2, {"loss": 0.25}) == (looks[-1]["status"], looks[-1]["points"], looks[-1]["latest"])
    assert "Nothing is running.\n" == cli("watch", "--once")
    cli("watch", "-i", "0")
    assert (2, "UsageError: --interval=0: takes seconds, such as 0.5.\n") == (cli.code, cli.err)


def test_watch_redraws_its_table_on_a_terminal_only(some):
    """On a terminal a table takes the place of another one; in a pipe it follows an empty line; none is repeated."""
    from expframe.cli.runs.watch import _look, _pages
    from expframe.cli.table import Style

    looks = [_look(run) for run in some]
    for style, between in ((Style(width=80), "\x1b[1A\x1b[J"), (Style(), "\n")):
        table = "".join(_pages(iter([looks]), style))

        assert f"Nothing is running.\n{between}{table}" == "".join(_pages(iter([[], looks]), style))
        assert table == "".join(_pages(iter([looks, looks]), style))


def test_open_opens_the_folder_or_prints_it(some, cli, monkeypatch, tmp_path):
    """The system's opener is given the folder; where there is none, or no screen, the path is printed."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert f"{tmp_path}/runs/1\n" == cli("open", "1")
    opener = tmp_path / "xdg-open"
    opener.write_text(f'#!/bin/sh\nprintf "%s" "$1" > {tmp_path}/opened\n')
    opener.chmod(0o755)
    assert "" == cli("open", "1")
    assert f"{tmp_path}/runs/1" == (tmp_path / "opened").read_text()
    monkeypatch.delenv("DISPLAY")
    assert False is cli.json("open", "1")["opened"]


def test_a_reader_that_leaves_is_no_fault(some, environment, tmp_path):
    """When the pipe is closed, nothing is said about it."""
    command = f"{sys.executable} -m expframe ls -F {tmp_path}/runs | true"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], env=environment, capture_output=True)

    assert (0, b"") == (done.returncode, done.stderr)


def test_on_a_terminal_there_are_colours_unless_no_color_is_set(some, environment, tmp_path):
    """Titles are bold on a terminal; NO_COLOR and pipes are plain."""
    words = ["-m", "expframe", "ls", "-F", str(tmp_path / "runs")]

    assert b"\x1b[1mid" in _on_terminal(words, environment | {"TERM": "xterm"})
    assert b"\x1b[" not in _on_terminal(words, environment | {"TERM": "xterm", "NO_COLOR": "1"})
    assert "\x1b[" not in run_python(words, env=environment).stdout


def _on_terminal(words, environment):
    """Return what a command prints on a terminal."""
    import os
    import pty

    ours, theirs = pty.openpty()
    running = start_python(words, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
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


def test_json_holds_values_of_all_kinds(ex, cli):
    """Sets, secrets and what is not finite stand in `--json` as they are stored, in JSON that strict readers take."""

    @ex.config
    def config():
        chosen = {1}
        password = "hunter2"

    @ex.main
    def main(_run):
        _run.log_scalars({"loss": [float("nan"), float("inf")]})

    ex.run()

    def strict(text):
        return json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))

    row = strict(cli("ls", "-c", "config.chosen,config.password,metrics.loss.max", "--json"))["runs"][0]
    (curve,) = strict(cli("metrics", "1", "loss", "--json"))["curves"]

    assert {"__type__": "set", "value": [1]} == row["config.chosen"]
    assert "secret" == row["config.password"]["__type__"]
    assert {"__type__": "float", "value": "inf"} == row["metrics.loss.max"]
    assert [{"__type__": "float", "value": "nan"}, {"__type__": "float", "value": "inf"}] == curve["values"]


def test_a_resumed_run_lasted_since_it_was_resumed(ex, cli):
    """Lists say the same as the record: the time of the latest attempt."""
    ex.main(lambda: None)
    folder = ex.run().folder
    data = json.loads((folder / "run.json").read_text())
    data.update(
        started="2026-01-01T00:00:00+00:00", resumed="2026-01-05T00:00:00+00:00", ended="2026-01-05T00:00:05+00:00"
    )
    (folder / "run.json").write_text(json.dumps(data))

    assert 5.0 == runs("runs")[1].record.duration == cli.json("ls")["runs"][0]["duration"]


def test_a_time_without_zone_spoils_no_list(ex, cli):
    """A record that somebody wrote by hand lacks what cannot be told, and the list has it."""
    ex.main(lambda: None)
    folder = ex.run().folder
    data = {**json.loads((folder / "run.json").read_text()), "started": "2026-01-01T00:00:00"}
    (folder / "run.json").write_text(json.dumps(data))

    assert [("1", None)] == list(runs("runs").rows("id", "duration"))


def test_names_that_are_digits_of_other_scripts_are_no_numbers(some, cli):
    """What somebody else has put into a store is passed over: Python calls `²` a digit, and reads no number from it."""
    for folder in ("runs/²", "runs/1/checkpoints/²", "runs/1/attempts"):
        Path(folder).mkdir(parents=True, exist_ok=True)
    Path("runs/1/attempts/².json").write_text("{}")

    for words in (["ls"], ["show", "1"], ["doctor"], ["logs", "1"], ["metrics", "1"]):
        cli(*words)
        assert (0, "") == (cli.code, cli.err), words
    assert 4 == len(runs("runs"))


@pytest.mark.parametrize("words", [["ls", "--limit"], ["sweep", "show", "1", "--trial"], ["show"]])
def test_a_number_of_thousands_of_digits_is_none(some, cli, words):
    """Numbers that Python would not read are refused like others that are none."""
    cli(*words, "9" * 5000)

    assert 0 != cli.code
    assert "9999" in cli.err
    assert "digits" not in cli.err
