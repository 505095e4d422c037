"""Log lines: a level for what sticks out, the run in each line, secrets masked, local variables on demand."""

import asyncio
import contextlib
import io
import logging
import threading

import pytest

import expframe
from expframe import Experiment, Secret
from expframe.process import context
from expframe.process.log_lines import RunFormatter


def said(ex, words=""):
    """Return the lines that a command line writes to standard error, with what is kept in the store of `ex`."""
    root, own, err = logging.getLogger(), logging.getLogger(ex.name), io.StringIO()
    handlers, level, own_level = list(root.handlers), root.level, own.level
    root.handlers[:] = []  # those of pytest: ours is set up where there is none
    try:
        with contextlib.redirect_stderr(err):
            ex.run_commandline([ex.name, *words.split()])
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        own.setLevel(own_level)
    return err.getvalue().splitlines()


class TestLines:
    """What the handler of the command line writes."""

    def test_start_and_end_stick_out(self, ex):
        """A command's start, with its folder, and its end are NOTICE; its result is INFO."""
        ex.main(lambda: 3)
        start, result, end = said(ex)

        assert start.startswith("NOTICE - test[1] - Started '<lambda>' in ")
        assert start.endswith("/runs/1") or start.endswith(" runs/1")
        assert "INFO - test[1] - Result: 3" == result
        assert end.startswith("NOTICE - test[1] - Completed '<lambda>' after 0:00:0")

    def test_every_logger_shows_the_run(self, ex):
        """Whoever logs while a run is active, the line names the run; before it there is none."""

        @ex.config_hook
        def hook(config, command_name, logger):
            logging.getLogger("elsewhere").warning("before")

        @ex.main
        def main(_log):
            _log.info("mine")
            logging.getLogger("library.part").warning("theirs %d", 7)

        lines = said(ex)

        assert "WARNING - elsewhere - before" in lines
        assert "INFO - test.main[1] - mine" in lines
        assert "WARNING - library.part[1] - theirs 7" in lines

    def test_nothing_kept_shows_no_run(self, ex):
        """Where nothing is kept a line has the logger's name alone."""
        ex.main(lambda: None)

        assert "NOTICE - test - Started '<lambda>'; nothing is kept" == said(ex, "-u")[0]

    def test_a_child_shows_its_own(self, ex):
        """Lines of a run inside another name the inner one, and then the outer one again."""

        @ex.command
        def inner(_log):
            _log.info("in")

        @ex.main
        def outer(_log):
            ex.run("inner")
            _log.info("out")

        lines = said(ex)

        assert "INFO - test.inner[2] - in" in lines
        assert "INFO - test.outer[1] - out" in lines

    def test_threads_and_tasks(self, ex):
        """Threads and tasks that a run starts show it as well."""

        @ex.main
        async def main(_log):
            thread = threading.Thread(target=_log.info, args=("from a thread",))
            thread.start()
            thread.join()

            async def work():
                _log.info("from a task")

            await asyncio.create_task(work())

        lines = said(ex)

        assert {"INFO - test.main[1] - from a thread", "INFO - test.main[1] - from a task"} <= set(lines)

    def test_unrelated_runs_show_none(self):
        """A thread that could belong to two unrelated runs logs without a run, and without an error."""
        first, second = (type("Active", (), {"id": n, "parent": None, "label": n, "masked": str})() for n in "12")
        lines = []
        tokens = [(run, context.enter(run)) for run in (first, second)]
        try:
            thread = threading.Thread(target=lambda: lines.extend(format_message("whose")))
            thread.start()
            thread.join()
        finally:
            for run, token in reversed(tokens):
                context.leave(run, token)

        assert ["INFO - x - whose"] == lines

    @pytest.mark.parametrize(("words", "expected"), [("-lNOTICE", 2), ("-lnotice", 2), ("-l26", 0), ("-lINFO", 3)])
    def test_level(self, ex, words, expected):
        """`-l NOTICE` shows the start and the end, and not what is less."""
        ex.main(lambda: 3)

        assert expected == len(said(ex, words))

    def test_a_level_is_that_of_runs_inside_too(self, ex):
        """`-l WARNING` is for the experiment's runs inside, whatever `-n` calls the outer one."""

        @ex.command
        def one():
            return 3

        ex.main(lambda: ex.run("one").result)

        assert [] == said(ex, "-l WARNING") == said(ex, "-l WARNING -n outer_of_levels")

    def test_a_level_for_users(self, ex):
        """`expframe.NOTICE` is for users as well."""

        @ex.main
        def main(_log):
            _log.log(expframe.NOTICE, "a record")

        assert "NOTICE - test.main[1] - a record" in said(ex)

    def test_a_foreign_name_of_the_level_stays(self, ex, monkeypatch):
        """Somebody's own name for level 25 is not taken away."""
        monkeypatch.setitem(logging._levelToName, 25, "SUCCESS")
        ex.main(lambda: None)

        assert said(ex)[0].startswith("SUCCESS - test[1] - Started")

    def test_only_the_command_line_sets_up_logging(self, ex):
        """`ex.run()` adds no handler and changes no level."""
        ex.main(lambda: None)
        before = list(logging.getLogger().handlers), logging.getLogger().level
        ex.run()

        assert before == (logging.getLogger().handlers, logging.getLogger().level)


def format_message(text):
    """Return the line of one message, in a list."""
    return [RunFormatter().format(logging.LogRecord("x", logging.INFO, "", 0, text, (), None))]


class TestSecrets:
    """No secret of a run is in a log line."""

    def test_secrets_of_the_run_are_masked(self, ex):
        """Secret entries, Secret values and credentials in URLs are masked in messages, arguments and tracebacks."""
        ex.add_config(password="hunter2-secret", key=Secret("abcdef-secret"), url="postgres://me:pw-secret@host/db")

        @ex.main
        def main(password, key, url, _log):
            _log.warning(f"using {password} and %s and %r", key, url)
            logging.getLogger("other").error("see https://you:other-secret@host")
            try:
                raise ValueError(password)
            except ValueError:
                _log.exception("failed with pw-secret")

        text = "\n".join(said(ex))

        assert "secret" not in text
        assert "using ******** and ******** and 'postgres://********@host/db'" in text
        assert "ValueError: ********" in text
        assert "secret" not in expframe.runs(ex.store)[1].output()

    def test_secrets_of_the_outer_run_too(self, tmp_path):
        """Inside a child the secrets of the runs around it are masked as well."""
        outer, inner = (Experiment(name, store=tmp_path / "runs") for name in ("outer", "inner"))
        outer.add_config(token="outer-secret")

        @inner.main
        def work(_log):
            _log.info("outer-secret")

        @outer.main
        def main():
            inner.run()

        assert "secret" not in "\n".join(said(outer))


class TestLocals:
    """`run.log_locals()`."""

    def test_locals_are_logged(self, ex):
        """The caller's local variables are in the debug log, with the place, each short and on one line."""

        @ex.main
        def main(_run):
            count, rows, text = 3, list(range(1000)), "a\nb"
            _run.log_locals()

        lines = said(ex, "-lDEBUG")
        start = next(n for n, line in enumerate(lines) if "Locals of main() (test_logging.py:" in line)
        shown = {line.split(" = ")[0].strip(): line.split(" = ", 1)[1] for line in lines[start + 1 : start + 5]}

        assert {"_run", "count", "rows", "text"} == set(shown)
        assert ("3", r"'a\nb'") == (shown["count"], shown["text"])
        assert 200 == len(shown["rows"])
        assert shown["rows"].endswith("...")

    def test_only_when_debugging(self, ex):
        """Without the debug level nothing is said, and no repr is asked for."""

        class Loud:
            def __repr__(self):
                raise AssertionError("was asked")

        @ex.main
        def main(_run):
            loud = Loud()
            _run.log_locals()

        assert not [line for line in said(ex) if "Locals" in line or "loud" in line]

    def test_what_cannot_be_shown(self, ex):
        """A repr that raises is shown as such, and a dict that holds itself is no problem."""

        class Mute:
            def __repr__(self):
                raise RuntimeError

        @ex.main
        def main(_run):
            mute, cycle = Mute(), {}
            cycle["self"] = cycle
            _run.log_locals()

        text = "\n".join(said(ex, "-lDEBUG"))

        assert "Mute, whose repr raises RuntimeError" in text
        assert "cycle = {'self': <object dict>}" in text

    def test_secrets_are_masked(self, ex):
        """Values under secret names, wherever else they appear, and the run's secrets are masked, also where cut."""
        ex.add_config(api_key="run-secret")

        @ex.main
        def main(api_key, _run):
            password = "local-secret"
            header, nested = f"Bearer {password}", {"login": {"token": "deep-secret"}}
            cut = "x" * 190 + api_key
            _run.log_locals()

        text = "\n".join(line for line in said(ex, "-lDEBUG") if " = " in line)

        assert "secret" not in text.replace("_secret", "")
        assert "password = '********'" in text
        assert "header = 'Bearer ********'" in text
        assert "run-s" not in text

    def test_without_a_store(self):
        """It works where nothing is kept."""
        ex = Experiment("nowhere", ghost=True)

        @ex.main
        def main(_run):
            here = 1
            _run.log_locals()

        assert "  here = 1" in said(ex, "-lDEBUG")
