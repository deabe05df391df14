"""How are the cores of a cluster shared, and is a cluster that is not there said?"""

from __future__ import annotations

import os
import socket

import pytest

from sentiment_cli.errors import RunError, UsageError
from sentiment_cli.ray_cluster import RayWorkers, connected, share_cores


@pytest.mark.parametrize(
    ("nodes", "workers", "expected"),
    [
        ([2], None, (1, 2)),
        ([8], None, (2, 4)),
        ([8, 8], 2, (2, 8)),
        ([8, 8], 3, (3, 4)),
        ([6, 3], 3, (3, 3)),
        ([2], 2, (2, 1)),
        ([0, 5], 1, (1, 5)),
    ],
)
def test_workers_share_the_cores_and_none_is_without_a_place(
    nodes: list[int], workers: int | None, expected: tuple[int, int]
) -> None:
    assert share_cores(nodes, workers) == expected


def test_more_workers_than_cores_are_refused() -> None:
    with pytest.raises(UsageError, match="--workers 3: Ray has 2 cores"):
        share_cores([1, 1], 3)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "local",
            r"--ray local: Ray does not start on this machine: It died\. It may be too busy; go on without --ray\.",
        ),
        ("host:1", r"--ray host:1: It died\. Start a cluster with ray start --head, or give --ray local\."),
    ],
)
def test_a_cluster_that_does_not_start_or_is_not_there_is_said(
    monkeypatch: pytest.MonkeyPatch, address: str, message: str
) -> None:
    def fail(**options: object) -> None:
        raise Exception("It died.\nA long story")

    monkeypatch.setattr("ray.init", fail)
    monkeypatch.setattr("ray.is_initialized", lambda: False)
    monkeypatch.setattr("socket.create_connection", lambda address, timeout: socket.socket())
    with pytest.raises(RunError, match=f"^{message}$"), connected(RayWorkers(address), "It"):
        pass


def test_an_address_where_nobody_listens_is_said_before_ray_tries_for_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ray.init", lambda **options: pytest.fail("Ray tries"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        message = f"^--ray {address}: .*refused. Start a cluster with ray start --head, or give --ray local"
        with pytest.raises(RunError, match=message), connected(RayWorkers(address), "It"):
            pass


def test_the_address_of_a_client_is_refused() -> None:
    with pytest.raises(UsageError, match="give HOST:PORT or auto"):
        RayWorkers("ray://host:1")


@pytest.mark.slow
def test_a_worker_without_a_gpu_of_its_own_sees_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")  # as on a machine that has one

    def seen() -> str | None:
        return os.environ.get("CUDA_VISIBLE_DEVICES")

    with connected(RayWorkers("local", 1), "It") as ray:
        assert ray.get(ray.remote(num_cpus=1)(seen).remote()) == ""
