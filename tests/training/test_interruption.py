"""Does the first signal ask, does the second one insist, and are the handlers put back?"""

from __future__ import annotations

import os
import signal
import threading

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
