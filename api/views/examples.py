"""Values that the examples in the documentation share, so that they tell one story."""

from typing import Any

USER_SCRIPT = "2b1f8d1e-4f57-4c0e-9a2b-7f0d5a3c1e11"
PROJECT = "5c0a1c7e-6b0e-4f0c-8f57-0d6c1f2e3a22"
IMPORT_JOB = "9d3f7a10-1c7b-4d2e-8a4f-3b5c6d7e8f33"
FILM_JOB = "c4e8b6d2-2a9f-4b1d-9c3e-4d5e6f7a8b44"
ADA = "1f3b0c9e-7a55-5d0a-8f1e-0c6a5b9d2e55"
KOFI = "7e2d4b6a-9c11-5e3f-a7d8-1b2c3d4e5f66"
ZED = "3a9c5e7b-2d44-4f1a-8b6c-9e0f1a2b3c88"
UPLOAD = "8b0e4c1d-6f2a-4d7b-9c3e-5a6b7c8d9ebb"
RUN = "e1f2a3b4-5c6d-4e7f-8a9b-0c1d2e3f4a77"
MORNING = "2026-11-02T09:00:00Z"
LATER = "2026-11-02T09:01:30Z"


def example(value: dict[str, Any]) -> dict[str, Any]:
    """For a model's ``json_schema_extra``."""
    return {"examples": [value]}


FAILURE: dict[str, Any] = {
    "code": "SCENE_TIMEOUT",
    "message": "A scene was not filmed within its time.",
    "remedy": "Try the scene again.",
    "retryable": True,
}
LINE: dict[str, Any] = {"id": 1, "text": "Did you see that?", "start": 0.4, "end": 1.9, "speaker": "Mira"}
SOURCE: dict[str, Any] = {
    "kind": "youtube",
    "title": "Comets, explained",
    "author": "Night Sky",
    "licence": "",
    "rights": "",
    "language": "en",
    "thumbnail_url": "https://i.ytimg.com/vi/demo0000001/hqdefault.jpg",
    "duration_seconds": 52.4,
    "times_are_estimated": False,
    "attribution": "Based on “Comets, explained” by Night Sky, https://www.youtube.com/watch?v=demo0000001.",
}
CHARACTER: dict[str, Any] = {
    "id": ADA,
    "name": "Ada",
    "description": "A patient engineer who explains anything with what lies on the table.",
    "style": "flat illustration, warm colours",
    "image_url": "https://recast.s3.us-east-1.amazonaws.com/premade/ada/3f2a.png?X-Amz-Expires=900&X-Amz-Signature=…",
    "voice": {"name": "en-gb+f3", "pitch": 48, "rate": 46},
    "is_premade": True,
    "status": "ready",
    "mode": "reference",
    "training_progress": 0,
}
VOICE: dict[str, Any] = {"name": "en-gb+m3", "pitch": 40, "rate": 45}
ZED_PORTRAIT = f"https://recast.s3.us-east-1.amazonaws.com/users/…/characters/{ZED}/9b1c….webp?X-Amz-Signature=…"
OWN_CHARACTER: dict[str, Any] = {
    "id": ZED,
    "name": "Zed",
    "description": "A clockmaker who is always late.",
    "style": "soft watercolour",
    "image_url": ZED_PORTRAIT,
    "voice": VOICE,
    "is_premade": False,
    "status": "training",
    "mode": "trained",
    "training_progress": 40,
    "pictures": [{"url": ZED_PORTRAIT, "width": 1536, "height": 2048}],
    "consent": {
        "statement": "Zed Novak, who is in these pictures, has agreed in writing on 1 November 2026.",
        "text_version": "2026-11",
        "recorded_at": MORNING,
    },
    "trained_at": None,
    "error": None,
    "created_at": MORNING,
    "updated_at": LATER,
}
DELETION: dict[str, Any] = {
    "id": "5d6e7f80-9a1b-4c2d-8e3f-4a5b6c7d8e99",
    "character_id": ZED,
    "pictures_deleted": True,
    "trained_model": True,
    "created_at": LATER,
}
FINISH: dict[str, Any] = {
    "transition": {"kind": "crossfade", "seconds": 0.5},
    "music": {"piece": "dawn", "upload_id": None, "volume_db": 0.0},
    "keeps_clip_sound": False,
    "fit": "cover",
    "captions": "karaoke",
    "order": [],
}
THUMBNAIL = "https://recast.s3.us-east-1.amazonaws.com/users/…/clips/9b1c….webp"
IMPORT: dict[str, Any] = {
    "id": IMPORT_JOB,
    "type": "import",
    "status": "succeeded",
    "progress": 100,
    "script_id": USER_SCRIPT,
    "project_id": PROJECT,
    "script_version": None,
    "parent_job_id": None,
    "options": {
        "aspect": "16:9",
        "style": "warm flat illustration",
        "provider": "local",
        "model": None,
        "seed": 0,
        "max_scenes": 0,
        "target_seconds": 0,
        "deliver_partial": False,
        "narration": "auto",
        "finish": FINISH,
    },
    "cost": {"reserved_usd": 0, "spent_usd": 0},
    "error": None,
    "created_at": MORNING,
    "updated_at": LATER,
    "started_at": MORNING,
    "finished_at": LATER,
    "cancel_requested_at": None,
}
FILM: dict[str, Any] = IMPORT | {
    "id": FILM_JOB,
    "type": "generation",
    "status": "running",
    "progress": 50,
    "script_version": 1,
    "parent_job_id": IMPORT_JOB,
    "finished_at": None,
}
SCENE: dict[str, Any] = {
    "index": 1,
    "status": "succeeded",
    "progress": 100,
    "title": "Where comets come from",
    "text": "Mira: Did you see that? Jonas: A comet, I think.",
    "line_ids": [1, 2],
    "seconds": 6.4,
    "error": None,
    "characters": [{"id": ADA, "name": "Ada"}, {"id": KOFI, "name": "Kofi"}],
    "prompt": "Medium two-shot of Ada and Kofi aboard a spacecraft.",
    "directed_by": "heuristics",
    "is_placeholder": False,
    "likeness": {"how": "references", "why": "The model sees pictures of Ada and Kofi."},
}
