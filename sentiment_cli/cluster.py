"""Which workers train together, as the environment says it, and what they cannot train."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sentiment_cli.errors import ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from sentiment_cli.config.training import Training

VARIABLE = "TF_CONFIG"
_EXAMPLE = '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
# Rows of a batch cannot be told apart from the batch by these, so that shares of it would train another network.
_NEEDS_WHOLE_BATCH = "measures its change of the word vectors by the whole batch, which no worker sees"


@dataclass(frozen=True)
class Cluster:
    """The processes that train together.

    Args:
        addresses: ``host:port`` of each; the first writes the run.
        rank: which of them this is, from 0.
        chiefs: how many of them, the first, TensorFlow calls by the job ``chief``: one or none.
    """

    addresses: tuple[str, ...]
    rank: int
    chiefs: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this process writes the run."""
        return self.rank == 0

    def task(self, rank: int) -> str:
        """What TensorFlow calls a worker."""
        job, index = ("chief", rank) if rank < self.chiefs else ("worker", rank - self.chiefs)
        return f"/job:{job}/replica:0/task:{index}"

    def __str__(self) -> str:
        """For people."""
        return f"worker {self.rank} of {len(self.addresses)} ({self.addresses[self.rank]})"


def read_cluster(environment: Mapping[str, str] = os.environ) -> Cluster | None:
    """The cluster of TF_CONFIG; None where it is not set, or names no more than one process.

    Raises:
        UsageError: it is something else than TensorFlow's format.
    """
    text = environment.get(VARIABLE, "").strip()
    if not text:
        return None
    try:
        cluster = _parse(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        said = f"{type(error).__name__}: {error}" if isinstance(error, (KeyError, AttributeError)) else error
        raise UsageError(f"{VARIABLE} cannot be read: {said}. Expected for example {_EXAMPLE}") from None
    return cluster if len(cluster.addresses) > 1 else None


def is_first() -> bool:
    """Whether this process writes the runs that it trains."""
    cluster = read_cluster()
    return cluster is None or cluster.is_first


def _parse(values: Any) -> Cluster:
    jobs = dict(values.get("cluster") or {})
    # A "chief" is the first of the workers, and an address may be given for each index.
    groups = {job: _in_order(found) for job, found in jobs.items()}
    others = set(groups) - {"chief", "worker"}
    if others:
        raise ValueError(f"cluster has {', '.join(sorted(others))}; only chief and worker train here")
    chiefs, workers = groups.get("chief", []), groups.get("worker", [])
    addresses = (*chiefs, *workers)
    if not addresses:
        return Cluster(("",), 0)
    for address in addresses:
        if not (isinstance(address, str) and address.rpartition(":")[2].isdigit()):
            raise ValueError(f"{address!r} is no host:port")
    kind, index = values["task"]["type"], int(values["task"]["index"])
    if kind not in groups or not 0 <= index < len(groups[kind]):
        raise ValueError(f"task is {kind} {index}, which is not in the cluster")
    return Cluster(addresses, index + (len(chiefs) if kind == "worker" else 0), len(chiefs))


def _in_order(addresses: Any) -> list[Any]:
    if isinstance(addresses, dict):
        return [addresses[index] for index in sorted(addresses, key=int)]
    return list(addresses)


def chosen_strategy(settings: Training, cluster: Cluster | None) -> Literal["alone", "mirrored", "multi_worker"]:
    """Who shares the batches of a training.

    Args:
        settings: the ``training`` section.
        cluster: of `read_cluster`.

    Raises:
        ConfigError: the settings and the environment do not go together, or several cannot train them.
    """
    wanted = settings.strategy
    if wanted == "multi_worker" and cluster is None:
        what = f"multi_worker needs {VARIABLE} with two workers or more, on each of them, or --ray; received none"
        raise ConfigError([Problem("", "training.strategy", what)])
    if wanted == "mirrored" and cluster is not None:
        what = f"mirrored uses one machine, and {VARIABLE} names {len(cluster.addresses)}; expected auto, or unset it"
        raise ConfigError([Problem("", "training.strategy", what)])
    if wanted == "auto" and cluster is None:
        return "alone"
    check_shared(settings)
    return "mirrored" if wanted == "mirrored" else "multi_worker"


def check_shared(settings: Training) -> None:
    """Raise a ConfigError for settings that several replicas cannot train to the result of one."""
    problems = []
    if settings.adversarial is not None:
        problems.append(Problem("", "training.adversarial", f"{_NEEDS_WHOLE_BATCH}; expected null for several workers"))
    if settings.jit_compile is True:
        problems.append(Problem("", "training.jit_compile", "XLA cannot compile a step that several workers share"))
    if settings.refit:
        problems.append(Problem("", "training.refit", "is done by one process; expected false for several workers"))
    if problems:
        raise ConfigError(problems)


def refuse_cluster(what: str) -> None:
    """Raise a UsageError where TF_CONFIG names several workers, for what one process does.

    Args:
        what: as the subject of a sentence.
    """
    if cluster := read_cluster():
        raise UsageError(
            f"{what} is trained by one process, and {VARIABLE} names {len(cluster.addresses)} workers. Unset it, or "
            "train single runs."
        )
