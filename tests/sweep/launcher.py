"""A launcher in a few lines: it starts a command so many times as torchrun does, and ends when all have ended."""

import os
import signal
import subprocess
import sys

if __name__ == "__main__":
    size, command = int(sys.argv[1]), sys.argv[2:]
    shared = {"TORCHELASTIC_RUN_ID": "none", "WORLD_SIZE": str(size), "LOCAL_WORLD_SIZE": str(size)}
    ranks = [
        subprocess.Popen(command, env={**os.environ, **shared, "RANK": str(number)}, start_new_session=True)
        for number in range(size)
    ]

    def end(number, _frame=None):
        """Hand a signal on."""
        for rank in ranks:
            rank.send_signal(number)

    signal.signal(signal.SIGTERM, end)
    failed = 0
    left = set(ranks)
    while left:
        pid, status = os.wait()
        rank = next(rank for rank in left if rank.pid == pid)
        rank.returncode = os.waitstatus_to_exitcode(status)
        left.discard(rank)
        if rank.returncode and not failed:
            failed = 1
            for other in left:
                other.terminate()
    sys.exit(failed)
