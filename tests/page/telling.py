"""What else happened in the hours before the demo's runs, for pictures of several agents: made up, as those are."""

from __future__ import annotations

from receiver.cli.demo_story import DemoRun, Line, StepFailure, _agent, _call, _model, _tool

_ORDER = _call("find_order", number="A-20931")
_REFUND = _call("refund", order="A-20931", amount="EUR 64.90")
_PAPERS = _call("search_papers", query="retrieval with late interaction", since=2024)
_READ = _call("read_paper", title="Late interaction at scale")
_DEPLOY = _call("deploy", service="checkout", version="2.18.0")
_BACK = _call("roll_back", service="checkout", to="2.17.4")
_TICKET = _call("open_ticket", team="payments", title="Refund waits for a second approval")

_ASKED_REFUND = "My parcel A-20931 came broken. I want my money back."
_ASKED_PAPERS = "What is new in retrieval with late interaction? Two paragraphs, with sources."
_ASKED_DEPLOY = "Deploy checkout 2.18.0 and watch it for five minutes."

_HELPED = _agent(
    "support-agent",
    _ASKED_REFUND,
    "Your EUR 64.90 are on the way back to your card. Sorry for the broken parcel.",
    _model(1.1, _ASKED_REFUND, _ORDER, (1840, 41)),
    _tool(0.21, _ORDER, {"order": "A-20931", "paid": "EUR 64.90", "delivered": "2026-05-02"}),
    _model(1.6, "Delivered three days ago, within the time for returns.", _REFUND, (2290, 38)),
    _tool(0.74, _REFUND, {"refund": "R-7741", "state": "sent"}, Line("INFO", "refund R-7741 sent")),
    _model(1.3, "Tell the customer.", "Your EUR 64.90 are on the way back.", (2410, 57)),
)
_WAITED = _agent(
    "support-agent",
    _ASKED_REFUND,
    "Your refund waits for a colleague's approval. You hear from us today.",
    _model(1.2, _ASKED_REFUND, _REFUND, (1840, 44)),
    _tool(
        0.31,
        _REFUND,
        None,
        Line("WARNING", "refunds of this customer need a second approval"),
        failure=StepFailure("ApprovalNeeded", "a second approval is needed", 'shop/refunds.py", line 12, in refund'),
    ),
    _model(1.4, "It needs an approval: open a ticket.", _TICKET, (2377, 61)),
    _tool(0.42, _TICKET, {"ticket": "PAY-311"}),
)
_READ_UP = _agent(
    "research-agent",
    _ASKED_PAPERS,
    "Two lines of work stand out: smaller token vectors, and pruning of what is stored.",
    _model(2.4, _ASKED_PAPERS, _PAPERS, (920, 66)),
    _tool(3.1, _PAPERS, [{"title": "Late interaction at scale"}, {"title": "Fewer vectors, same answers"}]),
    _model(1.9, "Read the first.", _READ, (3180, 31)),
    _tool(5.6, _READ, {"pages": 14, "text": "We store a vector for every token and prune those that never decide."}),
    _model(9.8, "Sum up with sources.", "Two lines of work stand out.", (18_420, 512)),
)
_TIMED_OUT = _agent(
    "deploy-agent",
    _ASKED_DEPLOY,
    None,
    _model(1.0, _ASKED_DEPLOY, _DEPLOY, (640, 35)),
    _tool(
        30.2,
        _DEPLOY,
        None,
        Line("ERROR", "checkout 2.18.0 is not healthy after 30 s: 3 of 12 checks pass"),
        failure=StepFailure("HealthCheckTimeout", "3 of 12 checks pass after 30 s", 'ops/deploy.py", line 77, in wait'),
    ),
    _model(1.1, "Not healthy. Roll back.", _BACK, (910, 28)),
    _tool(8.4, _BACK, {"service": "checkout", "version": "2.17.4", "healthy": True}),
    failure=StepFailure("DeployFailed", "checkout was rolled back to 2.17.4", 'ops/agent.py", line 51, in run'),
)
_DEPLOYED = _agent(
    "deploy-agent",
    _ASKED_DEPLOY,
    "checkout 2.18.1 is live and healthy.",
    _model(1.0, _ASKED_DEPLOY, _DEPLOY, (640, 35)),
    _tool(21.5, _DEPLOY, {"service": "checkout", "version": "2.18.1", "healthy": True}),
)

# By service: the runs, minutes before now.
_WHEN = {
    "shop": [
        *((_HELPED, minutes) for minutes in (53, 71, 96, 97, 132, 140, 171, 188, 240, 262, 263, 301, 330, 398)),
        *((_WAITED, minutes) for minutes in (77, 204, 318)),
    ],
    "research": [(_READ_UP, minutes) for minutes in (64, 118, 209, 344, 371)],
    "operations": [(_TIMED_OUT, 151), (_DEPLOYED, 83), (_DEPLOYED, 289)],
}
EARLIER = [
    (service, tuple(DemoRun(agent.name, f"{service}-{minutes}", minutes, agent) for agent, minutes in runs))
    for service, runs in _WHEN.items()
]
