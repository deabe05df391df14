"""Is the page of a report whole, self-contained, the same every time, and safe from what reviews say?"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import json
import re
from typing import Any

import pytest
from parsed_page import Page as ParsedPage

from report.runs import CURVE, RECORD, prediction, run_files
from sentiment_cli.diagnosis import Finding
from sentiment_cli.report.data import build_report
from sentiment_cli.report.page import embedded_json, render_page
from sentiment_cli.report.sources import Missing
from sentiment_cli.seeds import Member


class Page(ParsedPage):
    """The page of a report."""

    def data(self) -> Any:
        return json.loads(self.texts["script"][0])


def page_of(*runs: Any, **options: Any) -> str:
    return render_page(build_report(runs or [run_files()], split="test", **options))


HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]></svg></style></textarea><img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "&lt;b&gt; &amp;amp; &#x202e;",
    '" onmouseover="alert(1)" x="',
    "' onfocus='alert(1)' autofocus='",
    "{{ 7 * 7 }}{% raw %}{# #}",
    "${7*7} `x` \\u003cb>",
    "\u202eesrever \u2066 isolate \u200f",
    "line\u2028separators\u2029and\u0085more",
    "\x00nul\x1b[31m escape \x07",
    "half a character: \ud800 and \udfff",
    "😀 astral, \ufffe no character",
]


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(page_of())


def test_every_element_is_closed_in_its_place(page: Page) -> None:
    assert page.open == []


def test_identifiers_are_unique_and_links_lead_to_one(page: Page) -> None:
    identifiers = [found["id"] for _, found in page.elements if "id" in found]
    assert len(identifiers) == len(set(identifiers))
    links = [found["href"] or "" for tag, found in page.elements if tag == "a"]
    assert {link.removeprefix("#") for link in links} <= set(identifiers)


def test_headings_are_in_order(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))


def test_controls_have_labels(page: Page) -> None:
    # Those of the list are inside their labels, the slider is named by one.
    inside, depth = [], 0
    for tag, _ in page.elements:
        depth += tag == "label"
        if tag in ("select", "input"):
            inside.append(depth > 0)
    assert all(inside)
    assert page.first("label", **{"for": "threshold-slider"})
    assert page.first("html")["lang"] == "en"


def test_nothing_is_loaded_and_nothing_is_inline_but_what_the_policy_names(page: Page) -> None:
    assert not {"iframe", "object", "embed", "img", "base"} & {tag for tag, _ in page.elements}
    assert not {"src", "srcset", "style", "action"} & {name for _, found in page.elements for name in found}
    assert not [name for _, found in page.elements for name in found if name.startswith("on")]
    assert {found["href"] for tag, found in page.elements if tag == "link"} == {"data:,"}
    assert "url(" not in page.texts["style"][0]
    assert "@import" not in page.texts["style"][0]


def test_the_policy_lets_only_this_style_and_this_script_work(page: Page) -> None:
    policy = page.first("meta", **{"http-equiv": "Content-Security-Policy"})["content"] or ""
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'"
    for rule, text in (("script-src", page.texts["script"][1]), ("style-src", page.texts["style"][0])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


def test_the_scripts_never_parse_text_as_html_nor_run_it() -> None:
    script = Page(page_of()).texts["script"][1]
    for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "fetch("):
        assert danger not in script
    assert "XMLHttpRequest" not in script
    assert "localStorage" not in script


def test_the_data_of_the_page_is_the_report() -> None:
    report = build_report([run_files()], split="test")
    assert Page(render_page(report)).data() == json.loads(json.dumps(report))


def test_the_same_report_gives_the_same_bytes() -> None:
    assert page_of() == page_of()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_data_and_comes_back_as_it_was(text: str) -> None:
    row = prediction(0, 0.9, "bad", path=f"test/bad/{text}.txt")
    source = page_of(run_files([row, prediction(1, 0.8, "good")], texts={row.path: text}))
    page = Page(source.encode("utf-8").decode("utf-8"))
    data = page.data()
    assert data["reviews"]["texts"] == {"0": text}
    assert data["reviews"]["paths"][0] == row.path
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert "img" not in page.texts
    assert all(tag != "a" or (found["href"] or "").startswith("#") for tag, found in page.elements)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_and_settings_are_text(text: str) -> None:
    row = prediction(0, 0.9, text, predicted="good", probabilities={text: 0.1, "good": 0.9})
    record = {**RECORD, "class_names": [text, "good"], "commands": [text], "config_name": text, "status": text}
    record |= {"data": {"source": text, "root": text}, "device": text, "versions": {text: text}}
    linear, missing = {text: 0.5}, [Missing(text, text)]
    files = run_files(
        [row, prediction(1, 0.8, "good", probabilities={text: 0.2, "good": 0.8})],
        name=text,
        record=record,
        configuration=text,
        linear=linear,
        missing=missing,
        curves=[dataclasses.replace(CURVE, name=text, findings=[Finding(text, text, command=text)])],
    )
    page = Page(page_of(files, run_files()).encode("utf-8").decode("utf-8"))
    assert page.open == []
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert not {"img", "b onmouseover"} & {tag for tag, _ in page.elements}
    assert not [name for _, found in page.elements for name in found if name.startswith("on")]
    shown = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]", "\ufffd", text)
    assert shown in page.texts["code"][-1] or any(shown in one for one in page.texts["code"])


def test_json_in_a_page_cannot_end_its_block() -> None:
    text = embedded_json({"</script>": "<!-- & \u2028 \ud800"})
    assert not set(text) & set("<>&\u2028\ud800")
    assert json.loads(text) == {"</script>": "<!-- & \u2028 \ud800"}


def test_a_run_that_was_not_evaluated_has_its_curves_and_the_command_that_goes_on() -> None:
    missing = [Missing("There are no predictions.", "sentiment evaluate runs/tiny")]
    files = run_files([], validation=[], record={"status": "interrupted"}, missing=missing)
    page = Page(page_of(files))
    assert page.open == []
    assert "sentiment evaluate runs/tiny" in page.texts["code"]
    assert page.first("figure", id="chart-loss")
    assert "reviews" not in [found.get("id") for _, found in page.elements]


def test_a_run_without_anything_is_a_page_all_the_same() -> None:
    page = Page(page_of(run_files([], validation=[], record={}, configuration=None, curves=[], texts={})))
    assert page.open == []
    assert "No epoch has finished yet." in page.texts["p"]
    assert "The run has no config.yaml." in page.texts["p"]


def test_three_classes_have_a_matrix_and_no_slider() -> None:
    names = ["a", "b", "c"]
    rows = [
        prediction(
            i, 0.6, names[i % 3], predicted=names[i % 2], probabilities=dict(zip(names, (0.5, 0.3, 0.2), strict=True))
        )
        for i in range(6)
    ]
    page = Page(page_of(run_files(rows, validation=[], record={**RECORD, "class_names": names})))
    cells = [found for tag, found in page.elements if tag == "button" and "data-actual" in found]
    assert len(cells) == 9
    assert "threshold-slider" not in [found.get("id") for _, found in page.elements]


def test_several_runs_stand_side_by_side_with_their_comparison() -> None:
    comparison = {
        "indices": [0, 1], "names": ["tiny", "other"], "problem": None, "sentence": "They differ.", "examples": 6,
        "accuracy": [0.5, 0.6], "accuracy_interval": [[0.1, 0.9], [0.2, 0.9]], "difference": -0.1,
        "difference_interval": [-0.3, 0.1], "p_text": "p = 0.42", "both_right": 1, "only_first_right": 2,
        "only_second_right": 3, "both_wrong": 0,
    }  # fmt: skip
    refused = {"indices": [0, 2], "names": ["tiny", "third"], "problem": "other reviews"}
    runs = [run_files(), run_files(name="other"), run_files(name="third")]
    page = Page(page_of(*runs, comparisons=[comparison, refused]))
    assert page.open == []
    assert "They differ." in page.texts["p"]
    assert any("cannot be compared: other reviews" in one for one in page.texts["p"])
    assert page.first("button", **{"data-outcome": "broken", "data-run": "0", "data-other": "1"})
    assert page.texts["h1"] == [""]
    assert "3 runs" in page.texts["bdi"]


def test_a_group_of_seeds_shows_its_runs() -> None:
    member = Member(7, "seed-7", "finished", 2, 2, 1.0, {"accuracy": 0.75, "loss": 0.5}, None)
    members = [member, Member(8, "seed-8", "missing", None, None, None, None, None)]
    curves = [dataclasses.replace(CURVE, name=f"seed-{seed}") for seed in (7, 8)]
    page = Page(page_of(run_files(members=members, curves=curves)))
    assert page.open == []
    assert any("Its runs, by seed" in one for one in page.texts["caption"])
    assert [run["is_group"] for run in page.data()["runs"]] == [True]
    assert [curve["name"] for curve in page.data()["runs"][0]["curves"]] == ["seed-7", "seed-8"]


def test_probes_show_failure_rates_and_why_one_was_left_out() -> None:
    worst = [{"texts": ["not <b>bad</b>"], "expected": "good", "predicted": ["bad"], "watched": "good",
              "probabilities": [0.1], "severity": 0.9, "path": None}]  # fmt: skip
    tried = {"suite": "film", "name": "negated", "capability": "negation", "description": "Negated words.",
             "source": "templates", "cases": 10, "failures": 4, "failure_rate": 0.4,
             "failure_interval": [0.17, 0.69], "worst": worst,
             "skipped": None}  # fmt: skip
    left = {**tried, "name": "names", "capability": "fairness", "cases": 0, "failures": 0, "failure_rate": None,
            "failure_interval": None, "worst": [], "skipped": "no such class"}  # fmt: skip
    probes = {"cases": 100, "seed": 1, "frame": 0, "probes": [tried, left]}
    page = Page(page_of(run_files(probes=probes)))
    assert page.open == []
    assert "40.0\xa0%" in page.texts["td"]
    assert "no such class" in page.texts["td"]
    assert page.first("details", **{"data-probe": "0:0"})
    assert any(name.startswith("negated") for name in page.texts["th"])
    two = {**probes, "probes": [tried, {**tried, "suite": "stay"}]}
    names = Page(page_of(run_files(probes=two))).texts["th"]
    assert [name.split()[0] for name in names if "/" in name] == ["film/negated", "stay/negated"]
