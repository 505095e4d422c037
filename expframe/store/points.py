"""What counts of a run's points and media, and what the points come to, out of its folder."""

from __future__ import annotations

from pathlib import Path

from expframe.media import read_file
from expframe.metrics import Curves, read_files, summarize
from expframe.record import Media
from expframe.store import layout
from expframe.store.attempts import superseded
from expframe.summaries import Summary, load


def curves_of(folder: Path, owner: str) -> Curves:
    """Return the points of a run by metric; `owner` is what the run is called in messages."""
    return read_files(layout.metric_files(folder), owner, superseded(folder))


def media_of(folder: Path, name: str | None = None) -> list[Media]:
    """Return the tables, histograms, texts, images and figures of a run, all or of one name, in order."""
    return read_file(folder / layout.MEDIA, name, superseded(folder).get(layout.MEDIA, ()))


def summaries_of(folder: Path) -> dict[str, Summary]:
    """
    Return what the points of a run come to, by metric.

    What the run noted of that is taken as far as it goes; only points after it are read.
    """
    try:
        summaries, covered = load((folder / layout.SUMMARY).read_bytes())
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        summaries, covered = {}, {}
    paths = layout.metric_files(folder)
    sizes = {path.name: path.stat().st_size for path in paths if path.exists()}
    if any(size > sizes.get(name, 0) for name, size in covered.items()):  # points were taken away since
        summaries, covered = {}, {}
    without = superseded(folder)
    for path in paths:
        start = covered.get(path.name, 0)
        if sizes.get(path.name, 0) > start:
            summarize(path, start, summaries, without.get(path.name, ()))
    return summaries
