"""One chat completion: the answer, how it ended, and what it used."""

import time
from collections.abc import Collection, Mapping
from math import ceil
from typing import Any
from uuid import uuid4

from sandbox.openai.faults import Trouble

BYTES_PER_TOKEN = 4
REFUSAL = "I'm sorry, but I can't help with that."


def completion(asked: Mapping[str, Any], content: str, troubles: Collection[Trouble]) -> dict[str, Any]:
    """The body that brings ``content``, or what the troubles leave of it, within the length that is allowed."""
    reason, refusal = "stop", None
    allowed = asked.get("max_completion_tokens") or asked.get("max_tokens")
    if Trouble.INVALID_JSON in troubles:
        content = content[: len(content) // 2]
    if Trouble.TRUNCATED in troubles:
        content, reason = content[: len(content) // 2], "length"
    if allowed and _tokens(content) > allowed:
        content, reason = content.encode()[: allowed * BYTES_PER_TOKEN].decode(errors="ignore"), "length"
    if Trouble.CONTENT_FILTER in troubles:
        content, reason = "", "content_filter"
    if Trouble.REFUSAL in troubles:
        content, refusal = "", REFUSAL
    prompt = sum(_tokens(str(message.get("content"))) for message in asked["messages"])
    written = _tokens(content or refusal or "")
    return {
        "id": f"chatcmpl-{uuid4().hex[:29]}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": asked["model"],
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": None if refusal else content,
                    "refusal": refusal,
                    "annotations": [],
                },
                "logprobs": None,
                "finish_reason": reason,
            }
        ],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": written,
            "total_tokens": prompt + written,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
        "system_fingerprint": "fp_sandbox",
    }


def _tokens(text: str) -> int:
    return ceil(len(text.encode()) / BYTES_PER_TOKEN)
