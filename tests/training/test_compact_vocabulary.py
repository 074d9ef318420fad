import string
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from modelaudit.training.vocabulary import INSIDE, learn_pieces

WORDS = st.dictionaries(st.text("abcüß0!", min_size=1, max_size=8), st.integers(1, 50), max_size=25)
ALWAYS = 2 * len(string.ascii_letters + string.digits)


def spelt(word, pieces):
    """Greedy longest match, as WordPiece reads a word; None where a part is unknown."""
    found, start = [], 0
    while start < len(word):
        mark = INSIDE if start else ""
        end = next((end for end in range(len(word), start, -1) if mark + word[start:end] in pieces), None)
        if end is None:
            return None
        found.append(mark + word[start:end])
        start = end
    return found


@given(WORDS, st.integers(0, 300))
@settings(deadline=None)
def test_every_word_can_be_spelt_and_the_size_holds(counts, size):
    pieces = learn_pieces(counts, size)
    assert len(set(pieces)) == len(pieces)
    alphabet = {INSIDE * (index > 0) + letter for word in counts for index, letter in enumerate(word)}
    assert len(pieces) <= max(size, ALWAYS + len(alphabet))
    for word in counts:
        assert "".join(piece.removeprefix(INSIDE) for piece in spelt(word, set(pieces))) == word


@given(WORDS)
@settings(deadline=None)
def test_the_order_of_the_words_changes_nothing(counts):
    assert learn_pieces(counts, 200) == learn_pieces(dict(reversed(counts.items())), 200)


def test_frequent_words_become_one_piece_and_rare_ones_do_not():
    counts = Counter({"house": 50, "houses": 30, "mouse": 20, "quirky": 1})
    pieces = learn_pieces(counts, 400)
    assert {"house", "houses", "mouse"} <= set(pieces)
    assert "quirky" not in pieces


def test_the_most_frequent_pair_is_merged_first_and_ties_by_spelling():
    merged = learn_pieces({"ab": 5, "cd": 9, "ce": 5, "xyz": 1}, 10_000)[ALWAYS:]
    assert merged == ["cd", "ab", "ce"]
    assert learn_pieces({"ab": 5, "cd": 9, "ce": 5}, ALWAYS + 2)[ALWAYS:] == ["cd", "ab"]


def test_counts_are_those_after_earlier_merges():
    """`b c` occurs most, and takes most of `a b` with it."""
    merged = learn_pieces({"abc": 10, "xbc": 9, "ab": 1, "pq": 5}, ALWAYS + 4)[ALWAYS:]
    assert merged == ["##bc", "abc", "xbc", "pq"]
