"""A person's browser window in a test, watched for everything that a page must not do."""

from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, WebError

from app.identity.rules import Audience
from dev.chromium import WIDE
from tests.makers.browse import COOKIES

PATIENCE_MS = 45_000  # (for machines with much else to do: what is there is not waited for)
FAULT = 400
OURS = {"localhost", "127.0.0.1"}
# The answer itself is watched, with its address and status; the console's line about it says less.
ABOUT_ANSWERS = "Failed to load resource"


class Visit:
    """One person's browser: cookies of their own, and a list of everything that went wrong. Use it with `with`.

    Leaving it asserts that nothing did.
    """

    def __init__(self, browser: Browser, base_url: str, *, size: tuple[int, int] = WIDE, **how: Any) -> None:
        self.faults: list[str] = []
        self.expected: set[int] = set()
        self._base_url = base_url
        self.context: BrowserContext = browser.new_context(
            base_url=base_url,
            viewport={"width": size[0], "height": size[1]},
            locale="en-NG",
            timezone_id="Africa/Lagos",
            reduced_motion="reduce",
            **how,
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.on("console", self._heard)
        self.context.on("weberror", self._broke)
        self.context.on("response", self._answered)
        self.page: Page = self.context.new_page()

    def keep(self, audience: Audience, token: str) -> None:
        """Have a session's token in the browser."""
        self.context.add_cookies([{"name": COOKIES[audience], "value": token, "url": self._base_url}])

    def expect(self, *statuses: int) -> None:
        """From now on these refusals are part of the story."""
        self.expected.update(statuses)

    def close(self) -> None:
        """Close the browser's window and say what went wrong in it."""
        self.context.close()
        assert not self.faults, "\n".join(self.faults)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            for fault in self.faults:
                error.add_note(f"in the browser: {fault}")
            self.context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(ABOUT_ANSWERS):
            self.faults.append(f"{message.type} on {self._where(message.page)}: {message.text}")

    def _broke(self, broken: WebError) -> None:
        self.faults.append(f"script on {self._where(broken.page)}: {broken.error}")

    def _answered(self, answer: Response) -> None:
        if urlsplit(answer.url).hostname not in {*OURS, None}:
            self.faults.append(f"asked the world: {answer.url}")
        elif answer.status >= FAULT and answer.status not in self.expected:
            self.faults.append(f"{answer.status} from {answer.request.method} {answer.url}")

    @staticmethod
    def _where(page: Page | None) -> str:
        return urlsplit(page.url).path if page else "?"
