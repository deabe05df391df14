"""List the wrong predictions of a run, without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sentiment_cli.config import load_config
from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.predictions import read_predictions
from sentiment_cli.misclassified import Misclassified, find_misclassified
from sentiment_cli.runs import Run


@dataclass(frozen=True)
class MisclassifiedResult:
    """The wrong predictions on one part of a run's data.

    Args:
        run: the run.
        split: the part.
        examples: number of reviews in it.
        wrong: number of wrong predictions.
        rows: the wrong ones, most confident first, at most as many as asked for.
        data_root: where the texts were looked for.
    """

    run: Run
    split: str
    examples: int
    wrong: int
    rows: list[Misclassified]
    data_root: Path

    @property
    def missing_texts(self) -> int:
        """How many of the rows have no text, because their file is gone."""
        return sum(row.text is None for row in self.rows)


def list_misclassified(run: Run, *, split: str = "test", top: int | None = None) -> MisclassifiedResult:
    """The wrong predictions of a run.

    Args:
        run: the run.
        split: ``train``, ``validation`` or ``test``.
        top: at most so many; None: all.

    Raises:
        RunError: that part was not evaluated, or the table is damaged.
    """
    record = run.read_record()
    path = run.predictions_path(split)
    if not path.exists():
        command = f"sentiment evaluate {run.path} --split {split}"
        raise RunError(f"{run.path} has no predictions on its {split} part yet. Make them: {command}")
    predictions = read_predictions(path)
    root = Path(str(record.get("data", {}).get("root", "")))
    rows = find_misclassified(predictions, root, load_config(run.config_path).data.encoding_errors, top)
    return MisclassifiedResult(run, split, len(predictions), sum(row.is_wrong for row in predictions), rows, root)
