"""Stage `script`: clean lines with times and speakers; for a generation, the version that it froze."""

from typing import Any

import dagster as dg

from assets.bills import bill_metadata
from assets.partitions import OWNERS, jobs
from assets.stage_run import stage_run
from assets.transcript import transcript
from assets.versions import code_version, data_version
from domain import captions, normalise, restoring, sounds, turns
from domain.stages import JobType, Stage
from domain.trims import kept_lines
from resources.database.connection import Database
from resources.language.client import LanguageModel
from studio import restoring as restoring_sentences
from studio import transcribing
from studio.restoring import RestoringReport

EXCERPT_LINES = 12


@dg.asset(
    partitions_def=jobs,
    deps=[transcript],
    group_name="source",
    kinds={"postgres"},
    owners=OWNERS,
    code_version=code_version(captions, sounds, turns, normalise, restoring, transcribing, restoring_sentences),
    check_specs=[
        dg.AssetCheckSpec(
            "lines_in_order",
            asset=Stage.SCRIPT.value,
            blocking=True,
            description="Something is left to film, no line ends before it starts, and none is imported out of order.",
        )
    ],
)
async def script(
    context: dg.AssetExecutionContext,
    database: dg.ResourceParam[Database],
    language_model: dg.ResourceParam[LanguageModel | None],
) -> dg.MaterializeResult:
    """The script of the job. An import writes its first version; a generation freezes the version it films."""
    async with stage_run(context, database, Stage.SCRIPT) as work:
        written = await transcribing.write_script(work, language_model)
        if work.job.type is JobType.GENERATION:
            _inherit_transcript(context, str(work.job.parent_job_id))
    lines = kept_lines(written.script.lines, written.script.cuts)
    starts = [line.start for line in written.script.imported]
    is_sound = bool(lines) and all(line.start <= line.end for line in lines)
    return dg.MaterializeResult(
        data_version=data_version(written.script),
        check_results=[dg.AssetCheckResult(passed=is_sound and starts == sorted(starts))],
        metadata={
            "version": written.version,
            "language": written.script.language,
            "lines": len(lines),
            "cut_lines": len(written.script.lines) - len({line.id for line in lines}),
            "words": sum(len(line.text.split()) for line in lines),
            "speakers": sorted({line.speaker for line in lines if line.speaker}),
            "spoken_seconds": round(sum(line.end - line.start for line in lines), 1),
            "excerpt": dg.MetadataValue.md("\n".join(f"> {line.text}" for line in lines[:EXCERPT_LINES])),
            **_restoring(written.restoring),
        },
    )


def _restoring(report: RestoringReport | None) -> dict[str, Any]:
    """Who has restored the sentences, and what it cost; nothing where they came with the words."""
    if report is None:
        return {}
    if report.model is None:
        return {"sentences_restored_by": "nobody: no language model is configured"}
    return {
        "sentences_restored_by": report.model,
        "restoring_template": report.template,
        "restored_passages": report.restored,
        "restoring_reused": report.reused,
        "not_restored": "; ".join(f"{number}: {reason}" for number, reason in report.fell_back),
        **bill_metadata("restoring", report.bill),
    }


def _inherit_transcript(context: dg.AssetExecutionContext, import_job: str) -> None:
    """Show the transcript in the generation's own row: it was made by the import."""
    context.log_event(
        dg.AssetMaterialization(
            asset_key=transcript.key,
            partition=context.partition_key,
            description="Inherited from the import of this script.",
            metadata={"inherited_from": import_job},
        )
    )
