"""A server that answers yt-dlp and caption readers as YouTube does, on a free loopback port."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.youtube.pages import watch_page
from sandbox.youtube.player import player_response
from sandbox.youtube.videos import library

VIDEO = "talk0000001"
SOUND = bytes(range(256)) * 2000


@dataclass
class Tube:
    """``playability`` and ``details`` change the player's answer. ``hold`` stops the sound half way."""

    url: str = ""
    playability: dict[str, Any] | None = None
    details: dict[str, Any] = field(default_factory=dict)
    told_bytes: int | None = None
    hold: threading.Event | None = None
    sound_status: int = 200
    sound: bytes = SOUND
    has_captions: bool = True
    asked: list[str] = field(default_factory=list)

    def player(self) -> dict[str, Any]:
        answer = player_response(VIDEO, library()[VIDEO], None, None)
        answer["videoDetails"].update(self.details)
        if not self.has_captions:
            del answer["captions"]
        if self.playability:
            answer["playabilityStatus"] = self.playability
            return answer
        answer["streamingData"] = {
            "adaptiveFormats": [
                {
                    "itag": itag,
                    "url": f"https://rr1---sn-x.googlevideo.com/videoplayback?itag={itag}",
                    "mimeType": kind,
                    "bitrate": rate,
                    "contentLength": str(self.told_bytes or len(self.sound)),
                    "approxDurationMs": "174000",
                    "audioSampleRate": "44100",
                    "audioChannels": 2,
                }
                for itag, kind, rate in (
                    (140, 'audio/mp4; codecs="mp4a.40.2"', 130_000),
                    (251, 'audio/webm; codecs="opus"', 140_000),
                )
            ]
        }
        return answer


@contextmanager
def running_tube() -> Iterator[Tube]:
    tube = Tube()

    class Handler(BaseHTTPRequestHandler):
        def answer(self, body: bytes, kind: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if tube.hold and kind.startswith("audio"):
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                tube.hold.wait(20)
                body = body[len(body) // 2 :]
            self.wfile.write(body)

        def do_GET(self) -> None:
            tube.asked.append(self.path.partition("?")[0])
            if self.path.startswith("/watch"):
                self.answer(watch_page(VIDEO, library()[VIDEO]).encode(), "text/html")
            elif self.path.startswith("/videoplayback"):
                self.answer(tube.sound, "audio/mp4", tube.sound_status)
            else:
                self.answer(b"", "text/plain", 404)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            tube.asked.append(self.path.partition("?")[0])
            self.answer(json.dumps(tube.player()).encode(), "application/json")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tube.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield tube
    server.shutdown()
    server.server_close()
