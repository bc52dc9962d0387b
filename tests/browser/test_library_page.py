"""The Runs page as a library, in a real browser: found, named, deleted and back, as files, and begun elsewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from safetensors.torch import save_file
from tiny_runs import players_of, tiny
from train_page import PATIENCE_MS, badges, card_of, settle, wait_for_rows

from gancore.archive import write_archive
from gancore.library import label, labels_of
from gancore.networks import shape_of
from gancore.player_files import weights_of
from gancore.run import Run
from gancore.runs import RunManager

ROOT = Path(__file__).resolve().parents[2]
RUN_S = 120
COMMAND_LINE = {
    "generator_widths": "16,24", "discriminator_widths": "24,16", "batch_size": "16", "latent_dim": "8", "grid": "2",
    "precision": "float32", "sample_every": "none", "measure_every": "none",
}  # fmt: skip


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> RunManager:
    """A finished gan-lab, gan-simple and wgan-lab."""
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    for preset in ("gan-lab", "gan-simple", "wgan-lab"):
        assert manager.start(tiny(preset)).wait(RUN_S)
    manager.shutdown()
    return manager


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], manager: RunManager) -> str:
    return serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(manager.root)})


@pytest.fixture(scope="module")
def other(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Another machine's dashboard and its folder of runs, empty at first."""
    folder = tmp_path_factory.mktemp("elsewhere")
    return serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(folder)}), folder


def run_of(manager: RunManager, preset: str) -> Run:
    """The oldest of a preset."""
    return next(run for run in reversed(manager.runs()) if run.config.preset == preset)


def open_runs(page: Page, address: str, query: str = "") -> None:
    page.goto(f"{address}/runs{query}")
    expect(page.locator(".st-key-manage, .st-key-no-runs")).to_be_visible()
    settle(page)


def rows_in_table(page: Page) -> Locator:
    """The table's rows, as they are read aloud."""
    return page.get_by_test_id("stDataFrame").first.locator("[role=grid] tbody tr")


def expect_rows(page: Page, count: int) -> None:
    expect(rows_in_table(page)).to_have_count(count)


def choose(page: Page, menu: str, option: str) -> None:
    page.locator(f".st-key-{menu}").get_by_role("combobox").click()
    page.get_by_role("option", name=option, exact=True).click()
    page.keyboard.press("Escape")
    settle(page)


def test_a_run_is_named_tagged_noted_and_found(page: Page, address: str, manager: RunManager) -> None:
    gan, wgan = run_of(manager, "gan-lab"), run_of(manager, "wgan-lab")
    open_runs(page, address, f"?run={gan.id}")
    manage = page.locator(".st-key-manage")
    manage.get_by_role("textbox", name="Name").fill("Base*line*")
    manage.get_by_role("textbox", name="Name").press("Tab")
    expect(card_of(page, gan.id).get_by_role("heading", name="Base*line*")).to_be_visible()
    settle(page)
    manage.get_by_role("combobox").fill("for the report")
    manage.get_by_role("combobox").press("Enter")
    manage.get_by_role("combobox").press("Escape")  # its menu keeps the rest of the page from readers
    settle(page)
    manage.get_by_role("textbox", name="Note").fill("the losses oscillate")
    manage.get_by_role("textbox", name="Note").press("Control+Enter")
    settle(page)
    labels = labels_of(gan.folder)
    assert (labels.name, labels.tags, labels.note) == ("Base*line*", ("for the report",), "the losses oscillate")

    expect_rows(page, 3)
    search = page.locator(".st-key-search").get_by_role("textbox")
    search.fill("oscillate base")
    search.press("Enter")
    settle(page)
    expect_rows(page, 1)
    expect(rows_in_table(page)).to_contain_text("Base*line*")
    expect(page).to_have_url(re.compile("search=oscillate"))
    search.fill("")
    search.press("Enter")
    settle(page)
    choose(page, "family", "WGAN")
    expect_rows(page, 1)
    expect(rows_in_table(page)).to_contain_text("wgan-lab")
    expect(page).to_have_url(re.compile("family=WGAN"))

    open_runs(page, address, "?tag=for+the+report&state=finished&preset=gan-lab&preset=gan-simple")
    expect_rows(page, 1)
    expect(rows_in_table(page)).to_contain_text("for the report")
    open_runs(page, address, "?search=nothing+like+it")
    expect(page.get_by_text("No run fits this search.")).to_be_visible()

    page.goto(f"{address}/compare?runs={gan.id}&runs={wgan.id}")
    expect(page.get_by_text(f"Base*line* · {gan.id}")).to_be_visible()
    expect(page.locator("[data-testid=stDataFrame] [role=grid] tbody").first).to_contain_text("Base*line*")
    label(gan.folder, name="", tags=(), note="")


def test_a_run_is_deleted_and_back_and_gone(page: Page, address: str, manager: RunManager) -> None:
    run = run_of(manager, "gan-simple")
    open_runs(page, address, f"?run={run.id}")

    def delete() -> None:
        page.locator(".st-key-manage").get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Move to trash").click()
        expect(page.locator(".st-key-deleted")).to_contain_text("is in the trash")
        settle(page)
        assert not run.folder.path.exists()

    delete()
    expect_rows(page, 2)
    page.get_by_role("button", name="Undo").click()
    expect(card_of(page, run.id)).to_be_visible()
    settle(page)
    expect_rows(page, 3)

    delete()
    page.locator(".st-key-trash summary").click()
    page.locator(".st-key-trash").get_by_role("button", name="Restore").click()
    expect(page.locator(".st-key-trash")).to_have_count(0)
    expect_rows(page, 3)
    assert run.folder.path.is_dir()

    open_runs(page, address, f"?run={run.id}")
    delete()
    expect(page.locator(".st-key-trash summary")).to_contain_text("Trash: 1 run")
    page.locator(".st-key-trash summary").click()
    page.get_by_role("button", name="Empty the trash").click()
    page.get_by_role("button", name="Remove for good").click()
    expect(page.locator(".st-key-trash")).to_have_count(0)
    settle(page)
    assert not (manager.root / ".trash").exists()


def test_room_is_taken_back_and_the_settings_start_again(page: Page, address: str, manager: RunManager) -> None:
    run = run_of(manager, "gan-lab")
    before = len(run.folder.checkpoints())
    open_runs(page, address, f"?run={run.id}")
    expect(page.locator(".st-key-disk")).to_contain_text(f"for {before - 1} older checkpoints")
    page.get_by_role("button", name="Take room back").click()
    page.get_by_role("button", name="Remove them").click()
    expect(page.get_by_role("button", name="Take room back")).to_have_count(0)
    settle(page)
    assert len(run.folder.checkpoints()) == 1

    known = {each.id for each in manager.runs()}
    page.get_by_role("button", name="With another seed").click()
    expect(page.locator(".st-key-new-run")).to_be_visible()
    (new,) = [each for each in manager.runs() if each.id not in known]
    assert new.config == run.config.model_copy(update={"seed": 1})
    expect(badges(card_of(page, new.id), "finished")).to_be_visible(timeout=PATIENCE_MS)


@pytest.mark.slow
def test_a_run_travels_as_an_archive(
    page: Page, address: str, other: tuple[str, Path], manager: RunManager, tmp_path: Path
) -> None:
    other_address, elsewhere = other
    run = run_of(manager, "wgan-lab")
    label(run.folder, name="The critic")
    open_runs(page, address, f"?run={run.id}")
    with page.expect_download() as download:
        page.locator(".st-key-downloads").get_by_role("button", name="Archive").click()
    assert download.value.suggested_filename == f"{run.id}.zip"
    file = tmp_path / "critic.zip"
    download.value.save_as(file)

    open_runs(page, other_address)
    page.locator(".st-key-add-run summary").click()
    page.locator(".st-key-add-run input[type=file]").first.set_input_files(file)
    expect(card_of(page, run.id).get_by_role("heading", name="The critic")).to_be_visible()
    wait_for_rows(card_of(page, run.id), 0)
    assert (elsewhere / run.id / "history.arrow").read_bytes() == (run.folder.path / "history.arrow").read_bytes()

    with zipfile.ZipFile(write_archive(run, tmp_path / "evil.zip")) as packed:
        told = json.loads(packed.read("manifest.json"))
    told["files"]["../../evil.json"] = {"bytes": 2, "sha256": "0" * 64}
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as packed:
        packed.writestr("manifest.json", json.dumps(told))
    page.locator(".st-key-add-run input[type=file]").first.set_input_files(tmp_path / "evil.zip")
    expect(page.locator(".st-key-add-run").get_by_role("alert")).to_contain_text(
        "is not a path within a run's folder"
    )
    assert [path.name for path in elsewhere.iterdir() if path.is_dir()] == [run.id]


@pytest.mark.slow
def test_weights_are_uploaded_and_what_does_not_fit_is_said(
    page: Page, address: str, manager: RunManager, tmp_path: Path
) -> None:
    run = run_of(manager, "gan-lab")
    resolved = run.folder.read_resolved()
    assert resolved is not None
    mine = weights_of(players_of(run.config, shape_of(resolved.shape)).generator)
    halved = {name: value.half() if value.is_floating_point() else value for name, value in mine.items()}
    save_file(halved, tmp_path / "mine.safetensors")
    first = next(iter(mine))
    save_file({**mine, first: torch.zeros(3, 3), "extra": torch.zeros(1)}, tmp_path / "other.safetensors")
    torch.save(mine, tmp_path / "mine.pt")

    open_runs(page, address)
    known = {each.id for each in manager.runs()}
    card = page.locator(".st-key-add-run")
    card.locator("summary").click()
    card.get_by_role("tab").nth(1).click()
    card.get_by_role("radio", name="A run here").click()
    settle(page)
    card.get_by_role("combobox", name="With the settings of").fill("gan-lab")
    page.get_by_role("option").first.click()
    settle(page)
    upload = card.locator("input[type=file]").last
    upload.set_input_files(tmp_path / "mine.pt")
    expect(card.get_by_role("alert")).to_contain_text("is a pickle, which can run code")
    upload.set_input_files(tmp_path / "other.safetensors")
    card.get_by_role("button", name="Make a run of it").click()
    misfit = page.locator(".st-key-weights-misfit")
    expect(misfit).to_contain_text(f"{first}: expected {' × '.join(map(str, mine[first].shape))}, found 3 × 3")
    expect(misfit).to_contain_text("extra: unexpected, of shape 1")
    assert {each.id for each in manager.runs()} == known

    upload.set_input_files(tmp_path / "mine.safetensors")
    expect(misfit).to_have_count(0)
    card.get_by_role("button", name="Make a run of it").click()
    expect(page.get_by_text("uploaded from mine.safetensors", exact=False).first).to_be_visible()
    settle(page)
    (new,) = [each for each in manager.runs() if each.id not in known]
    expect(badges(card_of(page, new.id), "finished")).to_be_visible()
    expect(page.get_by_role("button", name="Train longer")).to_have_count(0)

    page.goto(f"{address}/latent?run={new.id}")
    expect(page.locator(".latent-explorer canvas").first).to_be_visible()
    page.goto(f"{address}/compare?runs={new.id}&runs={run.id}")
    expect(page.get_by_text("Samples from the same z")).to_be_visible()
    settle(page)
    expect(page.get_by_text("Something went wrong")).to_have_count(0)


@pytest.mark.slow
def test_a_run_begun_on_the_command_line_appears_and_grows(page: Page, other: tuple[str, Path]) -> None:
    other_address, elsewhere = other
    open_runs(page, other_address)
    train = page.context.new_page()
    train.goto(other_address)
    expect(train.locator(".st-key-start")).to_be_visible()
    compare = page.context.new_page()
    compare.goto(f"{other_address}/compare")
    before = len(list(elsewhere.glob("*/config.json")))
    expect_rows(page, before)
    settings = [part for name, value in COMMAND_LINE.items() for part in ("--set", f"{name}={value}")]
    process = subprocess.Popen(
        [sys.executable, "-m", "gancore", "train", "-p", "gan-lab", "--budget", "1h", "--device", "cpu",
         "--runs", str(elsewhere), *settings],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    try:
        expect(rows_in_table(page)).to_have_count(before + 1, timeout=PATIENCE_MS)
        expect(rows_in_table(page).first).to_contain_text("gan-lab")
        (run_id,) = [path.name for path in elsewhere.glob("gan-lab-*")]
        card = card_of(train, run_id)
        expect(card.get_by_text("It trains in another process")).to_be_visible()
        wait_for_rows(card, wait_for_rows(card, 0))
        # Chosen at first are the latest two, and the options left are all others.
        if before:
            compare.get_by_role("combobox").first.fill(run_id)
            expect(compare.get_by_role("option", name=run_id)).to_be_visible()
        else:
            expect(compare.get_by_text(run_id).first).to_be_visible()
    finally:
        process.terminate()
    out, _ = process.communicate(timeout=60)
    assert out.split()[-1] == run_id
    expect(badges(card, "stopped")).to_be_visible(timeout=PATIENCE_MS)
    expect(rows_in_table(page).first).to_contain_text("stopped")
    train.close()
    compare.close()
