"""Transcripts that users send: read by what is in them, refused with the place that is wrong, never a crash."""

import json
import math
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ErrorCode, RecastError
from domain.normalise import normalise
from domain.source import SourceKind
from domain.transcript import Transcript
from domain.transcript_files.bounds import MAX_CUES, MAX_FILE_BYTES, clock
from domain.transcript_files.encodings import encodings_of
from domain.transcript_files.reading import read_transcript_file

SRT = """1
00:00:01,000 --> 00:00:03,500
Mira: Did you see that?

2
00:00:03,500 --> 00:00:05,000
Jonas: A <i>comet</i>, I think.
"""
VTT = """WEBVTT - a title
Kind: captions

NOTE made by
hand, 00:00 --> never

STYLE
::cue { color: red }

intro
00:01.000 --> 00:03.500 align:start position:0%
<v Mira>Did you see that?

NOTE
said nobody

00:00:03.500 --> 00:00:05.000
<v.loud Jonas Berg>A <c.yellow>comet</c>, I think.</v>
<v Mira>Really?
"""


def read(text: str | bytes, filename: str = "talk.srt") -> Transcript:
    return read_transcript_file(text.encode() if isinstance(text, str) else text, filename)


def said(text: str | bytes) -> list[tuple[str | None, str, float, float]]:
    return [(line.speaker, line.text, line.start, line.end) for line in normalise(read(text)).lines]


def refusal(content: str | bytes) -> RecastError:
    with pytest.raises(RecastError) as refused:
        read(content)
    return refused.value


def test_subrip_has_times_and_speakers() -> None:
    assert said(SRT) == [("Mira", "Did you see that?", 1.0, 3.5), ("Jonas", "A comet, I think.", 3.5, 5.0)]
    found = read(SRT, "../My talk.srt")
    assert (found.kind, found.title, found.language, found.times_are_estimated) == (
        SourceKind.FILE,
        "My talk",
        "und",
        False,
    )
    assert found.duration_seconds == 5.0


def test_voices_of_webvtt_are_speakers_and_its_notes_are_silent() -> None:
    assert [line[:2] for line in said(VTT)] == [
        ("Mira", "Did you see that?"),
        ("Jonas Berg", "A comet, I think."),
        ("Mira", "Really?"),
    ]


def test_a_name_that_a_label_cannot_hold_is_a_numbered_speaker() -> None:
    text = "WEBVTT\n\n" + "\n\n".join(
        f"00:0{at}.000 --> 00:0{at + 1}.000\n<v {name}>So it is."
        for at, name in enumerate(["7", "the narrator", "SPEAKER_01", "美雪", "7", "محمد علي"])
    )
    speakers = ["Speaker 1", "Narrator", "SPEAKER 01", "美雪", "Speaker 1", "محمد علي"]
    assert [line[0] for line in said(text)] == speakers


def test_a_voice_that_speaks_once_is_a_speaker() -> None:
    assert said("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Mira>So it is.\n\n00:03.000 --> 00:04.000\nYes.")[0][0] == "Mira"


def test_a_cue_of_webvtt_ends_where_the_next_has_its_times() -> None:
    text = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\nSo it is.\n2\n00:04.000 --> 00:05.000\nYes.\n00:06.000 --> 00:07.000\nNo."
    )
    assert said(text) == [(None, "So it is.", 1.0, 2.0), (None, "Yes.", 4.0, 5.0), (None, "No.", 6.0, 7.0)]
    text = text.replace("00:06.000 --> 00:07.000", "00:06.000 --> 00:05.000")
    assert refusal(text).detail.startswith("Cue 3 ends before")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "cp1251"]
)
def test_the_encoding_is_found_out(encoding: str) -> None:
    words = (
        "Как здорово, что все мы здесь сегодня собрались!" if encoding == "cp1251" else "Où est l’été, cher François?"
    )
    text = "".join(f"{n}\r\n00:00:0{n},000 --> 00:00:0{n},900\r\n{words}\r\n\r\n" for n in range(1, 9))
    assert read(text.encode(encoding)).snippets[0].text == words


OLD_ENCODINGS = [
    ("cp1252", "Où est l’été, cher François?"),
    ("cp1252", "Schöne Grüße aus München, wir müssen über die Straße."),
    ("cp1252", "¿Cómo estás? El niño está enfermo."),
    ("cp1252", "“It’s late”, he said — at the café."),
    ("cp1250", "Cześć, jak się masz? Źle się czuję, ale może będzie lepiej."),
    ("cp1250", "Příště půjdeme do školy. Děkuji, příteli."),
    ("cp1250", "Őszintén szólva, nem tudom, hol van a győztes fű."),
    ("iso8859_2", "Cześć, jak się masz? Źle się czuję, ale może będzie lepiej."),
    ("cp1254", "Bugün okula gideceğiz, sonra öğle yemeği yiyeceğiz. İyi değilim, nasılsın?"),
    ("cp1257", "Šiandien eisime į mokyklą, ačiū už pagalbą, žmonės."),
    ("cp1251", "Как здорово, что все мы здесь сегодня собрались!"),
    ("koi8_r", "Как здорово, что все мы здесь сегодня собрались!"),
    ("cp1253", "Καλημέρα, τι κάνεις; Σήμερα θα πάμε στο σχολείο."),
    ("cp1255", "שלום, מה שלומך? היום נלך לבית הספר."),
    ("cp1256", "مرحبا، كيف حالك؟ اليوم سنذهب إلى المدرسة."),
    ("cp874", "สวัสดีครับ วันนี้เราจะไปโรงเรียน"),
    ("big5", "你好，今天我們去學校，然後吃午飯。謝謝你的幫助。"),
    ("gbk", "你好，今天我们去学校，然后吃午饭。谢谢你的帮助。"),
    ("shift_jis", "こんにちは。今日は学校に行って、昼ごはんを食べます。"),
    ("euc_jp", "こんにちは。今日は学校に行って、昼ごはんを食べます。"),
    ("cp949", "안녕하세요. 오늘은 학교에 가고 점심을 먹을 거예요."),
]


@pytest.mark.parametrize(("encoding", "words"), OLD_ENCODINGS)
@pytest.mark.parametrize("rows_before", [0, 3000], ids=["at once", "late"])
def test_an_old_encoding_is_told_by_its_letters_wherever_they_are(encoding: str, words: str, rows_before: int) -> None:
    rows = [*["Nothing but ASCII so far."] * rows_before, words]
    cues = [(float(place), place + 0.9, row) for place, row in enumerate(rows)]
    assert read(as_file("srt", cues).encode(encoding)).snippets[-1].text == words


def test_an_old_encoding_is_told_within_a_single_long_row() -> None:
    text = "Nothing but ASCII so far. " * 3000 + "Cześć, jak się masz? Źle się czuję, ale może będzie lepiej."
    assert read(text.encode("cp1250")).snippets[0].text == text


@given(st.binary(min_size=1, max_size=200).filter(lambda content: not content.isascii()))
def test_any_bytes_have_encodings_or_none(content: bytes) -> None:
    assert all(isinstance(encoding, str) for encoding in encodings_of(content))


def test_rows_may_end_in_any_way_and_blank_rows_may_be_missing_or_too_many() -> None:
    expected = [line[1] for line in said(SRT)]
    assert [line[1] for line in said(SRT.replace("\n", "\r"))] == expected
    assert [line[1] for line in said(SRT.replace("\n\n", "\n"))] == expected
    assert [line[1] for line in said(SRT.replace("\n", "\n\n"))] != []


def test_a_spoken_number_is_kept() -> None:
    assert read("1\n00:00:01,000 --> 00:00:02,000\nThe year?\n1984\n").snippets[0].text == "The year?\n1984"


def test_overlapping_cues_are_all_kept_in_the_order_of_their_times() -> None:
    text = (
        "1\n00:00:04,000 --> 00:00:09,000\nSecond words.\n\n2\n00:00:01,000 --> 00:00:06,000\nFirst words.\n\n"
        "3\n00:00:04,000 --> 00:00:05,000\nThird words.\n"
    )
    lines = said(text)
    assert [line[1] for line in lines] == ["First words.", "Second words.", "Third words."]
    assert all(before[3] <= after[2] for before, after in pairwise(lines))


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("00:00:09,000 --> 00:00:08,000", "Cue 2 ends before it begins (00:00:09.000 to 00:00:08.000)."),
        ("30:00:00,000 --> 30:00:01,000", "Cue 2 is later than 24 hours after the beginning."),
        ("00:00:9x,000 --> 00:00:08,000", None),
        ("-00:00:09,000 --> 00:00:12,000", "The times of cue 2 cannot be read: '-00:00:09,000 --> 00:00:12,000'."),
    ],
)
def test_times_that_cannot_be_are_refused_with_the_cue(row: str, sentence: str | None) -> None:
    text = SRT.replace("00:00:03,500 --> 00:00:05,000", row)
    if sentence is None:
        assert len(read(text).snippets) == 1  # no times at all: words of the cue above, as players show them
        return
    error = refusal(text)
    assert (error.code, error.detail) == (ErrorCode.TRANSCRIPT_INVALID, sentence)


def test_text_without_times_gets_estimated_ones() -> None:
    found = read("Mira: " + "word " * 25 + "end.\nJonas: Yes.\n\nA new paragraph begins here.", "notes.txt")
    assert found.times_are_estimated
    assert [round(snippet.start, 1) for snippet in found.snippets] == [0.0, 10.8, 12.6]
    assert {line.speaker for line in normalise(found).lines} == {"Mira", "Jonas"}


@pytest.mark.parametrize(
    "text",
    [
        "[00:00:02] Mira: So it begins.\n[00:01:02] Jonas: And goes on,\nlonger.",
        "0:02\nMira: So it begins.\n1:02\nJonas: And goes on,\nlonger.",
        "(0:02) - Mira: So it begins.\n(1:02) - Jonas: And goes on,\nlonger.",
    ],
)
def test_stamps_in_a_text_are_its_times(text: str) -> None:
    assert not read(text).times_are_estimated
    lines = said(text)
    assert [line[:3] for line in lines] == [
        ("Mira", "So it begins.", 2.0),
        ("Jonas", "And goes on, longer.", 62.0),
    ]
    assert lines[0][3] < 5


def test_stamps_that_go_back_are_refused_with_the_row() -> None:
    error = refusal("[01:02] So it begins.\n[00:02] And goes back.")
    assert (error.code, error.detail) == (
        ErrorCode.TRANSCRIPT_INVALID,
        "The time in row 2 is before the one above it.",
    )


def test_a_title_above_the_stamps_is_said_at_the_beginning() -> None:
    found = read("Comets\n\n0:02 So it begins.\n0:05 It goes on.\n0:09 It ends.")
    assert not found.times_are_estimated
    assert [(snippet.start, snippet.text) for snippet in found.snippets][:2] == [
        (0.0, "Comets"),
        (2.0, "So it begins."),
    ]


def test_a_time_of_day_in_prose_is_no_stamp() -> None:
    assert read("We met early.\n10:30 it was, and raining.").times_are_estimated


SEGMENTS = [{"start": 0.5, "end": 2.0, "text": " Did you see that?"}, {"start": 2, "end": 4, "text": " A comet."}]


@pytest.mark.parametrize(
    "content",
    [
        {"task": "transcribe", "language": "en", "duration": 4.0, "text": "…", "segments": SEGMENTS},
        [{"text": one["text"], "start": one["start"], "duration": one["end"] - one["start"]} for one in SEGMENTS],
        {"title": "Comets", "language": "en", "lines": SEGMENTS},
    ],
)
def test_json_of_whisper_youtube_and_recast_is_read(content: object) -> None:
    assert [line[1:] for line in said(json.dumps(content))] == [
        ("Did you see that?", 0.5, 2.0),
        ("A comet.", 2.0, 4.0),
    ]


def test_diarized_segments_have_speakers() -> None:
    segments = [{**one, "speaker": name} for one, name in zip(SEGMENTS, ["speaker_1", "A"], strict=True)]
    assert [line[0] for line in said(json.dumps({"segments": segments}))] == ["Speaker 1", "Speaker 2"]


def test_recasts_own_transcript_comes_back_as_it_was() -> None:
    first = read(SRT).model_copy(update={"title": "Comets", "channel": "Ada", "language": "en"})
    again = read(first.model_dump_json(), "other.json")
    assert again == first


def test_a_transcript_stored_before_files_were_taken_can_be_read() -> None:
    kept = {"video_id": "demo0000001", "title": "t", "channel": "c", "duration_seconds": 1.0, "language": "en"}
    found = Transcript.model_validate({**kept, "is_generated": False, "snippets": [], "chapters": []})
    assert (found.kind, found.times_are_estimated, found.licence) == (SourceKind.YOUTUBE, False, "")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"segments": [SEGMENTS[0], {"start": 5, "end": 4, "text": "x"}]}, "Segment 2 ends before it begins"),
        ({"segments": [{"start": math.inf, "end": math.inf, "text": "x"}]}, "Segment 1 has a time that is before"),
        ({"segments": [{"start": 1, "text": "x"}]}, "Segment 1 has no times"),
        ({"segments": [{"start": 1, "end": 2}]}, "Segment 1 has no text"),
        ({"segments": "x"}, "The JSON is no transcript"),
        ({"words": []}, "The JSON is no transcript"),
    ],
)
def test_json_of_another_shape_is_refused_with_the_place(content: object, sentence: str) -> None:
    error = refusal(json.dumps(content))
    assert error.code is ErrorCode.TRANSCRIPT_INVALID
    assert error.detail.startswith(sentence)


@pytest.mark.parametrize(
    ("content", "beginning"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "The file is not text"),
        (b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8, "The file is not text"),
        (b"%PDF-1.7 ...", "The file is a PDF"),
        (b"<html><body>words</body></html>", "The file is a document with markup"),
        (b"[Script Info]\nTitle: x", "The file is a subtitle file of SubStation"),
        (b'{"segments": [{"start": 0, "end"', "The JSON is damaged or breaks off at line 1"),
        (b'{"segments": ' + b"[" * 100_000, "The JSON"),
    ],
    ids=["PNG", "JPEG", "PDF", "HTML", "SubStation", "cut JSON", "deep JSON"],
)
def test_a_file_that_is_something_else_is_refused(content: bytes, beginning: str) -> None:
    error = refusal(content)
    assert error.code is ErrorCode.TRANSCRIPT_INVALID
    assert error.detail.startswith(beginning)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf \r\n", b"WEBVTT\n\nNOTE nothing", b"[]", b'{"segments": []}'])
def test_a_file_without_words_is_an_empty_script(content: bytes) -> None:
    with pytest.raises(RecastError) as refused:
        read(content)
    assert refused.value.code in (ErrorCode.EMPTY_SCRIPT, ErrorCode.TRANSCRIPT_INVALID)


def test_too_many_bytes_and_too_many_cues_are_refused() -> None:
    assert refusal(bytes(MAX_FILE_BYTES + 1)).code is ErrorCode.TOO_LARGE
    cue = "00:00:01.000 --> 00:00:02.000\nx\n\n"
    assert "more than 50000 cues" in refusal("WEBVTT\n\n" + cue * (MAX_CUES + 1)).detail


@pytest.mark.parametrize("filler", ["\n", "1\n", " ", "<v ", "-->", "[", "0:00 ", "♪", "9" * 50])
def test_no_file_of_the_size_allowed_takes_more_than_its_length(filler: str) -> None:
    """Would be minutes where a pattern goes over the file once for each of its letters."""
    text = "1\n00:00:01,000 --> 00:00:02,000\nx\n" + filler * (1_000_000 // len(filler)) + "x"
    for beginning in ("", "WEBVTT\n\n"):
        with suppress(RecastError):
            normalise(read(beginning + text))


HEARD = ["so today we are going to", "talk about the old", "lighthouse and the woman", "who repairs its lamp", "alone"]


def rolling(rows: list[str]) -> list[tuple[float, float, str]]:
    """As yt-dlp saves what YouTube hears: each row under the one before, and for a moment alone."""
    shown = [(0.0, 2.0, f" \n{rows[0]}")]
    for place, (above, row) in enumerate(pairwise(rows), 1):
        shown += [
            (2.0 * place, 2.0 * place + 0.01, f"{above}\n "),
            (2.0 * place + 0.01, 2.0 * place + 2, f"{above}\n{row}"),
        ]
    return shown


def as_file(kind: str, cues: list[tuple[float, float, str]]) -> str:
    if kind == "json":
        return json.dumps([{"start": start, "duration": end - start, "text": text} for start, end, text in cues])
    blocks = [f"{number}\n{clock(start)} --> {clock(end)}\n{text}" for number, (start, end, text) in enumerate(cues, 1)]
    return "\n\n".join(["WEBVTT", *blocks] if kind == "vtt" else blocks)


@pytest.mark.parametrize("kind", ["srt", "vtt", "json"])
@pytest.mark.parametrize("rows", [2, 3, 4, 5])
def test_rolling_captions_that_were_saved_as_a_file_yield_each_word_once(kind: str, rows: int) -> None:
    lines = said(as_file(kind, rolling(HEARD[:rows])))
    assert " ".join(line[1] for line in lines) == " ".join(HEARD[:rows])


@pytest.mark.parametrize(
    "rows",
    [
        ["We will rock you!", "We will rock you!", "We will rock you!", "Sing it!"],
        ["Row, row, row your boat,", "gently down the stream.", "Row, row, row your boat,", "row your boat, row!"],
        ["Hey", "hey hey", "hey hey hey", "hey hey hey hey", "ho"],
        ["Let it shine", "let it shine", "let it shine, all the time", "all the time", "let it shine"],
        ["What do we want?", "Bread!", "What do we want?", "Bread!", "When do we want it?", "Now!"],
        ["Very", "very good", "and then", "then we went"],
    ],
)
@pytest.mark.parametrize("kind", ["srt", "vtt", "json"])
def test_what_is_repeated_on_purpose_in_a_typed_file_stays(kind: str, rows: list[str]) -> None:
    typed = [(2.0 * place, 2.0 * place + 2, row) for place, row in enumerate(rows)]
    assert " ".join(line[1] for line in said(as_file(kind, typed))).split() == " ".join(rows).split()


@pytest.mark.parametrize("beginning", ["&#", "&#000", "&amp;#"])
def test_an_entity_of_a_number_without_a_character_is_no_failure(beginning: str) -> None:
    assert said(SRT.replace("Did", f"{beginning}{'9' * 5000}; Did"))[0][1] == "\ufffd Did you see that?"


def test_what_postgresql_cannot_keep_is_left_out() -> None:
    segments = '{"title": "a\\u0000b", "segments": [{"start": 0, "end": 1, "text": "So\\u0000 it\\ud800 is."}]}'
    found = read(segments)
    assert (found.title, found.snippets[0].text) == ("ab", "So it is.")


pieces = st.sampled_from(
    [
        "WEBVTT",
        "\n",
        "\n\n",
        "1",
        "00:00:01,000 --> 00:00:02,000",
        "00:03.0 --> 00:01.0",
        "<v Ann>",
        "[",
        "{",
        '"',
        "-->",
        "[00:01]",
        "0:02 ",
        '{"segments": [',
        '{"start": 1, "end": 2, "text": "x"}',
        "]}",
        ",",
        "Ann: ",
        "\x00",
        "é",
        "%",
    ]
)


@given(st.one_of(st.binary(max_size=300), st.lists(pieces, max_size=20).map(lambda found: "".join(found).encode())))
def test_any_bytes_are_a_transcript_or_a_refusal(content: bytes) -> None:
    try:
        found = read_transcript_file(content, "x")
    except RecastError:
        return
    assert found.snippets
    assert all(snippet.duration >= 0 for snippet in found.snippets)
    found.model_dump_json()


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["segments", "snippets", "lines", "start", "end", "duration", "text", "title", "chapters"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_a_transcript_or_a_refusal(content: object) -> None:
    with suppress(RecastError):
        read_transcript_file(json.dumps(content).encode())
