"""Files that are made when their button is pressed: a run's in other programs' formats, and others' own."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import streamlit as st

from dashboard.faults import fragment
from gancore.errors import GanCoreError
from gancore.i18n import N_, _, again, language, reason_of, speaking
from gancore.run import Run

LATEST_START_S, LONGEST_EXPORT_S = 10.0, 120.0
GRACE_S = 1.0
"""Streamlit throws a made file away at the end of the second run of a page or fragment after it; while this one
waits there is no other, so that the browser has fetched the file before."""
PRESSED = "downloads.pressed"


@dataclass(frozen=True)
class Format:
    """One button."""

    kind: str
    """What :func:`gancore.export.export` calls it."""
    label: str
    ending: str
    """Of the file's name, after the run's."""
    mime: str
    icon: str
    help: str


ARCHIVE = "archive"
FORMATS = (
    Format("csv", "CSV", ".csv", "text/csv", "table", N_("One row an iteration: position and every logged number.")),
    Format("pdf", "PDF", "-curves.pdf", "application/pdf", "picture_as_pdf", N_("The curves, for a report.")),
    Format("png", "PNG", "-curves.png", "image/png", "image", N_("The curves as a picture.")),
    Format(
        "tensorboard",
        "TensorBoard",
        "-tensorboard.zip",
        "application/zip",
        "folder_zip",
        N_("An event log, zipped."),
    ),
    Format(
        "onnx",
        "ONNX",
        ".onnx",
        "application/octet-stream",
        "deployed_code",
        N_("The generator: z in, images out."),
    ),
    Format(
        "config",
        N_("Configuration"),
        "-config.json",
        "application/json",
        "tune",
        N_("All settings; gancore train --config trains them again, to the same losses on as many threads."),
    ),
    Format(
        ARCHIVE, N_("Archive"), ".zip", "application/zip", "inventory_2", N_("The whole run, for another machine.")
    ),
)


@dataclass
class Making:
    """One press of a button: made on a thread of the server's, beside the script that shows how it went."""

    make: Callable[[], bytes]
    group: str
    """Of the buttons it is one of."""
    label: str
    language: str
    """Of the visitor, whom a thread of the server's does not know."""
    error: str = ""
    started: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> bytes:
        """The file's contents."""
        self.started.set()
        try:
            with speaking(self.language):
                return self.make()
        except Exception as error:
            self.error = reason_of(error) if isinstance(error, GanCoreError) else f"{type(error).__name__}: {error}"
            raise
        finally:
            self.ended.set()

    def wait(self) -> None:
        """Until it has ended; says so in ``error`` where it does not."""
        if self.ended.is_set():
            return
        if not self.started.wait(LATEST_START_S):
            self.error = _("the page had just changed; press the button again")
        elif not self.ended.wait(LONGEST_EXPORT_S):
            self.error = _("not made within {seconds:g} s", seconds=LONGEST_EXPORT_S)
        elif not self.error:
            time.sleep(GRACE_S)


def file_contents(run: Run, chosen: Format) -> bytes:
    """Export a run into a temporary folder and read the file; a folder comes back as a zip.

    Raises:
        GanCoreError: when the run has nothing to export yet, or a package is missing.
    """
    from gancore.archive import write_archive
    from gancore.export import export

    with tempfile.TemporaryDirectory(prefix="ganscope-") as folder:
        if chosen.kind == ARCHIVE:
            return write_archive(run, Path(folder) / f"{run.id}.zip").read_bytes()
        name = f"{run.id}{chosen.ending}".removesuffix(".zip")
        written = export(run, chosen.kind, Path(folder) / name)
        if written.is_dir():
            written = Path(shutil.make_archive(str(Path(folder) / "archive"), "zip", written))
        return written.read_bytes()


@fragment
def downloads(run: Run) -> None:
    """One download button a format, and a card when an export did not work."""
    with st.container(horizontal=True, gap="small", key="downloads"):
        for chosen in FORMATS:
            made_button(
                _(chosen.label),
                partial(file_contents, run, chosen),
                f"{run.id}{chosen.ending}",
                chosen.mime,
                key=f"download-{chosen.kind}-{run.id}",
                group=run.id,
                icon=chosen.icon,
                help=_(chosen.help),
            )
    show_making(run.id)


def made_button(
    label: str,
    make: Callable[[], bytes],
    file_name: str,
    mime: str,
    *,
    key: str,
    group: str,
    icon: str,
    help: str,
) -> None:
    """A button that downloads a file which is made once it is pressed.

    Args:
        make: Called on another thread, where messages are in this page's language.
        group: Whose :func:`show_making` tells how it goes.
    """
    making = Making(make, group, label, language())
    st.download_button(
        label,
        making,
        file_name=file_name,
        mime=mime,
        key=key,
        icon=f":material/{icon}:",
        help=help,
        on_click=_press,
        args=(making,),
    )


def show_making(group: str) -> None:
    """A spinner while a file of this group's buttons is made, and a card when it could not be."""
    pressed = st.session_state.get(PRESSED)
    if not isinstance(pressed, Making) or pressed.group != group:
        return
    with st.spinner(_("Making the {format} file …", format=pressed.label)):
        pressed.wait()
    if pressed.error:
        st.error(f"{again(pressed.label)}: {again(pressed.error)}", icon=":material/error:")
    else:
        del st.session_state[PRESSED]


def _press(making: Making) -> None:
    st.session_state[PRESSED] = making
