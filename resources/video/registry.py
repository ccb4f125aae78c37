"""The video providers by name: a new one is one line."""

from collections.abc import Callable, Mapping

from domain.errors import ErrorCode, RecastError
from resources.video.local.camera import LocalCamera
from resources.video.protocol import Camera

PROVIDERS: Mapping[str, Callable[[], Camera]] = {
    "local": LocalCamera,
}


def camera(provider: str) -> Camera:
    """The provider called ``provider``. Raises ``INVALID_REQUEST`` for a name that is not offered."""
    try:
        return PROVIDERS[provider]()
    except KeyError:
        offered = ", ".join(PROVIDERS)
        raise RecastError(
            ErrorCode.INVALID_REQUEST, f"There is no video provider called {provider!r}; there is {offered}."
        ) from None
