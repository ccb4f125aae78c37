"""What an MP4 claims to hold, looked up before anything opens it: whoever opens it makes an index of all samples, and a
hundred kilobytes may claim eighty million of them, which are gigabytes of index.

ISO/IEC 14496-12: a file is boxes within boxes. `stsz` tells the sizes of a track's samples or, where they are all of
one size, only how many there are; so does `trun` of those of a fragment.
"""

import struct
from collections.abc import Iterator
from typing import IO

_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf"})
_HEADER, _LARGE = struct.Struct(">I4s"), struct.Struct(">Q")
_SIZES, _RUN = struct.Struct(">4xII"), struct.Struct(">4xI")
MOST_BOXES, DEEPEST = 50_000, 8


def claims_more_than_it_holds(file: IO[bytes]) -> bool:
    """Whether the samples of a track, as the file tells them, are larger than the file: each has a byte at least, or
    its size in a table. What is no MP4 claims nothing; the file is left at its beginning."""
    try:
        end = file.seek(0, 2)
        return any(
            boxes == MOST_BOXES or max(1, size) * count > end
            for boxes, (size, count) in enumerate(_claims(file, 0, end, 0))
        )
    except (struct.error, OSError, ValueError):
        return False
    finally:
        file.seek(0)


def _claims(file: IO[bytes], begin: int, end: int, depth: int) -> Iterator[tuple[int, int]]:
    """Of every box the size of its samples, where they are all of one, and their number; of most boxes nothing."""
    while begin + _HEADER.size <= end:
        file.seek(begin)
        length, kind = _HEADER.unpack(file.read(_HEADER.size))
        inside = begin + _HEADER.size
        if length == 1:
            (length,) = _LARGE.unpack(file.read(_LARGE.size))
            inside += _LARGE.size
        following = begin + length if length else end
        if following <= begin:
            return
        if kind == b"stsz":
            yield _SIZES.unpack(file.read(_SIZES.size))
        elif kind == b"trun":
            yield 0, *_RUN.unpack(file.read(_RUN.size))
        else:
            yield 0, 0
            if kind in _CONTAINERS and depth < DEEPEST:
                yield from _claims(file, inside, min(following, end), depth + 1)
        begin = following
