"""Does the sentence say what the curves show, and no more?"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import pytest

from sentiment_cli.diagnosis import describe_history
from sentiment_cli.history import Epoch, History


def curves(
    loss: Sequence[float],
    val_loss: Sequence[float | None] | None = None,
    accuracy: Sequence[float] | None = None,
    val_accuracy: Sequence[float] | None = None,
) -> History:
    """Accuracy is 0.8 where the test does not care."""
    rows = []
    for i in range(len(loss)):
        val = None if val_loss is None else val_loss[i]
        val_acc = None if val is None else val_accuracy[i] if val_accuracy else 0.8
        rows.append(Epoch(i + 1, loss[i], accuracy[i] if accuracy else 0.8, val, val_acc, 1e-3, 1.0))
    return History(rows)


FALLING = [0.6, 0.45, 0.33, 0.24, 0.17, 0.12]


def test_overfitting_is_dated_to_the_epoch_after_the_best() -> None:
    assert describe_history(curves(FALLING, [0.55, 0.42, 0.38, 0.44, 0.50, 0.57])) == (
        "Overfitting from epoch 4: validation loss rose from 0.380 at epoch 3 to 0.570 at epoch 6 "
        "while training loss fell from 0.330 to 0.120."
    )


def test_overfitting_says_when_accuracy_disagrees_with_loss() -> None:
    accuracy = [0.70, 0.80, 0.83, 0.84, 0.86, 0.85]
    assert describe_history(curves(FALLING, [0.55, 0.42, 0.38, 0.44, 0.50, 0.57], val_accuracy=accuracy)) == (
        "Overfitting from epoch 4: validation loss rose from 0.380 at epoch 3 to 0.570 at epoch 6 while training "
        "loss fell from 0.330 to 0.120, though validation accuracy still went from 0.830 to 0.860 at epoch 5."
    )


def test_one_epoch_after_the_best_is_only_a_possibility() -> None:
    sentence = describe_history(curves(FALLING[:4], [0.55, 0.45, 0.36, 0.50]))
    assert sentence.startswith("Possibly overfitting from epoch 4: validation loss rose from 0.360 at epoch 3")


def test_a_first_epoch_that_stays_the_best_is_overfitting_from_the_second() -> None:
    assert describe_history(curves(FALLING, [0.5, 0.55, 0.6, 0.65, 0.7, 0.75])).startswith("Overfitting from epoch 2:")


def test_a_tied_best_loss_counts_from_the_earliest() -> None:
    sentence = describe_history(curves(FALLING, [0.5, 0.4, 0.4, 0.47, 0.53, 0.6]))
    assert sentence.startswith("Overfitting from epoch 3: validation loss rose from 0.400 at epoch 2")


def test_both_losses_rising_is_not_called_overfitting() -> None:
    assert describe_history(curves([0.6, 0.4, 0.2, 0.3, 0.4, 0.5], [0.55, 0.42, 0.38, 0.44, 0.50, 0.57])) == (
        "Both losses rise after epoch 3: validation loss rose from 0.380 at epoch 3 to 0.570 at epoch 6, "
        "training loss from 0.200 to 0.500; a lower training.learning_rate may help."
    )


def test_a_falling_validation_loss_is_still_improving() -> None:
    assert describe_history(curves(FALLING, [0.58, 0.50, 0.44, 0.40, 0.37, 0.35])) == (
        "Still improving: validation loss fell from 0.580 at epoch 1 to 0.350 at epoch 6, so more epochs may help."
    )


def test_a_loss_that_jumped_and_came_back_fell_from_its_highest_value() -> None:
    sentence = describe_history(curves(FALLING, [0.40, 0.60, 0.55, 0.50, 0.45, 0.39]))
    assert sentence.startswith("Still improving: validation loss fell from 0.600 at epoch 2 to 0.390 at epoch 6")


def test_a_steep_start_does_not_hide_a_lasting_rise() -> None:
    # The validation curve of an LSTM on IMDb: what it fell by at first counts as jitter, yet it climbs for six epochs.
    training = [0.614, 0.395, 0.296, 0.250, 0.221, 0.200, 0.184, 0.160, 0.153, 0.142]
    validation = [0.504, 0.324, 0.321, 0.283, 0.304, 0.306, 0.323, 0.344, 0.324, 0.337]
    assert describe_history(curves(training, validation)).startswith(
        "Overfitting from epoch 5: validation loss rose from 0.283 at epoch 4 to 0.337 at epoch 10"
    )


def test_a_jumpy_curve_far_above_its_best_is_a_rise() -> None:
    training = [0.6, 0.4, 0.3, 0.2, 0.1, 0.09, 0.08, 0.07, 0.06, 0.05]
    validation = [0.69, 0.52, 0.55, 0.99, 0.61, 1.22, 0.98, 1.27, 0.76, 1.02]
    assert describe_history(curves(training, validation)).startswith("Overfitting from epoch 3")


def test_a_jumpy_curve_that_stays_far_above_its_best_is_a_rise_whatever_its_last_epochs() -> None:
    training = [0.69, 0.65, 0.60, 0.55, 0.39, 0.30, 0.21, 0.15, 0.08, 0.05, 0.04, 0.08, 0.05, 0.01, 0.01]
    validation = [0.69, 0.71, 0.71, 0.65, 0.69, 0.74, 0.79, 0.75, 0.82, 1.10, 0.94, 1.26, 0.87, 0.69, 1.03]
    assert describe_history(curves(training, validation)).startswith("Overfitting from epoch 5")


def test_a_jumpy_curve_that_never_comes_near_its_best_again_is_a_rise() -> None:
    # An LSTM on IMDb: it jumps between a tenth and a quarter above its best, and climbs no further.
    training = [0.614, 0.381, 0.292, 0.250, 0.215, 0.195, 0.187, 0.160, 0.154, 0.141]
    validation = [0.434, 0.312, 0.319, 0.288, 0.283, 0.358, 0.313, 0.351, 0.322, 0.338]
    assert describe_history(curves(training, validation)).startswith(
        "Overfitting from epoch 6: validation loss rose from 0.283 at epoch 5 to 0.338 at epoch 10"
    )
    near = [*validation[:7], 0.309, *validation[8:]]  # within a tenth
    assert describe_history(curves(training, near)).startswith("Levelled off")


def test_a_jumpy_curve_that_came_back_to_its_best_is_no_rise() -> None:
    training = [0.69, 0.65, 0.60, 0.55, 0.39, 0.30, 0.21, 0.15, 0.08]
    validation = [0.69, 0.65, 0.90, 1.10, 0.94, 1.26, 0.66, 0.65, 0.66]
    assert not describe_history(curves(training, validation)).startswith("Overfitting")


def test_a_lowest_loss_at_the_end_that_is_within_the_jumps_is_no_plateau() -> None:
    assert describe_history(curves([0.697, 0.685, 0.658], [0.690, 0.686, 0.656])) == (
        "Not clear yet: validation loss is lowest at the last epoch, 3 (0.656), but fell by no more than it jumps from "
        "epoch to epoch; more epochs would tell."
    )


def test_a_flat_end_has_levelled_off() -> None:
    assert describe_history(curves([*FALLING, 0.1, 0.09], [0.55, 0.42, 0.381, 0.380, 0.381, 0.380, 0.381, 0.382])) == (
        "Levelled off: validation loss was lowest at epoch 4 (0.380) and neither clearly rises nor falls up to "
        "epoch 8 (0.382), with training loss at 0.090."
    )


def test_equal_losses_throughout_have_levelled_off_at_the_first_epoch() -> None:
    sentence = describe_history(curves(FALLING, [0.5] * 6))
    assert sentence.startswith("Levelled off: validation loss was lowest at epoch 1 (0.500)")


@pytest.mark.parametrize(
    ("shape", "verdict"),
    [
        (lambda i: 0.35, "Levelled off"),
        (lambda i: 0.35 + 0.3 * math.exp(-i), "Levelled off"),
        (lambda i: 0.35 + 0.04 * abs(i - 3), "Overfitting"),
        (lambda i: 0.60 - 0.02 * i, "Still improving"),
    ],
    ids=["flat", "converged", "climbing", "falling"],
)
def test_noise_of_two_per_cent_seldom_changes_the_verdict(shape: Callable[[int], float], verdict: str) -> None:
    noise = random.Random(7)
    training = [0.6 * 0.8**i + 0.01 for i in range(14)]
    sentences = [
        describe_history(curves(training, [shape(i) * (1 + noise.gauss(0, 0.02)) for i in range(14)]))
        for _ in range(200)
    ]
    assert sum(sentence.startswith(verdict) for sentence in sentences) >= 180


@pytest.mark.parametrize(
    ("history", "sentence"),
    [
        (History(), "No epoch has finished yet, so there are no curves to read."),
        (
            curves([0.6], [0.55]),
            "1 epoch is too few to see a trend: validation loss 0.550 and accuracy 0.800 at epoch 1.",
        ),
        (
            curves([0.6, 0.4]),
            "2 epochs are too few to see a trend: training loss 0.400 and accuracy 0.800 at epoch 2.",
        ),
        (
            curves(FALLING, [0.5, None, None, None, None, 0.4]),
            "Validation was measured in 2 epochs of 6, too few to see a trend.",
        ),
    ],
)
def test_too_few_epochs_give_no_verdict(history: History, sentence: str) -> None:
    assert describe_history(history, chance_accuracy=0.5) == sentence


@pytest.mark.parametrize(
    ("history", "start"),
    [
        (curves([0.6, math.nan, 0.5], [0.5, 0.5, 0.5]), "The training loss is nan at epoch 2, not a finite number;"),
        (curves([0.6, 0.5], [math.inf, 0.5]), "The validation loss is inf at epoch 1, not a finite number;"),
        (curves([math.nan]), "The training loss is nan at epoch 1, not a finite number;"),
    ],
)
def test_a_loss_that_is_not_finite_comes_first(history: History, start: str) -> None:
    assert describe_history(history).startswith(start)


def test_accuracy_at_chance_is_said_with_its_numbers() -> None:
    history = curves([0.694, 0.693, 0.692, 0.692], [0.694] * 4, [0.49, 0.50, 0.51, 0.50], [0.50, 0.53, 0.49, 0.50])
    assert describe_history(history, chance_accuracy=0.5) == (
        "Stuck at chance: after 4 epochs accuracy has not held above 0.520 (training 0.500, validation 0.500 at "
        "best), and always guessing the most frequent class gives 0.500."
    )
    assert "chance" not in describe_history(history)


def test_chance_is_judged_without_validation_as_well() -> None:
    sentence = describe_history(curves([0.69, 0.68, 0.67], accuracy=[0.5, 0.5, 0.5]), chance_accuracy=0.5)
    assert sentence.startswith("Stuck at chance: after 3 epochs accuracy has not held above 0.520 (training 0.500 at")


def test_training_above_and_validation_at_chance_is_memory() -> None:
    history = curves(FALLING, [0.7] * 6, [0.6, 0.8, 0.9, 0.95, 0.97, 0.99], [0.5, 0.51, 0.5, 0.49, 0.5, 0.5])
    assert describe_history(history, chance_accuracy=0.5) == (
        "Nothing learnt carries over: training accuracy held 0.970, but validation accuracy stayed at chance "
        "(it held 0.500 at best; the most frequent class gives 0.500)."
    )


def test_a_model_above_chance_is_not_judged_by_chance() -> None:
    sentence = describe_history(curves(FALLING, [0.58, 0.50, 0.44, 0.40, 0.37, 0.35]), chance_accuracy=0.5)
    assert sentence.startswith("Still improving")


def test_a_training_loss_that_does_not_fall_is_named() -> None:
    assert describe_history(curves([0.693, 0.694, 0.692, 0.693], [0.69] * 4)) == (
        "The training loss is not falling: 0.693 at epoch 1, 0.693 at epoch 4; another training.learning_rate or a "
        "larger model may help."
    )


def test_a_training_loss_that_comes_back_up_is_named() -> None:
    assert describe_history(curves([0.6, 0.4, 0.3, 0.7, 0.8, 0.9, 1.0])) == (
        "The training loss fell to 0.300 at epoch 3 and rose again to 1.000 at epoch 7; "
        "a lower training.learning_rate may help."
    )


def test_without_validation_nothing_is_said_about_overfitting() -> None:
    assert describe_history(curves(FALLING, accuracy=[0.6, 0.7, 0.8, 0.85, 0.9, 0.95])) == (
        "No validation, so overfitting cannot be seen: training loss went from 0.600 to 0.120 and accuracy went "
        "from 0.600 to 0.950 in 6 epochs."
    )


def test_tiny_losses_keep_their_digits() -> None:
    sentence = describe_history(curves([0.02, 0.004, 0.0005, 0.0002]))
    assert "training loss went from 0.020 to 0.0002 " in sentence
