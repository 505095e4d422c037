# SqlObserver with SQLite.
# $ python sql.py -C sys -s sqlite:///runs.db with seed=1
# $ python sql.py -C sys -s sqlite:///runs.db -i mine -c remark -P 2 with seed=1
# $ python sql.py -C sys -s sqlite:///runs.db fail with seed=1
"""Runs in a database."""

from sacred import Experiment

ex = Experiment("sql")
ex.add_config(a=1)


@ex.command
def fail():
    raise ValueError("no")


@ex.automain
def main(_run):
    print("printed")
    _run.open_resource("notes.txt").close()
    _run.add_artifact("base.json")
    _run.info["k"] = 1
    return 0.5
