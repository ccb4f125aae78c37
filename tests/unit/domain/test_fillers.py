"""Fillers go where they stand alone, and no word goes with them."""

import pytest

from domain.captions import clean_captions
from domain.fillers import without_fillers
from domain.normalise import normalise
from domain.reading import Reading
from domain.transcript import Snippet, Transcript


def transcript(*texts: str, language: str = "en", is_generated: bool = False) -> Transcript:
    return Transcript(
        video_id="demo0000001",
        title="A talk",
        channel="A channel",
        duration_seconds=60,
        language=language,
        is_generated=is_generated,
        snippets=tuple(Snippet(text=text, start=3.0 * place, duration=3) for place, text in enumerate(texts)),
    )


@pytest.mark.parametrize(
    ("said", "language", "left"),
    [
        ("Um, I think so.", "en", "I think so."),
        ("Well, um, yes.", "en", "Well, yes."),
        ("Yes, uh.", "en", "Yes."),
        ("Uh... we went, uh, um, home.", "en-GB", "We went, home."),
        ("Then — uh — he left.", "en", "Then — he left."),
        ("ADA: Uh, hello.", "en", "ADA: Hello."),
        ("Hello. Um, well.\nUm, yes", "en", "Hello. Well.\nYes"),
        ("Yes, um", "en", "Yes,"),
        ("Ja, ähm, nein.", "de", "Ja, nein."),
        ("Euh, je crois.", "fr", "Je crois."),
        ("Ehm, allora.", "it", "Allora."),
        ("えーと、今日は、あのー、晴れです。", "ja", "今日は、晴れです。"),
    ],
)
def test_a_filler_that_stands_alone_goes(said: str, language: str, left: str) -> None:
    assert without_fillers(said, language, is_generated=False) == left


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("I, like, you know, went.", "en"),
        ("Well, so, yes.", "en"),
        ("Uh-huh, yes, uh-oh.", "en"),
        ("Hmm, no.", "en"),
        ("Um?", "en"),
        ("Er ging, um zu sehen.", "de"),
        ("Um, dois, três.", "pt"),
        ("Eh, mira.", "es"),
        ("あの人は来ました。", "ja"),
        ("um um um", "xx"),
    ],
)
def test_what_may_be_a_word_stays(said: str, language: str) -> None:
    assert without_fillers(said, language, is_generated=False) == said
    assert without_fillers(said, language, is_generated=True) == said


def test_what_a_machine_heard_without_punctuation_loses_them_anywhere() -> None:
    assert without_fillers("so um i uh went home", "en", is_generated=True) == "so i went home"
    assert without_fillers("he ran um the block", "en", is_generated=False) == "he ran um the block"


def test_fillers_and_sound_tags_stay_if_they_are_wanted() -> None:
    source = transcript("[Laughter]", "Um, hello (applause) there.")
    assert [caption.text for caption in clean_captions(source)] == ["Hello there."]
    everything = Reading(keep_fillers=True, keep_sound_tags=True)
    assert [caption.text for caption in clean_captions(source, everything)] == [
        "[Laughter]",
        "Um, hello (applause) there.",
    ]
    assert [line.text for line in normalise(source, everything).lines][-1].endswith("Um, hello (applause) there.")


def test_a_caption_of_nothing_but_fillers_is_no_line() -> None:
    assert [line.text for line in normalise(transcript("Um.", "Hello.", "Uh...")).lines] == ["Hello."]
