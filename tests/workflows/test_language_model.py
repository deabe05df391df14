"""Does a training begin with the language model that was learned for it, and is that kept, shared and found again?"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Told, checkpoint_arrays, kept_pretrained

from sentiment_cli.config import Config, load_config
from sentiment_cli.errors import DataError, Interrupted, RunError
from sentiment_cli.resources import pretrained_dir
from sentiment_cli.runs import Run
from sentiment_cli.workflows import pretrain, resume, train

LEARN = (
    "pretrain={kind: language_model, start: random, passes: 2, min_steps: 0, batch_size: 8, samples: 8, "
    "learning_rate: 0.05}"
)


class Stops(Told):
    """Sends a signal to this process after so many batches."""

    def __init__(self, stop_after: int = 0) -> None:
        super().__init__()
        self.left = stop_after

    def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
        if self.phases and self.phases[-1].startswith("language model") and loss is not None:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def configured(tiny_config: Path) -> Any:
    """The tiny configuration with a language model, and more settings."""

    def make(*more: str) -> Config:
        return load_config(tiny_config, settings=[LEARN, *more])

    return make


def arrays(directory: Path) -> list[np.ndarray]:
    """Of the embedding, then of the recurrent layer."""
    names = ["vectors", *(f"recurrent-{index}" for index in range(len(list(directory.glob("recurrent-*.npy")))))]
    return [np.load(directory / f"{name}.npy") for name in names]


def checkpoint(run: Path, name: str = "last") -> dict[str, np.ndarray]:
    return {key: array for key, array in checkpoint_arrays(run, name).items() if key.startswith("network/")}


def test_it_is_kept_with_its_perplexity_and_picture_and_taken_from_there(configured: Any) -> None:
    first, told = pretrain(configured()), Told()
    again = pretrain(configured(), progress=told)
    (directory,) = kept_pretrained()
    assert directory.name.startswith("language_model-")
    assert sorted(path.name for path in directory.iterdir()) == [
        *("perplexity.png", "record.json", "recurrent-0.npy", "recurrent-1.npy", "recurrent-2.npy", "vectors.npy"),
        "vocabulary.json",
    ]
    assert (first.pretrained.reused, again.pretrained.reused) == (False, True)
    assert first.pretrained.kept.sha256 == again.pretrained.kept.sha256
    record = again.pretrained.kept.record
    assert record["corpus"]["texts"] == 40
    assert [set(row) for row in record["passes"]] == [{"loss", "perplexity"}] * 2
    assert first.perplexity == min(row["perplexity"] for row in record["passes"])
    assert 1 < record["perplexity"] < len(again.pretrained.vocabulary)
    assert not any(phase.startswith("language model") for phase in told.phases)
    assert first.plot == again.plot == directory / "perplexity.png"
    assert (directory / "perplexity.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_is_gone_is_drawn_again(configured: Any) -> None:
    directory = pretrain(configured()).pretrained.kept.directory
    before = (directory / "perplexity.png").read_bytes()
    (directory / "perplexity.png").unlink()
    assert pretrain(configured()).pretrained.reused
    assert (directory / "perplexity.png").read_bytes() == before


@pytest.fixture
def named(configured: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The digest that a configuration leads to; nothing is learned."""
    from sentiment_cli.pretraining.store import digest_of
    from sentiment_cli.workflows import pretraining

    class Found(Exception):
        """Carries the digest out."""

    def found(task: Any, progress: Any) -> None:
        raise Found(digest_of(task.decides))

    monkeypatch.setattr(pretraining, "_find", found)

    def name(*more: str) -> str:
        with pytest.raises(Found) as caught:
            pretrain(configured(*more))
        return str(caught.value)

    return name


def test_what_decides_the_result_leads_to_another_one_and_what_does_not_to_the_same(
    named: Any, tiny_reviews: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_reviews / "test" / "bad", tmp_path / "more")
    (tmp_path / "more" / "new.txt").write_text("a text that is new", encoding="utf-8")
    same = [
        *("model.pooling=[max, mean]", "model.dropout=0.5", "model.embedding.dropout=0.3", "training.seed=9"),
        *("model.recurrent.0.dropout=0.2", "model.recurrent.0.recurrent_dropout=0.2", "training.epochs=7"),
        *("training.optimizer=sgd", "training.average=0.9", "training.adversarial={kind: labelled}"),
        *("model.dense=[{units: 3}]", "model.embedding.trainable=false", "model.embedding.word_dropout=0.1"),
        *("text.sequence_length=9", "text.truncate=head", "model.recurrent=[{cell: gru, units: 3}, {units: 5}]"),
        *("data.validation_fraction=0.5", "training.label_smoothing=0.1", "model.window=5"),
    ]
    other = [
        *("model.recurrent.0.units=4", "model.recurrent.0.cell=lstm", "model.recurrent.0.bidirectional=true"),
        *("model.recurrent.0.activation=relu", "model.embedding.dim=5"),
        *(f"pretrain.{key}={value}" for key, value in (("passes", 3), ("seed", 2), ("length", 5), ("samples", 9))),
        *("pretrain.learning_rate=0.01", "pretrain.batch_size=4", "pretrain.min_steps=20"),
        "pretrain.start=word_vectors",
        *("text.max_tokens=30", "text.split=character", "text.standardize=lower", "text.standardize=reviews"),
        *("data.limit=10", f"data.unlabelled={tmp_path / 'more'}"),
    ]
    usual = named()
    assert {setting: named(setting) for setting in same} == dict.fromkeys(same, usual)
    names = {setting: named(setting) for setting in other}
    assert len({usual, *names.values()}) == len(other) + 1, names


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "stock"])
@pytest.mark.parametrize("bidirectional", [True, False], ids=["both", "one"])
@pytest.mark.parametrize("cell", ["simple_rnn", "gru", "lstm"])
def test_the_network_begins_with_its_weights(configured: Any, cell: str, bidirectional: bool, compiled: bool) -> None:
    from sentiment_cli.model.network import build_network, build_reader
    from sentiment_cli.pretraining.store import Kept
    from sentiment_cli.workflows.pretraining import Pretrained

    layer = f"{{cell: {cell}, units: 3, bidirectional: {str(bidirectional).lower()}, recurrent_dropout: 0.1}}"
    config = configured(f"model.recurrent=[{layer}, {{units: 2}}]", "model.embedding.dropout=0.2")
    threads = 1 if compiled else None
    reader = build_reader(config, 20, threads=threads)
    learned = [np.random.default_rng(index).normal(size=w.shape) for index, w in enumerate(reader.weights)]
    reader.set_weights(learned)
    names = ["vectors", *(f"recurrent-{index}" for index in range(len(learned) - 1))]
    kept = Kept(Path(), [], dict(zip(names, learned, strict=True)), {})
    network = build_network(config, 20, 2, threads=threads)
    before = network.get_weights()
    Pretrained("language_model", kept, reused=True).apply(network)
    for found, expected in zip(network.get_weights(), learned, strict=False):
        np.testing.assert_array_equal(found, expected.astype(np.float32))
    # of two layers the second one begins afresh, and so does the output
    for found, expected in zip(network.get_weights()[len(learned) :], before[len(learned) :], strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_training_begins_with_what_was_learned_and_says_so(configured: Any, tmp_path: Path) -> None:
    result = pretrain(configured())
    config = configured("training.learning_rate=1e-12", "model.pooling=[max, mean]", "training.average=0.5")
    train(config, tmp_path / "run")
    (directory,) = kept_pretrained()
    expected = arrays(directory)
    assert [array.shape for array in expected] == [(len(result.pretrained.vocabulary), 4), (4, 9), (3, 9), (2, 9)]
    for name in ("last", "best"):
        found = checkpoint(tmp_path / "run", name)
        for index, array in enumerate(expected):
            np.testing.assert_allclose(found[f"network/{index}"], array, atol=1e-6)
    vocabulary = json.loads((tmp_path / "run" / "vocabulary.json").read_text(encoding="utf-8"))
    assert vocabulary == result.pretrained.vocabulary
    record = Run(tmp_path / "run").read_record()["pretrained"]
    assert (record["kind"], record["directory"]) == ("language_model", str(directory))
    assert (record["reused"], record["sha256"]) == (True, result.pretrained.kept.sha256)


def test_it_begins_with_the_word_vectors_that_would_be_learned_alone(configured: Any) -> None:
    alone = pretrain(configured("pretrain={kind: word_vectors, seed: 7}")).pretrained.kept
    told = Told()
    settings = ("pretrain.start=word_vectors", "pretrain.seed=7", "pretrain.learning_rate=1e-12")
    kept = pretrain(configured(*settings), progress=told).pretrained.kept
    assert kept.vocabulary == alone.vocabulary
    np.testing.assert_allclose(kept.arrays["vectors"], alone.arrays["vectors"], atol=1e-9)
    assert kept.record["start"] == alone.sha256
    assert [phase for phase in told.phases if phase.startswith("word vectors")] == []
    assert {path.name for path in kept_pretrained()} == {kept.directory.name, alone.directory.name}


def test_test_texts_are_in_neither_vocabulary_nor_corpus(configured: Any, tiny_reviews: Path, tmp_path: Path) -> None:
    root = tmp_path / "reviews"
    shutil.copytree(tiny_reviews, root)
    (root / "train" / "unsup").mkdir()
    copied = (root / "test" / "bad" / "003.txt").read_text(encoding="utf-8")
    for index, text in enumerate(["seagull over the sea", f"\n{copied} ", "seagull again"]):
        (root / "train" / "unsup" / f"{index}_0.txt").write_text(text, encoding="utf-8")
    result = pretrain(configured(f"data.source={root}", "text.max_tokens=1000"))
    corpus = result.pretrained.kept.record["corpus"]
    assert (corpus["texts"], corpus["unlabelled"], corpus["held_out"]) == (42, 3, 1)
    assert "seagull" in result.pretrained.vocabulary
    assert "room103" not in result.pretrained.vocabulary


@pytest.mark.slow
def test_the_saved_configuration_repeats_the_run_which_goes_on_without_what_it_began_with(
    configured: Any, tmp_path: Path
) -> None:
    train(configured("model.recurrent.0.bidirectional=true"), tmp_path / "run")
    config = load_config(tmp_path / "run" / "config.yaml")
    assert config.pretrain == configured().pretrain
    shutil.rmtree(pretrained_dir())
    train(config, tmp_path / "again")
    one, again = (checkpoint(tmp_path / name) for name in ("run", "again"))
    for name, array in one.items():
        np.testing.assert_array_equal(array, again[name])
    before = Run(tmp_path / "run").read_record()["pretrained"]
    shutil.rmtree(pretrained_dir())
    assert resume(Run(tmp_path / "run"), epochs=3).epochs == 3
    assert kept_pretrained() == []
    assert Run(tmp_path / "run").read_record()["pretrained"] == before


@pytest.mark.slow
def test_a_signal_keeps_the_last_checkpoint_and_the_same_command_goes_on(
    configured: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentiment_cli.pretraining import passes

    whole = pretrain(configured()).pretrained.kept.sha256
    shutil.rmtree(pretrained_dir())
    monkeypatch.setattr(passes, "_BETWEEN_CHECKPOINTS", 0.0)
    told = Stops(stop_after=4)
    with pytest.raises(Interrupted, match="To continue: sentiment train --resume") as caught:
        train(configured(), tmp_path / "run", progress=told)
    assert caught.value.exit_code == 130
    assert told.notes[-1] == "What was learned until a minute ago is kept; the same pretraining goes on from there"
    (unfinished,) = kept_pretrained()
    assert unfinished.name.endswith("-unfinished")
    told = Told()
    result = pretrain(configured(), progress=told)
    assert "The language model goes on in pass 1, batch 4" in told.notes
    assert result.pretrained.kept.sha256 == whole
    assert kept_pretrained() == [result.pretrained.kept.directory]


@pytest.mark.slow
def test_a_full_disk_is_said_and_what_was_learned_before_is_gone_on_from(
    configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentiment_cli.workflows import pretraining

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space"):
        patched.setattr(pretraining, "keep", full)
        pretrain(configured())
    told = Told()
    pretrain(configured(), progress=told)
    assert not any(phase.startswith("language model") for phase in told.phases)
    assert len(kept_pretrained()) == 1


@pytest.mark.slow
def test_of_two_at_once_the_slower_one_takes_what_the_faster_one_kept(
    configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentiment_cli.workflows import pretraining

    locked, results = pretraining.locked, []

    @contextlib.contextmanager
    def waited_for(path: Path, *, wait: Any) -> Iterator[None]:
        """Another process had the lock, and lets go of it when it has kept what it learned."""
        monkeypatch.setattr(pretraining, "locked", locked)
        results.append(pretrain(configured()))
        with locked(path, wait=wait):
            yield

    monkeypatch.setattr(pretraining, "locked", waited_for)
    result = pretrain(configured())
    assert (results[0].pretrained.reused, result.pretrained.reused) == (False, True)
    assert result.pretrained.kept.directory == results[0].pretrained.kept.directory


def test_texts_that_cannot_be_divided_are_an_error_and_leave_no_run(configured: Any, tmp_path: Path) -> None:
    for name in ("bad", "good"):
        for part in ("train", "test"):
            (tmp_path / "words" / part / name).mkdir(parents=True)
            for index in range(4):
                (tmp_path / "words" / part / name / f"{index}.txt").write_text(f"{part}{name}{index}", encoding="utf-8")
    with pytest.raises(DataError, match=r"at least two texts of two tokens or more.*; received 0"):
        train(configured(f"data.source={tmp_path / 'words'}"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_run_does_not_go_on_with_other_unlabelled_reviews(tiny_config: Path, tmp_path: Path) -> None:
    more = tmp_path / "more"
    more.mkdir()
    for index in range(4):
        (more / f"{index}.txt").write_text(f"lovely rude room {index}", encoding="utf-8")
    settings = ["training.adversarial={kind: virtual}", f"data.unlabelled={more}"]
    train(load_config(tiny_config, settings=settings), tmp_path / "run")
    assert resume(Run(tmp_path / "run"), epochs=3).epochs == 3
    (more / "0.txt").write_text("something else", encoding="utf-8")
    with pytest.raises(RunError, match=r"was trained with other unlabelled reviews \(data\.unlabelled\)"):
        resume(Run(tmp_path / "run"), epochs=4)
