"""What a student answers to the lab's questions, kept with the runs it is about: ``answers.json`` in a run's folder.

A comparison's answers lie in the folder of the run whose id comes first, under the ids of the others; those about a
run alone under no id. A question that was not answered for a comparison has the answer of the first of its runs that
has one: what was written about each run alone is written once.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from gancore.checkpoint import RunFolder
from gancore.errors import CheckpointError, ConfigError
from gancore.files import write_json
from gancore.i18n import _

FILE = "answers.json"
LONGEST = 20_000
"""Characters of one answer."""
_Stored = dict[str, dict[str, str]]
_stored = TypeAdapter(_Stored)
_one_at_a_time = threading.Lock()


def answers(folders: Sequence[RunFolder]) -> dict[str, str]:
    """Question -> answer, of one run or of several together; a question without one is not there.

    Raises:
        CheckpointError: when a file is damaged.
    """
    alone = [_read(folder).get("", {}) for folder in folders]
    found = {question: text for kept in reversed(alone) for question, text in kept.items()}
    if len(folders) > 1:
        keeper, others = _place(folders)
        found |= _read(keeper).get(others, {})
    return {question: text for question, text in found.items() if text}


def answer(folders: Sequence[RunFolder], question: str, text: str) -> None:
    """Keep an answer; an empty one, too, is one.

    Args:
        question: :attr:`gancore.report.questions.Question.name`.

    Raises:
        ConfigError: when it is too long.
        CheckpointError: when the file is damaged, or the folder cannot be written to.
    """
    if len(text) > LONGEST:
        raise ConfigError(
            _(
                "expected an answer of at most {longest:,} characters, found {count:,}",
                longest=LONGEST,
                count=len(text),
            )
        )
    keeper, others = _place(folders)
    with _one_at_a_time:
        kept = _read(keeper)
        kept.setdefault(others, {})[question] = text
        try:
            write_json(keeper.for_writing() / FILE, kept)
        except OSError as error:
            reason = error.strerror or str(error)
            raise CheckpointError(
                _("cannot keep the answer in {path}: {error}", path=keeper.path / FILE, error=reason)
            ) from error


def can_keep(folders: Sequence[RunFolder]) -> bool:
    """Whether the folder that would keep answers about these runs can be written to."""
    keeper = _place(folders)[0]
    return keeper.is_shipped or os.access(keeper.path, os.W_OK)


def _place(folders: Sequence[RunFolder]) -> tuple[RunFolder, str]:
    first, *others = sorted(folders, key=lambda folder: folder.id)
    return first, " ".join(folder.id for folder in others)


def _read(folder: RunFolder) -> _Stored:
    path = folder.path / FILE
    if not path.is_file():
        return {}
    try:
        return _stored.validate_python(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise CheckpointError(_("{path} cannot be read: {error}", path=path, error=error)) from error
