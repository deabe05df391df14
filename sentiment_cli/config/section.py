"""What all sections of a configuration have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

Rate = Annotated[float, Field(ge=0, lt=1)]
Text = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """A group of settings: unknown keys are errors, types are exact, values cannot change later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def wrong(path: tuple[str | int, ...], what: str) -> PydanticCustomError:
    """An error at ``path`` below the section or setting that is being checked."""
    return PydanticCustomError("sentiment", "{what}", {"what": what, "path": path})
