"""Prints: text is only ever text, Chinese has its glyphs in the file, and the same data gives the same bytes."""

import io
import re
from copy import deepcopy

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import printing

PAPER = {
    "locale": "zh",
    "title": "车辆买卖合同",
    "number": "合同编号 D-1042",
    "edition": "第 2 版",
    "mark": None,
    "logo": None,
    "from": {"name": "上海阳光汽车", "lines": ["世纪大道 100 号"]},
    "parties": [{"title": "买受人", "rows": [["姓名", "王䶮"]]}],
    "blocks": [
        {"kind": "facts", "title": "车辆", "rows": [["品牌", "比亚迪"], ["车架号", "LGXCE6CB5M0123456"]]},
        {"kind": "amounts", "title": "价款", "rows": [["价格", "¥229,800.00", ""], ["合计", "¥229,800.00", "sum"]],
         "words": "贰拾贰万玖仟捌佰元整"},
        {"kind": "table", "title": None, "head": ["期", "额"], "rows": [[str(n), f"{n}.00"] for n in range(1, 90)]},
        {"kind": "ticks", "title": "交付", "rows": [["钥匙", True], ["行驶证", False]]},
        {"kind": "text", "title": "条款", "paragraphs": ["一、本合同一式两份。", "二、自签字之日起生效。"]},
    ],
    "signatures": [{"label": "买受人", "name": "王䶮", "at": "2026-11-23", "picture": None}],
    "footer": "D-1042", "page_of": "第 {page} 页，共 {pages} 页", "stamp": "已签署",
}  # fmt: skip
HOSTILE = (
    '#eval("1+1")', "#read(\"/etc/passwd\")", "*bold* _x_", "$x^2$", "[a] ] }", "\\ \\u{41}", "`raw` ```", "<b>x</b>",
    "= heading", "// gone", "/* gone */", "@ref <label>", "#sys.inputs.data", '"); #panic()', "{{ x }}", "- list",
)  # fmt: skip


def pages(pdf):
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def squeezed(text):
    """A line may be broken anywhere: only the letters count, in their order."""
    return re.sub(r"\s", "", text)


def named(name):
    paper = deepcopy(PAPER)
    paper["parties"][0]["rows"][0][1] = name
    paper["blocks"] = paper["blocks"][:1]
    return paper


def test_all_of_it_is_there_in_chinese_and_in_order():
    found = pages(printing.render(PAPER))
    text = squeezed("".join(found))
    for words in ("车辆买卖合同", "王䶮", "贰拾贰万玖仟捌佰元整", "89.00", "一、本合同一式两份。", "已签署"):
        assert words in text
    assert len(found) == 3
    assert "第2页，共3页" in squeezed(found[1])
    # The head of a table that goes over a page stands there again.
    assert "期" in found[1]
    assert "额" in found[1]


def test_the_same_data_gives_the_same_bytes():
    assert printing.render(PAPER) == printing.render(PAPER)


def test_the_glyphs_are_in_the_file():
    fonts = set()
    for page in pypdf.PdfReader(io.BytesIO(printing.render(PAPER))).pages:
        for font in page["/Resources"]["/Font"].values():
            below = font["/DescendantFonts"][0]
            fonts.add((str(below["/BaseFont"]), any(name.startswith("/FontFile") for name in below["/FontDescriptor"])))
    assert fonts
    assert all("NotoSansSC" in name and embedded for name, embedded in fonts)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_somebody_is_called_is_only_ever_text(name):
    assert squeezed(name) in squeezed("".join(pages(printing.render(named(name)))))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.sampled_from("#$*_`@<>[]{}()\\/=-+~\"'&;:.,ab1王車 "), min_size=1, max_size=60))
def test_no_row_of_signs_becomes_markup(name):
    assert squeezed(name) in squeezed("".join(pages(printing.render(named(name)))))


def test_a_picture_is_made_of_its_first_page():
    assert printing.render(PAPER, form="png").startswith(b"\x89PNG")


def test_what_cannot_be_set_is_refused_and_not_half_made():
    with pytest.raises(printing.PrintFailed):
        printing.render({**PAPER, "logo": "logo.png"}, pictures={"logo.png": b"no picture"})


def test_a_page_that_does_not_end_is_stopped(monkeypatch):
    monkeypatch.setattr(printing, "PATIENCE_SECONDS", 0.001)
    with pytest.raises(printing.PrintFailed):
        printing.render(PAPER)
