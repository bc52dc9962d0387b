"""A click counts once, however busy the browser is.

Streamlit's page sends a click when its timers come to it. A fragment's refresh that was due earlier goes out before,
with the click among its widgets, and the server would call the button's callback for both: Step would train two
iterations, Pause would pause and resume. The click's own message always follows, so a refresh need not carry it.
"""

from __future__ import annotations

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

_TRIGGERS = {"trigger_value", "string_trigger_value", "json_trigger_value", "chat_input_value"}


class ClicksOnce:
    """Takes the clicks out of what fragments send by themselves; for ``st.App(..., middleware=[...])``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""

        async def receive_once() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and (data := message.get("bytes")):
                return {**message, "bytes": without_clicks(data)}
            return message

        await self._app(scope, receive_once, send)


def without_clicks(data: bytes) -> bytes:
    """A message of Streamlit's page, without clicks if it is a refresh that nobody asked for."""
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return data  # for Streamlit to refuse
    if not message.rerun_script.is_auto_rerun:
        return data
    states = message.rerun_script.widget_states.widgets
    kept = [state for state in states if state.WhichOneof("value") not in _TRIGGERS]
    if len(kept) == len(states):
        return data
    del states[:]
    states.extend(kept)
    return message.SerializeToString()
