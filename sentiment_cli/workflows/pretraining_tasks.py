"""What there is to learn before a training, how it is learned, and what decides its result."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_cli.config.data import TextSettings
from sentiment_cli.config.pretraining import LanguageModel, Pretraining, WordVectors
from sentiment_cli.config.schema import Config
from sentiment_cli.data.loading import Splits
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.machine import available_cores
from sentiment_cli.model.network import first_layers
from sentiment_cli.pretraining.corpus import Corpus
from sentiment_cli.pretraining.formats import read_vectors
from sentiment_cli.pretraining.language_model import build_language_model
from sentiment_cli.pretraining.passes import Passes, divide, perplexity
from sentiment_cli.pretraining.store import Kept
from sentiment_cli.pretraining.word_vectors import (
    choose_evening,
    choose_scale,
    complete_table,
    count_passes,
    even_lengths,
    learn_word_vectors,
)
from sentiment_cli.resources import expand_path
from sentiment_cli.text.token_ids import TokenIds
from sentiment_cli.text.vectorizer import adapt_vocabulary, encode
from sentiment_cli.text.vocabulary import vocabulary_checksum
from sentiment_cli.training.progress import Progress
from sentiment_cli.workflows.unlabelled import unlabelled_texts

# How many tokens a text may have; none is cut.
_WHOLE = 2**31
# Raised when equal settings begin to lead to another result.
_VERSIONS = {"word_vectors": 2, "language_model": 2}
VECTORS = "vectors"

Learned = tuple[list[str], dict[str, np.ndarray], dict[str, Any]]


@dataclass(frozen=True)
class Task:
    """Something to be learned.

    Args:
        kind: of the pretraining.
        decides: plain values, everything that decides the result.
        learn: does it; is given a directory for what it needs to go on after a stop and the result of ``start``, and
            returns the vocabulary, arrays by name, and what else the record shall say.
        start: what has to be learned before.
    """

    kind: str
    decides: Mapping[str, Any]
    learn: Callable[[Path, Kept | None], Learned]
    start: Task | None = None


def make_task(
    settings: Pretraining, config: Config, data: PreparedData, splits: Splits, threads: int | None, progress: Progress
) -> Task:
    """What ``pretrain`` of a configuration asks to be learned; the arguments are those of `obtain_pretrained`."""
    if isinstance(settings, WordVectors) and settings.file is not None:
        return _vectors_from_file(settings, expand_path(settings.file), config, splits, progress)
    parts = [part for part in (splits.train, splits.validation) if part is not None]
    corpus = unlabelled_texts(config, data, splits, parts, progress)
    if isinstance(settings, WordVectors):
        return _word_vectors(settings, config, corpus, progress)
    return _language_model(settings, config, corpus, threads, progress)


def _encode_whole(config: Config, corpus: Corpus, progress: Progress) -> tuple[list[str], TokenIds]:
    """The vocabulary of the texts, and their ids, none of them cut."""
    whole = config.text.model_copy(update={"sequence_length": _WHOLE, "truncate": "tail"})
    progress.phase("making the vocabulary")
    vocabulary = adapt_vocabulary(whole, corpus.texts)
    progress.phase("encoding texts", len(corpus.texts))
    return vocabulary, encode(whole, vocabulary, corpus.texts, progress.advance)


def _language_model(
    settings: LanguageModel, config: Config, corpus: Corpus, threads: int | None, progress: Progress
) -> Task:
    first = config.model.recurrent[0]
    before = None
    if settings.start == "word_vectors":
        before = _word_vectors(WordVectors(kind="word_vectors", seed=settings.seed), config, corpus, progress)

    def learn(unfinished: Path, start: Kept | None) -> Learned:
        vocabulary, token_ids = _encode_whole(config, corpus, progress)
        learned, held_out = divide(token_ids, settings.length, settings.seed, len(vocabulary))
        vectors = None if start is None else start.arrays[VECTORS]
        predictor, optimizer = build_language_model(config, settings, len(vocabulary), len(learned), threads, vectors)
        passes = Passes(predictor, optimizer, settings, learned, held_out, unfinished, progress)
        rows = [{"loss": row.loss, "perplexity": perplexity(row.val_loss or 0.0)} for row in passes.run()]
        embedding, recurrent = first_layers(predictor.reader)
        weights = recurrent.get_weights()
        arrays = {VECTORS: embedding.embeddings.numpy(), **dict(zip(layer_arrays(len(weights)), weights, strict=True))}
        details = {
            "corpus": {**corpus.counts(), "tokens": int(token_ids.offsets[-1])},
            "passes": rows,
            "perplexity": min(row["perplexity"] for row in rows),
            "start": None if start is None else start.sha256,
            "seconds_before": passes.seconds_before,
        }
        return vocabulary, arrays, details

    decides = {
        "text": _what_decides_tokens(config.text),
        "settings": settings.model_dump(mode="json"),
        "start": None if before is None else before.decides,
        "dim": config.model.embedding.dim,
        "layer": first.model_dump(mode="json", exclude={"dropout", "recurrent_dropout"}),
        "texts": corpus.digest,
        "versions": {name: metadata.version(name) for name in ("tensorflow", "keras")},
        "version": _VERSIONS[settings.kind],
    }
    return Task(settings.kind, decides, learn, before)


def layer_arrays(weights: int) -> list[str]:
    """The arrays of a recurrent layer, in the order of its weights."""
    return [f"recurrent-{index}" for index in range(weights)]


def _word_vectors(settings: WordVectors, config: Config, corpus: Corpus, progress: Progress) -> Task:
    dim = config.model.embedding.dim

    def learn(unfinished: Path, start: Kept | None) -> Learned:
        vocabulary, token_ids = _encode_whole(config, corpus, progress)
        tokens, texts = int(token_ids.offsets[-1]), len(token_ids)
        passes, scale = count_passes(settings, tokens), choose_scale(settings, tokens, texts)
        evening = choose_evening(settings, tokens, texts)
        progress.phase(f"word vectors, {passes} passes", texts * passes)
        vectors, known = learn_word_vectors(
            token_ids, len(vocabulary), dim, settings, threads=available_cores(), progress=progress.advance
        )
        table = complete_table(even_lengths(vectors, evening), known, scale=scale, seed=settings.seed)
        made = {"passes": passes, "even_lengths": evening, "scale": scale}
        details = {"corpus": {**corpus.counts(), "tokens": tokens}, **made}
        return vocabulary, {VECTORS: table}, details

    decides = {
        "text": _what_decides_tokens(config.text),
        "settings": settings.model_dump(mode="json"),
        "dim": dim,
        "texts": corpus.digest,
        "gensim": metadata.version("gensim"),
        "version": _VERSIONS[settings.kind],
    }
    return Task(settings.kind, decides, learn)


def _vectors_from_file(settings: WordVectors, path: Path, config: Config, splits: Splits, progress: Progress) -> Task:
    dim = config.model.embedding.dim
    progress.phase("making the vocabulary")
    vocabulary = adapt_vocabulary(config.text, splits.train.texts)

    def learn(unfinished: Path, start: Kept | None) -> Learned:
        progress.phase("reading word vectors")
        vectors, known = read_vectors(path, vocabulary, dim, progress.advance)
        progress.note(f"{path} has vectors for {int(known.sum()):,} of {len(vocabulary) - 2:,} words")
        even = even_lengths(vectors, choose_evening(settings, None))
        table = complete_table(even, known, scale=choose_scale(settings, None), seed=settings.seed)
        return vocabulary, {VECTORS: table}, {"file": str(path), "found": int(known.sum())}

    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    decides = {
        "settings": settings.model_dump(mode="json", include={"kind", "even_lengths", "scale", "seed"}),
        "dim": dim,
        "vocabulary": vocabulary_checksum(vocabulary),
        "file": content,
        "version": _VERSIONS[settings.kind],
    }
    return Task(settings.kind, decides, learn)


def _what_decides_tokens(settings: TextSettings) -> dict[str, Any]:
    names = {"max_tokens", "split", "standardize"} | ({"punctuation"} if settings.standardize == "reviews" else set())
    return settings.model_dump(mode="json", include=names)
