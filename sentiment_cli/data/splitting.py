"""How one part is divided in two: seeded, stratified by class, and on request by groups that stay together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np

from sentiment_cli.errors import DataError

# The share that becomes the test part where a directory has none.
TEST_FRACTION = 0.2


def split_stratified(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Divide reviews so that both sides have the classes in the same proportion.

    Args:
        labels: int[n].
        fraction: in (0, 1), the share of the second side.
        seed: the same seed, labels and fraction give the same division.

    Returns:
        Ascending indices of the first and of the second side; together every review once.

    Raises:
        DataError: a side would miss a class.
    """
    smallest, classes = int(np.bincount(labels).min(initial=len(labels))), len(np.unique(labels))
    second = max(round(len(labels) * fraction), classes)
    if smallest < 2 or len(labels) - second < classes:
        raise DataError(
            f"Too few reviews to split off {fraction:g} of them: {len(labels)} in {classes} classes, the smallest with "
            f"{smallest}; expected two or more in every class."
        )
    from sklearn.model_selection import StratifiedShuffleSplit

    splitter = StratifiedShuffleSplit(n_splits=1, test_size=second, random_state=seed)
    first_side, second_side = next(splitter.split(labels, labels))
    _check_classes(labels, first_side, second_side, fraction)
    return np.sort(first_side), np.sort(second_side)


def split_by_group(labels: np.ndarray, groups: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Divide reviews so that no group is on both sides; classes stay near their proportion.

    Args:
        labels: int[n].
        groups: int[n], the group of each review.
        fraction: in (0, 1), the share of the second side; met to within a group or two.
        seed: the same seed, labels, groups and fraction give the same division.

    Returns:
        Ascending indices of the first and of the second side.

    Raises:
        DataError: there are fewer groups than the division needs, or a side would miss a class.
    """
    folds, taken = _folds(fraction)
    if len(np.unique(groups)) < folds or np.bincount(labels).max() < folds:
        raise DataError(
            f"{len(np.unique(groups))} groups of {len(labels)} reviews are too few to split off {fraction:g} "
            f"of them by group; expected at least {folds} groups, and as many reviews in a class."
        )
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    parts = [part for _, part in splitter.split(labels, labels, groups)]
    second_side = np.sort(np.concatenate(parts[:taken]))
    first_side = np.setdiff1d(np.arange(len(labels)), second_side)
    _check_classes(labels, first_side, second_side, fraction)
    return first_side, second_side


def split_folds(labels: np.ndarray, folds: int, seed: int, groups: np.ndarray | None = None) -> np.ndarray:
    """Divide reviews into folds that have the classes in the same proportion, as far as groups let them.

    Args:
        labels: int[n].
        folds: how many, at least 2.
        seed: the same seed, labels and groups give the same folds.
        groups: int[n], reviews that have to be in one fold; None: each is its own group.

    Returns:
        int64[n], the fold of each review, from 0; every fold has every class.

    Raises:
        DataError: there are fewer groups, or reviews of a class, than folds, or a fold would miss a class.
    """
    counts = np.bincount(labels)
    smallest, units = int(counts[counts > 0].min(initial=len(labels))), np.unique(groups) if groups is not None else ()
    if smallest < folds or (groups is not None and len(units) < folds):
        among = f"{len(units)} groups of " if groups is not None else ""
        raise DataError(
            f"{among}{len(labels)} reviews are too few for {folds} folds: the smallest class has {smallest}; expected "
            f"at least {folds} of every class{' and as many groups' if groups is not None else ''}."
        )
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    fold_of = np.empty(len(labels), dtype=np.int64)
    for number, (_, part) in enumerate(kind(folds, shuffle=True, random_state=seed).split(labels, labels, groups)):
        fold_of[part] = number
    classes = len(counts[counts > 0])
    if any(len(np.unique(labels[fold_of == number])) < classes for number in range(folds)):
        raise DataError(f"The groups of {len(labels)} reviews leave a fold without a class; take fewer than {folds}.")
    return fold_of


def review_groups(kind: Literal["movie", "auto"] | None, root: Path, paths: Sequence[str]) -> np.ndarray | None:
    """The group of each review, all of which go to one side; None: every review is its own.

    Args:
        kind: ``data.validation_groups``; ``auto`` means movies where there are lists of them.
        root: the data root.
        paths: of the reviews, relative to it.

    Raises:
        DataError: ``movie``, and there is no such list, or it does not know a review.
    """
    if kind is None or (kind == "auto" and not all((root / path).is_file() for path in _movie_lists(paths))):
        return None
    return movies(root, paths)


def _movie_lists(paths: Sequence[str]) -> set[PurePosixPath]:
    directories = {PurePosixPath(path).parent for path in paths}
    return {directory.parent / f"urls_{directory.name}.txt" for directory in directories}


def movies(root: Path, paths: Sequence[str]) -> np.ndarray:
    """The movie of each IMDb review, as a number.

    In aclImdb a review's file is ``<id>_<rating>.txt``, and line ``id`` (from 0) of ``urls_<class>.txt``, two
    directories up, is the address of its movie (README of the Large Movie Review Dataset).

    Raises:
        DataError: there is no such list, or it does not know a review.
    """
    lists: dict[PurePosixPath, list[str]] = {}
    urls = []
    for text in paths:
        path = PurePosixPath(text)
        listing = path.parent.parent / f"urls_{path.parent.name}.txt"
        if listing not in lists:
            lists[listing] = _read_urls(root / listing)
        number = path.stem.partition("_")[0]
        if not number.isdecimal() or int(number) >= len(lists[listing]):
            raise DataError(
                f"{root / path}: expected a name such as 17_8.txt whose number is a line of {listing.name}."
            )
        urls.append(lists[listing][int(number)])
    return np.unique(urls, return_inverse=True)[1].astype(np.int64)


def _read_urls(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise DataError(
            f"data.validation_groups: movie needs {path}, which cannot be read ({reason}); set it to null."
        ) from None


def _check_classes(labels: np.ndarray, first_side: np.ndarray, second_side: np.ndarray, fraction: float) -> None:
    counts = np.bincount(labels)
    if not np.array_equal(np.unique(labels[first_side]), np.unique(labels[second_side])):
        raise DataError(
            f"Too few reviews to split off {fraction:g} of them with every class on both sides: "
            f"the smallest class has {counts[counts > 0].min()} of {len(labels)}."
        )


def _folds(fraction: float) -> tuple[int, int]:
    """Into how many folds to cut, and how many of them to take, to come near ``fraction`` with few folds."""
    options = [(folds, taken) for folds in range(2, 21) for taken in range(1, folds)]
    return min(options, key=lambda option: (abs(option[1] / option[0] - fraction), option[0]))
