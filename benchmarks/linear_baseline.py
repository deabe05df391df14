"""The bar for a network on the same reviews: TF-IDF of words, or words and word pairs, with logistic regression.

    python benchmarks/linear_baseline.py --data bnb --classes negative,positive

scikit-learn's defaults but for the number of iterations, fitted on the whole training part, one look at the test part.
"""

from __future__ import annotations

import argparse

from sentiment_cli.config.schema import Data
from sentiment_cli.data.contents import read_text
from sentiment_cli.data.directory import Part
from sentiment_cli.data.prepare import prepare_data


def main() -> None:
    """Fit and print one line for words and one for words and pairs."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="bnb")
    parser.add_argument("--classes", help="comma-separated; default: all")
    arguments = parser.parse_args()
    classes = arguments.classes.split(",") if arguments.classes else None
    layout = prepare_data(Data(source=arguments.data, classes=classes), seed=1).layout
    if layout.test is None:
        raise SystemExit("these reviews have no test part")
    train, test = texts(layout.train), texts(layout.test)
    for name, ngrams in (("words", (1, 1)), ("words and pairs", (1, 2))):
        model = make_pipeline(TfidfVectorizer(ngram_range=ngrams), LogisticRegression(max_iter=1000))
        accuracy = model.fit(train, layout.train.labels).score(test, layout.test.labels)
        print(f"{name}: test accuracy {accuracy:.4f}")


def texts(part: Part) -> list[str]:
    """The texts of a part, in its order."""
    return [read_text(part, path, "replace") or "" for path in part.paths]


if __name__ == "__main__":
    main()
