"""What a person sees who opens the sandbox in a browser."""

from html import escape

from sandbox.fal.models import MODELS
from sandbox.faults import EXPLANATIONS
from sandbox.replicate.catalogue import catalogue
from sandbox.youtube.links import links

STYLE = (
    "body{font:16px/1.5 system-ui;max-width:60rem;margin:3rem auto;padding:0 1rem}"
    "td,th{padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top}"
)
CONTROLS = (
    ("GET /billing", "What Replicate, fal and OpenAI's transcriptions would have charged: totals and every charge."),
    ("GET /billing/duplicates", "Charges for the same work."),
    ("GET /faults", "The faults that were met, and what is set."),
    ("POST /faults", "Faults at a rate, how long a video takes, the rate limit."),
    ("DELETE /faults", "Everything as at the start."),
    ("GET /leaks", "Requests that brought a token to the host of outputs."),
)


def front_page() -> str:
    links_rows = [
        f"<td><code>{escape(link.url)}</code></td><td>{escape(link.sentence)}</td><td><code>{link.code}</code></td>"
        for link in links()
    ]
    fault_rows = [
        f"<td><code>[[{fault}]]</code></td><td>{escape(sentence)}</td>" for fault, sentence in EXPLANATIONS.items()
    ]
    control_rows = [f"<td><code>{path}</code></td><td>{escape(sentence)}</td>" for path, sentence in CONTROLS]
    price_rows = [
        f"<td><code>{model.name}</code></td><td>${model.price} per {model.price_unit}</td>"
        for model in catalogue().values()
    ] + [f"<td><code>{name}</code></td><td>$0.20 (720p) or $0.45 (1080p) per 5 seconds</td>" for name in MODELS]
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Recast sandbox</title>'
        f"<style>{STYLE}</style></head><body><h1>The Recast sandbox</h1>"
        "<p>Local servers that speak the protocols of YouTube (<code>/watch</code>, <code>/youtubei</code>, "
        "<code>/api/timedtext</code>, <code>/videoplayback</code>), "
        "Supabase Auth (<code>/auth/v1</code>), CloudFront (<code>/cdn</code>), "
        "Replicate (<code>/replicate/v1</code>), fal's queue (<code>/fal</code>) and OpenAI (<code>/openai/v1</code>). "
        "Nothing here reaches the internet, and nothing costs money.</p>"
        "<p>Paste one of these links where Recast asks for a YouTube link:</p>"
        f"{_table(('Link', 'What it does', 'Error'), links_rows)}"
        "<h2>Video models</h2><p>What the ledger counts for each of them:</p>"
        f"{_table(('Model', 'Price'), price_rows)}"
        "<h2>Faults</h2><p>A word in the prompt makes a video model or a transcription fail; in a line of a "
        "transcript it is written <code>((refuse))</code>. "
        "<code>[[refuse-once]]</code> happens the first time only.</p>"
        f"{_table(('Word', 'What happens'), fault_rows)}"
        f"<h2>Controls</h2>{_table(('Request', 'What it does'), control_rows)}</body></html>"
    )


def _table(heads: tuple[str, ...], rows: list[str]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
