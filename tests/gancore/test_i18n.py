"""Messages in the reader's language."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from babel.messages.pofile import read_po

from gancore import i18n
from gancore.errors import RunError
from gancore.i18n import (
    _,
    again,
    best_language,
    either,
    from_json,
    in_english,
    language,
    ngettext,
    reason_of,
    speaking,
    to_json,
)
from gancore.status import Status


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A catalogue of three messages, in force where a test says so."""
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "words.po").write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Plural-Forms: nplurals=2; plural=n != 1;\\n"\n\n'
        '#: a/board.js\nmsgid "loss"\nmsgstr "Verlust"\n\n'
        'msgid "run {run} has {what}"\nmsgstr "{what} bei Lauf {run}"\n\n'
        'msgid "{count} run"\nmsgid_plural "{count} runs"\nmsgstr[0] "{count} Lauf"\nmsgstr[1] "{count} Läufe"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(i18n, "_folders", [tmp_path])
    i18n._translations.cache_clear()
    i18n.catalogues.cache_clear()
    return "de"


def test_a_message_is_translated_where_it_is_shown(german: str) -> None:
    assert _("loss") == "loss"
    with speaking(german):
        assert language() == german
        assert _("loss") == "Verlust"
        assert _("run {run} has {what}", run=3, what=_("loss")) == "Verlust bei Lauf 3"
        assert [ngettext("{count} run", "{count} runs", count) for count in (1, 2)] == ["1 Lauf", "2 Läufe"]
        assert _("not in the catalogue") == "not in the catalogue"
    assert language() == "en"


def test_a_stored_message_is_shown_in_its_readers_language(german: str) -> None:
    stored = json.loads(json.dumps(to_json(_("run {run} has {what}", run=3, what=_("loss")))))
    assert from_json(stored) == "run 3 has loss"
    with speaking(german):
        assert from_json(stored) == "Verlust bei Lauf 3"
        assert again(_("loss")) == "Verlust"
    assert from_json("plain") == again("plain") == "plain"


def test_a_script_is_given_its_own_words(german: str) -> None:
    assert i18n.words_of("a/board.js") == {}
    with speaking(german):
        assert i18n.words_of("a/board.js") == {"loss": "Verlust"}


@pytest.mark.parametrize(
    ("preferred", "found"),
    [
        (["zh-CN"], "zh_CN"), (["zh_CN.UTF-8"], "zh_CN"), (["zh"], "zh_CN"), (["zh-Hant-TW"], "zh_CN"),
        (["en-GB"], "en"), (["fr", "zh-CN"], "zh_CN"), (["C.UTF-8"], "en"), (["fr"], "en"), ([], "en"), ([""], "en"),
    ],
)  # fmt: skip
def test_the_first_language_that_there_is_is_spoken(preferred: list[str], found: str) -> None:
    assert best_language(preferred) == found


def test_messages_that_depend_on_a_number_are_stored_too(german: str) -> None:
    stored = json.loads(json.dumps(to_json(ngettext("{count} run", "{count} runs", np.int64(2)))))
    assert from_json(stored) == "2 runs"
    with speaking(german):
        assert from_json(stored) == "2 Läufe"
        assert in_english(ngettext("{count} run", "{count} runs", 1)) == "1 run"


@pytest.mark.parametrize(
    "pattern",
    ["{run.__class__}", "{run[0]}", "{0}", "{}", "{run:999999999}", "{run:999999}", "{run:{what}}", "{run:.99999}",
     "{run!r:>9999}", "{run", "run}"],
)  # fmt: skip
def test_a_stored_message_cannot_reach_into_objects_or_grow(pattern: str) -> None:
    values = {"run": "x", "what": 9}
    for stored in (
        {"template": pattern, "values": values},
        {"template": "{count} run", "plural": pattern, "values": {**values, "count": 2}},
        {"template": "{run}", "values": {"run": {"template": pattern, "values": values}}},
    ):
        with pytest.raises(ValueError, match=r"not a message of ours|expected '}'|Single '}'"):
            from_json(stored)
        assert Status(message="as it was", message_parts=stored).words == "as it was"


def test_a_stored_message_that_is_nested_too_deeply_is_shown_as_it_was() -> None:
    stored: dict[str, Any] = {"template": "{run}", "values": {"run": 1}}
    for _level in range(2000):
        stored = {"template": "{run}", "values": {"run": stored}}
    assert Status(message="as it was", message_parts=stored).words == "as it was"


def test_every_message_of_ours_passes_as_a_stored_one() -> None:
    for package in ("gancore", "dashboard"):
        file = Path(i18n.__file__).parents[1] / package / "locale" / "zh_CN" / "LC_MESSAGES" / f"{package}.po"
        with file.open("rb") as opened:
            for message in read_po(opened, locale="zh_CN"):
                for text in message.id if isinstance(message.id, tuple) else (message.id,):
                    with contextlib.suppress(KeyError):  # what is checked is the pattern; these have no values
                        from_json({"template": text, "values": {}})


def test_messages_are_copied_with_what_they_were_made_from(german: str) -> None:
    text = _("run {run} has {what}", run="{3}", what=_("loss"))
    for copied in (copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
        assert copied == text == "run {3} has loss"
        with speaking(german):
            assert again(copied) == "Verlust bei Lauf {3}"


def test_an_error_keeps_its_message_for_other_languages(german: str) -> None:
    assert reason_of(RunError(_("loss"))).template == "loss"  # type: ignore[attr-defined]
    assert reason_of(OSError(2, "gone")) == "[Errno 2] gone"
    assert RunError(_("loss")).sentence == "loss."
    assert _("{what:lower} up", what=_("LOSS")) == "loss up"
    assert [either(choices) for choices in ("a", "ab", "abc")] == ["a", "a or b", "a, b or c"]


def test_a_space_stands_before_a_percent_sign() -> None:
    assert _("{share:.1%} of {all:.0%}", share=0.123, all=1) == "12.3 % of 100 %"
    assert again(_("{share:.2%}", share=0.5)) == "50.00 %"
    assert ngettext("{count} run, {share:.0%}", "{count} runs, {share:.0%}", 2, share=0.5) == "2 runs, 50 %"
