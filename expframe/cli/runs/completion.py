"""`expframe completion SHELL`: what makes a shell complete commands, runs and config entries."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable, Sequence

from expframe.cli.runs.candidates import Candidate, candidates
from expframe.cli.runs.commands import COMMANDS
from expframe.cli.standard_streams import put

_BASH = """\
_expframe() {
    local IFS=$'\\n'
    COMPREPLY=($(expframe completion --answer bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null))
    [[ "${COMPREPLY[*]}" == *[=:] ]] && compopt -o nospace
}
complete -o bashdefault -o default -F _expframe expframe"""

_ZSH = """\
_expframe() {
    local -a plain open
    local text about
    while IFS=$'\\t' read -r text about; do
        if [[ "$text" == *[=:] ]]; then
            open+=("${text//:/\\\\:}${about:+:$about}")
        else
            plain+=("${text//:/\\\\:}${about:+:$about}")
        fi
    done < <(expframe completion --answer zsh "${(@Q)words[1,CURRENT]}" 2>/dev/null)
    (( ${#plain} + ${#open} )) || { _files; return }
    (( ${#plain} )) && _describe -V expframe plain
    (( ${#open} )) && _describe -V expframe open -S ''
    return 0
}
compdef _expframe expframe"""

_FISH = """\
function __expframe
    expframe completion --answer fish (commandline -opc) (commandline -ct) 2>/dev/null
end
complete -c expframe -f -k -a '(__expframe)'"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
_FOR_PYTHON = {
    "bash": "complete -o bashdefault -o default -F _expframe python python3",
    "zsh": "compdef _expframe python python3",
    "fish": "complete -c python -k -a '(__expframe)'\ncomplete -c python3 -k -a '(__expframe)'",
}

USAGE = """\
Print what makes a shell complete commands, runs and config entries.

Usage:
  expframe completion SHELL [--python]

  SHELL is one of these; the line goes into its start-up file, and for fish
  into config.fish:

    bash    eval "$(expframe completion bash)"
    zsh     eval "$(expframe completion zsh)"      after compinit
    fish    expframe completion fish | source

Options:
  --python    Complete `python script.py COMMAND with ENTRY=VALUE` too, from
              the script's text and its earlier runs. In bash and zsh this
              takes the place of other completions of python.
  -h --help   Show this text.
"""


def main(words: Sequence[str]) -> int:
    """Print what a shell is to read, or answer it; importing little, since it is asked at each press of a key."""
    if words[:1] == ["--answer"]:
        return _answer(words[1], words[2:])
    if "-h" in words or "--help" in words:
        put(USAGE)
        return 0
    asked = [word for word in words if word != "--python"]
    if len(asked) != 1 or asked[0] not in _SCRIPTS:
        what = f"{' '.join(words)}: is no shell that is known" if asked else "SHELL: is missing"
        problem = f"{what}. Name one: {', '.join(_SCRIPTS)}."
        print(f"CommandLineError: {problem}", file=sys.stderr)
        return 2
    put(f"{_SCRIPTS[asked[0]]}\n")
    if "--python" in words:
        put(f"{_FOR_PYTHON[asked[0]]}\n")
    return 0


def _answer(shell: str, words: Sequence[str]) -> int:
    """Print what the last word may become, one a line, as a shell takes it."""
    commands = [(name, about) for name, (_, about) in COMMANDS.items()]
    if shell == "bash":
        line, breaks = words
        split = _split(line)
        texts = _after_break(candidates(split, commands), split[-1], breaks)
    else:
        texts = ["\t".join(filter(None, map(_clean, candidate))) for candidate in candidates(words, commands)]
    put("".join(f"{text}\n" for text in texts))
    return 0


def _split(line: str) -> list[str]:
    """Return the words of a line that is being written; the last one may be empty."""
    for closing in ("", "'", '"'):
        try:
            words = shlex.split(line + closing)
        except ValueError:
            continue
        return [*words, ""] if line[-1:].isspace() or not words else words
    return line.split(" ")


def _after_break(found: Iterable[Candidate], last: str, breaks: str) -> list[str]:
    """Return candidates without what bash takes for words before: it breaks words at `=` and `:`."""
    start = max((last.rfind(character) + 1 for character in breaks if character in "=:"), default=0)
    return [_clean(candidate.text)[start:] for candidate in found]


def _clean(text: str) -> str:
    """Return a text that is one line and one column."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)
