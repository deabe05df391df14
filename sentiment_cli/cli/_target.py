"""Where does a result go: to stdout or into a file?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sentiment_cli.cli._output import Output, write_colored, write_data
from sentiment_cli.errors import UsageError

PICTURES = ("png", "svg", "pdf")
_LISTS = ("csv", "json", "jsonl", "tsv", "txt")
# A table in a file of these endings would be opened as what it is not.
_NO_TABLES = ("gif", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "eps", "ps", "xlsx", "xls", "ods", "parquet")


@dataclass(frozen=True)
class Target:
    """Where a result goes.

    Args:
        output: how much is said.
        form: table, csv, jsonl or html.
        path: a file; None: stdout.
    """

    output: Output
    form: str
    path: Path | None

    @property
    def is_twofold(self) -> bool:
        """Whether the file has another form than the JSON on stdout; a file that ends like none has that, too."""
        return self.output.as_json and self.path is not None and self.form != "table"

    @property
    def is_picture(self) -> bool:
        """Whether the file's ending is that of a picture."""
        return ending(self.path) in PICTURES

    def write(self, text: str, what: str, *, in_file: str | None = None, has_colors: bool = False) -> None:
        """Write the result, and say ``what`` is in the file; with ``--json`` stdout has it in any case.

        Args:
            text: the result.
            what: noun for the note on the file.
            in_file: the same in the form of the file; None: as it is.
            has_colors: whether there are escape sequences for a terminal in it.
        """
        if self.path is None or self.output.as_json:
            write_colored(text) if has_colors else write_data(text)
        if self.path is not None:
            from sentiment_cli.atomic import write_text

            write_text(self.path, text if in_file is None else in_file)
            self.output.note(f"{what}: {self.path}")


def ending(path: Path | None) -> str:
    """The ending of a file name, in lower case and without the dot; empty where there is none."""
    return path.suffix.lower().removeprefix(".") if path else ""


def check_page(path: Path | None) -> None:
    """Raise a UsageError where a page would be in a file whose ending says that it is something else."""
    found = ending(path)
    if found in (*_NO_TABLES, *PICTURES, *_LISTS):
        raise UsageError(f"{path}: a report is a page, which ends in .html; received .{found}.")


def form_of(path: Path | None, forms: Sequence[str]) -> str:
    """The form that a file's ending asks for; a table where it asks for none.

    Raises:
        UsageError: the ending is that of a file that is not written here.
    """
    found = ending(path)
    if found in _NO_TABLES:
        raise UsageError(f"{path}: a .{found} file is not written; expected .{', .'.join((*forms[1:], *PICTURES))}.")
    return found if found in forms else "table"
