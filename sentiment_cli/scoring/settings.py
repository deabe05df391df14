"""What decides the files that scoring leaves?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Form = Literal["parquet", "csv", "jsonl"]
FORMS: tuple[str, ...] = get_args(Form)
# Reviews: some seconds of work, which is what a kill costs, and 15 MB of texts as long as IMDb's.
PART_ROWS = 10_000


@dataclass(frozen=True)
class ScoreSettings:
    """How tables are read and predictions are written.

    Args:
        text: the column of texts; None: found by its name.
        id: the column of ids; None: the one that is called ``id``, if there is one.
        encoding: of text files; None: found out.
        delimiter: of CSV; None: found out.
        header: whether the first row names the columns.
        form: of the files that are written.
        part_rows: reviews in each of them, at least 1.
        with_text: the texts are written as well.
    """

    text: str | None = None
    id: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool = True
    form: Form = "parquet"
    part_rows: int = PART_ROWS
    with_text: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the manifest."""
        return asdict(self)
