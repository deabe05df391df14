"""Is a file of probes read, and is everything wrong with it said at once, with its line?"""

from __future__ import annotations

from pathlib import Path

import pytest

from sentiment_cli.errors import ConfigError
from sentiment_cli.probes.schema import Dir, Inv, Mft
from sentiment_cli.probes.suite import Suite, load_suite, parse_suite
from sentiment_cli.resources import starter_probes

SHARED = {"city": ["Oslo", "Lima"]}
HEAD = "capability: c, description: d"


def read(text: str) -> Suite:
    return parse_suite(text.encode(), "my.yaml", Path("my.yaml"), SHARED)


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return str(caught.value).splitlines()


def problem(probe: str, lexicons: str = "{}") -> str:
    """The one thing that is wrong with a probe called p, in line 3."""
    (only,) = problems(f"lexicons: {lexicons}\nprobes:\n  p: {probe}\n")
    return only.removeprefix("my.yaml:3: ")


def test_a_file_becomes_lexicons_and_probes_in_order() -> None:
    suite = read(
        f"""
description: Mine.
lexicons: {{city: [Cairo], thing: [pen]}}
probes:
  second: {{type: inv, {HEAD}, change: {{swap: [city]}}, templates: ["{{thing}} in {{city}}"]}}
  first: {{type: mft, {HEAD}, templates: {{positive: [good], negative: [bad]}}}}
  third: {{type: dir, {HEAD}, at_least: 0.1, templates: {{positive: ["a => b"]}}}}
"""
    )
    assert (suite.name, suite.description) == ("my", "Mine.")
    assert suite.lexicons == {"city": ["Cairo"], "thing": ["pen"]}  # its own in place of the shared one
    assert list(suite.probes) == ["second", "first", "third"]
    assert [type(probe) for probe in suite.probes.values()] == [Inv, Mft, Dir]
    assert suite.probes["second"].for_reviews
    assert not suite.probes["third"].for_reviews


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        ("3", "probes.p: expected keys and values, received 3"),
        ("{}", "probes.p.type: this key is needed; one of 'mft', 'inv' or 'dir'"),
        ("{type: mtf}",
         "probes.p.type: expected one of 'mft', 'inv' or 'dir', received the text \"mtf\"; did you mean \"mft\"?"),
        ("{type: 3}", "probes.p.type: expected one of 'mft', 'inv' or 'dir', received 3"),
        (f"{{type: mft, {HEAD}, templates: {{}}}}",
         "probes.p.templates: expected at least 1 item, received {}"),
        (f"{{type: inv, {HEAD}, templates: [a]}}",
         'probes.p.templates.0: expected one "=>" between a text and what becomes of it, or the key `change`, '
         'received the text "a"'),
        (f'{{type: inv, {HEAD}, templates: ["a => b"], change: {{typos: 1}}}}',
         'probes.p.templates.0: expected no "=>" here, received the text "a => b"'),
        (f'{{type: inv, {HEAD}, templates: ["a => b"], same: lable}}',
         "probes.p.same: expected one of 'label' or 'probability', received the text \"lable\"; "
         'did you mean "label"?'),
        (f'{{type: inv, {HEAD}, templates: ["a => b"], tolerence: 1}}',
         'probes.p.tolerence: unknown key; did you mean "tolerance"?'),
        (f"{{type: inv, {HEAD}, templates: [a], change: {{}}}}",
         "probes.p.change: expected exactly one of swap, add, typos, rewrite, received none"),
        (f"{{type: inv, {HEAD}, templates: [a], change: {{typos: 1, add: city}}}}",
         "probes.p.change: expected exactly one of swap, add, typos, rewrite, received add, typos"),
        (f"{{type: inv, {HEAD}, templates: [a], change: {{typos: 0}}}}",
         "probes.p.change.typos: expected a number >= 1, received 0"),
        (f"{{type: inv, {HEAD}, templates: [a], change: {{swap: [citty]}}}}",
         'probes.p.change.swap.0: there is no lexicon "citty"; did you mean "city"?'),
        (f'{{type: mft, {HEAD}, templates: {{positive: ["{{citty}}"]}}}}',
         'probes.p.templates.positive.0: there is no lexicon for {citty}; did you mean "city"?'),
        (f'{{type: mft, {HEAD}, templates: {{positive: ["{{city}} {{city2}} {{city3}}"]}}}}',
         "probes.p.templates.positive.0: it needs 3 entries of city, which has 2"),
        (f'{{type: mft, {HEAD}, templates: {{positive: ["{{city"]}}}}',
         "probes.p.templates.positive.0: a brace that belongs to no slot; expected slots such as {name}, {name2}, "
         "{Name} or {a:name}"),
        (f"{{type: dir, {HEAD}, change: {{typos: 1}}, templates: {{positive: [a], negative: [b]}}}}",
         "probes.p.templates: with `change` expected one label to move towards, received positive, negative"),
        (f"{{type: mft, {HEAD}, templates: {{positive: [a]}}, at_least: 2}}",
         "probes.p.at_least: expected a number <= 1.0, received 2"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_probe_is_said(probe: str, expected: str) -> None:
    assert problem(probe) == expected


def test_everything_that_is_wrong_is_said_at_once_with_its_line() -> None:
    lines = problems(
        f"""\
descripton: x
lexicons:
  thing: [pen, pen]
  Thing: [pen]
probes:
  p: {{type: mft, {HEAD}, templates: {{positive: [a]}}}}
  p: {{type: mft}}
"""
    )
    assert lines == [
        "my.yaml:7: probes.p: given twice; the first is in line 6, keep one of them",
        'my.yaml:1: descripton: unknown key; did you mean "description"?',
        'my.yaml:3: lexicons.thing.1: "pen" is there twice; every entry once',
        "my.yaml:4: lexicons.Thing: a lexicon is named by lower-case letters and _, for the slots {name} and {name2}",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "my.yaml:1: expected the keys description, lexicons and probes, received nothing (null)"),
        ("[]", "my.yaml:1: expected the keys description, lexicons and probes, received a list of 0"),
        ("probes: {}", "my.yaml:1: probes: expected at least 1 item, received {}"),
        ("probes: [a]", "my.yaml:1: probes: expected keys and values, received a list of 1"),
        ("description: x", "my.yaml:1: probes: this key is needed"),
        ("{", "my.yaml:1: not valid YAML: expected the node content, but found '<stream end>'"),
    ],
)
def test_what_is_no_file_of_probes_is_refused(text: str, expected: str) -> None:
    assert problems(text)[-1] == expected


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        load_suite(Path("nowhere.yaml"))
    assert str(caught.value) == "nowhere.yaml: no such file; write one to start from: sentiment probe --init"
    assert caught.value.place == "the file of probes"


def test_the_starter_file_is_a_file_of_probes_of_every_type() -> None:
    suite = load_suite(starter_probes())
    assert {probe.type for probe in suite.probes.values()} == {"mft", "inv", "dir"}
