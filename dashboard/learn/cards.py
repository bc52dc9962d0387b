"""A claim on the page: what is said, a button, and what came of the experiment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.engine import manager
from dashboard.faults import fragment
from dashboard.learn.claims import VERDICTS, Claim, Computed, Finding, Trained, Verdict, find_runs, has_ended
from dashboard.learn.registry import CLAIMS
from dashboard.palette import STATE_COLORS
from gancore.config import RunConfig
from gancore.i18n import _, ngettext
from gancore.run import Run
from gancore.schedule import whole_percent

COMPARE_PAGE = Path(__file__).parents[1] / "views" / "compare.py"
REFRESH_S = 1.0
LOOKS: dict[Verdict, tuple[str, str]] = {
    "shows": ("check_circle", "green"),
    "refutes": ("cancel", "red"),
    "depends": ("contrast", "orange"),
    "open": ("help", "gray"),
}
"""Icon and Streamlit's colour; the words stand beside them."""
_POWER_OF_TEN = re.compile(r"(\d(?:\.\d+)?)e([+-]\d\d+)")
_MINUS = re.compile(r"(?<![\w.)\]])-(?=\d)")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
PLOTLY_CONFIG = {"displayModeBar": False}


def claim_card(claim: Claim) -> None:
    """Draw a claim; its experiment runs when its button is pressed."""
    with st.container(border=True, key=f"claim-{claim.name}"):
        st.markdown(f"**{_(claim.text)}**")
        st.caption(f":material/menu_book: {_(claim.source)}")
        st.markdown(_(claim.look))
        if isinstance(claim.experiment, Computed):
            fragment(_computed)(claim.name, claim.experiment)
        else:
            _trained(claim.name, claim.experiment)


def _computed(name: str, experiment: Computed) -> None:
    shown = f"{name}.shown"
    if not st.session_state.get(shown):
        slot = st.empty()
        if not slot.button(_("Run the experiment"), key=f"run-{name}", icon=":material/science:"):
            return
        slot.empty()
        st.session_state[shown] = True
    with st.spinner(_("Computing")):
        numbers = _numbers(name)
    show_finding(name, experiment.read(numbers))


@st.cache_data(max_entries=64, show_spinner=False)
def _numbers(name: str) -> Any:
    experiment = CLAIMS[name].experiment
    return experiment.compute() if isinstance(experiment, Computed) else None


def _trained(name: str, experiment: Trained) -> None:
    """The state of the runs, refreshing by itself while one of them trains."""
    found = find_runs(experiment.configs(), manager().runs())
    live = any(run is not None and run.status().state.is_live for run in found)
    fragment(_runs, run_every=REFRESH_S if live else None)(name, live)


def _runs(name: str, was_live: bool) -> None:
    experiment = CLAIMS[name].experiment
    if not isinstance(experiment, Trained):
        return
    configs = experiment.configs()
    found = find_runs(configs, manager().runs())
    live = any(run is not None and run.status().state.is_live for run in found)
    if live != was_live:
        st.rerun()  # the whole page once, so that this card starts or stops refreshing
    if not all(found):
        label = _("Train and find out") if not any(found) else _("Train the rest")
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(label, key=f"run-{name}", icon=":material/science:", type="primary"):
                _start([config for config, run in zip(configs, found, strict=True) if run is None])
                st.rerun()
            st.caption(_cost(experiment))
    there = [run for run in found if run is not None]
    for run in there:
        _state(run)
    if there:
        st.page_link(
            COMPARE_PAGE,
            label=_("Curves and samples on the Compare page"),
            icon=":material/compare:",
            query_params=[("runs", run.id) for run in there],
        )
    if all(has_ended(run) for run in found):
        show_finding(name, experiment.read(there))


def _start(configs: Sequence[RunConfig]) -> None:
    for config in configs:
        manager().start(config)


def _cost(experiment: Trained) -> str:
    count = len(experiment.configs())
    return ngettext(
        "{count} run, about {seconds} s on two idle cores; kept, and found again.",
        "{count} runs, about {seconds} s in all on two idle cores; kept, and found again.",
        count,
        seconds=experiment.about_s,
    )


def _state(run: Run) -> None:
    status = run.status()
    color = STATE_COLORS[status.state]
    st.markdown(f"`{run.id}` :{color}-badge[{status.state.words}]")
    if status.state.is_live:
        st.progress(status.progress, _("{percent} % of its plan", percent=whole_percent(status.progress)))


def show_finding(name: str, finding: Finding) -> None:
    """The verdict in words and colour, the numbers, and their chart."""
    icon, color = LOOKS[finding.verdict]
    with st.container(key=f"finding-{name}"):
        verdict = f":{color}-badge[:material/{icon}: {_(VERDICTS[finding.verdict])}]"
        st.markdown(f"{verdict} {as_printed(finding.text)}")
        if finding.figure is not None:
            st.plotly_chart(finding.figure, config=PLOTLY_CONFIG, key=f"chart-{name}")


def as_printed(text: str) -> str:
    """Numbers as a book has them: ``5.6e-16`` is 5.6 × 10⁻¹⁶, ``1.1e+01`` is 11, and -1 has a minus sign."""
    return _MINUS.sub("−", _POWER_OF_TEN.sub(_power_of_ten, text))


def _power_of_ten(found: re.Match[str]) -> str:
    exponent = int(found[2])
    if float(found[1]) == 0 or -3 <= exponent <= 3:
        return f"{float(found[0]):g}"
    return f"{found[1]} × 10{str(exponent).translate(_RAISED)}"
