"""The sandbox's YouTube, read by the real youtube-transcript-api through the product's own resource."""

import itertools
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from requests.adapters import HTTPAdapter
from youtube_transcript_api import Transcript as Track
from youtube_transcript_api import YouTubeTranscriptApi

from domain.captions import clean_captions
from domain.errors import ErrorCode, RecastError
from resources.youtube import YouTubeCaptions, choose_track, read_chapters
from resources.youtube_proxy import Proxy
from sandbox.faults import Fault
from sandbox.youtube.links import links
from sandbox.youtube.videos import library

FAULTS = [(link.video_id, link.captions_code) for link in links() if link.captions_code]
READABLE = [link.video_id for link in links() if link.captions_code in ("", "EMPTY_SCRIPT")]


def reader(base_url, languages=("en",), timeout_seconds=10.0, proxy=None, sleep=lambda seconds: None):
    return YouTubeCaptions(base_url, proxy, timeout_seconds, languages, sleep=sleep)


@pytest.mark.parametrize(("video_id", "code"), [fault for fault in FAULTS if fault[1] != "EMPTY_SCRIPT"])
def test_every_fault_link_ends_with_the_code_it_is_listed_with(sandbox, video_id, code):
    with pytest.raises(RecastError) as failure:
        reader(sandbox.url).fetch(video_id)
    assert failure.value.code == code
    assert failure.value.cause


@pytest.mark.parametrize("video_id", READABLE)
def test_every_other_link_can_be_read(sandbox, video_id):
    transcript = reader(sandbox.url).fetch(video_id)
    assert transcript.video_id == video_id
    assert transcript.snippets
    ends = [snippet.start + snippet.duration for snippet in transcript.snippets]
    assert max(ends) <= transcript.duration_seconds + 1
    starts = [snippet.start for snippet in transcript.snippets]
    assert starts == sorted(starts)


def test_a_creative_commons_licence_is_read_from_the_watch_page(sandbox):
    assert reader(sandbox.url).fetch("lecture0001").licence == "Creative Commons Attribution license (reuse allowed)"
    assert reader(sandbox.url).fetch("demo0000001").licence == ""


def test_the_demo_is_a_short_dialogue_with_speakers_and_punctuation(sandbox):
    transcript = reader(sandbox.url).fetch("demo0000001")
    assert 35 <= transcript.duration_seconds <= 60
    assert (transcript.language, transcript.is_generated) == ("en", False)
    text = " ".join(snippet.text for snippet in transcript.snippets)
    assert text.count("ADA: ") == text.count("BRUNO: ") == 4
    assert transcript.snippets[0].text == "ADA: Do you hear it?"
    assert transcript.title == "A Rowing Boat to the Stars"
    assert transcript.channel == "Lantern Street Stories"
    assert transcript.thumbnail_url == "https://i.ytimg.com/vi/demo0000001/hqdefault.jpg"


def test_automatic_captions_roll_without_punctuation(sandbox):
    transcript = reader(sandbox.url).fetch("interview01")
    assert transcript.is_generated
    spoken = [snippet for snippet in transcript.snippets if not snippet.text.startswith("[")]
    assert all(snippet.text == snippet.text.lower() for snippet in spoken)
    assert not any(mark in snippet.text for snippet in spoken for mark in ".,?!")
    assert sum(snippet.text.startswith(">> ") for snippet in spoken) > 10
    assert {"[Music]", "[Laughter]", "[Applause]"} <= {snippet.text for snippet in transcript.snippets}
    pairs = list(itertools.pairwise(transcript.snippets))
    assert all(one.start + one.duration > two.start for one, two in pairs)


@pytest.mark.parametrize("video_id", ["trouble0001", "secondtry01"])
def test_words_of_trouble_outlive_the_cleaning_of_captions(sandbox, video_id):
    text = " ".join(caption.text for caption in clean_captions(reader(sandbox.url).fetch(video_id)))
    words = re.findall(r"\(\(([a-z0-9-]+)\)\)", text)
    assert len(words) == 4
    assert {word.removesuffix("-once") for word in words} <= set(Fault)


def test_apostrophes_and_speaker_marks_survive_double_escaping(sandbox):
    text = " ".join(snippet.text for snippet in reader(sandbox.url).fetch("demo0000001").snippets)
    assert "Let's follow them" in text
    assert "&" not in text
    raw = requests.get(f"{sandbox.url}/api/timedtext?v=demo0000001&lang=en", timeout=5).text
    assert "Let&amp;#39;s follow them" in raw


def test_typed_captions_come_before_heard_ones_in_the_languages_asked_for(sandbox):
    assert reader(sandbox.url, ("en",)).fetch("talk0000001").is_generated is False
    german = reader(sandbox.url, ("de", "en")).fetch("talk0000001")
    assert german.language == "de"
    assert german.snippets[0].text == "Guten Abend."
    japanese = reader(sandbox.url, ("ja",)).fetch("talk0000001")
    assert japanese.snippets[0].text == "こんばんは。"
    assert len(japanese.snippets) > 30


def test_a_video_in_none_of_the_languages_is_read_in_the_spoken_one(sandbox):
    transcript = reader(sandbox.url, ("fi", "sv")).fetch("talk0000001")
    assert (transcript.language, transcript.is_generated) == ("en", False)


def test_a_regional_code_finds_the_language(sandbox):
    assert reader(sandbox.url, ("de-AT",)).fetch("talk0000001").language == "de"


def test_chapters_are_those_of_the_text(sandbox):
    transcript = reader(sandbox.url).fetch("lecture0001")
    assert [chapter.title for chapter in transcript.chapters][:2] == ["A map is a promise", "Peeling the orange"]
    assert len(transcript.chapters) == 8
    known = library()["lecture0001"].chapters
    gaps = [abs(chapter.start - start) for chapter, (start, _) in zip(transcript.chapters, known, strict=True)]
    assert max(gaps) < 1
    assert 18 * 60 < transcript.duration_seconds < 24 * 60


def test_a_chapter_begins_where_its_first_caption_does(sandbox):
    transcript = reader(sandbox.url).fetch("lecture0001")
    chapter = next(chapter for chapter in transcript.chapters if chapter.title == "The doctor with the dots")
    first = next(snippet for snippet in transcript.snippets if snippet.start >= chapter.start)
    assert first.text.startswith("Let me give you the opposite now")


def test_machine_translation_is_offered_where_a_text_exists(sandbox):
    class ToSandbox(HTTPAdapter):
        def send(self, request, **options):
            request.url = request.url.replace("https://www.youtube.com", sandbox.url)
            return super().send(request, **options)

    with requests.Session() as session:
        session.mount("https://www.youtube.com", ToSandbox())
        tracks = YouTubeTranscriptApi(http_client=session).list("talk0000001")
        translated = tracks.find_generated_transcript(["en"]).translate("de").fetch()
    assert translated[0].text == "Guten Abend."


def test_the_player_wants_the_key_of_the_watch_page(sandbox):
    body = {"context": {"client": {"clientName": "ANDROID"}}, "videoId": "demo0000001"}
    assert requests.post(f"{sandbox.url}/youtubei/v1/player?key=another", json=body, timeout=5).status_code == 400


def test_an_unreachable_source_is_tried_three_times_with_growing_pauses(sandbox):
    pauses = []
    with pytest.raises(RecastError) as failure:
        reader(sandbox.url, sleep=pauses.append).fetch("alwaysdown1")
    assert failure.value.code == ErrorCode.SOURCE_UNREACHABLE
    assert len(pauses) == 2
    assert all(0 <= pause <= 8 for pause in pauses)


def test_a_refusal_is_not_repeated(sandbox):
    pauses = []
    for video_id in ("private0001", "blockedip01", "nocaption01"):
        with pytest.raises(RecastError):
            reader(sandbox.url, sleep=pauses.append).fetch(video_id)
    assert pauses == []


def test_a_single_503_is_survived(sandbox):
    pauses = []
    transcript = reader(sandbox.url, sleep=pauses.append).fetch("tryagain001")
    assert transcript.title == "A Rowing Boat to the Stars"
    assert len(pauses) == 1


def test_a_server_that_never_answers_is_given_up_after_the_time_out():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(RecastError) as failure:
            reader(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_seconds=0.1).fetch("demo0000001")
    assert failure.value.code == ErrorCode.SOURCE_UNREACHABLE
    assert time.monotonic() - began < 5


def test_a_server_that_is_not_there_is_unreachable():
    with pytest.raises(RecastError) as failure:
        reader("http://127.0.0.1:9").fetch("demo0000001")
    assert failure.value.code == ErrorCode.SOURCE_UNREACHABLE


def test_without_the_sandbox_youtube_is_asked_through_the_proxy_and_its_password_stays_unsaid():
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        threading.Thread(target=_refuse, args=(proxy, asked), daemon=True).start()
        address = f"http://someone:secret-word@127.0.0.1:{proxy.getsockname()[1]}"
        with pytest.raises(RecastError) as failure:
            reader(None, proxy=Proxy(address), timeout_seconds=2).fetch("demo0000001")
    assert failure.value.code == ErrorCode.SOURCE_UNREACHABLE
    assert asked[0].startswith(b"CONNECT www.youtube.com:443")
    assert "secret-word" not in str(failure.value)


def test_a_misspelt_proxy_address_stays_unsaid():
    with pytest.raises(RecastError) as failure:
        reader(None, proxy=Proxy("http://someone:secret-word@127.0.0.1:port")).fetch("demo0000001")
    assert failure.value.code == ErrorCode.SOURCE_UNREACHABLE
    assert "secret-word" not in str(failure.value)


def test_the_environments_proxy_is_not_asked_for_the_sandbox(sandbox, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    assert reader(sandbox.url).fetch("demo0000001").snippets


@pytest.mark.parametrize("text", ["", "short", "demo0000001&x=1", "../../etc/pa", "demo000000\n"])
def test_what_is_no_video_id_is_never_sent(text):
    with pytest.raises(RecastError) as failure:
        reader("http://127.0.0.1:9").fetch(text)
    assert failure.value.code == ErrorCode.INVALID_LINK


def test_many_threads_may_read_at_once(sandbox):
    captions = reader(sandbox.url)
    ids = ["demo0000001", "talk0000001", "interview01", "consent0001"] * 4
    with ThreadPoolExecutor(8) as pool:
        assert [transcript.video_id for transcript in pool.map(captions.fetch, ids)] == ids


@pytest.mark.parametrize(
    ("listed", "languages", "chosen"),
    [
        (["en-GB", "asr en"], ["en"], "en-GB"),
        (["en-GB", "en", "asr en"], ["en"], "en"),
        (["ar", "de"], ["de", "ar"], "de"),
        (["ar", "asr en"], ["en"], "asr en"),
        (["ar", "ja", "asr ja"], ["en"], "ja"),
        (["ar", "asr ja"], ["en"], "ar"),
        (["asr ko"], [], "asr ko"),
        (["zh-Hant", "zh-Hans"], ["zh-Hans"], "zh-Hans"),
    ],
)
def test_the_best_of_several_tracks_is_chosen(listed, languages, chosen):
    tracks = {
        name: Track(requests.Session(), "demo0000001", "", name, name.removeprefix("asr "), name.startswith("asr"), [])
        for name in listed
    }
    assert choose_track(tracks.values(), languages) is tracks[chosen]
    assert choose_track(reversed(tracks.values()), languages) is tracks[chosen]


def test_the_users_languages_come_before_the_servers(sandbox):
    captions = reader(sandbox.url, languages=("en",))
    assert captions.fetch("talk0000001").language == "en"
    assert captions.fetch("talk0000001", languages=("fr", "ja", "de")).language == "ja"


def test_captions_in_the_wanted_language_are_better_than_a_translation(sandbox):
    transcript = reader(sandbox.url).fetch("talk0000001", translate_to="de")
    assert (transcript.language, transcript.is_generated) == ("de", False)


def test_youtube_translates_where_there_are_no_such_captions(sandbox):
    captions = reader(sandbox.url)
    assert "lamp in the window" in captions.fetch("song0000001", languages=("de",)).snippets[1].text
    transcript = captions.fetch("song0000001", translate_to="de")
    assert (transcript.language, transcript.is_generated) == ("de", True)
    assert "Eine Lampe im Fenster" in transcript.snippets[1].text


@pytest.mark.parametrize("video_id", ["interview01", "song0000001"])
def test_a_translation_that_youtube_does_not_make_is_a_problem_of_its_own(sandbox, video_id):
    with pytest.raises(RecastError) as failure:
        reader(sandbox.url).fetch(video_id, translate_to="ja")
    assert failure.value.code == ErrorCode.TRANSLATION_MISSING


@pytest.mark.parametrize(
    ("description", "starts"),
    [
        ("0:00 One\n0:30 Two\n1:02:03 Three", [0, 30, 3723]),
        ("Hello!\n\n(00:00) One\n(01:30) - Two\n▶ 2:00 – Three\nbye", [0, 90, 120]),
        ("0:00 One\n0:30 Two", []),
        ("0:10 One\n0:30 Two\n0:50 Three", []),
        ("0:00 One\n0:05 Two\n0:50 Three", []),
        ("0:00 One\n0:50 Two\n0:30 Three", []),
        ("The score was 3:1 and 2:15 later it was 4:10, at 10:30 sharp", []),
        ("", []),
    ],
)
def test_chapters_are_made_by_youtubes_own_rules(description, starts):
    assert [chapter.start for chapter in read_chapters(description)] == starts


@pytest.mark.parametrize("text", ["\n" * 5000 + "0:00" + " " * 5000, "- " * 5000, "0:00" + "\n" * 5000, "1:" * 5000])
def test_an_odd_description_is_read_at_once(text):
    began = time.process_time()
    assert read_chapters(text) == ()
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "video",
    [video for video in library().values() if video.id not in ("short000001", "song0000001")],
    ids=lambda video: video.id,
)
def test_the_library_speaks_at_about_150_words_a_minute(video):
    spoken = [caption for caption in video.tracks[0].captions if not caption.text.startswith("[")]
    words = sum(len(caption.text.split()) for caption in spoken)
    assert 125 < words / video.length_seconds * 60 < 155


@pytest.mark.parametrize("video", library().values(), ids=lambda video: video.id)
def test_typed_captions_follow_each_other_and_fit_two_lines(video):
    for track in video.tracks:
        if track.is_generated:
            continue
        pairs = itertools.pairwise(track.captions)
        assert all(one.start + one.duration <= two.start + 0.002 for one, two in pairs)
        assert all(0 < len(caption.text) <= 100 for caption in track.captions)


def _refuse(proxy, asked):
    while True:
        try:
            connection, _ = proxy.accept()
        except OSError:
            return
        with connection:
            asked.append(connection.recv(4096))
            connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
