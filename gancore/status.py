"""How a run stands: the small file that lists, cards and other processes read."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gancore.i18n import N_, _, from_json, in_english, to_json


class RunState(StrEnum):
    """Where a run is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"
    DIVERGED = "diverged"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def is_live(self) -> bool:
        """Whether a thread has it, or will."""
        return self in (RunState.QUEUED, RunState.RUNNING, RunState.PAUSED)

    @property
    def words(self) -> str:
        """The state in the language in force."""
        return _(_WORDS[self])

    @property
    def can_resume(self) -> bool:
        """Whether it can go on from its last checkpoint as it is planned; a finished run needs a longer plan."""
        return self in (RunState.STOPPED, RunState.INTERRUPTED, RunState.FAILED)


_WORDS = {
    RunState.QUEUED: N_("queued"),
    RunState.RUNNING: N_("running"),
    RunState.PAUSED: N_("paused"),
    RunState.STOPPED: N_("stopped"),
    RunState.FINISHED: N_("finished"),
    RunState.DIVERGED: N_("diverged"),
    RunState.FAILED: N_("failed"),
    RunState.INTERRUPTED: N_("interrupted"),
}


class Status(BaseModel):
    """A run's state and position; ``status.json``."""

    model_config = ConfigDict(frozen=True)

    state: RunState = RunState.QUEUED
    message: str = ""
    """One sentence on why it is in this state, where there is something to say; in English."""
    message_parts: dict[str, Any] | None = None
    """What :func:`gancore.i18n.from_json` makes the message from; None where only its English text is known."""
    iteration: int = 0
    """Generator updates done."""
    epoch: float = 0.0
    """Passes through the data."""
    images_seen: int = 0
    """Real images trained on, repeats counted."""
    elapsed_s: float = 0.0
    """Seconds of training, pauses left out."""
    progress: float = Field(0.0, ge=0.0, le=1.0)
    """Share of the planned length."""
    iterations_per_s: float = 0.0
    eta_s: float | None = None
    epoch_means: dict[str, float] = {}
    """Mean of every logged number over the last whole epoch, whose number is under ``epoch``."""
    created_at: float = 0.0
    """Seconds since 1970."""
    updated_at: float = 0.0

    @property
    def words(self) -> str:
        """The message in the language in force."""
        try:
            return str(from_json(self.message_parts)) if self.message_parts else _(self.message)
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError):  # not as this version writes it
            return self.message

    def saying(self, message: str) -> Status:
        """The same with another message, which may have been made in any language."""
        parts = to_json(message)
        parts = parts if isinstance(parts, dict) else None
        return self.model_copy(update={"message": in_english(message), "message_parts": parts})


class Resolved(BaseModel):
    """What a configuration came to on the machine that trains it; ``resolved.json``."""

    model_config = ConfigDict(frozen=True)

    shape: tuple[int, ...]
    """Channels, height and width of an image; the one number 2 for points in the plane."""
    classes: tuple[str, ...] = ()
    """Names of the data set's classes."""
    images: int
    batches_per_epoch: int
    batches_per_iteration: int
    device: str
    precision: str
    torch_version: str
    gancore_version: str
    python_version: str = ""
    platform: str = ""
    """System and processor; empty, as the line above, in folders of versions that did not say so."""
    threads: int | None = None
    """Of the CPU that it began with; how many it has later depends on what trains beside it."""


class Parent(BaseModel):
    """Where a branch began; ``parent.json``."""

    model_config = ConfigDict(frozen=True)

    run: str
    """The id of the run it was branched from, which may be gone since."""
    iteration: int
    percent: int
    """Of that run's plan at the time, rounded down."""
