# ruff: noqa: E501  a table reads best with one row a line
"""What people in the demo want, say and write: projects, notes, tasks. Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Project:
    """A kind of deal: its name, what the customer needs, what we offer, and the products with (least, most)."""

    name: str
    need: str
    solution: str
    products: tuple[tuple[str, int, int], ...]


CHINESE_PROJECTS = (
    Project(
        "产线数据采集",
        "产量靠人工抄表，换班时常漏记；希望实时看到每台设备的节拍和停机原因。",
        "每条线一台采集网关，接入现有 PLC，停机原因在触摸屏上一键选择。",
        (("eg200", 4, 24), ("hm07", 2, 12), ("hub", 1, 3), ("deploy", 4, 16)),
    ),
    Project(
        "能耗监测平台",
        "电费占成本一成以上，但说不清哪个车间多用了；还要按月给集团报碳数据。",
        "按回路装表，能耗软件分项计量，月报自动生成。",
        (("pm30", 20, 120), ("eg200", 3, 12), ("energy", 1, 1), ("deploy", 5, 15)),
    ),
    Project(
        "冷库温湿度监控",
        "冷库夜间超温没人知道，去年报废两批货；客户审厂要求连续记录。",
        "每个库位布点，超温十分钟内电话和短信通知值班人。",
        (("ts20", 30, 160), ("eg200", 2, 8), ("hub", 1, 2), ("survey", 1, 3)),
    ),
    Project(
        "设备联网改造",
        "老设备品牌杂、协议不一，信息部试过自己接，半年只接通了三台。",
        "先勘测再分批接入，六种协议驱动现成，旧设备加装采集箱。",
        (("eg500", 2, 10), ("cab12", 4, 20), ("hubpro", 1, 1), ("survey", 2, 5), ("deploy", 8, 25)),
    ),
    Project(
        "关键设备振动监测",
        "风机和空压机坏一次停产两天，现在靠老师傅听声音判断。",
        "关键轴承装振动传感器，预测性维护模块给出剩余寿命和检修建议。",
        (("vs10", 16, 90), ("eg500", 1, 4), ("predict", 1, 3), ("deploy", 3, 8)),
    ),
    Project(
        "质量追溯系统",
        "主机厂要求每个零件可追溯到炉号和操作人，现有表格做不到。",
        "关键工位扫码，追溯模块与检测设备联动，一分钟出报告。",
        (("trace", 1, 4), ("hm07", 4, 14), ("label", 5, 30), ("training", 1, 2)),
    ),
    Project(
        "空压站节能改造",
        "空压站全天满载，夜班也不停；怀疑管路有泄漏。",
        "流量计加电力仪表算单耗，软件给出启停建议，泄漏按月复查。",
        (("fm40", 3, 10), ("pm30", 6, 18), ("energy", 1, 1), ("survey", 1, 2)),
    ),
    Project(
        "水务泵站监控",
        "二十多个泵站靠人巡检，雨季来不及；想在调度室看到液位和电流。",
        "泵站装采集箱，4G 回传，调度室一张图看全部站点。",
        (("cab12", 12, 36), ("eg200", 12, 36), ("fm40", 6, 20), ("hub", 1, 2), ("support", 1, 1)),
    ),
    Project(
        "年度维保续约",
        "去年响应及时，今年希望把备件也包进来。",
        "维保加备用电源模块常备库存，每季度巡检一次。",
        (("support", 1, 3), ("power", 6, 30)),
    ),
)

ENGLISH_PROJECTS = (
    Project(
        "cold store monitoring",
        "Two alarms were missed last winter. The insurer now asks for a continuous record of every chamber.",
        "Sensors in every bay, an alarm by phone within ten minutes, and a monthly report for the insurer.",
        (("ts20", 40, 140), ("eg200", 2, 6), ("hub", 1, 2), ("training", 1, 1)),
    ),
    Project(
        "line monitoring pilot",
        "Nobody agrees on why line 3 stops. They want facts from one line before they buy for the plant.",
        "A four-week pilot at a fixed price, with stop reasons entered on a touch panel.",
        (("eg200", 2, 5), ("hm07", 2, 5), ("hub", 1, 1), ("deploy", 3, 6)),
    ),
    Project(
        "energy metering",
        "Energy cost doubled in two years and the board wants figures by building.",
        "Meters on every feeder and the energy software with monthly carbon figures.",
        (("pm30", 18, 70), ("eg200", 2, 6), ("energy", 1, 1)),
    ),
    Project(
        "predictive maintenance",
        "A gearbox failure cost them nine days. They want four weeks of warning next time.",
        "Vibration sensors on the critical drives and the predictive module.",
        (("vs10", 20, 70), ("eg500", 1, 4), ("predict", 1, 2), ("deploy", 2, 6)),
    ),
    Project(
        "plant-wide connectivity",
        "Eleven controller brands in one hall, and a new production system that needs data from all of them.",
        "Survey first, then connect in three waves. Everything runs on their own servers.",
        (("eg500", 3, 10), ("cab12", 4, 14), ("hubpro", 1, 1), ("deploy", 10, 24)),
    ),
)

SUITS = {
    "产线数据采集": "manufacturing electronics energy agriculture healthcare",
    "冷库温湿度监控": "transport agriculture healthcare retail services",
    "设备联网改造": "manufacturing electronics transport construction",
    "关键设备振动监测": "manufacturing electronics energy transport construction",
    "质量追溯系统": "manufacturing electronics agriculture healthcare",
    "空压站节能改造": "manufacturing electronics energy construction",
    "水务泵站监控": "government energy services",
    "cold store monitoring": "transport agriculture healthcare",
    "line monitoring pilot": "manufacturing agriculture construction",
    "predictive maintenance": "manufacturing energy transport agriculture",
    "plant-wide connectivity": "manufacturing transport",
}
"""The industries that buy a project; one that is not named suits all."""

CHINESE_PRIVATE_PROJECTS = (
    Project(
        "别墅能耗监测",
        "家里装了光伏和热泵，想知道每月省了多少，白天余电能不能先给车充。",
        "配电箱加装电力仪表，一只网关，手机上看每个回路。",
        (("pm30", 3, 6), ("eg200", 1, 1), ("deploy", 1, 1)),
    ),
    Project(
        "酒窖温湿度监控",
        "藏酒较多，夏天停过一次电没发现；要求超温能打电话。",
        "四个点位的温湿度传感器，断电和超温都电话提醒。",
        (("ts20", 4, 8), ("eg200", 1, 1), ("power", 1, 2)),
    ),
    Project(
        "工作室设备监测",
        "三台雕刻机晚上无人值守，想在手机上看是否停机。",
        "每台机器一只采集网关，停机推送到手机。",
        (("eg200", 1, 3), ("deploy", 1, 1)),
    ),
)

ENGLISH_PRIVATE_PROJECTS = (
    Project(
        "home energy metering",
        "Solar panels and a heat pump went in last year; he wants to see what they really save.",
        "Four meters in the distribution board and one gateway.",
        (("pm30", 3, 5), ("eg200", 1, 1)),
    ),
)

# Notes of activities, early ones first; {who} is the contact, {deal} the deal. Pairs: (subject, notes).
CALLS = (
    ("电话跟进{deal}", "{who}在外地出差，简单沟通。设备清单本周内提供，下周再约详谈。"),
    ("了解采购流程", "{who}介绍:十万元以上要三家比价，由采购部发询价函。需提前准备资质文件。"),
    ("确认预算进度", "与{who}通话:预算已报财务，预计下周有批复。约定批复后立即发正式报价。"),
    ("解答技术问题", "{who}问老款控制器能不能接。已答复可以，加一只协议转换模块。"),
    ("询问竞争情况", "{who}透露还有一家在谈，价格比我们低一成左右，但不做私有部署。"),
    ("回访试用情况", "{who}反馈试用数据准确，希望再加两个点位。已请售前确认点位数量。"),
    ("催办合同盖章", "合同在对方法务，{who}说主要卡在违约条款。今天把修改稿发过去。"),
    ("确认到货时间", "{who}要求月底前到货，已与仓库核对，可以分两批发出。"),
)
VISITS = (
    ("现场勘测", "与{who}走了两个车间，共 46 台设备，其中 9 台没有通讯口，需要加装采集箱。照片已存档。"),
    ("陪同参观样板工厂", "{who}一行四人参观了同行业的样板产线，对停机原因分析最感兴趣。"),
    ("拜访决策人", "{who}关心投资回收期。现场算了一笔账:约 14 个月收回。对方要求书面材料。"),
    ("方案汇报", "向{who}及生产、信息两个部门汇报方案，整体认可，要求补充网络安全部分。"),
    ("商务谈判", "{who}希望再降 5%。我方提出预付比例提高到四成可让 3%,对方回去商量。"),
    ("验收准备", "与{who}逐项核对验收表，两处界面文字需要修改，其余通过。"),
)
MEETINGS = (
    ("需求研讨会", "参会:{who}及生产、设备、信息三个部门。确认一期范围为两条线，二期视效果再定。"),
    ("线上演示", "向{who}演示平台，重点看了报表和手机端。对方问能否接入企业微信，答复可以。"),
    ("技术交底", "与{who}对完点表，共 312 个点，缺少空压站的图纸，对方三天内补齐。"),
    ("项目启动会", "确定双方项目经理、周报时间和里程碑。{who}负责协调停机窗口。"),
)
NOTES = (
    ("客户变动", "原项目负责人调岗，{who}接手，需要重新介绍方案。"),
    ("竞争动态", "对手上周拜访过客户总经理，需要尽快安排高层互访。"),
    ("内部讨论", "价格底线与交期已和总监确认，谈判时不主动提账期。"),
)
EMAILS = (
    ("发送会议纪要", "会议纪要发{who}确认，三项待办:点表、停机计划、账号清单。"),
    ("发送方案书", "方案书第二版已发{who}，补充了网络拓扑和安全说明。"),
    ("发送报价单", "已将报价单和参考案例发给{who}，抄送采购。请对方周五前反馈。"),
)
ENGLISH_CALLS = (
    ("Follow-up on {deal}", "{who} has read the proposal and asks for two references in the same industry."),
    ("Who else is bidding", "{who} says one other vendor is cheaper but needs five months. Four weeks is our point."),
    ("Budget check", "{who} expects approval by the end of the month. Will call back once the board has met."),
    ("Delivery date", "{who} needs everything on site before the summer shutdown. We can ship in two lots."),
)
ENGLISH_MEETINGS = (
    ("Requirements workshop", "Agreed with {who} on one line first. Success means ten per cent fewer unplanned stops."),
    ("Site survey by video", "{who} walked us through the hall: 31 machines, seven of them without any interface."),
    ("Online demo", "Showed the platform to {who} and the maintenance lead. They liked the stop-reason report best."),
    ("Terms", "{who} asks for 60 days. Offered 30 days and three per cent for payment in advance."),
)
ENGLISH_EMAILS = (
    ("Sent the pilot plan", "Plan with dates and the list of signals sent to {who} for approval."),
    ("Sent the quote", "Quote and data sheets sent to {who}, valid for 30 days."),
)

TASKS = (
    "准备{deal}的方案书",
    "给{who}寄样品",
    "整理{deal}的点表",
    "约{who}下周见面",
    "核对{deal}的成本",
    "提交{deal}的投标资质",
    "跟进{who}的合同盖章",
    "更新{deal}的报价",
)
ENGLISH_TASKS = (
    "Prepare the proposal for {deal}",
    "Send references to {who}",
    "Check cost and delivery for {deal}",
    "Book a call with {who}",
)

LOST_NOTES = {
    "price": "最终报价高出对手约 12%,客户以价格为首要标准。",
    "feature": "客户需要与其现有系统深度集成，我们的标准接口不够。",
    "relation": "对手与客户合作多年，我们只接触到技术层。",
    "timing": "介入时技术参数已经写好，对我们不利。",
    "budget": "客户年度投资削减，项目预算被取消。",
    "cancelled": "工厂搬迁，项目整体取消。",
    "no_decision": "客户内部意见不一，项目搁置。",
}
ENGLISH_LOST_NOTES = {
    "price": "We were 15 per cent above the winner and could not explain the difference early enough.",
    "feature": "They needed a certified safety function that we do not have.",
    "timing": "The specification had been written with another vendor before we came in.",
    "budget": "Capital spending was frozen for the year.",
    "no_decision": "Two departments could not agree, so nobody buys for now.",
}

LEADS = (
    # company, person, position, status, source, industry, need
    ("湖州苕屿线缆有限公司", "蒋文涛", "设备科长", "new", "website", "manufacturing", "想了解设备联网的大致费用"),
    ("金华婺砺工具有限公司", "毛丽华", "总经理助理", "new", "search_ad", "manufacturing", "车间能耗统计"),
    ("盐城盐序风电叶片有限公司", "贺凯", "生产经理", "contacting", "exhibition", "energy", "叶片模具温度监控"),
    ("泰州凤沚药业有限公司", "邵敏", "工程部主任", "qualified", "event", "healthcare", "洁净车间环境监测"),
    ("芜湖鸠汀汽车电子有限公司", "方志鹏", "信息部经理", "contacting", "website", "electronics", "测试工位数据采集"),
    ("镇江焦砚船配有限公司", "陆海涛", "厂长", "unqualified", "cold_call", "manufacturing", "老机床改造"),
    ("衢州柯屿化工有限公司", "祝丹", "安环部", "new", "online_chat", "manufacturing", "储罐液位报警"),
    ("泉州刺桐砺鞋业有限公司", "蔡明辉", "生产总监", "contacting", "referral", "retail", "缝制线效率看板"),
    ("江门侨汀造纸有限公司", "梁志强", "动力科长", "qualified", "event", "manufacturing", "空压站节能"),
    ("湛江港砾水产有限公司", "陈海燕", "冷库主管", "new", "phone_in", "agriculture", "冷库超温告警"),
    ("柳州柳序铸造有限公司", "韦国强", "副总经理", "unqualified", "exhibition", "manufacturing", "熔炼炉能耗"),
    ("南昌赣砚玻璃有限公司", "熊伟", "设备部长", "contacting", "search_ad", "manufacturing", "窑炉数据上云"),
    ("赣州橙屿果业有限公司", "刘小平", "基地经理", "new", "wechat", "agriculture", "分选线产量统计"),
    ("烟台芝砾葡萄酒有限公司", "宫静", "酿造部经理", "contacting", "exhibition", "agriculture", "发酵罐温度曲线"),
    ("潍坊鸢序动力有限公司", "孟庆海", "工艺所长", "qualified", "referral", "manufacturing", "台架试验数据管理"),
    ("洛阳洛砺轴承有限公司", "史俊杰", "质量部长", "contacting", "website", "manufacturing", "磨床振动监测"),
    ("唐山滦屿陶瓷有限公司", "韩雪", "能源管理员", "new", "search_ad", "construction", "天然气分表计量"),
    ("包头昆砾稀土有限公司", "云海", "技术处", "unqualified", "cold_call", "manufacturing", "数据采集咨询"),
    ("呼和浩特青沚乳品有限公司", "白梅", "信息主管", "new", "online_chat", "agriculture", "灌装线停机分析"),
    ("银川贺砚数据有限公司", "马晓峰", "运维经理", "contacting", "partner", "software", "机房动环监控"),
    ("贵阳筑汀酒业有限公司", "田茂林", "设备经理", "new", "exhibition", "agriculture", "包装线联网"),
    ("襄阳汉砺纺机有限公司", "杨柳", "销售工程师", "unqualified", "website", "manufacturing", "询问代理政策"),
    ("株洲株序电气有限公司", "彭勇", "项目经理", "contacting", "event", "electronics", "试验站能耗"),
    ("海宁潮屿皮革城管理有限公司", "许金妹", "工程部", "new", "phone_in", "services", "商场分户计量"),
    ("丹阳丹砚眼镜有限公司", "束建华", "厂长", "contacting", "wechat", "manufacturing", "镀膜机联网"),
    ("余姚姚沚模塑有限公司", "宋佳", "采购", "new", "website", "manufacturing", "注塑机看板"),
    ("", "郝志刚", "", "new", "wechat", "", "家庭光伏用电监测"),
    ("", "苗苗", "", "contacting", "online_chat", "", "小型酒窖温湿度记录"),
    ("Thornbury Mills Ltd", "Alice Pemberton", "Plant manager", "contacting", "website", "manufacturing", "Stops on two paper machines"),
    ("Vestergaard Møbler ApS", "Jonas Holm", "Operations lead", "new", "search_ad", "manufacturing", "Energy by machine"),
    ("Castlerigg Foods Ltd", "Priya Nair", "Engineering manager", "qualified", "event", "agriculture", "Chilled stores, 60 rooms"),
    ("Bluestem Grain Co.", "Tyler Brooks", "Owner", "new", "phone_in", "agriculture", "Silo temperature alarm"),
    ("Ostrava Kotle s.r.o.", "Marek Dvořák", "Technical director", "contacting", "event", "manufacturing", "Vibration on fans"),
    ("Rosedale District Council", "Helen Marsh", "Facilities officer", "unqualified", "website", "government", "Meters for 14 buildings"),
    ("Palmeira Cork Lda.", "Inês Duarte", "Quality manager", "new", "referral", "manufacturing", "Traceability by batch"),
)  # fmt: skip
LEAD_REGIONS = {
    "south": ["江门", "湛江", "柳州"], "north": ["唐山", "包头", "呼和"], "northwest": ["银川"],
    "southwest": ["贵阳"], "central": ["洛阳", "襄阳", "株洲"],
}  # fmt: skip
"""The sales regions of cities by their first two characters; all others are in the east."""

CONVERTED_LEADS = (
    "qihe",
    "henglan",
    "yaoyan",
    "luting",
    "boxu",
    "hunli",
    "jiating",
    "northmere",
    "quillon",
    "ferrowind",
)
UNQUALIFIED = ("no_need", "no_budget", "out_of_scope", "wrong_contact", "competitor")

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
GIVEN_MALE = [
    "伟",
    "强",
    "磊",
    "军",
    "勇",
    "涛",
    "斌",
    "浩然",
    "志强",
    "建国",
    "俊杰",
    "文博",
    "子轩",
    "宇航",
    "明哲",
    "立新",
    "国栋",
    "晓峰",
    "海波",
    "振华",
    "嘉豪",
    "思齐",
    "亚东",
    "永康",
]
GIVEN_FEMALE = [
    "敏",
    "静",
    "丽",
    "娟",
    "艳",
    "霞",
    "婷",
    "雪梅",
    "佳怡",
    "思琪",
    "雅雯",
    "晓燕",
    "玉兰",
    "文静",
    "慧敏",
    "丽娜",
    "春梅",
    "诗涵",
    "欣怡",
    "若曦",
    "海燕",
    "淑芬",
]
ENGLISH_PEOPLE = (
    "Oliver Grant", "Sophie Turner", "James Whitfield", "Hannah Doyle", "Marcus Reid", "Claire Bennett", "Tom Ashworth",
    "Laura Finch", "Anders Berg", "Karin Lund", "Stefan Krüger", "Monika Vogel", "Giulia Ferri", "Paolo Conti",
    "Wei Ling Tan", "Arjun Menon", "Rachel Moore", "Steve Kowalski", "Maria Sanchez", "Derek Lawson", "Nina Patel",
    "George Halley", "Ruth Okafor", "Ben Carver", "Ellen Strand", "Victor Hale",
)  # fmt: skip
POSITIONS = (
    ("总经理", "总经办", "decision_maker"),
    ("生产副总", "生产部", "approver"),
    ("设备部经理", "设备部", "evaluator"),
    ("信息部经理", "信息部", "evaluator"),
    ("采购经理", "采购部", "buyer"),
    ("车间主任", "生产部", "user"),
    ("财务经理", "财务部", "finance"),
    ("能源管理员", "动力科", "user"),
    ("工程师", "工艺部", "sponsor"),
)
ENGLISH_POSITIONS = (
    ("Managing director", "Board", "decision_maker"),
    ("Operations manager", "Operations", "approver"),
    ("Maintenance lead", "Engineering", "evaluator"),
    ("IT manager", "IT", "evaluator"),
    ("Purchasing manager", "Purchasing", "buyer"),
    ("Plant engineer", "Engineering", "user"),
)
EXPENSES = (
    ("拜访客户往返车票", "travel", 380, 1450),
    ("客户接待午餐", "meal", 260, 980),
    ("市内交通", "transport", 45, 210),
    ("购买招标文件", "bid", 500, 500),
    ("样机寄送", "sample", 90, 620),
    ("现场勘测差旅", "travel", 620, 2600),
)
