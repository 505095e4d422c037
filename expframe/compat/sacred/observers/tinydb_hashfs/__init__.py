"""Runs in a TinyDB, their files beside it."""

from __future__ import annotations

from expframe.compat.sacred.observers.tinydb_hashfs.reader import TinyDbReader
from expframe.compat.sacred.observers.tinydb_hashfs.tinydb_hashfs import TinyDbObserver, tiny_db_option

__all__ = ["TinyDbObserver", "TinyDbReader", "tiny_db_option"]
