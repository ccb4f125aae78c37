import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ErrorCode, RecastError
from domain.links import HOSTS, parse_youtube_link, watch_url

ID = "dQw4w9WgXcQ"

ACCEPTED = [
    ID,
    "-_-_-_-_-_-",
    f"https://www.youtube.com/watch?v={ID}",
    f"http://www.youtube.com/watch?v={ID}",
    f"HTTPS://WWW.YouTube.com/watch?v={ID}",
    f"https://youtube.com/watch?v={ID}",
    f"https://m.youtube.com/watch?v={ID}",
    f"https://music.youtube.com/watch?v={ID}",
    f"https://youtube-nocookie.com/embed/{ID}",
    f"https://www.youtube-nocookie.com/embed/{ID}?rel=0",
    f"https://youtu.be/{ID}",
    f"https://youtu.be/{ID}/",
    f"https://youtu.be/{ID}?si=abc&t=42",
    f"https://www.youtube.com/shorts/{ID}",
    f"https://www.youtube.com/live/{ID}?feature=share",
    f"https://www.youtube.com/embed/{ID}",
    f"https://www.youtube.com/v/{ID}",
    f"https://www.youtube.com/e/{ID}",
    f"https://www.youtube.com/watch?list=PL123&index=4&v={ID}&t=1m3s",
    f"https://www.youtube.com/watch?v={ID}#t=10",
    f"https://www.youtube.com/embed/{ID}?list=PL123",
    f"  \n\thttps://youtu.be/{ID} \r\n",
]

REJECTED = [
    ("", "no link"),
    ("   ", "no link"),
    ("hello", "https://"),
    (ID[:-1], "https://"),
    (ID + "x", "https://"),
    (f"www.youtube.com/watch?v={ID}", "https://"),
    (f"//www.youtube.com/watch?v={ID}", "https://"),
    (f"ftp://www.youtube.com/watch?v={ID}", "https://"),
    (f"javascript://www.youtube.com/watch?v={ID}", "https://"),
    (f"https://user@www.youtube.com/watch?v={ID}", "user name"),
    (f"https://www.youtube.com:pw@evil.example/watch?v={ID}", "user name"),
    (f"https://www.youtube.com:443/watch?v={ID}", "port"),
    (f"https://www.youtube.com:/watch?v={ID}", "port"),
    (f"https://[::1]/watch?v={ID}", "port"),
    (f"https://[::1/watch?v={ID}", "not a web address"),
    (f"https://evil.example/watch?v={ID}", "not lead to YouTube"),
    (f"https://www.youtube.com.evil.example/watch?v={ID}", "not lead to YouTube"),
    (f"https://evilyoutube.com/watch?v={ID}", "not lead to YouTube"),
    (f"https://gaming.youtube.com/watch?v={ID}", "not lead to YouTube"),
    (f"https://www.youtu.be/{ID}", "not lead to YouTube"),
    (f"https://www.youtube.com./watch?v={ID}", "not lead to YouTube"),
    (f"https://www.ｙoutube.com/watch?v={ID}", "not lead to YouTube"),
    ("http://169.254.169.254/latest/meta-data", "not lead to YouTube"),
    (f"https://www.youtube.com\\@evil.example/watch?v={ID}", "backslashes"),
    (f"https://www.youtube.com/watch?v={ID}\x00", "invisible"),
    (f"https://www.you\ntube.com/watch?v={ID}", "invisible"),
    (f"https://youtu.be/{ID} https://youtu.be/{ID}", "spaces"),
    (f"https://www.youtube.com/\u200bwatch?v={ID}", "invisible"),
    ("https://www.youtube.com/playlist?list=PL123", "playlist"),
    ("https://www.youtube.com/watch?list=PL123", "playlist"),
    ("https://www.youtube.com/embed/videoseries?list=PL123", "playlist"),
    ("videoseries", "playlist"),
    ("https://www.youtube.com/embed/live_stream?channel=UC123", "live stream"),
    ("https://www.youtube.com/watch?v=live_stream", "live stream"),
    ("https://www.youtube.com/channel/UCuAXFkgsw1L7xaCfnd5JJOw", "channel"),
    ("https://www.youtube.com/@RickAstleyYT/videos", "channel"),
    ("https://www.youtube.com/c/RickAstley", "channel"),
    ("https://www.youtube.com/user/RickAstley", "channel"),
    ("https://www.youtube.com/", "not the page of a video"),
    ("https://www.youtube.com/watch", "not the page of a video"),
    ("https://www.youtube.com/results?search_query=cats", "not the page of a video"),
    (f"https://www.youtube.com/redirect?q=https://youtu.be/{ID}", "not the page of a video"),
    (f"https://www.youtube.com/embed/{ID}/more", "not the page of a video"),
    (f"https://www.youtube.com/playlist/{ID}", "not the page of a video"),
    ("https://www.youtube.com/watch?v=short", "eleven"),
    ("https://www.youtube.com/watch?v=dQw4w9WgXc%0A", "eleven"),
    (f"https://youtu.be/x/{ID}", "eleven"),
    ("https://youtu.be/", "eleven"),
    ("https://youtu.be/dQw4w9WgXc٣", "eleven"),
]


@pytest.mark.parametrize("link", ACCEPTED)
def test_a_link_to_one_video_gives_its_id(link: str) -> None:
    assert parse_youtube_link(link) == (link if len(link) == 11 else ID)


@pytest.mark.parametrize(("link", "reason"), REJECTED)
def test_anything_else_is_rejected_with_the_reason(link: str, reason: str) -> None:
    with pytest.raises(RecastError) as caught:
        parse_youtube_link(link)
    assert caught.value.code is ErrorCode.INVALID_LINK
    assert reason in caught.value.detail


anything = st.one_of(
    st.text(),
    st.text(alphabet=st.characters()),  # surrogates too
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["https://", "http://", "//", "", "https:"]),
        st.sampled_from([*HOSTS, "youtu.be", "evil.example", "[", "a@youtu.be"]),
        st.sampled_from(["/watch?v=", "/embed/", "/", "?v=", "/watch?v=%", "/@"]),
        st.text(max_size=14),
    ),
)


@given(anything)
def test_no_text_breaks_the_parser_and_what_it_accepts_is_an_id_that_it_accepts_again(text: str) -> None:
    try:
        video_id = parse_youtube_link(text)
    except RecastError as error:
        if error.code is not ErrorCode.INVALID_LINK:
            raise
    else:
        assert parse_youtube_link(watch_url(video_id)) == video_id


@given(st.from_regex(r"https://[a-z.@:]{1,30}/watch\?v=dQw4w9WgXcQ", fullmatch=True))
def test_no_host_off_the_list_is_accepted(link: str) -> None:
    host = link.removeprefix("https://").partition("/")[0]
    if host not in HOSTS:
        with pytest.raises(RecastError):
            parse_youtube_link(link)


def test_the_address_that_is_fetched_is_built_anew() -> None:
    assert watch_url(ID) == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
