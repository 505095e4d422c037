"""Files on disk: append, write-and-rename, link-or-copy, and paths that cannot escape their folder."""

from __future__ import annotations

import errno
import importlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from expframe.errors import EscapingPathError

if TYPE_CHECKING:
    import hashlib

Span = tuple[int, int]
"""Bytes of a file, from the first on and up to the second."""

_NO_LINKS = {errno.EPERM, errno.EACCES, errno.EINVAL, errno.EMLINK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
"""How file systems say that they have no links."""

NO_NAME = {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.EEXIST, errno.EISDIR, errno.ENOTDIR}
"""What a system says of a name that it cannot have, alone or beside others."""

_FICLONE = 0x40049409  # ioctl_ficlone(2): share the blocks of a file on file systems that can


_STALE = 9
"""How often a file may be replaced while it is read."""


def write_all(fd: int, data: bytes) -> None:
    """
    Write every byte of data to a file descriptor.

    Raises:
        OSError: The file system refused; some of the data may have been written.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def append_whole(fd: int, data: bytes) -> None:
    """
    Append data to a file that was opened for it, all or nothing.

    Raises:
        OSError: The file system refused; what it had written of the data is taken back, unless it refuses that too or
            somebody else has appended since.
    """
    view = memoryview(data)
    done = 0
    try:
        while done < len(view):
            done += os.write(fd, view[done:])
    except OSError:
        with suppress(OSError):
            end = os.lseek(fd, 0, os.SEEK_CUR)
            if done and os.fstat(fd).st_size == end:
                os.ftruncate(fd, end - done)
        raise


@contextmanager
def replacing(path: Path, mode: str = "wb") -> Iterator[IO[bytes]]:
    """
    Yield a file that takes the place of `path` when the block ends well, and leaves no trace when it does not.

    Readers see the old content or the new, never a part.
    """
    aside = path.with_name(f".{path.name[:32]}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with _opened(aside, mode, path) as file:
            yield file
        os.replace(aside, path)  # noqa: PTH105  as above
    except BaseException:
        with suppress(OSError):
            os.unlink(aside)  # noqa: PTH108  as above
        raise


def _opened(aside: Path, mode: str, path: Path) -> IO[bytes]:
    """Return the file that is written aside; where it cannot be, that is said of the one whose place it takes."""
    try:
        return open(aside, mode)  # what is built in is 10 us cheaper than a Path's
    except OSError as problem:
        problem.filename = str(path)
        raise


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a whole file aside and rename it over `path`. Text is UTF-8."""
    with replacing(path) as file:
        file.write(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)


def read_whole(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a file; one that another machine replaces just now is read again, as NFS asks for."""
    for _ in range(_STALE):
        try:
            return _content_of(path)
        except OSError as problem:
            if problem.errno != errno.ESTALE:
                raise
    return _content_of(path)


def _content_of(path: str | os.PathLike[str]) -> bytes:
    with open(path, "rb", buffering=0) as file:  # cheaper than by a Path, for lists of many runs
        return file.read()


def write_new(path: Path, content: bytes) -> None:
    """Write a file that nobody reads yet; cheaper than `replace_file`, and a reader may see a part of it."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        write_all(fd, content)
    finally:
        os.close(fd)


def append_line(path: Path, line: str) -> None:
    """
    Append one line to a file in a single write; a missing newline at the end of the file is written first.

    Raises:
        OSError: The file system refused; nothing of the line is there.
    """
    data = line.encode("utf-8", "surrogatepass") + b"\n"
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        append_whole(fd, mend_last_line(fd) + data)
    finally:
        os.close(fd)


def mend_last_line(fd: int) -> bytes:
    """Return what must be written first so that the next line stands alone: a newline if the file lacks one."""
    size = os.fstat(fd).st_size
    return b"" if size == 0 or os.pread(fd, 1, size - 1) == b"\n" else b"\n"


def whole_lines(path: Path, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Yield the lines of a file, from one byte up to another, that end in a newline; a missing file has none."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        file.seek(start)
        for line in file:
            if end is not None and start >= end:
                break
            start += len(line)
            if line.endswith(b"\n"):
                yield line[:-1]


def counted(start: int, without: Sequence[Span]) -> Iterator[tuple[int, int | None]]:
    """
    Yield what is left of a file from a byte on without some ranges; the last piece has no end.

    Example:
        >>> list(counted(10, [(0, 20), (50, 60), (55, 70)]))
        [(20, 50), (70, None)]
    """
    for begin, end in sorted(without):
        if start < begin:
            yield start, begin
        start = max(start, end)
    yield start, None


def synchronise(path: Path) -> None:
    """Wait until a file or folder is on the disk itself, where the system can say so."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:  # a folder cannot be opened on every system
        if path.is_dir():
            return
        raise
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def claim_name(path: str | os.PathLike[str]) -> bool:
    """
    Make an empty file, and return whether nobody had.

    Raises:
        OSError: It cannot be made.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except FileExistsError:
        return False
    return True


def claim(aside: Path, target: Path) -> bool:
    """
    Give a finished file its name unless that is taken; return whether it was free.

    Raises:
        OSError: The file system refused; the name is as it was.
    """
    try:
        os.link(aside, target)
    except FileExistsError:
        return False
    except OSError as problem:
        if problem.errno not in _NO_LINKS:
            raise
        if not claim_name(target):  # a file system without links: take the name first
            return False
        try:
            aside.replace(target)
        except BaseException:
            target.unlink()
            raise
    return True


def require_regular(path: Path) -> None:
    """
    See to it that a path leads to a file that can be read to its end.

    Raises:
        OSError: It leads to a folder, a pipe, a socket or a device, or to nothing.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kind = next((name for is_so, name in _SPECIAL if is_so(mode)), "something else")
        raise OSError(errno.EINVAL, f"{str(path)!r} is {kind}, not a file")


_SPECIAL = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def digest_of(path: Path) -> str:
    """
    Return the SHA-256 of a file of any size, in hex.

    Raises:
        OSError: It is no file, or cannot be read.
    """
    import hashlib

    require_regular(path)

    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def size_of(path: Path) -> int:
    """Return how many bytes a file has, or all files below a folder; links count as themselves."""
    try:
        total = path.lstat().st_size if not path.is_dir() or path.is_symlink() else 0
    except OSError:
        return 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except OSError:  # it has just gone
                continue
    return total


def light_sha256() -> hashlib._Hash:
    """Return an empty SHA-256 for little data: that of Python itself, which loads 2 ms faster than OpenSSL's."""
    for module in ("_sha2", "_sha256", "hashlib"):  # its name since Python 3.12, and before
        with suppress(ImportError):
            empty: hashlib._Hash = importlib.import_module(module).sha256()
            return empty
    raise ImportError("no SHA-256")


def copy_file(source: Path, target: Path) -> None:
    """
    Copy a file, sharing its blocks where the file system can; `target` appears only when it is whole.

    Raises:
        OSError: It is no file, or cannot be copied.
    """
    import shutil

    require_regular(source)
    with source.open("rb") as original, replacing(target) as file:
        if not _clone(original, file):
            shutil.copyfileobj(original, file, 1 << 20)


def _clone(original: IO[bytes], copy: IO[bytes]) -> bool:
    try:
        import fcntl

        fcntl.ioctl(copy.fileno(), _FICLONE, original.fileno())
    except (ImportError, OSError):
        return False
    return True


def _is_text(name: str) -> bool:
    """Return whether a file can be called so; half of a pair of surrogates is no text."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True


def inside(folder: Path, *parts: str | os.PathLike[str]) -> Path:
    """
    Return a path inside `folder`, which need not exist.

    Raises:
        EscapingPathError: The name is empty, absolute, holds `..`, a NUL or what no file is called, or follows a link
            out of the folder.
    """
    name = "/".join(os.fspath(part) for part in parts)
    relative = Path(name)
    is_other = not relative.parts or relative.is_absolute() or relative.drive or ".." in relative.parts
    if is_other or "\0" in name or not _is_text(name):
        raise EscapingPathError(name=name, folder=str(folder))
    path = folder / relative
    root = os.path.realpath(folder)
    if os.path.commonpath([root, os.path.realpath(path)]) != root:
        raise EscapingPathError(name=name, folder=str(folder))
    return path
