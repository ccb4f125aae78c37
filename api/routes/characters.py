"""Characters that can be cast."""

from fastapi import APIRouter

from api.dependencies import ServicesOf, Transaction
from api.links import portrait_signer
from api.openapi import problems
from api.views.characters import CharacterList, CharacterView
from resources.database import characters

router = APIRouter(prefix="/characters", tags=["characters"])


@router.get("", responses=problems(), summary="List characters")
async def list_characters(connection: Transaction, services: ServicesOf) -> CharacterList:
    """The pre-made characters by name, then your own."""
    sign = portrait_signer(services)
    return CharacterList(
        characters=[CharacterView.of(row, sign) for row in await characters.list_characters(connection)]
    )
