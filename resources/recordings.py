"""What a recording from a stranger holds: whether it is one, how long it is, and whether anything is to be heard.

Only containers of sound and video are opened, and nothing but the file itself is read: FFmpeg also knows playlists and
lists of other files, which would have it fetch whatever they name.
"""

from typing import IO, Any

import av
from av.container import InputContainer

from domain.errors import ErrorCode, RecastError
from resources.database.records import RecordingFacts
from resources.ffmpeg import CONTAINERS, MOST_PIXELS, MOST_STREAMS
from resources.sample_tables import claims_more_than_it_holds

SILENCE_PEAK = 0.001
"""Of full scale, -60 dB; a room in which nobody speaks is louder."""
MOST_SILENT_VALUES = 6 * 3600 * 48_000 * 2
"""Of all channels together, six hours of stereo: nobody listens longer for the first sound."""
MICROSECONDS = 1_000_000


def probe_recording(file: IO[bytes], *, max_seconds: float) -> RecordingFacts:
    """The facts of ``file``, in a thread: it is decoded until something is heard, a silent one to its end.

    Raises MEDIA_REJECTED for what is no recording, has no audio stream or is damaged, VIDEO_TOO_LONG, and NO_SOUND.
    """
    try:
        if claims_more_than_it_holds(file):
            raise RecastError(ErrorCode.MEDIA_REJECTED, "The file claims to hold more than it does.")
        options = {
            "format_whitelist": CONTAINERS,
            "protocol_whitelist": "none",
            "max_pixels": str(MOST_PIXELS),  # of a cover, too
            "max_streams": str(MOST_STREAMS),
        }
        with av.open(file, mode="r", options=options, metadata_errors="replace") as container:
            facts = _facts(container)
            if facts.duration_seconds > max_seconds:
                raise RecastError(
                    ErrorCode.VIDEO_TOO_LONG,
                    f"The recording lasts {facts.duration_seconds / 60:.0f} minutes;"
                    f" at most {max_seconds / 60:.0f} are accepted.",
                )
            container.seek(0)
            if not _is_anything_heard(container, max_seconds):
                raise RecastError(ErrorCode.NO_SOUND)
            return facts
    except (av.FFmpegError, ValueError, IndexError, EOFError) as error:
        raise RecastError(
            ErrorCode.MEDIA_REJECTED, "The file is damaged, or is no sound or video.", cause=f"{error}"[:300]
        ) from error


def _facts(container: InputContainer) -> RecordingFacts:
    if not container.streams.audio:
        raise RecastError(ErrorCode.MEDIA_REJECTED, "The file has no sound track.")
    audio = container.streams.audio[0]
    if audio.codec_context is None:
        raise RecastError(ErrorCode.MEDIA_REJECTED, "The sound of the file is in a format that cannot be read.")
    seconds = (container.duration or 0) / MICROSECONDS or _seconds_by_packets(container)
    if seconds <= 0:
        raise RecastError(ErrorCode.MEDIA_REJECTED, "The file holds no sound.")
    return RecordingFacts(
        container=container.format.name,
        duration_seconds=round(seconds, 3),
        audio_codec=audio.codec_context.name,
        sample_rate=audio.sample_rate or 0,
        channels=audio.channels or 0,
        has_video=any(not _is_picture(stream) for stream in container.streams.video),
    )


def _seconds_by_packets(container: InputContainer) -> float:
    """What a browser records has no length in its header."""
    audio = container.streams.audio[0]
    last = max((packet.pts + (packet.duration or 0) for packet in container.demux(audio) if packet.pts), default=0)
    return float(last * audio.time_base) if audio.time_base else 0.0


def _is_picture(stream: Any) -> bool:
    """The cover of a song is no video."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _is_anything_heard(container: InputContainer, max_seconds: float) -> bool:
    """Raises VIDEO_TOO_LONG when it goes on, in silence, for longer than its header says and than is accepted."""
    import numpy as np  # a quarter of a second, which every run would pay before its first stage

    # Packed: of more than eight channels in planes PyAV would read what is not there.
    resampler = av.AudioResampler(format="flt")
    heard_seconds, values = 0.0, 0
    for frame in container.decode(audio=0):
        for plain in resampler.resample(frame):
            if float(np.abs(plain.to_ndarray()).max(initial=0.0)) > SILENCE_PEAK:
                return True
        heard_seconds += frame.samples / (frame.sample_rate or 1)
        values += frame.samples * len(frame.layout.channels)
        if values > MOST_SILENT_VALUES:
            raise RecastError(ErrorCode.NO_SOUND)
        if heard_seconds > max_seconds:
            raise RecastError(ErrorCode.VIDEO_TOO_LONG, "The recording is longer than it says, and than is accepted.")
    return False
