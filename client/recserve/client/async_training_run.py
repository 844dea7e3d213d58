"""A training run, for the asyncio client."""

from collections.abc import AsyncIterator

from recserve.client.model_version import ModelVersion
from recserve.client.operations.training import cancel_training_run, training_run
from recserve.client.operations.watching import Watch, made_version
from recserve.client.run_handle import RunHandle
from recserve.client.training_run_status import TrainingRunStatus


class AsyncTrainingRun(RunHandle):
    """A run on the server, which goes on whatever happens to this handle.

    run = await client.train(mode="warm-start")
    async for status in run:
        print(status.progress)
    version = await run.result()
    """

    async def refresh(self) -> TrainingRunStatus:
        """Asks how the run stands."""
        self._status = await self._perform(training_run(self._session, self.name))
        return self._status

    async def done(self) -> bool:
        """Asks whether the run has ended, in whatever way."""
        return self._status.state.has_ended or (await self.refresh()).state.has_ended

    async def result(self, timeout: float | None = None) -> ModelVersion:  # noqa: ASYNC109 - as of `TrainingRun`
        """Waits for the end, also over restarts of the server.

        Args:
            timeout: Seconds. Default: no limit.

        Returns:
            The version that the run made.

        Raises:
            TrainingFailed: It failed; the message says why.
            TrainingCancelled: It was cancelled.
            DeadlineExceeded: The time is up; the run goes on.
            RecserveError: The run cannot be followed.
        """
        watch = Watch(self._session, self.name, timeout)
        if self._status.state.has_ended:
            return made_version(self._status)
        try:
            version: ModelVersion = await self._perform(watch.result())
        finally:
            watch.close()
            self._status = watch.last or self._status
        return version

    async def cancel(self, timeout: float | None = None) -> TrainingRunStatus:  # noqa: ASYNC109
        """Ends the run; no version is made.

        Args:
            timeout: Seconds. Default: enough for the trainer to clear up, at least 30.

        Raises:
            FailedPrecondition: It has ended otherwise already.
            RecserveError: The call failed otherwise.
        """
        self._status = await self._perform(cancel_training_run(self._session, self.name, timeout))
        return self._status

    async def __aiter__(self) -> AsyncIterator[TrainingRunStatus]:
        """How the run stands, now and whenever that has changed, until it has ended."""
        watch = Watch(self._session, self.name)
        try:
            while (status := await self._perform(watch.next())) is not None:
                self._status = status
                yield status
        finally:
            watch.close()
