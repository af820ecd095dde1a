"""A day of several people or bays as a grid of quarter hours: where each booking stands, in which row, and the load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

QUARTER = timedelta(minutes=15)
# The stylesheet has classes for so many quarter hours, and a grid for each whole number of hours in between.
FEWEST_HOURS, MOST_HOURS = 4, 16
MOST_ROWS = 8


@dataclass(frozen=True)
class Booking:
    """Something that takes time; `tone` is a colour of the status map, or `off` for time nobody works."""

    start: datetime
    end: datetime
    title: str
    sub: str = ""
    plate: str = ""
    tone: str = "petrol"
    url: str | None = None


@dataclass(frozen=True)
class Lane:
    """One person or bay, and how many hours of work it has."""

    name: str
    bookings: Sequence[Booking]
    hours: float = 8.0
    sub: str = ""


@dataclass(frozen=True)
class Place:
    """A booking in the grid: its first quarter hour, how many it takes, and its row where several overlap."""

    booking: Booking
    start: int
    width: int
    row: int


@dataclass(frozen=True)
class PlacedLane:
    """A lane with its bookings in their places; `booked` hours, and whether two stand over each other."""

    lane: Lane
    places: Sequence[Place]
    rows: int
    booked: float

    @property
    def is_double(self) -> bool:
        """Whether anything is booked over something else."""
        return self.rows > 1

    @property
    def level(self) -> str:
        """The colour of the load: amber beyond what there is."""
        return "amber" if self.booked > self.lane.hours else "green"


@dataclass(frozen=True)
class Schedule:
    """The grid of a day; `now` is the quarter hour that is running, None outside of the shown hours."""

    opens: datetime
    hours: int
    lanes: Sequence[PlacedLane]
    now: int | None = None
    marks: Sequence[datetime] = field(default_factory=tuple)

    @property
    def booked(self) -> float:
        """The hours booked in all lanes."""
        return sum(lane.booked for lane in self.lanes)

    @property
    def capacity(self) -> float:
        """The hours there are in all lanes."""
        return sum(lane.lane.hours for lane in self.lanes)


def plan(opens: datetime, hours: int, lanes: Sequence[Lane], now: datetime | None = None) -> Schedule:
    """The lanes from `opens` on for `hours`; what lies outside is left out, what sticks out is cut off."""
    hours = min(max(hours, FEWEST_HOURS), MOST_HOURS)
    placed = [_place(lane, opens, hours) for lane in lanes]
    closes = opens + timedelta(hours=hours)
    running = int((now - opens) / QUARTER) if now is not None and opens <= now < closes else None
    return Schedule(opens, hours, placed, running, [opens + timedelta(hours=hour) for hour in range(hours)])


def _place(lane: Lane, opens: datetime, hours: int) -> PlacedLane:
    last, booked = hours * 4, timedelta()
    places: list[Place] = []
    ends: list[int] = []
    for booking in sorted(lane.bookings, key=lambda item: (item.start, item.end)):
        begin = max((booking.start - opens) // QUARTER, 0)
        end = min(-((opens - booking.end) // QUARTER), last)
        if booking.tone != "off":
            booked += max(booking.end - booking.start, timedelta())
        if begin >= last or end <= 0:
            continue
        end = max(end, begin + 1)
        row = next((index for index, free in enumerate(ends) if free <= begin), len(ends))
        ends[row : row + 1] = [end]
        places.append(Place(booking, begin, end - begin, min(row, MOST_ROWS - 1)))
    return PlacedLane(lane, places, max(len(ends), 1), booked / timedelta(hours=1))
