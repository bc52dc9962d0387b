"""Pages for the browser tests that fail in each place where a page can."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import streamlit as st

from dashboard import faults
from gancore.errors import CheckpointError

app = st.App(__file__, on_script_error=faults.show)


def fail() -> None:
    raise ZeroDivisionError("a number of no use")


@faults.fragment
def part() -> None:
    st.write("part")
    if st.button("Break the part"):
        fail()


def main() -> None:
    st.write("before")
    part()
    st.button("Break by a callback", on_click=fail)
    if st.button("Break the page"):
        fail()
    if st.button("Miss a run"):
        raise CheckpointError("there is no run x")
    st.write("after")


if __name__ == "__main__":
    main()
