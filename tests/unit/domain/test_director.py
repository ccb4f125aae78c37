import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.characters import CastMember
from domain.director import direct
from domain.edits import RenameSpeaker, SetSpeaker, apply
from domain.errors import ErrorCode, RecastError
from domain.premade import PREMADE
from domain.prompts import NEGATIVE_ALONE, NEGATIVE_TOGETHER
from domain.scenes import Scene
from domain.script import Line, Script
from domain.shots import Camera, Light, Setting, ShotPrompt

CAST = [
    CastMember(character_id=character.character_id, name=character.name, style=character.style, portrait_key=None)
    for character in PREMADE
]
ADA, BRUNO, CHIDI = CAST[:3]


def scene(
    index: int, text: str, speaker: str | None = None, title: str | None = None, start: float | None = None
) -> Scene:
    start = 6.0 * (index - 1) if start is None else start
    line = Line(text=text, start=start, end=start + 6, speaker=speaker)
    return Scene(index=index, start=start, end=start + 6, lines=(line,), title=title)


def film(
    *scenes: Scene, cast: list[CastMember] = CAST[:3], style: str = "watercolour", seed: int = 7
) -> list[ShotPrompt]:
    return direct(scenes, cast, style=style, seed=seed)


def shoot(text: str, **details: str) -> ShotPrompt:
    return film(scene(1, text, **details))[0]


VOCABULARY = "the moon forest city died hello first? joke! sea night ada bruno says teacher and kitchen"
words = st.lists(st.sampled_from(VOCABULARY.split()), min_size=1, max_size=12).map(" ".join)
speakers = st.sampled_from([None, "Ada", "BRUNO", "Speaker 1", "Speaker 2"])
titles = st.sampled_from([None, "The ocean", "Thanks", "Space"])
films = st.lists(st.tuples(words, speakers, titles, st.sampled_from([3.0, 6.0, 8.0])), min_size=1, max_size=14).map(
    lambda rows: [
        scene(number + 1, text, speaker, title, start=sum(row[3] for row in rows[:number]))
        for number, (text, speaker, title, _) in enumerate(rows)
    ]
)


@given(films, words, st.integers(0, 13), st.integers(1, 4), st.integers(0, 2**40))
def test_an_edit_of_one_scene_changes_only_its_own_prompt(
    scenes: list[Scene], text: str, place: int, size: int, seed: int
) -> None:
    place %= len(scenes)
    line = scenes[place].lines[0].model_copy(update={"text": text})
    edited = [*scenes[:place], scenes[place].model_copy(update={"lines": (line,)}), *scenes[place + 1 :]]
    before, after = (direct(script, CAST[:size], style="ink", seed=seed) for script in (scenes, edited))
    changed = [index for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    assert changed == ([place] if text != scenes[place].text else [])


@given(films, st.integers(1, 12), st.integers(1, 4), st.integers(0, 2**40))
def test_a_scene_cut_out_of_the_middle_changes_no_other(scenes: list[Scene], place: int, size: int, seed: int) -> None:
    assume(place < len(scenes) - 1)
    script = Script(title="", language="en", lines=tuple(line for part in scenes for line in part.lines))
    rest = [*scenes[:place], *scenes[place + 1 :]]
    renumbered = [part.model_copy(update={"index": index}) for index, part in enumerate(rest, start=1)]
    before, after = (direct(some, CAST[:size], style="ink", seed=seed, script=script) for some in (scenes, renumbered))
    assert after == [*before[:place], *before[place + 1 :]]


names = st.sampled_from(["Ada", "Bruno", "CHIDI Obi", "Zoe", "Max", "Speaker 1"])
speeches = st.lists(st.one_of(st.none(), names), min_size=2, max_size=10)
namings = st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), names), st.booleans()), min_size=1, max_size=5)


@given(speeches, namings, st.integers(1, 4), st.sets(names, max_size=2))
def test_naming_speakers_changes_only_the_scenes_with_their_lines(
    said_by: list[str | None], edits: list[tuple[int, str | None, bool]], size: int, chosen: set[str]
) -> None:
    """Whatever they are named, and whoever of the cast is called so. Only whom a script names can be given a part."""
    chosen &= {name for name in said_by if name}
    cast = [CAST[0].model_copy(update={"speakers": tuple(sorted(chosen))}), *CAST[1:size]]
    script = Script(
        title="",
        language="en",
        lines=tuple(
            Line(text="And so on.", start=6.0 * place, end=6.0 * place + 6, speaker=speaker)
            for place, speaker in enumerate(said_by)
        ),
    )
    for place, name, is_renaming in edits:
        line = script.lines[place % len(script.lines)]
        if is_renaming and line.speaker and name and line.speaker not in chosen:
            edited = apply(script, [RenameSpeaker(op="rename_speaker", from_=line.speaker, to=name)])
        else:
            edited = apply(script, [SetSpeaker(op="set_speaker", line=line.id, speaker=name)])
        before, after = shots_by_line(script, cast), shots_by_line(edited, cast)
        changed = {new.id for old, new in zip(script.lines, edited.lines, strict=True) if old != new}
        assert {line_id for line_id in before if before[line_id] != after[line_id]} <= changed
        script = edited


def shots_by_line(script: Script, cast: list[CastMember]) -> dict[int, ShotPrompt]:
    """A scene for each line."""
    scenes = [
        Scene(index=index, start=line.start, end=line.end, lines=(line,)) for index, line in enumerate(script.lines, 1)
    ]
    shots = direct(scenes, cast, style="ink", seed=7, script=script)
    return {line.id: shot for line, shot in zip(script.lines, shots, strict=True)}


def test_a_speaker_who_is_named_like_a_member_of_the_cast_takes_nobodys_part() -> None:
    lines = [
        Line(text="Hi.", start=6.0 * n, end=6.0 * n + 6, speaker=who) for n, who in enumerate(["Zoe", "Max", None])
    ]
    script = Script(title="", language="en", lines=tuple(lines))
    before = shots_by_line(script, CAST[:3])
    assert [before[number].speaker for number in (1, 2)] == [ADA.character_id, BRUNO.character_id]
    after = shots_by_line(apply(script, [SetSpeaker(op="set_speaker", line=3, speaker="Ada")]), CAST[:3])
    assert [after[number].speaker for number in (1, 2, 3)] == [ADA.character_id, BRUNO.character_id, ADA.character_id]
    assert [after[number] for number in (1, 2)] == [before[number] for number in (1, 2)]


@given(films, st.integers(0, 2**40))
def test_the_same_script_cast_style_and_seed_make_the_same_film(scenes: list[Scene], seed: int) -> None:
    assert direct(scenes, CAST, style="ink", seed=seed) == direct(scenes, CAST, style="ink", seed=seed)


@given(films, st.integers(1, 5), st.integers(0, 2**40))
def test_every_shot_has_its_speaker_alone_or_with_one_other_of_the_cast(
    scenes: list[Scene], size: int, seed: int
) -> None:
    ids = {member.character_id for member in CAST[:size]}
    for part, shot in zip(scenes, direct(scenes, CAST[:size], style="", seed=seed), strict=True):
        assert shot.speaker == shot.characters[0]
        assert len(set(shot.characters)) == len(shot.characters) <= min(2, size)
        assert set(shot.characters) <= ids
        assert shot.negative == (NEGATIVE_ALONE if len(shot.characters) == 1 else NEGATIVE_TOGETHER)
        assert shot.caption == part.text
        assert 0 <= shot.seed < 2**31


@given(films, st.integers(0, 2**40))
def test_the_camera_opens_with_a_push_ends_with_a_pull_and_never_moves_thrice_alike(
    scenes: list[Scene], seed: int
) -> None:
    cameras = [shot.camera for shot in direct(scenes, CAST, style="", seed=seed)]
    assert cameras[0] is Camera.PUSH_IN
    assert len(cameras) == 1 or cameras[-1] is Camera.PULL_OUT
    assert all(len({*three}) > 1 for three in zip(cameras, cameras[1:], cameras[2:], strict=False))


def test_a_long_film_uses_every_camera_and_all_of_the_cast() -> None:
    shots = film(*[scene(number, "And so on.") for number in range(1, 40)])
    assert {shot.camera for shot in shots} == set(Camera)
    assert {shot.speaker for shot in shots} == {member.character_id for member in CAST[:3]}
    assert {len(shot.characters) for shot in shots} == {1, 2}


def test_a_named_speaker_is_played_by_the_member_of_that_name() -> None:
    shots = film(scene(1, "Hi.", "BRUNO ROSSI"), scene(2, "Hi.", "Ada"), scene(3, "Hi.", "Dr. Bruno"))
    assert [shot.speaker for shot in shots] == [BRUNO.character_id, ADA.character_id, BRUNO.character_id]


def test_other_speakers_are_played_by_those_left_over_each_by_one() -> None:
    shots = film(scene(1, "Hi.", "Zoe"), scene(2, "Hi.", "Ada"), scene(3, "Hi.", "Max"), scene(4, "Hi.", "Zoe"))
    assert [shot.speaker for shot in shots] == [m.character_id for m in (BRUNO, ADA, CHIDI, BRUNO)]


def test_the_cast_take_turns_where_nobody_is_named() -> None:
    shots = film(*[scene(number, "And so on.") for number in range(1, 5)])
    assert [shot.speaker for shot in shots] == [m.character_id for m in (ADA, BRUNO, CHIDI, ADA)]


def test_whoever_speaks_longest_speaks_and_whoever_answers_listens() -> None:
    lines = (
        Line(text="Why?", start=0, end=1, speaker="Chidi"),
        Line(text="Because it is so.", start=1, end=5, speaker="Bruno"),
    )
    (shot,) = film(Scene(index=1, start=0, end=5, lines=lines))
    assert shot.characters == (BRUNO.character_id, CHIDI.character_id)


def test_whoever_is_called_by_name_listens() -> None:
    assert shoot("Tell me, Chidi, is it true?", speaker="Ada").characters == (ADA.character_id, CHIDI.character_id)


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("The telescope shows a distant galaxy.", Setting.SPACE),
        ("The moon and the stars.", Setting.SPACE),
        ("Waves on the ocean.", Setting.SEA),
        ("She walked down the street.", Setting.CITY),
        ("They ran the experiment twice.", Setting.LABORATORY),
        ("A fire in the rainforest.", Setting.FOREST),
    ],
)
def test_words_choose_the_setting(text: str, setting: Setting) -> None:
    assert shoot(text).setting is setting


@pytest.mark.parametrize("text", ["We search for a reason to start this season.", "A carpet.", "Nobody knows."])
def test_words_that_only_look_alike_do_not(text: str) -> None:
    assert shoot(text).setting in {Setting.STUDIO, Setting.HOME, Setting.LIBRARY, Setting.STAGE}


def test_a_chapter_keeps_its_setting_unless_the_words_speak_strongly_for_another() -> None:
    shots = film(
        scene(1, "Nobody knows.", title="In the forest"),
        scene(2, "A car came to town.", title="In the forest"),
        scene(3, "Then back to the laboratory.", title="In the forest"),
        scene(4, "And so on.", title="In the forest"),
    )
    assert [shot.setting for shot in shots] == [Setting.FOREST, Setting.FOREST, Setting.LABORATORY, Setting.FOREST]


def test_scenes_of_one_chapter_share_light_and_setting_even_without_a_telling_title() -> None:
    for seed in range(20):
        shots = film(*[scene(number, "And so on.", title="Part one") for number in range(1, 9)], seed=seed)
        assert len({(shot.setting, shot.light) for shot in shots}) == 1


def test_words_choose_the_light() -> None:
    assert shoot("It was after midnight.").light is Light.NIGHT
    assert shoot("At sunset we left.").light is Light.DUSK
    assert shoot("The galaxy is large.").light is Light.NIGHT


def test_the_prompt_names_who_does_what_where_and_how() -> None:
    text = shoot("Is the ocean deep?", speaker="Ada").text
    assert text == (
        "Medium two-shot of Ada and Bruno on a sandy shore with the open sea behind. "
        "Ada asks with raised eyebrows, while Bruno listens, and says: “Is the ocean deep?” "
        "The camera slowly pushes in. Soft, bright daylight. Style: watercolour."
    )


def test_a_name_of_two_words_is_called_by_both() -> None:
    king = CAST[3].model_copy(update={"name": "The King"})
    cast = [ADA, BRUNO, king]
    assert film(scene(1, "Where is the cat?", "Ada"), cast=cast)[0].characters[1] == BRUNO.character_id
    assert film(scene(1, "Where is the king?", "Ada"), cast=cast)[0].characters[1] == king.character_id


def test_what_is_said_cannot_end_its_quotation() -> None:
    assert shoot('He said “no” and "go".').text.count("“") == 1


def test_a_film_without_a_style_takes_its_speakers() -> None:
    assert film(scene(1, "Hi.", "Chidi"), style=" ")[0].style == CHIDI.style


def test_a_new_seed_makes_new_takes() -> None:
    first, second = (film(scene(1, "And so on."), seed=seed)[0].seed for seed in (1, 2))
    assert first != second


def test_without_a_cast_there_is_no_film() -> None:
    with pytest.raises(RecastError) as caught:
        film(scene(1, "Hi."), cast=[])
    assert caught.value.code is ErrorCode.EMPTY_CAST


def test_without_scenes_there_are_no_prompts() -> None:
    assert film() == []


def test_the_user_says_who_plays_a_speaker_and_a_namesake_has_to_wait() -> None:
    cast = [ADA.model_copy(update={"speakers": ("Bruno", "Speaker 2")}), BRUNO, CHIDI]
    scenes = [scene(1, "Hello.", "Bruno"), scene(2, "Hello.", "Speaker 2"), scene(3, "Hello.", "Speaker 1")]
    assert [prompt.speaker for prompt in film(*scenes, cast=cast)] == [
        ADA.character_id,
        ADA.character_id,
        BRUNO.character_id,
    ]
