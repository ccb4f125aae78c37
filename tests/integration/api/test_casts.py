"""Characters, and who plays in a script."""

import asyncio
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.premade import PREMADE
from resources.database import scripts
from resources.database.connection import Database
from tests.conftest import DatabaseUrls
from tests.integration.api.conftest import S3_SECRET, SignedIn
from tests.integration.api.pipeline import Pipeline


async def own_character(urls: DatabaseUrls, owner: SignedIn) -> str:
    await owner.get("/characters")  # makes the user's row
    async with await psycopg.AsyncConnection.connect(urls.admin) as connection:
        cursor = await connection.execute(
            "insert into characters (user_id, name, image_url) values (%s, 'Zed', %s) returning id",
            (owner.user_id, f"users/{owner.user_id}/characters/z.png"),
        )
        row = await cursor.fetchone()
    assert row
    return str(row[0])


async def test_everybody_sees_the_premade_and_nobody_anothers_own(
    alice: SignedIn, mallory: SignedIn, pipeline: Pipeline, database_urls: DatabaseUrls
) -> None:
    await pipeline.save_premade()
    own = await own_character(database_urls, alice)
    seen = (await alice.get("/characters")).json()["characters"]
    assert [one["name"] for one in seen] == [*sorted(one.name for one in PREMADE), "Zed"]
    assert [one["is_premade"] for one in seen] == [True] * len(PREMADE) + [False]
    assert own not in [one["id"] for one in (await mallory.get("/characters")).json()["characters"]]


async def test_portraits_are_links_that_expire_and_hold_no_secret(alice: SignedIn, pipeline: Pipeline) -> None:
    await pipeline.save_premade()
    answer = await alice.get("/characters")
    link = answer.json()["characters"][0]["image_url"]
    assert link.startswith("http://127.0.0.1:9/recast/premade/ada/1.png?")
    assert "X-Amz-Expires=900" in link
    assert S3_SECRET not in answer.text
    assert alice.token not in answer.text


async def test_a_cast_keeps_its_order_and_replaces_the_one_before(
    alice: SignedIn, cast_script: str, pipeline: Pipeline, database_urls: DatabaseUrls
) -> None:
    premade = [str(one) for one in await pipeline.save_premade()]
    own = await own_character(database_urls, alice)
    chosen = [premade[5], premade[0], premade[9]]
    answer = await alice.post(
        f"/scripts/{cast_script}/characters", {"character_ids": chosen, "custom_character_ids": [own]}
    )
    assert answer.status_code == 200
    assert [one["id"] for one in answer.json()["cast"]] == [*chosen, own]
    script = (await alice.get(f"/scripts/{cast_script}")).json()
    assert [one["id"] for one in script["cast"]] == [*chosen, own]


@pytest.mark.parametrize("field", ["character_ids", "custom_character_ids"])
@pytest.mark.parametrize("whose", ["nobody's", "another's"])
async def test_a_character_one_cannot_see_cannot_be_cast(
    alice: SignedIn, mallory: SignedIn, cast_script: str, database_urls: DatabaseUrls, field: str, whose: str
) -> None:
    stranger = str(uuid4()) if whose == "nobody's" else await own_character(database_urls, mallory)
    before = (await alice.get(f"/scripts/{cast_script}")).json()["cast"]
    answer = await alice.post(f"/scripts/{cast_script}/characters", {field: [stranger]})
    assert (answer.status_code, answer.json()["code"]) == (422, "UNKNOWN_CHARACTER")
    after = (await alice.get(f"/scripts/{cast_script}")).json()["cast"]
    assert [one["id"] for one in after] == [one["id"] for one in before]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"character_ids": []},
        {"character_ids": [str(UUID(int=n)) for n in range(9)]},
        {
            "character_ids": [str(UUID(int=n)) for n in range(5)],
            "custom_character_ids": [str(UUID(int=n)) for n in range(9, 13)],
        },
        {"character_ids": [str(UUID(int=1))] * 2},
        {"character_ids": [str(UUID(int=1))], "custom_character_ids": [str(UUID(int=1))]},
    ],
    ids=["nothing", "nobody", "nine", "nine in two groups", "one twice", "one in both groups"],
)
async def test_a_cast_is_one_to_eight_different_characters(alice: SignedIn, cast_script: str, body: object) -> None:
    answer = await alice.post(f"/scripts/{cast_script}/characters", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST")


async def test_choices_made_at_the_same_moment_are_made_in_turn(
    alice: SignedIn, cast_script: str, pipeline: Pipeline
) -> None:
    premade = [str(one) for one in await pipeline.save_premade()]
    casts = [premade[n : n + 3] for n in range(8)]
    answers = await asyncio.gather(
        *(alice.post(f"/scripts/{cast_script}/characters", {"character_ids": cast}) for cast in casts)
    )
    assert {answer.status_code for answer in answers} == {200}
    assert [one["id"] for one in (await alice.get(f"/scripts/{cast_script}")).json()["cast"]] in casts


async def test_a_script_shows_its_lines_once_it_is_imported(alice: SignedIn, pipeline: Pipeline) -> None:
    imported = await alice.import_video()
    empty = (await alice.get(f"/scripts/{imported['script_id']}")).json()
    assert (empty["status"], empty["version"], empty["lines"], empty["title"]) == ("queued", 0, [], None)
    await pipeline.finish_import(imported["job_id"], imported["script_id"])
    script = (await alice.get(f"/scripts/{imported['script_id']}")).json()
    assert (script["status"], script["version"], script["title"]) == ("succeeded", 1, "Comets, explained")
    assert script["lines"][0] == {"id": 1, "text": "Did you see that?", "start": 0.0, "end": 2.0, "speaker": "Mira"}
    assert script["import_job"]["id"] == imported["job_id"]


async def test_the_proposed_cast_can_be_chosen_as_it_is(alice: SignedIn, pipeline: Pipeline) -> None:
    premade = [str(one) for one in await pipeline.save_premade()]
    imported = await alice.import_video()
    path = f"/scripts/{imported['script_id']}"
    assert (await alice.get(f"{path}/cast/proposal")).json()["code"] == "NOT_READY"
    await pipeline.finish_import(imported["job_id"], imported["script_id"])
    proposal = (await alice.get(f"{path}/cast/proposal")).json()
    # Jonas has more to say; Mira is played by her namesake.
    mira = str(next(one.character_id for one in PREMADE if one.name == "Mira"))
    assert [(part["speaker"], part["lines"], part["seconds"]) for part in proposal["parts"]] == [
        ("Jonas", 1, 2.5),
        ("Mira", 1, 2.0),
    ]
    assert proposal["speakers"]["Mira"] == mira
    assert proposal["speakers"]["Jonas"] in set(premade) - {mira}
    assert (await alice.get(path)).json()["cast"] == []
    chosen = {"character_ids": [one["id"] for one in proposal["cast"]], "speakers": proposal["speakers"]}
    assert (await alice.post(f"{path}/characters", chosen)).json()["speakers"] == proposal["speakers"]
    assert (await alice.get(path)).json()["speakers"] == proposal["speakers"]


async def test_a_likeness_of_ones_own_is_proposed_for_its_namesake_alone(
    alice: SignedIn, pipeline: Pipeline, database_urls: DatabaseUrls
) -> None:
    await pipeline.save_premade()
    own = await own_character(database_urls, alice)
    imported = await alice.import_video()
    await pipeline.finish_import(imported["job_id"], imported["script_id"])
    proposal = f"/scripts/{imported['script_id']}/cast/proposal"
    assert own not in (await alice.get(proposal)).json()["speakers"].values()
    async with await psycopg.AsyncConnection.connect(database_urls.admin) as connection:
        await connection.execute("update characters set name = 'Jonas', status = 'ready' where id = %s", (own,))
    assert (await alice.get(proposal)).json()["speakers"]["Jonas"] == own


async def test_a_chosen_speaker_is_filmed_with_the_chosen_character_and_stays_so(
    alice: SignedIn, cast_script: str, pipeline: Pipeline, database_urls: DatabaseUrls
) -> None:
    premade = await pipeline.save_premade()
    chosen = {"character_ids": [str(premade[0]), str(premade[1])], "speakers": {"Mira": str(premade[1])}}
    assert (await alice.post(f"/scripts/{cast_script}/characters", chosen)).status_code == 200
    async with Database(database_urls.worker).connect() as connection:
        cast = await scripts.list_cast(connection, UUID(cast_script))
    assert [(member.character_id, member.speakers) for member in (one.as_member() for one in cast)] == [
        (premade[0], ()),
        (premade[1], ("Mira",)),
    ]


@pytest.mark.parametrize(
    ("speakers", "why"),
    [
        ({"Nobody": 0}, "names no speaker 'Nobody'. Its speakers are: Jonas, Mira."),
        ({"Mira": 9}, "only be played by a character of the cast"),
    ],
)
async def test_a_part_that_is_not_there_or_not_cast_is_refused(
    alice: SignedIn, cast_script: str, pipeline: Pipeline, speakers: dict[str, int], why: str
) -> None:
    premade = [str(one) for one in await pipeline.save_premade()]
    body = {"character_ids": premade[:2], "speakers": {name: premade[place] for name, place in speakers.items()}}
    answer = await alice.post(f"/scripts/{cast_script}/characters", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST")
    assert why in answer.text


async def test_nobody_is_proposed_for_anothers_script(alice: SignedIn, mallory: SignedIn, cast_script: str) -> None:
    answer = await mallory.get(f"/scripts/{cast_script}/cast/proposal")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
