"""Files put into a run: whole, under a name of their own, or not at all."""

import errno
import hashlib
import os
import threading

import pytest

from expframe import saving
from expframe.errors import EscapingPathError, SaveError
from expframe.record import File


@pytest.fixture
def folder(tmp_path):
    """Return the folder of a run in a store."""
    folder = tmp_path / "runs" / "1"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def source(tmp_path):
    """Return a file to be stored."""
    path = tmp_path / "model.tar.gz"
    path.write_bytes(b"weights")
    return path


def names(folder):
    """Return the names of everything below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


class TestArtifacts:
    """An artifact is copied among the run's files."""

    def test_its_own_name(self, folder, source):
        """By default a file keeps its name; the fact says what it is."""
        file = saving.add_artifact(folder, source, metadata={"epoch": 3}, content_type="application/gzip")

        assert ("artifact", "model.tar.gz", 7, "application/gzip", {"epoch": 3}) == (
            file.kind,
            file.name,
            file.size,
            file.content_type,
            file.metadata,
        )
        assert b"weights" == (folder / "files" / "model.tar.gz").read_bytes()
        assert str(folder / "files" / "model.tar.gz") == file.path

    def test_a_chosen_name(self, folder, source):
        """A name may have folders."""
        assert "best/one.gz" == saving.add_artifact(folder, str(source), "best/one.gz").name
        assert ["best/one.gz"] == names(folder / "files")

    def test_a_taken_name(self, folder, source):
        """A name that is taken gets a number before its suffix, a double one for a tar."""
        found = [saving.add_artifact(folder, source).name for _ in range(3)]
        plain = [
            saving.add_artifact(folder, source, name).name for name in ("a.txt", "a.txt", "a", "a", "a.b.c", "a.b.c")
        ]

        assert ["model.tar.gz", "model (1).tar.gz", "model (2).tar.gz"] == found
        assert ["a.txt", "a (1).txt", "a", "a (1)", "a.b.c", "a.b (1).c"] == plain

    def test_a_file_that_is_there_already(self, folder, source):
        """A file among the run's files is noted, not copied; with another name it is."""
        path = folder / "files" / "sub" / "own.txt"
        path.parent.mkdir(parents=True)
        path.write_text("own")

        assert ("sub/own.txt", str(path)) == (saving.add_artifact(folder, path).name, str(path))
        assert ["sub/own.txt"] == names(folder / "files")
        assert "copy.txt" == saving.add_artifact(folder, path, "copy.txt").name

    @pytest.mark.parametrize("name", ["..", "../x", "/x", "a/../../x", "", ".", "a\0b", "out/x"])
    def test_names_that_leave_the_run(self, folder, source, tmp_path, name):
        """A name that leads out is refused, and nothing is stored anywhere."""
        (folder / "files").mkdir()
        (folder / "files" / "out").symlink_to(tmp_path)
        with pytest.raises(EscapingPathError):
            saving.add_artifact(folder, source, name)

        assert [source.name] == names(tmp_path)

    @pytest.mark.parametrize("missing", [True, False])
    def test_what_cannot_be_read(self, folder, tmp_path, missing):
        """A missing file or a folder is an error that names it and leaves nothing."""
        path = tmp_path / "thing"
        if not missing:
            path.mkdir()
        with pytest.raises(SaveError) as caught:
            saving.add_artifact(folder, path)

        reason = "No such file or directory" if missing else "Is a directory"
        assert f"artifact {str(path)!r}: cannot be stored ({reason}). Nothing was left behind." == str(caught.value)
        assert [] == names(tmp_path)

    def test_a_full_disk(self, folder, source, monkeypatch):
        """When the disk is full, no part of the file is left."""

        def full(original, copy, size):
            copy.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("expframe.disk._clone", lambda original, copy: False)
        monkeypatch.setattr("shutil.copyfileobj", full)
        with pytest.raises(SaveError, match="No space left on device"):
            saving.add_artifact(folder, source)

        assert [] == names(folder)

    @pytest.mark.parametrize("links", [True, False])
    def test_many_threads_with_one_name(self, folder, source, monkeypatch, links):
        """Sixteen threads that store one name get sixteen names, also where the file system knows no links."""
        if not links:

            def refuse(*args, **kwargs):
                raise OSError(errno.EOPNOTSUPP, "no links")

            monkeypatch.setattr(os, "link", refuse)
        found = []
        threads = [
            threading.Thread(target=lambda: found.append(saving.add_artifact(folder, source))) for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert 16 == len({file.name for file in found}) == len(names(folder / "files"))
        assert {b"weights"} == {(folder / "files" / name).read_bytes() for name in names(folder / "files")}


class TestResources:
    """A resource is kept once for all runs of the store, by its content."""

    def test_once_for_all(self, folder, source, tmp_path):
        """Two runs that read the same content share one copy, under its digest."""
        other = tmp_path / "runs" / "2"
        other.mkdir()
        digest = hashlib.sha256(b"weights").hexdigest()
        first, second = saving.add_resource(folder, source), saving.add_resource(other, source)

        assert isinstance(first, File)
        assert ("resource", str(source), digest, 7) == (first.kind, first.name, first.digest, first.size)
        assert first.path == second.path
        assert [f"{digest}.gz"] == names(tmp_path / "runs" / "_resources")

    def test_changed_content(self, folder, source):
        """Changed content is another file."""
        first = saving.add_resource(folder, source).path
        source.write_bytes(b"other")

        assert first != saving.add_resource(folder, source).path

    def test_what_cannot_be_read(self, folder, tmp_path):
        """A missing file is an error that names it."""
        with pytest.raises(SaveError, match=r"resource .*none.* cannot be stored"):
            saving.add_resource(folder, tmp_path / "none")
