"""Sacred's file storage: the folders that its readers know."""

import datetime
import json
import os
import threading
from pathlib import Path

import pytest
import sacred_events as events

from expframe.compat.sacred.observers import FileStorageObserver
from expframe.compat.sacred.observers.documents import MetricsDocument, Pace
from expframe.compat.sacred.observers.file_storage import file_storage_option
from expframe.errors import EscapingPathError

GOLDEN = Path(__file__).parent / "golden" / "sacred" / "file_storage"


@pytest.fixture(autouse=True)
def files(tmp_path):
    """The files of the run, in the working directory."""
    events.lay_out(tmp_path)


def _tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _json(*parts):
    return json.loads(Path(*parts).read_text())


def test_writes_what_sacred_writes():
    """The same events make the same files as with Sacred 0.8.7, byte for byte."""
    observer = FileStorageObserver("stored")
    events.run_through(observer)
    events.fail(FileStorageObserver("stored", copy_sources=False))
    events.start(FileStorageObserver("stored"), "waiting")

    expected, actual = _tree(GOLDEN), _tree(Path("stored"))
    assert expected.keys() == actual.keys()
    for name in expected:
        assert expected[name] == actual[name], name


def test_making_one_touches_nothing(tmp_path):
    """No folder is made before a run begins."""
    observer = FileStorageObserver(tmp_path / "new")

    assert not (tmp_path / "new").exists()
    assert str(tmp_path / "new") == observer.basedir
    assert 20 == observer.priority


def test_ids_follow_the_largest_number():
    """The id is a text, one more than the largest folder that is a number."""
    Path("stored/7").mkdir(parents=True)
    Path("stored/99").touch()
    Path("stored/x200").mkdir()

    assert "8" == events.start(FileStorageObserver("stored"))
    assert "9" == events.start(FileStorageObserver(b"stored"))


def test_many_threads_get_ids_of_their_own():
    """Runs that begin at once have folders of their own."""
    given = []
    threads = [
        threading.Thread(target=lambda: given.append(events.start(FileStorageObserver("stored")))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(str, range(1, 9))) == sorted(given)


def test_an_id_that_is_taken_is_refused():
    """A given id is used as it is, and only once."""
    assert "name" == events.start(FileStorageObserver("stored"), "name")
    with pytest.raises(FileExistsError):
        events.start(FileStorageObserver("stored"), "name")


def test_ids_and_artifacts_stay_in_their_folder():
    """A name with `..` is refused; one with folders gets them."""
    observer = FileStorageObserver("stored")
    with pytest.raises(EscapingPathError):
        events.start(observer, "../up")
    events.start(observer)
    with pytest.raises(EscapingPathError):
        observer.artifact_event("../../x", "model.bin")
    observer.artifact_event("plots/a", "model.bin")

    assert Path("stored/1/plots/a").exists()
    assert ["plots/a"] == _json("stored/1/run.json")["artifacts"]


@pytest.mark.parametrize("name", ["run.json", "config.json", "cout.txt", "metrics.json", "./run.json"])
def test_artifacts_replace_no_file_of_the_observer(name):
    """What the observer writes itself is protected."""
    observer = FileStorageObserver("stored")
    events.start(observer)
    with pytest.raises(FileExistsError, match="blacklisted"):
        observer.artifact_event(name, "model.bin")
    assert [] == _json("stored/1/run.json")["artifacts"]


def test_the_experiment_is_told_where_its_sources_are():
    """After the start, the facts of the experiment name the stored sources, as with Sacred."""
    info = events.ex_info()
    events.start(FileStorageObserver("stored"), ex_info=info)

    assert ["train.py", "_sources/train_dee5c46989f5ec092311188f4fe829c3.py"] == info["sources"][0]


def test_equal_contents_are_kept_once():
    """Two observers of one folder share resources."""
    for _ in range(2):
        observer = FileStorageObserver("stored")
        events.start(observer)
        observer.resource_event("data.csv")

    assert 1 == len(list(Path("stored/_resources").iterdir()))
    assert [["data.csv", "stored/_resources/data_3ecfad755fa825f7a17c5526ec44e651.csv"]] == observer.run_entry[
        "resources"
    ]


def test_files_in_the_folder_need_no_copy():
    """Without `copy_artifacts`, a resource that lies in the folder already is named where it is."""
    observer = FileStorageObserver("stored", copy_artifacts=False)
    events.start(observer)
    inner = Path("stored/inner.txt").absolute()
    inner.write_text("x")
    observer.resource_event(str(inner))

    assert [[str(inner), str(inner)]] == observer.run_entry["resources"]


def test_folders_may_be_given_as_text():
    """Sources and resources go where a text, or a path, says."""
    observer = FileStorageObserver("stored", resource_dir="res", source_dir=Path("srcs"))
    events.start(observer)
    observer.resource_event("data.csv")

    assert ["../srcs/train_dee5c46989f5ec092311188f4fe829c3.py"] == [
        stored for name, stored in observer.run_entry["experiment"]["sources"] if name == "train.py"
    ]
    assert ["data_3ecfad755fa825f7a17c5526ec44e651.csv"] == [path.name for path in Path("res").iterdir()]


def test_output_is_appended_and_follows_a_filter():
    """New output is appended; where a filter changes earlier output, the file follows."""
    observer = FileStorageObserver("stored")
    events.start(observer)
    text = ""
    for number in range(10):
        text += f"{number}\n"
        observer.heartbeat_event({}, text, events.T1, None)
        assert text == Path("stored/1/cout.txt").read_text()
    for changed in ("short", "another", "another and more \ud800"):
        observer.heartbeat_event({}, changed, events.T1, None)

    assert "another and more \\ud800" == Path("stored/1/cout.txt").read_text()


def test_a_run_may_change_its_working_directory(tmp_path):
    """A relative folder is one of the directory in which the run began."""
    observer = FileStorageObserver("stored")
    events.start(observer)
    Path("elsewhere").mkdir()
    os.chdir("elsewhere")
    observer.resource_event(str(tmp_path / "data.csv"))
    observer.heartbeat_event({"a": 1}, "text", events.T1, None)
    observer.completed_event(events.T2, None)

    assert "text" == (tmp_path / "stored/1/cout.txt").read_text()
    assert [] == list(Path().iterdir())


def test_info_that_grows_meanwhile_is_stored():
    """A dict that another thread is filling is looked at again; nothing is lost for good."""
    observer = FileStorageObserver("stored")
    events.start(observer)
    info = {"n": 0}
    is_done = threading.Event()

    def fill():
        number = 0
        while not is_done.is_set():
            number = (number + 1) % 500
            info[f"k{number}"] = number
            info.pop(f"k{number - 250}", None)

    thread = threading.Thread(target=fill)
    thread.start()
    try:
        for _ in range(20):
            observer.heartbeat_event(info, "", events.T1, None)
    finally:
        is_done.set()
        thread.join()

    assert 0 == _json("stored/1/info.json")["n"]


def test_a_queued_run_keeps_its_sources_beside_it(tmp_path):
    """A run that waits has its facts, config and sources, wherever it is queued from."""
    info = {**events.ex_info(), "base_dir": str(tmp_path / "src")}
    os.chdir("/")
    changed = {**events.facts(), "ex_info": info}
    given = FileStorageObserver(tmp_path / "stored").queued_event(**changed, queue_time=events.T0, _id=None)

    folder = tmp_path / "stored" / given
    assert {"run.json", "config.json", "train.py", "helper.py"} == {path.name for path in folder.iterdir()}
    assert {"command", "experiment", "host", "meta", "status"} == _json(folder, "run.json").keys()
    assert "QUEUED" == _json(folder, "run.json")["status"]
    assert info["sources"] == events.ex_info()["sources"]


def test_interrupted_runs_say_how():
    """The status of an interrupt is stored as it is."""
    observer = FileStorageObserver("stored")
    events.start(observer)
    observer.interrupted_event(events.T2, "TIMEOUT")

    assert "TIMEOUT" == _json("stored/1/run.json")["status"]
    assert events.T2.isoformat() == _json("stored/1/run.json")["stop_time"]


def test_one_observer_serves_one_run_after_another():
    """Nothing of the run before is left in the next one."""
    observer = FileStorageObserver("stored")
    events.run_through(observer)
    events.run_through(observer)

    first, second = _tree(Path("stored/1")), _tree(Path("stored/2"))
    assert first == second


@pytest.mark.parametrize("make", [str, Path])
def test_a_template_becomes_a_report(make):
    """A mako template, given or found, is filled with the run at its end."""
    Path("page.txt").write_text("${run['status']} ${config['a']} ${info['note']} ${cout} ${savedir}")
    events.run_through(FileStorageObserver("stored", template=make("page.txt")))
    Path("stored/template.html").write_text("<b>${run['status']}</b>")
    events.run_through(FileStorageObserver("stored"))

    assert "COMPLETED 1 n one\ntwo é\n stored/1" == Path("stored/1/report.txt").read_text(encoding="utf-8")
    assert "<b>COMPLETED</b>" == Path("stored/2/report.html").read_text()


def test_a_template_must_be_there():
    """A missing template is an error at once."""
    with pytest.raises(FileNotFoundError, match="Couldn't find template file 'nope'"):
        FileStorageObserver("stored", template="nope")


def test_old_ways_to_make_one_work():
    """`create` warns and makes one; `create_from` takes ready-made parts."""
    with pytest.warns(DeprecationWarning, match="FileStorageObserver"):
        created = FileStorageObserver.create("stored")
    made = FileStorageObserver.create_from("stored", "res", "src_store", None, 5, copy_sources=False)

    assert created == made == FileStorageObserver("./stored")
    assert created != FileStorageObserver("other")
    assert 5 == made.priority
    with pytest.raises(TypeError, match="unhashable"):
        hash(made)


def test_the_flag_adds_an_observer():
    """`-F` appends an observer to the run's."""

    class Run:
        observers = []

    file_storage_option("stored", Run)

    assert [FileStorageObserver("stored")] == Run.observers
    assert ("-F", "--file_storage") == file_storage_option.get_flags()


# ------------------------------------------------------------------------------------------------------- metrics


def test_metrics_are_put_together_as_json_would_be():
    """The document is the JSON of all points, whatever their values are."""
    document, whole = MetricsDocument(), {}
    for values in ([1, 2.5], [float("inf"), None], ["a,\n      b", {"x": [1, {}]}], [[], True]):
        batch = {
            name: {"steps": [0, 1.5], "values": values, "timestamps": [events.T0, events.T1]} for name in ("b", "a\n")
        }
        document.add(batch)
        for name, metric in batch.items():
            lists = whole.setdefault(name, {"steps": [], "values": [], "timestamps": []})
            lists["steps"] += metric["steps"]
            lists["values"] += metric["values"]
            lists["timestamps"] += [when.isoformat() for when in metric["timestamps"]]

        assert json.dumps(whole, sort_keys=True, indent=2) == "".join(document.pieces())


def test_a_large_document_is_written_at_growing_intervals():
    """After a large document took t seconds to write, 20 t pass before the next time."""
    now = [0.0]
    pace = Pace(lambda: now[0])
    large = 1 << 20

    assert pace.is_due(large)
    with pace.writing():
        now[0] += 1
    assert pace.is_due(10)
    now[0] += 19
    assert not pace.is_due(large)
    now[0] += 2
    assert pace.is_due(large)


def test_metrics_that_wait_are_written_at_the_end(monkeypatch):
    """However large the file is, all points are in it when the run ends."""
    observer = FileStorageObserver("stored")
    events.start(observer)
    monkeypatch.setattr(Pace, "is_due", lambda self, size: size == 0)
    observer.log_metrics({}, {})
    observer.log_metrics(events.metrics(0, 5), {})
    assert {} == _json("stored/1/metrics.json")
    observer.failed_event(events.T2, [])

    assert [0, 1, 2, 3, 4] == _json("stored/1/metrics.json")["loss"]["steps"]
    assert datetime.datetime.fromisoformat(_json("stored/1/metrics.json")["loss"]["timestamps"][0])
