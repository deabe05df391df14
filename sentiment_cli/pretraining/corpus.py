"""Which texts is something learned from without their labels? Never those of the test part."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from sentiment_cli.data.contents import Policy, read_text
from sentiment_cli.data.directory import Part
from sentiment_cli.data.reviews import EMPTY_DIGEST, text_digest
from sentiment_cli.data.texts import store_texts
from sentiment_cli.errors import DataError


@dataclass(frozen=True)
class Corpus:
    """The texts of a pretraining.

    Args:
        texts: str[n], each once, none of them empty.
        labelled: texts of the training part that were looked at.
        unlabelled: texts without labels that were looked at.
        held_out: of the latter, those left out since they occur in the test part, or in validation where that counts.
        repeated: of both, those left out since they occur before, or are empty.
        digest: SHA-256 of the texts that are left, in their order.
    """

    texts: Sequence[str]
    labelled: int
    unlabelled: int
    held_out: int
    repeated: int
    digest: str

    def counts(self) -> dict[str, int]:
        """The numbers of texts, for a record."""
        names = ("labelled", "unlabelled", "held_out", "repeated")
        return {"texts": len(self.texts), **{name: getattr(self, name) for name in names}}

    def describe(self) -> str:
        """The numbers of texts, for people."""
        return (
            f"{len(self.texts):,} texts to learn from: {self.labelled:,} training and {self.unlabelled:,} unlabelled "
            f"reviews, without {self.held_out:,} unlabelled copies of held-out reviews and {self.repeated:,} repeated "
            "ones"
        )


def gather_corpus(
    labelled: Iterable[str],
    unlabelled: Iterable[str],
    held_out: Iterable[str],
    progress: Callable[[int], None] | None = None,
) -> Corpus:
    """Put the texts together that something may be learned from.

    Texts are equal when they are equal but for white space at their ends.

    Args:
        labelled: the whole training part.
        unlabelled: texts without labels.
        held_out: the test part, and whatever else must not be learned, of which only digests are made, to leave out
            its copies among the unlabelled texts: 270 of IMDb's 50,000 are reviews of the test part to the letter. A
            labelled review stays, since the training reads it in any case and has to know its words.
        progress: called with the number of texts done since the last call.

    Raises:
        DataError: no text is left.
    """
    forbidden = {text_digest(text) for text in _told(held_out, progress)} - {EMPTY_DIGEST}
    seen, counts, digest = {EMPTY_DIGEST}, Counter[str](), hashlib.sha256()

    def kept(texts: Iterable[str], name: str) -> Iterator[str]:
        for text in _told(texts, progress):
            key = text_digest(text)
            is_held_out = name == "unlabelled" and key in forbidden
            reason = "held_out" if is_held_out else "repeated" if key in seen else None
            counts.update([name, reason] if reason else [name])
            if reason is None:
                seen.add(key)
                content = text.encode("utf-8")
                digest.update(b"%d\0" % len(content) + content)
                yield text

    texts = store_texts(chain(kept(labelled, "labelled"), kept(unlabelled, "unlabelled")))
    if not texts:
        raise DataError("No text is left to learn from: all are empty, or unlabelled copies of test reviews.")
    return Corpus(
        texts, counts["labelled"], counts["unlabelled"], counts["held_out"], counts["repeated"], digest.hexdigest()
    )


def read_texts(part: Part, policy: Policy) -> Iterator[str]:
    """The texts of a part, one by one, in order.

    Args:
        part: where they are.
        policy: for bytes that are no UTF-8, see `contents.decode_review`; ``skip`` leaves such texts out.

    Raises:
        DataError: a file cannot be read, or is not UTF-8 (policy ``error``).
    """
    found = (read_text(part, path, policy) for path in part.paths)
    return (text for text in found if text is not None)


def _told(texts: Iterable[str], progress: Callable[[int], None] | None, at_once: int = 1000) -> Iterator[str]:
    """The same texts, while ``progress`` is told of every thousand."""
    for index, text in enumerate(texts, start=1):
        yield text
        if progress and index % at_once == 0:
            progress(at_once)
