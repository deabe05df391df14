"""Is an export the network that predicts, checked before it is there, and never in the way of anything?"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Told

from sentiment_cli.config import load_config, parse_set, write_config
from sentiment_cli.errors import Interrupted, RunError, UsageError
from sentiment_cli.exports.guide import write_page
from sentiment_cli.exports.layout import FORMATS, ExportDirectory, Format
from sentiment_cli.extras import MissingExtraError
from sentiment_cli.locking import locked
from sentiment_cli.runs import Run, SeedGroup
from sentiment_cli.workflows import ExportResult, ExportSettings, export, export_check, predict, train

pytestmark = pytest.mark.usefixtures("undrawn")

TEXTS = [
    "lovely warm kind quiet",
    "dirty cold rude loud",
    "",
    "the room1 the\nlovely\u2028room",
    "wörter, die keiner kennt",
]
FILES = {
    "saved_model": {
        *("saved_model.pb", "fingerprint.pb", "assets/class_names.json"),
        *("variables/variables.index", "variables/variables.data-00000-of-00001"),
    },
    "onnx": {"model.onnx", "tokenizer.json", "tokenizer.py"},
}
BESIDE = {"export.json", "README.md", "example.py"}


@pytest.fixture(scope="module")
def exported(trained_run: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExportResult]:
    """A run with an export of each format. Not to be changed: see `run_copy`."""
    run = Run(Path(shutil.copytree(trained_run, tmp_path_factory.mktemp("exported") / "tiny")))
    return {form: export(run, ExportSettings(form)) for form in FORMATS}


@pytest.fixture(scope="module")
def pair(trained_run: Path, tiny_config: Path, tmp_path_factory: pytest.TempPathFactory) -> SeedGroup:
    """A group of the seeds 3 and 4, without the files of their ensemble."""
    group = SeedGroup(tmp_path_factory.mktemp("seeds") / "pair")
    shutil.copytree(trained_run, group.member(3).path)
    train(load_config(tiny_config, parse_set(["training.seed=4", "data.split_seed=3"])), group.member(4).path)
    write_config(group.config_path, load_config(tiny_config))
    record = Run(trained_run).read_record()
    group.write_record({**{key: record[key] for key in ("status", "started", "class_names")}, "seeds": [3, 4]})
    # So that its vocabulary and division are those of the other.
    shutil.copy(group.member(3).vocabulary_path, group.member(4).vocabulary_path)
    return group


def said(run: Run, texts: Sequence[str] = TEXTS) -> np.ndarray:
    return np.array([list(row.probabilities.values()) for row in predict(run, texts)])


def quick(form: Format = "onnx", **options: Any) -> ExportSettings:
    return ExportSettings(form, **options)


@pytest.mark.parametrize("form", FORMATS)
class TestExport:
    def test_it_is_in_the_run_with_a_page_a_script_and_a_record(
        self, exported: dict[str, ExportResult], form: Format
    ) -> None:
        result = exported[form]
        assert result.directory.path == result.run.exports_dir / form
        assert set(result.files) == FILES[form] | BESIDE == set(result.directory.file_sizes())
        assert result.size_bytes == sum(path.stat().st_size for path in result.directory.path.rglob("*.*"))
        assert [path.name for path in result.run.exports_dir.iterdir() if path.name.startswith(".")] == []
        record = json.loads(result.directory.record_path.read_text(encoding="utf-8"))
        assert record == result.record
        assert (record["format"], record["quantized"], record["networks"]) == (form, False, 1)
        assert record["class_names"] == ["bad", "good"]

    def test_it_was_held_against_the_validation_reviews(self, exported: dict[str, ExportResult], form: Format) -> None:
        check = exported[form].record["check"]
        assert (check["part"], check["reviews"], check["changed_labels"]) == ("validation", 10, 0)
        assert check["largest_difference"] <= 1e-5
        assert check["accuracy"] == check["exported_accuracy"]
        assert check["accuracy"] == exported[form].run.read_metrics()["validation"]["accuracy"]

    def test_it_says_what_predict_says(self, exported: dict[str, ExportResult], form: Format) -> None:
        classify = export_check.open_export(exported[form].directory, form)
        np.testing.assert_allclose(classify(TEXTS), said(exported[form].run), atol=1e-5)

    def test_another_one_needs_to_be_asked_for(self, exported: dict[str, ExportResult], form: Format) -> None:
        with pytest.raises(RunError, match=r"exists. Replace it with --force, or choose another directory with -o"):
            export(exported[form].run, ExportSettings(form))


def test_seeds_become_one_network_that_says_what_their_ensemble_says(pair: SeedGroup, tmp_path: Path) -> None:
    told = Told()
    result = export(pair, quick(), tmp_path / "both", progress=told)
    assert result.record["networks"] == 2
    classify = export_check.open_export(result.directory, "onnx")
    each = [said(member) for member in pair.members]
    assert np.abs(each[0] - each[1]).max() > 0.01
    np.testing.assert_allclose(classify(TEXTS), (each[0] + each[1]) / 2, atol=1e-5)
    # The group was not evaluated, so that nothing is known of its reviews.
    assert told.warnings == ["no review is there that the run was evaluated on; the export is checked on made-up texts"]
    check = result.record["check"]
    assert (check["part"], check["reviews"], check["accuracy"]) == ("made-up", 200, None)


def test_weights_in_8_bits_are_shown_with_both_accuracies_and_may_differ(
    run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentiment_cli.exports import onnx_weights

    monkeypatch.setattr(onnx_weights, "_SMALLEST", 16)
    # More than an export in 32 bits may be off.
    result = export(Run(run_copy), quick(quantize=True, measure=True))
    assert result.directory.path == run_copy / "exports" / "onnx-int8"
    check = result.record["check"]
    assert 1e-5 < check["largest_difference"] < 0.05
    assert check["reviews"] == 10
    assert 0.5 <= check["exported_accuracy"] <= 1
    assert list(result.latencies) == ["this package", "model.keras", "export"]
    assert all(0 < latency.one_seconds <= latency.slowest_one_seconds for latency in result.latencies.values())
    value = result.to_dict()
    assert json.loads(json.dumps(value)) == value
    assert list(value) == [
        *("run", "directory", "format", "quantized", "network", "networks", "class_names", "check"),
        *("files", "size_bytes", "latency"),
    ]


def test_reviews_are_spread_over_the_part_and_the_test_part_stands_in_for_it(run_copy: Path) -> None:
    from sentiment_cli.runtime import choose_device
    from sentiment_cli.workflows.ensemble import load_scorer

    run, told = Run(run_copy), Told()
    scorer = load_scorer(run, load_config(run.config_path), choose_device("cpu"))
    four = export_check.find_texts(run, scorer, 4, told)
    every = export_check.find_texts(run, scorer, None, told)
    assert four.labels is not None
    assert every.labels is not None
    assert four.texts == [every.texts[index] for index in (0, 3, 6, 9)]
    assert sorted(four.labels.tolist()) == [0, 0, 1, 1]
    run.predictions_path("validation").unlink()
    test = export_check.find_texts(run, scorer, None, told)
    assert (test.part, len(test.texts), told.lines) == ("test", 16, [])


class TestKept:
    """What is left where no export is made."""

    def test_one_that_says_something_else_is_not_kept_and_the_one_before_stays(
        self, run_copy: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = Run(run_copy)
        before = export(run, quick()).directory
        (before.path / "README.md").write_text("the first one", encoding="utf-8")
        with monkeypatch.context() as patch:
            patch.setattr(export_check, "open_export", lambda *_: lambda texts: np.full((len(texts), 2), 0.5))
            with pytest.raises(RunError, match=r"is not the run's network: over 10 reviews a probability differs by 0"):
                export(run, quick(force=True))
            assert (before.path / "README.md").read_text(encoding="utf-8") == "the first one"
        assert [path.name for path in run.exports_dir.iterdir()] == ["onnx"]
        export(run, quick(force=True))
        assert (before.path / "README.md").read_text(encoding="utf-8").startswith("# tiny, as ONNX")

    def test_stopped_it_leaves_nothing(self, run_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def stop(directory: ExportDirectory, *_: object) -> None:
            (directory.path / "half").mkdir()
            raise Interrupted("Stopped.")

        monkeypatch.setattr(importlib.import_module("sentiment_cli.workflows.export"), "_write_network", stop)
        with pytest.raises(Interrupted):
            export(Run(run_copy), quick("saved_model"))
        assert list(Run(run_copy).exports_dir.iterdir()) == []

    def test_what_a_killed_process_left_is_removed(self, run_copy: Path) -> None:
        left = Run(run_copy).exports_dir / ".unfinished-onnx-1" / "assets"
        left.mkdir(parents=True)
        export(Run(run_copy), quick())
        assert [path.name for path in Run(run_copy).exports_dir.iterdir()] == ["onnx"]

    @pytest.mark.parametrize("force", [False, True])
    def test_what_is_no_export_is_not_replaced(self, run_copy: Path, tmp_path: Path, force: bool) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "export.json").write_text('{"format": "csv"}', encoding="utf-8")
        (tmp_path / "file").write_text("", encoding="utf-8")
        for target in ("mine", "file"):
            with pytest.raises(RunError, match=r"exists and is no export. Choose another directory with -o"):
                export(Run(run_copy), quick(force=force), tmp_path / target)
        assert [path.name for path in (tmp_path / "mine").iterdir()] == ["export.json"]

    def test_what_came_to_be_there_meanwhile_is_not_replaced(
        self, run_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def write_slowly(*arguments: Any, **options: Any) -> str:
            (tmp_path / "mine").mkdir()
            (tmp_path / "mine" / "notes.txt").touch()
            return write_page(*arguments, **options)

        monkeypatch.setattr(importlib.import_module("sentiment_cli.workflows.export"), "write_page", write_slowly)
        with pytest.raises(RunError, match="exists and is no export"):
            export(Run(run_copy), quick(), tmp_path / "mine")
        assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]

    def test_the_working_directory_is_refused_before_anything_is_loaded(
        self, run_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "empty").mkdir()
        monkeypatch.chdir(tmp_path / "empty")
        with pytest.raises(RunError, match=r"^\. is a directory that cannot be replaced"):
            export(Run(run_copy), quick(), Path())

    def test_a_run_that_another_process_writes_is_left_alone(self, run_copy: Path) -> None:
        with locked(Run(run_copy).lock_path), pytest.raises(RunError, match="Another process is writing"):
            export(Run(run_copy), quick())
        assert not Run(run_copy).exports_dir.exists()


class TestRefused:
    def test_a_saved_model_in_8_bits(self, run_copy: Path) -> None:
        with pytest.raises(UsageError, match=r"^--quantize: TensorFlow computes .* Expected --format onnx with it\.$"):
            export(Run(run_copy), quick("saved_model", quantize=True))

    @pytest.mark.parametrize("library", ["onnx", "onnxruntime"])
    def test_onnx_without_its_libraries(self, run_copy: Path, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(MissingExtraError, match=r"Do that: pip install 'sentiment-cli\[export\]'"):
            export(Run(run_copy), quick())

    def test_a_run_without_a_network(self, run_copy: Path) -> None:
        shutil.rmtree(Run(run_copy).checkpoints_dir)
        with pytest.raises(RunError, match="has no best epoch any more"):
            export(Run(run_copy), quick())
