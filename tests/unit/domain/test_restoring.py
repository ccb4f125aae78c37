"""Restored sentences: the model's marks and capitals, and never a word of its own."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.normalise import SpokenWord, script_of, spoken_words
from domain.restoring import (
    CONTEXT_WORDS,
    LONGEST_PASSAGE_WORDS,
    Objection,
    lacks_sentences,
    passages_of,
    restored,
)
from domain.transcript import Snippet, Transcript


def transcript(*texts: str, seconds: float = 4.0, language: str = "en") -> Transcript:
    snippets = [Snippet(text=text, start=place * seconds, duration=seconds) for place, text in enumerate(texts)]
    return Transcript(
        video_id="dQw4w9WgXcQ",
        title="A talk",
        channel="A channel",
        duration_seconds=600,
        language=language,
        is_generated=True,
        snippets=tuple(snippets),
    )


def words(*texts: str) -> list[SpokenWord]:
    return spoken_words(transcript(*texts))


def text(words: Sequence[SpokenWord]) -> str:
    return "".join(word.text for word in words).strip()


def said(text: str) -> str:
    return "".join(sign.casefold() for sign in text if sign.isalnum())


def answer(*said: str, to: str) -> str:
    made = restored(words(*said), to)
    assert not isinstance(made, Objection)
    return text(made)


MARKS = st.sampled_from(["", ",", ".", "?", "!", "…", ";", ":", '."', " -", " –", ". “", ", «"])
SPOKEN = st.lists(
    st.from_regex(r"[a-zßéıſ0-9$%]{1,6}(['.-][a-z0-9]{1,3})?", fullmatch=True), min_size=1, max_size=30
).map(lambda some: words(" ".join(["a", *some])))


@given(SPOKEN, st.data())
def test_whatever_the_marks_and_capitals_every_word_keeps_its_letters_times_and_speaker(
    spoken: list[SpokenWord], data: st.DataObject
) -> None:
    cased = [
        data.draw(st.sampled_from([word.text.strip(), word.text.strip().upper(), word.text.strip().title()]))
        for word in spoken
    ]
    made = restored(spoken, " ".join(f"{word}{data.draw(MARKS)}" for word in cased))
    if isinstance(made, Objection):
        # Python's upper case of some letters is not the same word.
        assert said("".join(cased)) != said(text(spoken))
        return
    assert [word[1:] for word in made] == [word[1:] for word in spoken]
    assert [said(word.text) for word in made] == [said(word.text) for word in spoken]


@given(SPOKEN, st.data())
def test_a_word_that_is_dropped_doubled_or_changed_is_noticed(spoken: list[SpokenWord], data: st.DataObject) -> None:
    plain = [word.text.strip() for word in spoken]
    place = data.draw(st.integers(0, len(plain) - 1))
    new = data.draw(st.sampled_from([[], [plain[place]] * 2, [f"{plain[place]}x"], ["and", plain[place]]]))
    assert restored(spoken, " ".join([*plain[:place], *new, *plain[place + 1 :]])) is Objection.CHANGED


@given(SPOKEN, st.text(max_size=80))
def test_no_answer_brings_letters_or_digits_of_its_own(spoken: list[SpokenWord], anything: str) -> None:
    made = restored(spoken, anything)
    assert isinstance(made, Objection) or said(text(made)) == said(text(spoken))


@pytest.mark.parametrize(
    ("plain", "to", "made"),
    [
        ("so this is it and you", "So this is it. And you?", "So this is it. And you?"),
        ("he said go away", 'He said, "Go away!"', 'He said, "Go away!"'),
        ("il dit oui bien sûr", "Il dit : « Oui ! » Bien sûr.", "Il dit : « Oui ! » Bien sûr."),
        ("cómo estás", "¿Cómo estás?", "¿Cómo estás?"),
        ("it costs 3.5 or 1,000 dollars", "It costs 35 or 1.000 dollars.", "It costs 3.5 or 1,000 dollars."),
        ("i don't know", "I dont know.", "I don't know."),
        ("twenty five of us", "Twenty-five of us.", "Twenty-five of us."),
        ("10 20 30", "10-20, 30.", "10 20, 30."),
        ("every day i wait", "Everyday I wait.", "Every day I wait."),
        ("well so be it", "Well...so be it.", "Well... so be it."),
        ("rock & roll", "Rock & roll.", "Rock & roll."),
        ("die strasse", "Die Straße.", "Die strasse."),
        ("wait - what", "Wait, what?", "Wait, what?"),
        ("warm today", "\u202eWarm\u202c today.\u200b", "Warm today."),
        ("so what", "ſo what?", "so what?"),
        ("می‌روم خانه", "میروم خانه؟", "می‌روم خانه؟"),
        ("यह ठीक है", "यह ठीक है।", "यह ठीक है।"),
        ("goes on", "...goes on", "goes on"),
    ],
)
def test_marks_and_capitals_come_from_the_answer_and_spelling_from_the_transcript(
    plain: str, to: str, made: str
) -> None:
    assert answer(plain, to=to) == made


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("", Objection.CHANGED),
        ("Rock & roll is $5", Objection.CHANGED),
        ("rock and roll is $5.", Objection.CHANGED),
        ("Rock roll is $5.", Objection.CHANGED),
        ("Rock & roll is £5.", Objection.CHANGED),
        ("Rock & roll is $5. 🎉", Objection.CHANGED),
        ("Rock & roll is $5. <b>", Objection.CHANGED),
        ("Rock & roll ............... is $5.", Objection.LITTERED),
        ("Rock & roll is $5.\x00", Objection.CHANGED),
    ],
)
def test_an_answer_with_other_words_or_signs_is_refused(to: str, why: Objection) -> None:
    made = restored(words("rock & roll is $5"), to)
    assert made is why if to != "Rock & roll is $5" else not isinstance(made, Objection)


def test_speakers_and_pauses_part_lines_as_before() -> None:
    source = transcript(">> welcome back to the show", ">> thanks it is good", "ANNA: to be here", "and me too")
    spoken = spoken_words(source)
    made = restored(spoken, "Welcome back to the show. Thanks. It is good to be here, and me too.")
    assert not isinstance(made, Objection)
    script = script_of(source, made)
    assert [(line.speaker, line.text) for line in script.lines] == [
        ("Speaker 1", "Welcome back to the show."),
        ("Speaker 2", "Thanks."),
        ("Speaker 2", "It is good"),
        ("ANNA", "to be here, and me too."),
    ]
    assert [line.start for line in script.lines] == [0, 4, pytest.approx(5.714), 8]


def test_a_mark_that_opens_a_sentence_stands_in_its_line() -> None:
    source = transcript("il part oui dit elle et lui cómo estás", language="fr")
    made = restored(spoken_words(source), "Il part. « Oui », dit-elle. Et lui ? ¿ Cómo estás ?")
    assert not isinstance(made, Objection)
    assert [line.text for line in script_of(source, made).lines] == [
        "Il part.",
        "« Oui », dit-elle.",
        "Et lui ?",
        "¿ Cómo estás ?",
    ]


LOWER = ("so we came to the pier and the wind was up", "nobody had told us what to bring or where to stand")


def test_only_speech_with_hardly_a_sentence_end_is_restored() -> None:
    plain = transcript(*LOWER * 10)
    assert lacks_sentences(plain, spoken_words(plain))
    for others in (
        transcript(*(f"{text}." for text in LOWER * 10)),
        transcript(*(f"♪ {text} ♪" for text in LOWER * 10)),
        transcript("今日は天気がいいです", "明日は雨だと思います", "私たちは海へ行きました", language="ja"),
        transcript(LOWER[0]),
    ):
        assert not lacks_sentences(others, spoken_words(others))


def test_one_endless_line_lacks_sentences_although_it_ends_with_a_full_stop() -> None:
    endless = transcript(f"{' '.join(LOWER * 10)}.")
    assert lacks_sentences(endless, spoken_words(endless))


def test_passages_hold_every_word_once_and_know_what_is_said_around_them() -> None:
    spoken = words(*LOWER * 40)
    passages = passages_of(spoken, "en")
    assert [word for passage in passages for word in passage.words] == spoken
    assert max(len(passage.words) for passage in passages) <= LONGEST_PASSAGE_WORDS
    assert (passages[0].before, passages[-1].after) == ("", "")
    for one, other in pairwise(passages):
        assert len(one.after.split()) == len(other.before.split()) == CONTEXT_WORDS
        assert other.text.startswith(one.after)
        assert one.text.endswith(other.before)


def test_a_passage_ends_where_somebody_else_speaks_and_shows_each_turn_on_a_row() -> None:
    turns = [f">> {text}" if place == 18 else text for place, text in enumerate(LOWER * 12)]
    first, second = passages_of(words(*turns), "en")
    assert len(first.words) == 18 * 11
    assert second.words[0].speaker == "Speaker 1"
    assert first.text.count("\n") == 0
    both = passages_of(words("one two", ">> three"), "en")[0]
    assert both.text == "one two\nthree"
