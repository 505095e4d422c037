"""The command line of a script: real processes, their output and their exit codes."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import pytest
from interpreter import run_python, start_python

import expframe
from expframe import Experiment, Ge, Gt, Ingredient, Le, Log
from expframe.cli.script.command_line import parse_level
from expframe.errors import OptionError
from expframe.testing import run_cli

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals and terminals")

SCRIPT = '''
    """
    Trains.

    usage: what stands here is no grammar
      --bogus   No flag either.
    """
    import sys, time
    from expframe import Experiment, Ingredient

    dataset = Ingredient("dataset")

    @dataset.config
    def dataset_config():
        size = 10  # how many

    @dataset.command
    def stats(size):
        """Print the size."""
        print("size", size)

    ex = Experiment("demo", ingredients=[dataset])

    @ex.config
    def config():
        lr = 0.1  # learning rate
        kind = "value"

    @ex.cli_option("-x", "--extra")
    def extra(value, run):
        """Note something."""
        run.info["extra"] = value

    @ex.cli_option("--really", is_flag=True)
    def really(value, run):
        run.info["really"] = value

    @ex.option_hook
    def hook(options):
        if options["comment"] == "hooked":
            options["tag"] = ("by-hook",)

    def deep():
        raise KeyError("inner")

    @dataset.capture
    def captured(size):
        deep()

    @ex.command
    def fail(kind, _run):
        """
        Fail in many ways.

        With kind=...
        """
        if kind == "value":
            captured()
        elif kind == "cause":
            try:
                captured()
            except KeyError as problem:
                raise RuntimeError("outer") from problem
        elif kind == "group":
            raise ExceptionGroup("several", [ValueError("first"), TypeError("second")])
        elif kind == "metric":
            _run.log_scalar("two\\nlines", 1)
        elif kind == "text":
            sys.exit("a last word")
        elif kind == "wait":
            print("waiting", flush=True)
            time.sleep(60)
        else:
            sys.exit(int(kind))

    @ex.command
    async def fail_later():
        raise ValueError("later")

    @ex.command
    def needs(nothing):
        pass

    @ex.automain
    def main(_run, lr):
        """Train."""
        print("lr", lr)
        return lr
'''


@pytest.fixture
def demo(script, environment, tmp_path):
    """Run the script with some words and return the finished process."""
    path = script(SCRIPT, "demo.py")

    def run(*words, expect=0, stdin="", **variables):
        done = run_python([path.name, *words], cwd=tmp_path, env={**environment, **variables}, input=stdin)

        assert expect == done.returncode, done.stdout + done.stderr
        return done

    return run


def record(tmp_path, id="1"):
    """Return the stored record of a run."""
    return expframe.runs(tmp_path / "runs")[id].record


class TestHelp:
    """Help is for the whole script or for one command, and starts nothing."""

    @pytest.mark.parametrize("words", [["help"], ["-h"], ["--help"]])
    def test_of_the_script(self, demo, tmp_path, words):
        """Usage, the script's docstring, every flag and every command are shown."""
        shown = demo(*words).stdout

        assert shown.startswith("Usage:\n  demo.py [(with UPDATE...)] [options]\n")
        assert "usage: what stands here is no grammar\n  --bogus   No flag either.\n" in shown
        assert "  -x VALUE --extra=VALUE          Note something.\n" in shown
        for line in (
            "main                 Train.",
            "fail                 Fail in many ways.",
            "dataset.stats        Print the size.",
        ):
            assert f"\n  {line}\n" in shown
        for name in ("print_config", "print_dependencies", "save_config", "print_named_configs"):
            assert f"\n  {name} " in shown
        assert not (tmp_path / "runs").exists()

    @pytest.mark.parametrize("words", [["help", "fail"], ["fail", "-h"]])
    def test_of_a_command(self, demo, words):
        """A command's usage and docstring are shown, and what it takes from the config."""
        assert (
            "Usage:\n  demo.py fail [(with UPDATE...)] [options]\n\n    Fail in many ways.\n\n    With kind=...\n"
            "\nTakes from the config:\n    kind\n"
        ) == demo(*words).stdout

    def test_fits_a_screen(self, demo):
        """No line of help is longer than 79 columns, and no signature of ours is shown."""
        for words in (["-h"], ["print_config", "-h"], ["save_config", "-h"], ["help", "config"]):
            shown = demo(*words).stdout

            assert [] == [line for line in shown.splitlines() if len(line) > 79]
            assert "_run" not in shown

    def test_entries_and_named_configs(self):
        """Entries are shown with value, doc and type, named configs with their docs; a long list is cut."""
        ex = Experiment("many", ghost=True)

        @ex.config
        def config():
            lr = 0.1  # how fast
            api_key = "hunter2hunter2"

        @ex.named_config
        def fast():
            """Try it out."""
            lr = 1

        ex.add_config({f"entry{number}": number for number in range(20)})
        shown = run_cli(ex, "--help").stdout

        for line in (
            "lr = 0.1            how fast (float)",
            "api_key = ********",
            "seed = drawn",
            "fast  Try it out.",
        ):
            assert f"\n  {line}" in shown
        assert "\n  11 more: many help config\n" in shown
        assert "entry15" not in shown
        whole = run_cli(ex, "help config").stdout
        assert "entry19 = 19" in whole and "fast  Try it out." in whole

    def test_bounds_stand_behind_types(self):
        """What an annotation declares of a value is shown with its type."""
        ex = Experiment("bounded", ghost=True)

        @ex.config
        def config():
            lr: Annotated[float, Ge(1e-5), Le(1.0), Log] = 0.1  # how fast
            depth: Annotated[int, Gt(0)] | None = None
            width = 3

        @ex.main
        def main(lr):
            return lr

        shown = run_cli(ex, "help config").stdout

        for line in (
            "lr = 0.1      how fast (float in [1e-05, 1.0], log)",
            "depth = None  (int | None, above 0)",
            "width = 3     (int)",
        ):
            assert f"\n  {line}\n" in shown

    def test_a_config_that_cannot_be_decided(self):
        """Help is shown though the config fails, and says so."""
        ex = Experiment("broken", ghost=True)

        @ex.config
        def config():
            raise ValueError("no data here")

        result = run_cli(ex, "-h")

        assert (0, True) == (result.exit_code, "Config entries: " in result.stdout)

    def test_of_an_unknown_command(self, demo):
        """The nearest command of an ingredient is named, without a traceback."""
        shown = demo("help", "stats", expect=2).stderr

        assert "No command and no config entry 'stats'. Did you mean 'dataset.stats'?" in shown
        assert "Traceback" not in shown

    def test_without_a_main_function(self):
        """Help needs no main function."""
        result = run_cli(Experiment("empty", ghost=True), "-h")

        assert (0, None) == (result.exit_code, result.run)
        assert result.stdout.startswith("Usage:")


class TestOptions:
    """Each flag does what its help says."""

    def test_a_plain_run_is_stored(self, demo, tmp_path):
        """A run with overrides is COMPLETED and holds what was decided, asked and printed."""
        done = demo("with", "lr=0.5", "-c", "a comment", "-n", "other", "-P", "3", "-T", "a,b")
        run = expframe.runs(tmp_path / "runs")["1"]

        assert "lr 0.5\n" == done.stdout
        assert ("COMPLETED", 0.5, "other", "a comment", ("a", "b")) == (
            run.status,
            run.result,
            run.record.name,
            run.record.comment,
            run.record.tags,
        )
        assert {"comment": "a comment", "name": "other", "priority": 3.0, "tag": ("a", "b")} == run.record.options
        assert ("lr=0.5",) == run.record.overrides
        assert "lr 0.5\n" in run.output()

    def test_an_ingredients_command(self, demo, tmp_path):
        """`dataset.stats` is a command of its own, recorded under its full name."""
        assert "size 3\n" == demo("dataset.stats", "with", "dataset.size=3").stdout
        assert "dataset.stats" == record(tmp_path).command

    def test_unobserved(self, demo, tmp_path):
        """`-u` runs everything and leaves nothing."""
        assert "lr 0.1\n" == demo("-u").stdout
        assert ["demo.py"] == [path.name for path in tmp_path.iterdir()]

    def test_queue(self, demo, tmp_path):
        """`-q` stores the run as QUEUED, with its config, and runs nothing."""
        done = demo("-q", "-P", "2", "with", "lr=4")
        run = expframe.runs(tmp_path / "runs")["1"]

        assert "" == done.stdout
        assert ("QUEUED", 4, None, {"queue": True, "priority": 2.0}) == (
            run.status,
            run.config["lr"],
            run.record.started,
            run.record.options,
        )
        assert run.record.queued is not None

    def test_id_and_folder(self, demo, tmp_path):
        """`-i` names a run, `-F` chooses the folder; an existing name is refused and touches nothing."""
        demo("-i", "first", "-F", "elsewhere")
        before = (tmp_path / "elsewhere" / "first" / "run.json").read_bytes()
        shown = demo("-i", "first", "-F", "elsewhere", expect=2)

        assert "Run 'first' exists already in" in shown.stderr
        assert "" == shown.stdout
        assert before == (tmp_path / "elsewhere" / "first" / "run.json").read_bytes()
        assert not (tmp_path / "runs").exists()

    def test_print_config(self, demo):
        """`-p` prints the config and a line, then runs."""
        shown = demo("-u", "-p").stdout

        assert shown.startswith("Configuration (modified, added, typechanged):\n")
        assert shown.endswith("\n" + "-" * 79 + "\nlr 0.1\n")

    @pytest.mark.parametrize("mode", ["no", "sys", "fd"])
    def test_capture(self, demo, tmp_path, mode):
        """`-C` chooses how output is captured."""
        demo("-C", mode)
        run = expframe.runs(tmp_path / "runs")["1"]

        assert mode == run.record.capture
        assert ("lr 0.1\n" in run.output()) is (mode != "no")

    def test_loglevel_is_the_experiments_own(self, caplog):
        """`-l` sets the loggers of the experiment and of its modules; libraries stay as they are."""
        library, own = logging.getLogger("some.library"), logging.getLogger(__name__)
        ex = Experiment("chatty", ghost=True, ingredients=[Ingredient("part")])

        @ex.main
        def main(_log):
            library.debug("of a library")
            own.debug("of the module")
            _log.debug("of the function")

        run_cli(ex, "-l DEBUG")
        shown = caplog.text
        caplog.clear()
        run_cli(ex, "-n other -l ERROR")

        assert "of the module" in shown and "of the function" in shown
        assert "of a library" not in shown
        assert "" == caplog.text

    def test_loglevel(self, demo):
        """`-l` sets the level of what is logged to standard error."""
        assert "NOTICE - demo - Started" in demo("-u").stderr
        assert "" == demo("-u", "-lERROR").stderr
        assert "" == demo("-u", "--log", "40").stderr
        for level in ("²", "9" * 5000):
            assert f"{level}: is no level" in demo("-u", "-l", level, expect=2).stderr

    def test_beat_interval(self, demo, tmp_path):
        """`-b` is the interval that the lease tells, and is stored."""
        demo("-b", "2.5")

        assert {"beat_interval": 2.5} == record(tmp_path).options

    def test_force(self, demo, tmp_path):
        """`-f` lets overrides add entries."""
        demo("with", "new=1", expect=2)
        demo("-f", "with", "new=1")

        assert 1 == expframe.runs(tmp_path / "runs")["1"].config["new"]

    def test_user_options_and_hooks(self, demo, tmp_path):
        """A user's own option is called before the command, and an option hook may change options."""
        demo("-x", "7", "--really", "-c", "hooked")
        run = expframe.runs(tmp_path / "runs")["1"]

        assert {"extra": "7", "really": True} == run.info
        assert ("by-hook",) == run.record.tags

    def test_the_debugger(self, demo):
        """`-D` shows the traceback, then takes commands where the command failed; the exit code is still 1."""
        done = demo("fail", "-u", "-D", expect=1, stdin="p 'in the ' + 'debugger'\nwhere\nq\n")

        assert "KeyError: 'inner'" in done.stderr
        assert "'in the debugger'" in done.stdout
        assert "deep()" in done.stdout


class TestEnforceClean:
    """`-e` lets a run start only from committed files."""

    @pytest.fixture
    def git(self, tmp_path, monkeypatch):
        """Return a function that runs git in the test's folder."""
        for name, value in {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "A",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.org",
        }.items():
            monkeypatch.setenv(name, value)
        return lambda *words: subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)

    def test_a_clean_repository(self, git, demo, tmp_path):
        """Committed files let the run start; untracked ones are no matter."""
        git("init")
        git("add", "demo.py")
        git("commit", "-m", "all")
        (tmp_path / "notes.txt").write_text("untracked")

        assert "lr 0.1\n" == demo("-e").stdout

    def test_a_dirty_repository(self, git, demo, tmp_path):
        """A changed file is refused before anything is stored."""
        git("init")
        git("add", "demo.py")
        git("commit", "-m", "all")
        with (tmp_path / "demo.py").open("a") as file:
            file.write("# changed\n")

        assert "has uncommitted changes. Commit or stash them." in demo("-e", expect=2).stderr
        assert not (tmp_path / "runs").exists()

    def test_no_repository(self, demo, tmp_path, monkeypatch):
        """Without a repository nothing is clean."""
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

        assert "is in no git repository" in demo("-e", expect=2).stderr
        assert not (tmp_path / "runs").exists()


class TestExitCodes:
    """0, 1 for a failed command, 2 for what was refused, 130, 143, and what the command itself says."""

    @pytest.mark.parametrize(
        "words",
        [
            ["nope"],
            ["--nope"],
            ["with", "lrr=1"],
            ["with", "missing.yaml"],
            ["with", "lr.0=1"],
            ["-C", "bogus"],
            ["-l", "LOUD"],
            ["-i", ".."],
            ["-b", "x"],
            ["needs"],
        ],
    )
    def test_refused(self, demo, tmp_path, words):
        """Whatever is refused exits with 2, has one error without a traceback, and starts nothing."""
        done = demo(*words, expect=2)

        assert "" == done.stdout
        assert "Traceback" not in done.stderr
        assert done.stderr.split(":")[0].endswith("Error")
        assert not [path for path in tmp_path.glob("runs/*") if path.is_dir()]

    @pytest.mark.parametrize(
        ("kind", "code", "status"), [("0", 0, "COMPLETED"), ("7", 7, "FAILED"), ("text", 1, "FAILED")]
    )
    def test_exits_of_the_command(self, demo, tmp_path, kind, code, status):
        """`sys.exit` in a command is the process's exit; its text is printed once, on standard error."""
        done = demo("fail", "with", f"kind={kind}", expect=code)

        assert status == record(tmp_path).status
        assert (kind == "text") == ("a last word\n" in done.stderr)
        assert "Traceback" not in done.stderr

    @posix
    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_signals(self, demo, tmp_path, environment, number, code):
        """Ctrl-C exits with 130, SIGTERM with 143; the run is INTERRUPTED."""
        with start_python(["demo.py", "fail", "with", "kind=wait"], env=environment) as process:
            assert "waiting\n" == process.stdout.readline()
            process.send_signal(number)
            _, shown = process.communicate(timeout=120)

        assert code == process.returncode
        assert "Traceback" not in shown
        run = expframe.runs(tmp_path / "runs")["1"]
        assert "INTERRUPTED" == run.status
        assert "waiting" in run.output()


class TestTracebacks:
    """A traceback shows the user's frames, with causes; `-d` shows all."""

    def test_of_a_command(self, demo):
        """Expframe's frames are left out, and it is said."""
        shown = demo("fail", "-u", expect=1).stderr

        assert "Traceback (most recent call last) (frames of expframe left out, -d shows them):\n" in shown
        assert ["in fail", "in captured", "in deep"] == [
            line.rpartition(", ")[2] for line in shown.splitlines() if line.startswith("  File")
        ]
        assert shown.endswith("KeyError: 'inner'\n")

    def test_debug_shows_all(self, demo):
        """With `-d` expframe's frames are there."""
        shown = demo("fail", "-u", "-d", expect=1).stderr

        assert "left out" not in shown
        assert str(Path("expframe", "run", "run.py")) in shown
        assert shown.endswith("KeyError: 'inner'\n")

    def test_causes(self, demo):
        """The cause comes first, without expframe's frames as well."""
        shown = demo("fail", "-u", "with", "kind=cause", expect=1).stderr

        assert "KeyError: 'inner'\n\nThe above exception was the direct cause of the following exception:\n" in shown
        assert "expframe/" not in shown
        assert shown.endswith("RuntimeError: outer\n")

    def test_groups(self, demo):
        """A group shows its exceptions."""
        shown = demo("fail", "-u", "with", "kind=group", expect=1).stderr

        assert "ExceptionGroup: several (2 sub-exceptions)" in shown
        assert "ValueError: first" in shown
        assert "TypeError: second" in shown
        assert "expframe/" not in shown

    def test_of_a_coroutine(self, demo):
        """An async command's traceback has the user's frame alone, and no other exception."""
        shown = demo("fail_later", "-u", expect=1).stderr

        assert ["in fail_later"] == [
            line.rpartition(", ")[2] for line in shown.splitlines() if line.startswith("  File")
        ]
        assert "another exception" not in shown

    def test_of_an_error_of_ours_in_a_command(self, demo):
        """What expframe refuses inside a command is shown at the user's line."""
        shown = demo("fail", "-u", "with", "kind=metric", expect=1).stderr

        assert '_run.log_scalar("two\\nlines", 1)' in shown
        assert "expframe/" not in shown
        assert (
            "expframe.errors.MetricError: metric name 'two\\nlines': holds control characters. Leave them out.\n"
            in shown
        )


@posix
class TestColours:
    """Colours are for terminals, and never with NO_COLOR."""

    @pytest.fixture
    def on_a_terminal(self, demo, tmp_path, environment):
        """Return what a command line writes to a terminal."""
        import pty

        def run(*words, **variables):
            master, slave = pty.openpty()
            env = {**environment, "TERM": "xterm", **variables}
            process = start_python(["demo.py", *words], env=env, stdin=slave, stdout=slave, stderr=slave)
            os.close(slave)
            shown = b""
            try:
                while chunk := os.read(master, 4096):
                    shown += chunk
            except OSError:
                pass
            os.close(master)
            assert 0 == process.wait(120)
            return shown.decode()

        return run

    def test_on_a_terminal(self, on_a_terminal):
        """A changed entry is blue on a terminal."""
        assert "\x1b[38;5;33m  lr = 3.0\x1b[0m" in on_a_terminal("print_config", "with", "lr=3")

    def test_never_with_no_color(self, on_a_terminal):
        """NO_COLOR and a dumb terminal get none."""
        assert "\x1b[" not in on_a_terminal("print_config", "with", "lr=3", NO_COLOR="1")
        assert "\x1b[" not in on_a_terminal("print_config", "with", "lr=3", TERM="dumb")

    def test_not_elsewhere(self, demo):
        """A pipe gets none."""
        done = demo("print_config", "with", "lr=3")

        assert "\x1b[" not in done.stdout + done.stderr


class TestRunCommandline:
    """A command line may also be done from code."""

    @pytest.mark.parametrize("argv", ["prog with lr=2", ["prog", "with", "lr=2"]])
    def test_forms(self, ex, argv):
        """A text or a list is done, and the Run comes back."""

        @ex.main
        def main(lr=1):
            return lr

        assert 2 == ex.run_commandline(argv).result

    def test_own_words(self, ex, monkeypatch):
        """None means the words of the process."""
        monkeypatch.setattr("sys.argv", ["prog", "with", "lr=5"])

        @ex.main
        def main(lr=1):
            return lr

        assert 5 == ex.run_commandline().result

    def test_wrong_kind(self, ex, capsys):
        """Anything else exits with 2."""
        with pytest.raises(SystemExit) as caught:
            ex.run_commandline(3)

        assert 2 == caught.value.code
        assert "must be a text or a list of texts" in capsys.readouterr().err

    def test_logging_that_is_set_up_stays(self, ex):
        """A root logger that has handlers keeps them."""
        before = list(logging.getLogger().handlers)
        handler = logging.NullHandler()
        logging.getLogger().addHandler(handler)
        try:
            ex.main(lambda: None)
            ex.run_commandline("prog -u")

            assert [*before, handler] == logging.getLogger().handlers
        finally:
            logging.getLogger().removeHandler(handler)

    def test_ingredients_in_ingredients(self):
        """Commands of ingredients at any depth have dotted names."""
        inner = Ingredient("model.encoder")
        outer = Ingredient("model", ingredients=[inner])

        @inner.command
        def stats():
            return "inner"

        ex = Experiment("deep", ingredients=[outer])

        assert "inner" == run_cli(ex, "model.encoder.stats").run.result


@pytest.mark.parametrize(("level", "number"), [("INFO", 20), ("notice", 25), ("warning", 30), ("15", 15), (7, 7)])
def test_levels(level, number):
    """A level has a name in any case, or a number."""
    assert number == parse_level(level)


@pytest.mark.parametrize("level", ["LOUD", "-5", ""])
def test_no_levels(level):
    """Anything else is refused."""
    with pytest.raises(OptionError, match="is no level"):
        parse_level(level)


@posix
def test_a_reader_that_stops_early_is_no_error(demo, tmp_path, environment):
    """`print_config | head` does not end in a traceback."""
    command = f"{sys.executable} demo.py print_config -lERROR | head -n 1"
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )

    assert "Configuration (modified, added, typechanged):\n" == done.stdout
    assert "" == done.stderr


@posix
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(script, tmp_path, environment, closed):
    """Started without standard streams, as by a daemon, all is done; a run keeps what it and its children print."""
    script(PRINTING, "printing.py")
    words = ["help", "print_config", "--dry-run", "", "--needed", "sweep with x=1,2 -C no"]
    expframe_words = ["ls", "show 1", "sweep ls", "--version"]
    commands = [f"printing.py {of}" for of in words] + [f"-m expframe {of}" for of in expframe_words]
    lines = "\n".join(f"{sys.executable} {command} {closed} || echo {command} $?" for command in commands)
    done = subprocess.run(
        lines, shell=True, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )

    assert "" == done.stdout
    assert "Error" not in done.stderr
    assert {"mine", "a child"} <= {*(tmp_path / "runs" / "1" / "output.txt").read_text().splitlines()}


PRINTING = """
    import subprocess, sys
    from expframe import Experiment
    ex = Experiment()
    ex.add_config(x=0)

    @ex.automain
    def main(x):
        print("mine", flush=True)
        subprocess.run([sys.executable, "-c", 'print("a child")'], check=True)
        return x
"""


@posix
def test_without_a_working_directory(script, tmp_path, environment):
    """Where it was removed, runs go into a folder that is named whole, and children beside the run around them."""
    path = script(REMOVING, "removing.py")
    gone, kept = tmp_path / "gone", tmp_path / "kept"
    gone.mkdir()
    command = f"rmdir {gone}; {sys.executable} {path}; {sys.executable} {path} -F {kept}"
    done = subprocess.run(command, shell=True, cwd=gone, env=environment, capture_output=True, text=True)

    assert 0 == done.returncode, done.stderr
    assert "StoreUnusableError: folder 'runs': would be in the working directory, which was removed" in done.stderr
    assert ["COMPLETED"] * 2 == [run.status for run in expframe.runs(kept)]


REMOVING = """
    from expframe import Experiment
    ex = Experiment()

    @ex.command
    def inner():
        return 1

    @ex.automain
    def main():
        return ex.run("inner").result
"""


def test_a_narrow_encoding_loses_no_command(demo):
    """A terminal that cannot show a character gets it escaped."""
    answer = demo("print_config", "with", "kind=hé", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C.UTF-8")

    assert "kind = 'h\\xe9'" in answer.stdout


def test_stored_options_are_json(demo, tmp_path):
    """The options that were given stand in run.json by their names."""
    demo("-u")
    started = time.time()
    demo("-c", "again")

    assert {"comment": "again"} == json.loads((tmp_path / "runs" / "1" / "run.json").read_bytes())["options"]
    assert record(tmp_path).started.timestamp() >= started
