"""Cutting audio and joining what was heard in its pieces."""

import string
from collections.abc import Iterator
from itertools import count, islice, pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.listening import (
    MAX_APART_SECONDS,
    Chunk,
    Heard,
    HeardWord,
    Silence,
    chunk_seconds_at_most,
    join_chunks,
    plan_chunks,
    snippets_of,
    words_of_segment,
)
from domain.normalise import normalise
from domain.transcript import Transcript

OVERLAP = 6.0


def said(text: str, *, seconds: float = 0.5, speaker: str | None = None, start: float = 0.0) -> list[HeardWord]:
    """One word each ``seconds``, with a short gap after it."""
    return [
        HeardWord(text=word, start=start + i * seconds, end=start + (i + 0.8) * seconds, speaker=speaker)
        for i, word in enumerate(text.split())
    ]


def hear(words: list[HeardWord], chunk: Chunk, *, jitter: float = 0.0, language: str = "en") -> Heard:
    """What a perfect engine hears in a chunk: words that lie in it whole; half words at its edges are garbled."""
    heard = []
    for word in words:
        start, end = max(word.start, chunk.start), min(word.end, chunk.end)
        if end - start <= 0.01:
            continue
        is_whole = end - start > word.end - word.start - 0.01
        text = word.text if is_whole else f"{word.text[: len(word.text) // 2]}~"
        heard.append(
            HeardWord(
                text=text,
                start=max(0.0, start - chunk.start + jitter),
                end=max(0.0, end - chunk.start + jitter),
                speaker=word.speaker,
            )
        )
    return Heard(words=tuple(heard), language=language)


def read(words: list[HeardWord], chunk: Chunk) -> Heard:
    """What an engine that tells no times hears: the same, spread over the chunk."""
    text = " ".join(texts(hear(words, chunk)))
    return Heard(words=tuple(words_of_segment(text, 0.0, chunk.seconds)), times_are_estimated=True)


def texts(heard: Heard) -> list[str]:
    return [word.text for word in heard.words]


durations = st.floats(min_value=1, max_value=4000)
silences_in = st.lists(
    st.tuples(st.floats(min_value=0, max_value=4000), st.floats(min_value=0.25, max_value=5)), max_size=60
).map(lambda spans: [Silence(start, start + seconds) for start, seconds in sorted(spans)])


@given(durations, silences_in, st.floats(min_value=20, max_value=1400), st.booleans())
def test_chunks_cover_the_audio_in_order_and_none_is_too_long(
    duration: float, silences: list[Silence], longest: float, always_overlap: bool
) -> None:
    chunks = plan_chunks(
        duration, silences, max_seconds=longest, overlap_seconds=OVERLAP, always_overlap=always_overlap
    )
    assert chunks[0].start == 0
    assert chunks[-1].end == pytest.approx(duration, abs=0.001)
    assert all(0 < chunk.seconds <= longest + 0.002 for chunk in chunks)
    for one, following in pairwise(chunks):
        assert one.start < following.start <= one.end
        assert one.end - following.start <= OVERLAP + 0.002


@given(durations, silences_in, st.floats(min_value=20, max_value=1400))
def test_chunks_meet_in_a_silence_or_overlap(duration: float, silences: list[Silence], longest: float) -> None:
    for one, following in pairwise(plan_chunks(duration, silences, max_seconds=longest, overlap_seconds=OVERLAP)):
        if following.start == one.end:
            assert any(silence.start <= one.end <= silence.end for silence in silences)
        else:
            assert one.end - following.start == pytest.approx(OVERLAP, abs=0.002)


def test_a_long_pause_is_a_better_place_to_cut_than_a_late_breath() -> None:
    chunks = plan_chunks(100, [Silence(40, 41.5), Silence(57, 57.3)], max_seconds=60)
    assert [chunk.start for chunk in chunks] == [0, 40.75]


def test_engines_that_tell_speakers_hear_an_overlap_even_at_a_silence() -> None:
    chunks = plan_chunks(100, [Silence(49, 51)], max_seconds=60, overlap_seconds=OVERLAP, always_overlap=True)
    assert [(chunk.start, chunk.end) for chunk in chunks] == [(0, 50), (44, 100)]


def test_the_size_of_a_chunk_is_bounded_by_the_bytes_of_its_form() -> None:
    assert chunk_seconds_at_most(1200, 25_000_000, 32_000) == pytest.approx(703.125)
    assert chunk_seconds_at_most(1200, 25_000_000, 6_000) == 1200


@given(
    st.lists(
        st.tuples(st.text(string.ascii_lowercase, min_size=1, max_size=8), st.floats(min_value=0.1, max_value=1.2)),
        min_size=1,
        max_size=400,
    ),
    st.floats(min_value=14, max_value=60),
    st.booleans(),
    st.floats(min_value=-0.2, max_value=0.2),
)
def test_no_word_is_lost_or_doubled_at_a_cut(
    spoken: list[tuple[str, float]], longest: float, always_overlap: bool, jitter: float
) -> None:
    words: list[HeardWord] = []
    at = 0.0
    for index, (text, seconds) in enumerate(spoken):
        # Words that tell themselves apart, so that a lost or doubled one is seen.
        words.append(HeardWord(text=f"{text}{index}", start=at, end=at + seconds))
        at += seconds + (0.6 if index % 17 == 16 else 0.02)
    pauses = [Silence(one.end, two.start) for one, two in pairwise(words) if two.start - one.end > 0.25]
    chunks = plan_chunks(at, pauses, max_seconds=longest, overlap_seconds=OVERLAP, always_overlap=always_overlap)
    joined = join_chunks(
        [(chunk, hear(words, chunk, jitter=jitter if index % 2 else 0.0)) for index, chunk in enumerate(chunks)]
    )
    assert texts(joined) == [word.text for word in words]
    assert all(one.start <= two.start + MAX_APART_SECONDS for one, two in pairwise(joined.words))


@given(
    st.lists(st.tuples(st.sampled_from(["la", "da", "no"]), st.floats(min_value=0.3, max_value=1)), min_size=30),
    st.floats(min_value=-0.1, max_value=0.1),
)
def test_a_refrain_keeps_all_its_words(sung: list[tuple[str, float]], jitter: float) -> None:
    words: list[HeardWord] = []
    at = 0.0
    for text, seconds in sung:
        words.append(HeardWord(text=text, start=at, end=at + seconds))
        at += seconds + 0.02
    chunks = plan_chunks(at, [], max_seconds=15, overlap_seconds=OVERLAP)
    joined = join_chunks([(chunk, hear(words, chunk, jitter=jitter * (i % 2))) for i, chunk in enumerate(chunks)])
    assert texts(joined) == [word.text for word in words]


rates = st.lists(st.tuples(st.integers(1, 60), st.floats(min_value=1.2, max_value=5.0)), min_size=1, max_size=40)
"""Stretches of so many words at so many a second."""


def at_rates(stretches: list[tuple[int, float]], spoken: Iterator[str]) -> list[HeardWord]:
    """Speech that hurries and slackens without a pause."""
    words: list[HeardWord] = []
    at = 0.0
    for so_many, rate in stretches:
        for text in islice(spoken, so_many):
            words.append(HeardWord(text=text, start=at, end=at + 0.98 / rate))
            at += 1 / rate
    return words


@given(rates, st.floats(min_value=14, max_value=60))
def test_without_times_no_word_is_lost_or_doubled_at_a_cut(stretches: list[tuple[int, float]], longest: float) -> None:
    words = at_rates(stretches, (f"w{place}" for place in count()))
    chunks = plan_chunks(words[-1].end, [], max_seconds=longest, overlap_seconds=OVERLAP)
    joined = join_chunks([(chunk, read(words, chunk)) for chunk in chunks])
    assert texts(joined) == [word.text for word in words]
    assert [word.start for word in joined.words] == sorted(word.start for word in joined.words)
    assert joined.words[-1].end == pytest.approx(words[-1].end, abs=0.01)
    assert joined.times_are_estimated


@pytest.mark.parametrize("seed", range(4))
def test_without_times_the_small_words_of_a_language_mislead_nobody(seed: int) -> None:
    chance = Random(seed)
    common = ["the", "of", "and", "to", "a", "in", "is", "it", "you", "that", "he", "was", "for", "on", "are", "with"]
    rare = [f"{head}{tail}" for head in ("sea", "moon", "glass", "stone", "wind") for tail in range(60)]
    spoken = (chance.choice(common if chance.random() < 0.5 else rare) for _ in count())
    stretches = [(chance.randint(5, 60), chance.uniform(1.2, 5.0)) for _ in range(150)]
    words = at_rates(stretches, spoken)
    chunks = plan_chunks(words[-1].end, [], max_seconds=45, overlap_seconds=OVERLAP)
    assert len(chunks) > 30
    joined = join_chunks([(chunk, read(words, chunk)) for chunk in chunks])
    assert texts(joined) == [word.text for word in words]
    assert max(abs(one.start - other.start) for one, other in zip(joined.words, words, strict=True)) < 20


def test_without_times_accounts_that_share_no_word_keep_all_of_theirs() -> None:
    first, second = Chunk(start=0, end=20), Chunk(start=14, end=34)
    joined = join_chunks(
        [(first, read(said("alpha beta gamma"), first)), (second, read(said("one two", start=20), second))]
    )
    assert texts(joined) == ["alpha", "beta", "gamma", "one", "two"]


def test_without_times_a_repetition_is_told_by_what_stands_around_it() -> None:
    words = said("he said no no no no and then he said no no no again and at last he went home", seconds=0.7)
    chunks = [Chunk(start=0, end=9.1), Chunk(start=3.5, end=14)]
    assert texts(join_chunks([(chunk, read(words, chunk)) for chunk in chunks])) == [word.text for word in words]


def test_words_keep_the_time_of_the_whole() -> None:
    first, second = Chunk(start=0, end=10), Chunk(start=10, end=20)
    joined = join_chunks([(first, Heard(words=tuple(said("one two")))), (second, Heard(words=tuple(said("three"))))])
    assert [(word.text, word.start) for word in joined.words] == [("one", 0.0), ("two", 0.5), ("three", 10.0)]


def test_a_word_that_is_said_twice_in_an_overlap_stays_twice() -> None:
    words = said("he said no no no and then he said no no again and went home at last", seconds=0.6)
    chunks = [Chunk(start=0, end=7), Chunk(start=2, end=11)]
    joined = join_chunks([(chunk, hear(words, chunk)) for chunk in chunks])
    assert texts(joined) == [word.text for word in words]


def test_accounts_without_a_common_word_are_joined_in_the_middle_of_the_overlap() -> None:
    first = Heard(words=tuple(said("alpha beta gamma delta", seconds=1)))
    second = Heard(words=tuple(said("one two three four", seconds=1)))
    joined = join_chunks([(Chunk(start=0, end=4), first), (Chunk(start=2, end=6), second)])
    assert texts(joined) == ["alpha", "beta", "gamma", "two", "three", "four"]


def test_a_word_never_outlasts_its_chunk() -> None:
    late = Heard(words=(HeardWord(text="end", start=9.5, end=14.0),))
    (word,) = join_chunks([(Chunk(start=100, end=110), late)]).words
    assert (word.start, word.end) == (109.5, 110.0)


def test_speakers_are_recognised_across_a_cut_by_the_words_that_both_chunks_hear() -> None:
    ann = said("good morning and welcome to the show", speaker="A")
    bob = said("thank you it is nice to be here", speaker="B", start=3.5)
    chunks = [Chunk(start=0, end=6), Chunk(start=2, end=7.5)]
    first = hear([*ann, *bob], chunks[0])
    swapped = {"A": "B", "B": "A"}
    second = hear([*ann, *bob], chunks[1])
    second = second.model_copy(
        update={"words": tuple(w.model_copy(update={"speaker": swapped[w.speaker or ""]}) for w in second.words)}
    )
    joined = join_chunks([(chunks[0], first), (chunks[1], second)])
    assert {word.speaker for word in joined.words[:7]} == {"Speaker 1"}
    assert {word.speaker for word in joined.words[7:]} == {"Speaker 2"}


def test_a_speaker_whom_nobody_recognises_is_another_one() -> None:
    first = Heard(words=tuple(said("one two", speaker="A")))
    second = Heard(words=tuple(said("three four", speaker="A")))
    joined = join_chunks([(Chunk(start=0, end=5), first), (Chunk(start=5, end=9), second)])
    assert [word.speaker for word in joined.words] == ["Speaker 1", "Speaker 1", "Speaker 2", "Speaker 2"]


def test_the_language_is_that_of_most_words() -> None:
    song = Heard(words=tuple(said("la la")), language="fr")
    talk = Heard(words=tuple(said("and now to something completely different")), language="en")
    silent = Heard(words=())
    chunks = [Chunk(start=i * 10, end=(i + 1) * 10) for i in range(3)]
    assert join_chunks(list(zip(chunks, [song, silent, talk], strict=True))).language == "en"


def test_a_segment_lends_its_punctuation_to_the_times_of_its_words() -> None:
    words = words_of_segment(" Hello, world.", 1, 3, times=[(1.1, 1.5), (2.0, 2.4)])
    assert [(word.text, word.start) for word in words] == [("Hello,", 1.1), ("world.", 2.0)]
    spread = words_of_segment(" Hello, world.", 1, 3, times=[(1.1, 1.5)])
    assert [(word.text, word.start) for word in spread] == [("Hello,", 1.0), ("world.", 2.0)]


@given(st.lists(st.sampled_from(["yes", "no.", "maybe,", "well", "true!"]), min_size=1, max_size=80))
def test_snippets_hold_every_word_once_and_are_short(texts_: list[str]) -> None:
    words = said(" ".join(texts_))
    snippets = snippets_of(words)
    assert " ".join(snippet.text for snippet in snippets).split() == texts_
    assert all(snippet.duration <= 6.5 for snippet in snippets)
    assert all(one.start < two.start for one, two in pairwise(snippets))


def test_slow_words_make_short_snippets() -> None:
    snippets = snippets_of(said("one two three four five six seven eight", seconds=2))
    assert max(snippet.duration for snippet in snippets) <= 6


def test_the_script_knows_who_speaks() -> None:
    words = [*said("Hello there.", speaker="Speaker 1"), *said("Good day to you.", speaker="Speaker 2", start=2.0)]
    transcript = Transcript(
        video_id="x",
        title="t",
        channel="c",
        duration_seconds=5,
        language="en",
        is_generated=True,
        snippets=snippets_of(words),
    )
    lines = normalise(transcript).lines
    assert [(line.speaker, line.text) for line in lines] == [
        ("Speaker 1", "Hello there."),
        ("Speaker 2", "Good day to you."),
    ]
    assert lines[1].start == 2.0


def test_japanese_words_are_joined_without_spaces() -> None:
    words = words_of_segment("こんにちは。", 0, 2)
    assert "".join(snippet.text for snippet in snippets_of(words)) == "こんにちは。"
