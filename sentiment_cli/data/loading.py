"""Reviews from class directories into memory, by Keras' own reader, and divided into train, validation, test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from sentiment_cli.config.data import Data
from sentiment_cli.data.contents import Policy, decode_review, look_at
from sentiment_cli.data.directory import Layout, Part, is_unicode, list_files
from sentiment_cli.data.reviews import ReviewSet, repeated_texts
from sentiment_cli.data.splitting import TEST_FRACTION, review_groups, split_by_group, split_stratified
from sentiment_cli.data.texts import store_texts
from sentiment_cli.errors import DataError, shorten_list

Note = Callable[[str], None]

# Reviews; enough that the fixed cost of a batch does not count.
_READ_AT_ONCE = 1024


@dataclass(frozen=True)
class Splits:
    """The reviews of a training.

    Args:
        train: what the weights are fitted to.
        validation: what the best epoch is chosen by; None without one.
        train_and_validation: both, in an order that does not depend on how they were divided.
        test: reads the test part when called. It is not read before its one use at the end.
    """

    train: ReviewSet
    validation: ReviewSet | None
    train_and_validation: ReviewSet
    test: Callable[[], ReviewSet]


def load_part(part: Part, policy: Policy) -> ReviewSet:
    """Read the reviews of a part with ``keras.utils.text_dataset_from_directory``.

    Args:
        part: where they are.
        policy: for bytes that are no UTF-8, see `contents.decode_review`.

    Raises:
        DataError: the directory changed since it was listed, a file cannot be read, or a review is not UTF-8 (policy
            ``error``).
    """
    listed = [name for name, count in part.counts().items() if (part.directory / name).is_dir()]
    _check_others(part, listed)
    dataset = keras.utils.text_dataset_from_directory(
        str(part.directory),
        class_names=listed,
        label_mode="int",
        batch_size=None,
        shuffle=False,
        verbose=False,
    )
    order = np.argsort(part.positions)
    in_order = part.take(order)
    kept: list[int] = []
    try:
        texts = store_texts(_texts(dataset, in_order, policy, kept))
    except tf.errors.OpError as error:
        raise DataError(f"{part.directory} cannot be read: {error.message}") from error
    _check_unchanged(part, listed, int(dataset.cardinality().numpy()))
    places = order[np.array(kept, dtype=np.int64)]
    return ReviewSet(
        texts.take(np.argsort(places)),
        part.labels[np.sort(places)],
        [part.paths[place] for place in np.sort(places)],
        part.class_names,
    )


def _texts(dataset: Any, part: Part, policy: Policy, kept: list[int]) -> Iterator[str]:
    """The texts of a part out of all that Keras found, in order; ``kept`` is told which of them have one."""
    index = position = 0
    for contents, _ in dataset.batch(_READ_AT_ONCE):
        found = contents.numpy().tolist()
        while index < len(part.positions) and part.positions[index] < position + len(found):
            text = _decode(found[part.positions[index] - position], part.paths[index], policy)
            if text is not None:
                kept.append(index)
                yield text
            index += 1
        position += len(found)


def load_splits(layout: Layout, settings: Data, seed: int, note: Note) -> Splits:
    """Read the training part and divide it; the test part is read when it is asked for.

    The division is a function of the files' names, the settings and the seed.

    Args:
        layout: where the reviews are.
        settings: the ``data`` section.
        seed: of the division and of ``data.limit``.
        note: told what a user should know.
    """
    train = load_part(layout.train.limit(settings.limit, seed), settings.encoding_errors)
    if layout.test is not None:
        test_part = layout.test.limit(settings.limit, seed)

        def read_test() -> ReviewSet:
            return load_part(test_part, settings.encoding_errors)
    else:
        first, second = split_stratified(train.labels, TEST_FRACTION, seed)
        train, split_off = train.take(first), train.take(second)
        note(
            f"{layout.root} has no test part: {len(split_off)} of its reviews, one fifth, were split off (seed {seed})"
        )

        def read_test() -> ReviewSet:
            return split_off

    if settings.drop_duplicates:
        repeated = repeated_texts(train, read_test())
        train = train.take(np.flatnonzero(~repeated))
        note(f"{int(repeated.sum())} training reviews were left out: their text occurs before or in the test part")
    _check_classes_left(train)
    if settings.validation_fraction == 0:
        return Splits(train, None, train, read_test)
    first, second = _validation_indices(layout, train, settings, seed)
    return Splits(train.take(first), train.take(second), train, read_test)


def _validation_indices(layout: Layout, train: ReviewSet, settings: Data, seed: int) -> tuple[np.ndarray, np.ndarray]:
    groups = review_groups(settings.validation_groups, layout.root, train.paths)
    if groups is not None:
        return split_by_group(train.labels, groups, settings.validation_fraction, seed)
    return split_stratified(train.labels, settings.validation_fraction, seed)


def _check_classes_left(train: ReviewSet) -> None:
    gone = [name for name, count in train.counts().items() if count == 0]
    if gone:
        raise DataError(
            f"No training review of {shorten_list(gone)} is left (data.encoding_errors, data.drop_duplicates)."
        )


def _check_others(part: Part, class_names: list[str]) -> None:
    """Raise a DataError for a file that is no review of the part, and that Keras' reader cannot read with the rest.

    Hidden files are such, and those beyond ``data.limit``; nobody has looked at them before.
    """
    known = set(part.paths)
    others = [path for path in _listed_files(part, class_names) if path not in known]
    faults = [
        f"{path!a} ({fault})" if not is_unicode(path) else f"{path} ({fault})"
        for path in others
        if (fault := _fault(f"{part.root}/{path}"))
    ]
    if faults:
        raise DataError(f"{part.root}: {len(faults)} of its files cannot be read: {shorten_list(faults)}; remove them.")


def _fault(file: str) -> str | None:
    if not is_unicode(file):
        return "a name that is not UTF-8"
    try:
        return look_at(file)
    except OSError as error:
        return error.strerror


def _listed_files(part: Part, class_names: list[str]) -> list[str]:
    """All that Keras' reader finds, hidden files included, in its order."""
    prefixes = {name: (part.directory / name).relative_to(part.root).as_posix() for name in class_names}
    return [f"{prefixes[name]}/{file}" for name in class_names for file in list_files(part.directory / name)]


def _check_unchanged(part: Part, class_names: list[str], read: int) -> None:
    """Raise a DataError unless what was read is what was listed; a file more or less would shift all texts after it."""
    files = _listed_files(part, class_names)
    expected = {path: position for position, path in enumerate(files)}
    if read != len(files) or any(expected.get(path) != at for path, at in zip(part.paths, part.positions, strict=True)):
        raise DataError(
            f"{part.directory} changed after its reviews were listed; start again when nothing writes there."
        )


def _decode(content: bytes, path: str, policy: Policy) -> str | None:
    try:
        return decode_review(content, policy)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not UTF-8 ({error.reason} at byte {error.start}); see data.encoding_errors."
        ) from None
