"""Is how a training runs decided by configuration and data alone, and kept?"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from sentiment_cli.config.schema import Config
from sentiment_cli.training.plan import Plan, make_plan


def make_config(recurrent: dict[str, Any] | None = None, mask: bool = True, **training: Any) -> Config:
    return Config.model_validate(
        {
            "text": {"sequence_length": 100},
            "model": {"embedding": {"mask": mask}, "recurrent": [recurrent or {}]},
            "training": {"batch_size": 10, "epochs": 10, **training},
        }
    )


# Batches of ten reviews of 50 tokens are 50 steps; ten epochs of n reviews are 50 n.
def reviews(n: int) -> np.ndarray:
    return np.full(n, 50)


def test_few_steps_are_not_compiled() -> None:
    plan = make_plan(make_config(), reviews(3990), on_gpu=False)
    assert (plan.jit_compile, plan.widths) == (False, ())
    assert plan.reason == "not compiled: 199,500 time steps do not repay the compiling"


def test_many_steps_are_compiled_for_a_few_widths() -> None:
    plan = make_plan(make_config(), np.tile(np.arange(1, 101), 60), on_gpu=False)
    assert plan.jit_compile
    assert 1 < len(plan.widths) <= 9
    assert plan.widths[-1] == 100
    assert "compiled by XLA during the first epoch" in plan.reason


def test_the_border_is_where_the_reason_says_it_is() -> None:
    assert make_plan(make_config(), reviews(4000), on_gpu=False).jit_compile  # 200,000 steps


def test_a_second_direction_changes_nothing_since_it_is_compiled_as_well() -> None:
    for n in (3990, 4000):
        both = make_plan(make_config({"bidirectional": True}), reviews(n), on_gpu=False)
        assert both == make_plan(make_config(), reviews(n), on_gpu=False)


def test_a_gpu_is_left_to_cudnn() -> None:
    plan = make_plan(make_config(), reviews(5000), on_gpu=True)
    assert not plan.jit_compile
    assert "cuDNN" in plan.reason


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("on_gpu", [True, False])
def test_the_configuration_has_the_last_word(wanted: bool, on_gpu: bool) -> None:
    for n in (20, 5000):
        plan = make_plan(make_config(jit_compile=wanted), reviews(n), on_gpu=on_gpu)
        assert plan.jit_compile is wanted
        assert plan.reason == f"training.jit_compile: {str(wanted).lower()}"


@pytest.mark.parametrize("jit_compile", [True, False])
def test_without_a_mask_every_batch_has_the_whole_length(jit_compile: bool) -> None:
    assert make_plan(make_config(mask=False, jit_compile=jit_compile), reviews(40), on_gpu=False).widths == (100,)


def test_without_a_mask_padding_counts_as_steps() -> None:
    # 2,000 reviews in batches of ten, ten epochs: 2,000 steps of 50 tokens are too few, of 100 they are enough.
    assert make_plan(make_config(mask=False), reviews(2000), on_gpu=False).jit_compile


@pytest.mark.parametrize(("n", "rows"), [(3, 3), (10, 10), (1000, 10)])
def test_a_batch_has_no_more_rows_than_there_are_reviews(n: int, rows: int) -> None:
    assert make_plan(make_config(), reviews(n), on_gpu=False).rows == rows


def test_the_same_reviews_in_another_order_have_the_same_plan_of_compiling() -> None:
    lengths = np.tile(np.arange(1, 101), 30)
    again = np.random.default_rng(1).permutation(lengths)
    first, second = (make_plan(make_config(), each, on_gpu=False) for each in (lengths, again))
    assert (first.jit_compile, first.widths) == (second.jit_compile, second.widths)


def test_a_plan_survives_its_json() -> None:
    plan = Plan(True, (3, 8), 32, "because")
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


@pytest.mark.parametrize("model", [{"pooling": ["last", "max"]}, {"recurrent": [{"units": 4}, {"units": 4}]}])
def test_layers_that_give_all_their_outputs_are_not_compiled(model: dict[str, Any]) -> None:
    config = Config.model_validate({"model": model, "training": {"epochs": 1000, "batch_size": 2}})
    plan = make_plan(config, np.full(1000, 400), on_gpu=False)
    assert (plan.jit_compile, plan.widths) == (False, ())
    assert "slow where a layer gives its outputs at all steps" in plan.reason
