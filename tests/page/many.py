"""Stores of very many runs, made without running anything."""

from pathlib import Path


def multiply(store: Path, last: int) -> None:
    """Fill a store up to a number with copies of its first run."""
    files = {name: (store / "1" / name).read_bytes() for name in ("run.json", "config.json")}
    for number in range(1, last + 1):
        folder = store / str(number)
        if not folder.exists():
            folder.mkdir()
            for name, content in files.items():
                (folder / name).write_bytes(content)
