import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ErrorCode, RecastError
from domain.normalise import LONGEST_CUT_WORDS, normalise
from domain.script import Line
from domain.transcript import Chapter, Snippet, Transcript
from domain.words import words_of


def transcript(*snippets: tuple[str, float, float], generated: bool = False) -> Transcript:
    return Transcript(
        video_id="dQw4w9WgXcQ",
        title=" How  it works ",
        channel="A channel",
        duration_seconds=600,
        language="en",
        is_generated=generated,
        snippets=tuple(Snippet(text=text, start=start, duration=duration) for text, start, duration in snippets),
        chapters=(Chapter(title="Start", start=0),),
    )


def lines(*snippets: tuple[str, float, float], generated: bool = False) -> list[Line]:
    return list(normalise(transcript(*snippets, generated=generated)).lines)


def texts(*snippets: tuple[str, float, float], generated: bool = False) -> list[str]:
    return [line.text for line in lines(*snippets, generated=generated)]


def turns(*snippets: tuple[str, float, float]) -> list[tuple[str | None, str]]:
    return [(line.speaker, line.text) for line in lines(*snippets)]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("It&#39;s &quot;fine&quot;.", 'It\'s "fine".'),
        ("Rock &amp;amp; roll.", "Rock & roll."),
        ("[Music] Hello.", "Hello."),
        ("Hello. [\xa0__\xa0] (applause)", "Hello."),
        ("（拍手）ありがとう。", "ありがとう。"),
        ("*laughs* Right.", "Right."),
        ("♪ la la la ♪ Welcome back. ♪♪", "Welcome back."),
        ("One\u200b two\ufeff   three.\n", "One two three."),
        ("<i>Slanted</i> <c.colour>words</c>.", "Slanted words."),
        ("{\\an8}Up here.", "Up here."),
        ("Cafe\u0301.", "Café."),
        ("An aside (which is said) stays.", "An aside (which is said) stays."),
        ("NASA and iPhone.", "NASA and iPhone."),
        ("می‌روم؟", "می‌روم؟"),
        ("Null\x00 byte.", "Null byte."),
        ("2 < 3 and 5 > 4.", "2 < 3 and 5 > 4."),
        ("If x <y and z> w, stop.", "If x <y and z> w, stop."),
        ("One<br/>sentence in <font color='red'>two</font> rows.", "One sentence in two rows."),
        ("He said [we think] that array[0] is fine.", "He said [we think] that array[0] is fine."),
        ("[The] mayor said it.", "[The] mayor said it."),
        ("Troops of the [US] army.", "Troops of the [US] army."),
        ("Well [DOOR SLAMS] then.", "Well then."),
        ("So [Musik] or [Музика] then [Muzică] [risate] on.", "So or then on."),
        ("[Narrator] Hello.", "Hello."),
        ("[door creaks]\nHello.", "Hello."),
        ("Hello [upbeat music playing] there.", "Hello there."),
        ("She left (He was laughing at me).", "She left (He was laughing at me)."),
        ("We made it (a music video) here.", "We made it (a music video) here."),
        ("Oh (he laughs) well.", "Oh well."),
        ("(the crowd cheers) Thank you.", "Thank you."),
        ("（観客の拍手）ありがとう。", "ありがとう。"),
        ("（彼は笑っていた）ありがとう。", "（彼は笑っていた）ありがとう。"),
    ],
)
def test_what_nobody_says_is_gone_and_what_is_said_stays(raw: str, clean: str) -> None:
    assert texts(("Listen.", 0, 1), (raw, 1, 3), ("And so on, and so on.", 4, 2)) == [
        "Listen.",
        clean,
        "And so on, and so on.",
    ]


def test_snippets_are_joined_into_sentences_with_times_in_between() -> None:
    assert lines(("Hello there. This is", 0, 4), ("one sentence.", 4, 2)) == [
        Line(id=1, text="Hello there.", start=0, end=2.588),
        Line(id=2, text="This is one sentence.", start=2.588, end=6),
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. Smith met J. R. Jones in the U.S. Army.",
        "It costs 3.50 dollars, e.g. Mondays at 5 p.m. or later.",
        "No. 5 is alive!",
        "Well... maybe not?",
        '"Really?" she asked.',
        "今日は天気がいいです。",
        "هل أنت بخير؟",
        "यह ठीक है।",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(sentence: str) -> None:
    assert texts((sentence, 0, 5)) == [sentence]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("We met at 5 p.m. She left.", ["We met at 5 p.m.", "She left."]),
        ("So do I. And you?", ["So do I.", "And you?"]),
        ("What?! No!! Yes…", ["What?!", "No!!", "Yes…"]),
        ("雨です。「はい。」行きます！", ["雨です。", "「はい。」", "行きます！"]),
        ('He said "go." We went.', ['He said "go."', "We went."]),
    ],
)
def test_sentences_end_at_their_punctuation(text: str, sentences: list[str]) -> None:
    assert texts((text, 0, 6)) == sentences


def test_captions_of_a_language_without_spaces_are_joined_without_them() -> None:
    assert texts(("今日は天気が", 0, 2), ("いいです。明日は", 2, 2), ("雨だと思います。", 4, 2)) == [
        "今日は天気がいいです。",
        "明日は雨だと思います。",
    ]


def test_long_speech_without_spaces_or_punctuation_becomes_lines() -> None:
    found = texts(("あ" * 100, 0, 30))
    assert "".join(found) == "あ" * 100
    assert all(24 <= len(text) <= 40 for text in found[:-1])


def test_rolling_captions_yield_each_word_once() -> None:
    assert texts(
        ("hello world", 0, 2),
        ("hello world\nthis is", 2, 2),
        ("this is", 4, 0.01),
        ("this is\na very very small test", 4.01, 3),
        ("a very very small test", 7, 0.01),
        generated=True,
    ) == ["hello world this is a very very small test"]


def test_captions_that_grow_word_by_word_yield_each_word_once() -> None:
    assert texts(("I", 0, 1), ("I think", 1, 1), ("I think, so", 2, 1), ("so it goes", 3, 1), generated=True) == [
        "I think so it goes"
    ]


@given(st.integers(1, 6), st.lists(st.tuples(st.integers(1, 5), st.integers(0, 4)), max_size=12))
def test_every_window_on_rolling_words_yields_each_word_once(first: int, steps: list[tuple[int, int]]) -> None:
    spoken = [f"w{number}" for number in range(first + sum(new for _, new in steps))]
    snippets, end = [(" ".join(spoken[:first]), 0.0, 2.0)], first
    for repeated, new in steps:
        snippets.append((" ".join(spoken[max(0, end - repeated) : end + new]), 2.0 * len(snippets), 2.0))
        end += new
    assert " ".join(texts(*snippets, generated=True)).split() == spoken


@given(st.lists(st.lists(st.sampled_from(["no", "go", "on", "so"]), min_size=1, max_size=5), min_size=1, max_size=12))
def test_manual_captions_keep_every_repeated_word(spoken: list[list[str]]) -> None:
    snippets = [(" ".join(snippet), 2.0 * index, 2.0) for index, snippet in enumerate(spoken)]
    assert " ".join(texts(*snippets)).split() == [word for snippet in spoken for word in snippet]


def test_a_word_repeated_by_chance_stays_in_automatic_captions_that_do_not_roll() -> None:
    assert texts(
        ("it was very", 0, 3), ("very good and", 2, 3), ("we all liked it", 4, 3), ("that is all", 6, 2), generated=True
    ) == ["it was very very good and we all liked it that is all"]


def test_overlapping_captions_do_not_overlap_as_lines() -> None:
    found = lines(("One two.", 0, 5), ("Three four.", 3, 5), ("Five.", 3, 1), ("Six.", 6, 2))
    assert [line.text for line in found] == ["One two.", "Three four.", "Five.", "Six."]
    assert all(above.end <= below.start for above, below in pairwise(found))


def test_speech_without_punctuation_becomes_lines_at_pauses() -> None:
    assert texts(("so here we are", 0, 2), ("at last", 3, 1), ("my friends", 4.5, 1)) == [
        "so here we are",
        "at last my friends",
    ]


@given(st.integers(21, 200))
def test_speech_without_punctuation_or_pauses_becomes_lines_of_a_speakable_length(count: int) -> None:
    spoken = [f"w{number}" for number in range(count)]
    found = texts(*[(" ".join(spoken[at : at + 7]), at / 2, 3.5) for at in range(0, count, 7)])
    assert " ".join(found).split() == spoken
    assert all(8 <= len(text.split()) <= LONGEST_CUT_WORDS for text in found)


def test_a_named_label_tells_who_speaks_until_the_next_one() -> None:
    assert turns(
        (">> ADA: Hello.", 0, 1), ("How are you?", 1, 1), ("Dr. Bruno Rossi: Fine.", 2, 1), ("Ada: Oh.", 3, 1)
    ) == [
        ("ADA", "Hello."),
        ("ADA", "How are you?"),
        ("Dr. Bruno Rossi", "Fine."),
        ("ADA", "Oh."),
    ]


def test_dashes_and_chevrons_alternate_turns() -> None:
    assert turns(("- Yes.\n- No.", 0, 2), ("- Why?", 2, 1), ("&gt;&gt; So. >> Well.", 3, 2)) == [
        ("Speaker 1", "Yes."),
        ("Speaker 2", "No."),
        ("Speaker 1", "Why?"),
        ("Speaker 2", "So."),
        ("Speaker 1", "Well."),
    ]


def test_a_label_repeated_by_the_same_speaker_is_no_change_of_turn() -> None:
    assert turns(("ADA: Hi.", 0, 1), ("ADA: Again.", 1, 1), (">> Who?", 2, 1)) == [
        ("ADA", "Hi."),
        ("ADA", "Again."),
        ("Speaker 2", "Who?"),
    ]


def test_a_change_of_turn_goes_back_to_whoever_was_named_before() -> None:
    assert turns(("ADA: Hi.", 0, 1), ("BRUNO: Hi.", 1, 1), (">> And now?", 2, 1)) == [
        ("ADA", "Hi."),
        ("BRUNO", "Hi."),
        ("ADA", "And now?"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Remember: it is late.",
        "Step 2: add salt.",
        "The point is: no.",
        "-5 degrees.",
        "At 10:30 we go.",
        "My Rule: no.",
        "Problem: nobody came.",
        "Chicago: fifty people died in the fire.",
        "Ingredients: flour, sugar.",
        "注意：足元に。",
    ],
)
def test_a_colon_or_a_minus_alone_makes_no_speaker(text: str) -> None:
    assert turns((text, 0, 2)) == [(None, text)]


def test_what_begins_like_a_label_among_speakers_written_otherwise_is_said() -> None:
    assert turns(("ADA: Where?", 0, 1), ("BRUNO: Here.", 1, 1), ("ADA: Oh.", 2, 1), ("Chicago: a fire.", 3, 1))[3] == (
        "ADA",
        "Chicago: a fire.",
    )


def test_a_sentence_with_a_colon_gives_its_first_word_to_nobody() -> None:
    said = ["Problem: nobody came.", "We waited.", "Chicago: fifty people died.", "Nobody knew.", "Ingredients: flour."]
    assert turns(*[(text, float(at), 1) for at, text in enumerate(said)]) == [(None, text) for text in said]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("田中：こんにちは。", "鈴木：はい。"),
        ("田中:こんにちは。", "鈴木: はい。"),
        ("Tanaka：こんにちは。", "Suzuki：はい。"),
        ("أحمد: مرحبا.", "ليلى: نعم."),
        ("דוד: שלום.", "שרה: כן."),
        ("राहुल: नमस्ते।", "प्रिया: हाँ।"),
    ],
)
def test_speakers_of_scripts_without_capitals_are_recognised(first: str, second: str) -> None:
    names, words = zip(*(re.split("[:：] ?", row) for row in (first, second)), strict=True)
    found = turns((first, 0, 2), (second, 2, 2), (first, 4, 2))
    assert found == [(names[0], words[0]), (names[1], words[1]), (names[0], words[0])]


@pytest.mark.parametrize("text", ["ភាសាខ្មែរជាភាសាផ្លូវការរបស់ប្រទេសកម្ពុជា", "မြန်မာဘာသာစကားသည်မြန်မာနိုင်ငံ၏ရုံးသုံးဘာသာစကားဖြစ်သည်"])
def test_khmer_and_burmese_are_cut_between_letters_that_can_begin_a_word(text: str) -> None:
    found = texts((text * 4, 0, 30))
    assert "".join(found) == text * 4
    assert len(found) > 1
    for word in words_of(text):
        assert unicodedata.category(word[0]) == "Lo"
        assert word[-1] not in "\u17d2\u1039"
        assert word[1:2] != "\u103a"


def test_lines_end_where_the_speaker_changes_without_punctuation() -> None:
    assert turns(("ADA: well I think", 0, 2), ("BRUNO: you do not", 2, 2)) == [
        ("ADA", "well I think"),
        ("BRUNO", "you do not"),
    ]


def test_a_video_that_is_a_song_keeps_its_lyrics() -> None:
    assert texts(("[♪♪♪]", 0, 9), ("♪ We're no strangers to love ♪", 9, 3), ("♪ You know the rules ♪", 12, 3)) == [
        "We're no strangers to love",
        "You know the rules",
    ]


@pytest.mark.parametrize("snippets", [(), (("[Music]", 0, 5),), (("...", 0, 1), ("♪♪", 1, 1), ("", 2, 1), ("-", 3, 1))])
def test_a_transcript_in_which_nobody_speaks_is_an_empty_script(snippets: tuple[tuple[str, float, float], ...]) -> None:
    with pytest.raises(RecastError) as caught:
        normalise(transcript(*snippets))
    assert caught.value.code is ErrorCode.EMPTY_SCRIPT


def test_title_language_and_chapters_come_along() -> None:
    script = normalise(transcript(("Hello.", 0, 1)))
    assert (script.title, script.language, script.chapters) == (
        "How it works",
        "en",
        (Chapter(title="Start", start=0),),
    )


@given(
    st.lists(st.tuples(st.text(max_size=40), st.floats(0, 500), st.floats(0, 20)), max_size=12),
    st.booleans(),
)
def test_whatever_the_captions_hold_lines_have_words_and_follow_one_another(
    snippets: list[tuple[str, float, float]], generated: bool
) -> None:
    try:
        found = lines(*snippets, generated=generated)
    except RecastError as error:
        if error.code is not ErrorCode.EMPTY_SCRIPT:
            raise
        return
    assert all(line.text == line.text.strip() and line.start <= line.end for line in found)
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for line in found for character in line.text)
    assert all(above.end <= below.start for above, below in pairwise(found))


def test_speech_without_punctuation_is_cut_where_a_sentence_may_begin_and_never_after_an_article() -> None:
    said = (
        "the lamp still burned but the lens had stopped and nobody knew why it had done so i asked the master of the "
        "harbour about the old machine he told me that the sand had got into a gear"
    )
    words = said.split()
    rows = [(" ".join(words[at : at + 7]), at / 2, 3.5) for at in range(0, len(words), 7)]
    found = [line.text for line in lines(*rows, generated=True)]
    assert " ".join(found).casefold() == said
    assert all(text.split()[-1] not in ("the", "a", "of", "and", "I", "he") for text in found)


def test_a_language_that_is_not_known_is_cut_too() -> None:
    rows = [(" ".join(f"dok{at}x{place}" for place in range(7)), at * 3.5, 3.5) for at in range(12)]
    source = transcript(*rows, generated=True)
    found = normalise(source.model_copy(update={"language": "vo"})).lines
    assert all(8 <= len(line.text.split()) <= LONGEST_CUT_WORDS for line in found)


def test_what_a_machine_heard_says_i_with_a_capital_in_english_alone() -> None:
    heard = [("so i said i'm here and i.e. nothing hi", 0.0, 4.0)]
    assert [line.text for line in lines(*heard, generated=True)] == ["so I said I'm here and i.e. nothing hi"]
    assert [line.text for line in lines(*heard)] == ["so i said i'm here and i.e. nothing hi"]
    italian = transcript(*heard, generated=True).model_copy(update={"language": "it"})
    assert normalise(italian).lines[0].text == heard[0][0]


def test_each_caption_of_a_song_is_a_line() -> None:
    verses = [
        "oh the tide takes its time",
        "and the rope keeps its rhyme",
        "so leave the light on",
        "leave the light on",
    ]
    sung = [(f"♪ {verse} ♪", 2.5 * place, 2.4) for place, verse in enumerate(verses)]
    assert [line.text for line in lines(*sung)] == verses
