"""The key pair with which previews are signed (production: CloudFront's; here: the sandbox plays CloudFront)."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from cli.stack.folder import StackFolder
from cli.stack.secrets import write_private

RSA_BITS = 2048


def keep_key_pair(folder: StackFolder) -> None:
    """Make the pair if it is missing; the private key has mode 600."""
    if folder.private_key.exists() and folder.public_key.exists():
        return
    folder.private_key.parent.mkdir(mode=0o700, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(folder.public_key, public.decode())
    write_private(folder.private_key, private.decode())
