"""Texts and files without what differs from one time, place or machine to the next."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

_FOREIGN_FRAME = re.compile(
    r'^( *)File "(?!FOLDER/)[^"]*", line \d+(?:, in .*)?\n(?:\1  .*\n|\s*[~^]+[~^ ]*\n)*\n*', re.MULTILINE
)
_LIBRARIES = ("sacred", "expframe")  # each names itself among the dependencies
_OWN_COMMANDS = "print_config|print_dependencies|save_config|print_named_configs"
_DOCSTRING = re.compile(r'"""\n.*?"""', re.DOTALL)  # newer Pythons take the indentation away
_PATTERNS = (
    # where a decorator is called: the line of the decorator, or on older Pythons that of the function
    (re.compile(r'^ *File "FOLDER/[^"]*", line \d+, in <module>\n *(?:@|def ).*\n', re.MULTILINE), ""),
    (re.compile(r"^ *[~^]+[~^ ]*\n", re.MULTILINE), ""),  # what a traceback underlines depends on the Python
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.]\d+)?"), "TIME"),
    (re.compile(r"\b0:\d\d:\d\d(?:[.]\d+)?\b"), "0:00:00"),
    (re.compile(r"\b(seed(?:\"?: | = ))\d{3,10}\b *"), r"\1DRAWN "),
    (re.compile(rf"^  (?:{'|'.join(_LIBRARIES)}) +== .*\n", re.MULTILINE), ""),
    (re.compile(r"^(  \S+ +== )\S+$", re.MULTILINE), r"\1VERSION"),
    (re.compile(r"\b0x[0-9a-f]{6,}\b"), "0xADDRESS"),
    (re.compile(r"(?<=<)expframe[.]compat[.](?=sacred[.])"), ""),  # what `sacred` means there, in the name of an object
    (re.compile(r"\b[0-9a-f]{40}\b"), "COMMIT"),
    # what a help text says in words of its own: of options, arguments and the commands that every experiment has
    (re.compile(r"^(  (?:-\w )?(?:VALUE )?--[\w-]+(?:=VALUE)?)  .*\n(?: {32}.*\n)*", re.MULTILINE), r"\1\n"),
    (re.compile(r"^  (COMMAND|UPDATE)  .*\n", re.MULTILINE), r"  \1\n"),
    (re.compile(rf"^(  (?:[\w.]+[.])?(?:{_OWN_COMMANDS}))  .*", re.MULTILINE), r"\1"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
)
_HOST = {"cpu", "hostname", "os", "os_info", "python_version"}


class Normaliser:
    """
    Makes what a script left in a folder comparable with what it left elsewhere.

    Args:
        folder: Where the script was executed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def name(self, path: Path) -> str:
        """Return the name of a file below the folder."""
        return path.relative_to(self._folder).as_posix()

    def text(self, data: bytes) -> list[str]:
        """Return the lines of an output."""
        text = data.decode("utf-8", errors="replace").replace(str(self._folder), "FOLDER")
        text = _FOREIGN_FRAME.sub("", text)
        text = _DOCSTRING.sub(lambda found: re.sub(r"\n +", "\n", found[0]), text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text.splitlines()

    def file(self, path: Path) -> Any:
        """Return the content of a file as JSON values: the rows of a database, the lines of a text."""
        data = path.read_bytes()
        if path.parent.name == "_sources":
            return f"{len(data)} bytes"
        if data.startswith(b"SQLite format 3"):
            return self._rows(path)
        if path.suffix == ".json":
            return self._value(json.loads(data), ())
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            return f"{len(data)} bytes"
        # stdout and stderr reach the file on two ways, in an order that nobody promises
        return sorted(self.text(data)) if path.name == "cout.txt" else self.text(data)

    def _rows(self, path: Path) -> dict[str, Any]:
        with closing(sqlite3.connect(path)) as database:
            names = [name for (name,) in database.execute("select name from sqlite_master where type='table'")]
            tables = {}
            for name in sorted(names):
                found = database.execute(f"select * from {name}")
                columns = [column[0] for column in found.description]
                rows = [dict(zip(columns, row, strict=True)) for row in found]
                if name == "dependency":
                    rows = [{"name": row["name"]} for row in rows if row["name"] not in _LIBRARIES]
                # associations come in the order of a set
                tables[name] = sorted((self._value(row, (name,)) for row in rows), key=repr)
        return tables

    def _value(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, dict) and value.get("py/object") == "datetime.datetime":
            return "TIME"
        if isinstance(value, dict):
            unsure = {"gpus"} if path[-1:] == ("host",) else set()  # where no GPU can be asked, there is no entry
            return {key: self._entry(key, child, path) for key, child in value.items() if key not in unsure}
        if path[-1:] == ("dependencies",) and isinstance(value, list):
            return [child for child in (str(child).partition("==")[0] for child in value) if child not in _LIBRARIES]
        if isinstance(value, list):
            is_trace = path[-1:] == ("fail_trace",)
            return self.text("".join(value).encode()) if is_trace else [self._value(child, path) for child in value]
        if isinstance(value, str):
            return "\n".join(self.text(value.encode()))
        return f"{len(value)} bytes" if isinstance(value, bytes) else value

    def _entry(self, key: str, value: Any, path: tuple[str, ...]) -> Any:
        if path[-1:] == ("host",) and key in _HOST:
            return "MACHINE"
        if key == "seed" and isinstance(value, int) and value > 99_999:
            return "DRAWN"
        if (*path, key) == ("experiment", "md5sum"):  # of all facts of the experiment, the folder among them
            return "DIGEST"
        return self._value(value, (*path, key))
