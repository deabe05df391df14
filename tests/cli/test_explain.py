"""Does `sentiment explain` say why, on the command line, as JSON and as a picture?"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from sentiment_cli.analysis.attributions import read_attributions
from sentiment_cli.evaluation.predictions import read_predictions
from sentiment_cli.runs import Run, SeedGroup

pytestmark = pytest.mark.usefixtures("at_once")
Cli = Callable[..., Result]
TEXT = "Lovely, warm room1 <br />and the zzz host was rude!"


def explained(cli: Cli, *arguments: str | Path) -> dict[str, Any]:
    result = cli("explain", "--run", "tiny", "--json", *arguments)
    assert result.exit_code == 0, result.stderr
    value: dict[str, Any] = json.loads(result.stdout)
    return value


def test_json_holds_all_that_is_known(run_copy: Path, cli: Cli) -> None:
    found = explained(cli, TEXT, "--cell")
    predicted = json.loads(cli("predict", "--run", "tiny", "--json", TEXT).stdout)["predictions"][0]
    assert found["predicted"] == found["explained"] == predicted["label"]
    assert found["probabilities"] == pytest.approx(predicted["probabilities"], abs=1e-6)
    p = found["probabilities"][found["explained"]]
    assert found["log_odds"] == pytest.approx(np.log(p / (1 - p)), abs=1e-4)
    scores = [token["score"] for token in found["tokens"]]
    assert sum(scores) == pytest.approx(found["log_odds"] - found["baseline"]["log_odds"], abs=1e-3)
    assert abs(found["residual"]) < 1e-3
    words = [TEXT[token["start"] : token["end"]] for token in found["tokens"]]
    assert words == ["Lovely", "warm", "room1", "br", "and", "the", "zzz", "host", "was", "rude"]
    assert [token["token"] for token in found["tokens"] if token["unknown"]].count("zzz") == 1
    assert [row["words"] for row in found["growth"]] == list(range(1, len(words) + 1))
    assert found["growth"][-1]["probability"] == pytest.approx(p, abs=1e-6)
    assert np.shape(found["cell"]["state"]) == np.shape(found["cell"]["update gate"]) == (len(words), 3)
    assert sorted(found["cell"]["units_by_correlation_with_log_odds"]) == [0, 1, 2]


def test_the_other_class_has_the_opposite_scores(run_copy: Path, cli: Cli) -> None:
    good, bad = (explained(cli, TEXT, "--class", name) for name in ("good", "bad"))
    assert good["log_odds"] == pytest.approx(-bad["log_odds"])
    scores = [[token["score"] for token in found["tokens"]] for found in (good, bad)]
    np.testing.assert_allclose(scores[0], -np.array(scores[1]), atol=1e-5)


def test_text_names_words_with_signs_unknown_ones_and_what_was_cut(run_copy: Path, cli: Cli) -> None:
    result = cli("explain", "--run", "tiny", "awful " * 3 + "lovely zzz " + "the " * 9)
    assert result.exit_code == 0
    assert "12 read, 1 of them unknown (zzz), 2 cut off" in result.stdout
    assert result.stdout.count("… 2 words not read …") == 1
    assert "awful awful awful" not in result.stdout
    assert "the ×9" in result.stdout
    assert "\x1b" not in result.stdout
    assert "sum rule" in result.stdout


def test_a_score_that_rounds_to_zero_has_no_sign(run_copy: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [("lovely", 1, -0.0004), ("room", 1, -0.002)]
    monkeypatch.setattr("sentiment_cli.explanation.result.Explanation.strongest", lambda self, count: few)
    lines = [line.split() for line in cli("explain", "--run", "tiny", "lovely room").stdout.splitlines()]
    assert ["0.000", "lovely"] in lines
    assert ["-0.002", "room"] in lines


def test_a_long_text_grows_in_one_line(run_copy: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["sentiment_cli.cli.explain"], "_ROWS", 3)
    line = cli("explain", "--run", "tiny", "lovely room warm cold").stdout.rstrip().splitlines()[-1]
    first, blocks, last = line.split()
    assert (len(blocks), set(blocks) <= set("▁▂▃▄▅▆▇█")) == (60, True)
    assert 0 <= float(first) <= 1 and 0 <= float(last) <= 1


def test_colours_come_where_there_are_some(run_copy: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setattr("sentiment_cli.cli._words.wants_color", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    shown = cli("explain", "--run", "tiny", "lovely \x1b[31m zzz").stdout
    assert "\x1b[" in shown and "\x1b[31m zzz" not in shown and "\x1b[4mzzz" in shown


@pytest.mark.parametrize("text", ["", "\u0130\u0301 ممتاز 很好！😀", "\ud800 =1+1 a\0b" + "x" * 3000])
def test_any_text_is_explained(run_copy: Path, cli: Cli, text: str) -> None:
    from sentiment_cli.workflows.explain import explain

    found = explain(Run(run_copy), text).explanation
    assert len(found.scores) == len(found.reading.ids) >= 1
    assert abs(found.residual) < 1e-3


def test_a_word_of_any_length_is_one_line(run_copy: Path, cli: Cli) -> None:
    shown = cli("explain", "--run", "tiny", "lovely " + "x" * 3000).stdout
    assert "2 read, 1 of them unknown (" + "x" * 39 + "…)" in shown
    assert shown.count("x" * 39 + "…") == 3


def test_no_word_at_all_has_no_name(run_copy: Path, cli: Cli) -> None:
    assert "words      1 read, 1 of them unknown\n" in cli("explain", "--run", "tiny", "").stdout


def test_tokens_need_no_network(run_copy: Path, cli: Cli) -> None:
    shutil.rmtree(run_copy / "checkpoints")
    result = cli("explain", "--run", "tiny", "--tokens", "Don't<br />GO lovely " + "the " * 11)
    assert result.exit_code == 0
    assert "dontbr go lovely the" in result.stdout
    assert "cut off" in result.stdout
    value = json.loads(cli("explain", "--run", "tiny", "--tokens", "--json", "Lovely zzz").stdout)
    assert [(token["token"], token["unknown"], token["start"]) for token in value["tokens"]] == [
        ("lovely", False, 0),
        ("zzz", True, 7),
    ]
    assert value["ids"] == [token["id"] for token in value["tokens"]]


def test_tokens_go_with_nothing_that_needs_a_prediction(run_copy: Path, cli: Cli) -> None:
    result = cli("explain", "--run", "tiny", "--tokens", "fine", "-o", "why.png", "--class", "pos")
    assert result.exit_code == 2
    assert "--tokens predicts nothing; it does not go with -o, --class." in result.stderr


def test_a_review_of_the_run_and_a_file_are_texts_too(run_copy: Path, cli: Cli, tmp_path: Path) -> None:
    text = "lovely warm kind quiet\nroom"
    Path("review.txt").write_text(text, encoding="utf-8")
    assert explained(cli, "--file", "review.txt")["text"] == text
    path = read_predictions(run_copy / "predictions-test.csv")[0].path
    assert explained(cli, "--review", path)["text"].startswith("dirty")
    stdin = cli("explain", "--run", "tiny", "--json", "--file", "-", input="warm")
    assert json.loads(stdin.stdout)["text"] == "warm"


def test_a_picture_goes_where_it_was_asked_for(run_copy: Path, cli: Cli) -> None:
    result = cli("explain", "--run", "tiny", "-o", "why.svg", TEXT)
    assert result.exit_code == 0
    assert "Picture: why.svg" in result.stderr
    assert Path("why.svg").stat().st_size > 5000


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "Expected one text"),
        (["text", "--file", "x"], 2, "Expected one text"),
        (["text", "--class", "god"], 2, 'did you mean "good"?'),
        (["text", "--layer", "2"], 2, "expected 1 to 1"),
        (["text", "--direction", "backward"], 2, "reads forward only"),
        (["text", "-o", "why.txt"], 2, "a picture is saved as .png, .svg or .pdf"),
        (["--file", "no-such"], 1, "no-such cannot be read"),
        (["--review", "../../etc/passwd"], 1, "expected the path of a review below"),
    ],
)
def test_what_cannot_be_meant_is_said(run_copy: Path, cli: Cli, arguments: list[str], code: int, message: str) -> None:
    result = cli("explain", "--run", "tiny", *arguments)
    assert result.exit_code == code
    assert message in result.stderr


def test_bytes_that_are_no_text_are_refused(run_copy: Path, cli: Cli) -> None:
    Path("bad.txt").write_bytes(b"good \xff")
    result = cli("explain", "--run", "tiny", "--file", "bad.txt")
    assert (result.exit_code, "bad.txt: expected UTF-8, received byte 0xff" in result.stderr) == (1, True)


def test_evaluate_keeps_what_words_added(run_copy: Path, cli: Cli) -> None:
    value = json.loads(cli("evaluate", "--json", "--explain=all", "tiny").stdout)
    found = read_attributions(run_copy / "attributions-test.jsonl")
    predictions = read_predictions(run_copy / "predictions-test.csv")
    assert value["explained"]["reviews"] == len(found) == len(predictions) == 16
    for row in predictions:
        p = row.probability
        one, alone = found[row.path], explained(cli, "--review", row.path) if row.id == 0 else None
        assert one.predicted == row.predicted
        assert sum(span.score for span in one.spans) == pytest.approx(one.total, abs=2e-3)
        if alone:
            assert one.total == pytest.approx(alone["log_odds"] - alone["baseline"]["log_odds"], abs=1e-3)
            assert alone["log_odds"] == pytest.approx(np.log(p / (1 - p)), abs=1e-3)
    # Wrong ones alone, the option before the run; and what is evaluated without keeps them.
    result = cli("evaluate", "--explain", "tiny")
    wrong = [row.path for row in predictions if row.is_wrong]
    assert (result.exit_code, list(read_attributions(run_copy / "attributions-test.jsonl"))) == (0, wrong)
    assert f"Explained: {len(wrong)} predictions" in result.stderr
    assert cli("evaluate", "tiny").exit_code == 0
    assert (run_copy / "attributions-test.jsonl").exists()


def test_explanations_of_other_predictions_are_removed(run_copy: Path, cli: Cli) -> None:
    assert cli("evaluate", "tiny", "--explain", "all").exit_code == 0
    table = run_copy / "predictions-test.csv"
    table.write_text(table.read_text(encoding="utf-8").replace(",bad,bad,", ",bad,good,", 1), encoding="utf-8")
    assert cli("evaluate", "tiny").exit_code == 0
    assert not (run_copy / "attributions-test.jsonl").exists()


def test_other_data_are_explained_beside_their_predictions(run_copy: Path, cli: Cli, tiny_reviews: Path) -> None:
    assert cli("evaluate", "tiny", "--data", tiny_reviews / "test", "--explain=all").exit_code == 0
    assert len(read_attributions(run_copy / "evaluations" / "test" / "attributions.jsonl")) == 16


def test_a_group_of_seeds_is_explained_as_one(run_copy: Path, cli: Cli) -> None:
    group = Path("runs/group")
    group.mkdir()
    for seed in (1, 2):
        shutil.copytree(run_copy, group / f"seed-{seed}")
    record = json.loads((run_copy / "run.json").read_text(encoding="utf-8"))
    (group / "seeds.json").write_text(json.dumps({**record, "seeds": [1, 2]}), encoding="utf-8")
    shutil.copy(run_copy / "config.yaml", group)
    from sentiment_cli.workflows.explain import explain

    one, two = (explain(run, TEXT).explanation for run in (Run(run_copy), SeedGroup(group)))
    np.testing.assert_allclose(two.scores, one.scores, atol=1e-3)
    assert two.log_odds == pytest.approx(one.log_odds, abs=1e-5)
    assert (one.networks, two.networks) == (1, 2)


def test_what_the_compiled_loops_miss_is_tried_again_by_keras_layers(
    run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentiment_cli.workflows import attribution
    from sentiment_cli.workflows.explain import explain

    expected = explain(Run(run_copy), TEXT).explanation
    opened: list[bool] = []
    scored, plain = attribution.score_words, attribution.open_networks

    def open_networks(*arguments: Any, stock: bool = False) -> list[Any]:
        opened.append(stock)
        return plain(*arguments, stock=stock)

    def score_words(*arguments: Any) -> list[Any]:
        found = scored(*arguments)
        return found if opened[-1] else [replace(one, scores=one.scores + 0.01) for one in found]

    monkeypatch.setattr(attribution, "open_networks", open_networks)
    monkeypatch.setattr(attribution, "score_words", score_words)
    found = explain(Run(run_copy), TEXT).explanation
    assert opened == [False, True]
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4)
