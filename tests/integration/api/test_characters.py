"""A user's own characters, from the pictures that they send to the deletion of their likeness."""

import asyncio
import io
import struct
import zlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from PIL import Image

from api.app import create_app
from domain.characters import CONSENT_TEXT_VERSION, CONSENT_TEXTS
from domain.errors import ErrorCode
from resources.pictures import MEGABYTE
from resources.settings import Settings
from tests.conftest import DatabaseUrls
from tests.integration.api.conftest import S3_SECRET, SignedIn, running
from tests.integration.api.pipeline import Pipeline
from tests.integration.api.test_problems import assert_problem
from tests.integration.objects import Bucket, picture, with_object_store

CONSENT = "Zed Novak, who is in these pictures, has agreed."


@pytest.fixture
def settings(settings: Settings, s3: dict[str, str]) -> Settings:
    return with_object_store(settings, s3)


@pytest.fixture
def bucket(settings: Settings) -> Bucket:
    return Bucket(settings)


@pytest.fixture
async def database(database_urls: DatabaseUrls) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(database_urls.admin, autocommit=True) as connection:
        yield connection


async def upload(
    user: SignedIn, pictures: Sequence[bytes] = (), *, key: str | None = None, **fields: Any
) -> httpx.Response:
    files = [("pictures", ("me.jpg", one)) for one in pictures or [picture(0), picture(1, "JPEG")]]
    form = {"name": "Zed", "consent": CONSENT, **fields}
    headers = {"Idempotency-Key": key} if key else {}
    return await user.request("POST", "/characters", data=form, files=files, headers=headers)


async def make(user: SignedIn, pictures: Sequence[bytes] = (), **fields: Any) -> dict[str, Any]:
    answer = await upload(user, pictures, **fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def train(database: psycopg.AsyncConnection[Any], character_id: str, **columns: object) -> None:
    """As the pipeline does, step by step."""
    await database.execute(
        "update characters set status = 'training' where id = %s and status = 'untrained'", (character_id,)
    )
    names = ", ".join(f"{name} = %({name})s" for name in columns)
    await database.execute(f"update characters set {names} where id = %(id)s", {"id": character_id, **columns})


def folder(user: SignedIn, character_id: str = "") -> str:
    return f"users/{user.user_id}/characters/{character_id}"


async def assert_nothing_is_stored(
    user: SignedIn, bucket: Bucket, database: psycopg.AsyncConnection[Any], *, deletions: int = 0
) -> None:
    assert bucket.keys(f"users/{user.user_id}/") == set()
    for table, count in (("characters", 0), ("character_pictures", 0), ("deletions", deletions)):
        cursor = await database.execute(f"select count(*) from {table} where user_id = %s", (user.user_id,))
        assert await cursor.fetchone() == (count,), table


async def test_pictures_become_a_character_that_can_be_cast(alice: SignedIn, bucket: Bucket) -> None:
    made = await make(
        alice,
        [picture(0), picture(1, "JPEG"), picture(2, "WEBP")],
        description="A clockmaker.",
        style="soft watercolour",
        voice_name="en-gb+m3",
        voice_pitch="40",
    )
    assert (made["name"], made["description"], made["style"]) == ("Zed", "A clockmaker.", "soft watercolour")
    assert made["voice"] == {"name": "en-gb+m3", "pitch": 40, "rate": 50}
    assert (made["status"], made["mode"], made["is_premade"]) == ("ready", "reference", False)
    assert made["consent"]["statement"] == CONSENT
    assert made["consent"]["text_version"] == CONSENT_TEXT_VERSION
    assert made["consent"]["recorded_at"].startswith(made["created_at"][:13])
    assert [(one["width"], one["height"]) for one in made["pictures"]] == [(320, 400)] * 3
    assert (await alice.get(f"/characters/{made['id']}")).json()["name"] == "Zed"
    listed = (await alice.get("/characters")).json()["characters"]
    assert [(one["name"], one["status"]) for one in listed] == [("Zed", "ready")]
    assert len(bucket.keys(folder(alice, made["id"]))) == 3


async def test_portraits_are_signed_links_to_clean_pictures(alice: SignedIn, bucket: Bucket) -> None:
    exif = Image.Exif()
    exif[0x010E] = "home address"
    buffer = io.BytesIO()
    Image.open(io.BytesIO(picture())).save(buffer, "JPEG", exif=exif)
    answer = await upload(alice, [buffer.getvalue() + b"<script>alert(1)</script>"])
    made = answer.json()
    assert made["image_url"].split("?")[0] == made["pictures"][0]["url"].split("?")[0]
    assert "X-Amz-Expires=900" in made["image_url"]
    assert S3_SECRET not in answer.text
    async with httpx.AsyncClient() as anybody:
        got = await anybody.get(made["pictures"][0]["url"])
        unsigned = await anybody.get(made["pictures"][0]["url"].split("?")[0])
    assert unsigned.status_code == 403
    assert (got.status_code, got.headers["content-type"]) == (200, "image/webp")
    assert b"home address" not in got.content
    assert b"script" not in got.content
    with Image.open(io.BytesIO(got.content)) as result:
        assert (result.format, result.size) == ("WEBP", (320, 400))
    (key,) = bucket.keys(folder(alice, made["id"]))
    assert key in made["image_url"]
    assert bucket.head(key)["ContentType"] == "image/webp"


def huge_png(side: int = 14_200) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(10))) + chunk(b"IEND", b"")
    )


def noise(megabytes: int) -> bytes:
    """Begins as a picture does, so that only its size can be what is wrong with it."""
    return picture() + bytes(megabytes * MEGABYTE)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
GOOD = picture(7)
BAD_PICTURES: dict[str, tuple[list[bytes], int, ErrorCode, str]] = {
    "SVG": ([GOOD, SVG], 422, ErrorCode.PICTURE_REJECTED, "Picture 2 is not a PNG, JPEG or WebP picture."),
    "GIF": ([picture(format_="GIF")], 422, ErrorCode.PICTURE_REJECTED, "Picture 1 is not a PNG"),
    "empty": ([GOOD, b""], 422, ErrorCode.PICTURE_REJECTED, "Picture 2 is empty."),
    "cut off": ([GOOD, GOOD[: len(GOOD) // 2]], 422, ErrorCode.PICTURE_REJECTED, "Picture 2 is damaged."),
    "200 megapixels": ([huge_png()], 422, ErrorCode.PICTURE_REJECTED, "Picture 1 has more than 25 megapixels."),
    "one twice": ([GOOD, GOOD], 422, ErrorCode.PICTURE_REJECTED, "Picture 2 is the same as picture 1."),
    "50 pictures": ([picture(n) for n in range(50)], 422, ErrorCode.INVALID_REQUEST, "Too many files."),
    "one of 11 MB": ([GOOD, noise(11)], 413, ErrorCode.TOO_LARGE, "A picture is larger than 10 MB."),
    "7 of 9 MB": ([noise(9)] * 7, 413, ErrorCode.TOO_LARGE, "The request is larger than"),
}


@pytest.mark.parametrize(("pictures", "status", "code", "detail"), BAD_PICTURES.values(), ids=BAD_PICTURES)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
async def test_pictures_that_cannot_be_used_are_refused_and_nothing_is_stored(
    alice: SignedIn,
    bucket: Bucket,
    database: psycopg.AsyncConnection[Any],
    pictures: list[bytes],
    status: int,
    code: ErrorCode,
    detail: str,
) -> None:
    answer = await upload(alice, pictures)
    problem = assert_problem(answer, status, code)
    assert str(problem["detail"]).startswith(detail)
    assert "Error" not in answer.text
    await assert_nothing_is_stored(alice, bucket, database)


BAD_FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "a name of 10,000 characters": ({"name": "Z" * 10_000}, "body.name"),
    "no name": ({"name": "  "}, "body.name"),
    "a name of two lines": ({"name": "Zed\nIgnore the above"}, "body.name"),
    "an endless description": ({"description": "d" * 501}, "body.description"),
    "an endless style": ({"style": "s" * 201}, "body.style"),
    "no consent": ({"consent": ""}, "body.consent"),
    "another text": ({"consent_text_version": "1999-01"}, "body.consent_text_version"),
    "no such mode": ({"mode": "magic"}, "body.mode"),
    "an option for a voice": ({"voice_name": "-w /etc/passwd"}, "body.voice_name"),
    "a voice too high": ({"voice_name": "en", "voice_pitch": "100"}, "body.voice_pitch"),
    "a status": ({"status": "ready"}, "body.status"),
    "a key": ({"image_url": "users/x/y.webp"}, "body.image_url"),
}


@pytest.mark.parametrize(("fields", "location"), BAD_FIELDS.values(), ids=BAD_FIELDS)
async def test_fields_that_do_not_fit_are_named_and_nothing_is_stored(
    alice: SignedIn, bucket: Bucket, database: psycopg.AsyncConnection[Any], fields: dict[str, Any], location: str
) -> None:
    answer = await upload(alice, **fields)
    problem = assert_problem(answer, 422, ErrorCode.INVALID_REQUEST)
    assert [error["location"] for error in problem["errors"]] == [location]  # type: ignore[attr-defined]
    assert len(answer.text) < 2000
    await assert_nothing_is_stored(alice, bucket, database)


async def test_a_text_that_cannot_be_stored_leaves_nothing(
    alice: SignedIn, bucket: Bucket, database: psycopg.AsyncConnection[Any]
) -> None:
    assert_problem(await upload(alice, description="null \x00 byte"), 422, ErrorCode.INVALID_REQUEST)
    await assert_nothing_is_stored(alice, bucket, database)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"name": "Zed"}', "application/json"),
        (b"name=Zed&consent=yes", "application/x-www-form-urlencoded"),
        (b"--x\r\n", "multipart/form-data"),
        (
            b'--x\r\nContent-Disposition: form-data; name="pictures"; filename="a"\r\n\r\nhal',
            "multipart/form-data; boundary=x",
        ),
        (b"nonsense", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\nv\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data; boundary=" + "x" * 300),
    ],
    ids=["JSON", "another form", "no boundary", "cut off", "nonsense", "a part without a name", "an endless boundary"],
)
async def test_what_is_no_form_with_pictures_is_a_problem(
    alice: SignedIn, bucket: Bucket, database: psycopg.AsyncConnection[Any], content: bytes, content_type: str
) -> None:
    answer = await alice.request("POST", "/characters", content=content, headers={"Content-Type": content_type})
    assert_problem(answer, 422, ErrorCode.INVALID_REQUEST)
    await assert_nothing_is_stored(alice, bucket, database)


async def test_pictures_are_files_and_there_is_at_least_one(alice: SignedIn) -> None:
    for files in ([("other", ("a.png", GOOD))], [("pictures", (None, b"text"))]):
        answer = await alice.request("POST", "/characters", data={"name": "Z", "consent": "yes"}, files=files)
        problem = assert_problem(answer, 422, ErrorCode.INVALID_REQUEST)
        assert problem["detail"] == "Send 1 to 20 files named 'pictures'."


async def test_a_stranger_is_refused_before_their_pictures_are_read(address: str) -> None:
    url = httpx.URL(address)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(
        b"POST /api/v1/characters HTTP/1.1\r\nHost: recast\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        + f"Content-Length: {60 * MEGABYTE}\r\n\r\n--x\r\n".encode()
    )
    assert await asyncio.wait_for(reader.readline(), 20) == b"HTTP/1.1 401 Unauthorized\r\n"
    writer.close()


async def test_a_form_without_its_end_is_not_half_a_character(
    alice: SignedIn, bucket: Bucket, database: psycopg.AsyncConnection[Any]
) -> None:
    form = httpx.Request("POST", "http://x", data={"name": "Zed", "consent": "yes"}, files={"pictures": GOOD})
    content = await form.aread()
    for end in (len(content) - 4, len(content) - 200):
        answer = await alice.request(
            "POST", "/characters", content=content[:end], headers={"Content-Type": form.headers["content-type"]}
        )
        assert assert_problem(answer, 422, ErrorCode.INVALID_REQUEST)["detail"] == "The form has no end."
    await assert_nothing_is_stored(alice, bucket, database)


async def test_only_this_route_takes_large_bodies(alice: SignedIn) -> None:
    assert (await upload(alice, [noise(3)])).status_code == 201
    for method, path in (("POST", "/jobs"), ("PATCH", f"/characters/{uuid4()}"), ("POST", "/youtube/import")):
        answer = await alice.request(method, path, content=bytes(3 * MEGABYTE))
        assert_problem(answer, 413, ErrorCode.TOO_LARGE)


async def test_twenty_pictures_keep_their_order(alice: SignedIn) -> None:
    sizes = [(400 + number, 400) for number in range(20)]
    made = await make(alice, [picture(number, size=size) for number, size in enumerate(sizes)])
    assert [(one["width"], one["height"]) for one in made["pictures"]] == sizes


async def test_the_same_request_makes_one_character_however_often_it_is_sent(alice: SignedIn, bucket: Bucket) -> None:
    answers = await asyncio.gather(*(upload(alice, key="once") for _ in range(4)))
    answers.append(await upload(alice, key="once"))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len((await alice.get("/characters")).json()["characters"]) == 1
    assert len(bucket.keys(folder(alice))) == 2
    for other in (await upload(alice, key="once", name="Zoe"), await upload(alice, [GOOD], key="once")):
        assert_problem(other, 422, ErrorCode.IDEMPOTENCY_MISMATCH)


async def test_a_key_is_its_users_own(alice: SignedIn, mallory: SignedIn) -> None:
    ours, theirs = await upload(alice, key="same"), await upload(mallory, key="same")
    assert ours.json()["id"] != theirs.json()["id"]


async def test_a_storage_that_is_away_leaves_no_character(
    settings: Settings, alice: SignedIn, bucket: Bucket, database: psycopg.AsyncConnection[Any], tmp_path: Path
) -> None:
    """The deletion stays noted: an object may have arrived although no answer did."""
    away = settings.model_copy(update={"s3_endpoint_url": "http://127.0.0.1:9"})
    async with (
        running(create_app(away, page=tmp_path / "none")) as address,
        httpx.AsyncClient(base_url=address, timeout=60) as client,
    ):
        answer = await client.post(
            "/api/v1/characters",
            data={"name": "Zed", "consent": CONSENT},
            files={"pictures": ("me.png", GOOD)},
            headers={"Authorization": f"Bearer {alice.token}", "Idempotency-Key": "k"},
        )
    assert_problem(answer, 503, ErrorCode.STORAGE_UNAVAILABLE)
    await assert_nothing_is_stored(alice, bucket, database, deletions=1)
    assert (await upload(alice, [GOOD], key="k")).status_code == 201, "the same key, sent again, does it"


async def test_a_character_can_be_changed_but_for_its_pictures(alice: SignedIn) -> None:
    made = await make(alice, description="A clockmaker.")
    path = f"/characters/{made['id']}"
    voice = {"name": "en-us+f1", "pitch": 1, "rate": 2}
    changed = (await alice.request("PATCH", path, json={"name": " Zoe ", "voice": voice})).json()
    assert (changed["name"], changed["voice"], changed["description"]) == ("Zoe", voice, "A clockmaker.")
    assert changed["updated_at"] > made["updated_at"]
    assert (await alice.get(path)).json() | {"image_url": "", "pictures": []} == changed | {
        "image_url": "",
        "pictures": [],
    }
    emptied = (await alice.request("PATCH", path, json={"description": ""})).json()
    assert (emptied["name"], emptied["description"]) == ("Zoe", "")
    for body in (
        {"name": ""},
        {"name": "Z" * 10_000},
        {"voice": {"name": "-x"}},
        {"status": "ready"},
        {"consent": {"statement": "x"}},
        {"image_url": "premade/ada/1.png"},
        {"model_version": "1"},
    ):
        assert_problem(await alice.request("PATCH", path, json=body), 422, ErrorCode.INVALID_REQUEST)


async def test_a_premade_character_can_be_read_but_neither_changed_nor_deleted(
    alice: SignedIn, pipeline: Pipeline
) -> None:
    ada = (await pipeline.save_premade())[0]
    read = (await alice.get(f"/characters/{ada}")).json()
    assert (read["name"], read["status"], read["pictures"], read["consent"]) == ("Ada", "ready", [], None)
    assert_problem(await alice.request("PATCH", f"/characters/{ada}", json={"name": "x"}), 404, ErrorCode.NOT_FOUND)
    assert_problem(await alice.request("DELETE", f"/characters/{ada}"), 404, ErrorCode.NOT_FOUND)
    assert (await alice.get(f"/characters/{ada}")).json()["name"] == "Ada"


async def test_a_deleted_likeness_leaves_no_version_of_any_picture(
    alice: SignedIn, bucket: Bucket, database: psycopg.AsyncConnection[Any], cast_script: str
) -> None:
    kept, made = await make(alice, name="Kept"), await make(alice)
    keys = bucket.keys(folder(alice, made["id"]))
    assert len(keys) == 2
    for key in keys:
        bucket.put(key)
        bucket.delete(key)
    cast = {"custom_character_ids": [made["id"], kept["id"]]}
    assert (await alice.post(f"/scripts/{cast_script}/characters", cast)).status_code == 200
    answer = await alice.request("DELETE", f"/characters/{made['id']}")
    assert answer.status_code == 202
    deletion = answer.json()
    assert (deletion["character_id"], deletion["pictures_deleted"]) == (made["id"], True)
    assert deletion["trained_model"] is False
    assert bucket.keys(folder(alice, made["id"])) == set()
    assert len(bucket.keys(folder(alice, kept["id"]))) == 2
    async with httpx.AsyncClient() as anybody:
        assert (await anybody.get(made["image_url"])).status_code == 404
    assert_problem(await alice.get(f"/characters/{made['id']}"), 404, ErrorCode.NOT_FOUND)
    assert_problem(await alice.request("DELETE", f"/characters/{made['id']}"), 404, ErrorCode.NOT_FOUND)
    script = (await alice.get(f"/scripts/{cast_script}")).json()
    assert [one["id"] for one in script["cast"]] == [kept["id"]]
    cursor = await database.execute("select id, finished_at from deletions where character_id = %s", (made["id"],))
    assert await cursor.fetchone() == (UUID(deletion["id"]), None), "a worker looks again and closes it"


async def test_a_deletion_is_not_lost_when_the_storage_is_away(
    settings: Settings, alice: SignedIn, bucket: Bucket, database: psycopg.AsyncConnection[Any], tmp_path: Path
) -> None:
    made = await make(alice)
    away = settings.model_copy(update={"s3_endpoint_url": "http://127.0.0.1:9"})
    headers = {"Authorization": f"Bearer {alice.token}"}
    async with (
        running(create_app(away, page=tmp_path / "none")) as address,
        httpx.AsyncClient(base_url=address, timeout=60, headers=headers) as client,
    ):
        answer = await client.delete(f"/api/v1/characters/{made['id']}")
    assert (answer.status_code, answer.json()["pictures_deleted"]) == (202, False)
    assert len(bucket.keys(folder(alice, made["id"]))) == 2
    cursor = await database.execute("select count(*) from deletions where due_at <= now() and finished_at is null")
    assert await cursor.fetchone() == (1,)


async def test_the_provider_is_asked_to_delete_a_trained_model(
    alice: SignedIn, database: psycopg.AsyncConnection[Any]
) -> None:
    made = await make(alice, mode="trained")
    await train(database, made["id"], status="ready", trainer="t", model_ref="me/zed", model_version="v7")
    answer = await alice.request("DELETE", f"/characters/{made['id']}")
    assert answer.json()["trained_model"] is True
    cursor = await database.execute("select trainer, model_ref, model_version from deletions")
    assert await cursor.fetchone() == ("t", "me/zed", "v7")


async def test_training_is_followed_on_the_character(alice: SignedIn, database: psycopg.AsyncConnection[Any]) -> None:
    made = await make(alice, mode="trained")
    assert made["status"] == "untrained"
    path = f"/characters/{made['id']}"
    await train(database, made["id"], training_progress=40)
    training = (await alice.get(path)).json()
    assert (training["status"], training["training_progress"], training["error"]) == ("training", 40, None)
    await train(
        database,
        made["id"],
        status="failed",
        error_code="AI_PROVIDER_FAILURE",
        error_message="No face was found.",
    )
    failed = (await alice.get(path)).json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "AI_PROVIDER_FAILURE")
    assert failed["error"]["message"] == "No face was found."


@pytest.mark.parametrize(
    ("status", "columns", "detail"),
    [
        ("training", {"training_progress": 40}, "Zed is being trained: 40 % done."),
        (
            "failed",
            {"error_code": "AI_PROVIDER_FAILURE", "error_message": "No face was found."},
            "The training of Zed failed. No face was found.",
        ),
    ],
)
async def test_a_character_that_is_not_ready_is_neither_cast_nor_filmed(
    alice: SignedIn,
    cast_script: str,
    database: psycopg.AsyncConnection[Any],
    status: str,
    columns: dict[str, object],
    detail: str,
) -> None:
    made = await make(alice, mode="trained")
    cast = {"custom_character_ids": [made["id"]]}
    # A film that is ordered trains whoever has not been trained yet.
    assert (await alice.post(f"/scripts/{cast_script}/characters", cast)).status_code == 200
    await train(database, made["id"], status=status, **columns)
    ordered = await alice.post("/jobs", {"script_id": cast_script})
    assert assert_problem(ordered, 409, ErrorCode.CHARACTER_NOT_READY)["detail"] == detail
    before = (await alice.get(f"/scripts/{cast_script}")).json()["cast"]
    recast = await alice.post(f"/scripts/{cast_script}/characters", cast)
    assert assert_problem(recast, 409, ErrorCode.CHARACTER_NOT_READY)["detail"] == detail
    assert [one["id"] for one in (await alice.get(f"/scripts/{cast_script}")).json()["cast"]] == [
        one["id"] for one in before
    ]


async def test_a_character_whose_pictures_are_on_their_way_is_not_cast(
    alice: SignedIn, cast_script: str, database: psycopg.AsyncConnection[Any]
) -> None:
    cursor = await database.execute(
        "insert into characters (user_id, name, status) values (%s, 'Zed', 'uploading') returning id",
        (alice.user_id,),
    )
    (character_id,) = await cursor.fetchone() or (None,)
    unfinished = (await alice.get(f"/characters/{character_id}")).json()
    assert (unfinished["status"], unfinished["image_url"], unfinished["pictures"]) == ("uploading", None, [])
    answer = await alice.post(f"/scripts/{cast_script}/characters", {"custom_character_ids": [str(character_id)]})
    problem = assert_problem(answer, 409, ErrorCode.CHARACTER_NOT_READY)
    assert problem["detail"] == "The pictures of Zed are still being stored."


async def test_one_never_sees_uses_changes_or_deletes_anothers_character(
    alice: SignedIn, mallory: SignedIn, bucket: Bucket, pipeline: Pipeline
) -> None:
    made = await make(alice)
    path = f"/characters/{made['id']}"
    script = await mallory.cast_script(pipeline)
    for method, body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
        assert_problem(await mallory.request(method, path, json=body), 404, ErrorCode.NOT_FOUND)
    listed = (await mallory.get("/characters")).json()["characters"]
    assert made["id"] not in [one["id"] for one in listed]
    cast = await mallory.post(f"/scripts/{script}/characters", {"custom_character_ids": [made["id"]]})
    assert_problem(cast, 422, ErrorCode.UNKNOWN_CHARACTER)
    after = (await alice.get(path)).json()
    assert (after["name"], after["updated_at"]) == (made["name"], made["updated_at"])
    assert len(bucket.keys(folder(alice, made["id"]))) == 2


async def test_anybody_may_read_what_is_consented_to_and_what_may_be_sent(anybody: httpx.AsyncClient) -> None:
    config = (await anybody.get("/api/v1/config")).json()
    assert config["consent"] == {"version": CONSENT_TEXT_VERSION, "text": CONSENT_TEXTS[CONSENT_TEXT_VERSION]}
    assert config["limits"]["max_pictures"] == 20
    assert config["limits"]["max_picture_bytes"] == 10 * MEGABYTE
