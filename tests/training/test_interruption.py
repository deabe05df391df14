"""Does the first signal ask, does the second one insist, and are the handlers put back?"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import weakref
from typing import Any

import pytest

from sentiment_cli.errors import Interrupted
from sentiment_cli.training.interruption import StopRequest

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.mark.parametrize(("number", "exit_code"), SIGNALS)
def test_the_first_signal_is_a_request_and_is_confirmed_once(number: signal.Signals, exit_code: int) -> None:
    notes: list[str] = []
    with StopRequest(notes.append) as stop:
        stop.graceful = True
        assert stop.exit_code is None
        os.kill(os.getpid(), number)
        assert stop.exit_code == exit_code
    assert notes == ["Stopping after this batch and saving; once more leaves at once"]


@pytest.mark.parametrize(("number", "exit_code"), SIGNALS)
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_leaves_at_once(first: signal.Signals, number: signal.Signals, exit_code: int) -> None:
    with StopRequest(lambda note: None) as stop:
        stop.graceful = True
        os.kill(os.getpid(), first)
        with pytest.raises(Interrupted) as caught:
            os.kill(os.getpid(), number)
    assert caught.value.exit_code == exit_code


@pytest.mark.parametrize(("number", "exit_code"), SIGNALS)
def test_outside_of_the_loop_the_first_signal_leaves_at_once(number: signal.Signals, exit_code: int) -> None:
    with StopRequest(lambda note: None), pytest.raises(Interrupted) as caught:
        os.kill(os.getpid(), number)
    assert caught.value.exit_code == exit_code


def test_the_handlers_of_before_are_put_back_even_after_an_error() -> None:
    before = [signal.getsignal(number) for number, _ in SIGNALS]
    with pytest.raises(ValueError, match="inside"), StopRequest(lambda note: None):
        assert [signal.getsignal(number) for number, _ in SIGNALS] != before
        raise ValueError("inside")
    assert [signal.getsignal(number) for number, _ in SIGNALS] == before


@pytest.mark.parametrize(("number", "exit_code"), SIGNALS)
def test_a_signal_in_a_callback_whose_errors_are_ignored_comes_again(number: signal.Signals, exit_code: int) -> None:
    class Thing:
        """Something that can be collected."""

    def collected(_: object) -> None:
        os.kill(os.getpid(), number)
        for _ in range(1000):
            pass  # here the handler raises, and Python ignores it

    thing = Thing()
    reference = weakref.ref(thing, collected)
    with StopRequest(lambda note: None), pytest.raises(Interrupted) as caught:
        del thing
        time.sleep(10)
    assert reference() is None
    assert caught.value.exit_code == exit_code


def test_other_ignored_errors_are_told_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    hook = sys.unraisablehook

    class Broken:
        def __del__(self) -> None:
            raise ValueError("ignored")

    with StopRequest(lambda note: None):
        Broken()
    assert [str(one.exc_value) for one in told] == ["ignored"]
    assert sys.unraisablehook is hook


def test_in_another_thread_the_handlers_are_left_alone() -> None:
    seen: list[object] = []
    before = signal.getsignal(signal.SIGINT)

    def work() -> None:
        with StopRequest(lambda note: None) as stop:
            seen.append((signal.getsignal(signal.SIGINT) is before, stop.exit_code))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(True, None)]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_signal_while_tensorflow_traces_stays_what_it_is() -> None:
    import tensorflow as tf

    @tf.function
    def traced() -> None:
        raise Interrupted("Stopped.", exit_code=143)

    with pytest.raises(Interrupted) as caught:
        traced()
    assert caught.value.exit_code == 143
