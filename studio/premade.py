"""The pre-made characters of this installation: portraits in storage, rows in the database."""

import asyncio
import hashlib

from domain.premade import PREMADE, PremadeCharacter
from resources.database.characters import save_premade
from resources.database.connection import Database
from resources.storage import Storage, premade_portrait_key
from resources.video.local.portrait import portrait_png

PORTRAIT_PIXELS = 768
PNG = "image/png"


async def publish_premade(database: Database, storage: Storage) -> int:
    """Draw, keep and list every pre-made character; the same drawing again changes nothing. Returns how many."""
    keys = await asyncio.gather(*(_keep_portrait(storage, character) for character in PREMADE))
    async with database.connect() as connection, connection.transaction():
        for character, key in zip(PREMADE, keys, strict=True):
            await save_premade(
                connection,
                character_id=character.character_id,
                name=character.name,
                description=character.personality,
                style=character.style,
                image_url=key,
                model_ref=character.model_ref,
                voice=character.voice,
            )
    return len(keys)


async def _keep_portrait(storage: Storage, character: PremadeCharacter) -> str:
    picture = await asyncio.to_thread(portrait_png, character.slug, PORTRAIT_PIXELS)
    key = premade_portrait_key(character.slug, hashlib.sha256(picture).hexdigest()[:16])
    if await storage.head(key) is None:
        await storage.put_bytes(key, picture, PNG)
    return key
