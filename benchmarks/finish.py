"""Finishing, measured: the same clips, with captions, voices and music, made into a film by Recast, by the three passes
of the popular peer, and by one plain ffmpeg graph.

All use the same ffmpeg binary, at 1280 x 720 and 30 frames per second, with cuts: Recast and the plain graph x264
superfast, CRF 20, the peer x264 medium, CRF 23, three times. Recast's figures are those of its whole work: fetching
from and storing in S3, encoding on arrival, joining, mixing to a measured loudness, and looking the film through.
Similarity (SSIM) is that of the upper part of the picture, where no captions are, with the clips as they came.

The peer's moviepy 2.1.2 wants an old Pillow: it is installed into an environment of its own, build/peer, unless
`--peer-python` names a Python that has it.
"""

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.contest import Cost, cost_of
from benchmarks.finish_material import Material, make
from benchmarks.finish_recast import Prepared, prepare, set_finish, show
from benchmarks.report import Figures, tell
from benchmarks.surroundings import surroundings
from cli.stack.background import running_stack
from cli.stack.folder import CHECKOUT
from domain.caption_styles import CaptionStyle
from domain.finish import Finish, Music, Transition, TransitionKind
from domain.music import Piece
from resources import ffmpeg
from resources.database import jobs, scenes
from resources.database.connection import Database
from resources.settings import Settings
from resources.storage import Storage

PEER = CHECKOUT / "build" / "peer"
MOVIEPY = "moviepy==2.1.2"
SEEN_SHARE = 0.75
MOST_COMPARED = 20
FINISH = Finish(music=Music(piece=Piece.DAWN))
OTHER_MUSIC = FINISH.model_copy(update={"music": Music(piece=Piece.STROLL)})
FADING = OTHER_MUSIC.model_copy(update={"transition": Transition(kind=TransitionKind.CROSSFADE, seconds=0.5)})
# Said of the film and of the clips alike: ffmpeg would convert the colours of one that says more than the other.
COLOURS = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
_SIMILARITY = re.compile(r"All:([\d.]+)")

MEANINGS = {
    # cpu_s, wall_s: seconds; peak_rss_mb: of all processes together; ssim: with the clips; mb: size of the film
    "recast": "by Recast: encoded once on arrival, then joined",
    "recast_after_arrival": "of that, what is left to do once the last clip is encoded",
    "recast_change": "CPU seconds of Recast until a finished film shows the change",
    "peer": "by three passes of MoviePy 2.1.2",
    "peer_change": "CPU seconds of the peer for the same",
    "plain": "by one ffmpeg graph",
    "cpu_ratio_peer": "CPU seconds of the peer over those of Recast, both from when all clips have arrived",
    "cpu_ratio_peer_whole": "the same, with Recast's encoding of every clip on its arrival",
    "recast_cpu_s_per_clip": "by number of clips",
    "recast_peak_rss_mb": "by number of clips",
}


class Contest:
    """The contestants over one material, in a running stack."""

    def __init__(self, folder: Path, environment: Mapping[str, str], peer_python: str | None) -> None:
        self._folder, self._environment, self._peer_python = folder, environment, peer_python
        self._settings = Settings()

    async def recast(self, material: Material, *, changes: bool) -> dict[str, dict[str, float]]:
        saved = material.save(self._folder / "material.json")
        prepared = await prepare(material, self._settings)
        await self._finish(prepared, FINISH)
        arrival = await self._run(saved, prepared, "arrive")
        after = await self._run(saved, prepared, "deliver")
        film = await self._film(prepared)
        figures = {
            "recast": self._told(arrival.and_then(after), film, material),
            "recast_after_arrival": self._told(after, film, material),
        }
        if changes:
            figures["recast_change"] = await self._changes(saved, prepared, material)
        return figures

    async def _changes(self, saved: Path, prepared: Prepared, material: Material) -> dict[str, float]:
        """One scene shows another clip, then the music changes, then every cut becomes a crossfade, then the style of
        the captions changes."""
        async with Database(self._settings.database_url.get_secret_value()).connect() as connection:
            row = (await scenes.list_scenes(connection, prepared.job_id))[len(material.clips) // 2]
            other = Path(material.clips[(row.scene_index + 1) % len(material.clips)])
            await show(connection, Storage(self._settings), row, "f" * 64, other)
        scene = (await self._run(saved, prepared, "arrive")).and_then(await self._run(saved, prepared, "deliver"))
        await self._finish(prepared, OTHER_MUSIC)
        music = await self._run(saved, prepared, "deliver")
        await self._finish(prepared, FADING)
        transitions = await self._run(saved, prepared, "deliver")
        await self._finish(prepared, FADING.model_copy(update={"captions": CaptionStyle.BOXED}))
        captions = await self._run(saved, prepared, "deliver")
        return {
            "scene": scene.cpu_s,
            "music": music.cpu_s,
            "transitions": transitions.cpu_s,
            "captions": captions.cpu_s,
        }

    def peer(self, material: Material) -> dict[str, dict[str, float]]:
        """Nothing where it is left out."""
        if self._peer_python is None:
            return {}
        saved, folder = material.save(self._folder / "material.json"), self._folder / "peer"
        folder.mkdir()
        environment = {**self._environment, "IMAGEIO_FFMPEG_EXE": ffmpeg.executable()}
        command = [self._peer_python, str(Path(__file__).with_name("finish_peer.py")), str(saved), str(folder)]
        whole = cost_of(command, environment)
        told = self._told(whole, folder / "film.mp4", material)
        music = cost_of([*command, "--only-third", "--music", "other_music"], environment)
        captions = cost_of([*command, "--only-third", "--style", "yellow"], environment)
        changes = {"scene": whole.cpu_s, "music": music.cpu_s, "captions": captions.cpu_s}
        return {"peer": told, "peer_change": changes}

    def plain(self, material: Material) -> dict[str, float]:
        saved, folder = material.save(self._folder / "material.json"), self._folder / "plain"
        folder.mkdir()
        cost = cost_of([sys.executable, "-m", "benchmarks.finish_plain", str(saved), str(folder)], self._environment)
        return self._told(cost, folder / "film.mp4", material)

    async def _run(self, saved: Path, prepared: Prepared, part: str) -> Cost:
        command = [sys.executable, "-m", "benchmarks.finish_recast", str(saved), str(prepared.job_id), part]
        return await asyncio.to_thread(cost_of, command, self._environment)

    async def _finish(self, prepared: Prepared, finish: Finish) -> None:
        async with Database(self._settings.database_url.get_secret_value()).connect() as connection:
            await set_finish(connection, prepared.job_id, finish)

    async def _film(self, prepared: Prepared) -> Path:
        async with Database(self._settings.database_url.get_secret_value()).connect() as connection:
            job = await jobs.find_job(connection, prepared.job_id)
        assert job
        path = self._folder / "recast.mp4"
        await Storage(self._settings).download(job.result_s3_key or "", path)
        return path

    def _told(self, cost: Cost, film: Path, material: Material) -> dict[str, float]:
        return {
            "cpu_s": round(cost.cpu_s, 1),
            "wall_s": round(cost.wall_s, 1),
            "peak_rss_mb": cost.peak_rss_mb,
            "ssim": similarity(film, material),
            "mb": round(film.stat().st_size / 1_000_000, 1),
        }


def similarity(film: Path, material: Material) -> float:
    """SSIM of the upper part of the film with the clips that it was made of, over the first of them."""
    clips = material.clips[:MOST_COMPARED]
    inputs = [argument for path in (str(film), *clips) for argument in ("-i", path)]
    frames = len(clips) * material.clip_seconds * material.frame_rate
    seen = f"{COLOURS},crop=iw:ih*{SEEN_SHARE}:0:0"
    one = f"fps={material.frame_rate},trim=end_frame={material.clip_seconds * material.frame_rate},setpts=PTS-STARTPTS"
    parts = "".join(f"[{number}:v]{one}[c{number}];" for number in range(1, len(clips) + 1))
    joined = "".join(f"[c{number}]" for number in range(1, len(clips) + 1))
    graph = (
        f"{parts}{joined}concat=n={len(clips)}:v=1:a=0,{seen}[sources];"
        f"[0:v]trim=end_frame={frames},{seen}[film];[film][sources]ssim"
    )
    command = [ffmpeg.executable(), "-hide_banner", "-nostdin", *inputs, "-filter_complex", graph, "-f", "null", "-"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    found = _SIMILARITY.findall(told)
    return round(float(found[-1]), 4)


async def measure(
    contest: Contest, folder: Path, clips: int, scale: Sequence[int]
) -> dict[str, float | Mapping[str, float]]:
    material = await asyncio.to_thread(make, _folder(folder / "material"), clips)
    recast = await contest.recast(material, changes=True)
    figures: dict[str, float | Mapping[str, float]] = {**recast}
    figures["plain"] = await asyncio.to_thread(contest.plain, material)
    if peer := await asyncio.to_thread(contest.peer, material):
        figures |= peer
        cpu = peer["peer"]["cpu_s"]
        figures["cpu_ratio_peer"] = round(cpu / recast["recast_after_arrival"]["cpu_s"], 1)
        figures["cpu_ratio_peer_whole"] = round(cpu / recast["recast"]["cpu_s"], 1)
    each: dict[str, float] = {}
    memory: dict[str, float] = {}
    for count in scale:
        material = await asyncio.to_thread(make, _folder(folder / f"material-{count}"), count)
        cost = (await contest.recast(material, changes=False))["recast"]
        each[f"{count} clips"] = round(cost["cpu_s"] / count, 2)
        memory[f"{count} clips"] = cost["peak_rss_mb"]
    if scale:
        figures |= {"recast_cpu_s_per_clip": each, "recast_peak_rss_mb": memory}
    return figures


def peer_python() -> str:
    """A Python that has the peer's library, installed from the package registry at the first time."""
    python = PEER / "bin" / "python"
    has_it = [str(python), "-c", "import moviepy"]
    if not python.exists() or subprocess.run(has_it, capture_output=True, check=False).returncode:
        print(f"Installing {MOVIEPY} into {PEER.relative_to(CHECKOUT)}", file=sys.stderr)
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(PEER)], check=True)
        subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), MOVIEPY], check=True)
    return str(python)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, prog="python -m benchmarks.finish", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=20, help="of the film that all contestants make")
    parser.add_argument("--scale", type=int, nargs="*", default=[], help="numbers of clips of further films by Recast")
    parser.add_argument("--peer-python", help="a Python with moviepy 2.1.2; else it is installed")
    parser.add_argument(
        "--no-peer", action="store_true", help="leave it out: it takes a quarter of an hour for 20 clips"
    )
    given = parser.parse_args(arguments)
    # Before anything is measured: what cannot be installed should cost nobody's figures.
    peer = None if given.no_peer else given.peer_python or peer_python()
    with tempfile.TemporaryDirectory(prefix="recast-finish-") as name, surroundings():
        folder, only = Path(name), {"postgres", "databases", "migrate", "passwords", "seaweed", "bucket"}
        stack_folder = _folder(folder / "stack")
        with running_stack(stack_folder, ephemeral=True, only=only) as stack, surroundings(**stack.environment()):
            contest = Contest(folder, stack.environment(), peer)
            figures: Figures = asyncio.run(measure(contest, folder, given.clips, given.scale))
        stack.folder.remove()
    tell(f"{given.clips} clips finished", figures, MEANINGS, {})


if __name__ == "__main__":
    main()
