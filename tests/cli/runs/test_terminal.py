"""The commands as somebody sees them in a terminal."""

import os
import shutil
import struct
import sys

import pytest
from interpreter import start_python

import expframe
from expframe.__main__ import main

pty = pytest.importorskip("pty")


SCORES = ",".join(f"result.score_of_a_long_name_{name}" for name in "abcdef")


@pytest.fixture
def terminal(environment, tmp_path):
    """Do a command line of `expframe` in a terminal of a size, and return what that was sent."""
    import fcntl
    import termios

    def do(*words, columns=80, lines=200, **variables):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        variables = {**environment, "TERM": "xterm", "PAGER": "cat", "NO_COLOR": "1", **variables}
        streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        process = start_python(["-m", "expframe", *words], cwd=tmp_path, env=variables, **streams)
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # nobody has it open any more
                break
            if not piece:
                break
            shown += piece
        os.close(ours)
        process.wait()
        return shown.decode().replace("\r\n", "\n")

    return do


@pytest.fixture
def many(ex):
    """Sixty runs with long names of numbers."""

    @ex.config
    def config():
        optimizer_of_the_model = "adam"

    @ex.main
    def main(seed, _run):
        return {f"score_of_a_long_name_{name}": seed / 7 for name in "abcdef"}

    first = ex.run(config_updates={"seed": 1})
    for number in range(2, 61):
        shutil.copytree(first.folder, f"runs/{number}")


def test_a_long_list_is_cut_and_that_is_said(many, terminal, cli):
    """`ls` shows the newest fifty in a terminal and says how many there are; all in a pipe, with --all or as JSON."""
    shown = terminal("ls").splitlines()

    assert ["60", "11"] == [shown[1].split()[0], shown[50].split()[0]]
    assert "The newest 50 of 60 runs. -n 100 shows more, --all shows all." == shown[51]
    assert 61 == len(terminal("ls", "--all").splitlines())
    assert 4 == len(terminal("ls", "-n", "3").splitlines())
    assert 61 == len(cli("ls").splitlines())
    assert 60 == len(cli.json("ls")["runs"])


@pytest.mark.once
@pytest.mark.parametrize("columns", [60, 80, 160])
@pytest.mark.parametrize(
    "words", ["ls", "compare 1-3 -m " + SCORES, "compare 1-4 --groups -m " + SCORES, "show 1", "du", "metrics 1"]
)
def test_lines_fit_and_numbers_are_whole(many, terminal, words, columns):
    """Nothing that is a table is wider than the terminal, and no number is cut."""
    shown = terminal(*words.split(), columns=columns)

    assert [] == [line for line in shown.splitlines() if len(line) > columns and "/" not in line and "#" not in line]
    if words.startswith("compare 1-3"):
        assert shown.count("0.142857") == 3 * 6


@pytest.mark.once
def test_a_long_text_goes_to_the_pager(many, terminal, tmp_path):
    """What is longer than the terminal is shown by the pager, as git does; what fits is not."""
    pager = tmp_path / "pager.py"
    pager.write_text("import sys; print('PAGED'); sys.stdout.write(sys.stdin.read())")
    command = f"{sys.executable} {pager}"

    assert terminal("ls", "--all", lines=20, PAGER=command).startswith("PAGED\nid ")
    assert terminal("ls", "--all", lines=20, PAGER="cat x", EXPFRAME_PAGER=command).startswith("PAGED\nid ")
    assert terminal("ls", "-n", "3", lines=20, PAGER=command).startswith("id ")
    assert terminal("ls", "--all", lines=20, PAGER="no-such-program").startswith("id ")


def test_doctor_says_everything(many, terminal):
    """Where a table has no room, each finding has lines of its own, and no word is lost."""
    for id in ("2", "3"):
        (expframe.runs("runs").store / id / "run.json").write_text("[]")
    shown = terminal("doctor", columns=60)

    assert "…" not in shown
    assert "the record cannot be read" in shown
    assert max(map(len, shown.splitlines())) <= 60


def test_watch_says_that_nothing_runs(many, terminal):
    """`watch` with nothing running says so."""
    assert "Nothing is running." in terminal("watch", "--once")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("show", "ID: is missing (the id of a run, or last)."),
        ("show 1 2", "2: is one word too many."),
        ("ls x", "x: is one word too many: there are no arguments."),
        ("tag 1", "TAG: is missing"),
        ("rename 1", "NAME: is missing."),
        ("export", "FILE: is missing"),
        ("ls -n", "-n: needs a value."),
        ("ls --limit", "--limit: needs a value."),
        ("ls --tree=3", "--tree=3: takes no value."),
        ("ls --clumns id", "--clumns: no such flag. Did you mean --columns?"),
        ("ls -F a -F b", "-F: is given twice."),
        ("ls -F a --store=b", "--store=b: is given twice."),
        ("ls --all -a", "-a: is given twice."),
    ],
)
def test_what_is_wrong_with_words_is_said(cli, words, said):
    """A message names the argument that is missing or superfluous."""
    cli(*words.split())

    assert (2, said) == (cli.code, cli.err.partition(": ")[2].partition("\n")[0][: len(said)])


def test_the_version_is_told(capsys):
    """`expframe --version` says which one this is."""
    assert 0 == main(["--version"])
    assert f"expframe {expframe.__version__}\n" == capsys.readouterr().out


def test_options_of_every_command_may_stand_before_it(many, cli, tmp_path):
    """`expframe -F DIR ls` is `expframe ls -F DIR`."""
    shutil.move("runs", "other")
    for words in (("-F", "other"), ("--store", "other"), ("--store=other",), ("-Fother",)):
        assert 3 == len(cli(*words, "ls", "-n", "2").splitlines())
    assert '"runs"' in cli("-F", "other", "--json", "ls")


def test_a_folder_that_is_not_there_is_an_error(cli, tmp_path):
    """A store that was named and is not there is said, as is one that is a file; the usual one may be missing."""
    (tmp_path / "file").write_text("")
    for name, said in (("nowhere", "is not there"), ("file", "is a file, not a folder of runs")):
        cli("ls", "-F", name)
        assert 2 == cli.code and said in cli.err
    assert "No runs.\n" == cli("ls")


@pytest.mark.parametrize("columns", [60, 80])
def test_groups_that_differ_in_much_fit_the_terminal(ex, terminal, columns):
    """Entries that leave no room for numbers are told in tables of their own, and no number is cut."""

    @ex.config
    def config():
        optimizer = "adam-with-decoupled-weight-decay"
        schedule = "cosine-with-warm-restarts"
        layers = ["a-long-name-of-a-layer"] * 9

    @ex.main
    def main(seed):
        return {"score": 0.123456 + seed / 1000}

    for optimizer in ("adam-with-decoupled-weight-decay", "sgd"):
        for seed in (1, 2, 3):
            given = {"optimizer": optimizer, "layers": [optimizer] * 9, "schedule": optimizer * 2, "seed": seed}
            ex.run(config_updates=given)
    shown = terminal("compare", "--groups", columns=columns)

    assert columns >= max(map(len, shown.split("\n")))
    assert 2 == shown.count(" 0.1255 ± 0.001 (0.123 to 0.1279)") and "#  " in shown


def test_a_column_that_was_asked_for_is_shown_though_it_is_empty(many, cli):
    """`ls --columns` leaves none of them out; of the usual ones those that are empty have no column."""
    assert ["id", "tags", "comment"] == cli("ls", "--columns", "id,tags,comment").split()[:3]
    assert "comment" in cli("ls", "--columns", "+comment").splitlines()[0]
    assert "tags" not in cli("ls", "--columns", "+comment").splitlines()[0]
    assert "tags" in cli("ls", "--tree", "-c", "id,tags").splitlines()[0]


def test_watch_says_what_is_new_only(ex, cli, monkeypatch):
    """Looks at which all was as before print nothing, so that a pipe is not filled."""
    from types import SimpleNamespace

    looks = iter([None, None, None])

    def sleep(seconds):
        if next(looks, StopIteration) is StopIteration:
            raise KeyboardInterrupt

    ex.main(lambda: None)
    ex.run()
    monkeypatch.setattr("expframe.cli.runs.watch.time", SimpleNamespace(sleep=sleep))

    assert "Nothing is running.\n" == cli("watch")
    assert 130 == cli.code


@pytest.mark.parametrize("command", ["ls", "compare", "metrics", "import", "completion", "watch", "gc"])
def test_help_fits_into_80_columns(cli, command):
    """No line of a command's help is longer than a usual terminal is wide, and no word is lost."""
    shown = cli(command, "--help")

    assert 79 >= max(map(len, shown.splitlines()))
    assert "Usage:\n  expframe " in shown and "  -h --help " in shown


def test_a_file_to_import_that_is_not_there_is_said(cli, tmp_path):
    """It is the caller's mistake, in a sentence: exit code 2."""
    cli("import", "no.zip")
    assert (2, "UsageError: no.zip: is not there. Name a file that `expframe export` wrote.\n") == (cli.code, cli.err)
    cli("import", str(tmp_path))
    assert cli.code == 2 and "is a folder." in cli.err


def test_help_of_sweeps_names_its_commands(cli):
    """`expframe sweep --help` says what there is, and each command says more."""
    shown = cli("sweep", "--help")

    assert (0, True) == (cli.code, all(f"  {name} " in shown for name in ("ls", "show", "watch", "why", "stop")))
    assert "expframe sweep show [options] ID" in cli("sweep", "show", "--help")


def test_a_name_that_is_like_no_other_is_not_guessed(ex, cli):
    """Names that share their group alone are not taken for each other: what there is is listed."""
    ex.add_config(n=1, x=2)
    ex.main(lambda: None)
    ex.run()
    cli("ls", "--columns", "took")

    assert (2, False) == (cli.code, "Did you mean" in cli.err)
    assert "There are: config.seed, config.n, config.x." in cli.err
