"""The RSA key pair whose public half CloudFront knows and whose private half signs URLs."""

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

KEY_BITS = 2048


def ensure_key_pair(folder: Path) -> tuple[Path, Path]:
    """Paths of the private and the public PEM file, made when missing; only the owner may read the private one."""
    private_path, public_path = folder / "cloudfront_private.pem", folder / "cloudfront_public.pem"
    if not (private_path.exists() and public_path.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        private_path.unlink(missing_ok=True)
        with os.fdopen(os.open(private_path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )
        public_path.write_bytes(
            key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
    return private_path, public_path
