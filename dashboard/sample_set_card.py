"""A run's samples as a labelled data set: how many, of which classes, in which format, and the archive."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from pathlib import Path

import streamlit as st

from dashboard.faults import fragment, sentence
from dashboard.run_names import in_markdown
from gancore.errors import GanCoreError
from gancore.i18n import N_, _, again, reason_of
from gancore.run import Run
from gancore.sample_files import Format
from gancore.sample_sets import Manifest, Wanted, label_source, write_sample_set
from gancore.sources import is_points

MOST = 20_000
"""Samples that a page makes at once; the command line makes more."""
FORMATS: dict[Format, str] = {
    "folder": N_("PNG files, a folder for each class"),
    "idx": N_("IDX, as MNIST's own files are"),
    "npz": N_("NPZ, for NumPy"),
}
_MADE, _ERROR = "sample-set.made", "sample-set.error"


@fragment
def sample_set_card(run: Run) -> None:
    """Ask for a data set of a run's samples, make it, and offer it as one archive."""
    if is_points(run.config.data) or not run.milestones():
        return
    source = label_source(run)
    with st.container(border=True, key=f"sample-set-{run.id}"):
        st.markdown("**{}**".format(_("Training data from samples")))
        st.caption(_origin(source, run))
        wanted = _asked(run, classes=source != "nothing")
        if st.button(_("Make the data set"), icon=":material/dataset:", key=f"sample-set-make-{run.id}"):
            _make(run, wanted)
        st.caption(_("On the command line, where it may be larger:"))
        st.code(_command(run, wanted), language="bash", wrap_lines=True)
        if error := st.session_state.get(_ERROR, {}).get(run.id):
            st.error(sentence(again(error)), icon=":material/error:")
        _offer(run)


def _origin(source: str, run: Run) -> str:
    if source == "condition":
        return _("Each sample's class is the one that the generator was told.")
    if source == "classifier":
        return _("Each sample's class is what the judge of {data} sees in it.", data=run.config.data)
    return _("Neither the recipe nor a judge knows classes here, so the samples have no labels.")


def _asked(run: Run, *, classes: bool) -> Wanted:
    kept = {gallery.percent: gallery.label for gallery in run.milestones() if gallery.percent is not None}
    first, second, third, fourth = st.columns(4, vertical_alignment="top")
    with first:
        count = st.number_input(_("Samples in the set"), 10, MOST, 1000, step=500, key=f"sample-set-count-{run.id}")
    with second:
        kind = st.selectbox(
            _("Format"), list(FORMATS), format_func=lambda name: _(FORMATS[name]), key=f"sample-set-format-{run.id}"
        )
    with third:
        at = st.selectbox(
            _("Milestone"),
            list(reversed(kept)),
            format_func=kept.__getitem__,
            disabled=len(kept) < 2,
            key=f"sample-set-at-{run.id}",
        )
    with fourth:
        seed = st.number_input(_("Seed"), 0, 2**32 - 1, 0, key=f"sample-set-seed-{run.id}")
    per_class, least = False, 0.0
    if classes:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            per_class = st.toggle(_("As many of each class"), key=f"sample-set-classes-{run.id}")
            least = st.slider(
                _("Least confidence of the judge"),
                0.0,
                0.99,
                0.0,
                key=f"sample-set-confidence-{run.id}",
                width=260,
                help=_("Samples whose class the judge gives a lower probability are left out; 0 keeps all."),
            )
    return Wanted(count, kind, per_class, least, seed, at if len(kept) > 1 else None)


def _command(run: Run, wanted: Wanted) -> str:
    parts = ["gancore", "dataset", run.id, "--out", f"{run.id}-samples", "--count", str(wanted.count)]
    parts += ["--format", wanted.format, "--seed", str(wanted.seed)]
    parts += ["--per-class"] if wanted.per_class else []
    parts += ["--confidence", f"{wanted.least_confidence:g}"] if wanted.least_confidence else []
    parts += [] if wanted.at is None else ["--at", str(wanted.at)]
    return shlex.join(parts)


def _make(run: Run, wanted: Wanted) -> None:
    """Write the set into a temporary folder and keep its archive for this tab, in place of an earlier one."""
    st.session_state.pop(_MADE, None)
    bar = st.progress(0.0, _("Drawing samples"))

    def told(done: int, count: int) -> None:
        bar.progress(done / count, _("{done:,} of {count:,} samples", done=done, count=count))

    try:
        with tempfile.TemporaryDirectory(prefix="ganscope-") as folder:
            target = Path(folder) / f"{run.id}-samples"
            manifest = write_sample_set(run, target, wanted, told)
            archive = Path(shutil.make_archive(str(Path(folder) / "archive"), "zip", folder, target.name))
            st.session_state[_MADE] = run.id, wanted, manifest, archive.read_bytes()
    except GanCoreError as error:
        st.session_state[_ERROR] = {run.id: reason_of(error)}
    else:
        st.session_state.pop(_ERROR, None)
    bar.empty()


def _offer(run: Run) -> None:
    made: tuple[str, Wanted, Manifest, bytes] | None = st.session_state.get(_MADE)
    if made is None or made[0] != run.id:
        return
    _run_id, wanted, manifest, archive = made
    said = _("{count:,} samples from seed {seed}", count=manifest.count, seed=manifest.seed)
    if manifest.counts:
        shares = ", ".join(f"{name}: {number:,}" for name, number in manifest.counts.items())
        said = _("{said}; of each class {shares}", said=said, shares=shares)
    st.caption(in_markdown(sentence(said)))
    st.download_button(
        _("Download ({size:.1f} MB)", size=len(archive) / 1e6),
        archive,
        file_name=f"{run.id}-{wanted.format}-{manifest.count}.zip",
        mime="application/zip",
        icon=":material/download:",
        type="primary",
        key=f"sample-set-download-{run.id}",
        on_click="ignore",
    )
