"""Stage `transcript`: what was said in the source."""

import dagster as dg

from assets.partitions import OWNERS, jobs
from assets.stage_run import stage_run
from assets.versions import code_version, data_version
from domain.links import watch_url
from domain.source import SourceKind
from domain.stages import Stage
from domain.transcript import Transcript
from domain.transcript_files import cues, encodings, json_text, plain_text, reading, speakers
from resources import youtube
from resources.database.connection import Database
from resources.settings import Settings
from resources.storage import Storage
from resources.youtube import YouTubeCaptions
from studio import transcribing
from studio.soundtrack import Listener


@dg.asset(
    partitions_def=jobs,
    group_name="source",
    kinds={"youtube", "s3", "postgres"},
    owners=OWNERS,
    code_version=code_version(youtube, transcribing, cues, encodings, json_text, plain_text, reading, speakers),
    check_specs=[
        dg.AssetCheckSpec(
            "has_snippets",
            asset=Stage.TRANSCRIPT.value,
            blocking=True,
            description="The captions hold at least one snippet.",
        )
    ],
)
async def transcript(
    context: dg.AssetExecutionContext,
    database: dg.ResourceParam[Database],
    captions: dg.ResourceParam[YouTubeCaptions],
    storage: dg.ResourceParam[Storage],
    settings: dg.ResourceParam[Settings],
    listener: dg.ResourceParam[Listener | None],
) -> dg.MaterializeResult:
    """The captions of the job's video or, where it has none, what is heard in it; or the file that its user has sent.
    As they came, with what is known of their source: title, author, licence, chapters."""
    async with stage_run(context, database, Stage.TRANSCRIPT) as work:
        found = await transcribing.transcribe(
            work, captions, storage, max_seconds=settings.max_video_seconds, listener=listener
        )
    return dg.MaterializeResult(
        data_version=data_version(found),
        check_results=[dg.AssetCheckResult(passed=bool(found.snippets), metadata={"snippets": len(found.snippets)})],
        metadata={
            "source": dg.MetadataValue.url(watch_url(found.video_id)) if found.video_id else found.kind.value,
            "kind": found.kind.value,
            "title": found.title,
            "channel": found.channel,
            "language": found.language,
            "licence": found.licence,
            "automatic": found.is_generated,
            "times_are_estimated": found.times_are_estimated,
            "snippets": len(found.snippets),
            "words": sum(len(snippet.text.split()) for snippet in found.snippets),
            "video_seconds": found.duration_seconds,
            "chapters": dg.MetadataValue.md(
                "\n".join(f"- {chapter.start:.0f} s: {chapter.title}" for chapter in found.chapters) or "none"
            ),
            **_words_from(found),
        },
    )


def _words_from(found: Transcript) -> dict[str, str | int | float]:
    """How the words were had and, where captions gave way, why. The kind and, of a video, the address stand beside."""
    if found.hearing is None:
        return {"words_from": "captions" if found.kind is SourceKind.YOUTUBE else "the user's transcript"}
    return {
        "words_from": f"heard by {found.hearing.provider}, {found.hearing.model}",
        "gave_way": "; ".join(found.gave_way),
        "cost_usd": float(found.hearing.cost_usd),
        "chunks": found.hearing.chunks,
        "heard_seconds": found.hearing.seconds,
        "transcription_key": found.hearing.key,
    }
