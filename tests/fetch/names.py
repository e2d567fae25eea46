"""A name service of the test's own: each question takes the next answer, so names can change their mind."""

from collections.abc import Sequence
from ipaddress import ip_address

from workloads.safe_http import connections
from workloads.safe_http.errors import Unresolved


class Names:
    """Put in the place of the system's resolver. Addresses written as such, and unknown names, go to the real one."""

    def __init__(self) -> None:
        self._answers: dict[str, list[Sequence[str]]] = {}
        self.asked: list[str] = []
        self._real = connections.resolve

    def say(self, host: str, *answers: Sequence[str]) -> None:
        """What to answer the first time, the second and so on; the last one for ever after."""
        self._answers[host] = list(answers)

    def resolve(self, host: str, seconds: float):
        self.asked.append(host)
        if host not in self._answers:
            return self._real(host, seconds)
        answers = self._answers[host]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if not answer:
            raise Unresolved(host, "no such name")
        return [ip_address(each) for each in answer]
