"""How far a claim reads, so that it reads about as much as it wants from however many sub-queues."""

END = 2**63 - 1  # no bound


class Window:
    """The numbers of arrival that a queue's claims read next: at each rank from where the last one ended, so many on.

    All that has arrived up to a bound is read, and nothing of a later rank, so a bound can make a batch smaller but
    never changes the order.
    """

    def __init__(self) -> None:
        self._wanted = self._most = 0  # how many tasks the claim takes, and how many it may look at
        self._fronts: dict[int, int] = {}  # by rank: what has arrived up to here was taken, or is held by others
        self._lengths: dict[int, int] = {}  # by rank, in numbers, of which tasks of other queues draw some
        self._bound: tuple[int, int] | None = None  # the rank that this claim ends in, and the last number it reads

    @property
    def is_bounded(self) -> bool:
        """Whether the claim leaves something out."""
        return self._bound is not None

    def begin(self, wanted: int, most: int) -> None:
        """The next claim takes so many tasks, and looks at so many."""
        self._wanted, self._most, self._bound = wanted, most, None

    def until(self, rank: int, oldest: int, newest: int) -> int:
        """The last number to read at a rank, whose tasks come after `oldest` and, as far as known, end at `newest`."""
        length = self._lengths[rank] = max(self._most // 2, self._lengths.get(rank, 0))
        bound = max(self._fronts.get(rank, 0), oldest) + length
        self._bound = (rank, bound) if bound < newest else None
        return bound if self._bound else END

    def was_full(self, seen: int) -> bool:
        """Whether the claim may have seen less than there is up to its bound."""
        return seen >= self._most

    def remember(self, seen: int, taken: int, last_by_rank: dict[int, int]) -> None:
        """How many tasks the claim saw and took, and the last number that it took at each rank."""
        if self._bound is None:
            return
        rank, bound = self._bound
        self._fronts[rank] = bound if seen <= taken else last_by_rank.get(rank, self._fronts.get(rank, 0))
        if seen < self._wanted:
            self._lengths[rank] *= 2
        elif self.was_full(seen):
            self._lengths[rank] //= 2

    def return_to_heads(self) -> None:
        """A poll has found where each rank begins."""
        self._fronts.clear()
