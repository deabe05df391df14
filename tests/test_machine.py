"""Are cores and memory those that this process may use?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from sentiment_cli.machine import available_cores, available_memory


def test_the_cores_are_those_of_the_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 4, 6}, raising=False)
    monkeypatch.setattr(Path, "read_text", lambda path, **options: "max 100000\n")
    assert available_cores() == 3


@pytest.mark.parametrize(
    ("quota", "cores"), [("200000 100000", 2), ("50000 100000", 1), ("900000 100000", 3), ("?", 3)]
)
def test_the_quota_of_a_container_counts_and_leaves_one_core_at_least(
    monkeypatch: pytest.MonkeyPatch, quota: str, cores: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 4, 6}, raising=False)
    monkeypatch.setattr(Path, "read_text", lambda path, **options: quota)
    assert available_cores() == cores


@pytest.mark.parametrize(("quota", "cores"), [(200_000, 2), (50_000, 1), (-1, 3)])
def test_the_quota_is_found_under_the_first_version_of_control_groups_too(
    monkeypatch: pytest.MonkeyPatch, quota: int, cores: int
) -> None:
    def read(path: Path, **options: str) -> str:
        if path.name == "cpu.max":
            raise FileNotFoundError(path)
        return f"{quota if 'quota' in path.name else 100_000}\n"

    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 4, 6}, raising=False)
    monkeypatch.setattr(Path, "read_text", read)
    assert available_cores() == cores


@pytest.mark.parametrize(("limit", "counts"), [("1000000", True), ("max", False), (str(2**60), False)])
@pytest.mark.parametrize("name", ["memory.max", "memory.limit_in_bytes"])
def test_the_memory_is_that_of_the_machine_or_the_limit_of_its_container(
    monkeypatch: pytest.MonkeyPatch, name: str, limit: str, counts: bool
) -> None:
    def read(path: Path, **options: str) -> str:
        if path.name != name:
            raise FileNotFoundError(path)
        return f"{limit}\n"

    whole = psutil.virtual_memory().total + psutil.swap_memory().total
    monkeypatch.setattr(Path, "read_text", read)
    assert available_memory() == (int(limit) if counts else whole)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such limit")
def test_a_limit_of_the_shell_counts() -> None:
    show = "from sentiment_cli.machine import available_memory; print(available_memory())"
    command = f"ulimit -v 1000000 && exec {sys.executable} -c '{show}'"
    shown = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    assert int(shown) == 1_000_000 * 1024
