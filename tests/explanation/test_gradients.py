"""Do the scores of words add up to what they explain, for every network that a configuration allows?"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from sentiment_cli.config.schema import Config
from sentiment_cli.explanation.gradients import TOLERANCE, Lines, open_copy, score_words
from sentiment_cli.explanation.growth import compute_log_odds, make_prefixes, prefix_lengths
from sentiment_cli.model.network import build_network
from sentiment_cli.text.token_ids import TokenIds, cut_to_length

pytestmark = pytest.mark.usefixtures("at_once")
VOCABULARY, LENGTH = 11, 6


def make_config(*recurrent: dict[str, Any], **model: Any) -> Config:
    model = {"embedding": {"dim": 4}, **model}
    return Config.model_validate(
        {"text": {"sequence_length": LENGTH}, "model": {"recurrent": list(recurrent), **model}}
    )


def make_network(config: Config, classes: int = 2, seed: int = 1, threads: int | None = 1) -> Any:
    network = build_network(config, VOCABULARY, classes, threads=threads)
    rng = np.random.default_rng(seed)
    for weight in network.weights:
        weight.assign(rng.normal(0, 0.7, weight.shape))
    return network


def make_reviews() -> TokenIds:
    """Four reviews: six tokens, one, none at all (read as one unknown token), three."""
    return cut_to_length(np.array([2, 3, 4, 5, 6, 7, 8, 9, 10, 1]), np.array([6, 1, 0, 3]), LENGTH, "tail")


def logits_of(network: Any, reviews: TokenIds) -> np.ndarray:
    return np.asarray(network(reviews.pad(np.arange(len(reviews)), LENGTH), training=False))


def lines_of(network: Any, config: Config, threads: int | None = 1, **options: Any) -> Lines:
    width = None if config.model.embedding.mask else LENGTH
    copy = open_copy(network, config, VOCABULARY, threads=threads)
    return Lines([copy], **{"baseline": "zero", "fixed_width": width, **options})


DENSE = [{"units": 3, "activation": "relu", "dropout": 0.3}]
NETWORKS = {
    "simple_rnn": ([{"cell": "simple_rnn", "units": 3}], {}),
    "gru": ([{"cell": "gru", "units": 3}], {}),
    "lstm": ([{"cell": "lstm", "units": 3}], {}),
    "both directions": ([{"cell": "lstm", "units": 3, "bidirectional": True}], {"pooling": "mean"}),
    "stacked": ([{"cell": "gru", "units": 3, "bidirectional": True}, {"cell": "simple_rnn", "units": 2}], {}),
    "dropout": (
        [{"cell": "gru", "units": 3, "dropout": 0.5, "recurrent_dropout": 0.5}],
        {"dropout": 0.5, "embedding": {"dim": 4, "dropout": 0.5}},
    ),
    "other activations": (
        [{"cell": "lstm", "units": 3, "activation": "relu", "recurrent_activation": "hard_sigmoid"}],
        {},
    ),
    "all poolings": ([{"cell": "gru", "units": 3}], {"pooling": ["last", "max", "mean", "attention"]}),
    "windows": ([{"cell": "lstm", "units": 3, "bidirectional": True}], {"pooling": ["max", "attention"], "window": 4}),
    "padding is read": ([{"cell": "lstm", "units": 3}], {"embedding": {"dim": 4, "mask": False}}),
    "dense": ([{"cell": "gru", "units": 3}], {"dense": DENSE}),
}


# What comes after the recurrent layers does not depend on them.
BOTH = [(name, 3) for name in NETWORKS] + [("gru", 2), ("windows", 2)]


@pytest.mark.parametrize(("name", "classes"), BOTH)
def test_scores_add_up_to_the_difference_of_log_odds(name: str, classes: int) -> None:
    recurrent, model = NETWORKS[name]
    config = make_config(*recurrent, **model)
    network, reviews = make_network(config, classes), make_reviews()
    chosen = np.array([0, 1, classes - 1, 0])
    found = score_words(lines_of(network, config), reviews, chosen)
    expected = compute_log_odds(logits_of(network, reviews), chosen)
    for review, one, length in zip(range(4), found, reviews.lengths, strict=True):
        assert one.log_odds == pytest.approx(expected[review], abs=2e-5)
        assert len(one.scores) == length
        assert abs(one.residual) <= TOLERANCE
        assert abs(one.scores.sum() - (one.log_odds - one.baseline)) <= TOLERANCE
    assert np.abs(found[0].scores).max() > 0.01


@pytest.mark.parametrize("name", ["gru", "both directions", "windows", "padding is read"])
def test_stock_layers_and_compiled_loops_agree(name: str) -> None:
    recurrent, model = NETWORKS[name]
    config = make_config(*recurrent, **model)
    network, reviews = make_network(config), make_reviews()
    both = [score_words(lines_of(network, config, threads=threads), reviews, np.ones(4, int)) for threads in (1, None)]
    for one, other in zip(*both, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, atol=2e-4)


def test_scores_are_those_of_a_fine_sum_over_the_line() -> None:
    config = make_config({"cell": "lstm", "units": 3})
    network = make_network(config, threads=None)
    (found,) = score_words(lines_of(network, config), TokenIds(*one_review([2, 3, 4, 5])), np.array([1]))
    vectors = network.get_layer("embedding").get_weights()[0][[2, 3, 4, 5]]
    recurrent, logits = network.get_layer("lstm_0"), network.get_layer("logits")
    places = tf.constant((np.arange(500) + 0.5) / 500, tf.float32)[:, None, None]
    points = places * vectors[None]
    with tf.GradientTape() as tape:
        tape.watch(points)
        total = tf.reduce_sum(logits(recurrent(points)))
    expected = (tape.gradient(total, points).numpy().mean(axis=0) * vectors).sum(axis=1)
    np.testing.assert_allclose(found.scores, expected, atol=1e-3)


def one_review(ids: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.array(ids), np.array([0, len(ids)]), np.array([len(ids)])


def test_a_linear_network_by_hand() -> None:
    # h' = k x + u h, logit = w h: of three words the first adds w u² k x, the second w u k x, the third w k x.
    config = make_config({"cell": "simple_rnn", "units": 1, "activation": "linear"}, embedding={"dim": 1})
    network = build_network(config, VOCABULARY, 2)
    table = np.arange(VOCABULARY, dtype=np.float32)[:, None]
    rest = [[[0.5]], [[2.0]], [0.25], [[3.0]], [-1.0]]
    network.set_weights([table, *(np.array(array, np.float32) for array in rest)])
    reviews = TokenIds(*one_review([2, 3, 4]))
    (second,) = score_words(lines_of(network, config), reviews, np.array([1]))
    np.testing.assert_allclose(second.scores, [3 * 4 * 0.5 * 2, 3 * 2 * 0.5 * 3, 3 * 0.5 * 4], rtol=1e-6)
    assert (second.points, second.baseline) == (8, pytest.approx(3 * (0.25 * 7) - 1))
    (first,) = score_words(lines_of(network, config), reviews, np.array([0]))
    np.testing.assert_allclose(first.scores, -second.scores)
    # Against the unknown word (its vector is 1) each word counts with what it is more.
    (unknown,) = score_words(lines_of(network, config, baseline="unknown"), reviews, np.array([1]))
    np.testing.assert_allclose(unknown.scores, [6, 6, 4.5], rtol=1e-6)


def test_networks_that_predict_together_are_explained_together() -> None:
    config = make_config({"cell": "gru", "units": 3})
    for classes in (2, 3):
        networks = [make_network(config, classes, seed) for seed in (1, 2, 3)]
        copies = [open_copy(network, config, VOCABULARY, threads=1) for network in networks]
        reviews, chosen = make_reviews(), np.array([1, 0, 1, 0])
        found = score_words(Lines(copies, baseline="zero"), reviews, chosen)
        p = np.mean([probabilities(logits_of(network, reviews)) for network in networks], axis=0)[np.arange(4), chosen]
        for one, expected in zip(found, np.log(p / (1 - p)), strict=True):
            assert one.log_odds == pytest.approx(expected, abs=1e-5)
            assert abs(one.residual) <= TOLERANCE


def probabilities(logits: np.ndarray) -> np.ndarray:
    if logits.shape[1] == 1:
        second = 1 / (1 + np.exp(-logits))
        return np.concatenate([1 - second, second], axis=1)
    return np.asarray(keras.ops.softmax(logits, axis=-1))


def test_a_review_is_scored_the_same_alone_and_among_others() -> None:
    config = make_config({"cell": "lstm", "units": 3}, pooling="max")
    network, reviews = make_network(config), make_reviews()
    together = score_words(lines_of(network, config), reviews, np.ones(4, int))
    (alone,) = score_words(lines_of(network, config), TokenIds(*one_review([8, 9, 10])), np.array([1]))
    # The flat ids of the last review are 9, 10, 1.
    (last,) = score_words(lines_of(network, config), TokenIds(*one_review([9, 10, 1])), np.array([1]))
    np.testing.assert_allclose(together[3].scores, last.scores, atol=1e-5)
    assert np.abs(together[3].scores - alone.scores).max() > 1e-3


def test_what_is_not_finite_ends() -> None:
    config = make_config({"cell": "simple_rnn", "units": 3, "activation": "exponential"})
    network = make_network(config)
    for weight in network.weights:
        weight.assign(weight * 100)
    (found,) = score_words(lines_of(network, config), TokenIds(*one_review([2, 3])), np.array([1]))
    assert not np.isfinite(found.residual)


def test_prefixes_are_the_starts_of_a_review() -> None:
    assert prefix_lengths(3).tolist() == [1, 2, 3]
    many = prefix_lengths(10_000)
    assert (many[0], many[-1], len(many)) == (1, 10_000, 600)
    assert len(prefix_lengths(10_000_000)) == 50
    prefixes = make_prefixes(np.array([5, 6, 7]), [1, 3])
    assert (prefixes.flat.tolist(), prefixes.offsets.tolist()) == ([5, 5, 6, 7], [0, 1, 4])


def test_log_odds_by_hand() -> None:
    assert compute_log_odds(np.array([[2.0], [-3.0]]), np.array([1, 0])).tolist() == pytest.approx([2.0, 3.0])
    # p = 1/2 of three classes whose others have 1/4 each: even odds.
    assert compute_log_odds(np.log(np.array([[2.0, 1.0, 1.0]])), 0).tolist() == pytest.approx([0.0])
    assert compute_log_odds(np.array([[800.0]]), 1).tolist() == pytest.approx([800.0])
