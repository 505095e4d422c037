"""The shape of the code: the order of its folders and files, one door for each dependency, no hidden state."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import expframe

PACKAGE = Path(expframe.__file__).parent

FOLDERS = {
    ".": "_version errors",
    "disk": "files layout",
    "config": "signatures dotted remembered choice frozen holders classes copies configclass libraries arrays secrets"
    " equality json_values hints numbers marks bounds breaches instances groups conversion parsing masking files"
    " options request chosen annotations pins overlay layers slots decided source rewriting functions typed"
    " parameters standing built choice_check validation bounds_check named decision resolve schema_parts schema_types"
    " schema",
    "record": "html figures dataframes record events summaries curves metrics metric_file media significance",
    "process": "locks context identity notebook seeds ranks log_lines signals devices exit terminal tracebacks"
    " import_path",
    "process/output": "tee descriptors file tee_process streams hooks buffers proxies capture",
    "facts": "host stash git packages sources gathering",
    "saving": "formats savers files artifacts checkpoints",
    "observers": "base door outbox fanout memory tensorboard_file tensorboard_events tensorboard named",
    "store": "ids run_folder salt lease foreign attempts points results final_record cache rows exclusions index"
    " claims",
    "store/sweeps": "axes conditions boxes shuffle extents plan plan_file journal claims trials asked configurations"
    " command_lines importance reasons rungs facts history stored",
    "./store": "writer reader editing shared archive checks tensorboard_copy",
    "store/search": "fields pattern kinds logic terms query selection overview goals collection differences comparison"
    " comparison_data columns column_file curve_cache",
    "page": "entrance refusals guard connections question request_body running_row live_rows live_sweeps"
    " result_cache board cells names"
    " table_columns groups runs pixels smoothing bands curves lines charts files figures compare images"
    " configurations sweep commands run children config results python_spans terminal_spans failure output"
    " output_search media run_files table_heads previews code environment history views changes actions"
    " answers bundle assets report_answers report streams server service notebook_page",
    "recipe": "filled decorators specials references registry snapshot injection slot_functions ingredient",
    "run": "setup timers progress sampler heart outcome resume skip ledger scratch job_seeds files children logbook"
    " recorder arguments checkpoints parts life coroutines execution worker bind run open_runs rerun",
    "sweep/search": "samples sobol optuna_search cma proposals",
    "sweep": "pieces entries branches declared space request tables words skips warm pruning replicates"
    " crossed_axes typical_trials judge widening"
    " settings stash script sweep_run sink trial forks ranks executors launches worker local queued backends jobs slurm"
    " supervisor",
    "cli": "standard_streams argv render table",
    "cli/sweeps": "arguments preview seml lines tables watcher start",
    "cli/script": "commands preview entries help sweep command_line launch",
    "cli/runs": "commands pager command forms select ls show path logs open_run ui diff rerun plot"
    " metrics watch compare tag note rename rm export_runs import_runs report tensorboard du gc doctor work"
    " sweep_facts sweep script_text candidates completion schema",
    "experiment": "settings planning from_file queue sweep experiment",
    "./": "testing",
    "compat/sacred": "__about__ _own/dotted _own/exceptions settings serializer _own/inert optional"
    " _own/backspaces _own/tracebacks config/custom_containers config/config_summary config/utils"
    " config/config_dict config/config_scope _own/named_objects config/config_files config/signature randomness"
    " config/captured_function utils metrics_logger stdout_capturing pytee host_info dependencies commands"
    " commandline_options arg_parser observers/base _own/old_records _own/libraries _own/contents"
    " _own/documents _own/run_document _own/documents_observer observers/file_storage _own/buckets"
    " observers/s3_observer observers/gcs_observer observers/sql_bases observers/sql _own/bson_values"
    " _own/mongo_address _own/mongo_documents observers/queue observers/mongo observers/tinydb_hashfs/hashed_files"
    " observers/tinydb_hashfs/bases observers/tinydb_hashfs/reader observers/tinydb_hashfs/tinydb_hashfs"
    " _own/messages observers/slack observers/telegram_obs old_folders _own/old_sources _own/importing"
    " _own/core_run run _own/scaffold initialize ingredient _own/swept experiment _own/alias _own/spawned/sacred"
    " _own/script stflow/internal stflow/method_interception",
    "././": "__main__ __init__ mypy_plugin",
}
"""The folders in their order, and the files of each in theirs: a file imports only from what comes before it."""

ORDER = [
    f"{folder}/{file}".lstrip("./").replace("/", ".") for folder, files in FOLDERS.items() for file in files.split()
]

DOORS = {
    "jsonpickle": {"config.json_values"},
    "ruamel": {"config.files"},
    "wrapt": {"recipe.references"},
    "docopt": {"cli.argv"},
    "tqdm": {"run.progress"},
    "psutil": {"run.sampler"},
    "pynvml": {"run.sampler"},
    "plotille": {"cli.runs.plot"},
    "uvicorn": {"page.connections", "page.service"},
    "starlette": {"page.streams", "page.server", "page.service"},
}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


@cache
def _sources() -> dict[str, list[ast.stmt]]:
    """Return the imports, classes and `global` of each file."""
    kinds = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.Global)
    files = [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py" or path.parent == PACKAGE]
    trees = ((path, ast.parse(path.read_text())) for path in files)
    return {_name(path): [node for node in _statements(tree) if isinstance(node, kinds)] for path, tree in trees}


def _statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements of a tree, at any depth, and look at no expression."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt):
            yield node
        if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _statements(node)


def _imports(nodes: list[ast.stmt]) -> set[str]:
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_every_file_has_a_place_in_the_order():
    """The order names exactly the files that are there, each once."""
    assert sorted(ORDER) == sorted(_sources())


def test_files_import_only_from_files_before_them():
    """X imports Y only where Y comes earlier; imports inside functions and for types count too."""
    place = {name: number for number, name in enumerate(ORDER)}
    wrong = []
    for name, nodes in _sources().items():
        for imported in _imports(nodes):
            other = imported.removeprefix("expframe.")
            if imported.startswith("expframe.") and other in place and place[other] >= place[name]:
                wrong.append(f"{name} imports {other}, which comes later")

    assert [] == wrong


def test_a_class_has_a_name_of_its_own():
    """No two public classes share a name; those that answer to Sacred's names are another matter."""
    core = {name: nodes for name, nodes in _sources().items() if not name.startswith("compat.")}
    places: dict[str, list[str]] = {}
    for name, nodes in core.items():
        for node in nodes:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(name)

    assert {} == {name: found for name, found in places.items() if len(found) > 1}


def test_the_top_is_seen_at_a_glance():
    """A newcomer who lists the package sees at most twenty-two names."""
    names = {path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"}

    assert len(names) <= 22, sorted(names)


def test_nobody_inside_imports_the_root():
    """Files import from the file that has a name, never from the package."""
    inside = {part.split(".")[0] for part in ORDER}
    for name, nodes in _sources().items():
        found = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "expframe"]
        roots = [alias.name for node in found for alias in node.names if alias.name not in inside]

        assert name == "__init__" or [] == roots, f"{name} imports the root"


def test_each_dependency_has_one_door():
    """Only one file imports each required package."""
    for package, doors in DOORS.items():
        users = {
            name
            for name, nodes in _sources().items()
            if any(imported.split(".")[0] == package for imported in _imports(nodes))
        }

        assert doors == users


def test_mutable_globals_live_in_process():
    """No module rebinds a global, but for those of `process` that hold what is one per process."""
    users = {name for name, nodes in _sources().items() if any(isinstance(node, ast.Global) for node in nodes)}

    assert users <= {"process.context", "process.locks"}


def test_inner_package_files_are_empty():
    """An `__init__` file inside the package holds nothing, but for the packages that have Sacred's names."""
    sacred = PACKAGE / "compat" / "sacred"
    files = (path for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE)
    inner = [path for path in files if not path.is_relative_to(sacred)]

    assert all(not path.read_text().strip() for path in inner)
