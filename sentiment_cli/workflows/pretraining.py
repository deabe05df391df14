"""What a configuration learns before its training: found among what is kept, or learned, and given to the network."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_cli.config.schema import Config, TextSettings, WordVectors
from sentiment_cli.data.directory import find_layout
from sentiment_cli.data.loading import Splits
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.model.network import embedding_layer
from sentiment_cli.pretraining.corpus import Corpus, gather_corpus, read_texts
from sentiment_cli.pretraining.formats import read_vectors
from sentiment_cli.pretraining.store import Damaged, Kept, check_writable, find_kept, keep
from sentiment_cli.pretraining.word_vectors import choose_scale, complete_table, count_passes, learn_word_vectors
from sentiment_cli.resources import expand_path
from sentiment_cli.runtime import available_cores
from sentiment_cli.text.vectorizer import adapt_vocabulary, encode
from sentiment_cli.text.vocabulary import vocabulary_checksum
from sentiment_cli.training.progress import Progress
from sentiment_cli.workflows.record import now

# How many tokens a text may have; none is cut.
_WHOLE = 2**31
# Raised when equal settings begin to lead to another result.
_VERSION = 1
VECTORS = "vectors"


@dataclass(frozen=True)
class Pretrained:
    """What a training begins with.

    Args:
        kind: what was learned.
        kept: where it is, and its arrays.
        reused: it was there before.
    """

    kind: str
    kept: Kept
    reused: bool

    @property
    def vocabulary(self) -> list[str]:
        """Tokens in the order of their ids."""
        return self.kept.vocabulary

    def summary(self) -> dict[str, Any]:
        """What the record of a run says of it."""
        return {
            "kind": self.kind,
            "directory": str(self.kept.directory),
            "sha256": self.kept.sha256,
            "seconds": self.kept.record["seconds"],
            "reused": self.reused,
        }

    def apply(self, network: Any) -> None:
        """Give the weights that were learned to a network with fresh ones."""
        embedding_layer(network).embeddings.assign(self.kept.arrays[VECTORS])


@dataclass(frozen=True)
class _Task:
    """Something to be learned.

    Args:
        kind: of the pretraining.
        decides: plain values, everything that decides the result.
        learn: does it; returns the vocabulary, arrays by name, and what else the record shall say.
    """

    kind: str
    decides: Mapping[str, Any]
    learn: Callable[[], tuple[list[str], dict[str, np.ndarray], dict[str, Any]]]


def obtain_pretrained(
    settings: WordVectors, config: Config, data: PreparedData, splits: Splits, progress: Progress
) -> Pretrained:
    """Find a result of pretraining among those that are kept, or learn and keep it.

    Args:
        settings: ``pretrain`` of the configuration.
        config: the configuration.
        data: the prepared files.
        splits: the reviews; their labels are not used.
        progress: told what happens.

    Raises:
        DataError: there are no texts, or the file of word vectors cannot be used.
        RunError: nothing can be kept.
    """
    task = _make_task(settings, config, data, splits, progress)
    return _find(task, progress) or _learn(task, progress)


def find_pretrained(
    settings: WordVectors, config: Config, data: PreparedData, splits: Splits, progress: Progress
) -> Pretrained | None:
    """As `obtain_pretrained`, but None where it would have to be learned, which takes its time."""
    task = _make_task(settings, config, data, splits, progress)
    found = _find(task, progress)
    if found is None and settings.file is not None:
        return _learn(task, progress)
    if found is None:
        progress.note("Pretraining: left out here, since it takes its time; `sentiment pretrain` does it and keeps it")
    return found


def _make_task(settings: WordVectors, config: Config, data: PreparedData, splits: Splits, progress: Progress) -> _Task:
    check_writable()
    if settings.file is not None:
        return _read_word_vectors(settings, expand_path(settings.file), config, splits, progress)
    return _learn_word_vectors(settings, config, _corpus(config, data, splits, progress), progress)


def _find(task: _Task, progress: Progress) -> Pretrained | None:
    try:
        kept = find_kept(task.kind, task.decides)
    except Damaged as error:
        progress.warn(f"{error} It is made anew.")
        return None
    if kept is None:
        return None
    progress.note(f"Pretraining: taken from {kept.directory} (made {kept.record['made']})")
    return Pretrained(task.kind, kept, reused=True)


def _learn(task: _Task, progress: Progress) -> Pretrained:
    started = time.perf_counter()
    vocabulary, arrays, details = task.learn()
    seconds = round(time.perf_counter() - started, 3)
    kept = keep(task.kind, task.decides, vocabulary, arrays, {**details, "seconds": seconds, "made": now()})
    progress.note(f"Pretraining: kept in {kept.directory}")
    return Pretrained(task.kind, kept, reused=False)


def _corpus(config: Config, data: PreparedData, splits: Splits, progress: Progress) -> Corpus:
    """The whole training part, in an order that does not depend on its split, and the unlabelled reviews."""
    parts = [part for part in (splits.train, splits.validation) if part is not None]
    places = ((path, number, index) for number, part in enumerate(parts) for index, path in enumerate(part.paths))
    policy = config.data.encoding_errors
    progress.phase("gathering texts")
    corpus = gather_corpus(
        (parts[number].texts[index] for _, number, index in sorted(places)),
        read_texts(data.unlabelled, policy) if data.unlabelled else (),
        _test_texts(config, data, splits),
        progress.advance,
    )
    progress.note(corpus.describe())
    return corpus


def _test_texts(config: Config, data: PreparedData, splits: Splits) -> Iterable[str]:
    """The texts of the whole test part, also where ``data.limit`` holds for the training."""
    part = find_layout(data.layout.root, config.data.classes).test
    return splits.test().texts if part is None else read_texts(part, "replace")


def _learn_word_vectors(settings: WordVectors, config: Config, corpus: Corpus, progress: Progress) -> _Task:
    dim = config.model.embedding.dim
    whole = config.text.model_copy(update={"sequence_length": _WHOLE, "truncate": "tail"})

    def learn() -> tuple[list[str], dict[str, np.ndarray], dict[str, Any]]:
        progress.phase("making the vocabulary")
        vocabulary = adapt_vocabulary(whole, corpus.texts)
        progress.phase("encoding texts", len(corpus.texts))
        token_ids = encode(whole, vocabulary, corpus.texts, _steps(progress.advance))
        tokens = int(token_ids.offsets[-1])
        passes, scale = count_passes(settings, tokens), choose_scale(settings, tokens)
        progress.phase(f"word vectors, {passes} passes", len(token_ids) * passes)
        vectors, known = learn_word_vectors(
            token_ids, len(vocabulary), dim, settings, threads=available_cores(), progress=progress.advance
        )
        table = complete_table(vectors, known, scale=scale, seed=settings.seed)
        details = {"corpus": {**corpus.counts(), "tokens": tokens}, "passes": passes, "scale": scale}
        return vocabulary, {VECTORS: table}, details

    decides = {
        "text": _what_decides_tokens(config.text),
        "settings": settings.model_dump(mode="json"),
        "dim": dim,
        "texts": corpus.digest,
        "gensim": metadata.version("gensim"),
        "version": _VERSION,
    }
    return _Task(settings.kind, decides, learn)


def _read_word_vectors(settings: WordVectors, path: Path, config: Config, splits: Splits, progress: Progress) -> _Task:
    dim = config.model.embedding.dim
    progress.phase("making the vocabulary")
    vocabulary = adapt_vocabulary(config.text, splits.train.texts)

    def learn() -> tuple[list[str], dict[str, np.ndarray], dict[str, Any]]:
        progress.phase("reading word vectors")
        vectors, known = read_vectors(path, vocabulary, dim, progress.advance)
        progress.note(f"{path} has vectors for {int(known.sum()):,} of {len(vocabulary) - 2:,} words")
        table = complete_table(vectors, known, scale=choose_scale(settings, None), seed=settings.seed)
        return vocabulary, {VECTORS: table}, {"file": str(path), "found": int(known.sum())}

    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    decides = {
        "settings": settings.model_dump(mode="json", include={"kind", "scale", "seed"}),
        "dim": dim,
        "vocabulary": vocabulary_checksum(vocabulary),
        "file": content,
        "version": _VERSION,
    }
    return _Task(settings.kind, decides, learn)


def _what_decides_tokens(settings: TextSettings) -> dict[str, Any]:
    names = {"max_tokens", "split", "standardize"} | ({"punctuation"} if settings.standardize == "reviews" else set())
    return settings.model_dump(mode="json", include=names)


def _steps(advance: Callable[[int], None]) -> Callable[[int], None]:
    """Turns the number of texts done so far into that since the last call."""
    before = 0

    def tell(done: int) -> None:
        nonlocal before
        advance(done - before)
        before = done

    return tell
