"""The captions of a finished film: kept beside it, and given to players and people."""

from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest

from domain.caption_styles import CaptionStyle
from domain.profile import Aspect, Profile
from domain.scenes import Scene
from domain.script import Line
from domain.stages import Stage
from resources.captions.typefaces import open_typefaces
from resources.database import events, jobs
from resources.database.connection import Database
from resources.database.records import CaptionFiles
from resources.settings import Settings
from resources.storage import Storage
from studio.captioning import CaptionedScene, captions_to_burn, store_captions, tell_unreadable
from studio.work import Work
from tests.conftest import DatabaseUrls
from tests.integration.api.conftest import SignedIn
from tests.integration.api.pipeline import RESULT, Pipeline
from tests.integration.objects import Bucket, with_object_store

WIDE = Profile.of(Aspect.WIDE)


@pytest.fixture
def settings(settings: Settings, s3: dict[str, str]) -> Settings:
    return with_object_store(settings, s3)


def scene(index: int, text: str, seconds: float = 4.0) -> CaptionedScene:
    line = Line(text=text, start=100.0 * index, end=100.0 * index + 3)
    return CaptionedScene(Scene(index=index, start=line.start, end=line.end, lines=(line,)), None, seconds)


async def keep(settings: Settings, user_id: UUID, film: str, *scenes: CaptionedScene) -> CaptionFiles | None:
    return await store_captions(Storage(settings), user_id, UUID(film), scenes, WIDE, "he")


async def test_captions_of_a_film_are_given_with_it(
    alice: SignedIn, film: str, pipeline: Pipeline, settings: Settings
) -> None:
    files = await keep(settings, alice.user_id, film, scene(1, "A <comet>?"), scene(2, "שביט!"))
    await pipeline.finish_film(film, RESULT.model_copy(update={"captions": files}))
    captions = (await alice.get(f"/jobs/{film}/result")).json()["captions"]
    assert (captions["language"], captions["direction"]) == ("he", "rtl")
    vtt = urlsplit(captions["vtt_url"])
    assert vtt.netloc == "cdn.example"
    assert vtt.path.startswith(f"/users/{alice.user_id}/jobs/{film}/captions/")
    assert "Key-Pair-Id" in parse_qs(vtt.query)
    stored = Bucket(settings).client.get_object(Bucket=settings.s3_bucket, Key=vtt.path[1:])
    assert stored["ContentType"] == "text/vtt; charset=utf-8"
    assert stored["Body"].read().decode() == (
        "WEBVTT\n\n1\n00:00:00.000 --> 00:00:03.250\nA &lt;comet&gt;?\n\n2\n00:00:04.000 --> 00:00:07.250\nשביט!\n\n"
    )


async def test_subrip_is_a_download(alice: SignedIn, film: str, pipeline: Pipeline, settings: Settings) -> None:
    files = await keep(settings, alice.user_id, film, scene(1, "A <comet>?"))
    await pipeline.finish_film(film, RESULT.model_copy(update={"captions": files}))
    captions = (await alice.get(f"/jobs/{film}/result")).json()["captions"]
    async with httpx.AsyncClient() as anybody:
        answer = await anybody.get(captions["srt_url"])
    assert answer.headers["content-type"] == "application/x-subrip; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="recast-{film}.srt"'
    assert answer.text == "1\n00:00:00,000 --> 00:00:03,250\nA <comet>?\n\n"


async def test_other_captions_are_other_objects(alice: SignedIn, film: str, settings: Settings) -> None:
    one, other, same = [
        await keep(settings, alice.user_id, film, scene(1, text)) for text in ("A comet.", "Two comets.", "A comet.")
    ]
    assert one == same != other


async def test_a_film_without_a_word_has_no_captions(
    alice: SignedIn, film: str, pipeline: Pipeline, settings: Settings
) -> None:
    assert await keep(settings, alice.user_id, film, scene(1, " ")) is None
    await pipeline.finish_film(film)
    assert (await alice.get(f"/jobs/{film}/result")).json()["captions"] is None


async def test_captions_that_cannot_be_drawn_are_told(film: str, database_urls: DatabaseUrls) -> None:
    burned = captions_to_burn(scene(3, "We say \U00013000!"), WIDE, CaptionStyle.CLEAN, open_typefaces(), "en")
    assert burned.script is None
    async with Database(database_urls.worker).connect() as connection:
        job = await jobs.find_job(connection, UUID(film))
        assert job
        await tell_unreadable(Work(job, Stage.FINAL_MP4, connection), 3, burned.unreadable)
        await tell_unreadable(Work(job, Stage.FINAL_MP4, connection), 4, ())
        told = [one for one in await events.list_events(connection, job.id) if one.kind == "captions_unreadable"]
    assert [(one.scene_index, one.data) for one in told] == [(3, {"captions": 1, "letters": "\U00013000"})]
