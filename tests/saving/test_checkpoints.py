"""What a run keeps to go on from a step: whole or not there, in its formats, and the last ones only."""

import enum
import os
import random
import signal
import subprocess
import threading
from pathlib import Path

import numpy
import pytest
from interpreter import start_python

import expframe
from expframe import Experiment
from expframe.config.frozen import freeze
from expframe.errors import DefinitionError, EscapingPathError, RunError, SaveError, StoreError
from expframe.saving import checkpoints


class Colour(enum.Enum):
    """Something that plain data cannot hold."""

    RED = 1


class Broken:
    """What cannot be pickled."""

    def __reduce__(self):
        raise RuntimeError("not me")


def run_main(ex, function):
    """Run a function as the main command and return the Run."""
    ex.main(function)
    return ex.run()


class TestObjects:
    """What is given comes back as it was."""

    def test_objects_come_back_as_they_were(self, ex):
        """Data, arrays, generators and objects are equal to what was kept, with their types."""
        rng = numpy.random.default_rng(7)
        rng.normal(size=3)
        given = {
            "data": {"a": (1, 2.5, None), "b": {3: [float("inf")]}, "c": {1, 2}},
            "text": "line\r\nline",
            "bytes": b"\0\xff",
            "array": numpy.arange(6.0).reshape(2, 3).T,
            "objects": numpy.array([{}, None], dtype=object),
            "rng": rng,
            "state": random.Random(3).getstate(),
            "colour": Colour.RED,
            "mixed": [numpy.float32(0.1), Colour.RED],
        }

        def main(_run):
            return _run.checkpoint(1, given)

        kept = run_main(ex, main).result

        assert set(given) == set(kept.names)
        for name in set(given) - {"rng", "array", "objects"}:
            assert given[name] == kept[name]
            assert type(given[name]) is type(kept[name])
        assert numpy.array_equal(given["array"], kept["array"])
        assert given["objects"].tolist() == kept["objects"].tolist()
        assert given["rng"].normal() == kept["rng"].normal()

    def test_formats_are_chosen_by_type_or_name(self, ex):
        """Data is JSON and an array .npy, a name with an extension is taken at its word, and a Path is copied."""

        def main(_run):
            Path("weights.bin").write_bytes(b"w")
            objects = {"nets/a.pkl": [1], "net.encoder": [2], "file": Path("weights.bin")}
            return _run.checkpoint(1, objects, data=[1], array=numpy.zeros(2))

        kept = run_main(ex, main).result

        files = [kept.path(name).relative_to(kept.folder).as_posix() for name in kept.names]
        assert ["nets/a.pkl", "net.encoder.json", "file.bin", "data.json", "array.npy"] == files
        assert [[1], [2], b"w"] == [kept["nets/a.pkl"], kept["net.encoder"], kept["file"].read_bytes()]

    def test_values_of_the_config_are_thawed_and_secrets_left_out(self, ex):
        """A group of the config comes back as a plain dict, and its secrets are not written."""
        ex.add_config(model={"sizes": [1, 2], "api_key": "hunter2hunter2"})

        def main(model, _run):
            _run.checkpoint(1, {"pickled.pkl": model["sizes"]}, model=model)
            return _run.last_checkpoint()

        kept = run_main(ex, main).result

        assert (list, dict, [1, 2]) == (type(kept["pickled.pkl"]), type(kept["model"]), kept["model"]["sizes"])
        assert b"hunter2" not in b"".join(path.read_bytes() for path in kept.folder.iterdir())

    def test_an_object_may_be_called_as_the_list_of_objects(self, ex):
        """No name of an object hides the checkpoint's own file."""

        def main(_run):
            _run.checkpoint(1, {"checkpoint": [1], "checkpoint.json": [2]})
            return _run.last_checkpoint()

        kept = run_main(ex, main).result

        assert ([1], [2], 1) == (kept["checkpoint"], kept["checkpoint.json"], kept.step)

    def test_a_checkpoint_without_objects_is_there(self, ex):
        """Files of one's own need no object; such a checkpoint is true as any."""

        def main(_run):
            assert _run.last_checkpoint() is None
            assert _run.checkpoint(2.5)
            return _run.last_checkpoint()

        kept = run_main(ex, main).result

        assert (2.5, (), True) == (kept.step, kept.names, bool(kept))


class TestRefusals:
    """What cannot be kept is said in the caller, and earlier checkpoints stay."""

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (lambda run: run.checkpoint("one"), "needs a number as step"),
            (lambda run: run.checkpoint(1, [1, 2]), "cannot name a list"),
            (lambda run: run.checkpoint(1, {3: 4}), "has an object called 3"),
            (lambda run: run.checkpoint(1, keep=0), "has keep=0"),
        ],
    )
    def test_what_is_no_checkpoint_is_refused(self, ex, given, said):
        """A step that is no number, objects without names and keep=0 are errors, and leave nothing."""

        def main(_run):
            with pytest.raises(RunError, match=said):
                given(_run)
            return _run.last_checkpoint()

        assert run_main(ex, main).result is None

    def test_an_object_that_cannot_be_kept_leaves_nothing(self, ex):
        """SaveError is raised in the caller, nothing is half-written, and the one before is the last one."""

        def main(_run):
            _run.checkpoint(1, a=1)
            with pytest.raises(SaveError, match="checkpoint at step 2"):
                _run.checkpoint(2, a=2, broken=Broken())
            with pytest.raises(EscapingPathError):
                _run.checkpoint(3, {"../../outside": 1})
            return _run.last_checkpoint()["a"], [path.name for path in (_run.folder / "checkpoints").iterdir()]

        assert (1, ["1"]) == run_main(ex, main).result

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_a_full_disk_leaves_nothing(self, ex, monkeypatch):
        """When the disk is full in the middle of it, the caller is told and the one before is the last one."""

        def main(_run):
            _run.checkpoint(1, a=1)
            monkeypatch.setattr(checkpoints, "replace_file", lambda *_: Path("/dev/full").write_bytes(b"x" * 10))
            with pytest.raises(SaveError, match="No space left"):
                _run.checkpoint(2, a=numpy.zeros(10))
            return _run.last_checkpoint()["a"], [path.name for path in (_run.folder / "checkpoints").iterdir()]

        assert (1, ["1"]) == run_main(ex, main).result

    def test_readers_execute_nothing_without_trust(self, ex):
        """The run itself reads its pickles; a reader must say that it trusts them."""

        def main(_run):
            return _run.checkpoint(1, colour=Colour.RED, data=[1])["colour"]

        run = run_main(ex, main)
        (kept,) = expframe.runs(ex.store)[run.id].checkpoints

        assert Colour.RED is run.result
        assert [1] == kept["data"]
        with pytest.raises(StoreError, match="trust=True"):
            kept["colour"]
        assert Colour.RED is kept.load("colour", trust=True)
        with pytest.raises(StoreError, match="The checkpoint holds: colour, data"):
            kept["color"]


class TestKeeping:
    """The last ones are kept, and a damaged one is none."""

    @pytest.mark.parametrize(("keep", "kept"), [(1, [5]), (3, [3, 4, 5]), (None, [1, 2, 3, 4, 5])])
    def test_the_last_ones_are_kept(self, ex, keep, kept):
        """`keep` says how many, 3 by default; None keeps all. Steps need not ascend."""

        def main(_run):
            for step in range(1, 6):
                _run.checkpoint(step, keep=keep)

        run = run_main(ex, main)

        assert kept == [found.step for found in expframe.runs(ex.store)[run.id].checkpoints]

    def test_three_are_kept_by_default(self, ex):
        """Without `keep` there are three."""

        def main(_run):
            for step in (9, 9, 8, 7):
                _run.checkpoint(step, step=step)
            return _run.last_checkpoint()["step"]

        run = run_main(ex, main)

        assert 7 == run.result
        assert [9, 8, 7] == [found["step"] for found in expframe.runs(ex.store)[run.id].checkpoints]

    @pytest.mark.parametrize("damage", [b"", b"{}", b"[1", b'{"step": 1}', None])
    def test_a_damaged_one_is_passed_over(self, ex, damage):
        """Whatever stands in the last one's file, or if it is gone, the one before is the last."""

        def main(_run):
            _run.checkpoint(1, a=1)
            content = _run.checkpoint(2, a=2).folder / "checkpoint.json"
            content.unlink() if damage is None else content.write_bytes(damage)
            return _run.last_checkpoint()["a"]

        assert 1 == run_main(ex, main).result

    def test_a_damaged_one_is_not_counted(self, ex):
        """For one that cannot be read none is removed that can; what is older than those that are kept goes."""

        def main(_run):
            for step in range(1, 5):
                folder = _run.checkpoint(step, keep=2).folder
                if step in (2, 3):
                    (folder / "checkpoint.json").unlink()
            seen = [path.name for path in folder.parent.iterdir()]
            _run.checkpoint(5, keep=2)
            return sorted(seen), sorted(path.name for path in folder.parent.iterdir())

        assert (["1", "2", "3", "4"], ["4", "5"]) == run_main(ex, main).result

    def test_ghosts_keep_them_while_they_run(self, tmp_path):
        """A run that keeps nothing has its checkpoints in a temporary folder, which goes with it."""
        ex = Experiment("ghost", ghost=True, store=tmp_path / "runs")

        def main(_run):
            kept = _run.checkpoint(3, a=numpy.ones(2))
            return kept.folder, _run.last_checkpoint()["a"].tolist()

        folder, value = run_main(ex, main).result

        assert [1.0, 1.0] == value
        assert not folder.exists()
        assert not (tmp_path / "runs").exists()

    def test_threads_make_them_side_by_side(self, ex):
        """Checkpoints of several threads have numbers of their own, and all are whole."""

        def main(_run):
            threads = [
                threading.Thread(target=lambda n=n: _run.checkpoint(n, a=n, keep=None), name=f"maker-{n}")
                for n in range(8)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        run = run_main(ex, main)
        kept = expframe.runs(ex.store)[run.id].checkpoints

        assert list(range(1, 9)) == [found.number for found in kept]
        assert set(range(8)) == {found["a"] for found in kept}

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    def test_forked_workers_make_them_for_the_run(self, ex):
        """A checkpoint of a forked worker is one of the run."""

        def main(_run):
            _run.checkpoint(1, a=1)
            pid = os.fork()
            if pid == 0:
                try:
                    _run.checkpoint(2, a=2)
                finally:
                    os._exit(0)
            os.waitpid(pid, 0)
            return _run.last_checkpoint()["a"]

        assert 2 == run_main(ex, main).result


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_run_killed_while_it_writes_one_has_the_one_before(tmp_path, script, environment):
    """SIGKILL at any moment leaves the last whole checkpoint readable, and it says what it holds."""
    path = script("""
        import numpy
        from expframe import Experiment
        ex = Experiment("killed")
        @ex.automain
        def main(_run):
            for step in range(100_000):
                _run.checkpoint(step, a=numpy.full(50_000, step), b=step)
                print(step, flush=True)
    """)
    for number, wanted in enumerate((1, 4, 9), 1):
        command = [path, "with", "seed=1"]
        with start_python(command, env=environment, stderr=subprocess.DEVNULL) as process:
            for line in process.stdout:
                if int(line) == wanted:
                    process.send_signal(signal.SIGKILL)
                    break
        last = expframe.runs(tmp_path / "runs")[number].checkpoints[-1]

        assert last.step >= wanted
        assert last.step == last["b"]
        assert (last["a"] == last.step).all()


def test_a_checkpoint_is_on_the_disk_before_it_has_its_name(ex, monkeypatch):
    """Every file, and the folder, are synchronised before the rename, and the folder around it after."""
    done = []
    original = Path.rename
    monkeypatch.setattr(checkpoints, "synchronise", lambda path: done.append(path.name))
    monkeypatch.setattr(Path, "rename", lambda self, to: (done.append("renamed"), original(self, to))[1])

    def main(_run):
        _run.checkpoint(1, {"nets/a": 1}, b=2)

    run_main(ex, main)

    renamed = done.index("renamed")
    assert {"checkpoint.json", "a.json", "b.json", "nets"} <= set(done[:renamed])
    assert done[renamed - 1].startswith(".")
    assert ["checkpoints"] == done[renamed + 1 :]


def test_frozen_containers_are_data():
    """Values out of a config are written as data, whatever is in them."""
    assert "json" == checkpoints._method("model", freeze({"a": [1]}))
    assert "pickle" == checkpoints._method("model", {"a": Colour.RED})


class TestCompleted:
    """Checkpoints of a run that has come to its end."""

    @pytest.mark.parametrize(("kept", "steps"), [(None, [3, 4, 5]), (0, []), (1, [5]), (2, [4, 5]), (9, [3, 4, 5])])
    def test_so_many_stay_when_a_run_is_completed(self, tmp_path, kept, steps):
        """`keep_checkpoints` says how many stay; by default those that the run had kept."""
        ex = Experiment("kept", store=tmp_path / "runs", keep_checkpoints=kept)

        @ex.main
        def main(_run):
            for step in range(6):
                _run.checkpoint(step, state=step)
            return _run.last_checkpoint()["state"]

        run = ex.run()

        assert 5 == run.result
        assert steps == [each.step for each in expframe.runs(run.store)[run.id].checkpoints]

    def test_a_run_that_can_be_resumed_keeps_them(self, tmp_path):
        """Nothing is removed of a run that failed, nor before its end."""
        ex = Experiment("kept", store=tmp_path / "runs", keep_checkpoints=0)

        @ex.main
        def main(_run):
            if _run.attempt == 1:
                _run.checkpoint(1, state=7)
                raise RuntimeError("first")
            return _run.last_checkpoint()["state"]

        with pytest.raises(RuntimeError):
            ex.run()
        before = len(expframe.runs(tmp_path / "runs")["1"].checkpoints)

        assert (1, 7) == (before, ex.run(options={"resume": "1"}).result)
        assert [] == expframe.runs(tmp_path / "runs")["1"].checkpoints

    @pytest.mark.parametrize("kept", [-1, True, 1.5, "last"])
    def test_what_is_no_number_is_refused(self, kept):
        """It is a count, or None."""
        with pytest.raises(DefinitionError, match=r"keep_checkpoints=.*must be how many stay"):
            Experiment("kept", keep_checkpoints=kept)
