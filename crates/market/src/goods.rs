//! What the market sells, in words: twelve categories with their things, brands and adjectives, in Chinese and
//! English. Brands and people are invented.

/// A word in both languages.
pub type Word = (&'static str, &'static str);

/// A kind of thing that is sold.
#[derive(Debug)]
pub struct Thing {
    /// What it is called.
    pub word: Word,
    /// What it usually costs, in yuan.
    pub yuan: u32,
}

/// A category of the shop.
#[derive(Debug)]
pub struct Category {
    /// Its name in events.
    pub name: &'static str,
    /// What shoppers call it.
    pub word: Word,
    /// How many shoppers care for it, against the others.
    pub weight: f64,
    /// How much more women than men care for it (in standard deviations).
    pub female: f64,
    /// How much more the young care for it, for each ten years below 35.
    pub young: f64,
    /// Brands that make it.
    pub brands: [&'static str; 5],
    /// What belongs to it.
    pub things: [Thing; 5],
    /// How it is praised.
    pub praise: [Word; 5],
}

const fn thing(chinese: &'static str, english: &'static str, yuan: u32) -> Thing {
    Thing { word: (chinese, english), yuan }
}

/// All categories.
pub const CATEGORIES: [Category; 12] = [
    Category {
        name: "beauty",
        word: ("彩妆", "Make-up"),
        weight: 1.5,
        female: 1.6,
        young: 0.3,
        brands: ["Lumi", "花汐", "Mirabelle", "绛雪", "Noor"],
        things: [
            thing("丝绒唇釉", "Velvet Lip Tint", 89),
            thing("气垫粉底", "Cushion Foundation", 169),
            thing("九色眼影盘", "Nine-Pan Eyeshadow", 129),
            thing("纤长睫毛膏", "Lengthening Mascara", 79),
            thing("柔雾腮红", "Soft Blush", 69),
        ],
        praise: [
            ("奶茶色", "Milk Tea"),
            ("持久", "Lasting"),
            ("清透", "Sheer"),
            ("哑光", "Matte"),
            ("樱花", "Sakura"),
        ],
    },
    Category {
        name: "skincare",
        word: ("护肤", "Skin care"),
        weight: 1.4,
        female: 1.3,
        young: 0.0,
        brands: ["Qingya", "白露", "Dermaline", "山茶集", "Aqualis"],
        things: [
            thing("夜间精华", "Night Serum", 239),
            thing("补水面膜", "Hydrating Masks", 99),
            thing("防晒乳", "Sun Lotion", 119),
            thing("氨基酸洁面", "Amino Cleanser", 69),
            thing("修护面霜", "Repair Cream", 199),
        ],
        praise: [
            ("玻尿酸", "Hyaluronic"),
            ("敏感肌", "Sensitive"),
            ("烟酰胺", "Niacinamide"),
            ("积雪草", "Centella"),
            ("轻润", "Light"),
        ],
    },
    Category {
        name: "fresh",
        word: ("生鲜", "Fresh food"),
        weight: 1.3,
        female: 0.4,
        young: -0.4,
        brands: ["晨田", "Greenhill", "渔歌", "岭上", "Dailyfarm"],
        things: [
            thing("车厘子两斤装", "Cherries 1 kg", 109),
            thing("大连海参虾仁", "Peeled Shrimps", 79),
            thing("阳光玫瑰葡萄", "Shine Muscat Grapes", 59),
            thing("原切牛排", "Steak Cuts", 139),
            thing("土鸡蛋三十枚", "Thirty Farm Eggs", 39),
        ],
        praise: [
            ("产地直发", "Farm-Direct"),
            ("当季", "In-Season"),
            ("冰鲜", "Chilled"),
            ("甄选", "Selected"),
            ("家庭装", "Family"),
        ],
    },
    Category {
        name: "snacks",
        word: ("零食", "Snacks"),
        weight: 1.4,
        female: 0.5,
        young: 0.4,
        brands: ["小满", "Crunchy Day", "松间", "Kabo", "甜屿"],
        things: [
            thing("每日坚果", "Daily Nuts", 69),
            thing("牛肉干", "Beef Jerky", 59),
            thing("海苔脆", "Seaweed Crisps", 25),
            thing("手工雪花酥", "Nougat Crisps", 35),
            thing("冻干水果", "Freeze-Dried Fruit", 45),
        ],
        praise: [
            ("低糖", "Low Sugar"),
            ("独立包装", "Single Packs"),
            ("香辣", "Spicy"),
            ("原味", "Original"),
            ("礼盒", "Gift Box"),
        ],
    },
    Category {
        name: "tea",
        word: ("茶饮", "Tea and drinks"),
        weight: 0.8,
        female: -0.2,
        young: -0.6,
        brands: ["Hupao", "云岫", "Steep & Co", "半山", "Koji"],
        things: [
            thing("龙井茶", "Longjing Tea", 128),
            thing("老白茶饼", "Aged White Tea Cake", 168),
            thing("挂耳咖啡", "Drip Coffee", 59),
            thing("桂花乌龙", "Osmanthus Oolong", 88),
            thing("气泡水整箱", "Case of Sparkling Water", 49),
        ],
        praise: [
            ("明前", "First Flush"),
            ("头采", "First Pick"),
            ("清香", "Fragrant"),
            ("浓郁", "Full-Bodied"),
            ("便携", "Travel"),
        ],
    },
    Category {
        name: "electronics",
        word: ("数码", "Electronics"),
        weight: 1.1,
        female: -1.2,
        young: 0.5,
        brands: ["Voltra", "极光", "Novabit", "声纹", "Pikko"],
        things: [
            thing("降噪耳机", "Noise-Cancelling Earbuds", 399),
            thing("智能手表", "Smart Watch", 699),
            thing("快充移动电源", "Fast Power Bank", 149),
            thing("机械键盘", "Mechanical Keyboard", 329),
            thing("平板电脑", "Tablet", 1_899),
        ],
        praise: [
            ("旗舰", "Flagship"),
            ("轻薄", "Slim"),
            ("长续航", "Long-Life"),
            ("青春版", "Lite"),
            ("电竞", "Gaming"),
        ],
    },
    Category {
        name: "appliances",
        word: ("家电", "Appliances"),
        weight: 0.8,
        female: -0.2,
        young: -0.3,
        brands: ["Homely", "净界", "Brisa", "暖居", "Aerova"],
        things: [
            thing("空气炸锅", "Air Fryer", 299),
            thing("扫地机器人", "Robot Vacuum", 1_699),
            thing("养生壶", "Health Kettle", 129),
            thing("高速吹风机", "High-Speed Hair Dryer", 399),
            thing("加湿器", "Humidifier", 159),
        ],
        praise: [
            ("静音", "Silent"),
            ("大容量", "Large"),
            ("一键", "One-Touch"),
            ("可视", "See-Through"),
            ("节能", "Eco"),
        ],
    },
    Category {
        name: "fashion",
        word: ("服饰", "Fashion"),
        weight: 1.5,
        female: 0.9,
        young: 0.4,
        brands: ["素衣", "Maren", "北巷", "Tessel", "Urbanlea"],
        things: [
            thing("羊毛大衣", "Wool Coat", 599),
            thing("针织开衫", "Knit Cardigan", 199),
            thing("阔腿牛仔裤", "Wide-Leg Jeans", 179),
            thing("法式连衣裙", "French Dress", 259),
            thing("轻薄羽绒服", "Light Down Jacket", 459),
        ],
        praise: [
            ("显瘦", "Slimming"),
            ("通勤", "Office"),
            ("复古", "Retro"),
            ("宽松", "Loose"),
            ("基础款", "Basic"),
        ],
    },
    Category {
        name: "shoes",
        word: ("鞋靴", "Shoes"),
        weight: 0.9,
        female: 0.1,
        young: 0.4,
        brands: ["行野", "Strider", "Calza", "云底", "Pavé"],
        things: [
            thing("缓震跑鞋", "Cushioned Running Shoes", 369),
            thing("小白鞋", "White Sneakers", 229),
            thing("切尔西短靴", "Chelsea Boots", 459),
            thing("洞洞拖鞋", "Clogs", 79),
            thing("乐福鞋", "Loafers", 299),
        ],
        praise: [
            ("软底", "Soft Sole"),
            ("透气", "Breathable"),
            ("防滑", "Anti-Slip"),
            ("增高", "Lifted"),
            ("经典", "Classic"),
        ],
    },
    Category {
        name: "home",
        word: ("家居", "Home"),
        weight: 1.0,
        female: 0.5,
        young: -0.2,
        brands: ["棉语", "Casa Nido", "木与", "Linenly", "拾光"],
        things: [
            thing("纯棉四件套", "Cotton Bedding Set", 299),
            thing("乳胶枕", "Latex Pillow", 159),
            thing("香薰蜡烛", "Scented Candle", 89),
            thing("收纳箱三只装", "Three Storage Boxes", 69),
            thing("珐琅锅", "Enamel Pot", 369),
        ],
        praise: [
            ("裸睡级", "Silky"),
            ("北欧", "Nordic"),
            ("加厚", "Thick"),
            ("原木", "Wooden"),
            ("四季", "All-Season"),
        ],
    },
    Category {
        name: "baby",
        word: ("母婴", "Baby"),
        weight: 0.7,
        female: 0.8,
        young: 0.1,
        brands: ["小暖", "Bibi", "芽芽", "Cuddlo", "初一"],
        things: [
            thing("纸尿裤", "Nappies", 119),
            thing("婴儿湿巾整箱", "Case of Baby Wipes", 59),
            thing("积木拼装", "Building Bricks", 149),
            thing("儿童绘本", "Picture Books", 89),
            thing("辅食机", "Baby Food Maker", 269),
        ],
        praise: [
            ("亲肤", "Gentle"),
            ("超薄", "Ultra-Thin"),
            ("早教", "Early Learning"),
            ("安心", "Safe"),
            ("便捷", "Handy"),
        ],
    },
    Category {
        name: "sports",
        word: ("运动", "Sports"),
        weight: 0.7,
        female: -0.4,
        young: 0.4,
        brands: ["逐风", "Peakline", "Kinetik", "元力", "Ridge"],
        things: [
            thing("瑜伽垫", "Yoga Mat", 99),
            thing("速干运动套装", "Quick-Dry Set", 169),
            thing("露营帐篷", "Camping Tent", 429),
            thing("羽毛球拍", "Badminton Racket", 249),
            thing("筋膜枪", "Massage Gun", 299),
        ],
        praise: [
            ("专业", "Pro"),
            ("入门", "Starter"),
            ("户外", "Outdoor"),
            ("轻量", "Light"),
            ("加宽", "Wide"),
        ],
    },
];

/// A host: id, name, style of hosting, and what they know best.
pub const HOSTS: [(&str, &str, &str, [&str; 2]); 6] = [
    ("host-anran", "安然 Anran", "calm", ["skincare", "beauty"]),
    ("host-dafei", "大飞 Dafei", "lively", ["snacks", "fresh"]),
    ("host-lin", "林工 Engineer Lin", "expert", ["electronics", "appliances"]),
    ("host-momo", "沫沫 Momo", "funny", ["fashion", "beauty"]),
    ("host-suyun", "苏韵 Suyun", "calm", ["tea", "home"]),
    ("host-kai", "阿凯 Kai", "lively", ["sports", "shoes"]),
];

/// A room: id, title, and the host whose it is.
pub const ROOMS: [(&str, &str, &str); 4] = [
    ("room-beauty", "安然的梳妆台 Anran's Vanity", "host-anran"),
    ("room-food", "大飞开饭啦 Dinner with Dafei", "host-dafei"),
    ("room-tech", "林工实验室 Lin's Lab", "host-lin"),
    ("room-style", "沫沫衣橱 Momo's Wardrobe", "host-momo"),
];
