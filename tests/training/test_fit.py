"""Does the loop stop, keep, resume and fail as it says, epoch by epoch and batch by batch?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import checkpoint_arrays

from sentiment_cli.batch_history import BatchHistory, read_batches
from sentiment_cli.config.schema import Config
from sentiment_cli.errors import RunError
from sentiment_cli.history import Epoch, read_history
from sentiment_cli.runs import Run
from sentiment_cli.text.token_ids import cut_to_length
from sentiment_cli.training.batches import training_batches
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.plan import Plan
from sentiment_cli.training.progress import Silent
from sentiment_cli.training.state import TrainingState

GRU = {"cell": "gru", "units": 3}


def make_config(recurrent: dict[str, Any] | None = None, dropout: float = 0.0, **training: Any) -> Config:
    return Config.model_validate(
        {
            "text": {"sequence_length": 5},
            "model": {"embedding": {"dim": 3}, "recurrent": [recurrent or GRU], "pooling": "max", "dropout": dropout},
            "training": {"epochs": 3, "batch_size": 4, "learning_rate": 0.05, "seed": 7, **training},
        }
    )


def make_set(n: int, seed: int = 1) -> Any:
    """Reviews of 1 to 5 tokens; those that hold the token 2 are of the second class, the others hold 3 instead."""
    from sentiment_cli.training.encoded import EncodedSet

    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 6, n)
    labels = (np.arange(n) % 2).astype(np.int32)
    reviews = [rng.integers(4, 12, length) for length in lengths]
    for review, label in zip(reviews, labels, strict=True):
        review[rng.integers(len(review))] = 2 if label else 3
    paths = [f"train/{index}.txt" for index in range(len(labels))]
    return EncodedSet(cut_to_length(np.concatenate(reviews), lengths, 5, "tail"), labels, paths)


class Recorder(Silent):
    """Writes down what it is told, and asks to stop at the k-th `advance`."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.stop = StopRequest(lambda note: None)
        self.stop_at, self.calls = stop_at, 0
        self.phases: list[str] = []
        self.epochs: list[tuple[int, bool]] = []
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def phase(self, name: str, total: int | None = None) -> None:
        self.phases.append(name)

    def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
        self.calls += 1
        if self.calls == self.stop_at:
            self.stop.exit_code = 130

    def epoch_done(self, epoch: Epoch, epochs: int, *, is_best: bool) -> None:
        self.epochs.append((epoch.epoch, is_best))


def make_trainer(
    config: Config, path: Path, n: int = 10, validation: int = 6, way: str = "Keras", **options: Any
) -> Any:
    import keras

    from sentiment_cli.model.network import build_network
    from sentiment_cli.training.averaging import AveragedWeights
    from sentiment_cli.training.batches import steps_per_epoch
    from sentiment_cli.training.fit import Trainer
    from sentiment_cli.training.optimizers import build_optimizer

    options.setdefault("epochs", config.training.epochs)
    keras.utils.set_random_seed(config.training.seed)
    plan = Plan(way, False, 2, (), min(config.training.batch_size, n), "")
    network = build_network(config, 12, 2, threads=plan.loop_threads)
    optimizer = build_optimizer(config.training, options["epochs"] * steps_per_epoch(config.training, n))
    optimizer.build(network.trainable_variables)
    recorder = options.pop("progress", None) or Recorder()
    held_out = make_set(validation, seed=2) if validation else None
    weights = np.ones(2, np.float32)
    share = config.training.average
    if share is not None:
        options["average"] = AveragedWeights(network, optimizer.iterations, share)
    return Trainer(
        config, Run(path), network, optimizer, plan, make_set(n), held_out, weights, recorder, recorder.stop, **options
    )


def variables(trainer: Any) -> list[Any]:
    averages = trainer.average.variables if trainer.average else []
    return [*trainer.network.variables, *trainer.optimizer.variables, *averages]


def values(trainer: Any) -> list[np.ndarray]:
    return [variable.numpy() for variable in variables(trainer)]


def without_seconds(rows: Any) -> list[Epoch]:
    return [replace(row, seconds=0.0) for row in rows]


# -- What is monitored, with values made by hand in place of steps --------------------------------------------------


def run_with(path: Path, figures: list[tuple[float, float]], epochs: int | None = None, **training: Any) -> Any:
    """A training whose validation gives these (loss, accuracy), and whose steps only count."""
    trainer = make_trainer(make_config(epochs=epochs or len(figures), **training), path)
    given: Iterator[tuple[float, float]] = iter(figures)
    only_count(trainer)
    trainer._validate = lambda: next(given)
    state = TrainingState()
    reason = trainer.fit(state)
    return reason, state, trainer


def only_count(trainer: Any) -> list[Any]:
    """Let the steps of a training do nothing but count; returns the list that their arrays are put into."""
    given: list[Any] = []

    def count(arrays: Any, state: TrainingState) -> None:
        given.append(arrays)
        trainer.optimizer.iterations.assign_add(1)
        state.loss_sum, state.correct = state.loss_sum + 1, state.correct + 1
        state.reviews, state.batch = state.reviews + arrays.count, state.batch + 1

    trainer.train_on = count
    return given


def losses(*values: float) -> list[tuple[float, float]]:
    return [(value, 0.5) for value in values]


def accuracies(*values: float) -> list[tuple[float, float]]:
    return [(0.5, value) for value in values]


@pytest.mark.parametrize(
    ("figures", "monitor", "patience", "stopped_after", "best"),
    [
        # Two epochs in a row without improvement after the best one, the second.
        (losses(0.9, 0.5, 0.6, 0.7, 0.1), "val_loss", 2, 4, 2),
        # An improvement starts the count anew.
        (losses(0.9, 0.95, 0.8, 0.85, 0.7), "val_loss", 2, None, 5),
        # A tie is no improvement, and the earlier epoch is kept.
        (losses(0.5, 0.5, 0.5, 0.1), "val_loss", 2, 3, 1),
        (accuracies(0.5, 0.7, 0.7, 0.7, 0.9), "val_accuracy", 2, 4, 2),
        # Not-a-number is never better, first or later; the others are.
        (losses(float("nan"), 0.5, float("nan"), 0.4), "val_loss", 2, None, 4),
        # Accuracy rises while the loss does too: each monitor has its own opinion.
        ([(0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.4, 0.5)], "val_loss", 2, 3, 1),
        ([(0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.4, 0.5)], "val_accuracy", 2, None, 3),
        (losses(0.5, 0.6), "val_loss", 1, None, 1),
    ],
)
def test_patience_counts_epochs_without_improvement(
    tmp_path: Path,
    figures: list[tuple[float, float]],
    monitor: str,
    patience: int,
    stopped_after: int | None,
    best: int,
) -> None:
    reason, state, trainer = run_with(tmp_path, figures, early_stopping={"monitor": monitor, "patience": patience})
    assert reason == ("early stopping" if stopped_after else "all epochs done")
    assert len(state.history) == (stopped_after or len(figures))
    assert state.best_epoch == best
    assert [epoch for epoch, is_best in trainer.progress.epochs if is_best][-1] == best


def test_a_change_below_min_delta_is_no_improvement_but_still_the_best() -> None:
    from sentiment_cli.training.patience import improves

    # 0.5 -> 0.4375 improves by 0.0625 exactly, in binary too.
    assert not improves(0.4375, 0.5, "val_loss", 0.0625)
    assert improves(0.4374, 0.5, "val_loss", 0.0625)
    assert not improves(0.5625, 0.5, "val_accuracy", 0.0625)
    assert improves(0.4375, 0.5, "val_loss")


def test_small_steps_add_up_against_min_delta(tmp_path: Path) -> None:
    # 0.9 -> 0.85 -> 0.79: neither step alone is over 0.1, both together are; the best epoch follows every step.
    stopping = {"monitor": "val_loss", "patience": 3, "min_delta": 0.1}
    reason, state, _ = run_with(tmp_path, losses(0.9, 0.85, 0.79, 0.78), early_stopping=stopping)
    assert (reason, state.best_epoch, state.waited, state.reference) == ("all epochs done", 4, 1, 0.79)


def test_without_early_stopping_the_best_epoch_is_that_of_the_lowest_loss_and_all_are_done(tmp_path: Path) -> None:
    reason, state, _ = run_with(tmp_path, [(0.5, 0.6), (0.3, 0.2), (0.4, 0.9), (0.6, 0.9)])
    assert (reason, state.best_epoch, len(state.history)) == ("all epochs done", 2, 4)


def test_patience_that_runs_out_in_the_last_epoch_is_all_epochs_done(tmp_path: Path) -> None:
    reason, _, _ = run_with(tmp_path, losses(0.5, 0.6, 0.7), early_stopping={"patience": 2})
    assert reason == "all epochs done"


def test_a_loss_that_is_never_a_number_keeps_no_epoch_as_best(tmp_path: Path) -> None:
    _, state, trainer = run_with(tmp_path, losses(float("nan"), float("nan")))
    assert state.best_epoch is None
    checkpoints = Checkpoints(trainer.run.checkpoints_dir)
    assert (checkpoints.has_best, checkpoints.has_last) == (False, True)


def test_a_training_whose_patience_is_over_does_not_go_on_by_itself(tmp_path: Path) -> None:
    # As after a stop while the test part was being read: what is left to do is no epoch.
    stopping = {"monitor": "val_loss", "patience": 1}
    _, state, trainer = run_with(tmp_path, losses(0.5, 0.6, 0.1), early_stopping=stopping)
    assert len(state.history) == 2
    assert trainer.fit(state) == "early stopping"
    assert len(state.history) == 2


def test_a_signal_during_the_last_save_before_patience_is_over_is_not_lost(tmp_path: Path) -> None:
    stopping = {"monitor": "val_loss", "patience": 1}
    _, state, trainer = run_with(tmp_path, losses(0.5, 0.6, 0.1), early_stopping=stopping)
    trainer.stop.exit_code = 130
    assert trainer.fit(state) == "interrupted"


# -- Real steps ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, TrainingState]:
    """Three epochs of a small network with dropout."""
    trainer = make_trainer(make_config(dropout=0.3), tmp_path_factory.mktemp("straight"))
    state = TrainingState()
    assert trainer.fit(state) == "all epochs done"
    return trainer, state


def test_the_history_is_the_state_and_the_file(straight: tuple[Any, TrainingState]) -> None:
    trainer, state = straight
    assert [row.epoch for row in state.history] == [1, 2, 3]
    assert read_history(trainer.run.history_path).rows == state.history
    assert all(row.learning_rate == pytest.approx(0.05) and row.seconds > 0 for row in state.history)
    assert trainer.progress.phases == [name for epoch in (1, 2, 3) for name in (f"epoch {epoch}/3", "validation")]


def test_best_and_last_hold_the_epochs_they_are_named_for(straight: tuple[Any, TrainingState], tmp_path: Path) -> None:
    trainer, state = straight
    other = make_trainer(trainer.config, tmp_path)
    last = restore_last(trainer, other)
    for one, another in zip(values(trainer), values(other), strict=True):
        np.testing.assert_array_equal(one, another)
    assert (last.epoch, last.batch, last.reviews) == (4, 0, 0)
    best = Checkpoints(trainer.run.checkpoints_dir).restore_best(other.network, state.best_epoch)
    assert best.best_epoch == state.best_epoch == len(best.history)
    # The validation of the restored weights is the one in the history.
    row = state.history[state.best_epoch - 1]
    assert other._validate() == (pytest.approx(row.val_loss, abs=1e-6), row.val_accuracy)


def test_the_same_seed_gives_the_same_history_and_weights(straight: tuple[Any, TrainingState], tmp_path: Path) -> None:
    first, state = straight
    second, again = make_trainer(first.config, tmp_path), TrainingState()
    second.fit(again)
    assert without_seconds(again.history) == without_seconds(state.history)
    for one, another in zip(values(first), values(second), strict=True):
        np.testing.assert_array_equal(one, another)


def test_another_seed_gives_another_history(straight: tuple[Any, TrainingState], tmp_path: Path) -> None:
    _, state = straight
    other, again = make_trainer(make_config(dropout=0.3, seed=8), tmp_path), TrainingState()
    other.fit(again)
    assert without_seconds(again.history) != without_seconds(state.history)


def test_a_tiny_set_is_learned_by_heart(tmp_path: Path) -> None:
    trainer = make_trainer(make_config(epochs=30, batch_size=5), tmp_path, validation=0)
    state = TrainingState()
    trainer.fit(state)
    assert state.history[-1].accuracy == 1
    assert state.history[-1].loss < 0.1


def test_without_validation_the_last_epoch_is_the_best_and_none_is_told_to_be(tmp_path: Path) -> None:
    trainer = make_trainer(make_config(epochs=2), tmp_path, validation=0)
    state = TrainingState()
    trainer.fit(state)
    assert state.best_epoch == 2
    assert [(row.val_loss, row.val_accuracy) for row in state.history] == [(None, None)] * 2
    assert Checkpoints(trainer.run.checkpoints_dir).restore_best(trainer.network).epoch == 3
    assert trainer.progress.epochs == [(1, False), (2, False)]


ARCHITECTURES = {
    "gru": make_config({**GRU, "dropout": 0.2}),
    "lstm": make_config({"cell": "lstm", "units": 3, "recurrent_dropout": 0.2, "bidirectional": True}, dropout=0.3),
    "both-ways": make_config({**GRU, "bidirectional": True}, dropout=0.3),
}


@pytest.mark.parametrize(
    ("name", "way"),
    [
        *(pytest.param(name, "Keras", marks=pytest.mark.slow) for name in ("gru", "lstm")),
        ("gru", "compiled loops"),
        ("both-ways", "compiled loops"),
    ],
)
def test_stopped_after_any_batch_and_continued_the_result_is_the_same_to_the_last_bit(
    tmp_path: Path, name: str, way: str
) -> None:
    # 10 reviews in batches of 4 are three batches and one validation an epoch: 12 calls of `advance` in three epochs.
    assert_stopped_equals_straight(make_trainer(ARCHITECTURES[name], tmp_path / "straight", way=way), range(1, 13))


def assert_stopped_equals_straight(trainer: Any, stops: Iterable[int]) -> None:
    """Train to the end, and again with a stop at each of some calls of `advance`; the bits have to be the same."""
    start = values(trainer)
    straight = TrainingState()
    trainer.fit(straight)
    assert trainer.progress.calls == 12
    expected, steps = values(trainer), trainer.run.batches_path.read_bytes()
    assert len(steps.splitlines()) == 1 + 9
    for stop_at in stops:
        put_back(trainer, start)
        path = trainer.run.path.with_name(f"stopped-{stop_at}")
        stopped = replace(trainer, run=Run(path), progress=(watch := Recorder(stop_at)))
        stopped.stop, stopped.train_step, stopped.score_step = watch.stop, trainer.train_step, trainer.score_step
        assert stopped.fit(TrainingState()) == "interrupted"
        put_back(trainer, [np.ones_like(value) for value in start])
        state = restore_last(stopped, trainer)
        assert (state.epoch, state.batch) == ((stop_at - 1) // 4 + 1, min((stop_at - 1) % 4 + 1, 3))
        stopped.stop.exit_code = watch.stop_at = None
        assert stopped.fit(state) == "all epochs done"
        assert without_seconds(state.history) == without_seconds(straight.history), stop_at
        assert stopped.run.batches_path.read_bytes() == steps, stop_at
        for one, another in zip(values(trainer), expected, strict=True):
            np.testing.assert_array_equal(one, another)


def test_the_figures_of_the_steps_are_those_of_the_epochs(tmp_path: Path) -> None:
    trainer, state = make_trainer(make_config(schedule={"warmup": 0.3}), tmp_path), TrainingState()
    trainer.fit(state)
    curves = read_batches(trainer.run.batches_path)
    assert list(zip(curves.epoch, curves.batch, curves.step, strict=True)) == [
        (n // 3 + 1, n % 3 + 1, n + 1) for n in range(9)
    ]
    rows = state.batches.to_array()
    for epoch in state.history:
        of_epoch = rows[rows[:, 0] == epoch.epoch]
        assert of_epoch[:, 5].sum() / 10 == pytest.approx(epoch.loss)
        assert of_epoch[:, 6].sum() / 10 == pytest.approx(epoch.accuracy)
        assert of_epoch[-1, 7] == pytest.approx(epoch.learning_rate, rel=1e-6)
    assert curves.learning_rate[0] < curves.learning_rate[2] > curves.learning_rate[-1] > 0
    assert (curves.gradient_norm > 0).all()


def test_a_training_that_fails_leaves_the_figures_of_its_last_steps(tmp_path: Path) -> None:
    from sentiment_cli.training.fit import NotFinite

    trainer, step = make_trainer(make_config(), tmp_path), 0
    honest = trainer.train_step

    def explode(*arrays: Any) -> Any:
        nonlocal step
        step += 1
        loss, correct, norm = honest(*arrays)
        return loss if step < 6 else float("inf"), correct, norm

    trainer.train_step = explode
    with pytest.raises(NotFinite, match="The loss is inf in epoch 2, batch 3"):
        trainer.fit(TrainingState())
    assert list(read_batches(trainer.run.batches_path).step) == [1, 2, 3, 4, 5]
    trainer.train_step = honest
    trainer.fit(restore_last(trainer, trainer))  # from the end of the first epoch
    assert list(read_batches(trainer.run.batches_path).step) == list(range(1, 10))


def test_tables_that_a_kill_left_behind_the_checkpoint_are_brought_up_to_it(tmp_path: Path) -> None:
    trainer = make_trainer(make_config(), tmp_path)
    trainer.fit(TrainingState())
    run = trainer.run
    whole = [path.read_bytes() for path in (run.history_path, run.batches_path)]
    run.history_path.unlink()
    run.batches_path.write_bytes(b"".join(whole[1].splitlines(keepends=True)[:4]))
    trainer.fit(restore_last(trainer, trainer))  # nothing is left to train
    assert [path.read_bytes() for path in (run.history_path, run.batches_path)] == whole


def test_a_run_of_an_earlier_version_goes_on_and_tells_of_its_further_steps(tmp_path: Path) -> None:
    trainer = make_trainer(make_config(), tmp_path)
    trainer.stop.exit_code = None
    trainer.progress.stop_at = 5  # behind the first epoch and its validation
    state = TrainingState()
    trainer.fit(state)
    state.batches = BatchHistory()
    trainer.keeper.save(state)
    assert "batches" not in checkpoint_arrays(tmp_path)
    trainer.stop.exit_code = trainer.progress.stop_at = None
    trainer.fit(restore_last(trainer, trainer))
    assert list(read_batches(trainer.run.batches_path).step) == [5, 6, 7, 8, 9]


def restore_last(trainer: Any, into: Any) -> TrainingState:
    """The latest checkpoint of one trainer, into the variables of another one."""

    def warn(message: str) -> None:
        raise AssertionError(message)

    checkpoints = Checkpoints(trainer.run.checkpoints_dir)
    return checkpoints.restore_last(into.network, into.optimizer, into.average, warn=warn)


def contents(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def put_back(trainer: Any, arrays: list[np.ndarray]) -> None:
    for variable, array in zip(variables(trainer), arrays, strict=True):
        variable.assign(array)


def with_all_levers(kind: str) -> Config:
    """Everything that depends on the step, on random numbers or on more than the weights.

    Without dropout before the first layer where equal words may share a projection.
    """
    dropout = 0.0 if kind == "table" else 0.2
    return Config.model_validate(
        {
            "text": {"sequence_length": 5},
            "model": {
                "embedding": {"dim": 3, "dropout": dropout, "word_dropout": 0.2},
                "recurrent": [{**GRU, "dropout": dropout}],
                "pooling": ["attention", "max"],
                "dropout": 0.3,
            },
            "training": {
                **{"epochs": 3, "batch_size": 4, "learning_rate": 0.05, "seed": 7, "clip_norm": 1.0},
                "schedule": {"warmup": 0.4, "decay": "cosine"},
                "label_smoothing": 0.1,
                "adversarial": {"kind": kind, "norm": 2.0},
                "average": 0.9,
            },
        }
    )


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize(
    "kind", ["table", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("labelled", "virtual"))]
)
def test_with_everything_on_a_stopped_run_has_the_same_bits_too(tmp_path: Path, kind: str) -> None:
    # In the middle of the first epoch, in its validation, which puts the average in place of the weights, in the last
    # batch of the second and in the third.
    # The unlabelled reviews are more than the others, so that their epochs begin elsewhere.
    unlabelled = make_set(18, seed=5).token_ids if kind == "virtual" else None
    trainer = make_trainer(with_all_levers(kind), tmp_path / "straight", way="compiled loops", unlabelled=unlabelled)
    assert_stopped_equals_straight(trainer, (2, 4, 7, 10))


def test_unlabelled_reviews_are_read_epoch_after_epoch_of_their_own_as_counted_over_the_whole_training(
    tmp_path: Path,
) -> None:
    others = make_set(18, seed=5).token_ids
    trainer = make_trainer(with_all_levers("virtual"), tmp_path, unlabelled=others, validation=0)
    steps = only_count(trainer)
    trainer.fit(TrainingState())
    read = [arrays.unlabelled for arrays in steps]
    # Nine steps: two epochs of four batches, each without two reviews, which make no whole batch, and one batch more.
    assert [len(batch) for batch in read] == [4] * 9
    there = Counter(tuple(row[row > 0].tolist()) for row in others.pad(np.arange(18), 5))
    for epoch in (read[:4], read[4:8]):
        assert Counter(tuple(row[row > 0].tolist()) for batch in epoch for row in batch) <= there
    resumed = [batch.indices.tolist() for _, batch in zip(range(5), trainer.unlabelled_batches(4), strict=False)]
    assert [others.pad(np.array(indices), 5)[:, 0].tolist() for indices in resumed] == [
        b[:, 0].tolist() for b in read[4:]
    ]


def test_the_average_is_validated_and_kept_as_best_and_the_weights_as_last(tmp_path: Path) -> None:
    trainer = make_trainer(make_config(average=0.9), tmp_path / "run")
    state = TrainingState()
    trainer.epochs = 1
    trainer.fit(state)
    raw = [variable.numpy() for variable in trainer.network.trainable_variables]
    mean = [variable.numpy() for variable in trainer.average.variables]
    assert max(np.abs(one - another).max() for one, another in zip(raw, mean, strict=True)) > 1e-3
    other = make_trainer(make_config(), tmp_path / "other")
    losses = {}
    checkpoints = Checkpoints(trainer.run.checkpoints_dir)
    restore_last(trainer, other)
    for name, expected in (("last", raw), ("best", mean)):
        if name == "best":
            checkpoints.restore_best(other.network)
        for variable, value in zip(other.network.trainable_variables, expected, strict=True):
            np.testing.assert_array_equal(variable.numpy(), value)
        logits = other.network(other.validation.token_ids.pad(np.arange(6), 5), training=False).numpy()[:, 0]
        losses[name] = np.log1p(np.exp(np.where(other.validation.labels == 1, -logits, logits))).mean()
    assert state.history[0].val_loss == pytest.approx(losses["best"], abs=1e-6)
    assert abs(losses["last"] - losses["best"]) > 1e-4
    # `last` has the average beside the weights, to go on with.
    put_back(trainer, [np.ones_like(value) for value in values(trainer)])
    restore_last(trainer, trainer)
    for variable, value in zip(trainer.average.variables, mean, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_the_history_has_the_rate_of_the_last_step_of_each_epoch(tmp_path: Path) -> None:
    # Nine steps, of which three rise and six fall: the sixth has a third of the fall behind it, the ninth all but one.
    config = make_config(schedule={"warmup": 1 / 3, "decay": "linear"})
    trainer, state = make_trainer(config, tmp_path, validation=0), TrainingState()
    only_count(trainer)
    trainer.fit(state)
    assert [row.learning_rate for row in state.history] == pytest.approx([0.05, 0.05 * 4 / 6, 0.05 / 6])
    assert read_history(trainer.run.history_path).rows == state.history
    trainer.norms = [0.5, 2.0]
    assert str(trainer._not_finite("The loss is nan", state)) == (
        "The loss is nan in epoch 4, batch 1, at learning rate 0.00833333; norms of the last gradients: 0.5, 2.\n"
        "Lower training.learning_rate or set training.clip_norm."
    )


def test_how_long_an_epoch_takes_is_said_once_where_it_is_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sentiment_cli.training import fit

    monkeypatch.setattr(fit, "_PACE_AFTER", 1e-9)
    trainer = make_trainer(make_config(), tmp_path, epochs=2)
    trainer.fit(TrainingState())
    assert len([note for note in trainer.progress.notes if note.startswith("An epoch takes about 0.")]) == 1
    monkeypatch.setattr(fit, "_PACE_AFTER", 100.0)
    quick = make_trainer(make_config(), tmp_path / "quick", epochs=2)
    quick.fit(TrainingState())
    assert not any("An epoch takes" in note for note in quick.progress.notes)


def test_a_loss_that_is_no_number_stops_with_advice_and_leaves_the_epoch_before(tmp_path: Path) -> None:
    from sentiment_cli.training.fit import NotFinite

    trainer = make_trainer(make_config(), tmp_path, epochs=1)
    state = TrainingState()
    trainer.fit(state)
    before = contents(trainer.run.checkpoints_dir)
    expected = values(trainer)
    trainer.epochs = 3
    trainer.optimizer.learning_rate.assign(3e38)
    with pytest.raises(NotFinite) as caught:
        trainer.fit(state)
    message = str(caught.value)
    where, reviews, advice = message.splitlines()
    assert re.fullmatch(
        r"The loss is (nan|inf) in epoch 2, batch [23], at learning rate 3e\+38; "
        r"norms of the last gradients: [\d.e+]+, (nan|inf)\.",
        where,
    )
    batch = int(where.split("batch ")[1][0])
    order = training_batches(trainer.train.token_ids.lengths, 4, trainer.plan.widths, trainer.config.training.seed, 2)
    assert reviews == f"Reviews of the batch: {', '.join(f'train/{index}.txt' for index in order[batch - 1].indices)}."
    assert advice == "Lower training.learning_rate or set training.clip_norm."
    assert contents(trainer.run.checkpoints_dir) == before
    other = make_trainer(make_config(), tmp_path)
    assert restore_last(trainer, other).epoch == 2
    for one, another in zip(values(other), expected, strict=True):
        np.testing.assert_array_equal(one, another)


class FullDisk:
    """Stands in for `numpy.savez` and has no room while ``full``."""

    def __init__(self) -> None:
        self.full, self._save = False, np.savez

    def __call__(self, file: Path, **arrays: Any) -> None:
        if self.full:
            Path(file).write_bytes(b"half")
            raise OSError(28, "No space left on device")
        self._save(file, **arrays)


def test_a_disk_that_stays_full_costs_what_came_after_and_the_run_goes_on_from_before(
    straight: tuple[Any, TrainingState], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, state = straight
    trainer = make_trainer(expected.config, tmp_path)
    monkeypatch.setattr(np, "savez", disk := FullDisk())
    kept = []

    def fill(epoch: Epoch, epochs: int, *, is_best: bool) -> None:
        kept.append(contents(tmp_path))
        disk.full = True

    trainer.progress.epoch_done = fill
    with pytest.raises(RunError, match=r"No space left on device: the end of the training .* Make room"):
        trainer.fit(TrainingState())
    assert contents(tmp_path) == kept[0]
    assert len(trainer.progress.warnings) == 3  # two epochs, and once more at the end
    assert "What was saved before is kept, the training goes on, and it is tried again." in trainer.progress.warnings[0]
    disk.full = False
    again = make_trainer(expected.config, tmp_path)
    resumed = restore_last(again, again)
    assert resumed.epoch == 2
    again.fit(resumed)
    assert without_seconds(resumed.history) == without_seconds(state.history)
    for one, another in zip(values(again), values(expected), strict=True):
        np.testing.assert_array_equal(one, another)


class SmallDisk:
    """Stands in for `numpy.savez` on a disk that holds so many bytes of arrays."""

    def __init__(self, directory: Path, room: int) -> None:
        self.directory, self.room, self.refused, self._save = directory, room, 0, np.savez

    def __call__(self, file: Path, **arrays: Any) -> None:
        taken = sum(path.stat().st_size for path in self.directory.rglob("*.npz"))
        self._save(file, **arrays)
        if taken + Path(file).stat().st_size > self.room:
            self.refused += 1
            raise OSError(28, "No space left on device")


def test_a_small_disk_holds_the_latest_of_each_kind_where_it_cannot_hold_their_elders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(epochs=6)
    free = make_trainer(config, tmp_path / "free")
    free.fit(TrainingState())
    sizes = {path.parent.name[:4]: path.stat().st_size for path in (tmp_path / "free").rglob("*.npz")}
    trainer = make_trainer(config, tmp_path / "small")
    # The latest of both kinds, the best before it, and one that is being written.
    disk = SmallDisk(tmp_path / "small", 2 * sizes["last"] + 2 * sizes["best"] + 100)
    monkeypatch.setattr(np, "savez", disk)
    trainer.fit(state := TrainingState())
    assert disk.refused
    assert trainer.progress.warnings == []
    again = make_trainer(config, tmp_path / "small")
    resumed = restore_last(again, again)
    assert without_seconds(resumed.history) == without_seconds(state.history)
    assert resumed.best_epoch is not None
    Checkpoints(again.run.checkpoints_dir).restore_best(again.network, resumed.best_epoch)


def test_a_disk_that_has_room_again_takes_the_best_epoch_of_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(epochs=3)
    trainer = make_trainer(config, tmp_path)
    figures = iter(losses(0.6, 0.3, 0.5))
    trainer._validate = lambda: next(figures)
    monkeypatch.setattr(np, "savez", disk := FullDisk())
    second = []

    def watch(epoch: Epoch, epochs: int, *, is_best: bool) -> None:
        disk.full = epoch.epoch == 1
        if epoch.epoch == 2:
            second.extend(variable.numpy() for variable in trainer.network.trainable_variables)

    trainer.progress.epoch_done = watch
    state = TrainingState()
    assert trainer.fit(state) == "all epochs done"
    assert trainer.progress.notes == ["Saved again"]
    assert restore_last(trainer, trainer).best_epoch == 2
    Checkpoints(trainer.run.checkpoints_dir).restore_best(trainer.network, 2)
    for variable, value in zip(trainer.network.trainable_variables, second, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


@pytest.mark.parametrize(("seconds", "expected"), [(1e-9, [(1, 1), (1, 2), (1, 3), (2, 0)]), (1e9, [(2, 0)])])
def test_a_checkpoint_is_made_within_an_epoch_when_it_is_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, expected: list[tuple[int, int]]
) -> None:
    trainer = make_trainer(make_config(epochs=1, checkpoint_seconds=seconds), tmp_path, validation=0)
    saved = []
    monkeypatch.setattr(trainer.keeper, "save", lambda state: saved.append((state.epoch, state.batch)))
    trainer.fit(TrainingState())
    assert saved == expected


def test_after_the_loop_a_signal_no_longer_waits_for_a_batch(straight: tuple[Any, TrainingState]) -> None:
    trainer, _ = straight
    assert trainer.stop.graceful is False


def test_a_class_weight_makes_its_class_cheaper_to_miss(tmp_path: Path) -> None:
    trainer = make_trainer(make_config(epochs=4), tmp_path, validation=0)
    trainer.class_weights = np.array([0.0, 1.0], np.float32)
    trainer.fit(TrainingState())
    # Only the second class counts, so everything is said to be of it.
    token_ids = trainer.train.token_ids.pad(np.arange(10), 5)
    assert (np.asarray(trainer.score_step(token_ids)) > 0).all()


def test_only_an_unmasked_network_has_a_fixed_width() -> None:
    from sentiment_cli.training.scoring import fixed_width

    assert fixed_width(make_config()) is None
    unmasked = Config.model_validate({"text": {"sequence_length": 9}, "model": {"embedding": {"mask": False}}})
    assert fixed_width(unmasked) == 9


def test_weights_that_the_last_step_of_an_epoch_spoils_stop_the_run_before_they_are_saved(tmp_path: Path) -> None:
    from sentiment_cli.training.fit import NotFinite

    trainer = make_trainer(make_config(), tmp_path, validation=0)
    step, steps = trainer.train_on, 3  # ten reviews in batches of four

    def spoil_the_sixth(arrays: Any, state: TrainingState) -> None:
        step(arrays, state)
        if state.epoch == 2 and state.batch == steps:
            trainer.network.trainable_variables[0].assign_add([[np.nan] * 3] * 12)

    trainer.train_on = spoil_the_sixth
    with pytest.raises(NotFinite, match=r"embeddings holds numbers that are not finite in epoch 2"):
        trainer.fit(TrainingState())

    assert len(read_history(Run(tmp_path).history_path)) == 1
    assert restore_last(trainer, trainer).epoch == 2
    assert all(np.isfinite(value).all() for value in values(trainer))


def test_the_best_epoch_may_be_chosen_by_another_figure_than_the_one_that_stops(tmp_path: Path) -> None:
    figures = [(0.6, 0.5), (0.4, 0.6), (0.5, 0.9), (0.6, 0.7), (0.7, 0.8)]
    stopping = {"monitor": "val_loss", "patience": 2}
    reason, state, _ = run_with(tmp_path, figures, monitor="val_accuracy", early_stopping=stopping)
    assert (reason, len(state.history), state.best_epoch) == ("early stopping", 4, 3)
    reason, state, _ = run_with(tmp_path, figures, monitor="val_accuracy")
    assert (reason, state.best_epoch) == ("all epochs done", 3)
