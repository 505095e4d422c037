"""What is shown of a sweep that goes on."""

from expframe.cli.sweeps import watcher
from expframe.cli.sweeps.watcher import LiveWatcher
from expframe.cli.table import Style
from expframe.store.sweeps.axes import Choices
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.trials import Trials


def test_a_large_sweep_is_drawn_less_often(tmp_path, monkeypatch, capsys):
    """The pause after a drawing is ten times as long as it took, and 0.2 s at least."""
    now = [100.0]
    costs = iter([2.0, 0.0])

    def counted(_plan, _trials):
        now[0] += next(costs)
        return "drawn"

    monkeypatch.setattr(watcher.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(watcher, "counts_text", counted)
    shown = LiveWatcher(Plan(axes=(Choices(("lr",), (("1",),)),)), Style(width=80))
    drawings = []
    for seconds in (0.0, 1.0, 18.0, 1.5):
        now[0] += seconds
        shown.look(Trials(tmp_path))
        drawings.append(capsys.readouterr().out.count("drawn"))

    assert [1, 0, 0, 1] == drawings
