"""The modules of the page as one script, for a file that opens from disk: modules cannot be imported there."""

from __future__ import annotations

import json
import re
from pathlib import Path

STATIC = Path(__file__).parent / "static"

_IMPORT = re.compile(r'^import (\{[^}]*\}|\* as \w+) from "\./(\w+\.js)";$', re.MULTILINE)
_LATER = re.compile(r'\bimport\("\./(\w+\.js)"\)')
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const)\*? (\w+))", re.MULTILINE)
_COMMENT = re.compile(r"^ */\*\*(?:(?!\*/)(?s:.))*\*/\n|^ *//.*\n", re.MULTILINE)
_REST = re.compile(r"^ *(?:import|export)\b.*|.*\bimport\.meta\b.*|.*\bimport\(.*", re.MULTILINE)

_START = """\
(() => {
"use strict";
const made = {};
const need = (name) => {
  if (!(name in made)) modules[name]((made[name] = {}));
  return made[name];
};
const later = async (name) => need(name);
const modules = {
"""


def script_of(entry: str, folder: Path = STATIC) -> str:
    """
    Return a script that does what a module and those that it imports do.

    Each module is a function of its own, so that no name of one meets that of another, and is done when it is first
    needed. Comments that stand alone are left out.

    Args:
        entry: The file that is done first.
        folder: Where the modules are; `./name.js` is the only form of an import.

    Raises:
        ValueError: A module imports or exports in a form that is not known here.
    """
    done: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in done:
            done[name], imported = _function_of(name, (folder / name).read_text(encoding="utf-8"))
            waiting += imported
    functions = "".join(f"{json.dumps(name)}: (out) => {{\n{text}}},\n" for name, text in sorted(done.items()))
    whole = f"{_START}{functions}}};\nneed({json.dumps(entry)});\n}})();\n"
    return re.sub(r"<(?=/script|!--)", r"\\x3c", whole, flags=re.IGNORECASE)  # what would end or hide a script in HTML


def _function_of(name: str, text: str) -> tuple[str, list[str]]:
    """Return the body of the function that a module becomes, and the modules that it imports."""
    text = _COMMENT.sub("", text)
    imported = [found[1] for found in _IMPORT.findall(text)] + _LATER.findall(text)
    exported = _EXPORT.findall(text)
    text = _LATER.sub(r'later("\1")', _EXPORT.sub("", _IMPORT.sub(_needed, text)))
    rest = _REST.search(text)
    if rest is not None:
        raise ValueError(f"{name}: {rest.group().strip()}")
    getters = ", ".join(f"{each}: {{ get: () => {each} }}" for each in exported)
    return f"Object.defineProperties(out, {{ {getters} }});\n{text}", imported


def _needed(found: re.Match[str]) -> str:
    names = found[1].removeprefix("* as ").replace(" as ", ": ")
    return f'const {names} = need("{found[2]}");'
