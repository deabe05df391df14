"""Does TensorFlow alone give our own probabilities from a SavedModel?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from exports.networks import NETWORKS, make_config, make_names, make_networks, make_texts, own_probabilities

# Two seconds each; what the others differ in is held by tests/model.
NAMES = ("deep-all", "windows", "unmasked", "two-networks-three-classes")
READER = """\
import json, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "sentiment_cli":
            raise ImportError("our package was asked for")

sys.meta_path.insert(0, Blocked())
import numpy as np
import tensorflow as tf

job = json.load(open(sys.argv[1], encoding="ascii"))
texts = tf.constant(job["texts"])
found = {}
for directory in job["directories"]:
    model = tf.saved_model.load(directory)
    serve = model.signatures["serving_default"]
    outputs, alone = serve(text=texts), serve(text=texts[-1:])
    np.save(directory + ".npy", outputs["probabilities"].numpy())
    np.save(directory + ".alone.npy", alone["probabilities"].numpy())
    found[directory] = {
        "shapes": {name: list(value.shape) for name, value in outputs.items()},
        "types": {name: value.dtype.name for name, value in outputs.items()},
        "labels": [label.decode("utf-8") for label in outputs["label"].numpy()],
        "class_names": [[name.decode("utf-8") for name in row] for row in outputs["class_names"].numpy()],
        "of_none": list(serve(text=tf.constant([], tf.string))["probabilities"].shape),
    }
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every network as a SavedModel, read by one fresh interpreter; and our own probabilities of each."""
    from sentiment_cli.exports.saved_model import write_saved_model
    from sentiment_cli.text.vectorizer import adapt_vocabulary

    directory, texts, own = tmp_path_factory.mktemp("exported"), make_texts(), {}
    for name in NAMES:
        options = NETWORKS[name]
        config = make_config(options)
        vocabulary = adapt_vocabulary(config.text, texts)
        networks = make_networks(options, config, vocabulary)
        write_saved_model(directory / name, config, vocabulary, make_names(options), networks)
        own[name] = own_probabilities(config, vocabulary, networks, texts)
    job = {"texts": texts, "directories": [str(directory / name) for name in NAMES]}
    (directory / "job.json").write_text(json.dumps(job), encoding="ascii")
    child = subprocess.run(
        [sys.executable, "-c", READER, str(directory / "job.json")],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=directory,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=200,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    told = json.loads(child.stdout.splitlines()[-1])
    return {
        name: {
            "own": own[name],
            "probabilities": np.load(directory / f"{name}.npy"),
            "alone": np.load(directory / f"{name}.alone.npy"),
            "assets": json.loads((directory / name / "assets" / "class_names.json").read_text(encoding="ascii")),
            **told[str(directory / name)],
        }
        for name in NAMES
    }


@pytest.mark.parametrize("name", NAMES)
class TestSavedModel:
    def test_tensorflow_alone_says_what_we_say(self, read: dict[str, Any], name: str) -> None:
        assert np.ptp(read[name]["own"], axis=0).max() > 0.01
        np.testing.assert_allclose(read[name]["probabilities"], read[name]["own"], atol=1e-5)

    def test_a_prediction_does_not_depend_on_its_neighbours(self, read: dict[str, Any], name: str) -> None:
        np.testing.assert_allclose(read[name]["alone"], read[name]["probabilities"][-1:], atol=1e-6)

    def test_labels_and_names_stand_beside_the_probabilities(self, read: dict[str, Any], name: str) -> None:
        names, count = list(make_names(NETWORKS[name])), len(make_texts())
        found = read[name]
        assert found["class_names"] == [names] * count
        assert found["labels"] == [names[index] for index in found["probabilities"].argmax(axis=1)]
        assert found["assets"] == names
        both = [count, len(names)]
        assert found["shapes"] == {"probabilities": both, "class_names": both, "label": [count]}
        assert found["types"] == {"probabilities": "float32", "class_names": "string", "label": "string"}

    def test_no_text_gives_no_row(self, read: dict[str, Any], name: str) -> None:
        assert read[name]["of_none"] == [0, len(make_names(NETWORKS[name]))]
