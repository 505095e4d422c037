"""The filter language, and the fields it asks for."""

import contextlib
import datetime
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe.config.dotted import MISSING
from expframe.errors import QueryError
from expframe.record.summaries import Summary, dump
from expframe.store.points import Statistics
from expframe.store.rows import Row
from expframe.store.search.fields import Field
from expframe.store.search.query import Query

DAY = datetime.timedelta(days=1)


def statistics(**metrics):
    """Return what values of metrics come to."""
    summaries = {}
    for name, numbers in metrics.items():
        summaries[name] = Summary()
        summaries[name].add(range(len(numbers)), numbers)
    return Statistics(dump(summaries, {}))


def utc(**ago):
    """Return a time before now as records have it."""
    return (datetime.datetime.now(datetime.UTC) - datetime.timedelta(**ago)).isoformat()


ROW = Row(
    "17",
    {
        "uid": "9d6d1a2e340cdbaf",
        "name": "digits",
        "command": "train",
        "status": "COMPLETED",
        "queued": None,
        "started": utc(hours=3),
        "ended": utc(hours=1),
        "tags": ["sweep", "paper"],
        "comment": None,
        "depth": 0,
        "failure": {"type": "builtins.ValueError", "message": "too large", "traceback": ""},
    },
    host={"hostname": "node7", "cpu": {"count": 32}},
    result={"best": 0.5, "name": "it"},
    config={
        "lr": 0.05,
        "epochs": 10,
        "debug": False,
        "layers": {"__type__": "tuple", "value": [64, 32]},
        "net": {"depth": 3, "my-key": 1},
        "none": None,
        "token": {"__type__": "secret"},
        "seen": {"__type__": "float", "value": "nan"},
        "schedule": {"__type__": "dict", "items": [[30, 0.1]]},
        "colour": {"__type__": "enum", "name": "__main__:Colour.RED"},
        "data": {"__type__": "path", "value": "/data/x"},
        "span": {"__type__": "timedelta", "value": [0, 180, 0]},
        "exact": {"__type__": "decimal", "value": "0.1"},
        "odd": {"__type__": "decimal", "value": "sNaN"},
        "day": {"__type__": "date", "value": "2026-01-02"},
        "at": {"__type__": "datetime", "value": "2026-01-02T03:00:00+00:00"},
    },
    metrics=statistics(**{"acc": [0.5, 0.75, 0.25], "time/epoch": [2.0], "val.acc": [1.0], "a b": [math.nan]}),
)


def matches(text):
    """Return whether the row above matches a filter."""
    query = Query(text)
    return query.matches({field: field.of(ROW) for field in query.fields})


@pytest.mark.parametrize(
    "text",
    [
        "status == 'COMPLETED' and config.lr < 0.1 and metrics.acc.max > 0.7",
        'status == "COMPLETED"',
        "status != 'FAILED'",
        "status in ['FAILED', 'COMPLETED']",
        "status in ('COMPLETED',)",
        "status not in ['FAILED']",
        "id == 17 and id == '17' and id > 9 and 9 < id",
        "0.01 < config.lr <= 0.05",
        "config.lr == 5e-2",
        "config.lr > -.1",
        "config.epochs == 10.0",
        "config.layers == [64, 32] and config.layers.0 == 64 and 32 in config.layers and config.layers.-1 == 32",
        "config.net.depth == 3 and config['net'].depth == 3 and config.net.my-key == 1",
        "config.schedule.30 == 0.1 and config.schedule[30] == 0.1",
        "config.none == None and config.none == null and config.nothing == none",
        "config.lr != None",
        "not config.debug and config.debug == False and config.debug == false",
        "config.seen == nan",
        "config.seen != 1",
        "metrics.acc == 0.25 and metrics.acc.last == 0.25 and metrics.acc.first == 0.5 and metrics.acc.count == 3",
        "metrics.acc.min == 0.25 and metrics.acc.mean == 0.5",
        "metrics['time/epoch'].min == 2 and metrics.time/epoch.min == 2 and metrics[\"time/epoch\"] == 2.0",
        "metrics.val.acc.max == 1 and metrics['val.acc'].max == 1",
        "metrics['a b'].max == None and metrics['a b'].count == 1",
        "metrics.acc.max < inf and metrics.acc.max > -inf",
        "host.cpu.count >= 32 and host.hostname ~ '^node[0-9]'",
        "result.best == 0.5 and result != None",
        "'paper' in tags and tags contains 'sweep' and tags ~ '^pap'",
        "not tags contains 'x' and tags not contains 'x' and 'x' not in tags",
        "'igi' in name and name contains 'dig' and name ~ 'i.i'",
        "name == 'digits' or config.lr > 1",
        "(status == 'FAILED' or name == 'digits') and not (status == 'FAILED')",
        "not not name == 'digits'",
        "NOT name == 'x' AND name == 'digits'",
        "started > -1d and started < -2h and started <= -120m and started > -20000s and started > -1w",
        "time == started",
        "duration > 1h and duration < 3h and duration >= 7199 and duration < 1e7ms",
        "failure ~ 'ValueError: too'",
        "comment == None and parent == None",
        "started < '2999-01-01' and started > '2020-01-01T10:30' and ended > '2020-01-01 10:30:00Z'",
        "uid ~ '^9d6d'",
        "id in [17, 18] and id in (17, 'fold')",
        "config.colour == 'RED' and config.colour in ['RED'] and config.colour ~ 'R' and 'ED' in config.colour",
        "config.data == '/data/x' and config.data ~ '^/data' and config.data < '/e' and config.data != 'x'",
        "config.span > 2m and config.span == 180 and config.exact == 0.1 and config.exact < 0.2 and config.odd == nan",
        "config.day >= '2026-01-02' and config.day < '2026-01-03' and config.day in ['2026-01-02']",
        "config.at > '2026-01-02T02:30' and '2026-01-02 03:30Z' > config.at and config.at == '2026-01-02T03:00Z'",
    ],
)
def test_what_matches(text):
    """A filter is true of a run that is as it says."""
    assert matches(text)


@pytest.mark.parametrize(
    "text",
    [
        "config.nothing != 1",
        "config.nothing < 1",
        "not config.nothing < 1",
        "not config.nothing == 1",
        "config.nothing in [1]",
        "not config.nothing in [1]",
        "not config.nothing ~ 'a'",
        "config.nothing",
        "not config.nothing",
        "config.nothing == config.nowhere",
        "config.none != None",
        "metrics.nothing.max > 0 or metrics.nothing.max <= 0",
        "config.lr < 'text'",
        "not config.lr < 'text'",
        "config.token == 'x'",
        "name and 1 > 2",
    ],
)
def test_what_does_not_match(text):
    """Nothing is true of what is not there, nor its opposite; nor of what cannot be compared."""
    assert not matches(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("status = 'FAILED'", "cannot be read from \"= 'FAILED'\" on. Write == to compare."),
        ("status == 'FAILED", "It has no end."),
        ("status ==", "needs a field or a value at the end."),
        ("", "needs a field or a value at the end."),
        ("(id == 1", "needs a closing parenthesis at the end."),
        ("id == 1)", "needs and, or, or the end at ')'."),
        ("id == 1 name == 'a'", "needs and, or, or the end at \"name == 'a'\"."),
        ("id in [1, name]", "has a list with a field in it."),
        ("id in [1 2]", "needs a comma or ] at '2]'."),
        ("id in 3", "looks into 3."),
        ("git.comit == 'a'", "field 'git.comit': is none. There are: git.commit"),
        ("config == 1", "field 'config': is none"),
        ("metrics.acc & 1", "Write and."),
        ("started > 'soon'", "compares a time with 'soon'. Write '2026-11-01'"),
        ("started > 2d", "compares a time with 172800.0."),
        ("started > 3", "compares a time with 3."),
        ("name ~ '('", "has no pattern to the right of ~"),
        ("name ~ 3", "has no pattern to the right of ~ (it is no text)"),
        ("__import__('os').getcwd()", "cannot be read from '.getcwd()' on."),
        ("__import__('os')", "needs and, or, or the end at \"('os')\"."),
        ("config.__class__.__init__(1)", "needs and, or, or the end at '(1)'."),
        ("(" * 5000 + "id == 1" + ")" * 5000, "has too many parentheses."),
        ("name < 3", "compares name, a text, with 3, a number, which is never true. A text stands in quotes: '3'."),
        ("status == 3", "compares status, a text, with 3, a number, which is never true."),
        ("status != 3", "which is always true."),
        ("status in [1, 2]", "looks for status, a text, in [1, 2], a list, which is never true."),
        ("metrics.acc > '0.5'", "which is never true. A number stands without quotes, and so do true and false."),
        ("duration > started", "compares duration, a number, with started, a time, which is never true."),
        ("tags == 'paper'", "which is never true. Write 'paper' in tags."),
        ("3 in tags", "looks for 3, a number, in tags, a list, which is never true."),
        ("size ~ '1'", "looks for a pattern in size, a number, which is never there. Compare with ==, < or >."),
        ("'a' > 3", "compares 'a', a text, with 3, a number, which is never true."),
        ("started < None", "has None beside <. Only == and != compare with None."),
        ("started in [3]", "compares a time with 3."),
        (None, "is no text."),
    ],
)
def test_what_is_refused(text, said):
    """A filter that is malformed is refused when it is written, with what is wrong."""
    with pytest.raises(QueryError) as caught:
        Query(text)

    assert said in str(caught.value)


@given(st.text() | st.text("idnameconfig.metrs <>=!~()[]'\",-0123456789andortinshwdm"))
def test_any_text_is_a_filter_or_an_error(text):
    """Whatever is written, it is understood or a QueryError, and judging never raises."""
    with contextlib.suppress(QueryError):
        matches(text)


@pytest.mark.parametrize("text", ["9" * 100_000 + "x", "lr == " + "1" * 50_000, "config.net." + "9" * 5000 + " == 1"])
def test_many_digits_take_no_time(text):
    """A number of any length is read, or refused, in a time that grows with it and not with its square."""
    start = time.thread_time()
    with contextlib.suppress(QueryError):
        matches(text)

    assert 2.0 > time.thread_time() - start


def test_a_long_filter():
    """A filter may have many parts."""
    assert matches(" or ".join(f"config.lr == {number}" for number in range(5000)) + " or id == 17")


@pytest.mark.parametrize(
    ("text", "name", "group", "path"),
    [
        ("status", "status", "record", ("status",)),
        ("config.net.depth", "config.net.depth", "config", ("net", "depth")),
        ("metrics.acc", "metrics.acc.last", "metrics", ("acc", "last")),
        ("metrics['acc.max']", "metrics.acc.max.last", "metrics", ("acc.max", "last")),
        ("metrics.max", "metrics.max.last", "metrics", ("max", "last")),
        ("metrics['it''s']", None, None, None),
        (r"metrics['it\'s'].min", "metrics.it's.min", "metrics", ("it's", "min")),
        ("config.größe", "config.größe", "config", ("größe",)),
        ("config.", None, None, None),
        ("3", None, None, None),
        ("lr", "config.lr", "config", ("lr",)),
        ("net.depth", "config.net.depth", "config", ("net", "depth")),
        ("tags.0", "config.tags.0", "config", ("tags", "0")),
        ("parent", "parent", "record", ("parent",)),
        ("size", "size", "size", ()),
        ("size.of", None, None, None),
        ("result", "result", "result", ()),
        ("git.commit", "git.commit", "git", ("commit",)),
        ("info.note", "info.note", "info", ("note",)),
        ("info", None, None, None),
    ],
)
def test_how_fields_are_written(text, name, group, path):
    """A field is a fact of the record, or a name in config, metrics, host, git, info or result; else an entry."""
    if name is None:
        with pytest.raises(QueryError):
            Field.parse(text)
    else:
        assert (name, group, path) == Field.parse(text)


def test_a_row_without_anything():
    """Of a run that cannot be read, each field is missing."""
    row = Row("1")
    for text in ("status", "tags", "started", "duration", "failure", "config.lr", "metrics.acc", "host.cpu", "result"):
        assert Field.parse(text).of(row) is MISSING


def test_statistics_are_found_in_the_text():
    """A metric of any name is found, among others whose names look like what stands in the file."""
    names = [
        "last",
        "count",
        "metrics",
        "covered",
        "a",
        "aa",
        'q"a',
        "x\\",
        ", ",
        ": {",
        "",
        "größe",
        "value",
        "{}",
        "__type__",
    ]
    metrics = {name: [float(number), math.inf, math.nan] for number, name in enumerate(names)}
    found = statistics(**metrics)
    for number, name in enumerate(names):
        assert repr((3, float(number), math.nan, float(number), math.inf, math.inf)) == repr(found[name])
    assert found.get("b") is None and found.get("rst") is None
    assert names == list(found)
