"""The queue of withdrawals and what opens beside it. It goes on from dev/tour.py."""

from dev.tour import AUDITOR, OFFICER, TREASURY, Sight, Step, click, follow

QUEUE = "/console/withdrawals"
_OPENS = "a.row-main[data-htmx-powered]"
_APPROVE = click(".decision [data-open=approve]", shows="#approve")
_REJECT = click(".decision [data-open=reject]", shows="#reject")
_HOLD = click(".decision [data-open=hold]", shows="#hold")
_RETRY = click(".decision [data-open=retry]", shows="#retry")
_RELEASE = click(".decision [data-open=release]", shows="#release")


def drawer(*, of: str = "tr:not(:has-text('you said yes'))") -> Step:
    """Open the first such row beside the list."""
    return click(f"{of} {_OPENS}", shows="dialog.drawer .drawer-title")


_ANY = drawer()
_RISKY = drawer(of="tr:has-text('CITADEL')")
WITHDRAWALS = (
    Sight("withdrawals", QUEUE, TREASURY),
    Sight("withdrawals-needs-me", f"{QUEUE}?view=me", OFFICER),
    Sight("withdrawals-stopped", f"{QUEUE}?view=stopped", OFFICER),
    Sight("withdrawals-underway", f"{QUEUE}?view=underway", TREASURY),
    Sight("withdrawals-none", f"{QUEUE}?view=underway&size=large", TREASURY),
    Sight("withdrawals-ended", f"{QUEUE}?view=ended", TREASURY),
    Sight("withdrawals-ended-earlier", f"{QUEUE}?view=ended&until=2020-01-31&size=large", AUDITOR),
    Sight("drawer", QUEUE, TREASURY, (_ANY,)),
    Sight("drawer-approve", QUEUE, TREASURY, (_ANY, _APPROVE)),
    Sight("drawer-reject", QUEUE, TREASURY, (_ANY, _REJECT)),
    Sight("drawer-hold", QUEUE, TREASURY, (_ANY, _HOLD)),
    Sight(
        "console-withdrawal", f"{QUEUE}?view=ended", TREASURY, (_ANY, follow("dialog.drawer a[href*='/withdrawals/']"))
    ),
)
# One of each kind: a story of a few days has not all of them.
KINDS = (
    Sight("drawer-risky", QUEUE, OFFICER, (_RISKY,)),
    Sight("drawer-second", QUEUE, TREASURY, (drawer(of="tr:has-text('1 of 2')"),)),
    Sight("drawer-held", f"{QUEUE}?view=stopped&state=held", OFFICER, (_ANY,)),
    Sight("drawer-release", f"{QUEUE}?view=stopped&state=held", OFFICER, (_ANY, _RELEASE)),
    Sight("drawer-cooling", f"{QUEUE}?view=stopped&state=cooling_off", OFFICER, (_ANY,)),
    Sight("drawer-unpaid", f"{QUEUE}?view=underway&state=unpaid", TREASURY, (_ANY,)),
    Sight("drawer-retry", f"{QUEUE}?view=underway&state=unpaid", TREASURY, (_ANY, _RETRY)),
    Sight("drawer-unknown", f"{QUEUE}?view=underway&state=sending", TREASURY, (_ANY,)),
    Sight("console-withdrawal-risky", QUEUE, OFFICER, (_RISKY, follow("dialog.drawer a[href*='/withdrawals/']"))),
)
