"""Settings of what is learned from texts without labels."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sentiment_cli.config.section import Section, Text


class WordVectors(Section):
    """Word vectors for the beginning, from reviews without their labels or from a file; by default null: random ones.

    Word2vec: Mikolov et al. 2013, arXiv:1301.3781 (the two algorithms) and arXiv:1310.4546 (negative samples, leaving
    out frequent words). GloVe: Pennington et al. 2014, https://aclanthology.org/D14-1162/.
    """

    kind: Literal["word_vectors"] = Field(description="What is learned.")
    algorithm: Literal["cbow", "skip_gram"] = Field(
        "cbow",
        description="Predict a word from those around it, or those around it from the word (arXiv:1301.3781, "
        "section 3); `skip_gram` takes several times as long.",
    )
    passes: Literal["auto"] | Annotated[int, Field(ge=1, le=1000)] = Field(
        "auto",
        description="Over the texts; `auto`: 2, and over few texts more, up to 1,000, until five million tokens were "
        "read. After fewer the vectors still point all in one direction.",
    )
    window: int = Field(
        5, ge=1, le=1000, description="Words to either side that count as around; for each word drawn from 1 to this."
    )
    negative: int = Field(
        5, ge=1, le=100, description="Words drawn at random beside each true one (arXiv:1310.4546, section 2.2)."
    )
    subsample: float = Field(
        1e-3,
        ge=0,
        lt=1,
        description="Words with more than this share of the text are left out at times (arXiv:1310.4546, section 2.3); "
        "0: never.",
    )
    even_lengths: Literal["auto"] | Annotated[float, Field(ge=0, le=1)] = Field(
        "auto",
        description="How far the vectors are brought to one length, each divided by its own to this power; `auto`: for "
        "long texts (200 tokens and more), whose few telling words frequent ones would drown, 1 up to 2.5 million "
        "tokens in all, and less for more, down to 0.5 from five million on; for shorter texts less, by their length.",
    )
    scale: Literal["auto"] | Annotated[float, Field(gt=0)] | None = Field(
        "auto",
        description="Standard deviation that the numbers of the table are brought to; `auto`: 0.3, and less after "
        "fewer than five million tokens, by their share of it (of short texts by its square root), down to 0.03; "
        "null: they stay as found.",
    )
    file: Text | None = Field(
        None,
        description="Read the vectors from this file instead, in the text format of GloVe or word2vec, also as .gz; "
        "of the settings only `even_lengths`, `scale` and "
        "`seed` count then.",
    )
    seed: int = Field(1, ge=0, lt=2**31, description="Its own, so that trainings with several seeds share one result.")


class LanguageModel(Section):
    """A language model for the beginning, from reviews without labels: word vectors and the first recurrent layer.

    It predicts each next word, and with a bidirectional layer backwards each one before (Dai and Le 2015,
    arXiv:1511.01432; Peters et al. 2018, N18-1202), with the softmax over a sample of words (Jean et al. 2015,
    arXiv:1412.2007).
    """

    kind: Literal["language_model"] = Field(description="What is learned.")
    start: Literal["word_vectors", "random"] = Field(
        "word_vectors",
        description="Of the word vectors: those that `kind: word_vectors` would learn, also of the texts that are held "
        "out here, or random ones.",
    )
    passes: int = Field(
        6,
        ge=1,
        le=1000,
        description="Over the texts, at the most; it ends when the perplexity of held-out texts rises.",
    )
    min_steps: int = Field(
        2000, ge=0, le=1_000_000_000, description="Few texts get more passes, until there would be so many steps."
    )
    length: int = Field(
        400, ge=2, le=100_000, description="Tokens that are read in one go; longer texts are cut evenly."
    )
    batch_size: int = Field(48, ge=1, le=1_000_000, description="Pieces of texts in a step.")
    samples: int = Field(512, ge=1, le=1_000_000, description="Words that each prediction is compared with.")
    learning_rate: float = Field(4e-3, gt=0, description="Of Adam at its highest; it rises and falls by a cosine.")
    seed: int = Field(1, ge=0, lt=2**31, description="Its own, so that trainings with several seeds share one result.")


Pretraining = WordVectors | LanguageModel
