"""One visitor's search for a z, in a thread of its own; pure, no Streamlit."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

from gancore import i18n
from gancore.errors import GanCoreError
from gancore.evaluate.discriminators import Discriminator, real_samples
from gancore.i18n import _
from gancore.inversion import Found, Plan, Search
from gancore.run import Run
from gancore.sampler import Sampler

State = Literal["waiting", "searching", "comparing", "done", "stopped", "failed"]
CANDIDATES = 6
ALONE_S = 20.0
"""Seconds without a page that asks for it, after which a search ends: its visitor has left."""
AT_ONCE = 2
"""Searches that compute at the same time, whoever asked for them; the others wait."""
TYPICAL_IMAGES, TYPICAL_STARTS = 8, 4
_slots = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Task:
    """What is looked for."""

    run: Run
    sampler: Sampler
    """Used by the search alone."""
    moment: str
    target: Tensor
    """(C, H, W) uint8."""
    hidden: Tensor | None
    """(H, W) bool."""
    condition: int | None
    """None: each is tried."""
    seed: int
    plan: Plan
    source: str
    """What the target is, in a few words."""
    judged: bool
    """Whether the last checkpoint's discriminator has a say in a repair."""


@dataclass(frozen=True)
class Typical:
    """Medians of what the same search reaches for images of the data."""

    error: float
    hidden_error: float | None


@dataclass
class Standing:
    """How far a job is; replaced as a whole, so that a page never sees half of it."""

    state: State = "waiting"
    step: int = 0
    errors: tuple[float, ...] = ()
    """One a report."""
    found: tuple[Found, ...] = ()
    typical: Typical | None = None
    message: str = ""
    """Why it failed, or why nothing typical is known."""
    judge_message: str = ""
    """Why the discriminator has no say."""

    @property
    def is_live(self) -> bool:
        """Whether it goes on by itself."""
        return self.state in ("waiting", "searching", "comparing")


@dataclass
class Job:
    """A running or ended search."""

    task: Task
    _standing: Standing = field(default_factory=Standing)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._asked_at = time.monotonic()
        # Not a daemon, which would abort the interpreter's exit inside torch.
        self._thread = threading.Thread(target=self._work, args=(i18n.language(),), name="find a z")
        self._thread.start()

    @property
    def standing(self) -> Standing:
        """How far it is; who asks keeps it going."""
        self._asked_at = time.monotonic()
        return self._standing

    def stop(self) -> None:
        """End it between two steps; what was found stays."""
        self._stop.set()

    def wait(self, timeout_s: float) -> bool:
        """Whether it has ended within this time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _is_over(self) -> bool:
        alone = time.monotonic() - self._asked_at > ALONE_S
        return self._stop.is_set() or alone or not threading.main_thread().is_alive()

    def _set(self, **changes: object) -> None:
        self._standing = replace(self._standing, **changes)  # type: ignore[arg-type]

    def _work(self, language: str) -> None:
        with i18n.speaking(language):
            while not _slots.acquire(timeout=0.2):
                if self._is_over():
                    self._set(state="stopped")
                    return
            try:
                torch.set_num_threads(1)  # of this thread only
                self._search()
                if not self._is_over():
                    self._set(state="comparing")
                    self._compare()
                cut = self._stop.is_set() or self._standing.step < self.task.plan.steps
                self._set(state="stopped" if cut and not self._standing.typical else "done")
            except GanCoreError as error:
                self._set(state="failed", message=i18n.reason_of(error))
            except Exception as error:
                self._set(state="failed", message=_("the search failed: {error}", error=repr(error)))
                raise
            finally:
                _slots.release()

    def _search(self) -> None:
        task = self.task
        search = Search(
            task.sampler, task.target[None], task.hidden, condition=task.condition, seed=task.seed, plan=task.plan,
            judge=self._judge(),
        )  # fmt: skip
        for progress in search.run():
            errors = (*self._standing.errors, float(progress.errors[0]))
            found = tuple(search.found(count=CANDIDATES))
            self._set(state="searching", step=progress.step, errors=errors, found=found)
            if self._is_over():
                return

    def _judge(self) -> Discriminator | None:
        if self.task.hidden is None or not self.task.judged:
            return None
        try:
            return Discriminator.open(self.task.run)
        except GanCoreError as error:
            self._set(judge_message=i18n.reason_of(error))
            return None

    def _compare(self) -> None:
        """What images of the data come to: the same mask and steps, fewer starts."""
        task = self.task
        shape = task.sampler.shape
        try:
            images, labels, _split = real_samples(task.sampler.config, shape, 40 * TYPICAL_IMAGES)
        except GanCoreError as error:
            self._set(message=i18n.reason_of(error))
            return
        if task.condition is not None and task.sampler.labels(1) is not None:
            images = images[labels == task.condition]
        images = images[:TYPICAL_IMAGES]
        if not len(images):
            return
        plan = replace(task.plan, starts=TYPICAL_STARTS)
        search = Search(task.sampler, images, task.hidden, condition=task.condition, seed=task.seed, plan=plan)
        for _progress in search.run():
            if self._is_over():
                return
        best = [search.found(number)[0] for number in range(len(images))]
        hidden = [each.hidden_error for each in best if each.hidden_error is not None]
        middle = float(torch.tensor([each.error for each in best]).median())
        self._set(typical=Typical(middle, float(torch.tensor(hidden).median()) if hidden else None))
