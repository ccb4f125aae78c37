from hypothesis import given
from hypothesis import strategies as st

from domain.music import Piece, mood, score


@given(st.sampled_from(Piece))
def test_every_note_begins_within_its_piece(piece: Piece) -> None:
    written = score(piece)
    assert written.notes == score(piece).notes
    assert all(0 <= note.beat < written.beats and 0 < note.force <= 1 for note in written.notes)
    assert 20 < written.seconds < 120


def test_every_piece_has_a_mood_of_its_own() -> None:
    assert len({mood(piece) for piece in Piece}) == len(Piece) >= 3
