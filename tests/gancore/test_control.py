"""What other threads ask of a loop, against a loop of the simplest kind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError

import pytest

from gancore.control import Control
from gancore.errors import RunError


class Loop:
    """Counts iterations in a thread of its own; every pause it enters is announced."""

    def __init__(self, control: Control) -> None:
        self.control, self.count = control, 0
        self.paused = threading.Semaphore(0)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        going = True
        while going:
            self.count += 1
            going = self.control.between_iterations(self.paused.release)
        self.control.close()

    def wait_for_pause(self) -> int:
        assert self.paused.acquire(timeout=30)
        return self.count

    def wait_for_end(self) -> int:
        self.thread.join(30)
        assert not self.thread.is_alive()
        return self.count


def test_a_stop_before_the_first_iteration_holds() -> None:
    control = Control()
    control.stop()
    assert control.stopping
    assert Loop(control).wait_for_end() == 1


@pytest.mark.parametrize("end", [lambda control: control.stop(), lambda control: (control.pause(), control.stop())])
def test_a_stop_ends_a_loop_that_runs_or_waits(end: Callable[[Control], object]) -> None:
    control = Control()
    loop = Loop(control)
    end(control)
    loop.wait_for_end()


def test_each_step_is_one_iteration() -> None:
    control = Control()
    control.pause()
    loop = Loop(control)
    assert loop.wait_for_pause() == 1
    for expected in (2, 3, 4):
        control.step()
        assert loop.wait_for_pause() == expected
    control.stop()
    assert loop.wait_for_end() == 4


def test_steps_add_up_and_a_resume_forgets_them() -> None:
    control = Control()
    for _ in range(3):
        control.step()
    loop = Loop(control)
    assert loop.wait_for_pause() == 4, "the first iteration asks after itself, then three steps"
    control.resume()
    control.pause()
    control.stop()
    loop.wait_for_end()


def test_calls_are_made_in_the_loops_thread_also_while_it_waits() -> None:
    control = Control()
    control.pause()
    loop = Loop(control)
    loop.wait_for_pause()
    assert control.call(threading.get_ident).result(30) == loop.thread.ident
    failing = control.call(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        failing.result(30)
    assert control.call(lambda: "still there").result(30) == "still there"
    assert loop.count == 1
    control.stop()
    loop.wait_for_end()
    with pytest.raises(CancelledError):
        control.call(lambda: None).result(30)


def test_calls_that_were_not_made_are_cancelled_at_the_end() -> None:
    control = Control()
    waiting = control.call(lambda: None)
    control.close()
    assert waiting.cancelled()
    withdrawn = Control()
    future = withdrawn.call(lambda: pytest.fail("the caller had gone"))
    future.cancel()
    assert withdrawn.between_iterations(lambda: None)


def test_a_paced_loop_waits_between_iterations_and_still_listens() -> None:
    control = Control()
    control.pace(1 / 3600)  # the second iteration is an hour away
    loop = Loop(control)
    assert control.call(lambda: loop.count).result(30) in (1, 2)
    control.step()
    stepped = loop.wait_for_pause()
    control.step()
    assert loop.wait_for_pause() == stepped + 1, "steps do not wait for the pace"
    control.resume()
    assert control.call(lambda: loop.count).result(30) <= stepped + 2
    control.stop()
    assert loop.wait_for_end() <= stepped + 2


def test_a_pace_is_kept() -> None:
    control = Control()
    control.pace(20)
    begun = time.monotonic()
    loop = Loop(control)
    while loop.count < 8:
        time.sleep(0.005)
    # The first iteration comes before the loop asks, the second at once; a busy machine may be slower.
    assert time.monotonic() - begun >= 6 / 20 - 0.01
    control.pace(None)
    control.stop()
    loop.wait_for_end()


@pytest.mark.parametrize("pace", [0, -1.0, float("nan"), float("inf")])
def test_a_pace_that_is_none_is_refused(pace: float) -> None:
    control = Control()
    with pytest.raises(RunError, match="expected a pace above 0 iterations a second, found"):
        control.pace(pace)
    assert control.paced is None
