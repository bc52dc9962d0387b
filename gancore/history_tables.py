"""What a run logged, for people and other programs: rows as a table and as CSV, and curves of few enough points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gancore.history import Columns

if TYPE_CHECKING:
    import pandas as pd

COUNTS = ("iteration", "images_seen")
"""Columns of whole numbers."""
CSV: dict[str, Any] = {"index": False, "float_format": "%.9g", "na_rep": "nan", "lineterminator": "\n"}
"""How ``DataFrame.to_csv`` writes a table: numbers to nine digits."""


def table_of(columns: Columns) -> pd.DataFrame:
    """A history's columns as a table, its counts as integers."""
    import pandas as pd

    return pd.DataFrame(columns).astype(dict.fromkeys(COUNTS, "int64"))


def thinned(
    x: NDArray[np.float64], y: NDArray[np.float64], most: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A curve with at most so many points that looks the same: spikes stay.

    MinMaxLTTB: Van Der Donckt et al. 2023, arXiv:2305.00332.
    """
    if len(x) <= most:
        return x, y
    from tsdownsample import MinMaxLTTBDownsampler

    x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
    kept = MinMaxLTTBDownsampler().downsample(x, y, n_out=most)  # type: ignore[no-untyped-call]
    return x[kept], y[kept]
