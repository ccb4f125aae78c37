"""No tenant sees, changes or hangs a row under another's; the database alone sees to it."""

import json
from uuid import uuid4

import psycopg
import pytest
from psycopg import AsyncConnection, sql

from resources.database.connection import Connection, UserDatabase
from tests.conftest import DatabaseUrls
from tests.integration.database.conftest import Tenant

OWNED_TABLES = (
    "projects",
    "uploads",
    "scripts",
    "script_versions",
    "characters",
    "character_pictures",
    "deletions",
    "script_characters",
    "assets",
    "jobs",
    "job_characters",
    "job_scenes",
    "job_events",
    "provider_attempts",
    "scene_takes",
    "budgets",
    "chosen_lines",
    "script_requests",
)
HIDDEN_TABLES = (
    "oauth_tokens",
    "oauth_states",
    "webhook_deliveries",
    "rate_limits",
    "providers",
    "ledger",
    "restored_passages",
)
PREMADE = uuid4()
KEY = "a" * 64
CONSENT = '{"statement": "me", "text_version": "2026-11", "recorded_at": "2026-11-02T09:00:00Z"}'


@pytest.fixture
async def furnished(worker: Connection, ann: Tenant, ben: Tenant) -> None:
    """One row of every table for both tenants, and a pre-made character."""
    await worker.execute(
        "insert into characters (id, name, is_premade) values (%s, 'Ada', true) on conflict do nothing", (PREMADE,)
    )
    for tenant in (ann, ben):
        user, job, upload = tenant.user_id, tenant.job_id, uuid4()
        character = (
            await (
                await worker.execute("insert into characters (user_id, name) values (%s, 'Mine') returning id", (user,))
            ).fetchone()
        )[0]
        scene = (
            await (
                await worker.execute(
                    "insert into job_scenes (job_id, user_id, scene_index, scene)"
                    " values (%s, %s, 1, '{}') returning id",
                    (job, user),
                )
            ).fetchone()
        )[0]
        for statement, values in (
            ("insert into script_versions values (%s, %s, 1, '{}')", (tenant.script_id, user)),
            (
                "insert into character_pictures (character_id, user_id, position, s3_key, sha256, width, height,"
                " size_bytes) values (%s, %s, 0, %s, %s, 1, 1, 1)",
                (character, user, f"users/{user}/characters/{character}/{KEY}.webp", KEY),
            ),
            (
                "insert into uploads (id, user_id, kind, filename, content_type, size_bytes, s3_key)"
                " values (%s, %s, 'recording', 'a', 'audio/wav', 1, %s)",
                (upload, user, f"users/{user}/uploads/{upload}/source"),
            ),
            ("insert into deletions (user_id, character_id) values (%s, %s)", (user, uuid4())),
            ("insert into script_characters values (%s, %s, %s, 0)", (tenant.script_id, user, character)),
            ("insert into assets (user_id, type, s3_key) values (%s, 'video', 'k')", (user,)),
            ("insert into job_characters values (%s, %s, 0, %s, '{}')", (job, user, character)),
            ("insert into job_events (job_id, user_id, kind) values (%s, %s, 'k')", (job, user)),
            (
                "insert into provider_attempts (user_id, job_id, scene_id, purchase_key, provider, model)"
                " values (%s, %s, %s, %s, 'p', 'm')",
                (user, job, scene, KEY),
            ),
            (
                "insert into scene_takes (scene_id, user_id, number, clip_key, s3_key, prompt)"
                " values (%s, %s, 1, %s, 'x', '{}')",
                (scene, user, KEY),
            ),
            ("insert into budgets (user_id, limit_usd) values (%s, 5)", (user,)),
            ("insert into chosen_lines values (%s, %s, 1, 60, '{1}', 'm')", (tenant.script_id, user)),
            ("insert into script_requests values (%s, %s, 'key', 'hash', 1)", (tenant.script_id, user)),
            ("insert into restored_passages values (%s, %s, %s, 'm', 'x')", (tenant.script_id, user, KEY)),
            (
                "insert into oauth_tokens (user_id, provider, scope, access_token, expires_at)"
                " values (%s, 'google', 's', 'x', now())",
                (user,),
            ),
            (
                "insert into oauth_states (state_hash, user_id, provider, code_verifier, expires_at)"
                " values (%s, %s, 'google', 'x', now())",
                (user.bytes, user),
            ),
            ("insert into rate_limits values (%s, 'jobs', now())", (user,)),
            ("insert into webhook_deliveries (webhook_id, provider) values (%s, 'p')", (str(user),)),
        ):
            await worker.execute(statement, values)


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize("table", OWNED_TABLES)
async def test_a_user_sees_only_their_own_rows(users: UserDatabase, ann: Tenant, ben: Tenant, table: str) -> None:
    async with users.as_user(ann.user_id) as connection:
        cursor = await connection.execute(sql.SQL("select distinct user_id from {}").format(sql.Identifier(table)))
        seen = {row[0] for row in await cursor.fetchall()}
    assert ann.user_id in seen
    assert ben.user_id not in seen


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize("table", HIDDEN_TABLES)
async def test_secrets_are_readable_by_no_user(users: UserDatabase, ann: Tenant, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with users.as_user(ann.user_id) as connection:
            await connection.execute(sql.SQL("select * from {}").format(sql.Identifier(table)))


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("uploads", "state = 'discarded'"),
        ("projects", "title = 'stolen'"),
        ("scripts", "language = 'xx'"),
        ("characters", "name = 'stolen'"),
        ("script_characters", "position = 7"),
        ("jobs", "cancel_requested_at = now()"),
    ],
)
async def test_a_user_changes_and_deletes_nothing_of_another(
    users: UserDatabase, ann: Tenant, ben: Tenant, table: str, change: str
) -> None:
    async with users.as_user(ann.user_id) as connection:
        changed = await connection.execute(
            sql.SQL("update {} set " + change + " where user_id = %s").format(sql.Identifier(table)), (ben.user_id,)
        )
        assert changed.rowcount == 0
        own = await connection.execute(
            sql.SQL("update {} set " + change + " where user_id = %s").format(sql.Identifier(table)), (ann.user_id,)
        )
        assert own.rowcount == 1
        if table != "jobs":
            deleted = await connection.execute(
                sql.SQL("delete from {} where user_id = %s").format(sql.Identifier(table)), (ben.user_id,)
            )
            assert deleted.rowcount == 0


@pytest.mark.parametrize(
    "statement",
    [
        "update jobs set status = 'succeeded' where id = %(job)s",
        "update jobs set result_s3_key = 'x' where id = %(job)s",
        "insert into job_scenes (job_id, user_id, scene_index, scene) values (%(job)s, %(user)s, 9, '{}')",
        "insert into assets (user_id, type, s3_key) values (%(user)s, 'video', 'x')",
        "insert into budgets (user_id, limit_usd) values (%(user)s, 1000)",
        "insert into job_events (job_id, user_id, kind) values (%(job)s, %(user)s, 'x')",
        "insert into characters (user_id, name, is_premade) values (null, 'x', true)",
        "insert into characters (user_id, name, consent) values (%(user)s, 'x', %(consent)s)",
        "insert into characters (user_id, name, status) values (%(user)s, 'x', 'uploading')",
        "insert into characters (user_id, name, status, consent, image_url)"
        " values (%(user)s, 'x', 'uploading', %(consent)s, 'users/x')",
        "update characters set status = 'ready'",
        "update characters set consent = %(consent)s",
        "update characters set image_url = 'users/x'",
        "update characters set trainer = 't'",
        "update characters set training_progress = 100",
        "update characters set model_ref = 'someone/else'",
        "update characters set model_version = 'v1'",
        "update characters set error_message = 'x'",
        "update character_pictures set s3_key = 'x'",
        "delete from character_pictures",
        "insert into deletions (user_id, character_id, model_ref) values (%(user)s, %(job)s, 'someone/else')",
        "insert into uploads (user_id, kind, filename, content_type, size_bytes, s3_key, state)"
        " values (%(user)s, 'recording', 'a', 'b', 1, 'c', 'complete')",
        "update uploads set s3_key = 'users/x'",
        "update scripts set source = '{}'",
        "update scripts set normalized_script = '{}'",
        "update scripts set version = 7",
        "insert into script_versions (script_id, user_id, version, normalized_script)"
        " values (%(script)s, %(user)s, 7, '{}')",
        "update script_versions set normalized_script = '{}'",
        "delete from script_versions",
        "update scripts set upload_id = null",
        "update script_requests set version = 7",
        "delete from script_requests",
        "insert into chosen_lines values (%(script)s, %(user)s, 1, 60, '{1}', 'm')",
        "update chosen_lines set line_ids = '{1}'",
        "delete from chosen_lines",
        "update deletions set finished_at = now()",
        "delete from deletions",
        "delete from jobs where id = %(job)s",
    ],
)
async def test_what_only_the_pipeline_decides_no_user_writes(users: UserDatabase, ann: Tenant, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with users.as_user(ann.user_id) as connection:
            await connection.execute(
                statement, {"job": ann.job_id, "user": ann.user_id, "script": ann.script_id, "consent": CONSENT}
            )


@pytest.mark.parametrize(
    ("table", "columns", "values"),
    [
        ("scripts", "project_id, youtube_url, video_id", "%(project)s, 'u', 'v'"),
        ("jobs", "project_id, script_id, type", "%(project)s, %(script)s, 'import'"),
        ("script_versions", "script_id, version, normalized_script", "%(script)s, 5, '{}'"),
        ("script_characters", "script_id, character_id, position", "%(script)s, %(premade)s, 5"),
    ],
)
@pytest.mark.usefixtures("furnished")
async def test_no_child_hangs_under_anothers_row(
    users: UserDatabase, ann: Tenant, ben: Tenant, table: str, columns: str, values: str
) -> None:
    statement = f"insert into {table} (user_id, {columns}) values (%(user)s, {values})"
    target = {"project": ben.project_id, "script": ben.script_id, "premade": PREMADE}
    for user in (ann.user_id, ben.user_id):  # as oneself under another's row, and in the other's name
        with pytest.raises((psycopg.errors.ForeignKeyViolation, psycopg.errors.InsufficientPrivilege)):
            async with users.as_user(ann.user_id) as connection:
                await connection.execute(statement, {"user": user, **target})


async def test_not_even_the_pipeline_hangs_a_scene_under_anothers_job(
    worker: Connection, ann: Tenant, ben: Tenant
) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        await worker.execute(
            "insert into job_scenes (job_id, user_id, scene_index, scene) values (%s, %s, 1, '{}')",
            (ben.job_id, ann.user_id),
        )


@pytest.mark.usefixtures("furnished")
async def test_nobody_casts_anothers_character(
    users: UserDatabase, worker: Connection, ann: Tenant, ben: Tenant
) -> None:
    cursor = await worker.execute("select id from characters where user_id = %s", (ben.user_id,))
    bens = (await cursor.fetchone())[0]
    for connect in (users.as_user(ann.user_id), _Same(worker)):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            async with connect as connection:
                await connection.execute(
                    "insert into script_characters values (%s, %s, %s, 6)", (ann.script_id, ann.user_id, bens)
                )


@pytest.mark.usefixtures("furnished")
async def test_premade_characters_are_readable_by_all(users: UserDatabase) -> None:
    for connect in (users.as_user(uuid4()), users.as_anyone()):
        async with connect as connection:
            cursor = await connection.execute("select id from characters")
            assert [row[0] for row in await cursor.fetchall()] == [PREMADE]


@pytest.mark.parametrize("table", [*OWNED_TABLES, *HIDDEN_TABLES, "users"])
async def test_a_query_without_a_context_gets_nothing(database_urls: DatabaseUrls, ann: Tenant, table: str) -> None:
    """Neither the bare login, nor the role without claims, nor with those that a former transaction left behind."""
    async with await AsyncConnection.connect(database_urls.api, autocommit=True) as connection:
        query = sql.SQL("select 1 from {}").format(sql.Identifier(table))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(query)
        claims = json.dumps({"sub": str(ann.user_id)})
        async with connection.transaction():
            await connection.execute(
                "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s, true)",
                (claims,),
            )
        async with connection.transaction():
            await connection.execute("select set_config('role', 'authenticated', true)")
            if table not in HIDDEN_TABLES:
                assert (await connection.execute(query)).rowcount == 0


async def test_the_gateway_cannot_become_the_pipeline(database_urls: DatabaseUrls) -> None:
    async with await AsyncConnection.connect(database_urls.api, autocommit=True) as connection:
        for role in ("service_role", "recast_worker", "postgres"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))


async def test_operators_notes_are_hidden_from_users(users: UserDatabase, worker: Connection, ann: Tenant) -> None:
    for audience in ("user", "operator"):
        await worker.execute(
            "insert into job_events (job_id, user_id, kind, audience) values (%s, %s, 'k', %s)",
            (ann.job_id, ann.user_id, audience),
        )
    async with users.as_user(ann.user_id) as connection:
        cursor = await connection.execute("select audience from job_events")
        assert [row[0] for row in await cursor.fetchall()] == ["user"]


class _Same:
    """A connection that is open already, where one is to be opened."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def __aenter__(self) -> Connection:
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        return None


@pytest.mark.usefixtures("furnished")
async def test_no_script_is_made_of_anothers_upload(
    users: UserDatabase, worker: Connection, ann: Tenant, ben: Tenant
) -> None:
    cursor = await worker.execute("select user_id, id from uploads")
    uploads = dict(await cursor.fetchall())
    statement = (
        'insert into scripts (user_id, project_id, upload_id, source) values (%s, %s, %s, \'{"kind": "upload"}\')'
    )
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        async with users.as_user(ann.user_id) as connection:
            await connection.execute(statement, (ann.user_id, ann.project_id, uploads[ben.user_id]))
    async with users.as_user(ann.user_id) as connection:
        await connection.execute(statement, (ann.user_id, ann.project_id, uploads[ann.user_id]))


@pytest.mark.usefixtures("furnished")
async def test_an_upload_that_is_complete_is_never_under_way_again(users: UserDatabase, ann: Tenant) -> None:
    """What was looked at is what is listened to, until it is discarded, which it stays."""
    async with users.as_user(ann.user_id) as connection:
        await connection.execute("update uploads set state = 'complete', completed_at = now()")
    with pytest.raises(psycopg.errors.CheckViolation):
        async with users.as_user(ann.user_id) as connection:
            await connection.execute("update uploads set state = 'pending', completed_at = null")
    async with users.as_user(ann.user_id) as connection:
        assert (await connection.execute("delete from uploads")).rowcount == 0
        await connection.execute("update uploads set state = 'discarded', completed_at = null")
    for change in ("state = 'pending'", "state = 'complete', completed_at = now()"):
        with pytest.raises(psycopg.errors.CheckViolation):
            async with users.as_user(ann.user_id) as connection:
                await connection.execute(sql.SQL("update uploads set " + change))


async def test_a_user_who_goes_takes_scripts_and_uploads_along(
    users: UserDatabase, database_urls: DatabaseUrls, ann: Tenant
) -> None:
    upload = uuid4()
    async with users.as_user(ann.user_id) as connection:
        await connection.execute(
            "insert into uploads (id, user_id, kind, filename, content_type, size_bytes, s3_key)"
            " values (%s, %s, 'recording', 'a', 'audio/wav', 1, %s)",
            (upload, ann.user_id, f"users/{ann.user_id}/uploads/{upload}/source"),
        )
        await connection.execute(
            'insert into scripts (user_id, project_id, upload_id, source) values (%s, %s, %s, \'{"kind": "upload"}\')',
            (ann.user_id, ann.project_id, upload),
        )
    async with await AsyncConnection.connect(database_urls.admin, autocommit=True) as connection:
        await connection.execute("delete from users where id = %s", (ann.user_id,))
        cursor = await connection.execute("select (select count(*) from uploads) + (select count(*) from scripts)")
        assert await cursor.fetchone() == (0,)
