"""Decides about a signed URL with a canned policy, as CloudFront does.

The rules and the names of the errors: Amazon CloudFront Developer Guide, "Create a signed URL using a canned policy".
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SIGNING_PARAMETERS = ("Expires", "Signature", "Key-Pair-Id")


class RefusedError(Exception):
    """CloudFront's error code and message; always a 403."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def load_public_key(pem: bytes) -> rsa.RSAPublicKey:
    key = serialization.load_pem_public_key(pem)
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("the CloudFront public key is not an RSA key")
    return key


def signed_resource(url: str, query: str) -> str:
    """The resource a signature is for: the address with its own query, less the parameters that signing added."""
    own = [part for part in query.split("&") if part and part.partition("=")[0] not in SIGNING_PARAMETERS]
    return f"{url}?{'&'.join(own)}" if own else url


def canned_policy(resource: str, expires: int) -> bytes:
    """The very bytes that were signed: no space, this order."""
    condition = {"DateLessThan": {"AWS:EpochTime": expires}}
    policy = {"Statement": [{"Resource": resource, "Condition": condition}]}
    return json.dumps(policy, separators=(",", ":")).encode()


def check_signature(
    resource: str, query: Sequence[tuple[str, str]], keys: Mapping[str, rsa.RSAPublicKey], now: float
) -> None:
    """Returns when ``resource`` may be read at ``now`` (seconds since 1970); raises ``RefusedError`` otherwise."""
    given = {name: value for name, value in query if name in SIGNING_PARAMETERS}
    if "Key-Pair-Id" not in given:
        raise RefusedError("MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
    key = keys.get(given["Key-Pair-Id"])
    if key is None:
        raise RefusedError("InvalidKey", "Unknown Key")
    try:
        expires = int(given["Expires"])
    except (KeyError, ValueError) as error:
        raise RefusedError("MalformedPolicy", "Malformed Policy") from error
    try:
        key.verify(_signature(given), canned_policy(resource, expires), padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    except InvalidSignature as error:
        raise RefusedError("AccessDenied", "Access denied") from error
    if now >= expires:
        raise RefusedError("AccessDenied", "Access denied")


def _signature(given: Mapping[str, str]) -> bytes:
    """CloudFront's own base64: ``-``, ``_`` and ``~`` stand for ``+``, ``=`` and ``/``."""
    try:
        return base64.b64decode(given["Signature"].translate(str.maketrans("-_~", "+=/")), validate=True)
    except (KeyError, binascii.Error) as error:
        raise RefusedError("MalformedSignature", "Could not unencode Signature") from error
