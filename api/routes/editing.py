"""Editing scripts: their lines and scenes, their versions, and a look at what would be filmed."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.dependencies import IdempotencyKey, ServicesOf, Transaction, Transactions, User
from api.idempotency import identity_of
from api.openapi import problems
from api.routes.scripts import ScriptId, script_view
from api.views.editing import EditRequest, PlanView, RestoreRequest, VersionDetail, VersionsPage, VersionView
from api.views.scripts import ScriptView
from domain.errors import ErrorCode, RecastError
from resources.database import scripts
from resources.database.records import JobOptions
from studio.editing import edit_script, preview_scenes, read_version, restore_version

router = APIRouter(prefix="/scripts", tags=["scripts"])

VersionNumber = Annotated[int, Path(ge=1, le=2**31 - 1, description="A version of the script.")]


@router.patch(
    "/{script_id}",
    responses=problems(
        ErrorCode.NOT_FOUND,
        ErrorCode.NOT_READY,
        ErrorCode.STALE_VERSION,
        ErrorCode.EMPTY_SCRIPT,
        ErrorCode.IDEMPOTENCY_MISMATCH,
    ),
    summary="Edit a script",
)
async def edit_own_script(
    script_id: ScriptId,
    body: EditRequest,
    user: User,
    transactions: Transactions,
    services: ServicesOf,
    idempotency_key: IdempotencyKey = None,
) -> ScriptView:
    """Change texts and speakers, cut seconds out, move lines, split and merge scenes and lines. All edits are made, or
    none; an edit of a version that is not the present one does nothing and tells you the present one.

    Each edit that changes something makes a version; the one before is kept, as are the newest 200, the first, and
    those of films: a film that is ordered keeps its own. Only scenes whose content changed are filmed, and paid for,
    again.
    """
    identity = identity_of(idempotency_key, f"edit_script {script_id}", body)
    async with transactions() as connection:
        row = await edit_script(connection, script_id, body.version, body.edits, identity)
        view = await script_view(row, connection, services)
    await services.reporter.report(partial(services.database.as_user, user.sub, user.email), script_id)
    return view


@router.get("/{script_id}/versions", responses=problems(ErrorCode.NOT_FOUND), summary="List versions")
async def list_versions(
    script_id: ScriptId,
    connection: Transaction,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="`next_before` of the page before.")] = None,
) -> VersionsPage:
    """What was done to a script, newest first."""
    if await scripts.find_script(connection, script_id) is None:
        raise RecastError(ErrorCode.NOT_FOUND)
    rows = await scripts.list_versions(connection, script_id, limit=limit + 1, before=before)
    page = rows[:limit]
    return VersionsPage(
        script_id=script_id,
        versions=[VersionView.of(row) for row in page],
        next_before=page[-1].version if len(rows) > limit else None,
    )


@router.get("/{script_id}/versions/{number}", responses=problems(ErrorCode.NOT_FOUND), summary="Read a version")
async def get_version(script_id: ScriptId, number: VersionNumber, connection: Transaction) -> VersionDetail:
    """A script as it was."""
    return VersionDetail.of(script_id, number, await read_version(connection, script_id, number))


@router.post(
    "/{script_id}/versions/{number}/restore",
    responses=problems(
        ErrorCode.NOT_FOUND, ErrorCode.NOT_READY, ErrorCode.STALE_VERSION, ErrorCode.IDEMPOTENCY_MISMATCH
    ),
    summary="Bring a version back",
)
async def restore_own_version(
    script_id: ScriptId,
    number: VersionNumber,
    body: RestoreRequest,
    user: User,
    transactions: Transactions,
    services: ServicesOf,
    idempotency_key: IdempotencyKey = None,
) -> ScriptView:
    """Make an older version the next one. What came after it can be brought back likewise."""
    identity = identity_of(idempotency_key, f"restore_version {script_id} {number}", body)
    async with transactions() as connection:
        row = await restore_version(connection, script_id, body.version, number, identity)
        view = await script_view(row, connection, services)
    await services.reporter.report(partial(services.database.as_user, user.sub, user.email), script_id)
    return view


@router.get(
    "/{script_id}/scenes",
    responses=problems(ErrorCode.NOT_FOUND, ErrorCode.NOT_READY, ErrorCode.UNKNOWN_MODEL),
    summary="Preview the scenes",
)
async def list_planned_scenes(
    script_id: ScriptId,
    connection: Transaction,
    services: ServicesOf,
    provider: Annotated[str, Query(max_length=50, description="Who would film: models differ in lengths.")] = "local",
    model: Annotated[str | None, Query(max_length=200, description="The provider's first unless named.")] = None,
    target_seconds: Annotated[int, Query(ge=0, le=3600, description="Shortened to about so much; 0 for all.")] = 0,
) -> PlanView:
    """The scenes in which the script would be filmed as it is now. Nothing is ordered."""
    options = JobOptions(provider=provider, model=model, target_seconds=target_seconds)
    preview = await preview_scenes(
        connection, services.cameras, script_id, options, has_model=services.has_language_model
    )
    return PlanView.of(script_id, preview)
