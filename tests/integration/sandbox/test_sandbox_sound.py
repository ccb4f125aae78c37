"""The sound of the sandbox's YouTube, fetched by the real yt-dlp and by hand."""

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import av
import httpx
import numpy as np
import pytest
from yt_dlp import YoutubeDL
from yt_dlp.networking import Request
from yt_dlp.utils import DownloadError

from domain.errors import RecastError
from resources.youtube_audio import YouTubeAudio
from sandbox.youtube.faults import TOO_LONG_SECONDS
from sandbox.youtube.links import links
from sandbox.youtube.videos import library

SHORT = "short000001"
APP = {"context": {"client": {"clientName": "VISIONOS", "clientVersion": "1.02"}}}
YOUTUBE = ("youtube.com", "youtubei.googleapis.com", "googlevideo.com")
UNHEARD = [
    (link.video_id, link.code)
    for link in links()
    if link.captions_code == "TRANSCRIPT_MISSING" and link.code not in ("", "EMPTY_SCRIPT")
]


class Routed(YoutubeDL):
    """yt-dlp, for which ``base_url`` is YouTube."""

    base_url = ""

    def urlopen(self, req):
        request = Request(req) if isinstance(req, str) else req
        parts = urlsplit(request.url)
        if any((parts.hostname or "").endswith(host) for host in YOUTUBE):
            base = urlsplit(self.base_url)
            request.url = urlunsplit((base.scheme, base.netloc, parts.path, parts.query, ""))
        return super().urlopen(request)


def ydl(sandbox, folder, **options):
    """Of the clients that yt-dlp plays, the one that is given addresses without a riddle in JavaScript."""
    made = Routed(
        {
            "quiet": True,
            "noprogress": True,
            "cachedir": False,
            "format": "bestaudio[ext=m4a]/bestaudio",
            "noplaylist": True,
            "outtmpl": str(folder / "%(id)s.%(ext)s"),
            "socket_timeout": 60,
            "retries": 0,
            "extractor_retries": 0,
            "proxy": "",
            "fixup": "never",
            "extractor_args": {"youtube": {"player_client": ["visionos"], "player_skip": ["configs", "js"]}},
            **options,
        }
    )
    made.base_url = sandbox.url
    return made


def look(sandbox, folder, video_id, **options):
    with ydl(sandbox, folder, **options) as looking:
        return looking.extract_info(f"https://www.youtube.com/watch?v={video_id}", download=False)


def fetch(sandbox, folder, video_id, **options):
    with ydl(sandbox, folder, **options) as fetching:
        fetching.extract_info(f"https://www.youtube.com/watch?v={video_id}")
    return next(path for path in folder.glob(f"{video_id}.*") if path.suffix != ".part")


def formats(sandbox, video_id):
    answer = httpx.post(f"{sandbox.url}/youtubei/v1/player", json={**APP, "videoId": video_id}).json()
    return {one["itag"]: one for one in answer["streamingData"]["adaptiveFormats"]}


def samples(path, rate=8000):
    """Mono, -1 to 1."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "mono", rate)
        return np.concatenate([part.to_ndarray()[0] for part in _resampled(container, resampler)])


def _resampled(container, resampler) -> Iterator[av.AudioFrame]:
    for frame in container.decode(audio=0):
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def test_yt_dlp_finds_and_fetches_the_sound_of_a_video(sandbox, tmp_path):
    found = look(sandbox, tmp_path, SHORT)
    video = library()[SHORT]
    assert (found["title"], found["duration"], found["language"]) == (video.title, video.length_seconds, "en")
    assert {one["format_id"] for one in found["formats"]} == {"140", "251"}
    path = fetch(sandbox, tmp_path, SHORT)
    assert path.suffix == ".m4a"
    assert len(samples(path)) / 8000 == pytest.approx(video.length_seconds, abs=0.5)
    with av.open(str(fetch(sandbox, tmp_path, SHORT, format="251"))) as webm:
        assert webm.streams.audio[0].codec_context.name in ("opus", "libopus")


def test_paragraphs_are_spoken_in_the_slots_of_their_captions(sandbox, tmp_path):
    heard = samples(fetch(sandbox, tmp_path, SHORT))
    video = library()[SHORT]
    for item, slot, after in zip(video.texts["en"], video.slots, video.slots[1:], strict=False):
        middle = heard[int((slot.start + 0.2) * 8000) : int((slot.end - 0.2) * 8000)]
        pause = heard[int((slot.end + 0.1) * 8000) : int((after.start - 0.1) * 8000)]
        assert np.abs(middle).max() > (0.02 if item.is_sound else 0.2)
        assert not len(pause) or np.abs(pause).max() < 0.02


def test_a_sound_comes_by_range(sandbox):
    sound = formats(sandbox, SHORT)[140]
    whole = httpx.get(sound["url"], timeout=60)
    assert whole.headers["content-type"] == "audio/mp4"
    part = httpx.get(sound["url"], headers={"range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, whole.content[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(whole.content)}"
    assert httpx.get(sound["url"], headers={"range": "bytes=99999999-"}).status_code == 416
    assert formats(sandbox, SHORT)[140]["contentLength"] == str(len(whole.content))


def test_an_address_that_is_old_or_was_changed_is_refused(start, clock):
    with start(clock=clock) as running:
        url = formats(running, SHORT)[140]["url"]
        assert httpx.get(url.replace("expire=", "expire=9"), timeout=60).status_code == 403
        assert httpx.get(url, timeout=60, headers={"range": "bytes=0-9"}).status_code == 206
        clock.ahead = 6 * 3600
        assert httpx.get(url).status_code == 403


@pytest.mark.parametrize("video_id", ["blockedsnd1", "expired0001"])
def test_a_refused_sound_is_a_403_for_yt_dlp(sandbox, tmp_path, video_id):
    with pytest.raises(DownloadError, match="HTTP Error 403"):
        fetch(sandbox, tmp_path, video_id)


def test_a_download_that_breaks_off_is_taken_up_where_it_stopped(sandbox, tmp_path):
    whole = fetch(sandbox, tmp_path, "audioonly01").read_bytes()
    with pytest.raises(DownloadError):
        fetch(sandbox, tmp_path, "brokenoff01")
    part = next(tmp_path.glob("brokenoff01.*.part"))
    assert 0 < part.stat().st_size < len(whole)
    assert fetch(sandbox, tmp_path, "brokenoff01").read_bytes() == whole


def test_a_download_that_never_ends_goes_far_beyond_what_it_announced(sandbox, tmp_path):
    class Enough(Exception):
        pass

    def watch(state):
        if state["downloaded_bytes"] > 3_000_000:
            raise Enough

    announced = look(sandbox, tmp_path, "endless0001")["filesize"]
    with pytest.raises(Enough):
        fetch(sandbox, tmp_path, "endless0001", progress_hooks=[watch])
    assert announced < 5000


def test_a_throttled_download_arrives_all_the_same(sandbox, tmp_path):
    arrivals = []
    path = fetch(
        sandbox, tmp_path, "throttled01", progress_hooks=[lambda state: arrivals.append(state["downloaded_bytes"])]
    )
    assert path.read_bytes() == fetch(sandbox, tmp_path, "audioonly01").read_bytes()
    assert len(arrivals) > 5


def test_silence_and_music_hold_no_speech(sandbox, tmp_path):
    assert np.abs(samples(fetch(sandbox, tmp_path, "silent00001"))).max() < 0.001
    music = np.abs(samples(fetch(sandbox, tmp_path, "musiconly02"))).max()
    assert 0.02 < music < 0.2


def test_a_live_stream_and_a_long_video_say_so_before_anything_is_fetched(sandbox, tmp_path):
    assert look(sandbox, tmp_path, "livenow0001", format=None)["live_status"] == "is_live"
    assert look(sandbox, tmp_path, "toolong0001")["duration"] == TOO_LONG_SECONDS


def test_another_language_is_named_and_spoken(sandbox, tmp_path):
    assert look(sandbox, tmp_path, "german00001")["language"] == "de"


@pytest.mark.parametrize("video_id", ["blockedip01", "blockedcap1", "blockedbot1"])
def test_an_address_that_is_blocked_gets_no_sound_either(sandbox, tmp_path, video_id):
    with pytest.raises(DownloadError, match="not a bot"):
        look(sandbox, tmp_path, video_id)


def test_a_premiere_has_no_sound_yet(sandbox, tmp_path):
    with pytest.raises(DownloadError, match="Premieres in"):
        look(sandbox, tmp_path, "premiere001")


@pytest.mark.parametrize(("video_id", "code"), UNHEARD)
async def test_every_link_whose_sound_cannot_be_had_ends_with_the_code_it_is_listed_with(
    sandbox, tmp_path, video_id, code
):
    limits = {"max_seconds": 3 * 3600, "max_bytes": 2_000_000, "total_timeout_seconds": 20}
    with pytest.raises(RecastError) as failure:
        await YouTubeAudio(sandbox.url, None, 10, **limits).fetch(video_id, tmp_path)
    assert failure.value.code == code
