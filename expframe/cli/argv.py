"""Usage text, and a command line's words to a Request."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from expframe.config import dotted
from expframe.config.options import FLAGS, Flag, Options
from expframe.config.request import Override
from expframe.errors import CommandLineError
from expframe.recipe.registry import CliOption, Command

_PRINT_CONFIG = "  {program} print_config [GROUP] [(with UPDATE...)] [options]\n"
_GRAMMAR = f"""\
Usage:
  {{program}} [(with UPDATE...)] [options]
  {{program}} help [COMMAND]
  {{program}} [COMMAND] (-h | --help)
{_PRINT_CONFIG}\
  {{program}} COMMAND [(with UPDATE...)] [options]
"""


OF_PRINT_CONFIG = (
    Flag("", "--changed", "changed", "With print_config: only what differs from the defaults."),
    Flag("", "--json", "json", "With print_config: the values as JSON."),
)
"""Flags of one command alone."""


_WIDTH = 79
"""No line of help is longer, but for what users have written."""


class Words(NamedTuple):
    """
    A command line, taken apart.

    Attributes:
        command: The command, or None for the main function.
        overrides: `lr=0.1` and its like.
        named: The words without `=`: named configs and files.
        options: The flags.
        help: Whether only help is wanted.
        kwargs: Arguments of the command that have words of their own.
    """

    command: str | None
    overrides: tuple[Override, ...]
    named: tuple[str, ...]
    options: Options
    help: bool
    kwargs: Mapping[str, Any] = MappingProxyType({})


def usage(
    program: str,
    description: str,
    commands: Mapping[str, Command],
    cli_options: Sequence[CliOption] = (),
    more: Iterable[str] = (),
) -> str:
    """Return the whole help text of a script; `more` are further parts, for the end."""
    import textwrap

    parts = [_GRAMMAR.format(program=program)]
    if description.strip():
        parts.append(textwrap.dedent(description).strip() + "\n")
    parts.append(options_text([*FLAGS, *OF_PRINT_CONFIG, *(option.flag for option in cli_options)]))
    parts.append(
        "Arguments:\n"
        "  COMMAND   Name of the command to run (see below for the commands).\n"
        "  UPDATE    An override (name=value, net.depth=3, layers.0=9, tags+=['x'],\n"
        "            +new=1, ...name=1 at any depth), a named config, or a config file.\n"
    )
    if commands:
        docs = {name: command.doc for name, command in commands.items()}
        docs.setdefault("sweep", "Do a run for each of several values; sweep --help says how.")
        parts.append("Commands:\n" + columns(docs.items()) + "\n")
    return "\n".join([*parts, *more]).rstrip("\n") + "\n"


def columns(rows: Iterable[tuple[str, str]]) -> str:
    """Return names and what is said of them side by side, no line longer than a screen is wide."""
    import textwrap

    known = list(rows)
    width = min(max((len(name) for name, _ in known), default=0), 28)
    lines = []
    for name, text in known:
        start = f"  {name:<{width}}  "
        first = [start.rstrip()] if len(name) > width else []
        indent = " " * (width + 4)
        said = textwrap.wrap(text, _WIDTH, initial_indent=indent if first else start, subsequent_indent=indent)
        lines += [*first, *(said or ([] if first else [start.rstrip()]))]
    return "\n".join(lines)


def short_usage(program: str) -> str:
    """Return the usage lines alone."""
    return _GRAMMAR.format(program=program).rstrip()


def usage_of(program: str, command: str) -> str:
    """Return the usage line of one command."""
    line = _PRINT_CONFIG.strip() if command == "print_config" else f"{{program}} {command} [(with UPDATE...)] [options]"
    return f"Usage:\n  {line.format(program=program)}"


def parse(argv: Sequence[str], program: str, cli_options: Sequence[CliOption] = ()) -> Words:
    """
    Take a command line apart.

    Args:
        argv: The words after the program's name.
        program: What the program is called in messages.
        cli_options: The user's own options.

    Raises:
        CommandLineError: The words fit no usage line.
        UsageError: A word after `with` is no override.
        OptionError: An option has a value it cannot take.
    """
    # docopt would take the word `with` for a GROUP that may be left out.
    with_flags = [_PRINT_CONFIG.replace("[GROUP]", f"{group}[--changed] [--json]") for group in ("", "GROUP ")]
    lines = _GRAMMAR.replace(_PRINT_CONFIG, "".join(with_flags))
    flags = [*FLAGS, *(option.flag for option in cli_options)]
    found = match_lines(lines, flags, argv, short_usage(program))
    updates = [word for word in found["UPDATE"] or [] if word]
    given = {flag.long: found[flag.long] for flag in FLAGS if found[flag.long] not in (None, False)}
    extra = {option.flag.long: found[option.flag.long] for option in cli_options}
    shown = {"group": found.get("GROUP"), "changed": found.get("--changed"), "as_json": found.get("--json")}
    return Words(
        "print_config" if found.get("print_config") else found["COMMAND"],
        tuple(Override.parse(word) for word in updates if "=" in word),
        tuple(word for word in updates if "=" not in word),
        Options.from_mapping({**given, "extra": {k: v for k, v in extra.items() if v not in (None, False)}}),
        bool(found.get("help") or found["--help"]),
        {name: value for name, value in shown.items() if value},
    )


def match_lines(lines: str, flags: Sequence[Flag], argv: Sequence[str], shown: str) -> dict[str, Any]:
    """
    Return what the words of a command line are by usage lines and flags.

    docopt is told of the lines and flags that they may be: the time it takes grows with the square of those.

    Args:
        lines: The usage lines, in docopt's form, with `{program}` where the program's name stands.
        flags: The flags that may be given.
        argv: The words after the program's name.
        shown: The usage lines that an error shows.

    Raises:
        CommandLineError: The words fit no usage line.
    """
    from docopt import DocoptExit, DocoptLanguageError, docopt

    fitting = "\n".join(line for line in lines.splitlines() if _has_literals(line, argv))
    asked = [flag for flag in flags if any(_may_mean(word, flag) for word in argv)]
    grammar = f"{fitting.format(program='script')}\n\n{_options_grammar(asked)}"
    found: dict[str, Any] = {flag.long: None if flag.value else False for flag in flags}
    try:
        found |= docopt(grammar, argv=_spread(argv, grammar), default_help=False)
    except (DocoptExit, DocoptLanguageError):
        raise CommandLineError(*_explain(list(argv), flags), shown) from None
    if "with" in (found.get("COMMAND"), found.get("GROUP")):
        raise CommandLineError(*_explain(list(argv), flags), shown)
    return found


def _has_literals(line: str, argv: Sequence[str]) -> bool:
    """Return whether the words that a usage line asks for in any case are there."""
    return all(word in argv for word in line.split() if word.isidentifier() and word.islower())


def _may_mean(word: str, flag: Flag) -> bool:
    """Return whether a word, or a part of it, may be a flag."""
    if word.startswith("--"):
        return flag.long.startswith(word.partition("=")[0])
    return word.startswith("-") and flag.short[1:] in word[1:] if flag.short else False


def match(grammar: str, argv: Sequence[str]) -> dict[str, Any]:
    """
    Return what the words of a command line are by a usage text of one's own, by flag, command and argument.

    Args:
        grammar: The usage text.
        argv: The words after the program's name.

    Raises:
        SystemExit: The words do not fit; its text says so and shows the usage lines.
    """
    from docopt import docopt

    return dict(docopt(grammar, argv=_spread(argv, grammar), default_help=False))


def _spread(argv: Sequence[str], grammar: str) -> list[str]:
    """Return words in which `-F=out` is `-F out`: docopt would take the equals sign for a part of the value."""
    takes_value = set(re.findall(r"(?<!\S)-(\w)[ =](?=[A-Z])", grammar))
    words: list[str] = []
    for word in argv:
        flags, equals, value = word.partition("=")
        is_short = re.fullmatch(r"-\w+", flags) is not None
        if equals and is_short and flags[-1] in takes_value and takes_value.isdisjoint(flags[1:-1]):
            words += [flags, value]
        else:
            words.append(word)
    return words


def split_argv(argv: str | Sequence[str] | None) -> list[str]:
    """
    Return a command line as a list of words, the program's name first.

    Raises:
        CommandLineError: It is neither a text nor a list of texts.
    """
    import sys

    if argv is None:
        return list(sys.argv)
    if isinstance(argv, str):
        import shlex

        return shlex.split(argv)
    if not isinstance(argv, list | tuple) or not all(isinstance(word, str) for word in argv):
        raise CommandLineError(f"argv {argv!r:.100}", "must be a text or a list of texts.")
    return list(argv)


def program_name(argv: Sequence[str]) -> str:
    """Return how a script is called in usage lines."""
    if not argv or not argv[0]:
        return "script"
    try:
        name = os.path.relpath(argv[0])
    except (OSError, ValueError):  # the working directory is gone, or on another drive
        name = Path(argv[0]).name
    if name.replace("_", "").replace(".", "").replace(os.sep, "").isalnum():
        return name
    import shlex

    return shlex.quote(name)


def options_text(flags: Iterable[Flag]) -> str:
    """Return the flags with their help, a part of a help text."""
    return "Options:\n" + "\n".join(map(_flag_text, flags)) + "\n"


def _options_grammar(flags: Iterable[Flag]) -> str:
    """Return the options without their help: docopt would read flags and defaults out of it."""
    return "Options:\n" + "\n".join(f"  {_spelled(flag)}" for flag in flags) + "\n"


def _spelled(flag: Flag) -> str:
    if flag.value:
        return f"{flag.short} VALUE --{flag.long.lstrip('-')}=VALUE" if flag.short else f"{flag.long}=VALUE"
    return f"{flag.short} {flag.long}".strip()


def _flag_text(flag: Flag) -> str:
    import textwrap

    lines = textwrap.wrap(flag.help, _WIDTH - 34) or [""]
    spelled = f"  {_spelled(flag):<30}  "
    start = spelled if len(spelled) <= 34 else f"{spelled.rstrip()}\n{'':34}"
    return start + f"\n{'':34}".join(lines)


# ---------------------------------------------------------------------------------------------- what is wrong


def _explain(argv: Sequence[str], flags: Iterable[Flag]) -> tuple[str, str]:
    """Return which word is wrong, and why."""
    flags = [*flags, *(OF_PRINT_CONFIG if "print_config" in argv else ())]
    given: list[Flag] = []
    takes = False
    words: list[str] = []
    for position, word in enumerate(argv):
        if takes or not word.startswith("-") or word == "-":
            words += [] if takes else [word]
            takes = False
            continue
        found, problem = _long(word, flags) if word.startswith("--") else _short(word, flags)
        takes = bool(found) and found[-1].value and _lacks_value(word, found)
        if not problem and takes and position + 1 == len(argv):
            problem = "needs a value."
        if not problem and any(flag in given for flag in found):
            problem = "is given twice." + (" Give several with commas." if found[-1].is_list else "")
        if problem:
            return word, problem
        given += found
    return _explain_words(words)


def _explain_words(words: Sequence[str]) -> tuple[str, str]:
    if words[-1:] == ["with"]:
        return "with", "is followed by overrides, named configs or files, and none is there."
    override = next((word for word in words if "=" in word), None)
    if override is not None and "with" not in words:
        return override, "goes after the word `with`."
    most = 2 if words[:1] == ["print_config"] else 1
    if len(words) > most and words[0] != "help" and "with" not in words:
        return words[most], "is one word too many: one command, then `with` and what it is to be done with."
    return " ".join(words), "fits no usage line."


def first_word(argv: Sequence[str], flags: Sequence[Flag] = FLAGS) -> int | None:
    """Return the place of the first word that is neither a flag nor the value of one; None where there is none."""
    takes = False
    for position, word in enumerate(argv):
        if not takes and (not word.startswith("-") or word == "-"):
            return position
        found = [] if takes else (_long(word, flags) if word.startswith("--") else _short(word, flags))[0]
        takes = bool(found) and found[-1].value and _lacks_value(word, found)
    return None


def _lacks_value(word: str, flags: Sequence[Flag]) -> bool:
    return "=" not in word if word.startswith("--") else len(flags) == len(word) - 1


def _long(word: str, flags: Sequence[Flag]) -> tuple[list[Flag], str]:
    """Return the flag that a long spelling or the beginning of one means, and what is wrong with it."""
    name, equals, value = word.partition("=")
    found = [flag for flag in flags if flag.long == name] or [flag for flag in flags if flag.long.startswith(name)]
    if len(found) > 1:
        return [], f"could be {' or '.join(flag.long for flag in found)}. Write it out."
    if not found:
        entry = name.lstrip("-")
        near = dotted.nearest(entry, [flag.long.lstrip("-") for flag in flags])
        if near:
            return [], f"no such flag. Did you mean {' or '.join('--' + n for n in near)}?"
        example = f"with {entry}={value or '...'}"
        return [], f"no such flag. See --help for all flags. Entries are set after the word `with`: {example}"
    return found, "takes no value." if equals and not found[0].value else ""


def _short(word: str, flags: Sequence[Flag]) -> tuple[list[Flag], str]:
    """Return the flags of a word of short spellings, the last of which may have its value attached."""
    found: list[Flag] = []
    for letter in word[1:]:
        flag = next((flag for flag in flags if flag.short == f"-{letter}"), None)
        if flag is None:
            return [], f"no such flag{f' as -{letter}' if len(word) > 2 else ''}. See --help for all flags."
        found.append(flag)
        if flag.value:
            break
    return found, ""
