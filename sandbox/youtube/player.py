"""The innertube player's answer, in the shape that apps get."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sandbox.youtube.faults import Fault, Trouble
from sandbox.youtube.videos import LANGUAGE_NAMES, Track, Video

CAPTION_CLIENT = "ANDROID"
"""Whom youtube-transcript-api says it is; fetchers of sound say that they are others."""
TIMEDTEXT_URL = "https://www.youtube.com/api/timedtext"


def player_response(
    video_id: str, video: Video | None, fault: Fault | None, sound: Mapping[str, Any] | None
) -> dict[str, Any]:
    """``video`` is shown under ``video_id``; a fault's status and missing parts stand in for the real ones.
    ``sound`` is the ``streamingData``."""
    response: dict[str, Any] = {"responseContext": {}, "playabilityStatus": _playability(fault)}
    if video is not None:
        response["videoDetails"] = _details(video_id, video, fault)
        response["streamingData"] = dict(sound or {})
    if video is not None and (fault is None or (fault.status == "OK" and fault.trouble is not Trouble.NO_CAPTIONS)):
        response["captions"] = {"playerCaptionsTracklistRenderer": _tracklist(video_id, video, fault)}
    return response


def _playability(fault: Fault | None) -> dict[str, Any]:
    if fault is None or fault.status == "OK":
        return {"status": "OK", "playableInEmbed": True}
    message: dict[str, Any] = {"reason": {"runs": [{"text": fault.reason}]}}
    if fault.subreason:
        message["subreason"] = {"runs": [{"text": fault.subreason}]}
    return {
        "status": fault.status,
        "reason": fault.reason,
        "errorScreen": {"playerErrorMessageRenderer": message},
    }


def _details(video_id: str, video: Video, fault: Fault | None) -> dict[str, Any]:
    is_live = bool(fault and fault.is_live)
    return {
        "videoId": video_id,
        "title": video.title,
        "lengthSeconds": "0" if is_live else str((fault and fault.seconds) or video.length_seconds),
        "channelId": "UCsandboxsandboxsandbox0",
        "isOwnerViewing": False,
        "thumbnail": {
            "thumbnails": [
                {"url": f"https://i.ytimg.com/vi/{video_id}/default.jpg", "width": 120, "height": 90},
                {"url": f"https://i.ytimg.com/vi/{video_id}/hqdefault.jpg", "width": 480, "height": 360},
            ]
        },
        "shortDescription": video.description,
        "isCrawlable": True,
        "allowRatings": True,
        "viewCount": "1042",
        "author": video.channel,
        "isPrivate": False,
        "isUnpluggedCorpus": False,
        "isLiveContent": is_live,
        **({"isLive": True} if is_live else {}),
    }


def _tracklist(video_id: str, video: Video, fault: Fault | None) -> dict[str, Any]:
    languages = sorted({track.language for track in (*video.tracks, *video.translations)})
    return {
        "captionTracks": [_caption_track(video_id, track, fault, len(languages) > 1) for track in video.tracks],
        "audioTracks": [{"captionTrackIndices": list(range(len(video.tracks)))}],
        "translationLanguages": [
            {"languageCode": code, "languageName": {"runs": [{"text": LANGUAGE_NAMES[code]}]}} for code in languages
        ],
        "defaultAudioTrackIndex": 0,
    }


def _caption_track(video_id: str, track: Track, fault: Fault | None, is_translatable: bool) -> dict[str, Any]:
    query = {"v": video_id, "caps": "asr", "lang": track.language}
    if track.is_generated:
        query["kind"] = "asr"
    query["fmt"] = "srv3"
    if fault and fault.trouble is Trouble.PLAYER_ONLY:
        query["exp"] = "xpe"
    return {
        "baseUrl": f"{TIMEDTEXT_URL}?{urlencode(query)}",
        "name": {"runs": [{"text": track.name}]},
        "vssId": f"{'a' if track.is_generated else ''}.{track.language}",
        "languageCode": track.language,
        **({"kind": "asr"} if track.is_generated else {}),
        "isTranslatable": is_translatable,
        "trackName": "",
    }
