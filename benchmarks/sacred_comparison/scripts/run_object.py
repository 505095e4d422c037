# The run object.
# $ python run_object.py with seed=1
# $ python run_object.py -C sys -F stored with seed=1 a=2
"""What functions see of their run."""

from sacred import Experiment
from sacred.run import Run

ex = Experiment("run_object")


@ex.config
def own():
    a = 1
    d = {"x": 1}


@ex.automain
def main(_run, _config, d):
    print(isinstance(_run, Run), _run._id, _run.status, _run.result, _run.stop_time, _run.fail_trace)
    print(type(_run.config).__name__, _run.config, _run.config == _config, type(_run.config_modifications).__name__)
    print(sorted(_run.config_modifications.added), sorted(_run.config_modifications.modified))
    print(sorted(_run.experiment_info), sorted(set(_run.host_info) - {"gpus"}), _run.info, sorted(_run.meta_info))
    print(_run.main_function.__name__, len(_run.pre_run_hooks), len(_run.post_run_hooks), _run.captured_out_filter)
    print(_run.captured_out, _run.unobserved, _run.force, _run.queue_only, _run.debug, _run.beat_interval)
    print([type(observer).__name__ for observer in _run.observers], _run.run_logger.name)
    _run.config["d"]["x"] = 5
    print(d, _run.config["d"])
    _run.info = {"bound": "again"}
    if _run.observers:
        print(_run.observers[0].basedir, _run.observers[0].dir, sorted(_run.observers[0].run_entry))
