# FileStorageObserver.
# $ python file_storage.py -C sys with seed=1
# $ python file_storage.py -C sys with seed=1 a=2
# $ python file_storage.py -C sys -i named with seed=1
# $ python file_storage.py -C sys -i named with seed=1
# $ python file_storage.py -q -c later -P 3 with seed=1
# $ python file_storage.py -C sys -F elsewhere with seed=1
# $ python file_storage.py deprecated with seed=1
# $ python file_storage.py -C sys uncopied with seed=1
"""Runs in folders."""

import warnings

from sacred import Experiment
from sacred.observers import FileStorageObserver

ex = Experiment("file_storage")
ex.observers.append(FileStorageObserver("stored"))


@ex.config
def own():
    a = 1
    d = {"t": (1, 2), "n": None, "ü": "✓", 5: "five"}
    late = None


@ex.command(unobserved=True)
def deprecated():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = FileStorageObserver.create("made")
    print(caught[0].category.__name__, made == FileStorageObserver("made"), made == FileStorageObserver("other"))
    print(made.priority, FileStorageObserver.VERSION, made.basedir)


@ex.command
def uncopied(_run):
    observer = _run.observers[0]
    print(observer.save_json({"a": (1, 2)}, "extra.json"))
    observer.save_file("notes.txt", "copy.txt")
    print(_run.experiment_info["sources"], observer.dir)


@ex.automain
def main(a, _run):
    _run.info["list"] = [1, (2, 3), {"x": {4}}]
    _run.info["text"] = "ümlaut"
    print("run", _run._id, a)
    return {"tuple": (1, 2), "none": None}
