"""The shape of the code: the order of its files, one door for each dependency, no hidden state."""

import ast
from functools import cache
from pathlib import Path

import expframe

PACKAGE = Path(expframe.__file__).parent

ORDER = """
    _version errors disk masking
    config.dotted config.frozen config.arrays config.values config.reading config.files config.model config.pins
    config.instrument config.scope config.judging config.resolve
    frames record context notebook logs randomness registry injection
    facts.host facts.git facts.packages facts.sources facts.gathering
    terminal_text streams tee output summaries significance curves metrics media
    observers.base observers.fanout observers.memory
    observers.tensorboard_file observers.tensorboard_events observers.tensorboard observers.named
    store.layout store.foreign store.attempts store.points store.rows store.fields store.verdicts store.query
    store.cache store.index formats savers saving checkpoints store.writer store.reader store.selection
    store.collection store.editing store.shared store.archive store.checks
    resuming needing stopping timing progress devices sampler logbook recording binding calling run opened task_queue
    rerunning
    cli.argv cli.render cli.table cli.commands cli.preview cli.script
    experiment_file ingredient experiment testing
    compat.sacred.dotted compat.sacred.exceptions compat.sacred.settings compat.sacred.serializer compat.sacred.inert
    compat.sacred.optional compat.sacred.clock compat.sacred.backspaces compat.sacred.tracebacks
    compat.sacred.config.custom_containers compat.sacred.config.config_summary compat.sacred.config.utils
    compat.sacred.config.config_dict compat.sacred.config.config_scope compat.sacred.config.config_files
    compat.sacred.config.signature compat.sacred.randomness compat.sacred.current
    compat.sacred.config.captured_function compat.sacred.utils compat.sacred.metrics_logger
    compat.sacred.stdout_capturing compat.sacred.pytee compat.sacred.host_info compat.sacred.dependencies
    compat.sacred.commands compat.sacred.commandline_options compat.sacred.arg_parser
    compat.sacred.observers.base compat.sacred.adapters
    compat.sacred.observers.libraries compat.sacred.observers.contents compat.sacred.observers.documents
    compat.sacred.observers.documents_observer compat.sacred.observers.file_storage compat.sacred.observers.buckets
    compat.sacred.observers.s3_observer compat.sacred.observers.gcs_observer
    compat.sacred.observers.sql_bases compat.sacred.observers.sql
    compat.sacred.observers.bson_values compat.sacred.observers.mongo_address
    compat.sacred.observers.mongo_documents compat.sacred.observers.queue compat.sacred.observers.mongo
    compat.sacred.observers.tinydb_hashfs.hashed_files compat.sacred.observers.tinydb_hashfs.bases
    compat.sacred.observers.tinydb_hashfs.reader compat.sacred.observers.tinydb_hashfs.tinydb_hashfs
    compat.sacred.observers.slack compat.sacred.observers.telegram_obs
    compat.sacred.old_records compat.sacred.old_folders compat.sacred.old_sources compat.sacred.importing
    compat.sacred.run compat.sacred.scaffold compat.sacred.initialize compat.sacred.ingredient
    compat.sacred.experiment compat.sacred.alias compat.sacred.spawned.sacred compat.sacred.script
    compat.sacred.stflow.internal compat.sacred.stflow.method_interception
    runs_cli.commands runs_cli.command runs_cli.select runs_cli.ls runs_cli.show runs_cli.path runs_cli.logs
    runs_cli.watch runs_cli.open_run runs_cli.differences runs_cli.diff runs_cli.rerun runs_cli.metrics
    runs_cli.comparison runs_cli.forms runs_cli.compare runs_cli.tag runs_cli.note runs_cli.rename runs_cli.rm
    runs_cli.export_runs runs_cli.import_runs runs_cli.gc runs_cli.doctor runs_cli.candidates
    runs_cli.completion
    __main__ __init__
""".split()  # noqa: SIM905  a list of the same names would be a page long
"""A file imports only from files that come before it."""

LATER_ON_PURPOSE = {
    ("config.model", "config.pins"),  # for types only
    ("recording", "binding"),  # `run.bind` makes a function that knows what a Recording is
    ("compat.sacred.observers.base", "compat.sacred.adapters"),  # `as_observer` makes an adapter of an observer
}

DOORS = {
    "jsonpickle": {"config.values"},
    "ruamel": {"config.files"},
    "wrapt": {"injection"},
    "docopt": {"cli.argv"},
    "tqdm": {"progress"},
    "psutil": {"sampler"},
    "pynvml": {"sampler"},
    "plotille": {"runs_cli.metrics"},
}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


@cache
def _sources() -> dict[str, ast.Module]:
    files = [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py" or path.parent == PACKAGE]
    return {_name(path): ast.parse(path.read_text()) for path in files}


@cache
def _imports(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_every_file_has_a_place_in_the_order():
    """The order names exactly the files that are there."""
    assert set(ORDER) == set(_sources())


def test_files_import_only_from_files_before_them():
    """X imports Y only where Y comes earlier."""
    wrong = []
    for name, tree in _sources().items():
        for imported in _imports(tree):
            other = imported.removeprefix("expframe.")
            is_ours = imported.startswith("expframe.") and other in ORDER and (name, other) not in LATER_ON_PURPOSE
            if is_ours and ORDER.index(other) >= ORDER.index(name):
                wrong.append(f"{name} imports {other}, which comes later")

    assert [] == wrong


def test_nobody_inside_imports_the_root():
    """Files import from the file that has a name, never from the package."""
    for name, tree in _sources().items():
        roots = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            and node.module == "expframe"
            and any(f"{alias.name}" not in {part.split(".")[0] for part in ORDER} for alias in node.names)
        ]

        assert name == "__init__" or [] == roots, f"{name} imports the root"


def test_each_dependency_has_one_door():
    """Only one file imports each required package."""
    for package, doors in DOORS.items():
        users = {
            name
            for name, tree in _sources().items()
            if any(imported.split(".")[0] == package for imported in _imports(tree))
        }

        assert doors == users


def test_mutable_globals_live_in_context():
    """No module rebinds a global, but for context."""
    users = {name for name, tree in _sources().items() if any(isinstance(n, ast.Global) for n in ast.walk(tree))}

    assert users <= {"context"}


def test_inner_package_files_are_empty():
    """An `__init__` file inside the package holds nothing, but for the packages that have Sacred's names."""
    sacred = PACKAGE / "compat" / "sacred"
    files = (path for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE)
    inner = [path for path in files if not path.is_relative_to(sacred)]

    assert all(not path.read_text().strip() for path in inner)
