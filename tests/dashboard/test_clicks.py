"""A click goes to the server once: what a fragment sends by itself does not carry it too."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from dashboard.app import serving
from dashboard.clicks import without_clicks

CLICKED = WidgetState(id="step", trigger_value=True)
TYPED = WidgetState(id="rate", string_value="0.0002")


def sent(*states: WidgetState, auto: bool) -> bytes:
    message = BackMsg()
    message.rerun_script.fragment_id = "card"
    message.rerun_script.is_auto_rerun = auto
    message.rerun_script.widget_states.widgets.extend(states)
    return message.SerializeToString()


def triggers() -> list[WidgetState]:
    states = [CLICKED, WidgetState(id="menu", json_trigger_value='["open"]')]
    for field in ("string_trigger_value", "chat_input_value"):
        state = WidgetState(id=field)
        getattr(state, field).data = "said"
        states.append(state)
    return states


@pytest.mark.parametrize("trigger", triggers(), ids=lambda state: state.WhichOneof("value"))
def test_a_refresh_carries_values_and_no_clicks(trigger: WidgetState) -> None:
    assert without_clicks(sent(TYPED, trigger, auto=True)) == sent(TYPED, auto=True)
    assert without_clicks(sent(TYPED, trigger, auto=False)) == sent(TYPED, trigger, auto=False)


@pytest.mark.parametrize("data", [b"", b"\xff\xff", BackMsg(clear_cache=True).SerializeToString()])
def test_other_messages_stay_as_they_are(data: bytes) -> None:
    assert without_clicks(data) == data


def test_a_connection_is_served_so() -> None:
    typed = {"type": "websocket.receive", "text": "a word"}
    refresh = {"type": "websocket.receive", "bytes": sent(TYPED, CLICKED, auto=True)}
    came = [{"type": "websocket.connect"}, refresh, typed]
    assert received("websocket", came) == [came[0], refresh | {"bytes": sent(TYPED, auto=True)}, typed]
    uploaded = {"type": "http.request", "body": sent(TYPED, CLICKED, auto=True)}
    assert received("http", [uploaded]) == [uploaded]


def received(kind: str, messages: list[Message]) -> list[Message]:
    """What an application is given of these messages behind the dashboard's middleware."""
    waiting, given = deque(messages), []

    async def receive() -> Message:
        return waiting.popleft()

    async def send(message: Message) -> None:
        raise AssertionError(message)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while waiting:
            given.append(await receive())

    for item in serving()["middleware"]:
        app = item.cls(app, *item.args, **item.kwargs)
    with ThreadPoolExecutor(1) as thread:  # in this one a browser's loop may be running
        thread.submit(asyncio.run, app({"type": kind}, receive, send)).result()
    return given
