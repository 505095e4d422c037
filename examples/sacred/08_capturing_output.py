"""
Captured output: what is printed is kept with the run.

With an observer, whatever reaches stdout and stderr is stored too. `-C` says how: `sys` for what Python prints, `fd`
for child processes and C libraries as well, `no` for nothing. A filter makes progress bars readable in the stored text.

Usage:
    $ python -m expframe sacred 08_capturing_output.py -F my_runs -C sys
    INFO - capturing_output - Running command 'main'
    INFO - capturing_output - Started run with ID "1"
    ...
    done
    INFO - capturing_output - Completed after 0:00:00

    $ cat my_runs/1/cout.txt
    100 %
    done

    $ python -m expframe sacred 08_capturing_output.py -F my_runs -C no -l ERROR
    ...
    done

    $ wc -c my_runs/2/cout.txt
    0 my_runs/2/cout.txt
"""

import sys

from sacred import Experiment
from sacred.utils import apply_backspaces_and_linefeeds

ex = Experiment("capturing_output")
ex.captured_out_filter = apply_backspaces_and_linefeeds


def show(progress):
    sys.stdout.write(f"\r{progress:3} %")


@ex.automain
def main():
    for progress in (0, 50, 100):
        show(progress)
    print("\ndone")
