"""Cards that take files in or hand them out: when the disk is written to, and what is said when it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file
from streamlit.testing.v1 import AppTest
from tiny_runs import players_of, tiny

from dashboard import add_run_card, sample_set_card
from gancore import i18n
from gancore.archive import write_archive
from gancore.errors import RunError
from gancore.i18n import _
from gancore.player_files import weights_of
from gancore.runs import RunManager

RUN_S = 60


def adding() -> None:
    """A page of its own with the card; what is chosen is counted."""
    import streamlit as st

    from dashboard.add_run_card import add_run_card, manager

    st.session_state.setdefault("chosen", [])
    add_run_card(manager().runs(), st.session_state.chosen.append)


@pytest.fixture
def page(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The card over a folder with a finished run."""
    assert manager.start(tiny("gan-simple", "2it")).wait(RUN_S)
    monkeypatch.setattr(add_run_card, "manager", lambda: manager)
    return AppTest.from_function(adding, default_timeout=RUN_S).run()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the uploaded files that are written to disk, in turn."""
    names: list[str] = []
    stored = add_run_card._stored

    def noted(given: Any) -> Any:
        names.append(given.name)
        return stored(given)

    monkeypatch.setattr(add_run_card, "_stored", noted)
    return names


def test_weights_are_written_once_for_the_press(
    page: AppTest, manager: RunManager, written: list[str], tmp_path: Path
) -> None:
    (run,) = manager.runs()
    save_file(weights_of(players_of(run.config).generator), tmp_path / "mine.safetensors")
    page.button_group(key="weights.origin").set_value(add_run_card.RUN).run()
    page.file_uploader[1].upload("mine.safetensors", (tmp_path / "mine.safetensors").read_bytes()).run()
    page.run()
    assert written == []
    page.button(key="weights.start").click().run()
    assert written == ["mine.safetensors"]
    assert not page.error
    (made,) = page.session_state.chosen
    assert {each.id for each in manager.runs()} == {run.id, made}
    assert page.file_uploader[1].value is None


def test_what_is_no_weights_is_said_without_a_write(page: AppTest, written: list[str]) -> None:
    page.file_uploader[1].upload("mine.pt", b"PK\x03\x04 and so on").run()
    (card,) = page.error
    assert "Mine.pt is a pickle, which can run code" in card.value.replace("\\", "")
    assert not [button for button in page.button if button.key == "weights.start"]
    assert written == []


def test_an_imported_archive_leaves_the_weights_where_they_are(
    page: AppTest, manager: RunManager, tmp_path: Path
) -> None:
    (run,) = manager.runs()
    packed = write_archive(run, tmp_path / "run.zip").read_bytes()
    page.file_uploader[1].upload("mine.safetensors", b"12345678{").run()
    page.file_uploader[0].upload("run.zip", packed).run()
    assert len(page.session_state.chosen) == 1
    assert page.file_uploader[0].value is None
    assert page.file_uploader[1].value.name == "mine.safetensors"


@pytest.mark.parametrize("uploader", [0, 1])
def test_a_full_disk_is_a_sentence(page: AppTest, monkeypatch: pytest.MonkeyPatch, uploader: int) -> None:
    def full(*_given: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    page.file_uploader[uploader].upload("big.safetensors", b"12345678{").run()
    if uploader:
        page.button(key="weights.start").click().run()
    (card,) = page.error
    assert card.value.replace("\\", "") == "Big.safetensors cannot be stored here: No space left on device."
    assert page.session_state.chosen == []


def sampling() -> None:
    """A page of its own with the card of a data set."""
    from dashboard.add_run_card import manager
    from dashboard.sample_set_card import sample_set_card

    sample_set_card(manager().runs()[0])


def test_why_there_is_no_data_set_is_told_in_the_readers_language(
    page: AppTest, manager: RunManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_given: Any) -> None:
        raise RunError(_("run {run} is trained by another process", run="x"))

    monkeypatch.setattr(sample_set_card, "write_sample_set", refused)
    (run,) = manager.runs()
    app = AppTest.from_function(sampling, default_timeout=RUN_S).run()
    app.button(key=f"sample-set-make-{run.id}").click().run()
    assert [card.value for card in app.error] == ["Run x is trained by another process."]
    monkeypatch.setattr(i18n, "_ask", lambda: "zh_CN")
    app.run()
    (card,) = app.error
    assert card.value.startswith("运行 x 正由另一个进程训练")
