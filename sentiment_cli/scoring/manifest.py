"""What is in a directory of predictions, which of them are whole, and do they belong to what is asked for now?

scored.json       what is scored, by what and how; once all is done, every part with its checksum
part-00000.…      the predictions, in the order of the inputs
bad_rows.csv      file,row,line,reason of rows that have none; it appears at the end
.parts.jsonl      the parts that are whole so far; gone at the end
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sentiment_cli.atomic import remove_temporaries, replacing, write_json, write_text
from sentiment_cli.errors import RunError, shorten_list
from sentiment_cli.scoring.blocks import BadRow
from sentiment_cli.scoring.inputs import InputFile
from sentiment_cli.scoring.parts import Part, checksum
from sentiment_cli.scoring.settings import FORMS, ScoreSettings
from sentiment_cli.tables import csv_text

_FORMAT = 1
_BAD_COLUMNS = ["file", "row", "line", "reason"]
_PART = re.compile(rf"part-\d{{5,}}\.({'|'.join(FORMS)})")


@dataclass(frozen=True)
class Task:
    """What decides every byte of the output.

    Args:
        run: the directory of the run, for people.
        model: a digest of the network, its vocabulary and configuration.
        class_names: in the order of the outputs.
        inputs: the files, in their order.
        settings: how they are read and written.
    """

    run: str
    model: str
    class_names: tuple[str, ...]
    inputs: tuple[InputFile, ...]
    settings: ScoreSettings

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the manifest."""
        return {
            "run": self.run,
            "model": self.model,
            "class_names": list(self.class_names),
            "inputs": [one.to_dict() for one in self.inputs],
            "settings": self.settings.to_dict(),
        }


@dataclass
class BadRows:
    """Where rows without a prediction are written, as they come.

    Args:
        files: the names of the inputs.
        handle: an open file.
        count: how many there are so far.
    """

    files: Sequence[str]
    handle: Any
    count: int = 0

    def add(self, rows: Sequence[BadRow]) -> None:
        """Write some."""
        cells = [[self.files[one.file], one.row, "" if one.line is None else one.line, one.reason] for one in rows]
        if cells:
            self.handle.write(csv_text([], cells).removeprefix("\n"))
        self.count += len(cells)


@dataclass
class Output:
    """A directory of predictions that is being made.

    Args:
        directory: where it is; it need not exist yet.
        kept: the parts that are whole, by their numbers.
    """

    directory: Path
    kept: dict[int, Part] = field(default_factory=dict)

    @property
    def manifest_path(self) -> Path:
        """What is scored."""
        return self.directory / "scored.json"

    @property
    def bad_rows_path(self) -> Path:
        """The rows without a prediction."""
        return self.directory / "bad_rows.csv"

    @property
    def lock_path(self) -> Path:
        """Held by the process that scores."""
        return self.directory / ".lock"

    @property
    def _journal_path(self) -> Path:
        return self.directory / ".parts.jsonl"

    def check(self, task: Task) -> None:
        """Raise a RunError where something else is in the directory than the predictions of this task."""
        self.check_ours()
        before = self._read_manifest()
        if before is None:
            return
        different = _differences(before, task)
        if different:
            raise RunError(
                f"{self.directory} holds predictions of something else:\n  " + "\n  ".join(different) + "\n"
                "Give the command that it was begun with, choose another --output, or replace it: --force"
            )

    def check_ours(self) -> None:
        """Raise a RunError where there are files that no scoring has left: others may call theirs as we do ours."""
        if self.manifest_path.exists():
            return
        others = sorted(path.name for path in self.directory.glob("*") if not path.name.startswith("."))
        if others:
            raise RunError(
                f"{self.directory} holds {shorten_list(others)} and no {self.manifest_path.name}: it was not made "
                "by sentiment predict. Choose another --output."
            )

    def with_known_names(self, task: Task) -> Task:
        """The task with its files called as in the parts that are kept, wherever they lie now; call `check` before."""
        if not self.kept:
            return task
        known = (self._read_manifest() or {})["inputs"]
        inputs = (replace(one, file=str(before["file"])) for one, before in zip(task.inputs, known, strict=True))
        return replace(task, inputs=tuple(inputs))

    def find_kept(self) -> None:
        """Look which parts are whole: those that are noted and have the bytes that were written."""
        manifest = self._read_manifest() or {}
        noted = [*manifest.get("parts", []), *self._read_journal()]
        for values in noted:
            with contextlib.suppress(TypeError, OSError):
                part = Part(**values)
                if _PART.fullmatch(part.file) and checksum(self.directory / part.file) == part.sha256:
                    self.kept[part.number] = part

    def is_finished(self) -> bool:
        """Whether everything is there and whole; call `find_kept` before."""
        manifest = self._read_manifest() or {}
        if manifest.get("status") != "finished" or len(self.kept) != len(manifest["parts"]):
            return False
        path = self.bad_rows_path
        return path.is_file() and checksum(path) == manifest["bad_rows"]["sha256"]

    def counted_bad_rows(self) -> int:
        """How many rows without a prediction a finished output has."""
        return int((self._read_manifest() or {})["bad_rows"]["rows"])

    def clear(self) -> None:
        """Remove what an earlier scoring left; what is not known is left alone."""
        # The notes first: a part that is not noted is written anew.
        self._journal_path.unlink(missing_ok=True)
        for path in [*self.directory.glob("part-*"), self.bad_rows_path]:
            if path == self.bad_rows_path or _PART.fullmatch(path.name):
                path.unlink(missing_ok=True)
        self.manifest_path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Let no part count as whole any more."""
        self._journal_path.unlink(missing_ok=True)
        self.kept.clear()

    def begin(self, task: Task) -> None:
        """Note what is scored from now on, and the parts that are whole already."""
        remove_temporaries(self.directory, deep=False)
        write_text(self._journal_path, "".join(_line(part) for _, part in sorted(self.kept.items())))
        write_json(self.manifest_path, {"format_version": _FORMAT, "status": "running", **task.to_dict()})

    def add(self, part: Part) -> None:
        """Note a part, which is written."""
        self.kept[part.number] = part
        with self._journal_path.open("a", encoding="utf-8") as file:
            file.write(_line(part))
            file.flush()
            os.fsync(file.fileno())

    @contextlib.contextmanager
    def bad_rows(self, files: Sequence[str]) -> Iterator[BadRows]:
        """The rows without a prediction, in a file that appears when the body ends."""
        with replacing(self.bad_rows_path) as temporary, temporary.open("w", encoding="utf-8", newline="") as handle:
            handle.write(csv_text(_BAD_COLUMNS, []))
            yield BadRows(files, handle)

    def finish(self, task: Task, bad_rows: int) -> None:
        """Note that everything is there."""
        parts = [asdict(part) for _, part in sorted(self.kept.items())]
        found = {"rows": bad_rows, "sha256": checksum(self.bad_rows_path)}
        result = {"rows": self.rows, "labels": self.labels(task), "bad_rows": found, "parts": parts}
        head = {"format_version": _FORMAT, "status": "finished"}
        write_json(self.manifest_path, {**head, **task.to_dict(), **result})
        self._journal_path.unlink(missing_ok=True)

    @property
    def rows(self) -> int:
        """Reviews in all parts that are whole."""
        return sum(part.rows for part in self.kept.values())

    def labels(self, task: Task) -> dict[str, int]:
        """How many reviews of each class there are in the parts that are whole."""
        return {name: sum(part.labels.get(name, 0) for part in self.kept.values()) for name in task.class_names}

    def _read_manifest(self) -> dict[str, Any] | None:
        if not self.manifest_path.exists():
            return None
        try:
            found = json.loads(self.manifest_path.read_text(encoding="utf-8"))
            if found["status"] == "finished":
                found["bad_rows"]["sha256"], int(found["bad_rows"]["rows"]), list(found["parts"])
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RunError(
                f"{self.manifest_path} cannot be read ({type(error).__name__}: {error}). Choose another --output, or "
                "replace it: --force"
            ) from None
        return dict(found)

    def _read_journal(self) -> list[dict[str, Any]]:
        """The notes; a line that a kill cut off is none."""
        found = []
        with contextlib.suppress(FileNotFoundError):
            for line in self._journal_path.read_text(encoding="utf-8").split("\n"):
                with contextlib.suppress(ValueError):
                    found.append(json.loads(line))
        return found


def _line(part: Part) -> str:
    return json.dumps(asdict(part)) + "\n"


def _differences(before: dict[str, Any], task: Task) -> list[str]:
    """What a manifest says otherwise than a task, for people. Files may have been moved."""
    now, found = task.to_dict(), []
    if before.get("format_version") != _FORMAT:
        found.append(f"format_version: {before.get('format_version')!r} then, {_FORMAT} now: another version made it")
    if before.get("model") != task.model:
        found.append(f"the network: it was that of {before.get('run')} then")
    known = [one.get("sha256") for one in before.get("inputs", [])]
    if known != [one.sha256 for one in task.inputs]:
        names = shorten_list([str(one.get("file")) for one in before.get("inputs", [])], 3)
        found.append(f"the inputs: they were {names} then, with other bytes or in another order")
    settings = before.get("settings", {})
    changed = [name for name, value in now["settings"].items() if settings.get(name) != value]
    return [*found, *(f"{name}: {settings.get(name)!r} then, {now['settings'][name]!r} now" for name in changed)]
