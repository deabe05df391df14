"""Does every way of failing end with its exit code and one clear message? The messages are part of the product."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sentiment_cli.cli import main
from sentiment_cli.errors import DataError, DeviceError, Interrupted

Cli = Callable[..., Result]

# What users get wrong most often, with all that they are then told. PLACE is the working directory.
MISTAKES = {
    "a misspelt configuration": (
        ["train", "--config", "imdb_lstn"],
        2,
        "Error: 1 problem in the configuration\n"
        "imdb_lstn: no such configuration, neither as a file nor among the shipped ones; "
        'did you mean "imdb_lstm"?\n',
    ),
    "a misspelt key": (
        ["train", "--set", "training.epoch=3"],
        2,
        'Error: 1 problem in the configuration\n--set: training.epoch: unknown key; did you mean "epochs"?\n',
    ),
    "several wrong values": (
        ["train", "--epochs", "0", "--seed", "-1", "--device", "tpu", "--set", "model.recurrent.0.cell=LSTM"],
        2,
        "Error: 4 problems in the configuration\n"
        "--set: model.recurrent.0.cell: expected one of 'simple_rnn', 'gru' or 'lstm', received the text \"LSTM\"; "
        'did you mean "lstm"?\n'
        "--epochs: training.epochs: expected a number >= 1, received 0\n"
        "--seed: training.seed: expected a number >= 0, received -1\n"
        '--device: training.device: expected auto, cpu, gpu or gpu:N, received the text "tpu"\n',
    ),
    "a setting without a value": (
        ["train", "--set", "training.epochs"],
        2,
        "Error: 1 problem in the configuration\n--set: expected KEY=VALUE, received 'training.epochs'\n",
    ),
    "a directory that is not there": (
        ["validate", "-c", "lstm", "--set", "data.source=my/reviews"],
        1,
        "Error: No such directory: my/reviews (looked from PLACE). Known sources beside directories: bnb, imdb.\n",
    ),
    "two places for a run": (
        ["train", "--name", "a", "--output-dir", "b"],
        2,
        "Error: --name and --output-dir both say where the run goes; give one of them.\n",
    ),
    "a resumed run that is configured anew": (
        ["train", "--resume", "a", "--set", "training.epochs=5", "--seed", "3", "--no-test"],
        2,
        "Error: --resume continues a run as it was configured; it does not go with --set, --seed, --no-test. "
        "Only --epochs may be changed.\n",
    ),
    "a name with a slash": (
        ["train", "--name", "a/b"],
        2,
        "Error: --name 'a/b' cannot be a directory name everywhere; try 'a_b'.\n",
    ),
    "nothing to predict": (
        ["predict"],
        2,
        "Error: Nothing to predict: give a TEXT, --input FILE, or --input - for standard input.\n",
    ),
    "no run yet": (
        ["evaluate"],
        1,
        "Error: There are no runs in PLACE/runs. Train one first: sentiment train\n",
    ),
    "a run that is not there": (
        ["evaluate", "first"],
        1,
        'Error: No run "first": neither that directory nor runs/first is one; there are no runs in PLACE/runs yet.\n',
    ),
    "a run to go on with that is not there": (
        ["train", "--resume", "first"],
        1,
        'Error: No run "first": neither that directory nor runs/first is one; there are no runs in PLACE/runs yet.\n',
    ),
    "a directory that is no run": (
        ["misclassified", "."],
        1,
        "Error: . is not a run: it has no run.json.\n",
    ),
    "a gate that does not say of which class": (
        ["evaluate", "--fail-under", "f1=0.8"],
        2,
        "Error: --fail-under f1=0.8: f1 is a figure of one class; expected f1.CLASS=0.8.\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_likely_mistake_is_answered_with_this_message(cli: Cli, workplace: Path, mistake: str) -> None:
    arguments, code, message = MISTAKES[mistake]
    result = cli(*arguments)
    assert result.stderr == message.replace("PLACE", str(workplace))
    assert (result.exit_code, result.stdout) == (code, "")
    assert list(workplace.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["train", "--epoch", "3"], "--epochs"),
        (["misclassified", "--formt", "csv"], "--format"),
        (["evaluate", "--fail-unde", "accuracy=1"], "--fail-under"),
    ],
)
def test_an_unknown_option_is_wrong_usage_with_the_nearest(
    cli: Cli, workplace: Path, arguments: list[str], suggestion: str
) -> None:
    result = cli(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "No such option" in result.stderr
    assert suggestion in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["trian"],
        ["train", "--epochs", "three"],
        ["train", "extra"],
        ["evaluate", "a", "b"],
        ["evaluate", "--split", "dev"],
        ["misclassified", "--top", "0"],
        ["misclassified", "--format", "xml"],
        ["predict", "--format", "html", "x"],
        ["download"],
        ["data"],
        ["data", "check"],
        ["validate"],
        ["init"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_a_usage_line(cli: Cli, workplace: Path, arguments: list[str]) -> None:
    result = cli(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: ")


def test_a_missing_configuration_file_is_a_wrong_configuration(cli: Cli, workplace: Path) -> None:
    result = cli("train", "-c", "no/such.yaml")
    assert result.exit_code == 2
    assert result.stderr.startswith(
        "Error: 1 problem in the configuration\n"
        "no/such.yaml: no such configuration, neither as a file nor among the shipped ones; known: "
    )


def test_problems_of_file_and_options_are_said_together(cli: Cli, workplace: Path) -> None:
    (workplace / "mine.yaml").write_text("text: {max_token: 5}\nmodel: {dropout: 2}\n", encoding="utf-8")
    result = cli("train", "-c", "mine.yaml", "--limit", "0", "--set", "training.seed=x", "--set", "oops")
    assert result.exit_code == 2
    assert sorted(line.split(": ")[0] for line in result.stderr.splitlines()[1:]) == [
        "--limit",
        "--set",
        "--set",
        "mine.yaml:1",
        "mine.yaml:2",
    ]
    assert result.stderr.startswith("Error: 5 problems in the configuration\n")


def test_imdb_that_is_not_there_is_said_with_the_command_before_tensorflow_is_loaded(workplace: Path) -> None:
    script = (
        "import sys\nfrom sentiment_cli.cli import main\n"
        "try:\n    main(['train', '--config', 'imdb_lstm'])\n"
        "except SystemExit as end:\n    print(end.code, 'tensorflow' in sys.modules, 'keras' in sys.modules)\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )
    assert child.stdout == "1 False False\n"
    (message,) = child.stderr.splitlines()
    assert message.startswith("Error: ")
    assert "datasets/aclImdb" in message
    assert message.endswith(
        "Fetch it with `sentiment download imdb`, or set SENTIMENT_DATA to the directory that aclImdb is in."
    )
    assert list(workplace.iterdir()) == []


def test_an_existing_output_is_refused_with_the_three_ways_out(cli: Cli, run_copy: Path, tiny_config: Path) -> None:
    before = {path: path.read_bytes() for path in run_copy.rglob("*") if path.is_file()}
    result = cli("train", "-c", tiny_config, "--name", "tiny")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: runs/tiny exists; a run is never overwritten silently. Continue it with sentiment train "
        "--resume runs/tiny, replace it with --force, or choose another --output-dir.\n"
    )
    assert {path: path.read_bytes() for path in run_copy.rglob("*") if path.is_file()} == before


def test_force_replaces_only_runs(cli: Cli, workplace: Path, tiny_config: Path) -> None:
    (workplace / "thesis").mkdir()
    (workplace / "thesis" / "chapter1.txt").write_text("years of work", encoding="utf-8")
    result = cli("train", "-c", tiny_config, "--output-dir", "thesis", "--force")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: thesis exists and is not a run; --force replaces only runs. Choose another --output-dir.\n"
    )
    assert (workplace / "thesis" / "chapter1.txt").read_text(encoding="utf-8") == "years of work"


def test_reviews_that_lie_flat_are_explained(cli: Cli, workplace: Path) -> None:
    (workplace / "flat").mkdir()
    (workplace / "flat" / "1.txt").write_text("x", encoding="utf-8")
    result = cli("train", "-q", "--data", "flat")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: flat is flat: it has 1 .txt files and no directories. "
        "Expected one directory for each class, named after it, with its reviews inside.\n"
    )
    assert not (workplace / "runs").exists()


def test_epochs_that_make_no_sense_are_refused_with_resume_too(cli: Cli, run_copy: Path) -> None:
    result = cli("train", "--resume", "tiny", "--epochs", "0")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: 1 problem in the configuration\n--epochs: training.epochs: expected a number >= 1, received 0\n"
    )


def test_a_finished_run_is_not_resumed_but_extended(cli: Cli, run_copy: Path) -> None:
    result = cli("train", "--resume", "tiny", "-q")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: runs/tiny has finished its 2 epochs. "
        "To train it further: sentiment train --resume runs/tiny --epochs 7\n"
    )


def test_a_damaged_run_is_named(cli: Cli, run_copy: Path) -> None:
    (run_copy / "run.json").write_text('{"status": ', encoding="utf-8")
    for command in (["evaluate", "tiny"], ["misclassified", "tiny"], ["plot-history", "tiny"]):
        result = cli(*command)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("Error: runs/tiny/run.json cannot be read: ")


class TestWhatIsRaised:
    """The same for every command; `data check` is the quickest."""

    @pytest.fixture
    def fails_with(self, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
        from sentiment_cli.workflows import inspect_data

        def run(error: BaseException, *options: str) -> Result:
            def check_data(*_: object) -> None:
                raise error

            monkeypatch.setattr(inspect_data, "check_data", check_data)
            return CliRunner().invoke(main, ["data", "check", "bnb", *options], catch_exceptions=False)

        return run

    def test_what_nobody_expected_is_a_bug_without_a_traceback(self, fails_with: Callable[..., Result]) -> None:
        result = fails_with(ZeroDivisionError("division by zero"))
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == (
            "This is a bug in sentiment: ZeroDivisionError: division by zero\n"
            "Please report it with what --debug prints.\n"
        )

    def test_a_signal_that_breaks_an_import_stops_the_command(self, fails_with: Callable[..., Result]) -> None:
        error = ImportError("initialization failed")
        error.__cause__ = Interrupted("Stopped.", exit_code=143)
        result = fails_with(error)
        assert (result.exit_code, result.stderr) == (143, "Stopped.\n")

    def test_debug_adds_the_traceback(self, fails_with: Callable[..., Result]) -> None:
        result = fails_with(ZeroDivisionError("division by zero"), "--debug")
        assert result.exit_code == 1
        assert result.stderr.startswith("Traceback (most recent call last):\n")
        assert "in check_data\n" in result.stderr
        assert "This is a bug in sentiment: " in result.stderr

    def test_debug_shows_it_for_errors_of_the_user_too(self, fails_with: Callable[..., Result]) -> None:
        result = fails_with(DataError("bad reviews"), "--debug")
        assert result.stderr.startswith("Traceback (most recent call last):\n")
        assert result.stderr.endswith("\nError: bad reviews\n")

    @pytest.mark.parametrize(
        ("error", "code", "message"),
        [
            (DataError("bad reviews"), 1, "Error: bad reviews\n"),
            (DeviceError("no GPU"), 1, "Error: no GPU\n"),
            (Interrupted("Stopped. To continue: x"), 130, "Stopped. To continue: x\n"),
            (Interrupted("Stopped.", exit_code=143), 143, "Stopped.\n"),
            (KeyboardInterrupt(), 130, "Stopped.\n"),
            (
                OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "runs/a/history.csv"),
                1,
                "Error: runs/a/history.csv: the disk is full; what was saved before is intact.\n",
            ),
            (
                OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
                1,
                "Error: the disk is full; what was saved before is intact.\n",
            ),
            (
                PermissionError(errno.EACCES, os.strerror(errno.EACCES), "runs/a"),
                1,
                f"Error: runs/a: {os.strerror(errno.EACCES)}\n",
            ),
            (OSError("strange"), 1, "Error: strange\n"),
            (
                MemoryError(),
                1,
                "Error: not enough memory. Lower training.batch_size, text.sequence_length or model sizes.\n",
            ),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
    )
    def test_is_one_message_and_an_exit_code(
        self, fails_with: Callable[..., Result], error: BaseException, code: int, message: str
    ) -> None:
        result = fails_with(error)
        assert (result.exit_code, result.stdout, result.stderr) == (code, "", message)

    def test_cannot_steer_a_terminal_by_its_message(self, fails_with: Callable[..., Result]) -> None:
        message = fails_with(DataError("first \x1b[2J\u202e\x07 \udcff line\n  second")).stderr
        assert message == "Error: first \ufffd[2J\ufffd\ufffd \ufffd line\n  second\n"

    def test_is_said_under_quiet_and_json_too(self, fails_with: Callable[..., Result]) -> None:
        result = fails_with(DataError("bad reviews"), "-q", "--json")
        assert (result.stdout, result.stderr) == ("", "Error: bad reviews\n")


def test_a_full_disk_while_writing_leaves_no_half_file(
    cli: Cli, run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    result = cli("misclassified", "tiny", "--format", "csv", "-o", "list.csv")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: the disk is full; what was saved before is intact.\n"
    assert [path.name for path in Path().iterdir()] == ["runs"]


def test_an_output_directory_that_cannot_be_made_is_an_error_and_no_bug(cli: Cli, run_copy: Path) -> None:
    Path("file").write_text("x", encoding="utf-8")
    result = cli("misclassified", "tiny", "-o", "file/list.csv")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: file: ")


def test_a_command_in_another_program_raises_click_s_exit_and_not_the_error(workplace: Path) -> None:
    # What `main` promises to those who call it without click's own ending of the process.
    assert main(["train", "--config", "nope"], standalone_mode=False) == 2


def test_json_of_an_error_is_no_object_that_a_script_could_take_for_a_result(cli: Cli, workplace: Path) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(cli("evaluate", "--json").stdout)
