"""Which device an engine computes on."""

from typing import Any, Literal

Device = Literal["auto", "cpu", "gpu"]


class DeviceMissing(Exception):
    """The device that was asked for is not there; the message says what to do."""


def choose_device(config: Any, wanted: Device) -> str:
    """Make TensorFlow use a device. To be called before its runtime starts.

    A GPU's memory is taken as it is needed: by default the first engine would take all of it, and
    the next version could not be loaded beside.

    Args:
        config: `tensorflow.config`, or what has its methods.
        wanted: `auto` takes the GPUs if there are any.

    Returns:
        What is used, for people.

    Raises:
        DeviceMissing: it is `gpu`, and TensorFlow sees none.
    """
    if wanted == "cpu":
        config.set_visible_devices([], "GPU")
        return "CPU"
    gpus = config.list_physical_devices("GPU")
    if not gpus and wanted == "gpu":
        raise DeviceMissing(
            "TensorFlow sees no GPU: see whether `nvidia-smi` lists one, install what TensorFlow "
            "needs with `pip install 'recserve[gpu]'`, or say --device auto or cpu"
        )
    for gpu in gpus:
        config.experimental.set_memory_growth(gpu, True)
    return ", ".join(str(gpu.name) for gpu in gpus) or "CPU"
