# ruff: noqa: E501  a table reads best with one row a line
"""Who and what the demo is about: an invented maker of machine monitoring, its people, customers and products.

Every company, person and number is made up. E-mail and web addresses end in `.example`, English telephone
numbers come from the ranges that are set aside for fiction. One line of a table is one row; cells are split at `|`.
"""

from __future__ import annotations


def cells(table: str) -> list[list[str]]:
    """The rows of a table: one line each, cells split at `|` and stripped."""
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


# key | name | code | parent
DEPARTMENTS = cells("""
dep-office | 总经办 | GM |
dep-sales | 销售中心 | XS |
dep-east | 华东销售部 | HD | dep-sales
dep-south | 华南销售部 | HN | dep-sales
dep-north | 华北销售部 | HB | dep-sales
dep-overseas | Overseas sales | OS | dep-sales
dep-marketing | 市场部 | SC |
dep-presales | 售前技术部 | SQ |
dep-finance | 财务部 | CW |
""")

# key | name | code
POSITIONS = cells("""
pos-general | 总经理 | P01
pos-director | 销售总监 | P02
pos-head | 区域销售经理 | P03
pos-sales | 客户经理 | P04
pos-marketing | 市场专员 | P05
pos-presales | 售前工程师 | P06
pos-finance | 财务主管 | P07
""")

# key | name | login | department | position | manager | language
USERS = cells("""
user-chen | 陈致远 | chen.zhiyuan | dep-office | pos-general | | zh-CN
user-zhou | 周晓岚 | zhou.xiaolan | dep-sales | pos-director | user-chen | zh-CN
user-li | 李明轩 | li.mingxuan | dep-east | pos-head | user-zhou | zh-CN
user-wang | 王雨桐 | wang.yutong | dep-east | pos-sales | user-li | zh-CN
user-zhao | 赵子昂 | zhao.ziang | dep-east | pos-sales | user-li | zh-CN
user-huang | 黄嘉欣 | huang.jiaxin | dep-south | pos-head | user-zhou | zh-CN
user-lin | 林志豪 | lin.zhihao | dep-south | pos-sales | user-huang | zh-CN
user-liu | 刘思远 | liu.siyuan | dep-north | pos-head | user-zhou | zh-CN
user-sun | 孙雅静 | sun.yajing | dep-north | pos-sales | user-liu | zh-CN
user-emma | Emma Clarke | emma.clarke | dep-overseas | pos-head | user-zhou | en
user-xu | 许静怡 | xu.jingyi | dep-marketing | pos-marketing | user-chen | zh-CN
user-he | 何立群 | he.liqun | dep-presales | pos-presales | user-chen | zh-CN
user-guo | 郭敏 | guo.min | dep-finance | pos-finance | user-chen | zh-CN
""")

ROLES = {
    "pos-general": "sales_reader",
    "pos-director": "sales_director",
    "pos-head": "sales_manager",
    "pos-sales": "sales",
    "pos-marketing": "sales_operations",
    "pos-presales": "sales_reader",
    "pos-finance": "sales_operations",
}
"""The role of everybody in a position."""

HEADS = {
    "dep-office": "user-chen",
    "dep-sales": "user-zhou",
    "dep-east": "user-li",
    "dep-south": "user-huang",
    "dep-north": "user-liu",
    "dep-overseas": "user-emma",
    "dep-marketing": "user-xu",
    "dep-presales": "user-he",
    "dep-finance": "user-guo",
}

SELLERS = {
    "east": ("user-li", "user-wang", "user-zhao", "user-wang", "user-zhao"),
    "south": ("user-huang", "user-lin", "user-lin"),
    "north": ("user-liu", "user-sun", "user-sun"),
    "overseas": ("user-emma",),
}
EAST, SOUTH = ("31", "32", "33", "34", "36"), ("35", "42", "43", "44", "45", "46")

# key | name | short name | web name | industry | region | street | level | channel | related
# `related` names the dealer of an end customer, or the parent company.
CHINESE = cells("""
qihe | 杭州栖禾智能装备有限公司 | 栖禾装备 | qihe | manufacturing | 330110 | 文一西路 1818 号 3 幢 | a | direct |
yantian | 苏州砚田精密机械有限公司 | 砚田精密 | yantian | manufacturing | 320506 | 东吴南路 66 号 | a | direct |
lanxu | 宁波澜序港口设备有限公司 | 澜序港机 | lanxu | transport | 330206 | 明州路 301 号 | b | direct |
henglan | 上海衡岚生物医药有限公司 | 衡岚医药 | henglan | healthcare | 310115 | 张衡路 88 弄 12 号 | a | direct |
jichuan | 南京霁川电子科技有限公司 | 霁川电子 | jichuan | electronics | 320115 | 将军大道 529 号 | b | direct |
jingfeng | 无锡璟沣新能源有限公司 | 璟沣新能源 | jingfeng | energy | 320214 | 长江南路 36 号 | a | direct |
muyan | 合肥沐岩半导体有限公司 | 沐岩半导体 | muyan | electronics | 340104 | 望江西路 900 号 | b | direct |
duoyuan | 温州铎远阀门制造有限公司 | 铎远阀门 | duoyuan | manufacturing | 330303 | 滨海三道 45 号 | c | direct |
hesui | 嘉兴禾穗纺织科技有限公司 | 禾穗纺织 | hesui | manufacturing | 330402 | 亚太路 710 号 | c | direct |
jixi | 绍兴稽溪食品有限公司 | 稽溪食品 | jixi | agriculture | 330602 | 平江路 230 号 | c | direct |
lizhou | 台州砺舟模具有限公司 | 砺舟模具 | lizhou | manufacturing | 331003 | 北院大道 17 号 | c | dealer_customer | tuohe
tuobai | 常州拓柏轨道装备有限公司 | 拓柏轨道 | tuobai | transport | 320411 | 薛冶路 118 号 | b | direct |
wenyu | 上海闻屿餐饮管理有限公司 | 闻屿餐饮 | wenyu | retail | 310104 | 漕溪北路 398 号 | c | direct |
yuncheng | 杭州筠程物流有限公司 | 筠程物流 | yuncheng | transport | 330108 | 江陵路 2028 号 | b | direct |
panyuan | 徐州磐垣重工有限公司 | 磐垣重工 | panyuan | manufacturing | 320312 | 银山路 9 号 | b | direct |
yaoyan | 深圳曜衍光电有限公司 | 曜衍光电 | yaoyan | electronics | 440306 | 宝石东路 4018 号 | a | direct |
jinghe | 东莞旌合五金制品有限公司 | 旌合五金 | jinghe | manufacturing | 441900 | 长安镇振安中路 22 号 | c | dealer_customer | lianyan
rongxu | 广州榕序智慧医疗有限公司 | 榕序医疗 | rongxu | healthcare | 440112 | 科学大道 162 号 | b | direct |
taoan | 佛山陶岸建材有限公司 | 陶岸建材 | taoan | construction | 440604 | 季华西路 131 号 | c | direct |
xilan | 珠海汐澜海洋工程有限公司 | 汐澜海工 | xilan | energy | 440402 | 情侣北路 3333 号 | b | direct |
luting | 厦门鹭汀冷链有限公司 | 鹭汀冷链 | luting | transport | 350206 | 象兴四路 8 号 | b | direct |
rongyan | 福州榕砚软件有限公司 | 榕砚软件 | rongyan | software | 350102 | 软件大道 89 号 | d | direct |
tangzhou | 南宁糖舟农业有限公司 | 糖舟农业 | tangzhou | agriculture | 450103 | 民族大道 141 号 | c | direct |
yueting | 长沙岳汀工程机械有限公司 | 岳汀机械 | yueting | manufacturing | 430111 | 环保中路 188 号 | b | direct |
jiangxu | 武汉江序汽车零部件有限公司 | 江序汽配 | jiangxu | manufacturing | 420113 | 纱帽大道 96 号 | b | direct |
qiongyu | 海口琼屿酒店管理有限公司 | 琼屿酒店 | qiongyu | services | 460106 | 滨海大道 115 号 | d | direct |
denghe | 中山灯合照明有限公司 | 灯合照明 | denghe | manufacturing | 442000 | 古镇镇同益路 61 号 | c | dealer_customer | lianyan
kunmu | 惠州坤沐电池有限公司 | 坤沐电池 | kunmu | energy | 441302 | 云山西路 10 号 | b | direct |
shuowang | 北京朔望数据技术有限公司 | 朔望数据 | shuowang | software | 110108 | 西二旗中路 33 号 | b | direct |
boxu | 天津渤序化工设备有限公司 | 渤序化工 | boxu | manufacturing | 120116 | 第九大街 80 号 | b | direct |
jiaoshi | 青岛礁岸家电有限公司 | 礁岸家电 | jiaoan | electronics | 370212 | 株洲路 151 号 | a | direct |
quanpan | 济南泉畔职业技术学院 | 泉畔学院 | quanpan | education | 370112 | 旅游路 5518 号 | c | direct |
jihe | 石家庄冀禾乳业有限公司 | 冀禾乳业 | jihe | agriculture | 130102 | 和平东路 389 号 | c | dealer_customer | zhongxu
fenling | 太原汾岭能源集团有限公司 | 汾岭集团 | fenling | energy | 140105 | 长治路 226 号 | a | direct |
fenlingheat | 太原汾岭热力有限公司 | 汾岭热力 | fenling-heat | energy | 140105 | 晋阳街 159 号 | b | direct | fenling
wanxu | 大连湾序船舶工程有限公司 | 湾序船舶 | wanxu | manufacturing | 210211 | 海茂街 1 号 | b | direct |
hunli | 沈阳浑砺机床有限公司 | 浑砺机床 | hunli | manufacturing | 210112 | 浑南中路 68 号 | b | direct |
yanyan | 西安雁砚航空部件有限公司 | 雁砚航空 | yanyan | manufacturing | 610113 | 锦业路 32 号 | a | direct |
jinyu | 成都锦屿园区运营有限公司 | 锦屿园区 | jinyu | services | 510107 | 天府三街 199 号 | c | dealer_customer | chuanli
jiating | 重庆嘉汀摩托车有限公司 | 嘉汀摩托 | jiating | manufacturing | 500112 | 空港大道 821 号 | b | direct |
yuli | 郑州豫砾仓储有限公司 | 豫砾仓储 | yuli | transport | 410105 | 东风路 58 号 | c | direct |
huangzhi | 兰州黄沚水务有限公司 | 黄沚水务 | huangzhi | government | 620102 | 南滨河东路 755 号 | b | direct |
dianxiu | 昆明滇岫花卉有限公司 | 滇岫花卉 | dianxiu | agriculture | 530114 | 彩云南路 1666 号 | d | dealer_customer | chuanli
tianli | 乌鲁木齐天砾矿业有限公司 | 天砾矿业 | tianli | energy | 650104 | 长春南路 418 号 | b | direct |
tuohe | 上海拓合自动化系统有限公司 | 拓合自动化 | tuohe | services | 310112 | 元江路 525 号 | b | dealer |
lianyan | 广州联砚工业科技有限公司 | 联砚工业 | lianyan | services | 440106 | 黄埔大道西 76 号 | b | dealer |
zhongxu | 北京中序智联科技有限公司 | 中序智联 | zhongxu | services | 110105 | 酒仙桥路 14 号 | b | dealer |
chuanli | 成都川砺机电设备有限公司 | 川砺机电 | chuanli | services | 510104 | 红星路三段 16 号 | c | dealer |
""")

# key | name | web name | industry | country | street | level | currency | telephone (# is a digit)
ENGLISH = cells("""
northmere | Northmere Cold Storage Ltd | northmere | transport | GB | 14 Harbour Lane, Grimsby | a | GBP | +44 1632 960###
brackenfold | Brackenfold Textiles Ltd | brackenfold | manufacturing | GB | 3 Weaver Street, Halifax | c | GBP | +44 1632 960###
saltmarsh | Saltmarsh Brewing Company Ltd | saltmarsh | agriculture | GB | The Old Maltings, Faversham | c | GBP | +44 1632 960###
aldergate | Aldergate Hospitals Trust | aldergate | healthcare | GB | 210 Alder Road, Leeds | b | GBP | +44 1632 960###
quillon | Quillon Robotics Inc. | quillon | manufacturing | US | 4800 Burnet Road, Austin, TX | a | USD | +1 512 555 01##
pinewharf | Pinewharf Packaging LLC | pinewharf | manufacturing | US | 77 Dock Street, Tacoma, WA | b | USD | +1 253 555 01##
larkfield | Larkfield Dairy Cooperative | larkfield | agriculture | US | 1200 County Road 9, Madison, WI | c | USD | +1 608 555 01##
ferrowind | Ferrowind Turmbau GmbH | ferrowind | energy | DE | Am Speicherkai 12, Rostock | b | EUR | +49 30 23125 ###
lindmark | Lindmarken Glas AB | lindmarken | manufacturing | SE | Bruksgatan 5, Kosta | c | EUR | +46 8 465 004 ##
tessaro | Tessarolo Ceramiche S.r.l. | tessarolo | construction | IT | Via delle Fornaci 41, Sassuolo | c | EUR |
kestrelbay | Kestrel Bay Shipyards Pte. Ltd. | kestrelbay | transport | SG | 31 Tuas Basin Close | b | USD |
coppermoor | Coppermoor Minerals Pty Ltd | coppermoor | energy | AU | 8 Quarry Terrace, Kalgoorlie | b | USD | +61 8 7010 ####
harrowgate | Harrowmere Schools Partnership | harrowmere | education | GB | 9 College Green, Harrowmere | d | GBP | +44 1632 960###
""")

# key | name | gender | region | street | born (days ago)
PERSONS = cells("""
p-qian | 钱佳宁 | female | 330106 | 文三路 478 号 1203 室 | 13410
p-feng | 冯毅 | male | 310105 | 长宁路 1027 号 | 16220
p-cao | 曹雪琴 | female | 320102 | 珠江路 88 号 | 14075
p-dong | 董文博 | male | 440305 | 科苑路 15 号 | 12011
p-yu | 余思涵 | female | 440103 | 中山七路 33 号 | 11302
p-pan | 潘建军 | male | 110101 | 东四北大街 107 号 | 19840
p-tian | 田甜 | female | 370202 | 香港中路 12 号 | 12888
p-ren | 任晓东 | male | 610102 | 东新街 60 号 | 15116
p-shen | 沈若兰 | female | 510105 | 宽窄巷子东路 9 号 | 13960
p-hopkins | Daniel Hopkins | male | | 22 Mill Lane, Cambridge | 17003
""")

# key | name | code | category | series | specification | unit | list price | cost | tax rate | barcode
PRODUCTS = cells("""
eg200 | EG-200 边缘采集网关 | EG-200 | hardware | EG | 4 路 RS485,双网口,4G | unit | 3680 | 1720 | 0.13 | 6900000200019
eg500 | EG-500 边缘计算网关 | EG-500 | hardware | EG | 8 核,16 GB,双网口,5G | unit | 9800 | 5100 | 0.13 | 6900000500010
vs10 | VS-10 振动传感器 | VS-10 | hardware | VS | 三轴,10 kHz,磁吸安装 | piece | 1280 | 460 | 0.13 | 6900000010018
ts20 | TS-20 温湿度传感器 | TS-20 | hardware | TS | -40–85 ℃,IP65 | piece | 320 | 98 | 0.13 | 6900000020017
pm30 | PM-30 多功能电力仪表 | PM-30 | hardware | PM | 0.5S 级,导轨安装 | piece | 860 | 350 | 0.13 | 6900000030016
fm40 | FM-40 超声波流量计 | FM-40 | hardware | FM | 外夹式,DN50–DN300 | unit | 6400 | 3050 | 0.13 | 6900000040015
hm07 | HM-07 工业触摸屏 | HM-07 | hardware | HM | 7 英寸,IP66 | unit | 2450 | 1180 | 0.13 | 6900000070012
cab12 | 标准采集箱 | CAB-12 | hardware | CAB | 600×400×200 mm,含电源与防雷 | unit | 2900 | 1650 | 0.13 | 6900000120014
hub | 设备联网平台 标准版 | HUB-S | software | HUB | 100 个设备接入 | year | 36000 | 5200 | 0.06 |
hubpro | 设备联网平台 企业版 | HUB-E | software | HUB | 不限设备,私有部署 | licence | 268000 | 38000 | 0.13 |
energy | 能耗管理软件 | EMS-1 | software | EMS | 含分项计量与碳报表 | licence | 98000 | 14500 | 0.13 |
predict | 预测性维护模块 | PDM-1 | software | PDM | 按 50 台设备计 | year | 58000 | 9800 | 0.06 |
trace | 质量追溯模块 | QTR-1 | software | QTR | 单条产线 | licence | 76000 | 11800 | 0.13 |
survey | 现场勘测服务 | SRV-SV | service | SRV | 含勘测报告 | day | 2200 | 1100 | 0.06 |
deploy | 安装调试服务 | SRV-IN | service | SRV | 含差旅 | day | 2600 | 1350 | 0.06 |
training | 操作培训 | SRV-TR | service | SRV | 每场 20 人以内 | day | 3200 | 1400 | 0.06 |
support | 年度维保 | SRV-MA | service | SRV | 7×12 小时响应,备件另计 | year | 28000 | 12000 | 0.06 |
cable | 屏蔽双绞线 | CBL-RS | consumable | CBL | RVSP 2×1.0 | metre | 6.5 | 2.8 | 0.13 | 6900000900018
label | 耐高温标签 | LBL-HT | consumable | LBL | 每箱 2000 张 | box | 420 | 190 | 0.13 | 6900000910017
power | 备用电源模块 | SPR-PW | spare_part | SPR | 24 V / 120 W | piece | 380 | 165 | 0.13 | 6900000950013
""")

# key | name | web name | threat | strengths | weaknesses | answer
COMPETITORS = cells("""
com-yijian | 译涧工控 | yijian | high | 网关价格低,渠道密 | 平台功能弱,交付靠代理 | 强调平台与交付,用五年总成本对比
com-hanshu | 瀚枢云 | hanshu | high | 云平台体验好,品牌知名 | 不支持私有部署,现场经验少 | 突出私有部署与协议适配,安排同行参观
com-dingce | 鼎策自动化 | dingce | medium | 老牌集成商,关系深 | 软件外包,升级慢 | 从信息部门切入,演示自助配置
com-brook | Brookstane Systems | brookstane | medium | Strong references in food and pharma | Long lead times, expensive engineers | Offer a pilot in four weeks at a fixed price
com-nordvik | Nordvik Sensing | nordvik | low | Very good vibration sensors | No software of their own | Sell the platform and read their sensors
com-self | 客户自研 | | medium | 熟悉自己的工艺 | 人员流动大,维护难持续 | 先做一条线,比较上线时间
""")

# key | name | kind | status | starts | ends | place | budget | goal
CAMPAIGNS = cells("""
cam-expo | 华东工业装备展 | exhibition | completed | -430 | -427 | 上海 国展路 展览馆 | 180000 | 收集 60 条有效线索,签约 5 单
cam-energy | 制造业节能降碳研讨会 | seminar | completed | -318 | -318 | 苏州 | 60000 | 邀请 30 家年用电千万元以上企业
cam-webinar | Webinar: Predictive maintenance that pays | webinar | completed | -205 | -205 | Online | 15000 | 40 registrations from Europe and North America
cam-south | 粤港澳设备管理沙龙 | seminar | completed | -120 | -120 | 深圳 | 45000 | 激活华南沉睡客户
cam-openday | 杭州体验中心开放日 | visit_day | running | -6 | 8 | 杭州 余杭 | 30000 | 让在谈客户看到真实产线
cam-search | 搜索推广(第三季) | advertising | running | -75 | 15 | 线上 | 90000 | 每月 8 条有效线索
cam-fair | Hannover autumn fair | exhibition | planned | 48 | 52 | Hannover | 260000 | Meet 25 prospects, find two dealers
""")

CURRENCY_RATES = (
    ("USD", ("7.2410", "7.1890", "7.1520", "7.1180")),
    ("EUR", ("7.8230", "7.9105", "8.1460", "8.2275")),
    ("GBP", ("9.1640", "9.3020", "9.5215", "9.4870")),
)
RATE_DAYS = (-720, -400, -220, -60)
