"""What the Define-XML says of variables."""

from __future__ import annotations

from trialect.schemas.core.define_facts import variable_facts
from trialect.schemas.core.operations.doing import Doing, operation
from trialect.schemas.core.outcome import NotAsked
from trialect.schemas.core.table import Column, Same


@operation("define_variable_metadata")
def define_variable_metadata(doing: Doing) -> Column:
    """One fact (`attribute_name`) of the variable named, or of each variable by its name."""
    define = doing.datasets.define
    if define is None:
        raise NotAsked("the package has no Define-XML", skipped=True)
    attribute = doing.text("attribute_name")
    described = next((one for one in define if doing.domain in (one.name, one.domain)), None)
    if described is None:
        raise NotAsked(f"{doing.domain} is not in the Define-XML", skipped=True)
    facts = {
        str(one["define_variable_name"]): one.get(attribute, "")
        for one in variable_facts(described)
    }
    if doing.operation.name is None:
        return Same(facts)
    return Same(facts.get(doing.operation.name.replace("--", doing.domain, 1), ""))


@operation("define_dataset_names")
def define_dataset_names(doing: Doing) -> Column:
    """The datasets that the Define-XML lists, in its order; none where there is no Define-XML."""
    return Same([one.name for one in doing.datasets.define or ()])
