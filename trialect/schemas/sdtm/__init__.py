"""What SDTMIG 3.4 says of every dataset and variable, read from one table of facts."""

from trialect.schemas.sdtm.model import (
    Dataset,
    Variable,
    dataset,
    datasets,
    supp_name,
)

__all__ = ["Dataset", "Variable", "dataset", "datasets", "supp_name"]
