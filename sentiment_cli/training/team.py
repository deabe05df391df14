"""The replicas that train one network together, through ``tf.distribute``: shares of a batch, and sums over them."""

from __future__ import annotations

import contextlib
import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from sentiment_cli.cluster import Cluster
from sentiment_cli.errors import SentimentError

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Letters of TensorFlow's message.
_MOST_SAID = 200
_GONE = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.CancelledError,
)
# These also say that another worker is gone, where their text speaks of others, and else what is wrong here.
_PERHAPS_GONE = (tf.errors.InternalError, tf.errors.UnknownError)
_OF_OTHERS = re.compile("collective|coordination|rpc|connection|/task:", re.IGNORECASE)


class TeamBroken(SentimentError):
    """Another worker is gone, or never came."""


class Team:
    """Replicas of one training.

    Each computes the gradients of its share of a batch; all get the sum, and make the same step. Variables are plain
    ones: each worker has its own, equal at all times. The replicas of one process share them, and add up on it.

    Args:
        strategy: whose replicas they are.
        cluster: the processes; None: this one alone.
    """

    def __init__(self, strategy: Any, cluster: Cluster | None = None) -> None:
        self.strategy, self.cluster = strategy, cluster
        self._sum = tf.function(self._add_up_one)

    @property
    def count(self) -> int:
        """How many replicas there are in all."""
        return int(self.strategy.num_replicas_in_sync)

    @property
    def workers(self) -> int:
        """How many processes there are."""
        return len(self.cluster.addresses) if self.cluster else 1

    @property
    def rank(self) -> int:
        """Which of the processes this is, from 0."""
        return self.cluster.rank if self.cluster else 0

    @property
    def writes(self) -> bool:
        """Whether this process writes the run."""
        return self.rank == 0

    @property
    def ranks(self) -> range:
        """The replicas of this process."""
        local = self.count // self.workers
        return range(self.rank * local, (self.rank + 1) * local)

    def __str__(self) -> str:
        """For people."""
        return str(self.cluster) if self.cluster else f"{self.count} devices of this machine"

    def spread(self, shares: Sequence[Sequence[np.ndarray]]) -> tuple[Any, ...]:
        """Arguments of `add_up`, of those of each replica of this process."""
        first = self.ranks.start

        def spread_one(values: Sequence[np.ndarray]) -> Any:
            tensors = [tf.constant(value) for value in values]
            return self.strategy.experimental_distribute_values_from_function(
                lambda context: tensors[int(context.replica_id_in_sync_group) - first]
            )

        return tuple(spread_one(values) for values in zip(*shares, strict=True))

    def add_up(self, on_replica: Callable[..., list[Any]], arguments: tuple[Any, ...]) -> list[Any]:
        """Call a function on each replica and add up what it returns; within a ``tf.function``.

        Args:
            on_replica: of the number of a replica, and its share of the arguments, to float32 tensors.
            arguments: of `spread`.

        Returns:
            The sums, the same at each worker to the last bit.
        """

        def summed(*share: Any) -> Any:
            context = tf.distribute.get_replica_context()
            # An argument that is handed through has no device, and then no sum.
            found = [tf.identity(one) for one in on_replica(context.replica_id_in_sync_group, *share)]
            return context.all_reduce(tf.distribute.ReduceOp.SUM, found)

        results = self.strategy.run(summed, args=arguments)
        return [self.strategy.experimental_local_results(one)[0] for one in results]

    def total(self, values: np.ndarray) -> np.ndarray:
        """The sum of an array over the processes: of its shape and type, float32 or float64."""
        if self.workers == 1:
            return values
        with self.broken_told():
            return np.asarray(self._sum(tf.constant(values)))

    def _add_up_one(self, values: Any) -> Any:
        return self.add_up(lambda rank, own: [own], (values,))[0]

    def give(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """What the first process has, at each: numbers of 32 bits at the most, or whole ones of up to 53 bits.

        Args:
            arrays: of the same shapes and types everywhere.
        """
        if self.workers == 1:
            return list(arrays)
        kinds = [np.float32 if array.dtype == np.float32 else np.float64 for array in arrays]
        given: dict[type, Any] = {}
        for kind in sorted(set(kinds), key=str):  # one sum of all, since TensorFlow makes a function of each size
            flat = [array.ravel() for array, own in zip(arrays, kinds, strict=True) if own is kind]
            given[kind] = self._give_one(np.concatenate(flat).astype(kind))
        found = []
        for array, kind in zip(arrays, kinds, strict=True):
            first, given[kind] = given[kind][: array.size], given[kind][array.size :]
            found.append(first.reshape(array.shape).astype(array.dtype))
        return found

    def _give_one(self, array: np.ndarray) -> np.ndarray:
        wide = array.astype(np.float32 if array.dtype == np.float32 else np.float64)
        return np.asarray(self.total(wide if self.writes else np.zeros_like(wide)).astype(array.dtype))

    def give_text(self, text: str) -> str:
        """A text that the first process has, at each."""
        data = np.frombuffer(text.encode(), np.uint8)
        size = int(self._give_one(np.array([len(data)]))[0])
        return self._give_one(data if self.writes else np.zeros(size, np.uint8)).tobytes().decode()

    def differing(self, text: str) -> list[int]:
        """The ranks of the processes that hold another text than the first."""
        differs = np.zeros(self.workers)
        differs[self.rank] = self.give_text(text) != text
        return [int(rank) for rank in np.flatnonzero(self.total(differs))]

    @contextlib.contextmanager
    def broken_told(self) -> Iterator[None]:
        """Turn TensorFlow's errors about other workers into `TeamBroken`."""
        try:
            yield
        except (*_GONE, *_PERHAPS_GONE) as error:
            is_here = isinstance(error, _PERHAPS_GONE) and not _OF_OTHERS.search(str(error))
            if self.cluster is None or is_here:
                raise
            raise TeamBroken(_say_broken(self.cluster, str(error))) from error


def join(cluster: Cluster, note: Callable[[str], None]) -> Team:
    """Wait until all workers are there. Nothing may have been computed by TensorFlow in this process yet.

    Args:
        cluster: the workers.
        note: told that they are waited for.

    Raises:
        TeamBroken: they did not come, or this one's port is taken.
    """
    note(f"This is {cluster}; waiting for all of them")
    try:
        with _ended_by_signals():
            strategy = tf.distribute.MultiWorkerMirroredStrategy()
    except Exception as error:
        raise TeamBroken(
            f"{cluster}: the workers did not come together. TensorFlow says: {_reason(str(error))}\n"
            "The port of each of them has to be free, and to be reached by the others."
        ) from error
    return Team(strategy, cluster)


def mirror(devices: Sequence[str]) -> Team:
    """The devices of this machine as a team, such as ``/gpu:0`` and ``/gpu:1``."""
    return Team(tf.distribute.MirroredStrategy(list(devices)))


def _say_broken(cluster: Cluster, error: str) -> str:
    ranks = [rank for rank in range(len(cluster.addresses)) if rank != cluster.rank]
    gone = [rank for rank in ranks if re.search(rf"{cluster.task(rank)}\b", error)]
    who = ", ".join(f"worker {rank} ({cluster.addresses[rank]})" for rank in gone) or "another worker"
    return f"{cluster}: {who} is gone, so that the training cannot go on. TensorFlow says: {_reason(error)}"


def _reason(error: str) -> str:
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    return next((line for line in lines if "aborted" in line), lines[0] if lines else "no reason given")[:_MOST_SAID]


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let Ctrl-C end this process: while workers are missing TensorFlow lets no Python run, nor a handler of it.

    Nothing is lost by that, for nothing was done yet. SIGTERM ends it until TensorFlow puts a handler of its own there,
    for machines that are taken away, and SIGKILL always.
    """
    if threading.current_thread() is not threading.main_thread():  # others may not set handlers
        yield
        return
    handlers = {number: signal.signal(number, signal.SIG_DFL) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
