"""Answers to the lab's questions are kept with the runs they are about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_runs import tiny

from gancore import answers as module
from gancore.answers import FILE, LONGEST, answer, answers, can_keep
from gancore.checkpoint import RunFolder
from gancore.errors import CheckpointError, ConfigError


@pytest.fixture
def folders(tmp_path: Path) -> list[RunFolder]:
    return [RunFolder.create(tmp_path, tiny(preset)) for preset in ("wgan", "dcgan", "gan-simple")]


def test_an_answer_is_kept_with_its_run(folders: list[RunFolder]) -> None:
    assert answers(folders[:1]) == {}
    answer(folders[:1], "trends", "Down,\nthen up: 先升后降")
    answer(folders[:1], "conclusions", "x" * LONGEST)
    assert answers(folders[:1])["trends"] == "Down,\nthen up: 先升后降"
    assert answers(folders[1:2]) == {}
    answer(folders[:1], "trends", "")
    assert list(answers(folders[:1])) == ["conclusions"]


def test_a_comparisons_answers_are_its_own_whatever_its_order(folders: list[RunFolder]) -> None:
    answer(folders, "comparison", "All three")
    answer(folders[:2], "comparison", "Two of them")
    assert answers(folders[::-1]) == {"comparison": "All three"}
    assert answers(folders[:2]) == {"comparison": "Two of them"}
    assert answers(folders[1:]) == {}
    first = min(folders, key=lambda folder: folder.id)
    assert set(json.loads((first.path / FILE).read_text())) == {
        " ".join(sorted(folder.id for folder in group if folder.id != first.id)) for group in (folders, folders[:2])
    }


def test_what_was_answered_of_a_run_alone_stands_in_a_comparison_until_it_is_answered_there(
    folders: list[RunFolder],
) -> None:
    answer(folders[:1], "wgan-difference", "alone")
    answer(folders[1:2], "wgan-difference", "of another")
    assert answers(folders) == {"wgan-difference": "alone"}
    assert answers(folders[::-1]) == {"wgan-difference": "of another"}
    answer(folders, "wgan-difference", "together")
    assert answers(folders) == {"wgan-difference": "together"}
    answer(folders, "wgan-difference", "")
    assert answers(folders) == {}, "emptied on purpose"
    assert answers(folders[:1]) == {"wgan-difference": "alone"}


def test_bad_input_is_one_sentence(folders: list[RunFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="expected an answer of at most 20,000 characters, found 20,001"):
        answer(folders, "trends", "x" * (LONGEST + 1))
    (folders[0].path / FILE).write_text('{"": {"trends": 3}}')
    with pytest.raises(CheckpointError, match=r"answers\.json cannot be read"):
        answers(folders[:1])

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module, "write_json", refuse)
    with pytest.raises(CheckpointError, match=r"cannot keep the answer in .*answers\.json: Permission denied"):
        answer(folders[1:2], "trends", "x")


def test_a_folder_to_read_only_keeps_none(folders: list[RunFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    assert can_keep(folders)
    monkeypatch.setattr("os.access", lambda *_: False)
    assert not can_keep(folders)
