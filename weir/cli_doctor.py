"""`weir doctor`: prints what the checks found."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from weir.findings import Finding, Level, problem

if TYPE_CHECKING:
    from rich.table import Table

_STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "bold red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False,
) -> None:
    """Check this machine and configuration, and say what to do about each problem.

    Exit code 0: weir can run (there may be warnings). 1: something must be put right first.
    """
    findings = _examine()
    if as_json:
        typer.echo(json.dumps([finding.as_dict() for finding in findings], indent=2))
    else:
        from rich.console import Console

        Console(highlight=False).print(_table(findings))
    if any(finding.level is Level.PROBLEM for finding in findings):
        raise typer.Exit(1)


def _examine() -> list[Finding]:
    import trio

    from common.config import ConfigError, load_config
    from weir.doctor import examine

    try:
        config = load_config()
    except ConfigError as error:
        return [
            problem("configuration", str(error), "Correct weir.toml or the WEIR_* variables, then try again.")
        ]
    return trio.run(examine, config)


def _table(findings: list[Finding]) -> "Table":
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        style = _STYLES[finding.level]
        level = f"[{style}]{finding.level.value}[/{style}]"
        advice = f"\n[{style}]→[/{style}] {escape(finding.advice)}" if finding.advice else ""
        table.add_row(level, finding.check, escape(finding.text) + advice)
    return table
