"""Cards in place of tracebacks, without a browser: what they say, and what passes by."""

from __future__ import annotations

import logging

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.faults import sentence


def test_a_sentence_has_one_capital_and_one_stop() -> None:
    assert sentence(ValueError("there is no run x")) == "There is no run x."
    assert sentence("Done.") == "Done."
    assert sentence("") == "."


def test_an_expected_error_is_its_sentence() -> None:
    def script() -> None:
        from dashboard.faults import show
        from gancore.errors import CheckpointError

        assert show(CheckpointError("run x is gone"))

    app = AppTest.from_function(script).run()
    assert [card.value for card in app.error] == ["Run x is gone."]
    assert not app.expander


@pytest.mark.faults
def test_a_fragment_that_fails_leaves_the_rest_of_the_page(caplog: pytest.LogCaptureFixture) -> None:
    def script() -> None:
        import streamlit as st

        from dashboard.faults import fragment

        @fragment
        def broken(number: int) -> None:
            st.write("before")
            raise ZeroDivisionError(f"number {number}")

        @fragment(run_every=60)
        def sound() -> None:
            st.write("sound")

        broken(17)
        broken(17)
        sound()
        st.write("after")

    with caplog.at_level(logging.ERROR):
        app = AppTest.from_function(script).run()
        app.run()
    texts = [text.value for text in app.markdown]
    assert texts.count("#### Something went wrong in GANscope") == 2
    assert texts[-2:] == ["sound", "after"]
    assert not app.exception
    details = app.expander[0]
    assert details.label == "Details: ZeroDivisionError"
    assert not details.proto.expanded
    assert "ZeroDivisionError: number 17" in details.code[0].value
    assert caplog.text.count("ZeroDivisionError: number 17") == 1


def test_streamlits_own_control_flow_passes_through() -> None:
    def script() -> None:
        import streamlit as st

        from dashboard.faults import fragment

        @fragment
        def once() -> None:
            if "told" not in st.session_state:
                st.session_state["told"] = True
                st.rerun()
            st.write("second")
            st.stop()

        once()
        st.write("never")

    app = AppTest.from_function(script).run()
    assert [text.value for text in app.markdown] == ["second"]
