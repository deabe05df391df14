"""Is a cause named where the figures of the training speak for it, and nowhere else, with the command to try?"""

from __future__ import annotations

import math
import shlex
from typing import Any

import numpy as np
import pytest

from sentiment_cli.batch_history import BatchCurves
from sentiment_cli.diagnosis import Case, Finding, diagnose
from sentiment_cli.diagnosis.case import TextFigures
from sentiment_cli.diagnosis.diagnose import first_command
from sentiment_cli.diagnosis.reading import luck
from sentiment_cli.history import Epoch, History

LN2 = math.log(2)
FALLING = [0.6, 0.45, 0.33, 0.24, 0.17, 0.12]


def history(
    loss: list[float], val_loss: list[float] | None = None, accuracy: float = 0.8, val_accuracy: float = 0.8
) -> History:
    rows = [
        Epoch(n, one, accuracy, val_loss[n - 1] if val_loss else None, val_accuracy if val_loss else None, 1e-3, 2.0)
        for n, one in enumerate(loss, 1)
    ]
    return History(rows)


def stuck(loss: float = LN2, epochs: int = 6) -> History:
    return history([loss] * epochs, [loss] * epochs, 0.5, 0.5)


def config(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "text": {"max_tokens": 10_000, "sequence_length": 200},
        "model": {
            "embedding": {"mask": True, "trainable": True, "dropout": 0.0},
            "recurrent": [{"cell": "lstm", "activation": "tanh", "dropout": 0.0}],
            "pooling": ["last"],
            "dropout": 0.0,
            "dense": [],
        },
        "pretrain": None,
        "training": {
            "optimizer": "adam",
            "learning_rate": 1e-3,
            "clip_norm": None,
            "class_weight": None,
            "early_stopping": None,
            "batch_size": 32,
            "monitor": None,
        },
    }
    for key, value in changes.items():
        *path, name = key.split("__")
        section = values
        for part in path:
            section = section[part]
        section[name] = value
    return values


def steps(count: int, norms: list[float] | float = 0.3, per_epoch: int = 100) -> BatchCurves:
    step = np.arange(1, count + 1)
    epoch = (step - 1) // per_epoch + 1
    ones = np.ones(count)
    return BatchCurves(
        epoch, step - (epoch - 1) * per_epoch, step, ones.astype(int), ones, ones, ones, np.broadcast_to(norms, count)
    )


def texts(words: int = 150, kept: int | None = None, unknown: float = 0.02) -> TextFigures:
    kept = words if kept is None else kept
    return TextFigures("validation", np.full(9, words), np.full(9, kept), np.full(9, int(unknown * kept)))


def case(curves: History, **given: Any) -> Case:
    settings = {key: given.pop(key) for key in list(given) if "__" in key or key == "pretrain"}
    record = {
        "status": "finished",
        "config": config(**settings),
        "class_names": ["neg", "pos"],
        "reviews": {"train": 20_000, "validation": 5_000},
        **given.pop("record", {}),
    }
    values = {"batches": steps(600), "chance_accuracy": 0.5, "texts": texts(), **given}
    return Case(path="runs/a", history=curves, record=record, **values)


def kinds(of: Case) -> list[str]:
    return [finding.kind for finding in diagnose(of)]


def found(of: Case, kind: str) -> Finding:
    return next(finding for finding in diagnose(of) if finding.kind == kind)


def test_what_the_curves_show_comes_first_with_its_numbers() -> None:
    first = diagnose(case(history(FALLING, [0.58, 0.50, 0.44, 0.40, 0.37, 0.35])))[0]
    assert first.kind == "still improving"
    assert first.evidence["val_loss"] == 0.35
    assert first.command == "sentiment train --resume runs/a --epochs 11"


def test_a_rate_that_drives_the_loss_above_guessing_is_too_high() -> None:
    of = case(stuck(37.0), training__learning_rate=10.0, batches=steps(600, [0.28, *[844.0] * 599]))
    assert kinds(of)[:2] == ["at chance", "learning rate too high"]
    finding = found(of, "learning rate too high")
    assert finding.sentence == (
        "The learning rate of 10 is too high: the training loss went up to 37, where finding all classes equally "
        "probable costs 0.693. The norm of the gradient rose from 0.28 in the first step to 844."
    )
    assert finding.command == "sentiment train -c runs/a/config.yaml --set training.learning_rate=0.001"


def test_a_rate_whose_steps_are_too_short_to_get_anywhere_is_too_low() -> None:
    finding = found(case(stuck(), training__learning_rate=1e-7), "learning rate too low")
    # 600 steps of 1e-7.
    assert "in 600 steps no weight can move by much more than 6e-05" in finding.sentence
    assert finding.command == "sentiment train -c runs/a/config.yaml --set training.learning_rate=0.001"
    sgd = found(case(stuck(), training__learning_rate=1e-6, training__optimizer="sgd"), "learning rate too low")
    assert sgd.command is not None and sgd.command.endswith("training.learning_rate=0.01")


def test_padding_that_is_read_is_named_with_its_share() -> None:
    finding = found(case(stuck(), model__embedding__mask=False, texts=texts(50)), "reads padding")
    assert finding.sentence == (
        "75% of what the network reads is padding: model.embedding.mask is false, and reviews of 50 words on average "
        "are padded to 200, and its answer is the state behind that (model.pooling: last)."
    )
    assert finding.command == "sentiment train -c runs/a/config.yaml --set model.embedding.mask=true"
    assert "reads padding" not in kinds(case(stuck(), model__embedding__mask=False, texts=texts(190)))
    assert "reads padding" not in kinds(case(stuck(), texts=texts(50)))


def test_without_a_gradient_the_dead_units_are_named_by_their_setting() -> None:
    norms = [0.5] * 597 + [0.0] * 3
    layers = [{"units": 8, "activation": "relu", "dropout": 0.0}]
    of = case(stuck(), model__dense=layers, batches=steps(600, norms))
    finding = found(of, "dead units")
    assert finding.evidence["model.dense.0.activation"] == "relu"
    assert finding.command == "sentiment train -c runs/a/config.yaml --set model.dense.0.activation=elu"
    assert "no gradient" in kinds(case(stuck(), batches=steps(600, norms)))


def test_random_word_vectors_that_stay_random_are_named() -> None:
    assert "frozen word vectors" in kinds(case(stuck(), model__embedding__trainable=False))
    learned = {"kind": "word_vectors"}
    assert "frozen word vectors" not in kinds(case(stuck(), model__embedding__trainable=False, pretrain=learned))


def test_a_simple_cell_over_long_reviews_is_named() -> None:
    simple = [{"cell": "simple_rnn", "activation": "tanh", "dropout": 0.0}]
    finding = found(case(stuck(), model__recurrent=simple), "vanishing gradient")
    assert finding.command == "sentiment train -c runs/a/config.yaml --set model.recurrent.0.cell=gru"
    assert "vanishing gradient" not in kinds(case(stuck(), model__recurrent=simple, texts=texts(20)))
    both = found(case(stuck(), model__recurrent=simple * 2), "vanishing gradient")
    assert str(both.command).endswith("--set model.recurrent.0.cell=gru --set model.recurrent.1.cell=gru")


def test_reviews_of_which_most_is_cut_off_are_named_with_a_length_that_would_do() -> None:
    finding = found(case(stuck(), text__sequence_length=10, texts=texts(150, kept=10)), "cut reviews")
    assert finding.sentence.startswith("93% of the words of the validation part are never read")
    assert finding.command == "sentiment train -c runs/a/config.yaml --set text.sequence_length=150"


def test_a_few_very_long_reviews_call_for_no_other_length() -> None:
    tokens = np.array([10] * 19 + [2_000])
    some = TextFigures("validation", tokens, np.minimum(tokens, 50), np.zeros(20, int))
    assert some.cut_share > 0.8
    assert "cut reviews" not in kinds(case(stuck(), text__sequence_length=50, texts=some))


def test_a_vocabulary_that_has_every_word_is_not_to_be_made_larger() -> None:
    some = {"text__max_tokens": 5_000, "texts": texts(unknown=0.4)}
    full = found(case(stuck(), record={"vocabulary": {"size": 5_000}}, **some), "unknown words")
    assert full.command == "sentiment train -c runs/a/config.yaml --set text.max_tokens=20000"
    spare = found(case(stuck(), record={"vocabulary": {"size": 900}}, **some), "unknown words")
    assert spare.command is None
    assert "though it knows every word of the texts that its vocabulary is from (900" in spare.sentence


def test_words_that_are_mostly_unknown_are_named() -> None:
    finding = found(case(stuck(), text__max_tokens=50, texts=texts(unknown=0.4)), "unknown words")
    assert finding.evidence["unknown"] == pytest.approx(0.4)


def test_one_class_for_everything_among_unbalanced_ones_is_named() -> None:
    validation = {"confusion_matrix": [[900, 0], [100, 0]], "class_names": ["neg", "pos"]}
    of = case(history([0.4] * 6, [0.4] * 6, 0.9, 0.9), chance_accuracy=0.9, validation=validation)
    finding = found(of, "unbalanced classes")
    assert finding.command == "sentiment train -c runs/a/config.yaml --set training.class_weight=balanced"
    even = {"confusion_matrix": [[500, 0], [500, 0]], "class_names": ["neg", "pos"]}
    assert "unbalanced classes" not in kinds(case(stuck(), validation=even))


def test_few_steps_are_counted_and_the_epochs_that_would_do_named() -> None:
    finding = found(case(stuck(), batches=steps(60, per_epoch=10)), "few steps")
    assert finding.command == "sentiment train --resume runs/a --epochs 30"
    wrong = case(stuck(), batches=steps(60, per_epoch=10), training__learning_rate=1e-7)
    assert kinds(wrong) == ["at chance", "learning rate too low"]


def test_labels_are_only_suspected_where_nothing_else_speaks() -> None:
    assert kinds(case(stuck())) == ["at chance", "labels as if shuffled"]
    assert found(case(stuck()), "labels as if shuffled").command == "sentiment baseline runs/a"
    assert "labels as if shuffled" not in kinds(case(stuck(), training__learning_rate=1e-7))
    by_heart = case(history(FALLING, [0.8] * 6, 0.97, 0.5), record={"reviews": {"train": 300, "validation": 90}})
    assert kinds(by_heart) == ["nothing carries over", "labels as if shuffled", "few reviews"]


def test_numbers_that_exploded_are_told_from_the_record_where_no_epoch_was_finished() -> None:
    reason = "The loss is inf in epoch 1, batch 7, at learning rate 100; norms of the last gradients: 1e+30."
    record = {"status": "failed", "stop_reason": reason}
    of = case(History(), record=record, training__learning_rate=100.0, batches=None)
    finding = found(of, "exploded")
    assert finding.sentence == (
        "The numbers exploded at a learning rate of 100, where 0.001 is usual: The loss is inf in epoch 1, batch 7, at "
        "learning rate 100."
    )
    assert finding.command == "sentiment train -c runs/a/config.yaml --set training.learning_rate=0.001"
    usual = diagnose(case(history([0.6, math.nan], [0.6, 0.6]), record={"stop_reason": None}))
    assert (usual[0].kind, usual[1].kind) == ("not finite", "exploded")
    assert usual[1].command == "sentiment train -c runs/a/config.yaml --set training.clip_norm=1"
    clipped = case(History(), record=record, training__learning_rate=0.005, training__clip_norm=1.0, batches=None)
    assert (first_command(diagnose(clipped)) or "").endswith("training.learning_rate=0.0005")


OVERFIT = history(FALLING, [0.55, 0.42, 0.38, 0.44, 0.50, 0.57])


def test_overfitting_says_what_is_kept_and_what_would_work_against_it() -> None:
    of = case(OVERFIT)
    assert kinds(of) == ["overfitting", "best epoch kept", "no dropout", "no early stopping"]
    assert found(of, "best epoch kept").sentence == (
        "Nothing is lost: the run keeps the weights of epoch 3, the best by validation loss."
    )
    spared = found(of, "no early stopping")
    assert spared.evidence == {"epochs_after_best": 3, "seconds": 6.0, "training.early_stopping": None}
    assert shlex.split(spared.command or "")[-1] == "training.early_stopping={monitor: val_loss, patience: 3}"
    assert "no dropout" not in kinds(case(OVERFIT, model__dropout=0.5))


def test_what_ended_the_training_is_said() -> None:
    record = {"stop_reason": "early stopping", "planned_epochs": 30}
    of = case(OVERFIT, record=record, training__early_stopping={"monitor": "val_loss", "patience": 3})
    assert found(of, "early stopping").sentence == (
        "Early stopping ended it after epoch 6 of 30: val_loss had not improved for 3 epochs."
    )
    stopped = case(OVERFIT, record={"status": "interrupted"})
    assert found(stopped, "interrupted").command == "sentiment train --resume runs/a"


def test_one_epoch_is_gone_on_from_and_a_running_training_is_left_alone() -> None:
    assert first_command(diagnose(case(history([0.69], [0.69])))) == "sentiment train --resume runs/a --epochs 10"
    assert first_command(diagnose(case(history([0.69], [0.69]), record={"status": "running"}))) is None


def test_of_a_group_of_seeds_all_go_on() -> None:
    of = case(history([0.69], [0.69]), group="runs/my group")
    assert diagnose(of)[0].command == "sentiment train --resume 'runs/my group' --epochs 10"


def test_the_accuracy_that_few_reviews_give_by_luck_is_no_learning() -> None:
    # Two standard deviations of 90 reviews at one half: 2 sqrt(0.25 / 90) = 0.105; of 5,000: 0.014, and 0.02 at least.
    assert luck(0.5, 90) == pytest.approx(0.1054, abs=1e-4)
    assert luck(0.5, 5_000) == 0.02
    assert luck(0.9, 50) == pytest.approx(0.05)  # half of the way to 1, where two deviations were 0.085
    lucky = history([LN2] * 6, [LN2] * 6, 0.53, 0.56)
    assert case(lucky, record={"reviews": {"train": 500, "validation": 90}}).reading.kind == "at chance"
    assert case(lucky).reading.kind == "not learning"


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"config": []},
        {"config": {"model": 3, "training": {"learning_rate": "x"}}},
        {"class_names": ["a"]},
        {"reviews": 7},
        {"config": {"model": {"recurrent": [3], "dense": {}}}},
    ],
)
def test_a_record_that_says_little_makes_no_cause_up(record: dict[str, Any]) -> None:
    for curves in (stuck(), OVERFIT, History(), history([math.nan])):
        findings = diagnose(Case("runs/a", curves, record))
        assert findings[0].sentence
        for finding in findings:
            assert isinstance(finding.to_dict()["evidence"], dict)
