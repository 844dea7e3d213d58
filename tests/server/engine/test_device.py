"""Which device an engine takes, with lists of devices in place of devices."""

from dataclasses import dataclass, field

import pytest

from recserve.server.engine.device import Device, DeviceMissing, choose_device


@dataclass(frozen=True)
class Gpu:
    name: str


@dataclass
class Config:
    """What `tensorflow.config` has, as far as it is asked."""

    gpus: list[Gpu] = field(default_factory=list)
    visible: list[Gpu] | None = None
    growing: list[Gpu] = field(default_factory=list)

    @property
    def experimental(self) -> "Config":
        return self

    def list_physical_devices(self, kind: str) -> list[Gpu]:
        assert kind == "GPU"
        return self.gpus

    def set_visible_devices(self, devices: list[Gpu], kind: str) -> None:
        assert kind == "GPU"
        self.visible = devices

    def set_memory_growth(self, device: Gpu, enable: bool) -> None:
        assert enable
        self.growing.append(device)


TWO = [Gpu("GPU:0"), Gpu("GPU:1")]


@pytest.mark.parametrize("wanted", ["auto", "gpu"])
def test_gpus_are_taken_with_memory_that_grows(wanted: Device) -> None:
    config = Config(TWO)
    assert choose_device(config, wanted) == "GPU:0, GPU:1"
    assert config.growing == TWO


def test_without_a_gpu_auto_is_the_cpu() -> None:
    assert choose_device(Config(), "auto") == "CPU"


def test_cpu_hides_every_gpu_and_touches_none() -> None:
    config = Config(TWO)
    assert choose_device(config, "cpu") == "CPU"
    assert config.visible == []
    assert config.growing == []


def test_a_gpu_that_is_not_there_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(DeviceMissing, match=r"pip install 'recserve\[gpu\]'"):
        choose_device(Config(), "gpu")
