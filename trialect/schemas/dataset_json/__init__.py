"""What is valid in Dataset-JSON 1.1, and the checks of a file."""

from trialect.schemas.dataset_json.check import check_dataset_json

__all__ = ["check_dataset_json"]
