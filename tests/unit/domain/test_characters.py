"""The cast as it is frozen, and clip keys that know what a character looks like."""

from uuid import UUID

import pytest

from domain.characters import CHARACTER_TRANSITIONS, CastMember, CharacterStatus, Voice, why_not_ready
from domain.profile import Aspect, Profile
from domain.shots import Camera, Light, Setting, Shot, ShotPrompt

ZED = UUID("3a9c5e7b-2d44-4f1a-8b6c-9e0f1a2b3c88")


def member(**facts: object) -> CastMember:
    return CastMember.model_validate({"character_id": ZED, "name": "Zed", "style": "", "portrait_key": None, **facts})


def clip_key(one: CastMember) -> str:
    prompt = ShotPrompt(
        text="t",
        caption="c",
        setting=Setting.SEA,
        light=Light.DAY,
        camera=Camera.STILL,
        style="s",
        characters=(ZED,),
        speaker=ZED,
    )
    shot = Shot(
        provider="p",
        model="m",
        model_version="1",
        prompt=prompt,
        duration_seconds=5,
        ordered_seconds=5,
        profile=Profile.of(Aspect.WIDE),
        cast=(one,),
    )
    return shot.clip_key


def test_another_picture_or_model_makes_another_clip() -> None:
    base = {"portrait_key": "a.webp", "pictures": ("a.webp", "b.webp"), "model_ref": "me/zed", "model_version": "1"}
    changes: list[dict[str, object]] = [
        {},
        {"pictures": ("a.webp", "c.webp")},
        {"pictures": ("a.webp",)},
        {"portrait_key": "b.webp", "pictures": ("b.webp", "a.webp")},
        {"model_version": "2"},
        {"model_ref": "me/other"},
    ]
    keys = [clip_key(member(**(base | change))) for change in changes]
    assert len(set(keys)) == len(changes)
    assert clip_key(member(**base)) == keys[0]


def test_another_voice_films_nothing_again() -> None:
    voices = [None, Voice(name="en-gb+f3"), Voice(name="en-us+m1", pitch=5, rate=60)]
    assert len({clip_key(member(voice=voice)) for voice in voices}) == 1


def test_a_cast_frozen_before_there_were_several_pictures_has_its_portrait() -> None:
    old = {"character_id": str(ZED), "name": "Ada", "style": "", "portrait_key": "premade/ada/1.png", "voice": None}
    assert CastMember.model_validate(old).pictures == ("premade/ada/1.png",)
    assert member().pictures == ()


def test_a_frozen_member_reads_as_it_was_written() -> None:
    one = member(portrait_key="a.webp", pictures=("a.webp", "b.webp"), model_ref="me/zed", model_version="1")
    assert CastMember.model_validate(one.model_dump(mode="json")) == one


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (CharacterStatus.READY, None),
        (CharacterStatus.UPLOADING, "The pictures of Zed are still being stored."),
        (CharacterStatus.UNTRAINED, "Zed is not trained yet."),
        (CharacterStatus.TRAINING, "Zed is being trained: 40 % done."),
        (CharacterStatus.FAILED, "The training of Zed failed. No face was found."),
    ],
)
def test_who_is_not_ready_says_how_far_they_are(status: CharacterStatus, sentence: str | None) -> None:
    assert why_not_ready("Zed", status, 40, "No face was found.") == sentence


def test_every_status_can_become_ready_and_only_an_upload_is_never_begun_again() -> None:
    reached = {CharacterStatus.UPLOADING}
    for _ in CharacterStatus:
        reached |= {after for before in reached for after in CHARACTER_TRANSITIONS[before]}
    assert reached == set(CharacterStatus)
    assert all(CharacterStatus.UPLOADING not in after for after in CHARACTER_TRANSITIONS.values())
