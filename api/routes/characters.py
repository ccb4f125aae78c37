"""Characters that can be cast, and a user's own."""

from collections.abc import AsyncIterator
from typing import IO, Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response

from api.dependencies import IdempotencyKey, ServicesOf, Transaction, Transactions, User
from api.forms import PICTURES, form_body, read_form
from api.idempotency import identity_of_form
from api.links import portrait_signer
from api.openapi import problems
from api.views.characters import (
    CharacterChange,
    CharacterDetail,
    CharacterForm,
    CharacterList,
    CharacterView,
    DeletionView,
    SampleRequest,
)
from domain.errors import ErrorCode, RecastError
from resources.database import characters
from studio.characters import add_character, change_character, remove_character
from studio.sampling import sample

router = APIRouter(prefix="/characters", tags=["characters"])

FLAC = "audio/flac"

CharacterId = Annotated[UUID, Path(description="A character of yours, or a pre-made one.")]
OwnCharacterId = Annotated[UUID, Path(description="A character of yours.")]


async def sent_character(request: Request, _user: User) -> AsyncIterator[tuple[CharacterForm, list[IO[bytes]]]]:
    """Asks who is there before it reads the form."""
    async with read_form(request, CharacterForm, PICTURES) as (form, sent):
        yield form, [one.file for one in sent]


SentCharacter = Annotated[tuple[CharacterForm, list[IO[bytes]]], Depends(sent_character, scope="function")]


@router.get("", responses=problems(), summary="List characters")
async def list_characters(connection: Transaction, services: ServicesOf) -> CharacterList:
    """The pre-made characters by name, then your own."""
    sign = portrait_signer(services)
    return CharacterList(
        characters=[CharacterView.of(row, sign) for row in await characters.list_characters(connection)]
    )


@router.post(
    "",
    status_code=201,
    responses=problems(
        ErrorCode.PICTURE_REJECTED,
        ErrorCode.TOO_LARGE,
        ErrorCode.IDEMPOTENCY_MISMATCH,
        ErrorCode.CONFLICT,
        ErrorCode.STORAGE_UNAVAILABLE,
    ),
    openapi_extra=form_body(CharacterForm, PICTURES),
    summary="Make a character of your own",
)
async def create_character(
    sent: SentCharacter,
    user: User,
    services: ServicesOf,
    transactions: Transactions,
    idempotency_key: IdempotencyKey = None,
) -> CharacterDetail:
    """Send 1 to 20 pictures of one person or figure, the portrait first: PNG, JPEG or WebP of one frame, each at most
    10 MB and 25 megapixels, each side at least 300 pixels and at most 2.5 times the other, 60 MB in all.

    Only pixels are kept: metadata is dropped, pictures are turned upright and made no larger than 2048 pixels. One
    picture that cannot be used refuses the whole request, and nothing of it is stored. A `trained` character is trained
    by the first film that casts it.
    """
    form, files = sent
    identity = await identity_of_form(idempotency_key, "create_character", form, files)
    character = await add_character(transactions, services.storage, user.sub, form.as_new_character(), files, identity)
    return CharacterDetail.of(character, portrait_signer(services))


@router.get("/{character_id}", responses=problems(ErrorCode.NOT_FOUND), summary="Read a character")
async def get_character(character_id: CharacterId, connection: Transaction, services: ServicesOf) -> CharacterDetail:
    """A character with links to its pictures, how its training is going, and the consent to use it."""
    if character := await characters.find_character(connection, character_id):
        return CharacterDetail.of(character, portrait_signer(services))
    raise RecastError(ErrorCode.NOT_FOUND)


@router.patch("/{character_id}", responses=problems(ErrorCode.NOT_FOUND), summary="Change a character of your own")
async def change_own_character(
    character_id: OwnCharacterId, body: CharacterChange, user: User, connection: Transaction, services: ServicesOf
) -> CharacterDetail:
    """Change name, description, style or voice. Pictures and consent belong together and stay: for others, make another
    character. A film that is ordered already keeps the character as it was. In films of another voice the character's
    lines are spoken anew, and no scene is filmed again for it."""
    character = await change_character(
        connection,
        user.sub,
        character_id,
        name=body.name,
        description=body.description,
        style=body.style,
        voice=body.voice.as_voice() if body.voice else None,
    )
    return CharacterDetail.of(character, portrait_signer(services))


@router.post(
    "/{character_id}/sample",
    responses={
        **problems(
            ErrorCode.NOT_FOUND,
            ErrorCode.PROVIDER_NOT_CONFIGURED,
            ErrorCode.PROVIDER_INPUT_INVALID,
            ErrorCode.AI_PROVIDER_FAILURE,
        ),
        200: {"content": {FLAC: {}}, "description": "A file in FLAC: 48 kHz, mono."},
    },
    response_class=Response,
    summary="Hear a character",
)
async def hear_character(
    character_id: CharacterId, body: SampleRequest, services: ServicesOf, transactions: Transactions
) -> Response:
    """A line as the character would say it in a film, or would in another voice, to hear before one is ordered. It
    costs nothing and nothing is kept. Engines that cost money are refused."""
    async with transactions() as connection:
        character = await characters.find_character(connection, character_id)
    if character is None:
        raise RecastError(ErrorCode.NOT_FOUND)
    voice = body.voice.as_voice() if body.voice else character.voice
    async with services.samples:
        speech = await sample(services.voices, body.narration, character.id, voice, body.text, body.language)
    return Response(speech.flac, media_type=FLAC)


@router.delete("/{character_id}", status_code=202, responses=problems(ErrorCode.NOT_FOUND), summary="Delete a likeness")
async def delete_character(
    character_id: OwnCharacterId, user: User, services: ServicesOf, transactions: Transactions
) -> DeletionView:
    """Delete a character of your own: its row, its consent, every version of its pictures, and, at its provider, the
    model trained on them. It leaves the casts of your scripts.

    A job that has frozen its cast keeps the character's name, style and voice as data, and the addresses of its
    pictures, which lead nowhere: scenes that are not filmed by then fail with `CHARACTER_NOT_READY`. Clips and films
    that are finished stay yours.
    """
    deletion, is_done = await remove_character(transactions, services.storage, user.sub, character_id)
    return DeletionView.of(deletion, pictures_deleted=is_done)
