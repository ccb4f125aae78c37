"""The job_scenes table: the truth about which scene of a job is filmed."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from domain.errors import ErrorCode
from domain.scenes import Scene
from domain.shots import ShotPrompt
from domain.speech import PlacedLine
from resources.database.connection import Connection
from resources.database.records import JobScene, SceneTake


async def plan_scenes(connection: Connection, job_id: UUID, user_id: UUID, scenes: Sequence[Scene]) -> None:
    """Lay down the scenes of a job at once. The same plan again changes nothing; a changed scene is queued. What its
    lines are called is no part of a scene: it would be directed and filmed again for that."""
    async with connection.transaction():
        for scene in scenes:
            await connection.execute(
                """
                insert into job_scenes (job_id, user_id, scene_index, scene, line_ids) values (%s, %s, %s, %s, %s)
                on conflict (job_id, scene_index) do update
                  set scene = excluded.scene, line_ids = excluded.line_ids, prompt = null, speech = null,
                      film_seconds = null, status = 'queued', progress = 0, clip_key = null, s3_key = null,
                      error_code = null, error_message = null
                  where job_scenes.scene is distinct from excluded.scene
                """,
                (
                    job_id,
                    user_id,
                    scene.index,
                    Jsonb(scene.model_dump(mode="json", exclude={"lines": {"__all__": {"id"}}})),
                    list(scene.line_ids),
                ),
            )
        await connection.execute("delete from job_scenes where job_id = %s and scene_index > %s", (job_id, len(scenes)))


async def list_scenes(connection: Connection, job_id: UUID) -> Sequence[JobScene]:
    """The scenes of a job in order, each with the likeness of its clip."""
    cursor = connection.cursor(row_factory=class_row(JobScene))
    await cursor.execute(
        """
        select job_scenes.*, assets.metadata -> 'likeness' as likeness
        from job_scenes left join assets using (user_id, clip_key) where job_id = %s order by scene_index
        """,
        (job_id,),
    )
    return await cursor.fetchall()


async def find_scene(connection: Connection, job_id: UUID, index: int) -> JobScene | None:
    cursor = connection.cursor(row_factory=class_row(JobScene))
    await cursor.execute("select * from job_scenes where job_id = %s and scene_index = %s", (job_id, index))
    return await cursor.fetchone()


async def list_scenes_directed_before(
    connection: Connection, job_id: UUID, user_id: UUID, script_id: UUID, brief: str
) -> Sequence[JobScene]:
    """Scenes of the user's other films of a script that were directed under the same brief, each once, whatever its
    place: the newest, but one that is filmed, and so paid for, before one that is not. Scenes that fell back to the
    rules are among them only if they are filmed."""
    cursor = connection.cursor(row_factory=class_row(JobScene))
    await cursor.execute(
        """
        select distinct on (job_scenes.scene - 'index') job_scenes.*
        from job_scenes join jobs on jobs.id = job_scenes.job_id
        where job_scenes.user_id = %(user_id)s and jobs.script_id = %(script_id)s and jobs.id <> %(job_id)s
          and job_scenes.prompt ->> 'brief' = %(brief)s
          and (job_scenes.prompt ->> 'fell_back' is null or job_scenes.clip_key is not null)
        order by job_scenes.scene - 'index', job_scenes.clip_key is null, jobs.created_at desc
        """,
        {"job_id": job_id, "user_id": user_id, "script_id": script_id, "brief": brief},
    )
    return await cursor.fetchall()


async def save_prompt(connection: Connection, scene_id: UUID, prompt: ShotPrompt) -> None:
    await connection.execute(
        "update job_scenes set prompt = %s where id = %s", (Jsonb(prompt.model_dump(mode="json")), scene_id)
    )


async def save_speech(connection: Connection, scene_id: UUID, lines: Sequence[PlacedLine], film_seconds: float) -> None:
    """What is said in the scene, and when, and how long the scene is to be for it."""
    await connection.execute(
        "update job_scenes set speech = %s, film_seconds = %s where id = %s",
        (Jsonb([line.model_dump(mode="json") for line in lines]), film_seconds, scene_id),
    )


async def queue_new_take(connection: Connection, scene_id: UUID, prompt: ShotPrompt) -> None:
    """Ask for another take: the scene waits again and its old clip stays among the user's assets."""
    await connection.execute(
        """
        update job_scenes set prompt = %s, status = 'queued', progress = 0, error_code = null, error_message = null,
          is_placeholder = false
        where id = %s
        """,
        (Jsonb(prompt.model_dump(mode="json")), scene_id),
    )


async def start_scene(connection: Connection, scene_id: UUID) -> None:
    await connection.execute(
        """
        update job_scenes set status = 'running', progress = 0, error_code = null, error_message = null,
          started_at = clock_timestamp(), finished_at = null
        where id = %s
        """,
        (scene_id,),
    )


async def raise_scene_progress(connection: Connection, scene_id: UUID, progress: int) -> None:
    await connection.execute(
        "update job_scenes set progress = %s where id = %s and status = 'running' and progress < %s",
        (progress, scene_id, progress),
    )


async def succeed_scene(connection: Connection, scene_id: UUID, *, clip_key: str, s3_key: str) -> None:
    await connection.execute(
        """
        update job_scenes set status = 'succeeded', progress = 100, clip_key = %s, s3_key = %s, error_code = null,
          error_message = null, finished_at = clock_timestamp()
        where id = %s
        """,
        (clip_key, s3_key, scene_id),
    )


async def save_take(connection: Connection, scene_id: UUID) -> None:
    """Keep the scene's present clip among its takes; the same clip is one take."""
    await connection.execute(
        """
        insert into scene_takes (scene_id, user_id, number, clip_key, s3_key, prompt)
        select id, user_id, (select coalesce(max(number), 0) + 1 from scene_takes where scene_id = job_scenes.id),
          clip_key, s3_key, prompt
        from job_scenes where id = %s and clip_key is not null and s3_key is not null and prompt is not null
        on conflict (scene_id, clip_key) do nothing
        """,
        (scene_id,),
    )


async def list_takes(connection: Connection, job_id: UUID) -> Sequence[SceneTake]:
    cursor = connection.cursor(row_factory=class_row(SceneTake))
    await cursor.execute(
        """
        select scene_takes.* from scene_takes join job_scenes on job_scenes.id = scene_id
        where job_id = %s order by scene_index, number
        """,
        (job_id,),
    )
    return await cursor.fetchall()


async def fail_scene(connection: Connection, scene_id: UUID, code: ErrorCode, message: str) -> None:
    await connection.execute(
        """
        update job_scenes set status = 'failed', error_code = %s, error_message = %s, finished_at = clock_timestamp()
        where id = %s and status in ('queued', 'running')
        """,
        (code, message, scene_id),
    )


async def cancel_scenes(connection: Connection, job_id: UUID) -> None:
    await connection.execute(
        "update job_scenes set status = 'canceled' where job_id = %s and status in ('queued', 'running')", (job_id,)
    )


async def requeue_scene(connection: Connection, scene_id: UUID) -> None:
    await connection.execute(
        """
        update job_scenes set status = 'queued', progress = 0, error_code = null, error_message = null where id = %s
        """,
        (scene_id,),
    )


async def choose_model(connection: Connection, scene_id: UUID, provider: str, model: str) -> None:
    """Have the scene filmed by another model than its job's."""
    await connection.execute(
        "update job_scenes set provider = %s, model = %s where id = %s", (provider, model, scene_id)
    )


async def mark_placeholder(connection: Connection, scene_id: UUID) -> None:
    """What the scene shows is not what was asked for."""
    await connection.execute("update job_scenes set is_placeholder = true where id = %s", (scene_id,))


async def requeue_scenes(connection: Connection, job_id: UUID) -> None:
    """Scenes that a dead worker left in the middle, failed ones and canceled ones wait again."""
    await connection.execute(
        """
        update job_scenes set status = 'queued', progress = 0, error_code = null, error_message = null
        where job_id = %s and status in ('running', 'failed', 'canceled')
        """,
        (job_id,),
    )
