"""Word vectors from texts without labels, by word2vec (gensim), and the table that a network begins with.

Mikolov, Chen, Corrado, Dean: Efficient Estimation of Word Representations in Vector Space. 2013. arXiv:1301.3781
Mikolov, Sutskever, Chen, Corrado, Dean: Distributed Representations of Words and Phrases and their
Compositionality. NIPS 2013. arXiv:1310.4546
"""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_cli.config.pretraining import WordVectors
from sentiment_cli.text.token_ids import TokenIds
from sentiment_cli.text.vocabulary import PADDING_ID, UNKNOWN_ID

# Tokens. Fewer are learned from by one thread within seconds, and give the same vectors each time.
_WORTH_A_SECOND_THREAD = 500_000
# Tokens, counted once for each pass. All vectors begin by moving the same way, and words part later: of 600 reviews
# with 23,000 tokens one direction held 99 % of all squares after 5 passes, 67 % after 50, 4 % after 200.
_ENOUGH = 5_000_000
# With IMDb's 20 million tokens `imdb_fast` reached a validation accuracy of 0.923 after 2 passes (mean of two seeds),
# and 0.922 after 3 (one seed).
_FEWEST_PASSES, _MOST_PASSES = 2, 1000
# Vectors of few texts are mostly noise, which a training does not overcome where it is large: with those 600 reviews
# (`lstm.yaml`, seeds 1 to 3) a scale of 0.3 gave a validation accuracy of 0.67, 0.1 gave 0.79, and 0.03 gave 0.82, as
# random vectors do, whose scale in Keras is 0.03.
_LARGEST_SCALE, _SMALLEST_SCALE = 0.3, 0.03
# Tokens. Few words of a long text tell something, and frequent ones, whose vectors are the longest, drown them.
# `imdb_fast` on 1,000, 5,000 and 10,000 labelled IMDb reviews, accuracy on 1,000 further ones (seed 1): with lengths as
# found 0.701, 0.864, 0.876; with equal ones and the scale below 0.811, 0.881, 0.898; with random vectors 0.829, 0.859,
# 0.883. On tweets of 20 tokens equal lengths lose 0.018. On all of IMDb the validation loss was 0.2089 with lengths as
# found, 0.2055 with a quarter of the differences taken out, 0.2048 with half, 0.2046 with three (but 0.006 less
# accurate).
_LONG_TEXT = 200
# Reviews; for lines of text of a few megabytes at a time.
_WRITTEN_AT_ONCE = 4096
# Words whose neighbours show at a glance whether something was learned.
_PROBES = ("good", "bad", "great", "awful", "funny", "boring", "clean", "dirty")


def count_passes(settings: WordVectors, tokens: int) -> int:
    """How often texts of so many tokens are gone over."""
    if settings.passes != "auto":
        return settings.passes
    return min(max(_FEWEST_PASSES, -(-_ENOUGH // max(tokens, 1))), _MOST_PASSES)


def choose_scale(settings: WordVectors, tokens: int | None, texts: int = 1) -> float | None:
    """The standard deviation for vectors that were learned from so many tokens; None: it stays as it is.

    Args:
        settings: of the word vectors.
        tokens: None: they are those of a file, learned from many.
        texts: that have these tokens.
    """
    if settings.scale != "auto":
        return settings.scale
    if tokens is None:
        return _LARGEST_SCALE
    power = (1 + _longness(tokens, texts)) / 2
    return max(_LARGEST_SCALE * math.pow(_share_of_enough(tokens), power), _SMALLEST_SCALE)


def choose_evening(settings: WordVectors, tokens: int | None, texts: int = 1) -> float:
    """How far vectors that were learned from so many tokens are brought to one length, in [0, 1]; as `choose_scale`."""
    if settings.even_lengths != "auto":
        return settings.even_lengths
    if tokens is None:
        return 0.0
    return min(1.5 - _share_of_enough(tokens), 1.0) * _longness(tokens, texts)


def _share_of_enough(tokens: int) -> float:
    return min(tokens / _ENOUGH, 1.0)


def _longness(tokens: int, texts: int) -> float:
    return min(tokens / max(texts, 1) / _LONG_TEXT, 1.0)


def learn_word_vectors(
    token_ids: TokenIds,
    vocabulary_size: int,
    dim: int,
    settings: WordVectors,
    *,
    threads: int,
    progress: Callable[[int], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Learn a vector for each token that occurs, the mark for unknown words included.

    Several threads work on the same table without waiting for each other, so that two calls differ. With one
    thread, which is taken for up to half a million tokens, equal calls give equal vectors on equal machines.

    Args:
        token_ids: n whole texts.
        vocabulary_size: number of tokens, padding and unknown included.
        dim: numbers in a vector.
        settings: algorithm, passes and so on.
        threads: that may be used.
        progress: called with n after each pass.

    Returns:
        float32[vocabulary_size, dim] vectors, and bool[vocabulary_size], which of them were learned.
    """
    from gensim.models import Word2Vec

    # It warns of every pass whose threads shared the texts out unevenly.
    logging.getLogger("gensim").setLevel(logging.ERROR)
    # On Windows a thread that an interruption left behind still holds the file.
    with tempfile.TemporaryDirectory(prefix="sentiment-sentences-", ignore_cleanup_errors=True) as directory:
        sentences = Path(directory) / "ids.txt"
        occurrences = _write_sentences(sentences, token_ids, vocabulary_size)
        words = int(occurrences.sum())
        model = Word2Vec(
            vector_size=dim,
            sg=int(settings.algorithm == "skip_gram"),
            window=settings.window,
            negative=settings.negative,
            sample=settings.subsample,
            min_count=1,
            seed=settings.seed,
            workers=threads if words > _WORTH_A_SECOND_THREAD else 1,
        )
        model.build_vocab_from_freq({str(index): int(occurrences[index]) for index in np.flatnonzero(occurrences)})
        model.train(
            corpus_file=str(sentences),
            total_examples=len(token_ids),
            total_words=words,
            epochs=count_passes(settings, words),
            callbacks=[_AfterEachPass(lambda: progress(len(token_ids)) if progress else None)],
        )
    vectors = np.zeros((vocabulary_size, dim), np.float32)
    vectors[[int(word) for word in model.wv.index_to_key]] = model.wv.vectors
    return vectors, occurrences > 0


def even_lengths(vectors: np.ndarray, power: float) -> np.ndarray:
    """Vectors divided by their own length to a power: 0 leaves them as they are, 1 makes all equally long.

    Args:
        vectors: float32[size, dim]; vectors of zeros stay so.
        power: in [0, 1].
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, np.float32(1)) ** np.float32(power)


def complete_table(vectors: np.ndarray, known: np.ndarray, *, scale: float | None, seed: int) -> np.ndarray:
    """The table that an embedding begins with.

    Args:
        vectors: float32[size, dim].
        known: bool[size], which of the rows are meant.
        scale: the standard deviation that all numbers of these rows are brought to; None: they stay as they are.
        seed: of the other rows, which are drawn from a normal distribution of the same standard deviation.

    Returns:
        float32[size, dim]; the row of the padding is 0.
    """
    found = float(vectors[known].std())
    factor = scale / found if scale is not None and found > 0 else 1.0
    table = np.random.default_rng(seed).normal(0.0, found * factor, vectors.shape).astype(np.float32)
    table[known] = vectors[known] * np.float32(factor)
    table[PADDING_ID] = 0
    return table


def nearest_words(
    vocabulary: Sequence[str], table: np.ndarray, *, words: int = 5, most: int = 5
) -> dict[str, list[tuple[str, float]]]:
    """The words with the most similar vectors, for a few words that are known to mean something, or are frequent.

    Args:
        vocabulary: tokens in the order of their ids, by falling frequency.
        table: float32[size, dim].
        words: how many words.
        most: how many neighbours of each.

    Returns:
        By word: neighbours with the cosine of the angle between the two vectors, the nearest first.
    """
    first = UNKNOWN_ID + 1
    tokens = list(vocabulary[first:])
    lengths = np.linalg.norm(table[first:], axis=1, keepdims=True)
    units = table[first:] / np.maximum(lengths, np.finfo(np.float32).tiny)
    probes = [word for word in _PROBES if word in tokens] or tokens
    neighbours = {}
    for word in probes[:words]:
        cosines = units @ units[tokens.index(word)]
        nearest = [index for index in np.argsort(-cosines, kind="stable").tolist() if tokens[index] != word][:most]
        neighbours[word] = [(tokens[index], float(cosines[index])) for index in nearest]
    return neighbours


class _AfterEachPass:
    """What gensim calls while it works."""

    def __init__(self, after: Callable[[], None]) -> None:
        self._after = after

    def on_train_begin(self, model: Any) -> None:
        """Nothing to do."""

    def on_train_end(self, model: Any) -> None:
        """Nothing to do."""

    def on_epoch_begin(self, model: Any) -> None:
        """Nothing to do."""

    def on_epoch_end(self, model: Any) -> None:
        """A pass is over."""
        self._after()


def _write_sentences(path: Path, token_ids: TokenIds, vocabulary_size: int) -> np.ndarray:
    """A line of decimal ids for each text: gensim's threads read this by themselves, with no Python between them.

    Returns:
        int64[vocabulary_size], how often each token occurs.
    """
    names = [str(index) for index in range(vocabulary_size)]
    occurrences = np.zeros(vocabulary_size, np.int64)
    with path.open("w", encoding="ascii", newline="\n") as file:
        for start in range(0, len(token_ids), _WRITTEN_AT_ONCE):
            offsets = token_ids.offsets[start : start + _WRITTEN_AT_ONCE + 1]
            ids = token_ids.flat[offsets[0] : offsets[-1]]
            occurrences += np.bincount(ids, minlength=vocabulary_size)
            words = [names[index] for index in ids.tolist()]
            for begin, end in pairwise((offsets - offsets[0]).tolist()):
                file.write(" ".join(words[begin:end]) + "\n")
    return occurrences
