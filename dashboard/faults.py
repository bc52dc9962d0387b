"""What went wrong, as a card on the page: a reason and what to do, the traceback folded.

``app.py`` hands :func:`show` to Streamlit, which logs and passes on whatever a page or a callback raises. A fragment
made by :func:`fragment` keeps its fault to itself, so that the rest of the page is still drawn.
"""

from __future__ import annotations

import functools
import logging
import traceback
from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.errors import FragmentHandledException

from gancore.errors import GanCoreError
from gancore.i18n import _

_LOG = logging.getLogger(__name__)


def show(error: Exception) -> bool:
    """Draw the card of an error where the page stands; True tells Streamlit to draw nothing more."""
    if isinstance(error, GanCoreError):
        st.error(sentence(error), icon=":material/error:")
        return True
    with st.container(border=True):
        st.markdown(_("#### Something went wrong in GANscope"))
        st.markdown(
            _(
                "Nothing is lost: runs go on training, and what they have written is kept. Reload this page to go "
                "on. If the card comes back, please report it together with the details."
            )
        )
        with st.expander(_("Details: {kind}", kind=type(error).__name__), icon=":material/bug_report:"):
            st.code("".join(traceback.format_exception(error)), language=None, wrap_lines=True)
    return True


def sentence(error: object) -> str:
    """What an error says, from a capital to a full stop."""
    text = str(error).rstrip(".。")
    return _("{sentence}.", sentence=f"{text[:1].upper()}{text[1:]}")


def fragment(function: Callable[..., None] | None = None, *, run_every: float | None = None) -> Callable[..., Any]:
    """``st.fragment`` whose body's error becomes a card in its place.

    Args:
        run_every: seconds between refreshes; None refreshes on interaction only.
    """
    if function is None:
        return functools.partial(fragment, run_every=run_every)

    # Streamlit's own control flow, st.stop() and st.rerun(), is no Exception and passes through.
    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except FragmentHandledException:  # an inner fragment's, which has been shown
            raise
        except Exception as error:
            if not isinstance(error, GanCoreError):
                _log("".join(traceback.format_exception(error)))
            show(error)

    return st.fragment(guarded, run_every=run_every)


# Remembered, because a fragment that refreshes twice a second would fill the log with one and the same fault.
@functools.lru_cache(maxsize=64)
def _log(details: str) -> None:
    _LOG.error("A part of the page failed.\n%s", details)
