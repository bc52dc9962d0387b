"""Components of our own: scripts and style sheets of a folder, given to Streamlit as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st


def component(name: str, folder: Path, *files: str) -> Any:
    """A component of ``st.components.v2`` whose styles are the page's.

    Args:
        files: ``.js``, one module in the browser, where what stands in one is known in all; and ``.css``.
    """

    def joined(kind: str) -> str:
        return "\n".join((folder / file).read_text(encoding="utf-8") for file in files if file.endswith(kind))

    return st.components.v2.component(name, js=joined(".js"), css=joined(".css"), isolate_styles=False)
