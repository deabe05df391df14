"""Is there one prediction a text, in order, whatever the text is?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.predictions import read_predictions
from sentiment_cli.runs import Run
from sentiment_cli.workflows import predict
from sentiment_cli.workflows.classifier import Classifier

LONG = "lovely " * 150_000  # over a megabyte
STRANGE = {
    "empty": "",
    "blank": " \t\n ",
    "megabyte": LONG,
    "emoji": "😀🎉👩‍👩‍👧",
    "chinese": "房间很干净,老板也很热情。",
    "nul": "lovely\0room",
    "only nul": "\0",
    "line separators": "lovely\u2028room\u0085warm\r\nquiet",
    "half a pair": "lovely \ud83d room",
    "byte that is no text": "lovely caf\udce9 room",
    "marks": "!!! ... ???",
}


def test_the_labels_come_in_the_order_of_the_texts(trained_run: Path) -> None:
    texts = ["dirty rude loud", "lovely warm kind", "awful cold", "wonderful quiet stay"] * 3
    rows = predict(Run(trained_run), texts)
    assert [row.text for row in rows] == texts
    assert [row.label for row in rows] == ["bad", "good"] * 6
    assert all(row.probability == max(row.probabilities.values()) == row.probabilities[row.label] for row in rows)
    assert all(list(row.probabilities) == ["bad", "good"] for row in rows)
    assert list(rows[0].to_dict()) == ["text", "label", "probability", "probabilities"]


def test_strange_texts_have_one_prediction_each_that_does_not_depend_on_the_others(trained_run: Path) -> None:
    together = predict(Run(trained_run), list(STRANGE.values()))
    assert [row.text for row in together] == list(STRANGE.values())
    for row in together:
        assert sum(row.probabilities.values()) == pytest.approx(1)
        assert 0.5 <= row.probability <= 1
    for name in ("empty", "megabyte", "half a pair"):
        (alone,) = predict(Run(trained_run), [STRANGE[name]])
        assert alone.probabilities == pytest.approx(together[list(STRANGE).index(name)].probabilities, abs=1e-5)


def test_what_cannot_be_written_is_read_as_the_replacement_character(trained_run: Path) -> None:
    pairs = [("a \ud83d lovely", "a \ufffd lovely"), ("\udce9lovely", "\ufffdlovely"), ("lovely\ud83d", "lovely\ufffd")]
    rows = predict(Run(trained_run), [text for pair in pairs for text in pair])
    for one, other in zip(rows[::2], rows[1::2], strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)


def test_an_empty_text_is_read_as_one_unknown_word(trained_run: Path) -> None:
    empty, blank, unknown = predict(Run(trained_run), ["", "  ", "xylophone"])
    assert empty.probabilities == pytest.approx(unknown.probabilities, abs=1e-6)
    assert blank.probabilities == pytest.approx(unknown.probabilities, abs=1e-6)


def test_no_texts_have_no_predictions(trained_run: Path) -> None:
    assert predict(Run(trained_run), []) == []


def test_a_text_has_the_probability_of_its_review(trained_run: Path, tiny_reviews: Path) -> None:
    rows = read_predictions(Run(trained_run).predictions_path("test"))
    texts = [(tiny_reviews / row.path).read_text(encoding="utf-8") for row in rows]
    for row, predicted in zip(rows, predict(Run(trained_run), texts), strict=True):
        assert predicted.label == row.predicted
        assert predicted.probabilities == pytest.approx(row.probabilities, abs=1e-5)


@given(st.lists(st.text(max_size=20), max_size=4))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_there_are_as_many_predictions_as_texts(trained_run: Path, texts: list[str]) -> None:
    rows = predict(Run(trained_run), texts)
    assert [row.text for row in rows] == texts
    assert all(0 <= share <= 1 for row in rows for share in row.probabilities.values())


def test_a_run_without_a_finished_epoch_has_no_model(run_copy: Path) -> None:
    shutil.rmtree(run_copy / "checkpoints")
    with pytest.raises(RunError, match="checkpoints has no best epoch any more"):
        predict(Run(run_copy), ["text"])


def test_a_network_that_gives_no_number_is_an_error(trained_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Classifier, "score", lambda *_: np.array([[0.5], [np.nan]], np.float32))
    with pytest.raises(RunError, match="gives no finite probabilities for text 2 of 2"):
        predict(Run(trained_run), ["good", "bad"])


def test_damaged_files_are_named(run_copy: Path) -> None:
    record = Run(run_copy).read_record()
    Run(run_copy).write_record({**record, "class_names": ["good"]})
    with pytest.raises(RunError, match=r"run\.json has no list of class names"):
        predict(Run(run_copy), ["text"])
    Run(run_copy).write_record(record)
    (run_copy / "vocabulary.json").write_text(json.dumps(["", "[UNK]", "a", "a"]), encoding="utf-8")
    with pytest.raises(RunError, match=r"vocabulary\.json: expected"):
        predict(Run(run_copy), ["text"])
