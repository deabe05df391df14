"""Is how a training runs decided by configuration and data alone, and kept?"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from sentiment_cli.config.schema import Config
from sentiment_cli.training.plan import Plan, choose_path, make_plan

# A layer that the compiled loops know, and one that they leave to Keras or XLA.
KNOWN: dict[str, Any] = {"cell": "gru", "units": 4}
UNKNOWN: dict[str, Any] = {"cell": "gru", "units": 4, "recurrent_dropout": 0.1}
BLOCKED = "the compiled loops do not know model.recurrent.0.recurrent_dropout: 0.1"


def make_config(*recurrent: dict[str, Any], mask: bool = True, pooling: str = "last", **training: Any) -> Config:
    return Config.model_validate(
        {
            "text": {"sequence_length": 100},
            "model": {"embedding": {"mask": mask}, "recurrent": list(recurrent or [KNOWN]), "pooling": pooling},
            "training": {"batch_size": 10, "epochs": 10, **training},
        }
    )


def plan_for(config: Config, lengths: np.ndarray, *, on_gpu: bool = False, threads: int = 2) -> Plan:
    return make_plan(config, lengths, on_gpu=on_gpu, threads=threads)


# Batches of ten reviews of 50 tokens are 50 steps; ten epochs of n reviews are 50 n.
def reviews(n: int) -> np.ndarray:
    return np.full(n, 50)


@pytest.mark.parametrize("n", [20, 5000])
@pytest.mark.parametrize("wanted", ["auto", False])
@pytest.mark.parametrize("cell", ["simple_rnn", "gru", "lstm"])
def test_on_a_processor_the_compiled_loops_are_taken_for_much_work_and_for_little(
    cell: str, wanted: Any, n: int
) -> None:
    config = make_config({"cell": cell, "dropout": 0.2}, {"cell": cell, "bidirectional": True}, jit_compile=wanted)
    plan = plan_for(config, reviews(n), threads=3)
    assert plan == Plan("compiled loops", False, 3, (), 10, "in compiled loops over time")
    assert (plan.jit_compile, plan.loop_threads) == (False, 3)


@pytest.mark.parametrize(
    ("key", "value"), [("recurrent_dropout", 0.1), ("activation", "relu"), ("recurrent_activation", "hard_sigmoid")]
)
def test_a_setting_that_the_loops_do_not_know_is_named_with_its_layer(key: str, value: Any) -> None:
    blocked = {**KNOWN, key: value}
    assert choose_path(make_config(blocked), on_gpu=False) == (
        None,
        f"the compiled loops do not know model.recurrent.0.{key}: {value}",
    )
    path, reason = choose_path(make_config(KNOWN, blocked), on_gpu=False)
    assert path == "compiled loops"
    assert reason == f"in compiled loops over time; in Keras' own loop for model.recurrent.1.{key}: {value}"


def test_several_settings_that_the_loops_do_not_know_are_all_named() -> None:
    blocked = {**UNKNOWN, "activation": "relu"}
    _, reason = choose_path(make_config(blocked, UNKNOWN), on_gpu=False)
    assert reason.endswith("model.recurrent.0.activation: relu, 0.recurrent_dropout: 0.1, 1.recurrent_dropout: 0.1")


def test_few_steps_of_what_the_loops_do_not_know_stay_with_keras() -> None:
    plan = plan_for(make_config(UNKNOWN), reviews(3990))
    assert (plan.path, plan.widths, plan.loop_threads) == ("Keras", (), None)
    assert plan.reason == f"in Keras' own loop: {BLOCKED}, and 199,500 time steps do not repay compiling by XLA"


def test_many_steps_of_what_the_loops_do_not_know_are_compiled_by_xla_for_a_few_widths() -> None:
    plan = plan_for(make_config(UNKNOWN), np.tile(np.arange(1, 101), 60))
    assert (plan.path, plan.jit_compile, plan.loop_threads) == ("XLA", True, None)
    assert 1 < len(plan.widths) <= 9
    assert plan.widths[-1] == 100
    assert plan.reason.startswith(f"compiled by XLA during the first epoch: {BLOCKED}, and ")


def test_the_border_is_where_the_reason_says_it_is() -> None:
    assert plan_for(make_config(UNKNOWN), reviews(3990)).path == "Keras"  # 199,500 steps
    assert plan_for(make_config(UNKNOWN), reviews(4000)).path == "XLA"  # 200,000 steps


def test_the_epochs_that_the_least_steps_ask_for_count_too() -> None:
    # 20 reviews are two batches, 100 time steps an epoch.
    few, many = (plan_for(make_config(UNKNOWN, min_steps=steps), reviews(20)) for steps in (3998, 4000))
    assert few.reason.endswith("199,900 time steps do not repay compiling by XLA")
    assert many.path == "XLA"
    assert many.reason.endswith("200,000 time steps repay it")


@pytest.mark.parametrize("wanted", ["auto", False])
@pytest.mark.parametrize("kind", ["table", "virtual"])
def test_adversarial_kinds_that_xla_cannot_compile_stay_with_keras(kind: str, wanted: Any) -> None:
    adversarial = {"kind": kind}
    plan = plan_for(make_config(UNKNOWN, adversarial=adversarial, jit_compile=wanted), reviews(5000))
    assert (plan.path, plan.widths) == ("Keras", ())
    assert plan.reason == f"in Keras' own loop: {BLOCKED}, and XLA not adversarial.kind: {kind}"
    assert plan_for(make_config(KNOWN, adversarial=adversarial), reviews(5000)).path == "compiled loops"
    assert plan_for(make_config(UNKNOWN, adversarial=adversarial), reviews(5000), on_gpu=True).path == "Keras"


def test_labelled_adversarial_training_is_compiled_where_other_training_is() -> None:
    config = make_config(UNKNOWN, adversarial={"kind": "labelled"})
    assert plan_for(config, reviews(5000)) == plan_for(make_config(UNKNOWN), reviews(5000))
    assert plan_for(config, reviews(5000)).path == "XLA"


def test_a_second_direction_changes_nothing_since_it_is_compiled_as_well() -> None:
    for n in (3990, 4000):
        both = plan_for(make_config({**UNKNOWN, "bidirectional": True}), reviews(n))
        assert both == plan_for(make_config(UNKNOWN), reviews(n))


@pytest.mark.parametrize("config", [make_config(UNKNOWN, UNKNOWN), make_config(UNKNOWN, pooling="max")])
def test_xla_is_not_chosen_where_a_layer_gives_all_its_outputs(config: Config) -> None:
    plan = plan_for(config, reviews(100_000))
    assert (plan.path, plan.widths) == ("Keras", ())
    assert "XLA is slow where a layer gives its outputs at all steps" in plan.reason


@pytest.mark.parametrize("layer", [KNOWN, UNKNOWN])
@pytest.mark.parametrize("wanted", ["auto", False])
def test_a_gpu_is_left_to_keras_and_cudnn(layer: dict[str, Any], wanted: Any) -> None:
    plan = plan_for(make_config(layer, jit_compile=wanted), reviews(5000), on_gpu=True)
    assert plan == Plan("Keras", True, 2, (), 10, "in Keras' layers, which take cuDNN where they can")
    assert plan.loop_threads is None


@pytest.mark.parametrize("layers", [[KNOWN], [UNKNOWN], [KNOWN, UNKNOWN]])
@pytest.mark.parametrize("on_gpu", [True, False])
@pytest.mark.parametrize("n", [20, 5000])
def test_the_configuration_has_the_last_word_on_compiling_by_xla(
    layers: list[dict[str, Any]], on_gpu: bool, n: int
) -> None:
    wanted = plan_for(make_config(*layers, jit_compile=True), reviews(n), on_gpu=on_gpu)
    assert (wanted.path, wanted.reason) == ("XLA", "compiled by XLA (training.jit_compile: true)")
    assert wanted.loop_threads is None
    assert wanted.widths == (50,)
    unwanted = plan_for(make_config(*layers, jit_compile=False), reviews(n), on_gpu=on_gpu)
    assert not unwanted.jit_compile
    assert unwanted.widths == ()


def test_without_xla_what_the_loops_do_not_know_runs_in_keras_for_that_reason_alone() -> None:
    plan = plan_for(make_config(UNKNOWN, jit_compile=False), reviews(5000))
    assert (plan.path, plan.reason) == ("Keras", f"in Keras' own loop: {BLOCKED}")


@pytest.mark.parametrize(("layer", "wanted"), [(KNOWN, "auto"), (KNOWN, True), (UNKNOWN, False)])
@pytest.mark.parametrize("on_gpu", [True, False])
def test_without_a_mask_every_batch_has_the_whole_length(layer: dict[str, Any], wanted: Any, on_gpu: bool) -> None:
    config = make_config(layer, mask=False, jit_compile=wanted)
    assert plan_for(config, reviews(40), on_gpu=on_gpu).widths == (100,)


def test_without_a_mask_padding_counts_as_steps() -> None:
    # 2,000 reviews in batches of ten, ten epochs: 2,000 steps of 50 tokens are too few, of 100 they are enough.
    assert plan_for(make_config(UNKNOWN), reviews(2000)).path == "Keras"
    assert plan_for(make_config(UNKNOWN, mask=False), reviews(2000)).path == "XLA"


@pytest.mark.parametrize(("n", "rows"), [(3, 3), (10, 10), (1000, 10)])
@pytest.mark.parametrize("layer", [KNOWN, UNKNOWN])
def test_a_batch_has_no_more_rows_than_there_are_reviews(layer: dict[str, Any], n: int, rows: int) -> None:
    assert plan_for(make_config(layer), reviews(n)).rows == rows


def test_the_same_reviews_in_another_order_have_the_same_plan_of_compiling() -> None:
    lengths = np.tile(np.arange(1, 101), 60)
    again = np.random.default_rng(1).permutation(lengths)
    first, second = (plan_for(make_config(UNKNOWN), each) for each in (lengths, again))
    assert first.path == "XLA"
    assert (first.path, first.widths) == (second.path, second.widths)


@pytest.mark.parametrize("path", ["compiled loops", "XLA", "Keras"])
def test_a_plan_survives_its_json(path: Any) -> None:
    plan = Plan(path, False, 2, (3, 8), 32, "because")
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


GOOD = {"path": "XLA", "on_gpu": False, "threads": 2, "widths": [3], "rows": 8, "reason": ""}


@pytest.mark.parametrize(
    "values",
    [
        {"jit_compile": True, "widths": [3], "rows": 8, "reason": ""},  # of an older form
        {**GOOD, "path": "GPU"},
        {**GOOD, "more": 1},
        {key: value for key, value in GOOD.items() if key != "threads"},
        {},
    ],
)
def test_what_is_no_plan_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a plan"):
        Plan.from_dict(values)


@pytest.mark.parametrize(
    "change",
    [
        {"threads": "two"}, {"threads": 0}, {"threads": -1}, {"threads": True}, {"rows": 0}, {"rows": 1.5},
        {"widths": ["a"]}, {"widths": [8, 3]}, {"widths": [0]}, {"widths": None}, {"on_gpu": "no"}, {"reason": None},
        {"path": "by hand"},
    ],
)  # fmt: skip
def test_a_value_that_no_plan_has_is_refused(change: dict[str, Any]) -> None:
    values = {**Plan("XLA", False, 2, (3, 8), 32, "because").to_dict(), **change}
    with pytest.raises((TypeError, ValueError)):
        Plan.from_dict(values)
