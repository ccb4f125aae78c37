"""What each client pays anew when it is made, and tests, which make thousands of clients, pay once per worker."""

import ssl
from functools import cache

import botocore.session
import httpx._transports.default
import pytest
from cryptography.hazmat.primitives import serialization


def share(patch: pytest.MonkeyPatch) -> None:
    """To read the certificates of the world's authorities takes 30 ms, to check an RSA key 40, to read the description
    of S3 100."""
    patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
    patch.setattr(httpx._transports.default, "create_ssl_context", cache(httpx._transports.default.create_ssl_context))
    patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
    patch.setattr(serialization, "load_pem_private_key", cache(serialization.load_pem_private_key))
