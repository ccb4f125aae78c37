"""A proposed cast: who could play each speaker."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.characters import CastMember, Voice
from domain.proposal import MAX_CAST, propose_cast, proposed_company, speaking_parts
from domain.script import Line


def character(number: int, name: str, voice: str = "en+f1") -> CastMember:
    return CastMember(
        character_id=UUID(int=number), name=name, style="", portrait_key=None, voice=Voice(name=voice, pitch=50)
    )


ADA, BRUNO, CHIDI, DARIA = (
    character(1, "Ada", "en+f3"),
    character(2, "Bruno", "en+m3"),
    character(3, "Chidi", "en+m2"),
    character(4, "Daria", "en+f2"),
)
COMPANY = [ADA, BRUNO, CHIDI, DARIA]


def spoken(*turns: tuple[str | None, float]) -> list[Line]:
    lines: list[Line] = []
    for speaker, seconds in turns:
        start = lines[-1].end if lines else 0.0
        lines.append(Line(text="So it is.", start=start, end=start + seconds, speaker=speaker))
    return lines


def names(cast: dict[str, CastMember]) -> dict[str, str]:
    return {speaker: member.name for speaker, member in cast.items()}


def test_a_speaker_is_played_by_their_namesake() -> None:
    lines = spoken(("Jonas", 9), ("CHIDI", 2), ("Ada Lovelace", 1))
    assert names(propose_cast(lines, COMPANY)) == {"Jonas": "Bruno", "CHIDI": "Chidi", "Ada Lovelace": "Ada"}


def test_who_speaks_most_chooses_first_and_neighbours_sound_different() -> None:
    lines = spoken(("Speaker 1", 2), ("Speaker 2", 9), ("Speaker 3", 1))
    assert names(propose_cast(lines, COMPANY)) == {"Speaker 2": "Ada", "Speaker 1": "Bruno", "Speaker 3": "Chidi"}


def test_a_script_without_speakers_is_told_by_two_in_turn() -> None:
    lines = spoken((None, 4), (None, 4))
    assert propose_cast(lines, COMPANY) == {}
    assert proposed_company(lines, COMPANY) == [ADA, BRUNO]


def test_the_parts_are_counted_and_the_longest_comes_first() -> None:
    parts = speaking_parts(spoken(("Mira", 2), ("Jonas", 3), ("Mira", 2.5), (None, 60)))
    assert [(part.speaker, part.lines, part.seconds) for part in parts] == [("Mira", 2, 4.5), ("Jonas", 1, 3)]


@given(st.lists(st.tuples(st.sampled_from([f"Guest {n}" for n in range(14)] + ["Ada"]), st.floats(0.5, 9))))
def test_everybody_is_cast_by_few_enough_and_by_different_ones_while_there_are_any(
    turns: list[tuple[str, float]],
) -> None:
    company = [character(n, f"Player{n}", f"en+{'fm'[n % 2]}1") for n in range(1, 11)]
    cast = propose_cast(spoken(*turns), company)
    speakers = {speaker for speaker, _ in turns}
    playing = {member.character_id for member in cast.values()}
    assert set(cast) == speakers
    assert len(playing) == min(len(speakers), MAX_CAST)
    assert cast == propose_cast(spoken(*turns), company)
    assert len(proposed_company(spoken(*turns), company)) == (len(playing) or 2)


def test_with_nobody_to_cast_nobody_is_proposed() -> None:
    assert propose_cast(spoken(("Mira", 2)), []) == {}
    assert proposed_company(spoken(("Mira", 2)), []) == []
