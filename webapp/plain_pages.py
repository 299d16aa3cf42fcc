"""Pages that the server writes by itself, without a script: the API's documentation and the forms behind one-time links."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from http import HTTPStatus

from quart import Response

from webapp.endpoint import AnyEndpoint
from webapp.openapi import problem_statuses

_STYLE = (
    ":root{color-scheme:light dark;--paper:#fff;--ink:#1b1b1f;--quiet:#5c5c66;--line:#cfcfd6;--edge:#82828c;--link:#0b57a4;--main:#6a2ed1;"
    "--on-main:#fff;--wrong:#b3261e}"
    "@media(prefers-color-scheme:dark){:root{--paper:#111;--ink:#eee;--quiet:#aab;--line:#444;--edge:#7d7d88;--link:#9cf;--main:#b794ff;"
    "--on-main:#111;--wrong:#ff9a92}}"
    "*{box-sizing:border-box}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;background:var(--paper);"
    "color:var(--ink);overflow-wrap:break-word}"
    "a{color:var(--link)}code{font-family:ui-monospace,monospace}table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line)}"
    "label{display:block;margin:1rem 0}input{display:block;font:inherit;padding:.4rem;width:20rem;max-width:100%}"
    "button{font:inherit;padding:.4rem 1rem}"
    ".narrow{max-width:28rem;margin:0 auto}.narrow h1{font-size:1.4rem;line-height:1.3}"
    ".narrow input{width:100%;padding:.6rem .7rem;margin-top:.2rem;border:1px solid var(--edge);border-radius:.4rem;"
    "background:var(--paper);color:var(--ink)}"
    ".narrow button{width:100%;padding:.7rem 1rem;margin:.3rem 0;border:1px solid var(--edge);border-radius:.4rem;"
    "background:none;color:var(--ink);cursor:pointer}"
    ".narrow button.main{background:var(--main);border-color:var(--main);color:var(--on-main);font-weight:600}"
    ".narrow button.link{border:0;padding:.3rem;text-decoration:underline;color:var(--link)}"
    ".narrow :focus-visible{outline:3px solid var(--link);outline-offset:2px}"
    ".quiet{color:var(--quiet);font-size:.9rem}.wrong{color:var(--wrong);font-weight:600}"
    ".narrow ul{padding-left:1.2rem}.narrow li{margin:.4rem 0}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'; form-action"


def plain_page(
    title: str, body: str, status: int = 200, *, form_action: str = "'self'", narrow: bool = False
) -> Response:
    """Answer with a page. `body` is HTML whose texts were escaped.

    Args:
        title: plain text.
        body: what follows the title.
        status: of the answer.
        form_action: where forms, and what they are redirected to, may lead: sources of a content security policy.
        narrow: a form to be filled in, not a text to be read.

    """
    main = '<main class="narrow">' if narrow else "<main>"
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>{main}<h1>{escape(title)}</h1>{body}</main></html>"
    )
    response = Response(html, status=status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = f"{_POLICY} {form_action}"
    return response


def documentation(endpoints: Sequence[AnyEndpoint]) -> str:
    """Give the documentation of the API as HTML."""
    introduction = (
        '<p>For programs: <a href="/api/openapi.json">openapi.json</a>. Log in with a session cookie or send '
        "<code>Authorization: Bearer TOKEN</code>.</p>"
    )
    parts = [introduction]
    for tag in dict.fromkeys(endpoint.tag for endpoint in endpoints):
        rows = "".join(_row(endpoint) for endpoint in endpoints if endpoint.tag == tag)
        head = "<tr><th>Request<th>Does<th>For<th>Refuses with</tr>"
        parts.append(f"<h2>{escape(tag)}</h2><table>{head}{rows}</table>")
    return "".join(parts)


def _row(endpoint: AnyEndpoint) -> str:
    access = endpoint.access
    if access.anonymous:
        who = "anybody"
    elif access.scope:
        who = f"session, or token with <code>{escape(access.scope)}</code>"
    else:
        who = "session or token" if access.any_token else "session"
    refusals = ", ".join(
        f'<abbr title="{escape(HTTPStatus(status).phrase)}">{status}</abbr>'
        for status in problem_statuses(endpoint)
    )
    request = escape(f"{endpoint.method} /api{endpoint.route}")
    return f"<tr><td><code>{request}</code><td>{escape(endpoint.summary)}<td>{who}<td>{refusals}</tr>"
