"""How Ctrl-C and SIGTERM end a training: after the batch, with everything saved; a second one at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from sentiment_cli.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Seconds; a callback takes microseconds.
_AGAIN_AFTER = 0.05


class StopRequest:
    """While active, turns the first SIGINT or SIGTERM into a request that the training loop looks at.

    Outside of the loop (``graceful`` is False), and at a second signal, `Interrupted` is raised at once. Where it is
    raised in a callback of the garbage collection, whose errors Python ignores, the signal comes again soon after.

    Args:
        note: told that the request was seen.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self.exit_code: int | None = None
        self.graceful = False
        self._note = note
        self._previous: dict[signal.Signals, Any] = {}
        self._hook: Callable[[Any], object] | None = None

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():  # others may not set handlers
            self._hook, sys.unraisablehook = sys.unraisablehook, self._ignored
            self._previous = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        if self._hook is not None:
            sys.unraisablehook, self._hook = self._hook, None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        repeated = self.exit_code is not None
        self.exit_code = 128 + number
        if repeated or not self.graceful:
            raise Interrupted("Stopped.", exit_code=128 + number)
        self._note("Stopping after this batch and saving; once more leaves at once")

    def _ignored(self, unraisable: Any) -> None:
        """Python ignored an error; if it was the stop, let it come again, when the callback is over."""
        if isinstance(unraisable.exc_value, Interrupted):
            again = threading.Timer(_AGAIN_AFTER, self._send, [unraisable.exc_value.exit_code - 128])
            again.daemon = True
            again.start()
        elif self._hook is not None:
            self._hook(unraisable)

    def _send(self, number: int) -> None:
        if self._hook is not None:  # else all is done, and there is nothing to stop
            os.kill(os.getpid(), number)
