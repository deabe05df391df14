"""Does every kind of error end with its exit code and say its problems in one line each?"""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_cli import errors
from sentiment_cli.errors import ConfigError, Interrupted, Problem, SentimentError, shorten_list, suggest

CODES = {
    "SentimentError": 1,
    "UsageError": 2,
    "DataError": 1,
    "RunError": 1,
    "DownloadError": 1,
    "DeviceError": 1,
    "Interrupted": 130,
    "ConfigError": 2,
}


def test_these_tests_know_every_error() -> None:
    found = {name for name, item in vars(errors).items() if inspect.isclass(item) and issubclass(item, BaseException)}
    assert found == set(CODES)


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_every_error_has_its_exit_code_and_one_base(name: str, code: int) -> None:
    kind = getattr(errors, name)
    error = kind([]) if kind is ConfigError else kind("what happened")
    assert error.exit_code == code
    assert isinstance(error, SentimentError) != (kind is Interrupted)
    assert kind is ConfigError or str(error) == "what happened"


def test_an_interruption_is_no_error_that_can_be_mended() -> None:
    assert not issubclass(Interrupted, Exception)


def test_an_interruption_by_sigterm_has_its_own_code() -> None:
    assert Interrupted("saved", 143).exit_code == 143
    assert Interrupted("saved").exit_code == 130


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("a.yaml:3", "data.limit", "too small"), "a.yaml:3: data.limit: too small"),
        (Problem("a.yaml:1", "", "not valid YAML"), "a.yaml:1: not valid YAML"),
        (Problem("", "training.class_weight", "wrong"), "training.class_weight: wrong"),
        (Problem("--set", "", "no key"), "--set: no key"),
        (Problem("größe.yaml", "", "\u65e5\u672c \U0001f600"), "größe.yaml: \u65e5\u672c \U0001f600"),
        (Problem("a\nb", "k\x1b[31m", "x\u2028y\ud800\u202e"), "a\\nb: k\\x1b[31m: x\\u2028y\\ud800\\u202e"),
    ],
)
def test_a_problem_is_one_line_of_where_key_and_what(problem: Problem, text: str) -> None:
    assert str(problem) == text


@given(st.text(), st.text(), st.text())
def test_a_problem_is_always_one_printable_line(where: str, key: str, what: str) -> None:
    line = str(Problem(where, key, what))
    assert line.isprintable()
    line.encode("utf-8")


def test_a_configuration_error_keeps_its_problems_and_says_all_of_them() -> None:
    problems = [Problem("a:1", "x", "first"), Problem("a:2", "y", "second")]
    error = ConfigError(tuple(problems))
    assert error.problems == problems
    assert str(error) == "a:1: x: first\na:2: y: second"


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("epoch", ["epochs", "seed"], 'did you mean "epochs"?'),
        ("LSTM", ["gru", "lstm"], 'did you mean "lstm"?'),
        ("SimpleRNN", ["simple_rnn", "gru"], 'did you mean "simple_rnn"?'),
        ("runs-1", ["Runs-1", "runs-2"], 'did you mean "runs-2"?'),
        ("xyz", ["epochs", "seed"], "known: epochs, seed"),
        ("", ["epochs"], "known: epochs"),
    ],
)
def test_the_nearest_name_is_suggested_or_all_are_named(name: str, known: list[str], expected: str) -> None:
    assert suggest(name, iter(known)) == expected


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b", "c"], "a, b, c"),
        (["a", "b", "c", "d"], "a, b, c and 1 more"),
        (["a"] * 10, "a, a, a and 7 more"),
    ],
)
def test_a_long_list_is_shortened_with_the_number_of_the_rest(items: list[str], expected: str) -> None:
    assert shorten_list(items, most=3) == expected
