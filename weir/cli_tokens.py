"""`weir token`: personal access tokens from the shell. Work while `weir serve` runs and without it."""

from typing import Annotated

import typer

from common.auth import new_token_secret
from common.db import Database
from common.principals import SCOPES
from common.queries import access_tokens
from weir.cli_accounts import AccountError, Login, minute, print_table, user_id_of, with_database

token_app = typer.Typer(help="Make, list and revoke tokens for programs.", no_args_is_help=True)


@token_app.command("create")
def create_token(
    login: Login,
    scope: Annotated[
        list[str],
        typer.Option("--scope", help="What it may do, such as chat:read; repeat it.", show_default=False),
    ],
    label: Annotated[str, typer.Option("--label", help="What the token is for.")] = "",
) -> None:
    """Make a token and print it, and nothing else: it is shown this once."""
    if unknown := sorted(set(scope) - SCOPES.keys()):
        raise AccountError(f"there is no scope {unknown[0]}; there are {', '.join(SCOPES)}")
    if len(label) > 100:
        raise AccountError(f"a label has at most 100 characters, this one has {len(label)}")
    secret = new_token_secret()

    async def create(db: Database) -> None:
        made = await access_tokens.insert_token(
            db,
            user_id=await user_id_of(db, login),
            token_hash=secret.sha256,
            last4=secret.last4,
            label=label,
            scopes=sorted(set(scope)),
        )
        if made is None:
            raise AccountError(f"{login} has {access_tokens.MAX_TOKENS} tokens already; revoke one first")

    with_database(create)
    print(secret.text)


@token_app.command("list")
def list_tokens(login: Login) -> None:
    """List the tokens of an account."""

    async def select(db: Database) -> list[access_tokens.AccessToken]:
        return await access_tokens.select_tokens(
            db, await user_id_of(db, login), limit=access_tokens.MAX_TOKENS
        )

    print_table(
        ("id", "ends with", "label", "scopes", "created", "last used", "expires"),
        [
            (
                str(token.id),
                token.last4,
                token.label,
                " ".join(token.scopes),
                *map(minute, (token.created_at, token.last_used_at, token.expires_at)),
            )
            for token in with_database(select)
        ],
    )


@token_app.command("revoke")
def revoke_token(
    login: Login,
    token_id: Annotated[int, typer.Argument(metavar="ID", help="Id of the token, from `weir token list`.")],
) -> None:
    """Revoke a token; it stops working everywhere within a second."""

    async def revoke(db: Database) -> None:
        user_id = await user_id_of(db, login)
        if not await access_tokens.delete_token(db, user_id=user_id, token_id=token_id):
            raise AccountError(
                f"{login} has no token {token_id}; `weir token list {login}` shows which there are"
            )

    with_database(revoke)
    print(f"revoked token {token_id} of {login}")
