"""Sacred's names: where they are imported from, helpers, settings, host info, dependencies, serializer."""

import copy
import datetime
import decimal
import importlib
import os
import pickle
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import interpreter
import numpy as np
import pytest
import steps

from expframe.compat import sacred
from expframe.compat.sacred import SETTINGS, Experiment, dependencies, host_info, serializer, utils
from expframe.compat.sacred._own import alias
from expframe.compat.sacred._own.exceptions import (
    CircularDependencyError,
    ConfigAddedError,
    ConfigError,
    MissingConfigError,
    NamedConfigNotFoundError,
    SacredError,
    SacredInterrupt,
    SignatureError,
    TimeoutInterrupt,
)
from expframe.compat.sacred.settings import SettingError

NAMES = """
sacred: Experiment Ingredient observers SETTINGS cli_option host_info_getter host_info_gatherer __version__ __author__
sacred: __author_email__ __url__ arg_parser commandline_options commands config dependencies experiment host_info
sacred: ingredient initialize metrics_logger optional randomness run serializer settings stdout_capturing utils
sacred.__about__: __version__ __author__ __author_email__ __url__
sacred.experiment: Experiment Ingredient gather_command_line_options
sacred.ingredient: Ingredient collect_repositories
sacred.run: Run
sacred.observers.base: RunObserver td_format
sacred.utils: recursive_update iterate_flattened iterate_flattened_separately set_by_dotted_path get_by_dotted_path
sacred.utils: iter_prefixes join_paths is_prefix rel_path convert_to_nested_dict convert_camel_case_to_snake_case
sacred.utils: print_filtered_stacktrace format_filtered_stacktrace format_sacred_error optional_kwargs_decorator
sacred.utils: get_inheritors apply_backspaces_and_linefeeds module_exists module_is_in_cache
sacred.utils: parse_version get_package_version ensure_wellformed_argv create_basic_stream_logger
sacred.utils: PATHCHANGE PathType ObserverError SacredInterrupt TimeoutInterrupt
sacred.utils: SacredError CircularDependencyError ConfigError InvalidConfigError ConfigAddedError MissingConfigError
sacred.utils: NamedConfigNotFoundError SignatureError
sacred.commands: print_config save_config print_dependencies print_named_configs help_for_command _format_config
sacred.commands: COLOR_DIRTY COLOR_TYPECHANGED COLOR_ADDED COLOR_MODIFIED COLOR_DOC ENDC LEGEND ConfigEntry PathEntry
sacred.commandline_options: CommandLineOption CLIOption cli_option help_option debug_option pdb_option
sacred.commandline_options: loglevel_option comment_option beat_interval_option unobserved_option queue_option
sacred.commandline_options: force_option priority_option enforce_clean_option print_config_option id_option name_option
sacred.commandline_options: capture_option
sacred.arg_parser: get_config_updates format_usage printable_usage _convert_value
sacred.config: ConfigDict ConfigScope load_config_file save_config_file create_captured_function
sacred.config: chain_evaluate_config_scopes dogmatize undogmatize
sacred.config.config_scope: ConfigScope get_function_body dedent_function_body dedent_line is_empty_or_comment
sacred.config.config_dict: ConfigDict
sacred.config.config_summary: ConfigSummary
sacred.config.config_files: load_config_file save_config_file HANDLER_BY_EXT
sacred.config.custom_containers: DogmaticDict DogmaticList ReadOnlyDict ReadOnlyList make_read_only fallback_dict
sacred.config.custom_containers: type_changed is_different
sacred.config.utils: assert_is_valid_key normalize_or_die normalize_numpy recursive_fill_in
sacred.config.utils: chain_evaluate_config_scopes dogmatize undogmatize
sacred.config.signature: Signature
sacred.config.captured_function: create_captured_function
sacred.initialize: create_run Scaffold create_scaffolding gather_ingredients_topological distribute_config_updates
sacred.initialize: distribute_presets get_configuration get_config_modifications get_command initialize_logging
sacred.randomness: get_seed create_rnd set_global_seed SEEDRANGE
sacred.dependencies: get_digest MB Source PackageDependency PEP440_VERSION_PATTERN gather_sources_and_dependencies
sacred.dependencies: is_local_source get_commit_if_possible get_py_file_if_possible
sacred.host_info: host_info_getter host_info_gatherer host_info_gatherers get_host_info HostInfoGetter IgnoreHostInfo
sacred.host_info: check_additional_host_info
sacred.serializer: flatten restore json
sacred.settings: SETTINGS SettingError
sacred.stdout_capturing: get_stdcapturer no_tee tee_output_python tee_output_fd CapturedStdout flush
sacred.metrics_logger: MetricsLogger ScalarMetricLogEntry linearize_metrics
sacred.optional: optional_import get_tensorflow libc has_numpy np has_yaml yaml has_pandas pandas has_sqlalchemy
sacred.optional: has_mako has_tinydb has_tensorflow modules_exist
sacred.stflow: LogFileWriter
sacred.stflow.internal: ContextMethodDecorator
sacred.pytee: main
"""

MEMBERS = """
sacred.ingredient.Ingredient: capture pre_run_hook post_run_hook command config named_config config_hook add_config
sacred.ingredient.Ingredient: add_named_config add_source_file add_package_dependency gather_commands
sacred.ingredient.Ingredient: gather_named_configs post_process_name traverse_ingredients get_experiment_info
sacred.experiment.Experiment: main automain option_hook get_usage get_default_options run run_commandline info
sacred.experiment.Experiment: open_resource add_resource add_artifact log_scalar
sacred.run.Run: open_resource add_resource add_artifact log_scalar warn_if_unobserved
sacred.observers.RunObserver: priority queued_event started_event heartbeat_event log_metrics completed_event
sacred.observers.RunObserver: interrupted_event failed_event resource_event artifact_event join
sacred.observers.FileStorageObserver: create create_from save_json save_file find_or_save
sacred.observers.TinyDbReader: search fetch_metadata fetch_files fetch_report
sacred.observers.SlackObserver: from_config get_completed_text get_interrupted_text get_failed_text
sacred.observers.TelegramObserver: from_config
sacred.commandline_options.CLIOption: get_flag get_short_flag get_flags apply get_name get_description
sacred.commandline_options.CommandLineOption: get_flag get_short_flag get_flags apply short_flag arg arg_description
sacred.stdout_capturing.CapturedStdout: get closed flush finalize
sacred.config.config_summary.ConfigSummary: update_from update_add
sacred.config.signature.Signature: get_free_parameters construct_arguments
sacred.metrics_logger.MetricsLogger: log_scalar_metric get_last_metrics
sacred.dependencies.Source: create to_json
sacred.dependencies.PackageDependency: create fill_missing_version to_json
sacred.utils.CircularDependencyError: track
sacred.utils.ConfigError: track
"""


@pytest.fixture
def aliased():
    """Let `import sacred` mean the package while a test runs."""
    alias.install()
    yield
    alias.uninstall()


# -------------------------------------------------------------------------------------------------------------- ways in


@pytest.mark.parametrize("line", NAMES.strip().splitlines())
def test_every_name_is_where_sacred_has_it(aliased, line):
    """Under the alias each module is there, and is the same one as under its own name."""
    module, _, names = line.partition(": ")
    found = importlib.import_module(module)

    assert found is sys.modules[module] is sys.modules[f"expframe.compat.{module}"]
    assert [] == [name for name in names.split() if not hasattr(found, name)]
    assert f"expframe.compat.{module}" == found.__spec__.name == found.__name__


@pytest.mark.parametrize("line", MEMBERS.strip().splitlines())
def test_every_class_has_what_sacred_documents(aliased, line):
    """What programs call on Sacred's objects, of their own class or of one that they derive, is there."""
    place, _, members = line.partition(": ")
    module, _, name = place.rpartition(".")
    found = getattr(importlib.import_module(module), name)

    assert [] == [member for member in members.split() if not hasattr(found, member)]


GONE = re.compile(r"^\| `(sacred[\w.]*)` \| ([^|]*) \| [^|]+ \|$", re.MULTILINE)
PAGE = interpreter.ROOT / "docs" / "migrate-from-sacred.md"


@pytest.mark.parametrize(("module", "names"), GONE.findall(PAGE.read_text("utf-8")))
def test_what_the_page_says_is_gone_is_gone(aliased, module, names):
    """The page about moving from Sacred says which internals are not there, and tells it as it is."""
    found = importlib.import_module(module)

    assert [] == [name for name in re.findall(r"`(\w+)`", names) if hasattr(found, name)]


def test_the_alias_can_be_taken_away():
    """Before it is installed and after it is taken away, `sacred` is not ours."""
    alias.install()
    alias.install()
    import sacred as aliased_module

    assert "0.8.7" == aliased_module.__version__
    assert "sacred.utils" == SacredError.__module__
    assert SacredError is type(pickle.loads(pickle.dumps(SacredError("x"))))
    alias.uninstall()
    assert "sacred" not in sys.modules
    assert SacredError is type(pickle.loads(pickle.dumps(SacredError("x"))))


def test_real_sacred_that_is_loaded_already_is_not_replaced(monkeypatch):
    """The alias says so instead."""
    monkeypatch.setitem(sys.modules, "sacred", type(sys)("sacred"))
    with pytest.raises(ImportError, match="Sacred itself is imported already"):
        alias.install()


def run_python(*words, cwd=None, **more):
    """Return exit code, output and error output of a Python process."""
    done = interpreter.run_python(words, cwd=cwd, env=steps.environment(), **more)
    return done.returncode, done.stdout, done.stderr


SCRIPT = """
import sacred
from sacred import Experiment
from sacred.observers import RunObserver
from sacred.utils import apply_backspaces_and_linefeeds
import helper

ex = Experiment("script")


@ex.config
def cfg():
    a = helper.VALUE


@ex.automain
def main(a, _run):
    print(a, sacred.__version__, __name__, [source for source, _ in _run.experiment_info["sources"]])
    return 1 / (a - 9)
"""


def test_a_script_runs_as_it_is(tmp_path):
    """`python -m expframe sacred script.py` is `python script.py` with another sacred."""
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "helper.py").write_text("VALUE = 5\n")

    code, out, err = run_python("-m", "expframe", "sacred", str(tmp_path / "script.py"), "with", "a=7")
    assert (0, "7 0.8.7 __main__ ['helper.py', 'script.py']\n") == (code, out)
    assert "INFO - script - Completed after 0:0" in err
    code, _, err = run_python("-m", "expframe", "sacred", "script.py", "with", "a=9", "-d", cwd=tmp_path)
    trace = err.partition("Traceback (most recent call last):\n")[2]
    assert 1 == code
    assert trace.startswith(f'  File "{tmp_path / "script.py"}", line ')
    assert 0 == run_python("-m", "expframe", "sacred", "-m", "script", cwd=tmp_path)[0]


@pytest.mark.parametrize("command", ["sacred", "schema"])
def test_modules_are_looked_for_where_python_does(tmp_path, command):
    """A module of the working directory is not there for a script elsewhere, as in `python deep/script.py`."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "helper.py").write_text("VALUE = 5\n")
    (tmp_path / "deep/script.py").write_text("import helper\nfrom expframe import Experiment\nex = Experiment()\n")
    code, _, err = run_python("-m", "expframe", command, "deep/script.py", cwd=tmp_path)

    assert code
    assert "No module named 'helper'" in err


SPAWNING = """
import multiprocessing
from sacred import Experiment
from sacred.utils import join_paths

ex = Experiment("spawning")
ex.add_config(seed=1)


def work(queue):
    import sacred
    queue.put((sacred.__version__, sacred.Experiment is Experiment, join_paths("a", "b")))


@ex.main
def main():
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    process = context.Process(target=work, args=(queue,))
    process.start()
    process.join()
    print(queue.get())


if __name__ == "__main__":
    ex.run_commandline()
"""


def test_spawned_processes_of_a_script_have_the_alias_too(tmp_path):
    """A worker that imports the script again finds the same sacred."""
    (tmp_path / "spawning.py").write_text(SPAWNING)

    code, out, err = run_python("-m", "expframe", "sacred", str(tmp_path / "spawning.py"), timeout=120)
    assert (0, "('0.8.7', True, 'a.b')\n") == (code, out), err


def test_the_command_says_how_it_is_used(tmp_path):
    """Without a script, with one that is not there, and for help."""
    assert 0 == run_python("-m", "expframe", "--help")[0]
    assert 0 == run_python("-m", "expframe", "sacred", "--help")[0]
    for words in ((), ("nope",), ("sacred",), ("sacred", "nowhere.py"), ("sacred", "-m")):
        code, out, err = run_python("-m", "expframe", *words, cwd=tmp_path)
        assert (2, "") == (code, out)
        assert "Usage: " in err or "Available commands: " in err


def test_importing_expframe_does_not_import_sacred():
    """And a script's own import of Experiment loads nothing heavy."""
    code = "import sys, expframe; expframe.Experiment; print([m for m in sys.modules if 'compat' in m])"
    assert "[]\n" == run_python("-c", code)[1]
    heavy = "{'numpy', 'pandas', 'yaml', 'docopt', 'jsonpickle', 'ruamel.yaml', 'sqlalchemy', 'pymongo'}"
    code = f"import sys; from expframe.compat.sacred import Experiment; print({heavy} & set(sys.modules))"
    assert "set()\n" == run_python("-c", code)[1]


def test_pytee_copies_its_input(tmp_path):
    """To its output, and to the end of a file."""
    (tmp_path / "out").write_text("before\n")
    code, out, _ = run_python("-m", "expframe.compat.sacred.pytee", "-a", str(tmp_path / "out"), input="a\nb")

    assert (0, "a\nb", "before\na\nb") == (code, out, (tmp_path / "out").read_text())


def test_unknown_names_are_said():
    """A module has no names but its own."""
    for module in (sacred, sacred.observers, sacred.optional, sacred.serializer, sacred.experiment):
        with pytest.raises(AttributeError, match="nope"):
            module.nope


# -------------------------------------------------------------------------------------------------------------- helpers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("abc", "abc"),
        ("ab\bc", "ac"),
        ("abc\rd", "dbc"),
        ("abcd\refg\r", "efgd\r"),
        ("\r\n", "\n"),
        ("abc\ndef\rg", "abc\ngef"),
        ("\b\ba", "a"),
        ("abc\b\b\bx", "xbc"),
        ("a\r\rb\n", "b\n"),
    ],
)
def test_backspaces_and_returns_are_applied(text, shown):
    """A terminal would show the same."""
    assert shown == utils.apply_backspaces_and_linefeeds(text)


def test_dotted_paths():
    """Dicts are read, written, merged and walked by dotted paths."""
    tree = {}
    utils.set_by_dotted_path(tree, "foo.bar", 10)
    utils.set_by_dotted_path(tree, "foo.baz.x", 1)
    assert {"foo": {"bar": 10, "baz": {"x": 1}}} == tree
    assert (10, None, 5, tree) == (
        utils.get_by_dotted_path(tree, "foo.bar"),
        utils.get_by_dotted_path(tree, "foo.none"),
        utils.get_by_dotted_path(tree, "a.b", 5),
        utils.get_by_dotted_path(tree, ""),
    )
    merged = {"d": {"a": 1, "b": 2}, "c": 1}
    assert utils.recursive_update(merged, {"d": {"b": 3}, "e": {"f": 4}}) is merged
    assert {"d": {"a": 1, "b": 3}, "c": 1, "e": {"f": 4}} == merged
    with pytest.raises(TypeError):
        utils.recursive_update({"a": 1}, {"a": {"b": 1}})
    mixed = {"b": 1, 2: 3, (1, 2): {"x": 5, 3: 4}}
    assert [(2, 3), ("b", 1)] == list(utils.iterate_flattened_separately(mixed))[:2]
    assert [("a", 1), ("b.c", 2), ("b.d", {})] == list(utils.iterate_flattened({"b": {"d": {}, "c": 2}, "a": 1}))
    assert [("z", 3), ("a", 1), ("b", utils.PATHCHANGE), ("b.c", 2)] == list(
        utils.iterate_flattened_separately({"b": {"c": 2}, "a": 1, "z": 3}, ["z", "none"])
    )
    assert {"a": {"b": 1, "c": 2}} == utils.convert_to_nested_dict({"a.b": 1, "a": {"c": 2}})
    assert ["a", "a.b", "a.b.c"] == list(utils.iter_prefixes("a.b.c"))
    assert ("a.b.c", "a", "") == (
        utils.join_paths("a.", ".b", "", "c"),
        utils.join_paths("a", None),
        utils.join_paths(),
    )
    assert [True, True, False, False] == [
        utils.is_prefix(*pair) for pair in (("", "a"), ("a", "a.b"), ("a", "a"), ("a", "ab"))
    ]
    assert ("b.c", "", "x") == (utils.rel_path("a", "a.b.c"), utils.rel_path("a", "a"), utils.rel_path("", "x"))
    with pytest.raises(AssertionError, match="b not a prefix of a"):
        utils.rel_path("b", "a")


def test_small_helpers():
    """Names, versions, modules, decorators, subclasses, command lines, loggers."""
    assert ["get_http_response_code", "hello_world"] == [
        utils.convert_camel_case_to_snake_case(name) for name in ("getHTTPResponseCode", "HelloWorld")
    ]
    assert utils.module_exists("json")
    assert (True, False) == (utils.module_is_in_cache("json"), utils.module_is_in_cache("no_such_module"))
    assert utils.parse_version("1.10") > utils.parse_version("1.9")
    assert utils.get_package_version("numpy") == utils.parse_version(np.__version__)
    assert utils.ensure_wellformed_argv("a 'b c'") == utils.ensure_wellformed_argv(("a", "b c"))
    assert isinstance("x", utils.PathType.__args__)

    @utils.optional_kwargs_decorator
    def named(function, name=None):
        return function, name

    assert [(len, None), (len, None), (len, "x")] == [named(len), named()(len), named(name="x")(len)]

    class Base:
        pass

    class Middle(Base):
        pass

    class Last(Middle):
        pass

    assert {Middle, Last} == utils.get_inheritors(Base)


def test_optional_packages():
    """What is there is imported when it is asked for; what is not is None."""
    from expframe.compat.sacred import optional

    assert (True, np) == optional.optional_import("numpy")
    assert (False, None) == optional.optional_import("no_such_module")
    assert (True, np, False) == (optional.has_numpy, optional.np, optional.has_tensorflow)
    assert optional.libc.getpid() == os.getpid()
    with pytest.raises(ImportError):
        optional.get_tensorflow()


def test_errors_have_sacreds_bases_and_texts():
    """Classes, defaults and messages are those that users catch and look for."""
    assert SacredInterrupt.__bases__ == (Exception,)
    assert ("INTERRUPTED", "TIMEOUT") == (SacredInterrupt.STATUS, TimeoutInterrupt.STATUS)
    assert issubclass(SignatureError, TypeError)
    assert not issubclass(MissingConfigError, TypeError)
    assert not issubclass(NamedConfigNotFoundError, KeyError)
    error = SacredError("x")
    assert (True, "default", False) == (error.print_traceback, error.filter_traceback, error.print_usage)
    with pytest.raises(ValueError, match="filter_traceback must be one of"):
        SacredError("x", filter_traceback="odd")
    assert "Configuration values are missing: ['a']" == str(MissingConfigError(missing_configs=["a"]))
    assert "Named config not found: \"x\". Available config values are: ('a',)" == str(
        NamedConfigNotFoundError("x", available_named_configs=("a",))
    )
    text = "Added new config entry that is not used anywhere\nConflicting configuration values:\n  a.b=3"
    added = ConfigAddedError(["a.b"], config={"a": {"b": 3}}, captured_args=["x", "_log"])
    assert f"{text}\nPossible config keys are: {{'x'}}" == str(added)
    assert not added.print_traceback
    assert "m" == str(ConfigError("m", conflicting_configs="a", print_conflicting_configs=False))

    part = type("Part", (), {})
    first, second = part(), part()
    first.path, second.path = "ex", "ing"
    chain = "Circular dependency detected:ex->ing->ex"
    track = CircularDependencyError.track
    with pytest.raises(CircularDependencyError, match=chain), track(first), track(second), track(first):
        raise CircularDependencyError
    with pytest.raises(ConfigError, match=r"p\.a=5"), ConfigError.track({"a": 5}, "p"):
        raise ConfigError("m", conflicting_configs="a")


def test_tracebacks_are_filtered_without_touching_the_exception():
    """Three ways to show an exception; it can be raised again as it was."""
    captured = sacred.config.create_captured_function(lambda: 1 / 0)
    try:
        try:
            captured()
        except ZeroDivisionError as cause:
            raise ValueError("outer") from cause
    except ValueError as problem:
        always = utils.format_filtered_stacktrace("always")
        whole = utils.format_filtered_stacktrace("never")
        with pytest.raises(ValueError, match="Unknown value for filter_traceback: odd"):
            utils.format_filtered_stacktrace("odd")
        import traceback

        assert "captured_function.py" in "".join(traceback.format_exception(problem))

    assert 2 == always.count("Traceback (most recent calls WITHOUT Sacred internals):")
    assert "captured_function.py" not in always
    assert "captured_function.py" in whole
    try:
        utils.get_by_dotted_path(5, "a")
    except TypeError:
        within = utils.format_filtered_stacktrace()
        shown = utils.format_sacred_error(SacredError("m", print_traceback=False, print_usage=True), "usage")
    assert within.startswith("Exception originated from within Sacred.\nTraceback (most recent calls):\n")
    assert 1 == within.count("  File ")
    assert "usage\nsacred.utils.SacredError: m\n" == shown


def test_settings_have_fixed_keys():
    """Known keys are set by attribute and by item; unknown ones are errors, after a deep copy too."""
    settings = copy.deepcopy(SETTINGS)
    settings.CAPTURE_MODE = "no"
    settings["CONFIG"]["READ_ONLY_CONFIG"] = False
    settings.HOST_INFO.CAPTURED_ENV.append("X")

    assert ("no", False, []) == (
        settings["CAPTURE_MODE"],
        settings.CONFIG.READ_ONLY_CONFIG,
        SETTINGS.HOST_INFO.CAPTURED_ENV,
    )
    for change in (
        lambda: setattr(settings, "FOO", 1),
        lambda: settings.update(FOO=1),
        lambda: settings.CONFIG.update({"FOO": 1}),
    ):
        with pytest.raises(SettingError, match=r"Unknown setting: FOO. Possible keys are: \["):
            change()
    with pytest.raises(SettingError, match=r"Can't set this setting \(CONFIG\) to a non-munch value 5"):
        settings.CONFIG = 5
    with pytest.raises(AttributeError):
        settings.FOO
    with pytest.raises(SettingError):
        del settings.CONFIG
    assert settings == pickle.loads(pickle.dumps(settings))
    assert "CAPTURE_MODE" in dir(settings)


def test_settings_are_put_back_by_a_test_that_patches_them():
    """pytest's `monkeypatch` sets one for a while, which may not look like a new one to it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SETTINGS.HOST_INFO, "INCLUDE_CPU_INFO", False)
        assert not SETTINGS["HOST_INFO"]["INCLUDE_CPU_INFO"]

    assert SETTINGS.HOST_INFO.INCLUDE_CPU_INFO


# ------------------------------------------------------------------------------------------------- machine and code


def test_the_machine_is_described(monkeypatch):
    """The entries are those of Sacred; what is switched off is None; variables are those that were asked for."""
    monkeypatch.setitem(SETTINGS.HOST_INFO, "CAPTURED_ENV", ["PRESENT", "ABSENT"])
    monkeypatch.setenv("PRESENT", "yes")
    info = host_info.get_host_info()

    assert {"hostname", "os", "python_version", "cpu", "ENV"} <= info.keys()
    assert {"PRESENT": "yes"} == info["ENV"]
    assert ".".join(map(str, sys.version_info[:3])) == info["python_version"].rstrip("+")
    monkeypatch.setitem(SETTINGS.HOST_INFO, "INCLUDE_GPU_INFO", False)
    monkeypatch.setitem(SETTINGS.HOST_INFO, "INCLUDE_CPU_INFO", False)
    info = host_info.get_host_info()
    assert (None, None) == (info["cpu"], info["gpus"])


def test_cards_are_read_from_what_the_driver_tells(tmp_path, monkeypatch):
    """Model, memory in MiB and persistence; parts of a card are added up."""
    report = """<nvidia_smi_log><driver_version>535.1</driver_version>
    <gpu><product_name>One</product_name><persistence_mode>Enabled</persistence_mode>
      <fb_memory_usage><total>16384 MiB</total></fb_memory_usage></gpu>
    <gpu><product_name>Two</product_name><persistence_mode>Disabled</persistence_mode>
      <fb_memory_usage><total>100 MiB</total></fb_memory_usage>
      <mig_devices><mig_device><fb_memory_usage><total>40 MiB</total></fb_memory_usage></mig_device>
      <mig_device><fb_memory_usage><total>50 MiB</total></fb_memory_usage></mig_device></mig_devices></gpu>
    </nvidia_smi_log>"""
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{report}\nEND\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    one = {"model": "One", "total_memory": 16384, "persistence_mode": True}
    two = {"model": "Two", "total_memory": 90, "persistence_mode": False}
    assert {"gpus": [one, two], "driver_version": "535.1"} == host_info.get_host_info()["gpus"]


def test_more_facts_of_the_machine_can_be_added():
    """For one experiment or for all; a name that is taken is an error; a gatherer may leave its entry out."""

    @sacred.host_info_gatherer("my fact")
    def mine():
        return 5

    @sacred.host_info_gatherer("absent")
    def absent():
        raise host_info.IgnoreHostInfo

    ex = Experiment("facts", additional_host_info=[mine, absent])
    ex.main(lambda: 1)
    info = ex.run().host_info
    assert 5 == info["my fact"] == mine() == mine.get_info()
    assert "absent" not in info
    with pytest.raises(KeyError, match="Key cpu used in `additional_host_info` already exists"):
        Experiment("taken", additional_host_info=[host_info.HostInfoGetter(mine, "cpu")])
    try:
        with pytest.warns(DeprecationWarning):
            sacred.host_info_getter(lambda: 7, name="for all")
        assert 7 == host_info.get_host_info()["for all"]
    finally:
        host_info.host_info_gatherers.clear()


def test_sources_are_compared_by_name(tmp_path):
    """A source has real path and MD5; it equals its name; relative names are from a folder."""
    file = tmp_path / "code.py"
    file.write_text("x = 1\n")
    source = dependencies.Source.create(file)

    assert str(file.resolve()) == source.filename
    assert source.digest == dependencies.get_digest(file)
    assert source == str(file.resolve()) == dependencies.Source(source.filename, "other", None, None, None)
    assert ("code.py", source.digest) == source.to_json(str(tmp_path))
    assert (None, None, None) == (source.repo, source.commit, source.is_dirty)
    with pytest.raises(ValueError, match="invalid filename or file not found"):
        dependencies.Source.create("")
    (tmp_path / "x.txt").write_text("")
    with pytest.raises(AssertionError):
        dependencies.Source.create(tmp_path / "x.txt")


def git(folder, *words):
    """Do something in a repository."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ("-c", "user.name=n", "-c", "user.email=e@x")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, env=environment)


def test_sources_know_their_repository(tmp_path):
    """Where it comes from, its commit, and whether it has changes; one without commits is no error."""
    git(tmp_path, "init", "-q")
    file = tmp_path / "code.py"
    file.write_text("x = 1\n")
    fresh = dependencies.Source.create(file)
    assert (f"git:/{tmp_path.resolve()}", None) == (fresh.repo, fresh.commit)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    clean = dependencies.Source.create(file)
    assert (40, False) == (len(clean.commit), clean.is_dirty)
    git(tmp_path, "remote", "add", "origin", "https://example.org/x.git")
    file.write_text("x = 2\n")
    url, commit, dirty = dependencies.get_commit_if_possible(str(file), True)
    assert ("https://example.org/x.git", clean.commit, True) == (url, commit, dirty)
    assert (None, None, None) == dependencies.get_commit_if_possible(str(file), False)


def test_a_repository_without_git_is_an_error(tmp_path, monkeypatch):
    """The text says what to do."""
    git(tmp_path, "init", "-q")
    (tmp_path / "code.py").write_text("")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match="Install git, or pass `save_git_info=False`"):
        dependencies.Source.create(tmp_path / "code.py").repo  # asked when it is needed
    assert dependencies.Source.create(tmp_path / "code.py", save_git_info=False).repo is None


def test_a_program_may_ask_for_commits_in_its_own_way(tmp_path, monkeypatch):
    """What is put in the place of `get_commit_if_possible` is asked for the repository of each source, once."""
    git(tmp_path, "init", "-q")
    for name in ("main.py", "other.py"):
        (tmp_path / name).write_text("")
    asked = []

    def tell(filename, save_git_info):
        asked.append((Path(filename).parent, save_git_info))
        return None, "abc", False

    monkeypatch.setattr(dependencies, "get_commit_if_possible", tell)
    monkeypatch.setitem(SETTINGS, "DISCOVER_SOURCES", "dir")
    _, sources, _ = dependencies.gather_sources_and_dependencies({"__file__": str(tmp_path / "main.py")}, True)

    assert [(None, "abc", False)] * 2 == [(source.repo, source.commit, source.is_dirty) for source in sources]
    assert [(tmp_path.resolve(), True)] == asked


def test_packages_have_names_and_versions():
    """A module's package is found; an unknown version is said so."""
    found = dependencies.PackageDependency.create(np)

    assert ("numpy", np.__version__, f"numpy=={np.__version__}") == (found.name, found.version, found.to_json())
    assert found == dependencies.PackageDependency("numpy", None)
    assert "<PackageDependency: x=1.2>" == repr(dependencies.PackageDependency("x", "1.2"))
    unknown = dependencies.PackageDependency("no_such", None)
    unknown.fill_missing_version()
    assert "no_such==<unknown>" == unknown.to_json()
    for good in ("1.0", "1!2.0", "1.0a1", "1.0.post2", "1.0.dev3", "1.0rc1.post1.dev2"):
        assert dependencies.PEP440_VERSION_PATTERN.match(good)
    for bad in ("abc", "1.", "v1"):
        assert not dependencies.PEP440_VERSION_PATTERN.match(bad)


@pytest.mark.parametrize(
    ("file", "module", "is_local"),
    [
        ("code.py", "code", True),
        ("code.pyc", "code", True),
        ("code.py", "other", False),
        ("code.py", "package.code", False),
        ("package/__init__.py", "package", True),
        ("package/code.py", "package.code", True),
        ("package/code.py", "project.package.code", True),  # imported from the folder above
        ("venv/lib/code.py", "code", False),  # imported from a folder below
        ("../code.py", "code", False),
    ],
)
def test_local_sources_are_named_from_the_base_folder(tmp_path, file, module, is_local):
    """A module is the project's own if its name leads to its file from the base folder, or from one above."""
    base = tmp_path / "project"

    assert is_local == dependencies.is_local_source(str(base / file), module, str(base))


def test_sources_and_packages_are_those_of_the_module(tmp_path, monkeypatch):
    """What is imported counts, also a local module that is called like one of the standard library."""
    package = tmp_path / "local_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "part.py").write_text("def f(): pass\n")
    (tmp_path / "other.py").write_text("")
    (tmp_path / "code.py").write_text("")
    main = tmp_path / "main.py"
    main.write_text("import json, code, numpy\nfrom local_package.part import f\n")
    program = textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        from expframe.compat.sacred.dependencies import gather_sources_and_dependencies as gather
        from expframe.compat.sacred.settings import SETTINGS
        names = {{"__file__": {str(main)!r}}}
        exec(open({str(main)!r}).read(), names)
        for how in ("imported", "none", "dir", "sys"):
            SETTINGS.DISCOVER_SOURCES = how
            SETTINGS.DISCOVER_DEPENDENCIES = {{"dir": "pkg"}}.get(how, how)
            found, sources, packages = gather(names, False)
            relative = sorted(source.to_json({str(tmp_path)!r})[0] for source in sources)
            print(how, relative, "numpy" in {{p.name for p in packages}}, "expframe" in {{p.name for p in packages}})
    """)
    _, out, err = run_python("-c", program)

    assert "" == err
    local = ["code.py", "local_package/__init__.py", "local_package/part.py", "main.py"]
    assert [
        f"imported {local} True False",
        "none ['main.py'] True False",
        f"dir {sorted([*local, 'other.py'])} True True",
        f"sys {local} True True",
    ] == out.splitlines()


# ----------------------------------------------------------------------------------------------------------- serializer


@pytest.mark.parametrize(
    "value",
    [
        12,
        "x",
        None,
        [1, {"a": 2.5}],
        {1: "a", 2.5: "b", None: "c"},
        (1, (2, 3)),
        {1, 2},
        b"\x00\xff",
        datetime.datetime(2020, 1, 2, 3, 4, 5),
        decimal.Decimal("1.5"),
        Path("x/y"),
        datetime.timedelta(1),
    ],
)
def test_values_come_back_from_json(value):
    """`restore` undoes `flatten`; plain data is left as it is."""
    import json

    assert value == serializer.restore(json.loads(json.dumps(serializer.flatten(value))))


def test_arrays_and_frames_come_back_from_json():
    """Type and shape are kept."""
    import pandas as pd

    for array in (np.arange(6).reshape(2, 3), np.zeros((30, 2), "float32")):
        found = serializer.restore(serializer.flatten(array))
        assert (array.dtype, array.shape) == (found.dtype, found.shape)
        assert (array == found).all()
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    assert frame.equals(serializer.restore(serializer.flatten(frame)))


def test_forms_are_those_that_readers_know():
    """Tags are jsonpickle's."""
    assert {"a": {"py/tuple": [1]}, "json://1": 2} == serializer.flatten({"a": (1,), 1: 2})
    assert "flatten" in dir(serializer)
    import jsonpickle

    assert jsonpickle is serializer.json


# -------------------------------------------------------------------------------------------------------- TensorFlow


def test_log_folders_are_noted_once(monkeypatch):
    """While a block or decorated function runs, each writer's folder is in the info; then the class is as before."""
    made = []

    class FileWriter:
        def __init__(self, logdir, graph=None):
            made.append(logdir)

    tensorflow = type(sys)("tensorflow")
    tensorflow.compat = type(sys)("compat")
    tensorflow.compat.v1 = type("v1", (), {"summary": type("summary", (), {"FileWriter": FileWriter})})
    tensorflow.compat.v1.set_random_seed = lambda seed: None
    monkeypatch.setitem(sys.modules, "tensorflow", tensorflow)
    from expframe.compat.sacred.stflow import LogFileWriter

    ex = Experiment("flow")
    original = FileWriter.__init__

    @ex.main
    def main():
        FileWriter("before")
        with LogFileWriter(ex):
            FileWriter("one")

            @LogFileWriter(ex)
            def inner():
                FileWriter(logdir="two")

            inner()
            FileWriter("three", graph=1)
        with pytest.raises(KeyError), LogFileWriter(ex):
            raise KeyError
        FileWriter("after")

    # An inner helper of the run is told of by its attribute `info`.
    assert {"tensorflow": {"logdirs": ["one", "two", "three"]}} == ex.run().info
    assert ["before", "one", "two", "three", "after"] == made
    assert original is FileWriter.__init__
