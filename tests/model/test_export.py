"""Does model.keras give our own probabilities in an interpreter that knows nothing of this package?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment_cli.config.schema import Config

SEQUENCE_LENGTH = 10
RULES = ("lower_and_strip_punctuation", "lower", "strip_punctuation", "none")
DEEP = [{"cell": "lstm", "units": 3, "bidirectional": True, "dropout": 0.3}, {"cell": "simple_rnn", "units": 3}]

# Every cell, pooling, truncation, standardize rule and split; and what else shapes the graph.
STOCK: dict[str, dict[str, Any]] = {
    "simple_rnn-last": {"recurrent": [{"cell": "simple_rnn", "units": 3}], "truncate": "head", "standardize": "lower"},
    "gru-max": {
        "recurrent": [{"cell": "gru", "units": 3}],
        "pooling": "max",
        "truncate": "tail",
        "standardize": "none",
    },
    "lstm-mean": {
        "recurrent": [{"cell": "lstm", "units": 3}],
        "pooling": "mean",
        "truncate": "head_tail",
        "standardize": "strip_punctuation",
    },
    "deep-all": {"recurrent": DEEP, "pooling": ["max", "last", "mean"], "dropout": 0.5, "truncate": "head_tail"},
    "character": {"recurrent": [{"cell": "gru", "units": 3}], "split": "character", "truncate": "tail"},
    "unmasked": {
        "recurrent": [{"cell": "lstm", "units": 3, "bidirectional": True}],
        "embedding": {"dim": 4, "mask": False},
        "pooling": ["last", "mean"],
        "truncate": "head",
    },
    "three-classes": {
        "recurrent": [{"cell": "gru", "units": 3}],
        "dense": [{"units": 4, "activation": "gelu", "dropout": 0.2}],
        "truncate": "tail",
        "classes": 3,
    },
}
OURS: dict[str, dict[str, Any]] = {
    f"reviews-{punctuation}": {
        "recurrent": [{"cell": "gru", "units": 3}],
        "standardize": "reviews",
        "punctuation": punctuation,
        "truncate": "head_tail",
    }
    for punctuation in ("keep", "drop")
}

READER = """\
import json, sys
import numpy as np

job = json.load(open(sys.argv[1], encoding="ascii"))
import keras
import tensorflow as tf

def read(files):
    texts = tf.constant(job["texts"])
    for file in files:
        # Safe mode is Keras' default, and it stays on.
        np.save(file + ".npy", keras.models.load_model(file)(texts).numpy())
        # The last text, a short one, by itself.
        np.save(file + ".alone.npy", keras.models.load_model(file)(texts[-1:]).numpy())

read(job["stock"])
assert not [name for name in sys.modules if name.startswith("sentiment")], "our package was loaded"
for module, file in job["ours"]:
    if module not in sys.modules:
        try:
            keras.models.load_model(file)
        except Exception:
            pass
        else:
            raise AssertionError("the import was not needed")
    __import__(module)
    read([file])
"""


def make_texts() -> list[str]:
    """200 reviews of 0 to 29 words with everything that separates, cases and punctuates; the last one is short."""
    rng = np.random.default_rng(5)
    words = "The the GREAT great, room… don't café É naïve 'bad' br <br /> 10/10 😀 ‘fine’ bed\u0085room line\u2028end"
    pool = [*words.split(" "), "[UNK]", "\u00a0", "tab\tbed", "two\nlines", "它", "-", "!!!"]
    texts = [" ".join(rng.choice(pool, size=rng.integers(0, 30))) for _ in range(195)]
    return [*texts, "", "   ", "房间很干净,老板也很热情,下次还会再来住。", "!?!", "the room"]


def make_config(options: dict[str, Any]) -> Config:
    options = dict(options)
    options.pop("classes", None)
    names = ("standardize", "split", "truncate", "punctuation")
    text = {name: options.pop(name) for name in names if name in options}
    options.setdefault("embedding", {"dim": 4})
    # Fewer tokens than there are, so that some are unknown.
    return Config.model_validate(
        {"text": {"max_tokens": 20, "sequence_length": SEQUENCE_LENGTH, **text}, "model": options}
    )


def export(name: str, options: dict[str, Any], path: Path, texts: list[str]) -> np.ndarray:
    """Write a model of random weights and give our own probabilities."""
    import keras

    from sentiment_cli.evaluation.metrics import compute_probabilities
    from sentiment_cli.model.export import save_end_to_end
    from sentiment_cli.model.network import build_network
    from sentiment_cli.text.vectorizer import adapt_vocabulary, encode
    from sentiment_cli.training.scoring import compute_logits, fixed_width
    from sentiment_cli.training.step import build_score_step

    config = make_config(options)
    vocabulary = adapt_vocabulary(config.text, texts)
    keras.utils.set_random_seed(1)
    network = build_network(config, len(vocabulary), options.get("classes", 2))
    rng = np.random.default_rng(2)
    for weight in network.weights:
        weight.assign(rng.normal(0, 0.8, weight.shape))
    save_end_to_end(path / f"{name}.keras", config, vocabulary, network)
    token_ids = encode(config.text, vocabulary, texts)
    assert token_ids.cut.max() > 0
    assert token_ids.unknown.max() > 0
    return compute_probabilities(
        compute_logits(build_score_step(network), token_ids, batch_size=64, fixed_width=fixed_width(config))
    )


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, np.ndarray]]:
    """Every model of the tables above, read by one fresh interpreter; and our own probabilities of each."""
    from sentiment_cli.model.export import needed_import

    directory, texts = tmp_path_factory.mktemp("exported"), make_texts()
    own = {name: export(name, options, directory, texts) for name, options in {**STOCK, **OURS}.items()}
    job = {
        "texts": texts,
        "stock": [str(directory / f"{name}.keras") for name in STOCK],
        "ours": [(needed_import(make_config(OURS[name])), str(directory / f"{name}.keras")) for name in OURS],
    }
    (directory / "job.json").write_text(json.dumps(job), encoding="ascii")
    (directory / "reader.py").write_text(READER, encoding="utf-8")
    command = [sys.executable, str(directory / "reader.py"), str(directory / "job.json")]
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": ""}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return directory, own


def for_two_classes(probabilities: np.ndarray) -> np.ndarray:
    return probabilities[:, 1:] if probabilities.shape[1] == 2 else probabilities


@pytest.mark.parametrize("name", [*STOCK, *OURS])
def test_a_fresh_interpreter_gives_our_probabilities(exported: tuple[Path, dict[str, np.ndarray]], name: str) -> None:
    directory, own = exported
    theirs = np.load(directory / f"{name}.keras.npy")
    assert len(theirs) == 200
    np.testing.assert_allclose(theirs, for_two_classes(own[name]), rtol=0, atol=1e-5)
    assert len(np.unique(theirs.round(4))) > 20  # reviews are told apart


@pytest.mark.parametrize("name", [*STOCK, *OURS])
def test_a_text_by_itself_has_the_probability_that_it_has_among_others(
    exported: tuple[Path, dict[str, np.ndarray]], name: str
) -> None:
    directory, own = exported
    np.testing.assert_allclose(
        np.load(directory / f"{name}.keras.alone.npy"), for_two_classes(own[name][-1:]), rtol=0, atol=1e-5
    )


# The other rules with the split that the table above does not have them with; no interpreter is needed for these.
@pytest.mark.parametrize("standardize", [*RULES, "reviews"])
@pytest.mark.parametrize("truncate", ["head", "tail", "head_tail"])
def test_the_file_cuts_and_cleans_as_the_training_does(truncate: str, standardize: str) -> None:
    import tensorflow as tf

    from sentiment_cli.model.export import cut_padded
    from sentiment_cli.text.vectorizer import adapt_vocabulary, build_vectorizer, encode

    config = make_config({"standardize": standardize, "truncate": truncate})
    texts = make_texts()
    vocabulary = adapt_vocabulary(config.text, texts)
    ours = encode(config.text, vocabulary, texts).pad(np.arange(len(texts)), SEQUENCE_LENGTH)
    theirs = cut_padded(build_vectorizer(config.text, vocabulary)(tf.constant(texts)), config.text)
    np.testing.assert_array_equal(theirs, ours)


def test_only_the_rule_reviews_needs_an_import() -> None:
    from sentiment_cli.model.export import needed_import

    assert needed_import(make_config({"standardize": "reviews"})) == "sentiment_cli.text.standardize"
    assert [needed_import(make_config({"standardize": rule})) for rule in RULES] == [None] * 4


def test_a_failed_export_leaves_the_file_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    from sentiment_cli.model.export import save_end_to_end
    from sentiment_cli.model.network import build_network

    def fail(self: Any, path: Path, **options: Any) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    config = make_config({"recurrent": [{"cell": "gru", "units": 3}]})
    (tmp_path / "model.keras").write_bytes(b"before")
    monkeypatch.setattr(keras.Model, "save", fail)
    with pytest.raises(OSError, match="No space"):
        save_end_to_end(tmp_path / "model.keras", config, ["", "[UNK]", "a"], build_network(config, 3, 2))
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]
    assert (tmp_path / "model.keras").read_bytes() == b"before"
