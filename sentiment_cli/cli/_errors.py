"""How errors end a command: one clear message on stderr and the exit code, never a traceback."""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
from typing import Any

import click

from sentiment_cli.cli._output import printable_lines
from sentiment_cli.errors import ConfigError, Interrupted, SentimentError, signal_behind

EXIT_BUG = 1
EXIT_INTERRUPTED = 130


class CommandGroup(click.Group):
    """The group of all commands, which turns what they raise into a message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command.

        Raises:
            click.exceptions.Exit: with the exit code of what went wrong.
        """
        _write_everything(sys.stdout)
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BaseException as error:
            if ctx.meta.get("debug"):
                traceback.print_exception(error)
            raise click.exceptions.Exit(_report(error)) from error


def _report(error: BaseException) -> int:
    """Say what happened on stderr; returns the exit code."""
    if isinstance(error, ImportError):
        error = signal_behind(error) or error
    if isinstance(error, (SentimentError, Interrupted)):
        _say(_text(error))
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        _say("Stopped.")
        return EXIT_INTERRUPTED
    if isinstance(error, BrokenPipeError):
        # Whoever read our output has gone; nothing more can be said, not even when Python flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":  # TensorFlow's
        _say("Error: not enough memory. Lower training.batch_size, text.sequence_length or model sizes.")
        return 1
    if isinstance(error, OSError):
        _say(f"Error: {_os_error(error)}")
        return 1
    if not isinstance(error, Exception):  # SystemExit and its like
        raise error
    _say(f"This is a bug in sentiment: {type(error).__name__}: {error}\nPlease report it with what --debug prints.")
    return EXIT_BUG


def _text(error: SentimentError | Interrupted) -> str:
    if isinstance(error, ConfigError):
        count = len(error.problems)
        return f"Error: {count} {'problem' if count == 1 else 'problems'} in {error.place}\n{error}"
    return f"Error: {error}" if error.exit_code < 128 else str(error)


def _os_error(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"{where}the disk is full; what was saved before is intact."
    return f"{where}{error.strerror or error}"


def _write_everything(stream: object) -> None:
    """Where the locale's encoding lacks a character, its code is written instead of failing."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors="backslashreplace")


def _say(message: str) -> None:
    click.echo(printable_lines(message), err=True)
