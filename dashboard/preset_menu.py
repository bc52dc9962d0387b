"""Choosing presets, in groups: what to start with, the lab documents', the papers', and those told what to draw."""

from __future__ import annotations

import streamlit as st

from gancore.recipes import PRESETS, recipe_of

QUICK = ("quick", "best")
_BEYOND_THE_SEEDS = 40
"""Order of the first recipe that no lab document has."""


def group_of(preset: str) -> str:
    """The heading that a preset stands under."""
    recipe = recipe_of(preset)
    if preset in QUICK:
        return "Start here"
    if recipe.conditioned_on != "nothing":
        return "Told what to draw"
    return "From the lab documents" if recipe.order < _BEYOND_THE_SEEDS else "From the papers"


def choose_presets(first: str) -> list[str]:
    """Pills in groups; the last two groups are folded, so that a first visitor is not met by all of them.

    Args:
        first: what is chosen at first.

    Returns:
        The chosen presets, in the registry's order.
    """
    groups: dict[str, list[str]] = {"Start here": [], "From the lab documents": []}
    for name in PRESETS:
        groups.setdefault(group_of(name), []).append(name)
    chosen: list[str] = []
    folded = None
    for group, names in groups.items():
        if group in ("From the papers", "Told what to draw"):
            folded = folded or st.expander("More recipes", icon=":material/science:")
        with folded or st.container():
            chosen += st.pills(
                group,
                names,
                selection_mode="multi",
                default=[name for name in names if name == first],
                key=f"presets.{group}",
                wrap=True,
                persist_state="session",
                help="Choose several to train and compare them.",
            )
    return [name for name in PRESETS if name in chosen]
