"""The answer log: what was recommended to whom, by which version, and how probable it was."""

from recserve.server.answer_log.interface import AnswerLog, LoggedAnswer
from recserve.server.answer_log.memory import InMemoryAnswerLog
from recserve.server.answer_log.sql import SqlAnswerLog
from recserve.server.answer_log.writer import AnswerWriter

__all__ = ["AnswerLog", "AnswerWriter", "InMemoryAnswerLog", "LoggedAnswer", "SqlAnswerLog"]
