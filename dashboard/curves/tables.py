"""Runs' logs as one table; pure, no Streamlit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gancore.history_tables import table_of
from gancore.run import Run

_ROWS = 20_000
"""Made at a time: a million rows are 200 MB of text."""


def csv_of_runs(runs: Sequence[Run]) -> Iterator[str]:
    """Every row of every run, one under the other: the run's name first, then each column that any of them has."""
    histories = [run.history() for run in runs]
    columns = list(dict.fromkeys(name for history in histories for name in history.names))
    yield ",".join(["run", *columns]) + "\n"
    for run, history in zip(runs, histories, strict=True):
        rows, count = history.since()
        for start in range(0, count, _ROWS):
            part = table_of({name: values[start : start + _ROWS] for name, values in rows.items()})
            part = part.reindex(columns=columns)
            part.insert(0, "run", run.id)
            yield part.to_csv(index=False, header=False, float_format="%.9g", lineterminator="\n")
