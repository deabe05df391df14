"""How does a directory of reviews come about, so that it is whole or not there, and goes on where it was broken off?

    .<name>-importing/    beside the directory that is made
      .lock               held by the process that writes
      journal.json        what is being made of which files
      reviews/            becomes the directory

What is written follows from the tables and the settings alone, so that after a kill the rows are read again and only
those reviews are written that are not there, or not whole: reading takes a third of the time.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sentiment_cli.atomic import set_aside, settle, write_json
from sentiment_cli.errors import DataError
from sentiment_cli.importing.result import RESULT_FILE, ImportResult

_JOURNAL = "journal.json"


class Workplace:
    """The hidden directory beside the one that is made.

    Args:
        target: the directory that is made.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        whole = Path(os.path.abspath(target))  # noqa: PTH100 - a link to a directory keeps its own name
        self.path = whole.with_name(f".{whole.name}-importing")
        self.lock_path = self.path / ".lock"
        self.reviews = self.path / "reviews"
        self._journal = self.path / _JOURNAL

    def begin(self, work: Mapping[str, Any], *, force: bool) -> bool:
        """Make ready for an import, or for going on with one.

        Args:
            work: plain values that decide what is written.
            force: begin anew where something else was begun.

        Returns:
            Whether the same was begun before.

        Raises:
            DataError: something else was begun, or it cannot be told what.
        """
        known = self._read_journal()
        if known == work:
            return True
        if known is not None and not force:
            different = sorted(key for key in {*known, *work} if known.get(key) != work.get(key))
            raise DataError(
                f"{self.path} holds an import that was broken off, of other files or options ({', '.join(different)}). "
                "Give the same ones to go on with it, or --force to begin anew."
            )
        shutil.rmtree(self.reviews, ignore_errors=True)
        self.reviews.mkdir(parents=True, exist_ok=True)
        write_json(self._journal, work)
        return False

    def write(self, reviews: Iterable[tuple[str, bytes]], *, goes_on: bool) -> int:
        """Write reviews that are not there yet.

        Args:
            reviews: paths below the directory, and contents.
            goes_on: whether some may be there.

        Returns:
            How many were there.
        """
        root, made, there = str(self.reviews), set(), 0
        for path, content in reviews:
            place, file = path.rpartition("/")[0], f"{root}/{path}"
            if place not in made:
                (self.reviews / place).mkdir(parents=True, exist_ok=True)
                made.add(place)
            if goes_on and _size(file) == len(content):
                there += 1
                continue
            with open(file, "wb", buffering=0) as opened:  # noqa: PTH123 - a Path for each of a million files takes time
                left = memoryview(content)
                while left:  # a full disk takes a part, and fails with the next one
                    left = left[opened.write(left) :]
        return there

    def finish(self, result: ImportResult) -> None:
        """Let the directory take its place; one that is there already is replaced."""
        write_json(self.reviews / RESULT_FILE, result.to_dict())
        if hasattr(os, "sync"):  # the rename must not be on the disk before what it gives a name to
            os.sync()
        if self.target.exists():
            set_aside(self.target)
        try:
            self.reviews.rename(self.target)
        finally:
            settle(self.target)
        self.discard()

    def discard(self) -> None:
        """Remove everything that is not finished."""
        shutil.rmtree(self.path, ignore_errors=True)

    def leave(self) -> None:
        """Remove it where no import was begun in it."""
        if not self._journal.exists():
            self.discard()

    def _read_journal(self) -> dict[str, Any] | None:
        try:
            value = json.loads((self._journal).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


def _size(file: str) -> int | None:
    try:
        return os.stat(file).st_size  # noqa: PTH116 - likewise
    except OSError:
        return None
