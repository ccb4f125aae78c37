"""Renders shots in a process of its own: ``python -m resources.video.local.render``.

Every line of standard input is an ``Order``, carried out one after the other; every line of standard output is a
``Report``. Standard input stays open as long as the renderer is wanted: when its other end closes, because the work is
done or the parent was killed, the renderer ends at once.
"""

import os
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import SimpleQueue
from uuid import UUID

from pydantic import BaseModel

from domain.errors import ErrorCode, RecastError
from domain.profile import Profile
from domain.shots import Shot
from resources import ffmpeg
from resources.video.local.compositor import Frame
from resources.video.local.scene import Scene

REPORT_EVERY_FRAMES = 10
PRESET = "superfast"
"""Drawn pictures look the same as with "veryfast" (SSIM 0.995 and 0.996, same size), for two thirds of the time."""


class Order(BaseModel):
    """``portraits`` are base64 pictures by character id."""

    shot: Shot
    portraits: Mapping[UUID, str]
    destination: Path


class Report(BaseModel):
    """``progress`` 0 to 100; the last report of a successful render has ``metadata``, of a failed one ``error``."""

    progress: int
    metadata: Mapping[str, str] | None = None
    error: ErrorCode | None = None
    cause: str | None = None


def render(order: Order) -> Iterator[Report]:
    """Draw every frame and encode it, once, to the profile's mezzanine at ``destination``. Yields progress.

    Raises ``RecastError``: AI_PROVIDER_FAILURE with ffmpeg's last words, or DISK_FULL.
    """
    portraits = {character: b64decode(picture) for character, picture in order.portraits.items()}
    shot = order.shot
    scene = Scene(shot, portraits)
    total = shot.profile.frames(shot.duration_seconds)
    frame = Frame(shot.profile.width, shot.profile.height)
    encoder = subprocess.Popen(
        _encoding(shot.profile, total, order.destination), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert encoder.stdin is not None
    assert encoder.stderr is not None
    try:
        for number in range(total):
            scene.draw(frame, number)
            encoder.stdin.write(frame.bytes.data)
            if number % REPORT_EVERY_FRAMES == 0:
                yield Report(progress=min(99, 100 * number // total))
        encoder.stdin.close()
    except BrokenPipeError:
        pass  # ffmpeg has ended early and says why below
    except BaseException:
        encoder.kill()
        raise
    stderr = encoder.stderr.read().decode(errors="replace").splitlines()
    if encoder.wait() != 0:
        raise ffmpeg.failure(ErrorCode.AI_PROVIDER_FAILURE, stderr, encoder.returncode)
    yield Report(progress=100, metadata=scene.metadata)


def _encoding(profile: Profile, frames: int, destination: Path) -> list[str]:
    """Raw NV12 on standard input, a silent sound track of exactly the picture's length beside it."""
    picture = ["-f", "rawvideo", "-pix_fmt", "nv12", "-s", f"{profile.width}x{profile.height}"]
    picture += ["-framerate", str(profile.frame_rate), "-color_range", "tv", "-colorspace", "bt709", "-i", "pipe:0"]
    samples = frames * profile.sample_rate // profile.frame_rate
    silence = f"anullsrc=r={profile.sample_rate}:cl=stereo,atrim=end_sample={samples}"
    arguments = ffmpeg.command(*picture, "-f", "lavfi", "-i", silence, "-map", "0:v", "-map", "1:a")
    return [*arguments, *ffmpeg.mezzanine(profile, preset=PRESET), ffmpeg.output_file(destination)]


def main() -> None:
    orders: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    while True:
        try:
            for report in render(Order.model_validate_json(orders.get())):
                _say(report)
        except RecastError as error:
            _say(Report(progress=0, error=error.code, cause=error.cause))
        except Exception as error:  # the report is the only way out of this process
            cause = f"{type(error).__name__}: {error}"
            _say(Report(progress=0, error=ErrorCode.AI_PROVIDER_FAILURE, cause=cause))


def _listen(orders: SimpleQueue[bytes]) -> None:
    """Take orders until the parent's end closes, then end in the middle of whatever is going on; ffmpeg ends when
    our end of its input closes."""
    for line in sys.stdin.buffer:
        orders.put(line)
    os._exit(0)


def _say(report: Report) -> None:
    print(report.model_dump_json(), flush=True)


if __name__ == "__main__":
    main()
