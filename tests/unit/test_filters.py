"""Graphs of ffmpeg's filters as arguments."""

import subprocess
from pathlib import Path

from resources import ffmpeg
from resources.filters import Graph, filter_of


def test_a_graph_becomes_arguments_in_order() -> None:
    graph = Graph()
    one, two = graph.read(Path("/a.wav"), "-ss", "1"), graph.read(Path("/b.wav"))
    left, right = graph.split([one.audio], filter_of("asplit", outputs=2), ways=2)
    mixed = graph.add([left, right, two.audio], filter_of("amix", inputs=3, normalize=0), filter_of("anull"))
    assert graph.arguments(mixed) == [
        *("-ss", "1", *ffmpeg.input_file(Path("/a.wav"))),
        *ffmpeg.input_file(Path("/b.wav")),
        "-filter_complex",
        "[0:a:0]asplit=outputs=2[p0][p1];[p0][p1][1:a:0]amix=inputs=3:normalize=0,anull[p2]",
        *("-map", "[p2]"),
    ]


def test_the_value_of_an_option_may_hold_any_letters(tmp_path: Path) -> None:
    graph, text = Graph(), r"a:b,c;[d] 'e' \f = %g"
    silence = graph.add([], filter_of("anullsrc"), filter_of("atrim", end_sample=2048))
    marked = graph.add([silence], filter_of("ametadata", mode="add", key="said", value=text))
    told = graph.add([marked], filter_of("ametadata", mode="print", file=tmp_path / "a:b.txt"))
    arguments = [*graph.arguments(told), "-f", "null", "-"]
    subprocess.run(ffmpeg.command(*arguments), check=True)
    assert f"said={text}\n" in (tmp_path / "a:b.txt").read_text()
