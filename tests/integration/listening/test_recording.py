"""A recording of a user's own, from storage to what is heard in it."""

import wave
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from benchmarks.speech import PARAGRAPHS, speak
from domain.source import Source, SourceKind
from domain.transcript import Transcript
from resources.database import uploads
from resources.database.records import RecordingFacts, UploadKind
from resources.storage import upload_object_key
from resources.youtube_audio import YouTubeAudio
from studio.soundtrack import Listener
from tests.integration.listening.conftest import PATIENCE, Desk, Service, engine


@dataclass
class Studio:
    desk: Desk
    service: Service
    language: str | None = None

    async def recording(self, path: Path, seconds: float, language: str) -> Transcript:
        """What is heard in a recording of which was found, when it came, that it lasts ``seconds``."""
        desk, upload_id = self.desk, uuid4()
        key = upload_object_key(desk.user_id, upload_id)
        stored = await desk.storage.upload(path, key, "audio/wav")
        facts = RecordingFacts(
            container="wav",
            duration_seconds=seconds,
            audio_codec="pcm_s16le",
            sample_rate=16_000,
            channels=1,
            has_video=False,
        )
        async with desk.database.connect() as connection:
            await uploads.insert_upload(
                connection,
                upload_id=upload_id,
                user_id=desk.user_id,
                kind=UploadKind.RECORDING,
                filename=path.name,
                content_type="audio/wav",
                size_bytes=stored.size_bytes,
                sha256=None,
                s3_key=key,
                max_pending=9,
            )
            await uploads.complete_upload(connection, upload_id, stored.version, facts)
            upload = await uploads.find_upload(connection, upload_id)
        assert upload
        listener = Listener(
            source=YouTubeAudio(None, None, 5, max_seconds=60, max_bytes=100, total_timeout_seconds=5),
            open_engine=lambda: engine(self.service),
            storage=desk.storage,
            database=desk.database,
            patience=PATIENCE,
            max_seconds=3600,
            language=self.language,
        )
        async with desk.work() as work:
            return await listener.recording(work, upload, Source(kind=SourceKind.UPLOAD, title="T", language=language))


@pytest.fixture
def studio(desk: Desk, service: Service) -> Studio:
    return Studio(desk, service)


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return speak(tmp_path_factory.mktemp("speech") / "speech.wav", PARAGRAPHS[:1])


@pytest.mark.parametrize(
    ("said", "default", "told"), [("pt-BR", None, ["pt"]), ("tlh", "en", None), ("", "EN-gb", ["en"])]
)
async def test_the_engine_is_told_the_language_in_its_own_form(
    studio: Studio, speech: Path, said: str, default: str | None, told: list[str] | None
) -> None:
    studio.language = default
    transcript = await studio.recording(speech, 10, said)
    assert studio.service.calls[0]["fields"].get("language") == told
    assert transcript.language == (said or "en")


@pytest.mark.parametrize(("promised", "is_told"), [(2.0, True), (1.05, False), (0.0, False)])
async def test_the_user_is_told_of_a_recording_of_which_much_is_missing(
    studio: Studio, speech: Path, promised: float, is_told: bool
) -> None:
    """``promised`` is what its header tells, to what can be read."""
    with wave.open(str(speech)) as file:
        seconds = file.getnframes() / file.getframerate()
    await studio.recording(speech, promised * seconds, "en")
    told = await studio.desk.told()
    assert ("recording_incomplete" in told) is is_told
    if is_told:
        assert told.index("recording_incomplete") < told.index("listening")
