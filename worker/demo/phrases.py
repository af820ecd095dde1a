"""What is written down about leads, next steps, drives and cars brought in, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

PHRASES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {
        "own_website": ("Contact form", "Stock page"), "portal": ("Marketplace listing", "Classifieds portal"),
        "advertising": ("Radio spot", "Weekend flyer"), "social": ("Sponsored post", "Video of the week"),
        "referral": ("A neighbour bought here", "Colleague of a customer"), "repeat": ("Second car from us",),
        "manufacturer": ("Model page of the maker",), "event": ("Open day",), "service": ("Waiting for the workshop",),
        "wanted": ("{car}, automatic, light colour", "Something like the {car} with a tow bar", "{car}; needs it soon",
                   "A {car} or the next size up, monthly payment counts"),
        "call": ("Call about the offer for the {car}", "Ask whether the partner has decided",
                 "Call back: the evening suits best"),
        "message": ("Send pictures of the {car} from inside", "Send the payment for 48 and 60 months"),
        "appointment": ("Comes to see the {car}", "Meets us about the trade-in and the {car}"),
        "papers": ("Proof of income is missing", "Copy of the licence and the old registration"),
        "thanks": ("Ask how the {car} does", "Thank-you call after delivery"),
        "outcome": ("Reached; very happy.", "Left a message.", "Reached; recommends us."),
        "drive": ("Twenty minutes in town and on the highway; liked the seat.", "With the family; boot is big enough.",
                  "Compared with the old car; quieter."),
        "booked": ("Wants to try it with the child seat.", "Comes with partner.", "Short on time: have it ready."),
        "walk_round": ("One owner, service book complete.", "Pet hair inside, otherwise clean.", "Second key missing."),
        "minor": ("Stone chips", "Small scratch", "Worn edge", "Light curb rash"),
        "major": ("Needs replacing", "Deep dent", "Oil seepage"),
        "comparable": ("Marketplace, 12 mi away", "Auction result", "Dealer across the river"),
        "lender": ("Old Mill Savings", "Quarry Bank"), "refund": ("Deal did not come about, deposit back",),
        "declined": ("Too far above the market; look at the tyres again.",),
    },
    "zh": {
        "own_website": ("官网留言表单", "官网车源页"), "portal": ("汽车门户网站车源", "二手车平台"),
        "advertising": ("电台广告", "周末传单"), "social": ("短视频账号", "朋友圈推广"),
        "referral": ("邻居在本店购车", "老客户同事"), "repeat": ("在本店购买第二辆车",),
        "manufacturer": ("厂家官网车型页",), "event": ("店庆开放日",), "service": ("来店保养时询问",),
        "wanted": ("{car}，自动挡，浅色", "类似{car}的车，最好近期能提", "{car}，希望月供低一些"),
        "call": ("就{car}的报价回电", "询问家人是否商量好", "晚上方便时回电"),
        "message": ("发送{car}内饰照片", "发送 24 期和 36 期月供"),
        "appointment": ("到店看{car}", "到店谈置换和{car}"),
        "papers": ("还缺收入证明", "驾驶证和旧车行驶证复印件"),
        "thanks": ("询问{car}的使用情况", "交车后感谢回访"),
        "outcome": ("已接通，客户很满意。", "未接通，已留言。", "已接通，愿意推荐朋友。"),
        "drive": ("市区和高架二十分钟，座椅满意。", "和家人一起试驾，后备箱够大。", "和旧车比较，安静不少。"),
        "booked": ("想试装儿童座椅。", "和爱人一起来。", "时间紧，请提前备车。"),
        "walk_round": ("一手车，保养记录齐全。", "内饰较干净，有宠物毛。", "缺一把备用钥匙。"),
        "minor": ("石子崩点", "轻微划痕", "边缘磨损", "轮毂剐蹭"),
        "major": ("需要更换", "凹陷较深", "渗油"),
        "comparable": ("二手车平台同款", "拍卖成交价", "同城车商报价"),
        "lender": ("老磨坊银行", "采石信用社"), "refund": ("未成交，退还订金",),
        "declined": ("高于市场价过多，请再看轮胎。",),
    },
}  # fmt: skip
