"""What a person calls the states of a run; in files and in code they stay English."""

from __future__ import annotations

from gancore.i18n import N_, _
from gancore.status import RunState

_NAMES: dict[RunState, str] = {
    RunState.QUEUED: N_("queued"),
    RunState.RUNNING: N_("running"),
    RunState.PAUSED: N_("paused"),
    RunState.STOPPED: N_("stopped"),
    RunState.FINISHED: N_("finished"),
    RunState.DIVERGED: N_("diverged"),
    RunState.FAILED: N_("failed"),
    RunState.INTERRUPTED: N_("interrupted"),
}


def state_name(state: RunState) -> str:
    """A state in the language in force."""
    return _(_NAMES[state])
