"""Stored runs written for TensorBoard, read back with TensorBoard's own readers."""

import math
from pathlib import Path

import numpy
import pytest
from steps import wait_until

import expframe
from expframe import TensorBoard

pytestmark = pytest.mark.once  # a library that each Python has alike


def board(folder):
    """Return what TensorBoard sees in one run's folder, without the sampling that it does by default."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder), size_guidance=dict.fromkeys(("scalars", "images", "tensors"), 0)).Reload()


def points(folder, name="loss"):
    """Return step, time and value of the points of a metric as TensorBoard sees them."""
    return [(point.step, point.wall_time, point.value) for point in board(folder).Scalars(name)]


def hparams(folder):
    """Return a run's hyper-parameters, and whether it has ended."""
    from tensorboard.plugins.hparams import metadata

    content = board(folder).PluginTagToContent(metadata.PLUGIN_NAME)
    start = metadata.parse_session_start_info_plugin_data(content[metadata.SESSION_START_INFO_TAG])
    values = {name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()}
    return values, metadata.SESSION_END_INFO_TAG in content


@pytest.fixture
def trained(ex):
    """Two runs that logged of everything."""

    @ex.config
    def config():
        lr = 0.5
        api_key = "hunter22hunter22"

    @ex.main
    def main(lr, _run):
        for step in range(3):
            _run.log_scalar("loss", lr**step, step)
        _run.log_scalar("loss", math.nan, 10)
        _run.log_histogram("weights", [0.0, 1.0, 1.0], bins=2)
        _run.log_table("classes", {"name": ["cat"], "share": [0.5]})
        _run.log_image("picture", numpy.zeros((4, 6, 3), "uint8"), 3)

    ex.run()
    ex.run(config_updates={"lr": 0.25})


def test_stored_runs_are_shown_with_their_steps_and_times(trained, cli):
    """Each run has a folder with its points as they are stored, tables, histograms, pictures, config and end."""
    cli("tensorboard", "1-2", "boards")
    stored = expframe.runs("runs")["2"].metrics("loss")
    found = points("boards/test/2")
    first = board("boards/test/1")
    values, has_ended = hparams("boards/test/1")

    assert (0, "") == (cli.code, cli.err)
    assert (stored.steps, stored.times) == ([step for step, _, _ in found], [time for _, time, _ in found])
    assert [1.0, 0.25, 0.0625] == [value for _, _, value in found][:3] and math.isnan(found[3][2])
    assert [1.0, 2.0] == list(first.Histograms("weights")[0].histogram_value.bucket)
    assert (3, 6, 4) == (first.Images("picture")[0].step, *_size(first.Images("picture")[0]))
    assert "| cat | 0.5 |" == first.Tensors("classes")[0].tensor_proto.string_val[0].decode().splitlines()[-1]
    assert (0.5, "********", True) == (values["lr"], values["api_key"], has_ended)


def _size(image):
    return image.width, image.height


def test_done_again_nothing_is_doubled(trained, cli):
    """A second time there is nothing to write, and what TensorBoard sees stays as it was."""
    once = cli.json("tensorboard", "boards")
    files = {path: path.read_bytes() for path in Path("boards").rglob("*tfevents*")}
    again = cli.json("tensorboard", "boards")

    assert {"1", "2"} == {run["id"] for run in once["runs"] if run["events"] > 5}
    assert [0, 0] == [run["events"] for run in again["runs"]]
    assert files == {path: path.read_bytes() for path in Path("boards").rglob("*tfevents*")}


def test_a_run_that_goes_on_is_gone_on_with(ex, cli):
    """Of a running run what is new is added to the same file, and its end when it comes."""

    def are_stored(count):
        path = Path("runs/1/metrics.csv")
        return path.exists() and path.read_text().count("loss") == count

    @ex.main
    def main(_run):
        seen = []
        for step in range(2):
            _run.log_scalar("loss", step, step)
            wait_until(lambda count=step + 1: are_stored(count))
            new = cli.json("tensorboard", "1", "boards")["runs"][0]["events"]
            seen.append((new, len(points("boards/test/1")), hparams("boards/test/1")[1]))
        return seen

    run = ex.run()
    cli("tensorboard", "1", "boards")

    assert [(2, 1, False), (1, 2, False)] == run.result
    assert "Run 1: boards/test/1, 2 new events." == cli.out.splitlines()[0]
    assert (2, True) == (len(points("boards/test/1")), hparams("boards/test/1")[1])
    assert 1 == len(list(Path("boards/test/1").iterdir()))


@pytest.mark.parametrize("damage", ["torn", "other"])
def test_what_is_not_of_the_run_is_written_anew(trained, cli, damage):
    """A file that ends within an event, or has a point that the run has no more, is replaced."""
    cli("tensorboard", "1", "boards")
    (file,) = Path("boards/test/1").iterdir()
    whole = file.read_bytes()
    if damage == "torn":
        file.write_bytes(whole[:-3])
    else:
        metrics = Path("runs/1/metrics.csv")
        metrics.write_text(metrics.read_text().replace("loss,1,", "loss,7,"))
    cli("tensorboard", "1", "boards")

    assert [0, 1 if damage == "torn" else 7, 2, 10] == [step for step, _, _ in points("boards/test/1")]
    assert (file.read_bytes() == whole) == (damage == "torn")


def test_what_a_run_wrote_itself_is_left_alone(ex, cli):
    """Where `expframe.TensorBoard` wrote a run while it was running, it is not written a second time."""
    ex.observers.append(TensorBoard("boards"))
    ex.main(lambda _run: _run.log_scalar("loss", 1.0))
    ex.run()
    cli("tensorboard", "1", "boards")

    assert "Run 1: boards/test/1, written by the run itself." == cli.out.splitlines()[0]
    assert 1 == len(list(Path("boards/test").iterdir())) == len(points("boards/test/1"))


def test_runs_of_another_store_have_folders_of_their_own(trained, cli, tmp_path):
    """A run of the same name and id that is another one stands beside it."""
    other = expframe.Experiment("test", store=tmp_path / "others")
    other.main(lambda _run: _run.log_scalar("loss", 5.0))
    run = other.run()
    cli("tensorboard", "1", "boards")
    cli("tensorboard", "1", "boards", "-F", "others")

    assert (
        f"Run 1: boards/test/1-{run.uid[:8]}, "
        == cli.out.splitlines()[0][: len(f"Run 1: boards/test/1-{run.uid[:8]}, ")]
    )
    assert [5.0] == [value for _, _, value in points(f"boards/test/1-{run.uid[:8]}")]


def test_a_picture_that_is_gone_is_said(trained, cli):
    """What cannot be read is named, all else is written, and the exit code is 1."""
    (picture,) = Path("runs/1/files/media").glob("picture*")
    picture.unlink()
    cli("tensorboard", "1", "boards")

    assert (1, "Left out: picture of run 1: cannot be read (No such file or directory).") == (
        cli.code,
        cli.out.splitlines()[1],
    )
    assert 4 == len(points("boards/test/1"))


def test_a_folder_that_cannot_be_written_is_said(trained, cli):
    """A file in the place of the folder is a message, not a traceback."""
    Path("boards").write_text("")
    cli("tensorboard", "1", "boards")

    assert (
        "StoreUnusableError: TensorBoard's folder boards: cannot be written (Not a directory). Choose another folder.\n"
        == cli.err
    )
