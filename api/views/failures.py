"""Why a job or a scene failed, in the words of the taxonomy."""

from typing import Self

from pydantic import ConfigDict, Field

from api.views.examples import FAILURE, example
from api.views.view import View
from domain.errors import TAXONOMY, ErrorCode


class Failure(View):
    model_config = ConfigDict(json_schema_extra=example(FAILURE))

    code: ErrorCode
    message: str = Field(description="What happened, in a sentence for people.")
    remedy: str = Field(description="What can be done about it.")
    retryable: bool = Field(description="Whether the same thing may succeed later without a change.")

    @classmethod
    def of(cls, code: str | None, message: str | None) -> Self | None:
        """A code that this version does not know is INTERNAL; its message stays."""
        if code is None:
            return None
        known = ErrorCode(code) if code in set(ErrorCode) else ErrorCode.INTERNAL
        meaning = TAXONOMY[known]
        return cls(code=known, message=message or meaning.sentence, remedy=meaning.remedy, retryable=meaning.retryable)
