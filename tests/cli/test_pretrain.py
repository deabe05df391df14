"""Does `pretrain` say what was learned, where it is, and what it looks like?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Cli = Callable[..., Result]
LEARN = ("--set", "pretrain.kind=word_vectors", "--set", "pretrain.passes=2")


def test_the_result_is_shown_with_neighbours(cli: Cli, tiny_config: Path, workplace: Path) -> None:
    result = cli("pretrain", "-c", tiny_config, *LEARN)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("kept in  ")
    assert Path(lines[0].removeprefix("kept in  ")).is_dir()
    assert " tokens, 4 numbers each" in lines[1]
    assert lines[2].startswith("time ")
    assert "clean" not in result.stdout.partition("nearest words")[0]
    assert "dirty" in result.stdout.partition("nearest words")[2]
    assert "40 texts to learn from: 40 training and 0 unlabelled reviews" in result.stderr
    again = cli("pretrain", "-c", tiny_config, *LEARN)
    assert "before; it was there" in again.stdout
    assert not (workplace / "runs").exists()


def test_json_is_one_object(cli: Cli, tiny_config: Path) -> None:
    result = cli("pretrain", "-c", tiny_config, *LEARN, "--json")
    value = json.loads(result.stdout)
    assert set(value) == {
        *("kind", "directory", "sha256", "seconds", "reused", "tokens", "dim", "corpus", "file", "neighbours"),
        *("perplexity", "passes", "plot"),
    }
    assert (value["perplexity"], value["passes"], value["plot"]) == (None, None, None)
    assert (value["kind"], value["dim"], value["reused"]) == ("word_vectors", 4, False)
    assert value["corpus"]["texts"] == 40
    nearest = value["neighbours"]["dirty"]
    assert len(nearest) == 5
    assert -1 <= nearest[0]["similarity"] <= 1


def test_a_language_model_is_shown_with_its_perplexity_and_picture(cli: Cli, tiny_config: Path) -> None:
    learn = ("--set", "pretrain={kind: language_model, passes: 2, min_steps: 0}")
    result = cli("pretrain", "-c", tiny_config, *learn)
    assert result.exit_code == 0, result.stderr
    rows = dict(line.split("  ", 1) for line in result.stdout.partition("\n\n")[0].splitlines())
    value = json.loads(cli("pretrain", "-c", tiny_config, *learn, "--json").stdout)
    perplexities = [row["perplexity"] for row in value["passes"]]
    assert value["perplexity"] == min(perplexities)
    best = perplexities.index(min(perplexities)) + 1
    expected = f"{value['perplexity']:,.1f} on held-out texts, after pass {best} of 2"
    assert rows["perplexity"].strip() == expected
    assert rows["plot"].strip() == value["plot"] == str(Path(value["directory"]) / "perplexity.png")
    assert "nearest words, cosine" in result.stdout
    assert "pass 2/2" in result.stderr


def test_data_replaces_the_source(cli: Cli, tiny_config: Path) -> None:
    value = json.loads(cli("pretrain", "-c", tiny_config, *LEARN, "--data", "bnb", "--json").stdout)
    assert value["corpus"]["labelled"] == 900


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "pretrain: expected what to learn"),
        (("--set", "pretrain.kind=glove"), 2, "pretrain.kind: expected one of 'word_vectors' or 'language_model'"),
        (("--set", "pretrain={passes: 3}"), 2, "pretrain.kind: this key is needed"),
        ((*LEARN, "--data", "no/such"), 1, "No such directory: no/such"),
        ((*LEARN, "--set", "pretrain.file=gone.txt"), 1, "gone.txt (pretrain.file) cannot be read"),
        ((*LEARN, "--set", "data.unlabelled=gone"), 1, "gone (data.unlabelled) is not a directory"),
    ],
)
def test_what_is_wrong_is_said(
    cli: Cli, tiny_config: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = cli("pretrain", "-c", tiny_config, *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
