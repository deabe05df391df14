"""Learn what a configuration begins its trainings with, and keep it for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment_cli.config import Config
from sentiment_cli.errors import ConfigError, Problem
from sentiment_cli.machine import available_cores
from sentiment_cli.runtime import choose_device, load_tensorflow
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
        plot: the picture of a language model's perplexity; None for other kinds.
    """

    pretrained: Pretrained
    shape: tuple[int, int]
    neighbours: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    plot: Path | None = None

    @property
    def perplexity(self) -> float | None:
        """Of held-out texts after the best pass of a language model; None for other kinds."""
        return self.pretrained.kept.record.get("perplexity")

    @property
    def passes(self) -> list[dict[str, float]] | None:
        """Sampled ``loss`` and held-out ``perplexity`` of a language model's passes; None for other kinds."""
        return None if self.perplexity is None else self.pretrained.kept.record["passes"]

    def to_dict(self) -> dict[str, Any]:
        """The object of ``pretrain --json``."""
        record = self.pretrained.kept.record
        return {
            **self.pretrained.summary(),
            "tokens": self.shape[0],
            "dim": self.shape[1],
            "corpus": record.get("corpus"),
            "file": record.get("file"),
            "perplexity": self.perplexity,
            "passes": self.passes,
            "plot": None if self.plot is None else str(self.plot),
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
        Interrupted: stopped by a signal; of a language model the last checkpoint is kept, of word vectors nothing.
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
        from sentiment_cli.workflows.pretraining import draw_perplexity, obtain_pretrained
        from sentiment_cli.workflows.pretraining_tasks import VECTORS

        progress.phase("reading reviews")
        splits = load_splits(data.layout, config.data, config.training.seed, progress.note)
        device = choose_device(config.training.device)
        threads = None if device.is_gpu else available_cores()
        pretrained = obtain_pretrained(config.pretrain, config, data, splits, threads, progress)
        table = pretrained.kept.arrays[VECTORS]
        tokens, dim = table.shape
        neighbours = nearest_words(pretrained.vocabulary, table)
        return PretrainResult(pretrained, (tokens, dim), neighbours, draw_perplexity(pretrained.kept))
