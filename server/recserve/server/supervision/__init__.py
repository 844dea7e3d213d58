"""What the front end asks of the process that owns versions and trainings.

`InMemorySupervision` is for tests, also those of programs that use recserve.
"""

from recserve.server.supervision.interface import Supervision
from recserve.server.supervision.line import SupervisorLine
from recserve.server.supervision.memory import InMemorySupervision

__all__ = ["InMemorySupervision", "Supervision", "SupervisorLine"]
