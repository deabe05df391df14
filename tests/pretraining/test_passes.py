"""Does a language model learn, keep its best pass, end in time, and go on after a stop to the same bits?"""

from __future__ import annotations

import itertools
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Told

from sentiment_cli.config.schema import Config
from sentiment_cli.errors import DataError, Interrupted, RunError, SentimentError
from sentiment_cli.text.token_ids import TokenIds

SIZE = 10


def make_texts(rows: list[list[int]]) -> TokenIds:
    lengths = np.array([len(row) for row in rows])
    flat = np.array([token for row in rows for token in row], np.uint16)
    return TokenIds(flat, np.concatenate([[0], np.cumsum(lengths)]), lengths)


def rows_of(token_ids: TokenIds) -> list[list[int]]:
    return [token_ids.flat[start:end].tolist() for start, end in itertools.pairwise(token_ids.offsets)]


def counting(count: int = 65) -> TokenIds:
    """A language in which each word follows from the one before: 2, 3, … 9, 2, … from anywhere."""
    rng = np.random.default_rng(0)
    return make_texts([[2 + (start + k) % 8 for k in range(9)] for start in rng.integers(0, 8, count)])


class Stops(Told):
    """Raises as a signal does after so many batches."""

    def __init__(self, stop_after: int | None = None) -> None:
        super().__init__()
        self.left = stop_after

    def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
        if loss is None or self.left is None:
            return
        self.left -= 1
        if self.left == 0:
            raise Interrupted("Stopped.", exit_code=130)


def make_passes(directory: Path, progress: Any = None, texts: TokenIds | None = None, **pretrain: Any) -> Any:
    from sentiment_cli.pretraining.language_model import build_language_model
    from sentiment_cli.pretraining.passes import Passes, divide

    given = {"passes": 4, "min_steps": 0, "batch_size": 8, "samples": 20, "learning_rate": 0.1, **pretrain}
    config = Config.model_validate(
        {
            "model": {"embedding": {"dim": 4}, "recurrent": [{"cell": "gru", "units": 6, "bidirectional": True}]},
            "pretrain": {"kind": "language_model", **given},
        }
    )
    settings: Any = config.pretrain
    learned, held_out = divide(texts or counting(), settings.length, settings.seed, SIZE)
    predictor, optimizer = build_language_model(config, settings, SIZE, len(learned), 1)
    return Passes(predictor, optimizer, settings, learned, held_out, directory, progress or Told())


def weights(passes: Any) -> list[np.ndarray]:
    return [variable.numpy() for variable in passes.predictor.variables]


def assert_same(one: Any, another: Any) -> None:
    for value, other in zip(weights(one), weights(another), strict=True):
        np.testing.assert_array_equal(value, other)


def losses(history: Any) -> list[tuple[float, float]]:
    return [(row.loss, row.val_loss) for row in history]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """Passes that were never stopped, and their history."""
    passes = make_passes(tmp_path_factory.mktemp("whole"))
    return passes, passes.run()


@pytest.fixture
def every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint after each batch in place of one a minute."""
    from sentiment_cli.pretraining import passes

    monkeypatch.setattr(passes, "_BETWEEN_CHECKPOINTS", 0.0)


def test_perplexity_falls_where_there_is_something_to_learn(whole: tuple[Any, Any]) -> None:
    passes, history = whole
    perplexities = [math.exp(row.val_loss) for row in history]
    assert [row.epoch for row in history] == [1, 2, 3, 4]
    assert perplexities == sorted(perplexities, reverse=True)
    assert perplexities[0] < 9  # all that a table of frequencies would reach is 8
    assert perplexities[-1] < 2.5
    assert sum("best so far" in note for note in passes.progress.notes) == 4
    assert f"held-out perplexity {perplexities[-1]:,.1f}" in passes.progress.notes[-1]


def test_perplexity_is_that_of_the_held_out_texts_over_both_directions(whole: tuple[Any, Any]) -> None:
    passes, history = whole
    found = [passes.predictor.losses(*passes.predictor.read(np.array([row], np.int32), training=False))
             for row in rows_of(passes.held_out)]  # fmt: skip
    assert [len(losses) for losses in found] == [16] * len(passes.held_out)
    assert history[-1].val_loss == pytest.approx(float(np.mean(found)), rel=1e-5)


def test_the_best_pass_is_kept_and_the_first_rise_is_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = make_passes(tmp_path, passes=6)
    kept = []

    def held_out_loss() -> float:
        kept.append(weights(passes))
        return [3.0, 2.0, 2.5, 1.0][len(kept) - 1]

    monkeypatch.setattr(passes, "held_out_loss", held_out_loss)
    history = passes.run()
    assert [row.val_loss for row in history] == [3.0, 2.0, 2.5]
    for found, value in zip(weights(passes), kept[1], strict=True):
        np.testing.assert_array_equal(found, value)
    assert passes.optimizer.iterations == 3 * 8


@pytest.mark.parametrize("batches", [*(pytest.param(batches, marks=pytest.mark.slow) for batches in (1, 16)), 9])
@pytest.mark.usefixtures("every_batch")
def test_a_stop_between_two_batches_changes_nothing(whole: tuple[Any, Any], tmp_path: Path, batches: int) -> None:
    expected, history = whole
    told = Stops(stop_after=batches)
    with pytest.raises(Interrupted):
        make_passes(tmp_path, told).run()
    if batches > 1:
        assert told.notes[-1] == "What was learned until a minute ago is kept; the same pretraining goes on from there"
    again = make_passes(tmp_path)
    assert losses(again.run()) == losses(history)
    assert_same(again, expected)
    # the checkpoint of the batch in which it was stopped was not written
    where = f"pass {(batches - 1) // 8 + 1}, batch {(batches - 1) % 8 + 1}"
    assert batches == 1 or again.progress.notes[0] == f"The language model goes on in {where}"


def test_a_stop_before_the_first_minute_says_nothing_of_a_checkpoint(tmp_path: Path) -> None:
    told = Stops(stop_after=3)
    with pytest.raises(Interrupted):
        make_passes(tmp_path, told).run()
    assert told.notes == []
    assert list(tmp_path.iterdir()) == []


def test_what_was_learned_but_not_kept_is_not_learned_again(whole: tuple[Any, Any], tmp_path: Path) -> None:
    make_passes(tmp_path).run()
    told = Stops(stop_after=1)
    again = make_passes(tmp_path, told)
    assert losses(again.run()) == losses(whole[1])
    assert_same(again, whole[0])
    assert told.notes == []


@pytest.mark.usefixtures("every_batch")
def test_a_disk_that_is_full_for_a_while_costs_nothing_but_a_warning(
    whole: tuple[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    savez, calls = np.savez, [0]

    def full_for_a_while(*arguments: Any, **arrays: Any) -> None:
        calls[0] += 1
        if 3 <= calls[0] <= 20:  # the end of a pass, with its best weights, is among them
            raise OSError(28, "No space left on device")
        savez(*arguments, **arrays)

    monkeypatch.setattr(np, "savez", full_for_a_while)
    passes = make_passes(tmp_path)
    assert losses(passes.run()) == losses(whole[1])
    assert_same(passes, whole[0])
    assert "No space left on device: nothing was saved now" in passes.progress.warnings[0]
    assert "Saved again" in passes.progress.notes


def test_a_disk_that_stays_full_is_an_error_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(RunError, match="the end of the training could not be saved"):
        make_passes(tmp_path).run()


@pytest.mark.parametrize(
    ("kind", "harm"),
    [
        pytest.param("last", "cut off", marks=pytest.mark.slow),
        ("best", "cut off"),
        pytest.param("best", "gone", marks=pytest.mark.slow),
    ],
)
@pytest.mark.usefixtures("every_batch")
def test_a_damaged_checkpoint_is_begun_anew_with_a_warning(
    whole: tuple[Any, Any], tmp_path: Path, kind: str, harm: str
) -> None:
    with pytest.raises(Interrupted):
        make_passes(tmp_path, Stops(stop_after=12)).run()
    for path in tmp_path.glob(f"{kind}-*"):
        if harm == "gone":
            shutil.rmtree(path)
        else:
            (path / "variables.npz").write_bytes((path / "variables.npz").read_bytes()[:300])
    again = make_passes(tmp_path)
    assert losses(again.run()) == losses(whole[1])
    assert_same(again, whole[0])
    assert str(tmp_path) in again.progress.warnings[-1]
    assert again.progress.warnings[-1].endswith("The language model begins anew.")


@pytest.mark.usefixtures("every_batch")
def test_what_is_begun_anew_is_kept_although_there_was_more_before(tmp_path: Path) -> None:
    make_passes(tmp_path).run()
    for path in tmp_path.glob("best-*"):
        shutil.rmtree(path)
    with pytest.raises(Interrupted):
        make_passes(tmp_path, Stops(stop_after=5)).run()
    again = make_passes(tmp_path, Stops(stop_after=1))
    with pytest.raises(Interrupted):
        again.run()
    assert again.progress.warnings == []
    assert any(note.startswith("The language model goes on in pass 1") for note in again.progress.notes)


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_loss_that_is_not_finite_is_a_clear_error(tmp_path: Path) -> None:
    passes = make_passes(tmp_path)
    passes.predictor.bias.embeddings.assign(np.full((SIZE, 1), np.nan))
    with pytest.raises(SentimentError, match=r"is nan in pass 1, batch 1\. Lower pretrain\.learning_rate\.$"):
        passes.run()
    assert not list(tmp_path.iterdir())


def test_a_held_out_loss_that_is_not_finite_is_one_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = make_passes(tmp_path)
    monkeypatch.setattr(passes, "held_out_loss", lambda: math.inf)
    with pytest.raises(SentimentError, match=r"is inf on held-out texts after pass 1\. Lower pretrain"):
        passes.run()
    assert not list(tmp_path.iterdir())


def test_pieces_of_one_word_are_no_obstacle(tmp_path: Path) -> None:
    texts = make_texts([[2, 3, 4], [5, 6, 7], [2, 4, 6]] * 4)
    history = make_passes(tmp_path, texts=texts, length=2, batch_size=1, passes=2).run()
    assert all(math.isfinite(row.val_loss) for row in history)


def test_perplexity_is_a_number_that_json_can_hold() -> None:
    from sentiment_cli.pretraining.passes import perplexity

    assert perplexity(0.0) == 1
    assert perplexity(math.log(150)) == pytest.approx(150)
    assert math.isfinite(perplexity(1e30))


class TestDivide:
    def divided(self, rows: list[list[int]], length: int = 400, seed: int = 1) -> tuple[list[Any], list[Any]]:
        from sentiment_cli.pretraining.passes import divide

        learned, held_out = divide(make_texts(rows), length, seed, 70_000)
        return rows_of(learned), rows_of(held_out)

    def test_every_text_is_on_one_side_whole_and_in_order(self) -> None:
        rows = [[1000 + number] * 2 for number in range(250)]
        learned, held_out = self.divided(rows)
        assert len(held_out) == 2
        assert sorted(learned + held_out) == rows
        assert learned == sorted(learned)
        assert held_out == sorted(held_out)

    def test_one_in_a_hundred_is_held_out_at_least_one_and_at_most_300(self) -> None:
        for texts, expected in ((2, 1), (99, 1), (199, 1), (200, 2), (29_999, 299), (40_000, 300)):
            assert len(self.divided([[1, 1]] * texts)[1]) == expected

    def test_another_seed_holds_others_out(self) -> None:
        rows = [[1000 + number] * 2 for number in range(250)]
        assert self.divided(rows)[1] == self.divided(rows)[1]
        assert self.divided(rows)[1] != self.divided(rows, seed=2)[1]

    @pytest.mark.parametrize(
        ("tokens", "length", "expected"),
        [
            (10, 10, [10]),
            (11, 10, [6, 5]),
            (20, 10, [10, 10]),
            (21, 10, [7, 7, 7]),
            (23, 10, [8, 8, 7]),
            (3, 2, [2, 1]),
            (2, 400, [2]),
        ],
    )
    def test_long_texts_are_cut_evenly_and_lose_nothing(self, tokens: int, length: int, expected: list[int]) -> None:
        row = list(range(100, 100 + tokens))
        learned, held_out = self.divided([row, row], length)
        for pieces in (learned, held_out):
            assert [len(piece) for piece in pieces] == expected
            assert list(itertools.chain(*pieces)) == row

    def test_pieces_of_one_text_are_on_one_side(self) -> None:
        learned, held_out = self.divided([[number] * 25 for number in range(1, 300)], length=10)
        assert {piece[0] for piece in learned}.isdisjoint(piece[0] for piece in held_out)
        assert len(learned + held_out) == 299 * 3

    def test_texts_of_one_token_have_no_next_word(self) -> None:
        learned, held_out = self.divided([[1], [2, 2], [3], [4, 4]])
        assert sorted(learned + held_out) == [[2, 2], [4, 4]]

    @pytest.mark.parametrize(("rows", "received"), [([[2, 3]], 1), ([[1], [2], [3]], 0), ([[1, 2], [3]], 1)])
    def test_fewer_than_two_texts_cannot_be_divided(self, rows: list[list[int]], received: int) -> None:
        with pytest.raises(DataError, match=rf"at least two texts of two tokens or more.*; received {received}\.$"):
            self.divided(rows)
