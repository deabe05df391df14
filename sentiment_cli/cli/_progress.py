"""How the progress of long work is shown: a live bar on a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from sentiment_cli.cli._output import Output, duration, printable_lines

if TYPE_CHECKING:
    from sentiment_cli.history import Epoch


def make_progress(output: Output) -> LineProgress:
    """The right kind of progress for where stderr goes. Use it as a context manager."""
    if output.quiet:
        return QuietProgress()
    return BarProgress() if sys.stderr.isatty() else LineProgress()


class LineProgress:
    """Notes, warnings and epochs as lines on stderr."""

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to put back."""

    def say(self, line: str) -> None:
        """Print one line."""
        click.echo(printable_lines(line), err=True)

    def note(self, message: str) -> None:
        """One line that a user should read once."""
        self.say(message)

    def warn(self, message: str) -> None:
        """One line about a likely mistake."""
        self.say(f"Warning: {message}")

    def phase(self, name: str, total: int | None = None) -> None:
        """Not shown in lines."""

    def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
        """Not shown in lines."""

    def epoch_done(self, epoch: Epoch, epochs: int, *, is_best: bool) -> None:
        """One line with the figures of the epoch."""
        figures = [f"loss {epoch.loss:.4f}", f"accuracy {epoch.accuracy:.4f}"]
        if epoch.val_loss is not None and epoch.val_accuracy is not None:
            figures += [f"val_loss {epoch.val_loss:.4f}", f"val_accuracy {epoch.val_accuracy:.4f}"]
        number = f"{epoch.epoch:>{len(str(epochs))}}/{epochs}"
        self.say(f"epoch {number}  {'  '.join(figures)}  {duration(epoch.seconds)}{'  best so far' if is_best else ''}")


class QuietProgress(LineProgress):
    """Says nothing."""

    def say(self, line: str) -> None:
        """Ignored."""


class BarProgress(LineProgress):
    """A live bar with loss, accuracy, reviews a second and time left, on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description:<20}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: Any = None
        self._started, self._done = 0.0, 0

    def __enter__(self) -> BarProgress:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def say(self, line: str) -> None:
        """Print one line above the bar."""
        self._bar.console.print(printable_lines(line), markup=False, highlight=False, soft_wrap=True)

    def phase(self, name: str, total: int | None = None) -> None:
        """Begin a new bar."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(name, total=total, figures="")
        self._started, self._done = time.perf_counter(), 0

    def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
        """Move the bar."""
        if self._task is None:
            return
        self._done += reviews
        rate = self._done / max(time.perf_counter() - self._started, 1e-6)
        figures = f"{rate:,.0f} reviews/s"
        if loss is not None and accuracy is not None:
            figures = f"loss {loss:.4f}  accuracy {accuracy:.4f}  {figures}"
        self._bar.update(self._task, advance=reviews, figures=figures)


class ByteProgress:
    """A bar in bytes for a download and its unpacking; nothing where stderr is no terminal."""

    def __init__(self, *, shown: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        self._bar = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(bar_width=30),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not shown,
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> ByteProgress:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def __call__(self, phase: str, done: int, total: int | None) -> None:
        """So many bytes of the phase are done."""
        if phase not in self._tasks:
            self._tasks[phase] = self._bar.add_task(phase, total=total)
        self._bar.update(self._tasks[phase], completed=done, total=total)


def make_byte_progress(output: Output) -> ByteProgress:
    """A bar in bytes, where stderr is a terminal and the user wants to see it."""
    return ByteProgress(shown=not output.quiet and sys.stderr.isatty())
