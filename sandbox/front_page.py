"""What a person sees who opens the sandbox in a browser."""

from html import escape

from sandbox.youtube.links import links

STYLE = (
    "body{font:16px/1.5 system-ui;max-width:60rem;margin:3rem auto;padding:0 1rem}"
    "td,th{padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top}"
)


def front_page() -> str:
    rows = "".join(
        f"<tr><td><code>{escape(link.url)}</code></td><td>{escape(link.sentence)}</td><td><code>{link.code}</code></td></tr>"
        for link in links()
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Recast sandbox</title>'
        f"<style>{STYLE}</style></head><body><h1>The Recast sandbox</h1>"
        "<p>Local servers that speak the protocols of YouTube (<code>/watch</code>, <code>/youtubei</code>, "
        "<code>/api/timedtext</code>), Supabase Auth (<code>/auth/v1</code>) and CloudFront (<code>/cdn</code>). "
        "Nothing here reaches the internet, and nothing costs money.</p>"
        "<p>Paste one of these links where Recast asks for a YouTube link:</p>"
        f"<table><tr><th>Link</th><th>What it does</th><th>Error</th></tr>{rows}</table></body></html>"
    )
