"""Draw the tables of Chinese characters from public word lists: ``python benchmarks/draw_chinese_characters.py``.

Needs ``jieba`` 0.42.1 and ``pypinyin`` 0.55.0 (both MIT) and ``opencc-python-reimplemented`` 0.1.7 (Apache-2.0), in an
environment of its own; the package itself needs none of them. How often a character or a word is written follows from
the counts of jieba's word list; how it is read from pypinyin, word by word; and how it is written in traditional
characters from OpenCC's conversion to the standard of Taiwan, word by word. Writes ``zh_readings.tsv``,
``zh_traditional.tsv``, ``zh_traditional_words.tsv`` and ``zh_long_words.tsv``.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

LEXICONS = Path(__file__).resolve().parents[1] / "src/modelaudit/text/lexicons"
DRAWN = "2026-11-26"
CHARACTERS, LONG_WORDS = 3_500, 2_500
# Readings that stand for less than this share of a character's uses are left out; with several left, it is unsettled.
MIN_READING = 0.05
# Rarer words say how a character is read or written, but are too many, and too often wrong, to be listed.
MIN_WORD_COUNT, MIN_LISTED = 3, 150
# One counterpart with this share of a character's uses in words is the counterpart.
SETTLED = 0.99
# No listed word may hold these: what follows them is not theirs to change (zh_protected.tsv has the reasons).
NEGATIONS_AND_NUMERALS = frozenset("不没无未非别莫勿否〇零一二三四五六七八九十百千万亿两几半")

Words = Mapping[str, int]
Counts = Mapping[str, Counter[str]]


def words() -> tuple[dict[str, int], frozenset[str]]:
    """The words of jieba's list that are written in GB 2312 characters only, with their counts; and the names."""
    import jieba

    counts, names = {}, set()
    for line in (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8").splitlines():
        word, count, part_of_speech = line.split(" ")
        if all(_level(character) for character in word):
            counts[word] = int(count)
            if part_of_speech.startswith(("nr", "ns", "nt")):
                names.add(word)
    return counts, frozenset(names)


def frequent(counted: Words) -> list[str]:
    """The commonest of GB 2312's 3,755 characters of the first level, the commonest first."""
    uses: Counter[str] = Counter()
    for word, count in counted.items():
        for character in word:
            uses[character] += count
    order = sorted(uses, key=lambda character: (-uses[character], character))
    return [character for character in order if _level(character) == 1][:CHARACTERS]


def readings(counted: Words) -> dict[str, list[str]]:
    """The readings of each character with their tone (0: none), the commonest first.

    A syllable without a tone (妈妈 ma1 ma) is one with the commonest tone of the same syllable.
    """
    from pypinyin import Style, pinyin

    heard: dict[str, Counter[str]] = defaultdict(Counter)
    for word, count in counted.items():
        if count >= MIN_WORD_COUNT or len(word) == 1:
            for character, (reading,) in zip(word, pinyin(word, style=Style.TONE3), strict=True):
                heard[character][reading if reading[-1].isdigit() else f"{reading}0"] += count
    return {character: _in_use(uses) for character, uses in heard.items()}


def counterparts(counted: Words) -> tuple[Counts, Counts, dict[str, str]]:
    """How often each simplified character has which traditional one in words, the reverse, and the words converted.

    Words of one character say nothing about which counterpart is meant and are left out.
    """
    from opencc import OpenCC

    longer = [word for word, count in counted.items() if len(word) > 1 and count >= MIN_WORD_COUNT]
    converted = dict(zip(longer, OpenCC("s2tw").convert("\n".join(longer)).split("\n"), strict=True))
    there: dict[str, Counter[str]] = defaultdict(Counter)
    back: dict[str, Counter[str]] = defaultdict(Counter)
    for word, traditional in converted.items():
        if len(word) == len(traditional):
            for character, counterpart in zip(word, traditional, strict=True):
                there[character][counterpart] += counted[word]
                back[counterpart][character] += counted[word]
    return there, back, converted


def pairs(there: Counts, back: Counts) -> list[tuple[str, str, str]]:
    """Simplified and traditional character, and the direction in which the one tells the other.

    Variants that are not standard in Taiwan (裏, 爲) lead back to the simplified character only.
    """
    rows = []
    for simplified, uses in there.items():
        for traditional in uses:
            leads_there = settled(uses) == traditional
            leads_back = settled(back[traditional]) == simplified
            if simplified != traditional and (leads_there or leads_back):
                rows.append((simplified, traditional, ("both" if leads_back else "there") if leads_there else "back"))
    known = set(there) | set(back)
    rows += [
        (simplified, variant, "back")
        for variant, simplified in _variants().items()
        if variant not in known and simplified in there
    ]
    return sorted(rows)


def telling_words(counted: Words, there: Counts, back: Counts, converted: Mapping[str, str]) -> list[tuple[str, str]]:
    """Words of two characters that tell the counterpart of a character with several, with the converted word."""
    return sorted(
        (word, traditional)
        for word, traditional in converted.items()
        if len(word) == len(traditional) == 2
        and counted[word] >= MIN_LISTED
        and any(
            (settled(there[simplified]) is None or settled(back[counterpart]) is None)
            for simplified, counterpart in zip(word, traditional, strict=True)
        )
    )


def settled(uses: Counter[str]) -> str | None:
    """The one counterpart, or None where there are several."""
    (most, count), *_ = uses.most_common(1) or [(None, 0)]
    return most if count >= SETTLED * sum(uses.values()) else None


def long_words(counted: Words, names: frozenset[str], common: list[str]) -> list[str]:
    """The commonest words of three and four characters but names, without negations, numerals and rare characters."""
    usable = set(common) - NEGATIONS_AND_NUMERALS
    found = [word for word in counted if 3 <= len(word) <= 4 and word not in names and usable.issuperset(word)]
    return sorted(sorted(found, key=lambda word: (-counted[word], word))[:LONG_WORDS])


def _level(character: str) -> int:
    """1 and 2 for the two levels of GB 2312, 0 for any other character."""
    try:
        lead = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return 0
    return 0 if lead < 0xB0 else 1 if lead < 0xD8 else 2


def _in_use(uses: Counter[str]) -> list[str]:
    merged: Counter[str] = Counter()
    for reading, count in uses.items():
        toned = [other for other in uses if other[:-1] == reading[:-1] and other[-1] != "0"]
        merged[max(toned, key=lambda other: (uses[other], other)) if reading[-1] == "0" and toned else reading] += count
    total = sum(merged.values())
    return [reading for reading, count in merged.most_common() if count >= MIN_READING * total]


def _variants() -> dict[str, str]:
    """Traditional characters of OpenCC's table that have one simplified counterpart."""
    import opencc

    table = Path(opencc.__file__).parent / "dictionary/TSCharacters.txt"
    fields = (line.split() for line in table.read_text(encoding="utf-8").splitlines())
    return {line[0]: line[1] for line in fields if len(line) == 2 and len(line[0]) == 1 and line[0] < "\uffff"}


def main() -> int:
    """Write the four tables and print their sizes."""
    try:
        counted, names = words()
        common = frequent(counted)
        heard = readings(counted)
        there, back, converted = counterparts(counted)
    except ModuleNotFoundError as missing:
        print(f"skipped: {missing.name} is not installed")
        return 0
    jieba = "the counts of the word list of jieba 0.42.1 (MIT)"
    opencc = "the conversion to the standard of Taiwan of opencc-python-reimplemented 0.1.7 (Apache-2.0)"
    by = f"# Drawn: {DRAWN} by benchmarks/draw_chinese_characters.py."
    tables = {
        "zh_readings": (
            f"""\
# How the {CHARACTERS:,} commonest simplified Chinese characters are read, the commonest character first.
# Source: order from {jieba}, among the characters of the first level of
#   GB 2312; readings from pypinyin 0.55.0 (MIT), word by word. Licence: facts drawn from the two.
{by} Columns: character, readings (pinyin with the tone's number; v for ü;
#   0 for none), the commonest first; those under {MIN_READING:.0%} of the character's uses are left out.
character	readings
""",
            [(character, " ".join(heard[character])) for character in common],
        ),
        "zh_traditional": (
            f"""\
# Simplified and traditional Chinese characters that tell each other.
# Source: {opencc},
#   word by word, weighed by {jieba}. Licence: facts drawn from the two.
{by} Columns: simplified, traditional, direction: "both", "there" (the
#   traditional character has other simplified ones too) or "back" (the simplified character has several traditional
#   ones, or this is a variant). A character with several counterparts is settled by zh_traditional_words or not at all.
simplified	traditional	direction
""",
            pairs(there, back),
        ),
        "zh_traditional_words": (
            f"""\
# Words that tell how a character with several counterparts is written in the other script.
# Source: {opencc};
#   words with {MIN_LISTED} and more in {jieba}. Licence: facts drawn from the two.
{by} Columns: the word in simplified and in traditional characters.
simplified	traditional
""",
            telling_words(counted, there, back, converted),
        ),
        "zh_long_words": (
            f"""\
# The {LONG_WORDS:,} commonest Chinese words of three and four characters that are no names; simplified characters.
# Source: {jieba}. Licence: facts drawn from it.
{by} No word has a negation or a numeral, or a character that is not in zh_readings.
# Columns: class, words separated by spaces.
class	words
""",
            [("word", " ".join(chunk)) for chunk in _chunks(long_words(counted, names, common), 100)],
        ),
    }
    for name, (head, rows) in tables.items():
        body = "".join("\t".join(row) + "\n" for row in rows)
        (LEXICONS / f"{name}.tsv").write_text(head + body, encoding="utf-8")
        print(f"{name}: {len(rows):,} rows")
    print("unsettled readings:", "".join(character for character in common if len(heard[character]) > 1))
    print("unsettled simplified:", "".join(character for character in common if not settled(there[character])))
    print("unsettled traditional:", "".join(sorted(character for character in back if not settled(back[character]))))
    return 0


def _chunks(items: list[str], size: int) -> list[list[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


if __name__ == "__main__":
    sys.exit(main())
