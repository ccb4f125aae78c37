"""The errors of OpenAI's client, in the product's words: what was refused, and what may have been paid for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain.errors import ErrorCode, RecastError
from domain.redaction import REDACTED
from resources.video.protocol import BusyError, OutcomeUnknownError

if TYPE_CHECKING:
    from openai import OpenAIError

UNTRIED = (429, 503)
"""Statuses with which a request is turned away before anything is done about it."""
QUOTA_CODES = ("insufficient_quota", "billing_hard_limit_reached")
CONTENT_CODES = ("content_filter", "content_policy_violation")


@dataclass(frozen=True, slots=True)
class Service:
    """What users read of it: ``name`` ("transcription service"), and what it is given ("this audio")."""

    name: str
    material: str

    def translated(self, error: "OpenAIError", key: str) -> RecastError:
        """``OutcomeUnknownError`` when the request may have been done, ``BusyError`` when it was not and may be later,
        and what was refused. Raise it without the original, whose text may repeat the ``key``."""
        from openai import APIConnectionError, APIStatusError

        said = f"{type(error).__name__}: {error}".replace(key, REDACTED)
        if isinstance(error, APIStatusError):
            return self._refusal(error, said)
        if isinstance(error, APIConnectionError) and _was_never_sent(error):
            return BusyError(cause=said)
        return OutcomeUnknownError(cause=said)

    def _refusal(self, error: Any, said: str) -> RecastError:
        """``error`` is the client's APIStatusError."""
        status, request_id = error.status_code, error.request_id
        code: ErrorCode
        match status:
            case 401 | 403:
                # Services repeat the key in their refusal, with a part of it hidden at best.
                said = f"{status}, the code is {error.code}"
                code = ErrorCode.PROVIDER_NOT_CONFIGURED
                detail = f"The {self.name} does not accept this server's key."
            case 402:
                code, detail = ErrorCode.PROVIDER_QUOTA, f"The account at the {self.name} has no credit left."
            case 429 if error.code in QUOTA_CODES:
                code, detail = ErrorCode.PROVIDER_QUOTA, f"The account at the {self.name} has no credit left."
            case _ if status in UNTRIED:
                return BusyError(
                    cause=said, retry_after_seconds=_retry_after(error.response.headers), request_id=request_id
                )
            case 404:
                code, detail = ErrorCode.UNKNOWN_MODEL, f"The {self.name} does not have this model."
            case 413:
                code, detail = ErrorCode.TOO_LARGE, f"The {self.name} does not take so much at once."
            case 400 | 422 if error.code in CONTENT_CODES:
                code, detail = ErrorCode.CONTENT_REJECTED, f"The {self.name} refuses {self.material}."
            case _ if 400 <= status < 500 and status != 408:
                code, detail = ErrorCode.PROVIDER_INPUT_INVALID, f"The {self.name} does not accept {self.material}."
            case _:
                return OutcomeUnknownError(cause=said, request_id=request_id)
        return RecastError(code, detail, cause=said, request_id=request_id)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    told = headers.get("retry-after", "")
    return float(told) if told.replace(".", "", 1).isdecimal() else None


def _was_never_sent(error: BaseException) -> bool:
    """Whether no connection came about: then there is nothing that could have been accepted."""
    import httpx2

    return isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
