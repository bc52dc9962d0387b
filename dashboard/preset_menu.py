"""Choosing presets, in groups: what to start with, the lab documents', the papers', and those told what to draw."""

from __future__ import annotations

import streamlit as st

from gancore.i18n import N_, _
from gancore.recipes import PRESETS, recipe_of

QUICK = ("quick", "best")
START, LAB = N_("Start here"), N_("From the lab documents")
PAPERS, TOLD = N_("From the papers"), N_("Told what to draw")
_BEYOND_THE_SEEDS = 40
"""Order of the first recipe that no lab document has."""


def group_of(preset: str) -> str:
    """The heading that a preset stands under."""
    recipe = recipe_of(preset)
    if preset in QUICK:
        return START
    if recipe.conditioned_on != "nothing":
        return TOLD
    return LAB if recipe.order < _BEYOND_THE_SEEDS else PAPERS


def choose_presets(first: str) -> list[str]:
    """Pills in groups; the last two groups are folded, so that a first visitor is not met by all of them.

    Args:
        first: what is chosen at first.

    Returns:
        The chosen presets, in the registry's order.
    """
    groups: dict[str, list[str]] = {START: [], LAB: []}
    for name in PRESETS:
        groups.setdefault(group_of(name), []).append(name)
    chosen: list[str] = []
    folded = None
    for group, names in groups.items():
        if group in (PAPERS, TOLD):
            folded = folded or st.expander(_("More recipes"), icon=":material/science:")
        with folded or st.container():
            chosen += st.pills(
                _(group),
                names,
                selection_mode="multi",
                default=[name for name in names if name == first],
                key=f"presets.{group}",
                wrap=True,
                persist_state="session",
                help=_("Choose several to train and compare them."),
            )
    return [name for name in PRESETS if name in chosen]
