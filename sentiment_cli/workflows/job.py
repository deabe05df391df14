"""What a training is about: configuration, directory, prepared files, device, and who is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment_cli.config import Config
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.runs import Run
from sentiment_cli.runtime import Device
from sentiment_cli.training.progress import Progress

if TYPE_CHECKING:
    from sentiment_cli.training.team import Team


@dataclass(frozen=True)
class Job:
    """A training that can begin; everything cheap about it was checked.

    Args:
        config: the configuration.
        run: where the files go.
        data: the prepared files.
        device: what the network runs on.
        progress: told what happens.
        team: the replicas that share each batch; None: this process on one device.
    """

    config: Config
    run: Run
    data: PreparedData
    device: Device
    progress: Progress
    team: Team | None = None
