"""Files on disk: append, write-and-rename, copies, paths that stay inside."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from expframe.disk import files
from expframe.errors import EscapingPathError


class TestInside:
    """A path made of a folder and a name never leaves the folder."""

    @pytest.mark.parametrize("name", ["a", "a/b.txt", "./a", "a//b", "..a", "a..", "a/.b", "~", "ä ö\n", "a/", "C:x"])
    def test_plain_names(self, tmp_path, name):
        """A relative name without `..` leads to a path below."""
        assert files.inside(tmp_path, name).is_relative_to(tmp_path)

    @pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/../../b", "a/..", "/a", "//a", "a\0b", "\0"])
    def test_names_that_leave(self, tmp_path, name):
        """Empty, absolute and climbing names and NUL are refused, naming name and folder."""
        with pytest.raises(EscapingPathError) as caught:
            files.inside(tmp_path, name)

        assert (name, str(tmp_path)) == (caught.value.name, caught.value.folder)

    @pytest.mark.skipif(os.name == "nt", reason="files are called by other texts there")
    @pytest.mark.parametrize("name", ["a\0b", "\ud800", "a/\ud800"])
    def test_names_of_no_file(self, tmp_path, name):
        """What no file can be called is refused for that: it leads nowhere."""
        with pytest.raises(EscapingPathError, match=r"^No file can be called "):
            files.inside(tmp_path, name)

    def test_parts(self, tmp_path):
        """Parts are joined; one that climbs is refused, whatever the others are."""
        assert tmp_path / "a" / "b" == files.inside(tmp_path, "a", Path("b"))
        with pytest.raises(EscapingPathError):
            files.inside(tmp_path, "a/b/c", "..", "d")
        with pytest.raises(EscapingPathError):
            files.inside(tmp_path / "x", tmp_path / "x" / "y")

    def test_links(self, tmp_path):
        """A link inside the folder may be followed; one that leads out may not, at any place of the path."""
        folder = tmp_path / "folder"
        (folder / "real").mkdir(parents=True)
        (folder / "good").symlink_to("real")
        (folder / "bad").symlink_to(tmp_path)
        (folder / "dangling").symlink_to("/nowhere/at/all")

        assert folder / "good" / "x" == files.inside(folder, "good/x")
        for name in ("bad", "bad/x", "real/../bad", "dangling"):
            with pytest.raises(EscapingPathError):
                files.inside(folder, name)

    def test_a_folder_that_is_a_link_itself(self, tmp_path):
        """The folder may be reached by a link, and need not exist."""
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to("real")

        assert tmp_path / "link" / "a" == files.inside(tmp_path / "link", "a")
        assert tmp_path / "none" / "a" == files.inside(tmp_path / "none", "a")


class TestReplacing:
    """A file is replaced whole or not at all."""

    def test_new_content(self, tmp_path):
        """Text and bytes take the old content's place, and nothing else is left."""
        path = tmp_path / "file"
        files.replace_file(path, "old")
        files.replace_file(path, "nëw\udc80")
        assert "nëw\udc80".encode("utf-8", "surrogatepass") == path.read_bytes()
        files.replace_file(path, b"\xff")
        assert b"\xff" == path.read_bytes()
        assert [path] == list(tmp_path.iterdir())

    def test_a_failure_changes_nothing(self, tmp_path):
        """When writing fails, the old content stays and the new is gone."""
        path = tmp_path / "file"
        path.write_text("old")
        with pytest.raises(KeyboardInterrupt), files.replacing(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

        assert "old" == path.read_text()
        assert [path] == list(tmp_path.iterdir())

    def test_readers_never_see_a_part(self, tmp_path):
        """While it is replaced again and again, a reader always finds one whole content."""
        path = tmp_path / "file"
        files.replace_file(path, b"a" * 100_000)
        stop = threading.Event()

        def replace():
            while not stop.is_set():
                files.replace_file(path, b"b" * 50_000)
                files.replace_file(path, b"a" * 100_000)

        thread = threading.Thread(target=replace)
        thread.start()
        try:
            seen = {path.read_bytes() for _ in range(300)}
        finally:
            stop.set()
            thread.join()

        assert seen <= {b"a" * 100_000, b"b" * 50_000}


class TestLines:
    """Lines are appended whole; what is torn stands alone and is skipped."""

    def test_append(self, tmp_path):
        """Each line is one line; a missing newline before it is written first."""
        path = tmp_path / "lines"
        files.append_line(path, "öne")
        with path.open("ab") as file:
            file.write(b"torn")
        files.append_line(path, "two")

        assert "öne\ntorn\ntwo\n".encode() == path.read_bytes()

    def test_whole_lines(self, tmp_path):
        """Only lines that end in a newline are read; a missing file has none."""
        path = tmp_path / "lines"
        assert [] == list(files.whole_lines(path))
        path.write_bytes(b"one\n\ntwo\r\nthree")

        assert [b"one", b"", b"two\r"] == list(files.whole_lines(path))

    def test_many_writers(self, tmp_path):
        """Lines of many processes do not mix; there may be empty ones between them."""
        path = tmp_path / "lines"
        code = (
            "import sys; from pathlib import Path; from expframe.disk.files import append_line\n"
            "for n in range(200): append_line(Path(sys.argv[1]), sys.argv[2] * 500)"
        )
        root = str(Path(files.__file__).parents[2])
        env = {**os.environ, "PYTHONPATH": root}
        processes = [subprocess.Popen([sys.executable, "-c", code, path, letter], env=env) for letter in "abcd"]
        for process in processes:
            assert 0 == process.wait(120)

        lines = [line for line in path.read_text().splitlines() if line]

        assert {letter * 500: 200 for letter in "abcd"} == {line: lines.count(line) for line in set(lines)}

    def test_write_all(self, tmp_path, monkeypatch):
        """Every byte is written, however little the file system takes at once."""
        write = os.write
        monkeypatch.setattr(os, "write", lambda fd, data: write(fd, bytes(data[:3])))
        fd = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
        files.write_all(fd, b"0123456789")
        os.close(fd)

        assert b"0123456789" == (tmp_path / "file").read_bytes()


class TestCopies:
    """A copy is whole before it has its name."""

    @pytest.mark.parametrize("clones", [True, False])
    def test_content(self, tmp_path, monkeypatch, clones):
        """The copy has the content, whether the file system shares blocks or not, and lives on without the original."""
        if not clones:
            monkeypatch.setattr(files, "_clone", lambda original, copy: False)
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(os.urandom(3_000_000))
        content = source.read_bytes()
        files.copy_file(source, target)
        source.unlink()

        assert content == target.read_bytes()
        assert [target] == list(tmp_path.iterdir())

    def test_a_failure_leaves_nothing(self, tmp_path, monkeypatch):
        """When the disk is full, no part of the copy is left."""

        def full(original, copy, size):
            copy.write(b"half")
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(files, "_clone", lambda original, copy: False)
        monkeypatch.setattr("shutil.copyfileobj", full)
        (tmp_path / "source").write_text("content")
        with pytest.raises(OSError, match="full"):
            files.copy_file(tmp_path / "source", tmp_path / "target")

        assert ["source"] == [path.name for path in tmp_path.iterdir()]


def test_what_cannot_be_written_is_called_by_its_own_name(tmp_path):
    """An error names the file that was to be written, not what would have been written aside."""
    with pytest.raises(FileNotFoundError) as refused:
        files.replace_file(tmp_path / "gone" / "run.json", "{}")

    assert str(tmp_path / "gone" / "run.json") == refused.value.filename
