"""What is nearly wrong, and what search and redaction make of it. What is sent as bytes is in `test_edge.py`."""

from tests.cases.right.case import Case

CASES = {
    # A log's id that is none is left out; a parent's id that is none leaves the span at the top.
    "report-one-bad-id-in-a-batch-logs": Case(
        {
            "traces": 1,
            "bodies": {"refund was asked for": 1, "refund was granted": 1},
        },
        ("case-ids",),
    ),
    "report-one-bad-id-in-a-batch-spans": Case(
        {"names": {"other work": 1, "top": 1}, "parents": {"other work": None, "top": None}}
    ),
    # A client's span and a server's with one id (Zipkin's shared ids) are two.
    "report-two-spans-one-span-id": Case({"names": {"POST /ask (client)": 1, "POST /ask (server)": 1}}),
    # Rust writes null for NaN and infinity.
    "rust-0.33.1-http-json-nan-null": Case(
        {
            "errors": 1,
            "names": {"invoke_agent rust": 1, "execute_tool x": 1, "exception": 2},
            "properties": {
                "invoke_agent rust": {
                    "big": 9007199254740993,
                    "min": -9223372036854775808,
                    "dbl": 3.0,
                    "nan": None,
                    "inf": None,
                    "yes": True,
                    "empty": "",
                    "ints": [1, 9007199254740993],
                    "emptylist": [],
                }
            },
        },
        files=("rust-0.33.1-http-json-nan-null.traces",),
    ),
    "report-search-text-without-spaces": Case(
        {
            "finds": {
                "退款": ["cjk-zh1"],
                "订单": ["cjk-zh1"],
                "会议": ["cjk-zh2"],
                "星期三下午": ["cjk-zh2"],
                "库存报告": ["cjk-zh3"],
                "会議": ["cjk-ja1"],
                "パスワード": ["cjk-ja2"],
                "再設定": ["cjk-ja2"],
                "환불": ["cjk-ko1"],
                "회의실": ["cjk-ko2"],
                "คืนเงิน": ["cjk-th1"],
                "คำสั่งซื้อ": ["cjk-th1"],
                "order-9981": ["cjk-zh4"],
                "物流": ["cjk-zh4"],
                "E1042": ["cjk-zh5"],
                "支付页面": ["cjk-zh5"],
            }
        },
        tuple(f"cjk-{one}" for one in "zh1 zh2 zh3 zh4 zh5 ja1 ja2 ko1 ko2 th1".split()),
    ),
    "report-secret-after-its-flag-in-a-list": Case(
        {
            "properties": {"n": {"tool.argv": ["curl", "--password", "[REDACTED]", "--user=bob"]}},
            "resources": {"n": {"process.command_args": ["node", "app.js", "--api-key", "[REDACTED]"]}},
            "hidden": {"k-4711-secret": False, "hunter22": False},
        }
    ),
}
