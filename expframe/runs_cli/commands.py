"""The commands of `expframe`: a table that is read before any of them is loaded."""

from __future__ import annotations

COMMANDS = {
    "ls": ("expframe.runs_cli.ls", "list runs"),
    "show": ("expframe.runs_cli.show", "show all that is known of a run"),
    "path": ("expframe.runs_cli.path", "print the folder of a run"),
    "logs": ("expframe.runs_cli.logs", "print what a run printed"),
    "watch": ("expframe.runs_cli.watch", "show the runs that are running, in a table that lives"),
    "open": ("expframe.runs_cli.open_run", "open the folder of a run in the file browser"),
    "diff": ("expframe.runs_cli.diff", "show what differs between runs"),
    "rerun": ("expframe.runs_cli.rerun", "do a run again from its stored sources and config"),
    "metrics": ("expframe.runs_cli.metrics", "plot metrics, or print their points"),
    "compare": ("expframe.runs_cli.compare", "compare runs and groups of seeds, for the eye and for a paper"),
    "tag": ("expframe.runs_cli.tag", "add tags to runs, or take them away"),
    "note": ("expframe.runs_cli.note", "give a run a comment"),
    "rename": ("expframe.runs_cli.rename", "give a run another id"),
    "rm": ("expframe.runs_cli.rm", "put runs into the trash, or take them out"),
    "export": ("expframe.runs_cli.export_runs", "write runs into a file that another store takes in"),
    "import": ("expframe.runs_cli.import_runs", "take in the runs of such a file, or those of Sacred"),
    "gc": ("expframe.runs_cli.gc", "delete sources and resources that no run uses"),
    "doctor": ("expframe.runs_cli.doctor", "say what is wrong in a store, and mend it when told"),
    "sacred": ("expframe.compat.sacred.script", "run a script that says `import sacred`"),
    "completion": ("expframe.runs_cli.completion", "make a shell complete commands, runs and entries"),
}
"""For each command its module and what it does."""
