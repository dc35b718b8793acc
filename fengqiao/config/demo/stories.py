"""What people told in the demo's week. Everything is invented: people, villages, firms, roads.

A story: days before today, hour, place, category, nature, channel, title, what was told, who told it, to which unit it
goes, and how far it has come (a script of `week`).
"""

from __future__ import annotations

from typing import NamedTuple


class Story(NamedTuple):
    days: int
    hour: float
    place: str
    category: str
    nature: str
    channel: str
    title: str
    told: str
    name: str
    unit: str
    script: str
    whom: str = ""


V1, V2, V3, V5, V6, V9 = (
    "330681901201", "330681901202", "330681901203", "330681902201", "330681902202", "330681904201"
)  # fmt: skip
C1, C2, C3 = "330681903001", "330681903002", "330681903003"

STORIES = (
    Story(6, 8.2, V1, "construction", "help", "12345", "村口路灯不亮", "示例一村村口到公交站的三盏路灯坏了五天，晚上老人散步看不清路，请派人修一下。", "周女士", "streets", "done_good"),
    Story(6, 8.9, C1, "environment", "complaint", "web", "夜宵摊油烟熏进卧室", "示例一社区北门的夜宵摊每晚七点到十二点炒菜，油烟直接飘进三楼卧室，窗户不敢开，希望让摊主装油烟净化。", "吕先生", "enforcement", "done_fair"),
    Story(6, 9.4, V2, "construction", "help", "12345", "自来水发黄", "示例二村下片这两天早上放出来的自来水是黄的，放十分钟才清，家里有小孩不敢喝，请来看看管道。", "何女士", "water", "done_good"),
    Story(6, 10.1, C2, "social_security", "enquiry", "12345", "灵活就业怎么交养老保险", "我从厂里出来自己接活了，想问灵活就业的养老保险怎么交，要带什么材料，去哪个窗口。", "冯先生", "", "answered"),
    Story(6, 11.0, V5, "transport", "help", "12345", "村道塌了一个坑", "示例五村往渡口方向的村道塌了一个脸盆大的坑，电瓶车夜里容易掉进去，先围一下再修。", "陶先生", "transport", "done_good"),
    Story(6, 13.5, C1, "construction", "help", "web", "楼上漏水到楼下", "我家住 3 幢 301，天花板渗水三次了，楼上 401 说自己家没漏。物业来看过没查出来，想请人帮忙查清楚是哪根管子。", "周先生", "housing", "callback"),
    Story(6, 14.2, C3, "consumer", "complaint", "12345", "健身房关门不退卡", "在“晨跑一家人”健身房办了两年卡，上个月贴条子说装修，现在人去楼空，余款 1,860 元没人管。", "任女士", "market", "in_progress"),
    Story(6, 15.8, V9, "environment", "complaint", "wechat", "河边倒建筑垃圾", "示例九村桥头河边有人夜里倒砖头和水泥块，已经堆了两车，下雨会冲到河里。", "江先生", "environment", "done_fair"),
    Story(6, 16.6, V3, "education", "enquiry", "12345", "小学报名要什么材料", "外地户口，孩子明年上小学，想提前问要准备哪些材料，什么时候报名。", "林女士", "education", "done_good"),
    Story(5, 8.5, C2, "construction", "complaint", "12345", "电梯一个月坏三次", "示例二社区 7 幢电梯这个月坏了三次，八楼的老人下不来，物业总说配件在路上。", "高女士", "housing", "redo"),
    Story(5, 9.1, V1, "social_security", "help", "12345", "厂里两个月没发工资", "在镇上一家袜业加工点做了两个月，七个人的工资一分没发，老板电话不接，一共四万多。", "田先生", "labour", "in_progress"),
    Story(5, 9.9, V6, "construction", "help", "web", "水压太低洗不了澡", "示例六村高处的几户晚上六点以后没水压，热水器打不着火，已经一个星期了。", "苏女士", "water", "done_good"),
    Story(5, 10.7, C3, "transport", "suggestion", "web", "路口想加一个红绿灯", "示例三社区门口的路口早上送孩子的人和货车抢道，建议加红绿灯，或者先派人站一站。", "韩先生", "transport", "replied"),
    Story(5, 11.5, C1, "other", "enquiry", "12345", "身份证丢了怎么办", "身份证昨天丢了，人在本地，想问去哪里补，几天能拿。", "白女士", "", "answered"),
    Story(5, 13.9, V2, "environment", "help", "12345", "养猪场气味大", "示例二村山脚下的养猪场这几天气味特别大，窗户关着也闻得到，请看看粪水是不是漏了。", "夏先生", "environment", "extended"),
    Story(5, 14.8, C2, "safety", "report", "12345", "楼道里给电瓶车充电", "我们单元有人天天把电瓶车推进一楼楼道飞线充电，说过不听，怕着火。不要让他知道是我说的。", "宋女士", "enforcement", "in_progress"),
    Story(5, 15.6, V5, "justice", "enquiry", "12345", "邻居欠钱能不能起诉", "借给熟人两万块有借条，三年没还，想问还能不能起诉。", "雷先生", "", "wrong_way"),
    Story(5, 16.9, V9, "health", "help", "12345", "卫生站周末没人", "示例九村卫生站周六周日锁门，老人量血压要走五里路，能不能轮班。", "毛女士", "ding", "taken"),
    Story(4, 8.1, C1, "construction", "help", "12345", "下水道井盖响", "示例一社区东门井盖松了，车一过就响，夜里睡不着。", "秦先生", "streets", "done_good"),
    Story(4, 9.3, V3, "administration", "complaint", "web", "办事材料跑了三趟", "给老人办高龄津贴，窗口第一次说缺照片，第二次说缺复印件，第三次说系统坏了，能不能一次说清。", "邵女士", "services", "in_progress"),
    Story(4, 10.0, V1, "administration", "complaint", "12345", "村里补贴名单没公示", "去年的青苗补贴到现在没有公示名单，问村里说贴过了，可是谁也没看见，希望上面来查一下账。", "崔先生", "", "received", "village"),
    Story(4, 10.8, C3, "environment", "complaint", "12345", "工地夜里打桩", "示例三社区后面的工地晚上十一点还在打桩，小孩睡不着，已经三个晚上了。", "龚女士", "enforcement", "done_poor"),
    Story(4, 11.6, V6, "transport", "help", "wechat", "公交站没有雨棚", "示例六村公交站牌旁边没有雨棚也没有凳子，老人等车站半个小时。", "骆女士", "transport", "returned"),
    Story(4, 14.1, C2, "consumer", "complaint", "12345", "网购家具到门不安装", "网上买的柜子，店家写明包安装，货到后说要另收三百。", "方先生", "market", "taken"),
    Story(4, 15.2, V2, "construction", "help", "12345", "水表转得太快", "家里就两个人，这个月水费突然三百多，怀疑水表有问题，想请人来校一下。", "石女士", "water", "in_progress"),
    Story(4, 16.4, C1, "safety", "help", "12345", "闻到煤气味", "示例一社区 5 幢楼道里有煤气味，不敢开灯，已经让大家下楼了。", "米女士", "", "emergency"),
    Story(3, 8.7, V5, "construction", "help", "12345", "水渠堵了淹菜地", "示例五村后面的灌溉渠被树枝堵住，昨天下雨淹了三家的菜地。", "任先生", "water", "ruled"),
    Story(3, 9.2, C3, "education", "complaint", "web", "校门口车子乱停", "放学时校门口两边停满车，孩子只能走在路中间，请安排人管一下。", "余女士", "transport", "in_progress"),
    Story(3, 10.4, V1, "social_security", "enquiry", "12345", "高龄津贴从什么时候算", "父亲下个月满八十，高龄津贴是从生日当月算还是下个月算。", "万先生", "", "answered"),
    Story(3, 11.1, C2, "environment", "help", "12345", "垃圾三天没清运", "示例二社区北侧垃圾房三天没有来车，袋子堆到路上，味道很大。", "康女士", "streets", "done_good"),
    Story(3, 13.3, V9, "construction", "help", "12345", "危墙靠着路", "示例九村老粮站的围墙往路边歪，下面有小孩走，请先拉警戒线。", "江女士", "housing", "in_progress"),
    Story(3, 14.6, C1, "construction", "help", "web", "又渗水了，401 愿意配合检查", "我是 301，昨晚又渗水，楼上 401 说愿意开门检查，请尽快安排管道工来，最好周末。", "周先生", "housing", "same_as_leak"),
    Story(3, 15.5, V3, "transport", "complaint", "12345", "货车半夜超载过村", "示例三村村道限重十吨，半夜拉石子的车一趟接一趟，房子都在抖。", "严先生", "transport", "dispatched"),
    Story(2, 8.4, C2, "health", "suggestion", "web", "社区能不能放急救设备", "示例二社区广场跳舞的人多，建议放一台自动除颤器，教大家怎么用。", "汤女士", "bing", "replied"),
    Story(2, 9.6, V2, "environment", "complaint", "12345", "烧秸秆浓烟", "示例二村田里连着两天傍晚烧秸秆，烟飘到小区里，有哮喘的孩子喘不过气。", "陆女士", "jia", "taken"),
    Story(2, 10.2, C3, "consumer", "enquiry", "12345", "买到过期牛奶怎么赔", "超市买的牛奶已经过期两天，小票还在，想问可以要求赔多少。", "沈女士", "", "answered"),
    Story(2, 11.7, V6, "construction", "help", "wechat", "变压器旁边树太高", "示例六村变压器旁边的香樟树枝碰到电线，刮风会冒火花。", "程先生", "yi", "dispatched"),
    Story(2, 13.8, C1, "construction", "complaint", "12345", "路灯整条街不亮", "人民东路（示例）整条街的路灯从昨晚开始都不亮，路口差点撞车。", "梁女士", "streets", "dispatched"),
    Story(2, 15.0, V1, "social_security", "help", "12345", "厂里工资还是没发", "前几天反映的袜业加工点工资，老板昨天来了一趟又走了，还是没发，我们七个人还在等。", "田先生", "labour", "dispatched"),
    Story(1, 8.3, C2, "construction", "help", "12345", "自来水停了没通知", "示例二社区早上六点停水，没有看到通知，什么时候来水。", "顾女士", "water", "dispatched"),
    Story(1, 9.0, V9, "transport", "help", "12345", "桥栏杆断了一截", "示例九村石桥栏杆断了两米，晚上没有灯，怕有人掉下去。", "毛先生", "transport", "dispatched"),
    Story(1, 10.5, C3, "environment", "suggestion", "web", "公园多放几个垃圾桶", "滨河公园（示例）长凳边没有垃圾桶，周末一地瓜子壳。", "唐女士", "streets", "dispatched"),
    Story(1, 13.1, V5, "administration", "enquiry", "12345", "老房子翻修去哪里办", "示例五村的老房子想原址翻修，先去村里还是先去镇里，要几样材料。", "金先生", "", "received"),
    Story(1, 14.7, C1, "safety", "help", "12345", "消防通道停满车", "示例一社区 9 幢后面的消防通道每天晚上停满车，画了线也没人管。", "舒女士", "enforcement", "dispatched"),
    Story(0, 7.6, V2, "construction", "help", "12345", "水管爆了路面积水", "示例二村桥边水管爆了，水一直往外冒，路面已经积水。", "何先生", "water", "dispatched"),
    Story(0, 8.0, C2, "finance", "complaint", "web", "银行卡被扣会员费", "每个月被扣二十五元会员费，不知道是哪里开通的，想取消。", "苏先生", "", "received"),
    Story(0, 8.4, V3, "education", "help", "12345", "校车改点没通知家长", "今天校车提前了二十分钟，好几个孩子没赶上。", "林先生", "", "received"),
)  # fmt: skip
