"""What is chosen stands in the address; links and steps back bring it back, and late answers of a browser do not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import address


def widgets() -> None:
    from dashboard.linked import (
        linked_multiselect,
        linked_pills,
        linked_selectbox,
        linked_slider,
        linked_text,
        linked_toggle,
        linked_whole_number,
    )

    linked_selectbox("Axis", ["Iteration", "Epoch", "Seconds"], key="x", format_func=str.upper)
    linked_toggle("Log", key="log")
    linked_slider("Smoothing", 0.0, 0.99, 0.6, 0.01, key="smoothing")
    linked_whole_number("Seed", 0, 9, 1, key="seed")
    linked_text("Search", key="search")
    linked_pills("Charts", ["a", "b", "c"], key="charts", default=["a", "b"])
    linked_multiselect("Tags", ["a", "b", "c"], key="tags")


AT_FIRST = {
    "x": "Iteration",
    "log": False,
    "smoothing": 0.6,
    "seed": 1,
    "search": "",
    "charts": ["a", "b"],
    "tags": [],
}
OTHERS = {
    "x": "Epoch",
    "log": True,
    "smoothing": 0.8,
    "seed": 3,
    "search": "c d",
    "charts": ["c"],
    "tags": ["b", "c"],
}
IN_ADDRESS = {
    "x": ["Epoch"],
    "log": ["true"],
    "smoothing": ["0.8"],
    "seed": ["3"],
    "search": ["c d"],
    "charts": ["c"],
    "tags": ["b", "c"],
}


def visit(**query: Any) -> AppTest:
    page = AppTest.from_function(widgets)
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    return page


def chosen(page: AppTest) -> dict[str, Any]:
    return {key: page.session_state[key] for key in AT_FIRST}


def query(page: AppTest) -> dict[str, list[str]]:
    """AppTest gives a list or its only member."""
    found = {key: page.query_params[key] for key in page.query_params}
    return {key: value if isinstance(value, list) else [value] for key, value in found.items()}


def choose_others(page: AppTest) -> None:
    page.selectbox(key="x").select("Epoch")
    page.toggle(key="log").set_value(True)
    page.slider(key="smoothing").set_value(0.8)
    page.number_input(key="seed").set_value(3)
    page.text_input(key="search").set_value("c d")
    page.pills(key="charts").set_value(["c"])
    page.multiselect(key="tags").set_value(["b", "c"])
    page.run()


def test_a_default_is_left_out_and_the_rest_is_said() -> None:
    page = visit()
    assert (chosen(page), query(page)) == (AT_FIRST, {})
    choose_others(page)
    assert (chosen(page), query(page)) == (OTHERS, IN_ADDRESS)
    page.selectbox(key="x").select("Iteration").run()
    page.pills(key="charts").set_value([]).run()
    assert "x" not in query(page)
    assert query(page)["charts"] == [""], "none of them, which is not the default"


def test_a_link_restores_it_all() -> None:
    assert chosen(visit(**IN_ADDRESS)) == OTHERS
    assert chosen(visit(charts="", x="EPOCH")) == {**AT_FIRST, "charts": [], "x": "Epoch"}


@pytest.mark.parametrize("nonsense", ["", "nan", "-1", "1e9", "many", "1.5.2"])
def test_nonsense_in_an_address_is_the_default(nonsense: str) -> None:
    page = visit(x=nonsense, log=nonsense, smoothing=nonsense, seed=nonsense, tags=nonsense)
    assert chosen(page) == AT_FIRST
    assert query(page) == {}


def test_what_a_browser_says_late_undoes_nothing() -> None:
    """The address of before the last change comes with the next click, as from a slow browser."""
    page = visit()
    page.selectbox(key="x").select("Epoch").run()
    page.selectbox(key="x").select("Seconds").run()
    page.query_params["x"] = "Epoch"
    page.toggle(key="log").set_value(True).run()
    assert chosen(page) == {**AT_FIRST, "x": "Seconds", "log": True}
    assert query(page) == {"x": ["Seconds"], "log": ["true"]}, "the browser is told again"
    del page.query_params["x"]
    page.run()
    assert query(page) == {"x": ["Seconds"], "log": ["true"]}


def test_a_step_back_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    page = visit()
    choose_others(page)
    stepped = SimpleNamespace(is_history_navigation=True, page_script_hash="page")
    with monkeypatch.context() as patch:
        patch.setattr(address, "get_script_run_ctx", lambda: stepped)
        page.query_params.clear()
        page.query_params["x"] = "Seconds"
        page.run()
    assert (chosen(page), query(page)) == ({**AT_FIRST, "x": "Seconds"}, {"x": ["Seconds"]})


def test_another_visit_reads_the_address_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    page = visit()
    choose_others(page)
    elsewhere = SimpleNamespace(is_history_navigation=False, page_script_hash="another page")
    monkeypatch.setattr(address, "get_script_run_ctx", lambda: elsewhere)
    page.query_params.clear()
    page.query_params["x"] = "Seconds"
    page.run()
    assert chosen(page) == {**OTHERS, "x": "Seconds"}, "what the link does not name stays as it was chosen"
    assert query(page) == {**IN_ADDRESS, "x": ["Seconds"]}
