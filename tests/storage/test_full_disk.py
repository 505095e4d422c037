"""A disk that is full for a while: streams lose nothing, what is to be stored is refused, and the run is completed."""

import mounts
import pytest
from interpreter import start_python

import expframe

RUN = """
    import os, sys, time
    from pathlib import Path
    from expframe import Experiment
    from expframe.errors import SaveError

    ex = Experiment("full", store=sys.argv[1])

    def fill(filler):
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            pass

    def say(_run, start, count):
        for number in range(start, start + count):
            _run.log_scalar("n", number)
            print("line", number, flush=True)
        _run.log_text("text", f"after {start + count}")
        _run.info["n"] = start + count

    @ex.main
    def main(_run):
        _run.save(b"x" * 1000, "before.bin")
        filler = open(sys.argv[1] + "/../filler", "wb", buffering=0)
        began, number, refused = time.monotonic(), 0, 0
        while number < 6000 or time.monotonic() < began + float(sys.argv[2]):
            fill(filler)  # also what was free again after a file aside
            say(_run, number, 1000)
            number += 1000
            try:
                _run.save(b"x" * 10000, "during.bin")
            except SaveError:
                refused += 1
            time.sleep(0.2)
        Path(sys.argv[1] + "/../filler").unlink()
        filler.close()
        say(_run, number, 1000)
        _run.save(b"x" * 1000, "after.bin")
        return [number + 1000, refused]

    if sys.argv[3] == "fd":
        os.dup2(1, 2)  # one stream, so that no line is inside another
    ex.run(options={"capture": sys.argv[3], "beat_interval": 0.2})
"""


def check(tmp_path, script, environment, seconds, capture):
    """Do a run on a disk that is full for some seconds, and see to it that nothing is lost, of its log neither."""
    disk = tmp_path / "disk"
    words = [script(RUN), disk / "runs", str(seconds), capture]
    log = (disk if capture == "fd" else tmp_path) / "log.txt"  # what prints onto a full disk by itself raises
    with log.open("w") as shown, start_python(words, env=environment, stdout=shown) as process:
        process.communicate(timeout=120 + seconds)
    printed = log.read_text()
    (run,) = expframe.runs(disk / "runs")
    count, refused = run.result

    assert (0, "COMPLETED") == (process.returncode, run.status)
    assert list(range(count)) == run.metrics("n").values
    lines = [f"line {number}" for number in range(count)]
    for text in (printed, run.output()):
        assert lines == [line for line in text.splitlines() if line.startswith("line ")]  # beside what is said
    assert count == run.info["n"]
    assert [f"after {number}" for number in range(1000, count + 1, 1000)] == [text.content for text in run.media()]
    assert {"before.bin", "after.bin"} == {file.name for file in run.files}
    assert refused == (count - 1000) / 1000
    problems = "\n".join(run.record.problems)
    assert 1 == problems.count("storing points")


@pytest.mark.once
@pytest.mark.parametrize("capture", ["sys", "fd"])
def test_a_disk_that_is_full_for_a_moment_loses_nothing(tmp_path, script, environment, mounting, capture):
    """Points, output, texts and info of a run whose disk is full at its start, and no longer then, are all there."""
    mounting.enter_context(mounts.in_memory(tmp_path / "disk", "2m"))
    check(tmp_path, script, environment, 0, capture)


SACRED = """
    import os, sys
    from pathlib import Path
    from expframe.compat.sacred import Experiment

    ex = Experiment("full", save_git_info=False)

    @ex.main
    def main():
        filler = Path(os.environ["TMPDIR"], "filler")
        try:
            with filler.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
        except OSError:
            pass
        for number in range(2000):
            print("line", number, flush=True)
        os.system("echo line 2000")
        filler.unlink()

    run = ex.run(options={"--capture": "fd"})
    Path(sys.argv[1]).write_text(run.captured_out)
"""


@pytest.mark.once
def test_a_temporary_folder_that_is_full_loses_nothing_of_a_run_of_sacreds(tmp_path, script, environment, mounting):
    """What a script of Sacred's prints while the disk is full, on which its output is kept meanwhile, is all there."""
    mounting.enter_context(mounts.in_memory(tmp_path / "disk", "2m"))
    words = [script(SACRED), tmp_path / "captured"]
    with start_python(words, env={**environment, "TMPDIR": str(tmp_path / "disk")}) as process:
        printed, said = process.communicate(timeout=120)
    lines = [f"line {number}" for number in range(2001)]

    assert 0 == process.returncode, said
    assert lines == printed.splitlines()
    assert lines == [line for line in (tmp_path / "captured").read_text().splitlines() if line.startswith("line ")]
    assert [] == list((tmp_path / "disk").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("capture", ["sys", "fd"])
def test_a_disk_that_is_full_for_a_minute_loses_nothing(tmp_path, script, environment, mounting, capture):
    """The same holds where it is full for a minute."""
    mounting.enter_context(mounts.in_memory(tmp_path / "disk", "64m"))
    check(tmp_path, script, environment, 60, capture)
