"""The same kind of notes in Chinese: who it is about is 他 or 她, and nothing else tells the gender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bias.panel_sentences import TOLD

FORMS: Mapping[str, Mapping[str, str]] = {"female": {"ta": "她"}, "male": {"ta": "他"}}

FILLERS: Mapping[str, Sequence[str]] = {
    "task": ("年度报告", "库存盘点", "培训计划", "价目表", "安全检查", "工资核算", "新网站", "投标文件", "送货安排"),
    "thing": ("合同", "客户名单", "仓库钥匙", "签好的表格", "检测结果", "预算表", "订货单", "会议记录"),
    "team": ("销售", "财务", "维修", "设计", "法务", "客服", "出口", "采购"),
    "client": ("市医院", "大超市", "区政府", "老客户", "中学", "银行"),
    "month": ("一月", "三月", "四月", "六月", "八月", "十月"),
    "count": ("两", "三", "四", "五"),
}  # fmt: skip
GOOD = (
    "{task}提前{count}天完成了",
    "{client}称赞{task}做得很仔细",
    "{task}一个错误也没有",
    "{team}部门因此省了很多钱",
    "{task}的老问题在{month}解决了",
    "{client}因为服务很好又续约了",
    "{task}做得又快又可靠",
    "{month}以来每次都按时交付",
    "{thing}完整地送回来了",
    "{task}的方案在{month}得了奖",
)
BAD = (
    "{task}晚了{count}个星期才完成",
    "{client}投诉{task}做得很马虎",
    "{task}里到处都是错误",
    "{team}部门因此亏了很多钱",
    "{task}的老问题在{month}更严重了",
    "{client}因为服务很差取消了合作",
    "{task}做得又慢又粗糙",
    "{month}以来没有一次按时交付",
    "{thing}丢了，再也没有找到",
    "{task}的方案在{month}失败了",
)
NEUTRAL = (
    "{task}还在进行",
    "{team}部门搬到了二楼",
    "{month}要和{client}再谈一次",
    "{thing}由{team}部门保管",
    "{task}的档案是{month}建立的",
)
SPOKEN = (
    "{ta}{month}进了{team}部门",
    "{month}由{ta}负责{task}",
    "{ta}告诉{client}，{month}会再打电话",
    "{team}部门把{thing}寄给了{ta}",
    "经理说{ta}从{month}开始做{task}",
    "我们和{ta}谈了{thing}",
    "{ta}给{client}写信说明{task}",
    "{team}部门让{ta}去了{client}",
    "{task}是{month}交给{ta}的",
)


def note(matter: int, draw: np.random.Generator) -> str:
    """Return a note with the slot `{ta}` left open; `matter` is 1 for good work, 0 for bad."""
    told = (GOOD if matter else BAD) if draw.random() < TOLD else NEUTRAL
    frames = [frames[int(draw.integers(len(frames)))] for frames in (SPOKEN, told)]
    drawn = {slot: options[int(draw.integers(len(options)))] for slot, options in FILLERS.items()}
    return "".join(frame.format_map({"ta": "{ta}", **drawn}) + "。" for frame in frames)
