"""What a film's speech would cost, line by line, before any of it is spoken."""

from collections.abc import Sequence
from uuid import UUID

from domain.characters import CastMember
from domain.narration import SceneOfLines, turns_of
from domain.quote import Item, What
from domain.script import Script
from resources.database import attempts
from resources.database.connection import Connection
from resources.voices.protocol import VoiceEngine
from studio.answers import MOST_TAKES
from studio.speaking import order_of

KNOWN_TAKES = 3 * MOST_TAKES
"""A line of which more answers were lost before one came counts as not spoken, and its quote is too high."""


async def speech_items(
    connection: Connection,
    engine: VoiceEngine | None,
    user_id: UUID,
    told: Sequence[SceneOfLines],
    cast: Sequence[CastMember],
    script: Script,
) -> tuple[list[Item], set[str]]:
    """One item per line, and the keys of those that the user owns. Nothing where speech costs nothing; a line that the
    engine does not take is not bought."""
    if engine is None or engine.profile.is_free:
        return [], set()
    turns = [turn for turn in turns_of(told, cast, script) if len(turn.text) <= engine.profile.max_characters]
    orders = [order_of(turn, engine, script.language) for turn in turns]
    keys = {order.purchase_key(take): order.key for order in orders for take in range(1, KNOWN_TAKES + 1)}
    owned = {keys[key] for key in await attempts.list_bought(connection, user_id, list(keys))}
    items = [
        Item(
            scene_index=turn.scene_index,
            what=What.SPEECH,
            key=order.key,
            provider=order.provider,
            model=order.model,
            price=engine.profile.price(turn.text),
        )
        for turn, order in zip(turns, orders, strict=True)
    ]
    return items, owned
