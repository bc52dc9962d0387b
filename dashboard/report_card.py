"""The lab report on a page: the lab's questions with room for answers, and the report as a file by one click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

import streamlit as st

from dashboard.downloads import made_button, show_making
from dashboard.faults import fragment, sentence
from dashboard.run_colors import run_look
from gancore.answers import LONGEST, answer, answers, can_keep
from gancore.errors import GanCoreError
from gancore.i18n import _, again, reason_of
from gancore.recipes import recipe_of
from gancore.report import Look, lab_report, report_archive
from gancore.report.questions import AUTHOR, Question, questions_for
from gancore.run import Run

ANSWER_HEIGHT_PX = 120


@fragment
def report_card(runs: Sequence[Run], names: Mapping[str, str] | None = None) -> None:
    """One bordered card; what is typed is kept with the runs at once.

    Args:
        runs: Those that the report is about, in its order.
        names: By run id, as the page calls them; None: what tells each from the others.
    """
    with st.container(border=True, key="report-card"):
        st.markdown(_("**Lab report**"))
        st.caption(
            _(
                "A page that opens without a network and prints on A4: settings, curves, samples, networks, quality, "
                "seeds, and the questions below with your answers."
            )
        )
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key="report-buttons"):
            _buttons(runs, names)
        show_making(_group(runs))
        with st.expander(_("Questions of the lab"), icon=":material/edit_note:", key="report-questions"):
            _questions(runs)


def _buttons(runs: Sequence[Run], names: Mapping[str, str] | None) -> None:
    looks = {run.id: Look(run_look(run.id).color, run_look(run.id).dash) for run in runs}
    name = f"lab-report-{runs[0].id if len(runs) == 1 else date.today().isoformat()}"
    made_button(
        _("Lab report (HTML)"),
        lambda: lab_report(runs, names, looks).encode(),
        f"{name}.html",
        "text/html",
        key=f"report-html-{_group(runs)}",
        group=_group(runs),
        icon="description",
        help=_("One page with everything in it, to be opened offline and printed."),
    )
    made_button(
        _("All figures and data (ZIP)"),
        partial(report_archive, runs, names, looks),
        f"{name}.zip",
        "application/zip",
        key=f"report-zip-{_group(runs)}",
        group=_group(runs),
        icon="folder_zip",
        help=_("The report, every figure as PNG and PDF, the numbers behind it as CSV, and the configurations."),
    )


def _questions(runs: Sequence[Run]) -> None:
    folders = [run.folder for run in runs]
    written, writable = answers(folders), can_keep(folders)
    if not writable:
        st.info(_("These runs cannot be written to, so answers cannot be kept with them."), icon=":material/lock:")
    st.text_input(
        _("Your name"),
        written.get(AUTHOR, ""),
        max_chars=200,
        key=_key(runs, AUTHOR),
        on_change=_keep,
        args=(runs, AUTHOR),
        disabled=not writable,
        help=_("The report is signed with it."),
    )
    for group in questions_for({recipe_of(run.config.preset).family for run in runs}, len(runs)):
        st.markdown(f"**{_(group.title)}**")
        for question in group.questions:
            _question(runs, question, written.get(question.name, ""), writable)
    if error := st.session_state.get(f"{_group(runs)}.error"):
        st.error(sentence(again(error)), icon=":material/error:")


def _question(runs: Sequence[Run], question: Question, text: str, writable: bool) -> None:
    st.text_area(
        _(question.text),
        text,
        height=ANSWER_HEIGHT_PX,
        max_chars=LONGEST,
        key=_key(runs, question.name),
        on_change=_keep,
        args=(runs, question.name),
        disabled=not writable,
    )


def _keep(runs: Sequence[Run], question: str) -> None:
    try:
        answer([run.folder for run in runs], question, st.session_state[_key(runs, question)])
    except GanCoreError as error:
        st.session_state[f"{_group(runs)}.error"] = reason_of(error)
    else:
        st.session_state.pop(f"{_group(runs)}.error", None)


def _group(runs: Sequence[Run]) -> str:
    return "report:" + " ".join(run.id for run in runs)


def _key(runs: Sequence[Run], question: str) -> str:
    return f"answer {question} " + " ".join(sorted(run.id for run in runs))
