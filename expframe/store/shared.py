"""Files that are kept once for all runs of a store: sources and resources, and which runs use them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from expframe.disk import light_sha256
from expframe.store import layout
from expframe.store.reader import StoredRun

FOLDERS = (layout.SOURCES_FOLDER, layout.RESOURCES_FOLDER)
_PIECE = 1 << 20


def names_of(run: StoredRun) -> set[str]:
    """
    Return the shared files that a run uses, from the store on: `_sources/DIGEST.py`.

    Raises:
        ValueFormatError: The record cannot be read.
    """
    record = run.record
    found = {f"{layout.SOURCES_FOLDER}/{name}" for _, name in (*record.sources, *record.sources_at_end)}
    for file in run.files:
        path = Path(file.path)
        if path.parent.name == layout.RESOURCES_FOLDER:
            found.add(f"{layout.RESOURCES_FOLDER}/{path.name}")
    return found


def files_in(store: Path) -> Iterator[tuple[str, Path]]:
    """Yield each shared file of a store by the name that `names_of` has for it; none that is still being written."""
    for folder in FOLDERS:
        try:
            names = os.listdir(store / folder)  # noqa: PTH208
        except FileNotFoundError:
            continue
        for name in sorted(names):
            if not name.startswith("."):
                yield f"{folder}/{name}", store / folder / name


def is_whole(path: Path) -> bool:
    """Return whether the content of a shared file is what its name, a digest, says."""
    digest = light_sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest() == path.name.partition(".")[0]
