"""Links to the latent-space page that bring a z along.

    latent?run=ID&at=50 %&z=7.12            sample 12 of seed 7, the same z in every run
    latent?run=ID&at=50 %&z=gallery:3       what tile 3 of the run's own galleries is drawn from
    latent?run=ID&z=seed:7&z=kept:NAME      two z: the ends of a walk

``given`` is what a conditional generator is told, ``view`` one of walk, directions, plane, time and find.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from gancore.i18n import _

LATENT_PAGE = Path(__file__).parent / "views" / "latent.py"


def latent_link(run_id: str, at: str, z: Sequence[str], given: str = "", *, disabled: bool = False) -> None:
    """A link that opens z in the latent space.

    Args:
        at: the milestone, such as ``50 %``.
        z: names of points (:mod:`gancore.latent_points`).
        given: a class, or the number of a source image from 1; empty: none.
    """
    query: dict[str, str | list[str]] = {"run": run_id, "at": at, "z": list(z)}
    if given:
        query["given"] = given
    st.page_link(
        LATENT_PAGE,
        label=_("Open in Latent space"),
        icon=":material/scatter_plot:",
        query_params=query,
        disabled=disabled,
    )
