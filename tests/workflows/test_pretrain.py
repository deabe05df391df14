"""Is what was learned before a training given to it, once for all trainings, and never from the test part?"""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Told, checkpoint_arrays, kept_pretrained, tiny_texts, write_reviews

from sentiment_cli.config import Config, load_config, parse_set
from sentiment_cli.errors import ConfigError, DataError, Interrupted, RunError
from sentiment_cli.history import read_history
from sentiment_cli.resources import pretrained_dir
from sentiment_cli.runs import Run
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.workflows import dry_run, pretrain, resume, train

pytestmark = pytest.mark.usefixtures("undrawn")

LEARN = "pretrain={kind: word_vectors, passes: 2}"


class Stops(Told):
    """Sends a signal to this process when a phase begins, or at the first progress in it."""

    def __init__(self, phase: str, *, within: bool = False) -> None:
        super().__init__()
        self.wanted, self.within = phase, within

    def phase(self, name: str, total: int | None = None) -> None:
        super().phase(name, total)
        if name.startswith(self.wanted) and not self.within:
            os.kill(os.getpid(), signal.SIGINT)

    def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
        if self.within and self.phases[-1].startswith(self.wanted):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def configured(tiny_config: Path) -> Any:
    """The tiny configuration with word vectors, and more settings."""

    def make(*more: str) -> Config:
        return load_config(tiny_config, settings=[LEARN, *more])

    return make


def table(directory: Path) -> np.ndarray:
    return np.asarray(np.load(directory / "vectors.npy"))


def embedding(run: Path) -> np.ndarray:
    """The first array of the last checkpoint, that of the embedding."""
    return checkpoint_arrays(run)["network/0"]


def test_the_network_begins_with_the_vectors_and_the_run_says_so(configured: Any, tmp_path: Path) -> None:
    config = configured("model.embedding.trainable=false")
    told = Told()
    train(config, tmp_path / "run", progress=told)
    (directory,) = kept_pretrained()
    vectors = table(directory)
    # what is not trained stays as it began
    np.testing.assert_array_equal(embedding(tmp_path / "run"), vectors)
    assert vectors[1:].std() == pytest.approx(0.03, rel=0.02)
    vocabulary = json.loads((directory / "vocabulary.json").read_text(encoding="utf-8"))
    assert json.loads((tmp_path / "run" / "vocabulary.json").read_text(encoding="utf-8")) == vocabulary
    assert vectors.shape == (len(vocabulary), 4)
    record = Run(tmp_path / "run").read_record()
    assert record["pretrained"].pop("seconds") > 0
    assert len(record["pretrained"].pop("sha256")) == 64
    assert record["pretrained"] == {"kind": "word_vectors", "directory": str(directory), "reused": False}
    assert record["seconds"]["pretraining"] > 0
    assert f"Pretraining: kept in {directory}" in told.notes
    assert "word vectors, 2 passes" in told.phases


@pytest.mark.parametrize("kind", [pytest.param("labelled", marks=pytest.mark.slow), "virtual"])
def test_vectors_that_stay_can_be_trained_against(configured: Any, tmp_path: Path, kind: str) -> None:
    train(configured("model.embedding.trainable=false", f"training.adversarial={{kind: {kind}}}"), tmp_path / "run")
    np.testing.assert_array_equal(embedding(tmp_path / "run"), table(kept_pretrained()[0]))


def test_averaged_weights_begin_with_the_vectors(configured: Any, tmp_path: Path) -> None:
    config = configured("training.average=0.9", "training.learning_rate=1e-9")
    train(config, tmp_path / "run")
    found = checkpoint_arrays(tmp_path / "run", "best")["network/0"]
    np.testing.assert_allclose(found, table(kept_pretrained()[0]), atol=1e-6)


def test_trained_vectors_move_and_other_seeds_share_the_beginning(configured: Any, tmp_path: Path) -> None:
    for seed in (1, 2):
        train(configured(f"training.seed={seed}"), tmp_path / str(seed))
    (directory,) = kept_pretrained()
    assert not np.array_equal(embedding(tmp_path / "1"), table(directory))
    first, second = (Run(tmp_path / name).read_record()["pretrained"] for name in ("1", "2"))
    assert (first["reused"], second["reused"]) == (False, True)
    assert first["sha256"] == second["sha256"]


@pytest.mark.slow
def test_a_run_is_the_same_whether_its_vectors_were_learned_or_taken(configured: Any, tmp_path: Path) -> None:
    for name in ("learned", "taken"):
        train(configured(), tmp_path / name)
    np.testing.assert_array_equal(embedding(tmp_path / "learned"), embedding(tmp_path / "taken"))


def test_the_saved_configuration_repeats_the_run_from_anywhere(
    configured: Any, tiny_reviews: Path, workplace: Path
) -> None:
    shutil.copytree(tiny_reviews / "train" / "bad", workplace / "more")
    train(configured("data.unlabelled=more"), workplace / "run")
    saved = load_config(workplace / "run" / "config.yaml")
    assert saved.data.unlabelled == str((workplace / "more").resolve())
    assert saved.pretrain == configured().pretrain


def test_pretraining_beforehand_is_what_the_training_takes(configured: Any, tmp_path: Path) -> None:
    result = pretrain(configured())
    assert not result.pretrained.reused
    assert result.to_dict()["directory"] == str(kept_pretrained()[0])
    assert pretrain(configured()).pretrained.reused
    train(configured(), tmp_path / "run")
    assert Run(tmp_path / "run").read_record()["pretrained"]["sha256"] == result.pretrained.kept.sha256
    assert len(kept_pretrained()) == 1


@pytest.mark.parametrize(
    ("setting", "other"),
    [
        ("pretrain.passes=3", True),
        ("pretrain.window=4", True),
        ("pretrain.algorithm=skip_gram", True),
        ("pretrain.negative=4", True),
        ("pretrain.subsample=0", True),
        ("pretrain.scale=null", True),
        ("pretrain.seed=2", True),
        ("model.embedding.dim=5", True),
        ("text.max_tokens=20", True),
        ("text.split=character", True),
        ("text.standardize=lower", True),
        ("data.limit=10", True),
        ("training.seed=9", False),
        ("data.validation_fraction=0", False),
        ("text.sequence_length=3", False),
        ("text.truncate=head", False),
        ("text.punctuation=drop", False),
        ("model.embedding.dropout=0.5", False),
        ("training.evaluate_test=false", False),
    ],
)
def test_a_result_is_shared_by_what_does_not_decide_it(configured: Any, setting: str, other: bool) -> None:
    pretrain(configured())
    assert pretrain(configured(setting)).pretrained.reused is not other


def test_a_result_is_another_when_a_text_is(configured: Any, tiny_reviews: Path, tmp_path: Path) -> None:
    root = tmp_path / "reviews"
    shutil.copytree(tiny_reviews, root)
    source = f"data.source={root}"
    assert not pretrain(configured(source)).pretrained.reused
    (root / "train" / "good" / "000.txt").rename(root / "train" / "good" / "000a.txt")
    assert pretrain(configured(source)).pretrained.reused
    (root / "train" / "good" / "000a.txt").write_text("something else", encoding="utf-8")
    assert not pretrain(configured(source)).pretrained.reused


def test_unlabelled_reviews_are_learned_from_but_no_copy_of_a_test_review(
    configured: Any, tiny_reviews: Path, tmp_path: Path
) -> None:
    root = tmp_path / "reviews"
    shutil.copytree(tiny_reviews, root)
    texts = ["seagull seagull porridge", "room1 lighthouse", (root / "test" / "good" / "003.txt").read_text("utf-8")]
    texts.append((root / "train" / "good" / "003.txt").read_text("utf-8"))
    for index, text in enumerate(texts):
        (root / "train" / "unsup").mkdir(exist_ok=True)
        (root / "train" / "unsup" / f"{index}_0.txt").write_text(text, encoding="utf-8")
    for more in ([], ["data.limit=15"], ["training.evaluate_test=false"]):
        result = pretrain(configured(f"data.source={root}", "text.max_tokens=1000", *more))
        corpus = result.pretrained.kept.record["corpus"]
        assert (corpus["unlabelled"], corpus["held_out"]) == (4, 1), more
        assert {"seagull", "lighthouse"} <= set(result.pretrained.vocabulary)
        assert "room103" not in result.pretrained.vocabulary
    without = pretrain(configured(f"data.source={root}", "data.unlabelled=null"))
    assert without.pretrained.kept.record["corpus"]["unlabelled"] == 0


def test_a_test_part_that_is_split_off_is_not_learned_from(configured: Any, tmp_path: Path) -> None:
    write_reviews(tmp_path / "flat", tiny_texts(20))
    settings = [f"data.source={tmp_path / 'flat'}", "text.max_tokens=1000"]
    config = configured(*settings)
    result = train(config, tmp_path / "run")
    tested = (tmp_path / "run" / "predictions-test.csv").read_text(encoding="utf-8")
    vocabulary = json.loads((tmp_path / "run" / "vocabulary.json").read_text(encoding="utf-8"))
    assert result.test is not None
    assert result.test.examples == 8
    for number in range(20):
        files = [f"{name}/{number:03}.txt" for name in ("bad", "good")]
        # a word that only this pair of reviews has
        assert (f"room{number}" in vocabulary) is not all(f",{file}," in tested for file in files)
    assert Run(tmp_path / "run").read_record()["pretrained"]["reused"] is False
    assert pretrain(config).pretrained.kept.record["corpus"]["texts"] == 32


def test_a_damaged_result_is_made_anew_with_a_warning(configured: Any) -> None:
    directory = pretrain(configured()).pretrained.kept.directory
    content = bytearray((directory / "vectors.npy").read_bytes())
    content[-1] ^= 1
    (directory / "vectors.npy").write_bytes(content)
    told = Told()
    assert not pretrain(configured(), progress=told).pretrained.reused
    assert len(told.warnings) == 1
    assert "vectors.npy is damaged (wrong checksum). It is made anew." in told.warnings[0]
    assert pretrain(configured()).pretrained.reused


@pytest.mark.parametrize(
    "stops",
    [
        Stops("gathering texts"),
        Stops("making the vocabulary"),
        Stops("encoding texts", within=True),
        Stops("word vectors", within=True),
    ],
    ids=lambda stops: stops.wanted,
)
def test_an_interruption_leaves_nothing_half(configured: Any, stops: Stops) -> None:
    with pytest.raises(Interrupted) as caught:
        pretrain(configured(), progress=stops)
    assert caught.value.exit_code == 130
    assert kept_pretrained() == []


def test_what_is_kept_is_taken_where_nothing_can_be_written(configured: Any, tmp_path: Path) -> None:
    pretrain(configured())
    locks = pretrained_dir().with_name("locks")
    shutil.rmtree(locks)
    locks.write_text("a file", encoding="utf-8")
    assert train(configured(), tmp_path / "run").status == "finished"
    with pytest.raises(RunError, match="locks cannot be written to"):
        train(configured("pretrain.seed=2"), tmp_path / "other")


@pytest.mark.slow
def test_a_run_that_was_stopped_while_it_learned_is_resumed(configured: Any, tmp_path: Path) -> None:
    with pytest.raises(Interrupted, match="To continue: sentiment train --resume"):
        train(configured(), tmp_path / "run", progress=Stops("word vectors", within=True))
    result = resume(Run(tmp_path / "run"))
    assert result.status == "finished"
    train(configured(), tmp_path / "whole")
    np.testing.assert_array_equal(embedding(tmp_path / "run"), embedding(tmp_path / "whole"))


@pytest.mark.slow
def test_a_run_with_a_checkpoint_needs_no_vectors_to_go_on(configured: Any, tiny_reviews: Path, tmp_path: Path) -> None:
    more = tmp_path / "more"
    shutil.copytree(tiny_reviews / "train" / "bad", more)
    train(configured(f"data.unlabelled={more}"), tmp_path / "run")
    before = Run(tmp_path / "run").read_record()["pretrained"]
    shutil.rmtree(pretrained_dir())
    shutil.rmtree(more)
    assert resume(Run(tmp_path / "run"), epochs=3).epochs == 3
    assert kept_pretrained() == []
    assert Run(tmp_path / "run").read_record()["pretrained"] == before


def test_a_run_goes_on_with_its_own_words_and_its_refit_with_nothing_else_than_it_began_with(
    configured: Any, tiny_reviews: Path, tmp_path: Path
) -> None:
    more, run = tmp_path / "more", Run(tmp_path / "run")
    shutil.copytree(tiny_reviews / "train" / "bad", more)
    config = configured(f"data.unlabelled={more}", "training.refit=true")
    assert train(config, run.path, progress=Stops("epoch 2", within=True)).status == "interrupted"
    words = run.vocabulary_path.read_bytes()
    (more / "new.txt").write_text("seagull seagull lighthouse lighthouse", encoding="utf-8")
    with pytest.raises(RunError, match="began with another pretraining"):
        resume(run)
    assert run.vocabulary_path.read_bytes() == words
    assert len(read_history(run.history_path)) == 2

    (more / "new.txt").unlink()
    assert resume(run).status == "finished"
    train(config, tmp_path / "whole")
    np.testing.assert_array_equal(embedding(run.path / "refit"), embedding(tmp_path / "whole" / "refit"))


def test_a_refit_that_has_begun_needs_no_vectors_to_go_on(configured: Any, tmp_path: Path) -> None:
    run, config = Run(tmp_path / "run"), configured("training.refit=true")

    class StopsInTheRefit(Told):
        def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
            if self.phases[-1].startswith("epoch") and any(note.startswith("Refit: ") for note in self.notes):
                os.kill(os.getpid(), signal.SIGINT)

    assert train(config, run.path, progress=StopsInTheRefit()).status == "interrupted"
    assert Checkpoints(run.refit.checkpoints_dir).has_last
    shutil.rmtree(pretrained_dir())
    assert resume(run).status == "finished"
    assert kept_pretrained() == []


def test_a_dry_run_learns_nothing_and_takes_what_is_there(configured: Any) -> None:
    told = Told()
    dry_run(configured(), progress=told)
    assert kept_pretrained() == []
    assert any(note.startswith("Pretraining: left out here") for note in told.notes)
    pretrain(configured())
    told = Told()
    dry_run(configured(), progress=told)
    assert any(note.startswith("Pretraining: taken from") for note in told.notes)


def test_characters_can_be_learned_too(configured: Any) -> None:
    result = pretrain(configured("text.split=character"))
    assert {"o", "e"} <= set(result.pretrained.vocabulary)


class TestFile:
    @pytest.fixture
    def vectors(self, workplace: Path) -> Path:
        path = workplace / "glove.txt"
        path.write_text("good 9 9 9 9\nlovely 1 2 3 4\nrude -1 -2 -3 -4\n", encoding="utf-8")
        return path

    def test_the_vectors_of_a_file_are_what_the_network_begins_with(
        self, configured: Any, vectors: Path, workplace: Path
    ) -> None:
        told = Told()
        settings = ("pretrain.file=glove.txt", "pretrain.scale=null", "model.embedding.trainable=false")
        train(configured(*settings), workplace / "run", progress=told)
        vocabulary = json.loads((workplace / "run" / "vocabulary.json").read_text(encoding="utf-8"))
        rows = embedding(workplace / "run")
        assert rows[vocabulary.index("lovely")].tolist() == [1, 2, 3, 4]
        assert rows[vocabulary.index("rude")].tolist() == [-1, -2, -3, -4]
        assert "good" not in vocabulary  # it is the vocabulary of the training texts
        assert not rows[0].any()
        assert rows[vocabulary.index("dirty")].any()
        assert any("has vectors for 2 of" in note for note in told.notes)
        assert load_config(workplace / "run" / "config.yaml").pretrain.file == str(vectors.resolve())  # type: ignore[union-attr]

    def test_a_file_is_read_again_when_it_changed(self, configured: Any, vectors: Path) -> None:
        config = configured(f"pretrain.file={vectors}")
        assert not pretrain(config).pretrained.reused
        assert pretrain(configured(f"pretrain.file={vectors}", "pretrain.passes=9")).pretrained.reused
        vectors.write_text("rude 1 2 3 5\nlovely 4 4 4 3\n", encoding="utf-8")
        assert not pretrain(config).pretrained.reused

    def test_a_dry_run_reads_it_whole(self, configured: Any, vectors: Path) -> None:
        with vectors.open("a", encoding="utf-8") as file:
            file.write("kind 1 2 3\n")
        with pytest.raises(DataError, match=r"glove\.txt:4: expected a word and 4 numbers, received 'kind 1 2 3'"):
            dry_run(configured(f"pretrain.file={vectors}"))

    def test_a_file_of_another_size_is_found_before_anything_is_read(self, configured: Any, vectors: Path) -> None:
        told = Told()
        with pytest.raises(DataError, match=r"glove\.txt:1: has vectors of 4 numbers, model\.embedding\.dim is 7"):
            train(
                configured(f"pretrain.file={vectors}", "model.embedding.dim=7"), vectors.parent / "run", progress=told
            )
        assert told.phases == []
        assert not (vectors.parent / "run").exists()


def test_a_configuration_without_pretraining_is_refused(tiny_config: Path) -> None:
    with pytest.raises(ConfigError, match=r"pretrain: expected what to learn, for example \{kind: word_vectors\}"):
        pretrain(load_config(tiny_config))


def test_overrides_in_parts_make_the_same_configuration(tiny_config: Path, configured: Any) -> None:
    parts = parse_set(["pretrain.kind=word_vectors", "pretrain.passes=2"])
    assert load_config(tiny_config, parts) == configured()
