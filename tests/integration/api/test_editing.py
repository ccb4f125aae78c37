"""PATCH /scripts/{id}: edits, their versions, and what is filmed after them."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.fingerprint import fingerprint
from domain.script import Line, Script
from resources.database import jobs, scripts
from resources.database.connection import Database
from resources.database.records import UnreportedEdit
from studio.reporting import report_edits
from tests.conftest import DatabaseUrls
from tests.integration.api.conftest import SignedIn
from tests.integration.api.pipeline import Pipeline
from tests.integration.api.standins import Dagster

TEXT = {"op": "set_text", "line": 1, "text": "Have you seen that?"}
LINES = tuple(
    Line(text=f"Sentence number {place} of a talk.", start=4.0 * place, end=4.0 * place + 3.0, speaker=speaker)
    for place, speaker in enumerate(("Mira", "Jonas") * 4)
)


async def patch(user: SignedIn, script_id: str, version: int, *edits: dict[str, Any], key: str = "") -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"version": version, "edits": list(edits)}
    return await user.request("PATCH", f"/scripts/{script_id}", json=body, headers=headers)


async def read(user: SignedIn, script_id: str) -> dict[str, Any]:
    script: dict[str, Any] = (await user.get(f"/scripts/{script_id}")).json()
    return script


def edited_parts(script: dict[str, Any]) -> dict[str, Any]:
    names = ("version", "lines", "cuts", "breaks", "joins", "speakers", "updated_at")
    return {name: script[name] for name in names}


@pytest.fixture
async def talk(alice: SignedIn, pipeline: Pipeline, database_urls: DatabaseUrls) -> str:
    """A script of Alice's of eight lines, each a scene, cast."""
    imported = await alice.import_video()
    await pipeline.begin(imported["job_id"], "script")
    async with Database(database_urls.worker).connect() as connection:
        script = Script(title="A talk", language="en", lines=LINES)
        await scripts.save_first_version(connection, UUID(imported["script_id"]), script)
        await jobs.record_reported_version(connection, UUID(imported["job_id"]), 1)
        await jobs.succeed_job(connection, UUID(imported["job_id"]), f"run-of-{imported['job_id']}")
    ids = [str(one) for one in (await pipeline.save_premade())[:2]]
    await alice.post(f"/scripts/{imported['script_id']}/characters", {"character_ids": ids})
    return imported["script_id"]


async def test_an_edit_is_answered_with_the_script_and_its_new_version(alice: SignedIn, talk: str) -> None:
    answer = await patch(alice, talk, 1, TEXT, {"op": "cut", "start": 4, "end": 7.5})
    assert answer.status_code == 200, answer.text
    script = answer.json()
    assert (script["version"], script["lines"][0]) == (2, {**LINES[0].model_dump(), "id": 1, "text": TEXT["text"]})
    assert script["cuts"] == [{"start": 4, "end": 7.5}]
    assert edited_parts(await read(alice, talk)) == edited_parts(script)


async def test_a_stale_edit_overwrites_nothing_and_is_told_the_present_version(alice: SignedIn, talk: str) -> None:
    await patch(alice, talk, 1, TEXT)
    before = edited_parts(await read(alice, talk))
    answer = await patch(alice, talk, 1, {"op": "set_text", "line": 1, "text": "Mine!"})
    assert (answer.status_code, answer.json()["code"], answer.json()["current_version"]) == (409, "STALE_VERSION", 2)
    assert answer.headers["content-type"] == "application/problem+json"
    ahead = await patch(alice, talk, 9, TEXT)
    assert (ahead.status_code, ahead.json()["current_version"]) == (409, 2)
    assert edited_parts(await read(alice, talk)) == before


async def test_of_edits_at_the_same_moment_one_is_made_and_the_others_are_stale(alice: SignedIn, talk: str) -> None:
    texts = [f"Edit number {number}." for number in range(6)]
    answers = await asyncio.gather(
        *(patch(alice, talk, 1, {"op": "set_text", "line": 1, "text": text}) for text in texts)
    )
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    assert {answer.json()["current_version"] for answer in answers if answer.status_code == 409} == {2}
    won = next(text for text, answer in zip(texts, answers, strict=True) if answer.status_code == 200)
    script = await read(alice, talk)
    assert (script["version"], script["lines"][0]["text"]) == (2, won)
    assert len((await alice.get(f"/scripts/{talk}/versions")).json()["versions"]) == 2


async def test_one_wrong_edit_undoes_all_of_its_request(alice: SignedIn, talk: str) -> None:
    before = edited_parts(await read(alice, talk))
    answer = await patch(alice, talk, 1, TEXT, {"op": "remove", "line": 99})
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST")
    assert answer.json()["detail"] == "edits[1] (remove): The script has no line 99."
    assert edited_parts(await read(alice, talk)) == before


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"version": 1, "edits": []}, "body.edits"),
        ({"version": 1, "edits": [TEXT] * 201}, "body.edits"),
        ({"edits": [TEXT]}, "body.version"),
        ({"version": 1, "edits": [{"op": "burn"}]}, "body.edits.0"),
        ({"version": 1, "edits": [TEXT, {"op": "set_text", "line": 1, "text": ""}]}, "body.edits.1.set_text.text"),
        ({"version": 1, "edits": [{**TEXT, "text": "a\u0000b"}]}, "body.edits.0.set_text.text"),
        ({"version": 1, "edits": [{**TEXT, "text": "a" * 2001}]}, "body.edits.0.set_text.text"),
        ({"version": 1, "edits": [{"op": "cut", "start": -1, "end": 2}]}, "body.edits.0.cut.start"),
        ({"version": 1, "edits": [TEXT], "force": True}, "body.force"),
        ({"version": True, "edits": [TEXT]}, "body.version"),
        ({"version": "1", "edits": [TEXT]}, "body.version"),
        ({"version": 1.0, "edits": [TEXT]}, "body.version"),
        ({"version": 1, "edits": [{**TEXT, "line": True}]}, "body.edits.0.set_text.line"),
        ({"version": 1, "edits": [{"op": "remove", "line": "3"}]}, "body.edits.0.remove.line"),
        ({"version": 1, "edits": [{"op": "move", "line": 3, "before": "1"}]}, "body.edits.0.move.before"),
        ({"version": 1, "edits": [{"op": "cut", "start": True, "end": 2}]}, "body.edits.0.cut.start"),
        ({"version": 1, "edits": [{"op": "cut", "start": 1, "end": "2"}]}, "body.edits.0.cut.end"),
        ({"version": 1, "edits": [{"op": "split_line", "line": 1, "at": "9"}]}, "body.edits.0.split_line.at"),
    ],
)
async def test_bad_edits_are_refused_by_their_place(
    alice: SignedIn, talk: str, body: dict[str, Any], where: str
) -> None:
    answer = await alice.request("PATCH", f"/scripts/{talk}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST")
    assert where in [field["location"] for field in answer.json()["errors"]]
    assert (await read(alice, talk))["version"] == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/scripts/{id}/versions/1/restore", {"version": True}),
        ("/scripts/{id}/versions/1/restore", {"version": "1"}),
        ("/uploads", {"filename": "a.wav", "size_bytes": "10", "content_type": "audio/wav"}),
        ("/uploads", {"filename": "a.wav", "size_bytes": True, "content_type": "audio/wav"}),
        ("/youtube/import", {"youtube_url": "https://youtu.be/demo0000001", "keep_fillers": "yes"}),
        ("/youtube/import", {"youtube_url": "https://youtu.be/demo0000001", "keep_sound_tags": 1}),
    ],
)
async def test_what_is_almost_a_number_or_a_truth_is_refused(
    alice: SignedIn, talk: str, path: str, body: dict[str, Any]
) -> None:
    answer = await alice.post(path.format(id=talk), body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST")


async def test_seconds_that_are_no_number_are_refused(alice: SignedIn, talk: str) -> None:
    body = '{"version": 1, "edits": [{"op": "cut", "start": NaN, "end": 2}]}'
    answer = await alice.request(
        "PATCH", f"/scripts/{talk}", content=body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST")


async def test_not_everything_can_be_cut(alice: SignedIn, talk: str) -> None:
    answer = await patch(alice, talk, 1, {"op": "cut", "start": 0, "end": 100})
    assert (answer.status_code, answer.json()["code"]) == (422, "EMPTY_SCRIPT")


async def test_what_changes_nothing_makes_no_version(alice: SignedIn, talk: str) -> None:
    same = {"op": "set_text", "line": 1, "text": LINES[0].text}
    answer = await patch(alice, talk, 1, same)
    assert (answer.status_code, answer.json()["version"]) == (200, 1)


async def test_the_same_edit_sent_again_with_its_key_is_made_once(alice: SignedIn, talk: str) -> None:
    first = await patch(alice, talk, 1, TEXT, key="once")
    again = await patch(alice, talk, 1, TEXT, key="once")
    assert (first.status_code, again.status_code) == (200, 200)
    assert edited_parts(again.json()) == edited_parts(first.json())
    other = await patch(alice, talk, 2, {"op": "remove", "line": 2}, key="once")
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert (await read(alice, talk))["version"] == 2


async def test_a_request_with_a_key_is_answered_the_same_whatever_was_edited_since(alice: SignedIn, talk: str) -> None:
    same = {"op": "set_text", "line": 1, "text": LINES[0].text}
    unchanged = [await patch(alice, talk, 1, same, key="nothing"), await restore(alice, talk, 1, key="nothing back")]
    edited = await patch(alice, talk, 1, TEXT, key="text")
    await patch(alice, talk, 2, {"op": "remove", "line": 2})
    again = [await patch(alice, talk, 1, same, key="nothing"), await restore(alice, talk, 1, key="nothing back")]
    for first, second in [*zip(unchanged, again, strict=True), (edited, await patch(alice, talk, 1, TEXT, key="text"))]:
        assert (first.status_code, second.status_code) == (200, 200), second.text
        assert told(second) == told(first)
    assert [told(answer)["version"] for answer in (*again, edited)] == [1, 1, 2]
    other = await patch(alice, talk, 3, {"op": "remove", "line": 3}, key="nothing")
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert (await read(alice, talk))["version"] == 3


async def test_one_key_sent_many_times_at_once_is_one_answer(alice: SignedIn, talk: str) -> None:
    same = {"op": "set_text", "line": 1, "text": LINES[0].text}
    answers = await asyncio.gather(*(patch(alice, talk, 1, same, key="nothing") for _ in range(4)))
    answers += await asyncio.gather(*(patch(alice, talk, 1, TEXT, key="text") for _ in range(4)))
    assert [(answer.status_code, answer.json()["version"]) for answer in answers] == [*[(200, 1)] * 4, *[(200, 2)] * 4]


def told(answer: httpx.Response) -> dict[str, Any]:
    """All but when rows were last touched, and links that are signed for so long."""
    return {name: value for name, value in answer.json().items() if name not in ("updated_at", "import_job", "cast")}


async def restore(user: SignedIn, script_id: str, version: int, key: str) -> httpx.Response:
    """That version, while it is the present one."""
    return await user.post(
        f"/scripts/{script_id}/versions/{version}/restore", {"version": version}, Idempotency_Key=key
    )


async def test_a_script_that_is_not_imported_cannot_be_edited_or_previewed(alice: SignedIn) -> None:
    script_id = (await alice.import_video())["script_id"]
    for answer in (await patch(alice, script_id, 0, TEXT), await alice.get(f"/scripts/{script_id}/scenes")):
        assert (answer.status_code, answer.json()["code"]) == (409, "NOT_READY")


async def test_every_version_is_kept_with_what_made_it_and_can_be_brought_back(alice: SignedIn, talk: str) -> None:
    first = await read(alice, talk)
    await patch(alice, talk, 1, TEXT)
    await patch(alice, talk, 2, {"op": "remove", "line": 2})
    stale = await alice.post(f"/scripts/{talk}/versions/1/restore", {"version": 2})
    assert (stale.status_code, stale.json()["current_version"]) == (409, 3)
    restored = await alice.post(f"/scripts/{talk}/versions/1/restore", {"version": 3})
    assert restored.status_code == 200, restored.text
    assert (restored.json()["version"], restored.json()["lines"]) == (4, first["lines"])
    page = (await alice.get(f"/scripts/{talk}/versions?limit=3")).json()
    assert [(one["version"], one["restored_version"], one["lines_count"]) for one in page["versions"]] == [
        (4, 1, 8),
        (3, None, 7),
        (2, None, 8),
    ]
    assert page["versions"][2]["edits"] == [TEXT]
    rest = (await alice.get(f"/scripts/{talk}/versions?before={page['next_before']}")).json()
    assert ([one["version"] for one in rest["versions"]], rest["next_before"]) == ([1], None)
    third = (await alice.get(f"/scripts/{talk}/versions/3")).json()
    assert [line["id"] for line in third["lines"]] == [1, 3, 4, 5, 6, 7, 8]
    assert (await alice.get(f"/scripts/{talk}/versions/9")).json()["code"] == "NOT_FOUND"
    assert (await alice.post(f"/scripts/{talk}/versions/9/restore", {"version": 4})).json()["code"] == "NOT_FOUND"


async def test_the_scenes_can_be_seen_before_anything_is_ordered(alice: SignedIn, talk: str) -> None:
    plan = (await alice.get(f"/scripts/{talk}/scenes")).json()
    assert [scene["line_ids"] for scene in plan["scenes"]] == [[place] for place in range(1, 9)]
    assert plan["scenes"][1] == {
        "index": 2,
        "start": 4,
        "end": 7,
        "seconds": 3,
        "title": None,
        "text": LINES[1].text,
        "speakers": ["Jonas"],
        "line_ids": [2],
    }
    await patch(alice, talk, 1, {"op": "merge", "line": 4}, {"op": "cut", "start": 0, "end": 3.5})
    edited = (await alice.get(f"/scripts/{talk}/scenes")).json()
    assert edited["version"] == 2
    assert [scene["line_ids"] for scene in edited["scenes"]] == [[2], [3, 4], [5], [6], [7], [8]]
    assert (await alice.get(f"/scripts/{talk}/scenes?provider=nobody")).json()["code"] == "UNKNOWN_MODEL"
    short = (await alice.get(f"/scripts/{talk}/scenes?target_seconds=7")).json()
    assert len(short["scenes"]) < 6


async def test_an_ordered_film_keeps_the_version_it_was_ordered_with(alice: SignedIn, talk: str) -> None:
    film = (await alice.post("/jobs", {"script_id": talk})).json()
    await patch(alice, talk, 1, TEXT)
    assert (await alice.get(f"/jobs/{film['id']}")).json()["script_version"] == 1
    assert (await alice.post("/jobs", {"script_id": talk})).json()["script_version"] == 2


async def test_a_renamed_speaker_is_still_played_by_whom_was_chosen(alice: SignedIn, talk: str) -> None:
    ids = [character["id"] for character in (await read(alice, talk))["cast"]]
    await alice.post(
        f"/scripts/{talk}/characters", {"character_ids": ids, "speakers": {"Mira": ids[1], "Jonas": ids[0]}}
    )
    answer = await patch(alice, talk, 1, {"op": "rename_speaker", "from": "Mira", "to": "Dr. Mira Okafor"})
    assert answer.json()["speakers"] == {"Dr. Mira Okafor": ids[1], "Jonas": ids[0]}
    merged = await patch(alice, talk, 2, {"op": "rename_speaker", "from": "Jonas", "to": "Dr. Mira Okafor"})
    assert merged.json()["speakers"] == {"Dr. Mira Okafor": ids[1]}


# What Dagster hears


async def test_an_edit_is_reported_before_it_is_answered(alice: SignedIn, talk: str, dagster: Dagster) -> None:
    script = (await patch(alice, talk, 1, TEXT)).json()
    (report,) = dagster.reported
    assert (report["asset"], report["partition"]) == ("script", script["import_job"]["id"])
    assert report["metadata"] == {"script": talk, "version": 2}
    edited = Script(
        title="A talk",
        language="en",
        lines=tuple(Line.model_validate(line) for line in script["lines"]),
        as_imported=Script(title="", language="", lines=LINES).lines,
    )
    assert report["data_version"] == fingerprint(edited)
    await patch(alice, talk, 2, {"op": "remove", "line": 2})
    assert [one["metadata"]["version"] for one in dagster.reported] == [2, 3]


async def test_the_newest_film_is_reported_as_well_once_it_has_ended(
    alice: SignedIn, talk: str, dagster: Dagster, pipeline: Pipeline, database_urls: DatabaseUrls
) -> None:
    older, film = [(await alice.post("/jobs", {"script_id": talk})).json()["id"] for _ in range(2)]
    async with Database(database_urls.worker).connect() as connection:
        for job_id in (older, film):
            await jobs.record_reported_version(connection, UUID(job_id), 1)
    await pipeline.finish_film(older)
    await pipeline.begin(film)
    await patch(alice, talk, 1, TEXT)
    assert [one["partition"] for one in dagster.reported] == [(await read(alice, talk))["import_job"]["id"]]
    await pipeline.finish_film(film)
    await patch(alice, talk, 2, {"op": "remove", "line": 2})
    assert [one["partition"] for one in dagster.reported[1:]] == [dagster.reported[0]["partition"], film]
    # What brings the first version back brings its data version back.
    await alice.post(f"/scripts/{talk}/versions/1/restore", {"version": 3})
    assert dagster.reported[-1]["data_version"] == fingerprint(Script(title="A talk", language="en", lines=LINES))


async def test_an_edit_stands_although_dagster_does_not_answer_and_is_reported_later(
    alice: SignedIn, talk: str, dagster: Dagster, database_urls: DatabaseUrls
) -> None:
    dagster.is_deaf = True
    assert (await patch(alice, talk, 1, TEXT)).status_code == 200
    assert (await read(alice, talk))["version"] == 2
    assert dagster.reported == []
    heard: list[tuple[int, str]] = []

    async def hear(edit: Any, data_version: str) -> None:
        heard.append((edit.version, data_version))

    database = Database(database_urls.worker)
    assert [await report_edits(database.connect, hear) for _ in range(2)] == [1, 0]
    assert [version for version, _ in heard] == [2]


async def test_of_two_reports_that_cross_dagster_hears_the_newest_last(
    alice: SignedIn, talk: str, dagster: Dagster, database_urls: DatabaseUrls
) -> None:
    dagster.is_deaf = True
    await patch(alice, talk, 1, TEXT)
    heard: list[int] = []
    database = Database(database_urls.worker)

    async def hear(edit: UnreportedEdit, _data_version: str) -> None:
        heard.append(edit.version)

    async def hear_late(edit: UnreportedEdit, data_version: str) -> None:
        """While it is on its way, the script is edited, and that is reported."""
        if not heard:
            await patch(alice, talk, 2, {"op": "remove", "line": 2})
            await report_edits(database.connect, hear)
        await hear(edit, data_version)

    await report_edits(database.connect, hear_late)
    assert heard == [3, 2, 3]
    async with database.connect() as connection:
        assert await jobs.list_unreported(connection, 9) == []
