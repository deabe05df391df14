"""The figures of the epochs as TensorBoard reads them, where ``training.tensorboard`` asks for it.

Names and places are those of Keras' callback: ``train/`` and ``validation/`` with ``epoch_loss`` and
``epoch_accuracy``, so that both curves share a panel. TensorBoard need not be installed where the training runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf

from sentiment_cli.history import Epoch

_FILES = "events.out.tfevents.*"


class EventLog:
    """Event files that hold each epoch of the history once, whatever was stopped and resumed before.

    Args:
        directory: theirs; what is there of an earlier part of the training is replaced.
        epochs: those of the history so far.
    """

    def __init__(self, directory: Path, epochs: Iterable[Epoch]) -> None:
        for part in ("train", "validation"):
            for old in (directory / part).glob(_FILES):
                old.unlink()
        self._directory = directory
        self._writers: dict[str, tf.summary.SummaryWriter] = {}
        for epoch in epochs:
            self.add(epoch)

    def add(self, epoch: Epoch) -> None:
        """Write one epoch, at once."""
        self._write("train", epoch.epoch, loss=epoch.loss, accuracy=epoch.accuracy, learning_rate=epoch.learning_rate)
        if epoch.val_loss is not None and epoch.val_accuracy is not None:
            self._write("validation", epoch.epoch, loss=epoch.val_loss, accuracy=epoch.val_accuracy)

    def close(self) -> None:
        """End the files."""
        for writer in self._writers.values():
            writer.close()

    def _write(self, part: str, step: int, **figures: float) -> None:
        if part not in self._writers:
            self._writers[part] = tf.summary.create_file_writer(str(self._directory / part))
        with self._writers[part].as_default():
            for name, figure in figures.items():
                # As tf.summary.scalar does it, which TensorFlow leaves to the package tensorboard.
                tf.summary.write(f"epoch_{name}", tf.constant(figure, tf.float32), step=step, metadata=_scalar())
        self._writers[part].flush()


def _scalar() -> tf.compat.v1.SummaryMetadata:
    """Says that a value belongs to TensorBoard's panel of scalars, a name that its plugin has reserved."""
    metadata = tf.compat.v1.SummaryMetadata()
    metadata.plugin_data.plugin_name = "scalars"
    return metadata
