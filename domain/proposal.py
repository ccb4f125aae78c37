"""A proposed cast: who could play each speaker of a script, before its user has chosen anybody."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.characters import CastMember
from domain.script import Line

MAX_CAST = 8
NARRATORS = 2
"""A script that names no speaker is told by so many in turn."""


@dataclass(frozen=True, slots=True)
class SpeakingPart:
    """A speaker of a script, and how much they say."""

    speaker: str
    lines: int
    seconds: float


def speaking_parts(lines: Sequence[Line]) -> list[SpeakingPart]:
    """The speakers that the script names, the most talkative first; of two who say as much, the first to speak."""
    said: dict[str, list[float]] = {}
    for line in lines:
        if line.speaker:
            said.setdefault(line.speaker, []).append(max(0.0, line.end - line.start))
    parts = [SpeakingPart(speaker, len(seconds), round(sum(seconds), 3)) for speaker, seconds in said.items()]
    return sorted(parts, key=lambda part: -part.seconds)


def propose_cast(lines: Sequence[Line], characters: Sequence[CastMember]) -> dict[str, CastMember]:
    """A character for each speaker, the most talkative speaker first; at most eight different ones.

    A speaker is played by their namesake among ``characters``. The others get those who are left, in their order, each
    time one whose voice is of the kind (the letter of its espeak-ng variant) that is heard least so far, so that
    neighbours can be told apart; nothing is guessed from what anybody says. When there are more speakers than
    characters, the quietest share. The same script and characters give the same cast.
    """
    speakers = [part.speaker for part in speaking_parts(lines)]
    cast: dict[str, CastMember] = {}
    for speaker in speakers:
        if len(cast) < MAX_CAST and (namesake := _namesake(speaker, characters, list(cast.values()))):
            cast[speaker] = namesake
    for speaker in speakers:
        if speaker in cast:
            continue
        playing = list(dict.fromkeys(member.character_id for member in cast.values()))
        free = [one for one in characters if one.character_id not in playing]
        if free and len(playing) < MAX_CAST:
            heard = [_voice_kind(member) for member in cast.values()]
            cast[speaker] = min(free, key=lambda one: heard.count(_voice_kind(one)))
        elif playing:
            shared = playing[len(cast) % len(playing)]
            cast[speaker] = next(one for one in characters if one.character_id == shared)
    return {speaker: cast[speaker] for speaker in speakers if speaker in cast}


def proposed_company(lines: Sequence[Line], characters: Sequence[CastMember]) -> list[CastMember]:
    """Everybody whom the proposal casts, each once; where the script names nobody, the first two characters."""
    cast = propose_cast(lines, characters)
    company = list({member.character_id: member for member in cast.values()}.values())
    return company or list(characters[:NARRATORS])


def _namesake(speaker: str, characters: Sequence[CastMember], taken: Sequence[CastMember]) -> CastMember | None:
    others = [one for one in characters if one not in taken]
    exact = (one for one in others if one.name.casefold() == speaker.casefold())
    return next(exact, None) or next((one for one in others if one.is_called(speaker)), None)


def _voice_kind(member: CastMember) -> str:
    return member.voice.name.rpartition("+")[2][:1] if member.voice else ""
