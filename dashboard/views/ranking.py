"""Which run is better: distances, coverage and copies of ended runs, with what is only noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st
import torch

from dashboard import comparison, quality
from dashboard.engine import manager
from dashboard.notes import folded_notes
from dashboard.run_colors import Look, run_look
from dashboard.run_picker import has_samples, pick_runs
from dashboard.style import run_mark
from gancore import images
from gancore.errors import GanCoreError
from gancore.evaluate.evaluate import DEFAULT_COUNT, Evaluation, evaluate_run, stored_evaluation
from gancore.evaluate.memorisation import Memorisation
from gancore.evaluate.metrics import METRICS
from gancore.evaluate.pairs import pair_images
from gancore.evaluate.ranking import SeedGroup, between_variants, by_seed, comparable_groups, main_metric, rank
from gancore.i18n import N_
from gancore.plane import COUNTED
from gancore.run import Run
from gancore.sources import is_points

TRAIN_PAGE = Path(__file__).with_name("train.py")
COUNTS = (1000, 2000, 5000, DEFAULT_COUNT)
AT_FIRST = 4
PLOTLY_CONFIG = {"displayModeBar": False}
PAIR_PIXELS = 72


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
            "Samples",
            COUNTS,
            index=len(COUNTS) - 1,
            format_func=lambda number: f"{number:,}",
            key="ranking.count",
            persist_state="session",
            help="Drawn of each run on images; of points it is 2,500. 10,000 is the field's habit; fewer are quicker "
            "and raise the Fréchet distance.",
        )
    ranked = [metric.name for metric in METRICS.values() if metric.better != "neither"]
    with right:
        metric = st.selectbox(
            "Rank by",
            ranked,
            format_func=lambda name: METRICS[name].title,
            key="ranking.metric",
            persist_state="session",
        )
    if not chosen:
        st.info("Choose runs above.", icon=":material/arrow_upward:")
        return
    runs = [known[run_id] for run_id in chosen]
    found = _stored(runs, count)
    missing = [run for run in runs if run.id not in found]
    if missing and _offer_to_evaluate(missing, count):
        found = _stored(runs, count)
    elif missing:
        st.caption("Numbers of the chosen runs appear here; they are kept in the runs' folders.")
    looks = {run_id: run_look(run_id) for run_id in chosen}
    names = comparison.short_names({run.id: run.config for run in runs})
    groups = comparable_groups(list(found.values()))
    if len(groups) > 1:
        st.info(
            "These runs were measured differently and cannot be compared; each section stands alone.",
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
        st.markdown("#### Nothing to rank yet")
        st.markdown("Train a run first; when it has ended, it can be measured here.")
        st.page_link(TRAIN_PAGE, label="Train", icon=":material/play_circle:")


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
    several = "1 run" if len(missing) == 1 else f"{len(missing)} runs"
    slot = st.empty()
    if not slot.button(f"Evaluate {several}", type="primary", icon=":material/straighten:", key="evaluate"):
        return False
    slot.empty()
    failed = []
    with st.status(f"Evaluating {several}", expanded=True) as status:
        line = st.empty()
        for number, run in enumerate(missing, start=1):

            def told(doing: str, number: int = number, run: Run = run) -> None:
                line.markdown(f"{number} of {len(missing)} · {run.id}: {doing}")

            try:
                evaluate_run(run, _count(run, count), progress=told)
            except (GanCoreError, OSError) as error:
                failed.append(f"{run.id}: {error}")
        line.empty()
        done = len(missing) - len(failed)
        status.update(
            label=f"{done} of {len(missing)} evaluated", state="error" if failed else "complete", expanded=False
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
                f"{METRICS[metric].title} is not known of these runs, so they are ranked by {METRICS[other].title}.",
                icon=":material/info:",
            )
            metric = other
        ranking = rank(group, metric)
        for verdict, sentence in zip(ranking.verdicts, quality.sentences(ranking, names), strict=True):
            st.markdown(f":material/{'equal' if verdict.is_noise else 'trending_up'}: {sentence}")
        variants = by_seed(group, metric)
        for sentence in (*map(_seed_sentence, variants), *between_variants(variants)):
            st.markdown(f":material/casino: {sentence}")
        ordered = ranking.evaluations
        shown = [known for known in METRICS.values() if any(found.measurement(known.name) for found in group)]
        shown.sort(key=lambda known: known.name != metric)
        for start in range(0, len(shown), 3):
            for known, column in zip(shown[start : start + 3], st.columns(3), strict=False):
                with column, st.container(border=True, key=f"ranking-{number}-{known.name}"):
                    arrow = {"lower": " · lower is better", "higher": " · higher is better"}.get(known.better, "")
                    st.markdown(f"**{known.title}**:gray[{arrow}]", help=known.summary)
                    st.plotly_chart(
                        quality.metric_figure(known, group, names, looks),
                        config=PLOTLY_CONFIG,
                        key=f"ranking-chart-{number}-{known.name}",
                    )
        folded_notes([known.name for known in shown], f"ranking-{number}", N_("What do these numbers say?"))
        _classes(number, ordered, names, looks)
        st.markdown("#### All numbers", help="Value and 95 % interval.")
        st.dataframe(
            quality.measurement_table(ordered, names),
            hide_index=True,
            height="content",
            key=f"ranking-table-{number}",
            column_config={"Run": st.column_config.TextColumn(pinned=True)},
        )
        checked = [(found, found.memorisation) for found in ordered if found.memorisation is not None]
        if checked:
            st.markdown("#### Copies of training images")
        for found, finding in checked:
            _memorisation(found, finding, names[found.run], looks[found.run])


def _seed_sentence(seeds: SeedGroup) -> str:
    return (
        f"{seeds.variant}, {len(seeds.values)} seeds: mean {seeds.mean:.4g}, 95 % interval {seeds.low:.4g} to "
        f"{seeds.high:.4g}; one seed differs from another by about {seeds.spread:.3g} (standard deviation)."
    )


def _classes(number: int, group: Sequence[Evaluation], names: Mapping[str, str], looks: Mapping[str, Look]) -> None:
    classes = len(group[0].classes)
    if not classes:
        return
    st.markdown("#### Classes of the samples", help="As the judge classifies them, beside their shares in the data.")
    if classes > quality.MOST_BARS:
        for found in group:
            covered = found.measurement("modes")
            if covered is not None:
                st.markdown(f"**{names[found.run]}** covers {covered.value:,.0f} of {classes:,} classes.")
        return
    st.plotly_chart(quality.class_figure(group, names, looks), config=PLOTLY_CONFIG, key=f"ranking-classes-{number}")


def _memorisation(found: Evaluation, finding: Memorisation, name: str, look: Look) -> None:
    with st.container(border=True, key=f"copies-{found.run}"):
        run_mark(name, look.color, look.dash)
        icon = "warning" if finding.suspicious else "check"
        st.markdown(f":material/{icon}: {finding.verdict}")
        try:
            picture = _pairs(found.run, found.model_dump_json())
        except (GanCoreError, OSError, IndexError) as error:
            st.caption(f"The pictures cannot be shown: {error}")
            return
        st.image(picture, alt=f"Samples of {found.run} above the training images nearest to them")
        st.caption("Above: the samples nearest to training images, nearest first. Below: those training images.")


@st.cache_data(max_entries=64, show_spinner="Drawing the nearest samples")
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
