"""Reading YAML as it is written, with the line of everything; what is not expected is refused.

What stays out: what a mapping consists of (mapping_parser.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NoReturn

import yaml

from ingestion.errors import UsageError

NULL_TAG = "tag:yaml.org,2002:null"


class NodeReader:
    """Reads the nodes of one YAML file. Every method raises UsageError naming file and line.

    Args:
        name: what messages call the file.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def entries(self, node: yaml.Node, allowed: Iterable[str], what: str) -> dict[str, yaml.Node]:
        """The pairs under a node, whose keys must be among the allowed ones."""
        known = list(allowed)
        entries: dict[str, yaml.Node] = {}
        for key, value in self.pairs(node, what):
            name = self.text(key, "key")
            if name not in known:
                self.fail(key, f"{what}: unknown key {name!r}", _choices(name, known))
            if name in entries:
                self.fail(key, f"{what}: {name!r} is there twice", "Remove one.")
            entries[name] = value
        return entries

    def pairs(self, node: yaml.Node, what: str) -> list[tuple[yaml.Node, yaml.Node]]:
        """The pairs under a node that has to have some."""
        if not isinstance(node, yaml.MappingNode):
            self.fail(node, f"{what}: expected `key: value` pairs", "See docs for the format.")
        pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
        return pairs

    def names(self, node: yaml.Node) -> tuple[str, ...]:
        """A list of column names."""
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.fail(node, "expected a list of column names", "Write [first, second].")
        return tuple(self.name_of(item) for item in node.value)

    def name_of(self, node: yaml.Node) -> str:
        """A column's name."""
        return self.text(node, "column name")

    def one_of(self, node: yaml.Node, what: str, allowed: Iterable[str]) -> str:
        """A text out of a closed set."""
        text, known = self.text(node, what), [str(value) for value in allowed]
        if text not in known:
            self.fail(node, f"unknown {what} {text!r}", _choices(text, known))
        return text

    def true(self, node: yaml.Node, what: str) -> None:
        """Nothing but true."""
        if self.text(node, what) != "true":
            self.fail(node, f"{what} can only be true", f"Write `{what}: true` or leave it out.")

    def text(self, node: yaml.Node, what: str) -> str:
        """A scalar as it is written."""
        if not isinstance(node, yaml.ScalarNode) or node.tag == NULL_TAG or not node.value:
            self.fail(node, f"{what}: expected a text", "Write one; in quotes if it is special.")
        text: str = node.value
        return text

    def fail(self, node: yaml.Node, what: str, remedy: str) -> NoReturn:
        """Refuse the file because of this node."""
        raise UsageError(f"{self.name}, line {node.start_mark.line + 1}: {what}.", remedy=remedy)


def _choices(text: str, known: list[str]) -> str:
    near = get_close_matches(text, known, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return f"{hint}Allowed: {', '.join(known)}."
