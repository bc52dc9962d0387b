"""What other threads ask of a training loop, answered between two iterations."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from gancore.errors import RunError
from gancore.i18n import _, language, speaking

T = TypeVar("T")


class Control:
    """Pause, resume, step, stop, slow motion, and calls to make between iterations."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._paused = self._stopping = self._closed = False
        self._steps = 0
        self._calls: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._attention = False
        self._pace: float | None = None
        self._went_at = -math.inf

    def pause(self) -> None:
        """Wait after the iteration under way."""
        self._ask(paused=True)

    def resume(self) -> None:
        """Go on after a pause."""
        self._ask(paused=False)

    def step(self) -> None:
        """Run one iteration, then wait."""
        self._ask(paused=True, steps=1)

    def stop(self) -> None:
        """End after the iteration under way; it may come before the loop starts."""
        self._ask(stopping=True)

    def pace(self, iterations_per_s: float | None) -> None:
        """Begin no more than so many iterations a second from now on; None: as many as there can be.

        Raises:
            RunError: when it is not above 0.
        """
        if iterations_per_s is not None and not 0 < iterations_per_s < math.inf:
            raise RunError(_("expected a pace above 0 iterations a second, found {pace:g}", pace=iterations_per_s))
        with self._condition:
            self._pace = iterations_per_s
            self._attention = True
            self._condition.notify_all()

    @property
    def paced(self) -> float | None:
        """Iterations a second that :meth:`pace` asked for; None: as many as there can be."""
        return self._pace

    @property
    def stopping(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._stopping

    def call(self, function: Callable[[], T]) -> Future[T]:
        """Run ``function`` in the training thread between two iterations, or while it is paused.

        What it says is in the caller's language.

        The future is cancelled when the loop has ended or ends first.
        """
        future: Future[T] = Future()
        code = language()

        def answer() -> T:
            with speaking(code):
                return function()

        with self._condition:
            if self._closed:
                future.cancel()
                return future
            self._calls.append((answer, future))
            self._attention = True
            self._condition.notify_all()
        return future

    def close(self) -> None:
        """Cancel the calls that were not made; the loop has ended."""
        with self._condition:
            self._closed = True
            while self._calls:
                self._calls.popleft()[1].cancel()

    def between_iterations(self, enter_pause: Callable[[], None]) -> bool:
        """Answer what was asked; called by the training thread after every iteration.

        Args:
            enter_pause: called once before waiting.

        Returns:
            Whether to go on.
        """
        if not self._attention:
            return True
        entered = False
        while True:
            with self._condition:
                calls = list(self._calls)
                self._calls.clear()
                if not calls:
                    if self._stopping:
                        return False
                    if not self._paused and (left_s := self._left_s()) > 0:
                        self._condition.wait(min(left_s, 60.0))
                        continue
                    if not self._paused or self._steps:
                        self._steps -= self._paused
                        # A pace, a pause and its steps are to be seen to again after the next iteration.
                        self._attention = self._paused or self._pace is not None
                        self._went_at = time.monotonic()
                        return True
                    if entered:
                        self._condition.wait()
                        continue
            for function, future in calls:
                _answer(function, future)
            if not calls:
                enter_pause()
                entered = True

    def _left_s(self) -> float:
        """Seconds until the pace allows the next iteration."""
        return 0.0 if self._pace is None else self._went_at + 1 / self._pace - time.monotonic()

    def _ask(self, *, paused: bool | None = None, steps: int = 0, stopping: bool = False) -> None:
        with self._condition:
            if paused is not None:
                self._paused = paused
                self._steps = self._steps + steps if paused else 0
            self._stopping = self._stopping or stopping
            self._attention = True
            self._condition.notify_all()


def _answer(function: Callable[[], Any], future: Future[Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(function())
    except Exception as error:  # the caller's error belongs to the caller, not to the run
        future.set_exception(error)
