"""Results of any size: the record stays small, and nothing of them is lost."""

import numpy as np
import pytest

import expframe
from expframe.errors import ValueFormatError
from expframe.store.results import BOUND


@pytest.fixture
def stored(ex):
    """Store a run whose command returns something, and return the run read back."""

    def store(result):
        @ex.command(unobserved=False)
        def give():
            return result

        return expframe.runs("runs")[ex.run("give").id]

    return store


LARGE = {
    "an array": np.arange(40_000.0),
    "a list": list(range(30_000)),
    "a text": "word " * 20_000,
    "bytes": bytes(100_000),
    "a dict of many": {f"entry{number}": number for number in range(10_000)},
    "a dict with a large entry": {"score": 0.5, "test": {"acc": 0.9, "predictions": list(range(30_000))}},
    "a set": set(range(30_000)),
    "keys that are numbers": {number: "x" for number in range(20_000)},
}


@pytest.mark.once
@pytest.mark.parametrize("result", [pytest.param(value, id=name) for name, value in LARGE.items()])
def test_a_large_result_is_kept_beside_the_record(stored, result):
    """A result above the bound is read back whole, and run.json has its shape."""
    run = stored(result)

    np.testing.assert_equal(run.result, result)
    assert (run.folder / "run.json").stat().st_size < BOUND
    assert (run.folder / "result.json").stat().st_size > BOUND


@pytest.mark.parametrize("result", [0.5, None, "short", {"score": 0.5}, list(range(100))])
def test_a_small_result_stands_in_the_record(stored, result):
    """A result below the bound has no file of its own."""
    run = stored(result)

    assert (result, result) == (run.result, run.record.result)
    assert not (run.folder / "result.json").exists()


def test_runs_are_found_by_the_small_entries_of_a_large_result(stored, cli):
    """Of a large dict only the large entries are taken out of the record."""
    stored(LARGE["a dict with a large entry"])

    assert 0.9 == cli.json("ls", "-w", "result.test.acc > 0.5", "-c", "result.test.acc")["runs"][0]["result.test.acc"]
    assert "0.9" in cli("compare", "-m", "result.test.acc")


def test_a_shape_says_what_is_there(stored, cli):
    """What is listed and shown of a large result is its type, shape and size."""
    stored(np.zeros((200, 300)))

    assert "<ndarray 200x300 (<f8, 0.6 MB)>" in cli("ls", "-c", "result")
    assert "Result: <ndarray 200x300 (<f8, 0.6 MB)>" in cli("show", "1")
    shape = cli.json("show", "1")["run"]["result"]
    assert ("large", [200, 300]) == (shape["__type__"], shape["shape"])
    assert "array([[0., 0., 0., ..., 0., 0., 0.]," in shape["repr"]
    assert "<ndarray 200x300" in str(expframe.runs("runs").frame()["result"][0])


def test_large_results_are_told_apart(stored, cli):
    """`diff` says whether two large results are the same."""
    stored(np.zeros(50_000))
    stored(np.zeros(50_000))
    other = np.zeros(50_000)
    other[17] = 1
    stored(other)

    assert "results: same" in cli("diff", "1", "2", "--only", "results")
    assert {} != cli.json("diff", "1", "3", "--only", "results")["differences"]["results"]


def test_a_large_result_travels(stored, cli, tmp_path):
    """Export and import take it along."""
    run = stored(LARGE["a list"])
    cli("export", "runs.zip")
    cli("import", "runs.zip", "--to", "other")

    assert run.result == expframe.runs(tmp_path / "other")["1"].result


@pytest.mark.parametrize("damage", ["remove", "tear"])
def test_a_large_result_that_is_gone_is_said(stored, cli, damage):
    """`doctor` names a result that cannot be read, and asking for it is an error that names its file."""
    run = stored(LARGE["a list"])
    path = run.folder / "result.json"
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(ValueFormatError, match=r"result of run 1 \(.*result\.json\)"):
        run.result
    assert "result.json" in cli("doctor")
    assert 1 == cli.code


def test_secrets_in_large_results_are_masked(ex):
    """Neither the file of a large result nor its shape holds a secret."""

    @ex.config
    def config():
        api_key = "hunter22hunter22"

    @ex.main
    def main(api_key):
        return {"log": [f"key {api_key}"] * 10_000, "password": "abcdefgh"}

    run = expframe.runs("runs")[ex.run().id]

    for name in ("run.json", "result.json"):
        text = (run.folder / name).read_text()
        assert "hunter22hunter22" not in text
        assert "abcdefgh" not in text


def test_a_later_attempt_has_its_own_result(ex):
    """What an earlier attempt returned is no result of the next one."""
    sizes = iter([100_000, 10])

    @ex.main
    def main(_run):
        size = next(sizes)
        _run.checkpoint(1, size=size)
        if size == 10:
            return [0] * 10
        raise expframe.RunInterrupt

    with pytest.raises(expframe.RunInterrupt):
        ex.run()
    (ex.run(options={"resume": "last"}))
    run = expframe.runs("runs")["1"]

    assert [0] * 10 == run.result
    assert not (run.folder / "result.json").exists()


@pytest.mark.once
def test_lists_read_nothing_of_large_results(stored, cli):
    """`ls`, `compare` and `show` go without the file of a large result."""
    run = stored(np.zeros(3_000_000))
    (run.folder / "result.json").unlink()

    for words in (("ls", "-c", "id,result"), ("compare",), ("show", "1")):
        cli(*words)
        assert (0, "") == (cli.code, cli.err)
