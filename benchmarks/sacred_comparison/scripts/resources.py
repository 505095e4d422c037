# Resources and artifacts, where they are stored.
# $ python resources.py -C sys -F stored with seed=1
# $ python resources.py -C sys -F stored with seed=1
# $ python resources.py -C sys -F stored protected with seed=1
"""Files that a run reads and makes."""

import os

from sacred import Experiment

ex = Experiment("resources")


@ex.command
def protected(_run):
    _run.add_artifact("notes.txt", "run.json")


@ex.automain
def main(_run):
    with _run.open_resource("notes.txt") as file:
        print(file.mode, file.read().strip())
    with _run.open_resource("notes.txt", "rb") as file:
        print(file.mode)
    _run.add_resource(os.path.abspath("base.json"))
    with open("made.bin", "wb") as file:
        file.write(bytes(range(200)))
    _run.add_artifact("made.bin")
    _run.add_artifact(filename="notes.txt", name="text.txt", metadata={"a": 1})
    os.remove("made.bin")
