"""Is TF_CONFIG read as TensorFlow reads it, and refused where a training cannot follow it?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from sentiment_cli.cluster import VARIABLE, Cluster, chosen_strategy, is_first, read_cluster, refuse_cluster
from sentiment_cli.config.training import Adversarial, Training
from sentiment_cli.errors import ConfigError, UsageError
from sentiment_cli.run_sets import Ladder, Sweep
from sentiment_cli.runs import SeedGroup
from sentiment_cli.workflows.ladder import resume_ladder
from sentiment_cli.workflows.seeds import resume_seeds
from sentiment_cli.workflows.sweep import resume_sweep, run_sweep

TWO = Cluster(("a:1", "b:2"), 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "TF_CONFIG makes this worker 1 of 2 (b:2): give all of them the same --name or --output-dir."),
        (
            ["--ray", "local"],
            "--ray starts its workers by itself, and TF_CONFIG is that of worker 1 of 2 (b:2); unset it.",
        ),
    ],
)
def test_a_worker_is_told_what_all_of_them_have_to_be(
    cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, options: list[str], message: str
) -> None:
    for name, value in environment({"worker": ["a:1", "b:2"]}, index=1).items():
        monkeypatch.setenv(name, value)
    result = cli("train", *options)
    assert (result.exit_code, result.stderr) == (2, f"Error: {message}\n")


def environment(cluster: Any, kind: str = "worker", index: Any = 0) -> dict[str, str]:
    return {VARIABLE: json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, None),
        ({VARIABLE: " "}, None),
        ({VARIABLE: "{}"}, None),
        (environment({"worker": ["a:1"]}), None),
        (environment({"worker": ["a:1", "b:2"]}, index=1), TWO),
        (environment({"worker": {"0": "a:1", "1": "b:2"}}, index="1"), TWO),
        (environment({"worker": {"1": "b:2", "0": "a:1"}}, index=1), TWO),
        (environment({"chief": ["a:1"], "worker": ["b:2"]}), Cluster(("a:1", "b:2"), 1, 1)),
        (environment({"chief": ["a:1"], "worker": ["b:2"]}, "chief"), Cluster(("a:1", "b:2"), 0, 1)),
    ],
)
def test_workers_are_found_in_the_environment(found: dict[str, str], expected: Cluster | None) -> None:
    assert read_cluster(found) == expected


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({VARIABLE: "{"}, "Expecting property name"),
        ({VARIABLE: "[]"}, "AttributeError"),
        (environment({"worker": ["a:1", "b"]}), "'b' is no host:port"),
        (environment({"worker": ["a:1", 5]}), "5 is no host:port"),
        (environment({"worker": ["a:1", "b:2"], "ps": ["c:3"]}), "cluster has ps; only chief and worker train here"),
        (environment({"worker": ["a:1", "b:2"]}, index=2), "task is worker 2, which is not in the cluster"),
        (environment({"worker": ["a:1", "b:2"]}, "chief"), "task is chief 0, which is not in the cluster"),
        (environment({"worker": ["a:1", "b:2"]}, index="x"), "invalid literal"),
        ({VARIABLE: '{"cluster": {"worker": ["a:1", "b:2"]}}'}, "KeyError: 'task'"),
    ],
)
def test_another_value_is_refused_with_an_example(found: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as error:
        read_cluster(found)
    assert said in str(error.value)
    assert 'Expected for example {"cluster": {"worker": ["host0:2222"' in str(error.value)


def test_tensorflow_calls_a_chief_by_another_job() -> None:
    assert [TWO.task(rank) for rank in (0, 1)] == ["/job:worker/replica:0/task:0", "/job:worker/replica:0/task:1"]
    chiefs = Cluster(("a:1", "b:2"), 0, 1)
    assert [chiefs.task(rank) for rank in (0, 1)] == ["/job:chief/replica:0/task:0", "/job:worker/replica:0/task:0"]


@pytest.mark.parametrize(
    ("wanted", "cluster", "chosen"),
    [
        ("auto", None, "alone"),
        ("auto", TWO, "multi_worker"),
        ("multi_worker", TWO, "multi_worker"),
        ("mirrored", None, "mirrored"),
    ],
)
def test_the_strategy_follows_settings_and_environment(wanted: Any, cluster: Cluster | None, chosen: str) -> None:
    assert chosen_strategy(Training(strategy=wanted), cluster) == chosen


@pytest.mark.parametrize(
    ("wanted", "cluster", "said"),
    [("multi_worker", None, "multi_worker needs TF_CONFIG"), ("mirrored", TWO, "names 2")],
)
def test_a_strategy_that_the_environment_does_not_allow_is_refused(
    wanted: Any, cluster: Cluster | None, said: str
) -> None:
    with pytest.raises(ConfigError, match=rf"training.strategy: .*{said}"):
        chosen_strategy(Training(strategy=wanted), cluster)


def test_what_shares_of_a_batch_cannot_train_is_refused_at_once_for_several_and_taken_for_one() -> None:
    settings = Training(adversarial=Adversarial(), jit_compile=True, refit=True)
    assert chosen_strategy(settings, None) == "alone"
    with pytest.raises(ConfigError) as error:
        chosen_strategy(settings, TWO)
    assert [problem.key for problem in error.value.problems] == [
        "training.adversarial",
        "training.jit_compile",
        "training.refit",
    ]


def test_the_first_worker_writes_and_groups_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    refuse_cluster("This")
    assert is_first()
    for index in (0, 1):
        monkeypatch.setenv(VARIABLE, environment({"worker": ["a:1", "b:2"]}, index=index)[VARIABLE])
        assert is_first() == (index == 0)
        with pytest.raises(UsageError, match=r"^This is trained by one process, and TF_CONFIG names 2 workers"):
            refuse_cluster("This")


def begin_sweep(path: Path) -> None:
    nothing: Any = None
    run_sweep(nothing, path, nothing, nothing)


@pytest.mark.parametrize(
    "call",
    [
        begin_sweep,
        lambda path: resume_sweep(Sweep(path)),
        lambda path: resume_seeds(SeedGroup(path)),
        lambda path: resume_ladder(Ladder(path)),
    ],
    ids=["sweep", "sweep gone on with", "seeds gone on with", "ladder gone on with"],
)
def test_what_single_processes_do_is_refused_before_anything_is_looked_at(
    call: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, environment({"worker": ["a:1", "b:2"]})[VARIABLE])
    with pytest.raises(UsageError, match="is trained by one process, and TF_CONFIG names 2 workers"):
        call(tmp_path / "none")
