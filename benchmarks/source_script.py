"""The script that imdb_lstm.yaml grew from, as its readers write it: token ids from a file, padding, `model.fit`.

    python benchmarks/source_script.py ids.npz

Notes on Deep Learning with Python, 6.2: 10,000 words, 500 tokens padded on the left, Embedding 32, LSTM 32, RMSprop,
batches of 128, a fifth for validation, ten epochs; and an evaluation on the test part. The ids are made once by
`commands.py`, since Keras' own file of them is not the reviews that the command reads; so this script has neither to
read nor to split texts.
"""

from __future__ import annotations

import sys

import keras
import numpy as np

WORDS, LENGTH, BATCH, EPOCHS = 10_000, 500, 128, 10


def main(path: str) -> None:
    """Train and evaluate."""
    with np.load(path) as arrays:
        x_train, y_train, x_test, y_test = (arrays[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    model = keras.Sequential(
        [keras.layers.Embedding(WORDS, 32), keras.layers.LSTM(32), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=EPOCHS, batch_size=BATCH, validation_split=0.2, verbose=2)
    print("test", model.evaluate(x_test, y_test, verbose=0))


if __name__ == "__main__":
    main(sys.argv[1])
