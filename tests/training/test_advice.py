"""Are settings that are known to fail named before the training, and are others left in peace?"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sentiment_cli.config.model import Recurrent
from sentiment_cli.config.schema import Config
from sentiment_cli.text.token_ids import cut_to_length
from sentiment_cli.training.advice import check_balance, check_disk, check_encoding, check_settings, cudnn_blockers


def make_config(**sections: Any) -> Config:
    return Config.model_validate(sections)


@pytest.mark.parametrize(("pooling", "warned"), [(["last"], True), (["max", "last"], True), (["max"], False)])
def test_the_last_state_after_unmasked_padding_is_warned_of(pooling: list[str], warned: bool) -> None:
    config = make_config(model={"embedding": {"mask": False}, "pooling": pooling})
    warnings = check_settings(config, on_gpu=False)
    assert bool(warnings) is warned
    assert all("model.embedding.mask is false" in warning for warning in warnings)


def test_the_defaults_are_not_warned_of() -> None:
    assert check_settings(make_config(), on_gpu=False) == []
    assert check_settings(make_config(), on_gpu=True) == []


def test_what_turns_cudnn_off_is_named_with_its_layer_and_only_on_a_gpu() -> None:
    layers = [{"cell": "lstm"}, {"cell": "gru", "recurrent_activation": "tanh", "recurrent_dropout": 0.1}]
    config = make_config(model={"recurrent": layers})
    assert check_settings(config, on_gpu=False) == []
    (warning,) = check_settings(config, on_gpu=True)
    assert warning.endswith("model.recurrent.1.recurrent_activation: tanh, model.recurrent.1.recurrent_dropout: 0.1")


@pytest.mark.parametrize(
    ("layer", "blockers"),
    [
        ({"cell": "lstm", "dropout": 0.5}, []),
        ({"cell": "gru", "recurrent_activation": "sigmoid"}, []),
        ({"cell": "simple_rnn"}, ["cell: simple_rnn"]),
        ({"cell": "lstm", "activation": "relu"}, ["activation: relu"]),
    ],
)
def test_cudnn_takes_the_textbook_cells_alone(layer: dict[str, Any], blockers: list[str]) -> None:
    assert cudnn_blockers(Recurrent.model_validate(layer)) == blockers


def encoding(config: Config, *reviews: list[int]) -> list[str]:
    flat, lengths = np.concatenate(reviews), np.array([len(review) for review in reviews])
    return check_encoding(config, cut_to_length(flat, lengths, config.text.sequence_length, config.text.truncate))


def test_cutting_more_than_half_of_the_tokens_is_warned_of() -> None:
    config = make_config(text={"sequence_length": 4})
    # Of 9 and 8 tokens, 17 in all, 5 + 4 = 9 are cut: 53 %.
    (warning,) = encoding(config, [2] * 9, [2] * 8)
    assert warning == "53% of all tokens are cut by text.sequence_length 4; nine of ten reviews have at most 8"
    # 4 + 4 of 16: exactly half is not more than half.
    assert encoding(config, [2] * 8, [2] * 8) == []


def test_more_than_a_tenth_of_unknown_tokens_is_warned_of() -> None:
    config = make_config(text={"max_tokens": 5000})
    assert encoding(config, [1] + [2] * 9) == []
    assert encoding(config, [1, 1] + [2] * 9) == ["18% of the tokens kept are unknown; raise text.max_tokens (5,000)"]


@pytest.mark.parametrize(
    ("counts", "share"),
    [
        ({"bad": 80, "good": 20}, "80%"),
        ({"bad": 79, "good": 21}, None),
        ({"bad": 1, "fair": 2, "good": 97}, "97%"),
        ({"bad": 30, "fair": 30, "good": 40}, None),
    ],
)
def test_a_class_with_most_of_the_reviews_is_named(counts: dict[str, int], share: str | None) -> None:
    warnings = check_balance(counts, make_config())
    assert [warning.split(" ")[0] for warning in warnings] == ([share] if share else [])
    assert all(f'"{max(counts, key=counts.__getitem__)}"' in warning for warning in warnings)


def test_class_weights_end_the_warning() -> None:
    assert check_balance({"bad": 99, "good": 1}, make_config(training={"class_weight": "balanced"})) == []


def test_too_small_a_disk_is_warned_of_also_where_the_run_has_no_directory_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def usage(path: Path) -> SimpleNamespace:
        asked.append(path)
        return SimpleNamespace(free=20_000_000)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert check_disk(20_000_000, tmp_path / "runs" / "first") == []
    assert check_disk(31_000_000, tmp_path / "runs" / "first") == ["20 MB of disk are free, the run needs 31 MB"]
    assert asked == [tmp_path, tmp_path]
