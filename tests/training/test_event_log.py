"""Do the event files hold each epoch once, as TensorBoard reads them?"""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf

from sentiment_cli.config import load_config
from sentiment_cli.history import Epoch, read_history
from sentiment_cli.training.event_log import EventLog
from sentiment_cli.workflows import train
from sentiment_cli.workflows.train import resume

ROWS = [Epoch(n, 0.7 / n, 0.5 + n / 10, 0.8 / n, 0.4 + n / 10, 1e-3 / n, 1.0) for n in (1, 2, 3)]


def read_events(directory: Path) -> list[tuple[str, int, float]]:
    """Tag, step and value of all scalars, in the order of the files; the form is checked as TensorBoard does."""
    found = []
    for path in sorted(directory.glob("events.out.tfevents.*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                assert value.metadata.plugin_data.plugin_name == "scalars"
                found.append((value.tag, event.step, float(tf.make_ndarray(value.tensor))))
    return found


def test_training_and_validation_have_the_tags_of_keras_in_directories_of_their_own(tmp_path: Path) -> None:
    log = EventLog(tmp_path, ROWS[:1])
    log.add(ROWS[1])
    log.close()
    train, validation = read_events(tmp_path / "train"), read_events(tmp_path / "validation")
    assert [(tag, step) for tag, step, _ in train] == [
        (f"epoch_{name}", step) for step in (1, 2) for name in ("loss", "accuracy", "learning_rate")
    ]
    assert [value for _, _, value in train] == pytest.approx([0.7, 0.6, 1e-3, 0.35, 0.7, 5e-4])
    assert validation == [
        ("epoch_loss", 1, pytest.approx(0.8)),
        ("epoch_accuracy", 1, pytest.approx(0.5)),
        ("epoch_loss", 2, pytest.approx(0.4)),
        ("epoch_accuracy", 2, pytest.approx(0.6)),
    ]


def test_an_epoch_is_in_the_file_at_once(tmp_path: Path) -> None:
    log = EventLog(tmp_path, [])
    log.add(ROWS[0])
    assert len(read_events(tmp_path / "train")) == 3
    log.close()


def test_a_later_log_replaces_what_an_earlier_one_wrote_beyond_its_epochs(tmp_path: Path) -> None:
    earlier = EventLog(tmp_path, ROWS)
    earlier.close()
    later = EventLog(tmp_path, ROWS[:1])
    later.add(ROWS[1])
    later.close()
    assert [step for tag, step, _ in read_events(tmp_path / "train") if tag == "epoch_loss"] == [1, 2]


def test_without_validation_there_are_no_events_of_it(tmp_path: Path) -> None:
    log = EventLog(tmp_path, [Epoch(1, 0.7, 0.5, None, None, 1e-3, 1.0)])
    log.close()
    assert not (tmp_path / "validation").exists()


def test_a_run_keeps_events_where_the_setting_asks_for_them_and_resuming_continues_them(
    tiny_config: Path, tmp_path: Path
) -> None:
    config = load_config(tiny_config, settings=["training.epochs=1", "training.tensorboard=true"])
    run = train(config, tmp_path / "run").run
    resume(run, epochs=2)
    losses = [value for tag, _, value in read_events(run.tensorboard_dir / "train") if tag == "epoch_loss"]
    assert losses == pytest.approx([row.loss for row in read_history(run.history_path)])
    assert len(losses) == 2
