"""Records of registries' XML to change in tests: made of the whole study, as writers make them."""

from whole_study import WHOLE

from trialect.converters.writers import ictrp_xml, prs_xml
from trialect.converters.writers.ictrp_parts import Writing as IctrpWriting
from trialect.converters.writers.prs_parts import Writing as PrsWriting
from trialect.schemas.registry.nodes import Node


def prs_record(study=WHOLE):
    return prs_xml.clinical_study(PrsWriting(study))


def ictrp_record(study=WHOLE):
    return ictrp_xml.trial(IctrpWriting(study))


def found(node, path):
    one = node.at(path)
    assert one is not None, path
    return one


def set_text(path, text):
    """A change: the text of the first element that a path leads to; added where it is missing."""

    def change(node):
        around, _, name = path.rpartition("/")
        holder = found(node, around) if around else node
        one = holder.part(name)
        if one is None:
            one = Node(name)
            holder.parts.append(one)
        one.text = text

    return change


def remove(path, every=False):
    """A change: the first element that a path leads to, or all of its name, taken away."""

    def change(node):
        around, _, name = path.rpartition("/")
        holder = found(node, around) if around else node
        named = holder.all(name)
        assert named, path
        for one in named if every else named[:1]:
            holder.parts.remove(one)

    return change


def add(path, node, first=False):
    """A change: an element added to what a path leads to."""

    def change(record):
        holder = found(record, path) if path else record
        if holder.parts is None:
            holder.parts = []
        holder.parts.insert(0 if first else len(holder.parts), node())

    return change


def twice(path):
    """A change: the first element that a path leads to stands twice, beside each other."""

    def change(node):
        around, _, name = path.rpartition("/")
        holder = found(node, around) if around else node
        one = found(holder, name)
        holder.parts.insert(holder.parts.index(one), one)

    return change


def attribute(path, name, value):
    """A change: an attribute of what a path leads to."""

    def change(node):
        one = found(node, path) if path else node
        one.attributes = {**(one.attributes or {}), name: value}

    return change


def several(*changes):
    """Changes, one after the other."""

    def change(node):
        for one in changes:
            one(node)

    return change
