"""``sentiment``, which is ``python -m sentiment_cli`` as well."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from sentiment_cli.cli import main


def run() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    try:
        main(prog_name="sentiment")
    except SystemExit as end:
        if isinstance(end.code, int) and "tensorflow" in sys.modules:
            _end_now(end.code)
        raise
    sys.exit(0)


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
