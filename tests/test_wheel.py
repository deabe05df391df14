"""The wheel carries everything: it is built, installed elsewhere, and trains outside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    # Without isolation: hatchling is among the development requirements, and nothing is fetched.
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(directory), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (built,) = directory.glob("*.whl")
    return built


def install(environment: Path, wheel: Path, *, with_dependencies: bool) -> Path:
    """Install the wheel into a new environment; returns its ``sentiment``."""
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    options = [] if with_dependencies else ["--no-deps"]
    subprocess.run([python, "-m", "pip", "install", "-q", *options, wheel], check=True, capture_output=True)
    return environment / "bin" / "sentiment"


def borrow_packages(environment: Path) -> None:
    """Let an environment see the packages of this one; editable installs are not seen that way."""
    (site,) = (environment / "lib").glob("python*/site-packages")
    here = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(here) + "\n", encoding="utf-8")


def train_elsewhere(sentiment: Path, workplace: Path) -> dict[str, Any]:
    """Train the quick start in an empty directory; returns the record of the run."""
    clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sentiment, *arguments], cwd=workplace, env=clean, capture_output=True, text=True, check=True
        )

    run("train", "--limit", "20", "--epochs", "1", "--name", "first")
    assert (workplace / "runs" / "first" / "model.keras").is_file()
    assert "imdb_lstm" in run("configs").stdout
    assert "simple_negation" in run("probe", "--list").stdout
    record: dict[str, Any] = json.loads((workplace / "runs" / "first" / "run.json").read_text(encoding="utf-8"))
    return record


@pytest.mark.slow
def test_the_wheel_trains_outside_the_checkout_on_what_it_carries(wheel: Path, tmp_path: Path) -> None:
    sentiment = install(tmp_path / "environment", wheel, with_dependencies=False)
    borrow_packages(tmp_path / "environment")
    (tmp_path / "elsewhere").mkdir()

    record = train_elsewhere(sentiment, tmp_path / "elsewhere")
    assert record["status"] == "finished"
    assert not Path(record["data"]["root"]).is_relative_to(ROOT), "trained on the checkout's reviews"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_wheel_brings_all_packages_that_it_needs(wheel: Path, tmp_path: Path) -> None:
    sentiment = install(tmp_path / "environment", wheel, with_dependencies=True)
    (tmp_path / "elsewhere").mkdir()

    record = train_elsewhere(sentiment, tmp_path / "elsewhere")
    assert record["status"] == "finished"
    assert not Path(record["data"]["root"]).is_relative_to(ROOT), "trained on the checkout's reviews"
