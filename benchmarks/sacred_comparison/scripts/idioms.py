# What public code does with Sacred's objects, lists that it changes.
# $ python idioms.py -C no with seed=1
# $ python idioms.py -C no -c remark with seed=1
"""Habits of scripts in the wild."""

import os
import shutil

from sacred import Experiment
from sacred.config.config_summary import ConfigSummary
from sacred.observers import FileStorageObserver, RunObserver


class Mine(Experiment):
    def run(self, command_name=None, config_updates=None, named_configs=(), info=None, meta_info=None, options=None):
        print("run called", command_name, config_updates, list(named_configs))
        return super().run(
            command_name=command_name,
            config_updates=config_updates,
            named_configs=named_configs,
            info=info,
            meta_info=meta_info,
            options=options,
        )


class External(RunObserver):
    def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
        self.config = config
        print("external started", config["added"], _id)


def custom(fixed=None, preset=None, fallback=None):
    summary = ConfigSummary()
    summary.update({"added": 5, **(fixed or {})})
    return summary


ex = Mine("idioms")
ex.configurations.append(custom)
ex.observers.append(FileStorageObserver("stored"))
ex.observers.append(External())
ex.captured_out_filter = str.upper


@ex.config_hook
def observe(config, command_name, logger):
    if len(ex.observers) < 3:
        ex.observers.append(FileStorageObserver("hooked"))
    return {}


@ex.post_run_hook
def tidy(_run):
    for source, _ in _run.experiment_info["sources"]:
        print("source", os.path.basename(source))
    shutil.rmtree(os.path.join(_run.observers[0].basedir, "_sources"))


@ex.automain
def main(added, _run, _config):
    print(added, _run._id, _run.observers[0].dir, ex.current_run.config["added"], dict(_config))
    ex.current_run.info = {"replaced": True}
    _run.config["changed"] = "later"
