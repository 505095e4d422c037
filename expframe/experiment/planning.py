"""From what a call or a command line asks for to a run that is decided and not started."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypedDict, TypeVar, Unpack

from expframe.config import dotted, groups
from expframe.config.conversion import BOOLEANS
from expframe.config.decided import Config
from expframe.config.files import is_config_file
from expframe.config.named import find_named
from expframe.config.options import Options
from expframe.config.request import Origin, Override, Request
from expframe.errors import MissingMainError, OptionError, UnknownCommandError, UsageError, one_of_type
from expframe.experiment.settings import Settings, devices_of
from expframe.facts.gathering import Known, Scope
from expframe.facts.sources import Patterns
from expframe.observers.base import Observer
from expframe.process import context
from expframe.process.devices import Devices
from expframe.process.ranks import Rank, rank_of
from expframe.process.seeds import drawn_seed
from expframe.recipe.registry import Captured, Command
from expframe.recipe.snapshot import Snapshot
from expframe.run.run import Run
from expframe.run.setup import Setup
from expframe.store.ids import resolve_store
from expframe.store.writer import LocalStore

if TYPE_CHECKING:
    from expframe.run.open_runs import CalledRun, StartedRun
    from expframe.run.resume import Resumed
    from expframe.store.reader import StoredRun

R = TypeVar("R", bound=Run)

GHOST_VARIABLE = "EXPFRAME_GHOST"


class RunArguments(TypedDict, total=False):
    """
    What may be asked for by name, beside a command, its config updates and named configs.

    Attributes:
        info: What the run's info begins with.
        options: Options of the command line, by flag or name: `{"--force": True}`, `{"comment": "again"}`.
        tags: Words to find the run again.
        run_name: Its id, in place of the next number.
        args: Positional arguments of the command, which prevail over the config.
        kwargs: Keyword arguments of the command, which prevail over the config.
    """

    info: Mapping[str, Any] | None
    options: Mapping[str, Any] | None
    tags: Sequence[str]
    run_name: str | None
    args: Sequence[Any]
    kwargs: Mapping[str, Any] | None


class Form(NamedTuple, Generic[R]):
    """
    How a run is to be done.

    Attributes:
        kind: Its class: done as a whole, called as often as wanted, or started and left open.
        command: The command of one that none can be asked for; None where it is asked for by name.
        is_command_line: Whether the process is this run's own, started as a script.
    """

    kind: type[R]
    command: Command | None = None
    is_command_line: bool = False


def _do_nothing() -> None:
    """Nothing: a run that was started has no command."""


WHOLE = Form(Run)
BY_COMMAND_LINE = Form(Run, is_command_line=True)


def called_form() -> "Form[CalledRun]":
    """Return the form of a run whose command is called as often as wanted."""
    from expframe.run.open_runs import CalledRun

    return Form(CalledRun)


def started_form() -> "Form[StartedRun]":
    """Return the form of a run that is started and left open."""
    from expframe.run.open_runs import StartedRun

    return Form(StartedRun, Command("start", _do_nothing, Captured.of(_do_nothing, ())))


def sweep_form(work: Callable[[], Any]) -> Form[Run]:
    """Return the form of a sweep's own run, whose command is the given function."""
    return Form(Run, Command("sweep", work, Captured.of(work, ())), is_command_line=True)


class Shared(NamedTuple):
    """
    What the runs of one experiment share beside its settings.

    Attributes:
        known: What was found out before in this process.
        run_child: Does another command inside a run, given that run's Request.
    """

    known: Known
    run_child: "Callable[..., Run | StoredRun]"


# ------------------------------------------------------------------------------------------------------ asking


def ask(
    origin: Origin,
    command: str | None = None,
    config_updates: Mapping[Any, Any] | None = None,
    named_configs: Sequence[str] = (),
    *,
    needed: bool | str = False,
    **asked: Unpack[RunArguments],
) -> Request:
    """
    Return what a call asks for; its seed is chosen when the run is planned.

    Args:
        origin: Where the call stands.
        command: As for `Experiment.run`.
        config_updates: As for `Experiment.run`.
        named_configs: As for `Experiment.run`.
        needed: As for `Experiment.run`.
        asked: As for `Experiment.run`.

    Raises:
        UsageError: An argument is of another kind than it takes, or there is no such option.
        TypeError: An argument is unknown.
    """
    _refuse_unknown(asked)
    given: object = command
    if given is not None and not isinstance(given, str):
        name = getattr(given, "__name__", "train")
        raise UsageError("command", f"was given {one_of_type(given)}. It takes a name: {name!r}.")
    if needed not in (True, False, "config"):
        raise OptionError(f"needed={needed!r}", "must be True, 'config' or False.")
    info, options, kwargs = asked.get("info") or {}, asked.get("options") or {}, asked.get("kwargs") or {}
    tags, args = asked.get("tags", ()), asked.get("args", ())
    if dotted.is_too_deep(config_updates):
        raise UsageError("config_updates", dotted.TOO_DEEP)
    held = groups.entries_of(config_updates)
    config_updates = config_updates if held is None else held
    _refuse_unless_mappings(config_updates=config_updates or {}, info=info, options=options, kwargs=kwargs)
    refuse_unless_lists(named_configs=named_configs, tags=tags, args=args)
    run_name = asked.get("run_name")
    chosen = Options.from_mapping(options if run_name is None else {**options, "id": run_name})
    if needed:
        chosen = chosen._replace(needed=True, any_code=needed == "config")
    return Request(
        command, Override.from_updates(config_updates or {}, origin), tuple(named_configs), chosen, dict(info),
        tuple(tags), args=tuple(args), kwargs=dict(kwargs),
    )  # fmt: skip


def _refuse_unknown(asked: Mapping[str, Any]) -> None:
    for name in asked:
        if name not in RunArguments.__annotations__:
            near = dotted.nearest(name, ("config_updates", "named_configs", "needed", *RunArguments.__annotations__))
            hint = f" Did you mean {near[0]!r}?" if near else f" There are: {', '.join(RunArguments.__annotations__)}."
            raise TypeError(f"there is no argument {name!r}.{hint}")


_EXAMPLES = {
    "config_updates": "a dict: {'lr': 0.1, 'net.depth': 3}",
    "info": "a dict: {'note': 'first'}",
    "options": "a dict of options by name: {'comment': 'again'}",
    "kwargs": "a dict of arguments by name: {'lr': 0.1}",
    "named_configs": "a list of names: ['fast']",
    "named": "a list of names: ['fast']",
    "tags": "a list of words: ['first']",
    "args": "a list of arguments: [1, 2]",
}


def _refuse_unless_mappings(**given: Any) -> None:
    for name, value in given.items():
        if not isinstance(value, Mapping):
            raise UsageError(f"{name}={value!r:.80}", f"is {one_of_type(value)}. It takes {_EXAMPLES[name]}.")


def refuse_unless_lists(**given: Any) -> None:
    """
    Refuse arguments that take lists, by name, and are given something else.

    Raises:
        UsageError: One is.
    """
    for name, value in given.items():
        is_list = isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes)
        if not is_list or (name != "args" and not all(isinstance(item, str) for item in value)):
            what = one_of_type(value) if not is_list else "a list of something else"
            raise UsageError(f"{name}={value!r:.80}", f"is {what}. It takes {_EXAMPLES[name]}.")


def under(around: Request, asked: Request) -> Request:
    """Return what is asked for inside a run: on top of that run's named configs and overrides, but for its seed."""
    taken_over = (override for override in around.overrides if override.path != ("seed",))
    return asked._replace(
        overrides=(*taken_over, *asked.overrides),
        named=(*around.named, *asked.named),
        options=asked.options._replace(force=asked.options.force or around.options.force),
    )


# ---------------------------------------------------------------------------------------------------- planning


def plan(
    settings: Settings,
    snapshot: Snapshot,
    asked: Request,
    parent: Run | None,
    form: Form[R],
    shared: Shared,
    around: Request | None = None,
) -> R:
    """
    Return a run that is decided and not started. Everything that can be refused by then is.

    Args:
        settings: What holds for all runs of the experiment.
        snapshot: Its recipes as they stand now.
        asked: What is asked for.
        parent: The run around it, or None.
        form: How it is to be done.
        shared: What it shares with the experiment's other runs.
        around: What was asked of a run whose named configs and overrides it takes over.

    Raises:
        ConfigError: A value cannot be decided.
        UsageError: There is no such command or option.
        StoreError: The run that is to be resumed or done again is not there, or cannot be.
    """
    own, asked = asked, under(around, asked) if around else asked
    options = _after_hooks(asked.options, snapshot)
    if form.command is not None:
        if asked.args or asked.kwargs:
            raise UsageError("args and kwargs", "are for a command, and this run has none.")
        asked = asked._replace(command=form.command.name)
    store = _find_store(settings, options, parent)
    name = options.name or settings.name
    place = rank_of(os.environ)
    resumed = _find_resumed(asked, options, store, name, snapshot.main, _is_follower(settings, place))
    if resumed is not None:
        asked = resumed.ask(asked)
    elif options.resume_or_start is not None:
        options = options._replace(id=options.resume_or_start)
    elif options.again is not None:
        from expframe.run import resume

        asked = resume.again(asked, store, options.again, name, snapshot.main or "")
    snapshot = snapshot.choosing(asked)
    command = form.command or _find_command(asked.command, settings.name, snapshot)
    if asked.trial_of is not None:
        seed = asked.seed
    elif parent is not None:
        seed = parent.draw_child_seed(command.name, own)
    else:
        seed = _draw_with_job(place, settings.name, command.name) or drawn_seed()
    request = asked._replace(command=command.name, options=options, seed=seed)
    keeps = _keeps(settings, options, command, parent) and not _is_left_to_rank_0(settings, place)
    setup = _set_up(settings, snapshot, options, store, form, shared, keeps=keeps)
    config = decide(settings, snapshot, request)
    if place is not None and place.job is None and parent is None and config["seed"] == seed:
        raise UsageError("seed", f"must be given (seed=1): this is {place}, and nothing tells its job from others.")
    if resumed is not None:
        resumed.check_config(config, force=options.force)
    return form.kind(setup, snapshot, command, request, config, parent, resumed)


def _draw_with_job(place: Rank | None, *what: str) -> int | None:
    if place is None:
        return None
    from expframe.run import job_seeds  # with libraries that most runs need not

    return job_seeds.draw_seed(place, *what)


def decide(settings: Settings, snapshot: Snapshot, request: Request) -> Config:
    """
    Return the config of a request.

    Raises:
        ConfigError: A value cannot be decided.
    """
    snapshot, logger = snapshot.choosing(request), None
    if any(part.hooks for part in snapshot.recipe.parts):
        import logging

        logger = logging.getLogger(settings.name)
    return snapshot.decide(request, logger)


def _after_hooks(options: Options, snapshot: Snapshot) -> Options:
    for hook in snapshot.option_hooks:
        changed = options.to_mapping()
        hook(options=changed)
        options = Options.from_mapping(changed)
    return options


def _find_command(asked: str | None, experiment: str, snapshot: Snapshot) -> Command:
    available = tuple(snapshot.commands)
    name = asked or snapshot.main
    if name is None:
        raise MissingMainError(experiment, available)
    if name not in snapshot.commands:
        is_update = "=" in name or is_config_file(name) or find_named(snapshot.recipe, name) is not None
        raise UnknownCommandError(name, dotted.nearest(name, available), available, is_update)
    return snapshot.commands[name]


def _find_resumed(
    asked: Request, options: Options, store: Path, experiment: str, main: str | None, is_follower: bool
) -> "Resumed | None":
    """Return the run that is to be resumed, if one is."""
    if options.resume is None and options.resume_or_start is None:
        return None
    if options.id is not None or options.queue or options.again is not None:
        flag = "--resume" if options.resume is not None else "--resume-or-start"
        raise OptionError(flag, "goes with none of --id, --queue and --again: the run goes on as it is.")
    if options.resume is not None and options.resume_or_start is not None:
        raise OptionError("--resume", "does not go with --resume-or-start. Give one of them.")
    from expframe.run import resume

    if options.resume is None:
        id = options.resume_or_start or ""
        return resume.find_if_any(store, id, experiment, asked.command, is_follower=is_follower)
    command = asked.command or main or ""
    return resume.find(store, options.resume, experiment, command, is_given=asked.command is not None)


def _find_store(settings: Settings, options: Options, parent: Run | None) -> Path:
    """Return the folder of runs: inside a run that run's, unless another one is named."""
    if parent is not None and parent.folder is not None and options.file_storage is None:
        return parent.folder.parent
    if options.file_storage == "":
        raise OptionError("--file_storage=", "needs a folder.")
    return resolve_store(options.file_storage or settings.store)


def _keeps(settings: Settings, options: Options, command: Command, parent: Run | None) -> bool:
    """Return whether anything of a run is kept: not of a ghost."""
    return not (
        _is_ghost_by_environment()
        or settings.ghost
        or options.unobserved
        or command.unobserved
        or (parent is not None and parent.keeps_nothing_inside)
    )


def _is_ghost_by_environment() -> bool:
    word = os.environ.get(GHOST_VARIABLE, "").strip()
    found = {"": False, "0": False, "1": True, **BOOLEANS}.get(word.lower())
    if found is None:
        raise OptionError(f"{GHOST_VARIABLE}={word}", f"is neither yes nor no. It takes 1, 0, {', '.join(BOOLEANS)}.")
    return found


def _is_follower(settings: Settings, place: Rank | None) -> bool:
    """Return whether another process of a distributed job keeps the run that this one takes part in."""
    return settings.ranks != "all" and place is not None and place.number > 0


def _is_left_to_rank_0(settings: Settings, place: Rank | None) -> bool:
    """Return whether the runs of a distributed job are kept by another process of it; it is said once."""
    if not _is_follower(settings, place):
        return False
    if context.count("left to rank 0") == 0:
        import logging

        logging.getLogger(settings.name).warning(
            'This is %s: it keeps nothing, rank 0 does. Experiment(ranks="all") keeps the runs of each.', place
        )
    return True


def _set_up(
    settings: Settings,
    snapshot: Snapshot,
    options: Options,
    store: Path,
    form: Form[Any],
    shared: Shared,
    *,
    keeps: bool,
) -> Setup:
    stand_ins = context.stand_ins()
    own = (LocalStore(store, options.beat_interval), *settings.observers)
    observers: Sequence[Observer] = () if not keeps else own if stand_ins is None else stand_ins
    visible = settings.devices if options.devices is None else devices_of(options.devices)
    return Setup(
        name=settings.name,
        observers=observers,
        scope=Scope(
            Path(settings.main_file) if settings.main_file else None,
            Path(settings.project_dir) if settings.project_dir else None,
            tuple(settings.environment),
            snapshot.source_files,
            (store,),
            Patterns(tuple(settings.include), tuple(settings.exclude)),
        ),
        known=shared.known,
        max_depth=settings.max_depth,
        read_only=settings.read_only,
        cli_options=snapshot.cli_options,
        store=store,
        is_command_line=form.is_command_line,
        grace=settings.grace,
        run_child=shared.run_child,
        devices=Devices(visible, settings.memory_growth),
        sample=settings.sample,
        keep_checkpoints=settings.keep_checkpoints,
    )
