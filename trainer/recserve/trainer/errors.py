"""What can go wrong in a way that the caller can mend."""


class TrainerError(Exception):
    """Base of every error of the trainer; its text says what to do."""


class SchemaError(TrainerError):
    """The schema is malformed, or does not fit the dataset."""


class DatasetError(TrainerError):
    """The dataset cannot be read, or nothing can be learned from it."""


class StoreError(TrainerError):
    """The model store lacks a version, or cannot be written."""


class WarmStartError(TrainerError):
    """The base version's weights do not fit the new model."""


class HyperParameterError(TrainerError):
    """A hyper-parameter is out of its range."""
