"""What a configuration learns before its training: found among what is kept, or learned, and given to the network."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_cli.config.data import TextSettings
from sentiment_cli.config.pretraining import LanguageModel, Pretraining, WordVectors
from sentiment_cli.config.schema import Config
from sentiment_cli.data.directory import find_layout
from sentiment_cli.data.loading import Splits
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.data.reviews import ReviewSet
from sentiment_cli.locking import locked
from sentiment_cli.machine import available_cores
from sentiment_cli.model.network import first_layers
from sentiment_cli.plots.perplexity import plot_perplexity
from sentiment_cli.plots.save import save_figure
from sentiment_cli.pretraining.corpus import Corpus, gather_corpus, read_texts
from sentiment_cli.pretraining.formats import read_vectors
from sentiment_cli.pretraining.language_model import build_language_model
from sentiment_cli.pretraining.passes import Passes, divide, perplexity
from sentiment_cli.pretraining.store import (
    Damaged,
    Kept,
    check_writable,
    find_kept,
    keep,
    lock_path,
    unfinished_dir,
)
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
from sentiment_cli.workflows.record import now

# How many tokens a text may have; none is cut.
_WHOLE = 2**31
# Raised when equal settings begin to lead to another result.
_VERSIONS = {"word_vectors": 2, "language_model": 2}
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
        embedding, recurrent = first_layers(network)
        embedding.embeddings.assign(self.kept.arrays[VECTORS])
        if self.kind == "language_model":
            recurrent.set_weights([self.kept.arrays[name] for name in _names(len(recurrent.weights))])


Learned = tuple[list[str], dict[str, np.ndarray], dict[str, Any]]


@dataclass(frozen=True)
class _Task:
    """Something to be learned.

    Args:
        kind: of the pretraining.
        decides: plain values, everything that decides the result.
        learn: does it; is given a directory for what it needs to go on after a stop, and returns the vocabulary, arrays
            by name, and what else the record shall say.
    """

    kind: str
    decides: Mapping[str, Any]
    learn: Callable[[Path], Learned]


def obtain_pretrained(
    settings: Pretraining, config: Config, data: PreparedData, splits: Splits, threads: int | None, progress: Progress
) -> Pretrained:
    """Find a result of pretraining among those that are kept, or learn and keep it.

    Args:
        settings: ``pretrain`` of the configuration.
        config: the configuration.
        data: the prepared files.
        splits: the reviews; their labels are not used.
        threads: of the compiled loops; None: on a GPU.
        progress: told what happens.

    Raises:
        DataError: there are no texts, or the file of word vectors cannot be used.
        RunError: nothing can be kept.
    """
    return _obtain(_make_task(settings, config, data, splits, threads, progress), progress)


def find_pretrained(
    settings: Pretraining, config: Config, data: PreparedData, splits: Splits, threads: int | None, progress: Progress
) -> Pretrained | None:
    """As `obtain_pretrained`, but None where it would have to be learned, which takes its time."""
    task = _make_task(settings, config, data, splits, threads, progress)
    if config.vectors_file is not None:
        return _obtain(task, progress)
    found = _find(task, progress)
    if found is None:
        progress.note("Pretraining: left out here, since it takes its time; `sentiment pretrain` does it and keeps it")
    return found


def _make_task(
    settings: Pretraining, config: Config, data: PreparedData, splits: Splits, threads: int | None, progress: Progress
) -> _Task:
    if isinstance(settings, WordVectors) and settings.file is not None:
        return _read_word_vectors(settings, expand_path(settings.file), config, splits, progress)
    parts = [part for part in (splits.train, splits.validation) if part is not None]
    corpus = unlabelled_texts(config, data, splits, parts, progress)
    if isinstance(settings, WordVectors):
        return _learn_word_vectors(settings, config, corpus, progress)
    return _learn_language_model(settings, config, corpus, threads, progress)


def _obtain(task: _Task, progress: Progress) -> Pretrained:
    def wait() -> None:
        progress.note("Pretraining: another process is at it, and is waited for")

    # Without the lock first: what is kept can be read where nothing can be written.
    with contextlib.suppress(Damaged):
        if kept := find_kept(task.kind, task.decides):
            return _taken(task, kept, progress)
    check_writable()
    with locked(lock_path(task.kind, task.decides), wait=wait):
        return _find(task, progress) or _learn(task, progress)


def _find(task: _Task, progress: Progress) -> Pretrained | None:
    try:
        kept = find_kept(task.kind, task.decides)
    except Damaged as error:
        progress.warn(f"{error} It is made anew.")
        return None
    return None if kept is None else _taken(task, kept, progress)


def _taken(task: _Task, kept: Kept, progress: Progress) -> Pretrained:
    progress.note(f"Pretraining: taken from {kept.directory} (made {kept.record['made']})")
    return Pretrained(task.kind, kept, reused=True)


def _learn(task: _Task, progress: Progress) -> Pretrained:
    started = time.perf_counter()
    unfinished = unfinished_dir(task.kind, task.decides)
    vocabulary, arrays, details = task.learn(unfinished)
    seconds = round(time.perf_counter() - started + details.pop("seconds_before", 0.0), 3)
    kept = keep(task.kind, task.decides, vocabulary, arrays, {**details, "seconds": seconds, "made": now()})
    shutil.rmtree(unfinished, ignore_errors=True)
    draw_perplexity(kept)
    progress.note(f"Pretraining: kept in {kept.directory}")
    return Pretrained(task.kind, kept, reused=False)


def draw_perplexity(kept: Kept) -> Path | None:
    """The picture of a language model's passes beside it, drawn where it is not there yet; None for other kinds."""
    if "perplexity" not in kept.record:
        return None
    path = kept.directory / "perplexity.png"
    if not path.exists():
        save_figure(plot_perplexity([row["perplexity"] for row in kept.record["passes"]]), path)
    return path


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


def _encode_whole(config: Config, corpus: Corpus, progress: Progress) -> tuple[list[str], TokenIds]:
    """The vocabulary of the texts, and their ids, none of them cut."""
    whole = config.text.model_copy(update={"sequence_length": _WHOLE, "truncate": "tail"})
    progress.phase("making the vocabulary")
    vocabulary = adapt_vocabulary(whole, corpus.texts)
    progress.phase("encoding texts", len(corpus.texts))
    return vocabulary, encode(whole, vocabulary, corpus.texts, progress.advance)


def _learn_language_model(
    settings: LanguageModel, config: Config, corpus: Corpus, threads: int | None, progress: Progress
) -> _Task:
    first = config.model.recurrent[0]
    start = None
    if settings.start == "word_vectors":
        start = _learn_word_vectors(WordVectors(kind="word_vectors", seed=settings.seed), config, corpus, progress)

    def learn(unfinished: Path) -> Learned:
        vocabulary, token_ids = _encode_whole(config, corpus, progress)
        learned, held_out = divide(token_ids, settings.length, settings.seed, len(vocabulary))
        begun = None if start is None else _obtain(start, progress).kept
        vectors = None if begun is None else begun.arrays[VECTORS]
        predictor, optimizer = build_language_model(config, settings, len(vocabulary), len(learned), threads, vectors)
        passes = Passes(predictor, optimizer, settings, learned, held_out, unfinished, progress)
        rows = [{"loss": row.loss, "perplexity": perplexity(row.val_loss or 0.0)} for row in passes.run()]
        embedding, recurrent = first_layers(predictor.reader)
        weights = recurrent.get_weights()
        arrays = {VECTORS: embedding.embeddings.numpy(), **dict(zip(_names(len(weights)), weights, strict=True))}
        details = {
            "corpus": {**corpus.counts(), "tokens": int(token_ids.offsets[-1])},
            "passes": rows,
            "perplexity": min(row["perplexity"] for row in rows),
            "start": None if begun is None else begun.sha256,
            "seconds_before": passes.seconds_before,
        }
        return vocabulary, arrays, details

    decides = {
        "text": _what_decides_tokens(config.text),
        "settings": settings.model_dump(mode="json"),
        "start": None if start is None else start.decides,
        "dim": config.model.embedding.dim,
        "layer": first.model_dump(mode="json", exclude={"dropout", "recurrent_dropout"}),
        "texts": corpus.digest,
        "versions": {name: metadata.version(name) for name in ("tensorflow", "keras")},
        "version": _VERSIONS[settings.kind],
    }
    return _Task(settings.kind, decides, learn)


def _names(weights: int) -> list[str]:
    """The arrays of a recurrent layer, in the order of its weights."""
    return [f"recurrent-{index}" for index in range(weights)]


def _learn_word_vectors(settings: WordVectors, config: Config, corpus: Corpus, progress: Progress) -> _Task:
    dim = config.model.embedding.dim

    def learn(unfinished: Path) -> Learned:
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
    return _Task(settings.kind, decides, learn)


def _read_word_vectors(settings: WordVectors, path: Path, config: Config, splits: Splits, progress: Progress) -> _Task:
    dim = config.model.embedding.dim
    progress.phase("making the vocabulary")
    vocabulary = adapt_vocabulary(config.text, splits.train.texts)

    def learn(unfinished: Path) -> Learned:
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
    return _Task(settings.kind, decides, learn)


def _what_decides_tokens(settings: TextSettings) -> dict[str, Any]:
    names = {"max_tokens", "split", "standardize"} | ({"punctuation"} if settings.standardize == "reviews" else set())
    return settings.model_dump(mode="json", include=names)
