"""A run's files in other programs' formats, as buttons."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from dashboard.faults import fragment
from gancore.errors import GanCoreError
from gancore.run import Run

LATEST_START_S, LONGEST_EXPORT_S = 10.0, 120.0
GRACE_S = 1.0
"""Streamlit throws a made file away at the end of the second run of a page or fragment after it; while this one
waits there is no other, so that the browser has fetched the file before."""


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
    Format("csv", "CSV", ".csv", "text/csv", "table", "One row an iteration: position and every logged number."),
    Format("pdf", "PDF", "-curves.pdf", "application/pdf", "picture_as_pdf", "The curves, for a report."),
    Format("png", "PNG", "-curves.png", "image/png", "image", "The curves as a picture."),
    Format(
        "tensorboard", "TensorBoard", "-tensorboard.zip", "application/zip", "folder_zip", "An event log, zipped."
    ),
    Format("onnx", "ONNX", ".onnx", "application/octet-stream", "deployed_code", "The generator: z in, images out."),
    Format(ARCHIVE, "Archive", ".zip", "application/zip", "inventory_2", "The whole run, for another machine."),
)


@dataclass
class Export:
    """One press of a button: made on a thread of the server's, beside the script that shows how it went."""

    run: Run
    format: Format
    error: str = ""
    started: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> bytes:
        """The file's contents."""
        self.started.set()
        try:
            return file_contents(self.run, self.format)
        except Exception as error:
            self.error = str(error) if isinstance(error, GanCoreError) else f"{type(error).__name__}: {error}"
            raise
        finally:
            self.ended.set()

    def wait(self) -> None:
        """Until it has ended; says so in ``error`` where it does not."""
        if self.ended.is_set():
            return
        if not self.started.wait(LATEST_START_S):
            self.error = "the page had just changed; press the button again"
        elif not self.ended.wait(LONGEST_EXPORT_S):
            self.error = f"not made within {LONGEST_EXPORT_S:g} s"
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
            export = Export(run, chosen)
            st.download_button(
                chosen.label,
                export,
                file_name=f"{run.id}{chosen.ending}",
                mime=chosen.mime,
                key=f"download-{chosen.kind}-{run.id}",
                icon=f":material/{chosen.icon}:",
                help=chosen.help,
                on_click=_press,
                args=(export,),
            )
    pressed = st.session_state.get("downloads.pressed")
    if not isinstance(pressed, Export) or pressed.run.id != run.id:
        return
    with st.spinner(f"Making the {pressed.format.label} file …"):
        pressed.wait()
    if pressed.error:
        st.error(f"{pressed.format.label}: {pressed.error}", icon=":material/error:")
    else:
        del st.session_state["downloads.pressed"]


def _press(export: Export) -> None:
    st.session_state["downloads.pressed"] = export
