"""Whatever a provider returns becomes a clip of the job's profile: one encode, so that joining is a copy."""

from pathlib import Path

from domain.errors import ErrorCode
from domain.profile import Profile
from resources import ffmpeg
from resources.media import MediaFacts

ENCODE_SECONDS_PER_SECOND = 60.0
"""A slow machine's time for one second of film, many times over: beyond it the file is not worth waiting for."""


async def encode(source: Path, facts: MediaFacts, destination: Path, *, profile: Profile, seconds: float) -> None:
    """Encode ``source`` to a clip of exactly ``seconds``: scaled to cover the frame, cut in the middle, its last
    picture held where it is a little short, silence where it has no sound.

    Raises CLIP_REJECTED, or DISK_FULL.
    """
    frames = profile.frames(seconds)
    exactly = frames / profile.frame_rate
    picture = (
        f"[0:v:0]scale={profile.width}:{profile.height}:force_original_aspect_ratio=increase,"
        f"crop={profile.width}:{profile.height},setsar=1,fps={profile.frame_rate},"
        f"tpad=stop=-1:stop_mode=clone,trim=end_frame={frames},format=yuv420p[v]"
    )
    heard = "[0:a:0]" if facts.has_audio else "[1:a:0]"
    sound = (
        f"{heard}aresample={profile.sample_rate},aformat=channel_layouts=stereo,apad,"
        f"atrim=end={exactly:.6f},asetpts=N/SR/TB[a]"
    )
    silence = ["-f", "lavfi", "-i", f"anullsrc=r={profile.sample_rate}:cl=stereo"]
    await ffmpeg.run(
        [
            *ffmpeg.input_file(source),
            *([] if facts.has_audio else silence),
            "-filter_complex",
            f"{picture};{sound}",
            "-map",
            "[v]",
            "-map",
            "[a]",
            *ffmpeg.mezzanine(profile, preset="superfast"),
            ffmpeg.output_file(destination),
        ],
        timeout_seconds=30 + ENCODE_SECONDS_PER_SECOND * seconds,
        failure_code=ErrorCode.CLIP_REJECTED,
    )
