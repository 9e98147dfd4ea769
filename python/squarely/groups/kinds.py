"""Kinds of keys: which go together, and what each is as a value of Python and as an array of NumPy."""

import datetime
import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from squarely.arguments import InvalidParameterError

__all__ = [
    "BOOLEAN",
    "BYTES",
    "FLOAT",
    "INTEGER",
    "NOTHING",
    "TEXT",
    "Kind",
    "in_other_units",
    "in_unit",
    "joined",
    "kind_of_time",
    "zone_name",
]


@dataclass(frozen=True)
class Kind:
    """What the keys of a column are. Times have a unit, of NumPy, and may have a time zone."""

    name: str
    unit: str = ""
    zone: str = ""

    @property
    def is_text(self) -> bool:
        return self in (TEXT, BYTES)

    @property
    def is_time(self) -> bool:
        return bool(self.unit)

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(filter(None, (self.unit, self.zone)))}]" if self.unit else self.name


NOTHING = Kind("null")  # of a column that has no key but null
INTEGER = Kind("integer")
BOOLEAN = Kind("boolean")
FLOAT = Kind("float")
TEXT = Kind("text")
BYTES = Kind("bytes")

DATE_UNITS = ("Y", "M", "W", "D")

# How many microseconds these are, and how many of these are one.
MICROSECONDS = {"W": 604_800_000_000, "D": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000}
MICROSECONDS |= {"s": 1_000_000, "ms": 1000, "us": 1}
IN_A_MICROSECOND = {"ns": 10**3, "ps": 10**6, "fs": 10**9, "as": 10**12}

# Of the units that are converted into each other the ones to be preferred first: what all files have, then the coarsest
# of the finer ones, which are exact, and the finest of the coarser ones, which reach farther.
UNITS_OF_TIMES = ("us", "ns", "ps", "fs", "as", "ms", "s", "m", "h")
UNITS_OF_DAYS = ("D", "W")
UNITS_OF_CALENDARS = ("M", "Y")

UNITS = (*DATE_UNITS, *(unit for unit in (*MICROSECONDS, *IN_A_MICROSECOND) if unit not in DATE_UNITS))

EPOCH = datetime.datetime(1970, 1, 1)


def kind_of_time(is_moment: bool, unit: str, zone: str = "") -> Kind:
    """Return the kind of moments, days among them, or of durations."""
    if not is_moment:
        return Kind("duration", unit)
    return Kind("date", unit) if unit in DATE_UNITS else Kind("datetime", unit, zone)


def units_like(kind: Kind) -> tuple[str, ...]:
    """Return the units that times of a kind are converted to where that is exact, the preferred ones first."""
    if kind.unit in UNITS_OF_CALENDARS:
        return UNITS_OF_CALENDARS
    days = UNITS_OF_DAYS if kind.name in ("date", "duration") else ()
    return (*(UNITS_OF_TIMES if kind.name != "date" else ()), *days)


def in_other_units(kind: Kind) -> list[Kind]:
    """Return the kinds that differ from this one in the unit alone, the preferred ones first, and itself."""
    return [Kind(kind.name, unit, kind.zone) for unit in units_like(kind)]


def joined(known: Kind, found: Kind, label: str) -> Kind:
    """Return the kind of a column that has keys of both, or refuse them."""
    if found == NOTHING or known == NOTHING:
        return known if found == NOTHING else found
    if known == found or (known.is_time and found in in_other_units(known)):
        return known  # units are converted, where that is exact
    what = "their time zone" if known.name == found.name and known.zone != found.zone else "their kind"
    raise InvalidParameterError(
        f"{label} holds keys of kind {found}, and there are keys of kind {known} already: all chunks must agree in "
        f"{what}. Convert one or the other first."
    )


# Values of Python


def value_of_word(kind: Kind, word: int, is_large: bool) -> Any:
    """Return the key that a word of 64 bits, as an unsigned integer, stands for."""
    if kind == FLOAT:
        return float(np.uint64(word).view(np.float64))
    if kind == BOOLEAN:
        return bool(word)
    number = word - 2**64 if word >= 2**63 and not is_large else word
    if not kind.is_time:
        return number
    try:
        return _value_of_time(kind, number)
    except (OverflowError, ValueError):  # of a year that Python has no dates in, or a zone it does not know
        return _scalar_of_time(kind, number)


def _value_of_time(kind: Kind, number: int) -> Any:
    if kind.name == "date":
        if kind.unit in UNITS_OF_CALENDARS:
            return _scalar_of_time(kind, number)
        days = datetime.timedelta(weeks=number) if kind.unit == "W" else datetime.timedelta(days=number)
        return (EPOCH + days).date()
    whole, rest = divmod(number * MICROSECONDS.get(kind.unit, 1), IN_A_MICROSECOND.get(kind.unit, 1))
    if rest or kind.unit not in {**MICROSECONDS, **IN_A_MICROSECOND}:
        return _scalar_of_time(kind, number)
    duration = datetime.timedelta(microseconds=whole)
    if kind.name == "duration":
        return duration
    return (
        (EPOCH + duration).replace(tzinfo=datetime.timezone.utc).astimezone(_zone(kind.zone))
        if kind.zone
        else EPOCH + duration
    )


def _scalar_of_time(kind: Kind, number: int) -> Any:
    scalar = np.timedelta64 if kind.name == "duration" else np.datetime64
    return scalar(number, kind.unit)  # type: ignore[call-overload]


@functools.lru_cache
def _zone(name: str) -> datetime.tzinfo:
    if name == "UTC":
        return datetime.timezone.utc
    if name[0] in "+-":
        return datetime.datetime.strptime(name, "%z").tzinfo or datetime.timezone.utc
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (OSError, zoneinfo.ZoneInfoNotFoundError) as error:
        raise ValueError(name) from error


def zone_name(zone: object) -> str:
    """Return the name of a time zone as Arrow has it, and nothing of none."""
    if zone is None:
        return ""
    if isinstance(zone, datetime.timezone):
        seconds = round(zone.utcoffset(None).total_seconds())
        sign, minutes = "-" if seconds < 0 else "+", abs(seconds) // 60
        return f"{sign}{minutes // 60:02}:{minutes % 60:02}" if seconds else "UTC"
    name = str(getattr(zone, "key", None) or getattr(zone, "zone", None) or zone)
    return "UTC" if name == "+00:00" else name


# Arrays of NumPy

LARGEST = 2**63 - 1
NAT = -(2**63)
ATTOSECONDS = {unit: count * 10**12 for unit, count in MICROSECONDS.items()}
ATTOSECONDS |= {unit: 10**12 // count for unit, count in IN_A_MICROSECOND.items()}
MONTHS = {"M": 1, "Y": 12}


def in_unit(times: npt.NDArray[np.int64], unit: str, other: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return times of one unit in another, and which of them it does not hold. NaT is NaT in both."""
    sizes = MONTHS if unit in MONTHS else ATTOSECONDS
    if sizes[unit] >= sizes[other]:
        factor = sizes[unit] // sizes[other]
        most = LARGEST // factor
        is_lost = (times > most) | (times < -most)
        converted = times * np.int64(factor if most else 0)
    else:
        factor = min(sizes[other] // sizes[unit], LARGEST)
        converted, rest = np.divmod(times, np.int64(factor))
        is_lost = rest != 0
    is_nat = times == NAT
    return np.where(is_nat, np.int64(NAT), converted), is_lost & ~is_nat


def array_of_words(
    kind: Kind, words: npt.NDArray[np.uint64], missing: npt.NDArray[np.bool_], *, is_large: bool
) -> npt.NDArray[Any]:
    """Return keys as an array of their natural type. Integers and booleans of which some are missing are objects."""
    if kind == FLOAT:
        return np.where(missing, np.nan, words.view(np.float64))
    if kind.is_time:
        letter = "m8" if kind.name == "duration" else "M8"
        times = words.view(f"{letter}[{kind.unit}]")
        times[missing] = "NaT"
        return times
    plain: Any = words != 0 if kind == BOOLEAN else words if is_large else words.view(np.int64)
    return objects_of(plain.tolist(), missing) if missing.any() else plain


def objects_of(values: list[Any], missing: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Return an array of objects, None where one is missing."""
    array = np.empty(len(values), object)
    array[:] = values
    array[missing] = None
    return array
