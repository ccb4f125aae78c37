"""Links that open without a token, for as long as the settings say."""

from collections.abc import Callable

from api.services import Services


def portrait_signer(services: Services) -> Callable[[str], str]:
    """From an S3 key to a short-lived link. Links are computed here: nobody is asked, so nothing can be down."""
    return lambda key: services.storage.signed_url(key, services.settings.signed_url_seconds)
