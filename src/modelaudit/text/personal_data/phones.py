"""Phone numbers: international ones by country code and length (ITU-T E.164), national ones by how they are written."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import cache

from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.personal_data.match import Match, found_at, led_by

FEWEST_DIGITS, MOST_DIGITS = 7, 15
"""A national number of a few digits is left to its cue; E.164 ends at fifteen with the country code."""

WIDEST_COUNT = 20
_ZERO_KEPT = ("39", "225", "229", "241", "242", "378")
"""Italy, Ivory Coast, Benin, Gabon, Congo, San Marino: the first 0 is dialled from abroad too."""

_BEFORE = re.compile(r"(?<![0-9A-Za-z_/#$€£¥+])(?<![0-9][.,:-])")
_BEHIND = r"(?![0-9A-Wa-wYZyz_%€£$]|x(?![0-9])|[.,:/-][0-9])"
_APART = r"(?<![0-9] )"
_ENDS = rf"(?! ?[0-9]){_BEHIND}"
_EXCHANGE = r"[2-9](?!11)[0-9]{2}"
_AREA = r"[2-9](?!11)[0-8][0-9]"
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        # North America: (212) 555-0123, 212-555-0123, 1.212.555.0123
        rf"(?:1[-. ])?\({_AREA}\)[ -]?{_EXCHANGE}[-. ][0-9]{{4}}{_BEHIND}",
        rf"(?:1([-.]))?{_AREA}([-.]){_EXCHANGE}\2[0-9]{{4}}{_BEHIND}",
        # A trunk 0 in parentheses: (020) 7946 0958, (030) 123456, (010)88888888
        rf"\(0[1-9][0-9]{{0,4}}\)[ -]?[0-9]{{2,8}}(?:[ -][0-9]{{2,8}}){{0,3}}{_BEHIND}",
        # A trunk 0 and a dash or slash behind the area: 0171/1234567, 030 / 12345678; not a ZIP+4 code, 02110-1301
        rf"{_APART}(?![0-9]{{5}}-[0-9]{{4}}{_ENDS})"
        rf"0[1-9][0-9]{{1,4}} ?[-/] ?[0-9]{{3,9}}(?:[ -][0-9]{{2,6}}){{0,2}}{_ENDS}",
        # Three groups with dashes: 03-1234-5678, 090-1234-5678
        rf"{_APART}(?![0-9]{{3}}-[0-9]{{2}}-)0[1-9][0-9]{{0,3}}-[0-9]{{2,4}}-[0-9]{{4}}{_ENDS}",
        # Spaces behind an area of three digits or more: 020 7946 0958, 07700 900123, 078 123 45 67
        rf"{_APART}(?!(?:[0-9]{{4}} ){{2}})"
        rf"0[1-9][0-9]{{1,4}} [0-9]{{3,8}}(?: [0-9]{{3,4}}| [0-9]{{2}} [0-9]{{2}})?{_ENDS}",
        # Two digits, and eight or nine behind them: 06 12345678, 02 1234 5678
        rf"{_APART}0[1-9] (?:[0-9]{{8,9}}|[0-9]{{4}} [0-9]{{4}}){_ENDS}",
        # Brazil: (11) 91234-5678
        rf"\([1-9][0-9]\) ?(?:9 ?)?[0-9]{{4}}-[0-9]{{4}}{_BEHIND}",
        # China, in the groups of a mobile number: 138 0013 8000, 138-0013-8000
        rf"{_APART}1[3-9][0-9]([ -])[0-9]{{4}}\1[0-9]{{4}}{_ENDS}",
    )
)
_SHAPED = range(9, 13)
"""How many digits a national number of these shapes has."""
# France: 06 12 34 56 78
_PAIRS = re.compile(rf"{_APART}0[1-9]([ .-])[0-9]{{2}}(?:\1[0-9]{{2}}){{3}}{_ENDS}")
_MOBILE = "1[3-9][0-9]{9}"
_MOBILE_END = rf"(?![0-9A-Wa-wYZyz_%€£$]|x(?![0-9])|[.:/-][0-9]|,(?!{_MOBILE}(?![0-9]))[0-9])"
"""A comma before another such number does not make the two an amount."""
_MOBILES_CHINA = re.compile(rf"(?<![0-9A-Za-z_/.-]){_MOBILE}{_MOBILE_END}(?:[,;、] ?{_MOBILE}{_MOBILE_END})*")
_MOBILE_IN_LIST = re.compile(_MOBILE)
_CHINESE = re.compile("[\u3400-\u9fff]")
_OTHER_NUMBER = re.compile(r"(?:订单|单号|编号|流水|工号|学号|账号|帐号|卡号|号码牌|QQ|编码|代码)[^0-9,。;]{0,6}$")

_PLUS = re.compile(r"(?<![0-9A-Za-z_+])(?<![0-9] )\(?\+[1-9][0-9 ().\-/]{6,27}")
_ZEROS = re.compile(r"(?<![0-9A-Za-z_/.,:+-])(?!(?:[0-9]{4} ){2}[0-9]{4}(?![0-9]))00[1-9][0-9 ().\-/]{6,27}")
_CUED = re.compile(r"\(?[0-9][0-9 ().\-/]{5,24}")
_CUE = re.compile(
    r"(?:(?<![a-z])(?:tel|telephone|telefon|telefono|teléfono|téléphone|phone|mobile|mobil|móvil|cell ?phone|handy|fax|"
    r"whatsapp|rufnummer|mobilnummer|handynummer|telefonnummer)\.?|电话|手机|传真|座机|热线|致电|电聯|联系方式)"
    r"(?:[ \t]?(?:number|numbers|no\.?|nr\.?|nummer|is|was|ist|at|est|es|on|me at|me on|us at|号码|号|是|为"
    r"|[:#=(.])){0,4}"
    r"[ \t]{0,2}\(?$",
    re.IGNORECASE,
)
_CUE_WORDS = re.compile(_CUE.pattern.removesuffix("$"), re.IGNORECASE)
_STEMS = (
    "tel", "tél", "phone", "mobil", "móvil", "handy", "fax", "whatsapp", "rufnummer",
    "电话", "手机", "传真", "座机", "热线", "致电", "电聯", "联系方式",
)  # fmt: skip
"""One of these, in small letters, is part of every cue."""
_SEPARATOR = re.compile(r" ?[-./] ?| |\) ?-?| ?\(|")
_A_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[-/. ](?:[01]?[0-9][-/. ][0-3]?[0-9]|(?:19|20)[0-9]{2})"
    r"|[0-3]?[0-9]([-/.])[0-3]?[0-9]\1(?:19|20)[0-9]{2}"
)
_RUN = re.compile("[0-9]+")


def phone_numbers(text: str, starts: Sequence[int]) -> list[Match]:
    """Return the phone numbers; extensions are not part of them.

    International: "+" or 00, a country code, and as many digits as the country has. National: written as only phone
    numbers are (area in parentheses, a trunk 0 with groups, the blocks of North America, China, France, Brazil), a
    Chinese mobile number among Chinese characters, or 7 to 15 digits behind a word for phones. Digits in one piece are
    an amount or an id otherwise, and are left alone.
    """
    spans = [*_international(text, starts), *_national(text, starts), *_cued(text)]
    return [Match("phone number", *span) for span in spans]


def _national(text: str, starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    # A parenthesis belongs to the number, "(020) 7946 0958", or stands around it, "(020 7946 0958)".
    begins = sorted({*starts, *(start - 1 for start in starts if start and text[start - 1] == "(")})
    free = [begin for begin in begins if _BEFORE.match(text, begin)]
    for shape in _SHAPES:
        for match in found_at(shape, text, free):
            if sum(character.isdigit() for character in match[0]) in _SHAPED and not _A_DATE.match(match[0]):
                yield match.span()
    for match in found_at(_PAIRS, text, free):
        pairs = [int(pair) for pair in match[0].split(match[1])]
        steps = {later - earlier for earlier, later in itertools.pairwise(pairs)}
        # 01 02 03 04 05 and 05 10 15 20 25 are counts and no numbers.
        if len(steps) > 1 or min(steps) > WIDEST_COUNT:
            yield match.span()
    for match in _MOBILES_CHINA.finditer(text):
        beside = _CHINESE.search(text, max(0, match.start() - 8), match.end() + 8)
        told = beside or led_by(_CUE, text, match.start(), reach=40)
        if told and not led_by(_OTHER_NUMBER, text, match.start(), reach=16):
            yield from (number.span() for number in _MOBILE_IN_LIST.finditer(text, *match.span()))


def _international(text: str, starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    for match in _PLUS.finditer(text) if "+" in text else ():
        plus = match.start() + match[0].index("+")
        for end, start in itertools.product(_ends(text, match), range(match.start(), plus + 1)):
            written = text[start:end]
            if written.count("(") == written.count(")") and _fits_country(_dialled(written)):
                yield start, end
                break
    for match in found_at(_ZEROS, text, starts):
        for end in _ends(text, match):
            written = match[0][: end - match.start()]
            # In one piece it may be any number with zeros before it.
            sure = not written.isdigit() or led_by(_CUE, text, match.start(), reach=40)
            if sure and written.count("(") == written.count(")") and _fits_country(_dialled(written)[2:]):
                yield match.start(), end
                break


def _dialled(written: str) -> str:
    """The digits that are dialled from abroad: the 0 of "+44 (0)20" is not."""
    return re.sub(r"[^0-9]", "", written.replace("(0)", ""))


def _cued(text: str) -> Iterator[tuple[int, int]]:
    lower = text.lower()
    for cue in _CUE_WORDS.finditer(text) if any(stem in lower for stem in _STEMS) else ():
        start = cue.end() - cue[0].endswith("(")
        match = _CUED.match(text, start)
        if match is None or _A_DATE.match(text, start + match[0].startswith("(")):
            continue
        for end in _ends(text, match):
            written = text[start:end]
            runs = [len(run) for run in _RUN.findall(written)]
            short = len(runs) == 1 and runs[0] < FEWEST_DIGITS + 1
            # A number that is complete is not continued by the next number of the sentence.
            goes_on = len(runs) > 1 and (runs[0] > FEWEST_DIGITS or min(runs[1:]) < 2)
            if FEWEST_DIGITS <= sum(runs) <= MOST_DIGITS and not short and not goes_on:
                inside = start + (written.startswith("(") and ")" not in written)
                yield inside, end
                break


def _ends(text: str, match: re.Match[str]) -> list[int]:
    """Where a number that begins with the match could end, the farthest first: behind a whole run of digits."""
    ends = []
    last = None
    for run in _RUN.finditer(text, match.start(), match.end()):
        if last is not None and not _SEPARATOR.fullmatch(text, last, run.start()):
            break
        last = run.end()
        if not re.match(r"[0-9A-Wa-wYZyz_%]|[.,:/-][0-9]", text[last : last + 2]):
            ends.append(last)
    return ends[::-1]


def _fits_country(digits: str) -> bool:
    for length in (1, 2, 3):
        country = _country_lengths().get(digits[:length])
        if country is not None:
            number = digits[length:]
            if digits[0] == "1" and not re.match(rf"{_AREA}{_EXCHANGE}", number):
                return False
            return len(number) in country and (number[0] != "0" or digits.startswith(_ZERO_KEPT))
    return False


@cache
def _country_lengths() -> dict[str, range]:
    return {code: range(int(least), int(most) + 1) for code, least, most in read_lexicon("calling_codes")}
