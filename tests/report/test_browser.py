"""Does the page work in a real browser: sorting, filtering, searching, the threshold, two runs, hostile reviews?"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from report.browser import complaints, open_browser, requests, visit
from report.runs import prediction, run_files
from report.test_page import HOSTILE
from sentiment_cli.analysis.attributions import Span
from sentiment_cli.analysis.selection import Selection, select
from sentiment_cli.evaluation.predictions import Prediction
from sentiment_cli.history import Epoch, History
from sentiment_cli.report.data import build_report
from sentiment_cli.report.page import render_page
from sentiment_cli.report.sources import Curve

REVIEWS = 80
CURVE = Curve("first", History([Epoch(i, 1 / i, 1 - 0.5 / i, 1.1 / i, 1 - 0.6 / i, 0.01, 1.0) for i in (1, 2, 3)]))


def many(count: int, seed: int) -> list[Prediction]:
    """Reviews with stars in their names, about a quarter of them wrong."""
    rng = random.Random(seed)
    rows = []
    for index in range(count):
        actual = ("bad", "good")[index % 2]
        share = min(max(rng.gauss(0.6 if actual == "good" else 0.4, 0.2), 0.01), 0.99)
        path = f"test/{actual}/{index}_{(2, 7)[index % 2]}.txt"
        rows.append(prediction(index, share, actual, path=path, tokens=20 + index, cut=index % 3))
    return rows


def text_of(row: Prediction) -> str:
    """A text for each review; some hostile, some long."""
    if row.id < len(HOSTILE):
        return HOSTILE[row.id]
    return f"Room {row.id} was {row.actual}. " * (60 if row.id % 7 == 0 else 1)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    runs = []
    for name, seed in (("first", 1), ("second", 2)):
        rows = many(REVIEWS, seed)
        texts = {row.path: text_of(row) for row in rows}
        spans = {row.path: (Span(0, 4, 0.5), Span(5, 8, -2.0)) for row in rows if len(texts[row.path]) > 8}
        spans[[row for row in rows if row.is_wrong][-1].path] = (Span(0, 4, 0.004), Span(5, 7, -0.003))
        runs.append(run_files(rows, name=name, path=f"runs/{name}", texts=texts, spans=spans, curves=[CURVE]))
    comparison = {
        "indices": [0, 1], "names": ["first", "second"], "problem": None, "sentence": "They differ.", "examples": 80,
        "accuracy": [0.7, 0.7], "accuracy_interval": [[0.6, 0.8]] * 2, "difference": 0.0,
        "difference_interval": [-0.1, 0.1], "p_text": "p = 1", "both_right": 0, "only_first_right": 0,
        "only_second_right": 0, "both_wrong": 0,
    }  # fmt: skip
    return build_report(runs, split="test", comparisons=[comparison])


@pytest.fixture(scope="module")
def page_file(report: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render_page(report), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Any, page_file: Path) -> Any:
    visit(browser, page_file)
    return browser


@pytest.fixture
def shown(page: Any) -> Callable[[], list[str]]:
    """The paths in the table, in order."""
    script = "return [...document.querySelectorAll('#reviews-table tbody .path')].map((path) => path.textContent)"
    return lambda: page.execute_script(script)


def set_value(page: Any, identifier: str, value: Any, event: str = "change") -> None:
    """Choose, type or slide, as a person would."""
    page.execute_script(
        "const field = document.getElementById(arguments[0]); field.value = arguments[1];"
        "field.dispatchEvent(new Event(arguments[2], {bubbles: true}))",
        identifier,
        str(value),
        event,
    )


def click(page: Any, selector: str) -> None:
    page.execute_script("document.querySelector(arguments[0]).click()", selector)


def text(page: Any, identifier: str) -> str:
    found: str = page.execute_script("return document.getElementById(arguments[0]).textContent", identifier)
    return found


def by_path(report: dict[str, Any], run: int = 0) -> dict[str, Any]:
    """The rows of a run by path: place, whether it is wrong, loss, and so on."""
    rows, reviews = report["runs"][run]["rows"], report["reviews"]
    return {
        reviews["paths"][place]: {
            "wrong": rows["predicted"][index] != reviews["actual"][place],
            "actual": report["class_names"][reviews["actual"][place]],
            "predicted": report["class_names"][rows["predicted"][index]],
            **{key: rows[key][index] for key in ("loss", "probability", "tokens", "cut")},
            "text": reviews["texts"].get(str(place), ""),
        }
        for index, place in enumerate(rows["review"])
    }


def expect(report: dict[str, Any], test: Callable[[Any], bool], key: str = "loss", run: int = 0) -> list[str]:
    """The first paths of a page of the rows that pass, the highest first; ties are in the order of the reviews."""
    rows = by_path(report, run)
    return sorted((path for path, row in rows.items() if test(row)), key=lambda path: -rows[path][key])[:25]


def test_nothing_is_asked_for_and_nothing_complained_about(page: Any, page_file: Path) -> None:
    set_value(page, "filter-show", "all")
    set_value(page, "threshold-slider", 30, "input")
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert {url for url in requests(page) if not url.startswith("data:,")} == {page_file.resolve().as_uri()}
    assert complaints(page) == []


def test_the_wrong_predictions_of_the_highest_loss_come_first(page: Any, shown: Any, report: Any) -> None:
    assert shown() == expect(report, lambda row: row["wrong"])


@pytest.mark.parametrize(
    ("sort", "key"), [("confidence", "probability"), ("length", "tokens"), ("loss", "loss"), ("cut", "cut")]
)
def test_a_head_sorts_the_largest_first_and_then_the_smallest(
    page: Any, shown: Any, report: Any, sort: str, key: str
) -> None:
    rows = by_path(report)
    set_value(page, "filter-sort", "order:up")
    for sign, order in ((-1, "descending"), (1, "ascending")):
        click(page, f"th[data-sort={sort}] button")
        wrong = [path for path, row in rows.items() if row["wrong"]]
        assert shown() == sorted(wrong, key=lambda path, sign=sign: sign * rows[path][key])[:25]
        state = page.execute_script(f"return document.querySelector('th[data-sort={sort}]').ariaSort")
        assert state == order


def test_filters_leave_what_was_asked_for(page: Any, shown: Any, report: Any) -> None:
    set_value(page, "filter-kind", "fp")
    assert shown() == expect(report, lambda row: row["wrong"] and row["predicted"] == "good")
    set_value(page, "filter-kind", "")
    set_value(page, "filter-actual", report["class_names"].index("good"))
    assert shown() == expect(report, lambda row: row["wrong"] and row["actual"] == "good")
    set_value(page, "filter-show", "right")
    set_value(page, "filter-predicted", report["class_names"].index("good"))
    assert shown() == expect(report, lambda row: not row["wrong"] and row["predicted"] == row["actual"] == "good")
    click(page, "#filter-reset")
    assert shown() == expect(report, lambda row: row["wrong"])


def test_a_slice_leads_to_its_mistakes(page: Any, shown: Any) -> None:
    click(page, "button[data-by=rating][data-name='7 stars'][data-run='0']")
    assert shown()
    assert all(path.endswith("_7.txt") for path in shown())
    assert page.execute_script("return document.activeElement.id") == "reviews-heading"


def test_a_cell_of_the_matrix_leads_to_its_reviews(page: Any, shown: Any, report: Any) -> None:
    click(page, "button[data-actual='0'][data-predicted='1'][data-run='1']")
    assert shown() == expect(report, lambda row: (row["actual"], row["predicted"]) == ("bad", "good"), run=1)
    assert text(page, "reviews-count").startswith(str(report["runs"][1]["evaluation"]["confusion_matrix"][0][1]))


def test_a_search_finds_texts_and_paths_in_any_case(page: Any, shown: Any, report: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    expected = expect(report, lambda row: row["wrong"] and "was bad" in row["text"])
    set_value(page, "filter-query", "WAS BAD", "input")
    WebDriverWait(page, 5, 0.02).until(lambda _: shown() == expected)
    assert expected
    marked = page.execute_script("return [...CSS.highlights.get('found')].map((range) => range.toString())")
    assert len(marked) >= len(expected)
    assert set(marked) == {"was bad"}
    set_value(page, "filter-query", expected[0], "input")
    WebDriverWait(page, 5, 0.02).until(lambda _: shown() == expected[:1])
    set_value(page, "filter-query", "no review has this", "input")
    WebDriverWait(page, 5, 0.02).until(lambda _: shown() == [])
    assert text(page, "reviews-count") == "0 reviews"


def test_a_search_finds_what_contains_finds_whatever_the_case_and_white_space(
    browser: Any, shown: Any, tmp_path: Path
) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    texts = ["so  very\n\nkind [sic]!", "so very\u00a0kind", "Große Straße", "Ο ΔΡΌΜΟΣ μου", "verykind\x1fso"]
    rows = [prediction(index, 0.9, "bad", loss=9.0 - index) for index in range(len(texts))]
    by_path = {row.path: text for row, text in zip(rows, texts, strict=True)}
    path = tmp_path / "search.html"
    path.write_text(render_page(build_report([run_files(rows, texts=by_path)], split="test")), encoding="utf-8")
    visit(browser, path)
    for phrase, places in {
        "Very Kind": [0, 1],
        "  very \u00a0 kind [sic] ": [0],
        "GROSSE STRASSE": [2],
        "δρόμος": [3],
        "verykind so": [4],
        "kind very": [],
        "so test": [],
    }.items():
        asked = Selection(contains=phrase)
        assert select(rows, asked, prediction=lambda row: row, text=lambda row: by_path[row.path]) == [
            rows[place] for place in places
        ]
        set_value(browser, "filter-query", phrase, "input")
        WebDriverWait(browser, 5, 0.02).until(lambda _, places=places: shown() == [rows[at].path for at in places])
        marked = browser.execute_script("return [...CSS.highlights.get('found')].map((range) => range.toString())")
        assert len(marked) == (0 if "GROSSE" in phrase else len(places))
    assert complaints(browser) == []


def test_pages_are_turned(page: Any, shown: Any, report: Any) -> None:
    set_value(page, "filter-show", "all")
    first = shown()
    assert len(first) == 25
    assert text(page, "reviews-count") == "80 reviews, 1 to 25 are shown"
    click(page, "#pages-after")
    assert not set(first) & set(shown())
    for _ in range(2):
        click(page, "#pages-after")
    assert text(page, "reviews-count") == "80 reviews, 76 to 80 are shown"
    assert page.execute_script("return document.getElementById('pages-after').disabled")


def test_the_slider_moves_figures_matrix_and_markers(page: Any, report: Any) -> None:
    for position in (0, 40, 100, 160):
        set_value(page, "threshold-slider", position, "input")
        for index, run in enumerate(report["runs"]):
            table = run["threshold"]
            tp, fp = table["true_positives"][position], table["false_positives"][position]
            accuracy = (tp + table["negatives"] - fp) / (table["positives"] + table["negatives"])
            assert text(page, f"threshold-{index}-accuracy") == f"{accuracy:.4f}"
            assert text(page, f"threshold-{index}-precision") == (f"{tp / (tp + fp):.4f}" if tp + fp else "–")
            assert text(page, f"threshold-{index}-recall") == f"{tp / table['positives']:.4f}"
            assert text(page, f"threshold-{index}-1-1").startswith(str(tp))
        value = report["runs"][0]["threshold"]["values"][position]
        assert text(page, "threshold-value") == f"{value:.3f}"
    places = "return [...document.querySelectorAll('#chart-roc .marker')].map((marker) => marker.getAttribute('cx'))"
    before = page.execute_script(places)
    set_value(page, "threshold-slider", 60, "input")
    assert page.execute_script(places) != before


def test_the_threshold_of_validation_is_a_button(page: Any, report: Any) -> None:
    chosen = report["runs"][0]["threshold"]["chosen"]["value"]
    click(page, f"button[data-threshold='{chosen}']")
    assert text(page, "threshold-value") == f"{chosen:.3f}"


def test_the_slider_is_moved_by_keys(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    slider = page.find_element("id", "threshold-slider")
    before = text(page, "threshold-value")
    slider.send_keys(Keys.ARROW_RIGHT)
    assert text(page, "threshold-value") > before
    assert slider.get_attribute("aria-valuetext") == text(page, "threshold-value")


def test_what_one_run_gets_right_and_the_other_wrong_is_found(page: Any, shown: Any, report: Any) -> None:
    first, second = by_path(report), by_path(report, 1)
    click(page, "button[data-outcome=broken]")
    assert shown() == expect(report, lambda row: row["wrong"] and not second[_path(first, row)]["wrong"])
    click(page, "button[data-outcome=fixed]")
    assert shown() == expect(report, lambda row: not row["wrong"] and second[_path(first, row)]["wrong"])
    set_value(page, "filter-run", 1)
    assert shown() == expect(report, lambda row: row["wrong"], run=1)


def _path(rows: dict[str, Any], wanted: Any) -> str:
    return next(path for path, row in rows.items() if row is wanted or row == wanted)


def test_hostile_reviews_are_read_as_they_are_and_do_nothing(page: Any, report: Any) -> None:
    set_value(page, "filter-show", "all")
    set_value(page, "filter-sort", "order:up")
    texts = page.execute_script(
        "return Object.fromEntries([...document.querySelectorAll('#reviews-table tbody tr')].map((row) =>"
        "[row.querySelector('.path').textContent, row.querySelector('.text')?.textContent]))"
    )
    rows = by_path(report)
    hostile = [path for path in texts if rows[path]["text"] in HOSTILE]
    assert len(hostile) > 3
    for path in hostile:
        # The driver hands half characters over as U+FFFD.
        expected = rows[path]["text"].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        assert texts[path] == expected
    foreign = "script, img, iframe, form[action], main a:not([href^='#'])"
    assert page.execute_script("return document.querySelectorAll(arguments[0]).length", foreign) == 2
    assert page.execute_script("return document.title") == "first and second – sentiment report"
    assert complaints(page) == []


def test_the_policy_stops_what_would_slip_through(page: Any) -> None:
    for slip in (
        "document.body.innerHTML = '<img src=x onerror=hacked=1>'",
        "document.body.setAttribute('onclick', 'hacked = 1')",
        "document.body.appendChild(document.createElement('script')).textContent = 'hacked = 1'",
    ):
        name = page.execute_script(f"try {{ {slip}; return 'done' }} catch (error) {{ return error.name }}")
        assert name == "TypeError", slip
    page.execute_script("document.body.appendChild(document.createElement('img')).src = 'https://example.org/x.png'")
    assert page.execute_script("return typeof hacked") == "undefined"
    assert any("example.org" in line and "Content Security Policy" in line for line in complaints(page))


def test_words_are_coloured_by_the_class_that_they_speak_for(page: Any, report: Any) -> None:
    # The second word spoke against the predicted class; blue is for "good".
    words = page.execute_script(
        "const row = document.querySelector('#reviews-table tbody tr:has(.word)');"
        "const [one, two] = row.querySelectorAll('.text .word');"
        "return [row.cells[2].textContent.trim().slice(0, 4), one.className, two.className, two.title,"
        " one.style.getPropertyValue('--strength'), two.style.getPropertyValue('--strength'),"
        " row.querySelector('.strongest').textContent]"
    )
    predicted, one, two, title, weak, strong, line = words
    turned = predicted.startswith("bad")
    assert (one, two) == (("word red", "word blue") if turned else ("word blue", "word red"))
    assert title == ("+2.00" if turned else "−2.00")
    assert (weak, strong) == ("15%", "60%")
    assert line.startswith("Strongest words: ")


def test_a_score_that_rounds_to_zero_has_no_sign(page: Any, report: Any) -> None:
    set_value(page, "filter-sort", "length:down")
    line = page.execute_script("return document.querySelector('#reviews-table .strongest').textContent")
    assert line == "Strongest words: room\u00a00.00, 74\u00a00.00"


def test_a_long_review_is_unfolded(page: Any) -> None:
    state = page.execute_script(
        "const fold = document.querySelector('#reviews-table .fold'); const text = fold.previousElementSibling;"
        "const before = text.clientHeight; fold.click();"
        "return [before < text.clientHeight, fold.getAttribute('aria-expanded'), fold.textContent]"
    )
    assert state == [True, "true", "Show less"]


def test_the_theme_is_toggled_without_storage(page: Any) -> None:
    color = "return getComputedStyle(document.body).backgroundColor"
    seen = []
    for _ in range(3):
        click(page, "#theme")
        seen.append((text(page, "theme"), page.execute_script(color)))
    assert [label for label, _ in seen] == ["Theme: light", "Theme: dark", "Theme: auto"]
    assert seen[0][1] == "rgb(255, 255, 255)"
    assert seen[1][1] == "rgb(20, 23, 27)"


def test_all_tables_are_open_on_paper_and_closed_again(page: Any) -> None:
    closed = "return document.querySelectorAll('details.printed:not([open])').length"
    before = page.execute_script(closed)
    page.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert (before > 0, page.execute_script(closed)) == (True, 0)
    page.execute_script("dispatchEvent(new Event('afterprint'))")
    assert page.execute_script(closed) == before


def test_charts_have_names_and_lines_that_are_seen(page: Any) -> None:
    labels = page.execute_script("return [...document.querySelectorAll('.chart svg')].map((one) => one.ariaLabel)")
    assert len(labels) == 5
    assert all(labels)
    longest = (
        "return [...document.querySelectorAll('.chart')].map((chart) =>"
        "Math.max(...[...chart.querySelectorAll('.line')].map((line) => line.getTotalLength())))"
    )
    assert all(length > 100 for length in page.execute_script(longest))


def test_nothing_is_wider_than_a_narrow_screen(page: Any) -> None:
    size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_long_words_and_long_reasons_are_wrapped(browser: Any, tmp_path: Path) -> None:
    row = prediction(0, 0.9, "bad")
    skipped = {"suite": "film", "name": "negated", "capability": "negation", "description": "Negated words.",
               "source": "templates", "cases": 0, "failures": 0, "failure_rate": None, "failure_interval": None,
               "worst": [], "skipped": "the run has no class for neutral; " * 5}  # fmt: skip
    runs = [
        run_files(
            [row],
            name=name,
            texts={row.path: "x" * 400},
            spans={row.path: (Span(0, 400, 1.0),)},
            probes={"cases": 100, "seed": 1, "frame": 0, "probes": [skipped]},
        )
        for name in ("first", "second")
    ]
    path = tmp_path / "wide.html"
    path.write_text(render_page(build_report(runs, split="test")), encoding="utf-8")
    visit(browser, path)
    assert browser.execute_script("return document.querySelectorAll('.strongest, .probes .absent').length") == 3
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2, relative luminance)."""

    def luminance(color: str) -> float:
        channels = [int(part) / 255 for part in color[color.index("(") + 1 : -1].split(",")[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_letters_and_lines_stand_out_in_both_themes(page: Any, theme: str) -> None:
    colors = page.execute_script(
        "document.documentElement.dataset.theme = arguments[0];"
        "const probe = document.body.appendChild(document.createElement('i'));"
        "const color = (name) => { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };"
        "return Object.fromEntries(arguments[1].map((name) => [name, color(name)]))",
        theme,
        ["paper", "card", "ink", "quiet", "link", "good", "bad", *(f"c{index}" for index in range(10))],
    )
    for name in ("ink", "quiet", "link", "good", "bad"):
        assert contrast(colors[name], colors["paper"]) >= 4.5, name
        assert contrast(colors[name], colors["card"]) >= 4.5, name
    for index in range(10):  # graphics
        assert contrast(colors[f"c{index}"], colors["paper"]) >= 3, index


def test_a_run_of_25_000_reviews_is_sorted_filtered_and_moved(browser: Any, tmp_path: Path) -> None:
    rows = many(25_000, 5)
    texts = {row.path: f"Room {row.id} was {row.actual}. " for row in rows}
    report = build_report([run_files(rows, texts=texts, validation=[])], split="test")
    path = tmp_path / "large.html"
    path.write_text(render_page(report), encoding="utf-8")
    visit(browser, path)
    set_value(browser, "filter-show", "all")
    assert text(browser, "reviews-count") == "25,000 reviews, 1 to 25 are shown"
    click(browser, "th[data-sort=length] button")
    longest = "return document.querySelector('#reviews-table tbody .path').textContent"
    assert browser.execute_script(longest) == rows[-1].path
    set_value(browser, "threshold-slider", 50, "input")
    table = report["runs"][0]["threshold"]
    assert text(browser, "threshold-0-recall") == f"{table['true_positives'][50] / table['positives']:.4f}"
    assert complaints(browser) == []
