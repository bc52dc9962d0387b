"""What a reader has set on the latent-space page, and how it stands in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from dashboard.latent_explorer.questions import Move
from gancore.latents import Path

FIRST_POINTS = ("seed:1", "seed:2", "seed:3", "seed:4")
"""Start and end of a walk, or the corners of a plane; the first is also the base of directions and of time."""
MOST_MOVES = 32

Method = Literal["z", "sefa", "pca", "kept"]


def _move(value: Any) -> Any:
    """``sefa1:2.5``, as the address has it."""
    if isinstance(value, str):
        of, _colon, by = value.rpartition(":")
        return {"of": of, "by": by}
    return value


Share = Annotated[float, Field(ge=0, le=1)]


class State(BaseModel):
    """All views' settings; each name is the address's own. A default is not written there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    z: tuple[str, ...] = Field(FIRST_POINTS, min_length=1, max_length=4)
    """Names of points (:mod:`gancore.latent_points`)."""
    path: Path | Literal["fitting"] = "fitting"
    """fitting: spherical for normal latents, linear for uniform ones."""
    psi: Share = 1.0
    """Truncation."""
    position: Share = 0.5
    """Along the walk."""
    steps: int = Field(10, ge=5, le=15)
    """Of the film strips."""
    method: Method = "z"
    """Which directions have sliders."""
    move: tuple[Annotated[Move, BeforeValidator(_move)], ...] = Field((), max_length=MOST_MOVES)
    corners: Literal[3, 4] = 4
    """Points that the plane goes through."""
    place: tuple[Share, Share] = (0.5, 0.5)
    """On the plane: across and down."""
    side: int = Field(9, ge=5, le=12)
    """Images a side of the plane."""
    moment: float = Field(-1.0, ge=-1, le=1000)
    """Between the checkpoints, counted from the first; -1: the last."""
    ends: tuple[str, ...] = Field((), max_length=2)
    """The two checkpoints that are mixed; none: all in turn."""

    @classmethod
    def read(cls, query: Mapping[str, Sequence[str]]) -> State:
        """From an address; what is not valid there is left as it is at first."""
        state = cls()
        for name, field in cls.model_fields.items():
            given = list(query.get(name, ()))
            if not given:
                continue
            value: Any = given if get_origin(field.annotation) is tuple else given[-1]
            if name == "corners":
                value = int(value) if value in {str(number) for number in get_args(field.annotation)} else value
            if name == "z":
                value = [*given, *FIRST_POINTS[len(given) :]]
            try:
                state = cls.model_validate({**state.model_dump(), name: value})
            except ValidationError:
                continue
        return state

    def query(self) -> dict[str, list[str]]:
        """For an address: what is not as it is at first."""
        written: dict[str, list[str]] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value == type(self).model_fields[name].default:
                continue
            if name == "z":
                value = value[: max(i + 1 for i in range(len(value)) if value[i : i + 1] != FIRST_POINTS[i : i + 1])]
            if name == "move":
                value = [f"{move.of}:{move.by:g}" for move in value]
            parts = value if isinstance(value, tuple | list) else [value]
            written[name] = [f"{part:g}" if isinstance(part, float) else str(part) for part in parts]
        return written
