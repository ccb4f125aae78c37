"""Scripts and who plays in them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from api.dependencies import ServicesOf, Transaction, User
from api.links import portrait_signer
from api.openapi import problems
from api.services import Services
from api.views.characters import CastRequest, CastView, CharacterView, PartView, ProposalView, speakers_of
from api.views.scripts import ScriptView
from domain.errors import ErrorCode, RecastError
from resources.database import jobs, scripts
from resources.database.connection import Connection
from resources.database.records import ScriptRow
from studio.casting import propose
from studio.editing import choose_cast

router = APIRouter(prefix="/scripts", tags=["scripts"])

ScriptId = Annotated[UUID, Path(description="A script of yours.")]


@router.get("/{script_id}", responses=problems(ErrorCode.NOT_FOUND), summary="Read a script")
async def get_script(script_id: ScriptId, connection: Transaction, services: ServicesOf) -> ScriptView:
    """The lines of a script, its cast, and how its import is going."""
    row = await scripts.find_script(connection, script_id)
    if row is None:
        raise RecastError(ErrorCode.NOT_FOUND)
    return await script_view(row, connection, services)


async def script_view(row: ScriptRow, connection: Connection, services: Services) -> ScriptView:
    import_job = await jobs.find_import_of(connection, row.id)
    cast = await scripts.list_cast(connection, row.id)
    return ScriptView.of(row, import_job, cast, portrait_signer(services))


@router.post(
    "/{script_id}/characters",
    responses=problems(ErrorCode.NOT_FOUND, ErrorCode.UNKNOWN_CHARACTER, ErrorCode.CHARACTER_NOT_READY),
    summary="Choose the cast",
)
async def set_script_cast(
    script_id: ScriptId, body: CastRequest, user: User, connection: Transaction, services: ServicesOf
) -> CastView:
    """Replace the cast of a script with 1 to 8 different characters, and say who plays whom. A film that is ordered
    already keeps its own."""
    cast = await choose_cast(connection, user.sub, script_id, body.all_ids, body.speakers)
    return CastView(
        script_id=script_id,
        cast=[CharacterView.of(one, portrait_signer(services)) for one in cast],
        speakers=speakers_of(cast),
    )


@router.get(
    "/{script_id}/cast/proposal",
    responses=problems(ErrorCode.NOT_FOUND, ErrorCode.NOT_READY),
    summary="Propose a cast",
)
async def propose_script_cast(script_id: ScriptId, connection: Transaction, services: ServicesOf) -> ProposalView:
    """A character for each speaker of the script: their namesakes, and pre-made ones for the others. Nothing is chosen
    by asking."""
    proposal = await propose(connection, script_id)
    return ProposalView(
        script_id=script_id,
        cast=[CharacterView.of(one, portrait_signer(services)) for one in proposal.cast],
        parts=[
            PartView(
                speaker=part.speaker,
                lines=part.lines,
                seconds=part.seconds,
                character_id=proposal.speakers[part.speaker],
            )
            for part in proposal.parts
            if part.speaker in proposal.speakers
        ],
        speakers=dict(proposal.speakers),
    )
