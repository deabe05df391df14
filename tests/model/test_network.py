"""Is the network the one that was asked for, and is a prediction free of its neighbours and of padding?"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple, get_args

import numpy as np
import pytest

from sentiment_cli.config.model import Activation
from sentiment_cli.config.schema import Config
from sentiment_cli.text.token_ids import TokenIds, cut_to_length

CELLS = ("simple_rnn", "gru", "lstm")
POOLINGS = (["last"], ["max"], ["mean"], ["mean", "last", "max"])
ATTENTION = (["attention"], ["last", "attention"])
VOCABULARY = 11
LENGTH = 6


def make_config(*recurrent: dict[str, Any], **model: Any) -> Config:
    embedding = model.pop("embedding", {"dim": 4})
    return Config.model_validate(
        {
            "text": {"sequence_length": LENGTH},
            "model": {"embedding": embedding, "recurrent": list(recurrent), **model},
        }
    )


def make_network(config: Config, classes: int = 2, seed: int = 1, threads: int | None = None) -> Any:
    """A network whose every weight is random: fresh biases of zero would hide mistakes."""
    import keras

    from sentiment_cli.model.network import build_network

    keras.utils.set_random_seed(seed)
    network = build_network(config, VOCABULARY, classes, threads=threads)
    fill(network, seed)
    return network


def fill(network: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for weight in network.weights:
        weight.assign(rng.normal(0, 0.7, weight.shape))


def make_reviews() -> TokenIds:
    """Four reviews: six tokens, one, none at all (read as one unknown token), three."""
    return cut_to_length(np.array([2, 3, 4, 5, 6, 7, 8, 9, 10, 1]), np.array([6, 1, 0, 3]), LENGTH, "tail")


def predict(network: Any, token_ids: np.ndarray) -> np.ndarray:
    return np.asarray(network(token_ids, training=False))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def run_cell(cell: str, weights: list[np.ndarray], inputs: np.ndarray) -> np.ndarray:
    """The outputs float64[time, units] of one cell, from its equations, over float64[time, features]."""
    kernel, recurrent, bias = (weight.astype(np.float64) for weight in weights)
    units = recurrent.shape[0]
    state, memory = np.zeros(units), np.zeros(units)
    outputs = []
    for x in inputs:
        if cell == "simple_rnn":
            state = np.tanh(x @ kernel + state @ recurrent + bias)
        elif cell == "lstm":
            i, f, c, o = np.split(x @ kernel + state @ recurrent + bias, 4)
            memory = sigmoid(f) * memory + sigmoid(i) * np.tanh(c)
            state = sigmoid(o) * np.tanh(memory)
        else:
            xz, xr, xh = np.split(x @ kernel + bias[0], 3)
            hz, hr, hh = np.split(state @ recurrent + bias[1], 3)
            update = sigmoid(xz + hz)
            state = update * state + (1 - update) * np.tanh(xh + sigmoid(xr + hr) * hh)
        outputs.append(state)
    return np.array(outputs)


def reference_logits(config: Config, network: Any, tokens: np.ndarray) -> np.ndarray:
    """The logits of one review without any padding but its own, by NumPy alone."""
    outputs = network.get_layer("embedding").get_weights()[0].astype(np.float64)[tokens]
    for index, settings in enumerate(config.model.recurrent):
        name = f"{settings.cell}_{index}"
        if settings.bidirectional:
            weights = network.get_layer(f"bidirectional_{name}").get_weights()
            forwards = run_cell(settings.cell, weights[:3], outputs)
            backwards = run_cell(settings.cell, weights[3:], outputs[::-1])
            last = np.concatenate([forwards[-1], backwards[-1]])
            outputs = np.concatenate([forwards, backwards[::-1]], axis=1)
        else:
            outputs = run_cell(settings.cell, network.get_layer(name).get_weights(), outputs)
            last = outputs[-1]
    pooled = {"last": last, "max": outputs.max(axis=0), "mean": outputs.mean(axis=0)}
    if "attention" in config.model.pooling:
        (inner, bias), (outer,) = (
            network.get_layer(f"attention_{part}").get_weights() for part in ("features", "score")
        )
        weights = np.exp(np.tanh(outputs @ inner + bias) @ outer)
        pooled["attention"] = (weights / weights.sum() * outputs).sum(axis=0)
    kernel, bias = network.get_layer("logits").get_weights()
    return np.asarray(np.concatenate([pooled[kind] for kind in config.model.pooling]) @ kernel + bias)


# Pooling sees the last layer only, so two layers are tried with one kind of it.
ARCHITECTURES = [*product(CELLS, (False, True), POOLINGS, (1,)), *product(CELLS, (False, True), POOLINGS[:1], (2,))]
ARCHITECTURES += [("gru", True, ATTENTION[0], 1), ("lstm", False, ATTENTION[1], 2)]


def architecture(cell: str, bidirectional: bool, pooling: list[str], depth: int, **embedding: Any) -> Config:
    layer = {"cell": cell, "units": 3, "bidirectional": bidirectional}
    return make_config(*[layer] * depth, pooling=pooling, embedding={"dim": 4, **embedding})


@pytest.mark.parametrize(("cell", "bidirectional", "pooling", "depth"), ARCHITECTURES)
def test_a_prediction_is_the_same_alone_in_a_batch_and_under_extra_padding(
    cell: str, bidirectional: bool, pooling: list[str], depth: int
) -> None:
    config = architecture(cell, bidirectional, pooling, depth)
    network, reviews = make_network(config), make_reviews()
    everyone = np.arange(len(reviews))
    batch = predict(network, reviews.pad(everyone, LENGTH))
    padded = predict(network, reviews.pad(everyone, LENGTH + 7, rows=6))
    expected = [reference_logits(config, network, reviews.pad(everyone[i : i + 1], n)[0]) for i, n in lengths(reviews)]
    np.testing.assert_allclose(batch, expected, atol=1e-5)
    np.testing.assert_allclose(padded[:4], expected, atol=1e-5)
    # Alone: the shortest and the empty one, which have nothing but padding to lean on in a batch.
    for index in (1, 2):
        alone = predict(network, reviews.pad(everyone[index : index + 1], 1))
        np.testing.assert_allclose(alone[0], expected[index], atol=1e-5)
    assert np.ptp(batch) > 1e-3  # reviews are told apart at all


def lengths(reviews: TokenIds) -> list[tuple[int, int]]:
    return list(enumerate(reviews.lengths.tolist()))


@pytest.mark.parametrize("pooling", [*POOLINGS, *ATTENTION])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_without_a_mask_the_padding_is_read(bidirectional: bool, pooling: list[str]) -> None:
    config = architecture("gru", bidirectional, pooling, 1, mask=False)
    network, reviews = make_network(config), make_reviews()
    batch = reviews.pad(np.arange(4), LENGTH)
    np.testing.assert_allclose(
        predict(network, batch), [reference_logits(config, network, row) for row in batch], atol=1e-5
    )


def test_without_a_mask_only_the_fixed_width_is_accepted() -> None:
    network = make_network(architecture("gru", False, ["last"], 1, mask=False))
    assert network.input_shape == (None, LENGTH)
    with pytest.raises(ValueError, match="expected shape=\\(None, 6\\)"):
        network(np.ones((2, LENGTH - 1), np.int32))


def test_with_a_mask_any_width_is_accepted() -> None:
    assert make_network(architecture("gru", False, ["last"], 1)).input_shape == (None, None)


# Embedding 11 * 4 = 44; from 4 inputs to 3 units: simple_rnn 3 * (4 + 3) + 3 = 24, lstm four times that = 96,
# gru 3 * (3 * (4 + 3) + 2 * 3) = 81 (two biases, reset_after). Output: units + 1.
@pytest.mark.parametrize(
    ("cell", "expected"), [("simple_rnn", 44 + 24 + 4), ("lstm", 44 + 96 + 4), ("gru", 44 + 81 + 4)]
)
def test_parameters_are_those_counted_by_hand(cell: str, expected: int) -> None:
    assert make_network(architecture(cell, False, ["last"], 1)).count_params() == expected


def test_parameters_of_a_deep_bidirectional_network_are_those_counted_by_hand() -> None:
    config = make_config(
        {"cell": "lstm", "units": 3, "bidirectional": True, "dropout": 0.2},
        {"cell": "simple_rnn", "units": 2},
        pooling=["max", "mean"],
        dense=[{"units": 5, "dropout": 0.5}],
        dropout=0.5,
    )
    # lstm 2 * 96; simple_rnn 2 * (6 + 2) + 2 = 18; pooled 2 * 2 = 4; dense 5 * 4 + 5 = 25; three logits 3 * 5 + 3 = 18.
    # States of random generators are no parameters.
    assert make_network(config, classes=3).count_params() == 44 + 192 + 18 + 25 + 18


@pytest.mark.parametrize(("classes", "outputs"), [(2, 1), (3, 3), (7, 7)])
def test_two_classes_have_one_logit_and_more_classes_one_each(classes: int, outputs: int) -> None:
    network = make_network(architecture("gru", False, ["last"], 1), classes)
    assert predict(network, make_reviews().pad(np.arange(4), LENGTH)).shape == (4, outputs)
    assert network.output.dtype == "float32"


def test_dense_layers_come_in_the_order_of_the_configuration() -> None:
    config = make_config({"units": 3}, dense=[{"units": 7, "activation": "tanh"}, {"units": 5}])
    network = make_network(config)
    names = [layer.name for layer in network.layers]
    assert names[-3:] == ["dense_0", "dense_1", "logits"]
    assert [network.get_layer(name).units for name in names[-3:]] == [7, 5, 1]
    assert [network.get_layer(name).activation.__name__ for name in names[-3:]] == ["tanh", "relu", "linear"]


DROPOUTS: list[dict[str, Any]] = [
    {"embedding": {"dim": 4, "dropout": 0.5}},
    {"recurrent": {"dropout": 0.5}},
    {"recurrent": {"recurrent_dropout": 0.5}},
    {"dropout": 0.5},
    {"dense": [{"units": 8, "activation": "tanh", "dropout": 0.5}]},
]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("where", DROPOUTS, ids=lambda where: next(iter(where)))
def test_dropout_is_on_in_training_and_off_in_predicting(cell: str, where: dict[str, Any]) -> None:
    where = dict(where)
    config = make_config({"cell": cell, "units": 6, **where.pop("recurrent", {})}, **where)
    network, batch = make_network(config), make_reviews().pad(np.arange(4), LENGTH)
    once, again = predict(network, batch), predict(network, batch)
    np.testing.assert_array_equal(once, again)
    assert not np.allclose(once, np.asarray(network(batch, training=True)))


@pytest.mark.parametrize("activation", get_args(Activation))
def test_every_activation_builds_and_gives_finite_logits(activation: str) -> None:
    layers: list[dict[str, Any]] = [{"cell": "simple_rnn", "units": 2, "activation": activation}]
    layers += [
        {"cell": cell, "units": 2, "activation": activation, "recurrent_activation": activation}
        for cell in ("gru", "lstm")
    ]
    config = make_config(*layers, pooling=["max"], dense=[{"units": 2, "activation": activation}])
    import keras

    from sentiment_cli.model.network import build_network

    keras.utils.set_random_seed(1)
    network = build_network(config, VOCABULARY, 2)
    assert network.get_layer("lstm_2").recurrent_activation.__name__ == network.get_layer("dense_0").activation.__name__
    # One token each: over more of them, and through three layers, an exponential grows out of range by its nature.
    assert np.isfinite(predict(network, make_reviews().pad(np.array([1, 2]), LENGTH))).all()


def test_gates_are_sigmoid_where_nothing_else_is_said() -> None:
    network = make_network(make_config({"cell": "lstm", "units": 2}, {"cell": "gru", "units": 2}))
    assert [network.get_layer(n).recurrent_activation.__name__ for n in ("lstm_0", "gru_1")] == ["sigmoid", "sigmoid"]


def test_the_same_seed_gives_the_same_weights_and_another_one_others() -> None:
    import keras

    from sentiment_cli.model.network import build_network

    config = architecture("lstm", True, ["max"], 1)
    built = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        built.append(build_network(config, VOCABULARY, 2).get_layer("embedding").get_weights()[0])
    np.testing.assert_array_equal(built[0], built[1])
    assert not np.allclose(built[0], built[2])


# -- The same network with compiled loops --------------------------------------------------------------------------


def recurrent(cell: str, **options: Any) -> dict[str, Any]:
    return {"cell": cell, "units": 3, **options}


# Every cell in one direction and in both under every pooling, with one layer and with two in turn.
COMPILED: dict[str, Config] = {
    f"{cell}-{'both' if both else 'one'}-{'+'.join(pooling)}-{depth}": architecture(cell, both, pooling, depth)
    for i, (cell, both, pooling) in enumerate(product(CELLS, (False, True), POOLINGS))
    for depth in (1 + (i + i // 4) % 2,)
}
COMPILED |= {
    "attention": architecture("gru", True, ATTENTION[0], 1),
    "attention-last": architecture("lstm", False, ATTENTION[1], 2),
    "unmasked-last": architecture("lstm", False, ["last"], 2, mask=False),
    "unmasked-mean": architecture("gru", True, ["mean", "last"], 1, mask=False),
    "windows": make_config(recurrent("gru", bidirectional=True), recurrent("lstm"), pooling=["max", "mean"], window=4),
    "mixed": make_config(recurrent("simple_rnn"), recurrent("gru", bidirectional=True), recurrent("lstm")),
    "some-in-keras": make_config(
        recurrent("lstm", activation="relu"), recurrent("gru"), recurrent("gru", recurrent_dropout=0.5), pooling="max"
    ),
    "dense": make_config(recurrent("lstm"), dense=[{"units": 5, "dropout": 0.5}], dropout=0.5),
    "embedding-dropout": make_config(recurrent("gru"), embedding={"dim": 4, "dropout": 0.5}),
    "input-dropout": make_config(recurrent("lstm", dropout=0.5, bidirectional=True), recurrent("gru", dropout=0.5)),
    "input-dropout-one": make_config(recurrent("simple_rnn", dropout=0.5), recurrent("lstm", dropout=0.5)),
}


class Pair(NamedTuple):
    """A configuration and its network in stock layers and in compiled loops, with the same random variables."""

    config: Config
    stock: Any
    compiled: Any
    fresh: list[list[np.ndarray]]  # the variables of both from one seed, before they were made the same


@pytest.fixture(scope="module", params=COMPILED)
def pair(request: pytest.FixtureRequest) -> Pair:
    import keras

    from sentiment_cli.model.network import build_network

    config, networks = COMPILED[request.param], []
    for threads in (None, 2):
        keras.utils.set_random_seed(1)
        networks.append(build_network(config, VOCABULARY, 3, threads=threads))
    fresh = [[variable.numpy() for variable in network.variables] for network in networks]
    fill(networks[0], seed=1)
    copy_variables(*networks)
    return Pair(config, networks[0], networks[1], fresh)


def copy_variables(source: Any, target: Any) -> None:
    """By position, as a checkpoint does: random states as well."""
    for one, another in zip(source.variables, target.variables, strict=True):
        another.assign(one)


def eleven_reviews() -> TokenIds:
    """More than a block of the loops; one of no token at all (read as one unknown token), one longer than the rest."""
    lengths = np.array([6, 1, 0, 3, 5, 2, 6, 4, 1, 3, 6])
    return cut_to_length(np.random.default_rng(5).integers(2, VOCABULARY, lengths.sum()), lengths, LENGTH, "tail")


def gradients(network: Any, token_ids: np.ndarray) -> list[np.ndarray]:
    """The logits in training, and the gradients of the mean loss by all weights."""
    import tensorflow as tf

    from sentiment_cli.training.objective import cross_entropy

    labels = np.arange(len(token_ids), dtype=np.int32) % 3
    with tf.GradientTape() as tape:
        logits = network(token_ids, training=True)
        loss = tf.reduce_mean(cross_entropy(labels, logits))
    found = tape.gradient(loss, network.trainable_variables)
    return [tf.convert_to_tensor(array).numpy() for array in [logits, *found]]


def test_compiled_loops_change_neither_the_variables_nor_their_order_nor_their_first_values(pair: Pair) -> None:
    # Files of weights know the variables by their position alone.
    for name in ("variables", "weights", "trainable_variables", "non_trainable_variables"):
        ours, theirs = getattr(pair.compiled, name), getattr(pair.stock, name)
        assert [(one.shape, one.dtype) for one in ours] == [(one.shape, one.dtype) for one in theirs]
        for one, another in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one.numpy(), another.numpy())
    for one, another in zip(*pair.fresh, strict=True):
        np.testing.assert_array_equal(one, another)
    assert pair.compiled.count_params() == pair.stock.count_params()
    assert (pair.compiled.input_shape, pair.compiled.output_shape) == (pair.stock.input_shape, pair.stock.output_shape)


def test_compiled_loops_change_no_prediction(pair: Pair) -> None:
    token_ids = eleven_reviews().pad(np.arange(11), LENGTH)
    logits = predict(pair.compiled, token_ids)
    np.testing.assert_allclose(logits, predict(pair.stock, token_ids), rtol=0, atol=1e-5)
    assert np.ptp(logits, axis=0).max() > 1e-3  # reviews are told apart at all


def test_compiled_loops_change_no_gradient_and_drop_the_same(pair: Pair) -> None:
    copy_variables(pair.stock, pair.compiled)
    token_ids = eleven_reviews().pad(np.arange(11), LENGTH)
    expected, found = (gradients(network, token_ids) for network in (pair.stock, pair.compiled))
    for one, another in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, another, rtol=0, atol=1e-5)
    assert min(np.abs(gradient).max() for gradient in found) > 1e-5


def test_a_prediction_of_compiled_loops_is_the_same_alone_and_among_others(pair: Pair) -> None:
    config, _, compiled, _ = pair
    reviews = eleven_reviews()
    among_others = predict(compiled, reviews.pad(np.arange(11), LENGTH))
    for index in (1, 2, 6, 9):
        width = int(reviews.lengths[index]) if config.model.embedding.mask else LENGTH
        alone = predict(compiled, reviews.pad(np.array([index]), width))
        np.testing.assert_allclose(alone[0], among_others[index], rtol=0, atol=1e-5)


def test_a_stock_copy_gives_the_same_logits_by_layers_of_keras_alone(pair: Pair) -> None:
    from sentiment_cli.model.network import stock_copy

    config, _, compiled, _ = pair
    copy = stock_copy(compiled, config, VOCABULARY)
    token_ids = eleven_reviews().pad(np.arange(11), LENGTH)
    np.testing.assert_allclose(predict(copy, token_ids), predict(compiled, token_ids), rtol=0, atol=1e-5)
    kinds = {type(layer) for layer in copy._flatten_layers()}
    assert {kind.__module__.partition(".")[0] for kind in kinds} == {"keras"}
    assert any("sentiment_cli" in type(layer).__module__ for layer in compiled._flatten_layers())


def test_a_network_of_two_classes_has_a_stock_copy_of_one_logit() -> None:
    from sentiment_cli.model.network import stock_copy

    config = architecture("gru", True, ["max"], 1)
    network = make_network(config, threads=2)
    copy = stock_copy(network, config, VOCABULARY)
    token_ids = eleven_reviews().pad(np.arange(11), LENGTH)
    assert copy.output_shape == (None, 1)
    np.testing.assert_allclose(predict(copy, token_ids), predict(network, token_ids), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "both",
    [False, True],
    ids=["one", "both"],
)
def test_every_recurrent_layer_uses_as_many_threads_as_it_is_told(both: bool) -> None:
    config = architecture("gru", both, ["max"], 2)
    layers = make_network(config, threads=7)._flatten_layers()
    assert {layer.threads for layer in layers if hasattr(layer, "threads")} == {7}


CUT: dict[str, dict[str, Any]] = {
    "plain": {"recurrent": [{"cell": "gru", "units": 3}]},
    "dropout": {"recurrent": [{"cell": "lstm", "units": 3, "dropout": 0.5}], "embedding": {"dim": 4, "dropout": 0.5}},
    "windows": {
        "recurrent": [{"cell": "gru", "units": 3, "bidirectional": True}, {"cell": "lstm", "units": 3}],
        "pooling": ["attention", "max"],
        "window": 4,
        "dense": [{"units": 3}],
    },
    "unmasked": {"recurrent": [{"cell": "gru", "units": 3}], "embedding": {"dim": 4, "mask": False}},
}


@pytest.mark.parametrize(
    ("name", "threads"), [("plain", 2), ("dropout", None), ("windows", None), ("windows", 2), ("unmasked", None)]
)
def test_a_network_cut_behind_its_word_vectors_is_the_same_network_in_two(name: str, threads: int | None) -> None:
    from sentiment_cli.model.network import cut_behind_embedding

    training = {"adversarial": {"kind": "labelled"}}
    values = {"text": {"sequence_length": LENGTH}, "model": CUT[name], "training": training}
    network = make_network(Config.model_validate(values), classes=3, threads=threads)
    embed, read = cut_behind_embedding(network)
    import tensorflow as tf

    token_ids = tf.constant(eleven_reviews().pad(np.arange(11), LENGTH))
    vectors = tf.constant(embed(token_ids, training=False).numpy())
    np.testing.assert_array_equal(read([token_ids, vectors], training=False), network(token_ids, training=False))
    # The table is before the cut, all other weights are behind it.
    assert [variable.path for variable in embed.trainable_variables] == ["embedding/embeddings"]
    own = {id(variable) for variable in network.trainable_variables}
    parts = [id(variable) for variable in (*embed.trainable_variables, *read.trainable_variables)]
    assert len(parts) == len(own)
    assert set(parts) == own
    # Twice the vectors are another prediction: they are read, and not the token ids in their place.
    assert not np.allclose(read([token_ids, 2 * vectors], training=False), network(token_ids, training=False))


def test_word_vectors_are_dropped_before_the_cut() -> None:
    from sentiment_cli.model.network import cut_behind_embedding

    values = {"model": CUT["dropout"], "training": {"adversarial": {"kind": "labelled"}}}
    embed, _ = cut_behind_embedding(make_network(Config.model_validate(values)))
    vectors = embed(eleven_reviews().pad(np.arange(11), LENGTH), training=True).numpy()
    assert 0.3 < (vectors == 0).mean() < 0.7


@pytest.mark.parametrize(
    ("adversarial", "shared"), [(None, True), ("table", True), ("labelled", False), ("virtual", False)]
)
def test_equal_words_share_a_projection_unless_each_of_them_is_to_be_changed(
    adversarial: str | None, shared: bool
) -> None:
    from sentiment_cli.model.network import first_layers

    kind = adversarial and {"kind": adversarial}
    config = Config.model_validate({"model": CUT["plain"], "training": {"adversarial": kind}})
    network = make_network(config, threads=2)
    assert ("embedded_recurrent" in [layer.name for layer in network.layers]) is shared
    assert first_layers(network)[0].embeddings is network.trainable_variables[0]
