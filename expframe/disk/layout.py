"""Every file name of a run, and of a folder of runs."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from expframe.disk.files import light_sha256, read_whole

RECORD = "run.json"
RECORD_LEFT = "run.json.retry"
CONFIG = "config.json"
METRICS = "metrics.csv"
METRICS_HEADER = b"metric,step,time,value\n"
SUMMARY = "summary.json"
MEDIA = "media.jsonl"
SYSTEM = "system.csv"
OUTPUT = "output.txt"
FILES = "files.jsonl"
CALLS = "calls.jsonl"
LEASE = "lease"
INFO = "info.json"
RESULT = "result.json"
FILES_FOLDER = "files"
CHECKPOINTS_FOLDER = "checkpoints"
ATTEMPTS_FOLDER = "attempts"
CHILDREN_FOLDER = "children"
SWEEP = "sweep.json"
CHANGES_FOLDER = "changes"
TRIALS_FOLDER = "trials"
POINTS_FOLDER = "points"
RUNGS_FOLDER = "rungs"
TRIAL_CLAIMS_FOLDER = "claims"
STOP_FOLDER = "stop"
RETRY_FOLDER = "retry"
EXCLUDED_FOLDER = "excluded"
WORKERS_FOLDER = "workers"
STASH = "stash.json"
STASH_FOLDER = "stash"
SOURCES_FOLDER = "_sources"
SALT = "_salt"
RESOURCES_FOLDER = "_resources"
TRASH_FOLDER = "_trash"
VIEWS_FOLDER = "_views"
CLAIMS_FOLDER = "_claims"
_OF_RUNS = {RECORD_LEFT, CONFIG, SUMMARY, MEDIA, SYSTEM, OUTPUT, FILES, CALLS, LEASE, INFO, RESULT, SWEEP, STASH}
_OF_RUNS |= {FILES_FOLDER, CHECKPOINTS_FOLDER, ATTEMPTS_FOLDER, CHILDREN_FOLDER, CHANGES_FOLDER, EXCLUDED_FOLDER}
_OF_RUNS |= {TRIALS_FOLDER, POINTS_FOLDER, RUNGS_FOLDER, TRIAL_CLAIMS_FOLDER, STOP_FOLDER, RETRY_FOLDER, WORKERS_FOLDER}
_OF_RUNS |= {STASH_FOLDER}


_ASIDE = r"\..*\.\d+\.[0-9a-f]{8,16}|\.\d+[-.][0-9a-f]{16}(\..*)?|\._clock\.\d+"


def is_aside(name: str) -> bool:
    """
    Return whether a file or folder is called as one is while it is written.

    Example:
        >>> is_aside(".run.json.4711.0123abcd"), is_aside(".settings")
        (True, False)
    """
    return re.fullmatch(_ASIDE, name) is not None


def named_by(uid: str) -> str:
    """
    Return a run's uid as a part of a file's name; a digest of one that runs are not given, since it may be a path.

    Example:
        >>> named_by("../x")
        'd6b96a97d147daaae49eb87a5ca7bfbc'
    """
    if re.fullmatch("[0-9a-f]{8,64}", uid):
        return uid
    digest = light_sha256()
    digest.update(uid.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def of_process(name: str, process: str) -> str:
    """
    Return what another process of the run calls its own file of a kind: each file has one writer.

    Example:
        >>> of_process(FILES, "4711-0123abcd")
        'files-4711-0123abcd.jsonl'
    """
    stem, suffix = os.path.splitext(name)
    return f"{stem}-{process}{suffix}"


def names_of(folder: Path | str, name: str) -> list[str]:
    """Return the names of the files of a kind that a run can have, its own process's first."""
    try:
        return [name, *_of_others(os.listdir(folder), name)]
    except OSError:
        return [name]


def _of_others(names: Iterable[str], name: str) -> list[str]:
    stem, suffix = os.path.splitext(name)
    return sorted(found for found in names if found.startswith(f"{stem}-") and found.endswith(suffix))


def metric_names(folder: Path | str) -> list[str]:
    """
    Return the names of the metric files that a run can have, its own process's first.

    Raises:
        OSError: The folder cannot be read.
    """
    return [METRICS, *_of_others(os.listdir(folder), METRICS)]


def metric_files(folder: Path) -> list[Path]:
    """Return the metric files of a run, its own process's first."""
    return [folder / name for name in metric_names(folder)]


def resumable_files(folder: Path) -> list[Path]:
    """Return the files that are there of points and media, of which a later attempt may count only a part."""
    paths = [*metric_files(folder), *(folder / name for name in names_of(folder, MEDIA))]
    return [path for path in paths if path.exists()]


def worker_metrics(folder: Path) -> list[Path]:
    """Return the metric files of a run's other processes."""
    return metric_files(folder)[1:]


def read(folder: Path, name: str) -> bytes:
    """Return the content of a run's file; cheaper than by a Path of its own, for lists of many runs."""
    return read_whole(f"{folder}/{name}")


def is_run(folder: str | os.PathLike[str]) -> bool:
    """Return whether a folder holds a run; one that cannot be looked into does: what reads it says what is wrong."""
    try:
        return stat.S_ISREG(os.stat(f"{os.fspath(folder)}/{RECORD}").st_mode)  # once for each run that is listed
    except OSError as problem:
        return problem.errno not in (errno.ENOENT, errno.ENOTDIR)


def is_rest_of_run(folder: Path) -> bool:
    """Return whether a folder without a record is of a run all the same: it is empty, or holds only what runs hold."""
    names = set(os.listdir(folder))  # names are all we need
    others = names - _OF_RUNS - {METRICS}
    for kind in (METRICS, MEDIA, FILES, CALLS):
        others -= set(_of_others(others, kind))
    return not names or (CONFIG in names and not others)
