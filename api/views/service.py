"""Facts about this server: whether it works, and what a client needs to know before anybody signs in."""

from typing import Literal

from pydantic import ConfigDict, Field

from api.views.examples import example
from api.views.view import View
from domain.characters import CONSENT_TEXT_VERSION, CONSENT_TEXTS
from domain.profile import Aspect

Health = Literal["ok", "failed"]


class Alive(View):
    model_config = ConfigDict(json_schema_extra=example({"status": "ok", "version": "0.1.0"}))

    status: Literal["ok"] = "ok"
    version: str


class Readiness(View):
    model_config = ConfigDict(
        json_schema_extra=example({"status": "ok", "checks": {"postgresql": "ok", "s3": "ok", "dagster": "ok"}})
    )

    status: Health
    checks: dict[str, Health]


class LimitsView(View):
    max_video_seconds: float
    max_cast: int
    max_scenes: int
    max_body_bytes: int
    max_pictures: int = Field(description="Of one character of your own.")
    max_picture_bytes: int
    max_pictures_bytes: int = Field(description="Of all pictures of one request together.")
    max_transcript_bytes: int = Field(description="Of a transcript of your own.")
    max_upload_bytes: int = Field(description="Of a recording of your own.")


class ConsentTextView(View):
    version: str
    text: str = Field(description="What a user agrees to who uploads a likeness; show it to them.")


class ConfigView(View):
    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "version": "0.1.0",
                "auth_url": "http://127.0.0.1:8790/auth/v1",
                "aspects": ["16:9", "9:16", "1:1"],
                "default_style": "warm flat illustration",
                "limits": {
                    "max_video_seconds": 10800,
                    "max_cast": 8,
                    "max_scenes": 1000,
                    "max_body_bytes": 1048576,
                    "max_pictures": 20,
                    "max_picture_bytes": 10485760,
                    "max_pictures_bytes": 62914560,
                    "max_transcript_bytes": 5242880,
                    "max_upload_bytes": 2147483648,
                },
                "consent": {"version": CONSENT_TEXT_VERSION, "text": CONSENT_TEXTS[CONSENT_TEXT_VERSION]},
            }
        )
    )

    version: str
    auth_url: str = Field(description="Supabase Auth: sign in there and send its access token here.")
    aspects: list[Aspect]
    default_style: str
    limits: LimitsView
    consent: ConsentTextView
