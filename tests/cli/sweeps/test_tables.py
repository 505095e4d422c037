"""Sweeps as tables, and the best of one as a command line."""

import shlex
from dataclasses import replace

from expframe.config.options import Options
from expframe.config.request import Override
from expframe.experiment.sweep import Sweep
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.axes import Choices
from expframe.store.sweeps.plan import Plan, Start


def swept(ex, script="my train.py"):
    """Do a sweep of a tuple whose text has a blank, from a script whose name has one, too."""
    ex.add_config(betas=(0.1, 0.2), name="a b")
    ex.main(lambda betas: betas[0])
    axis = Choices(("betas",), (("(0.9, 0.99)",), ("(0.5, 0.8)",)))
    plan = Plan(axes=(axis,), overrides=(Override.parse("name='c d'"),), start=Start(script=script))
    sweep = Sweep(ex, plan, Options(file_storage=str(ex.store)))
    while (trial := sweep.ask()) is not None:
        sweep.tell(trial, trial.config["betas"][0])


def test_the_best_is_run_again_as_a_shell_reads_it(ex, cli):
    """The command line of the best configuration can be pasted: a shell makes its words of it, whatever is in them."""
    swept(ex)
    line = cli("sweep", "best", "1", "-F", ex.store).splitlines()[-1]
    words = shlex.split(line)

    assert "'betas=(0.9, 0.99)'" in line
    assert ["with", "name='c d'", "betas=(0.9, 0.99)"] == words[2:]
    assert "my train.py" == words[1].split("/")[-1]


def test_the_best_of_trials_that_were_asked_for_names_no_script(ex, cli):
    """Where no script is known, as of trials that were asked for one by one, the best is shown all the same."""
    swept(ex)
    folder = ex.store / "1"
    plan_file.write(folder, replace(plan_file.read(folder), start=Start()))

    assert "python SCRIPT with " in cli("sweep", "best", "1", "-F", ex.store)


def test_a_value_with_blanks_stands_in_one_column(ex, cli):
    """A word is one cell under its entry's name, blanks or not."""
    swept(ex)
    head, first, second, *_ = cli("sweep", "show", "1", "-F", ex.store).splitlines()

    assert ["betas", "result"] == head.split()[:2]
    assert "1  (0.9, 0.99)" == first[:14]
    assert "2  (0.5, 0.8)" == second[:13]
