"""What a Define-XML says of datasets and variables, by the names that rules use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trialect.converters.readers.define_xml import DefineXml
    from trialect.metadata import DatasetMeta, ValueMeta, VariableMeta


def dataset_facts(define: DefineXml, dataset: DatasetMeta) -> dict[str, Any]:
    """The facts of one dataset (`define_dataset_name`, ...)."""
    names = [variable.name for variable in dataset.variables]
    files = define.files.get(dataset.name, ())
    return {
        "define_dataset_name": dataset.name,
        "define_dataset_label": dataset.label,
        "define_dataset_location": files[0] if files else None,
        "define_dataset_domain": dataset.domain,
        "define_dataset_class": dataset.observation_class,
        "define_dataset_structure": dataset.structure,
        "define_dataset_is_non_standard": "",
        "define_dataset_variables": names,
        "define_dataset_variable_order": names,
        "define_dataset_key_sequence": list(dataset.keys),
        "define_dataset_has_no_data": not any(one.has_data for one in dataset.variables),
    }


def variable_facts(dataset: DatasetMeta) -> list[dict[str, Any]]:
    """The facts of each variable (`define_variable_name`, ...), in the order of the file."""
    return [_variable(one, order) for order, one in enumerate(dataset.variables, start=1)]


def _variable(variable: VariableMeta, order: int) -> dict[str, Any]:
    length = variable.digits if variable.type == "Num" else variable.length or None
    return {
        "define_variable_name": variable.name,
        "define_variable_label": variable.label,
        "define_variable_data_type": variable.data_type,
        "define_variable_role": variable.role,
        "define_variable_size": length,
        "define_variable_length": length,
        "define_variable_format": "",
        "define_variable_has_no_data": "" if variable.has_data else "Yes",
        "define_variable_order_number": order,
        "define_variable_mandatory": "Yes" if variable.core == "Req" else "No",
        "define_variable_has_comment": variable.comment is not None,
        "define_variable_has_method": variable.method is not None,
        **_shared(variable, "define_variable"),
    }


def _shared(one: VariableMeta | ValueMeta, prefix: str) -> dict[str, Any]:
    """Origin and codelist, which variables and their values have alike."""
    codelist = one.codelist
    terms = codelist.terms if codelist is not None else ()
    origin = one.origin.type if one.origin is not None else ""
    return {
        f"{prefix}_origin_type": origin,
        f"{prefix}_is_collected": origin == "Collected" if origin else None,
        f"{prefix}_has_codelist": codelist is not None,
        f"{prefix}_ccode": (codelist.code or "") if codelist is not None else "",
        f"{prefix}_allowed_terms": [term.decode for term in terms if term.decode is not None],
        f"{prefix}_codelist_coded_values": [term.value for term in terms],
        f"{prefix}_codelist_coded_codes": [term.code for term in terms if term.code is not None],
    }


def value_facts(variable: VariableMeta, value: ValueMeta, order: int) -> dict[str, Any]:
    """The facts of value-level metadata (`define_vlm_label`, ...), with those of its variable."""
    return {
        "define_variable_name": variable.name,
        "define_vlm_name": variable.name,
        "define_vlm_label": value.label,
        "define_vlm_data_type": value.data_type,
        "define_vlm_size": value.length,
        "define_vlm_length": value.length,
        "define_vlm_mandatory": "Yes" if value.mandatory else "No",
        "define_vlm_order_number": order,
        "define_vlm_has_comment": value.comment is not None,
        "define_vlm_has_method": value.method is not None,
        **_shared(value, "define_vlm"),
    }
