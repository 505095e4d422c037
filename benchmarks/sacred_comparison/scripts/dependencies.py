# Sources, packages and git, print_dependencies, -e.
# $ python dependencies.py print_dependencies
# $ python dependencies.py -C sys -F stored with seed=1
# $ git init -q -b main .
# $ git add dependencies.py shared_parts.py
# $ git commit -q -m Start
# $ git remote add origin https://example.org/project.git
# $ python dependencies.py print_dependencies
# $ python dependencies.py -e -C sys -F stored with seed=1
# $ python dependencies.py change
# $ python dependencies.py print_dependencies
# $ python dependencies.py -e with seed=1
# $ python dependencies.py -C sys -F stored with seed=1
# $ python dependencies.py classes
"""What a run depends on."""

import json

import numpy as np
import shared_parts

from sacred import Experiment
from sacred.dependencies import PackageDependency, Source, get_digest

ex = Experiment("dependencies", ingredients=[shared_parts.corpus])
ex.add_package_dependency("imaginary", "1.2.3")


@ex.command(unobserved=True)
def classes():
    source = Source.create("shared_parts.py")
    print(
        source.digest == get_digest("shared_parts.py"), source == source.filename, source.to_json()[1] == source.digest
    )
    print(Source.create("shared_parts.py") == source, source.repo)
    package = PackageDependency("thing", "1.0")
    print(package.to_json(), package == PackageDependency("thing", "2.0"), PackageDependency("no_such", None).to_json())
    print(PackageDependency.create(np).name, json.dumps(ex.get_experiment_info()["mainfile"]))


@ex.command(unobserved=True)
def change():
    with open("shared_parts.py", "a") as file:
        file.write("# changed")


@ex.automain
def main():
    print(len(np.arange(3)))
