# The options of the command line, what they set.
# $ python flags.py with seed=1
# $ python flags.py -c remark -P 2.5 -n renamed -i mine -b 3 with seed=1
# $ python flags.py --comment=remark --priority 2 --name=renamed --id=mine --beat-interval=3 with seed=1
# $ python flags.py -d with seed=1
# $ python flags.py -p with seed=1 a=3
# $ python flags.py -ud with seed=1
# $ python flags.py -e with seed=1
# $ python flags.py -P abc with seed=1
# $ python flags.py -C nonsense -F stored with seed=1
# $ python flags.py -C sys -F stored -c remark -P 1 -n renamed -i mine with seed=1
# $ python flags.py -C no -F stored -i mine with seed=1
# $ python flags.py with -l ERROR seed=1 -u a=4
# $ python flags.py -C sys -F a -F b
# $ python flags.py --debug=3
# $ python flags.py -l 30 -f with seed=1 strange=1
# $ python flags.py -S nonsense with seed=1
# $ python flags.py -b x with seed=1
"""Every option, and what a run sees of it."""

from sacred import Experiment

ex = Experiment("flags")
ex.add_config(a=1)


@ex.automain
def main(a, _run, _log):
    print(a, _run._id, _run.beat_interval, _run.capture_mode, _run.debug, _run.pdb, _run.unobserved, _run.force)
    print(_run.queue_only, _run.experiment_info["name"], _log.name, len(_run.observers))
    print({key: value for key, value in _run.meta_info.items() if key not in ("options", "config_updates")})
    print(sorted((key, value) for key, value in _run.meta_info["options"].items() if value))
