"""Where a video's sound can be fetched: addresses that need no JavaScript, as YouTube gives them to apps."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from sandbox.youtube.faults import Fault, SoundTrouble
from sandbox.youtube.soundtrack import ENCODINGS, Kind, Soundtrack
from sandbox.youtube.soundtracks import Soundtracks
from sandbox.youtube.videos import Video

EXPIRES_SECONDS = 21540
ANNOUNCED_BYTES = 4096
"""What an endless download says it has."""
SIGNED = ("expire", "id", "itag")


class Streaming:
    """Addresses below ``base_url``, valid until this server ends; ``clock`` is in seconds since 1970."""

    def __init__(self, base_url: str, soundtracks: Soundtracks, clock: Callable[[], float]) -> None:
        self._base_url = base_url
        self._soundtracks = soundtracks
        self._clock = clock
        self._key = secrets.token_bytes(32)

    def data(self, video_id: str, video: Video, fault: Fault | None) -> dict[str, Any]:
        """The player's ``streamingData``. ``contentLength`` is there once the file is."""
        if fault and fault.is_live:
            return {"expiresInSeconds": str(EXPIRES_SECONDS), "hlsManifestUrl": self._manifest_url(video_id)}
        track = soundtrack(video, fault)
        seconds = 0 if fault and fault.sound is SoundTrouble.EXPIRED else EXPIRES_SECONDS
        formats = []
        for encoding in ENCODINGS:
            size = self._soundtracks.size(track, encoding)
            if fault and fault.sound is SoundTrouble.ENDLESS:
                size = ANNOUNCED_BYTES
            formats.append(
                {
                    "itag": encoding.itag,
                    "url": self._url(video_id, encoding.itag, encoding.mime_type, track.seconds, seconds),
                    "mimeType": encoding.mime_type,
                    "bitrate": encoding.bit_rate,
                    "averageBitrate": encoding.bit_rate,
                    "quality": "tiny",
                    "audioQuality": "AUDIO_QUALITY_MEDIUM",
                    "projectionType": "RECTANGULAR",
                    "approxDurationMs": str(track.seconds * 1000),
                    "audioSampleRate": str(encoding.sample_rate_hz),
                    "audioChannels": 1,
                    "audioTrack": {
                        "id": f"{track.language}.4",
                        "displayName": f"{track.language} original",
                        "audioIsDefault": True,
                    },
                    **({"contentLength": str(size)} if size is not None else {}),
                }
            )
        return {"expiresInSeconds": str(seconds), "adaptiveFormats": formats}

    def begin(self, video: Video, fault: Fault | None) -> None:
        """Starts to make what a client that asks the player will most likely fetch next."""
        if not (fault and (fault.is_live or fault.seconds)):
            self._soundtracks.begin(soundtrack(video, fault), ENCODINGS[0])

    def is_valid(self, query: Mapping[str, str]) -> bool:
        """Whether an address is one of this server's, unchanged, and not yet expired."""
        named = {name: query.get(name, "") for name in SIGNED}
        if not hmac.compare_digest(self._signature(named).encode(), query.get("sig", "").encode()):
            return False
        return self._clock() < int(named["expire"])

    def _url(self, video_id: str, itag: int, mime_type: str, seconds: int, valid_seconds: int) -> str:
        signed = {"expire": str(int(self._clock()) + valid_seconds), "id": video_id, "itag": str(itag)}
        query = {
            **signed,
            "source": "youtube",
            "mime": mime_type.partition(";")[0],
            "dur": f"{seconds:.3f}",
            "sparams": ",".join(SIGNED),
            "sig": self._signature(signed),
        }
        return f"{self._base_url}/videoplayback?{urlencode(query)}"

    def _manifest_url(self, video_id: str) -> str:
        return f"{self._base_url}/api/manifest/hls_variant/id/{video_id}/file/index.m3u8"

    def _signature(self, named: Mapping[str, str]) -> str:
        text = "\n".join(named[name] for name in SIGNED)
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def soundtrack(video: Video, fault: Fault | None) -> Soundtrack:
    """What is heard under a link: the video's own words, or what its fault has instead."""
    language = (fault.speaks if fault else "") or video.language
    seconds = (fault.seconds if fault else 0) or video.length_seconds
    return Soundtrack(video.id, language, seconds, fault.kind if fault else Kind.SPEECH)
