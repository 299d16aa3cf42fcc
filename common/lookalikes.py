"""Letters of other scripts that look like Latin ones: what evades a word list is written with them. Pure.

Taken from `confusables.txt` of Unicode's security mechanisms (UTS #39, Unicode 16, https://www.unicode.org/Public/security/), cut down to letters of
Latin, Greek, Cyrillic, Armenian, Cherokee, Coptic, Lisu, Tifinagh and Canadian syllabics that look like one Latin letter, in
either case, and are not one under NFKC. Added: small capitals, regional indicators and letters in black squares and circles,
which people write with, and four of Greek and Cyrillic that are used for what their small forms look like. Digits are left
alone: a number is not a word.
"""

# letters that look like others are what this is about

from typing import Final

_LIKE: Final = {
    "a": "ɐɑαаᎪᗅᴀꓮ🅐🅰🇦",
    "b": "ƅʙβвьᏏᏴᑲᖯᗷꓐꞵ🅑🅱🇧",
    "c": "сᏟᴄↄⲥꓚ🅒🅲🇨",
    "d": "ԁᎠᏧᑯᗞᗪᴅꓒꓓ🅓🅳🇩",
    "e": "ǝɘεеёҽᎬᴇⴹꓰꬲ🅔🅴🇪",
    "f": "ϝքᖴẝꓝꜰꞙꬵ🅕🅵🇫",
    "g": "ƍɡɢԍցᏀᏳᶃꓖ🅖🅶🇬",
    "h": "ʜнһհᎻᏂᕼⲏꓧ🅗🅷🇭",
    "i": "ıɩɪιіїᎥꙇ🅘🅸🇮",
    "j": "ȷʝϳјᎫᒍᴊꓙ🅙🅹🇯",
    "k": "κкᏦᴋⲕꓗ𝼃🅚🅺🇰",
    "l": "ǀʟӏᏞᒪᣳⲓⳑⵏꓡꓲ🅛🅻🇱",
    "m": "μϻмᎷᗰᴍⲙꓟ🅜🅼🇲",
    "n": "ɴոռⲛꓠ🅝🅽🇳η",
    "o": "οσоօᴏᴑⲟⵔꓳꬽ🅞🅾🇴",
    "p": "ρрᏢᑭᣖᴘⲣꓑ🅟🅿🆊🇵",
    "q": "ԛգզⵕꞯ🅠🆀🇶",
    "r": "ʀгᎡᎱᏒᖇᣴᴦⲅꓣꭇꭈꭋ🅡🆁🇷",
    "s": "ƽѕտᏕᏚᣵꓢꜱ🅢🆂🇸",
    "t": "τтᎢᴛⲧꓔ🅣🆃🇹",
    "u": "ʋυսᑌᴜꓴꞟꭎꭒ🅤🆄🇺",
    "v": "νѵᏙᐯᴠⴸꓦ🅥🆅🇻",
    "w": "ɯѡԝաᎳᏔᴡꓪ🅦🆆🇼ω",
    "x": "χхᕁᕽⲭⵝꓫꭓ🅧🆇🇽",
    "y": "ɣʏγуүᎩᎽᶌỿⲩꓬꭚ🅨🆈🇾",
    "z": "ζᏃᙆᴢꓜ🅩🆉🇿",
}
"""By Latin letter, what looks like it, folded (`common.sameness`)."""

LATIN: Final = {one: letter for letter, all_like in _LIKE.items() for one in all_like}
"""By what looks like a Latin letter: that letter."""
LOOKALIKES: Final = frozenset(LATIN)
