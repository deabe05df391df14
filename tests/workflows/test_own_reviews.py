"""Is a table as good as a directory: for training, evaluating, and going on when the cache was cleared?"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from conftest import TINY_CONFIG, Told, assert_same_checkpoints

from sentiment_cli.config import load_config
from sentiment_cli.errors import DataError, RunError
from sentiment_cli.resources import imported_dir
from sentiment_cli.runs import Run
from sentiment_cli.workflows import evaluate, train
from sentiment_cli.workflows.baseline import baseline_of_run
from sentiment_cli.workflows.own_reviews import other_reviews, own_root

pytestmark = pytest.mark.usefixtures("undrawn")

Cli = Callable[..., Result]


def write_part(path: Path, part: Path, *, label: str = "label") -> None:
    """The reviews of a part as a table, in the opposite order."""
    rows = [(file.stem, file.parent.name, file.read_text(encoding="utf-8")) for file in sorted(part.rglob("*.txt"))]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("key", label, "text"), *rows[::-1]])


def write_tables(place: Path, reviews: Path) -> Path:
    """The tiny reviews as ``train.csv`` and ``test.csv``, and ``tiny.yaml`` that trains on them, in a directory."""
    for part in ("train", "test"):
        write_part(place / f"{part}.csv", reviews / part)
    keys = "id_column: key, test_source: test.csv"
    content = TINY_CONFIG.format(source="train.csv").replace("validation_fraction", f"{keys}, validation_fraction")
    (place / "tiny.yaml").write_text(content, encoding="utf-8")
    return place


@pytest.fixture
def tables(workplace: Path, tiny_reviews: Path) -> Path:
    """The tables in an empty working directory."""
    return write_tables(workplace, tiny_reviews)


@pytest.fixture(scope="module")
def trained_once(tiny_reviews: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the tables, a finished run on them, and the cache; as it was in ``saved``, too."""
    place = write_tables(tmp_path_factory.mktemp("once"), tiny_reviews)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(place / "cache"))
        patch.chdir(place)
        train(load_config("tiny.yaml"), "run")
    shutil.copytree(place, place / "saved", ignore=shutil.ignore_patterns("saved"))
    return place


@pytest.fixture
def run_of_tables(trained_once: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The run, with everything as it was after its training; in the working directory are the tables."""
    for path in (trained_once / "cache", trained_once / "run"):
        shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(trained_once / "saved", trained_once, dirs_exist_ok=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(trained_once / "cache"))
    monkeypatch.chdir(trained_once)
    return Run(trained_once / "run")


def test_a_training_on_a_table_is_that_on_the_directory_bit_for_bit(run_of_tables: Run, trained_run: Path) -> None:
    assert_same_checkpoints(run_of_tables.path, trained_run)
    record, other = run_of_tables.read_record(), Run(trained_run).read_record()
    for key in ("fingerprint", "test_fingerprint", "files"):
        assert record["data"][key] == other["data"][key]
    assert record["data"]["source"] == str(Path("train.csv").resolve())
    assert record["data"]["root"] == str(next(imported_dir().glob("[!l]*")))
    assert record["config"]["data"]["test_source"] == str(Path("test.csv").resolve())
    for split in ("validation", "test"):
        assert (
            run_of_tables.predictions_path(split).read_bytes() == Run(trained_run).predictions_path(split).read_bytes()
        )


def test_what_was_cleared_from_the_cache_is_imported_again(run_of_tables: Run) -> None:
    before = run_of_tables.predictions_path("test").read_bytes()
    shutil.rmtree(imported_dir())
    told = Told()
    result = evaluate(run_of_tables, progress=told)
    assert result.evaluation.examples == 16
    assert run_of_tables.predictions_path("test").read_bytes() == before
    assert told.notes[0].startswith("test.csv (test part): CSV")
    shutil.rmtree(imported_dir())
    assert baseline_of_run(run_of_tables).root.is_dir()


def test_an_import_that_lost_a_review_is_made_anew(run_of_tables: Run) -> None:
    root = Path(run_of_tables.read_record()["data"]["root"])
    lost = next((root / "test").rglob("*.txt"))
    lost.unlink()
    assert evaluate(run_of_tables).evaluation.examples == 16
    assert lost.is_file()


def test_a_table_that_changed_since_is_refused_once_its_import_is_gone(run_of_tables: Run) -> None:
    Path("train.csv").write_text("key,label,text\n1,bad,cold\n2,good,warm\n3,bad,wet\n4,good,dry\n", encoding="utf-8")
    assert evaluate(run_of_tables, split="validation").evaluation.examples == 10
    shutil.rmtree(imported_dir())
    with pytest.raises(RunError, match="changed since"):
        evaluate(run_of_tables, split="validation")


def test_a_table_that_is_gone_with_its_import_is_named(run_of_tables: Run) -> None:
    record, config = run_of_tables.read_record(), load_config(run_of_tables.config_path)
    Path("train.csv").unlink()
    assert own_root(run_of_tables, record, config, Told()).is_dir()
    shutil.rmtree(imported_dir())
    with pytest.raises(DataError, match=r"are gone: neither .*train\.csv nor what was imported from it"):
        own_root(run_of_tables, record, config, Told())


def test_a_run_is_evaluated_on_a_table_and_known_by_it(run_copy: Path, tiny_reviews: Path, cli: Cli) -> None:
    write_part(Path("more.reviews.csv"), tiny_reviews / "test", label="class")
    first = evaluate(Run(run_copy), source="more.reviews.csv")
    assert (first.split, first.evaluation.examples) == ("all", 16)
    assert first.directory == run_copy / "evaluations" / "more.reviews"
    metrics = json.loads((first.directory / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["source"] == str(Path("more.reviews.csv").resolve())
    assert Path(metrics["data"]).parent == imported_dir()
    listing = cli("misclassified", "tiny", "--data", "more.reviews.csv", "--format", "jsonl")
    assert listing.exit_code == 0, listing.stderr
    assert all(json.loads(line)["text"] for line in listing.stdout.splitlines())

    # One row less: the same file, and so the same evaluation.
    lines = Path("more.reviews.csv").read_text(encoding="utf-8").splitlines()
    Path("more.reviews.csv").write_text("\n".join(lines[:-1]), encoding="utf-8")
    second = evaluate(Run(run_copy), source="more.reviews.csv")
    assert (second.directory, second.evaluation.examples) == (first.directory, 15)


def test_a_table_of_one_class_is_enough_to_be_evaluated_on(run_copy: Path, tiny_reviews: Path) -> None:
    write_part(Path("good.csv"), tiny_reviews / "test" / "good")
    assert evaluate(Run(run_copy), source="good.csv").evaluation.examples == 8


def test_other_tables_are_read_by_the_columns_of_the_run_where_they_have_them(workplace: Path) -> None:
    settings = ["data.source=x.csv", "data.text_column=a", "data.label_column=b", "data.label_map={1: bad, 2: good}"]
    config = load_config("lstm", settings=settings)
    Path("same.csv").write_text("text,a,b\nno,lovely,2\nno,cold,1\nno,so so,3\n", encoding="utf-8")
    Path("other.csv").write_text("text,label\nlovely,good\ncold,bad\n", encoding="utf-8")
    same, other = (other_reviews(name, config, ["bad", "good"], Told()) for name in ("same.csv", "other.csv"))
    assert (same.root / "good" / "0000001.txt").read_text(encoding="utf-8") == "lovely"
    assert sorted(path.name for path in same.root.rglob("*.txt")) == ["0000001.txt", "0000002.txt"]
    assert (other.root / "good" / "0000001.txt").read_text(encoding="utf-8") == "lovely"
    assert (same.name, same.origin) == ("same", Path("same.csv").resolve())


def test_data_replaces_the_columns_with_the_source(tables: Path, cli: Cli) -> None:
    Path("other.csv").write_text("sentiment,review\n" + "up,fine\ndown,dull\n" * 8, encoding="utf-8")
    config = load_config("tiny.yaml")
    assert config.data.id_column == "key"
    result = cli("baseline", "-c", "tiny.yaml", "--data", "other.csv", "--json")
    assert result.exit_code == 0, result.stderr
    assert 'label from "sentiment"' in result.stderr
    result = cli("baseline", "-c", "tiny.yaml", "--data", "other.csv", "--set", "data.label_column=reviews")
    assert (result.exit_code, 'there is no column "reviews"; did you mean "review"?' in result.stderr) == (1, True)


def test_a_configuration_with_a_table_is_checked(tables: Path, cli: Cli) -> None:
    result = cli("validate", "-c", "tiny.yaml", "--json")
    value = json.loads(result.stdout)
    assert (value["files"], value["class_names"]) == (56, ["bad", "good"])
    result = cli("validate", "-c", "tiny.yaml", "--set", "data.test_source=gone.csv")
    assert (result.exit_code, "No such file: " in result.stderr) == (1, True)
    result = cli("validate", "-c", "tiny.yaml", "--set", "data.source=bnb")
    assert result.exit_code == 2
    assert "data.id_column: is for tables; expected a file as data.source, received bnb, which is none" in result.stderr
