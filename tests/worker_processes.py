"""Two processes that train one network through TF_CONFIG."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

from conftest import TINY_CONFIG


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(closing(socket.socket())) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Workers:
    """Two processes with one command."""

    def __init__(self, directory: Path, *arguments: str | Path) -> None:
        addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
        command = [sys.executable, "-m", "sentiment_cli", "train", *map(str, arguments)]
        self.files = [directory / f"worker-{rank}.txt" for rank in (0, 1)]
        self.processes = []
        for rank in (0, 1):
            config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}}
            environment = {**os.environ, "TF_CONFIG": json.dumps(config), "CUDA_VISIBLE_DEVICES": "-1"}
            with self.files[rank].open("w", encoding="utf-8") as file:
                self.processes.append(
                    subprocess.Popen(command, cwd=directory, env=environment, stdout=file, stderr=file)
                )

    def said(self, rank: int) -> str:
        return self.files[rank].read_text(encoding="utf-8")

    def wait(self, seconds: float = 240) -> list[int]:
        """Both exit codes."""
        return [process.wait(seconds) for process in self.processes]

    def wait_for(self, text: str, rank: int = 0) -> None:
        end = time.monotonic() + 240
        while text not in self.said(rank):
            assert self.processes[rank].poll() is None, self.said(rank)
            assert time.monotonic() < end, self.said(rank)
            time.sleep(0.05)

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


def write_config(directory: Path, reviews: Path, more: str = "", model: str = "") -> Path:
    path = directory / "c.yaml"
    text = TINY_CONFIG.format(source=reviews.as_posix()).replace("seed: 3}", f"seed: 3{more}}}")
    path.write_text(text.replace("pooling: max", f"pooling: max{model}"), encoding="utf-8")
    return path
