"""Is memory counted as the network takes it, and is what cannot fit refused with the setting that decides?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.config import Config
from sentiment_cli.errors import ConfigError
from sentiment_cli.training.memory import check_memory, count_weights, least_memory

LAYERS = st.lists(
    st.fixed_dictionaries(
        {
            "cell": st.sampled_from(["simple_rnn", "gru", "lstm"]),
            "units": st.integers(1, 9),
            "bidirectional": st.booleans(),
        }
    ),
    min_size=1,
    max_size=3,
)


POOLINGS = st.lists(st.sampled_from(["max", "mean", "attention", "last"]), min_size=1, max_size=4, unique=True)
DENSE = st.lists(st.fixed_dictionaries({"units": st.integers(1, 9)}), max_size=2)


def make_config(recurrent: list[dict[str, Any]], dim: int = 7, model: Any = None, **training: Any) -> Config:
    layers = {"embedding": {"dim": dim}, "recurrent": recurrent, **(model or {})}
    return Config.model_validate({"model": layers, "training": training})


@given(LAYERS, POOLINGS, DENSE, st.integers(1, 9), st.integers(3, 50), st.integers(2, 4))
@settings(max_examples=20, deadline=None)
def test_the_weights_are_those_of_the_network(
    recurrent: list[dict[str, Any]],
    pooling: list[str],
    dense: list[dict[str, Any]],
    dim: int,
    words: int,
    classes: int,
) -> None:
    from sentiment_cli.model.network import build_network

    config = make_config(recurrent, dim, {"pooling": pooling, "dense": dense}, optimizer="sgd")
    weights = build_network(config, words, classes).count_params()
    assert sum(count_weights(config, words, classes).values()) == weights
    copies = 5  # in use and in a checkpoint, each with a momentum, and the gradient
    assert sum(least_memory(config, words, classes, 0).values()) == 4 * copies * weights
    assert sum(least_memory(config, words, classes, None).values()) == 4 * 2 * weights  # in use and in a checkpoint


@pytest.mark.parametrize(
    ("training", "copies"),
    [({"optimizer": "adam"}, 7), ({"optimizer": "adam", "average": 0.9}, 9), ({"optimizer": "adagrad"}, 5)],
)
def test_what_optimizer_and_average_keep_counts(training: dict[str, Any], copies: int) -> None:
    config = make_config([{"cell": "simple_rnn", "units": 1}], 1, **training)
    assert sum(least_memory(config, 1000, 2, 0).values()) == 4 * copies * (1000 + 3 + 2)


def test_an_embedding_that_stays_has_no_gradient() -> None:
    config = Config.model_validate({"model": {"embedding": {"dim": 10, "trainable": False}}})
    assert least_memory(config, 1000, 2, 0)["model.embedding.dim and text.max_tokens"] == 4 * 2 * 10_000


def test_a_step_keeps_vectors_gates_and_states_of_each_token() -> None:
    config = make_config([{"cell": "lstm", "units": 3, "bidirectional": True}, {"cell": "gru", "units": 2}], 7)
    needs = least_memory(config, 10, 2, 100)
    assert needs["training.batch_size and text.sequence_length"] == 4 * 100 * (7 + 2 * 5 * 3 + 4 * 2)


@pytest.mark.parametrize(
    ("config", "words", "tokens", "setting"),
    [
        (make_config([{"units": 100_000}]), 1000, 1000, "model.recurrent.0.units"),
        (make_config([{}, {"units": 90_000}]), 1000, 1000, "model.recurrent.1.units"),
        (make_config([{}], model={"dense": [{"units": 90_000}, {"units": 90_000}]}), 1000, 1000, "model.dense.1.units"),
        (make_config([{}], 10_000), 10_000_000, 1000, "model.embedding.dim and text.max_tokens"),
        (make_config([{}]), 1000, 10**9, "training.batch_size and text.sequence_length"),
    ],
)
def test_what_cannot_fit_is_refused_with_the_setting_that_needs_most(
    config: Config, words: int, tokens: int, setting: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        check_memory(config, words, 2, tokens, 16_000_000_000)
    [problem] = caught.value.problems
    assert problem.key == setting
    assert "there are 16.0 GB. Lower it." in problem.what
    check_memory(config, words, 2, tokens, None)


def test_what_fits_to_the_byte_is_taken() -> None:
    config = make_config([{}])
    needed = sum(least_memory(config, 1000, 2, 1000).values())
    check_memory(config, 1000, 2, 1000, needed)
    with pytest.raises(ConfigError):
        check_memory(config, 1000, 2, 1000, needed - 1)
