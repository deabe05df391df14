"""Does a step do what the textbook says, to loss, weights and figures?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sentiment_cli.config.schema import Config

BATCH = np.array([[2, 3, 4], [5, 2, 0], [6, 0, 0]], np.int32)
LABELS = np.array([1, 0, 1], np.int32)
ONES = np.ones(3, np.float32)
CELLS = ("simple_rnn", "gru", "lstm")


def make_network(*recurrent: dict[str, Any], classes: int = 2, threads: int | None = None, **model: Any) -> Any:
    import keras

    from sentiment_cli.model.network import build_network

    config = Config.model_validate({"model": {"embedding": {"dim": 4}, "recurrent": list(recurrent), **model}})
    keras.utils.set_random_seed(1)
    return build_network(config, 8, classes, threads=threads)


def make_step(
    network: Any, *, jit_compile: bool = False, word_dropout: float = 0.0, **training: Any
) -> tuple[Any, Any]:
    from sentiment_cli.training.optimizers import build_optimizer
    from sentiment_cli.training.step import build_train_step

    model = {"embedding": {"word_dropout": word_dropout}}
    config = Config.model_validate({"model": model, "training": training})
    optimizer = build_optimizer(config.training, steps=1)
    optimizer.build(network.trainable_variables)
    return build_train_step(network, optimizer, config, jit_compile=jit_compile), optimizer


def values(network: Any) -> dict[str, np.ndarray]:
    return {weight.path: weight.numpy() for weight in network.trainable_variables}


def bag_of_words() -> tuple[Any, np.ndarray]:
    """A network whose gradient can be written down: the logit is the sum of a review's word vectors (of one number)."""
    import keras

    token_ids = keras.Input((None,), dtype="int32")
    vectors = keras.layers.Embedding(8, 1, name="embedding")(token_ids)
    network = keras.Model(token_ids, keras.ops.sum(vectors, axis=1))
    table = np.linspace(-1, 1, 8)[:, None]
    network.weights[0].assign(table)
    return network, table


def bag_of_words_gradient(table: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The gradient of the mean loss: (sigmoid(logit) - label) / n, added up over every occurrence of a word."""
    gradient = np.zeros_like(table)
    for row, label, weight in zip(BATCH, LABELS, weights, strict=True):
        logit = table[row].sum()
        for token in row:
            gradient[token] += weight * (1 / (1 + np.exp(-logit)) - label) / len(BATCH)
    return gradient


def numpy_losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    wide = np.concatenate([np.zeros_like(logits), logits], axis=1) if logits.shape[1] == 1 else logits
    shares = np.exp(wide) / np.exp(wide).sum(axis=1, keepdims=True)
    return np.asarray(-np.log(shares[np.arange(len(labels)), labels]))


@pytest.mark.parametrize("classes", [2, 3])
def test_the_loss_is_the_negative_logarithm_of_the_right_class(classes: int) -> None:
    from sentiment_cli.training.objective import cross_entropy

    logits = np.random.default_rng(1).normal(0, 2, (6, 1 if classes == 2 else classes)).astype(np.float32)
    labels = np.arange(6, dtype=np.int32) % classes
    np.testing.assert_allclose(cross_entropy(labels, logits), numpy_losses(logits, labels), rtol=1e-5)


def test_a_sure_mistake_has_a_finite_loss() -> None:
    from sentiment_cli.training.objective import cross_entropy

    logits = np.array([[500.0], [-500.0]], np.float32)
    assert np.asarray(cross_entropy(np.array([0, 1], np.int32), logits)).tolist() == [500, 500]


def test_a_tie_of_two_classes_goes_to_the_first() -> None:
    from sentiment_cli.training.objective import is_correct

    logits = np.array([[0.0], [0.0], [0.1], [-0.1]], np.float32)
    assert np.asarray(is_correct(np.array([0, 1, 1, 0], np.int32), logits)).tolist() == [True, False, True, True]
    several = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]], np.float32)
    assert np.asarray(is_correct(np.array([0, 2], np.int32), several)).tolist() == [True, False]


@pytest.mark.parametrize("classes", [2, 3])
def test_a_step_returns_the_unweighted_loss_and_the_right_predictions_of_the_weights_before_it(classes: int) -> None:
    network = make_network({"cell": "gru", "units": 3}, classes=classes)
    logits = network(BATCH, training=False).numpy()
    wide = np.concatenate([np.zeros_like(logits), logits], axis=1) if classes == 2 else logits
    step, _ = make_step(network)
    loss_sum, correct, _ = step(BATCH, LABELS, np.array([9, 9, 9], np.float32), ONES)
    assert float(loss_sum) == pytest.approx(numpy_losses(logits, LABELS).sum(), rel=1e-5)
    assert float(correct) == (wide.argmax(axis=1) == LABELS).sum()


def test_rows_that_fill_up_a_batch_change_nothing() -> None:
    results = []
    for filled in (0, 4):
        network = make_network({"cell": "lstm", "units": 3})
        step, _ = make_step(network, clip_norm=0.1)
        rows = np.concatenate([BATCH, np.tile(np.array([[1, 0, 0]], np.int32), (filled, 1))])
        zeros = np.zeros(filled, np.float32)
        present = np.concatenate([ONES, zeros])
        labels = np.concatenate([LABELS, np.zeros(filled, np.int32)])
        figures = step(rows, labels, present, present)
        results.append((figures, values(network)))
    (first, first_values), (second, second_values) = results
    assert [float(figure) for figure in first] == pytest.approx([float(figure) for figure in second], rel=1e-5)
    for name, value in first_values.items():
        np.testing.assert_allclose(value, second_values[name], atol=1e-6)


@pytest.mark.parametrize("weights", [[1, 1, 1], [0.5, 3, 0.5]])
def test_a_plain_step_is_the_gradient_of_the_weighted_mean_times_the_learning_rate(weights: list[float]) -> None:
    # The word 2 stands in two reviews, and the padding 0, which this network reads, three times.
    network, table = bag_of_words()
    step, _ = make_step(network, optimizer="sgd", learning_rate=0.5)
    step(BATCH, LABELS, np.array(weights, np.float32), ONES)
    expected = table - 0.5 * bag_of_words_gradient(table, np.array(weights))
    np.testing.assert_allclose(network.weights[0].numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_two_adam_steps_add_up_a_words_gradient_before_they_square_it(jit_compile: bool) -> None:
    network, table = bag_of_words()
    step, _ = make_step(network, optimizer="adam", learning_rate=0.1, jit_compile=jit_compile)
    mean, square = np.zeros_like(table), np.zeros_like(table)
    for t in (1, 2):
        gradient = bag_of_words_gradient(table, ONES)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        rate = 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        table = table - rate * mean / (np.sqrt(square) + 1e-7)
        step(BATCH, LABELS, ONES, ONES)
    np.testing.assert_allclose(network.weights[0].numpy(), table, atol=1e-5)


def test_clipping_scales_the_gradient_of_all_weights_together() -> None:
    network, table = bag_of_words()
    step, _ = make_step(network, optimizer="sgd", learning_rate=1.0, clip_norm=0.01)
    *_, norm = step(BATCH, LABELS, ONES, ONES)
    gradient = bag_of_words_gradient(table, ONES)
    assert float(norm) == pytest.approx(np.linalg.norm(gradient), rel=1e-5)
    assert np.linalg.norm(gradient) > 0.01
    moved = table - network.weights[0].numpy()
    assert np.linalg.norm(moved) == pytest.approx(0.01, rel=1e-4)
    np.testing.assert_allclose(moved, gradient * 0.01 / np.linalg.norm(gradient), atol=1e-6)


def test_a_gradient_within_the_limit_is_not_scaled() -> None:
    network, table = bag_of_words()
    step, _ = make_step(network, optimizer="sgd", learning_rate=1.0, clip_norm=100.0)
    step(BATCH, LABELS, ONES, ONES)
    np.testing.assert_allclose(table - network.weights[0].numpy(), bag_of_words_gradient(table, ONES), atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_one_step_moves_every_weight(cell: str) -> None:
    layers = [{"cell": cell, "units": 3, "bidirectional": True}, {"cell": cell, "units": 3}]
    network = make_network(
        *layers, pooling=["last", "max", "mean", "attention"], dense=[{"units": 3, "activation": "tanh"}]
    )
    before = values(network)
    step, _ = make_step(network)
    step(BATCH, LABELS, ONES, ONES)
    after = values(network)
    for name, value in before.items():
        assert (value != after[name]).any(), name
    # Of the embedding exactly the words of the batch move: the padding is masked, and 1 and 7 do not occur.
    (table,) = (name for name in before if "embedding" in name)
    assert np.flatnonzero((before[table] != after[table]).any(axis=1)).tolist() == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "cell", ["lstm", *(pytest.param(cell, marks=pytest.mark.slow) for cell in ("simple_rnn", "gru"))]
)
def test_a_step_gives_the_same_weights_in_keras_loop_under_xla_and_in_compiled_loops(cell: str) -> None:
    results = []
    for jit_compile, threads in ((False, None), (True, None), (False, 2)):
        network = make_network({"cell": cell, "units": 3}, pooling=["max", "last"], threads=threads)
        step, _ = make_step(network, jit_compile=jit_compile, optimizer="sgd", learning_rate=0.5, clip_norm=1.0)
        figures = [[float(figure) for figure in step(BATCH, LABELS, ONES, ONES)] for _ in range(2)]
        results.append((figures, [weight.numpy() for weight in network.trainable_variables]))
    (plain_figures, plain), *others = results
    for figures, weights in others:
        np.testing.assert_allclose(plain_figures, figures, atol=1e-5)
        for one, another in zip(plain, weights, strict=True):
            np.testing.assert_allclose(one, another, atol=1e-5)


def test_scoring_has_no_dropout() -> None:
    from sentiment_cli.training.step import build_score_step

    network = make_network({"cell": "gru", "units": 3, "dropout": 0.9}, dropout=0.9)
    score = build_score_step(network)
    np.testing.assert_array_equal(score(BATCH), score(BATCH))
    np.testing.assert_allclose(score(BATCH), network(BATCH, training=False), atol=1e-6)


@pytest.mark.parametrize(("kind", "jit_compile", "threads"), [("labelled", True, None), ("table", False, 2)])
def test_an_adversarial_step_is_the_same_in_keras_loop_and_in_a_faster_one(
    kind: str, jit_compile: bool, threads: int | None
) -> None:
    import keras

    from sentiment_cli.model.network import build_network

    adversarial = {"kind": kind, "norm": 2.0}
    recurrent = [{"cell": "simple_rnn", "units": 3}]
    model = {"embedding": {"dim": 4}, "recurrent": recurrent, "pooling": ["attention", "last"]}
    config, results = Config.model_validate({"model": model, "training": {"adversarial": adversarial}}), []
    for jit_compile, threads in ((False, None), (jit_compile, threads)):  # noqa: B020
        keras.utils.set_random_seed(1)
        network = build_network(config, 8, 2, threads=threads)
        options = {"optimizer": "sgd", "learning_rate": 0.5, "clip_norm": 1.0, "label_smoothing": 0.1}
        step, _ = make_step(network, jit_compile=jit_compile, adversarial=adversarial, **options)
        figures = [[float(figure) for figure in step(BATCH, LABELS, ONES, ONES)] for _ in range(2)]
        results.append((figures, [weight.numpy() for weight in network.trainable_variables]))
    (plain_figures, plain), *others = results
    for figures, weights in others:
        np.testing.assert_allclose(plain_figures, figures, atol=1e-5)
        for one, another in zip(plain, weights, strict=True):
            np.testing.assert_allclose(one, another, atol=1e-5)


def test_a_smoothed_step_reports_the_loss_as_it_is_and_learns_by_the_smoothed_one() -> None:
    network, table = bag_of_words()
    step, _ = make_step(network, optimizer="sgd", learning_rate=0.5, label_smoothing=0.4)
    loss_sum, _, _ = step(BATCH, LABELS, ONES, ONES)
    logits = table[BATCH].sum(axis=1)
    assert float(loss_sum) == pytest.approx(numpy_losses(logits, LABELS).sum(), rel=1e-5)
    difference = 1 / (1 + np.exp(-logits[:, 0])) - (0.6 * LABELS + 0.2)
    expected = table.copy()
    for row, each in zip(BATCH, difference, strict=True):
        np.subtract.at(expected[:, 0], row, 0.5 * each / len(BATCH))
    np.testing.assert_allclose(network.weights[0].numpy(), expected, atol=1e-6)


def drop(rate: float, seed: tuple[int, int], token_ids: np.ndarray) -> np.ndarray:
    from sentiment_cli.training.step import drop_words

    return np.asarray(drop_words(token_ids, rate, np.array(seed, np.int64)))


def many_words() -> np.ndarray:
    """20,000 words and as much padding."""
    token_ids = np.random.default_rng(1).integers(2, 100, (200, 200)).astype(np.int32)
    token_ids[:, 100:] = 0
    return token_ids


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_a_share_of_the_words_becomes_unknown_and_padding_stays(rate: float) -> None:
    token_ids = many_words()
    dropped = drop(rate, (1, 2), token_ids)
    assert (dropped[:, 100:] == 0).all()
    changed = dropped != token_ids
    assert set(dropped[changed].tolist()) == {1}
    # Within four standard deviations, over all words and over those of each place.
    assert abs(changed[:, :100].mean() - rate) < 4 * np.sqrt(rate * (1 - rate) / 20_000)
    assert np.abs(changed[:, :100].mean(axis=0) - rate).max() < 5 * np.sqrt(rate * (1 - rate) / 200)


def test_which_words_are_dropped_is_a_function_of_the_seed_and_the_step() -> None:
    token_ids = many_words()
    first = drop(0.3, (1, 2), token_ids)
    np.testing.assert_array_equal(drop(0.3, (1, 2), token_ids), first)
    for other in ((1, 3), (2, 2), (2, 1)):
        again = drop(0.3, other, token_ids)
        # Independent: both at once about as often as the product of the shares.
        assert ((first == 1) & (again == 1)).sum() == pytest.approx(0.09 * 20_000, rel=0.15)


def test_a_step_drops_words_by_its_number_and_scoring_drops_none() -> None:
    from sentiment_cli.training.step import build_score_step

    token_ids = np.tile(np.arange(2, 8, dtype=np.int32), (3, 1))
    moved = []
    for start in (0, 0, 1):
        network, table = bag_of_words()
        step, optimizer = make_step(network, word_dropout=0.5, optimizer="sgd", learning_rate=0.5, seed=3)
        optimizer.iterations.assign(start)
        expected = table[token_ids].sum(axis=1)
        np.testing.assert_allclose(build_score_step(network)(token_ids), expected, atol=1e-6)
        step(token_ids, LABELS, ONES, ONES)
        dropped = drop(0.5, (3, start), token_ids)
        logits = table[dropped].sum(axis=1)[:, 0]
        gradient = np.zeros(8)
        for row, logit, label in zip(dropped, logits, LABELS, strict=True):
            np.add.at(gradient, row, (1 / (1 + np.exp(-logit)) - label) / 3)
        moved.append(network.weights[0].numpy()[:, 0])
        np.testing.assert_allclose(moved[-1], table[:, 0] - 0.5 * gradient, atol=1e-6)
    np.testing.assert_array_equal(moved[0], moved[1])
    assert not np.allclose(moved[0], moved[2])


def test_words_are_dropped_in_unlabelled_reviews_too_and_others_than_in_the_labelled_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a network learns to tell classes apart only where words are dropped."""
    import tensorflow as tf

    from sentiment_cli.training import step as module

    class Counting:
        """Has as a gradient how often each word is in the unlabelled reviews."""

        def gradients(self, batch: Any, unlabelled: Any, seed: Any) -> tuple[Any, list[Any]]:
            return tf.zeros((3, 1)), [tf.reduce_sum(tf.one_hot(unlabelled, 8), axis=[0, 1])[:, None]]

    monkeypatch.setattr(module, "build_objective", lambda network, settings: Counting())
    token_ids = np.random.default_rng(2).integers(2, 8, (3, 400)).astype(np.int32)
    network, table = bag_of_words()
    step, _ = make_step(network, word_dropout=0.5, optimizer="sgd", learning_rate=1.0, seed=3)
    step(token_ids, LABELS, ONES, ONES, token_ids)
    expected = drop(0.5, (3 + 2**40, 2**40), token_ids)
    assert 0.4 < (expected == 1).mean() < 0.6
    assert 0.4 < (expected == drop(0.5, (3, 0), token_ids)).mean() < 0.6
    counts = np.bincount(expected.ravel(), minlength=8)
    np.testing.assert_allclose(table[:, 0] - network.weights[0].numpy()[:, 0], counts, rtol=1e-5)
