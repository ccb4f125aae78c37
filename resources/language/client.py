"""A language model, through OpenAI's chat completions or any service that speaks them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import SecretStr

from domain.errors import ErrorCode, RecastError
from domain.redaction import REDACTED
from resources.language.prices import Prices, tokens_at_most
from resources.language.question import REFUSED, TRUNCATED, UNREADABLE, Question, Reply
from resources.settings import Settings, revealed

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAIError
    from openai.types.chat import ChatCompletion

OPENAI_URL = "https://api.openai.com/v1"
NO_KEY = "none"
"""Some servers of one's own ask for no key, and the client insists on one."""
RETRIES = 2
"""The client repeats a request after a time-out, a lost connection, a 408, 409, 429 or 5xx, and waits as long as the
service asks, at most two minutes."""
CONTENT_CODES = ("content_filter", "content_policy_violation")


class LostAnswerError(RecastError):
    """The model may have answered, and the answer may have to be paid, but it has not arrived."""


class LanguageModel:
    """Which model is asked, at what prices (US dollars), and how much it may cost per job.

    ``timeout_seconds`` is for each try. Safe in any thread and event loop: every session has its own connections.
    """

    def __init__(
        self,
        *,
        base_url: str | None,
        api_key: SecretStr | None,
        model: str,
        prices: Prices,
        max_usd: Decimal,
        timeout_seconds: float,
    ) -> None:
        self.model = model
        self.prices = prices
        self.max_usd = max_usd
        self._base_url = base_url or OPENAI_URL
        self._api_key = api_key
        self._timeout_seconds = timeout_seconds

    @asynccontextmanager
    async def session(self) -> AsyncIterator["Session"]:
        # More than a second of imports, which runs without a language model do not pay.
        from openai import AsyncOpenAI

        key = revealed(self._api_key) or NO_KEY
        async with AsyncOpenAI(
            api_key=key, base_url=self._base_url, timeout=self._timeout_seconds, max_retries=RETRIES
        ) as client:
            yield Session(client, self.model, key)


class Session:
    """One conversation's connections."""

    def __init__(self, client: "AsyncOpenAI", model: str, key: str) -> None:
        self._client = client
        self._model = model
        self._key = key

    async def ask(self, question: Question) -> Reply:
        """One answer, in the form of the question. Raises RecastError when the service gives none: LostAnswerError
        where it may have to be paid."""
        from openai import OpenAIError
        from openai.types.chat import ChatCompletion

        try:
            completion = await self._client.chat.completions.create(
                model=self._model,
                messages=[
                    {"role": "system", "content": message.content}
                    if message.role == "system"
                    else {"role": "user", "content": message.content}
                    for message in question.messages
                ],
                max_completion_tokens=question.max_output_tokens,
                response_format={
                    "type": "json_schema",
                    "json_schema": {
                        "name": question.form.name,
                        "strict": True,
                        "schema": dict(question.form.schema),
                    },
                },
            )
        except OpenAIError as error:
            if getattr(error, "code", None) in CONTENT_CODES:
                return Reply("", 0, 0, request_id=getattr(error, "request_id", None), problem=REFUSED)
            # Without the original: its text may repeat the key, and would be shown with this error.
            raise self._translated(error) from None
        except ValueError as error:
            raise LostAnswerError(
                ErrorCode.AI_PROVIDER_FAILURE, UNREADABLE, cause=f"no JSON in a JSON answer: {type(error).__name__}"
            ) from None
        if not isinstance(completion, ChatCompletion):
            # The client hands over whatever came with status 200, such as the page of a proxy.
            raise RecastError(ErrorCode.AI_PROVIDER_FAILURE, UNREADABLE, cause="the service answers something else")
        return _reply(completion, question)

    def _translated(self, error: "OpenAIError") -> RecastError:
        from openai import (
            APIConnectionError,
            APIStatusError,
            APITimeoutError,
            AuthenticationError,
            BadRequestError,
            InternalServerError,
            NotFoundError,
            PermissionDeniedError,
            RateLimitError,
            UnprocessableEntityError,
        )

        code, kind, said = ErrorCode.AI_PROVIDER_FAILURE, RecastError, str(error)
        match error:
            case APITimeoutError():
                detail, kind = "The language model did not answer in time.", LostAnswerError
            case APIConnectionError():
                detail, kind = "The language model cannot be reached.", LostAnswerError
            case AuthenticationError() | PermissionDeniedError():
                detail = "The language model does not accept this server's key."
                # Services repeat the key in their refusal, with a part of it hidden at best.
                code, said = ErrorCode.PROVIDER_NOT_CONFIGURED, f"the code is {error.code}"
            case NotFoundError():
                code, detail = ErrorCode.UNKNOWN_MODEL, "The language model was not found."
            case RateLimitError() if error.code == "insufficient_quota":
                code, detail = ErrorCode.PROVIDER_QUOTA, "The account at the language model has no credit left."
            case RateLimitError():
                code, detail = ErrorCode.PROVIDER_BUSY, "The language model takes no more requests at this moment."
            case BadRequestError() | UnprocessableEntityError():
                code, detail = ErrorCode.PROVIDER_INPUT_INVALID, "The language model does not accept the request."
            case InternalServerError():
                detail, kind = "The language model has failed.", LostAnswerError
            case _:
                detail = "The language model has failed."
        refusal = error if isinstance(error, APIStatusError) else None
        status = f" {refusal.status_code}" if refusal else ""
        return kind(
            code,
            detail,
            cause=f"{type(error).__name__}{status}: {said}".replace(self._key, REDACTED),
            request_id=refusal.request_id if refusal else None,
        )


def _reply(completion: "ChatCompletion", question: Question) -> Reply:
    """The answer in a completion. Services that only resemble OpenAI's leave out what its client takes for granted."""
    choice = completion.choices[0] if completion.choices else None
    content = (choice and choice.message.content) or ""
    usage = completion.usage
    problem: str | None = None
    if choice and (choice.message.refusal or choice.finish_reason == "content_filter"):
        problem = REFUSED
    elif choice and choice.finish_reason == "length":
        problem = TRUNCATED
    return Reply(
        content="" if problem else content,
        input_tokens=usage.prompt_tokens if usage else question.input_tokens_at_most,
        output_tokens=usage.completion_tokens if usage else tokens_at_most(content),
        request_id=completion._request_id,
        problem=problem,
    )


def language_model(settings: Settings) -> LanguageModel | None:
    """The configured one, or None: then Recast's own rules do its work."""
    if not settings.director_model:
        return None
    assert settings.director_input_usd_per_million is not None
    assert settings.director_output_usd_per_million is not None
    return LanguageModel(
        base_url=settings.director_base_url,
        api_key=settings.director_api_key,
        model=settings.director_model,
        prices=Prices(settings.director_input_usd_per_million, settings.director_output_usd_per_million),
        max_usd=settings.director_max_usd,
        timeout_seconds=settings.director_timeout_seconds,
    )
