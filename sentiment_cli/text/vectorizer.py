"""From texts to token ids, by Keras' ``TextVectorization``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from sentiment_cli.ahead import computed_ahead
from sentiment_cli.config.data import TextSettings
from sentiment_cli.errors import DataError
from sentiment_cli.machine import available_cores
from sentiment_cli.text.standardize import reviews_drop_punctuation, reviews_keep_punctuation
from sentiment_cli.text.token_ids import TokenIds, cut_to_length, join_token_ids
from sentiment_cli.text.vocabulary import PADDING, UNKNOWN

# Reviews in a call: large enough that the fixed cost of a call does not count, small enough for memory.
_BATCH = 2048
_TEXTS = tf.TensorSpec((None,), tf.string)


def build_vectorizer(settings: TextSettings, vocabulary: Sequence[str], *, ragged: bool = False) -> Any:
    """A ``TextVectorization`` with this vocabulary.

    The vocabulary goes through the constructor, which keeps it as JSON in a saved model; the asset file that
    ``adapt`` or ``set_vocabulary`` lead to cannot hold tokens with line separators.

    Args:
        settings: the ``text`` section.
        vocabulary: tokens in the order of their ids, padding and unknown first.
        ragged: give the ids without padding.
    """
    return keras.layers.TextVectorization(
        standardize=_standardize(settings),
        split=settings.split,
        ragged=ragged,
        vocabulary=list(vocabulary[2:]),
        name="text_vectorization",
    )


def adapt_vocabulary(settings: TextSettings, texts: Sequence[str]) -> list[str]:
    """The most frequent tokens of the training texts, in the order of their ids, padding and unknown first.

    Args:
        settings: the ``text`` section.
        texts: of the training part alone.

    Raises:
        DataError: the texts have no token.
    """
    batches = tf.data.Dataset.from_generator(lambda: _batches(texts), output_signature=_TEXTS)
    standardize = _standardize(settings)
    if callable(standardize):
        # A batch ahead, on another core, for it takes longer than counting: 1.7 s instead of 2.7 for 8,192 reviews.
        batches, standardize = batches.map(standardize, num_parallel_calls=2).prefetch(1), None
    # One more than asked for: a token that reads like the mark for unknown words is dropped below.
    vectorizer = keras.layers.TextVectorization(
        max_tokens=settings.max_tokens + 1, standardize=standardize, split=settings.split
    )
    try:
        vectorizer.adapt(batches)
        tokens = vectorizer.get_vocabulary(include_special_tokens=False)
    except tf.errors.InvalidArgumentError:  # Keras cannot make a table when the mark itself is the only token
        tokens = []
    known = [str(token) for token in tokens if token not in (PADDING, UNKNOWN)][: settings.max_tokens - 2]
    if not known:
        raise DataError(
            "The training reviews have no word that text.standardize leaves; there is nothing to learn from."
        )
    return [PADDING, UNKNOWN, *known]


def encode(
    settings: TextSettings,
    vocabulary: Sequence[str],
    texts: Sequence[str],
    progress: Callable[[int], None] | None = None,
) -> TokenIds:
    """Turn texts into token ids, cut to ``text.sequence_length``.

    Args:
        settings: the ``text`` section.
        vocabulary: tokens in the order of their ids.
        texts: any number of them.
        progress: called with the number of texts done since the last call.
    """
    return build_encoder(settings, vocabulary)(texts, progress)


def build_encoder(
    settings: TextSettings, vocabulary: Sequence[str]
) -> Callable[[Sequence[str], Callable[[int], None] | None], TokenIds]:
    """What `encode` does with texts and progress, for many calls: the vectorizer is built once."""
    vectorizer = build_vectorizer(settings, vocabulary, ragged=True)

    def encode_batch(batch: Sequence[str]) -> TokenIds:
        ids = vectorizer(tf.constant(batch, dtype=tf.string))
        flat, lengths = ids.values.numpy(), ids.row_lengths().numpy()
        return cut_to_length(flat, lengths, settings.sequence_length, settings.truncate)

    def encode_all(texts: Sequence[str], progress: Callable[[int], None] | None) -> TokenIds:
        def encoded() -> Iterator[TokenIds]:
            # TensorFlow cleans and splits the texts of a batch on one core.
            for part in computed_ahead(encode_batch, _batches(texts), available_cores()):
                yield part
                if progress:
                    progress(len(part))

        return join_token_ids(encoded(), len(vocabulary))

    return encode_all


def tokenize(settings: TextSettings, texts: Sequence[str]) -> list[list[str]]:
    """The tokens of texts before cutting, whether they are in the vocabulary or not: what `encode` looks up.

    Args:
        settings: the ``text`` section.
        texts: any number of them.
    """
    # Keras has no public way to the words; a vocabulary is needed and not looked at.
    vectorizer = build_vectorizer(settings, [PADDING, UNKNOWN, "any"], ragged=True)
    result: list[list[str]] = []
    for batch in _batches(texts):
        words = vectorizer._preprocess(tf.constant(batch, dtype=tf.string)).to_list()
        result += [[word.decode("utf-8", "replace") for word in review] for review in words]
    return result


def clean(settings: TextSettings, text: str) -> str:
    """A text after ``text.standardize``, before it is split."""
    vectorizer = keras.layers.TextVectorization(standardize=_standardize(settings), split=None)
    return str(vectorizer._preprocess(tf.constant([text])).numpy()[0].decode("utf-8", "replace"))


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH))


def _standardize(settings: TextSettings) -> Any:
    if settings.standardize == "none":
        return None
    if settings.standardize == "reviews":
        return reviews_keep_punctuation if settings.punctuation == "keep" else reviews_drop_punctuation
    return settings.standardize
