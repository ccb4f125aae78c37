"""What was heard, in each of the forms that OpenAI answers with."""

from collections.abc import Collection
from dataclasses import asdict
from math import ceil
from typing import Any

from sandbox.openai.hearing import Heard
from sandbox.openai.transcription_models import Listener

AUDIO_TOKENS_PER_SECOND = 10
BYTES_PER_TOKEN = 4
LANGUAGE_NAMES = {
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "ja": "japanese",
    "nl": "dutch",
    "pl": "polish",
    "pt": "portuguese",
    "ru": "russian",
    "zh": "chinese",
}
TEXT_FORMATS = {"text", "srt", "vtt"}


def as_text(form: str, heard: Heard) -> str:
    """The body of one of ``TEXT_FORMATS``."""
    if form == "text":
        return f"{heard.text}\n"
    comma = "," if form == "srt" else "."
    cues = [
        (f"{number}\n" if form == "srt" else "")
        + f"{_clock(segment.start, comma)} --> {_clock(segment.end, comma)}\n{segment.text.strip()}\n"
        for number, segment in enumerate(heard.segments, 1)
    ]
    return ("WEBVTT\n\n" if form == "vtt" else "") + "\n".join(cues) + "\n"


def as_json(
    form: str,
    heard: Heard,
    *,
    seconds: float,
    listener: Listener,
    prompt: str,
    granularities: Collection[str],
    speakers: list[str],
) -> dict[str, Any]:
    usage = _usage(heard, seconds, listener, prompt)
    if form == "json":
        known = {"languages": [{"code": heard.language}] if heard.text else []} if listener.takes_keywords else {}
        return {"text": heard.text, **known, "usage": usage}
    if form == "diarized_json":
        segments = [
            {
                "type": "transcript.text.segment",
                "id": f"seg_{segment.id}",
                "start": segment.start,
                "end": segment.end,
                "text": segment.text,
                "speaker": speaker,
            }
            for segment, speaker in zip(heard.segments, speakers, strict=True)
        ]
        return {"task": "transcribe", "duration": seconds, "text": heard.text, "segments": segments, "usage": usage}
    body: dict[str, Any] = {
        "task": "transcribe",
        "language": LANGUAGE_NAMES.get(heard.language, heard.language),
        "duration": seconds,
        "text": heard.text,
        "usage": usage,
    }
    if "segment" in granularities:
        body["segments"] = [
            {name: value for name, value in asdict(segment).items() if name != "words"} for segment in heard.segments
        ]
    if "word" in granularities:
        body["words"] = [asdict(word) for word in heard.words]
    return body


def _usage(heard: Heard, seconds: float, listener: Listener, prompt: str) -> dict[str, Any]:
    if not listener.is_billed_by_tokens:
        return {"type": "duration", "seconds": ceil(seconds)}
    audio, text = ceil(seconds * AUDIO_TOKENS_PER_SECOND), _tokens(prompt)
    written = _tokens(heard.text)
    return {
        "type": "tokens",
        "input_tokens": audio + text,
        "input_token_details": {"audio_tokens": audio, "text_tokens": text},
        "output_tokens": written,
        "total_tokens": audio + text + written,
    }


def _tokens(text: str) -> int:
    return ceil(len(text.encode()) / BYTES_PER_TOKEN)


def _clock(seconds: float, comma: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{comma}{thousandths:03}"
