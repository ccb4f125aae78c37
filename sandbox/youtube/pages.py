"""The HTML pages that a caption reader may meet: the watch page, the consent page, the captcha."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from sandbox.youtube.videos import Video

INNERTUBE_API_KEY = "sandboxInnertubeKey0000000000000000000"
INITIAL_DATA: Mapping[str, Any] = {
    "contents": {"twoColumnWatchNextResults": {"results": {"results": {"contents": []}}}}
}
"""What stands around the player, of which nobody needs more than that it is there."""
CONSENT_VALUE = "cb.20260101-00-p0.en+FX+100"


def watch_page(video_id: str, video: Video | None) -> str:
    title = escape(video.title if video else "YouTube")
    config = json.dumps({"INNERTUBE_API_KEY": INNERTUBE_API_KEY, "INNERTUBE_CLIENT_NAME": "WEB", "VIDEO_ID": video_id})
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title} - YouTube</title>'
        f"<script>ytcfg.set({_script_safe(config)});</script>"
        f"<script>var ytInitialData = {_script_safe(_initial_data(video))};</script></head>"
        f"<body><h1>{title}</h1><p>This is the Recast sandbox, not YouTube.</p></body></html>"
    )


def _initial_data(video: Video | None) -> str:
    """With the row under the description that names the licence, where there is one."""
    if not (video and video.licence):
        return json.dumps(INITIAL_DATA)
    row = {
        "metadataRowRenderer": {"title": {"simpleText": "License"}, "contents": [{"runs": [{"text": video.licence}]}]}
    }
    container = {"metadataRowContainer": {"metadataRowContainerRenderer": {"rows": [row]}}}
    contents = [{"videoSecondaryInfoRenderer": container}]
    shown = {"contents": {"twoColumnWatchNextResults": {"results": {"results": {"contents": contents}}}}}
    return json.dumps(shown, separators=(",", ":"))


def consent_page() -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><title>Before you continue to YouTube</title></head><body>'
        '<form action="https://consent.youtube.com/s" method="POST">'
        f'<input type="hidden" name="v" value="{CONSENT_VALUE}"><button>Accept all</button></form></body></html>'
    )


def captcha_page() -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><title>Sorry…</title></head><body>'
        '<form action="index" method="post"><div class="g-recaptcha" data-sitekey="sandbox"></div></form></body></html>'
    )


def _script_safe(text: str) -> str:
    """Keeps a video id from closing the script element."""
    return text.replace("<", "\\u003c")
