"""Amounts in Chinese capitals, as contracts and receipts write them beside the figures: 壹仟零伍元叁角整."""

from __future__ import annotations

from decimal import Decimal

from app.core.money import round_amount

DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def chinese_amount(amount: Decimal) -> str:
    """`amount` of yuan in capitals, after the rules of the People's Bank for bills and settlement."""
    rounded = round_amount(abs(amount), "CNY")
    yuan, cents = divmod(int(rounded * 100), 100)
    if yuan >= 10**16:
        raise ValueError("no amount of a deal")
    jiao, fen = divmod(cents, 10)
    text = f"{_whole(yuan)}元" if yuan or not cents else ""
    if jiao:
        text += f"{DIGITS[jiao]}角"
    elif fen and yuan:
        text += DIGITS[0]
    text += f"{DIGITS[fen]}分" if fen else "整"
    return f"负{text}" if amount < 0 and rounded else text


def _whole(number: int) -> str:
    """A whole number in groups of four digits."""
    if number == 0:
        return DIGITS[0]
    groups = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    text = ""
    for place in reversed(range(len(groups))):
        group = groups[place]
        if group:
            # A gap before a group is read as one zero.
            gap = text and (group < 1_000 or groups[place + 1] == 0)
            text += (DIGITS[0] if gap else "") + _group(group) + _GROUPS[place]
    return text


def _group(group: int) -> str:
    text, gap = "", False
    for place in reversed(range(4)):
        digit = group // 10**place % 10
        if digit:
            text += (DIGITS[0] if gap and text else "") + DIGITS[digit] + _UNITS[place]
            gap = False
        else:
            gap = True
    return text
