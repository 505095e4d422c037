# Run from Python, updates with dots.
# $ python run_from_python.py
"""Runs that no command line started."""

from sacred import Experiment

ex = Experiment("from_python")


@ex.config
def numbers():
    a = 1
    d = {"x": 1, "y": {"z": 2}}
    seed = 42


@ex.named_config
def big():
    a = 1000


@ex.command
def double(a):
    return 2 * a


@ex.main
def main(a, d, _run):
    _run.info["a"] = a
    return a + d["x"] + d["y"]["z"]


def attempt(what, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Exception as error:
        print(f"{what}: {type(error).__name__}: {error}")


def failing():
    raise OSError("the disk is gone")


run = ex.run()
print(run.result, run.status, run.config, run.info, run._id)
run = ex.run(config_updates={"d.y.z": 20, "d": {"x": 10}}, named_configs=["big"], info={"k": 1})
print(run.result, run.info, run.meta_info["named_configs"], run.meta_info["config_updates"], run.meta_info["command"])
run = ex.run("double", {"a": 21}, meta_info={"why": "because"}, options={"--name": "renamed", "--comment": "hm"})
print(run.result, run.experiment_info["name"], run.meta_info["why"], run.meta_info["comment"])
print({key: value for key, value in run.meta_info["options"].items() if value})
print(ex.current_run is run, run.start_time < run.stop_time, run.fail_trace)
print(ex.run(options={"--loglevel": "ERROR", "--force": True}, config_updates={"unheard": 1}).config["unheard"])

attempt("unknown", ex.run, "nope")
attempt("unknown in ingredient", ex.run, "a.b")
attempt("added", ex.run, config_updates={"nope": 1})
attempt("named", ex.run, named_configs=["nope"])
attempt("named in ingredient", ex.run, named_configs=["no.pe"])
attempt("second start", run)
ex.command(failing)
attempt("failing", ex.run, "failing")
print(ex.current_run.status, ex.current_run.fail_trace[-1].strip())

line = ex.run_commandline("prog double with a=4 -l ERROR")
print(line.result, line.meta_info["options"]["COMMAND"], line.meta_info["options"]["UPDATE"])
line = ex.run_commandline(["prog", "with", "big", "-u", "-l", "40"])
print(line.result, line.unobserved)
attempt("argv of a kind", ex.run_commandline, 5)
attempt("argv of numbers", ex.run_commandline, ["prog", 5])
attempt("no command", Experiment("empty").run)
