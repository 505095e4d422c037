"""Files that are kept once for all runs of a store: sources and resources, and which runs use them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from expframe.disk import layout
from expframe.disk.files import digest_of
from expframe.record.record import Record
from expframe.store import attempts
from expframe.store.reader import StoredRun

_DIGEST = re.compile(r"[0-9a-f]{64}")
FOLDERS = (layout.SOURCES_FOLDER, layout.RESOURCES_FOLDER)


def names_of(run: StoredRun) -> set[str]:
    """
    Return the shared files that a run uses, in earlier attempts too, from the store on: `_sources/DIGEST.py`.

    Raises:
        ValueFormatError: The record cannot be read.
    """
    records = [run.record]
    for attempt in attempts.read(run.folder):
        with suppress(ValueError, TypeError, KeyError, AttributeError):  # what it says of the time before is damaged
            records.append(Record.from_json(attempt.before))
    stored = chain.from_iterable((*record.sources, *record.sources_at_end) for record in records)
    found = {f"{layout.SOURCES_FOLDER}/{name}" for _, name in stored}
    for file in run.files:
        path = Path(file.path)
        if path.parent.name == layout.RESOURCES_FOLDER:
            found.add(f"{layout.RESOURCES_FOLDER}/{path.name}")
    return found


def files_in(store: Path) -> Iterator[tuple[str, Path]]:
    """Yield each shared file of a store by the name that `names_of` has for it; none that is still being written."""
    for folder in FOLDERS:
        try:
            names = os.listdir(store / folder)
        except FileNotFoundError:
            continue
        for name in sorted(names):
            if not name.startswith("."):
                yield f"{folder}/{name}", store / folder / name


def is_whole(path: Path) -> bool:
    """Return whether the content of a shared file is what its name, a digest, says; other names say nothing of it."""
    named = path.name.partition(".")[0]
    if not _DIGEST.fullmatch(named):
        return True
    return digest_of(path) == named
