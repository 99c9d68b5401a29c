"""Why a rule was not asked of a dataset, or not to its end: raised inside, values outside."""

from __future__ import annotations


class NotAsked(Exception):  # noqa: N818 # it ends one question; it is no error of the program
    """The question cannot be put to this dataset; the text says why, for a person.

    `skipped` is true where the rule has nothing to say of the dataset (a variable or a dataset
    that it asks about is absent), false where it should have run and could not.
    """

    def __init__(self, reason: str, *, skipped: bool = False) -> None:
        self.reason = reason
        self.skipped = skipped
        super().__init__(reason)


class MissingColumn(NotAsked):
    """A variable that the check asks about is not in the dataset."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} is not in the dataset", skipped=True)


class MissingDataset(NotAsked):
    """A dataset that the rule looks into is not in the package."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not in the package", skipped=True)
