"""Does onnxruntime, with the tokenizer beside the graph, give our own probabilities?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exports.networks import NETWORKS, make_config, make_names, make_networks, make_texts, own_probabilities
from sentiment_cli.errors import RunError
from sentiment_cli.exports.guide import EXAMPLES
from sentiment_cli.exports.layout import ExportDirectory
from sentiment_cli.exports.runtimes import open_export

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[ExportDirectory, np.ndarray]]:
    """Every network as an export, and our own probabilities of each."""
    from sentiment_cli.exports.onnx_files import write_onnx_files
    from sentiment_cli.text.vectorizer import adapt_vocabulary

    root, texts, result = tmp_path_factory.mktemp("exported"), make_texts(), {}
    for name, options in NETWORKS.items():
        config, directory = make_config(options), ExportDirectory(root / name)
        vocabulary = adapt_vocabulary(config.text, texts)
        networks = make_networks(options, config, vocabulary)
        write_onnx_files(directory, config, vocabulary, make_names(options), networks)
        result[name] = directory, own_probabilities(config, vocabulary, networks, texts)
    return result


@pytest.mark.parametrize("name", NETWORKS)
def test_onnxruntime_says_what_we_say(written: dict[str, tuple[ExportDirectory, np.ndarray]], name: str) -> None:
    directory, own = written[name]
    assert np.ptp(own, axis=0).max() > 0.01
    np.testing.assert_allclose(open_export(directory, "onnx")(make_texts()), own, atol=1e-5)
    assert sorted(directory.file_sizes()) == ["model.onnx", "tokenizer.json", "tokenizer.py"]


@pytest.mark.parametrize("name", ["three-classes", "three-networks"])
def test_the_graph_holds_the_names_of_its_classes_and_only_operators_of_onnx(
    written: dict[str, tuple[ExportDirectory, np.ndarray]], name: str
) -> None:
    model = onnx.load(str(written[name][0].onnx_path))
    metadata = {item.key: item.value for item in model.metadata_props}
    assert json.loads(metadata["class_names"]) == list(make_names(NETWORKS[name]))
    assert [opset.domain for opset in model.opset_import] == [""]
    assert [value.name for value in model.graph.input] == ["token_ids"]
    assert [value.name for value in model.graph.output] == ["probabilities"]


def test_the_example_needs_neither_tensorflow_nor_this_package(
    written: dict[str, tuple[ExportDirectory, np.ndarray]], tmp_path: Path
) -> None:
    directory, own = written["three-classes"]
    for path in directory.path.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    block = "import sys\nfor name in ('tensorflow', 'keras', 'sentiment_cli'):\n    sys.modules[name] = None\n"
    (tmp_path / "example.py").write_text(block + EXAMPLES["onnx"].replace("\\n", "\\0"), encoding="utf-8")
    child = subprocess.run(
        [sys.executable, str(tmp_path / "example.py")],
        # Some of the reviews hold line ends, so that here they end with a NUL.
        input="\0".join([text for text in make_texts() if "\0" not in text] + [""]).encode(),
        capture_output=True,
        cwd=tmp_path.parent,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=100,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    names = make_names(NETWORKS["three-classes"])
    rows = [row for row, text in zip(own, make_texts(), strict=True) if "\0" not in text]
    assert child.stdout.decode() == "".join(f"{names[row.argmax()]}\t{row.max():.4f}\n" for row in rows)


class TestWeights:
    """What keeping weights in 8 bits does to them."""

    @staticmethod
    def quantized(table: np.ndarray, matrix: np.ndarray, ids: np.ndarray) -> tuple[Any, np.ndarray, np.ndarray]:
        """A graph ``table[ids] @ matrix``, its quantized model, and what it gave before and after."""
        import onnxruntime

        from sentiment_cli.exports.onnx_weights import quantize_weights
        from sentiment_cli.onnx_export.graph import Graph

        graph = Graph()
        given = graph.tensor("ids", "int64", ["n"])
        rows = graph.add("Gather", graph.constant(table, "table"), "ids")
        graph.rename(graph.add("MatMul", rows, graph.constant(matrix, "matrix")), "out")
        model = graph.model("test", [given], [graph.tensor("out", "float32", ["n", matrix.shape[1]])])

        def run() -> np.ndarray:
            session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
            return np.asarray(session.run(None, {"ids": ids})[0])

        before = run()
        quantize_weights(model)
        return model, before, run()

    def test_each_row_is_rounded_to_127_steps_of_its_own(self) -> None:
        # Rows that are whole multiples of a 127th of their largest come back as they are; others by half a step.
        table = np.zeros((1024, 2), np.float32)
        table[1], table[2], table[3] = [127, -3], [0.127, 0.001], [1.0, 0.5]
        _, before, after = self.quantized(table, np.eye(2, dtype=np.float32), np.array([0, 1, 2, 3]))
        np.testing.assert_allclose(before[:3], [[0, 0], [127, -3], [0.127, 0.001]], rtol=1e-6)
        np.testing.assert_allclose(after[:3], before[:3], rtol=1e-5)
        np.testing.assert_allclose(after[3], [1, 64 / 127], rtol=1e-6)

    def test_matrices_take_a_quarter_of_the_room_and_small_ones_stay(self) -> None:
        rng = np.random.default_rng(0)
        table, matrix = (rng.normal(size=shape).astype(np.float32) for shape in ((500, 64), (64, 32)))
        model, before, after = self.quantized(table, matrix, np.arange(500))
        assert {tensor.name for tensor in model.graph.initializer} == {
            "table/int8", "table/factors", "matrix/int8", "matrix/factors"
        }  # fmt: skip
        assert model.ByteSize() < 1.15 * (table.size + matrix.size)
        # A sum of 64 products, each off by the half steps of both: a hundredth of the sum's size.
        assert 0 < np.abs(after - before).max() < 0.05 * before.std()
        small, before, after = self.quantized(table[:4], matrix[:, :1], np.arange(4))
        assert {tensor.name for tensor in small.graph.initializer} == {"table", "matrix"}
        np.testing.assert_array_equal(after, before)

    @pytest.mark.parametrize("cell", ["gru", "lstm"])
    @pytest.mark.parametrize("activation", ["tanh", "softsign"])
    def test_recurrent_networks_say_nearly_the_same(self, cell: str, activation: str, tmp_path: Path) -> None:
        from sentiment_cli.exports.onnx_files import write_onnx_files
        from sentiment_cli.text.vectorizer import adapt_vocabulary

        texts = make_texts()
        layer = {"cell": cell, "units": 24, "bidirectional": True, "activation": activation}
        config = make_config({"recurrent": [layer], "embedding": {"dim": 60}})
        vocabulary = adapt_vocabulary(config.text, texts)
        networks = make_networks({"members": 2}, config, vocabulary)
        for network in networks:
            network.set_weights([0.3 * weight for weight in network.get_weights()])
        found = {}
        for quantize in (False, True):
            directory = ExportDirectory(tmp_path / str(quantize))
            write_onnx_files(directory, config, vocabulary, ("bad", "good"), networks, quantize=quantize)
            found[quantize] = directory.onnx_path.stat().st_size, open_export(directory, "onnx")(texts)
        assert found[True][0] < 0.5 * found[False][0]
        assert 0 < np.abs(found[True][1] - found[False][1]).max() < 0.02


def test_more_weights_than_a_file_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sentiment_cli.exports import onnx_files

    config = make_config({"recurrent": [{"cell": "gru", "units": 3}]})
    vocabulary = ["", "[UNK]", "room"]
    networks = make_networks({"members": 2}, config, vocabulary)
    monkeypatch.setattr(onnx_files, "_MOST_BYTES", 100)
    with pytest.raises(RunError, match=r"^The 2 networks have .* an ONNX file holds two"):
        onnx_files.write_onnx_files(ExportDirectory(tmp_path), config, vocabulary, ("a", "b"), networks)
