"""What the demonstration's people write down about each other, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Said = tuple[str, str]

# By moment of a customer's way, then by type of activity; `{car}` is the car it is about.
WORDS: Mapping[str, Mapping[str, Mapping[str, Sequence[Said]]]] = {
    "en": {
        "first": {
            "call": (("Asked about a car", "Saw the {car} online and asks whether it is still here."),
                     ("First call", "Looks for something like the {car}; wants to hear about payments.")),
            "message": (("Question from the website", "Is the {car} still available? When could I see it?"),
                        ("Wants an offer", "Please send me your best price for the {car}.")),
            "visit": (("Walked in", "Looked at the {car} and two others; took a brochure."),),
        },
        "middle": {
            "call": (("Followed up", "Still interested in the {car}; compares with another dealer."),
                     ("Called back", "Left a voice message about the {car}.")),
            "message": (("Sent details", "Service history and more pictures of the {car} sent."),
                        ("Offer sent", "Written offer for the {car}, open for a week.")),
            "visit": (("Second look", "Came with family to look at the {car}."),
                      ("Talked figures", "Went through payments for the {car}; thinks it over.")),
            "test_drive": (("Test drive", "Twenty minutes in the {car}; liked it, found the seat firm."),
                           ("Test drive", "Drove the {car} in town and outside."),),
            "note": (("", "Prefers calls after five o'clock."), ("", "Trade-in with a scratched rear bumper."),
                     ("", "Decides together with a partner.")),
        },
        "after": {
            "call": (("Thank-you call", "Happy with the {car}. Asked for nothing."),
                     ("Service reminder", "First service of the {car} is due soon.")),
            "message": (("How is it going?", "Asked how the {car} does; answered with a thumb up."),),
            "visit": (("Pick-up", "Handed over the second key of the {car}."),),
            "note": (("", "Would recommend us."), ("", "Plate frame promised.")),
        },
        "reasons": {
            "price": (("", "Market price"), ("", "In stock for some time"), ("", "Month-end campaign")),
            "opening": (("", "First price"),),
            "lost": (("", "Bought elsewhere."), ("", "Could not agree on the price."), ("", "Postponed.")),
            "unwound": (("", "Financing fell through"), ("", "Returned within the agreed days")),
            "odometer": (("", "Instrument replaced in the workshop"),),
            "note": (("", "Winter tyres included."), ("", "Delivery with a full tank."), ("", "Trade-in taken.")),
            "customer": (("", "Comes by recommendation."), ("", "Parks in front; please call before.")),
        },
    },
    "zh": {
        "first": {
            "call": (("询问车辆", "在网上看到{car}，问是否还在。"), ("首次来电", "想找类似{car}的车，询问月供。")),
            "message": (("网站留言", "{car}还有吗？什么时候方便看车？"), ("询价", "请报{car}的最低价。")),
            "visit": (("到店", "看了{car}和另外两辆，拿了资料。"),),
        },
        "middle": {
            "call": (("回访", "对{car}仍有兴趣，正在和别家比较。"), ("回电", "未接通，已留言说明{car}的情况。")),
            "message": (("发送资料", "已发{car}的保养记录和更多照片。"), ("发送报价", "{car}书面报价，一周内有效。")),
            "visit": (("再次看车", "和家人一起来看{car}。"), ("谈价格", "谈了{car}的贷款方案，回去考虑。")),
            "test_drive": (("试驾", "试驾{car}二十分钟，满意，觉得座椅偏硬。"), ("试驾", "在市区和郊外试驾了{car}。")),
            "note": (("", "希望下午五点以后联系。"), ("", "旧车后保险杠有划痕。"), ("", "需要和家人商量。")),
        },
        "after": {
            "call": (("感谢回访", "对{car}很满意，没有其他要求。"), ("保养提醒", "{car}快到首次保养了。")),
            "message": (("用车情况", "问了{car}的使用情况，回复很好。"),),
            "visit": (("取件", "来店取{car}的备用钥匙。"),),
            "note": (("", "愿意推荐朋友来店。"), ("", "答应送车牌框。")),
        },
        "reasons": {
            "price": (("", "市场价变动"), ("", "在库时间较长"), ("", "月底促销")),
            "opening": (("", "首次定价"),),
            "lost": (("", "在别家购买。"), ("", "价格未谈拢。"), ("", "推迟购车。")),
            "unwound": (("", "贷款未批"), ("", "约定期限内退车")),
            "odometer": (("", "车间更换仪表"),),
            "note": (("", "含一套冬季轮胎。"), ("", "交车时加满油。"), ("", "有置换旧车。")),
            "customer": (("", "朋友介绍。"), ("", "来之前请先打电话。")),
        },
    },
}  # fmt: skip
