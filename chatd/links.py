"""Whether somebody would read a link in a text, by the rules of linkify-it: an address with `//`, or a name that ends in a domain. Pure."""

import re

_COUNTRIES = (
    "a[cdefgilmnoqrstuwxz]|b[abdefghijmnorstvwyz]|c[acdfghiklmnoruvwxyz]|d[ejkmoz]|e[cegrstu]|f[ijkmor]|"
    "g[abdefghilmnpqrstuwy]|h[kmnrtu]|i[delmnoqrst]|j[emop]|k[eghimnprwyz]|l[abcikrstuvy]|"
    "m[acdeghklmnopqrstuvwxyz]|n[acefgilopruz]|om|p[aefghklmnrstwy]|qa|r[eosuw]|s[abcdeghijklmnortuvxyz]|"
    "t[cdfghjklmnortvwz]|u[agksyz]|v[aceginu]|w[fs]|y[et]|z[amw]"
)
_GENERIC = (
    "com|net|org|edu|gov|mil|int|biz|info|name|pro|aero|asia|coop|museum|jobs|mobi|travel|xxx|web|shop|"
    "app|art|bar|best|bet|bid|blog|buzz|cafe|cam|casa|casino|center|chat|click|cloud|club|codes|cool|"
    "date|design|dev|digital|download|email|expert|fans|finance|fit|fun|fund|gallery|game|games|gift|"
    "gifts|global|group|guru|help|host|hosting|icu|ink|kim|land|lat|life|link|live|lol|loan|ltd|"
    "market|media|men|moe|money|monster|network|news|ninja|ooo|online|page|party|photo|photos|pics|pink|"
    "pizza|plus|poker|press|promo|pub|quest|racing|red|review|reviews|rip|rocks|run|sale|sbs|school|science|"
    "sex|sexy|shoes|show|site|social|software|solutions|space|store|stream|studio|support|surf|team|tech|"
    "tips|today|tools|top|town|toys|trade|tube|vegas|video|vip|wiki|win|work|world|wtf|xin|xyz|yoga|zip|zone"
)
_FIND = re.compile(
    # A scheme with something behind it, or names joined by dots whose last is a known domain; `\u3002` is a dot in addresses.
    r"\b(?:https?|ftps?|wss?|rtmps?|mailto|magnet):\S"
    rf"|\w[.\u3002](?:{_COUNTRIES}|{_GENERIC}|xn--[a-z0-9-]{{2,60}}|рф|pф|中国|中國|公司|网络|みんな|한국)(?![\w-])"
    r"|\b(?:\d{1,3}\.){3}\d{1,3}(?:[:/]\d|/\w)"
)


def has_link(folded: str) -> bool:
    """Say whether there is a link in a text, given as `common.sameness` has it. Takes time in line with its length."""
    if "." not in folded and ":" not in folded and "/" not in folded and "\u3002" not in folded:
        return False
    return _FIND.search(folded) is not None
