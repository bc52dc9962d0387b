"""What a person says about a run, its name, tags and note (``library.json`` beside it); finding runs by it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from gancore.checkpoint import RunFolder
from gancore.errors import CheckpointError, ConfigError, RunError
from gancore.files import write_json
from gancore.i18n import _
from gancore.recipes import RECIPES, recipe_of
from gancore.run import Run
from gancore.status import RunState

FILE = "library.json"
_one_at_a_time = threading.RLock()
LONGEST_NAME, LONGEST_TAG, LONGEST_NOTE, MOST_TAGS = 80, 40, 4_000, 20
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _lines(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _all_different(tags: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for tag in filter(None, tags):
        found.setdefault(tag.casefold(), tag)
    return tuple(found.values())


Line = Annotated[str, AfterValidator(_one_line)]


class Labels(BaseModel):
    """A run's name, tags and note; ``library.json``."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[Line, Field(max_length=LONGEST_NAME)] = ""
    tags: Annotated[
        tuple[Annotated[Line, Field(max_length=LONGEST_TAG)], ...],
        Field(max_length=MOST_TAGS),
        AfterValidator(_all_different),
    ] = ()
    """In the order they were given; two that differ in case alone are one."""
    note: Annotated[str, AfterValidator(_lines), Field(max_length=LONGEST_NOTE)] = ""


def labels_of(folder: RunFolder) -> Labels:
    """What was said about a run; nothing where the file is missing or damaged: its run can still be listed."""
    try:
        return Labels.model_validate_json((folder.path / FILE).read_bytes())
    except (OSError, ValueError):  # pydantic's error is a ValueError
        return Labels()


def label(folder: RunFolder, **changes: Any) -> Labels:
    """Change a run's ``name``, ``tags`` or ``note``, and keep it with the run.

    Raises:
        ConfigError: when one is longer than allowed, or there are too many tags; then nothing is changed.
        CheckpointError: when the folder cannot be written to.
    """
    problems = _too_long(changes)
    if problems:
        raise ConfigError("; ".join(problems.values()), problems)
    with _one_at_a_time:
        return _relabel(folder, changes)


def _relabel(folder: RunFolder, changes: dict[str, Any]) -> Labels:
    try:
        labels = Labels.model_validate({**labels_of(folder).model_dump(), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    try:
        write_json(folder.for_writing() / FILE, labels.model_dump(mode="json"))
    except OSError as error:
        reason = error.strerror or error
        raise CheckpointError(
            _("{path} cannot be written: {reason}", path=folder.path / FILE, reason=reason)
        ) from error
    return labels


def _too_long(changes: dict[str, Any]) -> dict[str, str]:
    problems: dict[str, str] = {}
    name, note = _one_line(changes.get("name", "")), _lines(changes.get("note", ""))
    tags = _all_different(tuple(_one_line(tag) for tag in changes.get("tags", ())))
    if len(name) > LONGEST_NAME:
        problems["name"] = _(
            "a name has at most {most} characters, found {count:,}", most=LONGEST_NAME, count=len(name)
        )
    if len(note) > LONGEST_NOTE:
        problems["note"] = _(
            "a note has at most {most:,} characters, found {count:,}", most=LONGEST_NOTE, count=len(note)
        )
    if long := [tag for tag in tags if len(tag) > LONGEST_TAG]:
        problems["tags"] = _(
            "a tag has at most {most} characters, found {count:,} in {tag!r}",
            most=LONGEST_TAG,
            count=len(long[0]),
            tag=f"{long[0][:30]}…",
        )
    elif len(tags) > MOST_TAGS:
        problems["tags"] = _("a run has at most {most} tags, found {count}", most=MOST_TAGS, count=len(tags))
    return problems


def add_tags(folder: RunFolder, tags: Iterable[str]) -> Labels:
    """Put more tags on a run.

    Raises:
        ConfigError, CheckpointError: as :func:`label`.
    """
    with _one_at_a_time:
        return label(folder, tags=(*labels_of(folder).tags, *tags))


def remove_tags(folder: RunFolder, tags: Iterable[str]) -> Labels:
    """Take tags off a run, whatever their case.

    Raises:
        ConfigError: listing the run's tags, when it does not have one of them.
    """
    with _one_at_a_time:
        return _without_tags(folder, tags)


def _without_tags(folder: RunFolder, tags: Iterable[str]) -> Labels:
    there, unwanted = labels_of(folder).tags, {_one_line(tag).casefold(): tag for tag in tags}
    if unknown := [tag for key, tag in unwanted.items() if key not in {tag.casefold() for tag in there}]:
        known = ", ".join(there) or _("none")
        raise ConfigError(
            _("run {run} has no tag {tag!r}; its tags: {known}", run=folder.id, tag=unknown[0], known=known)
        )
    return label(folder, tags=[tag for tag in there if tag.casefold() not in unwanted])


def given_name(run: Run) -> str:
    """The name that a person gave a run; empty where nobody did."""
    return labels_of(run.folder).name


def display_name(run: Run) -> str:
    """What a run is called on a page: its given name, else its preset."""
    return given_name(run) or run.config.preset


def can_change(run: Run) -> bool:
    """Whether a run may be named, tagged, deleted and trained further: not one that is shipped with the project."""
    return not run.is_shipped


def refuse_shipped(run: Run) -> None:
    """Raises RunError for a run that cannot be changed."""
    if not can_change(run):
        raise RunError(_("run {run} is shipped with GANscope and cannot be changed", run=run.id))


@dataclass(frozen=True)
class Facts:
    """What runs are filtered by."""

    family: str
    preset: str
    data: str
    """The data set's name, or the last part of a folder's."""
    state: str
    tags: tuple[str, ...]
    text: str
    """All that free text is looked for in, with case folded."""


def facts_of(run: Run) -> Facts:
    """Raises CheckpointError when the run's files are damaged."""
    config, labels = run.config, labels_of(run.folder)
    family, data = recipe_of(config.preset).family, Path(config.data).name
    words = (labels.name, run.id, labels.note, *labels.tags, config.preset, family, data)
    text = "\n".join(words).casefold()
    return Facts(family, config.preset, data, str(run.status().state), labels.tags, text)


@dataclass(frozen=True)
class Search:
    """What runs are asked for; each that is given must fit, and of several values one."""

    text: str = ""
    """Words that all have to be found in a name, an id, a note, a tag, a preset, a family or a data set's name."""
    family: Sequence[str] = ()
    preset: Sequence[str] = ()
    data: Sequence[str] = ()
    state: Sequence[str] = ()
    tag: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.text.strip() or self.family or self.preset or self.data or self.state or self.tag)

    def fits(self, facts: Facts) -> bool:
        """Whether a run is one that is asked for."""
        tags = {tag.casefold() for tag in facts.tags}
        return (
            (not self.family or facts.family in self.family)
            and (not self.preset or facts.preset in self.preset)
            and (not self.data or facts.data in self.data)
            and (not self.state or facts.state in self.state)
            and (not self.tag or any(_one_line(tag).casefold() in tags for tag in self.tag))
            and all(word in facts.text for word in self.text.casefold().split())
        )


def search(runs: Iterable[Run], wanted: Search) -> list[Run]:
    """The runs that fit, in the order given."""
    return [run for run in runs if wanted.fits(facts_of(run))] if wanted else list(runs)


def check_search(wanted: Search) -> None:
    """Raises ConfigError with the valid choices for a family, preset or state that there is not."""
    families = tuple(dict.fromkeys(recipe.family for recipe in RECIPES.values()))
    states = tuple(str(state) for state in RunState)
    for preset in wanted.preset:
        recipe_of(preset)
    for family in wanted.family:
        if family not in families:
            choices = ", ".join(families)
            raise ConfigError(_("there is no family {name!r}; choose one of {choices}", name=family, choices=choices))
    for state in wanted.state:
        if state not in states:
            choices = ", ".join(states)
            raise ConfigError(_("there is no state {name!r}; choose one of {choices}", name=state, choices=choices))
