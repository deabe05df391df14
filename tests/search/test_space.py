"""Are the options of a search read as they are meant, and refused where no training could have them?"""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.config import change_config, load_config
from sentiment_cli.errors import ConfigError
from sentiment_cli.search.space import (
    apply_values,
    check_space,
    combinations,
    count_combinations,
    find_problems,
    parse_space,
    short_names,
)

PLAIN = st.one_of(st.integers(-99, 99), st.booleans(), st.none(), st.text("ab,c[{ ", min_size=1))
VALUES = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(st.text("kl", min_size=1), PLAIN, max_size=2)


def problems(grid: list[str], drawn: list[str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_space(grid, drawn or [])
    return [str(problem) for problem in caught.value.problems]


def unfit(*grid: str, drawn: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        check_space(load_config("lstm"), parse_space(grid, drawn))
    return [str(problem) for problem in caught.value.problems]


class TestRead:
    def test_commas_within_brackets_and_quotes_belong_to_a_value(self) -> None:
        (setting,) = parse_space(['model.pooling=last, [max, mean], "a, b",{k: [1, 2]}'], [])
        assert setting.choices == ("last", "[max, mean]", '"a, b"', "{k: [1, 2]}")

    @settings(max_examples=40, deadline=None)
    @given(st.lists(VALUES, min_size=1, max_size=4, unique_by=lambda value: json.dumps(value)))
    def test_values_written_as_json_are_read_one_by_one(self, values: list[object]) -> None:
        (setting,) = parse_space([f"text.split={','.join(map(json.dumps, values))}"], [])
        assert setting.choices == tuple(map(json.dumps, values))
        assert [setting.override(text).value for text in setting.choices] == values

    def test_ranges_know_their_ends_their_scale_and_their_kind(self) -> None:
        drawn = ["training.learning_rate=log(1e-4, 1e-2)", "model.dropout=uniform(0,0.5)"]
        drawn += ["training.batch_size=int(8,64,log)", "training.epochs=int(1,3)", "model.window=choice(null,20)"]
        rate, dropout, batch, epochs, window = parse_space([], drawn)
        assert (rate.low, rate.high, rate.is_log, rate.is_whole) == (1e-4, 1e-2, True, False)
        assert (dropout.low, dropout.high, dropout.is_log, dropout.is_whole) == (0, 0.5, False, False)
        assert (batch.is_log, batch.is_whole, batch.ends) == (True, True, ("8", "64"))
        assert (epochs.is_log, epochs.all_texts, epochs.count) == (False, ("1", "2", "3"), 3)
        assert (window.choices, rate.count) == (("null", "20"), math.inf)

    @given(st.floats(1e-4, 1e-2))
    def test_a_number_of_a_range_is_written_in_four_digits_within_its_ends(self, number: float) -> None:
        (rate,) = parse_space([], ["training.learning_rate=log(1e-4,1e-2)"])
        assert 1e-4 <= float(rate.text(number)) <= 1e-2
        assert float(rate.text(number)) == pytest.approx(number, rel=5e-4)
        assert rate.override(rate.text(number)).value == float(rate.text(number))

    def test_everything_that_is_wrong_is_said_at_once(self) -> None:
        grid = ["units", "training.seed=1,1", "data.limit=2,3", "training.epochs=1,,2"]
        drawn = ["a=lag(1,2)", "b=log(0,1)", "c=int(1.5,2)", "d=uniform(3,1)", "e=log(1)", "f=7"]
        assert problems(grid, drawn) == [
            "--grid: expected KEY=…, received 'units'",
            "--grid: training.seed: expected each value once, received 1 twice",
            "--grid: data.limit: cannot be searched over: it decides which reviews are for validation, and trials "
            "could not be compared",
            "--grid: training.epochs: expected a value between commas, received '1,,2'",
            '--random: a: there is no lag(); did you mean "log"?',
            "--random: b: a range by the logarithm begins above 0, received 0",
            "--random: c: expected a whole number, received '1.5'",
            "--random: d: expected the lower end first, received 'uniform(3,1)'",
            "--random: e: expected log(a,b), received 'log(1)'",
            "--random: f: expected log(a,b), uniform(a,b), int(a,b), int(a,b,log) or choice(a,b,…), received '7'",
        ]

    @pytest.mark.parametrize("kind", ["int", "uniform", "log"])
    def test_a_number_beyond_all_of_the_computers_is_none(self, kind: str) -> None:
        (problem,) = problems([], [f"a={kind}(1,1{'0' * 400})"])
        assert problem.startswith(f"--random: a: expected a {'whole ' if kind == 'int' else ''}number, received '10")

    def test_one_and_1_0_and_true_are_different_values(self) -> None:
        (setting,) = parse_space(["training.jit_compile=1,1.0,true"], [])
        assert setting.count == 3

    @pytest.mark.parametrize("key", ["data.source", "data", "training", "training.evaluate_test", "training.device"])
    def test_what_would_let_trials_differ_in_their_reviews_is_refused(self, key: str) -> None:
        (problem,) = problems([f"{key}=1,2"])
        assert problem.startswith(f"--grid: {key}: cannot be searched over: ")

    def test_unlabelled_reviews_may_differ(self) -> None:
        assert parse_space(["data.unlabelled=null,auto"], [])[0].key == "data.unlabelled"

    def test_a_setting_is_named_once_and_not_with_what_lies_in_it(self) -> None:
        assert problems(["training.epochs=1,2"], ["training.epochs=int(1,2)"]) == [
            "--random: training.epochs: named twice; give all its values at once"
        ]
        assert problems(["model.dense=[],[{units: 3}]", "model.dense.0.units=1,2"]) == [
            "--grid: model.dense.0.units: is a part of model.dense; search over one of them"
        ]


class TestChecked:
    def test_unknown_keys_wrong_types_and_ranges_are_said_with_the_option(self) -> None:
        assert unfit("model.recurrent.0.units=0,32", "training.epoch=1,2", "model.recurrent.4.units=3") == [
            "--grid: model.recurrent.0.units: expected a number >= 1, received 0",
            '--grid: training.epoch: unknown key; did you mean "epochs"?',
            "--grid: model.recurrent.4.units: expected an item from 0 to 0, received 4; to add one, give the whole "
            "list",
        ]
        assert unfit(drawn=("model.dropout=uniform(0,1)",)) == [
            "--random: model.dropout: expected a number < 1.0, received 1.0"
        ]

    def test_a_value_that_needs_one_of_another_setting_is_no_fault(self) -> None:
        config = load_config("lstm", settings=["model.pooling=last"])
        both = parse_space(["model.window=null,20", "model.pooling=last,max"], [])
        check_space(config, both)
        assert find_problems(config, both, {"model.window": "20"})
        assert len([v for v in combinations(both) if not find_problems(config, both, v)]) == 3

    def test_values_are_put_where_the_key_says_and_nothing_else_changes(self) -> None:
        config = load_config("lstm")
        settings = parse_space(["model.recurrent.0.units=7"], ["training.learning_rate=log(1e-4,1e-2)"])
        changed = apply_values(config, settings, {"model.recurrent.0.units": "7", "training.learning_rate": "0.0005"})
        assert (changed.model.recurrent[0].units, changed.training.learning_rate) == (7, 0.0005)
        assert change_config(changed, [settings[0].override("32"), settings[1].override("0.001")]) != changed
        assert config == load_config("lstm")

    def test_combinations_are_counted(self) -> None:
        grid = parse_space(["model.window=null,20", "model.pooling=last,max,mean"], ["training.epochs=int(1,4)"])
        assert count_combinations(grid) == len(list(combinations(grid))) == 24
        assert count_combinations([]) == 1


def test_short_names_tell_settings_apart() -> None:
    keys = ["model.recurrent.0.units", "model.recurrent.1.units", "model.dropout", "model.embedding.dropout"]
    assert list(short_names([*keys, "training.learning_rate"]).values()) == [
        "recurrent.0.units", "recurrent.1.units", "model.dropout", "embedding.dropout", "learning_rate",
    ]  # fmt: skip
    assert short_names(["pretrain", "model.pretrain"]) == {"pretrain": "pretrain", "model.pretrain": "model.pretrain"}
