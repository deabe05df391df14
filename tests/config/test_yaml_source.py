"""Is YAML read as version 1.2 means it, are its traps refused, and does what is written come back?"""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sentiment_cli.config.yaml_source import MAX_BYTES, dump_yaml, read_value, read_yaml
from sentiment_cli.errors import ConfigError


def read(text: str | bytes) -> Any:
    document = read_yaml(text if isinstance(text, bytes) else text.encode("utf-8"), "c.yaml")
    assert document.problems == []
    return document.values


def message(content: bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        read_yaml(content, "c.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-3", 0.001),
        ("1e3", 1000.0),
        ("1.e-3", 0.001),
        ("1.0e-3", 0.001),
        ("-.5", -0.5),
        ("+1.5E+2", 150.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("12", 12),
        ("-3", -3),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        # YAML 1.1 makes booleans, numbers in base 60, and dates of these; here they are what they look like.
        *[(text, text) for text in ("yes", "no", "Yes", "NO", "on", "off", "y", "n", "tRUE", "nULL")],
        *[(text, text) for text in ("1:30", "190:20:30", "1_000", "0b101", "None", "nan", "NaN", "inf", "1e", "e3")],
        *[(text, text) for text in ("2024-01-01", "2024-01-01 10:00:00", "=", "1 2", "0o8", "0xg", "--1", ".")],
        # Arabic digits are digits to Python's int, not to YAML.
        ("\u0661\u0662", "\u0661\u0662"),
    ],
)
def test_a_plain_value_is_what_yaml_1_2_says(text: str, expected: Any) -> None:
    value = read(f"key: {text}")["key"]
    assert value == expected
    assert type(value) is type(expected)


def test_nan_is_a_number_only_with_its_dot() -> None:
    assert math.isnan(read("key: .nan")["key"])


@pytest.mark.parametrize("text", ["1e-3", "true", "null", "12", "~", ""])
@pytest.mark.parametrize("form", ['"{}"', "'{}'"])
def test_a_quoted_value_is_text(text: str, form: str) -> None:
    assert read(f"key: {form.format(text)}") == {"key": text}


def test_a_block_of_text_is_text() -> None:
    assert read("key: |\n  12\nother: >-\n  true\n") == {"key": "12\n", "other": "true"}


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read("1: a\nno: b\nnull: c\n1e-3: d\n") == {"1": "a", "no": "b", "null": "c", "1e-3": "d"}


def test_a_number_of_thousands_of_digits_does_not_break_python() -> None:
    assert read("key: " + "9" * 5000) == {"key": math.inf}


def test_every_key_and_item_has_its_line() -> None:
    document = read_yaml(b"# header\na: 1\nb:\n  - x: 2\n    y: 3\n  - {x: 4,\n     y: 5}\n", "c.yaml")
    assert {path: document.line(path) for path in document.lines if path} == {
        ("a",): 2,
        ("b",): 3,
        ("b", 0): 4,
        ("b", 0, "x"): 4,
        ("b", 0, "y"): 5,
        ("b", 1): 6,
        ("b", 1, "x"): 6,
        ("b", 1, "y"): 7,
    }


def test_what_is_not_in_the_document_has_the_line_of_its_parent() -> None:
    document = read_yaml(b"\na:\n  b: 1\n", "c.yaml")
    assert document.line(("a", "missing", 3)) == 2
    assert read_yaml(b"", "c.yaml").line(("a",)) == 1


def test_duplicate_keys_are_named_with_both_lines_and_the_first_value_stays() -> None:
    document = read_yaml(b"a:\n  x: 1\n  y: 2\n  x: 3\na: 4\n", "c.yaml")
    assert [str(problem) for problem in document.problems] == [
        "c.yaml:4: a.x: given twice; the first is in line 2, keep one of them",
        "c.yaml:5: a: given twice; the first is in line 1, keep one of them",
    ]
    assert document.values == {"a": {"x": 1, "y": 2}}


def test_the_same_key_in_quotes_is_a_duplicate() -> None:
    assert len(read_yaml(b'{a: 1, "a": 2}', "c.yaml").problems) == 1


@pytest.mark.parametrize("key", ["? [a]\n: 1", "? {a: 1}\n: 1"])
def test_a_key_that_is_no_name_is_a_problem(key: str) -> None:
    problems = read_yaml(f"x: 1\n{key}\n".encode(), "c.yaml").problems
    assert [str(problem) for problem in problems] == ["c.yaml:2: expected a name as key, received a list or mapping"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a:\n\tb: 1", "c.yaml:2: not valid YAML: found character '\\t' that cannot start any token"),
        (b"a: 1\nb: *x", "c.yaml:2: not valid YAML: anchors and aliases are not supported"),
        (b"a: &x 1", "c.yaml:1: not valid YAML: anchors and aliases are not supported"),
        (b"a: &x [1]", "c.yaml:1: not valid YAML: anchors and aliases are not supported"),
        (b"a: 1\n<<: *x", "c.yaml:2: not valid YAML: anchors and aliases are not supported"),
        (
            b"a: !!python/object/apply:os.getcwd []",
            "c.yaml:1: not valid YAML: tags (tag:yaml.org,2002:python/object/apply:os.getcwd) are not supported",
        ),
        (b"a: !!str 1", "c.yaml:1: not valid YAML: tags (tag:yaml.org,2002:str) are not supported"),
        (b"!!map {a: 1}", "c.yaml:1: not valid YAML: tags (tag:yaml.org,2002:map) are not supported"),
        (b"a: !own 1", "c.yaml:1: not valid YAML: tags (!own) are not supported"),
        (
            b"a: 1\n---\nb: 2",
            "c.yaml:2: not valid YAML: expected a single document in the stream, but found another document",
        ),
        (b"a: 1\nb: caf\xe9", "c.yaml:2: expected UTF-8, received byte 0xe9"),
        ("a: caf\u00e9".encode("utf-16"), "c.yaml:1: expected UTF-8, received byte 0xff"),
        (b"a: 1\nb: \x00", "c.yaml:2: not valid YAML: the character U+0000 is not allowed"),
        (b"a: 1\n\nb: \x1b[31m", "c.yaml:3: not valid YAML: the character U+001B is not allowed"),
        (b'a: "\\UFFFFFFFF"', "c.yaml:1: not valid YAML: a character or version number is out of range"),
        (b'a: "\\U00110000"', "c.yaml:1: not valid YAML: a character or version number is out of range"),
        (
            b"%YAML 1." + b"1" * 5000 + b"\n---\na: 1",
            "c.yaml:1: not valid YAML: a character or version number is out of range",
        ),
        (b"a: b: c", "c.yaml:1: not valid YAML: mapping values are not allowed here"),
        (b"a: 1\nb: [1, 2", "c.yaml:2: not valid YAML: expected ',' or ']', but got '<stream end>'"),
        (b"[" * 5000, "c.yaml: nested too deeply"),
        (b"- " * 5000, "c.yaml: nested too deeply"),
        (b"{a: " * 5000, "c.yaml: nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(content: bytes, expected: str) -> None:
    assert message(content) == expected


def test_a_merge_key_merges_nothing() -> None:
    assert read("a: {<<: {b: 1}}") == {"a": {"<<": {"b": 1}}}


def test_the_size_is_limited_to_the_byte() -> None:
    assert read(b"#" * MAX_BYTES) is None
    assert message(b"#" * (MAX_BYTES + 1)) == "c.yaml: expected at most 1,000,000 bytes, received 1,000,001"


def test_nesting_that_a_configuration_could_have_is_read() -> None:
    value = read("[" * 50 + "]" * 50)
    for _ in range(49):
        value = value[0]
    assert value == []


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    document = read_yaml(b"\xef\xbb\xbfa: 1\r\nb: two\r\n", "c.yaml")
    assert document.values == {"a": 1, "b": "two"}
    assert document.line(("b",)) == 2


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# only a comment\n", b"---\n", b"\xef\xbb\xbf"])
def test_an_empty_document_is_none(content: bytes) -> None:
    assert read(content) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-3", 0.001),
        ("no", "no"),
        ('"5"', "5"),
        ("", None),
        ("[max, mean]", ["max", "mean"]),
        ("{patience: 2}", {"patience": 2}),
    ],
)
def test_a_value_of_an_option_is_yaml(text: str, expected: Any) -> None:
    assert read_value(text, "--set x") == expected


def test_a_value_of_an_option_with_a_duplicate_key_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^--set x:1: a: given twice; the first is in line 1, keep one of them$"):
        read_value("{a: 1, a: 2}", "--set x")


def test_bytes_that_the_shell_passed_and_are_no_utf_8_are_refused() -> None:
    # Python gives an undecodable byte of the command line as a lone surrogate.
    with pytest.raises(ConfigError, match="expected UTF-8"):
        read_value("caf\udce9", "--set x")


ODD = [
    *("no", "yes", "on", "1e-3", "", " ", "  a", "a ", "null", "~", "true", "012", "1:30", "1_000", "0x1F", "0o17"),
    *(
        ".inf",
        ".nan",
        "2024-01-01",
        "- a",
        "a: b",
        "a #b",
        "#",
        "'",
        '"',
        "%",
        "@",
        "`",
        "...",
        "---",
        "? a",
        "<<",
        "=",
    ),
    *("!x", "&x", "*x", "[", "{", "|", ">", "\n", "a\n", "\na", " a\nb", "a \nb", "a\n\n b", "\t", "\r", "\r\n"),
    *("\x85", "a\x85b", "\u2028", "a\u2028b", "\u2029", "\ufeff", "a\ufeffb", "\x00", "\x1b[31m", "\x7f", "\xa0"),
    *("\U0001f600", "\ud800", "e\u0301", "\ufffe", "x" * 300, "word " * 60, "9" * 2000),
]
texts = st.sampled_from(ODD) | st.text(max_size=30) | st.lists(st.sampled_from(ODD), max_size=4).map("".join)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=10
)


@pytest.mark.parametrize("text", ODD)
def test_odd_text_survives_as_value_as_key_and_in_a_list(text: str) -> None:
    written = {"value": text, text: 1, "list": [text, {"inner": text}]}
    assert read(dump_yaml(written)) == written


@given(values)
@settings(max_examples=150, deadline=None)
@example({"a": 1e16, "b": 1e-7, "c": -0.0, "d": 10**400, "e": math.inf, "f": math.nan})
def test_what_is_dumped_reads_back_equal(written: Any) -> None:
    # repr tells 1 from 1.0 and True, -0.0 from 0.0, sees the order of keys, and lets nan equal nan
    assert repr(read(dump_yaml(written))) == repr(written)


PIECES = [*"[]{}:,-?|>&*!%@#'\"\\Uux0123456789ab<~ \n\t\r", ": ", "- ", "\n  ", "---\n", "%YAML ", "\x85", "\u2028"]
fuzz = (
    st.binary(max_size=60)
    | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.lists(st.sampled_from(PIECES), max_size=30).map(lambda pieces: "".join(pieces).encode())
)


@given(fuzz)
@settings(max_examples=250, deadline=None)
def test_any_bytes_are_read_or_refused_with_a_problem(content: bytes) -> None:
    try:
        document = read_yaml(content, "c.yaml")
    except ConfigError as error:
        assert [problem.where.partition(":")[0] for problem in error.problems] == ["c.yaml"]
    else:
        assert all(problem.where.startswith("c.yaml:") for problem in document.problems)


@given(st.text(max_size=30) | st.lists(st.sampled_from(PIECES), max_size=15).map("".join))
@settings(max_examples=150, deadline=None)
def test_any_value_of_an_option_is_read_or_refused(text: str) -> None:
    try:
        read_value(text, "--set x")
    except ConfigError as error:
        assert all(problem.where.startswith("--set x") for problem in error.problems)
