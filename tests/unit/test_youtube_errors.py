"""docs/youtube-errors.md says of every exception of the libraries what Recast does with it."""

from tests.unit import youtube_errors
from tests.unit.youtube_errors import CAPTIONS, COMMAND, DOCUMENT, NOT_MET, SOUND


def test_the_document_says_what_is_done() -> None:
    assert DOCUMENT.read_text().splitlines() == youtube_errors.document().splitlines(), f"run: {COMMAND}"


def test_every_exception_of_the_transcript_client_has_a_row() -> None:
    missing = youtube_errors.known_to_captions() - youtube_errors.raised(CAPTIONS)
    assert not missing, f"add them to CAPTIONS, then run: {COMMAND}"


def test_every_exception_of_yt_dlp_has_a_row() -> None:
    raised = youtube_errors.raised(SOUND)
    others = {error.__name__ for error in youtube_errors.known_to_sound() - raised}
    assert others == set(NOT_MET), f"add them to SOUND or to NOT_MET, then run: {COMMAND}"


def test_every_meaning_of_yt_dlps_words_has_an_example() -> None:
    assert youtube_errors.unexampled() == []
