"""Numbers as people read them."""

import math

__all__ = ["percent", "shown"]

MINUS = "\N{MINUS SIGN}"
THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"


def shown(number: float, digits: int = 4) -> str:
    """Return a number of so many significant digits, with a power of ten only where it would be long."""
    if math.isnan(number):
        return "undefined"
    if math.isinf(number):
        return (MINUS if number < 0 else "") + "∞"
    if number and not 1e-4 <= abs(number) < 1e7:
        text = f"{number:.{digits - 1}e}"
        mantissa, _, power = text.partition("e")
        text = f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(power)}"
    else:
        places = max(0, digits - 1 - math.floor(math.log10(abs(number)))) if number else 0
        text = f"{number + 0.0:,.{places}f}"  # zero has no sign
        text = text.rstrip("0").rstrip(".") if "." in text else text
        text = text.replace(",", THIN_SPACE)
    return text.replace("-", MINUS)


def percent(share: float) -> str:
    """Return a share of all, in percent: never 0 of some nor 100 of not all."""
    text = shown(100 * share, 2)
    if share < 1 and text == "100":
        return f"> 99.9{THIN_SPACE}%"
    return f"{text}{THIN_SPACE}%"
