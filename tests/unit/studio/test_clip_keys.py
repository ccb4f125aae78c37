"""An edit changes the clip keys of its own scenes, and of no other: what is filmed is not paid for again."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from domain.characters import CastMember
from domain.director import direct
from domain.edits import Edit, apply
from domain.errors import RecastError
from domain.models import Likeness, ModelProfile, Price
from domain.premade import PREMADE
from domain.scenes import Scene
from domain.script import Line, Script
from domain.transcript import Chapter
from resources.database.records import JobOptions
from studio.directing import split
from studio.shots import shot_of

EDIT: TypeAdapter[Edit] = TypeAdapter(Edit)
CAST = [
    CastMember(character_id=one.character_id, name=one.name, style=one.style, portrait_key=None) for one in PREMADE[:3]
]
OPTIONS = JobOptions(style="ink", seed=4)


def model(*seconds: int) -> ModelProfile:
    return ModelProfile(
        provider="replicate",
        model="a/b",
        version="1",
        title="A model",
        likeness=Likeness.NONE,
        seconds=seconds,
        price=Price(per="second", usd=Decimal("0.10"), as_of=date(2026, 11, 22), source="here"),
    )


MODELS = (model(), model(5, 10), model(2, 4))


def talk(seed: int, count: int = 40) -> Script:
    """Lines without a mark between them that would hold borders in their place: mostly one speaker, hardly a pause,
    some longer than any clip."""
    chance = Random(seed)
    lines: list[Line] = []
    now = 0.0
    for place in range(count):
        seconds = chance.choice([0.7, 1.3, 1.9, 2.2, 3.1, 4.7, 11.3])
        text = " ".join(f"word{place}x{number}" for number in range(max(1, round(seconds * 2.5)))) + "."
        speaker = chance.choice([None, "Speaker 1", "Speaker 2", "Speaker 3"])
        lines.append(Line(text=text, start=round(now, 3), end=round(now + seconds, 3), speaker=speaker))
        now += seconds + chance.choice([0.0, 0.0, 0.2, 1.1])
    chapters = (Chapter(title="One", start=0), Chapter(title="Two", start=round(now / 2, 2)))
    return Script(title="A talk", language="en", lines=tuple(lines), chapters=chapters)


def filmed(
    script: Script, profile: ModelProfile, options: JobOptions = OPTIONS, chosen: Sequence[int] = ()
) -> list[tuple[Scene, str]]:
    """The scenes of a film, each with the key of its clip, as a generation makes them."""
    plan = split(script, options, profile, chosen)
    prompts = direct(plan, CAST, style=options.style, seed=options.seed, script=script)
    people = {member.character_id: member for member in CAST}
    return [
        (scene, shot_of(profile, options, prompt, scene.duration, people).clip_key)
        for scene, prompt in zip(plan, prompts, strict=True)
    ]


def edit(script: Script, *edits: dict[str, Any]) -> Script:
    return apply(script, [EDIT.validate_python(one) for one in edits])


def content(scene: Scene) -> tuple[object, ...]:
    """What a user sees of a scene: which lines, in which words and times, by whom."""
    return tuple((line.id, line.text, line.start, line.end, line.speaker) for line in scene.lines)


def changed(before: Sequence[tuple[Scene, str]], after: Sequence[tuple[Scene, str]]) -> list[Scene]:
    """Scenes of the new film whose clip was not there."""
    owned = {key for _, key in before}
    return [scene for scene, key in after if key not in owned]


def lines_of(scenes: Sequence[Scene]) -> set[int]:
    return {line_id for scene in scenes for line_id in scene.line_ids}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("profile", MODELS, ids=["any length", "from five seconds", "at most four"])
def test_each_kind_of_edit_films_only_the_scenes_that_it_touches(seed: int, profile: ModelProfile) -> None:
    script = talk(seed)
    before = filmed(script, profile)
    plan = [scene for scene, _ in before]
    own = next(scene for scene in plan[3:] if len(scene.line_ids) > 1)
    first, second = own.line_ids[:2]
    line = next(one for one in script.lines if one.id == first)
    end = (line.start + line.end) / 2 if len(line.text.split()) > 1 else line.end
    opening, ending = plan[0].line_ids, plan[-1].line_ids
    last, front, half = script.lines[-1].id, script.lines[0].id, script.lines[20].id
    kinds: dict[str, tuple[list[dict[str, Any]], Sequence[int]]] = {
        "text": ([{"op": "set_text", "line": first, "text": "Quite another text."}], [first]),
        "speaker": ([{"op": "set_speaker", "line": first, "speaker": "Somebody new"}], [first]),
        "cut": ([{"op": "cut", "start": line.start, "end": end}], [first]),
        "remove": ([{"op": "remove", "line": first}], [first]),
        "move to the end": ([{"op": "move", "line": first, "before": None}], [first]),
        "move to the front": ([{"op": "move", "line": first, "before": front}], [first]),
        "split": ([{"op": "split", "line": second}], [first, second]),
        "a chapter moved": ([{"op": "move", "line": half, "through": last, "before": front}], [half - 1, half]),
        "the opening removed": ([{"op": "remove", "line": one} for one in opening], opening),
        "the ending removed": ([{"op": "remove", "line": one} for one in ending], ending),
    }
    if (words := line.text.split()) and len(words) > 1:
        kinds["split_line"] = ([{"op": "split_line", "line": first, "at": len(words[0])}], [first])
    for kind, (edits, named) in kinds.items():
        after = filmed(edit(script, *edits), profile)
        touched = [scene for scene in plan if set(named) & set(scene.line_ids)]
        kept = {key for _, key in after}
        assert all(scene in touched for scene, key in before if key not in kept), kind
        assert lines_of(changed(before, after)) <= lines_of(touched) | {script.last_id + 1}, kind


def test_two_scenes_that_are_merged_are_one_new_one() -> None:
    lines = tuple(
        Line(text=f"Line number {place}.", start=4.0 * place, end=4.0 * place + 3, speaker=("Ada", "Bruno")[place % 2])
        for place in range(9)
    )
    script = Script(title="A talk", language="en", lines=lines)
    before = filmed(script, MODELS[0])
    after = filmed(edit(script, {"op": "merge", "line": 5}), MODELS[0])
    assert len(after) == len(before) - 1
    assert [scene.line_ids for scene in changed(before, after)] == [(4, 5)]


def test_a_renamed_speaker_is_played_by_the_same_character_and_nothing_is_filmed_again() -> None:
    script = talk(1)
    renamed = edit(script, {"op": "rename_speaker", "from": "Speaker 2", "to": "Dr. Nobody"})
    assert [key for _, key in filmed(renamed, MODELS[0])] == [key for _, key in filmed(script, MODELS[0])]


def test_nobody_changes_places_when_the_first_words_of_a_speaker_are_cut() -> None:
    script = talk(2)
    first_named = next(line for line in script.lines if line.speaker)
    gone = [line.id for line in script.lines if line.speaker == first_named.speaker]
    edited = edit(script, *({"op": "remove", "line": line_id} for line_id in gone))
    before, after = filmed(script, MODELS[0]), filmed(edited, MODELS[0])
    known = {content(scene): key for scene, key in before}
    assert any(content(scene) in known for scene, _ in after)
    assert all(known.get(content(scene), key) == key for scene, key in after)


def test_words_that_are_changed_choose_no_other_lines_of_a_shortened_film() -> None:
    script = talk(3, count=120)
    options = OPTIONS.model_copy(update={"target_seconds": 60})
    before = filmed(script, MODELS[0], options)
    line_id = before[4][0].line_ids[0]
    edited = edit(script, {"op": "set_text", "line": line_id, "text": "Volcanoes, volcanoes and volcanoes again."})
    after = filmed(edited, MODELS[0], options)
    assert [scene.line_ids for scene, _ in after] == [scene.line_ids for scene, _ in before]
    assert all(line_id in scene.line_ids for scene in changed(before, after))


@pytest.mark.parametrize("profile", MODELS, ids=["any length", "from five seconds", "at most four"])
def test_an_edit_of_lines_that_a_model_has_chosen_films_only_the_scenes_that_it_touches(profile: ModelProfile) -> None:
    script = talk(4, count=120)
    options = OPTIONS.model_copy(update={"target_seconds": 60})
    chosen = (*range(1, 9), *range(40, 52), *range(111, 121))
    before = filmed(script, profile, options, chosen)
    plan = [scene for scene, _ in before]
    assert lines_of(plan) == set(chosen)
    own = next(scene for scene in plan[2:] if len(scene.line_ids) > 1)
    for one in (
        {"op": "set_text", "line": own.line_ids[0], "text": "Volcanoes, volcanoes and volcanoes again."},
        {"op": "remove", "line": own.line_ids[0]},
        {"op": "remove", "line": 60},
    ):
        after = filmed(edit(script, one), profile, options, chosen)
        kept = {key for _, key in after}
        assert all(one["line"] in scene.line_ids for scene, key in before if key not in kept), one
        assert lines_of([scene for scene, _ in after]) == set(chosen) - (
            {one["line"]} if one["op"] == "remove" else set()
        )


ids = st.integers(1, 40)
edits = st.lists(
    st.one_of(
        st.builds(dict, op=st.just("set_text"), line=ids, text=st.sampled_from(["The moon.", "A joke!", "Why?"])),
        st.builds(dict, op=st.just("move"), line=ids, through=st.none() | ids, before=st.none() | ids),
        st.builds(dict, op=st.sampled_from(["split", "merge", "merge_lines", "remove"]), line=ids),
        st.builds(dict, op=st.just("split_line"), line=ids, at=st.integers(1, 40)),
        st.builds(dict, op=st.sampled_from(["cut", "uncut"]), start=st.integers(0, 99), end=st.integers(0, 99)),
        st.builds(dict, op=st.just("set_speaker"), line=ids, speaker=st.sampled_from([None, "Speaker 1", "Zoe"])),
    ),
    min_size=1,
    max_size=6,
)


@given(edits, st.integers(0, 50), st.sampled_from(MODELS))
def test_a_scene_with_the_same_content_has_the_same_clip_whatever_was_edited_around_it(
    some: list[dict[str, Any]], seed: int, profile: ModelProfile
) -> None:
    script = edited = talk(seed)
    for one in some:
        try:
            edited = edit(edited, one)
        except RecastError:
            continue
    known = {content(scene): key for scene, key in filmed(script, profile)}
    after = filmed(edited, profile)
    assert all(known.get(content(scene), key) == key for scene, key in after)
    # And what no edit names is in the scenes that it was in.
    whole = {scene.line_ids for scene in split(script, OPTIONS, profile)}
    named = {one.get(name) for one in some for name in ("line", "through", "before")}
    if not any(one["op"] in ("cut", "uncut", "move") for one in some):
        beside = {line_id + step for line_id in named - {None} for step in (-1, 0, 1)}
        for ids_of_scene in whole:
            if not beside & set(ids_of_scene):
                assert ids_of_scene in {scene.line_ids for scene, _ in after}


def test_a_line_that_is_given_more_to_say_makes_its_own_scene_longer() -> None:
    lines = tuple(Line(text=f"Sentence {n}.", start=6.0 * n, end=6.0 * n + 3) for n in range(4))
    script = Script(title="A talk", language="en", lines=lines)
    before = filmed(script, MODELS[0])
    more = "The old keeper of the museum walked slowly down to the water, and nobody saw him go."
    after = filmed(edit(script, {"op": "set_text", "line": 2, "text": more}), MODELS[0])
    assert [scene.duration for scene, _ in before] == [3.0] * 4
    assert [scene.duration > 5 for scene, _ in after] == [False, True, False, False]
    assert [old == new for (_, old), (_, new) in zip(before, after, strict=True)] == [True, False, True, True]
