"""How the pages of `/oauth2/authorize` look, and what their forms hold. Everything that is shown is escaped here."""

from html import escape

from quart import Response

from common.principals import SCOPES, Principal
from common.queries.oauth_apps import Client
from webapp.oauth_requests import AuthorizationRequest
from webapp.plain_pages import plain_page
from webapp.redirect_uris import is_loopback_uri, shown_target

AUTHORIZE = "/oauth2/authorize"
LOG_IN = "/oauth2/login"


def log_in_page(
    client: Client,
    wish: AuthorizationRequest,
    wrong: str | None = None,
    status: int = 200,
    *,
    login: str = "",
) -> Response:
    """Ask who somebody is.

    Args:
        client: the app that sent them here.
        wish: what it asks for; carried along.
        wrong: why the last try failed.
        status: of the answer.
        login: as it was typed in that try.

    """
    focus_login, focus_password = ("", " autofocus") if login else (" autofocus", "")
    complaint = "" if wrong is None else f'<p class="wrong" role="alert">{escape(wrong)}</p>'
    return loose(
        plain_page(
            f"Log in to continue to {client.name}",
            f"{complaint}<form method='post' action='{LOG_IN}'>{_hidden('asked', wish.query())}"
            '<label>Login<input name="login" autocomplete="username" autocapitalize="none" required maxlength="100" '
            f'value="{escape(login)}"{focus_login}></label>'
            '<label>Password<input name="password" type="password" autocomplete="current-password" required '
            f'maxlength="200"{focus_password}></label>'
            '<label>Code of your authenticator app <span class="quiet">(if you use one)</span>'
            '<input name="code" autocomplete="one-time-code" maxlength="50"></label>'
            '<button class="main">Log in</button></form>'
            f'<p class="quiet">{escape(client.name)} does not see your password. '
            'No account yet? <a href="/signup">Sign up</a> first, then come back.</p>',
            status,
            narrow=True,
        )
    )


def logged_in_page(wish: AuthorizationRequest) -> Response:
    """Go on by itself: not with a redirect, which would be held against the form's policy up to the app's own site."""
    address = escape(f"{AUTHORIZE}?{wish.query()}")
    body = f'<meta http-equiv="refresh" content="0;url={address}"><p><a href="{address}">Go on</a></p>'
    return loose(plain_page("You are logged in", body, narrow=True))


def consent_page(who: Principal, client: Client, wish: AuthorizationRequest, form: str) -> Response:
    """Ask what somebody says to the wish of an app. `form`: proves that the answer comes from this page."""
    target = f"<b>{escape(shown_target(wish.redirect_uri))}</b>"
    if is_loopback_uri(wish.redirect_uri):
        target = f"a program on this device ({target})"
    wishes = ["Know who you are: your login and your id", *(SCOPES[scope] for scope in wish.scopes)]
    listed = "".join(f"<li>{escape(text)}</li>" for text in wishes)
    page = plain_page(
        f"{client.name} wants to act for you",
        f'<p><b>{escape(client.name)}</b>, an app by <a href="/{escape(client.owner_login)}" rel="noreferrer">'
        f"{escape(client.owner_login)}</a>, would like to do this as <b>{escape(who.display_name)}</b>:</p>"
        f"<ul>{listed}</ul>"
        f"<form method='post' action='{AUTHORIZE}'>{_hidden('asked', wish.query())}{_hidden('form', form)}"
        '<button class="main" name="decision" value="allow">Allow</button>'
        '<button name="decision" value="deny">Do not allow</button>'
        f'<p class="quiet">Either takes you to {target}. You can disconnect the app at any time in your '
        "settings. This site does not check apps: allow only what you trust.</p>"
        f'<p class="quiet">You are logged in as {escape(who.login)}. '
        '<button class="link" name="decision" value="switch">Use another account</button></p></form>',
        narrow=True,
        # The scheme: see the head of webapp/oauth_pages.py. `https:` is part of `http:`.
        form_action="'self' https:" if wish.redirect_uri.startswith("https:") else "'self' http:",
    )
    return loose(page)


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def apology(message: str, status: int) -> Response:
    """Say why nothing came of it."""
    body = f"<p>{escape(message)}</p><p>Nothing was allowed, and nothing was sent to the app.</p>"
    return loose(plain_page("That did not work", body, status, narrow=True))


def loose(response: Response) -> Response:
    """Let a page that opened this one hear from it again when it has come back to the app."""
    response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    response.headers["Cache-Control"] = "no-store"
    return response
