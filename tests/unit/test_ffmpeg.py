import signal

import pytest

from domain.errors import ErrorCode
from resources.ffmpeg import failure


@pytest.mark.parametrize(
    ("stderr", "returncode", "code"),
    [
        (["moov atom not found"], 1, ErrorCode.CLIP_REJECTED),
        (["av_interleaved_write_frame(): No space left on device"], 228, ErrorCode.DISK_FULL),
        ([], -signal.SIGSEGV, ErrorCode.CLIP_REJECTED),
        ([], -signal.SIGKILL, ErrorCode.INTERNAL),
    ],
    ids=["the file is bad", "the disk is full", "the file makes it crash", "somebody killed it"],
)
def test_a_file_is_blamed_only_for_what_it_has_done(stderr: list[str], returncode: int, code: ErrorCode) -> None:
    assert failure(ErrorCode.CLIP_REJECTED, stderr, returncode).code is code
