"""Devices: what is set before a command and put back after it, what is said, and what is recorded."""

import os
import sys
import threading
import types

import pytest

import expframe
from expframe import Experiment
from expframe.errors import OptionError
from expframe.process.devices import VISIBLE, Devices, DeviceVariables, parse
from expframe.testing import run_cli

GROWTH = ("TF_FORCE_GPU_ALLOW_GROWTH", "XLA_PYTHON_CLIENT_PREALLOCATE")


@pytest.fixture(autouse=True)
def _no_libraries(monkeypatch):
    """No library that looks for GPUs is imported, and no variable is set."""
    for name in ("torch", "tensorflow", "jax", "cupy"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in (VISIBLE, *GROWTH):
        monkeypatch.delenv(name, raising=False)


def library(**parts):
    """Return what stands in for a library: it can be seeded, and its generators go on from where they were."""
    module = types.ModuleType("library")
    seeding = {"manual_seed": lambda _: None, "random": types.SimpleNamespace(set_seed=lambda _: None)}
    states = {"get_rng_state": int, "set_rng_state": lambda _: None, "initial_seed": int}
    cuda = types.SimpleNamespace(is_initialized=bool, manual_seed_all=lambda _: None)
    vars(module).update({**seeding, **states, "cuda": cuda, **parts})
    return module


def seen_by(ex, **options):
    """Return the variables that a command sees, and the facts that its record has."""

    @ex.main
    def main():
        return {name: os.environ.get(name) for name in (VISIBLE, *GROWTH)}

    run = ex.run(options=options)
    return run.result, run.record.extra.get("devices")


class TestParse:
    """How devices may be written."""

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (3, ("3",)),
            ("3,4", ("3", "4")),
            (" 3 , 4 ", ("3", "4")),
            ([3, "4"], ("3", "4")),
            (range(2), ("0", "1")),
            ("GPU-8932f937-d72c-4106-c12f-20bd9faed9f6", ("GPU-8932f937-d72c-4106-c12f-20bd9faed9f6",)),
            (["MIG-GPU-1/2/3"], ("MIG-GPU-1/2/3",)),
            ([], ()),
            ("", ()),
            (None, None),
        ],
    )
    def test_numbers_and_uuids(self, given, expected):
        """A number, a text with commas or several of either."""
        assert expected == parse(given)

    @pytest.mark.parametrize("given", ["x", -1, True, 1.5, "1;2", [[1]], "0,0", "cuda:1"])
    def test_others_are_refused(self, given):
        """What is no GPU, or is given twice, is refused."""
        with pytest.raises(OptionError, match="nvidia-smi"):
            parse(given)

    def test_refused_where_it_is_given(self, ex):
        """An experiment, an option and a command line refuse before anything is started."""
        ex.main(lambda: None)
        with pytest.raises(OptionError):
            Experiment("x", devices="all")
        with pytest.raises(OptionError):
            ex.run(options={"devices": "all"})

        assert 2 == run_cli(ex, "--devices all").exit_code
        assert not ex.store.exists()


class TestVisible:
    """CUDA_VISIBLE_DEVICES."""

    def test_set_and_put_back(self, ex):
        """It is set while the command runs, and then not there any more."""
        seen, facts = seen_by(Experiment("x", devices=[3, 4], store=ex.store))

        assert "3,4" == seen[VISIBLE]
        assert {"visible": ["3", "4"]} == facts
        assert VISIBLE not in os.environ
        assert {"visible": ["3", "4"]} == expframe.runs(ex.store)[1].record.extra["devices"]

    def test_put_back_to_what_it_was(self, ex, monkeypatch):
        """What it was before comes back, after a failure as well."""
        monkeypatch.setenv(VISIBLE, "7")

        @ex.main
        def main():
            raise ValueError(os.environ[VISIBLE])

        with pytest.raises(ValueError, match=r"^3$"):
            ex.run(options={"devices": 3})
        assert "7" == os.environ[VISIBLE]

    def test_nothing_asked_nothing_done(self, ex, monkeypatch):
        """Without a choice the variable stays what it is, and the record says nothing."""
        monkeypatch.setenv(VISIBLE, "7")
        seen, facts = seen_by(ex)

        assert ("7", None) == (seen[VISIBLE], facts)

    def test_options_prevail(self, ex):
        """An option or flag prevails over the experiment's choice; an empty one hides all GPUs."""
        ex = Experiment("x", devices=0, store=ex.store)

        assert "3" == seen_by(ex, devices=3)[0][VISIBLE]
        assert "4,5" == seen_by(ex, **{"--devices": "4,5"})[0][VISIBLE]
        assert "1,2" == run_cli(ex, "--devices 1,2").run.result[VISIBLE]
        assert "" == run_cli(ex, "--devices=").run.result[VISIBLE]

    def test_children_see_what_the_outer_run_sees(self, ex, caplog, monkeypatch):
        """A run inside sees the outer one's GPUs unless it chooses its own, and nothing is said of the same choice."""
        ex = Experiment("x", devices=3, store=ex.store)
        other = Experiment("other", store=ex.store)
        chosen = Experiment("chosen", devices=5, store=ex.store)

        @ex.command
        def inner():
            return os.environ[VISIBLE]

        @ex.main
        def main():
            monkeypatch.setitem(sys.modules, "torch", library())
            return ex.run("inner").result, seen_by(other)[0][VISIBLE]

        result = ex.run().result

        assert ("3", "3") == result
        assert not [record for record in caplog.records if "imported" in record.getMessage()]
        assert "5" == seen_by(chosen)[0][VISIBLE]

    @pytest.mark.parametrize("first", [{"devices": 0}, {}])
    def test_runs_side_by_side_see_the_same_ones_or_are_refused(self, ex, monkeypatch, first):
        """In threads a run that would change what another one sees is refused; the variable comes back in the end."""
        monkeypatch.setenv(VISIBLE, "7")
        inside, done = threading.Event(), threading.Event()
        seen = []

        @ex.command
        def holds():
            inside.set()
            done.wait(60)
            seen.append(os.environ[VISIBLE])

        @ex.main
        def main():
            seen.append(os.environ[VISIBLE])

        thread = threading.Thread(target=lambda: ex.run("holds", options=first))
        thread.start()
        inside.wait(60)
        same = 0 if first else 7
        try:
            with pytest.raises(OptionError, match=r"beside it in this process.*a process of its own"):
                ex.run(options={"devices": 1})
            ex.run(options={"devices": same})
        finally:
            done.set()
            thread.join()

        assert [str(same)] * 2 == seen
        assert "7" == os.environ[VISIBLE]
        ex.run(options={"devices": 1})
        assert "1" == seen[-1]

    def test_overlapping_runs_leave_the_variable_as_it_was(self, ex):
        """The one that began first may end first: the other goes on to see what it was given."""
        seen = []
        events = [threading.Event() for _ in range(2)]

        @ex.main
        def main(number):
            if number == 0:
                events[0].set()
                events[1].wait(60)
            else:
                events[1].set()
                threads[0].join(60)
                seen.append(os.environ[VISIBLE])

        how = {"options": {"devices": 3}}
        threads = [threading.Thread(target=ex.run, args=("main", {"number": n}), kwargs=how) for n in range(2)]
        threads[0].start()
        events[0].wait(60)
        threads[1].start()
        threads[1].join()

        assert ["3"] == seen
        assert VISIBLE not in os.environ

    def test_ghosts_too(self):
        """Where nothing is kept the choice holds as well."""
        assert "3" == seen_by(Experiment("x", devices=3, ghost=True))[0][VISIBLE]


class TestTooLate:
    """Libraries that were imported before."""

    def test_one_warning(self, ex, monkeypatch, caplog):
        """A library that may have looked already is named in one warning and in the record."""
        for name in ("torch", "jax"):
            monkeypatch.setitem(sys.modules, name, library())
        ex = Experiment("x", devices=3, memory_growth=True, store=ex.store)
        seen, facts = seen_by(ex)
        said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]

        assert 1 == len(said)
        assert said[0].startswith(
            "torch and jax had been imported before CUDA_VISIBLE_DEVICES=3 and XLA_PYTHON_CLIENT_PREALLOCATE=false was"
        )
        assert ["torch", "jax"] == facts["imported_before"]
        assert "3" == seen[VISIBLE]

    def test_silent_where_nothing_changes(self, ex, monkeypatch, caplog):
        """Whoever has set the variable where the script is started hears nothing."""
        monkeypatch.setitem(sys.modules, "torch", library())
        monkeypatch.setenv(VISIBLE, "3")
        facts = seen_by(ex, devices=3)[1]

        assert {"visible": ["3"]} == facts
        assert not [record for record in caplog.records if record.levelname == "WARNING"]


class TestMemoryGrowth:
    """Memory bit by bit."""

    def test_variables(self, ex):
        """Libraries that are not imported yet are told by their variables; it is recorded."""
        seen, facts = seen_by(Experiment("x", memory_growth=True, store=ex.store))

        assert {VISIBLE: None, GROWTH[0]: "true", GROWTH[1]: "false"} == seen
        assert {"memory_growth": True} == facts
        assert not {*GROWTH} & {*os.environ}

    def test_tensorflow_itself(self, monkeypatch):
        """An imported tensorflow is told for each GPU."""
        grown = []
        config = types.SimpleNamespace(
            list_physical_devices=lambda kind: [f"{kind}:0", f"{kind}:1"],
            experimental=types.SimpleNamespace(set_memory_growth=lambda gpu, value: grown.append((gpu, value))),
        )
        monkeypatch.setitem(sys.modules, "tensorflow", library(config=config))
        said = []
        variables = DeviceVariables(Devices(memory_growth=True))
        variables.set(said.append)

        assert GROWTH[0] not in os.environ
        variables.put_back()
        assert [("GPU:0", True), ("GPU:1", True)] == grown
        assert [] == said

    def test_tensorflow_refuses(self, ex, monkeypatch, caplog):
        """A tensorflow that uses its GPUs already refuses, which is said and stops nothing."""

        def refuse(*_):
            raise RuntimeError("must be set before initialization")

        config = types.SimpleNamespace(list_physical_devices=refuse)
        monkeypatch.setitem(sys.modules, "tensorflow", library(config=config))
        facts = seen_by(Experiment("x", memory_growth=True, store=ex.store))[1]

        assert {"memory_growth": True} == facts
        assert 1 == sum("refused by tensorflow (must be set before" in r.getMessage() for r in caplog.records)


def test_runs_that_are_open_side_by_side_have_their_own(tmp_path):
    """Each call sees the devices of its run, and in the end the variable is what it was."""
    ex = Experiment("x", store=tmp_path / "runs", project_dir=tmp_path)
    ex.main(lambda: os.environ.get("CUDA_VISIBLE_DEVICES"))
    before = os.environ.get("CUDA_VISIBLE_DEVICES")
    first, second = (ex.create(options={"devices": number}) for number in ("0", "1"))

    assert ["0", "1", "0"] == [first(), second(), first()]
    first.close()
    second.close()
    assert before == os.environ.get("CUDA_VISIBLE_DEVICES")
