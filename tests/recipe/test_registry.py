"""What decorators write: what is there once, and what it costs to write much."""

import time

import pytest

from expframe import Experiment


def captured_names(ex):
    """Return the parameters of captured functions that overrides may name."""
    return sorted(path[-1] for captured in ex.registry.captured for path, _ in captured.known_paths)


@pytest.mark.once
@pytest.mark.parametrize("way", ["names of their own", "one name", "no name"])
def test_decorating_is_linear(way):
    """A captured function costs the same whether ten or thousands are there, however they are called."""
    ex = Experiment("many")
    names = {"names of their own": "f{n}", "one name": "f", "no name": ""}[way]
    line = "ex.capture(lambda lr: lr)" if not names else f"@ex.capture\ndef {names}(lr): pass"
    parts = [compile("\n".join(line.format(n=n) for n in range(at, at + 500)), "many.py", "exec") for at in (0, 500)]
    times = []
    for part in [*parts, *parts, *parts, *parts]:
        began = time.process_time()
        exec(part, {"ex": ex, "__name__": "many"})
        times.append(time.process_time() - began)

    assert min(times[4:]) < 3 * min(times[:4]) + 0.05


def test_a_function_that_is_made_again_replaces_the_earlier_one():
    """Of a function that its source makes again the last one counts; functions of one name elsewhere stay."""
    ex = Experiment("again")

    def make(name):
        exec(compile(f"@ex.capture\ndef f({name}): pass", "made.py", "exec"), {"ex": ex, "__name__": "made"})

    make("first")
    make("second")
    exec(compile("\n\n@ex.capture\ndef f(third): pass", "made.py", "exec"), {"ex": ex, "__name__": "made"})

    assert ["second", "third"] == captured_names(ex)


def test_a_cell_replaces_what_has_its_name():
    """A function of a notebook's cell replaces that of its name, wherever that was defined, and is replaced so."""
    ex = Experiment("cells")
    for file, name in [("script.py", "first"), ("<ipython-input-1-a>", "second"), ("<ipython-input-2-b>", "third")]:
        exec(compile(f"@ex.capture\ndef f({name}): pass", file, "exec"), {"ex": ex, "__name__": "__main__"})
        assert [name] == captured_names(ex)


def test_one_function_may_be_captured_twice():
    """A function that is captured again in another way is there in both ways."""
    ex = Experiment("twice")

    def f(width):
        return width

    ex.capture(f)
    ex.capture(prefix="net")(f)

    assert [("net", "width"), ("width",)] == sorted(p for c in ex.registry.captured for p, _ in c.known_paths)
