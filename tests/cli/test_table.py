"""Tables that fit into a terminal."""

import datetime

from hypothesis import given
from hypothesis import strategies as st

from expframe.cli.table import Cell, Style, cell, table_lines

VALUES = st.one_of(
    st.floats(),
    st.integers(-(10**12), 10**12),
    st.text(st.characters(codec="ascii", categories=("L", "N", "P")), max_size=60),
    st.datetimes(datetime.datetime(2000, 1, 1), timezones=st.just(datetime.UTC)),
)


@given(
    st.integers(40, 200),
    st.integers(1, 12).flatmap(lambda n: st.lists(st.lists(VALUES, min_size=n, max_size=n), min_size=1, max_size=5)),
)
def test_numbers_and_times_are_never_cut(width, rows):
    """Every number, time and first cell stands whole in some line, however narrow the terminal."""
    titles = [f"column{n}" for n in range(len(rows[0]))]
    text = "\n".join(table_lines(titles, rows, Style(width=width)))

    for row in rows:
        for n, value in enumerate(row):
            if n == 0 or not isinstance(value, str):
                assert cell(value).text in text


@given(st.integers(60, 200), st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=40))
def test_columns_without_room_move_below(width, numbers):
    """No line is longer than the terminal, each table below begins with the first column, and each title is there."""
    titles = ["id", *(f"metric{n}" for n in range(len(numbers)))]
    lines = table_lines(titles, [["1", *numbers]], Style(width=width))
    tables = "\n".join(lines).split("\n\n")

    assert max(map(len, lines)) <= width
    assert {"id"} == {table.split()[0] for table in tables}
    shown = [pair for table in tables for pair in zip(*(line.split()[1:] for line in table.split("\n")), strict=True)]
    assert list(zip(titles[1:], map(str, numbers), strict=True)) == shown


def test_texts_are_cut_before_columns_move():
    """The widest texts give room first."""
    lines = table_lines(["id", "text", "x"], [["1", "a" * 100, 0.5]], Style(width=40))

    assert [40, 40] == [len(line) for line in lines]
    assert "…" in lines[1] and lines[1].endswith("0.5")


def test_without_a_width_nothing_is_cut():
    """In a pipe lines are as long as they need."""
    (_, line) = table_lines(["id", "text"], [["1", "a" * 500]], Style())

    assert "a" * 500 in line


def test_a_long_title_of_numbers_is_cut_to_what_tells_it_apart():
    """A title does not make a column of numbers wider than there is room for."""
    lines = table_lines(["id", "a" * 50, "b" * 50], [["1", 1, 2]], Style(width=40))

    assert 2 == len(lines)
    assert max(map(len, lines)) <= 40
    assert "a" * 12 in lines[0] and "b" * 12 in lines[0]


def test_several_first_columns_stand_in_each_table():
    """Those that say what a row is about are repeated."""
    lines = table_lines(
        ["a", "b", "x", "y"],
        [["1", "2", Cell("3" * 30, is_right=True), Cell("4" * 30, is_right=True)]],
        Style(width=50),
        keys=2,
    )

    assert [["a", "b", "x"], ["a", "b", "y"]] == [lines[0].split(), lines[3].split()]
