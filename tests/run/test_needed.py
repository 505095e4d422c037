"""A run is not done where a completed one has the same command, config and code."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from interpreter import run_python, start_python

import expframe
from expframe import Experiment
from expframe.errors import OptionError
from expframe.run.run import Run
from expframe.store.reader import StoredRun
from expframe.testing import run_cli

SCRIPT = """
from expframe import Experiment
import helper
ex = Experiment("needed")

@ex.config
def config():
    x = 1
    net = {"sizes": (1, 2)}

@ex.command
def other(x):
    print("done")

@ex.automain
def main(x):
    import late
    if x < 0:
        raise ValueError
    print("done")
    return x
"""


@pytest.fixture
def call(script, environment):
    """Run a script of several files with `--needed`; return whether it was done, its exit code and its output."""
    path = script(SCRIPT, "needed.py")
    script("A = 1\n", "helper.py")
    script("B = 1\n", "late.py")

    def run(*words):
        done = run_python([path, *words], env=environment)
        return "done" in done.stdout, done.returncode, done.stdout + done.stderr

    return run


class TestCommandLine:
    """`--needed`."""

    def test_the_completed_run_is_named_and_nothing_is_done(self, call, tmp_path):
        """The second time the line says which run it is, and exits with 0; no folder is made."""
        assert (True, 0) == call("--needed", "with", "x=3")[:2]
        was_done, code, said = call("--needed", "with", "x=3")

        assert (False, 0) == (was_done, code)
        assert f"Run 1 is COMPLETED and has the same command, config and code: {tmp_path / 'runs' / '1'}" in said
        assert 1 == len(expframe.runs("runs"))

    @pytest.mark.once
    @pytest.mark.parametrize(
        "words", [["with", "x=4"], ["other", "with", "x=3"], ["with", "x=3", "+new=1"], ["-n", "n"]]
    )
    def test_another_config_command_or_experiment_is_needed(self, call, words):
        """Any value, the command and the name of the experiment count."""
        call("with", "x=3")
        index = words.index("with") if "with" in words else len(words)

        assert call(*words[:index], "--needed", *words[index:])[0]

    @pytest.mark.once
    @pytest.mark.parametrize("name", ["needed.py", "helper.py", "late.py"])
    def test_other_code_is_needed(self, call, tmp_path, name):
        """A change in any source of the completed run counts, late imports included; --any-code ignores it."""
        call("with", "seed=1")
        with (tmp_path / name).open("a") as file:
            file.write("# changed\n")

        assert (False, 0) == call("--needed", "--any-code")[:2]
        assert call("--needed")[0]

    def test_only_a_chosen_seed_counts(self, call):
        """A seed that nobody chose may be any other; one that was chosen must be the same."""
        call("with", "seed=1")

        assert not call("--needed")[0]
        assert not call("--needed", "with", "seed=1")[0]
        assert call("--needed", "with", "seed=2")[0]

    def test_what_did_not_complete_is_needed(self, call):
        """A failed run makes none needless."""
        assert 1 == call("--needed", "with", "x=-1")[1]
        assert 1 == call("--needed", "with", "x=-1")[1]
        assert 2 == len(expframe.runs("runs"))


class TestAtOnce:
    """`--needed`, asked by several processes or threads at a time."""

    def test_processes_that_ask_at_once_do_it_once(self, script, environment):
        """One of four processes does it; the others wait for it and name it."""
        path = script(
            """
            import time
            from expframe import Experiment
            ex = Experiment("slow")
            @ex.automain
            def main(seed):
                time.sleep(1)
                print("done")
            """
        )
        command = [path, "--needed", "with", "seed=1"]
        running = [start_python(command, env=environment, stderr=subprocess.STDOUT) for _ in range(4)]
        said = [process.communicate(timeout=120)[0] for process in running]

        assert [0] * 4 == [process.returncode for process in running], said
        assert 1 == sum("done" in text.splitlines() for text in said), said
        assert 3 == sum("Run 1 is COMPLETED" in text for text in said), said
        assert ["1"] == [run.id for run in expframe.runs("runs")]

    def test_where_the_first_fails_the_next_does_it(self, tmp_path):
        """Of threads that ask at once one begins; it fails, the next one does it, and the others take that."""
        ex = Experiment("shared", store=tmp_path / "runs")
        begun = []

        @ex.main
        def main(_run):
            begun.append(_run.id)
            time.sleep(0.2)
            if len(begun) == 1:
                raise ValueError("first")
            return 7

        def ask(_):
            try:
                return ex.run(config_updates={"seed": 1}, needed=True).result
            except ValueError:
                return "failed"

        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(ask, range(4)))

        assert sorted(map(str, ["failed", 7, 7, 7])) == sorted(map(str, found))
        assert ["1", "2"] == begun

    def test_who_was_killed_is_not_waited_for(self, tmp_path, script, environment):
        """The claim of a process that is gone holds up nobody, and none is left after the last one."""
        path = script(
            """
            import os
            from expframe import Experiment
            ex = Experiment("dies")
            @ex.automain
            def main(seed):
                if not os.path.exists("died"):
                    open("died", "w").close()
                    os._exit(9)
                print("done")
            """
        )
        command = [path, "--needed", "with", "seed=1"]
        codes = [run_python(command, env=environment, timeout=60).returncode for _ in range(2)]

        assert [9, 0] == codes
        assert [] == list((tmp_path / "runs" / "_claims").iterdir())

    def test_a_run_inside_one_that_is_the_same_is_not_waited_for(self, tmp_path):
        """A run that does the same inside itself ends."""
        ex = Experiment("inside", store=tmp_path / "runs")

        @ex.main
        def main(_run):
            return ex.run(config_updates={"seed": 1}, needed=True).result if _run.depth < 2 else 7

        assert 7 == ex.run(config_updates={"seed": 1}, needed=True).result

    def test_a_ghost_and_a_look_claim_nothing(self, tmp_path):
        """What is not kept, or only looked at, makes no folder of runs."""
        ex = Experiment("ghost", store=tmp_path / "runs")
        ex.main(lambda: None)
        ex.run(options={"unobserved": True}, needed=True)
        ex.run(options={"dry_run": True}, needed=True)

        assert not (tmp_path / "runs").exists()


class TestCall:
    """`ex.run(needed=True)`."""

    @pytest.fixture
    def counted(self, tmp_path):
        """An experiment that notes each run that is really done."""
        ex = Experiment("counted", store=tmp_path / "runs")
        ex.add_config(x=1, password="", lists=[{"a": float("nan")}])
        ex.done = []

        @ex.main
        def main(x, _run):
            ex.done.append(x)
            return x

        return ex

    def test_the_stored_run_is_returned(self, counted):
        """Another type tells whether it was done now; both have result, record and metrics."""
        first = counted.run(config_updates={"x": 2}, needed=True)
        second = counted.run(config_updates={"x": 2}, needed=True)

        assert (Run, StoredRun) == (type(first), type(second))
        assert (2, 2, [2]) == (first.result, second.result, counted.done)
        assert first.id == second.id

    def test_the_newest_one_is_returned(self, counted):
        """Where several would do."""
        for _ in range(3):
            counted.run()

        assert "3" == counted.run(needed=True).id

    def test_the_same_secrets(self, counted):
        """They are not stored, but the same one is told from another."""
        counted.run(config_updates={"password": "hunter2"})

        assert "1" == counted.run(config_updates={"password": "hunter2"}, needed=True).id
        assert "2" == counted.run(config_updates={"password": "hunter3"}, needed=True).id
        assert "3" == counted.run(needed=True).id

    def test_a_secret_of_which_nobody_can_tell_is_another(self, counted):
        """Without the store's salt a run is needed."""
        counted.run(config_updates={"password": "hunter2"})
        (counted.run().folder.parent / "_salt").unlink()

        assert "3" == counted.run(config_updates={"password": "hunter2"}, needed=True).id

    def test_config_alone_can_be_asked_for(self, counted):
        """`needed="config"` takes a run of whatever code; another word is an error."""
        counted.run()

        assert "1" == counted.run(needed="config").id
        with pytest.raises(OptionError, match="must be True, 'config' or False"):
            counted.run(needed="code")

    def test_arguments_cannot_be_compared(self, counted):
        """Arguments of a call are not stored, so nobody can tell."""
        with pytest.raises(OptionError, match="they are not stored"):
            counted.run(kwargs={"x": 3}, needed=True)

    def test_inside_a_run_it_saves_children(self, counted):
        """A child that was done before is not done again."""

        @counted.command
        def all_of_them():
            return [counted.run(config_updates={"x": x}, needed=True).result for x in (1, 2, 1, 2)]

        assert [1, 2, 1, 2] == counted.run("all_of_them").result
        assert [1, 2] == counted.done

    def test_a_damaged_run_says_nothing(self, counted):
        """A run whose config cannot be read makes none needless."""
        counted.run()
        (counted.store / "1" / "config.json").write_text("{")

        assert "2" == counted.run(needed=True).id


def test_the_result_of_a_command_line_is_the_stored_run(ex):
    """`run_commandline` returns what was found."""
    ex.main(lambda: 5)
    ex.run()
    found = run_cli(ex, "--needed").run

    assert (StoredRun, 5) == (type(found), found.result)


@pytest.mark.parametrize("name", ["é", "it's", 'a "b"', "50 %"])
def test_experiments_of_any_name(tmp_path, name):
    """A completed run is found whatever its experiment is called, from a child's place too."""
    done = []
    ex = Experiment(name, store=tmp_path / "runs", project_dir=tmp_path)
    ex.main(lambda: done.append(1))
    first = ex.run()

    assert first.id == ex.run(needed="config").id
    assert [1] == done


def test_children_may_be_needless_too(ex):
    """`run.child` asks as `ex.run` does."""
    done = []

    @ex.command
    def inner():
        done.append(1)

    @ex.main
    def main(_run):
        return [_run.child("inner", options={"needed": True, "any_code": True}).id for _ in range(2)]

    assert 1 == len(set(ex.run().result))
    assert [1] == done
