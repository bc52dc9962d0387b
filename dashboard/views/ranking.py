"""Which run is better: distances, coverage and copies of ended runs, with what is only noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st
import torch

from dashboard import quality
from dashboard.engine import manager
from dashboard.notes import folded_notes
from dashboard.run_colors import Look, run_look
from dashboard.run_names import given_names
from dashboard.run_picker import has_samples, pick_runs
from dashboard.style import run_mark
from gancore import images
from gancore.errors import GanCoreError
from gancore.evaluate.evaluate import DEFAULT_COUNT, Evaluation, evaluate_run, stored_evaluation
from gancore.evaluate.memorisation import Memorisation
from gancore.evaluate.metrics import METRICS
from gancore.evaluate.pairs import pair_images
from gancore.evaluate.ranking import between_variants, by_seed, comparable_groups, main_metric, rank
from gancore.i18n import N_, _, ngettext
from gancore.plane import COUNTED
from gancore.run import Run
from gancore.run_words import short_names
from gancore.sources import is_points

TRAIN_PAGE = Path(__file__).with_name("train.py")
COUNTS = (1000, 2000, 5000, DEFAULT_COUNT)
AT_FIRST = 4
PLOTLY_CONFIG = {"displayModeBar": False}
PAIR_PIXELS = 72
_BETTER = {"lower": N_("lower is better"), "higher": N_("higher is better")}


def main() -> None:
    """The page."""
    known = {run.id: run for run in manager().runs() if _can_be_evaluated(run)}
    if not known:
        _empty()
        return
    chosen = pick_runs(list(known), "ranking.runs", list(known)[:AT_FIRST])
    left, right = st.columns(2)
    with left:
        count = st.selectbox(
            _("Samples"),
            COUNTS,
            index=len(COUNTS) - 1,
            format_func=lambda number: f"{number:,}",
            key="ranking.count",
            persist_state="session",
            help=_(
                "Drawn of each run on images; of points it is 2,500. 10,000 is the field's habit; fewer are quicker "
                "and raise the Fréchet distance."
            ),
        )
    ranked = [metric.name for metric in METRICS.values() if metric.better != "neither"]
    with right:
        metric = st.selectbox(
            _("Rank by"),
            ranked,
            format_func=lambda name: _(METRICS[name].title),
            key="ranking.metric",
            persist_state="session",
        )
    if not chosen:
        st.info(_("Choose runs above."), icon=":material/arrow_upward:")
        return
    runs = [known[run_id] for run_id in chosen]
    found = _stored(runs, count)
    missing = [run for run in runs if run.id not in found]
    if missing and _offer_to_evaluate(missing, count):
        found = _stored(runs, count)
    elif missing:
        st.caption(_("Numbers of the chosen runs appear here; they are kept in the runs' folders."))
    looks = {run_id: run_look(run_id) for run_id in chosen}
    names = short_names({run.id: run.config for run in runs}, given_names(runs))
    groups = comparable_groups(list(found.values()))
    if len(groups) > 1:
        st.info(
            _("These runs were measured differently and cannot be compared; each section stands alone."),
            icon=":material/info:",
        )
    for number, group in enumerate(groups):
        _section(number, group, metric, names, looks)
    if groups:
        _downloads([evaluation for group in groups for evaluation in group])


def _can_be_evaluated(run: Run) -> bool:
    try:
        resolved = run.folder.read_resolved()
        ended = not run.status().state.is_live
    except GanCoreError:
        return False
    return ended and resolved is not None and has_samples(run)


def _empty() -> None:
    with st.container(border=True, key="no-runs"):
        st.markdown(_("#### Nothing to rank yet"))
        st.markdown(_("Train a run first; when it has ended, it can be measured here."))
        st.page_link(TRAIN_PAGE, label=_("Train"), icon=":material/play_circle:")


def _count(run: Run, images: int) -> int:
    """Samples of a run: as many images as are chosen, or PacGAN's count of points."""
    return COUNTED if is_points(run.config.data) else images


def _stored(runs: Sequence[Run], count: int) -> dict[str, Evaluation]:
    found = {}
    for run in runs:
        try:
            evaluation = stored_evaluation(run, count=_count(run, count))
        except GanCoreError as error:
            st.error(f"{run.id}: {error}", icon=":material/error:")
            continue
        if evaluation is not None:
            found[run.id] = evaluation
    return found


def _offer_to_evaluate(missing: Sequence[Run], count: int) -> bool:
    """A button that evaluates what has no numbers yet; whether it was pressed."""
    label = ngettext("Evaluate {count} run", "Evaluate {count} runs", len(missing))
    slot = st.empty()
    if not slot.button(label, type="primary", icon=":material/straighten:", key="evaluate"):
        return False
    slot.empty()
    failed = []
    doing = ngettext("Evaluating {count} run", "Evaluating {count} runs", len(missing))
    with st.status(doing, expanded=True) as status:
        line = st.empty()
        for number, run in enumerate(missing, start=1):

            def told(doing: str, number: int = number, run: Run = run) -> None:
                place = _("{number} of {count}", number=number, count=len(missing))
                line.markdown(f"{place} · {run.id}: {doing}")

            try:
                evaluate_run(run, _count(run, count), progress=told)
            except (GanCoreError, OSError) as error:
                failed.append(f"{run.id}: {error}")
        line.empty()
        done = len(missing) - len(failed)
        status.update(
            label=_("{done} of {count} evaluated", done=done, count=len(missing)),
            state="error" if failed else "complete",
            expanded=False,
        )
    for sentence in failed:
        st.error(sentence, icon=":material/error:")
    return True


def _section(
    number: int, group: Sequence[Evaluation], metric: str, names: Mapping[str, str], looks: Mapping[str, Look]
) -> None:
    with st.container(key=f"ranking-section-{number}"):
        st.subheader(Path(group[0].data).name, anchor=False)
        st.caption(quality.basis(group[0]))
        if not any(found.measurement(metric) for found in group):
            other = main_metric(group)
            st.info(
                _(
                    "{metric} is not known of these runs, so they are ranked by {other}.",
                    metric=_(METRICS[metric].title),
                    other=_(METRICS[other].title),
                ),
                icon=":material/info:",
            )
            metric = other
        ranking = rank(group, metric)
        for verdict, sentence in zip(ranking.verdicts, quality.sentences(ranking, names), strict=True):
            icon = "equal" if verdict.is_noise else "trending_up"
            st.markdown(f":material/{icon}: {sentence}")
        variants = by_seed(group, metric)
        for sentence in (*(seeds.sentence for seeds in variants), *between_variants(variants)):
            st.markdown(f":material/casino: {sentence}")
        ordered = ranking.evaluations
        shown = [known for known in METRICS.values() if any(found.measurement(known.name) for found in group)]
        shown.sort(key=lambda known: known.name != metric)
        for start in range(0, len(shown), 3):
            for known, column in zip(shown[start : start + 3], st.columns(3), strict=False):
                with column, st.container(border=True, key=f"ranking-{number}-{known.name}"):
                    arrow = f" · {_(_BETTER[known.better])}" if known.better in _BETTER else ""
                    st.markdown(f"**{_(known.title)}**:gray[{arrow}]", help=_(known.summary))
                    st.plotly_chart(
                        quality.metric_figure(known, group, names, looks),
                        config=PLOTLY_CONFIG,
                        key=f"ranking-chart-{number}-{known.name}",
                    )
        folded_notes([known.name for known in shown], f"ranking-{number}", N_("What do these numbers say?"))
        _classes(number, ordered, names, looks)
        st.markdown(_("#### All numbers"), help=_("Value and 95 % interval."))
        st.dataframe(
            quality.measurement_table(ordered, names),
            hide_index=True,
            height="content",
            key=f"ranking-table-{number}",
            column_config={
                "Run": st.column_config.TextColumn(_("Run"), pinned=True),
                "Measured at": st.column_config.TextColumn(_("Measured at")),
                **{known.title: st.column_config.TextColumn(_(known.title)) for known in METRICS.values()},
            },
        )
        checked = [(found, found.memorisation) for found in ordered if found.memorisation is not None]
        if checked:
            st.markdown(_("#### Copies of training images"))
        for found, finding in checked:
            _memorisation(found, finding, names[found.run], looks[found.run])


def _classes(number: int, group: Sequence[Evaluation], names: Mapping[str, str], looks: Mapping[str, Look]) -> None:
    classes = len(group[0].classes)
    if not classes:
        return
    st.markdown(
        _("#### Classes of the samples"), help=_("As the judge classifies them, beside their shares in the data.")
    )
    if classes > quality.MOST_BARS:
        for found in group:
            covered = found.measurement("modes")
            if covered is not None:
                st.markdown(
                    _(
                        "**{run}** covers {covered:,.0f} of {count:,} classes.",
                        run=names[found.run],
                        covered=covered.value,
                        count=classes,
                    )
                )
        return
    st.plotly_chart(quality.class_figure(group, names, looks), config=PLOTLY_CONFIG, key=f"ranking-classes-{number}")


def _memorisation(found: Evaluation, finding: Memorisation, name: str, look: Look) -> None:
    with st.container(border=True, key=f"copies-{found.run}"):
        run_mark(name, look.color, look.dash)
        icon = "warning" if finding.suspicious else "check"
        st.markdown(f":material/{icon}: {found.verdict or finding.verdict}")
        try:
            with st.spinner(_("Drawing the nearest samples")):
                picture = _pairs(found.run, found.model_dump_json())
        except (GanCoreError, OSError, IndexError) as error:
            st.caption(_("The pictures cannot be shown: {reason}", reason=error))
            return
        st.image(picture, alt=_("Samples of {run} above the training images nearest to them", run=found.run))
        st.caption(_("Above: the samples nearest to training images, nearest first. Below: those training images."))


@st.cache_data(max_entries=64, show_spinner=False)
def _pairs(run_id: str, evaluation: str) -> bytes:
    found = Evaluation.model_validate_json(evaluation)
    samples, training = pair_images(manager().get(run_id), found)
    scale = max(1, round(PAIR_PIXELS / samples.shape[-1]))
    return images.png(images.grid(torch.cat([samples, training]), columns=len(samples)), scale=scale)


def _downloads(evaluations: Sequence[Evaluation]) -> None:
    with st.container(horizontal=True, gap="small", key="ranking-downloads"):
        for label, contents, ending, mime in (
            ("CSV", quality.csv_file(evaluations), "csv", "text/csv"),
            ("JSON", quality.json_file(evaluations), "json", "application/json"),
        ):
            st.download_button(
                label,
                contents,
                file_name=f"ranking.{ending}",
                mime=mime,
                icon=":material/download:",
                key=f"ranking-{ending}",
                on_click="ignore",
            )


main()
