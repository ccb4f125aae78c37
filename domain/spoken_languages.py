"""The languages that an engine can be told to listen for."""

_CODES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha he hi hr ht hu hy id is it"
    " ja ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn"
    " so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh"
)
KNOWN_TO_WHISPER = frozenset(_CODES.split())
"""ISO 639-1. Whisper knows a few more by codes of other lists, which OpenAI does not take."""


def language_hint(tag: str | None) -> str | None:
    """What an engine is told of a language that is written as people write it (``pt-BR``, ``EN``, ``zh-Hans``). None,
    which leaves it to be recognised, for what engines refuse."""
    primary = (tag or "").strip().replace("_", "-").partition("-")[0].lower()
    return primary if primary in KNOWN_TO_WHISPER else None
