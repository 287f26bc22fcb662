"""What is wrong with a command line, in the words of every other error.

Typer says of a value that is refused what its library for checking values says, which nobody who
types a command has heard of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from publishing.meant import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = {int: "whole number", float: "number"}


def misuse(error: Any, own_options: Sequence[str]) -> str:
    """What is not understood, why, and where it is explained.

    Args:
        error: a usage error of Typer.
        own_options: those that stand before or after any command.
    """
    context = error.ctx
    named = context.command_path if context else "demoscope"
    message = error.format_message().rstrip(" .")
    if (option := getattr(error, "option_name", None)) is not None and context:
        known = [one for it in context.command.get_params(context) for one in it.opts]
        meant = did_you_mean(option, [one for one in [*known, *own_options] if one[:2] == "--"])
        message = f"There is no option {option!r}. {meant}".rstrip(" .")
    elif getattr(error, "param", None) is not None and type(error).__name__ == "BadParameter":
        message = _of_value(error).rstrip(" .")
    end = "" if message.endswith("?") else "."
    return f"{named}: {message}{end} See: {named} --help"


def _of_value(error: Any) -> str:
    """What may be said instead of a value that is refused."""
    param = error.param
    is_argument = param.param_type_name == "argument"
    name = param.display_name_raw if is_argument else " / ".join(param.opts)
    if not hasattr(error.__cause__, "errors"):
        return f"{name}: {error.message}"
    value = str(error.__cause__.errors()[0]["input"])
    if choices := param.type_descriptor.choices:
        known = [str(getattr(one, "value", one)) for one in choices]
        meant = did_you_mean(value, known)
        return f"{name}: {value!r} is none of {', '.join(known)}. {meant}"
    kind = KINDS.get(param.type_descriptor.annotation)
    if kind is None:
        return f"{name}: {error.message.removeprefix('Value error, ')}"
    return f"{name}: {value!r} is no {kind}{_range(param)}"


def _range(param: Any) -> str:
    """From where to where a number may be."""
    low = "" if param.min is None else f" from {param.min}"
    high = "" if param.max is None else f" to {param.max}"
    return f"{low}{high}" if low else f"{high and ' up'}{high}"
