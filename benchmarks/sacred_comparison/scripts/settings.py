# Settings.
# $ python settings.py
# $ python settings.py -C sys -F stored with seed=1
"""Everything that can be set."""

import copy

import sacred
from sacred import SETTINGS, Experiment
from sacred.settings import SettingError

print(sorted(SETTINGS), SETTINGS is sacred.settings.SETTINGS)
for group in ["CONFIG", "HOST_INFO", "COMMAND_LINE"]:
    print(group, sorted(SETTINGS[group].items(), key=str))
print(SETTINGS.CAPTURE_MODE, SETTINGS.DISCOVER_DEPENDENCIES, SETTINGS.DISCOVER_SOURCES, SETTINGS.DEFAULT_BEAT_INTERVAL)


def attempt(what, function):
    try:
        function()
    except Exception as error:
        print(what, type(error).__name__, error)


attempt("unknown", lambda: setattr(SETTINGS, "FOO", 1))
attempt("unknown item", lambda: SETTINGS.__setitem__("FOO", 1))
attempt("unknown in group", lambda: setattr(SETTINGS.CONFIG, "FOO", 1))
attempt("update", lambda: SETTINGS.CONFIG.update({"FOO": 1}))
attempt("group by value", lambda: setattr(SETTINGS, "CONFIG", 1))
attempt("unknown read", lambda: SETTINGS.NOPE)
attempt("copy", lambda: setattr(copy.deepcopy(SETTINGS), "FOO", 1))
print(issubclass(SettingError, sacred.utils.SacredError))
SETTINGS.CAPTURE_MODE = "no"
SETTINGS["DISCOVER_SOURCES"] = "dir"
SETTINGS.DISCOVER_DEPENDENCIES = "none"
SETTINGS.DEFAULT_BEAT_INTERVAL = 3.0

ex = Experiment("settings")


@ex.automain
def main(_run):
    print("printed", _run.beat_interval, _run.capture_mode)
    print(
        [name.split("==")[0] for name in _run.experiment_info["dependencies"]],
        [name for name, _ in ex.get_experiment_info()["sources"]],
    )
