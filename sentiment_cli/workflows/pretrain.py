"""Learn what a configuration begins its trainings with, and keep it for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sentiment_cli.config import Config
from sentiment_cli.errors import ConfigError, Problem
from sentiment_cli.runtime import available_cores, choose_device, load_tensorflow
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.prepare import prepare

if TYPE_CHECKING:
    from sentiment_cli.workflows.pretraining import Pretrained


@dataclass(frozen=True)
class PretrainResult:
    """What a pretraining came to.

    Args:
        pretrained: what was learned, and where it is kept.
        shape: of the table of word vectors: tokens, numbers in each vector.
        neighbours: a few words with the words of the most similar vectors and their cosines.
    """

    pretrained: Pretrained
    shape: tuple[int, int]
    neighbours: dict[str, list[tuple[str, float]]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The object of ``pretrain --json``."""
        record = self.pretrained.kept.record
        return {
            **self.pretrained.summary(),
            "tokens": self.shape[0],
            "dim": self.shape[1],
            "corpus": record.get("corpus"),
            "file": record.get("file"),
            "neighbours": {
                word: [{"token": token, "similarity": round(cosine, 4)} for token, cosine in nearest]
                for word, nearest in self.neighbours.items()
            },
        }


def pretrain(config: Config, *, progress: Progress | None = None) -> PretrainResult:
    """Do what ``pretrain`` of a configuration asks for, or find that it was done before.

    Args:
        config: the configuration.
        progress: told what happens; None: nobody is.

    Raises:
        ConfigError: nothing is asked for.
        DataError: the texts, or the file of word vectors, are missing or bad.
        Interrupted: stopped by a signal; nothing was kept.
    """
    if config.pretrain is None:
        what = "expected what to learn, for example {kind: word_vectors}, received nothing (null)"
        raise ConfigError([Problem("", "pretrain", what)])
    progress = progress or Silent()
    with StopRequest(progress.note):
        data = prepare(config, progress, with_test=False)
        load_tensorflow()
        from sentiment_cli.data.loading import load_splits
        from sentiment_cli.pretraining.word_vectors import nearest_words
        from sentiment_cli.workflows.pretraining import VECTORS, obtain_pretrained

        progress.phase("reading reviews")
        splits = load_splits(data.layout, config.data, config.training.seed, progress.note)
        device = choose_device(config.training.device)
        threads = None if device.is_gpu else available_cores()
        pretrained = obtain_pretrained(config.pretrain, config, data, splits, threads, progress)
        table = pretrained.kept.arrays[VECTORS]
        tokens, dim = table.shape
        return PretrainResult(pretrained, (tokens, dim), nearest_words(pretrained.vocabulary, table))
