# Helpers of the experiment during a run.
# $ python during_run.py
# $ python during_run.py -C sys -F stored with seed=1
"""Resources, artifacts, metrics and info through the experiment."""

from sacred import Experiment

ex = Experiment("during")


def attempt(what, function, *args):
    try:
        function(*args)
    except Exception as error:
        print(f"{what}: {type(error).__name__}: {error}")


attempt("resource", ex.open_resource, "notes.txt")
attempt("add resource", ex.add_resource, "notes.txt")
attempt("artifact", ex.add_artifact, "notes.txt")
attempt("scalar", ex.log_scalar, "loss", 1.0)
attempt("info", lambda: ex.info)


@ex.automain
def main():
    with ex.open_resource("notes.txt") as file:
        print(file.read().strip())
    ex.add_resource("base.json")
    with open("made.txt", "w") as file:
        file.write("made\n")
    ex.add_artifact("made.txt")
    ex.add_artifact("made.txt", "renamed.txt", metadata={"k": 1}, content_type="text/plain")
    ex.info["seen"] = [1, 2]
    for step in range(3):
        ex.log_scalar("loss", 1 / (step + 1))
    ex.log_scalar("loss", 0.0, 10)
    return ex.current_run.status
