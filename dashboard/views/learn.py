"""The theory behind the curves: a topic at a time, and a button for each claim that shows it or refutes it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import address
from dashboard.engine import manager
from dashboard.learn.cards import claim_card
from dashboard.learn.registry import CLAIMS
from dashboard.learn.topics import Topic, kept_together, topics_here
from dashboard.watch import watch_runs
from gancore.i18n import _

STYLE = Path(__file__).with_suffix(".css")


def main() -> None:
    """The page."""
    st.html(STYLE)
    known = topics_here()
    topic = known[_chosen(known)]
    menu, text = st.columns([1, 3], gap="large")
    with menu, st.container(key="learn-menu", gap=None):
        for other in known.values():
            with st.container(key="learn-here" if other is topic else None):
                _link(other, "menu")
    with text:
        with st.container(key="learn-choice"):
            st.selectbox(
                _("Topic"),
                list(known),
                index=list(known).index(topic.name),
                format_func=lambda name: known[name].title,
                key=f"topic.{topic.name}",
                on_change=_follow,
                args=(topic.name,),
            )
        _show(topic)
        _onwards(list(known.values()), topic)
    watch_runs(manager().runs())


def _chosen(known: dict[str, Topic]) -> str:
    """The topic of the address, else the first."""
    asked = "".join(address.said("topic")[-1:])
    if asked in known:
        return asked
    if asked:
        st.warning(
            _(
                "There is no topic {name}; choose one of {names}.",
                name=asked,
                names=", ".join(known),
            )
        )
    return next(iter(known))


def _follow(shown: str) -> None:
    """Take the menu's choice into the address."""
    _go(st.session_state[f"topic.{shown}"])


def _show(topic: Topic) -> None:
    with st.container(key="learn-text"):
        st.title(topic.title, anchor=False)
        st.markdown(kept_together(topic.text))
    if topic.claims:
        with st.container(key="learn-tests"):
            st.header(_("Put it to the test"), anchor=False)
    for name in topic.claims:
        claim_card(CLAIMS[name])


def _onwards(topics: list[Topic], shown: Topic) -> None:
    """The ways to the topics before and after."""
    place = topics.index(shown)
    with st.container(horizontal=True, horizontal_alignment="distribute", key="learn-onwards"):
        if place:
            _link(topics[place - 1], "onwards", ":material/arrow_back:")
        if place + 1 < len(topics):
            _link(topics[place + 1], "onwards", ":material/arrow_forward:")


def _link(topic: Topic, place: str, icon: str | None = None) -> None:
    """A button and no link: a link from this page to itself leaves the address as it is."""
    st.button(topic.title, key=f"{place}-{topic.name}", type="tertiary", icon=icon, on_click=_go, args=(topic.name,))


def _go(name: str) -> None:
    address.write("topic", [name])


main()
