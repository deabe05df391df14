"""A command in a process of a sweep: ``python -m sentiment_cli.cli._trial PARENT CORES train …``.

It is the command itself, but that it ends as with SIGTERM, everything saved, when the process that began it is gone:
killed, a sweep leaves nobody behind who goes on training.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time

# Seconds between two looks at who is there.
_EVERY = 0.5


def main() -> None:
    """Run the command on some cores, as long as the parent lives."""
    parent, cores = int(sys.argv[1]), sys.argv[2]
    del sys.argv[1:3]
    if cores != "all" and hasattr(os, "sched_setaffinity"):
        with contextlib.suppress(OSError):  # they may have been taken from us meanwhile
            os.sched_setaffinity(0, [int(core) for core in cores.split(",")])
    threading.Thread(target=_follow, args=[parent], daemon=True).start()
    from sentiment_cli.__main__ import run

    run()


def _follow(parent: int) -> None:
    """Stop this process when its parent has ended, and for good a minute later."""
    while os.getppid() == parent:
        time.sleep(_EVERY)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


if __name__ == "__main__":
    main()
