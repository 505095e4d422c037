"""A sweep from a script's command line: its exit code."""

import pytest
from interpreter import run_python

SCRIPT = """
    from expframe import Experiment

    ex = Experiment("started")
    ex.add_config(lr=1)


    @ex.automain
    def main(lr):
        return lr
    """


@pytest.mark.once
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--resume=1"], 1, "has other code than when it was started"),
        (["--gpus=2", "with", "lr=1,2"], 1, "--gpus=2: is more than there is"),
        (["--resume=1", "--any-code", "--more=5"], 2, "--more=5: sweep 1 has all of its space already."),
        (["with", "lr=1,2", "wdith=3"], 2, "wdith"),
    ],
)
def test_only_what_is_typed_wrong_ends_with_2(script, tmp_path, environment, words, code, said):
    """A sweep that cannot be done ends with 1, one whose command line cannot be what it says with 2."""
    path = script(SCRIPT)
    variables = environment | {"CUDA_VISIBLE_DEVICES": "0"}
    if "--resume=1" in words:
        run_python([path, "sweep", "with", "lr=1,2"], env=variables).check_returncode()
        path.write_text(path.read_text() + "# another one\n")
    done = run_python([path, "sweep", *words], env=variables)

    assert code == done.returncode, done.stdout + done.stderr
    assert said in done.stderr
