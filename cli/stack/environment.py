"""The settings with which every part of the product finds the local stack."""

import os
from collections.abc import Mapping

from cli.stack.folder import StackFolder
from cli.stack.ports import HOST
from cli.stack.secrets import StackSecrets

BUCKET = "recast"
REGION = "us-east-1"
DATABASE = "recast"
DAGSTER_DATABASE = "dagster"
DAGSTER_LOCATION = "recast"
CLOUDFRONT_KEY_PAIR_ID = "K2SANDBOXKEY01"
# Keys of a service that costs nothing and is reached from this machine alone.
SANDBOX_REPLICATE_TOKEN = "r8_sandbox"  # noqa: S105 - opens nothing but the sandbox
SANDBOX_FAL_KEY = "sandbox:fal"
SANDBOX_OPENAI_KEY = "sk-sandbox"
SANDBOX_FAL_USER_ID = "sandbox|000001"
VOICE_SERVICE = ("RECAST_VOICE_MODEL", "RECAST_VOICE_BASE_URL", "RECAST_VOICE_SERVICE", "RECAST_VOICE_API_KEY")
# What a program needs of its surroundings and what could not be a secret.
PLAIN_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME")


def http_url(port: int) -> str:
    return f"http://{HOST}:{port}"


def database_url(port: int, login: str, password: str, database: str = DATABASE, scheme: str = "postgresql") -> str:
    """Passwords are URL-safe by construction (``StackSecrets``)."""
    return f"{scheme}://{login}:{password}@{HOST}:{port}/{database}"


def plain_environment() -> dict[str, str]:
    """For servers that must not be steered by, or see, what else the user has set."""
    return {name: os.environ[name] for name in PLAIN_VARIABLES if name in os.environ}


def stack_environment(folder: StackFolder, ports: Mapping[str, int], secrets: StackSecrets) -> dict[str, str]:
    """The product's settings (``resources/settings.py``) for workers, the API and commands; no superuser in it."""
    sandbox = http_url(ports["sandbox"])
    return {
        "RECAST_DATABASE_URL": database_url(ports["postgres"], "recast_worker", secrets.recast_worker_password),
        "RECAST_API_DATABASE_URL": database_url(ports["postgres"], "api_gateway", secrets.api_gateway_password),
        "RECAST_S3_ENDPOINT_URL": http_url(ports["s3"]),
        "RECAST_S3_BUCKET": BUCKET,
        "RECAST_S3_REGION": REGION,
        "RECAST_S3_ACCESS_KEY_ID": secrets.s3_access_key_id,
        "RECAST_S3_SECRET_ACCESS_KEY": secrets.s3_secret_access_key,
        "RECAST_DAGSTER_URL": http_url(ports["dagster"]),
        "RECAST_DAGSTER_LOCATION": DAGSTER_LOCATION,
        "RECAST_AUTH_URL": f"{sandbox}/auth/v1",
        "RECAST_YOUTUBE_BASE_URL": sandbox,
        "RECAST_CDN_URL": f"{sandbox}/cdn",
        "RECAST_CDN_KEY_PAIR_ID": CLOUDFRONT_KEY_PAIR_ID,
        "RECAST_CDN_PRIVATE_KEY_PATH": str(folder.private_key),
        "RECAST_PUBLIC_URL": http_url(ports["api"]),
        # Workers are forked ready for work, within two seconds: one that takes so long is dead.
        "RECAST_RUN_START_SECONDS": os.environ.get("RECAST_RUN_START_SECONDS", "30"),
        **provider_environment(sandbox, http_url(ports["api"])),
        **direct_to_loopback(),
    }


def provider_environment(sandbox: str, api: str) -> dict[str, str]:
    """The sandbox's Replicate, fal and OpenAI, each unless the user has set a key of their own: then the real one is
    used, and the sandbox never stands in for it."""
    played: dict[str, str] = {}
    if not os.environ.get("RECAST_REPLICATE_API_TOKEN"):
        played |= {
            "RECAST_REPLICATE_API_TOKEN": SANDBOX_REPLICATE_TOKEN,
            "RECAST_REPLICATE_BASE_URL": f"{sandbox}/replicate/v1",
        }
    if not os.environ.get("RECAST_FAL_KEY"):
        played |= {
            "RECAST_FAL_KEY": SANDBOX_FAL_KEY,
            "RECAST_FAL_USER_ID": SANDBOX_FAL_USER_ID,
            "RECAST_FAL_BASE_URL": f"{sandbox}/fal",
            "RECAST_FAL_JWKS_URL": f"{sandbox}/fal/.well-known/jwks.json",
        }
    if not os.environ.get("RECAST_WHISPER_ENGINE"):
        played |= {
            "RECAST_WHISPER_ENGINE": "openai",
            "RECAST_WHISPER_MODEL": "whisper-1",
            "RECAST_WHISPER_BASE_URL": f"{sandbox}/openai/v1",
            "RECAST_WHISPER_API_KEY": SANDBOX_OPENAI_KEY,
        }
    if not os.environ.get("RECAST_VOICE_ENGINE"):
        # Spoken on this machine, at no cost, unless a film asks for the voices that are sold.
        played["RECAST_VOICE_ENGINE"] = "espeak"
    if not any(os.environ.get(name) for name in VOICE_SERVICE):
        played |= {
            "RECAST_VOICE_MODEL": "gpt-4o-mini-tts",
            "RECAST_VOICE_BASE_URL": f"{sandbox}/openai/v1",
            "RECAST_VOICE_SERVICE": "openai",
            "RECAST_VOICE_API_KEY": SANDBOX_OPENAI_KEY,
        }
    if not os.environ.get("RECAST_WEBHOOK_BASE_URL"):
        # Providers of the sandbox are on this machine too; the real ones cannot reach it, and are asked for news.
        played["RECAST_WEBHOOK_BASE_URL"] = api
    return played


def dagster_environment(folder: StackFolder, ports: Mapping[str, int], secrets: StackSecrets) -> dict[str, str]:
    """What ``dagster.yaml`` and ``workspace.yaml`` read."""
    return {
        "DAGSTER_HOME": str(folder.dagster_home),
        # A bare postgresql:// may mean psycopg 3 to SQLAlchemy, which Dagster's storage does not speak.
        "DAGSTER_PG_URL": database_url(
            ports["postgres"], "dagster", secrets.dagster_password, DAGSTER_DATABASE, "postgresql+psycopg2"
        )
        + "?plugin=recast_pool",  # resources/dagster_pool.py
        "RECAST_CODE_SERVER_HOST": HOST,
        "RECAST_CODE_SERVER_PORT": str(ports["code_server"]),
    }


def sandbox_environment(folder: StackFolder, ports: Mapping[str, int], secrets: StackSecrets) -> dict[str, str]:
    """The sandbox's own settings (``sandbox/settings.py``); it plays outside services and gets no more than these."""
    return {
        "RECAST_SANDBOX_HOST": HOST,
        "RECAST_SANDBOX_PORT": str(ports["sandbox"]),
        "RECAST_SANDBOX_PUBLIC_URL": http_url(ports["sandbox"]),
        "RECAST_SANDBOX_DATA_DIR": str(folder.sandbox_data),
        "RECAST_SANDBOX_S3_ENDPOINT_URL": http_url(ports["s3"]),
        "RECAST_SANDBOX_S3_BUCKET": BUCKET,
        "RECAST_SANDBOX_S3_REGION": REGION,
        "RECAST_SANDBOX_S3_ACCESS_KEY_ID": secrets.s3_access_key_id,
        "RECAST_SANDBOX_S3_SECRET_ACCESS_KEY": secrets.s3_secret_access_key,
        "RECAST_SANDBOX_CLOUDFRONT_PUBLIC_KEY_PATH": str(folder.public_key),
        "RECAST_SANDBOX_CLOUDFRONT_KEY_PAIR_ID": CLOUDFRONT_KEY_PAIR_ID,
        **direct_to_loopback(),
    }


def direct_to_loopback() -> dict[str, str]:
    """Keep a proxy of the user's environment for the outside world, and away from the stack itself."""
    known = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    hosts = ",".join(dict.fromkeys([*filter(None, known.split(",")), HOST, "localhost"]))
    return {"NO_PROXY": hosts, "no_proxy": hosts}
