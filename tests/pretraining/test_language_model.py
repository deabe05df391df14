"""Is each word predicted from what was read before it and nothing else, and is the loss what the papers say?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sentiment_cli.config.schema import Config

SIZE, UNITS = 12, 4
# Rows of 5, 3, 1 and 2 words.
ROWS = np.array([[3, 4, 5, 6, 7], [8, 9, 3, 0, 0], [5, 0, 0, 0, 0], [2, 11, 0, 0, 0]], np.int32)
CELLS = ["simple_rnn", "gru", "lstm"]
# None: Keras' layers; 1: the compiled loops.
both_ways = pytest.mark.parametrize("threads", [None, 1], ids=["stock", "compiled"])


def make_config(cell: str = "lstm", *, bidirectional: bool = True, **pretrain: Any) -> Config:
    layer = {"cell": cell, "units": UNITS, "bidirectional": bidirectional, "dropout": 0.5, "recurrent_dropout": 0.5}
    return Config.model_validate(
        {
            "model": {"embedding": {"dim": 3, "dropout": 0.5}, "recurrent": [layer], "pooling": ["max"]},
            "pretrain": {"kind": "language_model", "samples": 6, **pretrain},
        }
    )


def make_predictor(cell: str = "lstm", *, bidirectional: bool = True, threads: int | None = None) -> Any:
    """A predictor whose softmax is far from even."""
    import keras

    from sentiment_cli.pretraining.language_model import Predictor

    keras.utils.set_random_seed(1)
    predictor = Predictor(make_config(cell, bidirectional=bidirectional), SIZE, threads)
    rng = np.random.default_rng(0)
    predictor.kernel.embeddings.assign(rng.normal(0, 2, (SIZE, UNITS)))
    predictor.bias.embeddings.assign(rng.normal(0, 2, (SIZE, 1)))
    return predictor


def read(predictor: Any, rows: np.ndarray = ROWS) -> tuple[np.ndarray, np.ndarray]:
    states, words = predictor.read(rows, training=False)
    return states.numpy(), words.numpy()


def softmax_losses(predictor: Any, states: np.ndarray, words: np.ndarray) -> np.ndarray:
    """By the textbook, in double precision; the class of the padding has no part in it."""
    kernel = predictor.kernel.embeddings.numpy().astype(float)
    logits = states.astype(float) @ kernel.T + predictor.bias.embeddings.numpy()[:, 0]
    exponentials = np.exp(logits[:, 1:])
    return np.asarray(-np.log(exponentials[np.arange(len(words)), words - 1] / exponentials.sum(axis=1)))


class TestRead:
    @both_ways
    @pytest.mark.parametrize("cell", CELLS)
    def test_forwards_every_word_but_the_first_then_backwards_every_word_but_the_last(
        self, cell: str, threads: int | None
    ) -> None:
        predictor = make_predictor(cell, threads=threads)
        outputs = predictor.reader(ROWS, training=False).numpy()
        lengths = (ROWS > 0).sum(axis=1)
        forwards = [(row, at) for row, length in enumerate(lengths) for at in range(1, length)]
        backwards = [(row, at) for row, length in enumerate(lengths) for at in range(length - 1)]
        states, words = read(predictor)
        assert words.tolist() == [ROWS[place] for place in forwards + backwards]
        np.testing.assert_array_equal(states[:7], [outputs[row, at - 1, :UNITS] for row, at in forwards])
        np.testing.assert_array_equal(states[7:], [outputs[row, at + 1, UNITS:] for row, at in backwards])

    @pytest.mark.parametrize("cell", CELLS)
    def test_one_direction_predicts_the_next_words_alone(self, cell: str) -> None:
        states, words = read(make_predictor(cell, bidirectional=False, threads=1))
        assert states.shape == (7, UNITS)
        assert words.tolist() == [4, 5, 6, 7, 9, 3, 11]

    @pytest.mark.parametrize(("cell", "threads"), [("simple_rnn", 1), ("gru", 1), ("lstm", 1), ("lstm", None)])
    def test_forwards_knows_the_words_before_and_backwards_those_after(self, cell: str, threads: int | None) -> None:
        predictor = make_predictor(cell, threads=threads)
        before, _ = read(predictor, ROWS[:1])
        for changed in range(5):
            row = ROWS[:1].copy()
            row[0, changed] = 10
            after, _ = read(predictor, row)
            moved = np.abs(after - before).max(axis=1) > 1e-6
            # the state that predicts the word in place 1, 2, 3, 4, then those for 0, 1, 2, 3
            assert moved[:4].tolist() == [changed < place for place in (1, 2, 3, 4)]
            assert moved[4:].tolist() == [changed > place for place in (0, 1, 2, 3)]

    @both_ways
    def test_neither_padding_nor_neighbours_matter(self, threads: int | None) -> None:
        predictor = make_predictor(threads=threads)
        states, words = read(predictor)
        alone = [read(predictor, row[:, : (row > 0).sum()]) for row in ROWS[:, None]]
        for half in (0, 1):
            together = states[7 * half : 7 * half + 7]
            apart = [found[len(found) // 2 * half :][: len(found) // 2] for found, _ in alone]
            np.testing.assert_allclose(together, np.concatenate(apart), atol=1e-6)
        wider = read(predictor, np.pad(ROWS, ((0, 0), (0, 3))))
        np.testing.assert_allclose(wider[0], states, atol=1e-6)
        assert wider[1].tolist() == words.tolist()

    def test_training_drops_nothing(self) -> None:
        predictor = make_predictor()
        states, _ = predictor.read(ROWS, training=True)
        np.testing.assert_allclose(states.numpy(), read(predictor)[0], atol=1e-6)


class TestLosses:
    @pytest.mark.parametrize("at_once", [4, 512])
    def test_they_are_those_of_a_softmax_without_the_padding(
        self, monkeypatch: pytest.MonkeyPatch, at_once: int
    ) -> None:
        from sentiment_cli.pretraining import language_model

        monkeypatch.setattr(language_model, "_ROWS_AT_ONCE", at_once)
        predictor = make_predictor()
        states, words = read(predictor)
        found = predictor.losses(states, words)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, softmax_losses(predictor, states, words), rtol=1e-5, atol=1e-6)

    def test_of_nothing_there_are_none(self) -> None:
        predictor = make_predictor()
        assert predictor.losses(*read(predictor, ROWS[2:3])).tolist() == []


class TestSampledLosses:
    def drawn(self, samples: int, seed: list[int]) -> np.ndarray:
        """The words that are compared with: by the inverse of the distribution over ranks from 1 to ``SIZE`` - 1."""
        import tensorflow as tf

        uniform = tf.random.stateless_uniform([samples], seed, dtype=tf.float64).numpy()
        return np.floor(SIZE**uniform).astype(int)

    def expected(self, words: Any, samples: int) -> np.ndarray:
        return np.asarray(samples * np.log((words + 1) / words) / np.log(SIZE))

    def test_the_words_follow_zipfs_law_over_their_ranks_and_are_never_the_padding(self) -> None:
        samples = 100_000
        counts = np.bincount(self.drawn(samples, [1, 2]), minlength=SIZE)
        expected = self.expected(np.arange(1, SIZE), samples)
        assert counts[0] == 0
        assert len(counts) == SIZE
        assert expected.sum() == pytest.approx(samples)
        assert (np.abs(counts[1:] - expected) < 5 * np.sqrt(expected)).all()

    @pytest.mark.parametrize("samples", [1, 6, 40])
    def test_they_are_those_of_a_few_words_with_corrected_logits(self, samples: int) -> None:
        predictor = make_predictor()
        states, words = read(predictor)
        others = self.drawn(samples, [3, 4])
        kernel, bias = predictor.kernel.embeddings.numpy().astype(float), predictor.bias.embeddings.numpy()[:, 0]
        logits = states.astype(float) @ kernel.T + bias
        expected = []
        for index, word in enumerate(words):
            corrected = logits[index] - np.log([np.nan, *self.expected(np.arange(1, SIZE), samples)])
            competing = corrected[[word, *others]]
            expected.append(np.log(np.exp(competing).sum()) - corrected[word])
        found = predictor.sampled_losses(states, words, samples, [3, 4]).numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("size", [1.0, 200.0])
    def test_their_gradients_are_those_that_tensorflow_derives(self, size: float) -> None:
        """Also where the logits are too large for an exponential."""
        import tensorflow as tf

        from sentiment_cli.pretraining.language_model import _losses_among

        draw = np.random.default_rng(1).normal
        shapes = ((7, 4), (7, 4), (7,), (5, 4), (5,))
        given = [tf.constant(draw(0, size if len(shape) == 2 else 1, shape), tf.float32) for shape in shapes]
        weights = tf.constant(draw(0, 1, 7), tf.float32)

        def derived(states: Any, own: Any, own_bias: Any, rivals: Any, rival_bias: Any) -> Any:
            own_logits = tf.reduce_sum(states * own, axis=1) + own_bias
            logits = tf.concat([own_logits[:, None], states @ tf.transpose(rivals) + rival_bias], axis=1)
            return tf.reduce_logsumexp(logits, axis=1) - own_logits

        found = []
        for losses in (_losses_among, derived):
            with tf.GradientTape() as tape:
                tape.watch(given)
                result = losses(*given)
            found.append([result, *tape.gradient(result, given, weights)])
        for ours, reference in zip(*found, strict=True):
            assert np.isfinite(ours.numpy()).all()
            np.testing.assert_allclose(ours, reference, rtol=1e-4, atol=1e-4 * size)

    def test_at_the_true_probabilities_there_is_nothing_to_gain(self) -> None:
        """Also where the most frequent word is much more probable than it is overall."""
        import tensorflow as tf

        predictor = make_predictor()
        probabilities = np.array([0, 0.5, *[0.05] * (SIZE - 2)])
        predictor.bias.embeddings.assign(np.log(np.maximum(probabilities, 1e-9))[:, None])
        words = np.arange(1, SIZE, dtype=np.int32)
        states = np.zeros((SIZE - 1, UNITS), np.float32)

        @tf.function
        def gradient(seed: Any) -> Any:
            with tf.GradientTape() as tape:
                losses = predictor.sampled_losses(states, words, 30, seed)
                mean = tf.reduce_sum(losses * probabilities[1:].astype(np.float32))
            return tf.convert_to_tensor(tape.gradient(mean, predictor.bias.embeddings.value))[1:, 0]

        found = np.array([gradient(tf.constant([1, seed], tf.int64)).numpy() for seed in range(500)])
        assert np.abs(found).max() > 0.05  # of a single draw
        assert (np.abs(found.mean(axis=0)) < 5 * found.std(axis=0) / np.sqrt(500) + 1e-6).all()

    def test_they_depend_on_the_seed_and_on_nothing_else(self) -> None:
        predictor = make_predictor()
        states, words = read(predictor)
        seeds = ([1, 2], [1, 2], [1, 3])
        one, again, other = (predictor.sampled_losses(states, words, 6, seed).numpy() for seed in seeds)
        np.testing.assert_array_equal(one, again)
        assert not np.array_equal(one, other)


class TestStep:
    def build(self, cell: str = "lstm", *, bidirectional: bool = True, threads: int | None = 1) -> tuple[Any, Any]:
        from sentiment_cli.pretraining.language_model import build_language_model, build_predict_step

        config = make_config(cell, bidirectional=bidirectional)
        settings: Any = config.pretrain
        predictor, optimizer = build_language_model(config, settings, SIZE, 100, threads)
        return predictor, build_predict_step(predictor, optimizer, settings)

    @pytest.mark.parametrize(
        ("cell", "bidirectional", "threads"),
        [("simple_rnn", True, 1), ("gru", False, 1), ("lstm", True, 1), ("gru", True, None)],
    )
    def test_every_weight_moves(self, cell: str, bidirectional: bool, threads: int | None) -> None:
        predictor, step = self.build(cell, bidirectional=bidirectional, threads=threads)
        before = [variable.numpy() for variable in predictor.trainable_variables]
        total, count = step(ROWS)
        assert int(count) == (14 if bidirectional else 7)
        assert 0 < float(total) < 100
        for variable, value in zip(predictor.trainable_variables, before, strict=True):
            assert np.abs(variable.numpy() - value).max() > 0, variable.path
            assert np.isfinite(variable.numpy()).all(), variable.path

    def test_a_batch_without_a_next_word_changes_nothing(self) -> None:
        predictor, step = self.build()
        before = [variable.numpy() for variable in predictor.trainable_variables]
        for _ in range(2):
            total, count = step(np.array([[5], [3]], np.int32))
        assert (float(total), int(count)) == (0, 0)
        for variable, value in zip(predictor.trainable_variables, before, strict=True):
            np.testing.assert_array_equal(variable.numpy(), value)

    def test_equal_seeds_take_equal_steps(self) -> None:
        found = []
        for _ in range(2):
            predictor, step = self.build()
            for _ in range(3):
                step(ROWS)
            found.append([variable.numpy() for variable in predictor.trainable_variables])
        for one, again in zip(*found, strict=True):
            np.testing.assert_array_equal(one, again)


class TestBeginning:
    @pytest.mark.parametrize("dim", [1, 3, UNITS, 9])
    def test_word_vectors_are_the_embedding_and_their_principal_components_the_softmax(self, dim: int) -> None:
        """Up to sign and size; where there are more units than numbers in a vector, the others stay random."""
        from sklearn.decomposition import PCA

        from sentiment_cli.pretraining.language_model import build_language_model

        config = Config.model_validate(
            {
                "model": {"embedding": {"dim": dim}, "recurrent": [{"cell": "gru", "units": UNITS}]},
                "pretrain": {"kind": "language_model"},
            }
        )
        settings: Any = config.pretrain
        # of different sizes, so that the order of the components is beyond doubt
        vectors = np.random.default_rng(0).normal(5, 0.5 ** np.arange(dim), (SIZE, dim)).astype(np.float32)
        predictors = [build_language_model(config, settings, SIZE, 100, 1, given)[0] for given in (None, vectors)]
        fresh, found = (predictor.kernel.embeddings.numpy() for predictor in predictors)
        np.testing.assert_array_equal(predictors[1].reader.weights[0], vectors)
        both = min(dim, UNITS)
        expected = PCA(both).fit_transform(vectors.astype(float))
        np.testing.assert_allclose(found[:, :both].std(), 0.3, rtol=1e-5)
        np.testing.assert_allclose(np.abs(found[:, :both]), np.abs(expected) * (0.3 / expected.std()), atol=1e-4)
        np.testing.assert_array_equal(found[:, both:], fresh[:, both:])
        # what is begun with alone makes a difference
        for one, other in zip(*(predictor.variables[1:-2] for predictor in predictors), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("passes", "min_steps", "pieces", "expected"),
    [
        (6, 0, 1, 6),
        (6, 2000, 48, 2000),
        (6, 2000, 49, 1000),
        (6, 2000, 48 * 400, 6),
        (1, 10, 48 * 3, 4),
        (3, 9, 144, 3),
    ],
)
def test_few_texts_get_more_passes(passes: int, min_steps: int, pieces: int, expected: int) -> None:
    from sentiment_cli.pretraining.language_model import planned_passes

    settings: Any = make_config(passes=passes, min_steps=min_steps).pretrain
    assert planned_passes(settings, pieces) == expected
