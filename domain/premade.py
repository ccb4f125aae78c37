"""The pre-made characters: the company of actors that everybody can cast without drawing one."""

from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict

from domain.characters import Voice

PREMADE_NAMESPACE = UUID("6f1d3c52-8a0e-5b7f-9c41-2d7e0a94b3c8")
"""Fixed for ever: a character's id is ``uuid5(PREMADE_NAMESPACE, slug)`` in every database."""


class PremadeCharacter(BaseModel):
    """One pre-made character. ``look`` is what its portrait shows; ``personality`` is one line for people who choose.

    The portrait itself lies at ``premade/{slug}/…`` in the object store. A voice's name is that of an espeak-ng voice
    and its variant, ``language+variant``; a script of another language keeps the variant and replaces the language.
    """

    model_config = ConfigDict(frozen=True)

    slug: str
    name: str
    personality: str
    style: str
    look: str
    voice: Voice

    @property
    def character_id(self) -> UUID:
        return uuid5(PREMADE_NAMESPACE, self.slug)

    @property
    def model_ref(self) -> str:
        return f"local/{self.slug}"


PREMADE: tuple[PremadeCharacter, ...] = (
    PremadeCharacter(
        slug="ada",
        name="Ada",
        personality="A patient engineer who explains anything with what lies on the table.",
        style="flat illustration, warm colours",
        look="Woman of 34, dark brown skin, short natural black curls, round gold glasses, small gold hoop earrings, "
        "mustard yellow roll-neck jumper under a navy blue work jacket, calm half smile.",
        voice=Voice(name="en-gb+f3", pitch=48, rate=46),
    ),
    PremadeCharacter(
        slug="bruno",
        name="Bruno",
        personality="A jovial baker who laughs before the joke is over.",
        style="flat illustration, warm colours",
        look="Man of 52, olive skin, bald crown with grey sides, thick grey moustache, rosy cheeks, white shirt with "
        "rolled sleeves, brick red apron, flour on the shoulder, broad open smile.",
        voice=Voice(name="en-us-nyc+m3", pitch=34, rate=54),
    ),
    PremadeCharacter(
        slug="chidi",
        name="Chidi",
        personality="A curious student who asks the question that everybody else was afraid to ask.",
        style="bold comic, clean outlines",
        look="Man of 20, very dark skin, high-top fade of black hair, orange headphones round the neck, emerald green "
        "hoodie with a white zip, raised eyebrows and an eager smile.",
        voice=Voice(name="en-us+m2", pitch=56, rate=60),
    ),
    PremadeCharacter(
        slug="dalia",
        name="Dalia",
        personality="A cool-headed reporter who never says a word too many.",
        style="clean editorial illustration",
        look="Woman of 29, light brown skin, petrol blue headscarf tucked in neatly, strong dark eyebrows, berry red "
        "lips, ivory blazer over a black top, small silver pin, level and attentive gaze.",
        voice=Voice(name="en-gb+f2", pitch=52, rate=52),
    ),
    PremadeCharacter(
        slug="edda",
        name="Edda",
        personality="A grandmother who has seen it all and tells it with a wink.",
        style="soft watercolour",
        look="Woman of 76, pale skin with laughter lines, white hair in a loose bun, blue eyes, half-moon reading "
        "glasses on a chain, lavender cardigan over a cream blouse, pearl earrings, knowing smile.",
        voice=Voice(name="en-gb+f5", pitch=42, rate=36),
    ),
    PremadeCharacter(
        slug="finn",
        name="Finn",
        personality="A ten-year-old explorer for whom everything is the best thing ever.",
        style="bold comic, clean outlines",
        look="Boy of 10, fair skin with freckles, messy copper red hair, green eyes, gap between the front teeth, "
        "sky blue T-shirt with a yellow star, red backpack straps, huge grin.",
        voice=Voice(name="en-gb-scotland+f4", pitch=78, rate=62),
    ),
    PremadeCharacter(
        slug="hana",
        name="Hana",
        personality="A quiet scientist who gets excited about very small things.",
        style="clean editorial illustration",
        look="Woman of 41, light skin with a warm tone, straight black bob with a blunt fringe, dark brown eyes, thin "
        "black square glasses, white laboratory coat over a teal blouse, pen in the pocket, gentle smile.",
        voice=Voice(name="en-us+f2", pitch=58, rate=44),
    ),
    PremadeCharacter(
        slug="ivo",
        name="Ivo",
        personality="A deadpan detective who doubts everything, most of all good news.",
        style="noir ink, muted colours",
        look="Man of 47, pale skin, slicked dark hair greying at the temples, stubble, grey eyes with shadows under "
        "them, charcoal grey fedora, beige trench coat with the collar up, thin dark tie, flat mouth.",
        voice=Voice(name="en-gb-x-rp+m7", pitch=22, rate=38),
    ),
    PremadeCharacter(
        slug="juno",
        name="Juno",
        personality="A musician with five instruments and no stage fright.",
        style="neon pop, high contrast",
        look="Non-binary person of 25, medium tan skin, asymmetric undercut dyed turquoise, silver nose ring, purple "
        "eyeliner, black leather jacket over a magenta mesh shirt, chain necklace, one-sided smirk.",
        voice=Voice(name="en-us+f1", pitch=40, rate=58),
    ),
    PremadeCharacter(
        slug="kofi",
        name="Kofi",
        personality="An old storyteller whose pauses are worth waiting for.",
        style="soft watercolour",
        look="Man of 70, deep brown skin, short white hair and full white beard, kind dark eyes, patterned kente robe "
        "in gold, green and red over one shoulder, wooden bead necklace, serene smile.",
        voice=Voice(name="en-gb+m4", pitch=24, rate=34),
    ),
    PremadeCharacter(
        slug="lupe",
        name="Lupe",
        personality="A football coach who can make a shopping list sound like a cup final.",
        style="bold comic, clean outlines",
        look="Woman of 38, warm brown skin, long black braid over the shoulder, white headband, silver whistle on a "
        "red cord, royal blue track jacket with white stripes, open mouth in mid-cheer.",
        voice=Voice(name="en-029+f3", pitch=60, rate=66),
    ),
    PremadeCharacter(
        slug="mira",
        name="Mira",
        personality="A dreamy teenager who talks to the stars and expects an answer.",
        style="neon pop, high contrast",
        look="Girl of 16, medium brown skin, long wavy dark hair with two violet strands, large hazel eyes, crescent "
        "moon hair clip, midnight blue dungarees over a striped pink and white shirt, wistful look.",
        voice=Voice(name="en-gb+f1", pitch=66, rate=42),
    ),
    PremadeCharacter(
        slug="otis",
        name="Otis",
        personality="A polite robot who takes every figure of speech literally.",
        style="retro science fiction",
        look="Robot of no age, brushed silver head with a rounded square face, two round amber lamp eyes, speaker "
        "grille mouth, one short antenna with a red tip, orange bow tie on a cream enamel chest plate.",
        voice=Voice(name="en-us+m1", pitch=14, rate=40),
    ),
)
"""In the order in which they are offered."""
