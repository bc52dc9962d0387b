"""The diagnosis on a run's card: a fault is named with its evidence and what to try, health and silence too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from tiny_runs import tiny
from train_page import card_of, is_too_wide, open_train

from gancore.history import POSITION, SIGNALS_FILE, History, write_history
from gancore.runs import RunManager
from gancore.signals import PROBE_EVERY, SIGNAL_NAMES

APP = Path(__file__).parent / "pages" / "tiny_app.py"
RUN_S = 60
ROWS = 100
HEALTHY = {
    "d_accuracy": 0.7,
    "d_gradient": 1.0,
    "g_gradient": 1.0,
    "sample_gradient": 0.5,
    "d_update": 2e-3,
    "g_update": 2e-3,
    "spread": 1.0,
}
EARLY = np.arange(ROWS) < 40
WON = HEALTHY | {"d_accuracy": np.where(EARLY, 0.8, 1.0), "d_gradient": np.where(EARLY, 1.0, 0.01)}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Runs by what their signals show, and under ``folder`` where they are."""
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    found = {"folder": str(manager.root)}
    for name, signals in (("short", None), ("healthy", HEALTHY), ("won", WON)):
        run = manager.start(tiny("gan-simple", plan="8it"))
        assert run.wait(RUN_S)
        if signals is not None:
            history = History([*POSITION, *SIGNAL_NAMES])
            values = {"iteration": 1 + PROBE_EVERY * np.arange(ROWS), **signals}
            history.append(np.column_stack([np.broadcast_to(values.get(n, 0.0), ROWS) for n in history.names]))
            write_history(history, run.folder.path / SIGNALS_FILE)
        found[name] = run.id
    manager.shutdown()
    return found


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], named: dict[str, str]) -> str:
    return serve(APP, env={"GANSCOPE_RUNS": named["folder"]})


def diagnosis(page: Page, run_id: str) -> Locator:
    return card_of(page, run_id).locator('[class*="st-key-diagnosis-"]')


@pytest.mark.parametrize("width", [1280, pytest.param(390, marks=pytest.mark.slow)])
def test_a_fault_is_named_with_evidence_and_advice(
    page: Page, address: str, named: dict[str, str], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_train(page, address)
    found = diagnosis(page, named["won"])
    expect(found.locator("summary")).to_contain_text("Diagnosis: The discriminator wins outright")
    found.locator("summary").click()
    expect(found.get_by_text("wins outright · since iteration 401")).to_be_visible()
    expect(found.get_by_text("its gradient has fallen from 1 to 0.01")).to_be_visible()
    expect(found.get_by_text("a preset that holds D back: sngan, dragan, r3gan")).to_be_visible()
    assert not is_too_wide(page)


def test_health_and_silence(page: Page, address: str, named: dict[str, str]) -> None:
    open_train(page, address)
    expect(diagnosis(page, named["healthy"])).to_contain_text("Diagnosis: The players are balanced")
    silent = diagnosis(page, named["short"])
    expect(silent).to_contain_text("Diagnosis: nothing certain yet")
    silent.locator("summary").click()
    expect(silent.get_by_text("Nothing is said that the numbers do not make certain.")).to_be_visible()
