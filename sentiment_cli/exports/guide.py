"""What stands beside an exported network for those who use it: a page, and a script that works as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sentiment_cli.exports.layout import TITLES, Format

_TENSORFLOW_EXAMPLE = '''\
"""Labels the lines of standard input; needs TensorFlow alone: python example.py < reviews.txt"""

import os
import sys

import tensorflow as tf

model = tf.saved_model.load(os.path.dirname(os.path.abspath(__file__)))
classify = model.signatures["serving_default"]
texts = sys.stdin.buffer.read().decode("utf-8").split("\\n")
texts = texts[:-1] if texts[-1] == "" else texts
for start in range(0, len(texts), 128):
    result = classify(text=tf.constant(texts[start : start + 128]))
    for label, row in zip(result["label"].numpy(), result["probabilities"].numpy()):
        print(f"{label.decode('utf-8')}\\t{row.max():.4f}")
'''

_ONNX_EXAMPLE = '''\
"""Labels the lines of standard input; needs numpy and onnxruntime alone: python example.py < reviews.txt"""

import json
import os
import sys

import numpy as np
import onnxruntime

from tokenizer import Tokenizer

here = os.path.dirname(os.path.abspath(__file__))
tokenizer = Tokenizer.load(os.path.join(here, "tokenizer.json"))
session = onnxruntime.InferenceSession(os.path.join(here, "model.onnx"))
class_names = json.loads(session.get_modelmeta().custom_metadata_map["class_names"])
texts = sys.stdin.buffer.read().decode("utf-8").split("\\n")
texts = texts[:-1] if texts[-1] == "" else texts
for start in range(0, len(texts), 128):
    token_ids = np.array(tokenizer.encode_batch(texts[start : start + 128]), dtype="int64")
    for row in session.run(["probabilities"], {"token_ids": token_ids})[0]:
        print(f"{class_names[row.argmax()]}\\t{row.max():.4f}")
'''

EXAMPLES: dict[Format, str] = {"saved_model": _TENSORFLOW_EXAMPLE, "onnx": _ONNX_EXAMPLE}

_SAVED_MODEL_TEXT = """\
`saved_model.pb`, `variables` and `assets` are a TensorFlow SavedModel, from raw text to probabilities. TensorFlow
(this is of {tensorflow}) opens it, and nothing else is needed. TensorFlow Serving finds it at `<model>/1`.

The signature `serving_default` takes `text`, string[batch], UTF-8, and gives

* `probabilities`, float32[batch, {classes}], in the order of the classes;
* `label`, string[batch], the most probable class;
* `class_names`, string[batch, {classes}], the same in each row (also in `assets/class_names.json`).
"""

_ONNX_TEXT = """\
`model.onnx` goes from token ids to probabilities: `token_ids`, int64[batch, time], padded on the right with 0, to
`probabilities`, float32[batch, {classes}], in the order of the classes. The names of the classes are in its metadata,
`class_names`, as JSON.

`tokenizer.py` makes token ids of texts as they were made in the training. It is plain Python (3.9 or later) without
dependencies, and reads `tokenizer.json`.
"""

_BATCHES_TEXT = """\
A prediction does not depend on the other texts of its batch. Each batch is as wide as its longest text: let texts of
similar length go together where there are many.
"""


def write_page(record: Mapping[str, Any]) -> str:
    """The text of ``README.md``.

    Args:
        record: what ``export.json`` says.
    """
    form: Format = record["format"]
    text = _SAVED_MODEL_TEXT if form == "saved_model" else _ONNX_TEXT
    names = record["class_names"]
    body = text.format(classes=len(names), tensorflow=record["versions"].get("tensorflow", ""))
    listed = "\n".join(f"{index}. {name}" for index, name in enumerate(names))
    parts = [f"# {record['run']}, as {TITLES[form]}\n", body, f"Classes, from 0:\n\n{listed}\n"]
    parts += [
        _BATCHES_TEXT,
        f"{_checked(record)}\n",
        f"`example.py`, which needs no more:\n\n```python\n{EXAMPLES[form]}```\n",
    ]
    return "\n".join(parts)


def _checked(record: Mapping[str, Any]) -> str:
    check = record["check"]
    line = (
        f"Opened by {check['runtime']} on {check['reviews']:,} {check['part']} texts and compared with the run: a "
        f"probability differs by {check['largest_difference']:.2g} at the most, and {check['changed_labels']} labels."
    )
    if record["quantized"]:
        line += " Weights are kept in 8 bits."
    return line
