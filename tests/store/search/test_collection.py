"""Runs of a store: found, sorted, sliced, as frames."""

import contextlib
import datetime
import decimal
import json
import math
import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import numpy
import pandas
import polars
import pytest

from expframe import Experiment, Secret, runs
from expframe.config.decided import Config
from expframe.errors import MissingLibraryError, QueryError, RunNotFoundError, ValueFormatError
from expframe.record.events import Points
from expframe.record.record import Record
from expframe.store.search.collection import Runs
from expframe.store.writer import LocalStore

START = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)


def add_run(store, id=None, *, uid=None, config=None, metrics=None, hours=0.0, **facts):
    """Write a run that took a minute, and return its id."""
    started = START + datetime.timedelta(hours=hours)
    uid = uid or f"{len(list(store.iterdir())) if store.exists() else 0:08x}abcdef"
    record = Record(uid, "digits", "train", id=id, started=started)._replace(**facts)
    sink = LocalStore(store).open(record, Config(config or {}))
    if metrics:
        sink.write(
            Points([(name, step, 1.5, v) for name, numbers in metrics.items() for step, v in enumerate(numbers)])
        )
    ended = started + datetime.timedelta(minutes=1)
    sink.close(record._replace(id=sink.id, status=facts.get("status", "COMPLETED"), ended=ended))
    return sink.id


@pytest.fixture
def store(tmp_path):
    """A store of four runs."""
    store = tmp_path / "runs"
    add_run(
        store, config={"lr": 0.1, "net": {"depth": 2}}, metrics={"acc": [0.1, 0.9], "loss": [2.0, 1.0]}, tags=("a",)
    )
    add_run(store, config={"lr": 0.01, "net": {"depth": 3}}, metrics={"acc": [0.5, 0.4]}, status="FAILED", result=5)
    add_run(store, config={"lr": "auto"}, metrics={"acc": [math.nan]}, result={"best": 1.5, "at": {"step": 3}})
    add_run(store, config={}, name="words", comment="the last one")
    return store


class TestFinding:
    """By filter, by id, by uid."""

    def test_where(self, store):
        """A filter leaves the runs that it is true of, newest first; filters add up."""
        assert ["4", "3", "1"] == runs(store).where("status == 'COMPLETED'").ids()
        assert ["1"] == runs(store).where("status == 'COMPLETED'").where("config.lr < 1").ids()
        assert ["2", "1"] == [
            run.id for run in runs(store).where("metrics.acc.max > 0.1 and config.net.depth in [2, 3]")
        ]
        assert 2 == len(runs(store).where("config.net.depth != None"))

    def test_the_newest_few_have_the_fields_of_all(self, store):
        """A slice by ids alone answers as one of all runs: None where only others have a field, an error where none."""
        newest = runs(store)[:2]

        assert [("4", None, "the last one"), ("3", "auto", None)] == list(newest.rows("id", "config.lr", "comment"))
        assert [("4", None), ("3", None)] == list(newest.rows("id", "config.net.depth"))
        with pytest.raises(QueryError):
            list(newest.rows("config.lrr"))

    def test_a_filter_is_lazy(self, tmp_path):
        """A malformed filter is refused at once; everything else is found out when runs are asked for."""
        with pytest.raises(QueryError):
            runs(tmp_path / "nowhere").where("status = 1")
        later = runs(tmp_path / "runs").where("config.lr > 0").sort("-config.lr")
        assert [] == later.ids()
        add_run(tmp_path / "runs", config={"lr": 1})
        assert ["1"] == later.ids()

    @pytest.mark.parametrize(
        ("filter", "said"),
        [
            ("config.lrr > 1", "field 'config.lrr': is in no run. Did you mean 'config.lr'?"),
            ("metrics.acct.max > 1", "Did you mean 'metrics.acc.max'"),
            ("result.bets > 1", "Did you mean 'result.best'"),
            ("host.xyz == 1", "is in no run."),
            ("lrr > 1", "field 'config.lrr': is in no run. Did you mean 'config.lr'? A text stands in quotes: 'lrr'."),
            ("statu == 'a'", "Did you mean 'status'?"),
            ("FAILED == status", "A text stands in quotes: 'FAILED'."),
            ("acc > 1", "Did you mean 'metrics.acc'?"),
            ("net.dept > 1", "Did you mean 'config.net.depth'"),
            ("info.note == 1", "is in no run."),
        ],
    )
    def test_an_unknown_name_gives_the_nearest(self, store, filter, said):
        """A name that no run of the store has is an error, also behind a filter that leaves none."""
        for selection in (runs(store), runs(store).where("id == 99")):
            with pytest.raises(QueryError) as caught:
                selection.where(filter).ids()

            assert said in str(caught.value)
        with pytest.raises(QueryError):
            runs(store).sort(filter.split()[0]).ids()

    @pytest.mark.parametrize(
        ("filter", "said"),
        [
            (
                "net.depth > 'a'",
                "compares config.net.depth, a number such as 2, with 'a', a text, which is never true.",
            ),
            ("net.depth == '2'", "which is never true. A number stands without quotes, and so do true and false."),
            ("id == 99 and net.depth in ['2']", "looks for config.net.depth, a number such as 2, in ['2'], a list"),
            ("net.depth ~ '0'", "looks for a pattern in config.net.depth, a number such as 2, which is never there."),
            ("net.depth contains 'a'", "in config.net.depth, a number such as 2, which is never true. Write == to"),
            ("net == 3", "compares config.net, a group of depth, with 3, a number, which is never true. Name a part"),
            ("net.depth < status", "with status, a text, which is never true."),
        ],
    )
    def test_what_no_run_can_be_compared_with(self, store, filter, said):
        """A comparison with what is of another kind in each run is an error; where one run has its kind it is none."""
        with pytest.raises(QueryError) as caught:
            runs(store).where(filter).ids()

        assert said in str(caught.value)
        add_run(store, config={"net": 3 if filter.startswith("net ") else {"depth": "2"}})
        assert len(runs(store).where(filter)) < 6

    @pytest.mark.parametrize(
        ("filter", "same"),
        [
            ("net.depth != 'auto'", "net.depth != None"),
            ("net.depth not in ['auto']", "net.depth != None"),
            ("not net.depth == 'auto'", "net.depth != None"),
            ("not (net.depth == 'auto' and id > 0)", "net.depth != None"),
            ("net.depth == 'auto' or id < 3", "id < 3"),
            ("id == 1 and (id < 3 or net.depth == 'auto')", "id == 1"),
        ],
    )
    def test_what_runs_are_found_without(self, store, filter, same):
        """A comparison without which the same runs are found is no error: one that it fits may come."""
        assert [] != runs(store).where(filter).ids() == runs(store).where(same).ids()

    @pytest.mark.parametrize("filter", ["status == 'pruned'", "'pruned' != status", "status in ['DIED', 'pruned']"])
    def test_a_status_in_small_letters(self, store, filter):
        """A status in small letters is refused with how it is written, unless a run ended with such a one."""
        with pytest.raises(QueryError, match=r"has no status 'pruned'\. Write 'PRUNED'\."):
            runs(store).where(filter).ids()
        own = add_run(store, status="pruned")

        assert ("!=" not in filter) == (own in runs(store).where(filter).ids())

    def test_a_name_that_some_run_has(self, store):
        """A name that one run has is no error, even where its value is None or NaN."""
        assert [] == runs(store).where("metrics.acc.max > 1").ids()
        add_run(store, config={"none": None})
        assert ["5", "4", "3", "2", "1"] == runs(store).where("config.none == None").ids()

    def test_by_id_and_uid(self, store):
        """A run is found by its id, its uid, or a beginning of that."""
        add_run(store, "named", uid="feed0001")
        add_run(store, uid="feed0002")
        found = runs(store)

        assert ("3", "3", "named") == (found["3"].id, found[3].id, found["named"].id)
        assert ("named", "named") == (found["feed0001"].id, found["feed0001"[:8]].id)
        with pytest.raises(QueryError, match="begins the uid of several runs"):
            found["feed"]
        for id in ("99", 99, "fee", "feed0003", "", "..", "0000", "../runs/1"):
            with pytest.raises(RunNotFoundError, match="Newest runs"):
                found[id]
        assert "named" in found and "feed0001" in found and 3 in found and found[3] in found
        assert 99 not in found and None not in found and found[3] not in found.where("id == 4")

    def test_by_id_in_a_selection(self, store):
        """An id is looked for among those that are selected."""
        failed = runs(store).where("status == 'FAILED'")

        assert "2" == failed[2].id
        assert "2" == failed[failed[2].record.uid].id
        with pytest.raises(RunNotFoundError):
            failed[1]

    def test_children(self, tmp_path):
        """The children of a selection are the runs that were started inside any of it."""
        ex = Experiment("outer", store=tmp_path / "runs", project_dir=tmp_path)

        @ex.command
        def inner():
            pass

        ex.main(lambda: [ex.run("inner") for _ in range(2)] and None)
        ex.run()
        ex.run()
        found = runs(tmp_path / "runs")

        assert ["6", "5", "3", "2"] == found.children.ids()
        assert ["3", "2"] == found[-1:].children.ids()
        assert ["2", "3"] == [run.id for run in found[1].children]
        assert [] == found[2].children


class TestOrder:
    """Newest first, sorted, sliced, the last and the best."""

    def test_newest_first(self, tmp_path):
        """Numbered runs come by number; where names are among them, by their start."""
        for hours in (5, 3, 1):
            add_run(tmp_path, hours=hours)
        assert ["3", "2", "1"] == runs(tmp_path).ids()
        add_run(tmp_path, "named", hours=4)
        assert ["1", "named", "2", "3"] == runs(tmp_path).ids()
        assert "1" == runs(tmp_path).last.id
        assert "2" == runs(tmp_path).where("started < '2026-11-01T03:30Z'").sort("started").last.id

    def test_sort(self, store):
        """By one field after the other, up or down; what lacks it, or is NaN, stands last either way."""
        found = runs(store)

        assert ["2", "1", "3", "4"] == found.sort("config.lr").ids()
        assert ["3", "1", "2", "4"] == found.sort("-config.lr").ids()
        assert ["1", "2", "4", "3"] == found.sort("-metrics.acc.max").ids()
        assert ["1", "3", "2", "4"] == found.sort("name", "status", "id").ids()
        assert ["4", "2", "3", "1"] == found.sort("-name", "-status", "-id").ids()
        assert ["1", "2", "3", "4"] == found.sort("id").ids() == found.sort("started").sort("id").ids()
        for field in ("tags", "duration", "comment", "result", "time"):
            assert {"1", "2", "3", "4"} == set(found.sort(field).ids())

    def test_numbers_sort_as_numbers(self, tmp_path):
        """Run 10 comes after run 9."""
        for number in range(11):
            add_run(tmp_path, str(number))
        add_run(tmp_path, "b")

        assert [*map(str, range(11)), "b"] == runs(tmp_path).sort("id").ids()

    def test_slices(self, store):
        """A slice is that of a list of them, and a selection again."""
        found = runs(store)

        assert ["4", "3"] == found[:2].ids()
        assert ["1"] == found[-1:].ids()
        assert ["4", "2"] == found[::2].ids()
        assert ["4"] == found[:2].where("name == 'words'").ids()
        assert [] == found[:2].where("name == 'digits'")[5:].ids()

    def test_best(self, store):
        """The best has the greatest value of a metric, or the smallest; NaN is none."""
        found = runs(store)

        assert ("1", "1") == (found.best("acc").id, found.best("acc", mode="min").id)
        assert "2" == found.where("status == 'FAILED'").best("acc").id
        with pytest.raises(RunNotFoundError, match="best:loss"):
            found.where("status == 'FAILED'").best("loss")
        with pytest.raises(RunNotFoundError, match="best:acc"):
            found.where("id == 3").best("acc")
        with pytest.raises(QueryError, match=r"metrics\.acc\.max"):
            found.best("ac")
        with pytest.raises(QueryError, match="Give 'min' or 'max'"):
            found.best("acc", mode="most")

    def test_last_of_none(self, tmp_path):
        """Among no runs there is no last one."""
        for found in (runs(tmp_path / "nowhere"), runs(tmp_path).where("id == 1")):
            with pytest.raises(RunNotFoundError):
                found.last

    def test_how_a_selection_shows_itself(self, store):
        """A store says how many runs it has; a selection reads nothing to be shown."""
        assert f"<4 runs in {store}>" == repr(runs(store))
        assert "selected" in repr(runs(store).where("config.never == 1"))
        assert runs(store) == Runs(store) and runs(store).where("id == 1") == runs(store).where("id == 1")


class TestFrames:
    """Rows, frames of runs, and points of many."""

    def test_rows(self, store):
        """Fields of each run come in order, None where it has none."""
        found = runs(store).sort("id").rows("id", "config.lr", "metrics.acc.max", "config.net", "tags", "duration")

        assert [
            ("1", 0.1, 0.9, {"depth": 2}, ["a"], 60.0),
            ("2", 0.01, 0.5, {"depth": 3}, [], 60.0),
            ("3", "auto", None, None, [], 60.0),
            ("4", None, None, None, [], 60.0),
        ] == [(*row[:4], list(row[4]), row[5]) for row in found]

    @pytest.mark.parametrize("library", ["pandas", "polars"])
    def test_a_frame_has_a_row_for_each_run(self, store, library):
        """Its columns are facts, config, metrics and result; what a run lacks is a gap; a mixed column is text."""
        frame = runs(store).sort("id").frame(library)

        columns = {name: frame[name].to_list() for name in frame.columns}
        assert ["id", "name", "command", "status", "tags", "started", "duration"] == list(columns)[:7]
        assert ["1", "2", "3", "4"] == columns["id"]
        assert [["a"], [], [], []] == [list(tags) for tags in columns["tags"]]
        assert START == columns["started"][0]
        assert ["0.1", "0.01", "auto"] == columns["config.lr"][:3]
        assert [0.9, 0.5] == columns["metrics.acc.max"][:2] and 2 == columns["metrics.acc.count"][0]
        assert [1.0] == columns["metrics.loss.last"][:1]
        assert {"result", "result.best", "result.at.step"} <= set(columns)
        kinds = {"pandas": pandas.DataFrame, "polars": polars.DataFrame}
        assert isinstance(frame, kinds[library])

    @pytest.mark.parametrize("library", ["pandas", "polars"])
    def test_any_value_can_stand_in_a_frame(self, tmp_path, library):
        """Configs of every kind of value make a frame."""
        kinds = [
            1,
            2.5,
            True,
            "text",
            None,
            (1, "a"),
            [1, 2],
            [],
            {"a": {}},
            2**70,
            START,
            START.date(),
            Path("a"),
            {1: 2},
        ]
        for number, value in enumerate(kinds):
            add_run(tmp_path, config={"x": value, f"y{number}": value, "z": {"w": value}}, result=value)
        for value in ([0.5], START, True, [True], 3):
            add_run(tmp_path / "same", config={"x": value}, result=value)
            assert 1 == len(runs(tmp_path / "same")[:1].frame(library))

        assert len(kinds) == len(runs(tmp_path).frame(library))

    def test_values_of_other_classes_are_framed_as_they_are_filtered(self, tmp_path):
        """What inherits from a number or a text is one in columns and filters, a Decimal too; a path is its text."""

        class Rate(float):
            pass

        class Word(str):
            pass

        class Point(NamedTuple):
            x: int

        for lr, word in ((Rate(0.5), Word("a")), (0.25, "b"), (numpy.float32(1.5), numpy.str_("c"))):
            add_run(tmp_path, config={"lr": lr, "word": word, "point": Point(1)}, result={"all": [Rate(lr)], "lr": lr})
        add_run(tmp_path, config={"lr": decimal.Decimal("0.1"), "word": Path("d"), "point": Point(2)})
        found = runs(tmp_path).sort("id")
        frame = found.frame("pandas")

        assert [0.5, 0.25, 1.5, 0.1] == frame["config.lr"].to_list()
        assert ["a", "b", "c", "d"] == frame["config.word"].to_list()
        assert [1, 1, 1, 2] == frame["config.point.x"].to_list()
        assert [0.5, 0.25, 1.5] == frame["result.lr"].to_list()[:3]
        assert (["1"], ["1", "2", "3"]) == (
            found.where("lr == 0.5 and word == 'a'").ids(),
            found.where("point.x < 2").ids(),
        )

    def test_any_value_can_be_filtered_and_sorted(self, tmp_path):
        """Configs of every kind of value are compared and sorted without an error."""
        kinds = [1, 10**400, True, "text", None, math.nan, [1], START, START.date(), START.replace(tzinfo=None)]
        kinds += [START.time(), datetime.timedelta(1), {"a": 1}, Path("a"), numpy.arange(3), {1, 2}, Secret("x"), len]
        for value in kinds:
            add_run(tmp_path, config={"x": value})
        found = runs(tmp_path)

        assert len(kinds) == len(found.sort("config.x")) == len(found.sort("-config.x")) == len(found.frame("polars"))
        for right in (
            "3",
            "'text'",
            "[1]",
            "nan",
            "config.x",
            "True",
            "2d",
            "[nan, 'text']",
            "host.x == 1 or config.x",
        ):
            for sign in ("==", "!=", "<", ">=", "in", "contains", "~", "not in"):
                with contextlib.suppress(QueryError):
                    assert len(kinds) >= len(found.where(f"config.x {sign} {right}"))

    def test_a_frame_of_no_run(self, tmp_path):
        """Of no run the frame has the columns that each run has."""
        assert (0, 7) == runs(tmp_path).frame("pandas").shape

    def test_a_frame_without_a_library(self, store, monkeypatch):
        """Without pandas and polars the error names what to install."""
        for name in ("pandas", "polars"):
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr("expframe.record.dataframes.find_spec", lambda name: None)
        with pytest.raises(MissingLibraryError):
            runs(store).frame()

    def test_points_of_many_runs(self, store):
        """Points of all runs come by run and metric, and as a long frame."""
        found = runs(store).metrics("acc", "loss")

        assert ["4", "3", "2", "1"] == list(found)
        assert ([0.1, 0.9], [2.0, 1.0]) == (found["1"]["acc"].values, found["1"]["loss"].values)
        assert ["acc"] == list(found["2"]) and {} == found["4"]
        frame = found.to_frame()
        assert ["run", "metric", "step", "time", "value"] == list(frame.columns)
        assert [("2", "acc", 0, 0.5), ("2", "acc", 1, 0.4)] == [
            row
            for row in zip(frame["run"], frame["metric"], frame["step"], frame["value"], strict=True)
            if row[0] == "2"
        ]
        assert {"acc", "loss"} == set(runs(store).metrics()["1"])
        with pytest.raises(QueryError, match=r"Did you mean 'metrics\.loss"):
            runs(store).metrics("los")


class TestDamage:
    """A damaged run is an error where it is opened, and stands in nobody's way."""

    @pytest.fixture
    def small(self, tmp_path):
        """A store of two runs of every file that a run can have."""
        ex = Experiment("whole", store=tmp_path / "runs", project_dir=tmp_path)

        @ex.config
        def config():
            lr = 0.1

        @ex.main
        def main(_run):
            _run.log_scalar("acc", 0.5)
            _run.log_text("note", "text")
            _run.info["x"] = 1
            _run.save({"a": 1}, "saved.json")
            print("printed")
            return 1

        ex.run(options={"capture": "sys"})
        ex.run(options={"capture": "sys"})
        return tmp_path / "runs"

    @pytest.mark.once
    def test_every_file_torn_anywhere(self, small):
        """Whichever file of a run ends wherever, the other run is found, and this one's error is clear."""
        for path in sorted(path for path in (small / "1").rglob("*") if path.is_file()):
            whole = path.read_bytes()
            for end in range(0, len(whole), 10):
                path.write_bytes(whole[:end])
                self.read_everything(small)
            path.write_bytes(whole)

        assert ["2", "1"] == runs(small).where("metrics.acc.max == 0.5 and config.lr == 0.1 and result == 1").ids()

    def read_everything(self, store):
        """Read all that there is, and allow the error of a damaged file for run 1."""
        assert ["2", "1"] == runs(store).ids()
        assert "2" in runs(store).where("status == 'COMPLETED' and config.lr == 0.1 and metrics.acc.max == 0.5").ids()
        assert {"2", "1"} == set(runs(store).sort("-config.lr", "status", "metrics.acc.min", "result").ids())
        assert ("2", "2") == (runs(store).last.id, runs(store)["2"].id)
        assert 2 == len(runs(store).metrics())
        for run in runs(store):
            for name in ("record", "config", "info", "files", "calls", "summaries", "children", "status", "result"):
                try:
                    getattr(run, name)
                except ValueFormatError as problem:
                    assert run.id == "1" and "1" in str(problem)
            run.metrics(), run.media(), run.output()

    def test_a_damaged_run_in_a_frame(self, small):
        """A run whose record is damaged has a row with its id, and matches nothing."""
        (small / "1" / "run.json").write_text("{")
        frame = runs(small).frame("pandas")

        assert ["2", "1"] == frame["id"].to_list()
        assert "COMPLETED" == frame["status"][0] and not isinstance(frame["status"][1], str)
        assert ["2"] == runs(small).where("status != 'FAILED' or status == None or id == 1").ids()
        assert "2" == runs(small).best("acc").id

    def test_what_is_no_run(self, small):
        """Folders and files that are no runs are left out."""
        (small / "empty").mkdir()
        (small / "file").write_text("x")
        (small / "5").write_text("x")
        (small / "6" / "run.json").mkdir(parents=True)
        shutil.copytree(small / "1", small / "_copy")

        assert ["2", "1"] == runs(small).ids()
        assert ["2", "1"] == runs(small).where("name == 'whole'").ids()

    @pytest.mark.parametrize(
        "name", ["a b", "it's", 'say "x"', "größer 損失", "100%", "a#b?c=d", "-x", "new\nline", "\\"]
    )
    def test_a_store_on_a_path_of_odd_characters(self, small, tmp_path, name):
        """The path of a store may hold any character."""
        moved = small.rename(tmp_path / name)

        assert ["2", "1"] == runs(moved).where("metrics.acc.max == 0.5 and config.lr == 0.1").ids()
        assert "2" == runs(str(moved))[runs(moved).last.record.uid[:8]].id

    def test_two_stores_merged(self, small, tmp_path):
        """Runs that are copied in from another store are runs of this one; uids tell them apart."""
        other = tmp_path / "other"
        add_run(other, config={"lr": 9}, metrics={"acc": [0.75]})
        shutil.copytree(other / "1", small / "other-1")
        uid = runs(other).last.record.uid

        assert "other-1" == runs(small)[uid].id
        assert "other-1" == runs(small).best("acc").id
        assert 3 == len(runs(small).where("config.lr > 0"))

    def test_a_store_from_another_machine(self, small):
        """A run that was running elsewhere is running while its lease is fresh, and DIED after that."""
        path = small / "2" / "run.json"
        path.write_text(json.dumps({**json.loads(path.read_bytes()), "status": "RUNNING", "ended": None}))
        lease = small / "2" / "lease"
        lease.write_text(json.dumps({"machine": "other", "pid": 1, "started": "5", "interval": 10.0}))
        assert ["2"] == runs(small).where("status == 'RUNNING' and duration > 0").ids()
        os.utime(lease, (1e9, 1e9))
        assert ["2"] == runs(small).where("status == 'DIED'").ids()
        lease.unlink()
        assert ["2"] == runs(small).where("status == 'DIED' and duration == None").ids()
