"""What the outside is told while work goes on. The command line draws it; tests write it down; by default nobody."""

from __future__ import annotations

from typing import Protocol

from sentiment_cli.history import Epoch


class Progress(Protocol):
    """Receives what happens, in order."""

    def note(self, message: str) -> None:
        """One line that a user should read once."""

    def warn(self, message: str) -> None:
        """One line about something that is likely to be a mistake."""

    def phase(self, name: str, total: int | None = None) -> None:
        """A part of the work begins, such as reading; ``total`` in reviews, where it is known."""

    def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
        """So many more reviews of the phase are done; in training with the epoch's figures so far."""

    def epoch_done(self, epoch: Epoch, epochs: int, *, is_best: bool) -> None:
        """An epoch with its validation is over."""


class Silent:
    """Tells nobody."""

    def note(self, message: str) -> None:
        """Ignored."""

    def warn(self, message: str) -> None:
        """Ignored."""

    def phase(self, name: str, total: int | None = None) -> None:
        """Ignored."""

    def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
        """Ignored."""

    def epoch_done(self, epoch: Epoch, epochs: int, *, is_best: bool) -> None:
        """Ignored."""
