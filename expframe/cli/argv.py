"""Usage text, and a command line's words to a Request."""

from __future__ import annotations

import os
import shlex
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from expframe.config import dotted
from expframe.config.model import Flag, Options, Override
from expframe.errors import CommandLineError
from expframe.registry import CliOption, Command

_GRAMMAR = """\
Usage:
  {program} [(with UPDATE...)] [options]
  {program} help [COMMAND]
  {program} (-h | --help)
  {program} COMMAND [(with UPDATE...)] [options]
"""


@dataclass(frozen=True)
class Words:
    """
    A command line, taken apart.

    Attributes:
        command: The command, or None for the main function.
        overrides: `lr=0.1` and its like.
        named: The words without `=`: named configs and files.
        options: The flags.
        help: Whether only help is wanted.
    """

    command: str | None
    overrides: tuple[Override, ...]
    named: tuple[str, ...]
    options: Options
    help: bool


def usage(
    program: str, description: str, commands: Mapping[str, Command], cli_options: Sequence[CliOption] = ()
) -> str:
    """Return the whole help text of a script."""
    parts = [_GRAMMAR.format(program=program)]
    if description.strip():
        parts.append(textwrap.dedent(description).strip() + "\n")
    parts.append(_options_text(cli_options))
    parts.append(
        "Arguments:\n"
        "  COMMAND   Name of the command to run (see below for the commands).\n"
        "  UPDATE    An override (name=value, net.depth=3, layers.0=9, tags+=['x'], +new=1),\n"
        "            a named config, or a config file.\n"
    )
    if commands:
        width = max(8, *map(len, commands))
        lines = (f"  {name:<{width}}  {command.doc}".rstrip() for name, command in commands.items())
        parts.append("Commands:\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def short_usage(program: str) -> str:
    """Return the usage lines alone."""
    return _GRAMMAR.format(program=program).rstrip()


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
    from docopt import DocoptExit, DocoptLanguageError, docopt

    grammar = f"{_GRAMMAR.format(program='script')}\n{_options_text(cli_options)}"
    try:
        found: dict[str, Any] = docopt(grammar, argv=list(argv), default_help=False)
    except (DocoptExit, DocoptLanguageError) as problem:
        raise CommandLineError(*_explain(list(argv), cli_options, str(problem)), short_usage(program)) from None
    updates = [word for word in found["UPDATE"] or [] if word]
    given = {flag.long: found[flag.long] for flag in Options.FLAGS if found[flag.long] not in (None, False)}
    extra = {option.flag.long: found[option.flag.long] for option in cli_options}
    return Words(
        found["COMMAND"],
        tuple(Override.parse(word) for word in updates if "=" in word),
        tuple(word for word in updates if "=" not in word),
        Options.from_mapping({**given, "extra": {k: v for k, v in extra.items() if v not in (None, False)}}),
        bool(found["help"] or found["--help"]),
    )


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
        return shlex.split(argv)
    if not isinstance(argv, list | tuple) or not all(isinstance(word, str) for word in argv):
        raise CommandLineError(f"argv {argv!r:.100}", "must be a text or a list of texts.")
    return list(argv)


def program_name(argv: Sequence[str]) -> str:
    """Return how a script is called in usage lines."""
    return shlex.quote(os.path.relpath(argv[0])) if argv and argv[0] else "script"


def _options_text(cli_options: Iterable[CliOption]) -> str:
    flags = [*Options.FLAGS, *(option.flag for option in cli_options)]
    return "Options:\n" + "\n".join(map(_flag_text, flags)) + "\n"


def _flag_text(flag: Flag) -> str:
    if flag.value:
        spelled = f"{flag.short} VALUE --{flag.long.lstrip('-')}=VALUE" if flag.short else f"{flag.long}=VALUE"
    else:
        spelled = f"{flag.short} {flag.long}".strip()
    lines = textwrap.wrap(flag.help, 79 - 34) or [""]
    return f"  {spelled:<30}  " + f"\n{'':34}".join(lines)


def _explain(argv: list[str], cli_options: Sequence[CliOption], said: str) -> tuple[str, str]:
    """Return which word is wrong, and why."""
    flags = [*Options.FLAGS, *(option.flag for option in cli_options)]
    known = {flag.long: flag for flag in flags} | {flag.short: flag for flag in flags if flag.short}
    for position, word in enumerate(argv):
        name = word.partition("=")[0]
        if not word.startswith("-") or word == "-":
            continue
        flag = known.get(name) or known.get(word[:2] if not word.startswith("--") else "")
        if word.startswith("--") and flag is None:
            candidates = [long for long in (flag.long for flag in flags) if long.startswith(name)]
            if len(candidates) > 1:
                return word, f"could be {' or '.join(candidates)}. Write it out."
            flag = known[candidates[0]] if candidates else None
        if flag is None:
            near = dotted.nearest(name.lstrip("-"), [long.lstrip("-") for long in known if long.startswith("--")])
            hint = f" Did you mean {' or '.join('--' + n for n in near)}?" if near else " See --help for all flags."
            return word, f"no such flag.{hint}"
        if flag.value and word in (flag.short, flag.long) and position + 1 == len(argv):
            return word, "needs a value."
        if not flag.value and word.startswith("--") and "=" in word:
            return word, "takes no value."
    if "with" not in argv and any("=" in word and not word.startswith("-") for word in argv):
        return next(word for word in argv if "=" in word and not word.startswith("-")), "goes after the word `with`."
    if argv[-1:] == ["with"]:
        return "with", "is followed by overrides, named configs or files, and none is there."
    return " ".join(argv), said.splitlines()[0] if said and "Usage" not in said.splitlines()[
        0
    ] else "fits no usage line."
