"""The language of a text: simplified Chinese and English are told apart from what is not assessed."""

from __future__ import annotations

import pytest

from modelaudit.text.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("她说手机很好用。", "zh"),
        ("还不错", "zh"),
        ("好", "zh"),
        ("iPhone很好用", "zh"),
        ("他的 MacBook Pro 坏了，要送去修", "zh"),
        ("优の品的零食很好吃，他非常喜欢", "zh"),
        ("王 伟 说 他 来 了", "zh"),
        ("The phone is very good.", "en"),
        ("Great movie!", "en"),
        ("I love 北京", None),
        ("她說手機很好用，還會再買。", None),
        ("屏幕小了些，感覺比5.5寸小了不少，材質還可以", None),
        ("彼は学校に行きました。", None),
        ("東京で会いましょう", None),
        ("経済発展検討会", None),
        ("그는 학교에 갔다", None),
        ("Der Film ist nicht gut und die Musik auch nicht.", None),
        ("12345 !!!", None),
        ("", None),
        ("\ud800\x00", None),
        ("好" * 5_000 + "の" * 90_000, "zh"),
    ],
)
def test_language_of(text, language):
    assert language_of(text) == language
