"""Dividing reviews: nothing lost, nothing on two sides, classes in proportion, movies in one piece."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sentiment_cli.data.splitting import movies, split_by_group, split_folds, split_stratified
from sentiment_cli.errors import DataError


def labels_of(*counts: int, seed: int = 0) -> np.ndarray:
    """Shuffled labels with so many reviews of class 0, 1, …"""
    labels = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    return np.random.default_rng(seed).permutation(labels)


def assert_divides(first: np.ndarray, second: np.ndarray, count: int) -> None:
    assert first.tolist() == sorted(first) and second.tolist() == sorted(second)
    assert sorted([*first.tolist(), *second.tolist()]) == list(range(count))


class TestStratified:
    @given(
        counts=st.lists(st.integers(2, 40), min_size=2, max_size=4),
        fraction=st.floats(0.05, 0.95),
        seed=st.integers(0, 2**32 - 1),
    )
    def test_every_review_is_on_exactly_one_side_and_every_class_on_both(
        self, counts: list[int], fraction: float, seed: int
    ) -> None:
        labels = labels_of(*counts)
        try:
            first, second = split_stratified(labels, fraction, seed)
        except DataError:
            # Refused only where a class is too small for its share, or a side too small for all classes.
            shares = [count * min(fraction, 1 - fraction) for count in counts]
            assert min(shares) <= 1 or sum(shares) <= len(counts)
            return
        assert_divides(first, second, len(labels))
        assert set(labels[first]) == set(labels[second]) == set(range(len(counts)))

    @pytest.mark.parametrize(
        ("counts", "fraction", "expected"),
        [
            ((300, 300), 0.2, (60, 60)),
            ((300, 300, 300), 0.2, (60, 60, 60)),
            ((90, 10), 0.2, (18, 2)),
            ((5, 5), 0.2, (1, 1)),
            ((12_500, 12_500), 0.2, (2_500, 2_500)),
            ((10, 20, 70), 0.5, (5, 10, 35)),
        ],
    )
    def test_classes_stay_in_proportion(
        self, counts: tuple[int, ...], fraction: float, expected: tuple[int, ...]
    ) -> None:
        labels = labels_of(*counts)
        _, second = split_stratified(labels, fraction, seed=1)
        assert tuple(np.bincount(labels[second])) == expected

    def test_is_a_function_of_the_seed(self) -> None:
        labels = labels_of(50, 50)
        once, again, other = (split_stratified(labels, 0.2, seed)[1].tolist() for seed in (7, 7, 8))
        assert once == again
        assert once != other

    def test_does_not_take_the_last_reviews(self) -> None:
        labels = np.repeat([0, 1], 50)  # sorted by class, as they come from the disk
        _, second = split_stratified(labels, 0.2, seed=0)
        assert second.tolist() != list(range(80, 100))

    def test_the_smallest_set_that_can_be_divided_is_divided(self) -> None:
        labels = np.array([0, 1, 0, 1])
        first, second = split_stratified(labels, 0.2, seed=0)
        assert sorted(labels[first]) == sorted(labels[second]) == [0, 1]

    @pytest.mark.parametrize(
        ("counts", "fraction", "message"),
        [
            ((10, 1), 0.2, "Too few reviews to split off 0.2 of them: 11 in 2 classes, the smallest with 1; "),
            ((1, 1), 0.2, "Too few reviews to split off 0.2 of them: 2 in 2 classes, the smallest with 1; "),
            ((4, 0, 4), 0.2, "Too few reviews to split off 0.2 of them: 8 in 2 classes, the smallest with 0; "),
            ((10, 2), 0.9, "Too few reviews to split off 0.9 of them: 12 in 2 classes, the smallest with 2; "),
        ],
    )
    def test_too_few_reviews_are_refused(self, counts: tuple[int, ...], fraction: float, message: str) -> None:
        with pytest.raises(DataError) as caught:
            split_stratified(labels_of(*counts), fraction, seed=0)
        assert str(caught.value) == message + "expected two or more in every class."

    def test_no_review_at_all_is_refused(self) -> None:
        with pytest.raises(DataError, match="Too few reviews"):
            split_stratified(np.zeros(0, np.int32), 0.2, seed=0)

    def test_a_class_too_small_for_its_share_is_refused_and_not_lost(self) -> None:
        # A fifth of 2 is 0.4: none of them would be in the validation part.
        with pytest.raises(DataError) as caught:
            split_stratified(labels_of(100, 2), 0.2, seed=0)
        assert str(caught.value) == (
            "Too few reviews to split off 0.2 of them with every class on both sides: the smallest class has 2 of 102."
        )


class TestByGroup:
    @given(seed=st.integers(0, 1000), group_seed=st.integers(0, 1000), fraction=st.sampled_from([0.1, 0.2, 0.25, 0.5]))
    def test_no_group_is_on_both_sides_and_every_review_on_one(
        self, seed: int, group_seed: int, fraction: float
    ) -> None:
        rng = np.random.default_rng(group_seed)
        labels = labels_of(60, 60, seed=group_seed)
        groups = rng.integers(0, 30, size=120)
        assume(len(np.unique(groups)) >= 20)
        first, second = split_by_group(labels, groups, fraction, seed)
        assert_divides(first, second, 120)
        assert not set(groups[first]) & set(groups[second])

    @pytest.mark.parametrize("fraction", [0.05, 0.1, 0.2, 0.25, 0.3, 1 / 3, 0.4, 0.5, 0.75])
    def test_the_fraction_is_met_to_within_two_groups(self, fraction: float) -> None:
        groups = np.repeat(np.arange(200), 5)
        labels = np.random.default_rng(0).integers(0, 2, size=1000)
        _, second = split_by_group(labels, groups, fraction, seed=0)
        assert abs(len(second) - fraction * 1000) <= 10

    def test_classes_stay_near_their_proportion(self) -> None:
        rng = np.random.default_rng(1)
        groups = np.repeat(np.arange(300), rng.integers(1, 20, size=300))
        labels = (rng.random(len(groups)) < 0.25).astype(np.int32)
        first, second = split_by_group(labels, groups, 0.2, seed=0)
        assert labels[second].mean() == pytest.approx(labels[first].mean(), abs=0.02)

    def test_is_a_function_of_the_seed(self) -> None:
        groups, labels = np.repeat(np.arange(40), 3), labels_of(60, 60)
        once, again, other = (split_by_group(labels, groups, 0.2, seed)[1].tolist() for seed in (7, 7, 8))
        assert once == again
        assert once != other

    @pytest.mark.parametrize(
        ("labels", "groups"),
        [
            (np.repeat([0, 1], 20), np.repeat(np.arange(4), 10)),  # 4 groups for 5 folds
            (np.repeat([0, 1], 3), np.arange(6)),  # 6 groups, and 3 reviews of a class
        ],
    )
    def test_too_few_groups_are_refused(self, labels: np.ndarray, groups: np.ndarray) -> None:
        with pytest.raises(DataError) as caught:
            split_by_group(labels, groups, 0.2, seed=0)
        assert str(caught.value) == (
            f"{len(set(groups))} groups of {len(labels)} reviews are too few to split off 0.2 of them by group; "
            "expected at least 5 groups, and as many reviews in a class."
        )

    def test_a_class_in_one_group_alone_is_refused_and_not_lost(self) -> None:
        labels, groups = np.repeat([0, 1], [20, 5]), np.array([*range(20), *[99] * 5])
        with warnings.catch_warnings(), pytest.raises(DataError, match="with every class on both sides"):
            warnings.simplefilter("ignore")
            split_by_group(labels, groups, 0.2, seed=0)


class TestMovies:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        """Like aclImdb: line n of a list is the address of the movie of review n."""
        (tmp_path / "train").mkdir()
        (tmp_path / "train" / "urls_neg.txt").write_text("m/1\nm/2\nm/1\n", encoding="utf-8")
        (tmp_path / "train" / "urls_pos.txt").write_text("m/3\nm/2\n", encoding="utf-8")
        return tmp_path

    def test_reviews_of_a_movie_share_a_number_across_classes(self, root: Path) -> None:
        paths = [
            "train/neg/0_1.txt",
            "train/neg/1_4.txt",
            "train/neg/2_3.txt",
            "train/pos/0_7.txt",
            "train/pos/1_9.txt",
        ]
        zero, one, two, three, four = movies(root, paths).tolist()
        assert zero == two
        assert one == four
        assert len({zero, one, three}) == 3

    def test_the_order_of_the_paths_is_kept(self, root: Path) -> None:
        first, second = movies(root, ["train/neg/1_1.txt", "train/neg/0_1.txt"]).tolist()
        assert [second, first] == movies(root, ["train/neg/0_1.txt", "train/neg/1_1.txt"]).tolist()

    def test_the_list_lies_beside_the_class_where_there_are_no_parts(self, tmp_path: Path) -> None:
        (tmp_path / "urls_pos.txt").write_text("m/1\nm/1\n", encoding="utf-8")
        assert movies(tmp_path, ["pos/0_7.txt", "pos/1_7.txt"]).tolist() == [0, 0]

    def test_windows_line_ends_make_no_difference(self, tmp_path: Path) -> None:
        (tmp_path / "urls_a.txt").write_bytes(b"m/1\r\nm/2\r\n")
        (tmp_path / "urls_b.txt").write_bytes(b"m/2\nm/1")
        assert movies(tmp_path, ["a/0_1.txt", "b/1_1.txt"]).tolist() == [0, 0]

    @pytest.mark.parametrize(
        "name", ["3_7.txt", "12500_7.txt", "good.txt", "-1_7.txt", "_7.txt", "1.5_7.txt", "²_7.txt"]
    )
    def test_a_review_beyond_the_list_is_refused(self, root: Path, name: str) -> None:
        with pytest.raises(DataError) as caught:
            movies(root, ["train/neg/0_1.txt", f"train/neg/{name}"])
        assert str(caught.value) == (
            f"{root / 'train' / 'neg' / name}: expected a name such as 17_8.txt whose number is a line of urls_neg.txt."
        )

    def test_a_missing_list_is_named(self, root: Path) -> None:
        with pytest.raises(DataError) as caught:
            movies(root, ["train/other/0_1.txt"])
        assert str(caught.value) == (
            f"data.validation_groups: movie needs {root / 'train' / 'urls_other.txt'}, "
            "which cannot be read (No such file or directory); set it to null."
        )

    def test_a_list_that_is_no_text_is_named(self, root: Path) -> None:
        (root / "train" / "urls_pos.txt").write_bytes(b"\xff\xfem\0")
        with pytest.raises(DataError, match=r"urls_pos\.txt, which cannot be read \(not UTF-8\)"):
            movies(root, ["train/pos/0_7.txt"])


class TestFolds:
    @given(
        counts=st.lists(st.integers(5, 30), min_size=2, max_size=4), folds=st.integers(2, 5), seed=st.integers(0, 99)
    )
    def test_each_has_every_class_in_proportion_to_within_a_review(
        self, counts: list[int], folds: int, seed: int
    ) -> None:
        labels = labels_of(*counts)
        fold_of = split_folds(labels, folds, seed)
        table = np.array([np.bincount(labels[fold_of == fold], minlength=len(counts)) for fold in range(folds)])
        assert table.sum() == len(labels)
        assert (table.max(axis=0) - table.min(axis=0) <= 1).all() and table.min() >= 1

    def test_groups_stay_together_and_the_seed_decides(self) -> None:
        labels, groups = labels_of(60, 60), np.arange(120) // 4
        once, again, other = (split_folds(labels, 4, seed, groups) for seed in (7, 7, 8))
        assert all(len(set(once[groups == group])) == 1 for group in range(30))
        assert once.tolist() == again.tolist() != other.tolist()

    @pytest.mark.parametrize(
        ("labels", "groups", "message"),
        [
            (np.repeat([0, 1], [9, 3]), None, "12 reviews are too few for 4 folds: the smallest class has 3"),
            (np.repeat([0, 1], 10), np.arange(20) // 10, "2 groups of 20 reviews are too few for 4 folds"),
            (np.repeat([0, 1], 8), np.array([*range(8), *[99] * 8]), "leave a fold without a class"),
        ],
    )
    def test_too_few_are_refused(self, labels: np.ndarray, groups: np.ndarray | None, message: str) -> None:
        with warnings.catch_warnings(), pytest.raises(DataError, match=message):
            warnings.simplefilter("ignore")
            split_folds(labels, 4, 0, groups)
