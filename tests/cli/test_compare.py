"""Does `compare` say which run is better, by how much, and whether that could be chance?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import Result

from sentiment_cli.evaluation.predictions import Prediction, write_predictions
from sentiment_cli.runs import Run, SeedGroup
from sentiment_cli.workflows.compare import p_text

Cli = Callable[..., Result]
Make = Callable[..., Run]


def row(index: int, is_right: bool) -> Prediction:
    shares = {"bad": 0.25, "good": 0.75} if is_right else {"bad": 0.75, "good": 0.25}
    predicted = "good" if is_right else "bad"
    return Prediction(index, f"test/good/{index:03}.txt", "good", predicted, 0.75, 0.3, shares, 3, 0, 0)


@pytest.fixture
def make(workplace: Path) -> Make:
    """A run that is right where ``answers`` has a ``1``: ``make("first", "1101")``; no training."""

    def write(name: str, answers: str, split: str = "test", fingerprint: str | None = None) -> Run:
        run = Run(Path("runs") / name)
        run.path.mkdir(parents=True, exist_ok=True)
        run.write_record({"status": "finished", "data": {"fingerprint": "f", "test_fingerprint": fingerprint}})
        rows = [row(index, answer == "1") for index, answer in enumerate(answers)]
        write_predictions(run.predictions_path(split), rows, ["bad", "good"])
        return run

    return write


def test_the_text_has_accuracies_difference_counts_and_a_sentence(cli: Cli, make: Make) -> None:
    make("first", "1" * 30 + "1" * 7 + "0" + "0" * 12)
    make("other", "1" * 30 + "0" * 7 + "1" + "0" * 12)
    result = cli("compare", "first", "other")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[:3] == [
        "reviews 50 (test)",
        "first accuracy 0.7400 (95 %: 0.604 to 0.841)",
        "other accuracy 0.6200 (95 %: 0.482 to 0.741)",
    ]
    # Two-sided, of eight tosses: 2 * (1 + 8) / 256.
    assert lines[3].startswith("difference +0.1200 (95 %: ")
    assert lines[3].endswith("), p = 0.0703")
    assert "other right other wrong" in lines
    assert "first right 30 7" in lines
    assert "first wrong 1 12" in lines
    assert lines[-1] == (
        "first is right on 7 reviews that other gets wrong, other on 1 that first gets wrong: "
        "the difference could be chance (p = 0.0703; its interval leaves 0 out: a close call)."
    )


def test_json_is_one_object_with_everything(cli: Cli, make: Make) -> None:
    make("first", "1110", "validation")
    make("other", "1001", "validation")
    result = cli("compare", "first", "other", "--split", "validation", "--json")
    value = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert list(value) == [
        "runs", "split", "examples", "class_names", "accuracy", "accuracy_interval", "difference",
        "difference_interval", "both_right", "only_first_right", "only_second_right", "both_wrong", "p_value",
        "sentence", "largest_differences", "entries", "against", "reference", "comparisons", "baselines", "conclusion",
        "picture",
    ]  # fmt: skip
    assert (value["runs"], value["split"], value["examples"]) == (["runs/first", "runs/other"], "validation", 4)
    assert (value["accuracy"], value["difference"], value["p_value"]) == ([0.75, 0.5], 0.25, 1.0)
    counts = ("both_right", "only_first_right", "only_second_right", "both_wrong")
    assert [value[key] for key in counts] == [1, 2, 1, 0]
    assert value["largest_differences"][0] == {
        "path": "test/good/001.txt",
        "actual": "good",
        "predicted": ["good", "bad"],
        "probability_of_actual": [0.75, 0.25],
    }


def test_a_large_difference_is_said_to_be_more_than_chance(cli: Cli, make: Make) -> None:
    make("first", "1" * 40)
    make("other", "0" * 39 + "1")
    last = cli("compare", "first", "other").stdout.splitlines()[-1]
    assert last.endswith("the difference is more than chance makes likely (p < 0.0001).")


def test_runs_that_agree_have_no_difference(cli: Cli, make: Make) -> None:
    make("first", "1101")
    make("other", "1101")
    result = cli("compare", "first", "other", "-v")
    assert result.stdout.splitlines()[-1] == (
        "first and other are right on the same reviews and wrong on the same: there is no difference."
    )
    assert "difference  +0.0000 (95 %: -" in result.stdout


def test_runs_that_are_right_equally_often_on_different_reviews_are_called_so(cli: Cli, make: Make) -> None:
    make("first", "1100")
    make("other", "1010")
    assert cli("compare", "first", "other").stdout.splitlines()[-1] == (
        "first is right on 1 review that other gets wrong, other on 1 that first gets wrong: "
        "they are right equally often."
    )


def test_verbose_lists_the_reviews_they_differ_about(cli: Cli, make: Make) -> None:
    make("first", "1101")
    make("other", "1111")
    assert "test/good/002.txt" not in cli("compare", "first", "other").stdout
    listed = cli("compare", "first", "other", "-v").stdout
    assert "test/good/002.txt   good     bad (0.750)   good (0.750)" in listed


def test_runs_of_one_name_are_called_by_their_paths(cli: Cli, make: Make, workplace: Path) -> None:
    make("first", "1101")
    make("../elsewhere/first", "1100")
    result = cli("compare", "first", "elsewhere/first", "--json")
    assert "runs/first is right on 1 review that elsewhere/first gets wrong" in json.loads(result.stdout)["sentence"]


def test_other_contents_under_the_same_names_are_refused(cli: Cli, make: Make) -> None:
    make("first", "1101", fingerprint="a" * 64)
    make("other", "1101", fingerprint="b" * 64)
    result = cli("compare", "first", "other")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: The test reviews of first and other have the same names and other contents (fingerprints "
        f"{'a' * 12} and {'b' * 12}); train both on the same data to compare them.\n"
    )


def test_a_run_that_was_trained_without_its_test_part_is_compared_on_it_all_the_same(cli: Cli, make: Make) -> None:
    make("first", "1101", fingerprint="a" * 64)
    make("other", "1101")
    assert cli("compare", "first", "other").exit_code == 0


def test_a_part_that_was_not_evaluated_is_named_with_the_command(cli: Cli, make: Make) -> None:
    make("first", "1101")
    make("other", "1101", "validation")
    result = cli("compare", "first", "other")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: runs/other has no predictions on its test part yet. Make them: "
        "sentiment evaluate runs/other --split test\n"
    )


@pytest.mark.parametrize(
    ("p_value", "shown"),
    [(1.0, "p = 1.00"), (0.418, "p = 0.42"), (0.0703125, "p = 0.0703"), (0.0496, "p = 0.0496"), (9e-5, "p < 0.0001")],
)
def test_a_p_value_is_rounded_but_never_across_one_in_twenty(p_value: float, shown: str) -> None:
    assert p_text(p_value) == shown


@pytest.fixture
def group(make: Make) -> Callable[..., SeedGroup]:
    """A group of seeds by the answers of its networks, and its ensemble's: ``group("five", ["110", "011"], "010")``."""

    def write(name: str, members: list[str], ensemble: str) -> SeedGroup:
        found = SeedGroup(Path("runs") / name)
        found.path.mkdir(parents=True)
        seeds = list(range(1, len(members) + 1))
        found.write_record({"status": "finished", "seeds": seeds, "data": {"fingerprint": "f"}})
        rows = [row(index, answer == "1") for index, answer in enumerate(ensemble)]
        write_predictions(found.predictions_path("test"), rows, ["bad", "good"])
        for seed, answers in zip(seeds, members, strict=True):
            run = make(f"{name}/seed-{seed}", answers)
            run.write_record(
                {**run.read_record(), "parameters": 7, "epochs": 3, "best_epoch": seed, "seconds": {"total": 2.0}}
            )
        return found

    return write


class TestMany:
    def test_each_is_compared_with_the_first_and_p_is_corrected(self, cli: Cli, make: Make) -> None:
        make("first", "1" * 9 + "0")
        make("second", "0" * 9 + "0")
        make("third", "1" * 8 + "00")
        value = json.loads(cli("compare", "first", "second", "third", "--json").stdout)
        assert [(pair["first"], pair["second"]) for pair in value["comparisons"]] == [
            ("first", "second"),
            ("first", "third"),
        ]
        # 2 * 0.5 ** 9 of nine tosses, twice for two tests; one toss tells nothing.
        assert [pair["p_value"] for pair in value["comparisons"]] == pytest.approx([2 / 512, 1.0])
        assert [pair["p_adjusted"] for pair in value["comparisons"]] == pytest.approx([4 / 512, 1.0])
        assert [entry["accuracy"] for entry in value["entries"]] == pytest.approx([0.9, 0.0, 0.8])
        assert value["baselines"] == {"majority": 1.0}
        assert value["sentence"] == (
            "first has an accuracy of 0.9000 on test. It is better than second (+0.9000, p = 0.00781) by more than "
            "chance makes likely. The difference to third (+0.1000, p = 1.00) could be luck. Only the reviews count as "
            "chance: these are networks, and another seed would make others; p is corrected for 2 comparisons."
        )

    def test_against_the_best_all_pairs_are_corrected_for(self, cli: Cli, make: Make) -> None:
        make("first", "0" * 9 + "0")
        make("second", "1" * 9 + "0")
        make("third", "1" * 8 + "00")
        value = json.loads(cli("compare", "first", "second", "third", "--against", "best", "--json").stdout)
        assert (value["against"], value["reference"], len(value["comparisons"])) == ("best", "second", 3)
        assert value["comparisons"][0]["p_adjusted"] == pytest.approx(6 / 512)
        assert value["sentence"].startswith("second has an accuracy of 0.9000 on test, the highest of 3. It is better")

    def test_the_text_is_a_table_of_runs_one_of_pairs_and_a_sentence(self, cli: Cli, make: Make) -> None:
        for name, answers in {"first": "1101", "second": "1001", "third": "1111"}.items():
            make(name, answers)
        result = cli("compare", "first", "second", "third")
        lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
        assert (result.exit_code, result.stderr, lines[0]) == (0, "", "reviews 4 (test)")
        assert "first 0.7500 0.301–0.954 0.3000 - - -" in lines
        assert [line for line in lines if line.startswith("first third -0.2500 ")]
        assert "largest" not in result.stdout

    def test_groups_of_seeds_show_their_spread_and_are_compared_by_their_means(
        self, cli: Cli, group: Callable[..., SeedGroup]
    ) -> None:
        group("one", ["1111100000", "1111000000", "1111110000"], "1111110000")
        group("two", ["1110000000", "1100000000"], "1100000000")
        result = cli("compare", "one", "two", "--json")
        value = json.loads(result.stdout)
        first, second = value["entries"]
        assert first["over_seeds"] == {"mean": pytest.approx(0.5), "sd": pytest.approx(0.1)}
        assert second["member_accuracies"] == pytest.approx([0.3, 0.2])
        assert (first["accuracy"], first["parameters"], first["seconds"], first["best_epochs"]) == (
            0.6,
            7,
            6.0,
            [1, 2, 3],
        )
        assert value["comparisons"][0]["over_seeds"]["difference"] == pytest.approx(0.25)
        assert value["difference"] == pytest.approx(0.4)
        assert "2 seeds can tell only large differences" in value["conclusion"]
        lines = [" ".join(line.split()) for line in cli("compare", "one", "two").stdout.splitlines()]
        assert lines[4].startswith("of the means +0.2500 (95 %: ")
        assert "one (3 seeds) 0.6000 0.313–0.832 0.3000 0.5000 ± 0.1000" in lines
        assert "one 3 (1–3) 7 6.0 s" in lines

    def test_a_group_beside_a_run_is_compared_by_its_ensemble(
        self, cli: Cli, make: Make, group: Callable[..., SeedGroup]
    ) -> None:
        group("one", ["1110", "1100"], "1111")
        group("two", ["1110", "1100"], "1111")
        make("single", "1000")
        value = json.loads(cli("compare", "one", "two", "single", "--json").stdout)
        assert [pair["over_seeds"] for pair in value["comparisons"]] == [None, None]
        assert value["sentence"].startswith("one has an accuracy of 1.0000 on test.")

    def test_networks_that_were_not_evaluated_leave_the_ensemble_alone(
        self, cli: Cli, make: Make, group: Callable[..., SeedGroup]
    ) -> None:
        one = group("one", ["1110", "1100"], "1111")
        one.member(2).predictions_path("test").unlink()
        make("single", "1000")
        assert json.loads(cli("compare", "one", "single", "--json").stdout)["entries"][0]["over_seeds"] is None

    def test_a_run_named_twice_gets_two_names(self, cli: Cli, make: Make) -> None:
        make("first", "1101")
        value = json.loads(cli("compare", "first", "first", "first", "--json").stdout)
        assert [entry["name"] for entry in value["entries"]] == ["runs/first", "runs/first (2)", "runs/first (3)"]

    def test_other_reviews_in_the_third_are_refused_as_in_the_second(self, cli: Cli, make: Make) -> None:
        make("first", "1101")
        make("second", "1101")
        make("third", "110")
        result = cli("compare", "first", "second", "third")
        assert result.exit_code == 1
        assert "first and third were evaluated on different reviews: 1 only in first" in result.stderr

    @pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
    def test_the_picture_goes_where_it_is_asked_for(self, cli: Cli, make: Make, ending: str) -> None:
        make("first", "1101")
        make("$second$ <b>", "1001")
        result = cli("compare", "first", "$second$ <b>", "-o", f"new/compared.{ending}", "--json")
        assert json.loads(result.stdout)["picture"] == f"new/compared.{ending}"
        assert Path(f"new/compared.{ending}").stat().st_size > 1000

    def test_names_cannot_steer_the_terminal(self, cli: Cli, make: Make) -> None:
        make("first", "1101")
        make("\x1b[31mred", "1001")
        make("=1+1", "1001")
        result = cli("compare", "first", "\x1b[31mred", "=1+1")
        assert result.exit_code == 0
        assert "\x1b" not in result.stdout


def test_a_linear_baseline_that_was_computed_before_has_a_row(cli: Cli, run_copy: Path) -> None:
    from sentiment_cli.baseline.kept import keep, key_of
    from sentiment_cli.baseline.scores import Baseline, Score
    from sentiment_cli.config import load_config

    record = Run(run_copy).read_record()["data"]
    key = key_of(load_config(run_copy / "config.yaml"), record["fingerprint"], splits_off_test=False, refit=False)
    test = SimpleNamespace(test_report=SimpleNamespace(fingerprint=record["test_fingerprint"]))
    names = ["majority", *(features["name"] for features in key["features"])]
    kept = [Baseline(name, "", Score(7, 10), Score(12, 16), 0.1) for name in names]
    keep(key, test, kept)  # type: ignore[arg-type]
    value = json.loads(cli("compare", "tiny", "tiny", "--json").stdout)
    assert value["baselines"] == {"majority": 0.5, **dict.fromkeys(names[1:], 0.75)}
    assert json.loads(cli("compare", "tiny", "tiny", "--split", "train", "--json").stdout or "{}") == {}


def test_a_ladder_to_continue_is_looked_for_where_there_are_none(cli: Cli, workplace: Path) -> None:
    result = cli("compare", "--resume", "first")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        'Error: No ladder "first": neither that directory nor runs/first is one; '
        f"there are no ladders in {workplace}/runs yet.\n"
    )
