"""What is certain about a run, beside its curves: a sentence, its evidence, and what to try."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from gancore.diagnosis import Finding, diagnose
from gancore.i18n import N_, _
from gancore.run import Run
from gancore.status import Status

WATCHED = N_(
    "Looked for: a discriminator that wins outright, a generator whose gradient vanishes, oscillation, mode "
    "collapse, divergence, mismatched ranges, balance. Nothing is said that the numbers do not make certain."
)


def diagnosis_card(run: Run, status: Status) -> None:
    """An expander whose label is the finding.

    It is there from the start, so that the curves below do not move when something is found.
    """
    found = diagnose(run.history(), run.signals(), run.quality(), status, run.config)
    with st.expander(label_of(found), icon=":material/troubleshoot:", key=f"diagnosis-{run.id}"):
        for finding in found:
            st.markdown(
                _(
                    "**{finding}** · since iteration {iteration:,}",
                    finding=finding.headline,
                    iteration=finding.since_iteration,
                )
            )
            st.markdown(finding.evidence)
            if finding.advice:
                st.markdown(_("**Try:** {advice}", advice=finding.advice))
        if not found:
            st.caption(_(WATCHED))


def label_of(found: Sequence[Finding]) -> str:
    """``Diagnosis: The discriminator wins outright``, in a colour that says whether something should be changed."""
    if not found:
        return _("Diagnosis: :gray[nothing certain yet]")
    color = "orange" if found[0].kind.is_bad else "green"
    finding = f":{color}[**{found[0].headline}**]"
    if len(found) == 1:
        return _("Diagnosis: {finding}", finding=finding)
    return _("Diagnosis: {finding} :gray[and {count} more]", finding=finding, count=len(found) - 1)
