"""
How large the package is, what depends on what, and where it is longest.

    python -m benchmarks.structure
"""

import ast
from collections import Counter
from pathlib import Path

import expframe

PACKAGE = Path(expframe.__file__).parent


def folder_of(path):
    """Return the folder of a file as it is called in the package: `cli/runs`, or `.` for the top."""
    return path.relative_to(PACKAGE).parent.as_posix()


def lines_of(path):
    """Return how many lines a file has."""
    return len(path.read_text().splitlines())


def imported_folders(path):
    """Return the other folders of the package that a file imports from."""
    found = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom) and node.module]
    names = {name for node in found for name in (node.module, *(f"{node.module}.{other.name}" for other in node.names))}
    files = (
        PACKAGE.joinpath(*name.split(".")[1:]).with_suffix(".py") for name in names if name.startswith("expframe.")
    )
    return {folder_of(file) for file in files if file.exists()} - {folder_of(path)}


def print_structure():
    """Print size and fan-in of each folder, then the longest files, classes and functions."""
    sizes, counts, fan_in = Counter(), Counter(), Counter()
    longest = {"files": Counter(), "classes": Counter(), "functions": Counter()}
    for path in PACKAGE.rglob("*.py"):
        sizes[folder_of(path)] += lines_of(path)
        counts[folder_of(path)] += path.name != "__init__.py"
        fan_in.update(imported_folders(path))
        name = path.relative_to(PACKAGE).as_posix()
        longest["files"][name] = lines_of(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                kind = "classes" if isinstance(node, ast.ClassDef) else "functions"
                longest[kind][f"{name}:{node.name}"] = node.end_lineno - node.lineno + 1
    print(f"{'folder':40} {'files':>5} {'lines':>6} {'imported by files':>18}")
    for folder in [*sorted(sizes), "total"]:
        numbers = [sum(c.values()) if folder == "total" else c[folder] for c in (counts, sizes, fan_in)]
        print(f"{folder:40} {numbers[0]:5} {numbers[1]:6} {numbers[2]:18}")
    for kind, found in longest.items():
        print(f"\nlongest {kind}", *(f"{size:6}  {name}" for name, size in found.most_common(10)), sep="\n")


if __name__ == "__main__":
    print_structure()
