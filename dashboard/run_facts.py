"""What a run was asked for and how far it is, in words and table cells; pure, no Streamlit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from gancore.config import Length
from gancore.disk_use import disk_use
from gancore.i18n import N_
from gancore.library import labels_of
from gancore.recipes import recipe_of
from gancore.run import Run
from gancore.status import Status

COLUMNS = (
    N_("State"),
    N_("Preset"),
    N_("Name"),
    N_("Progress"),
    N_("Family"),
    N_("Data"),
    N_("Plan"),
    N_("Seed"),
    N_("Tags"),
    N_("Iterations"),
    N_("Elapsed"),
    N_("Disk"),
    N_("Started"),
)
"""Of the table of runs."""


def run_table(runs: Sequence[Run]) -> pd.DataFrame:
    """One row a run, in the order given, with its id as the index; names and tags where a run has any."""
    rows = [(run.id, run.config, run.status()) for run in runs]
    labels = [labels_of(run.folder) for run in runs]
    table = pd.DataFrame(
        {
            "State": [[str(status.state)] for _, _, status in rows],
            "Preset": [config.preset for _, config, _ in rows],
            "Name": [label.name for label in labels],
            "Progress": [math.floor(100 * status.progress) for _, _, status in rows],
            "Family": [recipe_of(config.preset).family for _, config, _ in rows],
            "Data": [Path(config.data).name for _, config, _ in rows],
            "Plan": [config.plan.describe() for _, config, _ in rows],
            "Seed": [config.seed for _, config, _ in rows],
            "Tags": [list(label.tags) for label in labels],
            "Iterations": [status.iteration for _, _, status in rows],
            "Elapsed": pd.to_timedelta([round(status.elapsed_s) for _, _, status in rows], unit="s"),
            "Disk": [disk_use(run.folder).total / 1e6 for run in runs],
            "Started": pd.to_datetime([datetime.fromtimestamp(status.created_at) for _, _, status in rows]),
        },
        index=pd.Index([run_id for run_id, _, _ in rows], name="Run"),
    )
    used = {"Name": any(each.name for each in labels), "Tags": any(each.tags for each in labels)}
    return table.drop(columns=[name for name in used if not used[name]])


def longer_plan(status: Status, text: str) -> Length:
    """The new planned length of a run that is to train ``text`` longer than it has.

    Args:
        text: how much more, such as ``+5ep``, ``60s`` or ``2000it``; a bare number counts in epochs.

    Raises:
        ValueError: when the text is not a length.
    """
    more = Length.parse(text.strip().removeprefix("+"))
    done = {"ep": status.epoch, "it": status.iteration, "img": status.images_seen, "s": status.elapsed_s}
    return Length(round(done[more.unit] + more.amount, 6), more.unit)
