"""The cleaning rule ``reviews``: what Keras' rules miss in reviews from the web.

Keras lower-cases and strips punctuation by ASCII: ``É`` and curly quotes stay, ``great.Loved`` becomes one
word, and of ``<br />`` the word ``br`` remains, the twelfth most frequent of IMDb's. Everything here is a
TensorFlow operation, so that the rule becomes part of the saved model; ``import`` this module before such a
model is loaded.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

# What a rule is called in `run.json`, so that a reader of model.keras knows what to import.
IMPORT = "sentiment_cli.text.standardize"

# In a word an apostrophe belongs to it (don't, l'été). A private-use character holds its place while all
# other punctuation is set apart; the pattern does not look around, so it runs twice for o'n'o.
_APOSTROPHE = "\ue000"
# Before lower-casing, which ends at a NUL (tf.strings.lower with an encoding) and follows the language of the
# process (ICU: Turkish, Azerbaijani, Lithuanian), in which a model must not read differently. "I" itself is
# lowered as ASCII first.
_PREPARATIONS = (
    # Soft hyphens, joiners, direction and variation marks: not seen, and no reason to cut a word.
    ("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0e\ufe0f\ufeff]", ""),
    (r"[\pZ\pC\s]+", " "),
    ("İ", "i\u0307"),
    ("Ì", "ì"),
    ("Í", "í"),
    ("Ĩ", "ĩ"),
    ("Į", "į"),
)
_REPLACEMENTS = (
    (r"<br\s*/?>", " "),
    ("[\u2018\u2019\u201a\u201b\u2032\u00b4`]", "'"),
    ("[\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033]", '"'),
    (r"([\pL\pN\pM])'([\pL\pN\pM])", rf"\1{_APOSTROPHE}\2"),
    (r"([\pL\pN\pM])'([\pL\pN\pM])", rf"\1{_APOSTROPHE}\2"),
)


@keras.saving.register_keras_serializable(package="sentiment", name="reviews_keep_punctuation")
def reviews_keep_punctuation(texts: Any) -> Any:
    """Clean reviews; punctuation marks and symbols become tokens of their own.

    Args:
        texts: string[...], UTF-8.

    Returns:
        string[...] in lower case, ready to be split at white space.
    """
    return _clean(texts, (r"([\pP\pS])", r" \1 "))


@keras.saving.register_keras_serializable(package="sentiment", name="reviews_drop_punctuation")
def reviews_drop_punctuation(texts: Any) -> Any:
    """Clean reviews; punctuation marks become spaces, other symbols (emoji) tokens of their own.

    Args:
        texts: string[...], UTF-8.

    Returns:
        string[...] in lower case, ready to be split at white space.
    """
    return _clean(texts, (r"[\pP\p{Sm}\p{Sc}\p{Sk}]", " "), (r"(\p{So})", r" \1 "))


def _clean(texts: Any, *punctuation: tuple[str, str]) -> Any:
    texts = tf.strings.lower(texts)
    for pattern, replacement in _PREPARATIONS:
        texts = tf.strings.regex_replace(texts, pattern, replacement)
    texts = tf.strings.lower(texts, encoding="utf-8")
    for pattern, replacement in (*_REPLACEMENTS, *punctuation, (_APOSTROPHE, "'"), (r"\s+", " ")):
        texts = tf.strings.regex_replace(texts, pattern, replacement)
    return tf.strings.strip(texts)
