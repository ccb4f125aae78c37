"""What a film's speech would cost, line by line, before any of it is spoken."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from uuid import UUID

from domain.characters import CastMember
from domain.errors import ErrorCode, RecastError
from domain.narration import SceneOfLines, Turn, is_said, turns_of
from domain.quote import Item, What
from domain.script import Script
from domain.speech import PlacedLine
from domain.voices import SpokenBy
from resources.database import attempts
from resources.database.connection import Connection
from resources.voices.engines import Voices
from studio.answers import MOST_TAKES
from studio.speaking import order_of

KNOWN_TAKES = 3 * MOST_TAKES
"""A line of which more answers were lost before one came counts as not spoken, and its quote is too high."""

NOTHING_SAID: Mapping[int, Sequence[PlacedLine]] = MappingProxyType({})


async def speech_items(
    connection: Connection,
    voices: Voices | None,
    wanted: SpokenBy,
    user_id: UUID,
    told: Sequence[SceneOfLines],
    cast: Sequence[CastMember],
    script: Script,
    *,
    said: Mapping[int, Sequence[PlacedLine]] = NOTHING_SAID,
) -> tuple[list[Item], set[str]]:
    """One item per line, and the keys of those that the user owns; ``said`` is what is kept of scenes that were spoken
    before, by their numbers. Nothing where speech costs nothing; a line that the engine does not take is not bought.
    Raises PROVIDER_NOT_CONFIGURED for an engine that is not set up, or does not speak the language of the script."""
    chosen = voices.chosen(wanted) if voices else SpokenBy.OFF
    turns = [
        turn
        for _, of_scene in groupby(turns_of(told, cast, script), key=lambda turn: turn.scene_index)
        for turn in _left(tuple(of_scene), said)
    ]
    if voices is None or chosen is SpokenBy.OFF or not turns:
        return [], set()
    engine = voices.open(chosen)
    if not engine.speaks(script.language):
        raise RecastError(
            ErrorCode.PROVIDER_NOT_CONFIGURED,
            f"The voices by {chosen} do not speak “{script.language}”; order another `narration`, or `off`.",
        )
    if engine.profile.is_free:
        return [], set()
    turns = [turn for turn in turns if len(turn.text) <= engine.profile.max_characters]
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


def _left(turns: Sequence[Turn], said: Mapping[int, Sequence[PlacedLine]]) -> Sequence[Turn]:
    """The turns of one scene, or none of them where all is said."""
    return () if is_said(turns, said.get(turns[0].scene_index)) else turns
