"""The commands of the run library, as a person calls them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import save_file
from tiny_runs import players_of, tiny

from gancore.checkpoint import RunFolder
from gancore.networks import shape_of
from gancore.player_files import weights_of
from gancore.runs import RunManager
from gancore.status import RunState

Call = Callable[..., tuple[int, str, str]]
RUN_S = 60


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A folder of runs, and the ids of a finished gan-lab and wgan-lab."""
    manager = RunManager(tmp_path_factory.mktemp("trained"))
    ids = []
    for preset in ("gan-lab", "wgan-lab"):
        run = manager.start(tiny(preset))
        assert run.wait(RUN_S)
        ids.append(run.id)
    manager.shutdown()
    return manager.root, ids[0], ids[1]


@pytest.fixture
def library(gancore: Call, tmp_path: Path, trained: tuple[Path, str, str]) -> tuple[Call, str, str]:
    """`gancore(*arguments)` on a copy of those runs, and their ids."""
    shutil.copytree(trained[0], tmp_path / "checkpoints")
    return gancore, trained[1], trained[2]


Library = tuple[Call, str, str]


def ids(gancore: Call, *arguments: str) -> list[str]:
    status, out, _ = gancore("runs", "--json", *arguments)
    assert status == 0
    return [row["run"] for row in json.loads(out)]


def test_runs_are_tagged_named_noted_and_found(library: Library) -> None:
    gancore, gan, wgan = library
    assert gancore("tag", gan, "lab", "first try") == (0, "lab\nfirst try\n", "")
    assert gancore("tag", gan, "first try", "--remove") == (0, "lab\n", "")
    assert gancore("tag", gan)[1] == "lab\n"
    assert gancore("rename", wgan, "Critic")[0] == 0
    assert gancore("note", wgan, "the loss is lower")[0] == 0
    rows = {row["run"]: row for row in json.loads(gancore("runs", "--json")[1])}
    assert (rows[gan]["tags"], rows[gan]["name"], rows[gan]["family"]) == (["lab"], "", "GAN")
    assert (rows[wgan]["tags"], rows[wgan]["name"], rows[wgan]["note"]) == ([], "Critic", "the loss is lower")
    table = gancore("runs")[1].splitlines()
    assert table[0].split()[:4] == ["run", "name", "tags", "state"]

    assert ids(gancore, "--family", "WGAN") == [wgan]
    assert ids(gancore, "--preset", "gan-lab", "--preset", "wgan-lab", "--data", "digits") == [wgan, gan]
    assert ids(gancore, "--tag", "LAB", "--state", "finished") == [gan]
    assert ids(gancore, "--search", "critic lower") == [wgan]
    assert ids(gancore, "--state", "running") == []


def test_a_run_is_deleted_restored_and_removed_for_good(library: Library) -> None:
    gancore, gan, wgan = library
    status, out, err = gancore("delete", gan)
    assert (status, out) == (2, "")
    assert "Nobody can be asked here; give --yes" in err
    assert gancore("delete", gan, "--yes")[0] == 0
    assert ids(gancore) == [wgan]
    assert [row["run"] for row in json.loads(gancore("trash", "--json")[1])] == [gan]
    assert gancore("trash", "--restore", gan)[:2] == (0, f"{gan}\n")
    assert ids(gancore) == [wgan, gan]
    gancore("delete", gan, "--yes")
    status, _, err = gancore("trash", "--empty", "--yes")
    assert status == 0
    assert "freed" in err
    assert gancore("trash") == (0, "", "")


def test_room_is_told_and_taken_back(library: Library) -> None:
    gancore, gan, wgan = library
    rows = {row["run"]: row for row in json.loads(gancore("disk", "--json")[1])}
    assert set(rows) == {gan, wgan}
    assert rows[gan]["checkpoints"] == 4
    assert "can be taken back" in gancore("disk", gan)[1]
    assert gancore("disk", gan, "--reclaim", "--yes")[0] == 0
    after = json.loads(gancore("disk", gan, "--json")[1])[0]
    assert after == {
        "run": gan,
        "total": rows[gan]["total"] - rows[gan]["reclaimable"],
        "reclaimable": 0,
        "checkpoints": 0,
    }


def test_nothing_is_taken_back_where_one_of_the_runs_is_live(library: Library) -> None:
    gancore, gan, wgan = library
    folder = RunFolder(Path("checkpoints") / wgan)
    folder.write_status(folder.stored_status().model_copy(update={"state": RunState.RUNNING}))
    with folder.lock:
        status, _, err = gancore("disk", gan, wgan, "--reclaim", "--yes")
    assert (status, err) == (2, f"gancore: run {wgan} is live; stop it before taking room back\n")
    assert json.loads(gancore("disk", gan, "--json")[1])[0]["checkpoints"] == 4


def test_an_archive_goes_to_another_folder(library: Library) -> None:
    gancore, gan, _ = library
    gancore("rename", gan, "Baseline")
    assert gancore("archive", gan) == (0, f"{gan}.zip\n", "")
    assert gancore("import", f"{gan}.zip", "--runs", "elsewhere") == (0, f"{gan}\n", "")
    (row,) = json.loads(gancore("runs", "--json", "--runs", "elsewhere")[1])
    assert (row["run"], row["name"], row["state"]) == (gan, "Baseline", "finished")
    assert gancore("import", f"{gan}.zip")[1] == f"{gan}-2\n"


def test_the_same_settings_start_again(library: Library) -> None:
    gancore, gan, _ = library
    status, out, _ = gancore("again", gan, "--seed", 5)
    new = out.strip()
    assert status == 0
    manager = RunManager("checkpoints")
    assert manager.get(new).config == manager.get(gan).config.model_copy(update={"seed": 5})
    assert manager.get(new).status().state == "finished"


def test_weights_are_uploaded_by_preset_or_like_a_run(library: Library) -> None:
    gancore, gan, _ = library
    run = RunManager("checkpoints").get(gan)
    resolved = run.folder.read_resolved()
    assert resolved is not None
    save_file(weights_of(players_of(run.config, shape_of(resolved.shape)).generator), "mine.safetensors")
    status, out, err = gancore("upload", "mine.safetensors", "--like", gan, "--name", "From the cluster")
    assert (status, err) == (0, "")
    (row,) = [row for row in json.loads(gancore("runs", "--json")[1]) if row["run"] == out.strip()]
    assert (row["name"], row["state"], row["preset"]) == ("From the cluster", "finished", "gan-lab")
    assert gancore("sample", out.strip(), "--count", 4, "--out", "four.png")[0] == 0

    widths = "generator_widths=" + ",".join(map(str, run.config.settings.model_dump()["generator_widths"]))
    fits = ("--set", widths, "--set", "latent_dim=8")
    assert gancore("upload", "mine.safetensors", "-p", "gan-lab", "-d", "digits", *fits)[0] == 0
    status, _, err = gancore("upload", "mine.safetensors", "-p", "gan-lab", "--set", "latent_dim=9")
    assert status == 2
    assert "does not fit the generator of gan-lab" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rename", "GAN", "x" * 81), "a name has at most 80 characters, found 81"),
        (("rename", "nothing", "x"), "there is no run 'nothing'"),
        (("tag", "GAN", "missing", "--remove"), "has no tag 'missing'; its tags: none"),
        (("tag", "GAN", "--remove"), "--remove: expected the tags to take off"),
        (("trash", "--restore", "x"), "there is no run 'x' in the trash; there is: nothing"),
        (("trash", "--restore", "x", "--empty"), "either --restore or --empty"),
        (("disk", "--reclaim"), "--reclaim: expected the runs"),
        (("runs", "--family", "gans"), "there is no family 'gans'; choose one of"),
        (("archive", "GAN", "--out", "run.tar"), "--out: expected a name that ends with .zip"),
        (("import", "nothing.zip"), "nothing.zip cannot be imported"),
        (("upload", "nothing.safetensors", "-p", "gan-lab"), "nothing.safetensors cannot be read"),
        (("upload", "x.pt"), "give either --preset or --like"),
        (("again", "GAN", "--seed", "-1"), "seed: expected at least 0, found -1"),
    ],
)
def test_bad_input_is_one_sentence(library: Library, arguments: tuple[str, ...], said: str) -> None:
    gancore, gan, _ = library
    status, out, err = gancore(*(gan if argument == "GAN" else argument for argument in arguments))
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
