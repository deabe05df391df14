"""Several networks as one classifier: the mean of their probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sentiment_cli.config.schema import Config
from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.metrics import compute_log_probabilities
from sentiment_cli.runs import Run, SeedGroup
from sentiment_cli.runtime import Device
from sentiment_cli.text.token_ids import TokenIds
from sentiment_cli.training.progress import Progress
from sentiment_cli.workflows.classifier import Classifier, Scorer, load_classifier


@dataclass(frozen=True)
class Ensemble:
    """Networks that predict together.

    Args:
        members: at least one; all read texts in the same way.
    """

    members: tuple[Classifier, ...]

    @property
    def config(self) -> Config:
        """How texts are read."""
        return self.members[0].config

    @property
    def class_names(self) -> tuple[str, ...]:
        """In the order of the outputs."""
        return self.members[0].class_names

    @property
    def vocabulary(self) -> list[str]:
        """Tokens in the order of their ids."""
        return self.members[0].vocabulary

    def score(self, token_ids: TokenIds, progress: Progress) -> np.ndarray:
        """Logits float64[n, 1 or classes] of encoded reviews, whose probabilities are the members' mean ones."""
        total = np.full((len(token_ids), len(self.class_names)), -np.inf)
        for number, member in enumerate(self.members, start=1):
            progress.phase(f"predicting, network {number} of {len(self.members)}", len(token_ids))
            total = np.logaddexp(total, compute_log_probabilities(member.score(token_ids, progress)))
        # That a sum over n networks is no mean does not matter: logits are logarithms but for a constant.
        return np.asarray(total[:, 1:] - total[:, :1] if len(self.class_names) == 2 else total)


def load_scorer(run: Run, config: Config, device: Device, split: str | None = None) -> Scorer:
    """The classifier of a run, or the ensemble of a group of seeds.

    Args:
        run: with a finished epoch; of a group every run.
        config: of the run or of the group.
        device: where it shall predict.
        split: see `classifier.load_classifier`.

    Raises:
        RunError: a file is missing or damaged, or the runs of a group read texts in different ways.
    """
    if not isinstance(run, SeedGroup):
        return load_classifier(run, config, device, split)
    ensemble = Ensemble(tuple(load_classifier(member, config, device, split) for member in run.members))
    for member, classifier in zip(run.members, ensemble.members, strict=True):
        if (classifier.vocabulary, classifier.class_names) != (ensemble.vocabulary, ensemble.class_names):
            raise RunError(
                f"{member.path} has another vocabulary or other classes than {run.members[0].path}; they cannot "
                "predict together. Expected the runs that one call of sentiment train --seeds left."
            )
    return ensemble
