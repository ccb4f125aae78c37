"""The commands of `recast`. Each parses, calls and prints; what is done lies beside.

What only some commands need, and takes long to import, is imported by them: to ask for help takes no second.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from cli.api_client import ApiClient, signed_in_client
from cli.characters import (
    Addition,
    Hearing,
    add_character,
    change_voice,
    hear_character,
    list_characters,
    remove_character,
)
from cli.display import display_for, standing, table_of
from cli.exits import Exit, told_plainly
from cli.finishing import Wishes, finish_film, list_music, numbers_of
from cli.lengths import seconds_of
from cli.making import Order, follow, make_film, price_film
from cli.money import list_models, list_voices, show_budget, tell_of_quote
from cli.report import tell_of_film, tell_of_stack
from cli.scripts import edit_script, list_versions, restore_version, show_script
from domain.caption_styles import CaptionStyle
from domain.characters import Voice
from domain.errors import ErrorCode, RecastError
from domain.finish import FAINTEST_BED_DB, LONGEST_TRANSITION_SECONDS, LOUDEST_BED_DB, Fit, TransitionKind
from domain.profile import Aspect
from domain.voices import SpokenBy

app = typer.Typer(
    name="recast",
    help="Paste a YouTube link, cast the characters, get a multi-character AI video.\n\n"
    "Start the local stack with `recast up`, then make a film in another terminal:\n\n"
    "    recast make https://www.youtube.com/watch?v=demo0000001 --cast Ada,Bruno",
    epilog="Exit status: 0 done, 1 failed, 2 bad input, 3 a service does not answer, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
characters_app = typer.Typer()
app.add_typer(characters_app, name="characters")
console = Console(soft_wrap=True)


TransitionOption = Annotated[TransitionKind | None, typer.Option(help="How scenes give way to one another.")]
TransitionSecondsOption = Annotated[
    float | None, typer.Option(help="How long that takes.", min=0.1, max=LONGEST_TRANSITION_SECONDS)
]
MusicOption = Annotated[
    str | None,
    typer.Option(
        help="A piece or the id of music you have sent (see `recast music`), the path of a sound file that you may use,"
        " or none."
    ),
]
MusicVolumeOption = Annotated[
    float | None,
    typer.Option(help="How much louder than usual it is, in decibels.", min=FAINTEST_BED_DB, max=LOUDEST_BED_DB),
]
ClipSoundOption = Annotated[
    bool | None,
    typer.Option("--clip-sound/--no-clip-sound", help="Whether the clips' own sound is heard under speech."),
]
CaptionsOption = Annotated[
    CaptionStyle | None, typer.Option(help="How what is said stands in the picture; karaoke lights each word.")
]
FitOption = Annotated[Fit | None, typer.Option(help="What becomes of clips of another shape.")]


def run(work: Coroutine[Any, Any, None]) -> None:
    with told_plainly():
        asyncio.run(work)


@app.command()
def up() -> None:
    """Start the local stack and keep it running until Ctrl-C.

    PostgreSQL, S3, Dagster, the API and the sandbox, all on this machine's loopback. Data stays in .recast/ (or
    RECAST_HOME); ports can be set with RECAST_PORT_API, RECAST_PORT_DAGSTER and so on.
    """
    from cli.running import run_stack

    run(run_stack(tell_of_stack(console), console))


@app.command()
def demo(
    stay: Annotated[bool, typer.Option(help="Leave the stack running afterwards, until Ctrl-C.")] = False,
    out: Annotated[Path, typer.Option(help="Where the film goes.")] = Path("out/demo.mp4"),
) -> None:
    """Start the stack, make a short film from a link of the sandbox, show it all, and stop again."""
    from cli.demo import make_demo

    run(make_demo(console, out=out, stay=stay))


@app.command()
def make(
    link: Annotated[
        str,
        typer.Argument(
            help="The address of one YouTube video, or the path of a transcript (SRT, WebVTT, text, JSON) or recording."
        ),
    ],
    cast: Annotated[
        str,
        typer.Option(
            help="Names of characters, by commas: Ada,Bruno, or HOST=Ada,GUEST=Bruno to say who plays whom."
            " `recast cast` lists them. Unless told, a cast is proposed."
        ),
    ] = "",
    aspect: Annotated[Aspect, typer.Option(help="The picture's format.")] = Aspect.WIDE,
    style: Annotated[str | None, typer.Option(help="How the film looks, in words.")] = None,
    seed: Annotated[int, typer.Option(help="Another number gives another variation.", min=0)] = 0,
    scenes: Annotated[int, typer.Option(help="Film only the first so many scenes; 0 films all.", min=0)] = 0,
    length: Annotated[
        int, typer.Option(parser=seconds_of, metavar="TIME", help="Shorten the script to a film of about 90s or 1m30s.")
    ] = 0,
    language: Annotated[
        str,
        typer.Option(
            help="Languages of captions, the most wanted first, by commas: de,en. Of a file of your own, its own."
        ),
    ] = "",
    keep_fillers: Annotated[bool, typer.Option("--keep-fillers", help="Keep “um” and its kin.")] = False,
    keep_sound_tags: Annotated[bool, typer.Option("--keep-sound-tags", help="Keep [Music] and (applause).")] = False,
    out: Annotated[Path | None, typer.Option(help="Where the film goes; out/<job>.mp4 unless told.")] = None,
    provider: Annotated[str, typer.Option(help="Who films; `recast models` lists them. local is free.")] = "local",
    model: Annotated[str | None, typer.Option(help="The provider's model; its first unless told.")] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Bring a film even if scenes fail; drafts stand in for them.")
    ] = False,
    narration: Annotated[
        SpokenBy,
        typer.Option(help="Who speaks the lines; `recast voices` lists them. auto is the server's own choice."),
    ] = SpokenBy.AUTO,
    quote: Annotated[bool, typer.Option("--quote", help="Only say what it would cost; film nothing.")] = False,
    transition: TransitionOption = None,
    transition_seconds: TransitionSecondsOption = None,
    music: MusicOption = None,
    music_volume: MusicVolumeOption = None,
    clip_sound: ClipSoundOption = None,
    fit: FitOption = None,
    captions: CaptionsOption = None,
) -> None:
    """Make a film from a link or a file: import it, cast it, film it, and bring the MP4 here.

    Ctrl-C only stops watching; the job goes on, and `recast jobs` shows it.
    """
    names = [name.strip() for name in cast.split(",") if name.strip()]
    languages = [code.strip() for code in language.split(",") if code.strip()]
    order = Order(
        link,
        names,
        aspect,
        style,
        seed,
        scenes,
        out,
        provider,
        model,
        partial,
        length,
        languages,
        keep_fillers,
        keep_sound_tags,
        narration,
    )
    wishes = Wishes(transition, transition_seconds, music, music_volume, clip_sound, fit, captions)
    run(_make(order, wishes, only_quote=quote))


async def _make(order: Order, wishes: Wishes, *, only_quote: bool) -> None:
    async with signed_in_client() as client:
        if only_quote:
            tell_of_quote(console, await price_film(client, order, display_for(console)))
            return
        finish = await wishes.as_body(client)
        tell_of_film(console, await make_film(client, order, display_for(console), finish))


@app.command()
def cast() -> None:
    """List the characters you can cast."""
    run(_cast())


async def _cast() -> None:
    async with signed_in_client() as client:
        table = Table("name", "who", box=None, pad_edge=False)
        for character in await client.characters():
            table.add_row(character.name, character.description)
        console.print(table)


@characters_app.callback(invoke_without_command=True)
def characters(context: typer.Context) -> None:
    """List your characters, add one or remove one."""
    if context.invoked_subcommand is None:
        run(_with_client(partial(list_characters, console=console)))


@characters_app.command("add")
def characters_add(
    name: Annotated[str, typer.Argument(help="What the character is called.")],
    pictures: Annotated[
        list[Path],
        typer.Argument(help="1 to 20 PNG, JPEG or WebP files, the portrait first.", exists=True, dir_okay=False),
    ],
    consent: Annotated[str, typer.Option(help="Your statement that you may use this likeness: who has agreed.")],
    description: Annotated[str, typer.Option(help="One line about who this is.")] = "",
    style: Annotated[str, typer.Option(help="How the character looks in films, in words.")] = "",
    voice: Annotated[str | None, typer.Option(help="A voice of espeak-ng, such as en-gb+m3.")] = None,
    trained: Annotated[bool, typer.Option("--trained", help="Have a model trained on the pictures.")] = False,
) -> None:
    """Make a character of your own from pictures that you may use."""
    addition = Addition(name, pictures, consent, description, style, voice, trained)
    run(_with_client(partial(add_character, addition=addition, console=console)))


@characters_app.command("voice")
def characters_voice(
    name_or_id: Annotated[str, typer.Argument(help="A character of yours, by its name or id.")],
    voice: Annotated[
        str, typer.Argument(help="As espeak-ng names voices: en-gb+f3, where f is a woman's and m a man's.")
    ],
    pitch: Annotated[int, typer.Option(help="From low to high.", min=0, max=99)] = 50,
    rate: Annotated[int, typer.Option(help="From slow to fast.", min=0, max=99)] = 50,
) -> None:
    """Give a character of your own another voice, in all films that you order from now on."""
    spoken = Voice(name=voice, pitch=pitch, rate=rate)
    run(_with_client(partial(change_voice, name_or_id=name_or_id, voice=spoken, console=console)))


@characters_app.command("hear")
def characters_hear(
    name_or_id: Annotated[str, typer.Argument(help="A character, by its name or id.")],
    text: Annotated[str | None, typer.Argument(help="What it says; its name unless told.")] = None,
    language: Annotated[str, typer.Option(help="Of the text: a tag such as en or pt-BR.")] = "en",
    voice: Annotated[str | None, typer.Option(help="Another voice than its own, such as en-gb+m3.")] = None,
    pitch: Annotated[int, typer.Option(help="Of that voice, from low to high.", min=0, max=99)] = 50,
    rate: Annotated[int, typer.Option(help="Of that voice, from slow to fast.", min=0, max=99)] = 50,
    narration: Annotated[
        SpokenBy, typer.Option(help="Who speaks: one that costs nothing; `recast voices` lists them.")
    ] = SpokenBy.AUTO,
    out: Annotated[Path | None, typer.Option(help="Where the sound goes; out/<id>.flac unless told.")] = None,
) -> None:
    """Hear a character say something, in its own voice or another, before a film is ordered."""
    tried = Voice(name=voice, pitch=pitch, rate=rate) if voice else None
    wishes = Hearing(text, language, tried, narration, out)
    run(_with_client(partial(hear_character, name_or_id=name_or_id, wishes=wishes, console=console)))


@characters_app.command("remove")
def characters_remove(
    name_or_id: Annotated[str, typer.Argument(help="A character of yours, by its name or id.")],
) -> None:
    """Delete a character of your own, its pictures and its trained model, for good."""
    run(_with_client(partial(remove_character, name_or_id=name_or_id, console=console)))


async def _with_client(work: Callable[[ApiClient], Awaitable[None]]) -> None:
    async with signed_in_client() as client:
        await work(client)


@app.command()
def models() -> None:
    """List the models that film, and their prices."""
    run(_models())


async def _models() -> None:
    async with signed_in_client() as client:
        await list_models(console, client)


@app.command()
def voices() -> None:
    """List the engines that speak, and their prices."""
    run(_voices())


async def _voices() -> None:
    async with signed_in_client() as client:
        await list_voices(console, client)


@app.command()
def budget(
    limit: Annotated[float | None, typer.Option(help="Set it: US dollars per calendar month.", min=0)] = None,
) -> None:
    """Show or set what you may spend in a month."""
    run(_budget(None if limit is None else Decimal(str(limit))))


async def _budget(limit: Decimal | None) -> None:
    async with signed_in_client() as client:
        await show_budget(console, client, limit)


@app.command()
def retake(
    job: Annotated[UUID, typer.Argument(help="A finished job.")],
    scene: Annotated[int, typer.Argument(help="The scene's number.", min=1)],
    prompt: Annotated[str | None, typer.Option(help="What the model reads instead.")] = None,
    seed: Annotated[int | None, typer.Option(help="The seed to use; the next one unless told.", min=0)] = None,
    provider: Annotated[str | None, typer.Option(help="Another provider for this scene.")] = None,
    model: Annotated[str | None, typer.Option(help="Another model for this scene.")] = None,
) -> None:
    """Film one scene of a finished job again; everything else is kept."""
    changes = {"prompt": prompt, "seed": seed, "provider": provider, "model": model}
    run(_retake(job, scene, {name: value for name, value in changes.items() if value is not None}))


async def _retake(job_id: UUID, scene: int, changes: dict[str, Any]) -> None:
    async with signed_in_client() as client:
        await client.retake(job_id, scene, changes)
        with display_for(console) as display:
            await follow(client, job_id, "Job", display)


@app.command()
def speak(
    job: Annotated[UUID, typer.Argument(help="A finished job.")],
    scene: Annotated[int, typer.Argument(help="The scene's number.", min=1)],
) -> None:
    """Have one scene of a finished job spoken again, where its voice misread a line; nothing is filmed."""
    run(_speak(job, scene))


async def _speak(job_id: UUID, scene: int) -> None:
    async with signed_in_client() as client:
        await client.speak_again(job_id, scene)
        with display_for(console) as display:
            await follow(client, job_id, "Job", display)


@app.command()
def finish(
    job: Annotated[UUID, typer.Argument(help="A finished job.")],
    order: Annotated[
        str | None, typer.Option(help="The scenes to show, as 2,1,3; others are left out. all: as they were filmed.")
    ] = None,
    transition: TransitionOption = None,
    transition_seconds: TransitionSecondsOption = None,
    music: MusicOption = None,
    music_volume: MusicVolumeOption = None,
    clip_sound: ClipSoundOption = None,
    fit: FitOption = None,
    captions: CaptionsOption = None,
    out: Annotated[Path | None, typer.Option(help="Where the film goes; out/<job>.mp4 unless told.")] = None,
) -> None:
    """Finish a film another way: what is not named stays as it is, and nothing is filmed again."""
    shown = numbers_of(order) if order else None
    wishes = Wishes(transition, transition_seconds, music, music_volume, clip_sound, fit, captions, shown)
    if not wishes.is_any:
        raise typer.BadParameter("say what is to change; see recast finish --help")
    run(_finish(job, wishes, out))


async def _finish(job_id: UUID, wishes: Wishes, out: Path | None) -> None:
    async with signed_in_client() as client:
        tell_of_film(console, await finish_film(client, job_id, wishes, out, display_for(console)))


@app.command()
def music() -> None:
    """List the music that films can have: Recast's own pieces, and what you have sent."""
    run(_with_client(partial(list_music, console=console)))


script_app = typer.Typer(help="A script of yours: its lines, edits of them, and older versions.", no_args_is_help=True)
app.add_typer(script_app, name="script")
ScriptId = Annotated[UUID, typer.Argument(help="A script of yours.")]


@script_app.command("show")
def script_show(script: ScriptId) -> None:
    """Show the lines with their ids, and what is cut."""
    run(_with_client(partial(show_script, console=console, script_id=script)))


@script_app.command("edit")
def script_edit(
    script: ScriptId,
    file: Annotated[
        Path,
        typer.Option(
            help='JSON: a list of edits, [{"op": "set_text", "line": 3, "text": "…"}], or {"version", "edits"}.',
            exists=True,
            dir_okay=False,
        ),
    ],
) -> None:
    """Make the edits of a file, all of them or none."""
    run(_with_client(partial(edit_script, console=console, script_id=script, file=file)))


@script_app.command("history")
def script_history(
    script: ScriptId,
    restore: Annotated[int | None, typer.Option(help="Bring this version back.", min=1)] = None,
) -> None:
    """List the versions, newest first; or bring one back."""
    if restore is None:
        run(_with_client(partial(list_versions, console=console, script_id=script)))
    else:
        run(_with_client(partial(restore_version, console=console, script_id=script, version=restore)))


ledger_app = typer.Typer(help="Paid calls, for operators: whether the books add up, and what waits for a decision.")
app.add_typer(ledger_app, name="ledger")


@ledger_app.command("check")
def ledger_check() -> None:
    """Look for anything that does not add up; exit status 1 when there is."""
    from cli import ledger

    run(ledger.check())


@ledger_app.command("parked")
def ledger_parked() -> None:
    """List attempts of which nobody knows whether the provider accepted them."""
    from cli import ledger

    run(ledger.parked())


@ledger_app.command("resolve")
def ledger_resolve(
    attempt: Annotated[UUID, typer.Argument(help="The attempt's id, as `parked` lists it.")],
    absent: Annotated[bool, typer.Option("--absent", help="The provider never had it.")] = False,
    request_id: Annotated[str | None, typer.Option(help="The provider's id for it.")] = None,
) -> None:
    """Settle a parked attempt, once you have looked it up at the provider."""
    if absent == (request_id is not None):
        raise typer.BadParameter("say either --absent or --request-id")
    from cli import ledger

    run(ledger.resolve(attempt, request_id))


@app.command()
def jobs(
    job: Annotated[UUID | None, typer.Argument(help="Follow this one until it is over.")] = None,
    limit: Annotated[int, typer.Option(help="How many to list.", min=1, max=100)] = 20,
    cancel: Annotated[bool, typer.Option("--cancel", help="Stop the job; finished clips are kept.")] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Go on with a failed or canceled job, or a change of a film that failed.")
    ] = False,
) -> None:
    """List your jobs, newest first; or follow, cancel or retry one."""
    run(_jobs(job, limit, cancel, retry))


async def _jobs(job_id: UUID | None, limit: int, cancel: bool, retry: bool) -> None:
    async with signed_in_client() as client:
        if job_id is None:
            if cancel or retry:
                raise typer.BadParameter("name the job: recast jobs <id> --cancel")
            table = table_of("job", "type", "since", "status")
            for job in await client.jobs(limit):
                table.add_row(str(job.id), job.type, job.created_at[:16].replace("T", " "), standing(job))
            console.print(table)
            return
        if cancel:
            await client.cancel(job_id)
        if retry:
            await client.retry(job_id)
        with display_for(console) as display:
            try:
                await follow(client, job_id, "Job", display)
            except RecastError as error:
                if not (cancel and error.code is ErrorCode.JOB_CANCELED):
                    raise


@app.command()
def migrate() -> None:
    """Bring the database at RECAST_ADMIN_DATABASE_URL up to date, from supabase/migrations."""
    run(_migrate())


async def _migrate() -> None:
    from resources.database.migrations import MigrationError
    from resources.database.migrations import migrate as apply_migrations

    url = os.environ.get("RECAST_ADMIN_DATABASE_URL")
    if not url:
        console.print("Set RECAST_ADMIN_DATABASE_URL to a login that owns the schema.")
        raise typer.Exit(Exit.BAD_INPUT)
    try:
        applied = await apply_migrations(url)
    except MigrationError as error:
        console.print(str(error), highlight=False)
        raise typer.Exit(Exit.FAILED) from None
    for migration in applied:
        console.print(f"applied {migration.version}_{migration.name}", highlight=False)
    if not applied:
        console.print("The database is up to date.")


@app.command()
def premade() -> None:
    """Draw the pre-made characters and publish them to the database and the storage."""
    run(_premade())


async def _premade() -> None:
    from resources.database.connection import Database
    from resources.settings import Settings
    from resources.storage import Storage
    from studio.premade import publish_premade

    settings = Settings()
    count = await publish_premade(Database(settings.database_url.get_secret_value()), Storage(settings))
    console.print(f"{count} pre-made characters are there.")


if __name__ == "__main__":
    app()
