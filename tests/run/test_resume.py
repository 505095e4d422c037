"""A run that did not come to its end goes on in its own folder, as if nothing had happened."""

import enum
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from interpreter import run_python, start_python
from steps import environment as clean_environment
from steps import wait_until
from test_examples import needs_posix

import expframe
from expframe import Experiment, MemoryObserver
from expframe.errors import ConfigChangedError, MaskedEntryError, OptionError, ResumeError, RunNotFoundError
from expframe.store import attempts
from expframe.store.lease import own_lease
from expframe.store.shared import names_of

WALK = """
import os, signal, sys
from expframe import Experiment
ex = Experiment("walk")

@ex.config
def config():
    steps = 12
    every = 3

@ex.capture
def move(_rnd):
    return float(_rnd.normal())

@ex.automain
def main(steps, every, _run):
    place, done = move(), 0
    if last := _run.last_checkpoint():
        place, done = last["place"], last.step
    for step in range(done + 1, steps + 1):
        place += move()
        _run.log_scalar("place", place)
        _run.log_scalar("at", place, step=step * 10)
        _run.log_text("said", str(step))
        print("step", step, flush=True)
        if step == int(os.environ.get("DIES_AT", 0)):
            os.kill(os.getpid(), signal.SIGKILL)
        if step == int(os.environ.get("FAILS_AT", 0)):
            raise RuntimeError("asked to fail")
        if step % every == 0:
            _run.checkpoint(step, place=place)
    return place
"""


def whole_and_resumed(ex):
    """Return the results of a run and of one that fails once, where `fails` asks for it, and is resumed."""
    ex.add_config(fails=False, seed=5)
    whole = ex.run().result
    with pytest.raises(RuntimeError, match="first"):
        ex.run(config_updates={"fails": True})
    return whole, ex.run(options={"resume": "2"}).result


class Colour(enum.Enum):
    """An entry that code must make again."""

    RED = 1


@pytest.fixture
def walk(script, environment):
    """Run a script that walks, logs and makes checkpoints; return what it printed and its exit code."""
    path = script(WALK, "walk.py")

    def run(*words, **variables):
        done = run_python([path, *words], env={**environment, **variables})
        return done.returncode, done.stdout + done.stderr

    return run


def stored(number, store="runs"):
    """Return a run of the test's folder."""
    return expframe.runs(store)[number]


def shape(run):
    """Return all that must not differ between a run that was resumed and one that was not."""
    metrics = {name: (curve.steps, curve.values) for name, curve in run.metrics().items()}
    summaries = {
        name: (summary.count, summary.min, summary.max, summary.last) for name, summary in run.summaries.items()
    }
    media = [(item.name, item.step, item.content) for item in run.media()]
    return metrics, summaries, media, run.result, run.record.counts


@needs_posix
class TestTheSame:
    """What is resumed ends as what was never stopped."""

    @pytest.mark.once
    @pytest.mark.parametrize("dies_at", [1, 4, 12, *(pytest.param(step, marks=pytest.mark.once) for step in (3, 8))])
    def test_a_killed_run_ends_as_an_undisturbed_one(self, walk, dies_at):
        """Wherever it was killed: equal curves, summaries, media, result and counts; id, folder and uid stay."""
        walk("with", "seed=1")
        walk("with", "seed=1", DIES_AT=str(dies_at))
        killed = stored(2)
        assert "DIED" == killed.status
        uid, started = killed.record.uid, killed.record.started
        code, said = walk("--resume", "2")

        assert 0 == code, said
        assert "NOTICE - walk[2] - Resumed 'main' in runs/2, attempt 2" in said
        assert shape(stored(1)) == shape(stored(2))
        record = stored(2).record
        assert (uid, started, "COMPLETED", 2, 1) == (
            record.uid,
            record.started,
            record.status,
            record.attempt,
            record.seed,
        )
        assert {"1", "2"} == {run.id for run in expframe.runs("runs")}

    @pytest.mark.once
    def test_it_can_be_killed_again_and_again(self, walk):
        """Attempts that die, also before any checkpoint of their own, leave nothing that counts."""
        walk("with", "seed=1")
        walk("with", "seed=1", DIES_AT="5")
        for dies_at in (4, 7, 8, 11):
            walk("--resume", "last", DIES_AT=str(dies_at))
        walk("--resume", "last")

        assert shape(stored(1)) == shape(stored(2))
        assert 6 == stored(2).record.attempt
        assert [3, 3, 6, 6, 9] == [attempt.step for attempt in stored(2).attempts]
        assert ["RUNNING"] * 5 == [attempt.before["status"] for attempt in stored(2).attempts]

    @pytest.mark.once
    def test_a_failed_run_begins_where_it_was(self, walk):
        """FAILED is no end: the failure goes, and is kept with the attempt."""
        walk("with", "seed=1")
        walk("with", "seed=1", FAILS_AT="8")
        assert "FAILED" == stored(2).status
        walk("--resume", "2")

        assert shape(stored(1)) == shape(stored(2))
        assert stored(2).record.failure is None
        assert "asked to fail" == stored(2).attempts[0].before["failure"]["message"]

    @pytest.mark.once
    def test_what_is_superseded_is_kept_and_does_not_count(self, walk):
        """The points after the checkpoint are still in the file, whose first bytes are as they were."""
        walk("with", "seed=1", FAILS_AT="5")
        metrics = Path("runs/1/metrics.csv")
        before = metrics.read_bytes()
        walk("--resume", "1")

        assert metrics.read_bytes().startswith(before)
        assert 12 + 2 == metrics.read_bytes().count(b"place,")
        assert list(range(12)) == stored(1).metrics("place").steps
        assert 12 == stored(1).summaries["place"].count
        begin, end = stored(1).attempts[0].superseded["metrics.csv"]
        assert before[:begin].endswith(b"\n")
        assert 2 * 2 == before[begin:end].count(b"\n")

    def test_without_a_checkpoint_it_begins_at_the_beginning(self, walk):
        """Then nothing of what was logged counts."""
        walk("with", "seed=1", DIES_AT="2")
        walk("--resume", "1")

        assert list(range(12)) == stored(1).metrics("place").steps
        assert (None, None) == (stored(1).attempts[0].checkpoint, stored(1).attempts[0].step)

    def test_output_goes_on_after_a_line(self, walk):
        """All that was ever printed is there, and a line between says what begins."""
        walk("with", "seed=1", DIES_AT="4")
        wait_until(lambda: "step 4" in stored(1).output())  # what copies it has outlived the run
        walk("--resume", "1")
        lines = stored(1).output().splitlines()
        between = next(number for number, line in enumerate(lines) if line.startswith("---"))

        assert lines[between].startswith("--- attempt 2, from the checkpoint at step 3, 20")
        assert "step 4" in lines[:between]
        assert "step 4" in lines[between:]
        assert "step 3" not in lines[between:]

    @pytest.mark.once
    def test_a_torn_line_is_left_behind(self, walk):
        """A line that was written only in part when the run died spoils neither what was before nor what follows."""
        walk("with", "seed=1")
        walk("with", "seed=1", DIES_AT="5")
        with Path("runs/2/metrics.csv").open("ab") as file:
            file.write(b"place,99,17000")
        with Path("runs/2/media.jsonl").open("ab") as file:
            file.write(b'{"kind": "te')
        walk("--resume", "2")

        assert shape(stored(1)) == shape(stored(2))

    @pytest.mark.once
    def test_a_file_that_was_cut_spoils_nothing(self, walk):
        """Where a torn end was taken away since, what follows counts all the same."""
        walk("with", "seed=1")
        walk("with", "seed=1", DIES_AT="5")
        torn = "place,99,17000000,1234567890" * 20
        with Path("runs/2/metrics.csv").open("a") as file:
            file.write(torn)
        walk("--resume", "2", "with", "seed=1", DIES_AT="4")
        content = Path("runs/2/metrics.csv").read_text()
        Path("runs/2/metrics.csv").write_text(content[: content.index(torn)])
        walk("--resume", "2")

        assert shape(stored(1)) == shape(stored(2))

    @pytest.mark.once
    def test_summaries_are_right_while_it_goes_on(self, walk):
        """The stored summary of an earlier attempt is not believed."""
        walk("with", "seed=1", FAILS_AT="8")
        stale = Path("runs/1/summary.json").read_bytes()
        walk("--resume", "1", DIES_AT="9")
        after = stored(1).summaries["place"].count, len(stored(1).metrics("place"))
        walk("--resume", "1", FAILS_AT="11")
        last = stored(1).summaries["place"].count, len(stored(1).metrics("place"))

        assert b'"count": 8' in stale
        assert after[0] == after[1] >= 6
        assert (11, 11) == last


def test_sources_of_earlier_attempts_are_in_use(ex, tmp_path, monkeypatch):
    """The code that an earlier attempt had is kept as long as the run is."""
    main_file = tmp_path / "main.py"
    main_file.write_text("first")
    ex.main_file = str(main_file)

    @ex.main
    def main(_run):
        if _run.attempt == 1:
            raise RuntimeError("first")

    with pytest.raises(RuntimeError, match="first"):
        ex.run()
    main_file.write_text("second, and longer")
    ex.run(options={"resume": "1"})
    used = {(ex.store / name).read_text() for name in names_of(stored(1))}

    assert {"first", "second, and longer"} <= used


class TestConfig:
    """A resumed run has the config of the run, or it is refused."""

    @pytest.fixture
    def failed(self, ex):
        """An experiment with one run that failed, and whose next run will not."""

        @ex.config
        def config():
            lr = 0.1
            net = {"depth": 2}
            twice = 2 * lr

        @ex.named_config
        def big():
            net = {"depth": 9}

        @ex.main
        def main(lr, net, twice, _run):
            if _run.attempt == 1:
                raise RuntimeError("first")
            return lr, net["depth"], twice

        return ex

    def fail(self, ex, *args, **how):
        """Do a run that fails."""
        with pytest.raises(RuntimeError, match="first"):
            ex.run(*args, **how)

    def test_the_runs_config_is_taken_up(self, failed):
        """Overrides and named configs need not be said again; seed and origins are those of the run."""
        self.fail(failed, config_updates={"lr": 0.5}, named_configs=["big"])
        before = (failed.store / "1" / "config.json").read_bytes()
        run = failed.run(options={"resume": "1"})

        assert (0.5, 9, 1.0) == run.result
        assert before == (failed.store / "1" / "config.json").read_bytes()
        assert stored(1).config.seed == run.seed
        assert "config_updates" == run.config.origins["lr"].kind
        assert ("big",) == run.record.named_configs

    def test_what_was_said_may_be_said_again(self, failed):
        """The same command line with --resume is no other config."""
        self.fail(failed, config_updates={"lr": 0.5}, named_configs=["big"])
        run = failed.run(config_updates={"lr": 0.5}, named_configs=["big"], options={"resume": "last"})

        assert (0.5, 9, 1.0) == run.result
        assert ("lr=0.5",) == run.record.overrides

    @pytest.mark.parametrize(
        ("how", "differences"),
        [
            ({"config_updates": {"lr": 0.7}}, ("lr: 0.1 -> 0.7",)),
            ({"named_configs": ["big"]}, ("net.depth: 2 -> 9",)),
            ({"config_updates": {"seed": 3, "+new": [1]}}, ("seed: 1 -> 3", "new: none -> [1]")),
        ],
    )
    def test_another_config_is_refused(self, failed, how, differences):
        """The differences are named, nothing is started, and the run is as it was."""
        self.fail(failed, config_updates={"seed": 1})
        before = {path: path.read_bytes() for path in (failed.store / "1").rglob("*") if path.is_file()}
        with pytest.raises(ConfigChangedError) as caught:
            failed.run(options={"resume": "1"}, **how)

        assert differences == caught.value.differences
        assert before == {path: path.read_bytes() for path in (failed.store / "1").rglob("*") if path.is_file()}

    def test_force_resumes_with_another_config(self, failed):
        """Then the stored config is the new one."""
        self.fail(failed)
        run = failed.run(config_updates={"lr": 0.7}, options={"resume": "1", "force": True})

        assert 0.7 == run.result[0] == stored(1).config["lr"]
        assert ("lr=0.7",) == stored(1).record.overrides

    def test_a_changed_default_does_not_change_the_run(self, failed):
        """A config is decided once: what code says meanwhile is for new runs."""
        self.fail(failed)
        failed.add_config(lr=0.9)
        run = failed.run(options={"resume": "1"})

        assert 0.1 == run.result[0]

    def test_secrets_must_be_supplied(self, ex):
        """A secret that was given is not stored, so it is asked for; one that code made, code makes again."""

        @ex.config
        def config():
            token = "from the code"
            api_key = "default"

        @ex.main
        def main(token, api_key, _run):
            if _run.attempt == 1:
                raise RuntimeError("first")
            return token, api_key

        self.fail(ex, config_updates={"api_key": "given on the line"})
        with pytest.raises(MaskedEntryError, match="'api_key' is a secret"):
            ex.run(options={"resume": "1"})
        run = ex.run(options={"resume": "1"}, config_updates={"api_key": "given on the line"})

        assert ("from the code", "given on the line") == run.result

    def test_another_secret_is_another_config(self, ex):
        """Another value of a secret is refused, and named without being shown; `--force` takes it."""
        ex.add_config(api_key="", db={"users": [{"password": "p"}]})

        @ex.main
        def main(api_key, _run):
            if _run.attempt == 1:
                raise RuntimeError("first")
            return api_key

        self.fail(ex, config_updates={"api_key": "one"})
        again = {"api_key": "two", "db": {"users": [{"password": "p"}]}}
        with pytest.raises(ConfigChangedError) as caught:
            ex.run(options={"resume": "1"}, config_updates=again)

        assert "\n  api_key: '********' -> another secret\n" in str(caught.value)
        assert "two" == ex.run(options={"resume": "1", "force": True}, config_updates=again).result

    def test_a_secret_of_which_nobody_can_tell_is_taken(self, ex):
        """Without the store's salt any value will do."""
        ex.add_config(api_key="")

        @ex.main
        def main(api_key, _run):
            if _run.attempt == 1:
                raise RuntimeError("first")
            return api_key

        self.fail(ex, config_updates={"api_key": "one"})
        (Path(ex.store) / "_salt").unlink()

        assert "two" == ex.run(options={"resume": "1"}, config_updates={"api_key": "two"}).result

    def test_values_that_only_code_can_make_come_back(self, ex):
        """Enums come back by name; functions without one are left to the code."""

        @ex.config
        def config():
            colour = None

            def double(x):
                return 2 * x

        @ex.main
        def main(colour, double, _run):
            if _run.attempt == 1:
                raise RuntimeError("first")
            return colour, double(2)

        self.fail(ex, config_updates={"colour": Colour.RED})

        assert (Colour.RED, 4) == ex.run(options={"resume": "1"}).result


class TestRefusals:
    """What cannot go on is refused before anything is started, and says why."""

    @pytest.fixture
    def failed(self, ex):
        """An experiment with a run that failed and one that did not."""

        @ex.main
        def main(_run):
            if _run.attempt == 1 and "fail" in _run.record.tags:
                raise RuntimeError("first")

        @ex.command
        def other(_run):
            raise RuntimeError("first")

        with pytest.raises(RuntimeError, match="first"):
            ex.run(tags=["fail"])
        ex.run()
        return ex

    def test_a_completed_run_is_refused(self, failed):
        """Nothing is left to be done."""
        with pytest.raises(ResumeError, match="run 2: is COMPLETED"):
            failed.run(options={"resume": "2"})
        with pytest.raises(ResumeError, match="run 2: is COMPLETED"):
            failed.run(options={"resume": "last"})

    def test_a_queued_run_is_begun(self, failed):
        """A run that waits is begun as it was asked for: under its id, as its first attempt, by one process."""
        failed.main(lambda seed, _run: (seed, _run.attempt))
        waiting = failed.run(config_updates={"seed": 17}, options={"queue": True, "id": "later"})
        run = failed.run(options={"resume": "later"})
        found = stored("later")

        assert ("QUEUED", "later") == (waiting.status, run.id)
        assert (17, 1) == run.result == tuple(found.result)
        assert ("COMPLETED", 1, []) == (found.status, found.attempt, found.attempts)
        assert found.record.queued < found.record.started
        assert found.record.resumed is None

    def test_a_run_of_something_else_is_refused(self, failed, tmp_path):
        """Another experiment's run, or another command's, is not gone on with."""
        with pytest.raises(ResumeError, match="of the command 'main', not of 'other'"):
            failed.run("other", options={"resume": "1"})
        stranger = Experiment("stranger", store=failed.store)
        stranger.main(lambda: None)
        with pytest.raises(ResumeError, match="one of 'test', not of 'stranger'"):
            stranger.run(options={"resume": "1"})

    def test_a_run_that_is_not_there_is_refused(self, failed, tmp_path):
        """An unknown id is an error, and so is `last` where there is none."""
        with pytest.raises(RunNotFoundError, match="No run '77'"):
            failed.run(options={"resume": "77"})
        with pytest.raises(RunNotFoundError, match=r"No run 'last of test\.other' .* Newest runs: \d"):
            failed.run("other", options={"resume": "last"})

    def test_options_that_contradict_it_are_refused(self, failed):
        """A run that goes on has its id, and is not queued."""
        for option in ({"id": "name"}, {"queue": True}):
            with pytest.raises(OptionError, match="--resume"):
                failed.run(options={"resume": "1", **option})

    def test_the_command_is_that_of_the_run(self, failed):
        """A run of another command than the main one is found by its id alone."""
        with pytest.raises(RuntimeError, match="first"):
            failed.run("other")
        with pytest.raises(RuntimeError, match="first"):
            failed.run(options={"resume": "3"})

        assert ("other", 2) == (stored(3).record.command, stored(3).record.attempt)

    @needs_posix
    def test_a_run_that_goes_on_is_refused(self, walk, tmp_path, environment):
        """While its process is there, the run is its own."""
        command = ["walk.py", "with", "steps=1000000"]
        with start_python(command, env=environment, stderr=subprocess.DEVNULL) as process:
            process.stdout.readline()
            code, said = walk("--resume", "1")
            process.kill()

        assert (2, True) == (code, "run 1: is running" in said)
        assert 0 == walk("--resume", "1", "-f", "with", "steps=12")[0]

    @pytest.mark.once
    @needs_posix
    def test_only_one_of_many_resumes_it(self, walk, tmp_path, environment):
        """Processes that resume a run at the same time: one does, the others are refused."""
        walk("with", "seed=1")
        walk("with", "seed=1", DIES_AT="5")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        processes = [start_python(["walk.py", "--resume", "2"], env=environment, **quiet) for _ in range(4)]
        codes = sorted(process.wait(120) for process in processes)

        assert [0, 2, 2, 2] == codes
        assert 2 == stored(2).record.attempt
        assert shape(stored(1)) == shape(stored(2))

    def test_a_claim_is_made_once(self, failed):
        """Of two that found the run free, the second one to claim it is refused."""
        folder = failed.store / "1"
        gone = own_lease(1.0)._replace(started="another process of this number")
        attempts.begin(folder, 2, "now", {"attempt": 1}, None, None, {}, gone)
        with pytest.raises(ResumeError, match="being resumed"):
            attempts.begin(folder, 2, "now", {"attempt": 1}, None, None, {}, gone)

    def test_a_claim_whose_process_is_gone_is_passed_over(self, failed):
        """A process that died between its claim and its first record leaves the run as it was, one attempt further."""
        folder = failed.store / "1"
        lease = own_lease(1.0)._replace(started="another process of this number")
        attempts.begin(folder, 2, "now", {"attempt": 1}, None, None, {}, lease)
        run = failed.run(options={"resume": "1"})

        assert 3 == run.attempt == stored(1).record.attempt

    def test_a_claim_of_a_living_process_is_respected(self, failed):
        """Until its record says so, the claim itself does."""
        attempts.begin(failed.store / "1", 2, "now", {"attempt": 1}, None, None, {}, own_lease(1.0))
        with pytest.raises(ResumeError, match="is running"):
            failed.run(options={"resume": "1"})


WALK_WITHOUT_NUMPY = """
    import os, sys
    if os.environ.get("NUMPY") == "no":
        sys.modules["numpy"] = None
    from expframe import Experiment
    ex = Experiment()

    @ex.automain
    def main(_run, _rnd):
        last = _run.last_checkpoint()
        for step in range(last.step if last else 0, 4):
            if step == 2 and "FAILS" in os.environ:
                raise RuntimeError("first")
            print(_rnd.random())
            _run.checkpoint(step + 1)
"""


class TestWhatGoesOn:
    """Everything that counts or is numbered goes on from the checkpoint."""

    def test_seeds_and_children_go_on(self, ex):
        """What follows `last_checkpoint` has the seeds that it would have had; what is before has its own again."""

        @ex.capture
        def prepare(_seed):
            return _seed

        @ex.capture
        def draw(_seed):
            return _seed

        @ex.command
        def inner(_seed):
            return _seed

        @ex.main
        def main(fails, _run):
            prepared, seen = prepare(), []
            last = _run.last_checkpoint()
            seen += last["seen"] if last else []
            for step in range(last.step if last else 0, 4):
                seen.append((draw(), ex.run("inner").result))
                if fails and step == 2 and _run.attempt == 1:
                    raise RuntimeError("first")
                _run.checkpoint(step + 1, seen=seen)
            return prepared, seen

        ex.add_config(fails=False, seed=5)
        whole = ex.run().result
        with pytest.raises(RuntimeError, match="first"):
            ex.run(config_updates={"fails": True})
        failed = next(run for run in expframe.runs(ex.store) if run.status == "FAILED")
        resumed = ex.run(options={"resume": failed.id}).result

        assert whole == resumed
        assert 2 + 2 == len(stored(failed.id).children) - 1  # the one of the third step was done twice

    @pytest.mark.parametrize("where", ["command", "function"])
    def test_generators_of_calls_that_go_on_go_on(self, ex, where):
        """In the function that asks for it, `_rnd` draws on from the checkpoint; before that, what it had drawn."""

        @ex.capture
        def walk(fails, _run, _rnd):
            begun, seen = int(_rnd.integers(1000)), []
            last = _run.last_checkpoint()
            seen += last["seen"] if last else []
            for step in range(last.step if last else 0, 4):
                seen.append(int(_rnd.integers(1000)))
                if fails and step == 2 and _run.attempt == 1:
                    raise RuntimeError("first")
                _run.checkpoint(step + 1, seen=seen)
            return begun, seen

        ex.main(walk if where == "command" else lambda: walk())
        whole, resumed = whole_and_resumed(ex)

        assert whole == resumed

    def test_methods_of_one_name_go_on_apart(self, ex):
        """Methods of one name go on by themselves; of functions called alike none takes another's place."""

        class Agent:
            @ex.capture
            def __init__(self, _rnd):
                self.rnd = _rnd

            @ex.capture
            def step(self, _seed):
                return _seed, int(self.rnd.integers(1000))

        class Env:
            @ex.capture
            def __init__(self, _rnd):
                self.rnd = _rnd
                self.rnd.integers(1000, size=3)

            @ex.capture
            def step(self, _seed):
                return _seed, int(self.rnd.integers(1000))

        def alike(first):
            return ex.capture(lambda _rnd: (_rnd, first or _rnd.integers(1000))[0])

        made = [alike(first) for first in (True, False)]

        @ex.main
        def main(fails, _run):
            agent, env, others = Agent(), Env(), [make() for make in made]
            last = _run.last_checkpoint()
            seen = last["seen"] if last else []
            for step in range(last.step if last else 0, 4):
                seen.append((agent.step(), env.step(), env.step()))
                if fails and step == 2 and _run.attempt == 1:
                    raise RuntimeError("first")
                _run.checkpoint(step + 1, seen=seen)
            return seen, [int(other.integers(1000)) for other in others]

        whole, resumed = whole_and_resumed(ex)

        assert whole == resumed

    def test_checkpoints_beside_first_calls(self, ex):
        """At any moment of a checkpoint a function may be called for the first time, as another thread does."""
        functions = [ex.capture(lambda _rnd: None) for _ in range(2000)]

        def call_another(frame, event, argument):
            if event == "call" and functions:
                functions.pop()()

        @ex.main
        def main(_run):
            before = sys.getprofile()
            sys.setprofile(call_another)
            try:
                _run.checkpoint(1)
            finally:
                sys.setprofile(before)

        ex.run()

        assert [1] == [checkpoint.step for checkpoint in stored(1).checkpoints]

    @pytest.mark.once
    def test_generators_go_on_without_numpy(self, script, environment, tmp_path):
        """So does random.Random; where the other kind was kept, the run draws from the beginning."""
        path = script(WALK_WITHOUT_NUMPY, "walk.py")
        answers = [
            run_python([path.name, "-lERROR", *words], cwd=tmp_path, env=environment | variables).stdout.split()
            for words, variables in [
                (["with", "seed=5"], {"NUMPY": "no"}),
                (["with", "seed=5"], {"NUMPY": "no", "FAILS": "yes"}),
                (["--resume", "2"], {"NUMPY": "no"}),
                (["with", "seed=5"], {"FAILS": "yes"}),
                (["--resume", "3"], {"NUMPY": "no"}),
            ]
        ]

        assert answers[0] == answers[1] + answers[2]
        assert answers[0][:2] == answers[4]

    def test_info_files_and_steps_go_on(self, ex):
        """Info is as it was last stored; files count on; nothing is replaced."""

        @ex.main
        def main(_run):
            _run.info.setdefault("seen", []).append(_run.attempt)
            _run.save({"attempt": _run.attempt}, "note.json")
            if _run.attempt == 1:
                raise RuntimeError("first")

        with pytest.raises(RuntimeError, match="first"):
            ex.run()
        ex.run(options={"resume": "1"})

        assert {"seen": [1, 2]} == stored(1).info
        assert ["note.json", "note (1).json"] == [file.name for file in stored(1).files]
        assert {"files": 2} == stored(1).record.counts

    def test_calls_of_a_created_run_count_on(self, ex):
        """`ex.create` resumes too, and its calls go on from their number."""

        @ex.main
        def main(x):
            return 1 / x

        with ex.create() as run, pytest.raises(ZeroDivisionError):
            run(1)
            run(0)
        with ex.create(options={"resume": "1"}) as run:
            run(2)

        assert [1, 2, 3] == [call.number for call in stored(1).calls]
        assert ("COMPLETED", {"calls": 3}) == (stored(1).status, stored(1).record.counts)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    def test_points_of_workers_are_superseded_too(self, ex):
        """What a forked worker logged after the checkpoint counts no more; what it logged before does."""

        def log_in_worker(run, value):
            pid = os.fork()
            if pid == 0:
                try:
                    run.log_scalar("w", value, step=value)
                finally:
                    os._exit(0)
            os.waitpid(pid, 0)

        @ex.main
        def main(_run):
            if _run.last_checkpoint() is None:
                log_in_worker(_run, 1)
                _run.checkpoint(1)
            log_in_worker(_run, 2)
            if _run.attempt == 1:
                raise RuntimeError("first")

        with pytest.raises(RuntimeError, match="first"):
            ex.run()
        ex.run(options={"resume": "1"})

        assert [1, 2] == sorted(stored(1).metrics("w").steps)
        assert (2, 3.0) == (stored(1).summaries["w"].count, 2 * stored(1).summaries["w"].mean)

    def test_other_ranks_take_up_the_same_checkpoint(self, ex, monkeypatch):
        """A rank that keeps nothing goes on from the run's checkpoint and leaves the run alone."""

        @ex.main
        def main(_run):
            last = _run.last_checkpoint()
            if last is None:
                _run.checkpoint(7)
                raise RuntimeError("first")
            return last.step

        with pytest.raises(RuntimeError, match="first"):
            ex.run()
        monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "1")
        monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "2")
        run = ex.run(options={"resume": "1"})

        assert (7, None) == (run.result, run.folder)
        assert ("FAILED", 1) == (stored(1).status, stored(1).record.attempt)

    def test_observers_are_told(self, ex):
        """Other observers open a sink for the attempt, with the run's uid."""
        observer = MemoryObserver()
        ex.observers.append(observer)

        @ex.main
        def main(_run):
            if _run.attempt == 1:
                raise RuntimeError("first")

        with pytest.raises(RuntimeError, match="first"):
            ex.run()
        ex.run(options={"resume": "1"})

        assert [1, 2] == [sink.record.attempt for sink in observer.runs]
        assert 1 == len({sink.record.uid for sink in observer.runs})


WAITS = """
import time
from expframe import Experiment
ex = Experiment("waits")
@ex.automain
def main(_run):
    for step in range(10_000):
        time.sleep(0.01)
        {asks}
        print("step", flush=True)
"""


@needs_posix
class TestEnding:
    """Code that asks, or makes checkpoints, is given a moment; the run can then be resumed."""

    def start(self, script, environment, asks, *words, **variables):
        """Start a script, and return its process once it is under way."""
        path = script(WAITS.format(asks=asks), "waits.py")
        process = start_python([path, *words], env={**environment, **variables})
        process.stdout.readline()
        return process

    def test_a_checkpoint_counts_as_having_asked(self, script, environment):
        """After SIGTERM code that makes checkpoints goes on in its grace period, and a second one interrupts it."""
        asks = "_run.checkpoint(step, seen=_run._stopping.is_requested); print(_run._stopping.is_requested, flush=True)"
        process = self.start(script, environment, asks, "--grace", "1000")
        process.send_signal(signal.SIGTERM)
        for _ in range(2):  # there is a checkpoint between two that were told
            while process.stdout.readline() != "True\n":
                pass
        time.sleep(0.3)  # what comes sooner is the same signal, sent twice
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)

        assert 143 == process.returncode
        assert ("INTERRUPTED", True) == (stored(1).status, stored(1).checkpoints[-1]["seen"])

    def test_without_either_it_ends_at_once(self, script, environment):
        """SIGTERM interrupts code that never asked."""
        process = self.start(script, environment, "pass", "--grace", "1000")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)

        assert (143, "INTERRUPTED") == (process.returncode, stored(1).status)

    def test_code_that_asks_ends_by_itself(self, script, environment):
        """`should_stop` is true after SIGTERM, and the run is INTERRUPTED and can be resumed."""
        asks = "if _run.should_stop or _run.attempt > 1: _run.checkpoint(step); break"
        process = self.start(script, environment, asks)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
        assert (143, "INTERRUPTED") == (process.returncode, stored(1).status)
        again = run_python(["waits.py", "--resume", "last"], env=environment)

        assert (0, "COMPLETED", 2) == (again.returncode, stored(1).status, stored(1).record.attempt)

    def test_the_end_of_a_batch_job_is_told_in_time(self, script, environment):
        """With SLURM_JOB_END_TIME code that asks is told `grace` seconds before."""
        soon = str(time.time() + 60)
        asks = "if _run.should_stop: break"
        process = self.start(script, environment, asks, "--grace", "100000", SLURM_JOB_END_TIME=soon)
        process.communicate(timeout=120)

        assert (143, "INTERRUPTED") == (process.returncode, stored(1).status)

    def test_a_job_that_ends_later_disturbs_nobody(self, ex, monkeypatch):
        """Before that, or where the variable is no time, nothing is told."""
        ex.main(lambda _run: _run.should_stop)
        for value in (str(time.time() + 1000), "never", "", "0", "-1", "nan", "-inf", "9" * 5000):
            monkeypatch.setenv("SLURM_JOB_END_TIME", value)
            run = ex.run()

            assert (False, "COMPLETED") == (run.result, run.status)

    def test_grace_is_chosen_by_experiment_or_option(self, tmp_path):
        """The option prevails over the experiment."""
        ex = Experiment("patient", grace=7, ghost=True)
        ex.main(lambda _run: _run.grace)

        assert [7, 2.5] == [ex.run().result, ex.run(options={"grace": "2.5"}).result]


@pytest.mark.slow
@needs_posix
def test_digits_killed_at_random_ends_with_the_same_curve(digits):
    """SIGKILL at random moments, and resumed until it is done: every point is bit-equal to an undisturbed run's."""
    words = ["with", "quick", "epochs=12", "data.noise=0.1", "seed=1"]

    def start(*words):
        return start_python(["digits.py", *words], cwd=digits, env=clean_environment(), stderr=subprocess.STDOUT)

    start(*words).communicate(timeout=120)
    process = start(*words)
    chance = random.Random(time.time_ns())
    kills = 0
    while kills < 5:
        for _ in range(chance.randrange(1, 5)):
            process.stdout.readline()
        time.sleep(chance.random() * 0.02)
        process.kill()
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            break  # it was faster
        kills += 1
        process = start("--resume", "last")
    process.communicate(timeout=120)
    whole, resumed = (stored(number, digits / "runs") for number in (1, 2))

    assert ("COMPLETED", whole.result) == (resumed.status, resumed.result)
    for name in ("loss", "accuracy"):
        assert whole.metrics(name).steps == resumed.metrics(name).steps
        assert whole.metrics(name).values == resumed.metrics(name).values
    models = [run.load("model", trust=True)[-1] for run in (whole, resumed)]
    assert models[0].coef_.tobytes() == models[1].coef_.tobytes()


def test_what_cannot_be_taken_up_leaves_no_run_running(ex):
    """Where the notes of a run are damaged, resuming fails as such and can be tried again."""

    @ex.main
    def main(_run):
        _run.info["n"] = 1
        raise KeyError("again")

    with pytest.raises(KeyError, match="again"):
        ex.run()
    path = Path(ex.store, "1", "info.json")
    content = path.read_bytes()
    path.write_text("{")
    with pytest.raises(expframe.errors.ValueFormatError):
        ex.run(options={"resume": "1"})

    assert "FAILED" == expframe.runs(ex.store)["1"].status
    path.write_bytes(content)
    with pytest.raises(KeyError, match="again"):
        ex.run(options={"resume": "1"})


def test_a_started_run_is_started_again(ex):
    """`again` knows a run without a command by its id and as the last one."""
    ex.add_config(lr=0.1)
    ex.start({"lr": 0.5}).close()
    for id in ("1", "last"):
        with ex.start(options={"again": id}) as run:
            assert 0.5 == run.config["lr"]


def test_a_copy_of_a_run_is_resumed_in_its_own_folder(ex):
    """The folder that is named goes on, whatever id the record in it says."""

    @ex.main
    def main(_run):
        if _run.record.attempt == 1:
            raise KeyError("once")

    with pytest.raises(KeyError, match="once"):
        ex.run()
    shutil.copytree(ex.store / "1", ex.store / "copy")
    ex.run(options={"resume": "copy"})

    assert ["FAILED", "COMPLETED"] == [expframe.runs(ex.store)[id].status for id in ("1", "copy")]
    assert "copy" == expframe.runs(ex.store)["copy"].record.id
