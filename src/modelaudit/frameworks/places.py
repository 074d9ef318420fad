"""Places that a system is used in, as an owner declares them and as a clause names them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from modelaudit.verdicts import alike

MEMBERS = {
    "at": "austria", "be": "belgium", "bg": "bulgaria", "cy": "cyprus", "cz": "czechia", "de": "germany",
    "dk": "denmark", "ee": "estonia", "es": "spain", "fi": "finland", "fr": "france", "gr": "greece", "hr": "croatia",
    "hu": "hungary", "ie": "ireland", "it": "italy", "lt": "lithuania", "lu": "luxembourg", "lv": "latvia",
    "mt": "malta", "nl": "netherlands", "pl": "poland", "pt": "portugal", "ro": "romania", "se": "sweden",
    "si": "slovenia", "sk": "slovakia",
}  # fmt: skip
"""The member states of the European Union in 2026: code of ISO 3166-1, and name."""

_COUNTRIES = """
    ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw by bz ca cc
    cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et fi fj fk fm fo fr ga gd ge
    gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki
    km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx
    my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd
    se sg sh si sj sk sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk um us uy
    uz va vc ve vg vi vn vu wf ws ye yt za zm zw
"""
COUNTRIES = frozenset(_COUNTRIES.split())
"""Codes of ISO 3166-1, with `uk` for `gb`."""

_STATES = """
    al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa ri
    sc sd tn tx ut vt va wa wv wi wy dc
"""
STATES = frozenset(_STATES.split())
"""The states of the United States and its capital's district: codes of ISO 3166-2."""

NAMES = {
    "european union": "eu", "欧盟": "eu", "gb": "uk", "united kingdom": "uk", "great britain": "uk", "英国": "uk",
    "china": "cn", "mainland china": "cn", "people's republic of china": "cn", "prc": "cn", "中国": "cn",
    "中国大陆": "cn", "中国内地": "cn", "中华人民共和国": "cn", "cn-hk": "hk", "cn-mo": "mo", "cn-tw": "tw",
    "hong kong": "hk", "macao": "mo", "taiwan": "tw", "usa": "us", "united states": "us",
    "united states of america": "us", "美国": "us", "colorado": "us-co", "科罗拉多州": "us-co",
    "new york city": "us-ny-nyc", "nyc": "us-ny-nyc", "us-nyc": "us-ny-nyc", "纽约市": "us-ny-nyc", "el": "gr",
    "czech republic": "cz", "the netherlands": "nl",
    **{name: code for code, name in MEMBERS.items()},
}  # fmt: skip
"""What else than its code a place may be called. Hong Kong, Macao and Taiwan have codes, and so laws, of their own."""

KNOWN = (
    "eu or one of its member states, uk, cn, us, us-co and other states, us-nyc, or any other country by its two "
    "letters (ISO 3166-1), as in jp or ca-qc"
)
"""What may be declared, for the message that refuses something else."""


def code_of(place: str) -> str | None:
    """Return the code that a place is compared by, as `eu-de` for Germany, or None for one that is not known."""
    name = alike(place).replace("_", "-").replace("\u2019", "'")
    name = NAMES.get(name, name)
    if name in ("eu", "us-ny-nyc"):
        return name
    country, _, part = name.removeprefix("eu-").partition("-")
    country = NAMES.get(country, country)
    if country not in COUNTRIES or (name.startswith("eu-") and country not in MEMBERS):
        return None
    if part and not (part in STATES if country == "us" else re.fullmatch("[a-z0-9]{1,3}", part)):
        return None
    return "-".join(filter(None, ("eu" if country in MEMBERS else "", country, part)))


def within(declared: Iterable[str], named: Iterable[str]) -> bool | None:
    """Tell whether one of the declared places is one that is named, or lies in it.

    None where that can't be told: nothing is declared, a name is not known, or a declared place is the wider one, as
    the United States are wider than Colorado.
    """
    places = [code_of(place) for place in declared]
    laws = [code for code in map(code_of, named) if code is not None]
    if any(place is not None and _in(place, law) for place in places for law in laws):
        return True
    open_ = not places or any(place is None or _in(law, place) for place in places for law in laws)
    return None if open_ else False


def _in(place: str, other: str) -> bool:
    return f"{place}-".startswith(f"{other}-")
