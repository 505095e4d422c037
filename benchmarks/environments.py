"""The Python environments that things are measured in: made on first use, beside this file, ignored by git."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_FOLDER = ROOT / "benchmarks" / ".peers"


def _needed_by_expframe() -> list[str]:
    """Return what expframe requires, without wrapt."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = setup["options"]["install_requires"].split("\n")
    return [line for line in lines if line and not line.startswith("wrapt")]


_PEERS = {
    "sacred": ["setuptools<82", "sacred==0.8.7"],
    "sacred_numpy": ["setuptools<82", "sacred==0.8.7", "numpy"],
    "sacred_scripts": ["setuptools<82", "sacred==0.8.7", "numpy", "PyYAML", "SQLAlchemy>=2"],
    "tensorboardX": ["tensorboardX==2.6.5", "numpy", "pillow"],
    "trackio": ["trackio==0.43.0"],
    "mlflow": ["mlflow-skinny==3.17.2", "sqlalchemy>=2,<2.1", "alembic", "sqlparse", "pandas<3"],
    "mlflow_page": ["mlflow==3.17.2"],
    "aim": ["aim==3.29.1"],
    "hydra": ["hydra-core==1.3.2", "hydra-joblib-launcher==1.2.0", "joblib"],
    "submitit": ["submitit==1.5.4"],
}
_PACKAGES = {"mlflow": "mlflow-skinny", "mlflow_page": "mlflow", "hydra": "hydra-core"}
_WRAPT = {
    "wrapt1": "wrapt>=1.17,<2",
    "wrapt2": "wrapt>=2,<3",
    "tensorboard": "wrapt>=1.17,<2",
    "frames": "wrapt>=1.17,<2",
    "search": "wrapt>=1.17,<2",
    "page": "wrapt>=2,<3",
}
_MORE = {
    "tensorboard": ["tensorboard"],
    "frames": ["pandas", "pyarrow"],
    "search": ["optuna", "scipy", "cmaes"],
    "page": ["starlette", "uvicorn", "playwright>=1.50"],
}
_MODULES = {
    "here": "wrapt",
    "sacred_numpy": "sacred",
    "frames": "pyarrow",
    "search": "optuna",
    "page": "playwright",
    "mlflow_page": "mlflow.server",
}


def _requirements(name: str) -> list[str]:
    if name in _PEERS:
        return _PEERS[name]
    return [_WRAPT[name], *_needed_by_expframe(), "numpy", "pillow", "tqdm", "psutil", *_MORE.get(name, [])]


class Environments:
    """
    Where the interpreters are: those of peers, and `wrapt1`, `wrapt2`, `tensorboard` and `frames` for expframe.

    `sacred_scripts` is Sacred with the libraries that the scripts of the comparison use.

    Args:
        is_here: Make none; expframe is measured by this interpreter, and so are the peers that are installed beside.

    Attributes:
        problems: Why an environment is missing, a sentence each.
    """

    def __init__(self, is_here: bool = False) -> None:
        self._is_here = is_here
        self._pythons: dict[str, str | None] = {}
        self.problems: list[str] = []

    def python(self, name: str) -> str | None:
        """Return the interpreter of an environment, or None if it cannot be had."""
        if name not in self._pythons:
            self._pythons[name] = self._find_here(name) if self._is_here else self._make(name)
        return self._pythons[name]

    def of_expframe(self) -> list[str]:
        """Return the environments that expframe can be measured in, the one for single figures first."""
        return [name for name in ("wrapt1", "wrapt2", "here") if self.python(name)]

    def versions(self) -> list[str]:
        """Return name and version of each peer that was found."""
        found = [name for name in _PEERS if self._pythons.get(name) and name != "sacred_numpy"]
        return [f"{name} {self.version(name, _PACKAGES.get(name, name))}" for name in found]

    def version(self, name: str, package: str) -> str:
        """Return the version of a package in an environment."""
        code = f"from importlib.metadata import version; print(version({package!r}))"
        done = subprocess.run([str(self.python(name)), "-c", code], capture_output=True, text=True, check=False)
        return done.stdout.strip() or "?"

    def _find_here(self, name: str) -> str | None:
        if name in {"wrapt1", "wrapt2"}:
            return None
        module = _MODULES.get(name, name)
        done = subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True, check=False)
        problem = f"{module} cannot be imported here."
        if done.returncode and problem not in self.problems:
            self.problems.append(problem)
        return None if done.returncode else sys.executable

    def _make(self, name: str) -> str | None:
        if name == "here":  # stands in where there is no network
            return None if self._pythons.get("wrapt1") or self._pythons.get("wrapt2") else self._find_here(name)
        folder = _FOLDER / f"{name}-{sys.version_info[0]}.{sys.version_info[1]}"
        wanted = "\n".join([sys.version, *_requirements(name)])
        mark = folder / "made-of.txt"
        python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
            return str(python)
        print(f"making {folder.relative_to(ROOT)} ...", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--retries", "1"]
        for command in ([sys.executable, "-m", "venv", folder], [*install, *_requirements(name)]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                last = (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2]
                self.problems.append(f"{' '.join(_requirements(name)[:2])} cannot be installed ({last}).")
                shutil.rmtree(folder, ignore_errors=True)
                return None
        mark.write_text(wanted, encoding="utf-8")
        return str(python)


def clean_environment() -> dict[str, str]:
    """Return the environment variables for a measured process: expframe found in this checkout, nothing else set."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "EXPFRAME_", "COVERAGE"))
    }
    return {**kept, "PYTHONPATH": str(ROOT)}
