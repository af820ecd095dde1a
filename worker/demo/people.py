"""People and companies of the demonstration: names out of our own lists, phones and e-mails that reach nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

_GIVEN: Mapping[str, Sequence[str]] = {
    "US": (
        "Ada", "Amos", "Bianca", "Caleb", "Celia", "Dario", "Delia", "Elena", "Emmett", "Felix", "Gloria", "Hugo",
        "Imani", "Iris", "Jonah", "Kayla", "Leon", "Luz", "Marisol", "Miles", "Nadia", "Noel", "Odessa", "Omar",
        "Paloma", "Quinn", "Ramona", "Reid", "Silas", "Talia", "Theo", "Uma", "Victor", "Willa", "Xavier", "Zora",
    ),
    "GB": (
        "Alfie", "Agnes", "Barnaby", "Beatrix", "Callum", "Cerys", "Dexter", "Edith", "Ewan", "Fergus", "Freya",
        "Gethin", "Hattie", "Imogen", "Isla", "Jago", "Kirsty", "Lachlan", "Maisie", "Nigel", "Olwen", "Priya",
        "Rhys", "Rowan", "Saira", "Tamsin", "Tobias", "Una", "Verity", "Wilf", "Yusuf", "Zara",
    ),
}  # fmt: skip
# Family names are put together from two halves, so that hardly anybody bears one.
_HALVES: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "US": (
        ("Amber", "Birch", "Cald", "Corde", "Dray", "Elder", "Fall", "Garn", "Holl", "Jess", "Kirk", "Lind", "Mont",
         "Nor", "Quill", "Rav", "Sorr", "Tav", "Vand", "Wess"),
        ("anti", "ardo", "elson", "enfeld", "erling", "ewell", "icker", "ingham", "oway", "umbo"),
    ),
    "GB": (
        ("Ath", "Bram", "Cogg", "Dunn", "Eagle", "Frith", "Gors", "Heth", "Ick", "Kelm", "Lum", "Mabl", "Nunn",
         "Oss", "Pad", "Quern", "Rush", "Sedg", "Trev", "Wyth"),
        ("acre", "beck", "combe", "erthwaite", "feather", "ington", "lecote", "marsh", "stow", "wick"),
    ),
}  # fmt: skip
_FAMILY_ZH = {
    "王": "wang", "李": "li", "张": "zhang", "刘": "liu", "陈": "chen", "杨": "yang", "赵": "zhao",
    "黄": "huang", "周": "zhou", "吴": "wu", "徐": "xu", "孙": "sun", "胡": "hu", "朱": "zhu", "高": "gao",
    "林": "lin", "何": "he", "郭": "guo", "罗": "luo", "梁": "liang", "宋": "song", "郑": "zheng", "谢": "xie",
    "韩": "han", "唐": "tang",
}  # fmt: skip
_GIVEN_ZH = {
    "雨": "yu", "晨": "chen", "思": "si", "涵": "han", "子": "zi", "墨": "mo", "欣": "xin", "怡": "yi",
    "浩": "hao", "然": "ran", "若": "ruo", "兮": "xi", "志": "zhi", "远": "yuan", "佳": "jia", "宁": "ning",
    "文": "wen", "博": "bo", "诗": "shi", "语": "yu", "云": "yun", "帆": "fan", "静": "jing", "姝": "shu",
    "嘉": "jia", "禾": "he", "清": "qing", "越": "yue", "明": "ming", "朗": "lang",
}  # fmt: skip
_TRADES: Mapping[str, Sequence[str]] = {
    "US": ("Roofing LLC", "Bakery Inc.", "Freight LLC", "Landscaping LLC", "Dental Supply Inc.", "Rentals LLC"),
    "GB": ("Roofing Ltd", "Bakeries Ltd", "Haulage Ltd", "Gardens Ltd", "Interiors Ltd", "Hire Ltd"),
    "CN": ("建材有限公司", "食品有限公司", "物流有限公司", "园林有限公司", "科技有限公司", "汽车租赁有限公司"),
}
_COMPANY_ZH = ("云岫", "青檐", "竹泉", "沐川", "禾渡", "星坪", "岚桥", "松涧")
_AREA_CODES = ("212", "303", "312", "404", "503", "602", "614", "713", "816", "901")
# Ofcom's ranges for television and radio drama.
_DRAMA = ("0117 496 0", "0121 496 0", "0131 496 0", "0141 496 0", "0161 496 0", "020 7946 0", "0191 498 0")
_DOMAINS = ("example.com", "example.org", "example.net")


@dataclass(frozen=True)
class Name:
    """Somebody's name, and the same in letters an e-mail address can hold."""

    given: str
    family: str
    plain: str


def pick_name(chance: Random, country: str) -> Name:
    """A person's name."""
    if country == "CN":
        family = chance.choice(list(_FAMILY_ZH))
        given = "".join(chance.sample(list(_GIVEN_ZH), chance.choice((1, 2, 2, 2))))
        return Name(given, family, f"{_FAMILY_ZH[family]}.{''.join(_GIVEN_ZH[sign] for sign in given)}")
    first, second = _HALVES[country]
    given, family = chance.choice(_GIVEN[country]), chance.choice(first) + chance.choice(second)
    return Name(given, family, f"{given}.{family}".lower())


def full_name(name: Name, country: str) -> str:
    """The name in the order of the country."""
    return name.family + name.given if country == "CN" else f"{name.given} {name.family}"


def pick_company(chance: Random, country: str) -> str:
    """A company's name."""
    trade = chance.choice(_TRADES[country])
    if country == "CN":
        return chance.choice(_COMPANY_ZH) + trade
    first, second = _HALVES[country]
    return f"{chance.choice(first)}{chance.choice(second)} {trade}"


def pick_phone(chance: Random, country: str) -> str:
    """A number out of the ranges that reach nobody: reserved for fiction, or never allocated."""
    if country == "US":
        return f"({chance.choice(_AREA_CODES)}) 555-{chance.randrange(100, 200):04d}"
    if country == "GB":
        if chance.random() < 0.7:
            return f"07700 900{chance.randrange(1000):03d}"
        return f"{chance.choice(_DRAMA)}{chance.randrange(1000):03d}"
    digits = f"12{chance.randrange(10**9):09d}"
    return f"{digits[:3]} {digits[3:7]} {digits[7:]}"


def pick_email(chance: Random, plain: str) -> str:
    """An address under a domain reserved for examples."""
    return f"{plain}{chance.randrange(10, 100)}@{chance.choice(_DOMAINS)}"
