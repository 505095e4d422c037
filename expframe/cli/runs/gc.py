"""`expframe gc`: sources and resources that no run uses any more."""

from __future__ import annotations

from expframe.cli.table import size_text
from expframe.errors import StoreError, listed
from expframe.cli.runs.command import Answer, Asked, command
from expframe.store import checks

USAGE = """\
Delete the sources and resources that no run uses any more. Runs in the trash keep theirs.

Usage:
  expframe gc [options]

Options:
  -n --dry-run    Delete nothing; say what would be deleted.
  -f --force      Delete even while runs are running, which may be about to use one of these files.
"""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Delete what is unused."""
    is_dry = asked["--dry-run"]
    running = asked.runs.where("status == 'RUNNING'").ids()
    if running and not is_dry and not asked["--force"]:
        problem = f"are running ({listed(running)}), and may be about to use what is unused now."
        raise StoreError("runs", f"{problem} Wait for them, or say --force.")
    found = [(path, path.stat().st_size) for path in checks.unused(asked.store)]
    if not is_dry:
        for path, _ in found:
            path.unlink(missing_ok=True)
    total = sum(size for _, size in found)
    files = [{"file": path.relative_to(asked.store).as_posix(), "size": size} for path, size in found]
    count = f"{len(found)} unused file{'' if len(found) == 1 else 's'}, {size_text(total)}"
    data = {"unused": files, "size": total, "deleted": not is_dry}
    return Answer(data, lambda style: [f"{count}, {'would be' if is_dry else 'are'} deleted." if found else "Nothing."])
