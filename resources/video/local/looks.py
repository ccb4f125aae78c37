"""The looks of the pre-made characters, by slug: which parts the drawing of each is put together from."""

from collections.abc import Mapping
from dataclasses import dataclass

MODEL_PREFIX = "local/"


@dataclass(frozen=True, slots=True)
class Look:
    """Names of parts (see hair.py, clothes.py, accessories.py) and colours.

    ``shoulders`` is half the width of the shoulders, ``cheek`` and ``jaw`` half those of the face, in canvas units;
    ``smile`` is how far the corners of the mouth rise; ``lid`` how much of the eye the upper lid hides (0 to 0.5);
    ``brow_lift`` raises the brows, ``brow_tilt`` lowers their inner ends.
    """

    skin: str
    hair: str
    hair_colour: str
    clothes: str
    cloth: tuple[str, str, str]
    backdrop: tuple[str, str]
    eye_colour: str = "#4a2c1d"
    shoulders: float = 225
    cheek: float = 116
    jaw: float = 78
    chin: float = 152
    eye: float = 1.0
    lid: float = 0.1
    lashes: bool = False
    liner: str | None = None
    brow: str = "#2b1a1a"
    brow_weight: float = 9
    brow_lift: float = 0
    brow_tilt: float = 0
    nose: float = 1.0
    mouth_width: float = 36
    smile: float = 10
    skew: float = 0
    grin: bool = False
    gap: bool = False
    lips: str | None = None
    blush: float = 0.25
    freckles: bool = False
    lines: bool = False
    tired: bool = False
    extras: tuple[str, ...] = ()


LOOKS: Mapping[str, Look] = {
    "ada": Look(
        skin="#8a5234",
        hair="curls",
        hair_colour="#2a1a20",
        clothes="work_jacket",
        cloth=("#e9ad2e", "#2a3a66", "#1e2a4d"),
        backdrop=("#ffd9a0", "#f29a5c"),
        shoulders=205,
        jaw=70,
        lashes=True,
        brow="#24141a",
        brow_weight=8,
        lips="#9c4a43",
        smile=9,
        nose=1.1,
        extras=("round_glasses", "hoops"),
    ),
    "bruno": Look(
        skin="#d9a071",
        hair="bald_sides",
        hair_colour="#8f8f97",
        clothes="apron",
        cloth=("#f7f3ec", "#b5443a", "#8f322c"),
        backdrop=("#ffe3c2", "#e88a6a"),
        shoulders=252,
        cheek=124,
        jaw=96,
        brow="#7c7c86",
        brow_weight=12,
        brow_lift=4,
        grin=True,
        nose=1.35,
        blush=0.6,
        lines=True,
        mouth_width=42,
        extras=("moustache",),
    ),
    "chidi": Look(
        skin="#5b3423",
        hair="high_top",
        hair_colour="#1d1418",
        clothes="hoodie",
        cloth=("#1f9d6b", "#167a54", "#f5f7f6"),
        backdrop=("#c9f2d8", "#4fb98b"),
        shoulders=222,
        jaw=80,
        brow="#170f12",
        brow_weight=9,
        brow_lift=9,
        smile=13,
        nose=1.25,
        eye=1.06,
        lid=0.02,
        lips="#7c4038",
        blush=0.12,
        extras=("headphones",),
    ),
    "dalia": Look(
        skin="#c68b62",
        hair="headscarf",
        hair_colour="#1f6f80",
        clothes="blazer",
        cloth=("#26232e", "#f3ead8", "#dccfb6"),
        backdrop=("#d6eef0", "#5fa7b4"),
        shoulders=205,
        jaw=70,
        lashes=True,
        brow="#22161a",
        brow_weight=11,
        lips="#a8324f",
        smile=4,
        lid=0.16,
        extras=("pin",),
    ),
    "edda": Look(
        skin="#f1cdb6",
        hair="bun",
        hair_colour="#efecf3",
        clothes="cardigan",
        cloth=("#fbf3e1", "#b7a0d6", "#957cb8"),
        backdrop=("#efe4fb", "#b79bdc"),
        shoulders=200,
        jaw=80,
        cheek=114,
        eye_colour="#4b86b8",
        brow="#b9b3c2",
        brow_weight=7,
        smile=12,
        lid=0.2,
        blush=0.45,
        lines=True,
        lips="#c9767a",
        extras=("half_glasses", "pearls"),
    ),
    "finn": Look(
        skin="#f6d0b3",
        hair="messy",
        hair_colour="#c7542a",
        clothes="star_shirt",
        cloth=("#62b6ec", "#f7cf46", "#d23b3b"),
        backdrop=("#cdeaff", "#6bb2ea"),
        shoulders=168,
        cheek=120,
        jaw=80,
        chin=140,
        eye_colour="#3f8f5a",
        eye=1.2,
        lid=0.0,
        brow="#a84520",
        brow_weight=8,
        brow_lift=8,
        grin=True,
        gap=True,
        nose=0.8,
        blush=0.5,
        freckles=True,
        mouth_width=42,
    ),
    "hana": Look(
        skin="#f0c9a4",
        hair="bob",
        hair_colour="#1c1a24",
        clothes="lab_coat",
        cloth=("#1d8b8b", "#fbfbfd", "#d6dbe6"),
        backdrop=("#d3f3ee", "#69bfb6"),
        shoulders=198,
        jaw=70,
        lashes=True,
        eye_colour="#3a2117",
        brow="#1f1a22",
        brow_weight=7,
        smile=10,
        nose=0.9,
        lips="#c4666a",
        blush=0.35,
        extras=("square_glasses",),
    ),
    "ivo": Look(
        skin="#e7c4ad",
        hair="fedora",
        hair_colour="#33303a",
        clothes="trench_coat",
        cloth=("#efeae2", "#c4a77d", "#26262e"),
        backdrop=("#c9ccd6", "#6d7488"),
        shoulders=240,
        jaw=90,
        cheek=114,
        eye_colour="#6f7b86",
        brow="#2d2a32",
        brow_weight=10,
        brow_tilt=6,
        smile=-1,
        lid=0.36,
        tired=True,
        blush=0.05,
        nose=1.15,
        extras=("stubble",),
    ),
    "juno": Look(
        skin="#c58e64",
        hair="undercut",
        hair_colour="#25b9b4",
        clothes="leather_jacket",
        cloth=("#d62f86", "#2a2733", "#15131c"),
        backdrop=("#ffc2e2", "#8a4fd0"),
        shoulders=215,
        jaw=76,
        lashes=True,
        liner="#7b3fc4",
        eye_colour="#5a3a22",
        brow="#2a1c20",
        brow_weight=9,
        brow_tilt=3,
        smile=8,
        skew=9,
        lid=0.22,
        lips="#a9525a",
        extras=("nose_ring",),
    ),
    "kofi": Look(
        skin="#6b3f2a",
        hair="short_white",
        hair_colour="#f4f1ee",
        clothes="kente",
        cloth=("#e2a92b", "#1f7d48", "#b8322c"),
        backdrop=("#ffe7a8", "#d99a35"),
        shoulders=240,
        jaw=92,
        cheek=118,
        eye_colour="#2e1a12",
        brow="#efebe8",
        brow_weight=11,
        smile=8,
        lid=0.26,
        nose=1.4,
        lines=True,
        blush=0.1,
        extras=("beard",),
    ),
    "lupe": Look(
        skin="#b5764a",
        hair="braid",
        hair_colour="#1e161b",
        clothes="track_jacket",
        cloth=("#ffffff", "#2456c9", "#1a3f97"),
        backdrop=("#cfe0ff", "#5f8cea"),
        shoulders=212,
        jaw=76,
        lashes=True,
        eye_colour="#3a2116",
        brow="#1d1519",
        brow_weight=9,
        brow_lift=6,
        grin=True,
        lips="#a34a42",
        blush=0.35,
        mouth_width=40,
    ),
    "mira": Look(
        skin="#b97d55",
        hair="long_wavy",
        hair_colour="#33222b",
        clothes="dungarees",
        cloth=("#f6a9c4", "#232a5c", "#fdf6f2"),
        backdrop=("#dcd2ff", "#7c6bd6"),
        shoulders=182,
        jaw=70,
        cheek=114,
        chin=146,
        eye=1.18,
        lid=0.12,
        lashes=True,
        eye_colour="#8a6a2c",
        brow="#2c1d22",
        brow_weight=7,
        brow_lift=4,
        smile=5,
        nose=0.85,
        lips="#b8616a",
        blush=0.4,
    ),
    "otis": Look(
        skin="#c9d1da",
        hair="none",
        hair_colour="#9aa5b1",
        clothes="enamel",
        cloth=("#f7efdc", "#ef7d2d", "#d9cdb2"),
        backdrop=("#ffe2bd", "#e7955a"),
        shoulders=215,
    ),
}


def slug_of(model_ref: str | None) -> str | None:
    """The slug in ``local/<slug>`` when that character can be drawn, else None."""
    if model_ref is None or not model_ref.startswith(MODEL_PREFIX):
        return None
    slug = model_ref.removeprefix(MODEL_PREFIX)
    return slug if slug in LOOKS else None
