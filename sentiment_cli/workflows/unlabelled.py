"""The texts that are read without their labels."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from sentiment_cli.config.schema import Config
from sentiment_cli.data.directory import find_layout
from sentiment_cli.data.loading import Splits
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.data.reviews import ReviewSet
from sentiment_cli.pretraining.corpus import Corpus, gather_corpus, read_texts
from sentiment_cli.training.progress import Progress


def unlabelled_texts(
    config: Config,
    data: PreparedData,
    splits: Splits,
    parts: Sequence[ReviewSet],
    progress: Progress,
    *,
    without: Sequence[str] = (),
) -> Corpus:
    """The texts of some parts, in an order that does not depend on how they were divided, and the unlabelled reviews.

    Args:
        config: the configuration.
        data: the prepared files.
        splits: the reviews, of whose test part all copies are left out.
        parts: of them, those that are wanted.
        progress: told what happens.
        without: further texts of which all copies are left out.
    """
    places = ((path, number, index) for number, part in enumerate(parts) for index, path in enumerate(part.paths))
    policy = config.data.encoding_errors
    progress.phase("gathering texts")
    corpus = gather_corpus(
        (parts[number].texts[index] for _, number, index in sorted(places)),
        read_texts(data.unlabelled, policy) if data.unlabelled else (),
        itertools.chain(_test_texts(config, data, splits), without),
        progress.advance,
    )
    progress.note(corpus.describe())
    return corpus


def _test_texts(config: Config, data: PreparedData, splits: Splits) -> Iterable[str]:
    """The texts of the whole test part, also where ``data.limit`` holds for the training."""
    part = find_layout(data.layout.root, config.data.classes).test
    return splits.test().texts if part is None else read_texts(part, "replace")
