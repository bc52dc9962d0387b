"""What the pages' tests share: no page may hide a fault in a card."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _no_hidden_fault(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test whose pages drew the card of an unexpected error, unless it is marked with ``faults``."""
    yield
    if request.node.get_closest_marker("faults") is None:
        found = [entry.getMessage() for entry in caplog.get_records("call") if entry.name == "dashboard.faults"]
        assert found == []
