"""Small networks of random weights, and what this package says with them of texts that have everything in them."""

from __future__ import annotations

from typing import Any

import numpy as np

from sentiment_cli.config.schema import Config
from sentiment_cli.evaluation.metrics import compute_log_probabilities, compute_probabilities

CELLS = {name: [{"cell": name, "units": 3}] for name in ("simple_rnn", "gru", "lstm")}
DEEP = [{"cell": "lstm", "units": 3, "bidirectional": True, "dropout": 0.3}, {"cell": "gru", "units": 3}]
# A loop step by step in ONNX, whose operators lack this activation.
STEPWISE = [{"cell": "gru", "units": 3, "activation": "softsign"}]

NETWORKS: dict[str, dict[str, Any]] = {
    "deep-all": {"recurrent": DEEP, "pooling": ["max", "last", "mean", "attention"], "truncate": "head_tail"},
    "windows": {
        "recurrent": CELLS["lstm"],
        "pooling": ["max", "attention"],
        "window": 4,
        "standardize": "reviews",
        "truncate": "head_tail",
    },
    "unmasked": {
        "recurrent": CELLS["gru"],
        "embedding": {"dim": 4, "mask": False},
        "pooling": ["last", "mean"],
        "split": "character",
        "truncate": "tail",
    },
    "three-classes": {"recurrent": CELLS["gru"], "dense": [{"units": 4, "activation": "gelu"}], "classes": 3},
    "reviews-drop": {"recurrent": CELLS["gru"], "standardize": "reviews", "punctuation": "drop"},
    "three-networks": {"recurrent": STEPWISE, "members": 3},
    "two-networks-three-classes": {"recurrent": CELLS["lstm"], "classes": 3, "members": 2},
}


def make_texts() -> list[str]:
    """60 reviews of 0 to 29 words with everything that separates, cases and punctuates; the last one is short."""
    rng = np.random.default_rng(5)
    words = "The the GREAT great, room… don't café É naïve 'bad' br <br /> 10/10 😀 ‘fine’ bed\u0085room line\u2028end"
    pool = [*words.split(" "), "[UNK]", "\u00a0", "tab\tbed", "two\nlines", "它", "-", "!!!", "nul\0nul"]
    texts = [" ".join(rng.choice(pool, size=rng.integers(0, 30))) for _ in range(55)]
    return [*texts, "", "   ", "房间很干净,老板也很热情,下次还会再来住。", "!?!", "the room"]


def make_config(options: dict[str, Any]) -> Config:
    names = ("standardize", "split", "truncate", "punctuation")
    model = {name: value for name, value in options.items() if name not in (*names, "classes", "members")}
    text = {name: options[name] for name in names if name in options}
    # Fewer tokens than there are, so that some are unknown.
    return Config.model_validate(
        {"text": {"max_tokens": 20, "sequence_length": 10, **text}, "model": {"embedding": {"dim": 4}, **model}}
    )


def make_names(options: dict[str, Any]) -> tuple[str, ...]:
    return ("très mauvais", "good", "a, b\nc")[: options.get("classes", 2)]


def make_networks(options: dict[str, Any], config: Config, vocabulary: list[str]) -> list[Any]:
    from sentiment_cli.model.network import build_network

    networks = []
    for seed in range(options.get("members", 1)):
        network = build_network(config, len(vocabulary), options.get("classes", 2))
        rng = np.random.default_rng(seed)
        for weight in network.weights:
            weight.assign(rng.normal(0, 0.8, weight.shape))
        networks.append(network)
    return networks


def own_probabilities(config: Config, vocabulary: list[str], networks: list[Any], texts: list[str]) -> np.ndarray:
    """The mean of what the networks say, each on the stock layers and batches that `sentiment predict` makes."""
    from sentiment_cli.text.vectorizer import encode
    from sentiment_cli.training.scoring import compute_logits, fixed_width

    token_ids, width = encode(config.text, vocabulary, texts), fixed_width(config)
    assert token_ids.cut.max() > 0
    assert token_ids.unknown.max() > 0
    logits = [compute_logits(network, token_ids, batch_size=64, fixed_width=width) for network in networks]
    each = [compute_probabilities(rows) for rows in logits]
    np.testing.assert_allclose(np.log(each[0]), compute_log_probabilities(logits[0]), atol=1e-6)
    return np.asarray(np.mean(each, axis=0))
