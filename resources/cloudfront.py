"""Signed CloudFront URLs: how a browser sees an object of a bucket that nobody may read."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def _now() -> datetime:
    return datetime.now(UTC)


class PreviewSigner:
    """Signs URLs of one distribution with a canned policy.

    ``domain_url`` is the distribution's address with its scheme, ``key_pair_id`` the id of a public key in a trusted
    key group, ``private_key_pem`` its RSA private half. Raises ``ValueError`` when that is no unencrypted RSA key.
    """

    def __init__(
        self, domain_url: str, key_pair_id: str, private_key_pem: str, *, clock: Callable[[], datetime] = _now
    ) -> None:
        key = serialization.load_pem_private_key(private_key_pem.encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("CloudFront signs with RSA keys only")
        self._key = key
        self._domain_url = domain_url.rstrip("/")
        self._signer = CloudFrontSigner(key_pair_id, self._sign)
        self._clock = clock

    def signed_url(self, key: str, expires_in: timedelta) -> str:
        """The address of the object ``key``, good until ``expires_in`` from now (whole seconds)."""
        url = f"{self._domain_url}/{quote(key, safe='/~')}"
        return str(self._signer.generate_presigned_url(url, date_less_than=self._clock() + expires_in))

    def _sign(self, message: bytes) -> bytes:
        """CloudFront takes RSA PKCS #1 v1.5 over SHA-1 and nothing else."""
        return self._key.sign(message, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
