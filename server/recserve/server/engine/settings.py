"""What an engine is told when it is started. The supervisor reads this too: no numpy here."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from recserve.server.engine.device import Device

if TYPE_CHECKING:  # an engine needs no pydantic
    from recserve.server.settings import Settings


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the supervisor tells an engine when it starts it."""

    max_batch_requests: int
    threads: int
    """Threads of the arithmetic; 0: one for every two CPUs."""
    device: Device
    log_level: str
    log_format: str
    folder: str = ""
    """Folder of the version, verified. Empty: a spare, which is told later."""
    socket: str = ""
    """Path of the Unix socket to answer on."""

    @classmethod
    def of(cls, settings: "Settings", folder: str = "", socket: str = "") -> "EngineSettings":
        """Take what concerns an engine from the settings of the server."""
        return cls(
            max_batch_requests=settings.max_batch_requests,
            threads=settings.engine_threads,
            device=settings.device,
            log_level=settings.log_level,
            log_format=settings.log_format,
            folder=folder,
            socket=socket,
        )

    @property
    def is_spare(self) -> bool:
        """Whether no version is known yet."""
        return not self.folder

    def to_json(self) -> str:
        """Write them for the command line."""
        return json.dumps(asdict(self))
