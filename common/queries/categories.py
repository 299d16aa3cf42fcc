"""Categories: what streams are about, with what is live in each."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.db import Executor

MAX_VIEWERS = 2**62
"""More than anything has: where the list by viewers begins."""


@dataclass(frozen=True, slots=True)
class Category:
    """One category."""

    id: int
    slug: str
    """Its name in the address of its page."""
    name: str
    box_art: str | None
    """Name of an asset; `None`: the page draws one."""


@dataclass(frozen=True, slots=True)
class LiveCategory:
    """One category with what is live in it, listed channels only."""

    id: int
    slug: str
    name: str
    box_art: str | None
    live: int
    """Broadcasts."""
    viewers: int


@dataclass(frozen=True, slots=True)
class CategoryPlace:
    """A place in the list by viewers: behind this entry. The default is the beginning."""

    viewers: int = MAX_VIEWERS
    id: int = 0


async def insert_category(db: Executor, *, slug: str, name: str, box_art: str | None = None) -> int:
    """Make a category, or change the one with this slug; give its id.

    Raises `UniqueViolationError` when another one has the name, in any case; `CheckViolationError` for a slug that is none.
    """
    found: int = await db.fetchval(
        """
        insert into categories (slug, name, box_art) values ($1, $2, $3)
        on conflict (slug) do update set name = excluded.name, box_art = excluded.box_art,
            grams = case when categories.name = excluded.name then categories.grams end
        returning id
        """,
        slug,
        name,
        box_art,
    )
    return found


async def delete_category(db: Executor, category_id: int) -> bool:
    """Delete a category; its channels have none then. `False` when there is none."""
    return await db.execute("delete from categories where id = $1", category_id) == 1


async def select_categories(
    db: Executor, *, ids: Sequence[int] = (), slugs: Sequence[str] = (), names: Sequence[str] = ()
) -> list[Category]:
    """Give the categories with one of these ids, slugs or names (in any case), by id."""
    rows = await db.fetch(
        """
        select id, slug, name, box_art from categories
        where id = any($1::bigint[]) or slug = any($2::text[])
           or lower(name) = any(array(select lower(given) from unnest($3::text[]) as given))
        order by id
        """,
        ids,
        slugs,
        names,
    )
    return [Category(**row) for row in rows]


async def select_live_categories(
    db: Executor, *, limit: int, after: CategoryPlace | None = None
) -> list[LiveCategory]:
    """List all categories, the most watched first, then by id.

    Viewers come and go while somebody turns pages: a category may be met twice, or not at all; the place stays valid.
    """
    after = after or CategoryPlace()
    rows = await db.fetch(
        """
        with live as (
            select category_id, count(*) as live, sum(viewer_count)::bigint as viewers
            from streams where ended_at is null and listed and category_id is not null group by category_id
        )
        select id, slug, name, box_art, coalesce(live, 0) as live, coalesce(viewers, 0) as viewers
        from categories left join live on category_id = id
        where (-coalesce(viewers, 0), id) > (-$1::bigint, $2::bigint)
        order by -coalesce(viewers, 0), id limit $3
        """,
        after.viewers,
        after.id,
        limit,
    )
    return [LiveCategory(**row) for row in rows]
