"""What a training or a pretraining reads, looked at before TensorFlow is loaded."""

from __future__ import annotations

from pathlib import Path

from sentiment_cli.config import Config
from sentiment_cli.data.prepare import PreparedData, prepare_data
from sentiment_cli.data.source import portable_source
from sentiment_cli.pretraining.formats import check_vectors_file
from sentiment_cli.resources import absolute_path, expand_path
from sentiment_cli.training.progress import Progress
from sentiment_cli.training.weights import check_class_weights


def prepare(
    config: Config, progress: Progress, *, root: Path | None = None, with_test: bool | None = None
) -> PreparedData:
    """Find the files of a configuration and look into them; what a user should know about becomes notes.

    Args:
        config: the configuration.
        progress: told what happens.
        root: where the source was found before; None: look for it.
        with_test: look into the test part, too; None: where the training reads it.

    Raises:
        ConfigError: there are class weights for other classes.
        DataError: reviews or word vectors are missing or cannot be used.
    """
    if config.vectors_file is not None:
        check_vectors_file(expand_path(config.vectors_file), config.model.embedding.dim)
    data = prepare_data(
        config.data,
        config.split_seed,
        root=root,
        with_test=config.training.evaluate_test if with_test is None else with_test,
        with_unlabelled=config.reads_unlabelled,
        progress=progress,
    )
    for note in data.notes(config.data.encoding_errors):
        progress.note(note)
    check_class_weights(config.training, data.class_names)
    return data


def portable(config: Config) -> Config:
    """The same configuration for any working directory."""
    unlabelled, pretrain = config.data.unlabelled, config.pretrain
    if unlabelled not in (None, "auto"):
        unlabelled = absolute_path(unlabelled)
    if pretrain is not None and config.vectors_file is not None:
        pretrain = pretrain.model_copy(update={"file": absolute_path(config.vectors_file)})
    test = None if config.data.test_source is None else absolute_path(config.data.test_source)
    source = portable_source(config.data.source)
    data = config.data.model_copy(update={"source": source, "test_source": test, "unlabelled": unlabelled})
    return config.model_copy(update={"data": data, "pretrain": pretrain})
