"""Does a team train to what one process does, agree on every turn, and have one writer?

The teams here add up within this process: replicas in turn, or workers that are threads. Those of tf.distribute are
in tests/test_two_workers.py.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Told

from sentiment_cli.cluster import Cluster
from sentiment_cli.errors import DataError
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.state import TrainingState
from training.test_fit import Recorder, make_config, make_trainer, values

CLUSTER = Cluster(("a:1", "b:2"), 0)


def of_team(trainer: Any, team: Any, **options: Any) -> Any:
    """The same training, shared."""
    from sentiment_cli.training.fit import Trainer
    from sentiment_cli.training.team_fit import TeamTrainer

    given = {field.name: getattr(trainer, field.name) for field in fields(Trainer)}
    return TeamTrainer(**{**given, **options}, team=team)


def in_turn(count: int) -> Any:
    """A team of so many replicas of this process, which compute one after the other, without tf.distribute."""
    import tensorflow as tf

    from sentiment_cli.training.team import Team

    class InTurn(Team):
        def __init__(self) -> None:
            super().__init__(None)

        @property
        def count(self) -> int:
            return count

        def spread(self, shares: Sequence[Sequence[np.ndarray]]) -> tuple[Any, ...]:
            return tuple(map(list, zip(*shares, strict=True)))

        def add_up(self, on_replica: Callable[..., list[Any]], arguments: tuple[Any, ...]) -> list[Any]:
            found = [on_replica(rank, *(argument[rank] for argument in arguments)) for rank in range(count)]
            return [tf.add_n(list(parts)) for parts in zip(*found, strict=True)]

    return InTurn()


def mirrored() -> Any:
    from sentiment_cli.training.team import mirror

    return mirror(["/cpu:0"])


@pytest.fixture
def strategy(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Put a function in the place of TensorFlow's waiting for the others."""

    def replaced(make: Callable[[], Any]) -> None:
        monkeypatch.setattr("tensorflow.distribute.MultiWorkerMirroredStrategy", make)

    return replaced


def test_while_workers_are_missing_signals_end_the_process(strategy: Any) -> None:
    from sentiment_cli.training.team import join

    numbers, told = (signal.SIGINT, signal.SIGTERM), Told()
    before, found = [signal.getsignal(number) for number in numbers], []
    strategy(lambda: found.extend(signal.getsignal(number) for number in numbers))
    assert str(join(CLUSTER, told.note)) == "worker 0 of 2 (a:1)"
    assert found == [signal.SIG_DFL, signal.SIG_DFL]
    assert [signal.getsignal(number) for number in numbers] == before
    assert told.notes == ["This is worker 0 of 2 (a:1); waiting for all of them"]


def test_workers_that_do_not_come_together_are_not_called_gone(strategy: Any) -> None:
    from sentiment_cli.training.team import TeamBroken, join

    def fail() -> None:
        raise RuntimeError("Could not start gRPC server\n")

    strategy(fail)
    with pytest.raises(TeamBroken) as error:
        join(CLUSTER, lambda message: None)
    assert str(error.value).startswith(
        "worker 0 of 2 (a:1): the workers did not come together. TensorFlow says: Could not start gRPC server\nThe port"
    )


def largest_difference(one: Any, another: Any) -> float:
    pairs = zip(values(one), values(another), strict=True)
    return max(float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max()) for a, b in pairs)


SETTINGS = [
    {"clip_norm": 0.01},
    {"average": 0.9, "label_smoothing": 0.1},
    {"schedule": {"warmup": 0.3, "decay": "linear"}, "optimizer": "adamw"},
    {"optimizer": "sgd", "batch_size": 3},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("count", [2, 3])
def test_a_team_ends_with_the_weights_of_one(
    at_once: None, tmp_path: Path, count: int, settings: dict[str, Any]
) -> None:
    check_equal(tmp_path, in_turn(count), settings)


def test_a_strategy_of_tensorflow_ends_with_the_weights_of_one(tmp_path: Path) -> None:
    check_equal(tmp_path, mirrored(), {"clip_norm": 0.01, "average": 0.9})


def check_equal(tmp_path: Path, shared: Any, settings: dict[str, Any]) -> None:
    config = make_config(**{"epochs": 2, **settings})
    # Rows of a batch are no multiple of the replicas, and the last batch has fewer reviews than there are replicas.
    alone = make_trainer(config, tmp_path / "alone", n=13, way="compiled loops")
    team = of_team(make_trainer(config, tmp_path / "team", n=13, way="compiled loops"), shared)
    states = TrainingState(), TrainingState()
    weights = np.array([0.5, 2.0], np.float32)
    alone.class_weights = team.class_weights = weights
    reasons = alone.fit(states[0]), team.fit(states[1])
    assert reasons == ("all epochs done", "all epochs done")
    assert largest_difference(alone, team) < 2e-6
    for one, two in zip(states[0].history, states[1].history, strict=True):
        assert (one.accuracy, one.val_accuracy) == (two.accuracy, pytest.approx(two.val_accuracy))
        assert (one.loss, one.val_loss) == (pytest.approx(two.loss, rel=1e-5), pytest.approx(two.val_loss, rel=1e-5))
    for one, two in zip(states[0].batches.to_array(), states[1].batches.to_array(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4)


def test_replicas_get_equal_lengths_and_every_review_once(tmp_path: Path) -> None:
    from sentiment_cli.training.batches import Batch

    trainer = of_team(make_trainer(make_config(), tmp_path, n=10), in_turn(2))
    order = np.argsort(trainer.train.token_ids.lengths, kind="stable")[:3]
    arrays = trainer.assemble(Batch(order, 5))
    assert arrays.token_ids.shape == (2, 2, 5)
    assert arrays.present.tolist() == [[1, 1], [1, 0]]
    assert arrays.count == 3
    for replica, row, review in ((0, 0, order[0]), (1, 0, order[1]), (0, 1, order[2])):
        np.testing.assert_array_equal(
            arrays.token_ids[replica, row], trainer.train.token_ids.pad(np.array([review]), 5)[0]
        )


def test_replicas_drop_other_words_than_each_other(at_once: None) -> None:
    import keras

    from sentiment_cli.config.schema import Config
    from sentiment_cli.training.step import build_shared_step

    seen: list[np.ndarray] = []
    token_ids = keras.Input((None,), dtype="int32")
    vectors = keras.layers.Embedding(8, 1)(token_ids)
    network = keras.Model(token_ids, keras.ops.sum(vectors, axis=1))

    class Watched:
        trainable_variables = network.trainable_variables

        def __call__(self, token_ids: Any, training: bool) -> Any:
            seen.append(np.asarray(token_ids))
            return network(token_ids, training=training)

    config = Config.model_validate({"model": {"embedding": {"word_dropout": 0.5}}})
    optimizer = keras.optimizers.SGD()
    optimizer.build(network.trainable_variables)
    team = in_turn(2)
    step = build_shared_step(Watched(), optimizer, config, team)
    share = [np.full((1, 50), 3, np.int32), np.ones(1, np.int32), np.ones(1, np.float32), np.ones(1, np.float32)]
    step(np.float32(2), *team.spread([[*share, np.float32(0)]] * 2))
    assert [0 < int((ids == 1).sum()) < 50 for ids in seen] == [True, True]
    assert (seen[0] != seen[1]).any()


# -- Two workers, as threads of this process -------------------------------------------------------------------------


class Pair:
    """What two workers put together: each waits for the other's numbers."""

    def __init__(self) -> None:
        self.barrier = threading.Barrier(2, timeout=60)
        self.parts: list[Any] = [None, None]

    def total(self, rank: int, part: Any) -> Any:
        self.parts[rank] = part
        self.barrier.wait()
        result = [sum(pair) for pair in zip(*self.parts, strict=True)]
        self.barrier.wait()
        return result

    def team(self, rank: int) -> Any:
        import tensorflow as tf

        from sentiment_cli.training.team import Team

        pair = self

        class Half(Team):
            def __init__(self) -> None:
                super().__init__(None, replace(CLUSTER, rank=rank))

            @property
            def count(self) -> int:
                return 2

            def spread(self, shares: Sequence[Sequence[np.ndarray]]) -> tuple[Any, ...]:
                return tuple(shares[0])

            def add_up(self, on_replica: Callable[..., list[Any]], arguments: tuple[Any, ...]) -> list[Any]:
                own = [np.asarray(one) for one in on_replica(rank, *map(tf.constant, arguments))]
                return [tf.constant(one) for one in pair.total(rank, own)]

            def total(self, numbers: np.ndarray) -> np.ndarray:
                return np.asarray(pair.total(rank, [numbers])[0])

        return Half()


def fit_both(trainers: list[Any], states: list[TrainingState] | None = None) -> list[Any]:
    """Each worker's reason, or its error."""
    states = states or [TrainingState(), TrainingState()]
    results: list[Any] = [None, None]

    def fit(rank: int) -> None:
        try:
            results[rank] = trainers[rank].fit(states[rank])
        except Exception as error:
            results[rank] = error

    threads = [threading.Thread(target=fit, args=(rank,)) for rank in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def two_workers(config: Any, path: Path, n: int = 13, **options: Any) -> list[Any]:
    pair = Pair()
    options = {"n": n, "way": "compiled loops", **options}
    made = [make_trainer(config, path / str(rank), progress=Recorder(), **options) for rank in (0, 1)]
    return [of_team(trainer, pair.team(rank)) for rank, trainer in enumerate(made)]


def test_workers_are_equal_at_the_end_and_the_first_alone_has_written(at_once: None, tmp_path: Path) -> None:
    config = make_config(average=0.9)
    workers = two_workers(config, tmp_path)
    alone = make_trainer(config, tmp_path / "alone", n=13, way="compiled loops")
    alone.fit(TrainingState())
    # Whatever the second began with, it takes over what the first has.
    for variable in workers[1].network.trainable_variables:
        variable.assign(variable.numpy() + 1)
    assert fit_both(workers) == ["all epochs done", "all epochs done"]
    learned = [
        [*worker.network.trainable_variables, *worker.optimizer.variables, *worker.average.variables]
        for worker in workers
    ]
    for one, two in zip(*learned, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())
    assert largest_difference(alone, workers[0]) < 2e-6
    assert Checkpoints(workers[0].run.checkpoints_dir).has_last
    assert not workers[1].run.path.exists()


@pytest.mark.parametrize("asked", [0, 1])
@pytest.mark.parametrize("call", [2, 5], ids=["in a step", "in validation"])
def test_a_stop_that_one_is_asked_for_stops_both_at_the_same_place(
    at_once: None, tmp_path: Path, asked: int, call: int
) -> None:
    workers = two_workers(make_config(), tmp_path)
    workers[asked].progress.stop_at = call
    workers[asked].stop = workers[asked].progress.stop
    states = [TrainingState(), TrainingState()]
    assert fit_both(workers, states) == ["interrupted", "interrupted"]
    assert (states[0].epoch, states[0].batch) == (states[1].epoch, states[1].batch)
    assert states[0].epoch == 1


def test_a_training_of_two_goes_on_to_the_same_bits_with_dropout(at_once: None, tmp_path: Path) -> None:
    config = make_config(dropout=0.5)
    whole = two_workers(config, tmp_path / "whole")
    assert fit_both(whole) == ["all epochs done", "all epochs done"]
    first = two_workers(config, tmp_path / "broken")
    first[0].progress.stop_at = 6
    assert fit_both(first) == ["interrupted", "interrupted"]
    second = two_workers(config, tmp_path / "broken")
    states = [TrainingState(), TrainingState()]
    states[0] = Checkpoints(second[0].run.checkpoints_dir).restore_last(
        second[0].network, second[0].optimizer, warn=pytest.fail
    )
    assert fit_both(second, states) == ["all epochs done", "all epochs done"]
    for before, after in zip(whole, second, strict=True):
        for one, two in zip(values(before), values(after), strict=True):
            np.testing.assert_array_equal(one, two)


def test_workers_leave_out_other_units_than_each_other(at_once: None, tmp_path: Path) -> None:
    workers = two_workers(make_config(dropout=0.5), tmp_path)
    assert fit_both(workers) == ["all epochs done", "all epochs done"]
    seeds = [[variable.numpy().tolist() for variable in worker.network.non_trainable_variables] for worker in workers]
    # One of a step each is of the dropout layer; the cell has a seed that it never draws from.
    assert sorted(drawn for _, drawn in seeds[0]) == [0, 12]
    for (own, drawn), (other, as_often) in zip(*seeds, strict=True):
        assert own != other
        assert drawn == as_often


@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_worker_with_other_reviews_is_named_at_both(at_once: None, tmp_path: Path, part: str) -> None:
    workers = two_workers(make_config(), tmp_path)
    labels = getattr(workers[1], part).labels.copy()
    labels[0] = 1 - labels[0]
    setattr(workers[1], part, replace(getattr(workers[1], part), labels=labels))
    check_refused(workers)


def test_a_worker_that_cuts_other_batches_is_named_at_both(at_once: None, tmp_path: Path) -> None:
    workers = two_workers(make_config(), tmp_path)
    workers[1].plan = replace(workers[1].plan, widths=(5, 9))
    check_refused(workers)


def check_refused(workers: list[Any]) -> None:
    errors = fit_both(workers)
    assert [type(error) for error in errors] == [DataError, DataError]
    assert "worker 1 (b:2) would train something else than worker 0" in str(errors[0])


@pytest.mark.parametrize(
    ("kind", "text", "is_others"),
    [
        ("UnavailableError", "Connection reset by peer", True),
        ("InternalError", "Collective ops is aborted by: /job:worker/task:1 is gone", True),
        ("InternalError", "Failed to call ThenRnnForward with model config", False),
        ("UnknownError", "CUDNN_STATUS_EXECUTION_FAILED", False),
        ("InvalidArgumentError", "/task:1 has another shape", False),
    ],
)
def test_what_is_wrong_here_is_not_told_as_the_end_of_another(kind: str, text: str, is_others: bool) -> None:
    import tensorflow as tf

    from sentiment_cli.training.team import Team, TeamBroken

    error = getattr(tf.errors, kind)(None, None, text)
    with (
        pytest.raises(TeamBroken if is_others else type(error)),
        Team(tf.distribute.get_strategy(), CLUSTER).broken_told(),
    ):
        raise error
