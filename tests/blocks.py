"""
Blocks of code in Markdown pages, done as a reader does them: in the order of reading, in one folder, empty at first.

What is done with a block is said by its language:

- whatever begins with `# name.ext` is saved under this name;
- `python` is run as a script;
- `console` has commands after `$ ` and what each prints;
- `pycon` has statements after `>>> ` and what each prints, in an interpreter of its own;
- `ipython` is a cell of the page's only notebook, and a `text` block right below it is what is shown below the cell;
- `sh` is left to whoever tests the page.
"""

from __future__ import annotations

import re
import subprocess
import sys
from codeop import compile_command
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from subprocess import PIPE, STDOUT
from types import TracebackType
from typing import Any

from steps import Step, alone, read_steps, without_place, write_steps

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"# (\S+[.](?:py|yaml|toml))\n")
_STATEMENT = re.compile(r"^>>> (.*\n(?:[.]{3}(?: .*)?\n)*)", re.MULTILINE)
_FRAMES = re.compile(r"^(Traceback .*\n)(?: .*\n)+", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PROMPT = "\x1e"


@dataclass(frozen=True)
class Block:
    """
    A block of a page.

    Attributes:
        language: What stands after its opening fence.
        text: What is in it.
        shown: The `text` block below it; None where there is none.
    """

    language: str
    text: str
    shown: str | None = None

    @property
    def name(self) -> str | None:
        """The file that it is saved as."""
        found = _NAME.match(self.text)
        return found[1] if found else None

    @property
    def steps(self) -> list[Step]:
        """What is to be done, with what is shown of it."""
        if self.language == "console":
            return read_steps(self.text)
        if self.language == "pycon":
            parts = _STATEMENT.split(self.text)[1:]
            return [Step(source, shown) for source, shown in zip(parts[::2], parts[1::2], strict=True)]
        return [Step(self.text, self.shown or "")] if self.language == "ipython" else []

    def renewed(self, done: list[tuple[Step, str]]) -> str:
        """Return the block, fences included, with what was really printed."""
        text, shown = self.text, self.shown
        if self.language == "console":
            text = write_steps(done)
        elif self.language == "pycon":
            text = "".join(f">>> {step.command}{step.renewed(actual)}" for step, actual in done)
        elif self.language == "ipython":
            ((step, actual),) = done
            shown = step.renewed(actual)
        return _fenced(self.language, text) + (f"\n\n{_fenced('text', shown)}" if shown else "")


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text if text.endswith(chr(10)) else text + chr(10)}```"


def read_blocks(page: Path, language: str | None = None) -> list[Block]:
    """Return the blocks of a page, all or those in one language."""
    text = page.read_text(encoding="utf-8")
    blocks = [Block(*found.groups()) for found in _BLOCK.finditer(text)]
    fences = sum(2 if block.shown is None else 4 for block in blocks)
    assert text.count("```") == fences, f"{page.name} has a block that is indented or not closed: nobody would do it"
    return [block for block in blocks if language in (None, block.language)]


class Reader:
    """Does the blocks of one page in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = ExitStack()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, kind: type | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()

    def do(self, block: Block) -> list[tuple[Step, str]]:
        """Do a block, and return its steps with what each printed."""
        steps = block.steps
        if block.name is not None:
            (self._folder / block.name).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            command = [sys.executable, "-c", block.text]
            subprocess.run(command, cwd=self._folder, env=alone(self._folder), timeout=900, check=True)
        elif block.language == "console":
            return [(step, step.run(self._folder)) for step in steps]
        elif block.language == "pycon":
            return list(zip(steps, self._interpret(steps), strict=True))
        elif block.language == "ipython":
            return [(step, without_place(self._notebook.execute(step.command), self._folder)) for step in steps]
        else:
            assert block.language == "sh", f"nobody does this block:\n{block.text}"
        return []

    def _interpret(self, steps: list[Step]) -> list[str]:
        """Return what the interactive interpreter prints after each statement, without the frames of tracebacks."""
        prompts = f"import sys; sys.ps1 = {_PROMPT!r}; sys.ps2 = ''"
        done = subprocess.run(
            [sys.executable, "-q", "-i", "-c", prompts],
            input="".join(_typed(step.command) for step in steps).encode(),
            cwd=self._folder,
            env=alone(self._folder),
            stdout=PIPE,
            stderr=STDOUT,
            timeout=900,
            check=True,
        )
        texts = without_place(done.stdout.decode(), self._folder).split(_PROMPT)[1 : 1 + len(steps)]
        return [_FRAMES.sub(r"\1  ...\n", text) for text in texts]

    @cached_property
    def _notebook(self) -> Notebook:
        return self._open.enter_context(Notebook(self._folder))


def _typed(statement: str) -> str:
    """Return what is typed for a statement: without prompts, and with the empty line that ends a compound one."""
    source = re.sub(r"^[.]{3} ?", "", statement, flags=re.MULTILINE).rstrip()
    return source + ("\n" if compile_command(source) else "\n\n")


def kernel_client(cells: Any, folder: Path, **how: Any) -> Any:
    """Return what executes cells in a kernel of their own, which other programs may hold up when it starts and ends."""
    from nbclient import NotebookClient
    from traitlets.config import Config

    place = {"metadata": {"path": str(folder)}}
    patience = Config({"KernelManager": {"shutdown_wait_time": 240.0}})  # one that takes longer is told to end
    limits = {"timeout": 900, "startup_timeout": 900}
    return NotebookClient(cells, kernel_name="python3", resources=place, config=patience, **limits, **how)


class Notebook:
    """A notebook in a folder, whose cells are executed one after the other by a kernel."""

    def __init__(self, folder: Path) -> None:
        import nbformat

        self._cells = nbformat.v4.new_notebook()
        self._client = kernel_client(self._cells, folder, allow_errors=True)
        self._kernel = self._client.setup_kernel(env={**alone(folder), "IPYTHONDIR": str(folder / ".ipython")})

    def __enter__(self) -> Notebook:
        self._kernel.__enter__()
        return self

    def __exit__(self, *problem: Any) -> None:
        self._kernel.__exit__(*problem)

    def execute(self, source: str) -> str:
        """Execute one more cell and return what is shown below it, as text without colours."""
        import nbformat

        cell = nbformat.v4.new_code_cell(source.strip())
        self._cells.cells.append(cell)
        self._client.execute_cell(cell, len(self._cells.cells) - 1)
        return _COLOUR.sub("", "".join(map(_text_of, cell.outputs)))


def _text_of(output: Any) -> str:
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return "\n".join(output.traceback) + "\n"
    return str(output.data.get("text/plain", "")) + "\n"


def check_page(page: Path, folder: Path) -> None:
    """Do each block of a page in a folder, and fail where what it prints is not what the page shows."""
    with Reader(folder) as reader:
        for block in read_blocks(page):
            for step, actual in reader.do(block):
                step.compare(actual)


def rewrite_page(page: Path, folder: Path) -> None:
    """Do each block of a page in a folder, and write what it really prints into the page."""
    with Reader(folder) as reader:

        def renew(found: re.Match[str]) -> str:
            block = Block(*found.groups())
            done = reader.do(block)
            return block.renewed(done) if done else found[0]

        page.write_text(_BLOCK.sub(renew, page.read_text(encoding="utf-8")), encoding="utf-8")


def find_unused(page: Path) -> list[str]:
    """Return the files that blocks of a page make and that no command and no other file of it uses."""
    texts = [block.text for block in read_blocks(page)]
    unused = []
    for number, block in enumerate(read_blocks(page)):
        if block.name is not None:
            others = "".join(texts[:number] + texts[number + 1 :])
            used = rf"\b{re.escape(block.name)}\b|\bfrom {block.name.removesuffix('.py')} import"
            if not re.search(used, others):
                unused.append(block.name)
    return unused
