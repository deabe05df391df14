"""Does the process end as its command did, also where TensorFlow is not taken down in order?"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = """
import sys, types
from sentiment_cli import __main__ as program

def main(prog_name):
    {tensorflow}
    print("result")
    print("note", file=sys.stderr)
    raise SystemExit({code})

program._load = lambda: main
{before}
program.run()
"""
LOADED = "sys.modules['tensorflow'] = types.ModuleType('tensorflow')"


def run(code: object, *, loaded: bool, before: str = "") -> subprocess.CompletedProcess[str]:
    script = COMMAND.format(code=code, tensorflow=LOADED if loaded else "pass", before=before)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("code", [0, 1, 3, 130])
def test_the_exit_code_and_all_that_was_printed_arrive(code: int, loaded: bool) -> None:
    done = run(code, loaded=loaded)
    assert (done.returncode, done.stdout, done.stderr) == (code, "result\n", "note\n")


def test_with_tensorflow_nothing_that_waits_for_the_end_of_python_is_run() -> None:
    waiting = "import atexit; atexit.register(print, 'late')"
    assert run(0, loaded=True, before=waiting).stdout == "result\n"
    assert run(0, loaded=False, before=waiting).stdout == "result\nlate\n"


def test_a_closed_standard_output_is_no_failure(tmp_path: Path) -> None:
    script = COMMAND.format(code=0, tensorflow=LOADED, before="")
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    line = f"{sys.executable} {tmp_path / 'script.py'} >&-"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "note\n")


INTERRUPTED = """
import os, signal, sys
from sentiment_cli import __main__ as program

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "sentiment_cli.cli":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
{before}
sys.argv = ["sentiment", "--version"]
program.run()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_stop_while_the_command_line_is_loaded_says_nothing() -> None:
    # A shell begins what runs in its background with the signal ignored, and these tests may run there.
    script = INTERRUPTED.format(before="signal.signal(signal.SIGINT, signal.default_int_handler)")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_process_that_was_begun_without_the_signal_goes_on() -> None:
    script = INTERRUPTED.format(before="signal.signal(signal.SIGINT, signal.SIG_IGN)")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("sentiment, version ")
