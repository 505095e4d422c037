"""The table in docs/values.md says what comes out. `python tests/config/test_values_table.py` writes it anew."""

from __future__ import annotations

import ast
import datetime  # noqa: F401  entries of the table are made of it
import decimal  # noqa: F401
import enum
import json
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal  # noqa: F401

from expframe import Experiment
from expframe.errors import EntryTypeError

PAGE = Path(__file__).parents[2] / "docs" / "values.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"


class Mode(enum.Enum):
    """Some enum."""

    FAST = "f"
    SLOW = "s"


@dataclass
class Adam:
    """Some dataclass."""

    lr: float = 0.1
    betas: tuple[float, ...] = (0.9,)


CASES = {
    'x = "adam"': ["sgd", "10", "[1]", "no", "None", "null"],
    "x = 0.1": ["1", "1e-3", "inf", "True", "null", "fast", "0.1, 0.2"],
    "x = 3": ["1e3", "2.5", "True", "null", "three"],
    "x = True": ["no", "False", "1", "maybe"],
    "x = None": ["3", "text", "[1, 2]", "null"],
    "x = [1, 2]": ["[3, 4.0]", "3", "null"],
    "x = (1, 2)": ["[3]"],
    "x = {1, 2}": ["[3, 3]"],
    "x = Mode.FAST": ["SLOW", "s", "NONE"],
    'x = [Path("a")]': ["['b']"],
    'x = Path("a")': ["b/c", "3"],
    "x = datetime.date(2027, 1, 31)": ["2027-02-01", "soon"],
    "x = datetime.timedelta(minutes=1)": ["0:01:30", "2 days, 1:00:00", "90"],
    'x = decimal.Decimal("0.1")': ["0.30"],
    "x = Adam()": ['{"lr": 1}'],
    "x: int = 3": ["4.0", "2.5", "null"],
    "x: float = 0": ["1", "inf"],
    "x: float | None = None": ["1", "null"],
    "x: int | str = 3": ["7", "7.5", "text"],
    "x: str | int = 3": ["7", "text"],
    'x: Literal["auto", 1, 2] = "auto"': ["2", "auto", "3"],
    "x: list[Path] = []": ["['a', 'b']"],
    "x: tuple[int, float] = (1, 2.0)": ["[3, 4]", "[3]"],
    'x: dict[str, Mode] = {"a": Mode.FAST}': ['{"a": "SLOW"}'],
    "x: list[Mode] | None = None": ["['FAST', 's']", "null"],
}


def written(text: str) -> dict[str, object]:
    """Return the words and the contents of files by which each source says what is written."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = text
    try:
        json.loads(text)
        in_json = text
    except ValueError:
        in_json = json.dumps(value if isinstance(value, list | dict) else text)
    try:
        tomllib.loads(f"x = {text}")
        in_toml = text
    except tomllib.TOMLDecodeError:
        entries = value.items() if isinstance(value, dict) else ()
        in_toml = ", ".join(f"{key} = {json.dumps(item)}" for key, item in entries)
        in_toml = f"{{{in_toml}}}" if entries else json.dumps(text)
    return {"YAML": f"x: {text}", "JSON": f'{{"x": {in_json}}}', "TOML": f"x = {in_toml}", "a dict": {"x": value}}


def experiment(entry: str, folder: Path) -> Experiment:
    """Return an experiment with one entry, whose config function stands in a file."""
    source = folder / "entries.py"
    source.write_text(f"def config():\n    {entry}\n")
    names = {**globals()}
    exec(compile(source.read_text(), source, "exec"), names)
    ex = Experiment("table")
    ex.config(names["config"])
    return ex


def outcome(ex: Experiment, *words: str, **how: object) -> str:
    """Return what comes out, as the table shows it."""
    try:
        config = ex.resolve(*words, **how)
    except EntryTypeError:
        return "refused"
    value = repr(config["x"]).replace("PosixPath", "Path").replace("WindowsPath", "Path")
    return f"`{value}`" + (", with a warning" if config.warnings else "")


def rows(folder: Path) -> list[str]:
    """Return the table, a line a row."""
    lines = ["| entry | written | comes out | but |", "|---|---|---|---|"]
    for entry, texts in CASES.items():
        ex = experiment(entry, folder)
        for text in texts:
            common = outcome(ex, f"x={text}")
            others: dict[str, list[str]] = {}
            for source, content in written(text).items():
                if isinstance(content, dict):
                    found = outcome(ex, config_updates=content)
                else:
                    path = folder / f"values.{source.lower()}"
                    path.write_text(content)
                    found = outcome(ex, named=[str(path)])
                if found != common:
                    others.setdefault(found, []).append(source)
            but = "; ".join(f"{', '.join(sources)}: {found}" for found, sources in others.items())
            lines.append(f"| {cell(f'`{entry}`')} | {cell(f'`{text}`')} | {cell(common)} | {cell(but)} |")
    return lines


def cell(text: str) -> str:
    """Return a text for a cell: a bar would begin the next one."""
    return text.replace("|", "\\|")


def page_with(table: list[str]) -> str:
    """Return the page with a table."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n" + "\n".join(table) + f"\n\n{END}{after}"


def test_the_table_is_what_comes_out(tmp_path):
    """Each row of the table says what an entry of its kind is when it is set from each of the sources."""
    assert page_with(rows(tmp_path)) == PAGE.read_text(encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        PAGE.write_text(page_with(rows(Path(name))), encoding="utf-8")
