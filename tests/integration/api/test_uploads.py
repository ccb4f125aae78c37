"""Files of a user's own: transcripts by form, recordings by a signed address; whole in S3 and in the tables, or not at
all."""

import asyncio
import hashlib
import io
import wave
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import psycopg
import pytest

from api.app import create_app
from domain.errors import TAXONOMY, ErrorCode, RecastError
from domain.stages import Stage
from domain.transcript_files.bounds import MAX_FILE_BYTES
from resources.database.connection import Connection, Database, UserDatabase
from resources.settings import Settings
from resources.storage import Storage
from resources.youtube import YouTubeCaptions
from studio.transcribing import transcribe, write_script
from studio.uploading import MAX_PENDING, NewRecording, open_upload, sweep_abandoned_uploads, sweep_complete_uploads
from studio.work import stage_work
from tests.conftest import DatabaseUrls
from tests.integration.api import test_problems
from tests.integration.api.conftest import SignedIn, running
from tests.integration.api.standins import Dagster
from tests.integration.objects import Bucket, with_object_store

VTT = b"""WEBVTT

NOTE nobody says this

00:00.500 --> 00:02.000
<v Mira>Did you see that?

00:01.500 --> 00:04.000
<v Jonas>A comet, I think.
"""
NO_YOUTUBE = YouTubeCaptions("http://127.0.0.1:9", None, 1.0, ("en",))


@pytest.fixture
def settings(settings: Settings, s3: dict[str, str]) -> Settings:
    listening = settings.model_copy(update={"whisper_engine": "local", "whisper_model": "models/small"})
    return with_object_store(listening, s3)


@pytest.fixture
def bucket(settings: Settings) -> Bucket:
    return Bucket(settings)


@pytest.fixture
def storage(settings: Settings) -> Storage:
    return Storage(settings)


@pytest.fixture
async def database(database_urls: DatabaseUrls) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(database_urls.admin, autocommit=True) as connection:
        yield connection


def sound(seconds: float = 1.0, loudness: float = 0.5) -> bytes:
    """A WAV file of one tone."""
    wave_form = loudness * 32767 * np.sin(np.arange(int(8000 * seconds)) * 0.3)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(wave_form.astype("<i2").tobytes())
    return buffer.getvalue()


def assert_problem(answer: httpx.Response, code: ErrorCode) -> None:
    test_problems.assert_problem(answer, TAXONOMY[code].http_status, code)


async def send(
    user: SignedIn, content: bytes = VTT, *, name: str = "talk.vtt", key: str | None = None, **fields: str
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await user.request(
        "POST", "/scripts/upload", data=fields, files=[("file", (name, content))], headers=headers
    )


async def announce(user: SignedIn, content: bytes, **changes: object) -> dict[str, Any]:
    body = {"filename": "My talk.wav", "size_bytes": len(content), "content_type": "audio/wav", **changes}
    answer = await user.post("/uploads", body)
    assert answer.status_code == 201, answer.text
    announced: dict[str, Any] = answer.json()
    return announced


async def put(announced: dict[str, Any], content: bytes, **headers: str) -> int:
    async with httpx.AsyncClient(timeout=20) as anybody:
        sent = await anybody.put(announced["url"], content=content, headers={**announced["headers"], **headers})
    return sent.status_code


async def upload(user: SignedIn, content: bytes, **changes: object) -> httpx.Response:
    announced = await announce(user, content, **changes)
    assert await put(announced, content) == 200
    return await user.post(f"/uploads/{announced['id']}/complete", {})


def kept(user: SignedIn, bucket: Bucket) -> set[str]:
    return bucket.keys(f"users/{user.user_id}/")


async def rows(database: psycopg.AsyncConnection[Any], user: SignedIn) -> dict[str, int]:
    counts = {}
    for table in ("uploads", "projects", "scripts", "jobs"):
        cursor = await database.execute(f"select count(*) from {table} where user_id = %s", (user.user_id,))
        counts[table] = (await cursor.fetchone())[0]  # type: ignore[index]
    return counts


NOTHING = {"uploads": 0, "projects": 0, "scripts": 0, "jobs": 0}


async def run_import(database_urls: DatabaseUrls, storage: Storage, job_id: str) -> None:
    """As the two stages of an import do."""
    database = Database(database_urls.worker)
    async with stage_work(database, UUID(job_id), Stage.TRANSCRIPT, run_id="run", launch_number=None) as work:
        await transcribe(work, NO_YOUTUBE, storage, max_seconds=3600)
    async with stage_work(database, UUID(job_id), Stage.SCRIPT, run_id="run", launch_number=None) as work:
        await write_script(work)


async def test_a_transcript_becomes_a_script_with_its_speakers_and_its_source(
    alice: SignedIn, dagster: Dagster, database_urls: DatabaseUrls, storage: Storage, bucket: Bucket
) -> None:
    answer = await send(alice, title="Comets", author="Ada", language="en", licence="CC BY 4.0", rights="Mine.")
    assert answer.status_code == 202, answer.text
    imported = answer.json()
    assert dagster.job_ids() == [imported["job_id"]]
    assert len(kept(alice, bucket)) == 1
    await run_import(database_urls, storage, imported["job_id"])
    script = (await alice.get(f"/scripts/{imported['script_id']}")).json()
    assert (script["status"], script["title"], script["language"]) == ("succeeded", "Comets", "en")
    assert [(line["speaker"], line["text"]) for line in script["lines"]] == [
        ("Mira", "Did you see that?"),
        ("Jonas", "A comet, I think."),
    ]
    assert (script["youtube_url"], script["video_id"]) == (None, None)
    assert script["source"] == {
        "kind": "file",
        "title": "Comets",
        "author": "Ada",
        "licence": "CC BY 4.0",
        "rights": "Mine.",
        "language": "en",
        "thumbnail_url": None,
        "duration_seconds": 4.0,
        "times_are_estimated": False,
        "attribution": "Based on “Comets” by Ada, CC BY 4.0, Mine.",
    }


@pytest.mark.parametrize(
    ("keep", "texts"),
    [
        ({}, ["A comet."]),
        ({"keep_fillers": "true"}, ["Um, a comet."]),
        ({"keep_sound_tags": "true"}, ["[Music] A comet."]),
        ({"keep_fillers": "false", "keep_sound_tags": "1"}, ["[Music] A comet."]),
    ],
)
async def test_what_of_a_transcript_stays_is_for_its_user_to_say(
    alice: SignedIn, database_urls: DatabaseUrls, storage: Storage, keep: dict[str, str], texts: list[str]
) -> None:
    spoken = b"1\n00:00:01,000 --> 00:00:03,000\n[Music]\n\n2\n00:00:03,000 --> 00:00:06,000\nUm, a comet.\n"
    imported = (await send(alice, spoken, language="en", **keep)).json()
    await run_import(database_urls, storage, imported["job_id"])
    script = (await alice.get(f"/scripts/{imported['script_id']}")).json()
    assert [line["text"] for line in script["lines"]] == texts


async def test_a_transcript_of_sounds_alone_is_one_where_they_are_kept(alice: SignedIn) -> None:
    rain = b"1\n00:00:01,000 --> 00:00:03,000\n[Rain falls]\n"
    assert_problem(await send(alice, rain), ErrorCode.EMPTY_SCRIPT)
    assert (await send(alice, rain, keep_sound_tags="true")).status_code == 202
    assert_problem(await send(alice, rain, keep_sound_tags="loudly"), ErrorCode.INVALID_REQUEST)


async def test_what_of_a_recording_stays_is_kept_with_its_import(
    alice: SignedIn, database: psycopg.AsyncConnection[Any]
) -> None:
    content = sound(2)
    announced = await announce(alice, content)
    assert await put(announced, content) == 200
    path = f"/uploads/{announced['id']}/complete"
    assert_problem(await alice.post(path, {"keep_fillers": "true"}), ErrorCode.INVALID_REQUEST)
    assert (await alice.post(path, {"keep_fillers": True})).status_code == 202
    cursor = await database.execute("select options -> 'reading' from jobs")
    (reading,) = (await cursor.fetchall())[0]
    assert (reading["keep_fillers"], reading["keep_sound_tags"]) == (True, False)


@pytest.mark.parametrize(("language", "encoding", "words"), [("ru", "cp1251", "Да."), ("ja", "shift_jis", "本")])
async def test_the_stated_language_helps_to_read_a_file(
    alice: SignedIn, database_urls: DatabaseUrls, storage: Storage, language: str, encoding: str, words: str
) -> None:
    content = f"1\n00:00:01,000 --> 00:00:03,000\n{words}\n".encode(encoding)
    answer = await send(alice, content, language=language)
    assert answer.status_code == 202, answer.text
    await run_import(database_urls, storage, answer.json()["job_id"])
    script = (await alice.get(f"/scripts/{answer.json()['script_id']}")).json()
    assert [line["text"] for line in script["lines"]] == [words]


async def test_text_without_times_says_that_its_times_are_estimated(
    alice: SignedIn, database_urls: DatabaseUrls, storage: Storage
) -> None:
    imported = (await send(alice, b"Mira: Did you see that?\nJonas: A comet.", name="..\\notes.txt")).json()
    await run_import(database_urls, storage, imported["job_id"])
    script = (await alice.get(f"/scripts/{imported['script_id']}")).json()
    assert (script["title"], script["language"], script["source"]["times_are_estimated"]) == ("notes", "und", True)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(500), ErrorCode.TRANSCRIPT_INVALID),
        (b"1\n00:00:05,000 --> 00:00:03,000\nBack in time.\n", ErrorCode.TRANSCRIPT_INVALID),
        (b"1\n00:00:01,000 --> 00:00:03,000\n[Music]\n", ErrorCode.EMPTY_SCRIPT),
        (b"1\n05:00:01,000 --> 05:00:03,000\nToo late.\n", ErrorCode.VIDEO_TOO_LONG),
        (b"", ErrorCode.EMPTY_SCRIPT),
        (b"WEBVTT\n" + bytes(MAX_FILE_BYTES), ErrorCode.TOO_LARGE),
        (b"WEBVTT\n" + b"\n" * 50 * 1024**2, ErrorCode.TOO_LARGE),
    ],
    ids=["picture", "reversed times", "no words", "too long", "empty", "too large", "50 MB"],
)
async def test_a_refused_transcript_leaves_neither_row_nor_object(
    alice: SignedIn,
    bucket: Bucket,
    database: psycopg.AsyncConnection[Any],
    dagster: Dagster,
    content: bytes,
    code: ErrorCode,
) -> None:
    assert_problem(await send(alice, content), code)
    assert kept(alice, bucket) == set()
    assert await rows(database, alice) == NOTHING
    assert dagster.launched == []


async def test_a_recording_is_refused_before_it_is_sent_where_nobody_listens(
    settings: Settings, alice: SignedIn, database: psycopg.AsyncConnection[Any], tmp_path: Any
) -> None:
    deaf = settings.model_copy(update={"whisper_engine": None, "whisper_model": None})
    async with running(create_app(deaf, page=tmp_path)) as url, httpx.AsyncClient(timeout=60) as client:
        answer = await client.post(
            f"{url}/api/v1/uploads",
            json={"filename": "talk.wav", "size_bytes": 10, "content_type": "audio/wav"},
            headers={"Authorization": f"Bearer {alice.token}"},
        )
    assert_problem(answer, ErrorCode.TRANSCRIPTION_NOT_CONFIGURED)
    assert await rows(database, alice) == NOTHING


async def test_a_storage_that_is_away_leaves_no_row(
    settings: Settings, alice: SignedIn, database: psycopg.AsyncConnection[Any], tmp_path: Any
) -> None:
    away = Settings(**{**settings.model_dump(), "s3_endpoint_url": "http://127.0.0.1:9"})
    async with running(create_app(away, page=tmp_path)) as url, httpx.AsyncClient(timeout=60) as client:
        answer = await client.post(
            f"{url}/api/v1/scripts/upload",
            files=[("file", ("a.vtt", VTT))],
            headers={"Authorization": f"Bearer {alice.token}"},
        )
    assert_problem(answer, ErrorCode.STORAGE_UNAVAILABLE)
    counts = await rows(database, alice)
    assert {name: counts[name] for name in ("projects", "scripts", "jobs")} == {"projects": 0, "scripts": 0, "jobs": 0}
    cursor = await database.execute("select distinct state from uploads")
    assert await cursor.fetchall() == [("discarded",)]  # what may have arrived is looked for by the sweep


async def test_one_key_sent_many_times_at_once_is_one_import_and_one_object(
    alice: SignedIn, bucket: Bucket, database: psycopg.AsyncConnection[Any], dagster: Dagster
) -> None:
    answers = await asyncio.gather(*(send(alice, key="once") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}, [answer.text for answer in answers]
    assert len({answer.text for answer in answers}) == 1
    assert await rows(database, alice) == {"uploads": 1, "projects": 1, "scripts": 1, "jobs": 1}
    assert len(kept(alice, bucket)) == 1
    assert_problem(await send(alice, VTT + b"\n", key="once"), ErrorCode.IDEMPOTENCY_MISMATCH)


async def test_a_form_without_a_file_or_with_an_unknown_language_is_refused(alice: SignedIn) -> None:
    assert_problem(await send(alice, language="30 languages"), ErrorCode.INVALID_REQUEST)
    answer = await alice.request("POST", "/scripts/upload", files=[("other", ("a", b"x"))])
    assert_problem(answer, ErrorCode.INVALID_REQUEST)


async def test_a_recording_is_stored_looked_at_and_imported_once(
    alice: SignedIn, bucket: Bucket, database: psycopg.AsyncConnection[Any], dagster: Dagster
) -> None:
    content = sound(2)
    announced = await announce(alice, content, sha256=hashlib.sha256(content).hexdigest())
    assert await put(announced, content) == 200
    completing = {"title": "A talk", "language": "de"}
    first, again = await asyncio.gather(
        *(alice.post(f"/uploads/{announced['id']}/complete", completing) for _ in range(2))
    )
    assert (first.status_code, again.status_code) == (202, 202), (first.text, again.text)
    assert first.json() == again.json()
    assert (await alice.post(f"/uploads/{announced['id']}/complete", completing)).json() == first.json()
    assert await rows(database, alice) == {"uploads": 1, "projects": 1, "scripts": 1, "jobs": 1}
    assert set(dagster.job_ids()) == {first.json()["job_id"]}
    script = (await alice.get(f"/scripts/{first.json()['script_id']}")).json()
    assert (script["source"]["kind"], script["source"]["title"], script["source"]["language"]) == (
        "upload",
        "A talk",
        "de",
    )
    cursor = await database.execute("select state, s3_key, s3_version is not null, facts from uploads")
    state, key, is_pinned, facts = (await cursor.fetchall())[0]
    assert (state, {key}, is_pinned) == ("complete", kept(alice, bucket), True)
    assert (facts["duration_seconds"], facts["audio_codec"], facts["has_video"]) == (2.0, "pcm_s16le", False)


async def test_a_recording_waits_for_a_server_that_can_listen(
    alice: SignedIn, database_urls: DatabaseUrls, storage: Storage
) -> None:
    job_id = (await upload(alice, sound())).json()["job_id"]
    with pytest.raises(RecastError):
        await run_import(database_urls, storage, job_id)
    job = (await alice.get(f"/jobs/{job_id}")).json()
    assert (job["status"], job["error"]["code"]) == ("failed", "TRANSCRIPTION_NOT_CONFIGURED")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (sound(loudness=0), ErrorCode.NO_SOUND),
        (b"%PDF-1.7 this is no recording at all", ErrorCode.MEDIA_REJECTED),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n", ErrorCode.MEDIA_REJECTED),
    ],
    ids=["silence", "PDF", "playlist"],
)
async def test_a_refused_recording_leaves_no_object_and_is_discarded(
    alice: SignedIn, bucket: Bucket, database: psycopg.AsyncConnection[Any], content: bytes, code: ErrorCode
) -> None:
    assert_problem(await upload(alice, content), code)
    assert kept(alice, bucket) == set()
    assert await rows(database, alice) == {**NOTHING, "uploads": 1}
    cursor = await database.execute("select state from uploads")
    assert await cursor.fetchall() == [("discarded",)]


async def test_what_is_sent_again_after_a_refusal_is_swept_once_the_address_is_dead(
    alice: SignedIn,
    bucket: Bucket,
    storage: Storage,
    database: psycopg.AsyncConnection[Any],
    database_urls: DatabaseUrls,
) -> None:
    worker = Database(database_urls.worker)
    silence = sound(loudness=0)
    announced = await announce(alice, silence)
    assert await put(announced, silence) == 200
    complete = f"/uploads/{announced['id']}/complete"
    assert_problem(await alice.post(complete, {}), ErrorCode.NO_SOUND)
    assert await put(announced, silence) == 200
    assert_problem(await alice.post(complete, {}), ErrorCode.NOT_FOUND)
    assert await sweep_abandoned_uploads(worker, storage) == 0
    await grow_old(database)
    assert await sweep_abandoned_uploads(worker, storage) == 1
    assert kept(alice, bucket) == set()
    assert await rows(database, alice) == NOTHING


async def test_versions_beside_the_one_that_was_looked_at_are_swept_once(
    alice: SignedIn,
    bucket: Bucket,
    storage: Storage,
    database: psycopg.AsyncConnection[Any],
    database_urls: DatabaseUrls,
) -> None:
    worker = Database(database_urls.worker)
    first, content, late = sound(2), sound(2, 0.4), sound(2, 0.3)
    announced = await announce(alice, content)
    assert [await put(announced, one) for one in (first, content)] == [200, 200]
    assert (await alice.post(f"/uploads/{announced['id']}/complete", {})).status_code == 202
    assert await put(announced, late) == 200
    (key,) = kept(alice, bucket)
    assert await sweep_complete_uploads(worker, storage) == 0
    await grow_old(database)
    assert await sweep_complete_uploads(worker, storage) == 2
    assert (bucket.versions(key), await storage.get_bytes(key)) == (1, content)
    bucket.put(key, late)
    assert await sweep_complete_uploads(worker, storage) == 0


async def test_a_recording_that_is_too_long_is_refused(
    settings: Settings, alice: SignedIn, bucket: Bucket, tmp_path: Any
) -> None:
    strict = Settings(**{**settings.model_dump(), "max_video_seconds": 1.5})
    content = sound(2)
    announced = await announce(alice, content)
    assert await put(announced, content) == 200
    async with running(create_app(strict, page=tmp_path)) as url, httpx.AsyncClient(timeout=20) as client:
        answer = await client.post(
            f"{url}/api/v1/uploads/{announced['id']}/complete", headers={"Authorization": f"Bearer {alice.token}"}
        )
    assert_problem(answer, ErrorCode.VIDEO_TOO_LONG)
    assert kept(alice, bucket) == set()


async def test_an_upload_cut_in_the_middle_can_be_sent_again(
    alice: SignedIn, bucket: Bucket, database: psycopg.AsyncConnection[Any]
) -> None:
    content = sound(2)
    announced = await announce(alice, content)
    complete = f"/uploads/{announced['id']}/complete"
    assert_problem(await alice.post(complete, {}), ErrorCode.UPLOAD_INCOMPLETE)
    with pytest.raises(httpx.HTTPError):
        await put_half(announced, content)
    assert_problem(await alice.post(complete, {}), ErrorCode.UPLOAD_INCOMPLETE)
    assert kept(alice, bucket) == set()
    assert await rows(database, alice) == {**NOTHING, "uploads": 1}
    assert await put(announced, content) == 200
    assert (await alice.post(complete, {})).status_code == 202


async def put_half(announced: dict[str, Any], content: bytes) -> None:
    """The connection ends before the promised length."""

    async def half() -> AsyncIterator[bytes]:
        yield content[: len(content) // 2]
        raise httpx.WriteError("cut")

    async with httpx.AsyncClient(timeout=20) as anybody:
        await anybody.put(announced["url"], content=half(), headers=announced["headers"])


async def test_what_arrives_is_what_was_announced_or_is_deleted(alice: SignedIn, bucket: Bucket) -> None:
    content = sound(2)
    announced = await announce(alice, content, sha256="0" * 64)
    assert await put(announced, content) == 200
    complete = f"/uploads/{announced['id']}/complete"
    assert_problem(await alice.post(complete, {}), ErrorCode.UPLOAD_INCOMPLETE)
    assert kept(alice, bucket) == set()
    (key,) = [f"users/{alice.user_id}/uploads/{announced['id']}/source"]
    bucket.put(key, content[:-100])
    assert_problem(await alice.post(complete, {}), ErrorCode.UPLOAD_INCOMPLETE)
    assert kept(alice, bucket) == set()


async def test_the_storage_takes_only_the_size_and_type_that_are_signed(alice: SignedIn, bucket: Bucket) -> None:
    content = sound(2)
    announced = await announce(alice, content)
    assert await put(announced, content + b"more", **{"Content-Length": str(len(content) + 4)}) == 403
    assert await put(announced, content, **{"Content-Type": "text/html"}) == 403
    assert kept(alice, bucket) == set()


async def test_too_large_a_recording_and_too_many_uploads_are_refused(alice: SignedIn, mallory: SignedIn) -> None:
    body = {"filename": "a.mp4", "size_bytes": 3 * 1024**3, "content_type": "video/mp4"}
    assert_problem(await alice.post("/uploads", body), ErrorCode.TOO_LARGE)
    for _ in range(MAX_PENDING):
        await announce(alice, sound())
    answer = await alice.post("/uploads", {**body, "size_bytes": 1})
    assert_problem(answer, ErrorCode.RATE_LIMITED)
    await announce(mallory, sound())


async def test_of_two_uploads_at_once_the_second_counts_the_first(
    alice: SignedIn, storage: Storage, database: psycopg.AsyncConnection[Any], database_urls: DatabaseUrls
) -> None:
    for _ in range(MAX_PENDING - 1):
        await announce(alice, sound())

    async def one_more(connection: Connection) -> None:
        new = NewRecording("a.wav", "audio/wav", 1, None)
        await open_upload(connection, storage, alice.user_id, new, max_bytes=1, seconds=60, can_listen=True)

    async def second() -> None:
        async with users.as_user(alice.user_id) as connection:
            await one_more(connection)

    users = UserDatabase(database_urls.api)
    await users.open()
    try:
        async with users.as_user(alice.user_id) as connection:
            await one_more(connection)
            waiting = asyncio.create_task(second())
            while not (waiting.done() or await is_somebody_waiting(database)):
                await asyncio.sleep(0.01)
        with pytest.raises(RecastError) as refused:
            await waiting
    finally:
        await users.close()
    assert refused.value.code is ErrorCode.RATE_LIMITED
    assert (await rows(database, alice))["uploads"] == MAX_PENDING


async def is_somebody_waiting(database: psycopg.AsyncConnection[Any]) -> bool:
    cursor = await database.execute("select from pg_locks where locktype = 'advisory' and not granted")
    return cursor.rowcount > 0


async def grow_old(database: psycopg.AsyncConnection[Any]) -> None:
    await database.execute("update uploads set created_at = created_at - interval '25 hours'")


async def test_a_deleted_recording_leaves_its_script(
    alice: SignedIn,
    mallory: SignedIn,
    bucket: Bucket,
    storage: Storage,
    database: psycopg.AsyncConnection[Any],
    database_urls: DatabaseUrls,
) -> None:
    content = sound(2)
    announced = await announce(alice, content)
    assert [await put(announced, content) for _ in range(2)] == [200, 200]
    path = f"/uploads/{announced['id']}"
    imported = (await alice.post(f"{path}/complete", {})).json()
    script = f"/scripts/{imported['script_id']}"
    assert (await alice.get(script)).json()["upload_id"] == announced["id"]
    assert_problem(await mallory.request("DELETE", path), ErrorCode.NOT_FOUND)
    assert_problem(await alice.request("DELETE", path), ErrorCode.CONFLICT)
    assert len(kept(alice, bucket)) == 1
    with pytest.raises(RecastError):
        await run_import(database_urls, storage, imported["job_id"])
    deleted = await alice.request("DELETE", path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert kept(alice, bucket) == set()
    assert_problem(await alice.request("DELETE", path), ErrorCode.NOT_FOUND)
    assert_problem(await alice.post(f"{path}/complete", {}), ErrorCode.NOT_FOUND)
    assert await put(announced, content) == 200
    assert (await alice.post(f"/jobs/{imported['job_id']}/retry")).status_code == 202
    with pytest.raises(RecastError) as gone:
        await run_import(database_urls, storage, imported["job_id"])
    assert gone.value.code is ErrorCode.NOT_FOUND
    await grow_old(database)
    assert await sweep_abandoned_uploads(Database(database_urls.worker), storage) == 1
    assert kept(alice, bucket) == set()
    assert await rows(database, alice) == {"uploads": 0, "projects": 1, "scripts": 1, "jobs": 1}
    assert (await alice.get(script)).json()["upload_id"] is None


async def test_a_deleted_transcript_leaves_its_script_with_its_lines(
    alice: SignedIn,
    bucket: Bucket,
    storage: Storage,
    database: psycopg.AsyncConnection[Any],
    database_urls: DatabaseUrls,
) -> None:
    imported = (await send(alice)).json()
    script = f"/scripts/{imported['script_id']}"
    path = f"/uploads/{(await alice.get(script)).json()['upload_id']}"
    assert_problem(await alice.request("DELETE", path), ErrorCode.CONFLICT)
    await run_import(database_urls, storage, imported["job_id"])
    await finish_job(database, imported["job_id"])
    assert (await alice.request("DELETE", path)).status_code == 204
    assert kept(alice, bucket) == set()
    assert (await rows(database, alice))["uploads"] == 0
    left = (await alice.get(script)).json()
    assert (left["upload_id"], len(left["lines"])) == (None, 2)


async def finish_job(database: psycopg.AsyncConnection[Any], job_id: str) -> None:
    await database.execute("update jobs set status = 'succeeded', succeeded_at = now() where id = %s", (job_id,))


async def test_an_upload_under_way_can_be_taken_back(
    alice: SignedIn, bucket: Bucket, storage: Storage, database: psycopg.AsyncConnection[Any]
) -> None:
    announced = await announce(alice, sound())
    assert await put(announced, sound()) == 200
    assert (await alice.request("DELETE", f"/uploads/{announced['id']}")).status_code == 204
    assert kept(alice, bucket) == set()
    assert_problem(await alice.post(f"/uploads/{announced['id']}/complete", {}), ErrorCode.NOT_FOUND)


async def test_nobody_completes_anothers_upload(alice: SignedIn, mallory: SignedIn, bucket: Bucket) -> None:
    content = sound()
    announced = await announce(alice, content)
    assert await put(announced, content) == 200
    assert_problem(await mallory.post(f"/uploads/{announced['id']}/complete", {}), ErrorCode.NOT_FOUND)
    assert len(kept(alice, bucket)) == 1
    imported = (await alice.post(f"/uploads/{announced['id']}/complete", {})).json()
    assert_problem(await mallory.get(f"/scripts/{imported['script_id']}"), ErrorCode.NOT_FOUND)


async def test_an_upload_that_nobody_completes_is_deleted_after_a_day(
    alice: SignedIn,
    bucket: Bucket,
    storage: Storage,
    database: psycopg.AsyncConnection[Any],
    database_urls: DatabaseUrls,
) -> None:
    worker = Database(database_urls.worker)
    old, young = await announce(alice, sound()), await announce(alice, sound())
    done = await upload(alice, sound())
    assert done.status_code == 202
    for one in (old, young):
        assert await put(one, sound()) == 200
    assert await sweep_abandoned_uploads(worker, storage) == 0
    await database.execute(
        "update uploads set created_at = created_at - interval '25 hours' where id <> %s", (young["id"],)
    )
    assert await sweep_abandoned_uploads(worker, storage) == 1
    assert len(kept(alice, bucket)) == 2
    assert await rows(database, alice) == {"uploads": 2, "projects": 1, "scripts": 1, "jobs": 1}
    assert_problem(await alice.post(f"/uploads/{old['id']}/complete", {}), ErrorCode.NOT_FOUND)
