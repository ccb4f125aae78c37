"""Everything that Dagster loads, composed from its parts; decisions live elsewhere."""

import logging
import os

import dagster as dg

from assets.cast import cast
from assets.clips import clips
from assets.final_mp4 import final_mp4
from assets.scenes import scenes
from assets.script import script
from assets.transcript import transcript
from orchestration.jobs import launched_jobs
from resources.database.connection import Database
from resources.language.client import language_model
from resources.logs import configure_logs
from resources.settings import Settings
from resources.storage import Storage
from resources.video.cameras import Cameras
from resources.youtube import YouTubeCaptions
from resources.youtube_proxy import youtube_proxy
from sensors.deletions import deletions
from sensors.edits import edits
from sensors.failures import failures
from sensors.launch import launch_sensor
from sensors.ledger import invariants, settle
from sensors.reconcile import reconcile
from studio.filming import Limits
from studio.purchasing import Patience
from studio.settling import Settler
from studio.soundtrack import listener

settings = Settings()
configure_logs(settings.log_format)
# Dagster prints its own lines; the root would print them again.
logging.getLogger("dagster").propagate = False

database = Database(settings.database_url.get_secret_value())
storage = Storage(settings)
cameras = Cameras(settings)
limits = Limits(
    settings.films_at_once or os.cpu_count() or 1,
    settings.scene_timeout_seconds,
    settings.unknown_absent_seconds,
    settings.unknown_sign_seconds,
)
training_patience = Patience(
    settings.training_timeout_seconds, settings.unknown_absent_seconds, settings.unknown_sign_seconds
)

defs = dg.Definitions(
    assets=[transcript, script, scenes, cast, clips, final_mp4],
    jobs=launched_jobs,
    sensors=[launch_sensor(launched_jobs), failures, reconcile, settle, invariants, deletions, edits],
    # Materialize in the UI ignores a job's own executor; the only long wait, filming, is concurrent inside `clips`.
    executor=dg.in_process_executor,
    resources={
        "settings": settings,
        "database": database,
        "storage": storage,
        "captions": YouTubeCaptions(
            settings.youtube_base_url,
            youtube_proxy(settings),
            settings.youtube_timeout_seconds,
            settings.youtube_languages,
        ),
        "cameras": cameras,
        "limits": limits,
        "training_patience": training_patience,
        "settler": Settler(database, storage, cameras, limits.patience),
        "language_model": language_model(settings),
        "listener": listener(settings, database, storage),
    },
)
