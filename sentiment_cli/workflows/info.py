"""What this installation is: versions, devices, threads, paths."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from sentiment_cli.data import imdb
from sentiment_cli.extras import extra_of, installed_versions
from sentiment_cli.resources import bundled_reviews, shipped_dir
from sentiment_cli.runs import RUNS_DIR
from sentiment_cli.runtime import describe_environment, describe_threads, load_tensorflow, why_no_gpu


def describe_installation(*, chatter: bool = False) -> dict[str, Any]:
    """Everything that a bug report needs.

    Args:
        chatter: let TensorFlow's start-up messages through.
    """
    tf = load_tensorflow(chatter=chatter)
    gpus = [
        tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    place = imdb.find()
    return {
        **describe_environment(),
        "extras": {
            name: version or f"not installed (pip install 'sentiment-cli[{extra_of(name)}]')"
            for name, version in installed_versions().items()
        },
        "gpus": gpus or [f"none ({why_no_gpu()})"],
        "threads": {name: count or "one a core" for name, count in describe_threads().items()},
        "paths": {
            "executable": sys.executable,
            "configurations": str(shipped_dir("configs")),
            "bundled reviews": str(bundled_reviews()),
            "imdb": str(place) if place else "not downloaded",
            "runs": str(Path(RUNS_DIR).resolve()),
        },
    }
