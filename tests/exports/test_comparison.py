"""Is an export held against the run as it says, and classified and timed in any number?"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.errors import RunError
from sentiment_cli.exports import latency
from sentiment_cli.exports.batches import in_batches
from sentiment_cli.exports.comparison import Comparison, check_equal, compare_probabilities, draw_texts
from sentiment_cli.exports.guide import write_page
from sentiment_cli.exports.latency import measure_latency

OWN = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.4, 0.6]])


def test_differences_labels_and_accuracies_are_counted() -> None:
    other = np.array([[0.9, 0.1], [0.3, 0.7], [0.48, 0.52], [0.4, 0.6]])
    found = compare_probabilities(OWN, other, np.array([0, 1, 0, 0]))
    # Ties go to the first class; the third changes its label, and was right.
    assert found.to_dict() == pytest.approx(
        {
            "reviews": 4,
            "largest_difference": 0.1,
            "mean_difference": (0.1 + 0.02) / 4,
            "changed_labels": 1,
            "accuracy": 0.75,
            "exported_accuracy": 0.5,
        }
    )


def test_without_labels_there_is_no_accuracy() -> None:
    found = compare_probabilities(OWN, OWN, None)
    assert (found.largest_difference, found.changed_labels) == (0, 0)
    assert (found.accuracy, found.exported_accuracy) == (None, None)


@pytest.mark.parametrize(("who", "value"), [("run", np.nan), ("export", np.inf)])
def test_what_is_no_number_is_refused(who: str, value: float) -> None:
    broken = OWN.copy()
    broken[1, 0] = value
    pair = (broken, OWN) if who == "run" else (OWN, broken)
    with pytest.raises(RunError, match=f"network of the {who} gives no finite probabilities for 1 of 4 reviews"):
        compare_probabilities(*pair, None)


def test_another_shape_is_refused() -> None:
    with pytest.raises(RunError, match=r"shape \(4, 1\); expected \(4, 2\)"):
        compare_probabilities(OWN, OWN[:, :1], None)


def test_an_export_may_be_off_by_what_sums_in_another_order_are() -> None:
    def at(difference: float) -> Comparison:
        return Comparison(1000, difference, difference, 0, None, None)

    check_equal(at(9e-5), "onnxruntime 1")
    with pytest.raises(RunError, match=r"onnxruntime 1, is not the run's network: over 1,000 reviews .* by 0.00011"):
        check_equal(at(1.1e-4), "onnxruntime 1")


def test_made_up_texts_are_the_same_each_time_empty_short_and_too_long() -> None:
    texts = draw_texts(["", "[UNK]", "room", "quiet"], 50, 8)
    assert texts == draw_texts(["", "[UNK]", "room", "quiet"], 50, 8)
    lengths = [len(text.split()) for text in texts]
    assert (len(texts), texts[0], lengths[1], max(lengths)) == (50, "", 1, 10)
    assert {word for text in texts for word in text.split()} == {"room", "quiet", "xqzjw"}


@settings(max_examples=20)
@given(st.lists(st.text(max_size=9), min_size=1, max_size=300))
def test_results_in_batches_are_in_the_order_of_the_texts(texts: list[str]) -> None:
    lengths: list[list[int]] = []

    def classify(batch: Sequence[str]) -> np.ndarray:
        lengths.append([len(text) for text in batch])
        return np.array([[hash(text) % 1000, len(text)] for text in batch])

    found = in_batches(classify)(texts)
    assert found.tolist() == [[hash(text) % 1000, len(text)] for text in texts]
    assert all(len(batch) <= 128 for batch in lengths)
    # Those of one length go together.
    assert list(itertools.chain(*lengths)) == sorted(len(text) for text in texts)


def test_one_review_and_a_thousand_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    clock = 0.0

    def classify(texts: Sequence[str]) -> np.ndarray:
        # A tenth of a second for each review, but for the long ones.
        nonlocal clock
        calls.append(len(texts))
        clock += sum(9.0 if text == "long" else 0.1 for text in texts)
        return np.zeros((len(texts), 2))

    monkeypatch.setattr(latency.time, "perf_counter", lambda: clock)
    found = measure_latency(classify, ["short", "short", "long"])
    assert [count for count in calls if count > 1] == [1000] * 4
    assert found.one_seconds == pytest.approx(0.1)
    assert found.slowest_one_seconds == pytest.approx(9.0)
    assert found.many_seconds == pytest.approx(333 * 9 + 667 * 0.1)


def test_the_page_says_what_was_checked_and_shows_the_script() -> None:
    record = {
        "format": "onnx",
        "run": "lstm",
        "quantized": True,
        "class_names": ["neg", "{pos}"],
        "versions": {"onnxruntime": "1.2"},
        "check": {
            "runtime": "onnxruntime 1.2",
            "part": "validation",
            "reviews": 1000,
            "largest_difference": 0.0123,
            "changed_labels": 6,
        },
    }
    page = write_page(record)
    assert page.startswith("# lstm, as ONNX\n\n`model.onnx` goes from token ids")
    assert "\n0. neg\n1. {pos}\n" in page
    assert "1,000 validation" in page
    assert "by 0.012 at the most, and 6 labels. Weights are kept in 8 bits." in page
    assert "from tokenizer import Tokenizer" in page
