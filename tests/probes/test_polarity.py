"""Which classes are taken for positive and negative, and what does a label of a probe mean in a run?"""

from __future__ import annotations

import pytest

from sentiment_cli.errors import UsageError
from sentiment_cli.probes.polarity import Polarity, Target, find_polarity


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (("neg", "pos"), ("pos", "neg", None)),
        (("pos", "neg"), ("pos", "neg", None)),  # names say more than places
        (("bad", "good"), ("good", "bad", None)),
        (("a", "b"), ("b", "a", None)),  # the second of two is the positive one
        (("good", "other"), ("good", "other", None)),
        (("other", "Negative"), ("other", "Negative", None)),
        (("negative", "neutral", "positive"), ("positive", "negative", "neutral")),
        (("neg", "neu", "pos", "spam"), ("pos", "neg", "neu")),
        (("sport", "politics", "film"), (None, None, None)),
        (("good", "Good", "bad"), (None, "bad", None)),  # two that it could be
    ],
)
def test_classes_are_known_by_their_names_or_of_two_by_their_places(
    classes: tuple[str, ...], expected: tuple[str | None, ...]
) -> None:
    polarity = find_polarity(classes)
    assert (polarity.positive, polarity.negative, polarity.neutral) == expected
    assert polarity.is_known == (expected[0] is not None and expected[1] is not None)


def test_what_the_user_says_comes_first() -> None:
    assert find_polarity(("neg", "pos"), positive="neg") == Polarity(("neg", "pos"), "neg", "pos")
    assert find_polarity(("neg", "pos"), negative="pos") == Polarity(("neg", "pos"), "neg", "pos")
    three = ("one", "three", "five")
    assert find_polarity(three, positive="five", negative="one") == Polarity(three, "five", "one")
    assert find_polarity(three, positive="five", negative="one", neutral="three").neutral == "three"
    assert not find_polarity(three, positive="five").is_known


def test_a_class_that_is_named_is_not_also_recognised_as_another() -> None:
    assert find_polarity(("good", "bad", "x"), negative="good") == Polarity(("good", "bad", "x"), None, "good")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"positive": "possitive"}, '--positive: the run has no class "possitive"; did you mean "positive"?'),
        ({"positive": "positive", "negative": "positive"}, "received --positive positive, --negative positive"),
    ],
)
def test_classes_that_are_not_there_are_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_polarity(("negative", "positive"), **given)
    assert message in str(caught.value)


def test_labels_mean_poles_classes_or_what_is_none_of_them() -> None:
    two = find_polarity(("bad", "good"))
    assert two.find_target("positive") == Target("good", 1)
    assert two.find_target("not positive") == Target("bad", 0)
    assert two.find_target("bad") == Target("bad", 0)
    assert two.find_target("not bad") == Target("good", 1)
    assert two.find_target("neutral") is None
    assert two.find_target("sport") is None
    three = find_polarity(("bad", "fair", "good"), neutral="fair")
    assert three.find_target("not negative") == Target("bad", 0, negated=True)
    assert three.find_target("neutral") == Target("fair", 1)
    assert find_polarity(("a", "not b", "b")).find_target("not b") == Target("not b", 1)


def test_a_negated_target_is_met_by_all_other_classes() -> None:
    target = Target("bad", 0, negated=True)
    assert str(target) == "not bad"
    assert target.probability([0.25, 0.5, 0.25]) == 0.75
    assert [target.is_met(label) for label in range(3)] == [False, True, True]


def test_why_a_label_has_no_class_is_said_with_what_to_do() -> None:
    polarity = find_polarity(("sport", "film", "home"))
    assert polarity.missing("not positive") == (
        "the run has no class for positive (its classes: sport, film, home; --positive NAME says which it is)"
    )
    assert polarity.missing("politics") == "the run has no class for politics (its classes: sport, film, home)"
