"""How the baselines are fitted and scored, by scikit-learn."""

from __future__ import annotations

import time
from typing import Any, Literal

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sentiment_cli.baseline.recipe import INVERSE_PENALTY, Features, linear_features
from sentiment_cli.baseline.scores import MAJORITY, Baseline, Score
from sentiment_cli.data.reviews import ReviewSet
from sentiment_cli.errors import DataError
from sentiment_cli.training.progress import Progress

# As many as nobody needs: 50 to 100 are usual.
_MOST_ITERATIONS = 1000


def compute_baselines(
    train: ReviewSet,
    validation: ReviewSet | None,
    test: ReviewSet | None,
    *,
    split: Literal["whitespace", "character"],
    refit: bool = False,
    progress: Progress,
) -> list[Baseline]:
    """Fit every baseline and count its right predictions.

    Args:
        train: what the models are fitted to.
        validation: None: no such part.
        test: None: not to be read.
        split: ``text.split``, which decides whether words or characters are counted.
        refit: fit anew on train and validation together before the test part is predicted.
        progress: told which model is fitted.

    Returns:
        The most frequent class of ``train`` (of equals the first), then the linear models, the simplest first.

    Raises:
        DataError: the training texts have nothing to count.
    """
    models = [(MAJORITY, "none", DummyClassifier(strategy="most_frequent"))]
    models += [(features.name, features.description, _linear_model(features)) for features in linear_features(split)]
    baselines = []
    for name, description, model in models:
        progress.phase(f"fitting {name}")
        started = time.perf_counter()
        scores = _fit_and_score(model, train, validation, test, refit=refit)
        baselines.append(Baseline(name, description, *scores, time.perf_counter() - started))
    return baselines


def _linear_model(features: Features) -> Any:
    return make_pipeline(
        TfidfVectorizer(
            analyzer=features.analyzer, ngram_range=(features.shortest, features.longest), sublinear_tf=True
        ),
        LogisticRegression(C=INVERSE_PENALTY, max_iter=_MOST_ITERATIONS),
    )


def _fit_and_score(
    model: Any, train: ReviewSet, validation: ReviewSet | None, test: ReviewSet | None, *, refit: bool
) -> tuple[Score | None, Score | None]:
    _fit(model, train)
    on_validation = _score(model, validation) if validation is not None else None
    if test is None:
        return on_validation, None
    if refit and validation is not None:
        _fit(model, train, validation)
    return on_validation, _score(model, test)


def _fit(model: Any, *parts: ReviewSet) -> None:
    texts = [text for part in parts for text in part.texts]
    labels = np.concatenate([part.labels for part in parts])
    try:
        model.fit(texts, labels)
    except ValueError as error:
        if "empty vocabulary" not in str(error):
            raise
        raise DataError(
            "The training reviews have nothing that a linear model could count; expected words of two letters or more "
            "(with text.split: character, any character)."
        ) from None


def _score(model: Any, reviews: ReviewSet) -> Score:
    if not len(reviews):
        raise DataError("No review is left to predict; see data.encoding_errors.")
    predicted = model.predict(reviews.texts)
    return Score(int((predicted == reviews.labels).sum()), len(reviews))
