"""The ten jobs of an operator, as a person does them in the console, from the overview on."""

from playwright.sync_api import Page

from tests.browser.lively import Lively


class Operator:
    """Somebody at the overview, whose clicks are counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def begin(self) -> None:
        self.page.goto("/console/all/")
        self.clicks = 0

    def click(self, selector: str) -> None:
        self.page.locator(selector).first.click()
        self.clicks += 1

    def find(self, words: str) -> None:
        self.page.fill("#search", words)
        self.page.press("#search", "Enter")
        self.page.wait_for_load_state()

    def says_why(self, reason: str) -> None:
        self.page.fill("#id_reason", reason)

    def sees(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    def waiting_in(self, queue: str) -> int:
        """The number beside a queue."""
        self.page.goto("/console/all/queues/")
        shown = self.page.locator(f"#queue-{queue} td[data-label=waiting]").inner_text()
        return int(shown.replace(",", ""))


def learn_why_a_task_does_not_run(operator: Operator, scene: Lively) -> None:
    operator.find(str(scene.stuck))
    operator.sees("None of the 2 live workers serves its queue, its type and its requirements.")


def retry_all_that_failed_by_the_top_error(operator: Operator, scene: Lively) -> None:
    operator.click(".rows a[href*='/errors/']")
    operator.sees("attempt N went wrong")
    operator.click("text=Retry these tasks…")
    operator.says_why("the card provider is back")
    operator.click("button:has-text('Retry ')")
    operator.sees("platform.bulk")


def cancel_what_runs_and_see_it_stop(operator: Operator, scene: Lively) -> None:
    operator.find(str(scene.running))
    operator.click("text=Cancel…")
    operator.says_why("nobody waits for it")
    operator.click("main button")
    operator.sees("Cancelled")


def pause_a_queue(operator: Operator, scene: Lively) -> None:
    operator.click(".tabs >> text=Queues")
    operator.click("#queue-default >> text=Pause…")
    operator.says_why("deploying")
    operator.click("main button")
    operator.sees("deploying")


def see_the_top_error_of_the_last_hour(operator: Operator, scene: Lively) -> None:
    operator.click(".tabs >> text=Errors")
    operator.sees("sample.give_up")


def find_a_slow_worker(operator: Operator, scene: Lively) -> None:
    operator.click(".tabs >> text=Workers")
    operator.sees("live")


def retry_all_dead_letters(operator: Operator, scene: Lively) -> None:
    operator.click(".card:has-text('Failed')")
    operator.click("text=Retry all that match…")
    operator.says_why("the card provider is back")
    operator.click("button:has-text('Retry ')")
    operator.sees("platform.bulk")


def see_depth_and_oldest_wait(operator: Operator, scene: Lively) -> None:
    operator.click(".tabs >> text=Queues")
    operator.sees("media")


def see_who_did_what(operator: Operator, scene: Lively) -> None:
    operator.click(".tabs >> text=Audit")
    operator.sees("nobody waits for it")


def find_by_digits_and_by_label(operator: Operator, scene: Lively) -> None:
    operator.find(scene.stuck.hex[-8:])
    operator.sees("None of the 2 live workers")
    operator.find("invoice")
    operator.sees("label: invoice")


JOBS = (
    learn_why_a_task_does_not_run,
    retry_all_that_failed_by_the_top_error,
    cancel_what_runs_and_see_it_stop,
    pause_a_queue,
    see_the_top_error_of_the_last_hour,
    find_a_slow_worker,
    retry_all_dead_letters,
    see_depth_and_oldest_wait,
    see_who_did_what,
    find_by_digits_and_by_label,
)
