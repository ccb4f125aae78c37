"""Carries out deletions: the pictures of deleted characters in all their versions, and the models trained on them. Also
gives up characters and files whose upload nobody has finished, and the sound of jobs that nobody tries again."""

import asyncio

import dagster as dg

from domain.errors import RecastError
from resources.database.connection import Database
from resources.storage import Storage
from resources.video.cameras import Cameras
from studio.training import ModelsOfTrainers

EVERY_SECONDS = 30


@dg.sensor(
    name="deletions",
    minimum_interval_seconds=EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Deletes the pictures and the trained models of characters that are deleted, until they are gone.",
)
def deletions(
    context: dg.SensorEvaluationContext,
    database: dg.ResourceParam[Database],
    storage: dg.ResourceParam[Storage],
    cameras: dg.ResourceParam[Cameras],
) -> dg.SkipReason:
    """What goes wrong with one deletion puts it off, by itself, ever longer; it is never given up."""
    # With Pillow behind it: every run would pay for the import before its first stage.
    from studio import soundtrack, uploading
    from studio.characters import carry_out_deletions, sweep_abandoned_uploads

    async def carry_out() -> tuple[int, int]:
        swept = await sweep_abandoned_uploads(database)
        swept += await uploading.sweep_abandoned_uploads(database, storage)
        swept += await soundtrack.sweep_sounds(database, storage)
        return swept, await carry_out_deletions(database, storage, ModelsOfTrainers(cameras))

    try:
        swept, finished = asyncio.run(carry_out())
    except RecastError as error:
        return dg.SkipReason(f"{error.code}: {error.cause}")
    if swept or finished:
        return dg.SkipReason(f"{finished} deletions are finished; {swept} abandoned uploads and sounds were given up.")
    return dg.SkipReason("Nothing that is due is to be deleted.")
