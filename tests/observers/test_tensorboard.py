"""Runs written for TensorBoard, read back with TensorBoard's own readers."""

import errno
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import expframe
from expframe import Experiment, Secret, Status, errors
from expframe.config.decided import Config
from expframe.config.masking import Masking
from expframe.observers.door import Door
from expframe.observers.tensorboard_file import EventFile, new_path
from expframe.record.events import Histogram, Media, Points, Series, Table
from expframe.record.record import Failure, Record, now
from expframe.testing import ObserverContract

pytestmark = pytest.mark.once  # a library that each Python has alike

posix = pytest.mark.skipif(os.name == "nt", reason="needs fork and limits of POSIX")


class TestContract(ObserverContract):
    """TensorBoard is an Observer like any other."""

    def make_observer(self, folder):
        return expframe.TensorBoard(folder / "board")


def accumulated(folder):
    """Return TensorBoard's view of one run's folder, without the sampling that it does by default."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder), size_guidance=dict.fromkeys(("scalars", "images", "tensors"), 0)).Reload()


def records(folder):
    """Return the raw events of a run's folder."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto.event_pb2 import Event

    (file,) = Path(folder).iterdir()
    return [Event.FromString(data) for data in RawEventFileLoader(str(file)).Load()]


def text_of(board, tag):
    """Return the text of a tag's last event."""
    return board.Tensors(tag)[-1].tensor_proto.string_val[0].decode()


def hparams_of(folder):
    """Return the hyper-parameters of a run as plain values, and the protos of its start and end."""
    from tensorboard.plugins.hparams import metadata

    content = accumulated(folder).PluginTagToContent(metadata.PLUGIN_NAME)
    start = metadata.parse_session_start_info_plugin_data(content[metadata.SESSION_START_INFO_TAG])
    end = content.get(metadata.SESSION_END_INFO_TAG)
    values = {name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()}
    return values, start, end and metadata.parse_session_end_info_plugin_data(end)


@pytest.fixture
def record():
    """A run that was just started."""
    return Record(uid="0123456789abcdef", id="17", name="train", command="main", started=now())


@pytest.fixture
def written(tmp_path, record):
    """Write events as one run, end it, and return its folder."""

    def write(*events, config=None, status=Status.COMPLETED, **facts):
        door = Door(Masking(config))
        sink = expframe.TensorBoard(tmp_path / "board").open(record, door.config(Config(config or {"seed": 1})))
        for event in events:
            sink.write(door.event(event))
        sink.close(door.record(record._replace(status=status, ended=now(), **facts)))
        return sink.path

    return write


# ----------------------------------------------------------------------------------------------------- a whole run


def test_a_run_is_shown_under_its_experiment_and_id(tmp_path):
    """What a run logs is in `experiment/id` below the observer's folder, and in the store as without it."""
    ex = Experiment("train", store=tmp_path / "runs", observers=[expframe.TensorBoard("board")])

    @ex.main
    def main(_run):
        for step in range(5):
            _run.log_scalar("loss", 1 / (1 + step), step)
        _run.log_scalars({"accuracy": [0.5, 0.75, 1.0]})

    run = ex.run()
    board = accumulated(tmp_path / "board" / "train" / "1")

    assert run.status == Status.COMPLETED
    assert [(step, pytest.approx(1 / (1 + step))) for step in range(5)] == [
        (point.step, point.value) for point in board.Scalars("loss")
    ]
    assert [0.5, 0.75, 1.0] == [point.value for point in board.Scalars("accuracy")]
    assert [1 / (1 + step) for step in range(5)] == expframe.runs(tmp_path / "runs")[1].metrics("loss").values
    assert () == run.record.problems


def test_everything_that_a_run_logs_is_shown(tmp_path):
    """Histograms, texts, tables, images and figures reach TensorBoard from the calls that log them."""
    import matplotlib.figure
    import numpy

    ex = Experiment("all", store=tmp_path / "runs", observers=[expframe.TensorBoard("board")])

    @ex.main
    def main(_run):
        _run.log_histogram("weights", numpy.array([0.0, 1.0, 1.0, math.nan]), bins=2)
        _run.log_text("words", "some *words*", 1)
        _run.log_table("classes", {"name": ["cat"], "share": [0.5]}, step=2)
        _run.log_image("picture", numpy.zeros((4, 6, 3), "uint8"), 3)
        _run.log_figure("figure", matplotlib.figure.Figure(), 4)

    run = ex.run()
    board = accumulated(tmp_path / "board" / "all" / "1")

    assert () == run.record.problems
    assert [1.0, 2.0] == list(board.Histograms("weights")[0].histogram_value.bucket)
    assert "some *words*" == text_of(board, "words")
    assert "| cat | 0.5 |" == text_of(board, "classes").splitlines()[-1]
    assert (3, 6, 4) == (board.Images("picture")[0].step, *sizes(board, "picture"))
    assert 4 == board.Images("figure")[0].step
    assert min(sizes(board, "figure")) > 100


def sizes(board, tag):
    """Return width and height of a tag's first image."""
    image = board.Images(tag)[0]
    return image.width, image.height


def test_children_have_folders_of_their_own(tmp_path):
    """A run inside a run is a run of its own in TensorBoard too."""
    ex = Experiment("outer", store=tmp_path / "runs", observers=[expframe.TensorBoard("board")])

    @ex.command
    def inner(_run):
        _run.log_scalar("depth", _run.depth)

    @ex.main
    def main(_run):
        ex.run("inner")
        _run.log_scalar("depth", _run.depth)

    ex.run()

    assert [0.0, 1.0] == [
        accumulated(tmp_path / "board" / "outer" / name).Scalars("depth")[0].value for name in ("1", "2")
    ]


def test_a_running_run_is_seen(tmp_path, record):
    """What is written is in the file at once: a TensorBoard that runs beside sees it before the run ends."""
    sink = expframe.TensorBoard(tmp_path).open(record, Config({"seed": 1}))
    board = accumulated(sink.path)
    sink.write(Points([("loss", 0, 1.0, 0.5)]))
    seen_first = [point.value for point in board.Reload().Scalars("loss")]
    sink.write(Points([("loss", 1, 2.0, 0.25)]))

    assert [0.5] == seen_first
    assert [0.5, 0.25] == [point.value for point in board.Reload().Scalars("loss")]
    sink.close(record)


def test_points_of_a_quiet_run_are_seen_without_another_one(tmp_path):
    """A point is in the file soon after it was logged, without any further one."""
    ex = Experiment("quiet", store=tmp_path / "runs", observers=[expframe.TensorBoard("board")])
    seen = []

    @ex.main
    def main(_run):
        _run.log_scalar("loss", 0.5)
        _run.log_scalar("loss", 0.25)
        deadline = time.monotonic() + 120
        while len(seen) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
            board = accumulated(tmp_path / "board" / "quiet" / "1")
            if "loss" in board.Tags()["scalars"]:
                seen[:] = [point.value for point in board.Scalars("loss")]

    ex.run()

    assert [0.5, 0.25] == seen


# --------------------------------------------------------------------------------------------------------- metrics


def test_points_keep_their_own_times(written):
    """Each point has the time when it was logged, those of a series have one."""
    folder = written(Points([("a", 0, 100.5, 1.0), ("a", 1, 200.25, 2.0)]), Series("b", range(2), 300.0, [3, 4]))
    board = accumulated(folder)

    assert [100.5, 200.25] == [point.wall_time for point in board.Scalars("a")]
    assert [(300.0, 0, 3.0), (300.0, 1, 4.0)] == [
        (point.wall_time, point.step, point.value) for point in board.Scalars("b")
    ]


def test_values_that_are_no_numbers_survive(written):
    """NaN and infinities are shown as such; what is too great for a single float is infinite."""
    values = [math.nan, math.inf, -math.inf, 1e300, -(2**1024) + 1, 2**24]
    points = accumulated(written(Series("x", range(6), 1.0, values))).Scalars("x")

    assert math.isnan(points[0].value)
    assert [math.inf, -math.inf, math.inf, -math.inf, 2.0**24] == [point.value for point in points[1:]]


def test_steps_become_whole_numbers(written):
    """Fractions are rounded down, negative and backward steps are kept, and what has no whole number has one."""
    steps = [0.5, 0.75, 1.0, -3, -0.5, 2, math.nan, math.inf, -math.inf, 10**30]
    points = accumulated(written(Points([("x", step, 1.0, 0.0) for step in steps]))).Scalars("x")

    largest = 2**63 - 1
    assert [0, 0, 1, -3, -1, 2, 0, largest, -largest - 1, largest] == [point.step for point in points]


def test_a_long_series_is_whole(written):
    """A block of points beyond what is encoded at once is written entirely."""
    board = accumulated(written(Series("x", range(20_000), 1.0, range(20_000))))

    assert list(range(20_000)) == [int(point.value) for point in board.Scalars("x")]


# ---------------------------------------------------------------------------------------------------------- media


def test_histograms_keep_their_bins(written):
    """Edges and counts come back as they were, from the first bin with values to the last."""
    folder = written(Media("histogram", "weights", 3, 5.0, Histogram((-1.0, 0.0, 0.5, 2.0, 3.0), (0, 4, 6, 0), 2)))
    (histogram,) = accumulated(folder).Histograms("weights")
    value = histogram.histogram_value

    assert (3, 5.0) == (histogram.step, histogram.wall_time)
    assert (0.0, 2.0, 10.0) == (value.min, value.max, value.num)
    assert ([0.0, 0.5, 2.0, 3.0], [0.0, 4.0, 6.0, 0.0]) == (list(value.bucket_limit), list(value.bucket))


def test_histograms_are_shown_by_the_plugin(written):
    """TensorBoard's conversion for display gives the same bins: left edge, right edge, count."""
    from tensorboard import data_compat
    from tensorboard.util import tensor_util

    folder = written(Media("histogram", "weights", 3, 5.0, Histogram((-1.0, 0.0, 0.5, 2.0, 3.0), (0, 4, 6, 0), 2)))
    (event,) = [event for event in records(folder) if event.summary.value and event.summary.value[0].tag == "weights"]
    shown = tensor_util.make_ndarray(data_compat.migrate_event(event).summary.value[0].tensor)

    assert [[0.0, 0.5, 4.0], [0.5, 2.0, 6.0]] == shown.tolist()


def test_an_empty_histogram_is_no_fault(written):
    """A histogram without values is written."""
    folder = written(Media("histogram", "weights", 0, 5.0, Histogram((0.0, 1.0), (0,), 7)))

    assert 0.0 == accumulated(folder).Histograms("weights")[0].histogram_value.num


def test_texts_are_shown(written):
    """A text is one of the text plugin."""
    folder = written(Media("text", "sample", 2, 5.0, "# Title\n\nwords \u20ac \ud800"))
    board = accumulated(folder)

    assert "# Title\n\nwords \u20ac ?" == text_of(board, "sample")
    assert "text" == board.SummaryMetadata("sample").plugin_data.plugin_name
    assert 2 == board.Tensors("sample")[0].step


def test_tables_are_markdown(written):
    """A table becomes one of Markdown; what would break its cells is escaped."""
    table = Table(("name", "share | %"), (("two\nlines", 0.5), ("back\\slash", None)))
    folder = written(Media("table", "classes", 0, 5.0, table))

    lines = ["| name | share \\| % |", "| --- | --- |", "| two lines | 0.5 |", "| back\\\\slash | None |"]
    assert lines == text_of(accumulated(folder), "classes").splitlines()


def test_long_tables_are_cut_and_say_so(written):
    """A table of thousands of rows is shown in part."""
    folder = written(Media("table", "long", 0, 5.0, Table(("n",), tuple((n,) for n in range(1_500)))))
    lines = text_of(accumulated(folder), "long").splitlines()

    assert ["| 199 |", "", "and 1,300 more rows"] == lines[-3:]


@pytest.mark.parametrize("kind", ["image", "figure"])
def test_images_and_figures_are_shown(written, tmp_path, kind):
    """A file with a picture is shown as it is, with its size."""
    from PIL import Image

    path = tmp_path / "picture.png"
    Image.new("RGB", (7, 5)).save(path)
    (image,) = accumulated(written(Media(kind, "sample", 4, 5.0, path))).Images("sample")

    assert (4, 7, 5, path.read_bytes()) == (image.step, image.width, image.height, image.encoded_image_string)


def test_figures_that_are_pages_are_named(written, tmp_path):
    """What TensorBoard cannot show as an image is named by its place."""
    path = tmp_path / "figure.html"
    path.write_text("<html>")

    assert f"`{path}`" == text_of(accumulated(written(Media("figure", "plot", 0, 5.0, path))), "plot")


def test_one_name_for_two_kinds_of_things_shows_both(written):
    """TensorBoard knows one kind for a tag: the second kind has its name in its own."""
    folder = written(
        Points([("weights", 0, 1.0, 0.5)]),
        Media("text", "weights", 0, 1.0, "words"),
        Points([("weights", 1, 2.0, 0.25)]),
    )
    board = accumulated(folder)

    assert [0.5, 0.25] == [point.value for point in board.Scalars("weights")]
    assert "words" == text_of(board, "weights (text)")


# ------------------------------------------------------------------------------------------------ hyper-parameters


def test_a_choice_is_a_hyper_parameter_under_its_groups_name(written):
    """What was chosen among classes is called as the group is, beside the fields of what was chosen."""
    values, _, _ = hparams_of(written(config={"seed": 1, "model": {"_choice": "vit", "depth": 6}}))

    assert {"seed": 1.0, "model": "vit", "model.depth": 6.0} == values


def test_the_config_is_the_hyper_parameters(written):
    """Each entry is a hyper-parameter under its dotted path: numbers and bools as such, all else as text."""
    tree = {"seed": 1, "lr": 0.1, "net": {"bias": True, "sizes": (1, 2), "name": "mlp"}, "until": None, "nan": math.nan}
    values, start, _ = hparams_of(written(config=tree))

    assert math.isnan(values.pop("nan"))
    assert {
        "seed": 1.0,
        "lr": 0.1,
        "net.bias": True,
        "net.sizes": "(1, 2)",
        "net.name": "mlp",
        "until": "None",
    } == values
    assert "train/17" == start.group_name


def test_secrets_are_masked(written, tmp_path):
    """No secret of the config is anywhere in the file, whatever it is logged or named as."""
    config = {
        "pin": {"token": "abc"},
        "db": {"password": "hunter2-x", "url": "http://me:pass-word@host/", "key": Secret("open-sesame")},
        "words": ["say hunter2-x"],
        "extra": {"open-sesame"},
    }
    table = Table(("secret",), (("open-sesame",),))
    failure = Failure("ValueError", "hunter2-x", "Traceback: hunter2-x")
    folder = written(
        Media("text", "said", 0, 1.0, "it is hunter2-x"),
        Media("table", "told", 0, 1.0, table),
        config=config,
        status=Status.FAILED,
        failure=failure,
        result={"was": "open-sesame"},
    )
    (file,) = folder.iterdir()

    assert [] == [word for word in (b"hunter2", b"pass-word", b"open-sesame") if word in file.read_bytes()]
    values, _, _ = hparams_of(folder)
    assert ["********"] * 3 == [values[name] for name in ("pin.token", "db.password", "db.key")]


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (Status.COMPLETED, "STATUS_SUCCESS"),
        (Status.FAILED, "STATUS_FAILURE"),
        (Status.INTERRUPTED, "STATUS_FAILURE"),
        ("PRUNED", "STATUS_FAILURE"),
        (Status.QUEUED, "STATUS_UNKNOWN"),
    ],
)
def test_the_end_is_told(written, status, shown):
    """The session of the hparams plugin ends with its status, and a text has the run's own word for it."""
    from tensorboard.plugins.hparams import api_pb2

    folder = written(status=status, result=3.5, failure=Failure("ValueError", "no", "Traceback\n  ValueError: no"))
    _, _, end = hparams_of(folder)
    text = text_of(accumulated(folder), "status")

    assert shown == api_pb2.Status.Name(end.status)
    assert text.startswith(f"**{status}**")
    assert "Result: `3.5`" in text
    assert "    Traceback\n      ValueError: no" in text


def test_the_plugin_finds_entries_and_last_values_of_all_runs(tmp_path, record):
    """The table of the hparams plugin has a row for each run, its config, status and the last value of each metric."""
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.context import RequestContext
    from tensorboard.plugins.base_plugin import TBContext
    from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups

    observer = expframe.TensorBoard(tmp_path)
    for number, tree in ((1, {"lr": 0.1}), (2, {"lr": 0.2, "depth": 3})):
        facts = record._replace(id=str(number), uid=f"{number}" * 16)
        sink = observer.open(facts, Config(tree))
        sink.write(Series("loss", range(3), 1.0, [4.0, 2.0, float(number)]))
        sink.close(facts._replace(status=Status.COMPLETED, ended=now()))
    multiplexer = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(str(tmp_path))
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(tmp_path))
    context = backend_context.Context(TBContext(data_provider=provider))
    request = RequestContext()
    hparams = context.hparams_metadata(request, "")
    found = context.hparams_from_data_provider(request, "", 0)
    experiment = context.experiment_from_metadata(request, "", True, hparams, found)
    columns = [api_pb2.ColParams(hparam=info.name) for info in experiment.hparam_infos]
    columns += [api_pb2.ColParams(metric=info.name) for info in experiment.metric_infos]
    wanted = api_pb2.ListSessionGroupsRequest(
        start_index=0,
        slice_size=10,
        col_params=columns,
        allowed_statuses=[api_pb2.STATUS_SUCCESS],
        include_metrics=True,
    )
    groups = list_session_groups.Handler(request, context, "", wanted).run().session_groups

    assert {"lr", "depth"} == {info.name for info in experiment.hparam_infos}
    assert ["loss"] == [info.name.tag for info in experiment.metric_infos]
    rows = {
        group.name: (
            group.hparams["lr"].number_value,
            group.hparams["depth"].number_value if "depth" in group.hparams else None,
            group.metric_values[0].value,
        )
        for group in groups
    }
    assert {"train/1": (0.1, None, 1.0), "train/2": (0.2, 3.0, 2.0)} == rows


# --------------------------------------------------------------------------------------------------------- folders


def test_a_second_run_of_one_id_has_a_folder_of_its_own(tmp_path, record):
    """Ids of another store, or of one that was emptied, do not mix two runs into one."""
    observer = expframe.TensorBoard(tmp_path)
    sinks = [observer.open(record._replace(uid=f"{number}" * 16), Config({})) for number in range(2)]
    sinks += [observer.open(record._replace(uid="0" * 16), Config({}))]
    for sink in sinks:
        sink.close(record._replace(status=Status.COMPLETED))

    assert ["17", "17-11111111", "17-00000000"] == [sink.path.name for sink in sinks]


def test_a_run_without_id_is_called_by_its_uid(tmp_path, record):
    """Where no store gives an id, the folder has the beginning of the run's uid, or all of it."""
    observer = expframe.TensorBoard(tmp_path)
    sinks = [observer.open(record._replace(id=None), Config({})) for _ in range(2)]
    for sink in sinks:
        sink.close(record)

    assert ["01234567", "0123456789abcdef"] == [sink.path.name for sink in sinks]


def test_a_uid_leads_out_of_no_folder(tmp_path, record):
    """A run whose uid is a path has a folder among the others, whatever is called like the run."""
    sinks = [
        expframe.TensorBoard(tmp_path / "board").open(record._replace(id=id, uid="../../out"), Config({}))
        for id in (None, None, "17", "17")
    ]
    for sink in sinks:
        sink.close(record)

    assert {tmp_path / "board" / "train"} == {sink.path.parent for sink in sinks}
    assert {"board"} == {path.name for path in tmp_path.iterdir()} - {"runs"}


@pytest.mark.parametrize("name", ["../away", "a/b", "..", " ", "what?\n", "x" * 300, "\u00e9t\u00e9 1"])
def test_any_name_makes_one_folder(tmp_path, record, name):
    """The name of an experiment cannot lead out of the observer's folder, nor into deeper ones."""
    sink = expframe.TensorBoard(tmp_path / "board").open(record._replace(name=name), Config({}))
    sink.close(record)

    assert [tmp_path / "board"] == [path for path in tmp_path.iterdir() if path.name != "runs"]
    assert sink.path.parent.parent == tmp_path / "board"
    assert sink.path.resolve().parent.parent == (tmp_path / "board").resolve()


# ---------------------------------------------------------------------------------------------------------- faults


def test_a_folder_that_cannot_be_made_stops_the_run(tmp_path, record):
    """Bad storage is loud: what, where and what to do."""
    (tmp_path / "board").write_text("a file")

    with pytest.raises(errors.StoreUnusableError, match=r"board: cannot be written .* Choose another: TensorBoard"):
        expframe.TensorBoard(tmp_path / "board").open(record, Config({}))


def test_a_missing_library_names_the_extra(tmp_path, environment):
    """Without the package, a run that should be shown is refused before it starts, and says what to install."""
    code = """
import sys
sys.modules["tensorboard"] = None
import expframe
ex = expframe.Experiment("x", store="runs", observers=[expframe.TensorBoard("board")])
@ex.main
def main():
    print("ran")
try:
    ex.run()
except expframe.errors.MissingLibraryError as problem:
    print(problem)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)

    assert "The TensorBoard observer needs tensorboard. Install it with: pip install 'expframe[tensorboard]'\n" == (
        done.stdout
    )
    assert not (tmp_path / "board").exists()


def test_constructing_imports_nothing_and_a_run_no_tensorflow(environment):
    """The package is imported when a run opens, and TensorFlow never, although it is installed."""
    code = """
import sys, pathlib
pathlib.Path("tensorflow.py").write_text("raise RuntimeError('imported')")
sys.path.insert(0, ".")
import expframe
ex = expframe.Experiment("x", store="runs", observers=[expframe.TensorBoard("board")])
print("tensorboard" in sys.modules)
@ex.main
def main(_run):
    _run.log_scalar("loss", 0.5)
ex.run()
print("tensorboard" in sys.modules, "tensorflow" in sys.modules)
"""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)

    assert ["False", "True", "False"] == done.stdout.split()


def test_a_missing_picture_is_said_and_later_events_are_written(tmp_path):
    """A picture that is gone is a problem of the record, and the run and its curves go on."""
    ex = Experiment("gone", store=tmp_path / "runs", observers=[expframe.TensorBoard("board")])

    @ex.main
    def main(_run):
        _run._recorder.emit(Media("image", "sample", 0, 1.0, tmp_path / "missing.png"))
        _run.log_scalar("loss", 0.5)

    run = ex.run()
    board = accumulated(tmp_path / "board" / "gone" / "1")

    assert "storing media in TensorBoardSink failed (No such file or directory)" in run.record.problems[0]
    assert [0.5] == [point.value for point in board.Scalars("loss")]


@posix
def test_a_full_disk_tears_no_record(tmp_path):
    """A write that is refused half-way is completed by the next one: readers see every event that follows."""
    import resource

    from tensorboard.compat.proto.event_pb2 import Event

    (tmp_path / "run").mkdir()
    file = EventFile(new_path(tmp_path / "run"))
    (path,) = (tmp_path / "run").iterdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    refused = 0
    try:
        for size in range(path.stat().st_size, path.stat().st_size + 90, 7):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
            try:
                file.append([Event(step=size), Event(step=-size)])
            except OSError as problem:
                assert problem.errno == errno.EFBIG
                refused += 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    file.append([Event(step=123456)])
    file.close()
    steps = [event.step for event in records(tmp_path / "run")]

    assert refused > 5
    assert 123456 == steps[-1]
    assert len(steps) == len(set(steps)) > 2


@posix
def test_forked_workers_do_not_write_to_it(tmp_path):
    """What a forked worker logs is in the store, and the file of its parent is whole."""
    ex = Experiment("forks", store=tmp_path / "runs", observers=[expframe.TensorBoard("board")])

    @ex.main
    def main(_run):
        _run.log_scalar("loss", 1.0)
        pid = os.fork()
        if pid == 0:
            _run.log_scalar("loss", 2.0)
            os._exit(0)
        os.waitpid(pid, 0)
        _run.log_scalar("loss", 3.0)

    ex.run()
    board = accumulated(tmp_path / "board" / "forks" / "1")

    assert [1.0, 3.0] == [point.value for point in board.Scalars("loss")]
    assert {1.0, 2.0, 3.0} == set(expframe.runs(tmp_path / "runs")[1].metrics("loss").values)
    assert 1 == len(list((tmp_path / "board" / "forks" / "1").iterdir()))


def test_ghosts_are_not_shown(tmp_path):
    """A run that keeps nothing makes no folder."""
    ex = Experiment("ghost", ghost=True, observers=[expframe.TensorBoard("board")])

    @ex.main
    def main(_run):
        _run.log_scalar("loss", 0.5)

    ex.run()

    assert not (tmp_path / "board").exists()


def test_it_is_frozen_and_compares_by_its_folder():
    """An observer holds no run: two of one folder are equal, and nothing of it can be changed."""
    assert expframe.TensorBoard("a") == expframe.TensorBoard("a") != expframe.TensorBoard()
    with pytest.raises(AttributeError):
        expframe.TensorBoard().dir = "other"
