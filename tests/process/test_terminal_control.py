"""What a terminal would show of output in the end, of a text and of a file."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from expframe.process import terminal
from expframe.process.terminal import collapse, collapse_file, has_terminal_control


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \ntext", "plain \ntext"),
        ("dos\r\nends\r\n", "dos\nends\n"),
        (" 10%\r 50%\r100%\n", "100%\n"),
        ("longer line\rshort\n", "shortr line\n"),
        ("longer line\r\x1b[Kshort\n", "short\n"),
        ("longer line\x1b[2K\rshort\n", "short\n"),
        ("ab\x1b[1Kc\n", "  c\n"),
        ("abc\b\bX\n", "aXc\n"),
        ("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x07 \x1b[?25l\x1b7end", "red link end"),
        ("bar        \r           \rnext\n", "next\n"),
        ("one\ntwo\n\x1b[2A\x1b[2KONE\n\x1b[2KTWO\n", "ONE\nTWO\n"),
        ("one\ntwo\n\x1b[1Fchanged\nend", "one\nchanged\nend"),
        ("a\nb\nc\x1b[2A\x1b[J!\n", "a!\n"),
        ("ab\x1b[3Cc\x1b[2DX\x1b[1GY", "Yb  Xc"),
        ("\x1b[99999999Ax\x1b[999999999Dy", "y"),
        ("lone \x1b and \x1b", "lone nd "),
    ],
)
def test_collapse_is_what_a_terminal_shows(text, shown):
    """Overwritten, erased and coloured text is shown as a terminal shows it in the end."""
    assert collapse(text) == shown


CONTROL = st.sampled_from(
    ["\r", "\b", "\n", "\r\n", "\x1b[K", "\x1b[1K", "\x1b[2K", "\x1b[A", "\x1b[2A", "\x1b[3F", "\x1b[B", "\x1b[4C"]
    + [
        "\x1b[2D",
        "\x1b[31m",
        "\x1b[",
        "\x1b",
        "\x1b]0;title\x07",
        "\x1b]8;;u\x1b\\",
        "\x1b]",
        "\x1b[J",
        "12;",
        "é",
        " ",
    ]
)
SCREENS = st.lists(CONTROL | st.text(st.sampled_from("ab m[;3K\n"), max_size=5), max_size=60).map("".join)


@given(SCREENS)
def test_collapse_is_idempotent(text):
    """Collapsed text has no control characters left, so that collapsing it again changes nothing."""
    shown = collapse(text)

    assert not has_terminal_control(shown.encode())
    assert collapse(shown) == shown


@given(SCREENS, st.integers(1, 50), st.integers(1, 5))
@example("\n\n\x1b[A\x1b[J\x1b[A", 1, 2)
def test_collapsing_a_file_piece_by_piece_is_collapsing_it_whole(tmp_path_factory, text, piece, reach):
    """However a file is cut into pieces, and however many rows are held, the result is that of the whole text."""
    path = tmp_path_factory.mktemp("pieces") / "output.txt"
    path.write_bytes(text.encode() + b"\xff")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terminal, "_PIECE", piece)
        patch.setattr(terminal, "_REACH", reach)
        expected = collapse(text + "\udcff")
        collapse_file(path)

    assert path.read_bytes() == expected.encode("utf-8", "surrogateescape")


def test_a_long_control_sequence_is_cut_at_the_same_place_everywhere(tmp_path):
    """A title that never ends is text from some length on, also where a piece of the file ends inside it."""
    for length in (1990, 2005, 3000, 2 << 20):
        text = "a\x1b]0;" + "t" * length + "\x07b\r\n"
        path = tmp_path / "output.txt"
        path.write_bytes(text.encode())
        collapse_file(path)

        assert path.read_text() == collapse(text)


def test_clean_file_is_not_touched(tmp_path):
    """A file without terminal control keeps its inode; one with it is replaced, and no third file is left."""
    clean, coloured = tmp_path / "clean", tmp_path / "coloured"
    clean.write_text("text\n")
    coloured.write_text("\x1b[1mtext\x1b[0m\n")
    before = clean.stat()
    for path in (clean, coloured):
        collapse_file(path)

    assert (clean.stat().st_ino, clean.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert coloured.read_text() == "text\n"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.once
def test_collapse_takes_time_in_proportion():
    """Long rows with many controls are no trap: a row of a million characters takes no minute."""
    began = time.process_time()
    collapse("x" * 1_000_000 + "\rab" * 100_000 + "\x1b[1000C" * 1000 + "\bz" * 100_000)

    assert time.process_time() - began < 60


@pytest.mark.once
def test_collapsing_a_big_file_takes_little_memory(tmp_path):
    """A file of bars is collapsed piece by piece: what is held is a small part of it."""
    import tracemalloc

    path = tmp_path / "output.txt"
    path.write_text("".join(f"\r{i:9}{'#' * 90}" + "\n" * (i % 50 == 0) for i in range(100_000)))
    tracemalloc.start()
    collapse_file(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 5_000_000
    assert 200_000 < path.stat().st_size < 250_000
