"""Tokens and signatures that must not be read by anybody, wherever they stand in a text."""

import re

REDACTED = "[redacted]"

SECRET_PATTERNS = re.compile(
    r"Bearer\s+\S+|eyJ[\w-]+\.[\w-]+\.[\w-]+|ya29\.[\w-]+|1//[\w-]+|whsec_\S+|r8_\w+|\bsk-[\w*-]{8,}"
    r"|(?<=X-Amz-Signature=)[0-9a-f]+|(?<=Signature=)[^&\s\"']+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)


def redacted(text: str) -> str:
    """``text`` with every secret that can be told by its form taken out."""
    return SECRET_PATTERNS.sub(REDACTED, text)
