"""Runs that come as files: an archive of a whole run, or a generator's own weights."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import controls
from dashboard.engine import manager
from dashboard.faults import sentence
from dashboard.run_names import in_markdown
from dashboard.run_picker import run_labels
from gancore.archive import read_archive
from gancore.config import RUN_FIELDS, RunConfig
from gancore.errors import CheckpointError, GanCoreError
from gancore.i18n import _
from gancore.recipes import PRESETS, configure, recipe_of
from gancore.run import Run
from gancore.sources import SOURCES, is_local
from gancore.upload import START_BYTES, MisfitError, check_start, upload

MOST_MB = 2_000
PRESET, RUN = "preset", "run"
# What a generator's shape and samples follow from; the rest of a run's settings is about training.
_SHAPING = ("image_size", "channels", "grid")
_IMPORTED, _REFUSED = "add-run.imported", "add-run.refused"
_ARCHIVES, _WEIGHTS = "add-run.archives", "add-run.weights"
"""How many files each uploader has made a run of; the next is another uploader, without the file."""


def add_run_card(runs: Sequence[Run], choose: Callable[[str], None]) -> None:
    """An expander with an uploader for each.

    Args:
        runs: whose settings uploaded weights may have, newest first.
        choose: has the page show a run.
    """
    with st.expander(_("Add a run from a file"), icon=":material/upload_file:", key="add-run"):
        archive, weights = st.tabs([_("An archive"), _("A generator's weights")])
        with archive:
            _archive(choose)
        with weights:
            _weights(runs, choose)


def imported_notice() -> None:
    """That a file has just become a run."""
    if told := st.session_state.pop(_IMPORTED, None):
        st.toast(told, icon=":material/check:")


def _archive(choose: Callable[[str], None]) -> None:
    st.caption(
        _(
            "What **Archive** under a run's downloads or `gancore archive` wrote, here or on another machine. It is "
            "checked before anything is kept, and nothing in it can run."
        )
    )
    key = f"archive-{st.session_state.setdefault(_ARCHIVES, 0)}"
    st.file_uploader(
        _("Archive of a run (.zip)"), key=key, max_upload_size=MOST_MB, on_change=_import, args=(key, choose)
    )
    if refused := st.session_state.pop(_REFUSED, None):
        st.error(refused, icon=":material/block:")


def _import(key: str, choose: Callable[[str], None]) -> None:
    given = st.session_state.get(key)
    if given is None:
        return
    st.session_state[_ARCHIVES] += 1
    try:
        with _stored(given) as file:
            run_id = read_archive(file, manager().root, given.name, manager().shipped_ids()).id
    except GanCoreError as error:
        st.session_state[_REFUSED] = in_markdown(sentence(error))
        return
    st.session_state[_IMPORTED] = _("Imported {run}.", run=run_id)
    choose(run_id)


def _weights(runs: Sequence[Run], choose: Callable[[str], None]) -> None:
    st.caption(
        _(
            "A `.safetensors` file with a generator's `state_dict()`, in single or half precision. It becomes a "
            "finished run whose samples can be walked through, compared and ranked; it cannot train further."
        )
    )
    origins = {PRESET: _("A preset"), **({RUN: _("A run here")} if runs else {})}
    origin = st.segmented_control(
        _("Whose generator it is"),
        list(origins),
        default=PRESET,
        format_func=origins.__getitem__,
        key="weights.origin",
    )
    config = _config_of_run(runs) if origin == RUN else _config_of_preset()
    key = f"weights-{st.session_state.setdefault(_WEIGHTS, 0)}"
    given = st.file_uploader(_("Weights (.safetensors)"), key=key, max_upload_size=MOST_MB)
    if given is None:
        return
    try:
        check_start(given.name, bytes(given.getbuffer()[:START_BYTES]), given.size)
        pressed = st.button(_("Make a run of it"), type="primary", key="weights.start", disabled=config is None)
        if pressed and config is not None:
            with _stored(given) as file:
                made = upload(manager().root, file, config, given.name)
            st.session_state[_IMPORTED] = _("Made {run} of {file}.", run=made.id, file=given.name)
            st.session_state[_WEIGHTS] += 1
            choose(made.id)
            st.rerun()
    except MisfitError as error:
        with st.container(border=True, key="weights-misfit"):
            st.markdown(_(":material/block: **{file} does not fit this generator**", file=in_markdown(given.name)))
            st.markdown("\n".join(f"- {in_markdown(problem)}" for problem in error.problems))
    except GanCoreError as error:
        st.error(in_markdown(sentence(error)), icon=":material/error:")


def _config_of_run(runs: Sequence[Run]) -> RunConfig | None:
    labels = run_labels(runs)
    chosen = st.selectbox(_("With the settings of"), list(labels), format_func=labels.__getitem__, key="weights.run")
    return manager().get(chosen).config if chosen else None


def _config_of_preset() -> RunConfig | None:
    first, second = st.columns(2)
    preset = first.selectbox(_("Preset"), list(PRESETS), key="weights.preset")
    recipe = recipe_of(preset)
    local = [
        source.name
        for source in SOURCES.values()
        if is_local(source.name) and (source.kind == "images" or recipe.points is not None)
    ]
    chosen = second.selectbox(_("Data set"), local, format_func=lambda name: SOURCES[name].title, key="weights.data")
    shared, own = controls.Fields(), controls.Fields()
    if st.toggle(_("Settings that differ from the preset's"), key="weights.settings"):
        settings: dict[str, Any] = dict(configure(preset, data=chosen).settings)
        own = controls.draw_fields(recipe.settings, list(settings), settings, f"weights.{preset}.{chosen}")
        names = [name for name in RUN_FIELDS if name in _SHAPING]
        defaults = {name: RunConfig.model_fields[name].default for name in names}
        shared = controls.draw_fields(RunConfig, names, defaults, "weights.shared")
    return controls.validate([preset], shared, {preset: own}, data=chosen).get(preset)


@contextmanager
def _stored(given: Any) -> Iterator[Path]:
    """An uploaded file on disk, under a name of ours, until the block ends.

    Raises:
        CheckpointError: when it, or what the block makes of it, cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="ganscope-") as folder:
            file = Path(folder) / "uploaded"
            file.write_bytes(given.getbuffer())
            yield file
    except OSError as error:
        raise CheckpointError(
            _("{file} cannot be stored here: {reason}", file=given.name, reason=error.strerror or error)
        ) from error
