"""``sentiment``, which is ``python -m sentiment_cli`` as well."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn


def run() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    try:
        _load()(prog_name="sentiment")
    except SystemExit as end:
        if isinstance(end.code, int) and "tensorflow" in sys.modules:
            _end_now(end.code)
        raise
    sys.exit(0)


def _load() -> Callable[..., None]:
    """Import the command line; Ctrl-C meanwhile ends in silence, since nothing has begun that could be told of."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # else whoever began this process wants it to be left alone
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from sentiment_cli.cli import main

    signal.signal(signal.SIGINT, before)
    return main


def _end_now(code: int) -> None:
    """End without taking TensorFlow down in order, which takes 0.7 s and nobody needs."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):  # a closed pipe or stream: let Python end as it knows best
        return
    os._exit(code)


if __name__ == "__main__":
    run()
