"""Every setting of the product, read from the environment (prefix RECAST_) once, at the edge of each process."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Country = Annotated[str, StringConstraints(pattern="^[A-Za-z]{2}$")]
"""ISO 3166-1, two letters."""


def revealed(secret: SecretStr | None) -> str | None:
    """The secret in the clear, for the client that needs it; never for a message or a log."""
    return secret.get_secret_value() if secret else None


class Settings(BaseSettings):
    """What differs between the local stack and production. There are no default secrets: a missing one is an error."""

    model_config = SettingsConfigDict(env_prefix="RECAST_", frozen=True, hide_input_in_errors=True)

    # PostgreSQL: workers become service_role, the API becomes anon or authenticated
    database_url: SecretStr
    api_database_url: SecretStr

    # S3
    s3_bucket: str
    s3_region: str = "us-east-1"
    s3_endpoint_url: str | None = None
    s3_access_key_id: SecretStr | None = None
    s3_secret_access_key: SecretStr | None = None

    # previews through CloudFront
    cdn_url: str
    cdn_key_pair_id: str
    cdn_private_key_path: Path
    preview_seconds: int = Field(default=3600, gt=0)
    signed_url_seconds: int = Field(default=900, gt=0)

    # Dagster, as the API sees it
    dagster_url: str
    dagster_public_url: str | None = None
    dagster_location: str = "recast"

    # Supabase Auth
    auth_url: str
    auth_audience: str = "authenticated"

    # YouTube; base_url points at the sandbox in local mode and is empty for the real service
    youtube_base_url: str | None = None
    youtube_proxy_url: SecretStr | None = None
    webshare_username: str | None = None
    webshare_password: SecretStr | None = None
    webshare_locations: tuple[Country, ...] = Field(
        default=(), description='Where its addresses may be, as ["US", "DE"]; empty: anywhere'
    )
    webshare_retries_when_blocked: int = Field(
        default=5, ge=0, description="How often what YouTube blocks is asked for through another address"
    )
    youtube_languages: tuple[str, ...] = ("en",)
    youtube_timeout_seconds: float = Field(default=20.0, gt=0)
    max_video_seconds: float = Field(default=3 * 3600, gt=0)

    # files of users' own
    max_upload_bytes: int = Field(
        default=2 * 1024**3, gt=0, le=5 * 1024**3, description="Of one recording; S3 takes 5 GB at once"
    )
    upload_url_seconds: int = Field(default=3600, gt=0, le=12 * 3600)

    # the API
    public_url: str = "http://127.0.0.1:8080"
    cors_origins: tuple[str, ...] = ()

    # filming
    films_at_once: int = Field(default=0, ge=0, description="Scenes filmed at once by one run; 0 means one per core")
    scene_timeout_seconds: float = Field(default=600.0, gt=0)
    training_timeout_seconds: float = Field(default=5400.0, gt=0, description="For one character")
    unknown_absent_seconds: float = Field(
        default=45.0, gt=0, description="How long a provider that knows nothing of a call may still learn of it"
    )
    unknown_sign_seconds: float = Field(
        default=300.0, gt=0, description="How long to wait for a sign of a call that cannot be looked up"
    )
    provider_limits: dict[str, tuple[int, int]] = Field(
        default={}, description='By provider: shots in flight and starts per minute, as {"replicate": [50, 300]}'
    )
    max_launches: int = Field(default=3, gt=0, description="How often a job whose worker died is started in all")
    run_start_seconds: float = Field(
        default=180.0, gt=0, description="How long a worker may take from being asked for to its first stage"
    )

    # the video providers; a provider without its key is not on offer
    provider_submit_timeout_seconds: float = Field(default=30.0, gt=0)
    provider_output_max_bytes: int = Field(default=512 * 1024 * 1024, gt=0)
    webhook_base_url: str | None = Field(
        default=None,
        description="Where this API is reached from the internet (https); unset: no webhooks are asked for",
    )
    replicate_api_token: SecretStr | None = None
    replicate_base_url: str = "https://api.replicate.com/v1"
    replicate_webhook_secret: SecretStr | None = Field(
        default=None, description="whsec_…; unset: it is fetched from Replicate with the token"
    )
    fal_key: SecretStr | None = None
    fal_user_id: str | None = Field(
        default=None,
        description="As X-Fal-Webhook-User-Id tells it; unset: webhooks of every fal user are hints",
    )
    fal_base_url: str = "https://queue.fal.run"
    fal_jwks_url: str = "https://rest.fal.ai/.well-known/jwks.json"
    rundiffusion_config: Path | None = Field(default=None, description="TOML; see docs/decisions/0007-rundiffusion.md")
    rundiffusion_key: SecretStr | None = None
    # the language model that directs, restores punctuation and chooses lines; without one, Recast's own rules do
    director_model: str | None = None
    director_base_url: str | None = Field(default=None, description="A service like OpenAI's; empty for OpenAI itself")
    director_api_key: SecretStr | None = None
    director_input_usd_per_million: Decimal | None = Field(default=None, ge=0)
    director_output_usd_per_million: Decimal | None = Field(default=None, ge=0)
    director_max_usd: Decimal = Field(default=Decimal("0.50"), ge=0, description="What its work on one job may cost")
    director_timeout_seconds: float = Field(default=60.0, gt=0)

    # transcribing videos without captions; without an engine they are refused
    whisper_engine: Literal["openai", "local"] | None = None
    whisper_model: str | None = Field(
        default=None, description="For openai a model's name; for local the folder of a CTranslate2 model of Whisper"
    )
    whisper_base_url: str | None = Field(default=None, description="A service like OpenAI's; empty for OpenAI itself")
    whisper_api_key: SecretStr | None = None
    whisper_usd_per_minute: Decimal | None = Field(
        default=None, ge=0, description="Instead of the list price; needed for a model that Recast does not know"
    )
    whisper_at_once: int = Field(default=4, gt=0, description="Chunks of one video sent to the service at once")
    whisper_timeout_seconds: float = Field(default=1800.0, gt=0, description="For one chunk")
    whisper_language: str | None = Field(
        default=None, description="a hint, ISO 639-1 or a tag that begins so; unset: it is recognised"
    )
    max_audio_bytes: int = Field(default=512 * 1024 * 1024, gt=0)
    audio_timeout_seconds: float = Field(default=1800.0, gt=0, description="For fetching the audio of one video")

    # voices; without an engine films have no narration
    voice_engine: Literal["openai", "espeak", "kokoro"] | None = Field(
        default=None, description="Who speaks unless a film asks for another that is set up"
    )
    voice_model: str | None = Field(default=None, description="For openai: the model's name")
    voice_base_url: str | None = Field(default=None, description="A service like OpenAI's; empty for OpenAI itself")
    voice_service: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9.-]*$",
        description="What the ledger calls the service at RECAST_VOICE_BASE_URL; its host's name unless set",
    )
    voice_api_key: SecretStr | None = None
    voice_women: tuple[str, ...] = Field(
        default=(),
        description='That engine\'s voices from low to high, as ["af_bella"]; all of its own if both are empty',
    )
    voice_men: tuple[str, ...] = ()
    voice_usd_per_million_characters: Decimal | None = Field(
        default=None, ge=0, description="Instead of the list price; needed for a model that Recast does not know"
    )
    voice_at_once: int = Field(default=4, gt=0, description="Lines of one film sent to the service at once")
    voice_timeout_seconds: float = Field(default=120.0, gt=0, description="For one line")
    voice_kokoro_model: Path | None = Field(default=None, description="Kokoro's weights, a file .onnx")
    voice_kokoro_voices: Path | None = Field(default=None, description="Kokoro's voices, a file .bin or .npz")

    # captions
    fonts_dir: Path | None = Field(
        default=None, description="Fonts for burned-in captions, before those of the installed packages"
    )

    log_format: str = "json"

    @model_validator(mode="after")
    def _proxy_is_whole(self) -> Self:
        if self.webshare_locations and not self.webshare_username:
            raise ValueError("RECAST_WEBSHARE_USERNAME is missing")
        if bool(self.webshare_username) != bool(self.webshare_password):
            raise ValueError("set both RECAST_WEBSHARE_USERNAME and RECAST_WEBSHARE_PASSWORD")
        if self.youtube_proxy_url and self.webshare_username:
            raise ValueError("set either RECAST_YOUTUBE_PROXY_URL or RECAST_WEBSHARE_USERNAME: there is one proxy")
        return self

    @model_validator(mode="after")
    def _director_is_whole(self) -> Self:
        """Half a configuration would be a director who is never asked, or whose cost nobody can bound."""
        prices = (self.director_input_usd_per_million, self.director_output_usd_per_million)
        if self.director_model is None:
            if any(value is not None for value in (self.director_base_url, self.director_api_key, *prices)):
                raise ValueError("RECAST_DIRECTOR_MODEL is missing")
            return self
        if None in prices:
            raise ValueError(
                "set both RECAST_DIRECTOR_INPUT_USD_PER_MILLION and RECAST_DIRECTOR_OUTPUT_USD_PER_MILLION"
            )
        if self.director_base_url is None and self.director_api_key is None:
            raise ValueError("OpenAI needs RECAST_DIRECTOR_API_KEY; another service needs RECAST_DIRECTOR_BASE_URL")
        return self

    @model_validator(mode="after")
    def _whisper_is_whole(self) -> Self:
        if self.whisper_engine is None:
            if any((self.whisper_model, self.whisper_base_url, self.whisper_api_key)):
                raise ValueError("RECAST_WHISPER_ENGINE is missing")
            return self
        if not self.whisper_model:
            raise ValueError("RECAST_WHISPER_MODEL is missing")
        if self.whisper_engine == "openai" and self.whisper_base_url is None and self.whisper_api_key is None:
            raise ValueError("OpenAI needs RECAST_WHISPER_API_KEY; another service needs RECAST_WHISPER_BASE_URL")
        return self

    @model_validator(mode="after")
    def _voices_are_whole(self) -> Self:
        if self.voice_engine is None:
            service = (self.voice_model, self.voice_base_url, self.voice_api_key, self.voice_service)
            if any((*service, self.voice_women, self.voice_men, self.voice_kokoro_model, self.voice_kokoro_voices)):
                raise ValueError("RECAST_VOICE_ENGINE is missing")
        if self.voice_engine == "openai" and not self.voice_model:
            raise ValueError("RECAST_VOICE_MODEL is missing")
        if self.voice_model and self.voice_base_url is None and self.voice_api_key is None:
            raise ValueError("OpenAI needs RECAST_VOICE_API_KEY; another service needs RECAST_VOICE_BASE_URL")
        if self.voice_engine == "kokoro" and not (self.voice_kokoro_model and self.voice_kokoro_voices):
            raise ValueError("Kokoro needs its weights: RECAST_VOICE_KOKORO_MODEL and RECAST_VOICE_KOKORO_VOICES")
        return self
